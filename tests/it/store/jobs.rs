use flow::domain::id::ConversationId;
use flow::domain::job::{Claimed, ClassStats, Job, JobFilter, JobState, NewJob, Outcome, Pool, Scheduled, Work};
use flow::domain::store::{QueueStats, Store, StoreError};
use futures_util::future::join_all;

use super::samples::{at, claim_one, job};

const LANE: &str = "crm:local:1";

fn class(name: &str) -> Pool {
    Pool::Class(name.to_owned())
}

async fn lanes(store: &dyn Store, pool: &Pool, now: i64) -> Vec<String> {
    let claimed = store.claim(pool, 100, at(now + 60), at(now)).await.unwrap();
    claimed.into_iter().map(|job| job.lease.lane).collect()
}

async fn all(store: &dyn Store) -> Vec<Job> {
    store.jobs(&JobFilter::default(), 100).await.unwrap()
}

async fn finish(store: &dyn Store, claimed: &Claimed, outcome: Outcome, now: i64) {
    store.finish(&claimed.lease, claimed.id, &outcome, at(now)).await.unwrap();
}

fn retry(when: i64) -> Outcome {
    Outcome::Retry { at: at(when), error: "the far side is away".to_owned() }
}

fn dead() -> Outcome {
    Outcome::Dead { error: "refused for good".to_owned() }
}

/// Writes a job, tries it once and gives it up; answers its id.
async fn buried(store: &dyn Store, new: NewJob, now: i64) -> String {
    store.enqueue(&[new], at(now)).await.unwrap();
    let claimed = claim_one(store, at(now)).await;
    finish(store, &claimed, dead(), now).await;
    claimed.id.to_string()
}

fn later(key: &str, due: i64) -> Scheduled {
    let conversation_id = ConversationId::new(at(due));
    Scheduled { key: key.to_owned(), due_at: at(due), lane: LANE.to_owned(), work: Work::Answer { conversation_id } }
}

fn ids(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| job.id.as_str()).collect()
}

pub async fn a_claim_takes_only_the_lanes_of_its_class(store: &dyn Store) {
    let lanes_of = [("conv:1", 0), ("crm:local:1", 1), ("crm:other:1", 2), ("out:telegram:7:1", 3), ("outer:1", 4)];
    let jobs: Vec<_> = lanes_of.iter().map(|(lane, ready)| job(lane, at(*ready))).collect();
    store.enqueue(&jobs, at(0)).await.unwrap();
    for (name, ready) in [("conv", 0), ("crm:local", 1), ("crm:other", 2), ("out:telegram", 3), ("outer", 4)] {
        assert_eq!(store.next_ready(&class(name)).await.unwrap(), Some(at(ready)), "{name}");
    }
    for nobody in ["crm", "crm:loc", "out", "out:tele", "out:max", ""] {
        assert_eq!(store.next_ready(&class(nobody)).await.unwrap(), None, "{nobody}");
        assert_eq!(lanes(store, &class(nobody), 9).await, Vec::<String>::new(), "{nobody}");
    }
    assert_eq!(lanes(store, &class("crm:local"), 9).await, ["crm:local:1"]);
    assert_eq!(lanes(store, &class("crm:local"), 9).await, Vec::<String>::new());
    // Inside is all but the channels; the longest ready is first.
    assert_eq!(store.next_ready(&Pool::Inside).await.unwrap(), Some(at(0)));
    assert_eq!(lanes(store, &Pool::Inside, 9).await, ["conv:1", "crm:other:1", "outer:1"]);
    assert_eq!(store.next_ready(&Pool::Inside).await.unwrap(), None);
    assert_eq!(lanes(store, &class("out:telegram"), 9).await, ["out:telegram:7:1"]);
}

pub async fn jobs_are_listed_with_how_far_they_are(store: &dyn Store) {
    let gone = buried(store, job("conv:9", at(0)), 0).await;
    let new = [job("conv:1", at(1)), job("conv:2", at(50)), job("conv:1", at(1))];
    store.enqueue(&new, at(1)).await.unwrap();
    let running = claim_one(store, at(1)).await;
    store.schedule(&[later("b", 90), later("a", 90), later("c", 80)]).await.unwrap();
    let jobs = all(store).await;
    let how: Vec<_> = jobs.iter().map(|job| (job.lane.as_str(), job.state, job.attempts)).collect();
    let waits = |lane| (lane, JobState::Waiting, 0);
    let scheduled = (LANE, JobState::Scheduled, 0);
    let expected = [
        ("conv:9", JobState::Dead, 1),
        ("conv:1", JobState::Running, 1),
        waits("conv:2"),
        waits("conv:1"),
        scheduled,
        scheduled,
        scheduled,
    ];
    assert_eq!(how, expected);
    assert_eq!((jobs[0].id.as_str(), jobs[1].id.as_str()), (gone.as_str(), running.id.to_string().as_str()));
    assert_eq!(ids(&jobs[4..]), ["c", "a", "b"]);
    assert_eq!((jobs[2].ready_at, jobs[2].created_at, jobs[2].died_at), (Some(at(50)), at(1), None));
    assert_eq!((jobs[4].ready_at, jobs[4].kind.as_str()), (Some(at(80)), "answer"));
    assert_eq!(serde_json::from_str::<Work>(&jobs[2].payload).unwrap(), new[1].work);
    for job in &jobs {
        assert_eq!(store.job(&job.id).await.unwrap().as_ref(), Some(job));
    }
    for nobody in ["999", "z", ""] {
        assert_eq!(store.job(nobody).await.unwrap(), None);
    }
}

pub async fn each_filter_of_jobs_finds_its_own(store: &dyn Store) {
    buried(store, job("conv:9", at(0)), 0).await;
    let conversation_id = ConversationId::new(at(0));
    let send = NewJob { work: Work::Send { part: 1, conversation_id }, ..job("out:telegram:7:1", at(0)) };
    store.enqueue(&[job("conv:1", at(0)), job("conv:1", at(0)), send], at(0)).await.unwrap();
    claim_one(store, at(0)).await;
    store.schedule(&[later("a", 90)]).await.unwrap();
    let every = all(store).await;
    let find = async |filter: JobFilter, limit| store.jobs(&filter, limit).await.unwrap();
    let how = |state: &[JobState]| JobFilter { state: state.to_vec(), ..JobFilter::default() };
    let kind = |kind: &str| JobFilter { kind: vec![kind.to_owned()], ..JobFilter::default() };
    let lane = |lane: &str| JobFilter { lane: Some(lane.to_owned()), ..JobFilter::default() };
    for (place, state) in [JobState::Dead, JobState::Running, JobState::Waiting].into_iter().enumerate() {
        assert_eq!(find(how(&[state]), 1).await, [every[place].clone()], "{state}");
    }
    assert_eq!(find(how(&[JobState::Waiting]), 9).await, every[2..4]);
    assert_eq!(find(how(&[JobState::Scheduled]), 9).await, every[4..]);
    assert_eq!(find(how(&[JobState::Scheduled, JobState::Dead]), 9).await, [every[0].clone(), every[4].clone()]);
    assert_eq!(find(kind("send_reply"), 9).await, [every[3].clone()]);
    assert_eq!(find(kind("answer"), 9).await.len(), 4);
    assert_eq!(find(lane("conv:1"), 9).await, every[1..3]);
    assert_eq!(find(lane("conv"), 9).await, []);
    assert_eq!(find(JobFilter { lane: Some("conv:1".to_owned()), ..how(&[JobState::Dead]) }, 9).await, []);
    assert_eq!(find(JobFilter::default(), 2).await, every[..2]);
    assert_eq!(find(JobFilter::default(), 0).await, []);
}

pub async fn a_dead_job_tells_how_often_it_was_tried_and_when_it_was_given_up(store: &dyn Store) {
    store.enqueue(&[job(LANE, at(0))], at(0)).await.unwrap();
    for now in [1, 2] {
        let claimed = claim_one(store, at(now)).await;
        finish(store, &claimed, retry(now), now).await;
        let waiting = all(store).await.remove(0);
        assert_eq!((waiting.state, waiting.ready_at), (JobState::Waiting, Some(at(now))));
        assert_eq!((i64::from(waiting.attempts), waiting.died_at), (now, None));
        assert_eq!(waiting.error.as_deref(), Some("the far side is away"));
    }
    let claimed = claim_one(store, at(3)).await;
    finish(store, &claimed, dead(), 9).await;
    let given_up = all(store).await.remove(0);
    assert_eq!((given_up.state, given_up.attempts, given_up.died_at), (JobState::Dead, 3, Some(at(9))));
    assert_eq!((given_up.created_at, given_up.ready_at), (at(0), None));
    assert_eq!(given_up.error.as_deref(), Some("refused for good"));
    // What the lane does later is no longer its own.
    store.enqueue(&[job(LANE, at(10))], at(10)).await.unwrap();
    claim_one(store, at(10)).await;
    assert_eq!(all(store).await[0], given_up);
}

pub async fn a_dead_job_has_another_chance_when_retried(store: &dyn Store) {
    let id = buried(store, job(LANE, at(0)), 0).await;
    let retried = store.retry_job(&id, at(5)).await.unwrap();
    assert_eq!((retried.state, retried.attempts), (JobState::Waiting, 0));
    assert_eq!((retried.died_at, retried.ready_at), (None, Some(at(5))));
    assert_eq!(store.job(&id).await.unwrap(), None, "it has a new number, behind what waits");
    let id = retried.id.clone();
    assert_eq!(store.job(&id).await.unwrap(), Some(retried));
    let stats = store.queue_stats().await.unwrap();
    assert_eq!((stats.pending, stats.dead), (1, 0));
    let claimed = claim_one(store, at(5)).await;
    assert_eq!((claimed.id.to_string(), claimed.attempt), (id.clone(), 1));
    finish(store, &claimed, dead(), 6).await;
    assert_eq!(store.job(&id).await.unwrap().unwrap().attempts, 1);
}

pub async fn what_waits_runs_at_once_when_retried(store: &dyn Store) {
    store.enqueue(&[job(LANE, at(0)), job("conv:1", at(100))], at(0)).await.unwrap();
    let claimed = claim_one(store, at(0)).await;
    finish(store, &claimed, retry(200), 1).await;
    let delayed = store.retry_job(&claimed.id.to_string(), at(5)).await.unwrap();
    assert_eq!((delayed.state, delayed.ready_at), (JobState::Waiting, Some(at(5))));
    assert_eq!(store.next_ready(&class("conv")).await.unwrap(), Some(at(100)), "it is another lane");
    let again = claim_one(store, at(5)).await;
    assert_eq!((again.id, again.attempt), (claimed.id, 2));
    // What is due already is not put off.
    let other = all(store).await.remove(1);
    assert_eq!(store.retry_job(&other.id, at(150)).await.unwrap().ready_at, Some(at(100)));
    // And what waits for its time waits no longer.
    store.schedule(&[later("a", 900), later("b", 900)]).await.unwrap();
    let hurried = store.retry_job("a", at(7)).await.unwrap();
    assert_eq!((hurried.state, hurried.ready_at), (JobState::Scheduled, Some(at(7))));
    assert_eq!(store.enter_due(10, at(7)).await.unwrap(), 1);
}

pub async fn what_is_called_off_is_gone_for_good(store: &dyn Store) {
    let gone = buried(store, job("conv:9", at(0)), 0).await;
    store.enqueue(&[job("conv:1", at(0))], at(0)).await.unwrap();
    let waiting = all(store).await.remove(1).id;
    store.schedule(&[later("a", 90)]).await.unwrap();
    for id in [gone.as_str(), waiting.as_str(), "a"] {
        let known = store.job(id).await.unwrap().unwrap();
        assert_eq!(store.cancel_job(id, at(5)).await, Ok(known), "the job as it was");
        assert_eq!(store.job(id).await.unwrap(), None);
        assert_eq!(store.cancel_job(id, at(6)).await, Err(StoreError::NotFound("job")));
        assert_eq!(store.retry_job(id, at(6)).await, Err(StoreError::NotFound("job")));
    }
    assert_eq!((all(store).await, store.queue_stats().await.unwrap()), (vec![], QueueStats::default()));
    assert_eq!(store.next_ready(&Pool::Inside).await.unwrap(), None);
    // Whoever schedules it does not know that a person called it off.
    store.schedule(&[later("a", 90)]).await.unwrap();
    assert_eq!((store.enter_due(10, at(900)).await.unwrap(), all(store).await), (0, vec![]));
}

pub async fn a_running_job_is_left_to_its_worker(store: &dyn Store) {
    let jobs = [job(LANE, at(0)), job(LANE, at(0)), job(LANE, at(0))];
    store.enqueue(&jobs, at(0)).await.unwrap();
    let claimed = claim_one(store, at(0)).await;
    let before = all(store).await;
    assert_eq!(before[0].state, JobState::Running);
    assert_eq!(store.retry_job(&before[0].id, at(1)).await, Err(StoreError::LostLease));
    assert_eq!(store.cancel_job(&before[0].id, at(1)).await, Err(StoreError::LostLease));
    assert_eq!(all(store).await, before);
    // One behind it may be called off or hurried; the worker does not notice.
    store.cancel_job(&before[1].id, at(1)).await.unwrap();
    assert_eq!(store.retry_job(&before[2].id, at(1)).await.unwrap().state, JobState::Waiting);
    assert_eq!(lanes(store, &Pool::Inside, 1).await, Vec::<String>::new());
    finish(store, &claimed, retry(2), 2).await;
    let again = claim_one(store, at(2)).await;
    assert_eq!((again.id, again.attempt), (claimed.id, 2));
    finish(store, &again, Outcome::Done, 3).await;
    let last = claim_one(store, at(3)).await;
    assert_eq!((last.work.clone(), last.attempt), (Ok(jobs[2].work.clone()), 1));
    finish(store, &last, Outcome::Done, 4).await;
    assert_eq!(all(store).await, []);
}

pub async fn calling_off_the_head_lets_the_next_begin_anew(store: &dyn Store) {
    let jobs = [job(LANE, at(0)), job(LANE, at(0))];
    store.enqueue(&jobs, at(0)).await.unwrap();
    for _ in 0..2 {
        let claimed = claim_one(store, at(0)).await;
        finish(store, &claimed, retry(0), 0).await;
    }
    let head = all(store).await.remove(0);
    assert_eq!(head.attempts, 2);
    assert_eq!(store.cancel_job(&head.id, at(1)).await.unwrap(), head);
    assert_eq!(store.queue_stats().await.unwrap().pending, 1);
    let next = claim_one(store, at(1)).await;
    assert_eq!((next.work.clone(), next.attempt), (Ok(jobs[1].work.clone()), 1));
}

pub async fn work_under_one_key_is_scheduled_once(store: &dyn Store) {
    let first = later("a", 90);
    store.schedule(&[first.clone(), later("a", 10), later("b", 20)]).await.unwrap();
    let elsewhere = Scheduled { lane: "conv:1".to_owned(), ..later("a", 5) };
    join_all((0..4).map(|_| store.schedule(std::slice::from_ref(&elsewhere))))
        .await
        .into_iter()
        .for_each(Result::unwrap);
    let jobs = all(store).await;
    assert_eq!(ids(&jobs), ["b", "a"]);
    assert_eq!((jobs[1].ready_at, jobs[1].lane.as_str()), (Some(at(90)), LANE));
    assert_eq!(serde_json::from_str::<Work>(&jobs[1].payload).unwrap(), first.work);
    assert_eq!(store.enter_due(10, at(19)).await.unwrap(), 0);
}

pub async fn what_is_due_enters_its_lane_in_order(store: &dyn Store) {
    let work = [later("z", 10), later("y", 30), later("x", 20), later("w", 20), later("v", 31)];
    store.schedule(&work).await.unwrap();
    store.enqueue(&[job(LANE, at(0))], at(0)).await.unwrap();
    assert_eq!(store.enter_due(10, at(9)).await.unwrap(), 0);
    assert_eq!(store.enter_due(2, at(30)).await.unwrap(), 2);
    assert_eq!(store.queue_stats().await.unwrap().pending, 3);
    let told = join_all((0..4).map(|_| store.enter_due(10, at(30)))).await;
    assert_eq!(told.into_iter().map(Result::unwrap).sum::<u64>(), 2);
    let left = all(store).await.pop().unwrap();
    assert_eq!((left.id.as_str(), left.state), ("v", JobState::Scheduled));
    // Behind what was in the lane already.
    let head = claim_one(store, at(30)).await;
    assert_eq!(head.created_at, at(0));
    finish(store, &head, Outcome::Done, 30).await;
    for place in [0, 3, 2, 1] {
        let claimed = claim_one(store, at(30)).await;
        assert_eq!((claimed.work.clone(), claimed.created_at), (Ok(work[place].work.clone()), at(30)));
        finish(store, &claimed, Outcome::Done, 30).await;
    }
    assert_eq!(store.next_ready(&class("crm:local")).await.unwrap(), None);
}

pub async fn a_key_that_entered_is_not_taken_again_until_it_is_forgotten(store: &dyn Store) {
    store.schedule(&[later("a", 10), later("b", 20), later("c", 500)]).await.unwrap();
    for now in [10, 20] {
        assert_eq!(store.enter_due(10, at(now)).await.unwrap(), 1);
        let claimed = claim_one(store, at(now)).await;
        finish(store, &claimed, Outcome::Done, now).await;
    }
    let again = [later("a", 30), later("b", 30)];
    store.schedule(&again).await.unwrap();
    assert_eq!((store.enter_due(10, at(30)).await.unwrap(), ids(&all(store).await)), (0, vec!["c"]));
    assert_eq!(store.job("a").await.unwrap(), None);
    assert_eq!(store.sweep_queue(at(10), at(600)).await.unwrap(), 0);
    assert_eq!(store.sweep_queue(at(20), at(600)).await.unwrap(), 1);
    store.schedule(&again).await.unwrap();
    assert_eq!(store.enter_due(10, at(30)).await.unwrap(), 1);
    assert_eq!(claim_one(store, at(30)).await.work, Ok(again[0].work.clone()));
    // What waits is never forgotten, however old.
    assert_eq!(store.sweep_queue(at(9000), at(9000)).await.unwrap(), 2);
    assert_eq!(store.job("c").await.unwrap().unwrap().state, JobState::Scheduled);
}

pub async fn classes_are_counted_each_for_itself(store: &dyn Store) {
    assert_eq!(store.class_stats().await.unwrap(), []);
    buried(store, job("sweep", at(0)), 0).await;
    let lanes_of = ["out:telegram:7:1", "conv:1", "conv:1", "conv:2", "crm:local:1", "crm:other:1"];
    store.enqueue(&lanes_of.map(|lane| job(lane, at(0))), at(0)).await.unwrap();
    store.schedule(&[later("a", 90)]).await.unwrap();
    let claimed = store.claim(&class("conv"), 1, at(60), at(0)).await.unwrap();
    let stats = |class: &str, lanes, pending, running| ClassStats { class: class.to_owned(), lanes, pending, running };
    let others = [stats("crm:local", 1, 1, 0), stats("crm:other", 1, 1, 0), stats("out:telegram", 1, 1, 0)];
    let counted = async || store.class_stats().await.unwrap();
    assert_eq!(counted().await, [&[stats("conv", 2, 3, 1)], &others[..]].concat());
    finish(store, &claimed[0], dead(), 1).await;
    assert_eq!(counted().await, [&[stats("conv", 2, 2, 0)], &others[..]].concat());
    for claimed in store.claim(&class("conv"), 9, at(60), at(1)).await.unwrap() {
        finish(store, &claimed, Outcome::Done, 2).await;
    }
    assert_eq!(counted().await, others);
}

pub async fn a_retried_job_stands_behind_what_runs_and_what_waits(store: &dyn Store) {
    let id = buried(store, job(LANE, at(0)), 0).await;
    store.enqueue(&[job(LANE, at(0)), job(LANE, at(0))], at(0)).await.unwrap();
    let running = claim_one(store, at(1)).await;
    let retried = store.retry_job(&id, at(1)).await.unwrap();
    assert_eq!(store.cancel_job(&running.id.to_string(), at(1)).await, Err(StoreError::LostLease), "it still runs");
    finish(store, &running, Outcome::Done, 2).await;
    let waiting = claim_one(store, at(2)).await;
    assert_ne!(waiting.id.to_string(), retried.id);
    finish(store, &waiting, Outcome::Done, 3).await;
    let last = claim_one(store, at(3)).await;
    assert_eq!(last.id.to_string(), retried.id);
    finish(store, &last, Outcome::Done, 4).await;
}

pub async fn calling_off_touches_only_what_waited_for_it(store: &dyn Store) {
    // Another than the head: the head's tries stay.
    store.enqueue(&[job(LANE, at(0)), job(LANE, at(0))], at(0)).await.unwrap();
    let first = claim_one(store, at(0)).await;
    finish(store, &first, retry(0), 0).await;
    let second = all(store).await[1].id.clone();
    store.cancel_job(&second, at(0)).await.unwrap();
    let again = claim_one(store, at(0)).await;
    assert_eq!((again.id, again.attempt), (first.id, 2));
    // The head that waits for later: the next does not wait for it.
    store.enqueue(&[job(LANE, at(0))], at(0)).await.unwrap();
    finish(store, &again, retry(900), 0).await;
    store.cancel_job(&again.id.to_string(), at(1)).await.unwrap();
    let next = claim_one(store, at(1)).await;
    assert_eq!(next.attempt, 1);
    finish(store, &next, Outcome::Done, 1).await;
}

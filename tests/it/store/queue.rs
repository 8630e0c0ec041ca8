use flow::domain::job::{Claimed, Outcome, Pool};
use flow::domain::store::{Queue, QueueStats, Store, StoreError};
use futures_util::future::join_all;
use jiff::Timestamp;

use super::samples::{at, claim_one, job};

/// Claims all that is due, with a lease of a minute.
async fn claim(store: &dyn Store, now: i64) -> Vec<Claimed> {
    store.claim(&Pool::Inside, 100, at(now + 60), at(now)).await.unwrap()
}

async fn lanes(store: &dyn Store, now: i64) -> Vec<String> {
    let mut lanes: Vec<String> = claim(store, now).await.into_iter().map(|job| job.lease.lane).collect();
    lanes.sort();
    lanes
}

async fn done(store: &dyn Store, job: &Claimed, now: i64) {
    store.finish(&job.lease, job.id, &Outcome::Done, at(now)).await.unwrap();
}

fn retry(when: Timestamp) -> Outcome {
    Outcome::Retry { at: when, error: "the far side is away".to_owned() }
}

pub async fn jobs_of_a_lane_run_in_their_order(store: &dyn Store) {
    let jobs: Vec<_> = (0..5).map(|_| job("a", at(0))).collect();
    store.enqueue(&jobs[..2], at(0)).await.unwrap();
    let mut ran = Vec::new();
    for step in 0..5 {
        let claimed = claim_one(store, at(step)).await;
        assert_eq!(lanes(store, step).await, Vec::<String>::new(), "the lane is being worked on");
        if step == 0 {
            store.enqueue(&jobs[2..], at(0)).await.unwrap();
        }
        done(store, &claimed, step).await;
        ran.push(claimed.work.unwrap());
    }
    assert_eq!(ran, jobs.into_iter().map(|job| job.work).collect::<Vec<_>>());
    assert_eq!(claim(store, 9).await, []);
    assert_eq!(store.queue_stats().await.unwrap(), QueueStats::default());
    assert_eq!(store.next_ready(&Pool::Inside).await.unwrap(), None);
}

pub async fn lanes_run_side_by_side(store: &dyn Store) {
    let jobs: Vec<_> = ["a", "a", "b", "c"].iter().map(|lane| job(lane, at(0))).collect();
    store.enqueue(&jobs, at(0)).await.unwrap();
    assert_eq!(store.claim(&Pool::Inside, 2, at(60), at(0)).await.unwrap().len(), 2);
    assert_eq!(lanes(store, 0).await.len(), 1);
    assert_eq!(claim(store, 0).await, []);
}

pub async fn a_job_waits_until_it_is_ready(store: &dyn Store) {
    store.enqueue(&[job("a", at(10)), job("b", at(20))], at(0)).await.unwrap();
    assert_eq!(store.next_ready(&Pool::Inside).await.unwrap(), Some(at(10)));
    assert_eq!(claim(store, 9).await, []);
    assert_eq!(lanes(store, 10).await, ["a"]);
    assert_eq!(store.next_ready(&Pool::Inside).await.unwrap(), Some(at(20)));
    assert_eq!(lanes(store, 20).await, ["b"]);
    assert_eq!(store.next_ready(&Pool::Inside).await.unwrap(), None);
}

pub async fn a_retry_delays_its_own_lane_only(store: &dyn Store) {
    let (first, second) = (job("a", at(0)), job("a", at(0)));
    store.enqueue(&[first.clone(), second], at(0)).await.unwrap();
    let claimed = claim_one(store, at(0)).await;
    store.finish(&claimed.lease, claimed.id, &retry(at(30)), at(1)).await.unwrap();
    store.enqueue(&[job("b", at(1))], at(1)).await.unwrap();
    assert_eq!(lanes(store, 29).await, ["b"]);
    let again = claim_one(store, at(30)).await;
    assert_eq!((again.id, again.work.clone(), again.attempt), (claimed.id, Ok(first.work), 2));
    assert_ne!(again.lease.token, claimed.lease.token);
}

pub async fn attempts_are_counted_and_begin_anew_with_the_next_job(store: &dyn Store) {
    store.enqueue(&[job("a", at(0)), job("a", at(0))], at(0)).await.unwrap();
    for attempt in 1..=3 {
        let claimed = claim_one(store, at(0)).await;
        assert_eq!((claimed.attempt, claimed.created_at), (attempt, at(0)));
        store.finish(&claimed.lease, claimed.id, &retry(at(0)), at(0)).await.unwrap();
    }
    let claimed = claim_one(store, at(0)).await;
    done(store, &claimed, 0).await;
    assert_eq!(claim_one(store, at(0)).await.attempt, 1);
}

pub async fn a_dead_job_lets_its_lane_go_on(store: &dyn Store) {
    let second = job("a", at(0));
    store.enqueue(&[job("a", at(0)), second.clone()], at(0)).await.unwrap();
    let claimed = claim_one(store, at(0)).await;
    let given_up = Outcome::Dead { error: "refused for good".to_owned() };
    store.finish(&claimed.lease, claimed.id, &given_up, at(1)).await.unwrap();
    let stats = store.queue_stats().await.unwrap();
    assert_eq!((stats.pending, stats.dead), (1, 1));
    let next = claim_one(store, at(1)).await;
    assert_eq!(next.work, Ok(second.work));
    done(store, &next, 1).await;
    let stats = store.queue_stats().await.unwrap();
    assert_eq!((stats.pending, stats.dead, stats.oldest), (0, 1, None));
}

pub async fn a_lost_lease_is_fenced_off(store: &dyn Store) {
    store.enqueue(&[job("a", at(0))], at(0)).await.unwrap();
    let slow = claim_one(store, at(0)).await;
    assert_eq!(store.reap(at(61)).await.unwrap(), 1);
    let quick = claim_one(store, at(61)).await;
    assert_eq!((quick.id, quick.attempt), (slow.id, 2));
    let outcomes = [Outcome::Done, retry(at(70)), Outcome::Dead { error: "x".to_owned() }];
    for outcome in &outcomes {
        let told = store.finish(&slow.lease, slow.id, outcome, at(62)).await;
        assert_eq!(told, Err(StoreError::LostLease), "{outcome:?}");
    }
    assert_eq!(store.heartbeat(&slow.lease, at(999)).await, Err(StoreError::LostLease));
    assert_eq!(store.queue_stats().await.unwrap().pending, 1);
    done(store, &quick, 63).await;
    // And once it is done nobody can do it again.
    let told = store.finish(&quick.lease, quick.id, &Outcome::Done, at(64)).await;
    assert_eq!(told, Err(StoreError::LostLease));
}

pub async fn a_heartbeat_keeps_the_lease(store: &dyn Store) {
    store.enqueue(&[job("a", at(0))], at(0)).await.unwrap();
    let claimed = claim_one(store, at(0)).await;
    store.heartbeat(&claimed.lease, at(120)).await.unwrap();
    assert_eq!(store.reap(at(100)).await.unwrap(), 0);
    assert_eq!(claim(store, 100).await, []);
    done(store, &claimed, 100).await;
}

pub async fn only_leases_that_ran_out_are_reaped(store: &dyn Store) {
    store.enqueue(&[job("a", at(0)), job("b", at(30))], at(0)).await.unwrap();
    claim_one(store, at(0)).await;
    claim_one(store, at(30)).await;
    assert_eq!(store.reap(at(59)).await.unwrap(), 0);
    assert_eq!(store.reap(at(61)).await.unwrap(), 1);
    assert_eq!(store.reap(at(61)).await.unwrap(), 0);
    assert_eq!(lanes(store, 61).await, ["a"]);
}

pub async fn two_claims_at_once_never_share_a_lane(store: &dyn Store) {
    let jobs: Vec<_> = (0..40).map(|lane| job(&format!("lane-{lane}"), at(0))).collect();
    store.enqueue(&jobs, at(0)).await.unwrap();
    let claimed = join_all((0..8).map(|_| store.claim(&Pool::Inside, 10, at(60), at(0)))).await;
    let mut taken: Vec<i64> = claimed.into_iter().flat_map(Result::unwrap).map(|job| job.id).collect();
    assert_eq!(taken.len(), 40);
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), 40);
}

pub async fn the_stats_count_what_waits_and_what_is_dead(store: &dyn Store) {
    store.enqueue(&[job("a", at(50)), job("a", at(50))], at(3)).await.unwrap();
    store.enqueue(&[job("b", at(0))], at(5)).await.unwrap();
    let stats = store.queue_stats().await.unwrap();
    assert_eq!(stats, QueueStats { pending: 3, dead: 0, oldest: Some(at(3)) });
    let running = claim_one(store, at(5)).await;
    assert_eq!(store.queue_stats().await.unwrap().pending, 3, "what runs is not done yet");
    done(store, &running, 6).await;
    assert_eq!(Queue::queue_stats(store).await.unwrap().pending, 2);
}

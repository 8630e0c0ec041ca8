//! Several daemons on one PostgreSQL, with and without a Redis beside it.

mod outage;

use std::time::{Duration, Instant};

use flow::domain::outbox::Pace;
use flow::domain::sharing::{Helper, drawn};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::botapi::BotApi;
use crate::support::daemon::{Daemon, Home};
use crate::support::postgres::Database;
use crate::support::redis::Redis;

const SECRET: &str = "secret-of-the-cluster";
const QUESTIONS: [&str; 3] = ["Какой у вас адрес?", "Сколько стоит маникюр?", "Как можно оплатить?"];

/// A salon in a database, and a Bot API.
struct Cluster {
    home: Home,
    api: BotApi,
}

impl Cluster {
    fn new() -> Option<Self> {
        Some(Self::over(Database::home()?))
    }

    fn over(home: Home) -> Self {
        assert!(home.run(&["seed", "--preset", "salon"]).status.success());
        Self { home, api: BotApi::start() }
    }

    fn serve(&self, more: &[(&str, &str)]) -> Daemon {
        Daemon::start(&self.home, &["--listen", "127.0.0.1:0"], &self.env(more))
    }

    /// A daemon without an address, which has one duty.
    fn serve_only(&self, role: &str, more: &[(&str, &str)]) -> Daemon {
        Daemon::silent(&self.home, &["--roles", role], &self.env(more))
    }

    fn env<'e>(&'e self, more: &[(&'e str, &'e str)]) -> Vec<(&'e str, &'e str)> {
        let mut env = vec![
            ("FLOW_CHANNELS__TELEGRAM__TOKEN", BotApi::TOKEN),
            ("FLOW_CHANNELS__TELEGRAM__API_URL", self.api.url.as_str()),
            ("FLOW_CHANNELS__TELEGRAM__WEBHOOK_SECRET", SECRET),
            ("FLOW_CHANNELS__TELEGRAM__LIMITS__PER_CHAT", "0"),
            ("FLOW_CHANNELS__TELEGRAM__LIMITS__TOTAL", "0"),
            ("FLOW_DIALOG__COALESCE", "0s"),
        ];
        env.extend(more);
        env
    }

    /// Every chat asks its questions, all chats beside each other.
    fn ask(&self, chats: impl Iterator<Item = i64> + Clone) {
        for question in QUESTIONS {
            for chat in chats.clone() {
                self.api.push(self.api.text(chat, question));
            }
        }
    }

    /// Every chat has one answer to each question, in the order of the questions.
    fn answered(&self, chats: impl Iterator<Item = i64> + Clone) {
        let heard = |chat: i64| self.api.sent(chat).len();
        let count = chats.clone().count() * QUESTIONS.len();
        until("every answer", || chats.clone().map(heard).sum::<usize>() >= count);
        let stored = self.home.run(&["conversations", "export", "-o", "jsonl"]).stdout;
        let stored = String::from_utf8(stored).unwrap();
        assert_eq!(stored.lines().count(), chats.clone().count());
        for line in stored.lines() {
            let conversation: Value = serde_json::from_str(line).unwrap();
            let messages = conversation["messages"]["items"].as_array().unwrap();
            let of = |role: &str| messages.iter().filter(|m| m["role"] == role).collect::<Vec<_>>();
            let (asked, said) = (of("customer"), of("bot"));
            let texts: Vec<&str> = asked.iter().map(|m| m["text"].as_str().unwrap()).collect();
            assert_eq!(texts, QUESTIONS);
            let answers: Vec<&Value> = said.iter().map(|m| &m["in_reply_to"]).collect();
            assert_eq!(answers, asked.iter().map(|m| &m["id"]).collect::<Vec<_>>(), "once and in order");
        }
        assert_eq!(self.home.run(&["db", "check"]).status.code(), Some(0), "nothing is damaged");
    }
}

#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(90), "waited for {what}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

fn get(daemon: &Daemon, path: &str) -> Option<(u16, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let http = crate::support::web().no_proxy().timeout(Duration::from_secs(5)).build().unwrap();
        let answer = http.get(format!("{}{path}", daemon.url)).send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    })
}

/// The figure of a metric, all labels together.
fn figure(daemon: &Daemon, name: &str) -> f64 {
    let (_, text) = get(daemon, "/metrics").unwrap();
    let lines = text.lines().filter(|line| line.starts_with(name));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

#[test]
fn three_daemons_share_the_work_and_a_killed_one_is_stood_in_for() {
    let Some(cluster) = Cluster::new() else { return };
    let mut daemons = [(); 3].map(|()| cluster.serve(&[]));
    let chats = 5000..5040;
    cluster.ask(chats.clone());
    until("a third of the answers", || cluster.api.sent_count() > 40);
    let shares: Vec<f64> =
        daemons.iter().map(|daemon| figure(daemon, "flow_turn_duration_seconds_count{stage=\"commit\"}")).collect();
    daemons[0].kill();
    // What it had under way is in doubt; everything else is answered by the others.
    let jobs = || cluster.home.json(&["jobs", "stats", "-o", "json"]);
    until("the end of the work", || cluster.api.pending() == 0 && jobs()["pending"] == 0);
    let stats = jobs();
    let doubtful = stats["outbox"]["unknown"].as_u64().unwrap();
    assert!(doubtful <= 40, "{stats}");
    assert!(cluster.api.sent_count() + doubtful >= 120, "{} and {stats}", cluster.api.sent_count());
    assert!(cluster.api.sent_count() <= 120, "nothing is said twice");
    assert!(shares.iter().filter(|share| **share > 0.0).count() >= 2, "the load is spread: {shares:?}");
}

#[test]
fn two_daemons_answer_everybody_once_and_in_order() {
    let Some(cluster) = Cluster::new() else { return };
    let daemons = [(); 2].map(|()| cluster.serve(&[]));
    cluster.ask(5000..5030);
    cluster.answered(5000..5030);
    for daemon in &daemons {
        let (_, health) = get(daemon, "/health").unwrap();
        let health: Value = serde_json::from_str(&health).unwrap();
        assert_eq!(health["status"], "ok", "nobody is in anybody's way at the channel: {health}");
    }
}

#[test]
fn one_daemon_asks_the_channel_and_another_goes_on_when_it_stops() {
    let Some(cluster) = Cluster::new() else { return };
    let mut first = cluster.serve(&[]);
    cluster.api.push(cluster.api.text(5001, QUESTIONS[0]));
    until("the first answer", || cluster.api.sent(5001).len() == 1);
    let second = cluster.serve(&[]);
    first.signal("TERM");
    assert_eq!(first.wait().code(), Some(0));
    cluster.api.push(cluster.api.text(5001, QUESTIONS[1]));
    until("the second answer", || cluster.api.sent(5001).len() == 2);
    assert_eq!(get(&second, "/health").unwrap().0, 200);
}

#[test]
fn duties_can_be_split_between_machines() {
    let Some(cluster) = Cluster::new() else { return };
    let hook = [("FLOW_CHANNELS__TELEGRAM__MODE", "webhook")];
    let http = Daemon::start(&cluster.home, &["--listen", "127.0.0.1:0", "--roles", "http"], &cluster.env(&hook));
    cluster.api.deliver_to(&http.url, Some(SECRET));
    cluster.api.push(cluster.api.text(5001, QUESTIONS[0]));
    until("the message", || cluster.api.pending() == 0);
    assert_eq!(cluster.home.json(&["jobs", "stats", "-o", "json"])["pending"], 1, "nobody works here");
    let _others = ["worker", "scheduler"].map(|role| cluster.serve_only(role, &hook));
    until("the answer", || cluster.api.sent(5001).len() == 1);
    assert_eq!(figure(&http, "flow_turn_duration_seconds_count"), 0.0);
}

/// Three daemons with twenty messages a second in all; forty go out.
fn shared_limit(cluster: &Cluster, more: &[(&str, &str)], meanwhile: impl FnOnce()) {
    let mut env = vec![("FLOW_CHANNELS__TELEGRAM__LIMITS__TOTAL", "20")];
    env.extend(more);
    let _daemons = [(); 3].map(|()| cluster.serve(&env));
    let chats: Vec<i64> = (5000..5040).collect();
    let began = Instant::now();
    cluster.api.push_many(chats.iter().map(|chat| cluster.api.text(*chat, QUESTIONS[0])));
    until("some answers", || cluster.api.sent_count() >= 10);
    meanwhile();
    until("every answer", || cluster.api.sent_count() >= 40);
    // Each alone would have been done in a third of the time.
    assert!(began.elapsed() >= Duration::from_millis(1500), "{:?}", began.elapsed());
    assert_eq!(cluster.api.sent_count(), 40);
}

#[test]
fn the_limit_of_a_channel_is_one_for_all_daemons() {
    let Some(cluster) = Cluster::new() else { return };
    shared_limit(&cluster, &[], || {});
}

#[test]
fn a_redis_serves_the_limit_and_may_die_in_the_middle() {
    let (Some(cluster), Some(mut redis)) = (Cluster::new(), Redis::start()) else { return };
    let url = redis.url.clone();
    shared_limit(&cluster, &[("FLOW_CACHE__URL", &url)], || redis.kill());
    let daemon = cluster.serve(&[("FLOW_CACHE__URL", &url)]);
    let cache = |daemon: &Daemon| {
        let (status, text) = get(daemon, "/health").unwrap();
        assert_eq!(status, 200, "nothing depends on it");
        serde_json::from_str::<Value>(&text).unwrap()["checks"]["cache"]["status"].clone()
    };
    until("the Redis to be missed", || cache(&daemon) == "degraded");
    redis.revive();
    until("the Redis to be seen again", || cache(&daemon) == "ok");
    cluster.api.push(cluster.api.text(5001, QUESTIONS[1]));
    until("an answer", || cluster.api.sent(5001).len() == 2);
}

#[test]
fn what_dialogues_remember_comes_from_a_redis_until_it_dies() {
    let (Some(cluster), Some(mut redis)) = (Cluster::new(), Redis::start()) else { return };
    let daemon = cluster.serve(&[("FLOW_CACHE__URL", &redis.url.clone())]);
    let mut asked = 0;
    let mut ask = |question: &str| {
        cluster.api.push(cluster.api.text(5000, question));
        asked += 1;
        until("an answer", || cluster.api.sent(5000).len() == asked);
    };
    // One that does not come at once is not waited for, so it may take some turns.
    until("a copy to be used", || {
        ask(QUESTIONS[0]);
        figure(&daemon, "flow_session_copies_total{outcome=\"used\"}") > 0.0
    });
    redis.kill();
    for question in QUESTIONS {
        ask(question);
    }
    assert_eq!(cluster.home.run(&["db", "check"]).status.code(), Some(0), "nothing is damaged");
}

#[test]
fn while_the_database_is_away_nothing_is_acknowledged_and_nothing_is_lost() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let Some((database, server)) = runtime.block_on(Database::alone()) else { return };
    let url = database.url();
    let cluster = Cluster::over(Home::over(url, ()));
    let daemon = cluster.serve(&[("FLOW_CHANNELS__TELEGRAM__MODE", "webhook")]);
    cluster.api.deliver_to(&daemon.url, Some(SECRET));
    for (round, question) in QUESTIONS.iter().enumerate() {
        let chats = 5000..5020;
        cluster.api.push_many(chats.map(|chat| cluster.api.text(chat, question)));
        if round < 2 {
            // In the middle of the work.
            until("some work", || cluster.api.sent_count() > 5 + 20 * round as u64);
            server.stop();
            let refused = cluster.api.deliveries().len();
            cluster.api.push(cluster.api.text(5900 + round as i64, question));
            until("a refusal", || cluster.api.deliveries()[refused..].iter().any(|(_, status)| *status == 503));
            until("health to tell", || get(&daemon, "/health").is_some_and(|(status, _)| status == 503));
            server.start();
            until("health to recover", || get(&daemon, "/health").is_some_and(|(status, _)| status == 200));
        }
    }
    let jobs = || cluster.home.json(&["jobs", "stats", "-o", "json"]);
    until("the end of the work", || cluster.api.pending() == 0 && jobs()["pending"] == 0);
    let stats = jobs();
    let doubtful = stats["outbox"]["unknown"].as_u64().unwrap();
    assert_eq!(
        cluster.home.json(&["conversations", "list", "-o", "json", "--limit", "0"]).as_array().unwrap().len(),
        22
    );
    assert!(cluster.api.sent_count() <= 62, "nothing is said twice: {}", cluster.api.sent_count());
    assert!(cluster.api.sent_count() + doubtful >= 62, "{} and {stats}", cluster.api.sent_count());
    assert_eq!(cluster.home.run(&["db", "check"]).status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_in_redis_is_the_same_budget() {
    let Some(server) = Redis::start() else { return };
    let redis = flow::adapters::redis::Redis::open(&server.url, "here").unwrap();
    let pace = Pace { every: SignedDuration::from_millis(333), burst: 7 };
    // Beyond what a single-precision number holds, in microseconds.
    let begin = Timestamp::from_second(1_795_000_000).unwrap();
    let mut whole = None;
    for (ms, wanted) in
        [(0, 3), (0, 9), (1, 1), (332, 1), (333, 1), (400, -2), (400, 5), (9000, 4), (9000, -50), (9000, 50)]
    {
        let now = begin + SignedDuration::from_millis(ms);
        let (expected, then) = drawn(whole, pace, wanted, now);
        whole = Some(then);
        assert_eq!(redis.draw("same", pace, wanted, now).await.unwrap(), expected, "{wanted} at {ms}");
    }
}

//! The real binary, killed at random and at named moments, until everything that was written has been
//! answered: every message once and in order, every visit single, and what was in flight shown as in doubt.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::botapi::{BotApi, Sent};
use crate::support::daemon::{Daemon, Home};
use crate::support::postgres::Database;

/// Between every two steps of storing, taking, answering, committing and sending.
const POINTS: [&str; 12] = [
    "ingest.received",
    "ingest.stored",
    "claim.taken",
    "turn.planned",
    "turn.committed",
    "commit.before",
    "commit.after",
    "booking.committing",
    "booking.answered",
    "send.marked",
    "send.delivered",
    "send.stored",
];
const CHATS: [i64; 5] = [5001, 5002, 5003, 5004, 5005];
const SECRET: &str = "secret-of-the-crash-test";
/// A round in which the point is not reached ends by a kill from outside.
const ROUND: Duration = Duration::from_millis(1200);

/// A reproducible choice (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)) % bound
    }
}

/// What a chat writes, one after the other; the visit of each is at an hour of its own.
fn story(chat: usize) -> Vec<String> {
    let hour = 11 + chat;
    vec![
        "Какой у вас адрес?".to_owned(),
        format!("Запишите меня на мужскую стрижку в среду в {hour}:00, 8 916 000-00-0{chat}"),
        "да".to_owned(),
        "Сколько стоит маникюр?".to_owned(),
        "Как можно оплатить?".to_owned(),
    ]
}

struct Trial {
    home: Home,
    api: BotApi,
    by_hook: bool,
    kills: usize,
}

impl Trial {
    fn new(by_hook: bool) -> Self {
        Self::over(Home::new(), by_hook)
    }

    fn over(home: Home, by_hook: bool) -> Self {
        assert!(home.run(&["seed", "--preset", "salon"]).status.success());
        Self { home, api: BotApi::start(), by_hook, kills: 0 }
    }

    fn start(&self, crash_at: Option<&str>) -> Result<Daemon, String> {
        let mode = if self.by_hook { "webhook" } else { "polling" };
        let mut env = vec![
            ("FLOW_CHANNELS__TELEGRAM__TOKEN", BotApi::TOKEN),
            ("FLOW_CHANNELS__TELEGRAM__API_URL", self.api.url.as_str()),
            ("FLOW_CHANNELS__TELEGRAM__MODE", mode),
            ("FLOW_CHANNELS__TELEGRAM__WEBHOOK_SECRET", SECRET),
            ("FLOW_CHANNELS__TELEGRAM__LIMITS__PER_CHAT", "0"),
            ("FLOW_CHANNELS__TELEGRAM__LIMITS__TOTAL", "0"),
            ("FLOW_CHANNELS__TELEGRAM__TYPING", "false"),
            ("FLOW_DIALOG__COALESCE", "0s"),
            ("FLOW_OBSERVABILITY__LOG", "off"),
        ];
        env.extend(crash_at.map(|spec| ("FLOW_CRASH_AT", spec)));
        let daemon = Daemon::try_start(&self.home, &["--listen", "127.0.0.1:0"], &env)?;
        if self.by_hook {
            self.api.deliver_to(&daemon.url, Some(SECRET));
        }
        Ok(daemon)
    }

    /// Lets a daemon run until it dies of the point, or is killed after so long.
    fn round(&mut self, crash_at: Option<&str>, longest: Duration) {
        self.kills += 1;
        let Ok(mut daemon) = self.start(crash_at) else { return };
        let end = Instant::now() + longest;
        while !daemon.has_ended() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(2));
        }
        if self.by_hook {
            self.api.stop_delivery();
        }
        if !daemon.has_ended() {
            daemon.kill();
        }
    }

    /// A daemon that lives until nothing is left to do, and is told to stop.
    fn settle(&self) {
        let mut daemon = self.start(None).expect("it starts");
        let began = Instant::now();
        loop {
            // In this order: what is confirmed is stored, and only then do the jobs tell whether all is done.
            let is_stored = self.api.pending() == 0;
            let stats = self.home.json(&["jobs", "stats", "-o", "json"]);
            if is_stored && stats["pending"] == 0 {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{stats}, {} updates wait", self.api.pending());
            std::thread::sleep(Duration::from_millis(50));
        }
        daemon.signal("TERM");
        assert_eq!(daemon.wait().code(), Some(0));
    }

    fn stored(&self) -> HashMap<i64, Value> {
        let output = self.home.run(&["conversations", "export", "-o", "jsonl"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let mut found = HashMap::new();
        for line in text.lines() {
            let conversation: Value = serde_json::from_str(line).unwrap();
            let first = conversation["messages"]["items"][0]["channel_message_id"].as_str().unwrap().to_owned();
            let chat = first.split('/').next().unwrap().parse().unwrap();
            assert!(found.insert(chat, conversation).is_none(), "one dialogue a chat");
        }
        found
    }

    /// Everything that was promised.
    fn check(&self, told: &[(i64, Vec<String>)]) {
        let stored = self.stored();
        let mut doubts = 0;
        for (chat, said) in told {
            let messages = stored[chat]["messages"]["items"].as_array().unwrap();
            let of = |role: &str| messages.iter().filter(|m| m["role"] == role).collect::<Vec<_>>();
            let heard: Vec<&str> = of("customer").iter().map(|m| m["text"].as_str().unwrap()).collect();
            assert_eq!(&heard, said, "every message once and in order");
            let bots = of("bot");
            for message in of("customer").iter().filter(|m| m["text"] != "да") {
                let answers = bots.iter().filter(|m| m["in_reply_to"] == message["id"]).count();
                let all: Vec<String> =
                    messages.iter().map(|m| format!("{} {}: {}", m["id"], m["role"], m["text"])).collect();
                assert_eq!(answers, 1, "one answer to {message} in {all:#?}, {}", stored[chat]["handoff"]);
            }
            let booked = bots.iter().filter(|m| m["text"].as_str().unwrap().contains("записаны")).count();
            assert_eq!(booked, 1, "told once that the visit stands");
            doubts += self.arrived(&bots, &self.api.sent(*chat));
        }
        let bookings = self.home.json(&["bookings", "list", "-o", "json"]);
        let live = bookings.as_array().unwrap().iter().filter(|b| b["state"] == "booked").count();
        assert_eq!((live, bookings.as_array().unwrap().len()), (told.len(), told.len()), "{bookings}");
        assert!(doubts <= self.kills * CHATS.len(), "at most what was in flight: {doubts}");
        println!("{} kills, {} messages, {doubts} sends in doubt", self.kills, self.api.sent_count());
        assert_eq!(self.home.run(&["db", "check"]).status.code(), Some(0), "nothing is damaged");
    }

    /// What was stored as sent arrived exactly once and in order; what is in doubt at most once.
    fn arrived(&self, bots: &[&Value], journal: &[Sent]) -> usize {
        let (mut at, mut doubts) = (0, 0);
        for message in bots {
            let id = message["channel_message_id"].as_str().and_then(|id| id.split('/').nth(1)?.parse::<i64>().ok());
            match message["delivery"]["state"].as_str().unwrap() {
                "sent" => {
                    assert_eq!(journal.get(at).map(|sent| sent.message_id), id, "in order: {message} {journal:?}");
                    at += 1;
                }
                "unknown" => {
                    doubts += 1;
                    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                    let it = journal
                        .get(at)
                        .is_some_and(|sent| plain(&sent.text) == plain(message["text"].as_str().unwrap()));
                    // The next that is certain may read the same: its number tells them apart.
                    let is_next = journal.get(at).is_some_and(|sent| {
                        bots.iter().any(|m| {
                            m["channel_message_id"]
                                .as_str()
                                .is_some_and(|id| id.ends_with(&format!("/{}", sent.message_id)))
                        })
                    });
                    at += usize::from(it && !is_next);
                }
                other => panic!("{other}: {message}"),
            }
        }
        assert_eq!(at, journal.len(), "nothing else was said");
        doubts
    }
}

/// Kills the daemon so often while five clients write, and looks at what is left.
fn trial(seed: u64, kills: usize, mut trial: Trial) {
    let mut dice = Dice(seed);
    let told: Vec<(i64, Vec<String>)> = CHATS.iter().enumerate().map(|(n, chat)| (*chat, story(n))).collect();
    let lines: usize = told.iter().map(|(_, said)| said.len()).sum();
    let mut said = 0;
    let mut numbers = Vec::new();
    for round in 0..kills {
        // What is written is spread over the first two thirds of the kills; the rest dies while working it off.
        while said * kills * 2 < lines * (round + 1) * 3 && said < lines {
            let (chat, story) = &told[said % told.len()];
            numbers.push(trial.api.push(trial.api.text(*chat, &story[said / told.len()])));
            said += 1;
        }
        if dice.below(4) == 0 {
            let number = numbers[usize::try_from(dice.below(numbers.len() as u64)).unwrap()];
            trial.api.redeliver(number);
        }
        if dice.below(3) == 0 {
            trial.round(None, Duration::from_millis(20 + dice.below(400)));
        } else {
            let point = POINTS[usize::try_from(dice.below(POINTS.len() as u64)).unwrap()];
            trial.round(Some(&format!("{point}:{}", 1 + dice.below(5))), ROUND);
        }
    }
    while said < lines {
        let (chat, story) = &told[said % told.len()];
        trial.api.push(trial.api.text(*chat, &story[said / told.len()]));
        said += 1;
    }
    trial.settle();
    trial.check(&told);
}

/// `scripts/test --long` kills more often: 8 × 26 times.
fn kills() -> usize {
    #[expect(clippy::disallowed_methods, reason = "the test runner's word")]
    let is_long = std::env::var("FLOW_TEST_LONG").is_ok();
    if is_long { 26 } else { 5 }
}

macro_rules! trials {
    ($($name:ident = $seed:literal, $by_hook:literal, $home:expr;)+) => {$(
        #[test]
        fn $name() {
            let Some(home) = $home else { return };
            trial($seed, kills(), Trial::over(home, $by_hook));
        }
    )+};
}

trials! {
    killed_while_polling_a = 11, false, Some(Home::new());
    killed_while_polling_b = 12, false, Some(Home::new());
    killed_while_polling_c = 13, false, Some(Home::new());
    killed_while_polling_d = 14, false, Some(Home::new());
    killed_behind_a_webhook_a = 21, true, Some(Home::new());
    killed_behind_a_webhook_b = 22, true, Some(Home::new());
    killed_behind_a_webhook_c = 23, true, Some(Home::new());
    killed_behind_a_webhook_d = 24, true, Some(Home::new());
    killed_on_postgresql_while_polling_a = 31, false, Database::home();
    killed_on_postgresql_while_polling_b = 32, false, Database::home();
    killed_on_postgresql_behind_a_webhook_a = 41, true, Database::home();
    killed_on_postgresql_behind_a_webhook_b = 42, true, Database::home();
}

#[test]
fn every_point_is_passed_and_kills() {
    for point in POINTS {
        let mut trial = Trial::new(false);
        let told = vec![(CHATS[0], story(0))];
        for line in &told[0].1 {
            trial.api.push(trial.api.text(CHATS[0], line));
        }
        let mut daemon = match trial.start(Some(&format!("{point}:1"))) {
            Ok(daemon) => daemon,
            Err(_) => {
                trial.kills = 1;
                trial.settle();
                trial.check(&told);
                continue;
            }
        };
        let end = Instant::now() + Duration::from_secs(15);
        while !daemon.has_ended() {
            assert!(Instant::now() < end, "{point} was never passed");
            std::thread::sleep(Duration::from_millis(2));
        }
        trial.kills = 1;
        trial.settle();
        trial.check(&told);
    }
}

#[test]
fn a_stop_under_load_leaves_nothing_in_doubt() {
    let mut trial = Trial::new(false);
    let told: Vec<(i64, Vec<String>)> = CHATS.iter().enumerate().map(|(n, chat)| (*chat, story(n))).collect();
    for line in 0..told[0].1.len() {
        for (chat, story) in &told {
            trial.api.push(trial.api.text(*chat, &story[line]));
        }
        let mut daemon = trial.start(None).expect("it starts");
        std::thread::sleep(Duration::from_millis(30));
        daemon.signal("TERM");
        assert_eq!(daemon.wait().code(), Some(0));
    }
    trial.settle();
    // Without a kill nothing may be in doubt.
    trial.kills = 0;
    trial.check(&told);
}

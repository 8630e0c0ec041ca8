//! `flow doctor`: everything that flow needs, one after another, each with the next step.

mod channels;
mod disk;
mod queue;

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::context::{Context, Open, Session, place};
use super::failure::{Failure, exit};
use super::health::{self, Answer};
use super::output::Shape;
use super::runtime;
use crate::app::App;
use crate::config::Config;
use crate::domain::company::Zone;

/// Check everything that flow needs
#[derive(Debug, Args)]
#[command(after_help = "Exit 9 when something was found. Examples:
  flow doctor
  flow doctor -o json")]
pub struct DoctorArgs {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Look {
    name: String,
    verdict: Verdict,
    detail: String,
    hint: Option<String>,
}

static REPORT: Shape = Shape { members: &["ok", "checks"], columns: &[("ok", "ok")], times: &[] };

/// A clock that shows an earlier year was never set.
const FLOW_EXISTS_SINCE: i16 = 2024;

#[derive(Default)]
struct Looks(Vec<Look>);

impl Looks {
    fn add(&mut self, name: &str, verdict: Verdict, detail: impl Into<String>, hint: Option<&str>) {
        self.0.push(Look { name: name.to_owned(), verdict, detail: detail.into(), hint: hint.map(str::to_owned) });
    }

    fn ok(&mut self, name: &str, detail: impl Into<String>) {
        self.add(name, Verdict::Ok, detail, None);
    }

    fn warn(&mut self, name: &str, detail: impl Into<String>, hint: &str) {
        self.add(name, Verdict::Warn, detail, Some(hint));
    }

    fn fail(&mut self, name: &str, failure: &Failure) {
        self.add(name, Verdict::Fail, failure.message.clone(), failure.hint.as_deref());
    }
}

/// Looks at everything, also when something is wrong.
pub fn run(_args: DoctorArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&REPORT)?;
    let mut looks = Looks::default();
    clock(cx, &mut looks);
    if let Some(config) = config(cx, &mut looks) {
        zone(&config, &mut looks);
        if let Some(file) = config.store.url.file() {
            disk::may_be_written(file, &mut looks);
            disk::has_room(file, &mut looks);
        }
        daemon(&config, &mut looks);
        if let Some(app) = store(config, cx, &mut looks) {
            runtime::run(async {
                business(app, &mut looks).await;
                Ok::<(), Failure>(())
            })?;
        }
    }
    let is_fine = looks.0.iter().all(|look| look.verdict == Verdict::Ok);
    let text = page(&looks.0);
    cx.out.told(&REPORT, &json!({"ok": is_fine, "checks": looks.0}), &text)?;
    if is_fine { Ok(()) } else { Err(Failure::told(exit::FOUND)) }
}

fn page(looks: &[Look]) -> String {
    let mut text = String::new();
    for look in looks {
        let mark = match look.verdict {
            Verdict::Ok => "ok  ",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        };
        // Writing into a `String` cannot fail.
        let _ = writeln!(text, "{mark}  {}: {}", look.name, look.detail);
        if let Some(hint) = &look.hint {
            let _ = writeln!(text, "      → {hint}");
        }
    }
    text
}

fn clock(cx: &Context, looks: &mut Looks) {
    let now = cx.clock.now();
    let year = now.to_zoned(jiff::tz::TimeZone::UTC).year();
    if year >= FLOW_EXISTS_SINCE {
        looks.ok("clock", now.strftime("%Y-%m-%d %H:%M UTC").to_string());
    } else {
        looks.warn("clock", format!("it shows the year {year}"), "set the clock, best by NTP");
    }
}

fn config(cx: &Context, looks: &mut Looks) -> Option<Config> {
    match cx.load() {
        Ok(loaded) => {
            let detail = match loaded.file {
                Some(file) => file.display().to_string(),
                None => "no file; the defaults stand".to_owned(),
            };
            looks.ok("config", detail);
            Some(loaded.config)
        }
        Err(failure) => {
            looks.fail("config", &failure.hint("correct the lines that are named; `flow config check` tells again"));
            None
        }
    }
}

fn zone(config: &Config, looks: &mut Looks) {
    let zone = config.company.timezone.clone().or_else(|| Zone::find("Europe/Moscow"));
    match zone {
        Some(zone) => looks.ok("zones", format!("time zone data is there ({})", zone.name())),
        None => looks.fail("zones", &Failure::internal("there is no time zone data").hint("install tzdata")),
    }
}

fn daemon(config: &Config, looks: &mut Looks) {
    let asked = health::reachable(config.http.listen);
    match health::ask(asked) {
        Answer::Up => looks.ok("daemon", format!("a flow answers at {asked}; it may serve another store")),
        Answer::Down => looks.ok("daemon", format!("not running; {asked} is free for `flow serve`")),
        Answer::Other => looks.warn(
            "daemon",
            format!("something else answers at {asked}"),
            "stop it, or set `http.listen` to another port",
        ),
    }
}

fn store(config: Config, cx: &Context, looks: &mut Looks) -> Option<App> {
    let url = config.store.url.clone();
    match cx.open_with(config, Open::Existing) {
        Ok(app) => {
            looks.ok("store", place(&url));
            if let Some(file) = url.file() {
                journal(file, looks);
            }
            Some(app)
        }
        Err(failure) => {
            looks.fail("store", &failure);
            None
        }
    }
}

/// The file's own mark of a write-ahead log (SQLite file format: bytes 18 and 19 are 2).
fn journal(path: &Path, looks: &mut Looks) {
    let mut head = [0; 20];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    if read.is_ok() && head[18..] == [2, 2] {
        looks.ok("durability", "write-ahead log, every commit is flushed");
    } else {
        let hint = "keep the store on a local disk: network folders cannot share the log";
        looks.warn("durability", "the store does not use its write-ahead log", hint);
    }
}

/// Looks into the store; what cannot be read does not keep the rest from being looked at.
async fn business(app: App, looks: &mut Looks) {
    match app.store.schema().await {
        Ok(schema) => looks.ok("schema", format!("{} of {}", schema.current, schema.latest)),
        Err(error) => looks.fail("schema", &error.into()),
    }
    match Session::of(app.clone()).await {
        Ok(session) => {
            match session.business() {
                Ok(profile) => looks.ok("profile", profile.company.name.clone()),
                Err(failure) => looks.fail("profile", &failure),
            }
            crm(&session, looks).await;
        }
        Err(failure) => looks.fail("profile", &failure),
    }
    match app.store.check().await {
        Ok(findings) if findings.is_empty() => looks.ok("data", "no damage"),
        Ok(findings) => {
            for found in findings {
                looks.fail(&format!("data, {}", found.check), &Failure::store(found.detail).hint(found.hint));
            }
        }
        Err(error) => looks.fail("data", &error.into()),
    }
    if let Err(failure) = queue::look(&app, looks).await {
        looks.fail("queue", &failure);
    }
    redis(&app, looks).await;
    channels::look(&app, looks).await;
    match app.store.try_write().await {
        Ok(()) => looks.ok("writing", "the store takes writes"),
        Err(error) => looks.fail("writing", &error.into()),
    }
}

/// What helps and is never needed.
async fn redis(app: &App, looks: &mut Looks) {
    let is_meant = app.config.cache.url.is_some();
    match &app.helper {
        None if !is_meant => {}
        None => looks.warn("redis", "`cache.url` is no address of a Redis", "set it as redis://HOST:PORT/DB"),
        Some(helper) => match helper.ping().await {
            Ok(()) => looks.ok("redis", "it answers"),
            Err(error) => {
                let hint = "start it, or correct `cache.url`; until then the store serves in its place";
                looks.warn("redis", error, hint);
            }
        },
    }
}

async fn crm(session: &Session, looks: &mut Looks) {
    let name = format!("crm {}", session.app.config.crm.active);
    let Some(crm) = session.app.active_crm() else {
        return looks.fail(&name, &Failure::config("there is no such connection").hint("correct `crm.active`"));
    };
    // Without a profile the built-in CRM has nothing to say; that was told above.
    if session.profile.is_none() && crm.kind() == "local" {
        return;
    }
    match crm.probe().await {
        Ok(probe) => {
            for check in probe.checks {
                let name = format!("{name}, {}", check.name);
                match check.ok {
                    true => looks.ok(&name, check.detail),
                    false => looks.warn(&name, check.detail, "`flow crm test` tells more"),
                }
            }
        }
        Err(fault) => looks.fail(&name, &Failure::from(fault)),
    }
}

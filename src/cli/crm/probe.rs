//! `flow crm test`: what a connection may do and, with `--write`, whether it does it.

use std::fmt::Display;
use std::future::Future;
use std::time::Instant;

use clap::Args;
use jiff::{ToSpan, Zoned};
use serde::Serialize;

use super::far::{Able, WaitArgs, connection, opened};
use crate::cli::context::{Context, Session};
use crate::cli::failure::{Failure, exit};
use crate::cli::output::{Out, Shape};
use crate::domain::contact::{Phone, Region};
use crate::domain::crm::{
    AppointmentQuery, AppointmentStatus, BookRequest, Calendar, Check, Crm, MoveRequest, Origin, Slot, SlotQuery,
};
use crate::domain::fault::Fault;
use crate::domain::id::BookingId;

/// Ask a CRM who we are and what we may do
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm test local
  flow crm test local --write")]
pub struct TestArgs {
    /// The connection
    name: String,
    /// Also book, move and cancel one test appointment, and remove what was made
    #[arg(long)]
    write: bool,
    #[command(flatten)]
    wait: WaitArgs,
}

#[derive(Debug, Serialize)]
struct Document {
    connection: String,
    kind: &'static str,
    ok: bool,
    account: Option<String>,
    checks: Vec<Check>,
}

static DOCUMENT: Shape = Shape {
    members: &["connection", "kind", "ok", "account", "checks"],
    columns: &[("connection", "connection"), ("ok", "ok"), ("account", "account")],
    times: &[],
};

/// The client of the test appointment; a number that nobody has.
const TEST_PHONE: &str = "+79990000000";
const TEST_NAME: &str = "flow test";
/// Where the test appointment is looked for, in days ahead: late, where it is in nobody's way; soon only where nothing is
/// open later.
const AHEAD: [i64; 6] = [42, 27, 13, 6, 2, 0];
/// Days that are looked through in one step.
const DAYS_AT_ONCE: i64 = 3;
/// Services that are looked through.
const SERVICES: usize = 10;

/// Checks under way; the first failure decides the exit code.
#[derive(Default)]
struct Checks {
    done: Vec<Check>,
    failure: Option<Failure>,
}

impl Checks {
    /// Makes one check and keeps what it told.
    async fn check<T>(
        &mut self,
        name: &str,
        work: impl Future<Output = Result<T, Failure>>,
        detail: impl Fn(&T) -> String,
    ) -> Option<T> {
        let began = Instant::now();
        let outcome = work.await;
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (ok, detail) = match &outcome {
            Ok(found) => (true, detail(found)),
            Err(failure) => (false, failure.message.clone()),
        };
        self.done.push(Check { name: name.to_owned(), ok, detail, ms });
        outcome.map_err(|failure| self.failure.get_or_insert(failure).exit).ok()
    }
}

pub(super) fn run(args: TestArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&DOCUMENT)?;
    let how = opened(cx, &args.name)?;
    cx.session(how, async |session, out| {
        let crm = connection(&session.app, &args.name)?;
        let began = Instant::now();
        let mut checks = Checks::default();
        let mut account = None;
        match args.wait.call(async || crm.probe().await).await {
            Ok(probe) => {
                account = Some(probe.account);
                checks.done = probe.checks;
            }
            Err(failure) => {
                let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                checks.done.push(Check { name: "connect".to_owned(), ok: false, detail: failure.message.clone(), ms });
                checks.failure = Some(failure);
            }
        }
        if args.write && checks.failure.is_none() {
            write(crm.as_ref(), session, args.wait, &mut checks).await;
        }
        let ok = checks.done.iter().all(|check| check.ok);
        let Checks { done, failure } = checks;
        let document = Document { connection: args.name.clone(), kind: crm.kind(), ok, account, checks: done };
        tell(&document, out)?;
        if ok { Ok(()) } else { Err(failure.unwrap_or_else(|| failed(&document))) }
    })
}

fn tell(document: &Document, out: &mut Out) -> Result<(), Failure> {
    let verdict = if document.ok { "works" } else { "does not work" };
    let account = document.account.as_deref().unwrap_or("unknown account");
    let mut text = format!("{} ({}) {verdict}: {account}\n", document.connection, document.kind);
    for check in &document.checks {
        let mark = if check.ok { "ok  " } else { "FAIL" };
        text.push_str(&format!("  {mark}  {}: {}\n", check.name, check.detail));
    }
    out.told(&DOCUMENT, document, &text)
}

fn failed(document: &Document) -> Failure {
    let bad: Vec<&Check> = document.checks.iter().filter(|check| !check.ok).collect();
    let names: Vec<&str> = bad.iter().map(|check| check.name.as_str()).collect();
    let hint = bad.first().map_or("", |check| check.detail.as_str());
    Failure::new("rejected", exit::REFUSED, format!("{}: {} failed", document.connection, names.join(", "))).hint(hint)
}

/// Tries to write; what flow's own ledger keeps of it is removed also when a step fails.
async fn write(crm: &dyn Crm, session: &Session, wait: WaitArgs, checks: &mut Checks) {
    let key = format!("test-{}", BookingId::new(session.now()));
    let keys = [key.clone(), format!("{key}-move")];
    try_out(crm, session, wait, &keys, checks).await;
    let connection = crm.connection();
    let removed = async { Ok(session.app.store.remove_bookings(connection, &keys).await?) };
    checks.check("remove", removed, |()| "nothing of it is left in the ledger".to_owned()).await;
}

/// Books, moves and cancels; whatever stands in the CRM afterwards is cancelled also when a step fails.
async fn try_out(crm: &dyn Crm, session: &Session, wait: WaitArgs, keys: &[String; 2], checks: &mut Checks) {
    let calendar = match crm.must_book("test") {
        Ok(calendar) => calendar,
        Err(failure) => {
            checks.check("book", async { Err::<(), _>(failure) }, |()| String::new()).await;
            return;
        }
    };
    let slots = checks.check("slots", free_pair(crm, calendar, session, wait), |slots| count(slots)).await;
    let Some((first, second)) = slots.as_deref().and_then(ends) else { return };
    let Ok(phone) = Phone::parse(TEST_PHONE, Region::default()) else { return };
    if book_move_cancel(calendar, (first, second), &phone, wait, keys, checks).await.is_none() {
        let (from, to) = (second.start.date(), first.start.date());
        let query = AppointmentQuery { phone: Some(phone), from: Some(from), to: Some(to), all: false };
        let cleared = clear_away(calendar, &query, wait);
        checks
            .check("clean up", cleared, |gone| format!("{gone} test visits still stood there and are cancelled"))
            .await;
    }
}

/// The round itself; nothing when a step failed, so that something of it may still stand.
async fn book_move_cancel(
    calendar: &dyn Calendar,
    (first, second): (&Slot, &Slot),
    phone: &Phone,
    wait: WaitArgs,
    keys: &[String; 2],
    checks: &mut Checks,
) -> Option<()> {
    let [key, move_key] = keys.clone();
    let booking = BookRequest {
        key,
        service_id: first.service_id.clone(),
        employee_id: first.employee_id.clone(),
        start: first.start.timestamp(),
        name: Some(TEST_NAME.to_owned()),
        phone: phone.clone(),
        comment: Some("flow crm test --write".to_owned()),
        origin: Origin::default(),
    };
    let booked = wait.resolve(async || calendar.book(&booking).await);
    let booked = checks.check("book", booked, |made| format!("{} at {}", made.id, show(&made.start))).await?;
    let moving = MoveRequest {
        key: move_key,
        id: booked.id.clone(),
        start: second.start.timestamp(),
        employee_id: second.employee_id.clone(),
    };
    let moved = wait.resolve(async || calendar.move_to(&moving).await);
    let moved = checks.check("move", moved, |made| format!("to {}", show(&made.start))).await;
    let id = moved.as_ref().map_or(&booked.id, |moved| &moved.id);
    let cancelled = wait.resolve(async || calendar.cancel(id).await);
    checks.check("cancel", cancelled, |gone| format!("{} is {}", gone.id, gone.status)).await?;
    moved.map(drop)
}

/// Cancels whatever stands under the test's phone; how many there were.
async fn clear_away(calendar: &dyn Calendar, query: &AppointmentQuery, wait: WaitArgs) -> Result<usize, Failure> {
    let standing = wait.call(async || calendar.appointments(query).await).await?;
    let mut gone = 0;
    for visit in standing.iter().filter(|visit| visit.status != AppointmentStatus::Cancelled) {
        let cancelled = wait.resolve(async || calendar.cancel(&visit.id).await).await;
        cancelled.map_err(|failure| {
            let message = format!("the test visit {} still stands: {}", visit.id, failure.message);
            Failure { message, ..failure }.hint("cancel it by hand in the CRM")
        })?;
        gone += 1;
    }
    Ok(gone)
}

/// Free times of the first service that has two with one person, as late as there are.
async fn free_pair(
    crm: &dyn Crm,
    calendar: &dyn Calendar,
    session: &Session,
    wait: WaitArgs,
) -> Result<Vec<Slot>, Failure> {
    let catalogue = crm.must_list("test")?;
    let today = session.here().today();
    for service in wait.call(async || catalogue.services(false).await).await?.into_iter().take(SERVICES) {
        // Late days first, a few at a time: each may be a call.
        for ahead in AHEAD {
            let query = SlotQuery {
                service_id: service.id.clone(),
                employee_id: None,
                from: today.saturating_add(ahead.days()),
                to: today.saturating_add((ahead + DAYS_AT_ONCE - 1).days()),
                moving: None,
            };
            let slots = wait.call(async || calendar.free_slots(&query).await).await?;
            if ends(&slots).is_some() {
                return Ok(slots);
            }
        }
    }
    let none: Fault = Fault::new(
        crate::domain::fault::FaultKind::Rejected,
        crm.connection(),
        "test",
        "no service has two free times within six weeks, so nothing can be tried",
    );
    Err(none.into())
}

fn show(at: &Zoned) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

fn count(slots: &[Slot]) -> String {
    let days = ends(slots).map(|(last, _)| last.start.date());
    let until: &dyn Display = days.as_ref().map_or(&"today", |day| day);
    let from = slots.first().map_or_else(String::new, |first| format!(" from {}", first.start.date()));
    format!("{} free times{from} until {until}", slots.len())
}

/// The last free time, and the nearest before it with the same person that does not touch it.
fn ends(slots: &[Slot]) -> Option<(&Slot, &Slot)> {
    let last = slots.last()?;
    let other = slots
        .iter()
        .rev()
        .find(|slot| slot.employee_id == last.employee_id && slot.end.timestamp() <= last.start.timestamp())?;
    Some((last, other))
}

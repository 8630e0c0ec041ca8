//! What a CRM has: services, staff, free times, clients, appointments.

use clap::Args;
use jiff::ToSpan;
use jiff::civil::Date;

use super::far::{Able, WaitArgs, connection, opened, with_advice};
use super::view;
use crate::cli::context::{Context, Session};
use crate::cli::failure::Failure;
use crate::cli::output::Out;
use crate::domain::crm::{AppointmentQuery, SlotQuery};

/// `appointments` without days means today and so many more.
const DAYS_AHEAD: i64 = 30;
/// More days at once are refused: nobody reads them, and a CRM would be asked for each.
const DAYS_AT_MOST: i32 = 366;

/// List services
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm services local
  flow crm services local --all -o json")]
pub struct ServicesArgs {
    /// The connection
    name: String,
    /// Also those that clients cannot book
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    wait: WaitArgs,
}

/// List staff
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm staff local --service haircut-women")]
pub struct StaffArgs {
    /// The connection
    name: String,
    /// Only those who provide this service
    #[arg(long, value_name = "ID")]
    service: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
}

/// List free times
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm slots local --service haircut-women --from tomorrow --to +7d")]
pub struct SlotsArgs {
    /// The connection
    name: String,
    /// For this service
    #[arg(long, value_name = "ID")]
    service: String,
    /// Only with this person
    #[arg(long, value_name = "ID")]
    staff: Option<String>,
    /// First day
    #[arg(long, value_name = "DATE")]
    from: String,
    /// Last day, included
    #[arg(long, value_name = "DATE")]
    to: String,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Find a client by phone
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm find local --phone '8 916 123-45-67'")]
pub struct FindArgs {
    /// The connection
    name: String,
    /// The phone, in any usual form
    #[arg(long)]
    phone: String,
    /// List every card with this phone
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    wait: WaitArgs,
}

/// List appointments
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm appointments local
  flow crm appointments local --phone 89161234567 --all")]
pub struct AppointmentsArgs {
    /// The connection
    name: String,
    /// Only of this client
    #[arg(long)]
    phone: Option<String>,
    /// First day; today when absent
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Last day, included; 30 days from the first when absent
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Also cancelled ones
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Free times that are asked for, as they were written.
pub struct SlotsWanted {
    /// The service.
    pub service: String,
    /// The person.
    pub staff: Option<String>,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
}

pub(super) fn services(args: ServicesArgs, cx: &mut Context) -> Result<(), Failure> {
    let how = opened(cx, &args.name)?;
    cx.session(how, async |session, out| {
        let crm = connection(&session.app, &args.name)?;
        let catalogue = crm.must_list("services")?;
        let services = args.wait.call(async || catalogue.services(args.all).await).await?;
        out.all(&view::SERVICE, &services.iter().map(view::service).collect::<Vec<_>>())
    })
}

pub(super) fn staff(args: StaffArgs, cx: &mut Context) -> Result<(), Failure> {
    let how = opened(cx, &args.name)?;
    cx.session(how, async |session, out| {
        let crm = connection(&session.app, &args.name)?;
        let catalogue = crm.must_list("staff")?;
        let service = args.service.as_deref();
        let staff = match args.wait.call(async || catalogue.staff(service).await).await {
            Ok(staff) => staff,
            Err(failure) => return Err(with_advice(failure, crm.as_ref(), service, None).await),
        };
        out.all(&view::EMPLOYEE, &staff)
    })
}

pub(super) fn slots(args: SlotsArgs, cx: &mut Context) -> Result<(), Failure> {
    let SlotsArgs { name, service, staff, from, to, wait } = args;
    let how = opened(cx, &name)?;
    cx.session(how, async |session, out| {
        show_slots(&name, &SlotsWanted { service, staff, from, to }, wait, session, out).await
    })
}

/// Prints free times of a connection.
pub async fn show_slots(
    name: &str,
    wanted: &SlotsWanted,
    wait: WaitArgs,
    session: &Session,
    out: &mut Out,
) -> Result<(), Failure> {
    let crm = connection(&session.app, name)?;
    let calendar = crm.must_book("slots")?;
    let here = session.here();
    let (from, to) = (here.day(&wanted.from)?, here.day(&wanted.to)?);
    days(from, to)?;
    let query =
        SlotQuery { service_id: wanted.service.clone(), employee_id: wanted.staff.clone(), from, to, moving: None };
    let slots = match wait.call(async || calendar.free_slots(&query).await).await {
        Ok(slots) => slots,
        Err(failure) => {
            return Err(with_advice(failure, crm.as_ref(), Some(&wanted.service), wanted.staff.as_deref()).await);
        }
    };
    out.all(&view::SLOT, &slots.iter().map(view::slot).collect::<Vec<_>>())
}

/// Refuses days that cannot be asked for at once.
fn days(from: Date, to: Date) -> Result<(), Failure> {
    if to < from {
        return Err(Failure::usage(format!("the last day, {to}, is before the first, {from}"))
            .hint("give an earlier --from, or a later --to"));
    }
    if (to - from).get_days() > DAYS_AT_MOST {
        return Err(Failure::usage(format!("more than {DAYS_AT_MOST} days at once")).hint("ask for fewer days"));
    }
    Ok(())
}

pub(super) fn find(args: FindArgs, cx: &mut Context) -> Result<(), Failure> {
    let how = opened(cx, &args.name)?;
    cx.session(how, async |session, out| {
        let crm = connection(&session.app, &args.name)?;
        let clients = crm.must_know("find")?;
        let phone = session.phone(&args.phone)?;
        let found = args.wait.call(async || clients.find_by_phone(&phone).await).await?;
        let Some(first) = found.first() else {
            return Err(Failure::not_found(format!("{} knows nobody with the phone {phone}", args.name))
                .hint("a number without a country is read as the company's; write it as +79161234567"));
        };
        if args.all { out.all(&view::CLIENT, &found) } else { out.object(&view::CLIENT, first) }
    })
}

pub(super) fn appointments(args: AppointmentsArgs, cx: &mut Context) -> Result<(), Failure> {
    let how = opened(cx, &args.name)?;
    cx.session(how, async |session, out| {
        let crm = connection(&session.app, &args.name)?;
        let calendar = crm.must_book("appointments")?;
        let here = session.here();
        let day = |text: &Option<String>| text.as_deref().map(|text| here.day(text)).transpose();
        let (from, to) = match (day(&args.from)?, day(&args.to)?) {
            (None, None) => (here.today(), here.today().saturating_add(DAYS_AHEAD.days())),
            (Some(from), None) => (from, from.saturating_add(DAYS_AHEAD.days())),
            (from, Some(to)) => (from.unwrap_or_else(|| here.today().min(to)), to),
        };
        days(from, to)?;
        let query = AppointmentQuery {
            phone: args.phone.as_deref().map(|phone| session.phone(phone)).transpose()?,
            from: Some(from),
            to: Some(to),
            all: args.all,
        };
        let found = args.wait.call(async || calendar.appointments(&query).await).await?;
        out.all(&view::APPOINTMENT, &found.iter().map(view::appointment).collect::<Vec<_>>())
    })
}

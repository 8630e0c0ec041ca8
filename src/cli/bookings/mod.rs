//! `flow bookings`: the ledger, over the active CRM.

mod reconcile;

use clap::{Args, Subcommand};
use jiff::ToSpan;
use serde_json::Value;

use super::context::{Context, Open, Session, id, names};
use super::crm::{Booking, Moving, SlotsWanted, WaitArgs, show_booked, show_cancelled, show_moved, show_slots};
use super::failure::Failure;
use super::output::Shape;
use super::times::{Edge, in_order};
use crate::domain::booking::BookingState;
use crate::domain::id::BookingId;
use crate::domain::store::{BookingFilter, Page};
use crate::domain::view;

/// Show, make, move and cancel bookings
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  flow bookings list --from today --to tomorrow
  flow bookings slots --service haircut-women --from tomorrow
  flow bookings create --service haircut-women --staff anna --start 2026-03-11T15:00 \\
      --phone '8 916 123-45-67' --name Анна
  flow bookings cancel bk_01JX…")]
pub enum BookingsCommand {
    /// Show bookings by the start of the visit
    List(ListArgs),
    /// Show one booking
    Show(ShowArgs),
    /// List free times
    Slots(SlotsArgs),
    /// Book a visit
    Create(CreateArgs),
    /// Move a visit
    Move(MoveArgs),
    /// Cancel a visit
    Cancel(CancelArgs),
    /// Ask the CRM about bookings whose outcome nobody knows
    Reconcile(reconcile::ReconcileArgs),
}

/// Show bookings by the start of the visit
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow bookings list
  flow bookings list --from today --to tomorrow --state booked")]
pub struct ListArgs {
    /// Only in these states: held, committing, booked, refused, unknown, cancelled, done, no_show
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    state: Vec<String>,
    /// Only of this client
    #[arg(long)]
    phone: Option<String>,
    /// Only with this person
    #[arg(long, value_name = "ID")]
    staff: Option<String>,
    /// First day; today when no day is given
    #[arg(long, visible_alias = "since", value_name = "TIME")]
    from: Option<String>,
    /// Last day, included
    #[arg(long, visible_alias = "until", value_name = "TIME")]
    to: Option<String>,
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u64,
}

/// Show one booking
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow bookings show bk_01JX…")]
pub struct ShowArgs {
    /// The booking
    id: String,
}

/// List free times
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow bookings slots --service haircut-women --from tomorrow")]
pub struct SlotsArgs {
    /// For this service
    #[arg(long, value_name = "ID")]
    service: String,
    /// Only with this person
    #[arg(long, value_name = "ID")]
    staff: Option<String>,
    /// First day
    #[arg(long, value_name = "DATE", default_value = "today")]
    from: String,
    /// Last day, included; a week from the first when absent
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Book a visit
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow bookings create --service haircut-women --staff anna --start 2026-03-11T15:00 \\
      --phone '8 916 123-45-67' --name Анна")]
pub struct CreateArgs {
    /// The service
    #[arg(long, value_name = "ID")]
    service: String,
    /// The person who does it; anybody when absent
    #[arg(long, value_name = "ID")]
    staff: Option<String>,
    /// When: 2026-03-11T15:00:00+03:00, or 2026-03-11T15:00 in the company's zone
    #[arg(long, value_name = "TIME")]
    start: String,
    /// The client's phone, in any usual form
    #[arg(long)]
    phone: String,
    /// The client's name
    #[arg(long)]
    name: String,
    /// A remark for the staff
    #[arg(long)]
    comment: Option<String>,
    /// The same key again is the same booking; a new one is made when absent
    #[arg(long)]
    key: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Move a visit
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow bookings move bk_01JX… --start 2026-03-12T11:00")]
pub struct MoveArgs {
    /// The booking
    id: String,
    /// To when
    #[arg(long, value_name = "TIME")]
    start: String,
    /// To whom; the same person when absent
    #[arg(long, value_name = "ID")]
    staff: Option<String>,
    /// The same key again is the same move; a new one is made when absent
    #[arg(long)]
    key: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Cancel a visit
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow bookings cancel bk_01JX…")]
pub struct CancelArgs {
    /// The booking
    id: String,
    #[command(flatten)]
    wait: WaitArgs,
}

static BOOKING: Shape = Shape {
    members: &[
        "id",
        "connection",
        "external_id",
        "state",
        "service_id",
        "service_title",
        "employee_id",
        "employee_name",
        "start",
        "end",
        "client_name",
        "phone",
        "price",
        "currency",
        "comment",
        "channel",
        "contact_id",
        "conversation_id",
        "lead_id",
        "error",
        "created_at",
        "updated_at",
        "version",
    ],
    columns: &[
        ("id", "id"),
        ("start", "start"),
        ("state", "state"),
        ("service", "service_title"),
        ("staff", "employee_name"),
        ("name", "client_name"),
        ("phone", "phone"),
    ],
    times: &["start", "end", "created_at", "updated_at"],
};

const PAGE: u32 = 500;
/// Free times are shown for so many more days.
const DAYS_AHEAD: i64 = 6;

/// Runs the command.
pub fn run(command: BookingsCommand, cx: &mut Context) -> Result<(), Failure> {
    match command {
        BookingsCommand::List(args) => list(args, cx),
        BookingsCommand::Show(args) => show(args, cx),
        BookingsCommand::Slots(args) => slots(args, cx),
        BookingsCommand::Create(args) => create(args, cx),
        BookingsCommand::Move(args) => move_to(args, cx),
        BookingsCommand::Cancel(args) => cancel(args, cx),
        BookingsCommand::Reconcile(args) => reconcile::run(&args, cx),
    }
}

fn list(args: ListArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.session(Open::Existing, async |session, out| {
        let filter = args.filter(session)?;
        let mut list = out.list(&BOOKING)?;
        let mut left = if args.limit == 0 { u64::MAX } else { args.limit };
        let mut page = Page { limit: PAGE, after: None, descending: false };
        while left > 0 {
            page.limit = u32::try_from(left.min(u64::from(PAGE))).unwrap_or(PAGE);
            let rows = session.app.store.bookings(&filter, &page).await?;
            rows.iter().try_for_each(|row| list.row(view::booking(row)))?;
            let read = u64::try_from(rows.len()).unwrap_or(u64::MAX);
            if read < u64::from(page.limit) {
                break;
            }
            left -= read;
            page.after = rows.last().map(|row| (row.start, row.id.to_string()));
        }
        list.finish()
    })
}

impl ListArgs {
    fn filter(&self, session: &Session) -> Result<BookingFilter, Failure> {
        let here = session.here();
        let edge = |text: &Option<String>, edge| text.as_deref().map(|text| here.moment(text, edge)).transpose();
        let today = || here.midnight(here.today());
        let states = BookingState::ALL.iter().map(|state| state.as_str());
        let to = edge(&self.to, Edge::End)?;
        let from = match (edge(&self.from, Edge::Start)?, &self.to) {
            (None, None) => Some(today()),
            (from, _) => from,
        };
        in_order(from, to)?;
        Ok(BookingFilter {
            state: names(&self.state, "state", states, BookingState::parse)?,
            phone: self.phone.as_deref().map(|phone| session.phone(phone)).transpose()?,
            employee_id: self.staff.clone(),
            from,
            to,
            ..BookingFilter::default()
        })
    }
}

fn show(args: ShowArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.session(Open::Existing, async |session, out| {
        let row = session.app.store.booking(id(&args.id, "booking")?).await?;
        let row = row.ok_or_else(|| {
            Failure::not_found(format!("there is no booking `{}`", args.id)).hint("`flow bookings list` shows them")
        })?;
        let value: Value = view::booking(&row);
        out.object(&BOOKING, &value)
    })
}

fn slots(args: SlotsArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.session(Open::Existing, async |session, out| {
        let from = session.here().day(&args.from)?;
        let to = args.to.unwrap_or_else(|| from.saturating_add(DAYS_AHEAD.days()).to_string());
        let wanted = SlotsWanted { service: args.service, staff: args.staff, from: from.to_string(), to };
        show_slots(active(session), &wanted, args.wait, session, out).await
    })
}

fn create(args: CreateArgs, cx: &mut Context) -> Result<(), Failure> {
    let CreateArgs { service, staff, start, phone, name, comment, key, wait } = args;
    cx.session(Open::Existing, async |session, out| {
        let key = key.unwrap_or_else(|| fresh_key(session));
        let booking = Booking { service, staff, start, phone, client: name, comment, key };
        show_booked(active(session), booking, wait, session, out).await
    })
}

fn move_to(args: MoveArgs, cx: &mut Context) -> Result<(), Failure> {
    let MoveArgs { id, start, staff, key, wait } = args;
    cx.session(Open::Existing, async |session, out| {
        let key = key.unwrap_or_else(|| fresh_key(session));
        let moving = Moving { id: appointment_of(session, &id).await?, start, staff, key };
        show_moved(active(session), moving, wait, session, out).await
    })
}

fn cancel(args: CancelArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.session(Open::Existing, async |session, out| {
        let id = appointment_of(session, &args.id).await?;
        show_cancelled(active(session), &id, args.wait, session, out).await
    })
}

fn active(session: &Session) -> &str {
    &session.app.config.crm.active
}

fn fresh_key(session: &Session) -> String {
    format!("cli-{}", BookingId::new(session.now()))
}

/// The CRM's id of a row of the ledger; what is no row is the CRM's id itself.
async fn appointment_of(session: &Session, text: &str) -> Result<String, Failure> {
    let Ok(id) = text.parse::<BookingId>() else { return Ok(text.to_owned()) };
    let row = session.app.store.booking(id).await?;
    Ok(row.and_then(|row| row.external_id).unwrap_or_else(|| text.to_owned()))
}

//! Booking, moving and cancelling.

use clap::Args;

use super::far::{Able, WaitArgs, connection, opened, with_advice};
use super::view;
use crate::cli::context::{Context, Session};
use crate::cli::failure::{Failure, exit};
use crate::cli::output::Out;
use crate::domain::crm::{Appointment, AppointmentStatus, BookRequest, MoveRequest, Origin};

/// Book an appointment
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm book local --service haircut-women --staff anna --start 2026-03-11T15:00 \\
      --phone '8 916 123-45-67' --name Анна --key order-17")]
pub struct BookArgs {
    /// The connection
    name: String,
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
    #[arg(long = "name", value_name = "NAME")]
    client: String,
    /// A remark for the staff
    #[arg(long)]
    comment: Option<String>,
    /// The same key again is the same appointment
    #[arg(long)]
    key: String,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Move an appointment
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm move local bk_01JX… --start 2026-03-12T11:00 --key order-17-move")]
pub struct MoveArgs {
    /// The connection
    name: String,
    /// The appointment
    id: String,
    /// To when
    #[arg(long, value_name = "TIME")]
    start: String,
    /// To whom; the same person when absent
    #[arg(long, value_name = "ID")]
    staff: Option<String>,
    /// The same key again is the same move
    #[arg(long)]
    key: String,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Cancel an appointment
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm cancel local bk_01JX…")]
pub struct CancelArgs {
    /// The connection
    name: String,
    /// The appointment
    id: String,
    #[command(flatten)]
    wait: WaitArgs,
}

/// An appointment to be made, as it was written.
pub struct Booking {
    /// The service.
    pub service: String,
    /// The person who does it.
    pub staff: Option<String>,
    /// When.
    pub start: String,
    /// The client's phone.
    pub phone: String,
    /// The client's name.
    pub client: String,
    /// A remark.
    pub comment: Option<String>,
    /// Idempotency key.
    pub key: String,
}

/// A move to be made, as it was written.
pub struct Moving {
    /// The appointment.
    pub id: String,
    /// To when.
    pub start: String,
    /// To whom.
    pub staff: Option<String>,
    /// Idempotency key.
    pub key: String,
}

pub(super) fn book(args: BookArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&view::BOOKED)?;
    let BookArgs { name, service, staff, start, phone, client, comment, key, wait } = args;
    let booking = Booking { service, staff, start, phone, client, comment, key };
    let how = opened(cx, &name)?;
    cx.session(how, async |session, out| show_booked(&name, booking, wait, session, out).await)
}

pub(super) fn move_to(args: MoveArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&view::BOOKED)?;
    let MoveArgs { name, id, start, staff, key, wait } = args;
    let how = opened(cx, &name)?;
    cx.session(how, async |session, out| show_moved(&name, Moving { id, start, staff, key }, wait, session, out).await)
}

pub(super) fn cancel(args: CancelArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&view::CANCELLED)?;
    let how = opened(cx, &args.name)?;
    cx.session(how, async |session, out| show_cancelled(&args.name, &args.id, args.wait, session, out).await)
}

/// Books over a connection and prints the appointment.
pub async fn show_booked(
    name: &str,
    booking: Booking,
    wait: WaitArgs,
    session: &Session,
    out: &mut Out,
) -> Result<(), Failure> {
    let crm = connection(&session.app, name)?;
    let calendar = crm.must_book("book")?;
    let client = booking.client.trim().to_owned();
    if client.is_empty() {
        return Err(Failure::usage("the client's name is empty").hint("say who comes: --name Анна"));
    }
    let request = BookRequest {
        key: key(booking.key)?,
        service_id: booking.service,
        employee_id: booking.staff,
        start: session.here().start(&booking.start)?,
        name: Some(client),
        phone: session.phone(&booking.phone)?,
        comment: booking.comment,
        origin: Origin::default(),
    };
    let booked = match wait.resolve(async || calendar.book(&request).await).await {
        Ok(booked) => booked,
        Err(failure) => {
            let staff = request.employee_id.as_deref();
            return Err(with_advice(failure, crm.as_ref(), Some(&request.service_id), staff).await);
        }
    };
    stands(&booked)?;
    out.object(&view::BOOKED, &view::booked(&booked))
}

/// Moves over a connection and prints the appointment.
pub async fn show_moved(
    name: &str,
    moving: Moving,
    wait: WaitArgs,
    session: &Session,
    out: &mut Out,
) -> Result<(), Failure> {
    let crm = connection(&session.app, name)?;
    let calendar = crm.must_book("move")?;
    let request = MoveRequest {
        key: key(moving.key)?,
        id: moving.id,
        start: session.here().start(&moving.start)?,
        employee_id: moving.staff,
    };
    let moved = wait.resolve(async || calendar.move_to(&request).await).await;
    let moved = moved.map_err(|failure| listed(failure, name))?;
    out.object(&view::BOOKED, &view::booked(&moved))
}

/// Cancels over a connection and prints what became of the appointment.
pub async fn show_cancelled(
    name: &str,
    id: &str,
    wait: WaitArgs,
    session: &Session,
    out: &mut Out,
) -> Result<(), Failure> {
    let crm = connection(&session.app, name)?;
    let calendar = crm.must_book("cancel")?;
    let cancelled = wait.resolve(async || calendar.cancel(id).await).await;
    let cancelled = cancelled.map_err(|failure| listed(failure, name))?;
    out.object(&view::CANCELLED, &view::cancelled(&cancelled))
}

/// The same key again answers the first appointment; one that is over must not pass for a new one.
fn stands(booked: &Appointment) -> Result<(), Failure> {
    match booked.status {
        AppointmentStatus::Booked | AppointmentStatus::Requested => Ok(()),
        over => Err(Failure::usage(format!("the key was used for {}, which is {over}", booked.id))
            .hint("take a new --key to book again")),
    }
}

fn listed(failure: Failure, name: &str) -> Failure {
    match failure.exit {
        exit::NOT_FOUND => failure.hint(format!("`flow crm appointments {name}` lists those to come")),
        _ => failure,
    }
}

fn key(key: String) -> Result<String, Failure> {
    if key.trim().is_empty() {
        Err(Failure::usage("the key is empty").hint("name the booking by something of yours: --key order-17"))
    } else {
        Ok(key)
    }
}

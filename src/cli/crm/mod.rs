//! `flow crm`: one connection, by its name.

mod cards;
mod discover;
mod far;
mod hook;
mod mock;
mod probe;
mod push;
mod read;
mod record;
mod sync;
mod view;
mod write;

use clap::Subcommand;

use super::context::Context;
use super::failure::Failure;
use crate::adapters::crm::CRMS;

pub(super) use far::WaitArgs;
pub(super) use read::{SlotsWanted, show_slots};
pub(super) use write::{Booking, Moving, show_booked, show_cancelled, show_moved};

/// Work with one CRM connection
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  flow crm kinds
  flow crm test local --write
  flow crm slots local --service haircut-women --from tomorrow --to tomorrow
  flow crm book local --service haircut-women --staff anna --start 2026-03-11T15:00:00+03:00 \\
      --phone '8 916 123-45-67' --name Анна --key order-17
  flow crm cancel local bk_01JX…")]
pub enum CrmCommand {
    /// List the kinds of CRM there are
    #[command(after_help = "Examples:
  flow crm kinds")]
    Kinds,
    /// Ask a CRM who we are and what we may do
    Test(probe::TestArgs),
    /// Propose a map of the account's objects for the configuration
    Discover(discover::DiscoverArgs),
    /// List services
    Services(read::ServicesArgs),
    /// List staff
    Staff(read::StaffArgs),
    /// List free times
    Slots(read::SlotsArgs),
    /// Find a client by phone
    Find(read::FindArgs),
    /// List appointments
    Appointments(read::AppointmentsArgs),
    /// Book an appointment
    Book(write::BookArgs),
    /// Move an appointment
    Move(write::MoveArgs),
    /// Cancel an appointment
    Cancel(write::CancelArgs),
    /// Write a lead into a CRM; again, it updates the same object
    Push(push::PushArgs),
    /// Make a client's card, or show the one there is
    Client(cards::ClientArgs),
    /// Write a note or a task for the CRM's own people
    Note(cards::NoteArgs),
    /// Have a CRM call the daemon, or show what to paste in its cabinet
    Register(hook::RegisterArgs),
    /// Have a CRM no longer call the daemon
    Unregister(hook::UnregisterArgs),
    /// Show where a CRM's services and staff differ from the profile, and keep what the CRM has
    Sync(sync::SyncArgs),
    /// Record a connection's traffic into a cassette, without secrets and phones
    Record(record::RecordArgs),
    /// Serve a stand-in of a vendor, or play a cassette
    Mock(mock::MockArgs),
}

/// Runs the command.
pub fn run(command: CrmCommand, cx: &mut Context) -> Result<(), Failure> {
    match command {
        CrmCommand::Kinds => cx.out.all(&view::KIND, CRMS),
        CrmCommand::Test(args) => probe::run(args, cx),
        CrmCommand::Discover(args) => discover::run(args, cx),
        CrmCommand::Services(args) => read::services(args, cx),
        CrmCommand::Staff(args) => read::staff(args, cx),
        CrmCommand::Slots(args) => read::slots(args, cx),
        CrmCommand::Find(args) => read::find(args, cx),
        CrmCommand::Appointments(args) => read::appointments(args, cx),
        CrmCommand::Book(args) => write::book(args, cx),
        CrmCommand::Move(args) => write::move_to(args, cx),
        CrmCommand::Cancel(args) => write::cancel(args, cx),
        CrmCommand::Push(args) => push::run(args, cx),
        CrmCommand::Client(args) => cards::client(args, cx),
        CrmCommand::Note(args) => cards::note(args, cx),
        CrmCommand::Register(args) => hook::register(args, cx),
        CrmCommand::Unregister(args) => hook::unregister(args, cx),
        CrmCommand::Sync(args) => sync::run(args, cx),
        CrmCommand::Record(args) => record::run(args, cx),
        CrmCommand::Mock(args) => mock::run(args, cx),
    }
}

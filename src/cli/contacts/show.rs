//! `flow contacts show`.

use clap::Args;
use serde_json::json;

use super::WhoArgs;
use crate::cli::context::{Context, Open};
use crate::cli::failure::Failure;
use crate::cli::output::Shape;
use crate::domain::view::rfc3339;

/// Show one person, and how much is held about them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow contacts show ct_01JX…
  flow contacts show '8 916 123-45-67' -o json")]
pub struct ShowArgs {
    #[command(flatten)]
    who: WhoArgs,
}

static PERSON: Shape = Shape {
    members: &[
        "id",
        "name",
        "phone",
        "verified_phone",
        "email",
        "created_at",
        "conversations",
        "messages",
        "leads",
        "bookings",
    ],
    columns: &[
        ("id", "id"),
        ("name", "name"),
        ("phone", "phone"),
        ("verified phone", "verified_phone"),
        ("email", "email"),
        ("since", "created_at"),
        ("conversations", "conversations"),
        ("messages", "messages"),
        ("leads", "leads"),
        ("bookings", "bookings"),
    ],
    times: &["created_at"],
};

/// Shows who it is.
pub(super) fn run(args: &ShowArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&PERSON)?;
    cx.session(Open::Existing, async |session, out| {
        let person = args.who.find(session).await?;
        let held = session.app.store.holdings(person.id).await?;
        let count = |table: &str| held.get(table).map_or(0, Vec::len);
        let value = json!({
            "id": person.id, "name": person.name, "phone": person.phone, "verified_phone": person.verified_phone,
            "email": person.email, "created_at": rfc3339(person.created_at), "conversations": count("conversations"),
            "messages": count("messages"), "leads": count("leads"), "bookings": count("bookings"),
        });
        out.object(&PERSON, &value)
    })
}

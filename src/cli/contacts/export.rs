//! `flow contacts export`.

use clap::Args;
use serde_json::json;

use super::WhoArgs;
use crate::cli::context::{Context, Open};
use crate::cli::failure::Failure;
use crate::cli::output::{Format, Shape};
use crate::domain::view::rfc3339;

/// Write everything that is held about a person as one JSON document
#[derive(Debug, Args)]
#[command(after_help = "The document is for the person who asks for their data. Look through it first: what a group's
members wrote to each other is in it. Examples:
  flow contacts export ct_01JX… > person.json
  flow contacts export '8 916 123-45-67' -o json")]
pub struct ExportArgs {
    #[command(flatten)]
    who: WhoArgs,
}

static HELD: Shape = Shape {
    members: &["contact_id", "exported_at", "rows"],
    columns: &[("id", "contact_id")],
    times: &["exported_at"],
};

/// Writes it.
pub(super) fn run(args: &ExportArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.prefer(Format::Json);
    cx.out.expects(&HELD)?;
    cx.session(Open::Existing, async |session, out| {
        let person = args.who.find(session).await?;
        let mut rows = session.app.store.holdings(person.id).await?;
        rows.retain(|_, rows| !rows.is_empty());
        out.object(&HELD, &json!({"contact_id": person.id, "exported_at": rfc3339(session.now()), "rows": rows}))
    })
}

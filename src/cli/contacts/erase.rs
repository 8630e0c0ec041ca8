//! `flow contacts erase`.

use clap::Args;
use serde_json::json;

use super::WhoArgs;
use crate::cli::context::{Context, Open};
use crate::cli::failure::{Failure, exit};
use crate::cli::output::Shape;
use crate::domain::erasure::Stays;

/// Remove everything that is held about a person, for good
#[derive(Debug, Args)]
#[command(after_help = "Backups still hold the person until they are rotated, and the CRM is not touched: remove the
client there by hand. A person with a visit to come stays until it is cancelled. Examples:
  flow contacts erase ct_01JX…
  flow contacts erase '8 916 123-45-67' --yes")]
pub struct EraseArgs {
    #[command(flatten)]
    who: WhoArgs,
}

static ERASED: Shape = Shape {
    members: &["id", "total", "rows"],
    columns: &[("id", "id"), ("rows", "total"), ("by table", "rows")],
    times: &[],
};

/// Removes the person, once somebody has agreed.
pub(super) fn run(args: &EraseArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&ERASED)?;
    if !cx.agrees(&format!("erase everything that is held about {} for good?", args.who.who))? {
        return Err(Failure::usage("nothing was erased: what is erased cannot be brought back")
            .hint("erase with --yes; `flow contacts show ID` tells what is held"));
    }
    cx.session(Open::Existing, async |session, out| {
        let person = args.who.find(session).await?;
        let erased = session.app.store.erase_contact(person.id, session.now()).await?.map_err(stays)?;
        let total: u64 = erased.rows.values().sum();
        let lines: Vec<String> = erased.rows.iter().map(|(table, rows)| format!("  {table}: {rows}")).collect();
        let text = format!("{} is erased: {total} rows\n{}", person.id, lines.join("\n"));
        out.told(&ERASED, &json!({"id": person.id, "total": total, "rows": erased.rows}), &text)?;
        out.note("backups still hold the person until they are rotated; the CRM was not touched");
        Ok(())
    })
}

fn stays(why: Stays) -> Failure {
    let hint = match why {
        Stays::Expected(booking) => {
            format!("cancel it first with `flow bookings cancel {booking}`; --yes does not help")
        }
        Stays::Busy(job) => format!("come again when it is done; `flow jobs show {job}` tells"),
    };
    Failure::new("conflict", exit::STORE, format!("nothing was erased: {why}")).hint(hint)
}

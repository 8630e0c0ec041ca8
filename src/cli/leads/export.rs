//! `flow leads export`.

use clap::{Args, ValueEnum};

use super::{LEAD, WhichArgs, stream};
use crate::cli::context::{Context, Open};
use crate::cli::failure::Failure;
use crate::cli::output::Format;

/// Write leads as CSV or JSON lines
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow leads export > leads.csv
  flow leads export --since 30d --format jsonl")]
pub struct ExportArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// How they are written
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    format: ExportFormat,
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 0)]
    limit: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ExportFormat {
    /// For spreadsheets
    Csv,
    /// One object a line
    Jsonl,
}

/// Prints all that fit, newest first.
pub(super) fn run(args: ExportArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.prefer(match args.format {
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Jsonl => Format::Jsonl,
    });
    cx.session(Open::Existing, async |session, out| {
        let filter = args.which.filter(session)?;
        let mut list = out.list(&LEAD)?;
        stream(session, &filter, args.limit, &mut list).await?;
        list.finish()
    })
}

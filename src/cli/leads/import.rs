//! `flow leads import`: a file row by row; what is wrong with one row does not keep the others out.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::{Args, ValueHint};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::Value;

use super::draft::{OWN, Reader, WRITABLE, reachable};
use crate::cli::context::{Context, Open, Session};
use crate::cli::failure::{Failure, exit};
use crate::cli::output::{Out, Shape, with_formula};
use crate::cli::progress;
use crate::config::near;
use crate::domain::contact::Channel;
use crate::domain::lead::Lead;

/// Read leads from a CSV or JSON lines file
#[derive(Debug, Args)]
#[command(after_help = "CSV needs a header with names of members: name, phone, email, service, source, comment,
status, channel, desired_at, desired_text, tags, assigned_to, custom, created_at. Cells are
separated by commas, semicolons or tabs. A lead needs a phone or an email. An open lead
with the same phone is completed instead of doubled. Examples:
  flow leads import leads.csv
  flow leads export --store sqlite://old.db | flow leads import -")]
pub struct ImportArgs {
    /// The file, - for stdin; .jsonl and .ndjson are JSON lines, anything else is CSV
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,
}

/// What became of the rows.
#[derive(Debug, Default, Serialize)]
struct Report {
    total: u64,
    created: u64,
    duplicates: u64,
    failed: u64,
    errors: Vec<RowError>,
    /// Columns that were there and are flow's own to write.
    not_taken: BTreeSet<String>,
}

#[derive(Debug, Serialize)]
struct RowError {
    line: u64,
    error: String,
}

static REPORT: Shape = Shape {
    members: &["total", "created", "duplicates", "failed", "errors", "not_taken"],
    columns: &[("total", "total"), ("created", "created"), ("duplicates", "duplicates"), ("failed", "failed")],
    times: &[],
};

/// Rows on their way into the store at once: they share commits.
const AT_ONCE: usize = 64;
/// A line of JSON is never longer.
const LINE_AT_MOST: u64 = 1024 * 1024;

type Row = (u64, Result<Lead, String>);
/// Columns that are passed over, as they are met.
type Passed = Rc<RefCell<BTreeSet<String>>>;

/// Imports the file.
pub(super) fn run(args: ImportArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&REPORT)?;
    let path = cx.env.cwd().join(&args.file);
    let (source, size) = open(&args.file, &path)?;
    cx.session(Open::Create, async |session, out| {
        let reader = Reader { here: session.here(), region: session.region() };
        let passed_over = Passed::default();
        let rows: Box<dyn Iterator<Item = Row>> = if is_lines(&args.file) {
            Box::new(json_rows(BufReader::new(source), reader, passed_over.clone()))
        } else {
            Box::new(csv_rows(BufReader::new(source), reader, &passed_over)?)
        };
        let mut report = load(session, rows, size, out).await?;
        report.not_taken = passed_over.take();
        if !report.not_taken.is_empty() {
            let names: Vec<&str> = report.not_taken.iter().map(String::as_str).collect();
            out.note(&format!("not taken over, flow writes them itself: {}", names.join(", ")));
        }
        tell(&report, out)
    })
}

fn open(name: &Path, path: &Path) -> Result<(Box<dyn Read>, u64), Failure> {
    if name == Path::new("-") {
        return Ok((Box::new(io::stdin()), 0));
    }
    let file = File::open(path).map_err(|error| Failure::file("read", path, &error))?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    Ok((Box::new(file), size))
}

fn is_lines(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ext == "jsonl" || ext == "ndjson")
}

/// Stores the rows in their order, many in one commit.
async fn load(
    session: &Session,
    rows: Box<dyn Iterator<Item = Row>>,
    size: u64,
    out: &mut Out,
) -> Result<Report, Failure> {
    let bar = progress::bar(size, "leads", out.is_quiet() || size == 0);
    let now = session.now();
    let stored = stream::iter(rows).map(|(line, row)| async move {
        let outcome = match row {
            // An old lead is the same as one of its own time, also when the file is imported again.
            Ok(lead) => {
                let at = lead.created_at.min(now);
                session.app.store.create_lead(&lead, true, at, None).await.map_err(Failure::from)
            }
            Err(wrong) => Err(Failure::new("rejected", exit::REFUSED, wrong)),
        };
        (line, outcome)
    });
    let mut stored = std::pin::pin!(stored.buffered(AT_ONCE));
    let mut report = Report::default();
    while let Some((line, outcome)) = stored.next().await {
        report.total += 1;
        bar.inc(size.checked_div(size / 80).unwrap_or(1).min(80));
        match outcome {
            Ok(created) if created.duplicate => report.duplicates += 1,
            Ok(_) => report.created += 1,
            // A store that is gone is gone for the next row too.
            Err(failure) if failure.exit == exit::STORE => return Err(failure),
            Err(failure) => {
                bar.suspend(|| out.warn(&format!("line {line}: {failure}")));
                report.failed += 1;
                report.errors.push(RowError { line, error: failure.message });
            }
        }
    }
    bar.finish_and_clear();
    Ok(report)
}

fn tell(report: &Report, out: &mut Out) -> Result<(), Failure> {
    let Report { total, created, duplicates, failed, .. } = report;
    let text = format!("{total} rows: {created} added, {duplicates} were there already, {failed} refused");
    out.told(&REPORT, report, &text)?;
    if *failed == 0 {
        return Ok(());
    }
    let exit = if *failed == *total { exit::REFUSED } else { exit::PARTLY };
    Err(Failure::new("rejected", exit, format!("{failed} of {total} rows were refused"))
        .hint("correct those lines and import the file again; the others are not doubled"))
}

/// Rows of a CSV file, with the line each begins on.
fn csv_rows(
    mut source: BufReader<Box<dyn Read>>,
    reader: Reader,
    passed_over: &Passed,
) -> Result<impl Iterator<Item = Row> + use<>, Failure> {
    let start = source.fill_buf().map_err(|error| Failure::usage(format!("the file cannot be read: {error}")))?;
    let delimiter = delimiter(start);
    let mut table = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(source);
    let header = table.headers().map_err(|error| {
        Failure::usage(format!("the header cannot be read: {}", unread(&error))).hint("save the file as CSV in UTF-8")
    })?;
    let columns: Vec<String> =
        header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_lowercase()).collect();
    columns.iter().try_for_each(|name| known(name).map_err(|(wrong, hint)| Failure::usage(wrong).hint(hint)))?;
    if columns.iter().all(|name| name.is_empty()) {
        return Err(
            Failure::usage("the file has no header").hint("its first line names the members: name,phone,service")
        );
    }
    passed_over.borrow_mut().extend(columns.iter().filter(|name| is_own(name) && !name.is_empty()).cloned());
    Ok(table.into_records().map(move |record| match record {
        Ok(record) => {
            let line = record.position().map_or(0, csv::Position::line);
            (line, csv_row(&record, &columns, &reader))
        }
        Err(error) => (error.position().map_or(0, csv::Position::line), Err(unread(&error))),
    }))
}

/// What separates the cells: the sign that the header has most of, outside quotes.
fn delimiter(start: &[u8]) -> u8 {
    let header = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let bare: Vec<u8> = header.split(|byte| *byte == b'"').step_by(2).flatten().copied().collect();
    let count = |sign: u8| bare.iter().filter(|byte| **byte == sign).count();
    [b'\t', b';', b','].into_iter().max_by_key(|sign| count(*sign)).unwrap_or(b',')
}

fn unread(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8: save the file as UTF-8 (\"CSV UTF-8\" in Excel)".to_owned(),
        _ => error.to_string(),
    }
}

fn csv_row(record: &csv::StringRecord, columns: &[String], reader: &Reader) -> Result<Lead, String> {
    if record.len() != columns.len() {
        return Err(format!("{} cells, the header has {}", record.len(), columns.len()));
    }
    let cells = columns.iter().map(String::as_str).zip(record.iter().map(with_formula));
    row(cells.filter(|(_, cell)| !cell.trim().is_empty()).map(|(name, cell)| (name, cell.to_owned())), reader)
}

/// Lines of JSON; empty ones are passed over.
fn json_rows(mut source: impl BufRead, reader: Reader, passed_over: Passed) -> impl Iterator<Item = Row> {
    let mut number = 0;
    std::iter::from_fn(move || {
        loop {
            number += 1;
            let mut line = Vec::new();
            match source.by_ref().take(LINE_AT_MOST).read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(_) if line.trim_ascii().is_empty() => {}
                Ok(_) => return Some((number, json_row(&line, &reader, &passed_over))),
                Err(error) => return Some((number, Err(error.to_string()))),
            }
        }
    })
}

fn json_row(line: &[u8], reader: &Reader, passed_over: &Passed) -> Result<Lead, String> {
    let value: Value = serde_json::from_slice(line).map_err(|error| format!("no JSON: {error}"))?;
    let Value::Object(members) = value else { return Err("expected an object".to_owned()) };
    for name in members.keys() {
        known(name).map_err(|(wrong, hint)| format!("{wrong}; {hint}"))?;
    }
    passed_over.borrow_mut().extend(members.keys().filter(|name| is_own(name)).cloned());
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let given = members.into_iter().filter(|(_, value)| !value.is_null());
    let given: Vec<(String, String)> = given.map(|(name, value)| (name, text(value))).collect();
    row(given.iter().map(|(name, value)| (name.as_str(), value.clone())), reader)
}

fn row<'m>(members: impl Iterator<Item = (&'m str, String)>, reader: &Reader) -> Result<Lead, String> {
    let mut lead = Lead::blank(Channel::Import, reader.here.now);
    let mut wrong = Vec::new();
    for (member, text) in members.filter(|(member, _)| !is_own(member)) {
        wrong.extend(reader.set(&mut lead, member, &text).err());
    }
    wrong.extend(reachable(&lead).err().filter(|_| wrong.is_empty()));
    if wrong.is_empty() { Ok(lead) } else { Err(wrong.join("; ")) }
}

/// A member that flow writes itself, or a part of one.
fn is_own(member: &str) -> bool {
    let head = member.split('.').next().unwrap_or(member);
    member.is_empty() || OWN.contains(&head)
}

/// A slip in a name must not make a column vanish.
fn known(member: &str) -> Result<(), (String, String)> {
    let writable: Vec<&str> = WRITABLE.iter().map(|(name, _)| *name).collect();
    if is_own(member) || writable.contains(&member) {
        return Ok(());
    }
    let hint = match near::nearest(member, writable.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", writable.join(", ")),
    };
    Err((format!("there is no member `{member}`"), hint))
}

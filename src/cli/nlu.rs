//! `flow nlu`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand, ValueHint};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::Deserialize;
use serde_json::json;

use super::context::{Context, Open, Session, default_zone, is_there};
use super::failure::{Failure, exit};
use super::output::{Format, Out, Shape};
use super::runtime;
use super::times::{Edge, Here};
use crate::dialog::understand::{Understanding, Vocabulary, understand};
use crate::domain::company::Zone;
use crate::domain::contact::Region;

/// Show what the language parser understands
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  flow nlu parse 'запишите меня на пятницу после шести'
  flow nlu parse --at 2026-03-10T10:00:00+03:00 'tomorrow at 3 pm'
  flow nlu parse --file sentences.jsonl")]
pub enum NluCommand {
    /// Parse a text, or a file of texts
    Parse(ParseArgs),
}

/// Parse a text, or a file of texts
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow nlu parse 'запишите меня на пятницу после шести'
  flow nlu parse --at 2026-03-10T10:00:00+03:00 'tomorrow at 3 pm'
  flow nlu parse --file sentences.jsonl")]
pub struct ParseArgs {
    /// The text; stdin when absent
    #[arg(conflicts_with = "file")]
    text: Option<String>,
    /// The moment it is said at; now when absent
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The zone it is said in; the company's when absent
    #[arg(long, value_name = "TZ")]
    tz: Option<String>,
    /// One {"text","at","tz"} a line of at most 64 KiB, one answer a line; - is stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
}

static UNDERSTANDING: Shape = Shape {
    members: &[
        "text",
        "locale",
        "intent",
        "intents",
        "date.from",
        "date.to",
        "time.from",
        "time.to",
        "start",
        "part",
        "ambiguous",
        "service",
        "employee",
        "candidates.service",
        "candidates.employee",
        "phone",
        "name",
        "yes_no",
    ],
    columns: &[("intent", "intent"), ("date", "date.from"), ("time", "time.from"), ("text", "text")],
    times: &[],
};

/// A longer text is no message; so much is read and no more.
const TEXT_AT_MOST: usize = 64 * 1024;

/// One line of `--file`; members beside these are the writer's own.
#[derive(Debug, Deserialize)]
struct Line {
    text: String,
    at: Option<String>,
    tz: Option<String>,
}

/// What texts are read against.
struct Listener {
    here: Here,
    region: Region,
    words: Arc<Vocabulary>,
}

/// Runs the command.
pub fn run(command: NluCommand, cx: &mut Context) -> Result<(), Failure> {
    let NluCommand::Parse(args) = command;
    let mut listener = listener(cx)?;
    if let Some(tz) = &args.tz {
        listener.here.tz = zone(tz)?;
    }
    if let Some(at) = &args.at {
        listener.here.now = listener.here.moment(at, Edge::Start)?;
    }
    if let Some(file) = &args.file {
        let path = cx.env.cwd().join(file);
        let source: Box<dyn Read> = match file == Path::new("-") {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(&path).map_err(|error| Failure::file("read", &path, &error))?),
        };
        return lines(BufReader::new(source), &listener, &mut cx.out);
    }
    let text = match args.text {
        Some(text) => text,
        None => typed()?,
    };
    cx.out.prefer(Format::Json);
    cx.out.object(&UNDERSTANDING, &listener.hear(&text))
}

/// The words of the store's profile when there is one; a store is not made for it.
fn listener(cx: &Context) -> Result<Listener, Failure> {
    let config = cx.config()?;
    let now = cx.clock.now();
    let given = config.company.timezone.as_ref().map(|zone| zone.tz().clone());
    if !is_there(&config.store.url)? {
        let tz = given.unwrap_or_else(default_zone);
        return Ok(Listener { here: Here { now, tz }, region: Region::default(), words: Arc::default() });
    }
    let app = cx.open_with(config, Open::Existing)?;
    runtime::run(async {
        let words = app.desk.vocabulary().await?.map(|(_, words)| words);
        let session = Session::of(app).await?;
        Ok(Listener { here: session.here(), region: session.region(), words: words.unwrap_or_default() })
    })
}

fn zone(name: &str) -> Result<TimeZone, Failure> {
    let found = Zone::find(name).map(|zone| zone.tz().clone());
    found.ok_or_else(|| {
        Failure::usage(format!("there is no time zone `{name}`")).hint("write an IANA name such as Europe/Moscow")
    })
}

fn typed() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin()
        .take(TEXT_AT_MOST as u64 + 1)
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("stdin cannot be read: {error}")))?;
    if text.len() > TEXT_AT_MOST {
        return Err(Failure::usage(format!("the text is longer than {TEXT_AT_MOST} bytes")).hint("see --file"));
    }
    Ok(text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text)).unwrap_or(&text).to_owned())
}

impl Listener {
    fn hear(&self, text: &str) -> Understanding {
        self.hear_at(text, &self.here.now.to_zoned(self.here.tz.clone()))
    }

    fn hear_at(&self, text: &str, now: &Zoned) -> Understanding {
        understand(text, now, &self.words, self.region)
    }

    fn line(&self, line: &[u8]) -> Result<Understanding, String> {
        if line.len() > TEXT_AT_MOST {
            return Err(format!("the line is longer than {TEXT_AT_MOST} bytes"));
        }
        if line.trim_ascii().is_empty() {
            return Err("the line is empty".to_owned());
        }
        let line: Line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let tz = match &line.tz {
            Some(name) => zone(name).map_err(|failure| failure.message)?,
            None => self.here.tz.clone(),
        };
        let now = match &line.at {
            Some(at) => moment(at, &tz, self.here.now)?,
            None => self.here.now,
        };
        Ok(self.hear_at(&line.text, &now.to_zoned(tz)))
    }
}

fn moment(at: &str, tz: &TimeZone, now: Timestamp) -> Result<Timestamp, String> {
    Here { now, tz: tz.clone() }.moment(at, Edge::Start).map_err(|failure| failure.message)
}

/// One answer a line, in the order of the lines, whatever `--output` says.
fn lines(mut source: impl BufRead, listener: &Listener, out: &mut Out) -> Result<(), Failure> {
    let mut wrong: u64 = 0;
    let mut line = Vec::new();
    while next_line(&mut source, &mut line).map_err(|error| Failure::usage(format!("the file: {error}")))? {
        let answer = match listener.line(&line) {
            Ok(understood) => serde_json::to_string(&understood),
            Err(error) => {
                wrong += 1;
                serde_json::to_string(&json!({"error": error}))
            }
        };
        out.line(&answer.map_err(|error| Failure::internal(error.to_string()))?)?;
    }
    out.flush()?;
    if wrong == 0 {
        return Ok(());
    }
    Err(Failure::new("rejected", exit::PARTLY, format!("{wrong} lines could not be read"))
        .hint("their answers are {\"error\": …}"))
}

/// Reads a line; of one that is too long only the beginning is kept.
fn next_line(source: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let chunk = source.fill_buf()?;
        if chunk.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let take = end.unwrap_or(chunk.len());
        let room = (TEXT_AT_MOST + 1).saturating_sub(line.len());
        line.extend_from_slice(&chunk[..take.min(room)]);
        source.consume(end.map_or(take, |end| end + 1));
        if end.is_some() {
            return Ok(true);
        }
    }
}

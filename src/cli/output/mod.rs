//! The one printer. A command hands over values; whether they become a table, JSON or CSV is decided here.

mod cells;
mod list;
mod table;

use std::io::{self, BufWriter, IsTerminal, Write};

use clap::ValueEnum;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;

use super::failure::Failure;
use crate::config::near;

pub use self::cells::{lines, one_line, with_formula};
pub use self::list::List;

/// What an answer looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// One document.
    Json,
    /// One object a line.
    Jsonl,
    /// Comma-separated, with a header.
    Csv,
    /// Tab-separated, with a header.
    Tsv,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Also in a pipe.
    Always,
    /// Not at all.
    Never,
}

/// What an answer consists of.
#[derive(Debug)]
pub struct Shape {
    /// Every member that can be asked for, dotted where nested, in the order of the columns of CSV.
    pub members: &'static [&'static str],
    /// What a table shows: title and member.
    pub columns: &'static [(&'static str, &'static str)],
    /// Members that are moments: people see them in the company's zone.
    pub times: &'static [&'static str],
}

/// How this process prints.
#[derive(Debug, Clone)]
pub struct Style {
    /// `--output`.
    pub format: Option<Format>,
    /// `--fields`.
    pub fields: Option<Vec<String>>,
    /// `--color`.
    pub colour: Colour,
    /// `NO_COLOR` is set.
    pub no_color: bool,
    /// `--quiet`.
    pub quiet: bool,
}

/// The printer.
pub struct Out {
    style: Style,
    is_terminal: bool,
    zone: TimeZone,
    sink: Box<dyn Write + Send>,
}

impl Out {
    /// The printer of this process's stdout.
    #[must_use]
    pub fn stdout(style: Style) -> Self {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        Self { style, is_terminal, zone: TimeZone::UTC, sink: Box::new(BufWriter::with_capacity(64 * 1024, stdout)) }
    }

    /// A printer into a buffer of one's own.
    #[must_use]
    pub fn into_sink(style: Style, sink: Box<dyn Write + Send>) -> Self {
        Self { style, is_terminal: false, zone: TimeZone::UTC, sink }
    }

    /// People see moments in this zone.
    pub fn set_zone(&mut self, zone: TimeZone) {
        self.zone = zone;
    }

    /// The format; a table when none was asked for.
    #[must_use]
    pub fn format(&self) -> Format {
        self.style.format.unwrap_or(Format::Table)
    }

    /// Whether the answer is for a person.
    #[must_use]
    pub fn is_for_people(&self) -> bool {
        self.format() == Format::Table
    }

    /// The format where none was asked for: answers that are made for programs.
    pub fn prefer(&mut self, format: Format) {
        self.style.format.get_or_insert(format);
    }

    /// Whether hints and bars are not wanted.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.style.quiet
    }

    /// Whether somebody reads the answer as it comes.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// The columns of the terminal.
    fn width(&self) -> Option<usize> {
        comfy_table::Table::new().width().map(usize::from)
    }

    fn has_colour(&self) -> bool {
        match self.style.colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => self.is_terminal && !self.style.no_color,
        }
    }

    /// Refuses `--fields` that this answer does not have; commands that change something ask first.
    ///
    /// # Errors
    /// A usage failure that lists the fields.
    pub fn expects(&self, shape: &Shape) -> Result<(), Failure> {
        let unknown = |field: &&String| !is_known(field, shape);
        match self.style.fields.iter().flatten().find(unknown) {
            None => Ok(()),
            Some(field) => {
                let list = format!("fields: {}", shape.members.join(", "));
                let hint = match near::nearest(field, shape.members.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`? {list}"),
                    None => list,
                };
                Err(Failure::usage(format!("there is no field `{field}`")).hint(hint))
            }
        }
    }

    /// Begins a list.
    ///
    /// # Errors
    /// When `--fields` names something else, or stdout cannot be written.
    pub fn list(&mut self, shape: &'static Shape) -> Result<List<'_>, Failure> {
        self.expects(shape)?;
        List::begin(self, shape)
    }

    /// Prints a list that is at hand.
    ///
    /// # Errors
    /// As [`Out::list`].
    pub fn all<T: Serialize>(&mut self, shape: &'static Shape, rows: &[T]) -> Result<(), Failure> {
        let mut list = self.list(shape)?;
        for row in rows {
            list.row(to_value(row)?)?;
        }
        list.finish()
    }

    /// Prints one object: for people its members below each other.
    ///
    /// # Errors
    /// As [`Out::list`].
    pub fn object<T: Serialize>(&mut self, shape: &'static Shape, object: &T) -> Result<(), Failure> {
        let value = to_value(object)?;
        match self.format() {
            Format::Table => {
                self.expects(shape)?;
                let lines = table::members(&value, shape, self);
                self.sink.write_all(lines.as_bytes())?;
            }
            Format::Json => {
                self.expects(shape)?;
                let value = self.chosen(value);
                serde_json::to_writer_pretty(&mut self.sink, &value).map_err(io::Error::from)?;
                self.sink.write_all(b"\n")?;
            }
            Format::Jsonl | Format::Csv | Format::Tsv => {
                let mut list = self.list(shape)?;
                list.row(value)?;
                list.finish()?;
            }
        }
        Ok(self.sink.flush()?)
    }

    /// Prints one object: people get `text` instead of its members.
    ///
    /// # Errors
    /// As [`Out::list`].
    pub fn told<T: Serialize>(&mut self, shape: &'static Shape, object: &T, text: &str) -> Result<(), Failure> {
        if self.is_for_people() && self.style.fields.is_none() {
            return self.text(text);
        }
        self.object(shape, object)
    }

    /// Prints a list that is at hand: people get `text` instead of its rows.
    ///
    /// # Errors
    /// As [`Out::list`].
    pub fn told_all<T: Serialize>(&mut self, shape: &'static Shape, rows: &[T], text: &str) -> Result<(), Failure> {
        if self.is_for_people() && self.style.fields.is_none() {
            return self.text(text);
        }
        self.all(shape, rows)
    }

    /// Prints a document that is text whatever the format.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.sink.write_all(text.as_bytes())?;
        if !text.is_empty() && !text.ends_with('\n') {
            self.sink.write_all(b"\n")?;
        }
        Ok(self.sink.flush()?)
    }

    /// Prints one line and does not wait for more.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        self.sink.write_all(line.as_bytes())?;
        Ok(self.sink.write_all(b"\n")?)
    }

    /// Hands on what was written so far.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.sink.flush()?)
    }

    /// Tells something beside the answer, on stderr; not with `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.style.quiet {
            // Nobody can be told that stderr is gone.
            drop(writeln!(io::stderr(), "{text}"));
        }
    }

    /// Tells of something wrong that does not end the command, on stderr, also with `--quiet`.
    pub fn warn(&self, text: &str) {
        drop(writeln!(io::stderr(), "{text}"));
    }

    /// The object with the chosen members only.
    fn chosen(&self, value: Value) -> Value {
        let Some(fields) = &self.style.fields else { return value };
        let member = |field: &String| (field.clone(), cells::find(&value, field).cloned().unwrap_or(Value::Null));
        Value::Object(fields.iter().map(member).collect())
    }

    /// Titles and members of the columns.
    fn columns(&self, shape: &Shape) -> Vec<(String, String)> {
        let same = |member: &str| (member.to_owned(), member.to_owned());
        match (&self.style.fields, self.format()) {
            (Some(fields), _) => fields.iter().map(|field| same(field)).collect(),
            (None, Format::Table) => {
                shape.columns.iter().map(|(title, member)| ((*title).to_owned(), (*member).to_owned())).collect()
            }
            (None, _) => shape.members.iter().map(|member| same(member)).collect(),
        }
    }
}

fn to_value<T: Serialize>(answer: &T) -> Result<Value, Failure> {
    serde_json::to_value(answer).map_err(|error| Failure::internal(format!("the answer cannot be written: {error}")))
}

/// A member, the object around one, or something inside a free one.
fn is_known(field: &str, shape: &Shape) -> bool {
    let inside = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('.'));
    shape.members.iter().any(|member| *member == field || inside(member, field) || inside(field, member))
}

#[cfg(test)]
mod tests;

//! A list that is printed while it is read.

use std::io::{self, Write};

use serde_json::Value;

use super::cells::{exact, find, shown, without_formula, without_tabs};
use super::{Format, Out, Shape, table};
use crate::cli::failure::Failure;

/// Rows of a table that are aligned together; a longer list is printed in such parts.
const ALIGNED: usize = 1000;

/// A list under way.
pub struct List<'o> {
    out: &'o mut Out,
    shape: &'static Shape,
    columns: Vec<(String, String)>,
    waiting: Vec<Vec<String>>,
    rows: u64,
    header_is_due: bool,
}

impl<'o> List<'o> {
    pub(super) fn begin(out: &'o mut Out, shape: &'static Shape) -> Result<Self, Failure> {
        let columns = out.columns(shape);
        let list = Self { out, shape, columns, waiting: Vec::new(), rows: 0, header_is_due: true };
        let titles = || list.columns.iter().map(|(title, _)| title.as_str());
        match list.out.format() {
            Format::Json => list.out.sink.write_all(b"[")?,
            Format::Csv => {
                let line = record(titles())?;
                list.out.sink.write_all(&line)?;
            }
            Format::Tsv => {
                let line = titles().collect::<Vec<_>>().join("\t");
                writeln!(list.out.sink, "{line}")?;
            }
            Format::Table | Format::Jsonl => {}
        }
        Ok(list)
    }

    /// How many rows were printed.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.rows
    }

    /// Whether nothing was printed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Prints a row.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn row(&mut self, value: Value) -> Result<(), Failure> {
        self.rows += 1;
        match self.out.format() {
            Format::Table => {
                let cells = self.columns.iter().map(|(_, member)| {
                    let value = find(&value, member).unwrap_or(&Value::Null);
                    shown(value, self.shape.times.contains(&member.as_str()), &self.out.zone)
                });
                self.waiting.push(cells.collect());
                if self.waiting.len() >= ALIGNED {
                    self.table()?;
                }
            }
            Format::Json => {
                let before: &[u8] = if self.rows == 1 { b"\n  " } else { b",\n  " };
                let value = self.out.chosen(value);
                self.out.sink.write_all(before)?;
                serde_json::to_writer(&mut self.out.sink, &value).map_err(io::Error::from)?;
            }
            Format::Jsonl => {
                let value = self.out.chosen(value);
                serde_json::to_writer(&mut self.out.sink, &value).map_err(io::Error::from)?;
                self.out.sink.write_all(b"\n")?;
            }
            Format::Csv => {
                let line = record(self.cells(&value).into_iter().map(without_formula))?;
                self.out.sink.write_all(&line)?;
            }
            Format::Tsv => {
                let cells: Vec<_> = self.cells(&value).iter().map(|cell| without_tabs(cell)).collect();
                writeln!(self.out.sink, "{}", cells.join("\t"))?;
            }
        }
        Ok(())
    }

    fn cells(&self, value: &Value) -> Vec<String> {
        self.columns.iter().map(|(_, member)| exact(find(value, member).unwrap_or(&Value::Null))).collect()
    }

    /// Hands on what was printed so far, for lists that go on.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.table()?;
        Ok(self.out.sink.flush()?)
    }

    fn table(&mut self) -> Result<(), Failure> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let header = std::mem::take(&mut self.header_is_due);
        let rows = std::mem::take(&mut self.waiting);
        let text = table::rows(&self.columns, rows, header, self.out);
        Ok(self.out.sink.write_all(text.as_bytes())?)
    }

    /// Ends the list.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn finish(mut self) -> Result<(), Failure> {
        self.table()?;
        if self.out.format() == Format::Json {
            let end: &[u8] = if self.rows == 0 { b"]\n" } else { b"\n]\n" };
            self.out.sink.write_all(end)?;
        }
        Ok(self.out.sink.flush()?)
    }
}

fn record<T: AsRef<[u8]>>(cells: impl Iterator<Item = T>) -> Result<Vec<u8>, Failure> {
    let mut line = csv::Writer::from_writer(Vec::new());
    let written = line.write_record(cells).and_then(|()| line.flush().map_err(csv::Error::from));
    let bad = |error: &dyn std::fmt::Display| Failure::internal(format!("a line of CSV cannot be written: {error}"));
    written.map_err(|error| bad(&error))?;
    line.into_inner().map_err(|error| bad(&error))
}

//! A TOML text whose values remember their lines.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;

/// Where the lines of a text begin.
#[derive(Debug)]
pub struct Lines(Vec<usize>);

impl Lines {
    /// Finds them.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(after_breaks).collect())
    }

    /// The line, from 1, that the byte `offset` stands on.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }

    fn start(&self, line: usize) -> usize {
        self.0.get(line.saturating_sub(1)).copied().unwrap_or(0)
    }
}

/// A table with the lines of its text.
#[derive(Debug)]
pub struct Document<'t> {
    /// The whole text as a table.
    pub root: Spanned<DeTable<'t>>,
    /// The lines of the text.
    pub lines: Lines,
}

impl<'t> Document<'t> {
    /// Parses the text; a byte order mark at its beginning is skipped.
    ///
    /// # Errors
    /// The first place that is no TOML, with its line and column.
    pub fn parse(text: &'t str, file: Option<&Path>) -> Result<Self, Problem> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = Lines::of(text);
        match DeTable::parse(text) {
            Ok(root) => Ok(Self { root, lines }),
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start.min(text.len()));
                let line = lines.line(offset);
                let column = text.get(lines.start(line)..offset).map_or(1, |before| before.chars().count() + 1);
                let message = format!("not TOML at column {column}: {}", error.message().trim());
                Err(Problem::of("", message).at(file.map(Path::to_owned), Some(line)))
            }
        }
    }

    /// The line of a key or a value.
    #[must_use]
    pub fn line<T>(&self, spanned: &Spanned<T>) -> usize {
        self.lines.line(spanned.span().start)
    }
}

/// The bytes of a file as text.
///
/// # Errors
/// When they are not UTF-8, with the line of the first wrong byte.
pub fn utf8(bytes: Vec<u8>, file: Option<&Path>) -> Result<String, Problem> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        Problem::of("", "the file is not UTF-8 text")
            .at(file.map(Path::to_owned), Some(line))
            .hint("save it as UTF-8 in your editor")
    })
}

/// A whole number; `None` when it is none or does not fit 64 bits.
#[must_use]
pub fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// What a value is, in words.
#[must_use]
pub fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date without quotes",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_is_one_problem_with_line_and_column() {
        let problem = Document::parse("a = 1\r\nb = = 2\r\n", None).unwrap_err();
        assert_eq!(problem.line, Some(2));
        assert!(problem.message.contains("column 5"), "{problem}");
    }

    #[test]
    fn bytes_that_are_no_text_name_their_line() {
        let problem = utf8(b"a = 1\nb = \"\xff\"\n".to_vec(), None).unwrap_err();
        assert_eq!(problem.line, Some(2));
    }
}

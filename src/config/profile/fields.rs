//! Tables of a profile, read field by field; what is wrong is noted and reading goes on.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::document::{Lines, integer, type_name};
use crate::config::near;
use crate::config::problem::Problem;

/// The text as a whole: its lines, and what was found wrong in it.
pub struct Sheet<'a> {
    lines: &'a Lines,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
}

impl<'a> Sheet<'a> {
    /// A sheet with nothing wrong yet.
    pub fn new(lines: &'a Lines) -> Self {
        Self { lines, problems: RefCell::default(), warnings: RefCell::default() }
    }

    fn line<T>(&self, spanned: &Spanned<T>) -> usize {
        self.lines.line(spanned.span().start)
    }

    /// The problems and the warnings.
    pub fn finish(self) -> (Vec<Problem>, Vec<Problem>) {
        (self.problems.into_inner(), self.warnings.into_inner())
    }
}

/// A table and where it stands.
#[derive(Clone)]
pub struct Fields<'a> {
    sheet: &'a Sheet<'a>,
    table: &'a DeTable<'a>,
    path: String,
    line: usize,
}

/// A value and where it stands.
pub struct Field<'a> {
    sheet: &'a Sheet<'a>,
    /// The value.
    pub value: &'a DeValue<'a>,
    path: String,
    line: usize,
}

impl<'a> Fields<'a> {
    /// The whole sheet as a table.
    pub fn root(sheet: &'a Sheet<'a>, table: &'a DeTable<'a>, known: &[&str]) -> Self {
        Self::checked(sheet, table, String::new(), 1, known)
    }

    fn checked(sheet: &'a Sheet<'a>, table: &'a DeTable<'a>, path: String, line: usize, known: &[&str]) -> Self {
        let fields = Self { sheet, table, path, line };
        for name in table.keys().filter(|name| !known.contains(&name.get_ref().as_ref())) {
            let problem = Problem::of(fields.path_of(name.get_ref()), "unknown key");
            let problem = problem.at(None, Some(sheet.line(name)));
            sheet.problems.borrow_mut().push(match near::advice(name.get_ref(), known) {
                Some(advice) => problem.hint(advice),
                None => problem,
            });
        }
        fields
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Notes what is wrong with the table as a whole, or with a field that is not there.
    pub fn note(&self, name: &str, problem: Problem) {
        let path = if name.is_empty() { self.path.clone() } else { self.path_of(name) };
        self.sheet.problems.borrow_mut().push(Problem { key: path, ..problem }.at(None, Some(self.line)));
    }

    /// Notes what is allowed but probably not meant.
    pub fn warn(&self, message: String) {
        let warning = Problem::of(self.path.clone(), message).at(None, Some(self.line));
        self.sheet.warnings.borrow_mut().push(warning);
    }

    /// A field that may be absent.
    pub fn field(&self, name: &str) -> Option<Field<'a>> {
        let (key, value) = self.table.get_key_value(name)?;
        let line = self.sheet.line(key);
        Some(Field { sheet: self.sheet, value: value.get_ref(), path: self.path_of(name), line })
    }

    /// A field that must be there.
    pub fn required(&self, name: &str) -> Option<Field<'a>> {
        let field = self.field(name);
        if field.is_none() {
            self.note(name, Problem::of("", "missing"));
        }
        field
    }

    /// A text of at most `max` characters that may be absent.
    pub fn text(&self, name: &str, max: usize) -> Option<String> {
        self.field(name)?.text(max)
    }

    /// A text of at most `max` characters that must be there.
    pub fn required_text(&self, name: &str, max: usize) -> Option<String> {
        self.required(name)?.text(max)
    }

    /// A list of short texts; absent is empty.
    pub fn texts(&self, name: &str, max_items: usize, max: usize) -> Vec<String> {
        let items = self.field(name).map(|field| field.items(max_items)).unwrap_or_default();
        items.iter().filter_map(|item| item.text(max)).collect()
    }

    /// A table that may be absent.
    pub fn section(&self, name: &str, known: &[&str]) -> Option<Fields<'a>> {
        self.field(name)?.fields(known)
    }

    /// The tables of `[[name]]`; absent is empty.
    pub fn sections(&self, name: &str, max_items: usize, known: &[&str]) -> Vec<Fields<'a>> {
        let Some(field) = self.field(name) else { return Vec::new() };
        if matches!(field.value, DeValue::Table(_)) {
            let header = self.path_of(name);
            field.note(Problem::of("", "expected a list of sections").hint(format!("write [[{header}]]")));
            return Vec::new();
        }
        field.items(max_items).iter().filter_map(|item| item.fields(known)).collect()
    }
}

impl<'a> Field<'a> {
    /// Notes what is wrong with the value.
    pub fn note(&self, problem: Problem) {
        self.sheet.problems.borrow_mut().push(Problem { key: self.path.clone(), ..problem }.at(None, Some(self.line)));
    }

    /// The value of a check, or a note of what it found.
    pub fn check<T>(&self, checked: Result<T, Problem>) -> Option<T> {
        checked.map_err(|problem| self.note(problem)).ok()
    }

    fn wrong_type(&self, expected: &str) -> Problem {
        Problem::of("", format!("expected {expected}, got {}", type_name(self.value)))
    }

    /// The text as it stands.
    pub fn raw_text(&self) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.note(self.wrong_type("a string"));
        }
        text
    }

    /// One line without space around it: not empty, at most `max` characters, nothing invisible in it.
    pub fn text(&self, max: usize) -> Option<String> {
        let text = self.prose(max)?;
        if text.contains(['\n', '\r', '\t']) {
            self.note(Problem::of("", "must be one line, without tabs"));
            return None;
        }
        Some(text)
    }

    /// The same with several lines.
    pub fn prose(&self, max: usize) -> Option<String> {
        let text = self.raw_text()?;
        self.check(tidy(text, max))
    }

    /// A whole number inside bounds.
    pub fn integer(&self, bounds: RangeInclusive<i64>) -> Option<i64> {
        let Some(number) = integer(self.value) else {
            self.note(self.wrong_type("a whole number"));
            return None;
        };
        if bounds.contains(&number) {
            return Some(number);
        }
        self.note(Problem::of("", format!("{number} is outside {}…{}", bounds.start(), bounds.end())));
        None
    }

    /// The items of a list.
    pub fn items(&self, max_items: usize) -> Vec<Field<'a>> {
        let DeValue::Array(items) = self.value else {
            self.note(self.wrong_type("a list"));
            return Vec::new();
        };
        if items.len() > max_items {
            self.note(Problem::of(
                "",
                format!("{} entries are too many, at most {max_items} are allowed", items.len()),
            ));
            return Vec::new();
        }
        let item = |item: &'a Spanned<DeValue<'a>>| Field {
            sheet: self.sheet,
            value: item.get_ref(),
            path: self.path.clone(),
            line: self.sheet.line(item),
        };
        items.iter().map(item).collect()
    }

    fn fields(&self, known: &[&str]) -> Option<Fields<'a>> {
        match self.value {
            DeValue::Table(table) => Some(Fields::checked(self.sheet, table, self.path.clone(), self.line, known)),
            _ => {
                self.note(self.wrong_type("a section"));
                None
            }
        }
    }
}

/// A text without space around it.
///
/// # Errors
/// When nothing is left, when it is longer than `max` characters, or when it has control characters.
pub fn tidy(text: &str, max: usize) -> Result<String, Problem> {
    let text = text.trim();
    let length = text.chars().count();
    if text.is_empty() {
        return Err(Problem::of("", "is empty"));
    }
    if length > max {
        return Err(Problem::of("", format!("has {length} characters, at most {max} are allowed")));
    }
    let is_stray = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.contains(is_stray) {
        return Err(Problem::of("", "has control characters"));
    }
    Ok(text.replace("\r\n", "\n"))
}

//! Between rows and words: times, lists, names, and filters that become SQL with parameters.

use jiff::Timestamp;
use rusqlite::types::{ToSql, Value};
use rusqlite::{Connection, OptionalExtension, Params, Row, Statement, StatementStatus};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failure;
use crate::domain::store::{Page, StoreError, StoreResult};

pub(super) fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

pub(super) fn time(ms: i64) -> StoreResult<Timestamp> {
    Timestamp::from_millisecond(ms).map_err(|error| StoreError::Damaged(format!("a time in the store: {error}")))
}

pub(super) fn time_of(row: &Row<'_>, column: &str) -> StoreResult<Timestamp> {
    time(row.get(column).map_err(failure)?)
}

pub(super) fn time_opt(row: &Row<'_>, column: &str) -> StoreResult<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column).map_err(failure)?.map(time).transpose()
}

pub(super) fn text(row: &Row<'_>, column: &str) -> StoreResult<String> {
    row.get(column).map_err(failure)
}

pub(super) fn text_opt(row: &Row<'_>, column: &str) -> StoreResult<Option<String>> {
    row.get(column).map_err(failure)
}

pub(super) fn int(row: &Row<'_>, column: &str) -> StoreResult<i64> {
    row.get(column).map_err(failure)
}

pub(super) fn int_opt(row: &Row<'_>, column: &str) -> StoreResult<Option<i64>> {
    row.get(column).map_err(failure)
}

/// A text that some `parse` of ours must understand: an id, an enum's name, a phone.
pub(super) fn parsed<T>(row: &Row<'_>, column: &str, parse: impl Fn(&str) -> Option<T>) -> StoreResult<T> {
    let raw = text(row, column)?;
    parse(&raw).ok_or_else(|| unreadable(column))
}

pub(super) fn parsed_opt<T>(row: &Row<'_>, column: &str, parse: impl Fn(&str) -> Option<T>) -> StoreResult<Option<T>> {
    text_opt(row, column)?.map(|raw| parse(&raw).ok_or_else(|| unreadable(column))).transpose()
}

/// The column is named, its content is not: it may be personal.
fn unreadable(column: &str) -> StoreError {
    StoreError::Damaged(format!("column {column} holds what this flow cannot read"))
}

pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> StoreResult<T> {
    serde_json::from_str(&text(row, column)?).map_err(|_| unreadable(column))
}

pub(super) fn json_opt<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> StoreResult<Option<T>> {
    text_opt(row, column)?.map(|raw| serde_json::from_str(&raw).map_err(|_| unreadable(column))).transpose()
}

pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Other(error.to_string()))
}

pub(super) fn to_json_opt<T: Serialize>(value: Option<&T>) -> StoreResult<Option<String>> {
    value.map(to_json).transpose()
}

/// What is asked for often reads less than this along a table or an index.
const ALONG: i32 = 1000;

/// Tells the log of a statement that went through a table; without its values, which may be personal.
pub(super) fn watch(sql: &str, statement: &Statement<'_>) {
    let rows = statement.reset_status(StatementStatus::FullscanStep);
    if rows > ALONG {
        tracing::debug!(rows, sql, "a statement read a table from end to end");
    }
}

/// Runs a cached statement; answers the number of changed rows.
pub(super) fn execute(connection: &Connection, sql: &str, params: impl Params) -> StoreResult<usize> {
    let mut statement = connection.prepare_cached(sql).map_err(failure)?;
    let changed = statement.execute(params).map_err(failure);
    watch(sql, &statement);
    changed
}

/// The first row, read by `read`.
pub(super) fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> StoreResult<T>,
) -> StoreResult<Option<T>> {
    let mut statement = connection.prepare_cached(sql).map_err(failure)?;
    let mut rows = statement.query(params).map_err(failure)?;
    let first = rows.next().map_err(failure)?.map(read).transpose();
    drop(rows);
    watch(sql, &statement);
    first
}

/// All rows, read by `read`.
pub(super) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> StoreResult<T>,
) -> StoreResult<Vec<T>> {
    let mut statement = connection.prepare_cached(sql).map_err(failure)?;
    let mut rows = statement.query(params).map_err(failure)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failure)? {
        found.push(read(row)?);
    }
    drop(rows);
    watch(sql, &statement);
    Ok(found)
}

/// A single value.
pub(super) fn scalar<T: rusqlite::types::FromSql>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> StoreResult<Option<T>> {
    let mut statement = connection.prepare_cached(sql).map_err(failure)?;
    let value = statement.query_row(params, |row| row.get(0)).optional().map_err(failure);
    watch(sql, &statement);
    value
}

/// A `WHERE` made of fixed pieces, with every value as a parameter.
#[derive(Default)]
pub(super) struct Where {
    clauses: Vec<String>,
    values: Vec<Value>,
}

impl Where {
    /// `piece` has one `?` for `value`.
    pub(super) fn and(&mut self, piece: &str, value: impl Into<Value>) {
        self.clauses.push(piece.to_owned());
        self.values.push(value.into());
    }

    pub(super) fn and_opt<V: Into<Value>>(&mut self, piece: &str, value: Option<V>) {
        if let Some(value) = value {
            self.and(piece, value);
        }
    }

    /// A piece without a value.
    pub(super) fn fixed(&mut self, piece: &str) {
        self.clauses.push(piece.to_owned());
    }

    /// `column IN (…)`, or nothing for an empty list.
    pub(super) fn any_of(&mut self, column: &str, names: impl IntoIterator<Item = &'static str>) {
        let values: Vec<Value> = names.into_iter().map(|name| Value::from(name.to_owned())).collect();
        if !values.is_empty() {
            let marks = vec!["?"; values.len()].join(",");
            self.clauses.push(format!("{column} IN ({marks})"));
            self.values.extend(values);
        }
    }

    /// Continues after the last row of the page before.
    pub(super) fn after(&mut self, page: &Page, time_column: &str, id_column: &str) {
        if let Some((at, id)) = &page.after {
            let sign = if page.descending { "<" } else { ">" };
            self.clauses.push(format!("({time_column}, {id_column}) {sign} (?, ?)"));
            self.values.push(ms(*at).into());
            self.values.push(id.clone().into());
        }
    }

    pub(super) fn sql(&self) -> String {
        if self.clauses.is_empty() { String::new() } else { format!(" WHERE {}", self.clauses.join(" AND ")) }
    }

    pub(super) fn params(&self) -> impl Params + '_ {
        rusqlite::params_from_iter(self.values.iter().map(|value| value as &dyn ToSql))
    }
}

/// `ORDER BY … LIMIT …` of a page.
pub(super) fn order(page: &Page, time_column: &str, id_column: &str) -> String {
    let direction = if page.descending { "DESC" } else { "ASC" };
    format!(" ORDER BY {time_column} {direction}, {id_column} {direction} LIMIT {}", page.limit)
}

/// A pattern for `LIKE … ESCAPE '\'` that finds `part` anywhere.
pub(super) fn containing(part: &str) -> String {
    let mut pattern = String::with_capacity(part.len() + 2);
    pattern.push('%');
    for c in part.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

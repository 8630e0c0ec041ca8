//! Between rows and words: times, lists, names, and filters that become SQL with parameters.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use super::values::{Param, Value};
use super::{Connection, failure, stale};
use crate::domain::store::{Page, StoreError, StoreResult};

pub(super) fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

pub(super) fn time(ms: i64) -> StoreResult<Timestamp> {
    Timestamp::from_millisecond(ms).map_err(|error| StoreError::Damaged(format!("a time in the store: {error}")))
}

pub(super) fn get<'r, T: FromSql<'r>>(row: &'r Row, column: &str) -> StoreResult<T> {
    row.try_get(column).map_err(failure)
}

pub(super) fn time_of(row: &Row, column: &str) -> StoreResult<Timestamp> {
    time(get(row, column)?)
}

pub(super) fn time_opt(row: &Row, column: &str) -> StoreResult<Option<Timestamp>> {
    get::<Option<i64>>(row, column)?.map(time).transpose()
}

/// A text, or a document as text.
struct Text(String);

impl<'r> FromSql<'r> for Text {
    fn from_sql(ty: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        // A binary document begins with its version.
        let raw = if *ty == Type::JSONB { raw.get(1..).unwrap_or_default() } else { raw };
        Ok(Self(String::from_utf8(raw.to_vec())?))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::TEXT | Type::VARCHAR | Type::NAME | Type::JSON | Type::JSONB)
    }
}

pub(super) fn text(row: &Row, column: &str) -> StoreResult<String> {
    get::<Text>(row, column).map(|text| text.0)
}

pub(super) fn text_opt(row: &Row, column: &str) -> StoreResult<Option<String>> {
    Ok(get::<Option<Text>>(row, column)?.map(|text| text.0))
}

pub(super) fn int(row: &Row, column: &str) -> StoreResult<i64> {
    get(row, column)
}

pub(super) fn int_opt(row: &Row, column: &str) -> StoreResult<Option<i64>> {
    get(row, column)
}

pub(super) fn flag(row: &Row, column: &str) -> StoreResult<bool> {
    get(row, column)
}

/// A text that some `parse` of ours must understand: an id, an enum's name, a phone.
pub(super) fn parsed<T>(row: &Row, column: &str, parse: impl Fn(&str) -> Option<T>) -> StoreResult<T> {
    let raw = text(row, column)?;
    parse(&raw).ok_or_else(|| unreadable(column))
}

pub(super) fn parsed_opt<T>(row: &Row, column: &str, parse: impl Fn(&str) -> Option<T>) -> StoreResult<Option<T>> {
    text_opt(row, column)?.map(|raw| parse(&raw).ok_or_else(|| unreadable(column))).transpose()
}

/// The column is named, its content is not: it may be personal.
fn unreadable(column: &str) -> StoreError {
    StoreError::Damaged(format!("column {column} holds what this flow cannot read"))
}

pub(super) fn json<T: DeserializeOwned>(row: &Row, column: &str) -> StoreResult<T> {
    serde_json::from_str(&text(row, column)?).map_err(|_| unreadable(column))
}

pub(super) fn json_opt<T: DeserializeOwned>(row: &Row, column: &str) -> StoreResult<Option<T>> {
    text_opt(row, column)?.map(|raw| serde_json::from_str(&raw).map_err(|_| unreadable(column))).transpose()
}

pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Other(error.to_string()))
}

pub(super) fn to_json_opt<T: Serialize>(value: Option<&T>) -> StoreResult<Option<String>> {
    value.map(to_json).transpose()
}

/// A failure as the store tells it. Statements that a newer schema made stale are forgotten on the way.
fn told(c: &Connection, error: tokio_postgres::Error) -> StoreError {
    if stale(&error) {
        c.statement_cache.clear();
    }
    failure(error)
}

/// A server that keeps its own limit of a statement answers sooner than this.
const SILENCE: Duration = Duration::from_secs(32);
/// How long one that was silent is waited for until it has answered again.
const ONCE_SILENT: Duration = Duration::from_secs(3);
/// The server was silent the last time.
static IS_SILENT: AtomicBool = AtomicBool::new(false);

/// What is given longer than other statements: as long as the server gives it, and a little more.
const AT_LENGTH: Duration = Duration::from_secs(602);

tokio::task_local! {
    static LENGTH: Duration;
}

/// Runs what reads or writes large tables: the server's own limit was raised to ten minutes.
pub(super) async fn at_length<T>(work: impl Future<Output = T>) -> T {
    LENGTH.scope(AT_LENGTH, work).await
}

/// Waits for the server's answer, but not for ever: one that hangs keeps no limit of its own.
pub(super) async fn answered<T>(call: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
    let usual = if IS_SILENT.load(Ordering::Relaxed) { ONCE_SILENT } else { SILENCE };
    let patience = LENGTH.try_with(|length| *length).unwrap_or(usual);
    let answer = tokio::time::timeout(patience, call).await;
    IS_SILENT.store(answer.is_err(), Ordering::Relaxed);
    answer.unwrap_or_else(|_| Err(StoreError::Busy("the database does not answer".to_owned())))
}

/// Runs a cached statement; answers the number of changed rows.
pub(super) async fn execute(c: &Connection, sql: &str, params: &[Value]) -> StoreResult<u64> {
    let call = async {
        let statement = c.prepare_cached(sql).await.map_err(|error| told(c, error))?;
        c.execute_raw(&statement, params).await.map_err(|error| told(c, error))
    };
    timed("write", call).await
}

/// As the other store counts it, here statement by statement: what changes, and what answers rows.
async fn timed<T>(op: &'static str, call: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
    let began = Instant::now();
    let answer = answered(call).await;
    metrics::histogram!("flow_db_query_duration_seconds", "op" => op).record(began.elapsed());
    answer
}

async fn query(c: &Connection, sql: &str, params: &[Value]) -> StoreResult<Vec<Row>> {
    use futures_util::TryStreamExt;
    let call = async {
        let statement = c.prepare_cached(sql).await.map_err(|error| told(c, error))?;
        let rows = c.query_raw(&statement, params).await.map_err(|error| told(c, error))?;
        rows.try_collect().await.map_err(|error| told(c, error))
    };
    timed("read", call).await
}

/// The first row, read by `read`.
pub(super) async fn one<T>(
    c: &Connection,
    sql: &str,
    params: &[Value],
    read: impl Fn(&Row) -> StoreResult<T>,
) -> StoreResult<Option<T>> {
    query(c, sql, params).await?.first().map(read).transpose()
}

/// All rows, read by `read`.
pub(super) async fn all<T>(
    c: &Connection,
    sql: &str,
    params: &[Value],
    read: impl Fn(&Row) -> StoreResult<T>,
) -> StoreResult<Vec<T>> {
    query(c, sql, params).await?.iter().map(read).collect()
}

/// A single value.
pub(super) async fn scalar<T>(c: &Connection, sql: &str, params: &[Value]) -> StoreResult<Option<T>>
where
    T: for<'r> FromSql<'r>,
{
    query(c, sql, params).await?.first().map(|row| row.try_get(0).map_err(failure)).transpose()
}

/// A `WHERE` made of fixed pieces, with every value as a parameter.
#[derive(Default)]
pub(super) struct Where {
    clauses: Vec<String>,
    values: Vec<Value>,
}

impl Where {
    /// `piece` has one `?` for `value`.
    pub(super) fn and(&mut self, piece: &str, value: impl Param) {
        self.values.push(value.value());
        self.clauses.push(piece.replacen('?', &format!("${}", self.values.len()), 1));
    }

    pub(super) fn and_opt(&mut self, piece: &str, value: Option<impl Param>) {
        if let Some(value) = value {
            self.and(piece, value);
        }
    }

    /// A piece without a value.
    pub(super) fn fixed(&mut self, piece: &str) {
        self.clauses.push(piece.to_owned());
    }

    /// The column is one of the names, or anything for an empty list. They are words of ours and stand in the statement:
    /// how many rows have one decides which index is read.
    pub(super) fn any_of(&mut self, column: &str, names: impl IntoIterator<Item = &'static str>) {
        let names: Vec<String> = names.into_iter().map(|name| format!("'{name}'")).collect();
        if !names.is_empty() {
            self.clauses.push(format!("{column} IN ({})", names.join(", ")));
        }
    }

    /// Continues after the last row of the page before.
    pub(super) fn after(&mut self, page: &Page, time_column: &str, id_column: &str) {
        if let Some((at, id)) = &page.after {
            let sign = if page.descending { "<" } else { ">" };
            self.values.push(ms(*at).value());
            let first = self.values.len();
            self.values.push(id.value());
            let (at, id) = (format!("${first}::bigint"), format!("${}::text", first + 1));
            self.clauses.push(format!("({time_column}, {id_column}) {sign} ({at}, {id})"));
        }
    }

    pub(super) fn sql(&self) -> String {
        if self.clauses.is_empty() { String::new() } else { format!(" WHERE {}", self.clauses.join(" AND ")) }
    }

    pub(super) fn params(&self) -> &[Value] {
        &self.values
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_that_hangs_is_not_waited_for_and_large_tables_have_their_time() {
        let slow = |seconds| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Ok(())
        };
        assert_eq!(at_length(answered(slow(599))).await, Ok(()), "a large table");
        assert_eq!(answered(slow(29)).await, Ok(()), "what the server itself allows");
        let silent = Err(StoreError::Busy("the database does not answer".to_owned()));
        assert_eq!(answered(slow(60)).await, silent);
        assert_eq!(answered(slow(5)).await, silent, "it was silent a moment ago");
        assert_eq!(at_length(answered(slow(5))).await, Ok(()));
        assert_eq!(answered(slow(5)).await, Ok(()), "it has answered again");
    }
}

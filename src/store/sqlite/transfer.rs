//! All of the store as rows that mean the same in every store, and a store made of such rows.

use async_trait::async_trait;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Row as Found, ToSql, params, params_from_iter};

use super::rows::{all, execute, json, scalar, text, to_json};
use super::{SqliteStore, backup, failure, knowledge, open};
use crate::domain::company::KnowledgeEntry;
use crate::domain::store::{StoreError, StoreResult};
use crate::domain::transfer::{Cell, Hold, Kind, Mark, Row, Snapshot, TABLES, Table, Transfer};

#[async_trait]
impl Transfer for SqliteStore {
    async fn snapshot(&self) -> StoreResult<Box<dyn Snapshot + '_>> {
        let readers =
            self.readers.as_ref().ok_or_else(|| StoreError::Other("a store in memory stays there".to_owned()))?;
        let path = readers.path().to_owned();
        let connection = blocking(move || moment(open::reader(&path)?)).await?;
        Ok(Box::new(Moment(Some(connection))))
    }

    async fn is_served(&self) -> StoreResult<bool> {
        self.lock.as_deref().map_or(Ok(false), backup::is_held)
    }

    async fn is_empty(&self) -> StoreResult<bool> {
        self.read(|c| {
            for table in TABLES.iter().filter(|table| table.name != "meta") {
                if scalar::<bool>(c, &format!("SELECT EXISTS (SELECT 1 FROM {})", table.name), [])?.unwrap_or(false) {
                    return Ok(false);
                }
            }
            Ok(true)
        })
        .await
    }

    async fn copy_mark(&self) -> StoreResult<Option<Mark>> {
        // Behind whatever an interrupted copy has still on its way.
        self.write(mark).await
    }

    async fn hold(&self) -> StoreResult<Option<Hold>> {
        let Some(readers) = &self.readers else { return Ok(Some(Hold::new(()))) };
        Ok(backup::Filled::of(readers.path())?.map(Hold::new))
    }

    async fn begin_copy(&self, mark: &Mark) -> StoreResult<()> {
        let mark = mark.clone();
        self.write(move |c| {
            empty(c, &TABLES.iter().collect::<Vec<_>>())?;
            execute(c, "DELETE FROM messages_index", [])?;
            execute(c, "DELETE FROM meta WHERE key='indexed_seq'", [])?;
            note(c, &mark)
        })
        .await
    }

    async fn write_rows(&self, table: &'static Table, rows: Vec<Row>, mark: &Mark) -> StoreResult<()> {
        let mark = mark.clone();
        self.write(move |c| {
            let marks = vec!["?"; table.columns.len()].join(", ");
            let sql = format!("INSERT INTO {}({}) VALUES({marks})", table.name, table.columns());
            let mut statement = c.prepare_cached(&sql).map_err(failure)?;
            for row in &rows {
                statement.execute(params_from_iter(row.iter().map(Bound))).map_err(failure)?;
            }
            note(c, &mark)
        })
        .await
    }

    async fn empty_tables(&self, tables: Vec<&'static Table>, mark: &Mark) -> StoreResult<()> {
        let mark = mark.clone();
        self.write(move |c| {
            empty(c, &tables)?;
            note(c, &mark)
        })
        .await
    }

    async fn finish_rows(&self, numbers: Vec<(String, i64)>) -> StoreResult<()> {
        self.write(move |c| {
            for (table, number) in &numbers {
                give_out_after(c, table, *number)?;
            }
            let sql = "SELECT title, text, tags FROM knowledge ORDER BY position";
            let entries = all(c, sql, [], |row| {
                Ok(KnowledgeEntry { title: text(row, "title")?, text: text(row, "text")?, tags: json(row, "tags")? })
            })?;
            knowledge::replace(c, &entries)
        })
        .await
    }

    async fn end_copy(&self) -> StoreResult<()> {
        self.write(|c| execute(c, "DELETE FROM meta WHERE key='copy'", []).map(|_| ())).await
    }
}

/// The copy into this file that has not ended.
pub(super) fn mark(c: &Connection) -> StoreResult<Option<Mark>> {
    let kept: Option<String> = scalar(c, "SELECT value FROM meta WHERE key='copy'", [])?;
    let read = |text: String| {
        serde_json::from_str(&text).map_err(|_| StoreError::Damaged("the mark of a copy cannot be read".to_owned()))
    };
    kept.map(read).transpose()
}

fn note(c: &Connection, mark: &Mark) -> StoreResult<()> {
    let sql = "INSERT INTO meta(key, value) VALUES('copy', ?1) ON CONFLICT(key) DO UPDATE SET value=excluded.value";
    execute(c, sql, [to_json(mark)?]).map(|_| ())
}

/// Children first.
fn empty(c: &Connection, tables: &[&'static Table]) -> StoreResult<()> {
    for table in tables.iter().rev() {
        execute(c, &format!("DELETE FROM {} WHERE {}", table.name, table.kept()), [])?;
    }
    Ok(())
}

/// Only a table with AUTOINCREMENT remembers numbers that are gone; the others go on after the highest that is there.
fn remembers(c: &Connection, table: &str) -> StoreResult<bool> {
    let sql = "SELECT instr(sql, 'AUTOINCREMENT')>0 FROM sqlite_schema WHERE type='table' AND name=?1";
    Ok(scalar(c, sql, [table])?.unwrap_or(false))
}

fn give_out_after(c: &Connection, table: &str, number: i64) -> StoreResult<()> {
    if number == 0 || !remembers(c, table)? {
        return Ok(());
    }
    let changed = execute(c, "UPDATE sqlite_sequence SET seq=max(seq, ?2) WHERE name=?1", params![table, number])?;
    if changed == 0 {
        execute(c, "INSERT INTO sqlite_sequence(name, seq) VALUES(?1, ?2)", params![table, number])?;
    }
    Ok(())
}

/// A connection that sees the store as it is now, whoever writes meanwhile.
pub(super) fn moment(connection: Connection) -> StoreResult<Connection> {
    connection.execute_batch("BEGIN; SELECT count(*) FROM meta;").map_err(failure)?;
    Ok(connection)
}

/// A read transaction on a connection of its own.
pub(super) struct Moment(pub(super) Option<Connection>);

impl Moment {
    pub(super) async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let lost = || StoreError::Other("the snapshot was left half-way".to_owned());
        let connection = self.0.take().ok_or_else(lost)?;
        let (connection, outcome) = blocking(move || {
            let outcome = work(&connection);
            Ok((connection, outcome))
        })
        .await?;
        self.0 = Some(connection);
        outcome
    }
}

#[async_trait]
impl Snapshot for Moment {
    async fn count(&mut self, table: &'static Table) -> StoreResult<u64> {
        self.run(|c| {
            let sql = format!("SELECT count(*) FROM {} WHERE {}", table.name, table.kept());
            Ok(scalar::<i64>(c, &sql, [])?.unwrap_or(0).unsigned_abs())
        })
        .await
    }

    async fn page(&mut self, table: &'static Table, after: Option<&[Cell]>, limit: u32) -> StoreResult<Vec<Row>> {
        let after = after.map(<[Cell]>::to_vec);
        self.run(move |c| page(c, table, after.as_deref(), limit)).await
    }

    async fn numbers(&mut self) -> StoreResult<Vec<(String, i64)>> {
        self.run(|c| TABLES.iter().filter(|table| table.numbered).map(|table| number(c, table)).collect()).await
    }
}

fn number(c: &Connection, table: &Table) -> StoreResult<(String, i64)> {
    let sql = format!("SELECT coalesce(max({}), 0) FROM {}", table.key(), table.name);
    let highest: i64 = scalar(c, &sql, [])?.unwrap_or(0);
    let given: i64 = match remembers(c, table.name)? {
        true => scalar(c, "SELECT seq FROM sqlite_sequence WHERE name=?1", [table.name])?.unwrap_or(0),
        false => 0,
    };
    Ok((table.name.to_owned(), highest.max(given)))
}

fn page(c: &Connection, table: &Table, after: Option<&[Cell]>, limit: u32) -> StoreResult<Vec<Row>> {
    let (columns, key, kept) = (table.columns(), table.key(), table.kept());
    let after = after.unwrap_or_default();
    let begins = match after.len() {
        0 => String::new(),
        count => format!(" AND ({key}) > ({})", vec!["?"; count].join(", ")),
    };
    let sql = format!("SELECT {columns} FROM {} WHERE {kept}{begins} ORDER BY {key} LIMIT {limit}", table.name);
    all(c, &sql, params_from_iter(after.iter().map(Bound)), |row| {
        table.columns.iter().enumerate().map(|(index, (name, kind))| cell(row, index, *kind, table, name)).collect()
    })
}

pub(super) fn cell(row: &Found<'_>, index: usize, kind: Kind, table: &Table, column: &str) -> StoreResult<Cell> {
    let strange = || StoreError::Damaged(format!("column {column} of {} holds what it must not", table.name));
    Ok(match (row.get_ref(index).map_err(failure)?, kind) {
        (ValueRef::Null, _) => Cell::Null,
        (ValueRef::Integer(number), Kind::Flag) => Cell::Flag(number != 0),
        (ValueRef::Integer(number), Kind::Int) => Cell::Int(number),
        (ValueRef::Text(bytes), Kind::Text | Kind::Json) => {
            Cell::Text(std::str::from_utf8(bytes).map_err(|_| strange())?.to_owned())
        }
        (ValueRef::Blob(bytes), Kind::Bytes) => Cell::Bytes(bytes.to_vec()),
        _ => return Err(strange()),
    })
}

/// A value on its way into a statement.
struct Bound<'c>(&'c Cell);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Cell::Null => ToSqlOutput::Owned(Value::Null),
            Cell::Int(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Cell::Flag(flag) => ToSqlOutput::Owned(Value::Integer(i64::from(*flag))),
            Cell::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Cell::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> StoreResult<T> + Send + 'static) -> StoreResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Other(error.to_string()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_were_given_out_are_not_given_out_again() {
        let c = open::memory().unwrap();
        give_out_after(&c, "messages", 9).unwrap();
        give_out_after(&c, "messages", 4).unwrap();
        give_out_after(&c, "outbox", 4).unwrap();
        let number = |name: &str| number(&c, Table::named(name).unwrap()).unwrap().1;
        assert_eq!((number("messages"), number("jobs"), number("outbox")), (9, 0, 0));
    }
}

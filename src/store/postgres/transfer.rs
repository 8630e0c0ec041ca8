//! All of the store as rows that mean the same in every store, and a store made of such rows.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use tokio_postgres::Row as Found;

use super::open::LOCKS;
use super::rows::{all, at_length, execute, get, int_opt, json, scalar, text, text_opt, to_json};
use super::sessions::{Transaction, transaction};
use super::standing::SERVING;
use super::values::{Value, params};
use super::{Connection, PostgresStore, failure, knowledge};
use crate::domain::company::KnowledgeEntry;
use crate::domain::store::{StoreError, StoreResult};
use crate::domain::transfer::{Cell, Hold, Kind, Mark, Row, Snapshot, TABLES, Table, Transfer};

/// The second half of the lock of whoever copies into the database.
const COPYING: i32 = 5;
/// A server may notice the death of a killed copy a moment later.
const HOLD_TRIES: u32 = 20;
const HOLD_PAUSE: Duration = Duration::from_millis(100);
/// A large table takes longer than anything else may.
const PATIENCE: &str = "SET LOCAL statement_timeout='10min'";

#[async_trait]
impl Transfer for PostgresStore {
    async fn snapshot(&self) -> StoreResult<Box<dyn Snapshot + '_>> {
        let open = self.sessions.look().await?;
        // Between two pages the other store writes, however long that takes.
        let patience = format!("{PATIENCE}; SET LOCAL idle_in_transaction_session_timeout=0");
        open.connection()?.batch_execute(&patience).await.map_err(failure)?;
        Ok(Box::new(Moment(open)))
    }

    async fn is_served(&self) -> StoreResult<bool> {
        let c = self.sessions.connection().await?;
        // Kept for the length of the statement only.
        let sql = format!("SELECT NOT pg_try_advisory_xact_lock({LOCKS}, {SERVING})");
        Ok(scalar(&c, &sql, &[]).await?.unwrap_or(true))
    }

    async fn is_empty(&self) -> StoreResult<bool> {
        let c = self.sessions.connection().await?;
        for table in TABLES.iter().filter(|table| table.name != "meta") {
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {})", table.name);
            if scalar::<bool>(&c, &sql, &[]).await?.unwrap_or(false) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn copy_mark(&self) -> StoreResult<Option<Mark>> {
        let c = self.sessions.connection().await?;
        // Behind whatever an interrupted copy has still on its way: its last words hold this row.
        let kept = scalar::<String>(&c, "SELECT value FROM meta WHERE key='copy' FOR UPDATE", &[]).await?;
        let read = |text: String| {
            serde_json::from_str(&text).map_err(|_| StoreError::Damaged("the mark of a copy cannot be read".to_owned()))
        };
        kept.map(read).transpose()
    }

    async fn hold(&self) -> StoreResult<Option<Hold>> {
        let (client, _) = self.connector.open(|_| {}).await.map_err(failure)?;
        // It lies still for as long as the copy takes.
        client.batch_execute("SET idle_session_timeout=0").await.ok();
        let sql = format!("SELECT pg_try_advisory_lock({LOCKS}, {COPYING})");
        for _ in 0..HOLD_TRIES {
            let row = client.query_one(sql.as_str(), &[]).await.map_err(failure)?;
            if row.try_get::<_, bool>(0).map_err(failure)? {
                return Ok(Some(Hold::new(client)));
            }
            tokio::time::sleep(HOLD_PAUSE).await;
        }
        Ok(None)
    }

    async fn begin_copy(&self, mark: &Mark) -> StoreResult<()> {
        let tables: Vec<&Table> = TABLES.iter().filter(|table| table.name != "meta").collect();
        transaction!(self.sessions, c => {
            empty(c, &tables).await?;
            let meta = Table::named("meta").map(Table::kept).unwrap_or_default();
            execute(c, &format!("DELETE FROM meta WHERE {meta}"), &[]).await?;
            note(c, mark).await
        })
    }

    async fn write_rows(&self, table: &'static Table, rows: Vec<Row>, mark: &Mark) -> StoreResult<()> {
        transaction!(self.sessions, c => {
            insert(c, table, &rows).await?;
            note(c, mark).await
        })
    }

    async fn empty_tables(&self, tables: Vec<&'static Table>, mark: &Mark) -> StoreResult<()> {
        transaction!(self.sessions, c => {
            empty(c, &tables).await?;
            note(c, mark).await
        })
    }

    async fn finish_rows(&self, numbers: Vec<(String, i64)>) -> StoreResult<()> {
        transaction!(self.sessions, c => {
            for (name, number) in &numbers {
                give_out_after(c, name, *number).await?;
            }
            let sql = "SELECT title, text, tags FROM knowledge ORDER BY position";
            let entries = all(c, sql, &[], |row| {
                Ok(KnowledgeEntry { title: text(row, "title")?, text: text(row, "text")?, tags: json(row, "tags")? })
            })
            .await?;
            knowledge::replace(c, &entries).await
        })
    }

    async fn end_copy(&self) -> StoreResult<()> {
        transaction!(self.sessions, c => {
            execute(c, "DELETE FROM meta WHERE key='copy'", &[]).await.map(|_| ())
        })
    }
}

async fn note(c: &Connection, mark: &Mark) -> StoreResult<()> {
    let sql = "INSERT INTO meta(key, value) VALUES('copy', $1) ON CONFLICT(key) DO UPDATE SET value=excluded.value";
    execute(c, sql, params![to_json(mark)?]).await.map(|_| ())
}

async fn empty(c: &Connection, tables: &[&Table]) -> StoreResult<()> {
    c.batch_execute(PATIENCE).await.map_err(failure)?;
    let (meta, others): (Vec<&Table>, Vec<&Table>) = tables.iter().copied().partition(|table| table.name == "meta");
    for table in meta {
        execute(c, &format!("DELETE FROM meta WHERE {}", table.kept()), &[]).await?;
    }
    if others.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = others.iter().map(|table| table.name).collect();
    c.batch_execute(&format!("TRUNCATE {}", names.join(", "))).await.map_err(failure)
}

/// Writes rows, all of them on their way before the first is answered.
async fn insert(c: &Connection, table: &Table, rows: &[Row]) -> StoreResult<()> {
    let marks: Vec<String> = (1..=table.columns.len()).map(|number| format!("${number}")).collect();
    let (name, columns, marks) = (table.name, table.columns(), marks.join(", "));
    let sql = format!("INSERT INTO {name}({columns}) OVERRIDING SYSTEM VALUE VALUES({marks})");
    let mut values = Vec::with_capacity(rows.len());
    for row in rows {
        values.push(row.iter().zip(table.columns).map(|(cell, column)| value(table, column, cell)).collect());
    }
    let values = values.into_iter().collect::<StoreResult<Vec<Vec<Value>>>>()?;
    let Some((first, others)) = values.split_first() else { return Ok(()) };
    execute(c, &sql, first).await?;
    try_join_all(others.iter().map(|row| execute(c, &sql, row))).await.map(|_| ())
}

fn value(table: &Table, (column, kind): &(&str, Kind), cell: &Cell) -> StoreResult<Value> {
    Ok(match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => Value::Int(*number),
        Cell::Flag(flag) => Value::Bool(*flag),
        Cell::Bytes(bytes) => Value::Bytes(bytes.clone()),
        Cell::Text(text) if *kind == Kind::Json && serde_json::from_str::<serde_json::Value>(text).is_err() => {
            return Err(StoreError::Damaged(format!("column {column} of {} holds no document", table.name)));
        }
        Cell::Text(text) => Value::Text(text.clone()),
    })
}

/// The sequence that PostgreSQL keeps for a table's numbers.
fn sequence(table: &Table) -> String {
    format!("{}_{}_seq", table.name, table.key())
}

async fn give_out_after(c: &Connection, name: &str, number: i64) -> StoreResult<()> {
    let Some(table) = Table::named(name).filter(|table| table.numbered && number > 0) else { return Ok(()) };
    let highest = format!("SELECT coalesce(max({}), 0) FROM {}", table.key(), table.name);
    let sql = format!("SELECT setval('{}', greatest($1, ({highest})))", sequence(table));
    scalar::<i64>(c, &sql, params![number]).await.map(|_| ())
}

/// A transaction that sees one moment.
struct Moment<'s>(Transaction<'s>);

#[async_trait]
impl Snapshot for Moment<'_> {
    async fn count(&mut self, table: &'static Table) -> StoreResult<u64> {
        let sql = format!("SELECT count(*) FROM {} WHERE {}", table.name, table.kept());
        Ok(at_length(scalar::<i64>(self.0.connection()?, &sql, &[])).await?.unwrap_or(0).unsigned_abs())
    }

    async fn page(&mut self, table: &'static Table, after: Option<&[Cell]>, limit: u32) -> StoreResult<Vec<Row>> {
        let (columns, key, kept) = (table.columns(), table.key(), table.kept());
        let after: Vec<Value> = after
            .unwrap_or_default()
            .iter()
            .zip(table.columns)
            .map(|(cell, column)| value(table, column, cell))
            .collect::<StoreResult<_>>()?;
        let marks: Vec<String> = (1..=after.len()).map(|number| format!("${number}")).collect();
        let begins = if after.is_empty() { String::new() } else { format!(" AND ({key}) > ({})", marks.join(", ")) };
        let sql = format!("SELECT {columns} FROM {} WHERE {kept}{begins} ORDER BY {key} LIMIT {limit}", table.name);
        let read = |row: &Found| table.columns.iter().map(|(name, kind)| cell(row, name, *kind)).collect();
        at_length(all(self.0.connection()?, &sql, &after, read)).await
    }

    async fn numbers(&mut self) -> StoreResult<Vec<(String, i64)>> {
        let mut found = Vec::new();
        for table in TABLES.iter().filter(|table| table.numbered) {
            let sql = format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {}", sequence(table));
            let given: i64 = scalar(self.0.connection()?, &sql, &[]).await?.unwrap_or(0);
            found.push((table.name.to_owned(), given));
        }
        Ok(found)
    }
}

pub(super) fn cell(row: &Found, name: &str, kind: Kind) -> StoreResult<Cell> {
    Ok(match kind {
        Kind::Int => int_opt(row, name)?.map_or(Cell::Null, Cell::Int),
        Kind::Flag => get::<Option<bool>>(row, name)?.map_or(Cell::Null, Cell::Flag),
        Kind::Text | Kind::Json => text_opt(row, name)?.map_or(Cell::Null, Cell::Text),
        Kind::Bytes => get::<Option<Vec<u8>>>(row, name)?.map_or(Cell::Null, Cell::Bytes),
    })
}

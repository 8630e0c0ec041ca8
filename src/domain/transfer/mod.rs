//! A store's whole content as rows that mean the same in every store: what is moved, compared and kept.

mod copy;
mod sum;
mod tables;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::store::{Store, StoreResult};

pub use self::copy::{Copied, Stage, Watch, checksum, compared, copy, sums};
pub use self::sum::{Sum, TableSum};
pub use self::tables::{KEPT_OUT, OF_THE_MOMENT, TABLES};

/// A store that nobody else copies into meanwhile.
pub struct Hold(#[expect(dead_code, reason = "it is dropped")] Box<dyn std::any::Any + Send>);

impl Hold {
    /// What lets go of the store when it is dropped.
    pub fn new(kept: impl std::any::Any + Send) -> Self {
        Self(Box::new(kept))
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Int,
    /// Yes or no.
    Flag,
    /// Words.
    Text,
    /// A document.
    Json,
    /// Bytes.
    Bytes,
}

/// One value, whatever store it lies in. A document is its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// Yes or no.
    Flag(bool),
    /// Words, or a document.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// The values of a row, in the order of its table's columns.
pub type Row = Vec<Cell>;

/// A table that is moved. Names are fixed, so that they may stand in a statement.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Every column that holds what cannot be worked out again; those of the key first.
    pub columns: &'static [(&'static str, Kind)],
    /// How many columns the key has.
    pub key: usize,
    /// The tables that its rows refer to.
    pub parents: &'static [&'static str],
    /// The store gives out the numbers of its key.
    pub numbered: bool,
}

impl Table {
    /// The table of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// Names of its columns, with commas.
    #[must_use]
    pub fn columns(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// Names of its key's columns, with commas.
    #[must_use]
    pub fn key(&self) -> String {
        self.columns.iter().take(self.key).map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// What only this store needs and no copy takes along, as a condition; true of every row elsewhere.
    #[must_use]
    pub fn kept(&self) -> String {
        if self.name != "meta" {
            return "1=1".to_owned();
        }
        let names: Vec<String> = KEPT_OUT.iter().map(|name| format!("'{name}'")).collect();
        format!("key NOT IN ({})", names.join(", "))
    }

    /// The key of a row.
    #[must_use]
    pub fn key_of(&self, row: &[Cell]) -> Vec<Cell> {
        row.iter().take(self.key).cloned().collect()
    }

    /// These tables and every one whose rows refer to them, in the order of [`TABLES`].
    #[must_use]
    pub fn with_dependents(names: &[&str]) -> Vec<&'static Self> {
        let mut found: Vec<&'static Self> = Vec::new();
        for table in TABLES {
            let depends = table.parents.iter().any(|parent| found.iter().any(|table| table.name == *parent));
            if depends || names.contains(&table.name) {
                found.push(table);
            }
        }
        found
    }
}

/// How far a copy into a store has come. As long as it is there, the store is not whole and opens for nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// What is copied, without secrets.
    pub from: String,
    /// The command that goes on with it.
    pub again: String,
    /// Tables that are there.
    pub done: Vec<String>,
    /// The table that is being filled, and the key of its last row.
    pub at: Option<(String, Vec<Cell>)>,
}

impl Mark {
    /// The beginning of a copy.
    #[must_use]
    pub fn new(from: String, again: String) -> Self {
        Self { from, again, done: Vec::new(), at: None }
    }

    /// The key after which a table goes on.
    #[must_use]
    pub fn after(&self, table: &Table) -> Option<&[Cell]> {
        self.at.as_ref().filter(|(name, _)| name == table.name).map(|(_, key)| key.as_slice())
    }

    /// Whether a table is there.
    #[must_use]
    pub fn has(&self, table: &Table) -> bool {
        self.done.iter().any(|name| name == table.name)
    }
}

/// All of a store at one moment, read beside whoever writes. It lasts until it is dropped.
#[async_trait]
pub trait Snapshot: Send {
    /// How many rows a table has.
    async fn count(&mut self, table: &'static Table) -> StoreResult<u64>;

    /// At most `limit` rows after a key, in the order of the key.
    async fn page(&mut self, table: &'static Table, after: Option<&[Cell]>, limit: u32) -> StoreResult<Vec<Row>>;

    /// The highest number that each numbered table has given out.
    async fn numbers(&mut self) -> StoreResult<Vec<(String, i64)>>;
}

/// A store that can be moved into another one.
#[async_trait]
pub trait Transfer: Store {
    /// All of it, as it is now.
    async fn snapshot(&self) -> StoreResult<Box<dyn Snapshot + '_>>;

    /// Whether a living daemon works on it.
    async fn is_served(&self) -> StoreResult<bool>;

    /// Whether nothing is in it; secrets that an empty store has made for itself do not count.
    async fn is_empty(&self) -> StoreResult<bool>;

    /// The copy that is under way into it.
    async fn copy_mark(&self) -> StoreResult<Option<Mark>>;

    /// Keeps other copies away from it until what is answered is dropped, or this process dies; nothing when another
    /// copy does so.
    async fn hold(&self) -> StoreResult<Option<Hold>>;

    /// Empties the store and marks it as the beginning of a copy, in one transaction.
    async fn begin_copy(&self, mark: &Mark) -> StoreResult<()>;

    /// Writes rows and how far the copy has come, in one transaction. Rows that are there already fail it.
    async fn write_rows(&self, table: &'static Table, rows: Vec<Row>, mark: &Mark) -> StoreResult<()>;

    /// Empties tables and writes how far the copy has come then, in one transaction.
    async fn empty_tables(&self, tables: Vec<&'static Table>, mark: &Mark) -> StoreResult<()>;

    /// Builds anew what follows from the rows, and gives out no number again that the source has given out.
    async fn finish_rows(&self, numbers: Vec<(String, i64)>) -> StoreResult<()>;

    /// Takes the mark away: the store is whole.
    async fn end_copy(&self) -> StoreResult<()>;
}

//! Copying a store into another one, and going on where a copy stopped.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Mark, Snapshot, Sum, TABLES, Table, TableSum, Transfer};
use crate::domain::signing::hex;
use crate::domain::store::{StoreError, StoreResult};

/// Rows that are read at once and written in one transaction.
const PAGE: u32 = 500;

/// What a copy is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Rows are written, of so many.
    Rows(u64),
    /// Rows are compared, of so many.
    Compare(u64),
}

/// What a copy came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Every table with its sum, the same in both stores.
    pub tables: Vec<TableSum>,
    /// An earlier run had begun it.
    pub resumed: bool,
}

impl Copied {
    /// Rows in all.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// One sum of everything: the same for stores that hold the same.
    #[must_use]
    pub fn checksum(&self) -> String {
        checksum(&self.tables)
    }
}

/// One sum of all tables.
#[must_use]
pub fn checksum(tables: &[TableSum]) -> String {
    let mut hasher = Sha256::new();
    for TableSum { table, rows, sum } in tables {
        hasher.update(format!("{table} {rows} {sum}\n"));
    }
    hex(&hasher.finalize())
}

/// Hears what a copy does: the stage, and how many rows more are through.
pub type Watch<'w> = &'w mut (dyn FnMut(Stage, u64) + Send);
/// What the source holds, as far as it was read.
type Known = BTreeMap<&'static str, Sum>;

/// Copies all of a store into an empty one, or goes on with such a copy; `replace` empties the target first. The source
/// is read as it is at the beginning. What is there in the end is compared with it, and tables that differ, because the
/// source has changed since an earlier run, are copied anew.
///
/// # Errors
/// `Filling` while another copy fills the target, `Unfinished` when another copy into it has not ended, `NotEmpty` when something else is in it, `Damaged`
/// when a row does not fit or the copy is not what it should be.
pub async fn copy(
    from: &dyn Transfer,
    to: &dyn Transfer,
    begin: Mark,
    replace: bool,
    watch: Watch<'_>,
) -> StoreResult<Copied> {
    let Some(_hold) = to.hold().await? else { return Err(StoreError::Filling) };
    let (mut mark, resumed) = match to.copy_mark().await? {
        Some(mark) if mark.from == begin.from => (mark, true),
        Some(other) if !replace => return Err(StoreError::Unfinished(other.again)),
        None if !replace && !to.is_empty().await? => return Err(StoreError::NotEmpty),
        _ => (begin, false),
    };
    let mut source = from.snapshot().await?;
    if !resumed {
        to.begin_copy(&mark).await?;
    }
    let mut known = Known::new();
    fill(&mut *source, to, &mut mark, &mut known, watch).await?;
    settle(&mut *source, to).await?;
    let (tables, differing) = compare(&mut *source, to, &known, watch).await?;
    let tables = if differing.is_empty() {
        tables
    } else {
        let anew = Table::with_dependents(&differing);
        mark.done.retain(|name| anew.iter().all(|table| table.name != name));
        mark.at = None;
        to.empty_tables(anew, &mark).await?;
        fill(&mut *source, to, &mut mark, &mut known, watch).await?;
        settle(&mut *source, to).await?;
        let (tables, differing) = compare(&mut *source, to, &known, watch).await?;
        if !differing.is_empty() {
            return Err(StoreError::Damaged(format!("the copy differs from its source in {}", differing.join(", "))));
        }
        tables
    };
    to.end_copy().await?;
    Ok(Copied { tables, resumed })
}

async fn settle(source: &mut (dyn Snapshot + '_), to: &dyn Transfer) -> StoreResult<()> {
    to.finish_rows(source.numbers().await?).await
}

/// Writes every row that the mark does not have yet.
async fn fill(
    source: &mut (dyn Snapshot + '_),
    to: &dyn Transfer,
    mark: &mut Mark,
    known: &mut Known,
    watch: Watch<'_>,
) -> StoreResult<()> {
    let mut total = 0;
    for table in TABLES.iter().filter(|table| !mark.has(table)) {
        total += source.count(table).await?;
    }
    watch(Stage::Rows(total), 0);
    for table in TABLES {
        if mark.has(table) {
            continue;
        }
        let mut after = mark.after(table).map(<[_]>::to_vec);
        let mut sum = after.is_none().then(Sum::default);
        loop {
            let rows = source.page(table, after.as_deref(), PAGE).await?;
            let (count, is_last) = (rows.len() as u64, rows.len() < PAGE as usize);
            if let Some(sum) = &mut sum {
                rows.iter().for_each(|row| sum.add(table, row));
            }
            after = rows.last().map(|row| table.key_of(row)).or(after);
            mark.at = after.clone().filter(|_| !is_last).map(|key| (table.name.to_owned(), key));
            if is_last {
                mark.done.push(table.name.to_owned());
            }
            if count > 0 {
                to.write_rows(table, rows, mark).await.map_err(|error| unfit(table, error))?;
            }
            watch(Stage::Rows(total), count);
            if is_last {
                break;
            }
        }
        // What an earlier run has copied is summed when it is compared.
        known.extend(sum.map(|sum| (table.name, sum)));
    }
    Ok(())
}

/// The sums of both, and the tables in which they differ.
async fn compare(
    source: &mut (dyn Snapshot + '_),
    to: &dyn Transfer,
    known: &Known,
    watch: Watch<'_>,
) -> StoreResult<(Vec<TableSum>, Vec<&'static str>)> {
    let mut there = to.snapshot().await?;
    let mut total = 0;
    for table in TABLES {
        let count = there.count(table).await?;
        total += count;
        if !known.contains_key(table.name) {
            total += source.count(table).await?;
        }
    }
    watch(Stage::Compare(total), 0);
    let (mut sums, mut differing) = (Vec::new(), Vec::new());
    for table in TABLES {
        let wanted = match known.get(table.name) {
            Some(sum) => *sum,
            None => sum(source, table, &mut |rows| watch(Stage::Compare(total), rows)).await?,
        };
        let found = sum(&mut *there, table, &mut |rows| watch(Stage::Compare(total), rows)).await?;
        if wanted != found {
            differing.push(table.name);
        }
        sums.push(found.of(table));
    }
    Ok((sums, differing))
}

async fn sum(
    snapshot: &mut (dyn Snapshot + '_),
    table: &'static Table,
    watch: &mut (dyn FnMut(u64) + Send),
) -> StoreResult<Sum> {
    let (mut sum, mut after) = (Sum::default(), None);
    loop {
        let rows = snapshot.page(table, after.as_deref(), PAGE).await?;
        rows.iter().for_each(|row| sum.add(table, row));
        watch(rows.len() as u64);
        match rows.last() {
            Some(last) if rows.len() == PAGE as usize => after = Some(table.key_of(last)),
            _ => return Ok(sum),
        }
    }
}

/// The sum of every table of a store.
///
/// # Errors
/// When it cannot be read.
pub async fn sums(snapshot: &mut (dyn Snapshot + '_)) -> StoreResult<Vec<TableSum>> {
    let mut found = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        found.push(sum(snapshot, table, &mut |_| {}).await?.of(table));
    }
    Ok(found)
}

/// What is not as it was, one sentence a table.
#[must_use]
pub fn compared(wanted: &[TableSum], found: &[TableSum]) -> Vec<String> {
    let of = |table: &TableSum| found.iter().find(|other| other.table == table.table);
    let told = |table: &TableSum| match of(table) {
        Some(other) if other == table => None,
        Some(other) if other.rows == table.rows => Some(format!("rows of {} are not what they were", table.table)),
        Some(other) => Some(format!("{} has {} rows and had {}", table.table, other.rows, table.rows)),
        None => Some(format!("{} is gone", table.table)),
    };
    wanted.iter().filter_map(told).collect()
}

/// A row that the target refuses is the source's trouble, not a bug.
fn unfit(table: &Table, error: StoreError) -> StoreError {
    match error {
        StoreError::Other(why) => StoreError::Damaged(format!("a row of {} does not fit: {why}", table.name)),
        other => other,
    }
}

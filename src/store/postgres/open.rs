//! Opening a database: migrations, one process at a time, and refusing what is not ours.

use std::time::Duration;

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::connect::Connector;
use super::{LATEST_SCHEMA, failure};
use crate::domain::store::{StoreError, StoreResult};
use crate::domain::transfer::Mark;

mod embedded {
    refinery::embed_migrations!("src/store/migrations/postgres");
}

/// `flow` in ASCII: the first half of every lock of ours that the database keeps.
pub(super) const LOCKS: i32 = 0x666c_6f77;
/// The second half: who brings the schema forward.
const MIGRATING: i32 = 1;
/// How long a schema may take to be brought forward.
const MIGRATION: Duration = Duration::from_secs(600);
/// How long a server may take to let us in.
const PATIENCE: Duration = Duration::from_secs(10);
/// The name of the first migration: by it a history is known to be ours.
const FIRST: &str = "first";

pub(super) async fn migrated(connector: &Connector, must_be_whole: bool) -> StoreResult<()> {
    let mut client = connect(connector).await?;
    look_at(&client).await?;
    bring_forward(&mut client).await?;
    if must_be_whole { refuse_unfinished(&client).await } else { Ok(()) }
}

/// A store that a copy has not made whole yet is good for nothing but that copy.
async fn refuse_unfinished(client: &Client) -> StoreResult<()> {
    let kept = client.query_opt("SELECT value FROM meta WHERE key='copy'", &[]).await.map_err(failure)?;
    let Some(row) = kept else { return Ok(()) };
    let mark: Option<Mark> = serde_json::from_str(row.try_get(0).map_err(failure)?).ok();
    Err(StoreError::Unfinished(mark.map_or_else(|| "flow db copy".to_owned(), |mark| mark.again)))
}

async fn bring_forward(client: &mut Client) -> StoreResult<()> {
    if refuse_newer(client).await? == Some(LATEST_SCHEMA) {
        return Ok(());
    }
    let (wait, key) = (MIGRATION.as_millis(), format!("{LOCKS}, {MIGRATING}"));
    let take = format!("SET statement_timeout={wait}; SET lock_timeout={wait}; SELECT pg_advisory_lock({key})");
    client.batch_execute(&take).await.map_err(failure)?;
    // Whoever came first may have done it, or may be newer.
    if refuse_newer(client).await? == Some(LATEST_SCHEMA) {
        return Ok(());
    }
    // The lock goes with the connection.
    let outcome = embedded::migrations::runner().run_async(client).await;
    outcome.map(|_| ()).map_err(unmigrated)
}

fn unmigrated(error: refinery::Error) -> StoreError {
    let cause = std::error::Error::source(&error);
    let told =
        cause.and_then(|cause| cause.downcast_ref::<tokio_postgres::Error>()).and_then(|cause| cause.as_db_error());
    match told {
        Some(told) if *told.code() == SqlState::INSUFFICIENT_PRIVILEGE => StoreError::Denied(told.message().to_owned()),
        Some(told) => StoreError::Open(format!("the schema cannot be brought forward: {}", told.message())),
        None => {
            let why = cause.map(ToString::to_string).unwrap_or_default();
            StoreError::Open(format!("the schema cannot be brought forward: {error}: {why}"))
        }
    }
}

pub(super) async fn peek(connector: &Connector) -> StoreResult<u32> {
    let client = connect(connector).await?;
    Ok(schema_of(&client).await?.unwrap_or(0))
}

async fn connect(connector: &Connector) -> StoreResult<Client> {
    let opening = tokio::time::timeout(PATIENCE, connector.open(|_| {})).await;
    // A server that hangs takes the connection and says nothing.
    let opened = opening.map_err(|_| StoreError::Away("it does not answer".to_owned()))?;
    let (client, _) = opened.map_err(|error| {
        let is_away = super::is_away(&error);
        match failure(error) {
            StoreError::Busy(text) if is_away => StoreError::Away(text),
            StoreError::Busy(text) | StoreError::Other(text) => StoreError::Open(text),
            other => other,
        }
    })?;
    Ok(client)
}

/// Whether the database can hold what clients write.
async fn look_at(client: &Client) -> StoreResult<()> {
    let row = client.query_one("SELECT current_setting('server_encoding'), pg_is_in_recovery()", &[]).await;
    let row = row.map_err(failure)?;
    let (encoding, is_standby): (String, bool) = (row.try_get(0).map_err(failure)?, row.try_get(1).map_err(failure)?);
    if encoding != "UTF8" {
        let why = format!("the database has the encoding {encoding}; make one with ENCODING 'UTF8'");
        return Err(StoreError::Open(why));
    }
    if is_standby { Err(StoreError::ReadOnly) } else { Ok(()) }
}

/// The schema's version; `None` in an empty schema.
pub(super) async fn schema_of(client: &Client) -> StoreResult<Option<u32>> {
    let sql = "SELECT to_regclass('refinery_schema_history') IS NOT NULL,
               to_regclass('conversations') IS NOT NULL OR to_regclass('messages') IS NOT NULL";
    let row = client.query_one(sql, &[]).await.map_err(failure)?;
    let (is_known, is_used): (bool, bool) = (row.try_get(0).map_err(failure)?, row.try_get(1).map_err(failure)?);
    if !is_known {
        return if is_used { Err(foreign()) } else { Ok(None) };
    }
    let sql = "SELECT max(version)::bigint, coalesce(bool_or(version=1 AND name=$1), false)
               FROM refinery_schema_history";
    let row = client.query_one(sql, &[&FIRST]).await.map_err(failure)?;
    let (version, is_ours): (Option<i64>, bool) = (row.try_get(0).map_err(failure)?, row.try_get(1).map_err(failure)?);
    match version {
        None => Ok(None),
        Some(_) if !is_ours => Err(foreign()),
        Some(version) => Ok(Some(u32::try_from(version).unwrap_or(u32::MAX))),
    }
}

fn foreign() -> StoreError {
    let why = "the schema has tables of another program; give flow a database or a schema of its own";
    StoreError::Open(why.to_owned())
}

/// The schema of a database that this program may open: `None` in an empty one.
async fn refuse_newer(client: &Client) -> StoreResult<Option<u32>> {
    match schema_of(client).await? {
        Some(found) if found > LATEST_SCHEMA => Err(StoreError::Newer { found, known: LATEST_SCHEMA }),
        found => Ok(found),
    }
}

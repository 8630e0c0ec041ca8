//! The store that an address names.

use std::sync::Arc;

use crate::config::{Config, StoreUrl};
use crate::domain::company::Company;
use crate::domain::overlay::Refine;
use crate::domain::sharing::SessionCopies;
use crate::domain::store::{Store, StoreResult};
use crate::jobs::wakeups::Wakeups;
use crate::store::postgres::{self, PostgresStore};
use crate::store::sqlite::{self, SqliteStore};

/// Opens the store that the configuration names. Where several daemons share it, what others write wakes us too, and
/// copies of what dialogues remember are kept where that is configured.
///
/// # Errors
/// When it cannot be opened.
pub fn open_store(
    config: &Config,
    wakeups: &Arc<Wakeups>,
    copies: Option<Arc<dyn SessionCopies>>,
) -> StoreResult<Arc<dyn Store>> {
    let refine = refine(config);
    Ok(match &config.store.url {
        StoreUrl::Sqlite(path) => Arc::new(SqliteStore::open(path)?.refined(refine)),
        StoreUrl::Postgres(url) => {
            let store = PostgresStore::open(url.expose(), postgres::SESSIONS)?;
            let wakeups = Arc::clone(wakeups);
            store.on_work(move || wakeups.heard());
            let store = match copies {
                Some(copies) => store.copying(copies, config.dialog.session_ttl),
                None => store,
            };
            Arc::new(store.refined(refine))
        }
    })
}

/// A store that lives as long as this value.
///
/// # Errors
/// When there is no memory for it.
pub(super) fn in_memory(config: &Config) -> StoreResult<Arc<dyn Store>> {
    Ok(Arc::new(SqliteStore::in_memory()?.refined(refine(config))))
}

/// An empty store that goes away with this value: in the database of that address, else in memory.
///
/// # Errors
/// When it cannot be made.
pub(super) fn scratch(config: &Config, place: Option<&StoreUrl>) -> StoreResult<Arc<dyn Store>> {
    match place {
        Some(StoreUrl::Postgres(url)) => Ok(Arc::new(PostgresStore::scratch(url.expose())?)),
        _ => in_memory(config),
    }
}

/// The schema of the store at an address, without changing it, and the newest that this program knows; nothing where
/// there is no store.
///
/// # Errors
/// When it cannot be read.
pub fn peek_schema(url: &StoreUrl) -> StoreResult<Option<(u32, u32)>> {
    match url {
        StoreUrl::Sqlite(path) if !path.exists() => Ok(None),
        StoreUrl::Sqlite(path) => Ok(Some((SqliteStore::peek_schema(path)?, sqlite::LATEST_SCHEMA))),
        StoreUrl::Postgres(url) => {
            let found = PostgresStore::peek_schema(url.expose())?;
            Ok((found > 0).then_some((found, postgres::LATEST_SCHEMA)))
        }
    }
}

/// What the configuration lays over the profile: its own words, and the active CRM's services and staff.
fn refine(config: &Config) -> Refine {
    let overrides = config.company.clone();
    let company = move |company: &mut Company| {
        if let Some(timezone) = &overrides.timezone {
            company.timezone = timezone.clone();
        }
        if let Some(locale) = overrides.locale {
            company.locale = locale;
        }
        if let Some(currency) = &overrides.currency {
            company.currency.clone_from(currency);
        }
    };
    let connection = config.crm.connections.contains_key(&config.crm.active).then(|| config.crm.active.clone());
    Refine { company: Some(Box::new(company)), connection }
}

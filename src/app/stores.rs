//! The store that an address names.

use std::sync::Arc;

use crate::config::{CompanyOverrides, Config, StoreUrl};
use crate::domain::company::Company;
use crate::domain::store::{Store, StoreResult};
use crate::jobs::wakeups::Wakeups;
use crate::store::postgres::{self, PostgresStore};
use crate::store::sqlite::{self, SqliteStore};

/// Opens the store that the configuration names. Where several daemons share it, what others write wakes us too.
///
/// # Errors
/// When it cannot be opened.
pub fn open_store(config: &Config, wakeups: &Arc<Wakeups>) -> StoreResult<Arc<dyn Store>> {
    let refine = refine(&config.company);
    Ok(match &config.store.url {
        StoreUrl::Sqlite(path) => {
            let store = SqliteStore::open(path)?;
            Arc::new(match refine {
                Some(refine) => store.refined(refine),
                None => store,
            })
        }
        StoreUrl::Postgres(url) => {
            let store = PostgresStore::open(url.expose(), postgres::SESSIONS)?;
            let wakeups = Arc::clone(wakeups);
            store.on_work(move || wakeups.heard());
            Arc::new(match refine {
                Some(refine) => store.refined(refine),
                None => store,
            })
        }
    })
}

/// A store that lives as long as this value.
///
/// # Errors
/// When there is no memory for it.
pub(super) fn in_memory(config: &Config) -> StoreResult<Arc<dyn Store>> {
    let store = SqliteStore::in_memory()?;
    Ok(Arc::new(match refine(&config.company) {
        Some(refine) => store.refined(refine),
        None => store,
    }))
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

/// What is laid over a company whenever it is read.
type Refine = Box<dyn Fn(&mut Company) + Send + Sync>;

/// What the configuration lays over the profile's company; nothing when it says nothing.
fn refine(overrides: &CompanyOverrides) -> Option<Refine> {
    if *overrides == CompanyOverrides::default() {
        return None;
    }
    let overrides = overrides.clone();
    Some(Box::new(move |company| {
        if let Some(timezone) = &overrides.timezone {
            company.timezone = timezone.clone();
        }
        if let Some(locale) = overrides.locale {
            company.locale = locale;
        }
        if let Some(currency) = &overrides.currency {
            company.currency.clone_from(currency);
        }
    }))
}

//! A store for a while: a schema of its own, which goes away with the value.

use std::sync::Arc;

use super::connect::Connector;
use super::{PostgresStore, failure, outside, runtime};
use crate::domain::store::StoreResult;

/// Sessions of a store that one dialogue is played in.
const SESSIONS: usize = 3;

/// The schema, and the way to it.
pub(super) struct Scratch {
    connector: Arc<Connector>,
    schema: String,
}

impl PostgresStore {
    /// An empty store in that database, beside whatever is there.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub fn scratch(url: &str) -> StoreResult<Self> {
        let schema = format!("flow_scratch_{}_{:x}", std::process::id(), rand::random::<u64>());
        let connector = outside(|| {
            let runtime = runtime()?;
            let connector = Connector::new(url, runtime.handle().clone())?;
            let made = runtime.block_on(run(&connector, &format!("CREATE SCHEMA {schema}")));
            runtime.shutdown_background();
            made
        });
        connector?;
        let sign = if url.contains('?') { '&' } else { '?' };
        let mut store = Self::open(&format!("{url}{sign}options=-c%20search_path%3D{schema}"), SESSIONS)?;
        store.scratch = Some(Scratch { connector: Arc::clone(&store.connector), schema });
        Ok(store)
    }
}

impl Scratch {
    pub(super) async fn drop_schema(&self) {
        let dropped = run(&self.connector, &format!("DROP SCHEMA {} CASCADE", self.schema)).await;
        if let Err(error) = dropped {
            tracing::warn!(schema = self.schema, %error, "a schema is left behind");
        }
    }
}

async fn run(connector: &Connector, sql: &str) -> StoreResult<()> {
    let (client, _) = connector.open(|_| {}).await.map_err(failure)?;
    client.batch_execute(sql).await.map_err(failure)
}

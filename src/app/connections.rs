//! CRM connections: from what is configured to what the rest of flow speaks to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::adapters::crm::ledgered::Ledgered;
use crate::adapters::crm::watched::Watched;
use crate::adapters::crm::{Wiring, row};
use crate::adapters::http::Transport;
use crate::adapters::http::client::{Client, Settings};
use crate::config::connections::Connection;
use crate::config::{Config, parse_duration};
use crate::domain::clock::Clock;
use crate::domain::crm::Crm;
use crate::domain::sharing::Purse;
use crate::domain::store::Store;

/// A call that has no limit of its own.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What only reads is not waited for any longer; a long range of days is many calls.
const LONGEST_READ: Duration = Duration::from_secs(120);

/// What every connection shares.
#[derive(Clone)]
pub(super) struct Common {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub purse: Arc<dyn Purse>,
    pub holder: Arc<str>,
}

/// The connections that are configured, and why some of them cannot be opened: the others go on.
pub(super) fn connections(
    config: &Config,
    common: &Common,
) -> (BTreeMap<String, Arc<dyn Crm>>, BTreeMap<String, String>) {
    let (mut opened, mut broken) = (BTreeMap::new(), BTreeMap::new());
    for (name, connection) in &config.crm.connections {
        match connect(config, name, connection, common, |way| way) {
            Ok(crm) => drop(opened.insert(name.clone(), crm)),
            Err(error) => {
                tracing::error!(connection = %name, error, "a CRM connection cannot be opened");
                broken.insert(name.clone(), error);
            }
        }
    }
    (opened, broken)
}

/// One connection, with `wrap` around what carries its calls.
pub(super) fn connect(
    config: &Config,
    name: &str,
    connection: &Connection,
    common: &Common,
    wrap: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport>,
) -> Result<Arc<dyn Crm>, String> {
    let row = row(&connection.kind).ok_or_else(|| format!("there is no kind of CRM `{}`", connection.kind))?;
    let mut settings = settings(connection);
    let text = |settings: &mut Map<String, Value>, key: &str| match settings.remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let timeout = text(&mut settings, "timeout").and_then(|timeout| parse_duration(&timeout));
    let pem = text(&mut settings, "ca_bundle").map(std::fs::read).transpose();
    let ca_bundle = pem.map_err(|error| format!("ca_bundle: {error}"))?;
    let proxy = text(&mut settings, "proxy");
    let client = Client::open(Settings { timeout: timeout.unwrap_or(TIMEOUT), ca_bundle, proxy })?;
    let zone =
        text(&mut settings, "timezone").or_else(|| config.company.timezone.as_ref().map(|z| z.name().to_owned()));
    let wiring = Wiring {
        name: name.to_owned(),
        store: Arc::clone(&common.store),
        clock: Arc::clone(&common.clock),
        transport: wrap(Arc::new(client)),
        purse: Arc::clone(&common.purse),
        base_url: text(&mut settings, "base_url").map(|url| url.trim_end_matches('/').to_owned()),
        public_url: config.http.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned()),
        timeout,
        calls_per_second: settings.remove("calls_per_second").and_then(|calls| calls.as_f64()),
        timezone: zone.and_then(|zone| TimeZone::get(&zone).ok()),
        holder: common.holder.to_string(),
        secrets: hidden(connection).into(),
    };
    let inner = (row.open)(wiring.clone(), Value::Object(settings))?;
    let ledgered: Arc<dyn Crm> = Arc::new(Ledgered::new(inner, row.kind, wiring));
    // A person at a terminal waits longer than a client in a chat.
    Ok(Arc::new(Watched::new(ledgered, LONGEST_READ)))
}

/// Secrets, and what one is made of: an address that is a secret has it between its slashes.
fn hidden(connection: &Connection) -> Vec<String> {
    let whole = connection.secrets.values().map(|secret| secret.expose().to_owned()).filter(|text| text.len() >= 4);
    let mut words: Vec<String> = whole.collect();
    let is_one = |part: &str| part.len() >= 6 && !part.contains(['.', ':']);
    let parts: Vec<String> =
        words.iter().flat_map(|text| text.split('/')).filter(|p| is_one(p)).map(str::to_owned).collect();
    words.extend(parts);
    // The longest first: a part must not spoil the whole.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    words
}

/// The keys as the adapter reads them; secrets in the clear, for its own types to hide.
fn settings(connection: &Connection) -> Map<String, Value> {
    let secrets = connection.secrets.iter().map(|(key, secret)| (key.clone(), Value::from(secret.expose())));
    connection.values.clone().into_iter().chain(secrets).collect()
}

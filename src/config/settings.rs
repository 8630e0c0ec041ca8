//! What can be set, as the rest of flow takes it.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use super::channels::{ChannelsConfig, SendLimits, TelegramChannel, TelegramMode, WebChannel};
pub use super::connections::{Connection, CrmConfig, LocalCrm};
use super::duration;
use super::secret::Secret;
use crate::domain::company::Zone;
use crate::domain::contact::Locale;

/// The whole configuration. `Default` is what stands when nothing is given.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What replaces the profile's own words.
    pub company: CompanyOverrides,
    /// Where everything is kept.
    pub store: StoreConfig,
    /// What is beside the store.
    pub cache: CacheConfig,
    /// The daemon's HTTP side.
    pub http: HttpConfig,
    /// The rules of `/api/v1`.
    pub api: ApiConfig,
    /// The conversation.
    pub dialog: DialogConfig,
    /// Where bookings and leads go.
    pub crm: CrmConfig,
    /// Ways in.
    pub channels: ChannelsConfig,
    /// Logs.
    pub observability: Observability,
}

/// `[company]`: each replaces what the profile says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanyOverrides {
    /// The zone that dates are meant in.
    pub timezone: Option<Zone>,
    /// The language of a client who has not shown one.
    pub locale: Option<Locale>,
    /// ISO 4217.
    pub currency: Option<String>,
}

/// `[store]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// Its address.
    pub url: StoreUrl,
}

/// `[cache]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheConfig {
    /// A Redis that the daemons share; it may carry a password.
    #[serde(serialize_with = "super::secret::as_address")]
    pub url: Option<Secret>,
}

/// The address of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// `sqlite://PATH`.
    Sqlite(PathBuf),
    /// `postgres://USER@HOST/DATABASE`, with its password.
    Postgres(Secret),
}

/// Why a text is no address of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    /// An address of a database that names none.
    #[error("expected postgres://USER@HOST/DATABASE")]
    Postgres,
    /// Anything else.
    #[error("expected sqlite://PATH, such as sqlite://flow.db, or postgres://USER@HOST/DATABASE")]
    Unknown,
}

impl StoreUrl {
    /// Reads an address; a relative path is taken from `base`.
    ///
    /// # Errors
    /// When there is no such kind of store.
    pub fn parse(text: &str, base: &Path) -> Result<Self, StoreUrlError> {
        if let Some((_, rest)) =
            text.split_once("://").filter(|(scheme, _)| matches!(*scheme, "postgres" | "postgresql"))
        {
            let place = rest.split('?').next().unwrap_or_default();
            let database = place.split_once('/').map_or("", |(_, database)| database);
            let is_whole = !database.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
            return if is_whole {
                Ok(Self::Postgres(Secret::new(text.to_owned())))
            } else {
                Err(StoreUrlError::Postgres)
            };
        }
        let path = text.strip_prefix("sqlite://").filter(|path| !path.is_empty() && !path.contains('\0'));
        path.map(|path| Self::Sqlite(base.join(path))).ok_or(StoreUrlError::Unknown)
    }

    /// The file, where the store is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// The same address with this password, where it has none.
    #[must_use]
    pub fn with_password(self, password: &str) -> Self {
        match self {
            Self::Postgres(url) if !has_password(url.expose()) => {
                let sign = if url.expose().contains('?') { '&' } else { '?' };
                Self::Postgres(Secret::new(format!("{}{sign}password={}", url.expose(), escaped(password))))
            }
            other => other,
        }
    }
}

impl Default for StoreUrl {
    fn default() -> Self {
        Self::Sqlite(PathBuf::from("flow.db"))
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url.expose())),
        }
    }
}

/// The parts of an address: its scheme, who comes, where to, and the pairs after it.
fn split(url: &str) -> (&str, &str, &str, &str) {
    let (scheme, rest) = url.split_at(url.find("://").map_or(0, |at| at + 3));
    let (place, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    // A password may hold an unescaped `@`: the last one counts.
    let (user, host) = place.split_at(place.rfind('@').unwrap_or(0));
    (scheme, user, host, query)
}

fn has_password(url: &str) -> bool {
    let (_, user, _, query) = split(url);
    user.contains(':') || query.split(['?', '&']).any(|pair| pair.starts_with("password="))
}

/// An address as it may be shown, whether it can be read or not.
pub(super) fn without_password(url: &str) -> String {
    let (scheme, user, host, query) = split(url);
    if user.is_empty() && query.contains('@') {
        // It may be the rest of a password.
        return format!("{scheme}***");
    }
    let user = user.split_once(':').map_or_else(|| user.to_owned(), |(name, _)| format!("{name}:***"));
    let pairs = query.split_inclusive(['?', '&']).map(|pair| match pair.split_once('=') {
        // Redis behind a socket calls it `pass`.
        Some((name @ ("password" | "pass"), value)) => {
            format!("{name}=***{}", &value[value.trim_end_matches('&').len()..])
        }
        _ => pair.to_owned(),
    });
    format!("{scheme}{user}{host}{}", pairs.collect::<String>())
}

/// A word as it stands in an address.
fn escaped(word: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    word.bytes().map(escape).collect()
}

impl Serialize for StoreUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StoreUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text, Path::new("")).map_err(de::Error::custom)
    }
}

/// `[http]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Where the daemon listens.
    pub listen: SocketAddr,
    /// How the outside world reaches it, without a slash at the end.
    pub public_url: Option<String>,
    /// Which sites' scripts may call the API.
    pub cors: CorsConfig,
    /// Who is told the details of `/health`.
    pub health_details: HealthDetails,
    /// Signs cursors and visitor ids; absent: made once and kept in the store.
    pub session_key: Option<Secret>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            cors: CorsConfig::default(),
            health_details: HealthDetails::default(),
            session_key: None,
        }
    }
}

/// `[http.cors]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorsConfig {
    /// Exact origins, or `*` alone; empty: no CORS headers at all.
    pub allowed_origins: Vec<String>,
    /// Whether browsers may send credentials.
    pub credentials: bool,
}

/// Who is told the details of `/health`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthDetails {
    /// Callers on this machine.
    #[default]
    Local,
    /// Callers with a token.
    Token,
    /// Everybody.
    Public,
}

/// `[api]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiConfig {
    /// Whether a message without `Idempotency-Key` is refused.
    pub require_idempotency_key: bool,
    /// Whether a change without `If-Match` is refused.
    pub require_if_match: bool,
    /// How often one may call.
    pub limits: ApiLimits,
}

/// `[api.limits]`: calls of one token in 60 s; 0 turns a limit off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiLimits {
    /// All calls.
    pub default: u32,
    /// Changes.
    pub write: u32,
    /// Messages.
    pub messages: u32,
    /// Refused credentials of one address in 5 min.
    pub auth_failures: u32,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self { default: 300, write: 60, messages: 30, auth_failures: 10 }
    }
}

/// `[dialog]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DialogConfig {
    /// What understands clients.
    pub engine: Engine,
    /// How long a reply may take.
    #[serde(with = "duration")]
    pub reply_budget: Duration,
    /// Messages this close together become one turn; zero: each is a turn.
    #[serde(with = "duration")]
    pub coalesce: Duration,
    /// Silence after which a conversation begins anew.
    #[serde(with = "duration")]
    pub session_ttl: Duration,
    /// Longer messages are cut.
    pub max_message_chars: usize,
    /// Whether whoever gives a phone may see, move and cancel the visits under it.
    pub trust_typed_phone: bool,
}

impl Default for DialogConfig {
    fn default() -> Self {
        Self {
            engine: Engine::Auto,
            reply_budget: Duration::from_secs(8),
            coalesce: Duration::from_millis(1500),
            session_ttl: Duration::from_secs(24 * 3600),
            max_message_chars: 4000,
            trust_typed_phone: true,
        }
    }
}

/// What understands clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The best that there is.
    #[default]
    Auto,
    /// The engine inside flow.
    Offline,
}

/// `[observability]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observability {
    /// What is logged: a level, or levels by module (`warn,flow::jobs=debug`).
    pub log: String,
    /// How a line of the log looks.
    pub log_format: LogFormat,
}

impl Default for Observability {
    fn default() -> Self {
        Self { log: "warn".to_owned(), log_format: LogFormat::default() }
    }
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Json,
}

impl Config {
    /// The configuration as TOML, secrets as `***`.
    ///
    /// # Errors
    /// When it cannot be written as TOML, which would be a bug.
    pub fn to_toml_redacted(&self) -> Result<String, toml::ser::Error> {
        let mut tree = toml::Table::try_from(self)?;
        // Connections stand beside `active`, as they are written.
        if let Some(crm) = tree.get_mut("crm").and_then(toml::Value::as_table_mut)
            && let Some(toml::Value::Table(connections)) = crm.remove("connections")
        {
            crm.extend(connections);
        }
        toml::to_string(&tree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (url, shown) in [
            ("postgres://flow:p@ss:word@db/flow?sslmode=require", "postgres://flow:***@db/flow?sslmode=require"),
            ("postgres:///flow?user=flow&password=pass&port=1", "postgres:///flow?user=flow&password=***&port=1"),
            ("postgres://flow@db/flow", "postgres://flow@db/flow"),
            ("postgres://flow:pa?ss@db/flow", "postgres://***"),
            ("redis://:hunter2@cache:6379/1", "redis://:***@cache:6379/1"),
            ("unix:///run/redis?pass=hunter2&db=1", "unix:///run/redis?pass=***&db=1"),
        ] {
            assert_eq!(StoreUrl::Postgres(Secret::new(url.to_owned())).to_string(), shown);
        }
    }

    #[test]
    fn a_password_from_elsewhere_fills_only_what_is_empty() {
        let filled = |url: &str| match StoreUrl::parse(url, Path::new("")).map(|url| url.with_password("a&b")) {
            Ok(StoreUrl::Postgres(url)) => url.expose().to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(filled("postgres://flow@db/flow"), "postgres://flow@db/flow?password=a%26b");
        assert_eq!(filled("postgres:///flow?host=/run"), "postgres:///flow?host=/run&password=a%26b");
        for kept in ["postgres://flow:own@db/flow", "postgres:///flow?password=own"] {
            assert_eq!(filled(kept), kept);
        }
    }
}

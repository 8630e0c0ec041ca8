//! What can be set, as the rest of flow takes it.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use super::channels::{ChannelsConfig, SendLimits, TelegramChannel, TelegramMode, WebChannel};
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

/// The address of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// `sqlite://PATH`.
    Sqlite(PathBuf),
}

/// Why a text is no address of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    /// A store that this version does not have.
    #[error("this version keeps its store in SQLite; use sqlite://PATH")]
    Postgres,
    /// Anything else.
    #[error("expected sqlite://PATH, such as sqlite://flow.db")]
    Unknown,
}

impl StoreUrl {
    /// Reads an address; a relative path is taken from `base`.
    ///
    /// # Errors
    /// When there is no such kind of store.
    pub fn parse(text: &str, base: &Path) -> Result<Self, StoreUrlError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Err(StoreUrlError::Postgres);
        }
        let path = text.strip_prefix("sqlite://").filter(|path| !path.is_empty() && !path.contains('\0'));
        path.map(|path| Self::Sqlite(base.join(path))).ok_or(StoreUrlError::Unknown)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        let Self::Sqlite(path) = self;
        path
    }
}

impl Default for StoreUrl {
    fn default() -> Self {
        Self::Sqlite(PathBuf::from("flow.db"))
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlite://{}", self.path().display())
    }
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

/// `[crm]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrmConfig {
    /// The connection that bookings and leads go to.
    pub active: String,
    /// The connection built in.
    pub local: LocalCrm,
}

impl Default for CrmConfig {
    fn default() -> Self {
        Self { active: "local".to_owned(), local: LocalCrm::default() }
    }
}

/// `[crm.local]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalCrm {
    /// Always `local`.
    pub kind: String,
}

impl Default for LocalCrm {
    fn default() -> Self {
        Self { kind: "local".to_owned() }
    }
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
        toml::to_string(self)
    }
}

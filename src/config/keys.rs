//! Every key there is. What is known, what is near, the names of variables, the schema and the check of the example
//! all come from this one table; defaults come from [`Config::default`].

use serde_json::{Value, json};

use super::settings::Config;

/// A key that may be given.
#[derive(Debug)]
pub struct Key {
    /// `http.listen`.
    pub path: &'static str,
    /// What may stand there.
    pub kind: Kind,
    /// What it is for, in one line.
    pub doc: &'static str,
}

/// What may stand in a key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number inside these bounds.
    Int(i64, i64),
    /// A number inside these bounds.
    Number(f64, f64),
    /// A file.
    Path,
    /// A length of time inside these bounds, in milliseconds.
    Duration(u64, u64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Address and port.
    Address,
    /// An `http` or `https` address.
    Url,
    /// A list of web origins, or `*` alone.
    Origins,
    /// The address of a store.
    Store,
    /// A secret of at least this many characters: text, `{ env }` or `{ file }`.
    Secret(usize),
    /// An IANA time zone.
    Zone,
    /// An ISO 4217 code.
    Currency,
    /// What is logged.
    Filter,
    /// A word or a line; a whole number stands for itself.
    Text,
    /// A table of an adapter's own.
    Table,
}

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;
const CALLS: Kind = Kind::Int(0, 1_000_000);

const fn key(path: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { path, kind, doc }
}

/// The table, in the order of the example.
pub const KEYS: &[Key] = &[
    key("company.timezone", Kind::Zone, "Time zone that clients' dates are meant in; replaces the profile's"),
    key(
        "company.locale",
        Kind::Word(&["ru", "en"]),
        "Language of a client who has not shown one; replaces the profile's",
    ),
    key("company.currency", Kind::Currency, "Currency of prices, ISO 4217; replaces the profile's"),
    key("store.url", Kind::Store, "Where everything is kept: sqlite://PATH or postgres://USER@HOST/DATABASE"),
    key(
        "cache.url",
        Kind::Secret(8),
        "A Redis for several daemons, redis://HOST:PORT/DB: limits, word of work, copies of what dialogues remember",
    ),
    key("http.listen", Kind::Address, "Where the daemon listens"),
    key("http.public_url", Kind::Url, "How the outside world reaches the daemon"),
    key("http.health_details", Kind::Word(&["local", "token", "public"]), "Who is told the details of /health"),
    key(
        "http.session_key",
        Kind::Secret(16),
        "Signs cursors and visitor ids; made once and kept in the store when absent",
    ),
    key("http.cors.allowed_origins", Kind::Origins, "Sites whose scripts may call the API; empty: none"),
    key("http.cors.credentials", Kind::Bool, "Whether browsers may send credentials with those calls"),
    key("api.require_idempotency_key", Kind::Bool, "Refuse messages without Idempotency-Key"),
    key("api.require_if_match", Kind::Bool, "Refuse changes without If-Match"),
    key("api.limits.default", CALLS, "Calls of one token in 60 s; 0 turns the limit off"),
    key("api.limits.write", CALLS, "Changes of one token in 60 s; 0 turns the limit off"),
    key("api.limits.messages", CALLS, "Messages of one token in 60 s; 0 turns the limit off"),
    key("api.limits.auth_failures", CALLS, "Refused credentials of one address in 5 min; 0 turns the limit off"),
    key("dialog.engine", Kind::Word(&["auto", "offline"]), "What understands clients"),
    key("dialog.reply_budget", Kind::Duration(100, 5 * MINUTE), "How long a reply may take"),
    key(
        "dialog.coalesce",
        Kind::Duration(0, MINUTE),
        "Messages this close together become one turn; 0s: each is a turn",
    ),
    key("dialog.session_ttl", Kind::Duration(MINUTE, 365 * DAY), "Silence after which a conversation begins anew"),
    key("dialog.max_message_chars", Kind::Int(1, 100_000), "Longer messages are cut"),
    key("dialog.trust_typed_phone", Kind::Bool, "Whoever gives a phone may see, move and cancel the visits under it"),
    key("crm.active", Kind::Text, "The connection that bookings and leads go to"),
    key("crm.local.kind", Kind::Word(&["local"]), "The CRM inside flow"),
    key("channels.telegram.token", Kind::Secret(10), "The bot's token, from @BotFather; the channel is on with it"),
    key("channels.telegram.mode", Kind::Word(&["polling", "webhook"]), "How updates reach the daemon"),
    key(
        "channels.telegram.webhook_secret",
        Kind::Secret(8),
        "What Telegram's calls must carry; made once and kept in the store when absent",
    ),
    key("channels.telegram.api_url", Kind::Url, "The Bot API server"),
    key("channels.telegram.base_url", Kind::Url, "Stands for api_url when given"),
    key("channels.telegram.timeout", Kind::Duration(SECOND, MINUTE), "The longest call, a long poll included"),
    key("channels.telegram.proxy", Kind::Secret(8), "The way out: socks5://HOST:PORT or http://HOST:PORT"),
    key("channels.telegram.ca_bundle", Kind::Path, "Further certificates to trust, a PEM file"),
    key("channels.telegram.typing", Kind::Bool, "Whether the client sees that an answer is being written"),
    key("channels.telegram.limits.per_chat", Kind::Number(0.0, 1e6), "Messages a second to one chat; 0: no limit"),
    key("channels.telegram.limits.total", Kind::Number(0.0, 1e6), "Messages a second in all; 0: no limit"),
    key("channels.web.enabled", Kind::Bool, "Whether /chat and /widget.js answer"),
    key("channels.web.embed_origins", Kind::Origins, "Sites that may show the chat in a frame; empty: none"),
    key("observability.log", Kind::Filter, "What is logged: a level, or levels by module"),
    key("observability.log_format", Kind::Word(&["text", "json"]), "How a line of the log looks"),
];

impl Key {
    /// `FLOW_HTTP__LISTEN`.
    #[must_use]
    pub fn env_name(&self) -> String {
        format!("FLOW_{}", self.path.replace('.', "__").to_uppercase())
    }

    /// What stands when the key is not given; null: nothing does.
    #[must_use]
    pub fn default_value(&self) -> Value {
        let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
        defaults.pointer(&pointer(self.path)).cloned().unwrap_or_default()
    }

    fn schema(&self) -> Value {
        let mut schema = self.kind.schema();
        if let Value::Object(members) = &mut schema {
            members.insert("description".to_owned(), json!(self.doc));
            let default = self.default_value();
            if !default.is_null() {
                members.insert("default".to_owned(), default);
            }
        }
        schema
    }
}

impl Kind {
    fn schema(self) -> Value {
        match self {
            Self::Bool => json!({"type": "boolean"}),
            Self::Int(min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
            Self::Number(min, max) => json!({"type": "number", "minimum": min, "maximum": max}),
            Self::Path => json!({"type": "string", "minLength": 1}),
            Self::Duration(..) => json!({"type": "string", "pattern": "^[0-9]+ ?(ms|s|m|h|d)$"}),
            Self::Word(words) => json!({"enum": words}),
            Self::Address => json!({"type": "string", "pattern": ":[0-9]+$"}),
            Self::Url => json!({"type": "string", "format": "uri", "pattern": "^https?://"}),
            Self::Origins => json!({
                "type": "array", "uniqueItems": true,
                "items": {"type": "string", "pattern": "^(\\*|https?://[^/]+)$"},
            }),
            Self::Store => json!({"type": "string", "pattern": "^(sqlite|postgres|postgresql)://."}),
            Self::Secret(min) => {
                let named = |name: &str| {
                    json!({
                        "type": "object", "required": [name], "additionalProperties": false,
                        "properties": {name: {"type": "string"}},
                    })
                };
                json!({"oneOf": [{"type": "string", "minLength": min}, named("env"), named("file")]})
            }
            Self::Zone => json!({"type": "string", "examples": ["Europe/Moscow"]}),
            Self::Currency => json!({"type": "string", "pattern": "^[A-Z]{3}$"}),
            Self::Filter => json!({"type": "string", "examples": ["warn", "warn,flow::jobs=debug"]}),
            Self::Text => json!({"type": ["string", "integer"]}),
            Self::Table => json!({"type": "object"}),
        }
    }
}

/// The key of that path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// The key of that variable.
#[must_use]
pub fn find_env(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.env_name() == name)
}

/// The names that may stand in a section, in the order of the table; `""` is the file itself.
#[must_use]
pub fn children(section: &str) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for key in KEYS {
        let inside = if section.is_empty() {
            Some(key.path)
        } else {
            key.path.strip_prefix(section).and_then(|rest| rest.strip_prefix('.'))
        };
        let name = inside.and_then(|rest| rest.split('.').next());
        names.extend(name.filter(|name| !names.contains(name)));
    }
    names
}

/// The JSON pointer of a path.
#[must_use]
pub fn pointer(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}

/// The configuration as a JSON Schema (draft 2020-12).
#[must_use]
pub fn schema() -> Value {
    let mut root = section_schema("");
    if let Value::Object(members) = &mut root {
        members.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        members.insert("title".to_owned(), json!("flow configuration (config.toml)"));
    }
    root
}

fn section_schema(section: &str) -> Value {
    let mut properties = serde_json::Map::new();
    for name in children(section) {
        let path = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
        let schema = find(&path).map_or_else(|| section_schema(&path), Key::schema);
        properties.insert(name.to_owned(), schema);
    }
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
        let Value::Object(members) = value else { return found.push(path.to_owned()) };
        for (name, member) in members {
            leaves(member, &if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, found);
        }
    }

    #[test]
    fn the_table_and_the_configuration_name_the_same_keys() {
        let mut fields = Vec::new();
        leaves(&serde_json::to_value(Config::default()).unwrap(), "", &mut fields);
        let mut table: Vec<_> = KEYS.iter().map(|key| key.path.to_owned()).collect();
        fields.sort();
        table.sort();
        assert_eq!(table, fields);
    }

    #[test]
    fn the_schema_knows_types_defaults_and_closes_every_section() {
        let schema = schema();
        let listen = &schema["properties"]["http"]["properties"]["listen"];
        assert_eq!(listen["default"], "127.0.0.1:8080");
        assert_eq!(schema["properties"]["http"]["additionalProperties"], false);
        assert_eq!(schema["properties"]["crm"]["properties"]["local"]["properties"]["kind"]["enum"][0], "local");
        assert_eq!(schema["properties"]["dialog"]["properties"]["session_ttl"]["default"], "24h");
    }

    #[test]
    fn a_variable_is_named_after_its_path() {
        assert_eq!(find_env("FLOW_HTTP__CORS__ALLOWED_ORIGINS").map(|key| key.path), Some("http.cors.allowed_origins"));
        assert!(find_env("FLOW_HTTP").is_none());
    }
}

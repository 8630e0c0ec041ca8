//! From files, variables and flags to one [`Config`], or to every problem at once.

mod connections;
mod find;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use toml::de::{DeTable, DeValue};

use self::connections::Connections;
use self::find::find_file;
pub use self::find::is_absent;
use super::document::{Document, type_name, utf8};
use super::dot_env::{self, DotEnv};
use super::environment::Environment;
use super::keys::{self, Key, Kind};
use super::near;
use super::problem::{Problem, Problems};
use super::settings::{Config, StoreUrl};
use super::value::{Given, Place, Reference, read};

/// What a configuration is made of, the strongest last: default, file, `.env`, environment, flags.
#[derive(Debug)]
pub struct Sources<'a> {
    /// `--config`.
    pub config_flag: Option<&'a Path>,
    /// Flags that stand for a key, such as `("store.url", "sqlite://flow.db")`; paths are relative to the working directory.
    pub overrides: Vec<(String, String)>,
    /// Where flow runs.
    pub env: &'a Environment,
}

/// A configuration and where it came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What stands.
    pub config: Config,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// For each key, who said so.
    pub origins: BTreeMap<String, Origin>,
}

/// Who said what a key is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum Origin {
    /// Nobody.
    Default,
    /// The configuration file.
    File {
        /// Its line.
        line: usize,
    },
    /// A variable of the `.env` beside the file.
    DotEnv {
        /// Its name.
        name: String,
    },
    /// A variable of the environment.
    Env {
        /// Its name.
        name: String,
    },
    /// A flag of the command.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { line } => write!(f, "file:{line}"),
            Self::DotEnv { name } => write!(f, ".env {name}"),
            Self::Env { name } => write!(f, "env {name}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// Loads the configuration.
///
/// # Errors
/// Every problem of every source, with its line, variable or flag.
pub fn load(sources: &Sources<'_>) -> Result<Loaded, Problems> {
    let mut loader = Loader::new(sources)?;
    loader.layer_file();
    loader.layer_variables();
    for (path, value) in &sources.overrides {
        let place = Spot {
            key: path.clone(),
            file: None,
            line: None,
            origin: Origin::Flag,
            base: sources.env.cwd().to_owned(),
        };
        match keys::find(path) {
            Some(key) => loader.set(key, Given::Text(value), &place),
            None => loader.problems.push(place.problem(unknown(path))),
        }
    }
    loader.finish()
}

struct Loader<'a> {
    env: &'a Environment,
    file: Option<(PathBuf, String)>,
    dot_env: DotEnv,
    given: BTreeMap<&'static str, (Value, Spot)>,
    connections: Connections,
    problems: Vec<Problem>,
}

/// Where something was said.
#[derive(Debug, Clone)]
struct Spot {
    key: String,
    file: Option<PathBuf>,
    line: Option<usize>,
    origin: Origin,
    base: PathBuf,
}

impl Spot {
    fn problem(&self, problem: Problem) -> Problem {
        Problem { key: self.key.clone(), ..problem }.at(self.file.clone(), self.line)
    }
}

impl<'a> Loader<'a> {
    fn new(sources: &Sources<'a>) -> Result<Self, Problems> {
        let env = sources.env;
        let mut problems = Vec::new();
        let file = find_file(sources)?;
        let file = match file {
            Some((path, bytes)) => match utf8(bytes, Some(&path)) {
                Ok(text) => Some((path, text)),
                Err(problem) => {
                    problems.push(problem);
                    Some((path, String::new()))
                }
            },
            None => None,
        };
        let beside = file.as_ref().map(|(path, _)| path.with_file_name(".env"));
        let dot_env = beside.map(|path| dot_env::read(&path, &mut problems)).unwrap_or_default();
        Ok(Self { env, file, dot_env, given: BTreeMap::new(), connections: Connections::default(), problems })
    }

    fn layer_file(&mut self) {
        let Some((path, text)) = self.file.clone() else { return };
        match Document::parse(&text, Some(&path)) {
            Ok(document) => {
                let file = ConfigFile { document: &document, base: directory(&path), path };
                self.layer_table(&file, document.root.get_ref(), "");
            }
            Err(problem) => self.problems.push(problem),
        }
    }

    fn layer_table(&mut self, file: &ConfigFile<'_>, table: &DeTable<'_>, section: &str) {
        for (name, value) in table {
            let path =
                if section.is_empty() { name.get_ref().to_string() } else { format!("{section}.{}", name.get_ref()) };
            let line = file.document.line(name);
            let spot = Spot {
                key: path.clone(),
                file: Some(file.path.clone()),
                line: Some(line),
                origin: Origin::File { line },
                base: file.base.clone(),
            };
            let is_section = !keys::children(&path).is_empty();
            let is_connection = section == "crm" && name.get_ref() != "local" && keys::find(&path).is_none();
            match (keys::find(&path), value.get_ref()) {
                (_, DeValue::Table(inner)) if is_connection => self.layer_connection(file, name.get_ref(), inner, spot),
                (Some(key), value) => self.set(key, Given::Toml(value), &spot),
                (None, DeValue::Table(inner)) if is_section => self.layer_table(file, inner, &path),
                (None, other) if is_section => {
                    let kind = type_name(other);
                    self.problems.push(spot.problem(Problem::of("", format!("expected a section, got {kind}"))));
                }
                (None, _) => self.problems.push(spot.problem(unknown(&path))),
            }
        }
    }

    /// Takes the `.env`, then the environment itself.
    fn layer_variables(&mut self) {
        let beside = self.file.as_ref().map(|(path, _)| path.with_file_name(".env"));
        for (name, (value, line)) in self.dot_env.clone() {
            let base = beside.as_deref().map(directory).unwrap_or_default();
            let origin = Origin::DotEnv { name: name.clone() };
            self.layer_variable(&value, Spot { key: name, file: beside.clone(), line, origin, base });
        }
        let env = self.env;
        for (name, value) in env.vars() {
            let origin = Origin::Env { name: name.to_owned() };
            let base = env.cwd().to_owned();
            self.layer_variable(value, Spot { key: name.to_owned(), file: None, line: None, origin, base });
        }
    }

    /// Takes a variable of the form `FLOW_SECTION__KEY`; those without `__` are not about keys.
    fn layer_variable(&mut self, value: &str, spot: Spot) {
        let name = spot.key.as_str();
        if !name.strip_prefix("FLOW_").is_some_and(|rest| rest.contains("__")) {
            return;
        }
        match variable(name, value) {
            Some((key, given)) => self.set(key, given, &spot),
            None if self.layer_connection_variable(name, value, &spot) => {}
            None => self.problems.push(spot.problem(unknown_variable(name))),
        }
    }

    fn set(&mut self, key: &'static Key, given: Given<'_>, spot: &Spot) {
        // An empty variable takes an optional key away, as `compose` files do with what is not filled in.
        let is_cleared = matches!(given, Given::Text(text) if text.trim().is_empty());
        if is_cleared && key.default_value().is_null() {
            self.given.insert(key.path, (Value::Null, spot.clone()));
            return;
        }
        let var = |name: &str| {
            self.env.get(name).map(str::to_owned).or_else(|| self.dot_env.get(name).map(|(value, _)| value.clone()))
        };
        match read(key.kind, given, &Place { base: &spot.base, var: &var }) {
            Ok(value) => {
                self.given.insert(key.path, (value, spot.clone()));
            }
            Err(problem) => self.problems.push(spot.problem(problem)),
        }
    }

    fn finish(mut self) -> Result<Loaded, Problems> {
        let defaults =
            Config { store: super::settings::StoreConfig { url: self.default_store() }, ..Config::default() };
        let assembled = serde_json::to_value(defaults).and_then(|mut tree| {
            for (path, (value, _)) in &self.given {
                if let Some(slot) = tree.pointer_mut(&keys::pointer(path)) {
                    *slot = value.clone();
                }
            }
            serde_json::from_value::<Config>(tree)
        });
        let config = match assembled {
            Ok(mut config) => {
                config.crm.connections = self.connections();
                self.check_active(&config);
                self.cross_check(&config);
                Some(config)
            }
            Err(error) => {
                self.problems.push(Problem::of("", error.to_string()));
                None
            }
        };
        Problems::none_or(self.problems)?;
        let origin = |key: &Key| self.given.get(key.path).map_or(Origin::Default, |(_, spot)| spot.origin.clone());
        let mut origins: BTreeMap<String, Origin> =
            keys::KEYS.iter().map(|key| (key.path.to_owned(), origin(key))).collect();
        origins.extend(self.connections.origins());
        Ok(Loaded { config: config.unwrap_or_default(), file: self.file.map(|(path, _)| path), origins })
    }

    fn default_store(&self) -> StoreUrl {
        StoreUrl::Sqlite(match &self.file {
            Some((path, _)) => directory(path).join("flow.db"),
            None => self.env.default_store(),
        })
    }

    /// What is wrong only together.
    fn cross_check(&mut self, config: &Config) {
        let every_site = config.http.cors.allowed_origins.iter().any(|origin| origin == "*");
        if every_site
            && config.http.cors.credentials
            && let Some((_, spot)) = self.given.get("http.cors.credentials")
        {
            let problem =
                Problem::of("", "credentials cannot be allowed to every site (`http.cors.allowed_origins` is `*`)");
            self.problems.push(spot.problem(problem.hint("list the origins, or set credentials to false")));
        }
        let is_redis =
            |url: &str| ["redis://", "rediss://", "redis+unix://", "unix://"].iter().any(|s| url.starts_with(s));
        if config.cache.url.as_ref().is_some_and(|url| !is_redis(url.expose()))
            && let Some((_, spot)) = self.given.get("cache.url")
        {
            let problem = Problem::of("", "this is no address of a Redis");
            self.problems.push(spot.problem(problem.hint("write it as redis://HOST:PORT/DB, with TLS as rediss://…")));
        }
        self.check_telegram(&config.channels.telegram);
    }
}

impl Loader<'_> {
    /// Forms that Telegram itself would only refuse later; the values are never repeated.
    fn check_telegram(&mut self, telegram: &super::settings::TelegramChannel) {
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let is_token = |text: &str| {
            text.split_once(':').is_some_and(|(id, secret)| {
                !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) && !secret.is_empty() && plain(secret)
            })
        };
        let mut wrong: Vec<(&str, Problem)> = Vec::new();
        if telegram.token.as_ref().is_some_and(|token| !is_token(token.expose())) {
            let problem = Problem::of("", "this is no token of a bot");
            wrong.push(("channels.telegram.token", problem.hint("@BotFather gives it, as 123456:AA…")));
        }
        if telegram.webhook_secret.as_ref().is_some_and(|secret| !plain(secret.expose()) || secret.expose().len() > 256)
        {
            let problem = Problem::of("", "Telegram takes up to 256 letters, digits, `_` and `-` here");
            wrong.push(("channels.telegram.webhook_secret", problem.hint("choose another, or leave it out")));
        }
        for (key, problem) in wrong {
            if let Some((_, spot)) = self.given.get(key) {
                self.problems.push(spot.problem(problem));
            }
        }
    }
}

struct ConfigFile<'d> {
    document: &'d Document<'d>,
    path: PathBuf,
    base: PathBuf,
}

fn directory(file: &Path) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default()
}

/// The key that a variable sets.
fn variable<'v>(name: &str, value: &'v str) -> Option<(&'static Key, Given<'v>)> {
    if let Some(key) = keys::find_env(name) {
        return Some((key, Given::Text(value)));
    }
    let (name, part) = name.rsplit_once("__")?;
    let key = keys::find_env(name).filter(|key| matches!(key.kind, Kind::Secret(_)))?;
    match part {
        "FILE" => Some((key, Given::Reference(Reference::File(value)))),
        "ENV" => Some((key, Given::Reference(Reference::Env(value)))),
        _ => None,
    }
}

fn unknown(path: &str) -> Problem {
    let (section, name) = path.rsplit_once('.').unwrap_or(("", path));
    let problem = Problem::of("", "unknown key");
    let siblings = keys::children(section);
    if near::nearest(name, siblings.iter().copied()).is_none()
        && let Some(elsewhere) = keys::KEYS.iter().find(|key| key.path.ends_with(&format!(".{name}")))
    {
        return problem.hint(format!("did you mean `{}`?", elsewhere.path));
    }
    match near::advice(name, &siblings) {
        Some(advice) => problem.hint(advice),
        None => problem,
    }
}

fn unknown_variable(name: &str) -> Problem {
    let known: Vec<String> = keys::KEYS.iter().map(Key::env_name).collect();
    let problem = Problem::of("", "no key has this variable");
    match near::nearest(name, known.iter().map(String::as_str)) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint("`flow config schema` lists the keys"),
    }
}

//! What a command starts from: the configuration, the store behind it, and the printer.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::failure::Failure;
use super::output::Out;
use super::times::Here;
use super::{log, runtime};
use crate::app::{App, peek_schema};
use crate::config::{Config, Environment, Loaded, Sources, StoreUrl, load};
use crate::domain::clock::Clock;
use crate::domain::company::{Profile, Zone};
use crate::domain::contact::{Phone, Region};
use crate::domain::id::IdError;
use crate::domain::store::StoreError;

/// The zone of a company that has not said where it is.
const DEFAULT_ZONE: &str = "Europe/Moscow";

/// What to do when there is no store yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Reading makes no store in a new place.
    Existing,
    /// The command fills it.
    Create,
    /// The command can do without: an empty one in memory stands in then.
    Optional,
}

/// What every command is given.
pub struct Context {
    /// Where the process runs.
    pub env: Environment,
    /// `--config`.
    pub config_flag: Option<PathBuf>,
    /// `--store`.
    pub store_flag: Option<String>,
    /// How often `-v` was given.
    pub verbose: u8,
    /// `--no-input`.
    pub no_input: bool,
    /// `--yes`.
    pub yes: bool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The printer.
    pub out: Out,
}

impl Context {
    /// Reads the configuration.
    ///
    /// # Errors
    /// Every problem in it.
    pub fn load(&self) -> Result<Loaded, Failure> {
        let overrides = self.store_flag.iter().map(|url| ("store.url".to_owned(), url.clone())).collect();
        let sources = Sources { config_flag: self.config_flag.as_deref(), overrides, env: &self.env };
        Ok(load(&sources)?)
    }

    /// Reads the configuration and begins to log as it says.
    ///
    /// # Errors
    /// As [`Context::load`].
    pub fn config(&self) -> Result<Config, Failure> {
        let config = self.load()?.config;
        log::start(&config.observability, self.verbose, self.out.is_quiet());
        Ok(config)
    }

    /// Opens the store and what stands around it.
    ///
    /// # Errors
    /// When the configuration is wrong or the store cannot be opened.
    pub fn open(&self, how: Open) -> Result<App, Failure> {
        let config = self.config()?;
        self.open_with(config, how)
    }

    /// As [`Context::open`], with a configuration at hand.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub fn open_with(&self, config: Config, how: Open) -> Result<App, Failure> {
        let url = config.store.url.clone();
        match how {
            Open::Existing => must_exist(&url)?,
            Open::Optional if !is_there(&url)? => return Ok(App::in_memory(config, Arc::clone(&self.clock))?),
            Open::Optional | Open::Create => {}
        }
        App::open(config, Arc::clone(&self.clock)).map_err(|error| at(&url, error))
    }

    /// Whether what cannot be undone is wanted: `--yes`, or somebody at the terminal says so.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub fn agrees(&self, question: &str) -> Result<bool, Failure> {
        let stdin = io::stdin();
        if self.yes || self.no_input || !stdin.is_terminal() {
            return Ok(self.yes);
        }
        write!(io::stderr(), "{question} [y/N] ")?;
        let mut line = String::new();
        stdin.lock().read_line(&mut line)?;
        Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes" | "д" | "да"))
    }

    /// The store at an address that was typed; its password may be in the environment.
    ///
    /// # Errors
    /// When it is no address of a store.
    pub fn store_at(&self, text: &str) -> Result<StoreUrl, Failure> {
        let url = StoreUrl::parse(text, self.env.cwd());
        let url = url.map_err(|error| Failure::usage(format!("no store: {error}")))?;
        Ok(self.env.get("PGPASSWORD").map_or(url.clone(), |password| url.with_password(password)))
    }

    /// Whether everything was agreed to beforehand.
    #[must_use]
    pub fn is_agreed(&self) -> bool {
        self.yes
    }

    /// Opens the store and runs a command's work with it.
    ///
    /// # Errors
    /// As [`Context::open`], and what the work says.
    pub fn session<T>(
        &mut self,
        how: Open,
        work: impl AsyncFnOnce(&Session, &mut Out) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let app = self.open(how)?;
        let out = &mut self.out;
        runtime::run(async move {
            let session = Session::of(app).await?;
            out.set_zone(session.tz.clone());
            work(&session, out).await
        })
    }
}

/// How a store's place is told: a file by its path, a database by its address.
#[must_use]
pub fn place(url: &StoreUrl) -> String {
    url.file().map_or_else(|| url.to_string(), |path| path.display().to_string())
}

/// Whether there is a store at an address.
///
/// # Errors
/// When a database cannot be asked.
pub fn is_there(url: &StoreUrl) -> Result<bool, Failure> {
    match url.file() {
        Some(path) => Ok(path.exists()),
        None => Ok(peek_schema(url).map_err(|error| at(url, error))?.is_some()),
    }
}

/// A failure of the store, with its place.
#[must_use]
pub fn at(url: &StoreUrl, error: StoreError) -> Failure {
    let failure = Failure::from(error);
    Failure { message: format!("{}: {}", place(url), failure.message), ..failure }
}

/// Whether a store is there.
///
/// # Errors
/// When it is not, with the commands that make one.
pub fn must_exist(url: &StoreUrl) -> Result<(), Failure> {
    if is_there(url)? {
        return Ok(());
    }
    Err(Failure::store(format!("there is no store at {}", place(url)))
        .hint("make one with `flow seed --preset salon` (`flow init` writes a configuration), or name it with --store"))
}

/// An open store and the business in it.
pub struct Session {
    /// Everything that is open.
    pub app: App,
    /// The business; absent until one is loaded.
    pub profile: Option<Arc<Profile>>,
    /// The company's zone.
    pub tz: TimeZone,
}

impl Session {
    /// Reads who the business is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(app: App) -> Result<Self, Failure> {
        let profile = app.store.profile().await?;
        let tz = match (&profile, &app.config.company.timezone) {
            (Some(profile), _) => profile.company.timezone.tz().clone(),
            (None, Some(zone)) => zone.tz().clone(),
            (None, None) => default_zone(),
        };
        Ok(Self { app, profile, tz })
    }

    /// Now, and where.
    #[must_use]
    pub fn here(&self) -> Here {
        Here { now: self.now(), tz: self.tz.clone() }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.app.now()
    }

    /// The country whose numbers come without a code.
    #[must_use]
    pub fn region(&self) -> Region {
        self.profile.as_ref().map(|profile| profile.company.region()).unwrap_or_default()
    }

    /// A telephone number in any usual form.
    ///
    /// # Errors
    /// When it is none.
    pub fn phone(&self, text: &str) -> Result<Phone, Failure> {
        Phone::parse(text, self.region()).map_err(|_| {
            Failure::usage(format!("`{text}` is no phone number")).hint("write it as +79161234567 or 8 (916) 123-45-67")
        })
    }

    /// The business, which must be loaded.
    ///
    /// # Errors
    /// When it is not.
    pub fn business(&self) -> Result<&Arc<Profile>, Failure> {
        self.profile.as_ref().ok_or_else(no_profile)
    }
}

/// There is no business profile in the store.
#[must_use]
pub fn no_profile() -> Failure {
    Failure::config("there is no business profile in the store yet")
        .hint("load one with `flow seed profile.toml`, or a ready one with `flow seed --preset salon`")
}

/// The zone of a company that has not said where it is.
#[must_use]
pub fn default_zone() -> TimeZone {
    Zone::find(DEFAULT_ZONE).map_or(TimeZone::UTC, |zone| zone.tz().clone())
}

/// Reads an id that was given as an argument.
///
/// # Errors
/// When it has another form: there can be no such thing.
pub fn id<T: std::str::FromStr<Err = IdError>>(text: &str, what: &str) -> Result<T, Failure> {
    text.trim().parse().map_err(|error: IdError| {
        Failure::not_found(format!("there is no {what} `{text}`: {error}"))
            .hint(format!("`flow {what}s list` shows them"))
    })
}

/// Reads a comma list of names.
///
/// # Errors
/// When one of them is unknown.
pub fn names<T>(
    given: &[String],
    what: &str,
    all: impl Iterator<Item = &'static str>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Failure> {
    let known: Vec<&str> = all.collect();
    let read = |name: &String| {
        parse(name.trim()).ok_or_else(|| {
            Failure::usage(format!("there is no {what} `{name}`")).hint(format!("one of {}", known.join(", ")))
        })
    };
    given.iter().map(read).collect()
}

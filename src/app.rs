//! The composition root: configuration in, [`App`] out. The one file that knows stores and adapters.

mod connections;
mod entrance;
mod stores;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tokio::sync::{OnceCell, Semaphore};

use crate::adapters::channel::telegram::{self, Telegram};
use crate::adapters::crm::broken::Broken as BrokenCrm;
use crate::adapters::crm::local::Local;
use crate::adapters::crm::watched::Watched;
use crate::adapters::http::Transport;
use crate::adapters::redis::Redis;
use crate::config::settings::TelegramMode;
use crate::config::{Config, StoreUrl};
use crate::dialog::{Desk, Rules};
use crate::domain::channel::{Delivery, Mark, Messenger};
use crate::domain::clock::Clock;
use crate::domain::contact::Channel;
use crate::domain::crm::Crm;
use crate::domain::sharing::{Helper, Purse, SessionCopies};
use crate::domain::signing::{SigningKey, hex};
use crate::domain::store::{Store, StoreResult};
use crate::jobs::Runner;
use crate::jobs::budgets::Budgets;
use crate::jobs::courtesies::Courtesies;
use crate::jobs::wakeups::Wakeups;

use self::connections::Common;
pub use self::stores::{open_store, peek_schema};

/// How many messages may wait to be stored at once; the next one is told to come again.
const WAITING: usize = 2048;
/// The names of secrets in the store.
const BUTTON_KEY: &str = "buttons";
const HOOK_SECRET: &str = "telegram_webhook";
/// What a channel was told last of where to call us.
const HOOK_MARK: &str = "hook";
/// Where Telegram calls us.
pub const TELEGRAM_HOOK: &str = "/api/v1/telegram/webhook";

/// Everything a command or the daemon works with.
#[derive(Clone)]
pub struct App {
    /// What a person set.
    pub config: Arc<Config>,
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// CRM connections by name.
    pub crms: Arc<BTreeMap<String, Arc<dyn Crm>>>,
    /// Why some that are configured are not there.
    pub broken_crms: Arc<BTreeMap<String, String>>,
    /// The front desk.
    pub desk: Arc<Desk>,
    /// Runs jobs.
    pub runner: Runner,
    /// Tells those who wait.
    pub wakeups: Arc<Wakeups>,
    /// Channels that messages are carried to.
    pub messengers: Arc<BTreeMap<Channel, Arc<dyn Messenger>>>,
    /// What channels want to hear at once.
    pub courtesies: Arc<Courtesies>,
    gate: Arc<Semaphore>,
    button_key: Arc<OnceCell<SigningKey>>,
    heard: Arc<Mutex<BTreeMap<Channel, Timestamp>>>,
    /// Names this process among the daemons on one store.
    pub name: Arc<str>,
    /// What is faster than the store, and may be away.
    pub helper: Option<Arc<dyn Helper>>,
    /// Budgets, where several daemons may draw from them.
    pub budgets: Option<Arc<Budgets>>,
}

impl App {
    /// Opens the store that the configuration names and connects everything to it.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub fn open(config: Config, clock: Arc<dyn Clock>) -> StoreResult<Self> {
        let around = Around::of(&config);
        let copies = around.redis.clone().map(|redis| redis as Arc<dyn SessionCopies>);
        let store = open_store(&config, &around.wakeups, copies)?;
        Ok(Self::over(config, store, clock, around, local))
    }

    /// An app whose store lives as long as it: scenarios and tests.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn in_memory(config: Config, clock: Arc<dyn Clock>) -> StoreResult<Self> {
        Self::in_memory_before(config, clock, local)
    }

    /// As [`App::in_memory`]; where the address is a database's, in a schema of its own there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn in_scratch(config: Config, place: Option<&StoreUrl>, clock: Arc<dyn Clock>) -> StoreResult<Self> {
        let (store, around) = (stores::scratch(&config, place)?, Around::of(&config));
        Ok(Self::over(config, store, clock, around, local))
    }

    /// As [`App::in_memory`], before another CRM, made from store and clock.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn in_memory_before(
        config: Config,
        clock: Arc<dyn Clock>,
        crm: impl FnOnce(Arc<dyn Store>, Arc<dyn Clock>) -> Arc<dyn Crm>,
    ) -> StoreResult<Self> {
        let (store, around) = (stores::in_memory(&config)?, Around::of(&config));
        Ok(Self::over(config, store, clock, around, crm))
    }

    fn over(
        config: Config,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        around: Around,
        crm: impl FnOnce(Arc<dyn Store>, Arc<dyn Clock>) -> Arc<dyn Crm>,
    ) -> Self {
        let Around { name, wakeups, redis } = around;
        let helper = redis.map(|redis| redis as Arc<dyn Helper>);
        let purse: Arc<dyn Purse> = Arc::new(Budgets::new(Arc::clone(&store), helper.clone()));
        let common = Common { store: Arc::clone(&store), clock: Arc::clone(&clock), purse, holder: Arc::clone(&name) };
        let (mut crms, broken_crms) = connections::connections(&config, &common);
        let local = crm(Arc::clone(&store), Arc::clone(&clock));
        let local: Arc<dyn Crm> = Arc::new(Watched::new(local, config.dialog.reply_budget));
        crms.insert(local.connection().to_owned(), Arc::clone(&local));
        let active: Arc<dyn Crm> = match (crms.get(&config.crm.active), broken_crms.get(&config.crm.active)) {
            // A client in a chat does not wait as long as a person at a terminal.
            (Some(crm), _) => Arc::new(Watched::within(Arc::clone(crm), config.dialog.reply_budget)),
            // Nothing is booked elsewhere instead.
            (None, Some(why)) => Arc::new(BrokenCrm::new(&config.crm.active, why)),
            (None, None) => local,
        };
        let rules = Rules {
            coalesce: SignedDuration::try_from(config.dialog.coalesce).unwrap_or(SignedDuration::ZERO),
            session_ttl: SignedDuration::try_from(config.dialog.session_ttl).unwrap_or(SignedDuration::MAX),
            trust_typed_phone: config.dialog.trust_typed_phone,
        };
        let desk = Arc::new(Desk::new(Arc::clone(&store), Arc::clone(&active), Arc::clone(&clock), rules));
        let crms = Arc::new(crms);
        let runner = Runner::new(Arc::clone(&store), Arc::clone(&desk), Arc::clone(&clock), Arc::clone(&wakeups))
            .with_crms(Arc::clone(&crms));
        let is_shared = helper.is_some() || config.store.url.file().is_none();
        let budgets = is_shared.then(|| Arc::new(Budgets::new(Arc::clone(&store), helper.clone())));
        Self {
            messengers: Arc::new(messengers(&config)),
            config: Arc::new(config),
            store,
            clock,
            crms,
            broken_crms: Arc::new(broken_crms),
            desk,
            runner,
            wakeups,
            courtesies: Arc::default(),
            gate: Arc::new(Semaphore::new(WAITING)),
            button_key: Arc::default(),
            heard: Arc::default(),
            name,
            helper,
            budgets,
        }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A connection whose calls are carried through `wrap`: to record them.
    ///
    /// # Errors
    /// When it is not configured or cannot be opened.
    pub fn connect_through(
        &self,
        name: &str,
        wrap: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport>,
    ) -> Result<Arc<dyn Crm>, String> {
        let connection =
            self.config.crm.connections.get(name).ok_or_else(|| format!("`{name}` speaks over no wire"))?;
        let common = Common {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            purse: Arc::new(Budgets::new(Arc::clone(&self.store), self.helper.clone())),
            holder: Arc::clone(&self.name),
        };
        connections::connect(&self.config, name, connection, &common, wrap)
    }

    /// The connection that bookings go to.
    #[must_use]
    pub fn active_crm(&self) -> Option<&Arc<dyn Crm>> {
        self.crms.get(&self.config.crm.active)
    }

    /// Whether a message to a client on that channel can be carried now.
    #[must_use]
    pub fn reaches(&self, channel: Channel) -> bool {
        match channel {
            Channel::Api => true,
            Channel::Web => self.config.channels.web.enabled,
            Channel::Telegram => self.messengers.contains_key(&channel),
            Channel::Whatsapp | Channel::Max | Channel::Talkme | Channel::Call | Channel::Import => false,
        }
    }

    /// What signs the buttons that channels carry.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn button_key(&self) -> StoreResult<SigningKey> {
        let made = || async { Ok(SigningKey::of_bytes(self.store.meta_secret(BUTTON_KEY).await?)) };
        self.button_key.get_or_try_init(made).await.copied()
    }

    /// The channel of that name, when it is configured.
    #[must_use]
    pub fn messenger(&self, channel: Channel) -> Option<&Arc<dyn Messenger>> {
        self.messengers.get(&channel)
    }

    /// What the calls of a channel must carry: the configured secret, or the one the store made once.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn hook_secret(&self, _channel: Channel) -> StoreResult<String> {
        match &self.config.channels.telegram.webhook_secret {
            Some(secret) => Ok(secret.expose().to_owned()),
            None => Ok(hex(&self.store.meta_secret(HOOK_SECRET).await?)),
        }
    }

    /// Remembers that a channel was told to call that address with the present secret.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn note_hook(&self, messenger: &dyn Messenger, url: &str) -> StoreResult<()> {
        let value = told_of(url, &self.hook_secret(messenger.channel()).await?);
        let account = messenger.account().to_owned();
        let mark = Mark { channel: messenger.channel(), account, name: HOOK_MARK, value };
        self.store.ingest(Vec::new(), Some(&mark), self.now()).await.map(|_| ())
    }

    /// Whether a channel was told last to call that address with the present secret.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn knows_hook(&self, messenger: &dyn Messenger, url: &str) -> StoreResult<bool> {
        let told = self.store.mark(messenger.channel(), messenger.account(), HOOK_MARK).await?;
        let secret = self.hook_secret(messenger.channel()).await?;
        Ok(told.is_some_and(|(told, _)| told == told_of(url, &secret)))
    }

    /// Where a channel is to call us; nothing without `http.public_url`.
    #[must_use]
    pub fn hook_url(&self, _channel: Channel) -> Option<String> {
        self.config.http.public_url.as_ref().map(|url| format!("{}{TELEGRAM_HOOK}", url.trim_end_matches('/')))
    }

    /// Where a CRM is to call us, without whatever proves that it is the CRM; nothing without `http.public_url`.
    #[must_use]
    pub fn crm_hook_url(&self, crm: &dyn Crm) -> Option<String> {
        let base = self.config.http.public_url.as_ref()?.trim_end_matches('/');
        // A bridge is anybody's who signs; the others speak as their vendor does.
        let family = if crm.kind() == "dikidi" { "bridge" } else { crm.kind() };
        Some(format!("{base}/hooks/{family}/{}", crm.connection()))
    }
}

/// What is remembered of a call's address and secret: the secret only as a hash.
fn told_of(url: &str, secret: &str) -> String {
    format!("{} {url}", hex(&Sha256::digest(secret)))
}

fn local(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Arc<dyn Crm> {
    Arc::new(Local::new("local", store, clock))
}

/// What an app has around its store.
struct Around {
    name: Arc<str>,
    wakeups: Arc<Wakeups>,
    redis: Option<Arc<Redis>>,
}

impl Around {
    fn of(config: &Config) -> Self {
        let name: Arc<str> = hex(&rand::random::<[u8; 8]>()).into();
        Self { redis: redis(config, &name), wakeups: Arc::default(), name }
    }
}

/// The Redis that is configured. An address that is none is told and left out: the store serves.
fn redis(config: &Config, name: &str) -> Option<Arc<Redis>> {
    let url = config.cache.url.as_ref()?;
    match Redis::open(url.expose(), name) {
        Ok(redis) => Some(Arc::new(redis)),
        Err(error) => {
            tracing::error!(error, "`cache.url` is no address of a Redis; the store serves instead");
            None
        }
    }
}

/// The channels that are configured. One that cannot be built is told and left out: the others go on.
fn messengers(config: &Config) -> BTreeMap<Channel, Arc<dyn Messenger>> {
    let mut built: BTreeMap<Channel, Arc<dyn Messenger>> = BTreeMap::new();
    let telegram = &config.channels.telegram;
    let Some(token) = &telegram.token else { return built };
    let pem = telegram.ca_bundle.as_ref().map(std::fs::read).transpose();
    let opened = pem.map_err(|error| format!("ca_bundle: {error}")).and_then(|ca_bundle| {
        Telegram::open(telegram::Settings {
            token: token.expose().to_owned(),
            api_url: telegram.base_url.clone().unwrap_or_else(|| telegram.api_url.clone()),
            delivery: match telegram.mode {
                TelegramMode::Polling => Delivery::Polling,
                TelegramMode::Webhook => Delivery::Webhook,
            },
            timeout: telegram.timeout,
            proxy: telegram.proxy.as_ref().map(|proxy| proxy.expose().to_owned()),
            ca_bundle,
            per_chat: telegram.limits.per_chat,
            total: telegram.limits.total,
            typing: telegram.typing,
        })
    });
    match opened {
        Ok(telegram) => {
            built.insert(Channel::Telegram, Arc::new(telegram));
        }
        Err(error) => tracing::error!(error, "the channel telegram cannot be opened: see `channels.telegram`"),
    }
    built
}

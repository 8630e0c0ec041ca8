//! The composition root: configuration in, [`App`] out. The one file that knows stores and adapters.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::adapters::crm::local::Local;
use crate::config::{CompanyOverrides, Config};
use crate::dialog::{Desk, Rules};
use crate::domain::clock::Clock;
use crate::domain::contact::Channel;
use crate::domain::conversation::{Incoming, MessageKind, Received};
use crate::domain::crm::Crm;
use crate::domain::store::{IdempotencyKey, Store, StoreResult};
use crate::jobs::Runner;
use crate::jobs::wakeups::Wakeups;
use crate::store::sqlite::{Refine, SqliteStore};

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
    /// The front desk.
    pub desk: Arc<Desk>,
    /// Runs jobs.
    pub runner: Runner,
    /// Tells those who wait.
    pub wakeups: Arc<Wakeups>,
}

impl App {
    /// Opens the store that the configuration names and connects everything to it.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub fn open(config: Config, clock: Arc<dyn Clock>) -> StoreResult<Self> {
        let store = SqliteStore::open(config.store.url.path())?;
        Ok(Self::over(config, store, clock))
    }

    /// An app whose store lives as long as it: scenarios and tests.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn in_memory(config: Config, clock: Arc<dyn Clock>) -> StoreResult<Self> {
        Ok(Self::over(config, SqliteStore::in_memory()?, clock))
    }

    fn over(config: Config, store: SqliteStore, clock: Arc<dyn Clock>) -> Self {
        let store: Arc<dyn Store> = match refine(&config.company) {
            Some(refine) => Arc::new(store.refined(refine)),
            None => Arc::new(store),
        };
        let local: Arc<dyn Crm> = Arc::new(Local::new("local", Arc::clone(&store), Arc::clone(&clock)));
        let rules = Rules {
            session_ttl: SignedDuration::try_from(config.dialog.session_ttl).unwrap_or(SignedDuration::MAX),
            trust_typed_phone: config.dialog.trust_typed_phone,
        };
        let desk = Arc::new(Desk::new(Arc::clone(&store), Arc::clone(&local), Arc::clone(&clock), rules));
        let wakeups = Arc::new(Wakeups::default());
        let runner = Runner::new(Arc::clone(&store), Arc::clone(&desk), Arc::clone(&clock), Arc::clone(&wakeups));
        let crms = BTreeMap::from([("local".to_owned(), local)]);
        Self { config: Arc::new(config), store, clock, crms: Arc::new(crms), desk, runner, wakeups }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
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
            Channel::Telegram
            | Channel::Whatsapp
            | Channel::Max
            | Channel::Talkme
            | Channel::Call
            | Channel::Import => false,
        }
    }

    /// The one entrance of clients' messages: stores one with the job that answers it and wakes a worker.
    /// A pressed button is answered at once; words wait for those that follow quickly.
    ///
    /// # Errors
    /// When the store fails; nothing is stored then.
    pub async fn receive(&self, incoming: &Incoming, key: Option<&IdempotencyKey>) -> StoreResult<Received> {
        let coalesce = SignedDuration::try_from(self.config.dialog.coalesce).unwrap_or(SignedDuration::ZERO);
        let wait = if incoming.kind == MessageKind::Button { SignedDuration::ZERO } else { coalesce };
        let now = self.now();
        let received = self.store.receive(incoming, now, Some(now + wait), key).await?;
        if !received.duplicate {
            self.wakeups.conversation(received.conversation_id);
            self.wakeups.work();
        }
        Ok(received)
    }
}

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

//! Redis beside the store: budgets that several daemons draw from, word of new work, and copies of what dialogues
//! remember. Nothing in it is the truth.

mod copies;

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, Client, RedisError, Script};

use crate::domain::outbox::Pace;
use crate::domain::sharing::{Drawn, Helper};

/// An answer that takes longer is none: the store serves instead.
const PATIENCE: Duration = Duration::from_millis(300);
/// After a failure it is left alone for so long.
const PAUSE: Duration = Duration::from_secs(2);
/// Where new work is told.
const CHANNEL: &str = "flow:work";

/// `domain::sharing::drawn` in one step of the server. Microseconds fit into its numbers.
const DRAW: &str = "
local now, every, most, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local whole = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local room = math.max(math.floor((now + most - whole) / every), 0)
local calls = math.min(wanted, room)
local after = math.max(whole + calls * every, now)
local wait = math.max(after + every - (now + most), 0)
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.floor(most / 1000) + 60000)
return {math.max(calls, 0), string.format('%.0f', wait)}
";

/// A Redis.
pub struct Redis {
    client: Client,
    /// Made by the first call, which is on a runtime.
    connection: OnceLock<ConnectionManager>,
    draw: Script,
    /// Names this process to itself: it need not hear its own word.
    id: String,
    rests_until: Rest,
    /// Copies must come sooner than anything else, so they have a rest of their own.
    copies_rest_until: Rest,
}

/// Until when something is left alone.
#[derive(Default)]
struct Rest(Mutex<Option<Instant>>);

impl Rest {
    fn is_on(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| until > Instant::now())
    }

    /// Begins after a failure, ends with an answer.
    fn after(&self, failed: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failed.then(|| Instant::now() + PAUSE);
    }
}

impl Redis {
    /// A Redis at that address; `id` names this process. Nothing is connected yet.
    ///
    /// # Errors
    /// When the address is none. It is not repeated: it may hold a password.
    pub fn open(url: &str, id: &str) -> Result<Self, String> {
        // The error of the address would repeat it.
        let client = Client::open(url).map_err(|_| "expected redis://HOST:PORT/DB or rediss://…".to_owned())?;
        let (draw, id) = (Script::new(DRAW), id.to_owned());
        let (rests_until, copies_rest_until) = (Rest::default(), Rest::default());
        Ok(Self { client, connection: OnceLock::new(), draw, id, rests_until, copies_rest_until })
    }

    fn connection(&self) -> Result<ConnectionManager, String> {
        if let Some(made) = self.connection.get() {
            return Ok(made.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let made = ConnectionManager::new_lazy_with_config(self.client.clone(), config).map_err(told)?;
        Ok(self.connection.get_or_init(|| made).clone())
    }

    /// Runs a call, unless the last one failed a moment ago.
    async fn call<T>(&self, call: impl Future<Output = Result<T, RedisError>>) -> Result<T, String> {
        if self.rests_until.is_on() {
            return Err("it did not answer a moment ago".to_owned());
        }
        let answer = match tokio::time::timeout(PATIENCE * 2, call).await {
            Ok(answer) => answer.map_err(told),
            Err(_) => Err("no answer in time".to_owned()),
        };
        self.rests_until.after(answer.is_err());
        answer
    }
}

/// What went wrong, without the address.
fn told(error: RedisError) -> String {
    match error.kind() {
        redis::ErrorKind::AuthenticationFailed => "the password is refused".to_owned(),
        _ if error.is_timeout() => "no answer in time".to_owned(),
        _ if error.is_io_error() => "no connection".to_owned(),
        kind => format!("{kind:?}"),
    }
}

#[async_trait]
impl Helper for Redis {
    async fn draw(&self, budget: &str, pace: Pace, wanted: i64, now: Timestamp) -> Result<Drawn, String> {
        let every = i64::try_from(pace.every.as_micros()).unwrap_or(i64::MAX / 1024).max(1);
        let most = every.saturating_mul(i64::from(pace.burst.max(1)));
        let mut connection = self.connection()?;
        let mut call = self.draw.key(format!("flow:budget:{budget}"));
        call.arg(now.as_microsecond()).arg(every).arg(most).arg(wanted);
        let (calls, wait): (i64, String) = self.call(call.invoke_async(&mut connection)).await?;
        let wait: i64 = wait.parse().map_err(|_| "an answer that is no number".to_owned())?;
        Ok(Drawn { calls: u32::try_from(calls).unwrap_or(0), next_at: now + SignedDuration::from_micros(wait.max(0)) })
    }

    async fn tell(&self) -> Result<(), String> {
        let mut connection = self.connection()?;
        self.call(connection.publish::<_, _, ()>(CHANNEL, &self.id)).await
    }

    async fn hear(&self, heard: &(dyn Fn() + Send + Sync)) -> Result<(), String> {
        let connected = tokio::time::timeout(PATIENCE * 4, self.client.get_async_pubsub());
        let mut ear = connected.await.map_err(|_| "no answer in time".to_owned())?.map_err(told)?;
        ear.subscribe(CHANNEL).await.map_err(told)?;
        // What was told while nobody heard.
        heard();
        let mut words = ear.on_message();
        while let Some(word) = words.next().await {
            if word.get_payload_bytes() != self.id.as_bytes() {
                heard();
            }
        }
        Err("the connection broke".to_owned())
    }

    async fn ping(&self) -> Result<(), String> {
        let mut connection = self.connection()?;
        self.call(async move { redis::cmd("PING").query_async::<()>(&mut connection).await }).await
    }
}

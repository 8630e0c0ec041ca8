//! One connection: its address, TLS, and what every session is told.

use std::error::Error as _;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Connection, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls::Wish;
use crate::domain::store::{StoreError, StoreResult};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A server that acknowledges nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(15);
/// The driver's own: a connection that lay still for so long is looked at.
const UNSET: Duration = Duration::from_secs(2 * 60 * 60);
/// What every session is told: no statement, no wait for a row and no forgotten transaction lasts for ever, and what is
/// acknowledged is on disk.
const SESSION: &str = "SET statement_timeout='30s'; SET lock_timeout='10s';
 SET idle_in_transaction_session_timeout='30s'; SET client_encoding='UTF8'; SET jit=off;
 SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit')='off'";

/// How a database is reached.
#[derive(Clone)]
pub(super) struct Connector {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    /// The runtime that connections live on, whoever asked for them.
    handle: Handle,
}

impl Connector {
    /// # Errors
    /// `Open` for an address or a certificate that cannot be read; neither is repeated.
    pub(super) fn new(url: &str, handle: Handle) -> StoreResult<Self> {
        let address = Address::read(url);
        let mut config: Config = address.url.parse().map_err(|error: tokio_postgres::Error| {
            let why = error.source().map(ToString::to_string).unwrap_or_default();
            StoreError::Open(format!("the address of the database cannot be read: {why}"))
        })?;
        if address.wish.mode.is_none() && config.get_hosts().iter().all(is_here) {
            // Nothing is on the way that could listen, and Debian's own certificate names nobody.
            config.ssl_mode(SslMode::Disable);
        }
        if config.get_application_name().is_none() {
            config.application_name("flow");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        if config.get_keepalives_idle() == UNSET {
            config.keepalives_idle(SILENCE);
        }
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            _ => Some(address.wish.connector()?),
        };
        Ok(Self { config, tls, handle })
    }

    pub(super) const fn config(&self) -> &Config {
        &self.config
    }

    /// A connection of its own, with the task that carries it. `on_message` hears what the server says unasked.
    pub(super) async fn open(
        &self,
        on_message: impl Fn(tokio_postgres::AsyncMessage) + Send + 'static,
    ) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
        let opening = async move {
            match self.tls.clone() {
                None => self.with(NoTls, on_message).await,
                Some(tls) => self.with(tls, on_message).await,
            }
        };
        let mut opening = std::pin::pin!(opening);
        // A socket belongs to the runtime it is opened on.
        std::future::poll_fn(|cx| {
            let _on = self.handle.enter();
            opening.as_mut().poll(cx)
        })
        .await
    }

    async fn with<T>(
        &self,
        tls: T,
        on_message: impl Fn(tokio_postgres::AsyncMessage) + Send + 'static,
    ) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error>
    where
        T: MakeTlsConnect<Socket> + Send,
        T::Stream: Send + 'static,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let (client, connection) = self.config.connect(tls).await?;
        let carried = self.handle.spawn(carry(connection, on_message));
        client.batch_execute(SESSION).await?;
        Ok((client, carried))
    }
}

async fn carry<S, T>(mut connection: Connection<S, T>, on_message: impl Fn(tokio_postgres::AsyncMessage))
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    // Whoever waits for an answer is told of the end itself.
    while let Some(Ok(message)) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
        on_message(message);
    }
}

impl deadpool_postgres::Connect for Connector {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), tokio_postgres::Error>> + Send + '_>> {
        Box::pin(self.open(|_| {}))
    }
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// An address as the driver reads it, without what only libpq knows.
struct Address {
    url: String,
    wish: Wish,
}

impl Address {
    fn read(url: &str) -> Self {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut kept, mut wish) = (Vec::new(), Wish::default());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("sslrootcert", path) => wish.root = Some(decoded(path)),
                ("sslmode", mode) => {
                    wish.mode = Some(mode.to_owned());
                    kept.push(format!("sslmode={}", Wish::driver_mode(mode)));
                }
                _ => kept.push(pair.to_owned()),
            }
        }
        let url = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
        Self { url, wish }
    }
}

/// What `%XX` stands for; anything else stays as it is.
fn decoded(text: &str) -> String {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                out.push(byte);
                rest = &after[2..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connector(url: &str) -> StoreResult<Connector> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Connector::new(url, runtime.handle().clone())
    }

    #[test]
    fn what_only_libpq_knows_is_translated() {
        let read =
            Address::read("postgres://flow@db/flow?sslmode=verify-full&sslrootcert=%2Fetc%2Fmy%20ca.pem&port=6432");
        assert_eq!(read.url, "postgres://flow@db/flow?sslmode=require&port=6432");
        let wish = Wish { mode: Some("verify-full".to_owned()), root: Some("/etc/my ca.pem".to_owned()) };
        assert_eq!(read.wish, wish);
        assert_eq!(Address::read("postgres://flow@db/flow").url, "postgres://flow@db/flow");
        assert_eq!(decoded("50%,%zz,%4"), "50%,%zz,%4");
    }

    #[test]
    fn nothing_is_encrypted_on_this_machine_unless_it_is_asked_for() {
        let mode = |url: &str| connector(url).unwrap().config().get_ssl_mode();
        assert_eq!(mode("postgres://flow@localhost/flow"), SslMode::Disable);
        assert_eq!(mode("postgres://flow@%2Frun%2Fpostgresql/flow"), SslMode::Disable);
        assert_eq!(mode("postgres://flow@localhost/flow?sslmode=prefer"), SslMode::Prefer);
        assert_eq!(mode("postgres://flow@db.example.ru/flow"), SslMode::Prefer);
    }

    #[test]
    fn an_address_that_cannot_be_read_is_told_without_its_password() {
        for url in ["postgres://flow:hunter2@db:x/flow", "postgres://flow:hunter2@db/flow?sslmode=maybe&hunter2=1"] {
            let Err(StoreError::Open(told)) = connector(url) else { panic!("{url}") };
            assert!(!told.contains("hunter2") && !told.is_empty(), "{told}");
        }
        let missing = connector("postgres://flow@db/flow?sslmode=require&sslrootcert=/nowhere/ca.pem");
        assert!(matches!(missing, Err(StoreError::Open(told)) if told.contains("/nowhere/ca.pem")));
    }
}

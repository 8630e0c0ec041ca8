//! A private PostgreSQL: one server for all test processes, made of the system's programs, and a database for each case.
//!
//! The first who needs it starts it; it serves the runs that follow and ends when nobody has come for a while.
//! `FLOW_TEST_POSTGRES` may be `require` or `skip`; without it, and outside CI, its absence skips the cases.

mod alone;

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use flow::store::postgres::PostgresStore;

use super::daemon::Home;
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

pub use self::alone::Alone;

/// Who owns everything in it.
const OWNER: &str = "flow";
/// Enough for the tests of many processes at once.
const CONNECTIONS: u32 = 400;
/// Minutes without a case after which the server ends.
const IDLE_MINUTES: u32 = 10;

/// A migrated database of one case's own; it goes away with this value.
pub struct Database {
    server: Server,
    name: String,
}

impl Database {
    /// A fresh one, or nothing where there is no PostgreSQL.
    pub async fn new() -> Option<Self> {
        let server = Server::shared()?;
        let template = template(&server).await;
        let name = format!("case_{}_{:x}", std::process::id(), rand::random::<u64>());
        server.run(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Some(Self { server, name })
    }

    /// An empty one: no table is in it yet.
    pub async fn empty() -> Option<Self> {
        let server = Server::shared()?;
        let name = format!("case_{}_{:x}", std::process::id(), rand::random::<u64>());
        server.run(&format!("CREATE DATABASE {name}")).await;
        Some(Self { server, name })
    }

    /// A home of the binary whose store is a fresh database, or nothing where there is no PostgreSQL.
    pub fn home() -> Option<Home> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let database = runtime.block_on(Self::new())?;
        let url = database.url();
        Some(Home::over(url, (database, runtime)))
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// A store on it, with few sessions: many cases share one server.
    pub fn open(&self) -> PostgresStore {
        PostgresStore::open(&self.url(), 6).expect("the database opens")
    }

    /// A session beside the store.
    pub async fn session(&self) -> tokio_postgres::Client {
        self.server.session(&self.name).await.expect("a session")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A case may have ended with sessions open; what is left behind goes with the next start.
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                if let Ok(session) = server.session("postgres").await {
                    drop(session.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await);
                }
            });
            Ok::<_, std::io::Error>(())
        });
        drop(dropped.join());
    }
}

/// The server of all test processes.
#[derive(Debug, Clone)]
struct Server {
    home: PathBuf,
    /// Where it answers on this machine, when not by its socket alone; TLS needs that.
    port: Option<u16>,
}

impl Server {
    fn shared() -> Option<Self> {
        Some(Self::started(&Self::programs()?))
    }

    /// The system's programs, when they may be used.
    fn programs() -> Option<PathBuf> {
        let wish = std::env::var_os("FLOW_TEST_POSTGRES").unwrap_or_default();
        if wish == "skip" {
            println!("skipped: FLOW_TEST_POSTGRES=skip");
            return None;
        }
        let must = wish == "require" || std::env::var_os("CI").is_some();
        let Some(programs) = programs() else {
            assert!(!must, "PostgreSQL is needed here, and there is none in /usr/lib/postgresql");
            println!("skipped: no PostgreSQL in /usr/lib/postgresql; `apt-get install postgresql` brings it");
            return None;
        };
        Some(programs)
    }

    /// The server that runs already, or a new one; whoever comes at the same time waits.
    fn started(programs: &Path) -> Self {
        let owner = owner();
        let server = Self { home: home(), port: None };
        make(&server.home, owner);
        let lock = File::options().create(true).truncate(false).write(true).open(server.home.join("lock")).unwrap();
        lock.lock().unwrap();
        fs::write(server.home.join("used"), "").unwrap();
        if !server.answers() {
            server.start(programs, owner);
        }
        server
    }

    fn answers(&self) -> bool {
        std::os::unix::net::UnixStream::connect(self.socket()).is_ok()
    }

    fn socket(&self) -> PathBuf {
        self.home.join(format!(".s.PGSQL.{}", self.port.unwrap_or(5432)))
    }

    fn start(&self, programs: &Path, owner: Option<(u32, u32)>) {
        let data = self.home.join("data");
        // What a killed machine left is not worth a look: nothing in it is kept.
        drop(fs::remove_dir_all(&data));
        drop(fs::remove_file(self.socket()));
        let data = data.to_str().unwrap();
        let initdb = ["-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
        run(&programs.join("initdb"), &initdb, &self.home, owner);
        self.begin(programs, owner);
        self.watch(programs, owner);
    }

    fn begin(&self, programs: &Path, owner: Option<(u32, u32)>) {
        let data = self.home.join("data");
        let data = data.to_str().unwrap();
        let open = match self.port {
            None => "listen_addresses='' -c port=5432".to_owned(),
            Some(port) => format!(
                "listen_addresses=127.0.0.1 -c port={port} -c ssl=on -c ssl_cert_file=../server.crt \
                 -c ssl_key_file=../server.key"
            ),
        };
        let options = format!(
            "-c {open} -c unix_socket_directories='{}' -c fsync=off -c synchronous_commit=off \
             -c full_page_writes=off -c max_connections={CONNECTIONS} -c shared_buffers=64MB -c autovacuum_naptime=5s \
             -c deadlock_timeout=100ms -c max_wal_size=1GB",
            self.home.display()
        );
        let log = self.home.join("log");
        let start = ["-D", data, "-l", log.to_str().unwrap(), "-w", "-t", "60", "-o", &options, "start"];
        run(&programs.join("pg_ctl"), &start, &self.home, owner);
    }

    /// Leaves somebody behind who ends the server when nobody has come for a while.
    fn watch(&self, programs: &Path, owner: Option<(u32, u32)>) {
        let script = format!(
            "while sleep 30 && [ -S {} ]; do
               [ -n \"$(find used -mmin +{IDLE_MINUTES})\" ] && exec {}/pg_ctl -D data -m immediate -w stop
             done",
            self.socket().display(),
            programs.display()
        );
        let mut watch = as_owner(Path::new("/bin/sh"), &self.home, owner);
        use std::os::unix::process::CommandExt;
        drop(watch.args(["-c", &script]).process_group(0).spawn());
    }

    fn url(&self, database: &str) -> String {
        let host = self.home.to_str().unwrap().replace('/', "%2F");
        format!("postgres://{OWNER}@{host}:{}/{database}", self.port.unwrap_or(5432))
    }

    async fn session(&self, database: &str) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.url(database), NoTls).await?;
        let runtime = tokio::runtime::Handle::current();
        runtime.spawn(connection);
        Ok(client)
    }

    /// Runs a statement about databases, anew while somebody is just leaving the one it copies.
    async fn run(&self, sql: &str) {
        let session = self.session("postgres").await.expect("the test server answers");
        for _ in 0..200 {
            match session.batch_execute(sql).await {
                Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => {
                    tokio::time::sleep(Duration::from_millis(25)).await;
                }
                outcome => return outcome.unwrap_or_else(|error| panic!("{sql}: {error:?}")),
            }
        }
        panic!("{sql}: somebody stays in the template");
    }
}

/// The migrated database that the others are copies of; made once for each state of the migrations.
async fn template(server: &Server) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/migrations/postgres");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(file).unwrap().hash(&mut hasher);
    }
    let name = format!("template_{:x}", hasher.finish());
    let lock = File::options().create(true).truncate(false).write(true).open(server.home.join("lock")).unwrap();
    lock.lock().unwrap();
    let session = server.session("postgres").await.expect("the test server answers");
    let known = "SELECT 1 FROM pg_database WHERE datname=$1 AND datistemplate";
    if session.query_opt(known, &[&name]).await.unwrap().is_none() {
        // A half-made one counts as none.
        session.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.unwrap();
        session.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        drop(PostgresStore::open(&server.url(&name), 2).expect("the template is migrated"));
        session.batch_execute(&format!("ALTER DATABASE {name} IS_TEMPLATE true")).await.unwrap();
    }
    name
}

/// The newest PostgreSQL of the system.
fn programs() -> Option<PathBuf> {
    let entries = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            let programs = path.join("bin");
            programs.join("initdb").exists().then_some((version, programs))
        })
        .collect();
    found.sort();
    found.pop().map(|(_, programs)| programs)
}

/// Where the server lives: a short path, because a socket's name has at most 107 bytes.
fn home() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (env!("CARGO_TARGET_TMPDIR"), owner()).hash(&mut hasher);
    std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap()).hash(&mut hasher);
    std::env::temp_dir().join(format!("flow-tests-pg-{:x}", hasher.finish() >> 32))
}

fn make(home: &Path, owner: Option<(u32, u32)>) {
    if fs::create_dir(home).is_ok() {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(home, fs::Permissions::from_mode(0o700)).unwrap();
        if let Some((user, group)) = owner {
            std::os::unix::fs::chown(home, Some(user), Some(group)).unwrap();
        }
    }
}

/// PostgreSQL refuses to be root: then it is somebody with fewer rights.
fn owner() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if fs::metadata("/proc/self").is_ok_and(|process| process.uid() != 0) {
        return None;
    }
    let known = fs::read_to_string("/etc/passwd").unwrap();
    let of = |name: &str| {
        let line = known.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut numbers = line.split(':').skip(2);
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    };
    of("postgres").or_else(|| of("nobody"))
}

fn as_owner(program: &Path, home: &Path, owner: Option<(u32, u32)>) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(program);
    // Nothing of it may hold the test's own output open.
    command.current_dir(home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}

fn run(program: &Path, arguments: &[&str], home: &Path, owner: Option<(u32, u32)>) {
    let status = as_owner(program, home, owner).args(arguments).status();
    assert!(status.as_ref().is_ok_and(|status| status.success()), "{}: {status:?}", program.display());
}

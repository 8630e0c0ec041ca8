//! A PostgreSQL of the bench's own: durable as a real one, reached by a socket, gone with the bench.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// Who owns everything in it.
const OWNER: &str = "flow";

/// A running server; it ends with this value.
pub struct Server {
    programs: PathBuf,
    user: Option<(u32, u32)>,
    folder: tempfile::TempDir,
    databases: Cell<u32>,
}

impl Server {
    /// Starts one, where the system has the programs.
    pub fn start() -> Option<Self> {
        // A short path, because a socket's name has at most 107 bytes.
        let folder = tempfile::Builder::new().prefix("flow-bench-").tempdir_in("/tmp").expect("a folder");
        let server = Self { programs: programs()?, user: user(), folder, databases: Cell::new(0) };
        fs::set_permissions(server.home(), fs::Permissions::from_mode(0o700)).expect("its folder");
        if let Some((user, group)) = server.user {
            chown(server.home(), Some(user), Some(group)).expect("its folder");
        }
        server.run("initdb", &["-D", "data", "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C"]);
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=on -c synchronous_commit=on \
             -c max_connections=200 -c max_wal_size=4GB",
            server.home().display()
        );
        server.run("pg_ctl", &["-D", "data", "-l", "log", "-w", "-t", "60", "-o", &options, "start"]);
        server.sql("postgres", "CREATE TABLE floor(id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body TEXT)");
        let script = "INSERT INTO floor(body) VALUES('What a client may have written, with its chat and its name.');";
        fs::write(server.home().join("floor.sql"), script).expect("a script");
        Some(server)
    }

    fn home(&self) -> &Path {
        self.folder.path()
    }

    /// The address of one more empty database.
    pub fn database(&self) -> String {
        self.databases.set(self.databases.get() + 1);
        let name = format!("bench_{}", self.databases.get());
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    fn url(&self, database: &str) -> String {
        let host = self.home().display().to_string().replace('/', "%2F");
        format!("postgres://{OWNER}@{host}/{database}")
    }

    /// Runs a statement in the database of that address, or of that name.
    pub fn sql(&self, database: &str, sql: &str) {
        let name = database.rsplit('/').next().unwrap_or(database);
        self.run("psql", &["-h", &self.host(), "-U", OWNER, "-d", name, "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]);
    }

    fn host(&self) -> String {
        self.home().display().to_string()
    }

    /// Rows of their own that so many clients commit a second, each in a transaction.
    pub fn commits(&self, clients: usize, time: Duration) -> f64 {
        let (clients, seconds) = (clients.to_string(), time.as_secs().max(1).to_string());
        let host = self.host();
        let load = ["-n", "-M", "prepared", "-f", "floor.sql", "-c", &clients, "-j", "2", "-T", &seconds];
        let told = self.run("pgbench", &[load.as_slice(), &["-h", &host, "-U", OWNER, "postgres"]].concat());
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        let rate = told.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        rate.unwrap_or_else(|| panic!("pgbench tells no rate: {told}"))
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.home()).env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C");
        command.stdin(Stdio::null()).args(arguments);
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(program, arguments);
        if program == "pg_ctl" {
            // The server inherits them, and would hold them open.
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = self.command("pg_ctl", &["-D", "data", "-m", "immediate", "-w", "stop"]);
        drop(stop.stdout(Stdio::null()).stderr(Stdio::null()).status());
    }
}

/// The newest PostgreSQL of the system that has all that is needed.
fn programs() -> Option<PathBuf> {
    let entries = fs::read_dir("/usr/lib/postgresql").ok()?;
    let found = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let version: u32 = path.file_name()?.to_str()?.parse().ok()?;
        let programs = path.join("bin");
        let has_all = ["initdb", "pg_ctl", "psql", "pgbench"].iter().all(|name| programs.join(name).exists());
        has_all.then_some((version, programs))
    });
    found.max().map(|(_, programs)| programs)
}

/// PostgreSQL refuses to be root: then it is somebody with fewer rights.
fn user() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").is_ok_and(|process| process.uid() != 0) {
        return None;
    }
    let known = fs::read_to_string("/etc/passwd").expect("the system's users");
    let of = |name: &str| {
        let line = known.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut numbers = line.split(':').skip(2);
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    };
    of("postgres").or_else(|| of("nobody"))
}

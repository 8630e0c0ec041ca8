//! A server of one case's own, which may be stopped, started, made to hang, and speak TLS.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Database, OWNER, Server, as_owner, make, owner, run};

/// A server of one case's own.
pub struct Alone {
    server: Server,
    programs: PathBuf,
    owner: Option<(u32, u32)>,
    _folder: tempfile::TempDir,
}

impl Database {
    /// A database on a server of its own, which may be stopped and started.
    pub async fn alone() -> Option<(Self, Alone)> {
        Self::on_its_own(None, |_| {}).await
    }

    /// As [`Database::alone`], with TLS on a port of this machine. `certify` makes `server.crt` and `server.key`.
    pub async fn encrypted(certify: impl FnOnce(&Alone)) -> Option<(Self, Alone)> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self::on_its_own(Some(port), certify).await
    }

    async fn on_its_own(port: Option<u16>, before: impl FnOnce(&Alone)) -> Option<(Self, Alone)> {
        let programs = Server::programs()?;
        let folder = tempfile::Builder::new().prefix("flow-pg-").tempdir_in("/tmp").unwrap();
        let server = Server { home: folder.path().join("server"), port };
        let owner = owner();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        make(&server.home, owner);
        fs::write(server.home.join("used"), "").unwrap();
        let alone = Alone { server: server.clone(), programs, owner, _folder: folder };
        before(&alone);
        server.start(&alone.programs, owner);
        server.run("CREATE DATABASE flow").await;
        Some((Self { server, name: "flow".to_owned() }, alone))
    }
}

impl Alone {
    /// Stops at once, as in a power cut of the server.
    pub fn stop(&self) {
        let stop = ["-D", "data", "-m", "immediate", "-w", "stop"];
        run(&self.programs.join("pg_ctl"), &stop, &self.server.home, self.owner);
    }

    /// Starts again with what is on its disk.
    pub fn start(&self) {
        self.server.begin(&self.programs, self.owner);
    }

    /// Stops all its processes where they are: connections stay open, and nothing is answered.
    pub fn hang(&self) {
        self.signal("STOP");
    }

    /// Lets them go on.
    pub fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let Ok(known) = fs::read_to_string(self.server.home.join("data/postmaster.pid")) else { return };
        let postmaster = known.lines().next().unwrap().to_owned();
        // The first makes no more processes from here on.
        let signal = |processes: &[String]| {
            Command::new("kill").arg(format!("-{name}")).args(processes).status().unwrap();
        };
        signal(std::slice::from_ref(&postmaster));
        let children = fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children")).unwrap_or_default();
        let children: Vec<String> = children.split_whitespace().map(str::to_owned).collect();
        if !children.is_empty() {
            signal(&children);
        }
    }

    /// The folder that it lives in; its certificate lies there.
    pub fn folder(&self) -> &Path {
        &self.server.home
    }

    /// Its address on this machine under one of its names.
    pub fn address(&self, host: &str) -> String {
        format!("postgres://{OWNER}@{host}:{}/flow", self.server.port.unwrap())
    }

    /// Makes something with openssl in its folder.
    pub fn openssl(&self, arguments: &[&str]) {
        run(Path::new("/usr/bin/openssl"), arguments, &self.server.home, self.owner);
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.go_on();
        let mut stop = as_owner(&self.programs.join("pg_ctl"), &self.server.home, self.owner);
        drop(stop.args(["-D", "data", "-m", "immediate", "-w", "stop"]).status());
    }
}

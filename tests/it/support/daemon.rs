//! The real binary, serving a store of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A folder of its own, in which the binary runs with a clean environment.
pub struct Home {
    folder: tempfile::TempDir,
    url: String,
    /// What the store lives in, when that is not the folder.
    _kept: Option<Box<dyn std::any::Any + Send>>,
}

impl Home {
    /// An empty folder.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("flow.db").display());
        Self { folder, url, _kept: None }
    }

    /// An empty folder beside a store elsewhere, which lives as long as `kept`.
    pub fn over(url: String, kept: impl std::any::Any + Send) -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), url, _kept: Some(Box::new(kept)) }
    }

    /// The address of the store.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The store that the daemons here use.
    pub fn store(&self) -> PathBuf {
        self.path().join("flow.db")
    }

    /// The binary with these arguments, over the store of this folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flow"));
        command
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("FLOW_STORE__URL", &self.url)
            .args(arguments);
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).stdin(Stdio::null()).output().expect("the binary runs")
    }

    /// Runs the binary and reads its answer.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.run(arguments);
        assert!(output.status.success(), "flow {arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("flow {arguments:?} answered no JSON ({error}): {}", String::from_utf8_lossy(&output.stdout))
        })
    }
}

/// A running daemon.
pub struct Daemon {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// What it printed until it was ready.
    pub greeting: String,
}

impl Daemon {
    /// Starts `flow serve` with these arguments and waits until it says where it is.
    pub fn start(home: &Home, arguments: &[&str], env: &[(&str, &str)]) -> Self {
        Self::try_start(home, arguments, env)
            .unwrap_or_else(|greeting| panic!("the daemon tells its address: {greeting}"))
    }

    /// As `start`; one that ends before it is ready answers what it said.
    pub fn try_start(home: &Home, arguments: &[&str], env: &[(&str, &str)]) -> Result<Self, String> {
        Self::try_logged(home, arguments, env, Stdio::inherit())
    }

    /// As `try_start`, with what it logs going elsewhere.
    pub fn try_logged(home: &Home, arguments: &[&str], env: &[(&str, &str)], log: Stdio) -> Result<Self, String> {
        let mut command = home.command(&["serve"]);
        let mut child = command
            .args(arguments)
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the daemon starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut greeting = String::new();
        let mut url = None;
        for line in lines.by_ref().map_while(Result::ok) {
            greeting.push_str(&line);
            greeting.push('\n');
            let found = line.split_whitespace().find(|word| word.starts_with("http://"));
            url = url.or_else(|| found.map(|word| word.split('/').take(3).collect::<Vec<_>>().join("/")));
            // The demo says more, up to how to stop it.
            let is_demo = line.ends_with("/chat") || greeting.contains("/chat\n");
            if line.contains("Ctrl-C") || (url.is_some() && !is_demo) {
                break;
            }
        }
        std::thread::spawn(move || lines.for_each(drop));
        match url {
            Some(url) => Ok(Self { child, url, greeting }),
            None => {
                child.wait().expect("it has ended");
                Err(greeting)
            }
        }
    }

    /// One that answers nobody: it has no address.
    pub fn silent(home: &Home, arguments: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = home.command(&["serve"]);
        let command = command.args(arguments).envs(env.iter().copied()).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().expect("the daemon starts");
        Self { child, url: String::new(), greeting: String::new() }
    }

    /// Kills it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("gone");
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_some()
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill runs").success());
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().expect("it ends")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

//! A daemon of the bench.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running daemon; it ends with this value.
pub struct Daemon {
    child: Child,
    address: Option<SocketAddr>,
    /// When it was started.
    pub began: Instant,
    /// From its start until it was ready.
    pub start: Duration,
}

impl Daemon {
    /// Runs `flow serve` and waits until it says that it is ready.
    pub fn start(mut command: Command) -> Self {
        let began = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the daemon starts");
        let output = child.stdout.take().expect("its output");
        let mut daemon = Self { child, address: None, began, start: Duration::ZERO };
        let mut said = String::new();
        BufReader::new(output).read_line(&mut said).expect("its first line");
        daemon.start = began.elapsed();
        assert!(said.starts_with("flow is ready"), "the daemon does not become ready: {said}");
        daemon.address = said.trim().rsplit("http://").next().and_then(|address| address.parse().ok());
        daemon
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address.expect("a daemon that answers HTTP")
    }

    /// Kills it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("gone");
    }

    /// Its resident memory and the anonymous part of it, in MiB.
    pub fn memory(&self) -> (f64, f64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its memory");
        let mib = |name: &str| -> f64 {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).map_or(0.0, |kib: f64| kib / 1024.0)
        };
        (mib("VmRSS"), mib("RssAnon"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

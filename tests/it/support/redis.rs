//! A Redis of a test's own, from the system's program.
//!
//! `FLOW_TEST_REDIS` may be `require` or `skip`; without it, and outside CI, its absence skips the cases.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server; it ends with this value.
pub struct Redis {
    child: Child,
    /// `redis://127.0.0.1:PORT/0`.
    pub url: String,
    port: u16,
}

impl Redis {
    /// Starts one on a free port, or answers nothing where there is none.
    pub fn start() -> Option<Self> {
        let wish = std::env::var_os("FLOW_TEST_REDIS").unwrap_or_default();
        if wish == "skip" {
            println!("skipped: FLOW_TEST_REDIS=skip");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        match Self::on(port) {
            Some(redis) => Some(redis),
            None => {
                let must = wish == "require" || std::env::var_os("CI").is_some();
                assert!(!must, "Redis is needed here, and there is no redis-server");
                println!("skipped: no redis-server; `apt-get install redis-server` brings it");
                None
            }
        }
    }

    fn on(port: u16) -> Option<Self> {
        let arguments = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()];
        let folder = std::env::temp_dir();
        let child = Command::new("redis-server")
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(10), "the Redis does not answer");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(Self { child, url: format!("redis://127.0.0.1:{port}/0"), port })
    }

    /// Dies as in a power cut.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Comes back at the same place, empty.
    pub fn revive(&mut self) {
        *self = Self::on(self.port).expect("it starts again");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

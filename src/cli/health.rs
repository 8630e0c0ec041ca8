//! Whether a daemon answers, asked without an HTTP client.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde::Serialize;

/// Longer than any daemon on this machine needs.
const PATIENCE: Duration = Duration::from_millis(500);

/// Who answers at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The daemon.
    Up,
    /// Nobody.
    Down,
    /// Something else.
    Other,
}

/// Asks at an address that can be reached.
#[must_use]
pub fn ask(address: SocketAddr) -> Answer {
    let Ok(mut stream) = TcpStream::connect_timeout(&address, PATIENCE) else { return Answer::Down };
    let asked = stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
        .and_then(|()| write!(stream, "GET /health/live HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"));
    let mut status = [0; 12];
    match asked.and_then(|()| stream.read_exact(&mut status)) {
        Ok(()) if status.starts_with(b"HTTP/1.1 200") => Answer::Up,
        _ => Answer::Other,
    }
}

/// Where to ask a daemon that listens there: one that listens on every interface, on the loopback one.
#[must_use]
pub fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

//! A client by hand: one kept connection, and no more of HTTP/1.1 than its servers need.

use std::io::Write;
use std::net::SocketAddr;

use flow::app::TELEGRAM_HOOK;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is used again and again.
pub struct Client {
    stream: TcpStream,
    head: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Client {
    /// Connects; every call goes to that path, with these further headers.
    pub async fn connect(address: SocketAddr, path: &str, headers: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a connection");
        let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n{headers}");
        Self { stream, head, request: Vec::new(), answer: Vec::new() }
    }

    /// Calls the webhook, as Telegram does.
    pub async fn of_hook(address: SocketAddr) -> Self {
        let secret = format!("X-Telegram-Bot-Api-Secret-Token: {}\r\n", super::SECRET);
        Self::connect(address, TELEGRAM_HOOK, &secret).await
    }

    /// Posts a body and waits for the whole answer, which must be 200.
    pub async fn post(&mut self, body: &str) {
        self.request.clear();
        write!(self.request, "{}Content-Length: {}\r\n\r\n{body}", self.head, body.len()).expect("memory takes all");
        self.stream.write_all(&self.request).await.expect("sent");
        self.answer.clear();
        let status = loop {
            let read = self.stream.read_buf(&mut self.answer).await.expect("an answer");
            assert!(read > 0, "the connection was closed");
            if let Some(status) = whole(&self.answer) {
                break status;
            }
        };
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&self.answer));
    }
}

/// The status of an answer that is there to its end.
fn whole(answer: &[u8]) -> Option<u16> {
    let begin = answer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&answer[..begin]).expect("headers are text");
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.map_or(0, |(_, length)| length.trim().parse().expect("a length"));
    let status = head.split(' ').nth(1)?.parse().ok();
    if answer.len() >= begin + length { status } else { None }
}

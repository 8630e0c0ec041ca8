//! Brings updates to a webhook.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::http::{headers, read_head};
use super::state::Shared;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two attempts, except the first two.
const PAUSE: Duration = Duration::from_millis(50);

/// Where updates are brought.
pub(super) struct Target {
    /// Host and port.
    address: String,
    /// The request up to the length of its body.
    head: String,
}

impl Target {
    pub(super) fn new(base: &str, secret: Option<&str>) -> Self {
        let rest = base.strip_prefix("http://").unwrap_or_else(|| panic!("{base} does not begin with http://"));
        let rest = rest.trim_end_matches('/');
        let (address, folder) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let secret = secret.map(|word| format!("X-Telegram-Bot-Api-Secret-Token: {word}\r\n")).unwrap_or_default();
        let head = format!(
            "POST {folder}/api/v1/telegram/webhook HTTP/1.1\r\nHost: {address}\r\n{secret}\
             Content-Type: application/json\r\nContent-Length: "
        );
        Self { address: address.to_owned(), head }
    }
}

/// One of those who deliver: brings update after update, each until it is taken.
pub(super) async fn deliver(shared: Arc<Shared>, target: Arc<Target>, delivery: u64) {
    let mut connection = None;
    loop {
        let next = {
            let mut state = shared.lock();
            if !state.is_delivering(delivery) {
                return;
            }
            state.next_delivery()
        };
        let Some((key, update)) = next else {
            shared.work.notified().await;
            continue;
        };
        let mut attempts = 0;
        loop {
            let status = tokio::time::timeout(PATIENCE, bring(&target, &mut connection, &update.json)).await;
            let status = status.ok().flatten().unwrap_or(0);
            let is_taken = (200..300).contains(&status);
            {
                let mut state = shared.lock();
                if state.is_journal_on {
                    state.deliveries.push((key.0, status));
                }
                if is_taken {
                    state.delivered(delivery, update.chat, key);
                }
            }
            if is_taken {
                break;
            }
            attempts += 1;
            if attempts > 1 {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Posts an update; the status, or none when the connection failed.
async fn bring(target: &Target, connection: &mut Option<TcpStream>, json: &str) -> Option<u16> {
    loop {
        let kept = connection.take();
        let is_kept = kept.is_some();
        let mut stream = match kept {
            Some(stream) => stream,
            None => TcpStream::connect(&target.address).await.ok()?,
        };
        match post(target, &mut stream, json).await {
            Ok((status, is_open)) => {
                *connection = is_open.then_some(stream);
                return Some(status);
            }
            // A kept connection may have been closed in the meantime.
            Err(_) if is_kept => {}
            Err(_) => return None,
        }
    }
}

/// One request; its status and whether the connection may be used again.
async fn post(target: &Target, stream: &mut TcpStream, json: &str) -> io::Result<(u16, bool)> {
    stream.set_nodelay(true)?;
    let request = format!("{}{}\r\n\r\n{json}", target.head, json.len());
    stream.write_all(request.as_bytes()).await?;
    let mut input = Vec::with_capacity(1024);
    let begin = read_head(stream, &mut input).await.ok_or(io::ErrorKind::UnexpectedEof)?;
    let (mut length, mut is_open) = (None, true);
    let status = {
        let head = String::from_utf8_lossy(&input[..begin]);
        for (name, value) in headers(&head) {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse::<usize>().ok();
            } else if name.eq_ignore_ascii_case("connection") {
                is_open = !value.eq_ignore_ascii_case("close");
            }
        }
        head.split_whitespace().nth(1).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::InvalidData)?
    };
    // A body of unknown length is left with its connection.
    let Some(length) = length else { return Ok((status, false)) };
    while input.len() < begin + length {
        if stream.read_buf(&mut input).await? == 0 {
            return Ok((status, false));
        }
    }
    Ok((status, is_open))
}

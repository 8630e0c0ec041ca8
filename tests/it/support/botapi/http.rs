//! As much of HTTP/1.1 as the Bot API needs.

use std::io::Write;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::faults::Fault;
use super::methods::{METHODS, call, refuse, told};
use super::state::Shared;

/// The bytes of every file that the bot may download.
pub(super) const FILE: &[u8] = b"OggS, but no more than that";

/// What a proxy says when it cannot reach whoever it stands before.
const PAGE: &[u8] = b"<html><body><h1>Bad Gateway</h1></body></html>";

/// What a form holds as it is; other fields are read as JSON when they are.
const PLAIN: [&str; 6] = ["text", "caption", "url", "secret_token", "callback_query_id", "file_id"];

/// Serves whoever connects.
pub(super) async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let runtime = tokio::runtime::Handle::current();
    loop {
        match listener.accept().await {
            // The end of the runtime is the end of the connection.
            Ok((stream, _)) => drop(runtime.spawn(serve(stream, Arc::clone(&shared)))),
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
        }
    }
}

/// One request.
struct Request {
    path: String,
    content_type: String,
    body: Vec<u8>,
    is_last: bool,
}

/// How a request is answered; the body is written beside.
enum Answer {
    Json(u16),
    Html(u16),
    File,
    Close,
    Hang,
}

/// One connection, until the client or a fault closes it.
async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    drop(stream.set_nodelay(true));
    let mut input = Vec::with_capacity(8 * 1024);
    let mut body = Vec::with_capacity(1024);
    let mut output = Vec::with_capacity(2 * 1024);
    while let Some(request) = read_request(&mut stream, &mut input).await {
        body.clear();
        let (status, kind) = match answer(&shared, &request, &mut body).await {
            Answer::Json(status) => (status, "application/json"),
            Answer::Html(status) => (status, "text/html"),
            Answer::File => (200, "application/octet-stream"),
            Answer::Close => return,
            Answer::Hang => {
                while stream.read_buf(&mut input).await.is_ok_and(|read| read > 0) {
                    input.clear();
                }
                return;
            }
        };
        output.clear();
        let length = body.len();
        write!(output, "HTTP/1.1 {status} \r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n")
            .expect("memory takes all");
        output.extend_from_slice(&body);
        if stream.write_all(&output).await.is_err() || request.is_last {
            return;
        }
    }
}

async fn answer(shared: &Shared, request: &Request, body: &mut Vec<u8>) -> Answer {
    let (path, query) = request.path.split_once('?').unwrap_or((request.path.as_str(), ""));
    let path = decode(path, false);
    if let Some(file) = path.strip_prefix("/file/bot") {
        if file.split_once('/').is_some_and(|(token, file)| token == super::BotApi::TOKEN && !file.is_empty()) {
            body.extend_from_slice(FILE);
            return Answer::File;
        }
        return Answer::Json(refuse(body, 404, "Not Found"));
    }
    let Some((token, method)) = path.strip_prefix("/bot").and_then(|rest| rest.split_once('/')) else {
        return Answer::Json(refuse(body, 404, "Not Found"));
    };
    if token != super::BotApi::TOKEN {
        return Answer::Json(refuse(body, 401, "Unauthorized"));
    }
    let Some(method) = METHODS.into_iter().find(|known| known.eq_ignore_ascii_case(method)) else {
        return Answer::Json(refuse(body, 404, "Not Found"));
    };
    let Some(params) = parameters(request, query) else {
        return Answer::Json(refuse(body, 400, "Bad Request: can't parse the body of the request"));
    };
    let fault = shared.lock().receive(method, &params);
    if let Some(status) = fault.as_ref().and_then(|fault| told(fault, body)) {
        return Answer::Json(status);
    }
    match fault {
        Some(Fault::DropBefore) => return Answer::Close,
        Some(Fault::Hang) => return Answer::Hang,
        Some(Fault::Html(status)) => {
            body.extend_from_slice(PAGE);
            return Answer::Html(status);
        }
        Some(Fault::Slow(wait)) => tokio::time::sleep(wait).await,
        _ => {}
    }
    let status = call(shared, method, &params, body).await;
    match fault {
        Some(Fault::DropAfter) => Answer::Close,
        Some(Fault::RefuseAfter(code, description)) => {
            body.clear();
            Answer::Json(refuse(body, code, description))
        }
        Some(Fault::HtmlAfter(status)) => {
            body.clear();
            body.extend_from_slice(PAGE);
            Answer::Html(status)
        }
        _ => Answer::Json(status),
    }
}

/// Where one text begins in another.
pub(super) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// The headers of a request or an answer.
pub(super) fn headers(head: &str) -> impl Iterator<Item = (&str, &str)> {
    head.lines().skip(1).filter_map(|line| line.split_once(':')).map(|(name, value)| (name, value.trim()))
}

/// Reads up to the empty line; answers where the body begins.
pub(super) async fn read_head(stream: &mut TcpStream, input: &mut Vec<u8>) -> Option<usize> {
    loop {
        if let Some(at) = find(input, b"\r\n\r\n") {
            return Some(at + 4);
        }
        if stream.read_buf(input).await.ok()? == 0 {
            return None;
        }
    }
}

async fn read_request(stream: &mut TcpStream, input: &mut Vec<u8>) -> Option<Request> {
    let begin = read_head(stream, input).await?;
    let mut request = Request { path: String::new(), content_type: String::new(), body: Vec::new(), is_last: false };
    let (mut length, mut is_chunked) = (0, false);
    {
        let head = std::str::from_utf8(&input[..begin]).ok()?;
        request.path = head.split_whitespace().nth(1)?.to_owned();
        for (name, value) in headers(head) {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().ok()?;
            } else if name.eq_ignore_ascii_case("content-type") {
                request.content_type = value.to_owned();
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                is_chunked = value.eq_ignore_ascii_case("chunked");
            } else if name.eq_ignore_ascii_case("connection") {
                request.is_last = value.eq_ignore_ascii_case("close");
            }
        }
    }
    let used = loop {
        if is_chunked {
            if let Some((body, used)) = unchunk(&input[begin..]) {
                request.body = body;
                break begin + used;
            }
        } else if let Some(body) = input.get(begin..begin + length) {
            request.body = body.to_vec();
            break begin + length;
        }
        if stream.read_buf(input).await.ok()? == 0 {
            return None;
        }
    };
    input.drain(..used);
    Some(request)
}

/// A body that came in pieces and how many bytes it took; none while a piece is missing.
fn unchunk(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let line = find(bytes.get(at..)?, b"\r\n")?;
        let size = std::str::from_utf8(&bytes[at..at + line]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        let begin = at + line + 2;
        if size == 0 {
            // Trailers are not expected.
            return bytes.get(begin..begin + 2).map(|_| (body, begin + 2));
        }
        body.extend_from_slice(bytes.get(begin..begin + size)?);
        at = begin + size + 2;
    }
}

/// The parameters of a call from its body and its query.
fn parameters(request: &Request, query: &str) -> Option<Value> {
    let kind = request.content_type.as_str();
    let body = request.body.as_slice();
    let mut params = if body.is_empty() {
        Value::Object(Map::new())
    } else if kind.starts_with("application/json") {
        serde_json::from_slice(body).ok().filter(Value::is_object)?
    } else if kind.starts_with("multipart/form-data") {
        multipart(body, kind.split_once("boundary=")?.1.split(';').next()?.trim_matches('"'))?
    } else {
        urlencoded(std::str::from_utf8(body).ok()?)
    };
    if !query.is_empty()
        && let (Some(params), Value::Object(more)) = (params.as_object_mut(), urlencoded(query))
    {
        params.extend(more);
    }
    Some(params)
}

/// A field of a form: numbers, lists and objects come as text.
fn field(name: &str, text: String) -> Value {
    if PLAIN.contains(&name) {
        return Value::String(text);
    }
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

fn urlencoded(text: &str) -> Value {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let fields = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name, true);
        let value = field(&name, decode(value, true));
        (name, value)
    });
    Value::Object(fields.collect())
}

fn multipart(body: &[u8], boundary: &str) -> Option<Value> {
    let mut fields = Map::new();
    let fence = format!("--{boundary}");
    let next = format!("\r\n--{boundary}");
    let mut rest = &body[find(body, fence.as_bytes())? + fence.len()..];
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let end = find(part, next.as_bytes())?;
        let begin = find(&part[..end], b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&part[..begin]);
        let name = head.split_once("name=\"").and_then(|(_, rest)| rest.split_once('"'))?.0;
        let value = field(name, String::from_utf8_lossy(&part[begin..end]).into_owned());
        fields.insert(name.to_owned(), value);
        rest = &part[end + next.len()..];
    }
    Some(Value::Object(fields))
}

/// Undoes percent-encoding, in a form also a `+` for a space.
fn decode(text: &str, is_form: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        let code = more.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match (first, code.and_then(|code| u8::from_str_radix(code, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            (b'+', _) if is_form => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

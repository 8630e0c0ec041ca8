//! `flow crm mock`: a stand-in of a vendor, so that everything can be tried without an account.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use serde_json::Value;

use crate::adapters::crm::{ROWS, row};
use crate::adapters::http::cassette::{Player, parse};
use crate::adapters::http::far::{FarRequest, FarSide};
use crate::adapters::http::{Method, url};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::runtime;
use crate::daemon::http::stand_in::{Asked, Given, serve};
use crate::domain::clock::{Clock, SystemClock};

/// Serve a stand-in of a vendor, or play a cassette
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm mock yclients --listen 127.0.0.1:8090
  flow crm mock salon.cassette --listen 127.0.0.1:8090")]
pub struct MockArgs {
    /// A kind of CRM, or a file that `flow crm record` wrote
    what: String,
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
}

pub(super) fn run(args: MockArgs, cx: &mut Context) -> Result<(), Failure> {
    if !args.listen.ip().is_loopback() {
        return Err(Failure::usage("a stand-in is for this machine only").hint("listen on 127.0.0.1"));
    }
    let (far, settings) = far_side(&args, &SystemClock)?;
    let far = Mutex::new(far);
    let answer = move |asked: Asked| {
        let Some(request) = read(asked) else {
            return Given { status: 405, headers: Vec::new(), body: Vec::new() };
        };
        let answer = far.lock().unwrap_or_else(PoisonError::into_inner).answer(&request, SystemClock.now());
        Given { status: answer.status, headers: answer.headers, body: answer.body }
    };
    let out = &mut cx.out;
    runtime::run_daemon(async move {
        let ready = |address: SocketAddr| {
            out.note(&format!("a stand-in serves http://{address}; Ctrl-C ends it"));
            if let Some((kind, settings)) = settings {
                out.note(&format!("put this into config.toml:\n\n{}", snippet(kind, &settings(address))));
            }
        };
        serve(args.listen, Arc::new(answer), ready).await.map_err(|error| {
            Failure::usage(format!("cannot listen on {}: {error}", args.listen))
                .hint("choose another port with --listen")
        })
    })
}

type Settings = Option<(&'static str, Box<dyn Fn(SocketAddr) -> Value>)>;

fn far_side(args: &MockArgs, clock: &dyn Clock) -> Result<(Box<dyn FarSide>, Settings), Failure> {
    if let Some(row) = row(&args.what) {
        let settings = move |address: SocketAddr| (row.sample)(&format!("http://{address}"));
        return Ok(((row.stand_in)(clock.now()), Some((row.kind.kind, Box::new(settings)))));
    }
    let path = Path::new(&args.what);
    let text = std::fs::read_to_string(path).map_err(|error| {
        let kinds: Vec<&str> = ROWS.iter().map(|row| row.kind.kind).collect();
        Failure::usage(format!("`{}` is no kind of CRM and no cassette: {error}", args.what))
            .hint(format!("kinds: {}", kinds.join(", ")))
    })?;
    let takes = parse(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    Ok((Box::new(Player::new(takes)), None))
}

fn read(asked: Asked) -> Option<FarRequest> {
    let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
    Some(FarRequest {
        method: Method::parse(&asked.method)?,
        path: url::decode(path, false),
        query: url::pairs(query),
        headers: asked.headers,
        body: asked.body,
    })
}

/// A connection as it is written.
fn snippet(kind: &str, settings: &Value) -> String {
    let mut text = format!("[crm]\nactive = \"{kind}\"\n[crm.{kind}]\n");
    for (key, value) in settings.as_object().into_iter().flatten() {
        if let Ok(value) = toml::Value::try_from(value) {
            text.push_str(&format!("{key} = {value}\n"));
        }
    }
    text
}

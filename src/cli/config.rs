//! `flow config`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::Context;
use super::failure::Failure;
use super::output::{Format, Shape};
use crate::config::keys::pointer;
use crate::config::settings::TelegramMode;
use crate::config::{Loaded, Problems, Sources, load, schema};

/// Look at the configuration
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  flow config check
  flow config show --origins
  flow config schema > flow.schema.json")]
pub enum ConfigCommand {
    /// Tell everything that is wrong
    #[command(after_help = "Examples:
  flow config check
  flow config check --config /etc/flow/config.toml")]
    Check,
    /// Show what stands; secrets as ***
    Show(ShowArgs),
    /// Show which file is read, and where the store is
    #[command(after_help = "Examples:
  flow config path")]
    Path,
    /// Print the JSON Schema of config.toml
    #[command(after_help = "Examples:
  flow config schema > flow.schema.json")]
    Schema,
}

/// Show what stands; secrets as ***
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow config show
  flow config show --origins")]
pub struct ShowArgs {
    /// Show who said so, key by key
    #[arg(long)]
    origins: bool,
}

static CHECK: Shape = Shape { members: &["ok", "file", "problems"], columns: &[("ok", "ok")], times: &[] };
static KEYS: Shape = Shape {
    members: &["key", "value", "origin"],
    columns: &[("key", "key"), ("value", "value"), ("origin", "origin")],
    times: &[],
};
static WHOLE: Shape = Shape {
    members: &["company", "store", "cache", "http", "api", "dialog", "crm", "channels", "observability"],
    columns: &[],
    times: &[],
};
static PATHS: Shape = Shape { members: &["file", "looked_at", "store"], columns: &[("file", "file")], times: &[] };

/// Runs the command. The store is not opened.
pub fn run(command: ConfigCommand, cx: &mut Context) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check => check(cx),
        ConfigCommand::Show(args) => show(&args, cx),
        ConfigCommand::Path => path(cx),
        ConfigCommand::Schema => {
            let schema = serde_json::to_string_pretty(&schema());
            cx.out.text(&schema.map_err(|error| Failure::internal(error.to_string()))?)
        }
    }
}

fn loaded(cx: &Context) -> Result<Loaded, Problems> {
    let overrides = cx.store_flag.iter().map(|url| ("store.url".to_owned(), url.clone())).collect();
    load(&Sources { config_flag: cx.config_flag.as_deref(), overrides, env: &cx.env })
}

fn check(cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&CHECK)?;
    match loaded(cx) {
        Ok(loaded) => {
            let text = match &loaded.file {
                Some(file) => format!("{} is fine", file.display()),
                None => "there is no configuration file; the defaults stand".to_owned(),
            };
            let telegram = &loaded.config.channels.telegram;
            let is_called = telegram.token.is_some() && telegram.mode == TelegramMode::Webhook;
            if is_called && loaded.config.http.public_url.is_none() {
                cx.out.note(
                    "`channels.telegram.mode` is \"webhook\" and `http.public_url` is not set: Telegram calls nobody \
                     until one is set, or `flow channel register telegram --url URL` is run",
                );
            }
            cx.out.told(&CHECK, &json!({"ok": true, "file": loaded.file, "problems": []}), &text)
        }
        Err(problems) => {
            let file = problems.0.iter().find_map(|problem| problem.file.clone());
            if !cx.out.is_for_people() {
                cx.out.object(&CHECK, &json!({"ok": false, "file": file, "problems": problems.0}))?;
            }
            Err(Failure::from(problems))
        }
    }
}

fn show(args: &ShowArgs, cx: &mut Context) -> Result<(), Failure> {
    let loaded = cx.load()?;
    let config = serde_json::to_value(&loaded.config).map_err(|error| Failure::internal(error.to_string()))?;
    if args.origins {
        let row = |(key, origin): (&String, &crate::config::Origin)| {
            let value = config.pointer(&pointer(key)).cloned().unwrap_or(Value::Null);
            json!({"key": key, "value": value, "origin": origin.to_string()})
        };
        return cx.out.all(&KEYS, &loaded.origins.iter().map(row).collect::<Vec<_>>());
    }
    if cx.out.format() == Format::Table {
        let text = loaded.config.to_toml_redacted();
        return cx.out.text(&text.map_err(|error| Failure::internal(error.to_string()))?);
    }
    cx.out.object(&WHOLE, &config)
}

/// Also answers when the file is wrong: where it is, is then the question.
fn path(cx: &mut Context) -> Result<(), Failure> {
    let (file, store) = match loaded(cx) {
        Ok(loaded) => (loaded.file, Some(loaded.config.store.url.to_string())),
        Err(problems) => (problems.0.into_iter().find_map(|problem| problem.file), None),
    };
    let looked_at = match &cx.config_flag {
        Some(flag) => vec![cx.env.cwd().join(flag)],
        None => cx.env.config_files(),
    };
    let text = match &file {
        Some(file) => file.display().to_string(),
        None => {
            let places: Vec<_> = looked_at.iter().map(|path| path.display().to_string()).collect();
            cx.out.note(&format!("there is no configuration file; looked at {}", places.join(", ")));
            String::new()
        }
    };
    cx.out.told(&PATHS, &json!({"file": file, "looked_at": looked_at, "store": store}), &text)
}

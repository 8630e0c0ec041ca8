//! `flow token`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::context::{Context, Open, Session, names};
use super::failure::Failure;
use super::output::Shape;
use crate::domain::id::TokenId;
use crate::domain::token::{self, Scope, Token};
use crate::domain::view;

/// Make and revoke API tokens
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  flow token create site --scope leads:write,messages:ingest --expires 90d
  flow token list
  flow token revoke site")]
pub enum TokenCommand {
    /// Make a token and print it once
    Create(CreateArgs),
    /// List tokens
    #[command(after_help = "Examples:
  flow token list")]
    List,
    /// Revoke a token at once
    Revoke(RevokeArgs),
}

/// Make a token and print it once
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow token create site --scope leads:write,messages:ingest --expires 90d")]
pub struct CreateArgs {
    /// What you call it
    name: String,
    /// What it allows; everything but admin when absent
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    scope: Vec<String>,
    /// When it stops working: 90d, 2026-12-31
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
}

/// Revoke a token at once
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow token revoke site")]
pub struct RevokeArgs {
    /// Its id or its name
    token: String,
}

static TOKEN: Shape = Shape {
    members: &["id", "name", "scopes", "created_at", "expires_at", "last_used_at", "last_used_ip", "revoked_at"],
    columns: &[
        ("id", "id"),
        ("name", "name"),
        ("created", "created_at"),
        ("expires", "expires_at"),
        ("used", "last_used_at"),
        ("revoked", "revoked_at"),
        ("scopes", "scopes"),
    ],
    times: &["created_at", "expires_at", "last_used_at", "revoked_at"],
};
static CREATED: Shape = Shape {
    members: &[
        "id",
        "name",
        "token",
        "scopes",
        "created_at",
        "expires_at",
        "last_used_at",
        "last_used_ip",
        "revoked_at",
    ],
    columns: &[("id", "id"), ("name", "name"), ("token", "token")],
    times: &["created_at", "expires_at"],
};

const NAME_AT_MOST: usize = 100;

/// Runs the command.
pub fn run(command: TokenCommand, cx: &mut Context) -> Result<(), Failure> {
    match command {
        TokenCommand::Create(args) => create(args, cx),
        TokenCommand::List => cx.session(Open::Existing, async |session, out| {
            let tokens = session.app.store.tokens().await?;
            out.all(&TOKEN, &tokens.iter().map(view::token).collect::<Vec<_>>())
        }),
        TokenCommand::Revoke(args) => revoke(args, cx),
    }
}

fn create(args: CreateArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&CREATED)?;
    let name = args.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME_AT_MOST {
        return Err(Failure::usage(format!("a name has 1 to {NAME_AT_MOST} characters")));
    }
    let mut scopes = names(&args.scope, "scope", Scope::ALL.iter().map(|scope| scope.as_str()), Scope::parse)?;
    if scopes.is_empty() {
        scopes = Scope::ALL.iter().copied().filter(|scope| *scope != Scope::Admin).collect();
    }
    cx.session(Open::Create, async |session, out| {
        let now = session.now();
        let expires_at = args.expires.as_deref().map(|text| session.here().ahead(text)).transpose()?;
        if expires_at.is_some_and(|end| end <= now) {
            return Err(Failure::usage("a token that has expired already is of no use"));
        }
        let same = |token: &Token| token.name == name && token.revoked_at.is_none();
        if session.app.store.tokens().await?.iter().any(same) {
            return Err(Failure::usage(format!("there is already a token `{name}`"))
                .hint(format!("take another name, or end that one with `flow token revoke {name}`")));
        }
        let issued = token::issue();
        let token = Token {
            id: TokenId::new(now),
            name,
            scopes,
            created_at: now,
            expires_at,
            last_used_at: None,
            last_used_ip: None,
            revoked_at: None,
        };
        session.app.store.create_token(&token, &issued.hash).await?;
        let mut value = view::token(&token);
        if let Value::Object(members) = &mut value {
            members.insert("token".to_owned(), Value::String(issued.text.clone()));
        }
        out.told(&CREATED, &value, &issued.text)?;
        out.note("keep it now: it is not shown again");
        Ok(())
    })
}

fn revoke(args: RevokeArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&TOKEN)?;
    cx.session(Open::Existing, async |session, out| {
        let id = find(session, &args.token).await?;
        let revoked = session.app.store.revoke_token(id, session.now()).await?;
        out.told(&TOKEN, &view::token(&revoked), &format!("{} ({}) is revoked", revoked.id, revoked.name))
    })
}

/// By id, or by a name that only one token in use has.
async fn find(session: &Session, text: &str) -> Result<TokenId, Failure> {
    let tokens = session.app.store.tokens().await?;
    if let Some(token) = tokens.iter().find(|token| token.id.to_string() == text) {
        return Ok(token.id);
    }
    let named: Vec<&Token> = tokens.iter().filter(|token| token.name == text && token.revoked_at.is_none()).collect();
    match named.as_slice() {
        [token] => Ok(token.id),
        [] => Err(Failure::not_found(format!("there is no token `{text}`")).hint("`flow token list` shows them")),
        _ => Err(Failure::usage(format!("{} tokens are called `{text}`", named.len())).hint("give the id instead")),
    }
}

//! Who we are and what we may do: each permission and each part of the portal by itself.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Bitrix24;
use super::account::{Account, Model, account_commands, read_account, read_profile, read_scopes};
use super::batch::{Command, Replies};
use super::catalogue::PAGE;
use super::settings::{BookingKey, host};
use crate::adapters::http::read;
use crate::domain::crm::{Check, Probe};
use crate::domain::fault::Fault;

/// Where permissions of a webhook are set.
const WHERE: &str = "open the webhook in Bitrix24 (Разработчикам → Интеграции) and add it under «Настройка прав»";

fn commands() -> Vec<Command> {
    let mut commands = account_commands();
    commands.extend([
        Command::new("time", "server.time", json!({})),
        Command::new("pipelines", "crm.category.list", json!({"entityTypeId": 2})),
        Command::new("contacts", "crm.item.list", json!({"entityTypeId": 3, "select": ["id"], "start": -1})),
        Command::new("users", "user.get", json!({"FILTER": {"ACTIVE": true}, "select": ["ID"], "start": -1})),
        Command::new("settings", "calendar.settings.get", json!({})),
        Command::new("products", "crm.product.list", json!({"select": ["ID"], "start": -1})),
    ]);
    commands
}

/// What was found, on its way to a check.
struct Finding<'r> {
    name: &'static str,
    /// The command whose time is told.
    key: &'static str,
    told: Result<String, String>,
    replies: &'r Replies,
}

impl Finding<'_> {
    fn check(self) -> Check {
        let (ok, detail) = match self.told {
            Ok(detail) => (true, detail),
            Err(detail) => (false, detail),
        };
        Check { name: self.name.to_owned(), ok, detail, ms: self.replies.ms(self.key).unwrap_or(0) }
    }
}

impl Bitrix24 {
    /// Looks at everything in one request.
    pub(super) async fn looked(&self) -> Result<Probe, Fault> {
        let replies = self.wire.batch(&commands(), false).await?;
        let account = read_account(&replies, self.settings.booking)?;
        let resources = match account.resources.len() >= PAGE {
            true => self.all_resources(&account).await?.len(),
            false => account.resources.len(),
        };
        let site = self.wire.site();
        let name = account.user_name.clone().unwrap_or_else(|| format!("user {}", account.user_id));
        let checks = self.findings(&replies, &account, resources).into_iter().map(Finding::check).collect();
        self.account.keep(account);
        Ok(Probe { account: format!("{} ({name})", host(&site)), checks })
    }

    fn findings<'r>(&self, replies: &'r Replies, account: &Account, resources: usize) -> Vec<Finding<'r>> {
        let of = |name, key, told| Finding { name, key, told, replies };
        let mut findings = vec![
            of("webhook", "profile", owner(replies)),
            of("crm", "contacts", crm(replies, account)),
            of("pipelines", "pipelines", pipelines(replies, self.settings.category_id)),
            of("leads", "mode", leads(replies, account)),
            of("appointments", "booking", self.appointments(account)),
        ];
        if account.model == Model::Booking {
            findings.push(of("booking", "resources", booking(replies, account, resources)));
            findings.push(of("catalog", "catalogs", catalog(replies, account)));
        } else {
            findings.push(of(
                "catalog",
                "catalogs",
                Ok("services and staff come from the business profile".to_owned()),
            ));
        }
        if account.model == Model::Calendar {
            findings.push(of("calendar", "settings", calendar(replies, account)));
            findings.push(of("user", "users", users(replies, account)));
        }
        findings.push(of("events", "scope", self.events_finding()));
        findings.push(of("clock", "time", Ok(clock(replies, self.wire.wiring().clock.now()))));
        findings
    }

    fn appointments(&self, account: &Account) -> Result<String, String> {
        if account.is_booking_shut && self.settings.booking == BookingKey::Auto {
            return Err(format!(
                "the portal has the booking module (Онлайн-запись), but the webhook lacks the permission `booking`: {WHERE}; \
                 or set booking = \"calendar\" or \"deal\" in the connection"
            ));
        }
        Ok(match account.model {
            Model::Deal => format!("visits are written as {}; the ledger keeps the times", account.model.as_str()),
            model => format!("visits are written into {}", model.as_str()),
        })
    }

    fn events_finding(&self) -> Result<String, String> {
        Ok(match (&self.settings.application_token, self.wire.is_application()) {
            (Some(_), _) => "events are taken when they carry application_token".to_owned(),
            (None, true) => "no application_token in the connection: events of the portal are not taken".to_owned(),
            (None, false) => {
                "no application_token in the connection: for events make an outgoing webhook (Разработчикам → \
                 Другое → Исходящий вебхук) and put its token there"
                    .to_owned()
            }
        })
    }
}

/// What a command that failed means: the permission, or the right of whoever made the webhook.
fn refused(fault: &Fault, account: &Account, scope: &str, right: &str) -> String {
    if !account.has(scope) {
        return lacks(scope);
    }
    format!("{}; {right}", fault.detail)
}

fn lacks(scope: &str) -> String {
    format!("the webhook lacks the permission `{scope}`: {WHERE}")
}

fn owner(replies: &Replies) -> Result<String, String> {
    let owner = read_profile(replies.get("profile").unwrap_or(&Value::Null));
    let scopes = replies.get("scope").map(read_scopes).unwrap_or_default().join(", ");
    if owner.id.is_empty() {
        return Err(
            "whoever made the webhook is dismissed: let somebody else make a new one (Разработчикам → Другое → \
             Входящий вебхук)"
                .to_owned(),
        );
    }
    let name = owner.name.unwrap_or_else(|| format!("user {}", owner.id));
    let rank = if owner.is_admin { "an administrator" } else { "no administrator" };
    Ok(format!("calls run as {name}, {rank}; permissions: {scopes}"))
}

fn crm(replies: &Replies, account: &Account) -> Result<String, String> {
    if !account.has("crm") {
        return Err(lacks("crm"));
    }
    let right = "give that user the right to read and add contacts, leads and deals (CRM → Настройки → Права доступа)";
    let read = replies.get("contacts").map_err(|fault| refused(&fault, account, "crm", right))?;
    super::clients::read_items(read).map(|_| "contacts can be read".to_owned())
}

fn pipelines(replies: &Replies, wanted: Option<i64>) -> Result<String, String> {
    let value = match replies.get("pipelines") {
        Ok(value) => value,
        Err(fault) => return Err(fault.detail),
    };
    let rows = value.get("categories").map(read::list).unwrap_or_default();
    let id = |row: &&Value| row.get("id").and_then(read::int);
    match wanted {
        Some(wanted) if !rows.iter().any(|row| id(row) == Some(wanted)) => {
            let known: Vec<String> = rows.iter().filter_map(id).map(|id| id.to_string()).collect();
            Err(format!("there is no pipeline {wanted}: category_id may be {}", known.join(", ")))
        }
        _ => Ok(format!("{} of deals", rows.len())),
    }
}

fn leads(replies: &Replies, account: &Account) -> Result<String, String> {
    match (account.is_simple, replies.get("mode")) {
        (Some(true), _) => Ok("the portal works without leads (simple mode): leads become deals".to_owned()),
        (Some(false), _) => Ok("the portal works with leads (classic mode)".to_owned()),
        (None, Ok(_)) => Ok("the portal does not say how it works with leads: leads become deals".to_owned()),
        (None, Err(fault)) => Err(refused(&fault, account, "crm", "the CRM of the portal must be on")),
    }
}

fn booking(replies: &Replies, account: &Account, resources: usize) -> Result<String, String> {
    if !account.has("booking") {
        return Err(lacks("booking"));
    }
    let right = "the plan must include Онлайн-запись, and that user must have the right to it";
    replies.get("resources").map_err(|fault| refused(&fault, account, "booking", right))?;
    Ok(match resources {
        0 => "there is no resource yet: add one for each of the staff (CRM → Онлайн-запись)".to_owned(),
        count => {
            format!("{count} resources; switch off their messages to clients, or both flow and Bitrix24 will remind")
        }
    })
}

fn catalog(replies: &Replies, account: &Account) -> Result<String, String> {
    if !account.has("catalog") {
        let fallback = replies.get("products").is_ok();
        let fallback = if fallback { "; services are read as products of the CRM meanwhile" } else { "" };
        return Err(format!("{}{fallback}", lacks("catalog")));
    }
    let right = "let an administrator make the webhook, or give that user the right to read the catalogue (CRM → Товары и \
         склады → Права доступа)";
    replies.get("catalogs").map_err(|fault| refused(&fault, account, "catalog", right))?;
    match account.catalogs.len() {
        0 => Err("there is no catalogue: open CRM → Товары и склады once".to_owned()),
        _ => Ok("services can be read".to_owned()),
    }
}

fn calendar(replies: &Replies, account: &Account) -> Result<String, String> {
    if !account.has("calendar") {
        return Err(lacks("calendar"));
    }
    match replies.get("settings") {
        Ok(_) => Ok("calendars can be read; whoever made the webhook must be let into those of the staff".to_owned()),
        Err(fault) => Err(refused(&fault, account, "calendar", "that user must see the calendars of the staff")),
    }
}

fn users(replies: &Replies, account: &Account) -> Result<String, String> {
    if !["user", "user_basic", "user_brief"].iter().any(|scope| account.has(scope)) {
        return Err(lacks("user_brief"));
    }
    match replies.get("users") {
        Ok(_) => Ok("employees can be read".to_owned()),
        Err(fault) => Err(fault.detail),
    }
}

fn clock(replies: &Replies, now: Timestamp) -> String {
    let theirs = replies.get("time").ok().and_then(read::text).and_then(|text| text.parse::<Timestamp>().ok());
    match theirs.map(|theirs| theirs.duration_since(now).as_secs()) {
        None => "the portal does not tell its time".to_owned(),
        Some(apart) if apart.abs() <= 300 => "both clocks agree".to_owned(),
        Some(apart) => format!("the portal's clock is {apart} s away from ours: look at this machine's time"),
    }
}

//! A stand-in of amoCRM: an account with contacts, leads, tasks and notes, as faithful as flow needs it, with its
//! quirks: nothing found is a 204, a list goes to one address and an object to another, searches look everywhere.

mod lists;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::adapters::http::far::{FarRequest, FarSide, empty, json as answer};
use crate::adapters::http::{Answer, Method};
use crate::domain::signing::to_base64url;

/// The account's id.
pub const ACCOUNT: i64 = 32_720_107;
/// The first refresh token of the OAuth integration.
pub const REFRESH: &str = "def50200-first";
/// Its id and key.
pub const CLIENT: (&str, &str) = ("11111111-2222-3333-4444-555555555555", "client-secret-of-tests");

/// The long-lived token of the account.
#[must_use]
pub fn token() -> String {
    let payload = json!({"aud": CLIENT.0, "exp": 1_893_456_000, "account_id": ACCOUNT, "sub": "101"});
    format!("eyJ0.{}.sig", to_base64url(payload.to_string().as_bytes()))
}

/// An account of amoCRM.
pub struct Account {
    /// Contacts.
    pub contacts: Vec<Value>,
    /// Leads.
    pub leads: Vec<Value>,
    /// Tasks.
    pub tasks: Vec<Value>,
    /// Notes with the list and the id of what they are on: `leads`, 5.
    pub notes: Vec<(String, i64, Value)>,
    /// Subscriptions.
    pub hooks: Vec<Value>,
    /// Custom fields of leads.
    pub fields: Vec<Value>,
    /// Users.
    pub users: Vec<Value>,
    /// What is linked to leads.
    pub links: Vec<(i64, Value)>,
    /// Paths that the token has no right for: `GET leads`, `POST tasks`.
    pub denied: Vec<&'static str>,
    /// Reasons that a lost lead must be closed with; none where the account wants none.
    pub loss_reasons: Vec<Value>,
    /// Rows from that id on are not found by the search yet.
    pub indexed_below: Option<i64>,
    /// Filters of lists are ignored, as in accounts without the feature.
    pub ignores_filters: bool,
    /// Numbers are texts and the answer to `leads/complex` is an object.
    pub is_odd: bool,
    /// Tokens that are taken.
    pub tokens: Vec<String>,
    /// The refresh token that is taken, and the one before while the new pair is not used.
    pub refresh: (String, Option<String>),
    /// How often tokens were renewed.
    pub renewals: u32,
    next: i64,
}

impl Default for Account {
    fn default() -> Self {
        let rights = json!({"view": "A", "edit": "A", "add": "A", "delete": "A", "export": "A"});
        Self {
            contacts: vec![json!({
                "id": 40_401_635, "name": "Мария Иванова", "first_name": "", "last_name": "", "updated_at": 1_770_000_000,
                "is_deleted": false,
                "custom_fields_values": [{"field_id": 1, "field_code": "PHONE", "field_type": "multitext",
                    "values": [{"value": "8 (916) 111-22-33", "enum_id": 11, "enum_code": "MOB"}]}],
            })],
            leads: Vec::new(),
            tasks: Vec::new(),
            notes: Vec::new(),
            hooks: Vec::new(),
            fields: Vec::new(),
            users: vec![json!({
                "id": 101, "name": "Администратор", "email": "admin@example.ru",
                "rights": {"is_admin": false, "is_active": true, "leads": rights, "contacts": rights,
                    "tasks": {"edit": "A", "delete": "A"}},
            })],
            links: Vec::new(),
            denied: Vec::new(),
            loss_reasons: Vec::new(),
            indexed_below: None,
            ignores_filters: false,
            is_odd: false,
            tokens: vec![token()],
            refresh: (REFRESH.to_owned(), None),
            renewals: 0,
            next: 1000,
        }
    }
}

/// An account that is open at that moment.
#[must_use]
pub fn salon(_now: Timestamp) -> Box<dyn FarSide> {
    Box::new(Account::default())
}

/// The keys of a connection to it.
#[must_use]
pub fn sample(base: &str) -> Value {
    json!({"base_url": base, "access_token": token()})
}

impl FarSide for Account {
    fn answer(&mut self, request: &FarRequest, now: Timestamp) -> Answer {
        let path = request.path.trim_matches('/').to_owned();
        if path == "oauth2/access_token" {
            return self.grant(request);
        }
        let Some(path) = path.strip_prefix("api/v4/") else { return problem(404, "Not Found", "no such path") };
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let Some(bearer) = bearer.filter(|bearer| self.tokens.iter().any(|known| known == bearer)) else {
            return problem(401, "Unauthorized", "Token is invalid");
        };
        if self.tokens.last().is_some_and(|last| last == bearer) {
            // The new pair is used: the old refresh token is dead.
            self.refresh.1 = None;
        }
        let act = format!("{} {path}", request.method.as_str());
        if self.denied.iter().any(|denied| act.starts_with(denied)) {
            return problem(403, "Forbidden", "You are not allowed to do this");
        }
        let parts: Vec<&str> = path.split('/').collect();
        match (request.method, parts.as_slice()) {
            (Method::Get, ["account"]) => self.shown(json!({
                "id": ACCOUNT, "name": "Салон «Ромашка»", "subdomain": "example", "current_user_id": 101,
                "country": "RU", "currency": "RUB", "is_api_filter_enabled": !self.ignores_filters,
                "_embedded": {"datetime_settings": {"timezone": "Europe/Moscow", "timezone_offset": "+03:00"},
                    "task_types": [{"id": 1, "name": "Связаться", "code": "FOLLOW_UP"}, {"id": 2, "name": "Встреча", "code": "MEETING"}]},
            })),
            (Method::Get, ["leads", "pipelines"]) => self.listed(request, "pipelines", &[pipeline()]),
            (Method::Get, ["leads", "loss_reasons"]) => self.listed(request, "loss_reasons", &self.loss_reasons.clone()),
            (Method::Get, ["leads", "custom_fields"]) => self.listed(request, "custom_fields", &self.fields.clone()),
            (Method::Get, ["users"]) => self.listed(request, "users", &self.users.clone()),
            (Method::Get, ["users", id]) => self.shown_one(&self.users, id),
            (Method::Get, ["webhooks"]) => self.listed(request, "webhooks", &self.hooks.clone()),
            (Method::Post, ["webhooks"]) => self.subscribe(&request.json()),
            (Method::Delete, ["webhooks"]) => self.unsubscribe(&request.json()),
            (Method::Get, [list @ ("contacts" | "leads" | "tasks")]) => self.found(request, list),
            (Method::Get, [list @ ("contacts" | "leads"), id]) => self.read_one(list, id),
            (Method::Post, ["leads", "complex"]) => self.make_complex(&request.json(), now),
            (Method::Post, [list @ ("contacts" | "leads" | "tasks")]) => self.make(list, &request.json(), now),
            (Method::Post, ["leads", id, "link"]) => self.link(id, &request.json()),
            (Method::Patch, [list @ ("contacts" | "leads" | "tasks"), id]) => self.change(list, id, &request.json(), now),
            (Method::Get, [list, id, "notes"]) => self.notes_of(request, list, id),
            (Method::Post, [list, id, "notes"]) => self.make_note(list, id, &request.json()),
            (Method::Get, ["catalogs"]) => self.listed(request, "catalogs", &[json!({"id": 32_908, "name": "Услуги", "type": "products"})]),
            (Method::Get, ["catalogs", "32908", "elements"]) => {
                let element = json!({"id": 347_577, "catalog_id": 32_908, "name": "Женская стрижка", "is_deleted": false});
                self.listed(request, "elements", &[element])
            }
            _ => problem(405, "Method Not Allowed", "no such method here"),
        }
    }
}

fn pipeline() -> Value {
    json!({"id": 1113, "name": "Воронка", "is_main": true, "is_archive": false, "_embedded": {"statuses": [
        {"id": 2030, "name": "Новая", "sort": 20, "type": 0}, {"id": 2031, "name": "Записан", "sort": 30, "type": 0},
        {"id": 142, "name": "Успешно реализовано", "type": 0}, {"id": 143, "name": "Закрыто и не реализовано", "type": 0}]}})
}

/// A problem document.
#[must_use]
pub fn problem(status: u16, title: &str, detail: &str) -> Answer {
    let body =
        json!({"title": title, "type": format!("https://httpstatus.es/{status}"), "status": status, "detail": detail});
    answer(status, &body)
}

impl Account {
    /// Someone else's new id.
    pub fn new_id(&mut self) -> i64 {
        self.next += 1;
        self.next
    }

    /// The texts of the notes on an object.
    #[must_use]
    pub fn texts(&self, list: &str, id: i64) -> Vec<String> {
        let of = self.notes.iter().filter(|(known, of, _)| known == list && *of == id);
        of.filter_map(|(_, _, note)| Some(note["params"]["text"].as_str()?.to_owned())).collect()
    }

    fn grant(&mut self, request: &FarRequest) -> Answer {
        let body = request.json();
        let is_client = body["client_id"] == CLIENT.0 && body["client_secret"] == CLIENT.1;
        let given = body["refresh_token"].as_str().unwrap_or_default().to_owned();
        let is_taken = given == self.refresh.0 || self.refresh.1.as_deref() == Some(given.as_str());
        if !is_client || !is_taken || body["redirect_uri"] != "https://flow.example/oauth" {
            let hint = json!({"hint": "Token has been revoked", "title": "Некорректный запрос", "status": 401,
                "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson", "detail": "see hint"});
            return answer(401, &hint);
        }
        self.renewals += 1;
        let access = format!("access-{}", self.renewals);
        self.tokens.push(access.clone());
        self.refresh = (format!("def50200-{}", self.renewals), Some(given));
        answer(
            200,
            &json!({"token_type": "Bearer", "expires_in": 86_400, "access_token": access, "refresh_token": self.refresh.0}),
        )
    }

    fn subscribe(&mut self, body: &Value) -> Answer {
        let hook = json!({"id": self.new_id(), "destination": body["destination"], "settings": body["settings"], "disabled": false});
        self.hooks.retain(|known| known["destination"] != body["destination"]);
        self.hooks.push(hook.clone());
        answer(201, &hook)
    }

    fn unsubscribe(&mut self, body: &Value) -> Answer {
        let before = self.hooks.len();
        self.hooks.retain(|known| known["destination"] != body["destination"]);
        if before == self.hooks.len() { problem(404, "Not Found", "no such webhook") } else { empty(204) }
    }

    fn link(&mut self, id: &str, body: &Value) -> Answer {
        let id = id.parse().unwrap_or(0);
        self.links.extend(body.as_array().into_iter().flatten().map(|link| (id, link.clone())));
        answer(200, &json!({"_embedded": {"links": []}}))
    }

    /// As this account shows it: with numbers as texts where it is odd.
    fn shown(&self, body: Value) -> Answer {
        let body = if self.is_odd { lists::oddly(body) } else { body };
        answer(200, &body)
    }

    fn shown_one(&self, rows: &[Value], id: &str) -> Answer {
        match rows.iter().find(|row| lists::is_id(row, id)) {
            Some(row) => self.shown(row.clone()),
            None => empty(204),
        }
    }
}

//! What an account can do: asked once in a while, in one request.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::batch::{Command, Replies};
use super::catalogue::{Resource, read_resources, read_staff_types};
use super::goods::{Iblock, read_catalogs};
use super::settings::BookingKey;
use crate::adapters::http::read;
use crate::domain::fault::{Fault, FaultKind};

/// Where this account's visits lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// In the booking module.
    Booking,
    /// In calendars of users.
    Calendar,
    /// In deals; the ledger is the calendar.
    Deal,
}

impl Model {
    /// A word for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booking => "the booking module (Онлайн-запись)",
            Self::Calendar => "calendars of employees",
            Self::Deal => "deals",
        }
    }
}

/// What an account can do.
#[derive(Debug, Clone)]
pub struct Account {
    /// Whoever made the webhook; empty when they are dismissed.
    pub user_id: String,
    /// Their name.
    pub user_name: Option<String>,
    /// Their zone.
    pub zone: Option<TimeZone>,
    /// What the webhook may touch.
    pub scopes: Vec<String>,
    /// Whether leads become deals at once.
    pub is_simple: Option<bool>,
    /// Where visits lie.
    pub model: Model,
    /// Whether the booking module is there although the webhook may not touch it.
    pub is_booking_shut: bool,
    /// Resources of the booking module, as far as one page goes.
    pub resources: Vec<Resource>,
    /// Types of resources that are people.
    pub staff_types: Vec<i64>,
    /// Catalogues of goods and services.
    pub catalogs: Vec<Iblock>,
}

impl Account {
    /// Whether the webhook has a permission; one without a list has whatever its calls show.
    #[must_use]
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.is_empty() || self.scopes.iter().any(|known| known == scope)
    }
}

/// What is asked.
#[must_use]
pub fn account_commands() -> Vec<Command> {
    vec![
        Command::new("profile", "profile", json!({})),
        Command::new("scope", "scope", json!({})),
        Command::new("mode", "crm.settings.mode.get", json!({})),
        Command::new("booking", "method.get", json!({"name": "booking.v1.booking.list"})),
        Command::new("types", "booking.v1.resourceType.list", json!({"start": 0})),
        Command::new("resources", "booking.v1.resource.list", json!({"order": {"id": "ASC"}, "start": 0})),
        Command::new(
            "catalogs",
            "catalog.catalog.list",
            json!({"select": ["id", "iblockId", "name", "productIblockId"]}),
        ),
    ]
}

/// Reads the answers.
///
/// # Errors
/// When the portal lets us in nowhere.
pub fn read_account(replies: &Replies, wanted: BookingKey) -> Result<Account, Fault> {
    let profile = read_profile(replies.get("profile")?);
    let scopes = replies.get("scope").map(read_scopes).unwrap_or_default();
    let resources = replies.get("resources").ok().map(|value| read_resources(value).unwrap_or_default());
    let booking = replies.get("booking").ok().map(read_method);
    let has = |scope: &str| scopes.iter().any(|known| known == scope);
    let model = match wanted {
        BookingKey::Booking => Model::Booking,
        BookingKey::Calendar => Model::Calendar,
        BookingKey::Deal => Model::Deal,
        BookingKey::Auto => {
            let denied = booking.is_some_and(|method| !method.is_available);
            match (resources.as_ref().filter(|_| !denied), has("calendar")) {
                // A module that nobody has set up is in every new portal.
                (Some(rows), true) if rows.is_empty() => Model::Calendar,
                (Some(_), _) => Model::Booking,
                (None, true) => Model::Calendar,
                (None, false) => Model::Deal,
            }
        }
    };
    let transient = replies
        .get("resources")
        .err()
        .filter(|fault| matches!(fault.kind, FaultKind::Unavailable | FaultKind::RateLimited | FaultKind::Protocol));
    if let (BookingKey::Auto, Some(fault), true) = (wanted, transient, booking.is_some_and(|m| m.is_available)) {
        // What cannot be seen now is not taken for absent.
        return Err(fault);
    }
    Ok(Account {
        user_id: profile.id,
        user_name: profile.name,
        zone: profile.zone,
        is_simple: replies.get("mode").ok().and_then(read_mode),
        model,
        is_booking_shut: booking.is_some_and(|method| method.is_existing && !method.is_available),
        resources: resources.unwrap_or_default(),
        staff_types: replies.get("types").map(read_staff_types).unwrap_or_default(),
        catalogs: replies.get("catalogs").map(read_catalogs).unwrap_or_default(),
        scopes,
    })
}

/// Whoever made the webhook.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Owner {
    /// Their id; empty when they are dismissed.
    pub id: String,
    /// Their name.
    pub name: Option<String>,
    /// Whether they administrate the portal.
    pub is_admin: bool,
    /// Their zone.
    pub zone: Option<TimeZone>,
}

/// Reads `profile`.
#[must_use]
pub fn read_profile(value: &Value) -> Owner {
    let of = |name: &str| value.get(name).and_then(read::text);
    Owner {
        id: of("ID").unwrap_or_default(),
        name: read::full_name(&[of("NAME"), of("LAST_NAME")]),
        is_admin: value.get("ADMIN").and_then(read::flag).unwrap_or(false),
        zone: of("TIME_ZONE").and_then(|name| TimeZone::get(&name).ok()),
    }
}

/// Reads `scope`.
#[must_use]
pub fn read_scopes(value: &Value) -> Vec<String> {
    read::list(value).into_iter().filter_map(read::text).collect()
}

/// Reads `crm.settings.mode.get`: whether leads become deals at once.
#[must_use]
pub fn read_mode(value: &Value) -> Option<bool> {
    match read::int(value)? {
        1 => Some(false),
        2 => Some(true),
        _ => None,
    }
}

/// Whether a method is there, and whether we may call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodState {
    /// The portal has it.
    pub is_existing: bool,
    /// It may be called.
    pub is_available: bool,
}

/// Reads `method.get`.
#[must_use]
pub fn read_method(value: &Value) -> MethodState {
    let of = |name: &str| value.get(name).and_then(read::flag).unwrap_or(false);
    MethodState { is_existing: of("isExisting"), is_available: of("isAvailable") }
}

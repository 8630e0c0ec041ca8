//! The keys of CRM connections: `[crm.NAME]`, where the name is the operator's and the kind defaults to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::keys::Kind;
use super::secret::Secret;

/// `[crm]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrmConfig {
    /// The connection that bookings and leads go to.
    pub active: String,
    /// The connection built in.
    pub local: LocalCrm,
    /// Connections to other CRMs, by name.
    #[serde(skip_deserializing, skip_serializing_if = "BTreeMap::is_empty")]
    pub connections: BTreeMap<String, Connection>,
}

impl Default for CrmConfig {
    fn default() -> Self {
        Self { active: "local".to_owned(), local: LocalCrm::default(), connections: BTreeMap::new() }
    }
}

/// `[crm.local]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalCrm {
    /// Always `local`.
    pub kind: String,
}

impl Default for LocalCrm {
    fn default() -> Self {
        Self { kind: "local".to_owned() }
    }
}

/// A connection as it is configured. Its keys are checked against its kind's; the adapter reads them.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Connection {
    /// The kind of CRM.
    pub kind: String,
    /// Keys that may be shown.
    #[serde(flatten)]
    pub values: Map<String, Value>,
    /// Keys that may not.
    #[serde(flatten)]
    pub secrets: BTreeMap<String, Secret>,
}

/// The key of that name, for a connection of that kind.
#[must_use]
pub fn find(kind: &str, name: &str) -> Option<&'static ConnectionKey> {
    let own = KINDS.iter().find(|(known, _)| *known == kind).map_or(&[] as &[ConnectionKey], |(_, keys)| keys);
    COMMON.iter().chain(own).find(|key| key.name == name)
}

/// The names that a connection of that kind takes.
#[must_use]
pub fn names(kind: &str) -> Vec<&'static str> {
    let own = KINDS.iter().find(|(known, _)| *known == kind).map_or(&[] as &[ConnectionKey], |(_, keys)| keys);
    std::iter::once("kind").chain(COMMON.iter().chain(own).map(|key| key.name)).collect()
}

/// The kinds there are.
#[must_use]
pub fn kinds() -> Vec<&'static str> {
    KINDS.iter().map(|(kind, _)| *kind).collect()
}

/// A key of a connection.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionKey {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it is, in a few words.
    pub doc: &'static str,
}

const fn key(name: &'static str, kind: Kind, doc: &'static str) -> ConnectionKey {
    ConnectionKey { name, kind, doc }
}

const SECOND: u64 = 1000;
const ID: Kind = Kind::Int(1, i64::MAX);

/// What every connection takes.
pub const COMMON: &[ConnectionKey] = &[
    key("base_url", Kind::Url, "The vendor's API with its prefix; another one for a test server or a proxy"),
    key("timeout", Kind::Duration(SECOND, 300 * SECOND), "The longest call"),
    key("calls_per_second", Kind::Number(0.01, 1000.0), "The pace of calls, instead of the vendor's own limit"),
    key("ca_bundle", Kind::Path, "Further certificates to trust, a PEM file"),
    key("proxy", Kind::Secret(8), "The way out: socks5://HOST:PORT or http://HOST:PORT"),
    key("timezone", Kind::Zone, "The zone of the CRM's local times; the account's own, or the company's, when absent"),
];

/// The kinds and what each takes beside [`COMMON`].
pub const KINDS: &[(&str, &[ConnectionKey])] = &[
    ("bitrix24", BITRIX24),
    ("yclients", YCLIENTS),
    ("altegio", YCLIENTS),
    ("amocrm", AMOCRM),
    ("onec", ONEC),
    ("easyweek", EASYWEEK),
    ("dikidi", DIKIDI),
];

const BITRIX24: &[ConnectionKey] = &[
    key("webhook_url", Kind::Secret(12), "The incoming webhook: https://PORTAL/rest/USER/CODE/"),
    key("client_id", Kind::Text, "OAuth: the application's id"),
    key("client_secret", Kind::Secret(4), "OAuth: the application's key"),
    key("domain", Kind::Text, "OAuth: the portal's host"),
    key("refresh_token", Kind::Secret(4), "OAuth: the first refresh token; later ones are kept in the store"),
    key("oauth_url", Kind::Url, "OAuth: the server that renews tokens"),
    key("application_token", Kind::Secret(4), "What the portal's events must carry"),
    key("booking", Kind::Word(&["auto", "booking", "calendar", "deal"]), "Where visits are written"),
    key("lead", Kind::Word(&["auto", "lead", "deal"]), "What a lead becomes"),
    key("member_id", Kind::Text, "The portal's id that its events must carry; without it its host is looked at"),
    key("responsible_id", ID, "Who is responsible for what flow makes; the webhook's owner when absent"),
    key("category_id", Kind::Int(0, i64::MAX), "The pipeline of deals; the first one when absent"),
    key("deal_stage", Kind::Text, "The stage that deals begin in; the pipeline's first when absent"),
    key("lead_stage", Kind::Text, "The stage that leads begin in; the first when absent"),
    key(
        "cancelled_stage",
        Kind::Text,
        "The stage of a deal whose visit was called off; the first that means failure when absent",
    ),
    key("source_id", Kind::Text, "The source of contacts, leads and deals; WEB when absent"),
    key("catalog_id", ID, "The catalogue that services lie in; found by asking when absent"),
    key("duration_property", ID, "The number of the service's property that says how many minutes it takes"),
    key("durations", Kind::Table, "Minutes by the service's id, where no property says it"),
    key("staff_services", Kind::Table, "Ids of services, separated by commas, by the resource's id"),
    key("users", Kind::Table, "Portal users by the profile's id of an employee, where the names differ"),
    key("resource_type_id", ID, "The type of resources that are people; found by asking when absent"),
];

const YCLIENTS: &[ConnectionKey] = &[
    key("partner_token", Kind::Secret(4), "The partner's token"),
    key("user_token", Kind::Secret(4), "The user's token; without it the booking form's API serves"),
    key("company_id", ID, "The branch"),
    key("webhook_secret", Kind::Secret(8), "What the address of the vendor's calls must carry"),
    key(
        "webhook_bearer",
        Kind::Secret(8),
        "What the Authorization header of its calls must carry, where one is set there",
    ),
    key("lead_label", Kind::Text, "The label of clients that leads are written to"),
];

const AMOCRM: &[ConnectionKey] = &[
    key("access_token", Kind::Secret(4), "The long-lived token"),
    key("client_id", Kind::Text, "OAuth: the integration's id"),
    key("client_secret", Kind::Secret(4), "OAuth: the integration's key"),
    key("redirect_uri", Kind::Text, "OAuth: the address that was given in the integration"),
    key("refresh_token", Kind::Secret(4), "OAuth: the first refresh token; later ones are kept in the store"),
    key("pipeline_id", ID, "The pipeline that leads go to; the main one when absent"),
    key("status_new", ID, "The stage of a new lead; the pipeline's first when absent"),
    key("status_booked", ID, "The stage of a lead that stands for a visit; status_new when absent"),
    key("status_cancelled", ID, "The stage of a visit that was called off; 143, lost, when absent"),
    key("loss_reason_id", ID, "The reason a cancelled visit is closed with, where the account requires one"),
    key("start_field_id", ID, "The lead's field for the start of a visit; found by its name when absent"),
    key("duration_field_id", ID, "The lead's field for the minutes of a visit"),
    key("master_field_id", ID, "The lead's field for who does it, a list or a text"),
    key("flow_field_id", ID, "The lead's text field for flow's mark"),
    key("source_field_id", ID, "The lead's field for the channel it came by"),
    key("catalog_id", ID, "The list whose element of the service's name is linked to a visit"),
    key("task_type_id", ID, "The type of a visit's task; 2, a meeting, when absent"),
    key("users", Kind::Table, "The profile's employees and their users in amoCRM: anna = 123"),
    key("hook_secret", Kind::Secret(16), "What the address of webhooks ends in; derived when absent"),
];

const ONEC: &[ConnectionKey] = &[
    key("username", Kind::Text, "The infobase's user"),
    key("password", Kind::Secret(0), "That user's password"),
    key("map", Kind::Table, "The names of the infobase's catalogues and documents"),
];

const EASYWEEK: &[ConnectionKey] = &[
    key("token", Kind::Secret(4), "The API key of the workspace"),
    key("workspace", Kind::Text, "The workspace's slug"),
    key("location", Kind::Text, "The location's id; may be absent where there is one"),
    key("webhook_secret", Kind::Secret(8), "What the addresses of the vendor's calls must carry"),
];

const DIKIDI: &[ConnectionKey] = &[
    key("booking_url", Kind::Text, "The company's public page"),
    key("bridge_url", Kind::Secret(8), "Where requests are sent"),
    key("query_url", Kind::Secret(8), "Where free times are asked for"),
    key("bridge_secret", Kind::Secret(8), "Signs both directions"),
    key("bridge_secret_in", Kind::Secret(8), "Signs what comes in, when it has its own"),
    key(
        "auth",
        Kind::Word(&["hmac", "bearer", "header", "query"]),
        "What comes in is signed, or carries the secret so",
    ),
];

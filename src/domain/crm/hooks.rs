//! What a CRM tells by itself. Nothing in it is believed but the id: what it is about is read again.

use async_trait::async_trait;
use jiff::Zoned;
use jiff::civil::DateTime;

use crate::domain::fault::Fault;

/// A call of the CRM, as it came in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookCall {
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// What stands in the path after the connection's name, decoded.
    pub rest: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
    /// Seconds since 1970.
    pub now: i64,
}

impl HookCall {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A value of the query.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why a call of the CRM is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookRefusal {
    /// It does not carry the secret, or is not signed by it.
    Forged,
    /// It is signed and too old.
    Stale,
    /// It cannot be read.
    Unreadable(String),
    /// It is read and does not fit: path of the member and what is wrong.
    Invalid(Vec<(String, String)>),
    /// It contradicts what was decided before: what, in a few words.
    Conflict(String),
}

/// A request that a person decides on a page of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What is asked for, in the words that the person knows it by.
    pub text: String,
    /// The time that is asked for.
    pub start: Zoned,
    /// Until when somebody may decide.
    pub until: Zoned,
    /// Whether another time can be proposed.
    pub may_change: bool,
    /// What became of it, when it is not open any more.
    pub outcome: Option<String>,
}

/// What a person says to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Confirm,
    /// No.
    Reject,
    /// At another time, by the wall clock of the connection.
    Change(DateTime),
}

/// What something that a CRM tells is about, by the vendor's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookSubject {
    /// An appointment.
    Appointment(String),
    /// A client.
    Client(String),
    /// A lead or what stands for one.
    Lead(String),
    /// Services or staff.
    Catalogue,
    /// The connection is alive, or was cut off by a person there.
    Connection,
    /// Something flow has no use for.
    Other,
}

impl HookSubject {
    /// As it is kept: a word for what it is, and the id.
    #[must_use]
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Appointment(id) => ("appointment", id),
            Self::Client(id) => ("client", id),
            Self::Lead(id) => ("lead", id),
            Self::Catalogue => ("catalogue", ""),
            Self::Connection => ("connection", ""),
            Self::Other => ("other", ""),
        }
    }

    /// What was kept; nothing for a word that nobody writes.
    #[must_use]
    pub fn of_parts(word: &str, id: &str) -> Option<Self> {
        Some(match word {
            "appointment" => Self::Appointment(id.to_owned()),
            "client" => Self::Client(id.to_owned()),
            "lead" => Self::Lead(id.to_owned()),
            "catalogue" => Self::Catalogue,
            "connection" => Self::Connection,
            "other" => Self::Other,
            _ => return None,
        })
    }
}

/// Something that a CRM tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookEvent {
    /// The same words twice are the same event.
    pub dedupe: String,
    /// What happened, in the vendor's words.
    pub kind: String,
    /// What it is about.
    pub subject: HookSubject,
}

/// What a CRM tells by itself.
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Checks that the call is the CRM's and reads what it tells. No I/O: it must answer in the vendor's time.
    fn read(&self, call: &HookCall) -> Result<Vec<HookEvent>, HookRefusal>;

    /// Looks, in what flow keeps, whether a call that was read can be taken; `false` when it only repeats what is
    /// known. Asks no far side, but for what must be known once to check any call; within the vendor's time.
    async fn admit(&self, _call: &HookCall) -> Result<bool, HookRefusal> {
        Ok(true)
    }

    /// What the vendor wants to read as the answer to a call that was taken; `duplicate` when it was known.
    fn answer(&self, _events: &[HookEvent], _duplicate: bool) -> Option<serde_json::Value> {
        None
    }

    /// Acts on a call that was stored: keeps what only the call says. What can be read again is read again. Of the call
    /// the body is left and when it came, with what was read in it; the proof that it carried was looked at and is gone.
    async fn apply(&self, _call: &HookCall, _events: &[HookEvent]) -> Result<(), Fault> {
        Ok(())
    }

    /// What a person pastes in the vendor's cabinet for that address: one for each event where the vendor wants that,
    /// with the secret that the calls carry. An error says what is not configured, so that no call could be taken.
    fn addresses(&self, url: &str) -> Result<Vec<String>, String> {
        Ok(vec![url.to_owned()])
    }

    /// The request that a link of ours is about; nothing when the key is not ours.
    async fn asked(&self, _id: &str, _key: &str) -> Option<Asked> {
        None
    }

    /// What a person decided on such a page, as a call that is authentic; nothing when the key is not ours.
    async fn decided(&self, _id: &str, _key: &str, _decision: &Decision) -> Option<HookCall> {
        None
    }

    /// Tells the CRM where to call us, where it can be told; `false`: a person must, in the vendor's cabinet.
    async fn register(&self, _url: &str) -> Result<bool, Fault> {
        Ok(false)
    }

    /// Takes that back.
    async fn unregister(&self, _url: &str) -> Result<bool, Fault> {
        Ok(false)
    }
}

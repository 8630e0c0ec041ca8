//! What is known so far: the form that a dialogue fills in, in any order.

use jiff::civil::{Date, Time};
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

use crate::domain::contact::Phone;
use crate::domain::conversation::Button;
use crate::domain::crm::{Appointment, Slot};

/// What the form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Task {
    /// Nothing is being arranged.
    #[default]
    None,
    /// A new visit.
    Book,
    /// Another time for a visit.
    Move,
    /// Calling a visit off.
    Cancel,
    /// Which visits stand.
    List,
}

/// Who should do it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wanted {
    /// Nothing was said.
    #[default]
    Unset,
    /// Anybody, said outright.
    Any,
    /// This one, by id.
    Named(String),
}

/// The days wished for, both inclusive; an open end is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Days {
    pub from: Option<Date>,
    pub to: Option<Date>,
}

impl Days {
    pub fn single(day: Date) -> Self {
        Self { from: Some(day), to: Some(day) }
    }

    /// The day, when it is one.
    pub fn day(self) -> Option<Date> {
        self.from.filter(|_| self.from == self.to)
    }
}

/// The time wished for. A point has `from` = `to`; both absent is any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Hours {
    pub from: Option<Time>,
    pub to: Option<Time>,
    /// The other reading of a point.
    pub other: Option<Time>,
    /// Any of them will do: the first is taken.
    pub first: bool,
}

impl Hours {
    pub fn point(at: Time) -> Self {
        Self { from: Some(at), to: Some(at), ..Self::default() }
    }

    /// The moment, when it is one.
    pub fn moment(self) -> Option<Time> {
        self.from.filter(|_| self.from == self.to)
    }

    /// No hour is named.
    pub fn is_any(self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// Whether a visit that starts at `at` is wished for. The end of a stretch is outside it.
    pub fn holds(self, at: Time) -> bool {
        match self.moment() {
            Some(moment) => at == moment,
            None => self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at < to),
        }
    }
}

/// A visit that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Visit {
    pub id: String,
    pub service: String,
    pub employee: Option<String>,
    pub start: Zoned,
}

impl From<&Appointment> for Visit {
    fn from(from: &Appointment) -> Self {
        Self {
            id: from.id.clone(),
            service: from.service_id.clone(),
            employee: from.employee_id.clone(),
            start: from.start.clone(),
        }
    }
}

/// A free time that was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chosen {
    pub start: Zoned,
    pub end: Timestamp,
    pub employee: Option<String>,
}

impl From<&Slot> for Chosen {
    fn from(slot: &Slot) -> Self {
        Self { start: slot.start.clone(), end: slot.end.timestamp(), employee: slot.employee_id.clone() }
    }
}

/// The question asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Asked {
    Service,
    Employee,
    Day,
    Time,
    Contact,
    Name,
    Phone,
    /// The phone that visits are looked up by.
    VisitPhone,
    Visit,
    /// What to change in the summary.
    Change,
}

/// The last thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    pub task: Task,
    pub visit: Visit,
    pub digest: Option<String>,
}

/// The form. Members a newer program adds are left out; members it misses have their default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    pub task: Task,
    pub service: Option<String>,
    /// Services among which the client was asked to choose.
    pub services: Vec<String>,
    /// Services to arrange after this one.
    pub then: Vec<String>,
    pub employee: Wanted,
    /// Employees among which the client was asked to choose.
    pub employees: Vec<String>,
    /// Employees the client refused.
    pub without: Vec<String>,
    /// Days the client refused.
    pub not_days: Vec<Date>,
    pub date: Option<Days>,
    pub time: Option<Hours>,
    /// The hour of the visit that is moved is not wished for any more.
    pub new_hour: bool,
    /// The day that was refused last: somebody else may be free then.
    pub shunned: Option<Days>,
    /// The first free time is wished for.
    pub soonest: bool,
    /// The wish that was refused last: its reason is told once.
    pub refused: Option<(Option<Days>, Option<Hours>)>,
    /// The employee of the slot whose button was pressed.
    pub picked: Option<String>,
    pub slot: Option<Chosen>,
    pub name: Option<String>,
    pub phone: Option<Phone>,
    /// The visit that is moved or cancelled.
    pub visit: Option<Visit>,
    /// Visits among which the client was asked to choose.
    pub visits: Vec<Visit>,
    /// Digest of the summary that waits for its yes.
    pub digest: Option<String>,
    pub done: Option<Done>,
    /// Messages in a row that were not understood.
    pub failures: u8,
    pub asked: Option<Asked>,
    /// The last reply offered to call a person.
    pub offered_person: bool,
    /// The buttons under the last reply: their words typed are the button pressed.
    pub buttons: Vec<Button>,
    /// The button that was pressed last and when, if nothing was said since.
    pub pressed: Option<(String, Timestamp)>,
    /// The date as the client said it.
    pub desired_text: Option<String>,
    /// A write to the CRM is under way.
    pub pending: bool,
}

impl Form {
    /// Starts something new: who the client is and what was done last stay known.
    pub fn restart(&mut self, task: Task) {
        let old = std::mem::take(self);
        *self = Self {
            task,
            name: old.name,
            phone: old.phone,
            done: old.done,
            // Whatever it led to, a second press of it is no second wish.
            pressed: old.pressed,
            ..Self::default()
        };
    }

    /// Whether anything of a visit is known.
    pub fn is_begun(&self) -> bool {
        self.service.is_some() || !self.services.is_empty() || self.date.is_some()
    }

    /// The form as it is stored.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The stored form; one that cannot be read any more begins anew.
    pub fn from_json(value: &serde_json::Value) -> Self {
        serde_json::from_value(value.clone()).unwrap_or_default()
    }
}

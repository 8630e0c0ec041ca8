//! Cancelling. A visit that is cancelled is deleted there: what it was is kept here, so that cancelling it again answers
//! the same, and the word in its client's timeline is written once, also when the deletion's answer was lost.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Bitrix24;
use crate::adapters::http::read;
use crate::domain::contact::{Phone, Region};
use crate::domain::copies::Copied;
use crate::domain::crm::{Appointment, AppointmentStatus, CrmClient, marker};
use crate::domain::fault::{Fault, FaultKind};

/// Copies of visits that flow called off.
const CALLED_OFF: &str = "bitrix24.cancelled";
/// Copies that one answer lists.
const MOST_CALLED_OFF: u32 = 1000;

/// What the timeline is still to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    text: String,
    contacts: Vec<String>,
}

impl Bitrix24 {
    /// Cancels: deletes, and leaves a word with the client.
    pub(super) async fn call_off(&self, id: &str) -> Result<Appointment, Fault> {
        let Some(item) = self.one(id).await? else {
            let known = self.called_off(id).await?;
            let (known, word) = known.ok_or_else(|| {
                self.wire.fault(FaultKind::NotFound, "cancel", format!("there is no appointment `{id}`"))
            })?;
            if let Some(word) = word {
                self.leave_word(&known, &word).await?;
            }
            return Ok(known);
        };
        let contacts = item.contacts.clone().unwrap_or_default();
        let client = self.client_in(&item).await?;
        let name = item.name.clone();
        let shown = self.shown(item, None, client).await?;
        let cancelled = Appointment { status: AppointmentStatus::Cancelled, ..shown };
        let at = cancelled.start.strftime("%d.%m.%Y %H:%M");
        let text = if self.is_russian() {
            format!("Запись отменена: {name}, {at}")
        } else {
            format!("Cancelled: {name}, {at}")
        };
        let word = Word { text, contacts };
        // Before the deletion: afterwards nobody knows what it was.
        self.keep_called_off(&cancelled, Some(&word)).await?;
        self.remove(id).await?;
        self.leave_word(&cancelled, &word).await?;
        Ok(cancelled)
    }

    /// Writes the word once; what cannot be written now is written when the visit is cancelled again.
    async fn leave_word(&self, cancelled: &Appointment, word: &Word) -> Result<(), Fault> {
        let mark = marker(&format!("cancel:{}", cancelled.id));
        for contact in &word.contacts {
            if let Err(fault) = self.comment("contact", contact, &word.text, &mark).await {
                tracing::warn!(%fault, "the visit was cancelled without a word in its client's timeline");
                return Ok(());
            }
        }
        self.keep_called_off(cancelled, None).await
    }

    async fn keep_called_off(&self, appointment: &Appointment, word: Option<&Word>) -> Result<(), Fault> {
        let wiring = self.wire.wiring();
        let copy = Copied {
            id: appointment.id.clone(),
            phone: appointment.client.phone.clone(),
            body: called_off_body(appointment, word),
            at: wiring.clock.now(),
        };
        let kept = wiring.store.keep_copy(&wiring.name, CALLED_OFF, &copy).await;
        kept.map(|_| ()).map_err(|error| self.wire.fault(FaultKind::Store, "cancel", error.to_string()))
    }

    async fn called_off(&self, id: &str) -> Result<Option<(Appointment, Option<Word>)>, Fault> {
        let wiring = self.wire.wiring();
        let copied = wiring.store.copied(&wiring.name, CALLED_OFF, id).await;
        let copied = copied.map_err(|error| self.wire.fault(FaultKind::Store, "cancel", error.to_string()))?;
        let zone = self.zone().await?;
        Ok(copied.and_then(|copy| Some((read_called_off(id, &copy.body, &zone)?, read_word(&copy.body)))))
    }

    /// What flow called off in a window.
    pub(super) async fn all_called_off(
        &self,
        phone: Option<&Phone>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Appointment>, Fault> {
        let wiring = self.wire.wiring();
        let copies = wiring.store.all_copied(&wiring.name, CALLED_OFF, phone, MOST_CALLED_OFF).await;
        let copies = copies.map_err(|error| self.wire.fault(FaultKind::Store, "appointments", error.to_string()))?;
        let zone = self.zone().await?;
        let of = |copy: Copied| read_called_off(&copy.id, &copy.body, &zone);
        let is_wanted = |shown: &Appointment| (from..to).contains(&shown.start.timestamp());
        Ok(copies.into_iter().filter_map(of).filter(is_wanted).collect())
    }
}

fn called_off_body(appointment: &Appointment, word: Option<&Word>) -> Value {
    json!({"start": appointment.start.timestamp().to_string(), "end": appointment.end.timestamp().to_string(),
        "service_id": appointment.service_id, "employee_id": appointment.employee_id,
        "client": {"id": appointment.client.id, "name": appointment.client.name,
            "phone": appointment.client.phone.as_ref().map(Phone::as_str), "email": appointment.client.email},
        "word": word.map(|word| json!({"text": word.text, "contacts": word.contacts}))})
}

fn read_word(body: &Value) -> Option<Word> {
    let word = body.get("word")?;
    let contacts = read::list(word.get("contacts")?).into_iter().filter_map(read::text).collect();
    Some(Word { text: word.get("text").and_then(read::text)?, contacts })
}

/// Reads what was kept of a visit that was called off.
#[must_use]
pub fn read_called_off(id: &str, body: &Value, zone: &jiff::tz::TimeZone) -> Option<Appointment> {
    let of = |value: &Value, name: &str| value.get(name).and_then(read::text);
    let at = |name: &str| of(body, name)?.parse::<Timestamp>().ok().map(|at| at.to_zoned(zone.clone()));
    let client = body.get("client").unwrap_or(&Value::Null);
    Some(Appointment {
        id: id.to_owned(),
        start: at("start")?,
        end: at("end")?,
        service_id: of(body, "service_id").unwrap_or_default(),
        employee_id: of(body, "employee_id"),
        client: CrmClient {
            id: of(client, "id"),
            name: of(client, "name"),
            phone: of(client, "phone").and_then(|phone| Phone::parse(&phone, Region::default()).ok()),
            email: of(client, "email"),
        },
        status: AppointmentStatus::Cancelled,
    })
}

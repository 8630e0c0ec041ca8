//! Fetches what the state machine asks for, and asks it again.

use std::collections::HashMap;

use super::flow::{Facts, Need, Plan};
use super::{Desk, TurnError};
use crate::domain::booking::{Booking, BookingState};
use crate::domain::company::Profile;
use crate::domain::contact::Phone;
use crate::domain::crm::{Appointment, AppointmentQuery, AppointmentStatus, CrmClient, Slot, SlotQuery};
use crate::domain::fault::{FaultKind, Retry};
use crate::domain::id::ContactId;
use crate::domain::knowledge::KnowledgeHit;
use crate::domain::store::{BookingFilter, Page};

/// A step that asks for more than this is broken.
const NEEDS_AT_MOST: usize = 24;
/// Knowledge entries looked at for one question.
const HITS: u32 = 8;
/// Future visits of one person that are looked at.
const VISITS: u32 = 50;

/// What was fetched so far in one turn.
#[derive(Default)]
pub(super) struct Known {
    slots: HashMap<SlotQuery, Vec<Slot>>,
    appointments: HashMap<Option<Phone>, Vec<Appointment>>,
    knowledge: HashMap<Vec<String>, Vec<KnowledgeHit>>,
    /// The time of a summary that this message agrees to.
    pub(super) agreed: Option<Slot>,
}

fn fits(slot: &Slot, query: &SlotQuery) -> bool {
    slot.service_id == query.service_id
        && (query.employee_id.is_none() || query.employee_id == slot.employee_id)
        && (query.from..=query.to).contains(&slot.start.date())
}

impl Facts for Known {
    fn slots(&self, query: &SlotQuery) -> Result<&[Slot], Need> {
        self.slots.get(query).map(Vec::as_slice).ok_or_else(|| Need::Slots(query.clone()))
    }

    fn appointments(&self, phone: Option<&Phone>) -> Result<&[Appointment], Need> {
        let key = phone.cloned();
        self.appointments.get(&key).map(Vec::as_slice).ok_or(Need::Appointments(key))
    }

    fn knowledge(&self, stems: &[String]) -> Result<&[KnowledgeHit], Need> {
        self.knowledge.get(stems).map(Vec::as_slice).ok_or_else(|| Need::Knowledge(stems.to_vec()))
    }
}

impl Desk {
    /// Runs a step until it has every fact it asks for.
    pub(super) async fn decide(
        &self,
        known: &mut Known,
        profile: &Profile,
        contact: ContactId,
        step: impl Fn(&Known) -> Result<Plan, Need>,
    ) -> Result<Plan, TurnError> {
        for _ in 0..NEEDS_AT_MOST {
            match step(known) {
                Ok(plan) => return Ok(plan),
                Err(need) => self.learn(known, profile, contact, need).await?,
            }
        }
        Err(TurnError::Endless)
    }

    async fn learn(
        &self,
        known: &mut Known,
        profile: &Profile,
        contact: ContactId,
        need: Need,
    ) -> Result<(), TurnError> {
        match need {
            Need::Slots(query) => {
                let found = match self.crm.calendar() {
                    Some(calendar) => match calendar.free_slots(&query).await {
                        Ok(found) => found,
                        // The client agreed to a time that was free a moment ago: the request is taken, and
                        // the CRM says by itself whether the time still is.
                        Err(fault)
                            if fault.kind == FaultKind::Store
                                || (fault.retry() == Retry::Never && !fault.is_for_the_company()) =>
                        {
                            return Err(fault.into());
                        }
                        Err(fault) => match known.agreed.clone().filter(|slot| fits(slot, &query)) {
                            Some(slot) => vec![slot],
                            None => return Err(fault.into()),
                        },
                    },
                    None => Vec::new(),
                };
                known.slots.insert(query, found);
            }
            Need::Appointments(phone) => {
                let found = self.visits(profile, contact, phone.as_ref()).await?;
                known.appointments.insert(phone, found);
            }
            Need::Knowledge(stems) => {
                let found = self.store.search_knowledge(&stems, HITS).await?;
                known.knowledge.insert(stems, found);
            }
        }
        Ok(())
    }

    /// Future visits: those the CRM has under the phone, and those this person booked through flow.
    async fn visits(
        &self,
        profile: &Profile,
        contact: ContactId,
        phone: Option<&Phone>,
    ) -> Result<Vec<Appointment>, TurnError> {
        let now = self.clock.now();
        let today = now.to_zoned(profile.company.timezone.tz().clone()).date();
        let mut found = match (phone, self.crm.calendar()) {
            (Some(phone), Some(calendar)) => {
                let query = AppointmentQuery { phone: Some(phone.clone()), from: Some(today), to: None, all: false };
                calendar.appointments(&query).await?
            }
            _ => Vec::new(),
        };
        let filter = BookingFilter {
            connection: Some(self.crm.connection().to_owned()),
            state: vec![BookingState::Booked],
            contact_id: Some(contact),
            from: Some(now),
            ..BookingFilter::default()
        };
        let page = Page { limit: VISITS, after: None, descending: false };
        for row in self.store.bookings(&filter, &page).await? {
            let appointment = from_ledger(profile, row);
            if found.iter().all(|known| known.id != appointment.id) {
                found.push(appointment);
            }
        }
        found.retain(|appointment| {
            matches!(appointment.status, AppointmentStatus::Booked | AppointmentStatus::Requested)
                && appointment.start.timestamp() > now
        });
        found.sort_by_key(|appointment| appointment.start.timestamp());
        Ok(found)
    }
}

pub(super) fn from_ledger(profile: &Profile, row: Booking) -> Appointment {
    let tz = profile.company.timezone.tz();
    Appointment {
        id: row.external_id.unwrap_or_else(|| row.id.to_string()),
        start: row.start.to_zoned(tz.clone()),
        end: row.end.to_zoned(tz.clone()),
        service_id: row.service_id,
        employee_id: row.employee_id,
        client: CrmClient { id: None, name: row.client_name, phone: row.phone, email: None },
        status: AppointmentStatus::Booked,
    }
}

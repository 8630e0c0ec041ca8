//! The seam to a CRM. A capability is something one can reach: an accessor answers `Some` or it is absent.

mod hooks;
mod shapes;
mod writes;

use std::time::Duration;

use async_trait::async_trait;
use jiff::civil::Date;

use super::contact::Phone;
use super::fault::{Fault, FaultKind};
use super::overlay::CatalogueCopy;
use super::signing::short_mark;

pub use self::hooks::{Asked, Decision, HookCall, HookEvent, HookRefusal, HookSubject, Hooks};
pub use self::shapes::{
    Appointment, AppointmentQuery, AppointmentStatus, BookRequest, Check, CrmClient, CrmEmployee, CrmService,
    MoveRequest, Origin, Probe, Slot, SlotQuery,
};
pub use self::writes::{
    About, ClientCards, LeadToPush, Leads, NewClient, Notes, Pushed, Record, Records, Taken, Visit,
};

/// What stands in whatever field of the CRM survives, so that what was written under a key is found again.
#[must_use]
pub fn marker(key: &str) -> String {
    format!("flow-{}", short_mark(key))
}

/// A CRM connection.
#[async_trait]
pub trait Crm: Send + Sync {
    /// The connection's name in the configuration.
    fn connection(&self) -> &str;

    /// The adapter's kind.
    fn kind(&self) -> &'static str;

    /// Asks the far side who we are and what we may do. A check that fails is an answer, not a fault.
    async fn probe(&self) -> Result<Probe, Fault>;

    /// Finds out what this account can do; the accessors answer by it afterwards. Asked once in a while, cheap when
    /// it is known.
    async fn detect(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// How long after a doubtful write a look that finds nothing proves nothing yet.
    fn settles_after(&self) -> Duration {
        Duration::from_secs(5)
    }

    /// How often it is asked what became of the visits that flow booked, beside what it tells by itself.
    fn follows_every(&self) -> Duration {
        Duration::from_secs(300)
    }

    /// Whether a time that is busy after a doubtful booking may be taken by that very booking, shown late: then it stays
    /// in doubt, and a person decides.
    fn busy_may_be_ours(&self) -> bool {
        false
    }

    /// What can be done where this account cannot be booked through: a sentence with a link, for a fault and for a
    /// client.
    fn instead(&self) -> Option<String> {
        None
    }

    /// Reads the CRM's own services and staff for a copy, behind everything live; nothing where it has none.
    async fn read_catalogue(&self) -> Result<Option<CatalogueCopy>, Fault> {
        self.detect().await?;
        let Some(catalogue) = self.catalogue() else { return Ok(None) };
        let (services, staff) = (catalogue.services(false).await?, catalogue.staff(None).await?);
        Ok(Some(CatalogueCopy { services, staff }))
    }

    /// A proposal, as TOML for the configuration, of which of the account's objects means what; nothing where the
    /// kind needs none.
    async fn discover(&self) -> Result<Option<String>, Fault> {
        Ok(None)
    }

    /// Services and staff.
    fn catalogue(&self) -> Option<&dyn Catalogue> {
        None
    }

    /// Free slots and appointments.
    fn calendar(&self) -> Option<&dyn Calendar> {
        None
    }

    /// Clients.
    fn clients(&self) -> Option<&dyn Clients> {
        None
    }

    /// Clients that flow may write.
    fn client_cards(&self) -> Option<&dyn ClientCards> {
        None
    }

    /// Objects that stand for appointments, where there is no calendar.
    fn records(&self) -> Option<&dyn Records> {
        None
    }

    /// Leads.
    fn leads(&self) -> Option<&dyn Leads> {
        None
    }

    /// Notes and tasks.
    fn notes(&self) -> Option<&dyn Notes> {
        None
    }

    /// What the CRM tells by itself.
    fn hooks(&self) -> Option<&dyn Hooks> {
        None
    }
}

/// What the CRM sells, and who provides it.
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// Services, those that clients cannot book only with `all`.
    async fn services(&self, all: bool) -> Result<Vec<CrmService>, Fault>;

    /// Staff, those who provide `service` when one is given. An unknown service is `NotFound`.
    async fn staff(&self, service: Option<&str>) -> Result<Vec<CrmEmployee>, Fault>;
}

/// When there is room, and who comes.
#[async_trait]
pub trait Calendar: Send + Sync {
    /// Free slots in order of time. Days are inclusive, in the connection's zone.
    async fn free_slots(&self, query: &SlotQuery) -> Result<Vec<Slot>, Fault>;

    /// The slot that a request wants, looked up right before it is booked: `SlotTaken` when it is not free (any more).
    async fn offer(&self, request: &BookRequest, zone: &jiff::tz::TimeZone) -> Result<Slot, Fault> {
        let day = request.start.to_zoned(zone.clone()).date();
        let query = SlotQuery {
            service_id: request.service_id.clone(),
            employee_id: request.employee_id.clone(),
            from: day,
            to: day,
            moving: None,
        };
        let free = self.free_slots(&query).await?;
        free.into_iter().find(|slot| slot.start.timestamp() == request.start).ok_or_else(|| {
            let at = request.start.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
            Fault::new(FaultKind::SlotTaken, "crm", "book", format!("{at} is not free"))
        })
    }

    /// The appointment of that id as it is now; nothing when there is none (any more).
    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, Fault>;

    /// Books. The same key again answers the first appointment and writes nothing; the same key
    /// with other arguments is `KeyReused`; a slot that somebody has is
    /// `SlotTaken`, a time that is not offered at all is `Rejected` with the reason.
    async fn book(&self, request: &BookRequest) -> Result<Appointment, Fault>;

    /// The appointment that a request made, when nobody knows whether it was applied. A CRM that keeps a
    /// mark of ours is asked by it; the others by client and time.
    async fn find_booked(&self, request: &BookRequest) -> Result<Option<Appointment>, Fault> {
        // A day wider on both sides than any zone.
        let day = request.start.to_zoned(jiff::tz::TimeZone::UTC).date();
        let query = AppointmentQuery {
            phone: Some(request.phone.clone()),
            from: day.yesterday().ok(),
            to: day.tomorrow().ok(),
            all: false,
        };
        let is_it = |found: &Appointment| {
            found.start.timestamp() == request.start
                && found.service_id == request.service_id
                && (request.employee_id.is_none() || found.employee_id == request.employee_id)
        };
        Ok(self.appointments(&query).await?.into_iter().find(is_it))
    }

    /// Moves an appointment. Doing it again with the same key answers the same.
    async fn move_to(&self, request: &MoveRequest) -> Result<Appointment, Fault>;

    /// Cancels. Cancelling twice answers the same.
    async fn cancel(&self, id: &str) -> Result<Appointment, Fault>;

    /// Appointments in order of time. A phone nobody has is an empty list.
    async fn appointments(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault>;

    /// What became of these appointments, which lie between two days; nothing of one that is gone. Behind everything
    /// live, with as few calls as there can be.
    async fn look_over(&self, ids: &[String], _days: (Date, Date)) -> Result<Vec<Option<Appointment>>, Fault> {
        let mut seen = Vec::with_capacity(ids.len());
        for id in ids {
            seen.push(self.appointment(id).await?);
        }
        Ok(seen)
    }
}

/// Who the CRM knows.
#[async_trait]
pub trait Clients: Send + Sync {
    /// Cards with that phone, the most recently active first.
    async fn find_by_phone(&self, phone: &Phone) -> Result<Vec<CrmClient>, Fault>;
}

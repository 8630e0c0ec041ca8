//! Around every connection: its calls are counted, and what only reads is not waited for longer than a reply may
//! take. What writes is left to the adapter: a call that is cut off is a doubt.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::contact::Phone;
use crate::domain::crm::{
    About, Appointment, AppointmentQuery, BookRequest, Calendar, Catalogue, ClientCards, Clients, Crm, CrmClient,
    CrmEmployee, CrmService, Hooks, LeadToPush, Leads, MoveRequest, Notes, Probe, Pushed, Slot, SlotQuery,
};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::overlay::CatalogueCopy;

/// A connection that is watched.
pub struct Watched {
    inner: Arc<dyn Crm>,
    longest_read: Duration,
    /// One that is watched already is not counted twice.
    counts: bool,
}

impl Watched {
    /// Watches a connection.
    #[must_use]
    pub fn new(inner: Arc<dyn Crm>, longest_read: Duration) -> Self {
        Self { inner, longest_read, counts: true }
    }

    /// Bounds the reads of one that is watched already.
    #[must_use]
    pub fn within(inner: Arc<dyn Crm>, longest_read: Duration) -> Self {
        Self { inner, longest_read, counts: false }
    }

    async fn read<T>(&self, op: &'static str, call: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let result = tokio::time::timeout(self.longest_read, call).await.unwrap_or_else(|_| {
            let detail = format!("no answer within {} s", self.longest_read.as_secs_f32());
            Err(Fault::new(FaultKind::Timeout, self.inner.connection(), op, detail))
        });
        self.counted(op, result)
    }

    fn counted<T>(&self, op: &'static str, result: Result<T, Fault>) -> Result<T, Fault> {
        if !self.counts {
            return result;
        }
        let outcome = result.as_ref().err().map_or("ok", |fault| fault.kind.as_str());
        let provider = self.inner.kind();
        metrics::counter!("flow_crm_requests_total", "provider" => provider, "op" => op, "outcome" => outcome)
            .increment(1);
        result
    }

    fn missing(&self, op: &'static str) -> Fault {
        Fault::new(FaultKind::Unsupported, self.inner.connection(), op, "this CRM cannot do that")
    }

    fn inner_calendar(&self, op: &'static str) -> Result<&dyn Calendar, Fault> {
        self.inner.calendar().ok_or_else(|| self.missing(op))
    }

    fn inner_catalogue(&self, op: &'static str) -> Result<&dyn Catalogue, Fault> {
        self.inner.catalogue().ok_or_else(|| self.missing(op))
    }
}

#[async_trait]
impl Crm for Watched {
    fn connection(&self) -> &str {
        self.inner.connection()
    }

    fn kind(&self) -> &'static str {
        self.inner.kind()
    }

    async fn probe(&self) -> Result<Probe, Fault> {
        self.counted("probe", self.inner.probe().await)
    }

    async fn detect(&self) -> Result<(), Fault> {
        self.inner.detect().await
    }

    fn settles_after(&self) -> Duration {
        self.inner.settles_after()
    }

    fn follows_every(&self) -> Duration {
        self.inner.follows_every()
    }

    fn busy_may_be_ours(&self) -> bool {
        self.inner.busy_may_be_ours()
    }

    fn instead(&self) -> Option<String> {
        self.inner.instead()
    }

    async fn read_catalogue(&self) -> Result<Option<CatalogueCopy>, Fault> {
        self.counted("read_catalogue", self.inner.read_catalogue().await)
    }

    async fn discover(&self) -> Result<Option<String>, Fault> {
        self.inner.discover().await
    }

    fn client_cards(&self) -> Option<&dyn ClientCards> {
        self.inner.client_cards()
    }

    fn leads(&self) -> Option<&dyn Leads> {
        self.inner.leads().map(|_| self as &dyn Leads)
    }

    fn notes(&self) -> Option<&dyn Notes> {
        self.inner.notes().map(|_| self as &dyn Notes)
    }

    fn hooks(&self) -> Option<&dyn Hooks> {
        self.inner.hooks()
    }

    fn catalogue(&self) -> Option<&dyn Catalogue> {
        self.inner.catalogue().map(|_| self as &dyn Catalogue)
    }

    fn calendar(&self) -> Option<&dyn Calendar> {
        self.inner.calendar().map(|_| self as &dyn Calendar)
    }

    fn clients(&self) -> Option<&dyn Clients> {
        self.inner.clients().map(|_| self as &dyn Clients)
    }
}

#[async_trait]
impl Catalogue for Watched {
    async fn services(&self, all: bool) -> Result<Vec<CrmService>, Fault> {
        let result = self.inner_catalogue("services")?.services(all).await;
        self.counted("services", result)
    }

    async fn staff(&self, service: Option<&str>) -> Result<Vec<CrmEmployee>, Fault> {
        let result = self.inner_catalogue("staff")?.staff(service).await;
        self.counted("staff", result)
    }
}

#[async_trait]
impl Calendar for Watched {
    async fn free_slots(&self, query: &SlotQuery) -> Result<Vec<Slot>, Fault> {
        self.read("free_slots", self.inner_calendar("free_slots")?.free_slots(query)).await
    }

    async fn offer(&self, request: &BookRequest, zone: &TimeZone) -> Result<Slot, Fault> {
        self.read("offer", self.inner_calendar("offer")?.offer(request, zone)).await
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, Fault> {
        self.read("appointment", self.inner_calendar("appointment")?.appointment(id)).await
    }

    async fn book(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        let result = self.inner_calendar("book")?.book(request).await;
        self.counted("book", result)
    }

    async fn find_booked(&self, request: &BookRequest) -> Result<Option<Appointment>, Fault> {
        self.read("find_booked", self.inner_calendar("find_booked")?.find_booked(request)).await
    }

    async fn move_to(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        let result = self.inner_calendar("move")?.move_to(request).await;
        self.counted("move", result)
    }

    async fn cancel(&self, id: &str) -> Result<Appointment, Fault> {
        let result = self.inner_calendar("cancel")?.cancel(id).await;
        self.counted("cancel", result)
    }

    async fn appointments(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        self.read("appointments", self.inner_calendar("appointments")?.appointments(query)).await
    }

    async fn look_over(&self, ids: &[String], days: (Date, Date)) -> Result<Vec<Option<Appointment>>, Fault> {
        let result = self.inner_calendar("look_over")?.look_over(ids, days).await;
        self.counted("look_over", result)
    }
}

#[async_trait]
impl Clients for Watched {
    async fn find_by_phone(&self, phone: &Phone) -> Result<Vec<CrmClient>, Fault> {
        let clients = self.inner.clients().ok_or_else(|| self.missing("find_by_phone"))?;
        self.read("find_by_phone", clients.find_by_phone(phone)).await
    }
}

#[async_trait]
impl Leads for Watched {
    async fn push(&self, lead: &LeadToPush) -> Result<Pushed, Fault> {
        let leads = self.inner.leads().ok_or_else(|| self.missing("push"))?;
        self.counted("push", leads.push(lead).await)
    }
}

#[async_trait]
impl Notes for Watched {
    async fn note(&self, about: &About, text: &str, marker: &str) -> Result<(), Fault> {
        let notes = self.inner.notes().ok_or_else(|| self.missing("note"))?;
        self.counted("note", notes.note(about, text, marker).await)
    }

    async fn task(&self, about: &About, text: &str, due: &Zoned, marker: &str) -> Result<(), Fault> {
        let notes = self.inner.notes().ok_or_else(|| self.missing("task"))?;
        self.counted("task", notes.task(about, text, due, marker).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A CRM whose calls never end.
    struct Silent;

    #[async_trait]
    impl Crm for Silent {
        fn connection(&self) -> &str {
            "silent"
        }

        fn kind(&self) -> &'static str {
            "silent"
        }

        async fn probe(&self) -> Result<Probe, Fault> {
            std::future::pending().await
        }

        fn clients(&self) -> Option<&dyn Clients> {
            Some(self)
        }
    }

    #[async_trait]
    impl Clients for Silent {
        async fn find_by_phone(&self, _phone: &Phone) -> Result<Vec<CrmClient>, Fault> {
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_crm_that_is_silent_is_not_waited_for_longer_than_a_reply_may_take() {
        let watched = Watched::new(Arc::new(Silent), Duration::from_secs(8));
        assert!(watched.calendar().is_none() && watched.catalogue().is_none(), "what it cannot do stays absent");
        let phone = Phone::parse("+79130000002", crate::domain::contact::Region::of(None)).unwrap();
        let fault = watched.clients().unwrap().find_by_phone(&phone).await.unwrap_err();
        assert_eq!((fault.kind, fault.operation), (FaultKind::Timeout, "find_by_phone"));
        assert!(fault.detail.contains("8 s"), "{fault}");
    }
}

//! A CRM of somebody else's: it has no idempotency, it can apply and then lose the connection, and it counts.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use flow::adapters::crm::local::Local;
use flow::domain::clock::Clock;
use flow::domain::company::Profile;
use flow::domain::crm::{
    Appointment, AppointmentQuery, BookRequest, Calendar, Crm, MoveRequest, Probe, Slot, SlotQuery,
};
use flow::domain::fault::{Fault, FaultKind};
use flow::domain::store::Companies;
use flow::store::sqlite::SqliteStore;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is done and answered.
    Fine,
    /// It is done, and the answer is lost.
    AppliedThenLost,
    /// It is not done, and nobody can know.
    LostBefore,
    /// The adapter has a bug.
    Panics,
    /// It fails in this way, certainly without effect.
    Fails(FaultKind),
}

/// A vendor with a diary of its own.
pub struct Vendor {
    diary: Local,
    script: Mutex<VecDeque<(&'static str, Fate)>>,
    /// Everything fails like this for as long as it is set.
    pub away: Mutex<Option<FaultKind>>,
    keys: AtomicU32,
    calls: Mutex<Vec<&'static str>>,
}

impl Vendor {
    /// A vendor with that business in it.
    pub async fn new(profile: &Profile, clock: Arc<dyn Clock>) -> Arc<Self> {
        let store = SqliteStore::in_memory().expect("memory");
        store.save_profile(profile, clock.now()).await.expect("saved");
        Arc::new(Self {
            diary: Local::new("local", Arc::new(store), clock),
            script: Mutex::default(),
            away: Mutex::default(),
            keys: AtomicU32::new(0),
            calls: Mutex::default(),
        })
    }

    /// Says what becomes of the next calls of an operation.
    pub fn next(&self, operation: &'static str, fates: &[Fate]) {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.extend(fates.iter().map(|fate| (operation, *fate)));
    }

    /// How often an operation was called.
    pub fn count(&self, operation: &str) -> usize {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|call| **call == operation).count()
    }

    /// Every live appointment.
    pub async fn appointments(&self) -> Vec<Appointment> {
        self.calendar_of_its_own().appointments(&AppointmentQuery::default()).await.expect("the diary")
    }

    /// The vendor's own side, where nothing fails.
    pub fn calendar_of_its_own(&self) -> &dyn Calendar {
        self.diary.calendar().expect("a calendar")
    }

    fn fate(&self, operation: &'static str) -> Fate {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(operation);
        if let Some(kind) = *self.away.lock().unwrap_or_else(PoisonError::into_inner) {
            return Fate::Fails(kind);
        }
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        let at = script.iter().position(|(name, _)| *name == operation);
        at.and_then(|at| script.remove(at)).map_or(Fate::Fine, |(_, fate)| fate)
    }

    async fn fated<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let fault = |kind| Fault::new(kind, "local", operation, "as the script says");
        match self.fate(operation) {
            Fate::Fine => call.await,
            Fate::AppliedThenLost => {
                call.await?;
                Err(fault(FaultKind::UnknownOutcome))
            }
            Fate::Panics => panic!("{operation}: as the script says"),
            Fate::LostBefore => Err(fault(FaultKind::UnknownOutcome)),
            Fate::Fails(kind) => Err(fault(kind)),
        }
    }
}

#[async_trait]
impl Crm for Vendor {
    fn connection(&self) -> &str {
        "local"
    }

    fn kind(&self) -> &'static str {
        "vendor"
    }

    async fn probe(&self) -> Result<Probe, Fault> {
        self.diary.probe().await
    }

    fn calendar(&self) -> Option<&dyn Calendar> {
        Some(self)
    }
}

#[async_trait]
impl Calendar for Vendor {
    async fn free_slots(&self, query: &SlotQuery) -> Result<Vec<Slot>, Fault> {
        self.fated("slots", self.calendar_of_its_own().free_slots(query)).await
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, Fault> {
        self.fated("appointment", self.calendar_of_its_own().appointment(id)).await
    }

    async fn book(&self, request: &BookRequest) -> Result<Appointment, Fault> {
        // It knows nothing of our keys: what is asked twice is done twice, if there is room.
        let key = format!("vendor-{}", self.keys.fetch_add(1, Ordering::SeqCst));
        let request = BookRequest { key, origin: Default::default(), ..request.clone() };
        self.fated("book", self.calendar_of_its_own().book(&request)).await
    }

    async fn move_to(&self, request: &MoveRequest) -> Result<Appointment, Fault> {
        self.fated("move", self.calendar_of_its_own().move_to(request)).await
    }

    async fn cancel(&self, id: &str) -> Result<Appointment, Fault> {
        self.fated("cancel", self.calendar_of_its_own().cancel(id)).await
    }

    async fn appointments(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, Fault> {
        self.fated("appointments", self.calendar_of_its_own().appointments(query)).await
    }
}

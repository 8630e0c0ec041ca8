//! Made-up activity: conversations of people nobody is, with leads and bookings that respect the business's hours.

use jiff::{SignedDuration, Timestamp};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::dialogue::{Dialogue, Person};
use super::diary::Diary;
use super::story::{Scene, tell};
use crate::cli::context::Session;
use crate::cli::failure::{Failure, exit};
use crate::cli::progress;
use crate::domain::company::{Profile, Service};
use crate::domain::slots::providers;
use crate::domain::store::WholeConversation;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// So many conversations.
    pub conversations: u32,
    /// Over so many days.
    pub days: u32,
    /// The same number makes the same activity.
    pub rng: u64,
    /// The moment it ends at.
    pub until: Timestamp,
}

/// What was made.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Made {
    /// Conversations.
    pub conversations: u64,
    /// Messages.
    pub messages: u64,
    /// Leads.
    pub leads: u64,
    /// Bookings.
    pub bookings: u64,
}

/// Conversations in one transaction.
const BATCH: usize = 200;
/// The last dialogue has time to end.
const LAST_BEGINS: SignedDuration = SignedDuration::from_mins(40);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// People write in the day: of ten that would write in each hour, so many do.
const HOURS: [u32; 24] = [1, 1, 0, 0, 0, 0, 1, 2, 4, 7, 9, 10, 10, 9, 9, 9, 9, 10, 10, 9, 8, 6, 4, 2];
/// People are drawn from a stream of their own, so that the same number gives the same people at any time.
const PEOPLE: u64 = 1;

impl Made {
    fn count(&mut self, batch: &[WholeConversation]) {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.conversations += number(batch.len());
        self.messages += batch.iter().map(|whole| number(whole.messages.len())).sum::<u64>();
        self.leads += number(batch.iter().filter(|whole| whole.lead.is_some()).count());
        self.bookings += number(batch.iter().filter(|whole| whole.booking.is_some()).count());
    }
}

/// Writes it in batches; the next one is made up while the store writes.
///
/// # Errors
/// When it was written before, nobody provides anything, or the store fails.
pub async fn write(wanted: &Wanted, profile: &Profile, session: &Session, quiet: bool) -> Result<Made, Failure> {
    let connection = session.app.config.crm.active.as_str();
    let store = &session.app.store;
    let bookable = |service: &&Service| providers(profile, service, None).next().is_some();
    let services: Vec<&Service> = profile.visible_services().filter(bookable).collect();
    if services.is_empty() && wanted.conversations > 0 {
        return Err(Failure::config("nobody provides any service, so nothing can be made up")
            .hint("name services in an employee's `services` in the profile"));
    }
    let begin = wanted.until - DAY * i32::try_from(wanted.days).unwrap_or(i32::MAX);
    let end = wanted.until + DAY * i32::try_from(profile.company.booking.horizon_days + 1).unwrap_or(i32::MAX);
    let taken = store.busy(connection, begin, end).await?;
    let scene = Scene { profile, services, connection, until: wanted.until };
    let mut maker = Maker::new(wanted, begin, &scene, Diary::new(profile, taken));
    if let Some(first) = maker.first_person()
        && store.conversation_of(&first.identity).await?.is_some()
    {
        return Err(Failure::new("conflict", exit::STORE, format!("activity {} is there already", wanted.rng))
            .hint("take another --rng, or another --store"));
    }
    let bar = progress::bar(u64::from(wanted.conversations), "conversations", quiet);
    let mut made = Made::default();
    let mut batch = maker.batch();
    while !batch.is_empty() {
        made.count(&batch);
        let written = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let (stored, next) = tokio::join!(store.write_activity(batch), async { maker.batch() });
        stored?;
        bar.inc(written);
        batch = next;
    }
    bar.finish_and_clear();
    Ok(made)
}

/// Makes conversations up, oldest first.
struct Maker<'s> {
    scene: &'s Scene<'s>,
    diary: Diary<'s>,
    starts: std::vec::IntoIter<Timestamp>,
    rng: ChaCha8Rng,
    people: ChaCha8Rng,
    account: String,
}

impl<'s> Maker<'s> {
    fn new(wanted: &Wanted, begin: Timestamp, scene: &'s Scene<'s>, diary: Diary<'s>) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(wanted.rng);
        let mut people = ChaCha8Rng::seed_from_u64(wanted.rng);
        people.set_stream(PEOPLE);
        let mut starts: Vec<Timestamp> =
            (0..wanted.conversations).map(|_| moment(begin, wanted.until - LAST_BEGINS, scene, &mut rng)).collect();
        starts.sort_unstable();
        let account = format!("made-up-{}", wanted.rng);
        Self { scene, diary, starts: starts.into_iter(), rng, people, account }
    }

    fn first_person(&self) -> Option<Person> {
        Person::make_up(&self.account, &mut self.people.clone()).filter(|_| self.starts.len() > 0)
    }

    fn batch(&mut self) -> Vec<WholeConversation> {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH
            && let Some(at) = self.starts.next()
        {
            let person = Person::make_up(&self.account, &mut self.people);
            let talk = person.map(|person| Dialogue::begin(person, at, &mut self.rng));
            batch.extend(talk.map(|talk| tell(talk, self.scene, &mut self.diary)));
        }
        batch
    }
}

/// A moment at which somebody may write.
fn moment(from: Timestamp, to: Timestamp, scene: &Scene<'_>, rng: &mut ChaCha8Rng) -> Timestamp {
    let (from, to) = (from.as_millisecond(), to.as_millisecond());
    loop {
        let at = Timestamp::from_millisecond(rng.random_range(from..=to.max(from))).unwrap_or(scene.until);
        let hour = at.to_zoned(scene.profile.company.timezone.tz().clone()).hour();
        if rng.random_range(0..10) < HOURS[usize::from(hour.unsigned_abs()) % HOURS.len()] {
            return at;
        }
    }
}

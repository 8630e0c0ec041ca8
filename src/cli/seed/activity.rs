//! Made-up activity: conversations of people nobody is, with leads and bookings that respect the business's hours.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::dialogue::{Dialogue, Person};
use super::diary::Diary;
use super::story::{Scene, tell};
use crate::cli::context::Session;
use crate::cli::failure::Failure;
use crate::cli::progress;
use crate::domain::company::{Profile, Service};
use crate::domain::id::ConversationId;
use crate::domain::slots::providers;
use crate::domain::store::{Busy, Store, WholeConversation};

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
    /// Conversations that an earlier run had written; they are not counted above.
    pub there_already: u64,
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

/// Writes it in batches; the next one is made up while the store writes. What an earlier run with the same
/// number has written stays as it is, and the rest is added.
///
/// # Errors
/// When nobody provides anything, or the store fails.
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
    let there = earlier(wanted, store.as_ref()).await?;
    let mut made = Made { there_already: there.iter().flatten().count() as u64, ..Made::default() };
    if made.there_already >= u64::from(wanted.conversations) {
        return Ok(made);
    }
    let mut maker = resumed(wanted, begin, &scene, &there, taken, store.as_ref()).await?;
    let bar = progress::bar(u64::from(wanted.conversations), "conversations", quiet);
    bar.inc(made.there_already);
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

/// Which conversation each made-up person has already, in the order of the people.
async fn earlier(wanted: &Wanted, store: &dyn Store) -> Result<Vec<Option<ConversationId>>, Failure> {
    let (account, mut people) = (account(wanted), people(wanted));
    let mut found = Vec::new();
    for _ in 0..wanted.conversations {
        let id = match Person::make_up(&account, &mut people) {
            Some(person) => store.conversation_of(&person.identity).await?.map(|conversation| conversation.id),
            None => None,
        };
        // They are written in this order: without the first there is none.
        if found.is_empty() && id.is_none() {
            break;
        }
        found.push(id);
    }
    Ok(found)
}

/// A maker of what is not there yet. Where the earlier run had the same arguments and business, its dialogues
/// are told again in silence, so that the rest becomes what it would have been.
async fn resumed<'s>(
    wanted: &Wanted,
    begin: Timestamp,
    scene: &'s Scene<'s>,
    there: &[Option<ConversationId>],
    taken: Vec<Busy>,
    store: &dyn Store,
) -> Result<Maker<'s>, Failure> {
    let own: HashSet<ConversationId> = there.iter().copied().flatten().collect();
    let mut others = Vec::new();
    if !own.is_empty() {
        for busy in &taken {
            let row = store.booking(busy.booking_id).await?;
            let is_own = row.and_then(|row| row.conversation_id).is_some_and(|id| own.contains(&id));
            others.extend((!is_own).then(|| busy.clone()));
        }
        let new = || Maker::new(wanted, begin, scene, Diary::new(scene.profile, others.clone()), there, true);
        let mut replay = new();
        let told: Vec<Option<ConversationId>> = std::iter::from_fn(|| replay.tell_next()).collect();
        let is_same = told.iter().zip(there).all(|(told, there)| there.is_none() || told == there);
        if is_same {
            return Ok(new());
        }
    }
    Ok(Maker::new(wanted, begin, scene, Diary::new(scene.profile, taken), there, false))
}

fn account(wanted: &Wanted) -> String {
    format!("made-up-{}", wanted.rng)
}

fn people(wanted: &Wanted) -> ChaCha8Rng {
    let mut people = ChaCha8Rng::seed_from_u64(wanted.rng);
    people.set_stream(PEOPLE);
    people
}

/// Makes conversations up, oldest first.
struct Maker<'s> {
    scene: &'s Scene<'s>,
    diary: Diary<'s>,
    starts: std::vec::IntoIter<Timestamp>,
    rng: ChaCha8Rng,
    people: ChaCha8Rng,
    account: String,
    /// Who has a conversation already.
    there: std::vec::IntoIter<bool>,
    /// Those are told again, and not written.
    retells: bool,
}

impl<'s> Maker<'s> {
    fn new(
        wanted: &Wanted,
        begin: Timestamp,
        scene: &'s Scene<'s>,
        diary: Diary<'s>,
        there: &[Option<ConversationId>],
        retells: bool,
    ) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(wanted.rng);
        let mut starts: Vec<Timestamp> =
            (0..wanted.conversations).map(|_| moment(begin, wanted.until - LAST_BEGINS, scene, &mut rng)).collect();
        starts.sort_unstable();
        let there: Vec<bool> = there.iter().map(Option::is_some).collect();
        Self {
            scene,
            diary,
            starts: starts.into_iter(),
            rng,
            people: people(wanted),
            account: account(wanted),
            there: there.into_iter(),
            retells,
        }
    }

    fn tell(&mut self, at: Timestamp, person: Person) -> WholeConversation {
        tell(Dialogue::begin(person, at, &mut self.rng), self.scene, &mut self.diary)
    }

    /// Tells the next dialogue whoever has it, and says its id.
    fn tell_next(&mut self) -> Option<Option<ConversationId>> {
        let at = self.starts.next()?;
        let person = Person::make_up(&self.account, &mut self.people);
        Some(person.map(|person| self.tell(at, person).id))
    }

    fn batch(&mut self) -> Vec<WholeConversation> {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH
            && let Some(at) = self.starts.next()
        {
            let is_there = self.there.next().unwrap_or(false);
            let person = Person::make_up(&self.account, &mut self.people);
            let told = person.filter(|_| !is_there || self.retells).map(|person| self.tell(at, person));
            batch.extend(told.filter(|_| !is_there));
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

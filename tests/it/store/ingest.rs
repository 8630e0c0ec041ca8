use flow::domain::channel::{Arrival, Mark, RawEvent, Stored};
use flow::domain::contact::{Channel, Identity};
use flow::domain::conversation::{Conversation, Incoming, Message};
use flow::domain::id::ConversationId;
use flow::domain::job::{Pool, Work};
use flow::domain::outbox::{Carried, Unreachable};
use flow::domain::store::{ConversationFilter, Counts, MessageRange, Page, QueueStats, Store};
use futures_util::future::join_all;

use super::samples::{at, claim_one, raw, reply, says, telegram, tells};

type Happened = (RawEvent, Arrival);

/// A client's message as event of that number, to be answered at once.
fn wrote(number: u32, incoming: Incoming) -> Happened {
    (raw(number), Arrival::Message(Box::new(incoming), at(0)))
}

fn edited(number: u32, chat: &str, message: &str, text: &str) -> Happened {
    let (external_id, text) = (message.to_owned(), text.to_owned());
    (raw(number), Arrival::Edit { identity: telegram(chat), external_id, text })
}

fn reach(number: u32, identity: Identity, unreachable: Option<Unreachable>) -> Happened {
    (raw(number), Arrival::Reach { identity, unreachable })
}

async fn ingest(store: &dyn Store, happened: Happened, now: i64) -> Stored {
    let stored = store.ingest(vec![happened], None, at(now)).await.unwrap();
    assert_eq!(stored.len(), 1);
    stored[0]
}

/// Takes in something new, and answers the conversation that it changed.
async fn heard(store: &dyn Store, happened: Happened, now: i64) -> ConversationId {
    match ingest(store, happened, now).await {
        Stored::New(Some(id)) => id,
        other => panic!("{other:?}"),
    }
}

async fn with(store: &dyn Store, chat: &str) -> Conversation {
    store.conversation_of(&telegram(chat)).await.unwrap().unwrap()
}

async fn messages(store: &dyn Store, id: ConversationId) -> Vec<Message> {
    store.messages(id, MessageRange::Last, 100).await.unwrap()
}

async fn pending(store: &dyn Store) -> u64 {
    store.queue_stats().await.unwrap().pending
}

/// Forgets every event; answers how many there were.
async fn kept(store: &dyn Store) -> u64 {
    store.forget_events(at(1_000_000), 1000).await.unwrap()
}

pub async fn an_event_is_one_message_with_its_conversation_and_job(store: &dyn Store) {
    let named = Incoming { name: Some("Анна".to_owned()), ..tells("5001", 1, "Привет") };
    let arrival = Arrival::Message(Box::new(named), at(2));
    let id = heard(store, (raw(1), arrival), 0).await;
    let conversation = with(store, "5001").await;
    assert_eq!((conversation.id, conversation.message_count), (id, 1));
    assert_eq!((conversation.contact.name.as_deref(), conversation.started_at), (Some("Анна"), at(0)));
    let stored = messages(store, id).await;
    assert_eq!((stored.len(), stored[0].text.as_str(), stored[0].at), (1, "Привет", at(0)));
    assert_eq!(stored[0].channel_message_id.as_deref(), Some("5001/1"));
    assert_eq!(store.claim(&Pool::Inside, 10, at(60), at(1)).await.unwrap(), []);
    let job = claim_one(store, at(2)).await;
    assert_eq!(job.work, Ok(Work::Answer { conversation_id: id }));
    assert_eq!(kept(store).await, 1);
}

pub async fn an_event_delivered_ten_times_is_one(store: &dyn Store) {
    heard(store, wrote(1, tells("5001", 1, "Привет")), 0).await;
    for again in 1..=9 {
        assert_eq!(ingest(store, wrote(1, tells("5001", 1, "Привет")), again).await, Stored::Duplicate);
    }
    // The number alone says which event it is.
    assert_eq!(ingest(store, wrote(1, tells("5001", 2, "Другое")), 10).await, Stored::Duplicate);
    let conversation = with(store, "5001").await;
    assert_eq!((conversation.message_count, conversation.last_message_at), (1, at(0)));
    assert_eq!((pending(store).await, kept(store).await), (1, 1));
}

pub async fn an_event_delivered_ten_times_at_once_is_one(store: &dyn Store) {
    let one = vec![wrote(1, tells("5001", 1, "Привет"))];
    let told = join_all((0..10).map(|_| store.ingest(one.clone(), None, at(0)))).await;
    let told: Vec<Stored> = told.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(told.len(), 10);
    assert_eq!(told.iter().filter(|stored| **stored == Stored::Duplicate).count(), 9, "{told:?}");
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.messages, counts.conversations), (1, 1));
    assert_eq!((pending(store).await, kept(store).await), (1, 1));
}

pub async fn the_same_message_under_another_event_number_is_a_duplicate(store: &dyn Store) {
    let id = heard(store, wrote(1, tells("5001", 1, "Привет")), 0).await;
    assert_eq!(ingest(store, wrote(2, tells("5001", 1, "Привет")), 1).await, Stored::Duplicate);
    let batch = vec![wrote(3, tells("5001", 2, "Ау")), wrote(4, tells("5001", 2, "Ау"))];
    let told = store.ingest(batch, None, at(2)).await.unwrap();
    assert_eq!(told, [Stored::New(Some(id)), Stored::Duplicate]);
    assert_eq!(with(store, "5001").await.message_count, 2);
    assert_eq!((pending(store).await, kept(store).await), (2, 4));
}

pub async fn the_same_event_number_on_another_account_is_another_event(store: &dyn Store) {
    let first = heard(store, wrote(1, tells("5001", 1, "Привет")), 0).await;
    for (channel, account) in [(Channel::Telegram, "8"), (Channel::Max, "7")] {
        let account = account.to_owned();
        let identity = Identity { channel, account: account.clone(), ..telegram("5001") };
        let elsewhere = Incoming { identity: identity.clone(), ..tells("5001", 1, "Привет") };
        let (event, arrival) = wrote(1, elsewhere);
        let second = heard(store, (RawEvent { channel, account, ..event }, arrival), 1).await;
        assert_ne!(second, first);
        assert_eq!(store.conversation_of(&identity).await.unwrap().unwrap().id, second);
    }
    assert_eq!((store.counts().await.unwrap().messages, pending(store).await), (3, 3));
    assert_eq!(kept(store).await, 3);
}

pub async fn a_batch_is_stored_in_its_order_and_with_its_mark(store: &dyn Store) {
    let mark = |value: &str| Mark {
        channel: Channel::Telegram,
        account: "7".to_owned(),
        name: "offset",
        value: value.to_owned(),
    };
    let read = async |channel, account, name| store.mark(channel, account, name).await.unwrap();
    assert_eq!(read(Channel::Telegram, "7", "offset").await, None);
    let batch = vec![
        wrote(1, tells("5001", 1, "раз")),
        wrote(2, tells("5002", 1, "Привет")),
        wrote(1, tells("5001", 1, "раз")),
        (raw(3), Arrival::Nothing),
        wrote(4, tells("5001", 2, "два")),
        edited(5, "5001", "5001/2", "три"),
    ];
    let told = store.ingest(batch, Some(&mark("6")), at(5)).await.unwrap();
    let (anna, boris) = (with(store, "5001").await.id, with(store, "5002").await.id);
    let new = |id| Stored::New(Some(id));
    assert_eq!(told, [new(anna), new(boris), Stored::Duplicate, Stored::New(None), new(anna), new(anna)]);
    let words: Vec<String> = messages(store, anna).await.into_iter().map(|message| message.text).collect();
    assert_eq!(words, ["раз", "три"]);
    assert_eq!(read(Channel::Telegram, "7", "offset").await, Some(("6".to_owned(), at(5))));
    let others = [(Channel::Telegram, "8", "offset"), (Channel::Max, "7", "offset"), (Channel::Telegram, "7", "other")];
    for (channel, account, name) in others {
        assert_eq!(read(channel, account, name).await, None);
    }
    // What comes by itself moves no mark; what was asked for does, also when it was nothing.
    heard(store, wrote(6, tells("5001", 3, "четыре")), 7).await;
    assert_eq!(read(Channel::Telegram, "7", "offset").await, Some(("6".to_owned(), at(5))));
    assert_eq!(store.ingest(Vec::new(), Some(&mark("7")), at(9)).await.unwrap(), []);
    assert_eq!(read(Channel::Telegram, "7", "offset").await, Some(("7".to_owned(), at(9))));
}

pub async fn an_edit_changes_the_words_and_nothing_else(store: &dyn Store) {
    let find = async |q: &str| {
        let filter = ConversationFilter { q: Some(q.to_owned()), ..ConversationFilter::default() };
        store.conversations(&filter, &Page::first(10)).await.unwrap().len()
    };
    let id = heard(store, wrote(1, tells("5001", 1, "Хочу на окрашивание")), 0).await;
    assert_eq!(find("окрашивание").await, 1);
    let before = (with(store, "5001").await, messages(store, id).await.remove(0));
    assert_eq!(heard(store, edited(2, "5001", "5001/1", "Хочу на маникюр"), 9).await, id);
    let (conversation, message) = (with(store, "5001").await, messages(store, id).await.remove(0));
    assert_eq!(conversation.last_message.as_ref().unwrap().text, "Хочу на маникюр");
    assert_eq!(conversation.message_count, 1);
    assert_eq!((conversation.last_message_at, conversation.unanswered), (before.0.last_message_at, false));
    assert_eq!(message, Message { text: "Хочу на маникюр".to_owned(), edited_at: Some(at(9)), ..before.1 });
    assert_eq!((store.counts().await.unwrap().messages, pending(store).await), (1, 1));
    assert_eq!((find("маникюр").await, find("окрашивание").await), (1, 0));
    // One that no search has looked at yet is found by its last words too.
    heard(store, wrote(3, tells("5001", 2, "Есть ли парковка?")), 10).await;
    heard(store, edited(4, "5001", "5001/2", "Есть ли скидка?"), 11).await;
    assert_eq!((find("скидки").await, find("парковка").await), (1, 0));
    heard(store, edited(7, "5001", "5001/2", "Есть ли рассрочка?"), 11).await;
    assert_eq!((find("рассрочку").await, find("скидки").await), (1, 0));
    // An older message is not what was said last, and an edit delivered late and again takes nothing back.
    heard(store, edited(5, "5001", "5001/1", "Хочу на педикюр"), 12).await;
    assert_eq!(ingest(store, edited(2, "5001", "5001/1", "Хочу на маникюр"), 13).await, Stored::Duplicate);
    assert_eq!((find("педикюр").await, find("маникюр").await), (1, 0));
    assert_eq!(with(store, "5001").await.last_message.unwrap().text, "Есть ли рассрочка?");
    let input = store.turn_input(id, 10).await.unwrap();
    let unread: Vec<&str> = input.new.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(unread, ["Хочу на педикюр", "Есть ли рассрочка?"]);
    assert_eq!(pending(store).await, 2);
}

pub async fn the_beginning_of_an_edited_text_is_kept_for_lists(store: &dyn Store) {
    heard(store, wrote(1, tells("5001", 1, "Привет")), 0).await;
    heard(store, edited(2, "5001", "5001/1", &"я".repeat(500)), 1).await;
    assert_eq!(with(store, "5001").await.last_message.unwrap().text, "я".repeat(200));
}

pub async fn an_edit_of_what_no_client_wrote_changes_nothing(store: &dyn Store) {
    assert_eq!(ingest(store, edited(1, "5001", "5001/1", "Ой"), 0).await, Stored::New(None));
    assert_eq!(store.counts().await.unwrap(), Counts::default());
    let id = heard(store, wrote(2, tells("5001", 1, "Привет")), 1).await;
    let elsewhere = Identity { account: "8".to_owned(), ..telegram("5001") };
    let edit = Arrival::Edit { identity: elsewhere, external_id: "5001/1".to_owned(), text: "Ой".to_owned() };
    assert_eq!(ingest(store, (raw(3), edit), 2).await, Stored::New(None));
    // Nor may a client put words into our mouth.
    let answer = store.post(id, &reply("Здравствуйте"), None, at(3), None).await.unwrap();
    let taken = store.take_parts(Channel::Telegram, 1, at(60), at(3)).await.unwrap();
    let sent = Carried::Sent { external_id: Some("5001/2".to_owned()) };
    store.carried(&taken.parts[0], &sent, None, at(4)).await.unwrap();
    assert_eq!(ingest(store, edited(4, "5001", "5001/2", "Всё бесплатно"), 5).await, Stored::New(None));
    let words: Vec<String> = messages(store, id).await.into_iter().map(|message| message.text).collect();
    assert_eq!(words, ["Привет", "Здравствуйте"]);
    assert_eq!(store.message(answer.id).await.unwrap().unwrap().channel_message_id.as_deref(), Some("5001/2"));
    assert_eq!(with(store, "5001").await.last_message.unwrap().text, "Здравствуйте");
}

pub async fn an_address_takes_nothing_until_the_client_writes(store: &dyn Store) {
    heard(store, wrote(1, tells("5001", 1, "Привет")), 0).await;
    heard(store, wrote(2, tells("5002", 1, "Привет")), 0).await;
    let why = async |chat| with(store, chat).await.unreachable;
    assert_eq!(why("5001").await, None);
    let blocked = reach(3, telegram("5001"), Some(Unreachable::Blocked));
    assert_eq!(ingest(store, blocked, 1).await, Stored::New(None));
    assert_eq!((why("5001").await, why("5002").await), (Some(Unreachable::Blocked), None));
    // What is delivered late was written before that.
    assert_eq!(ingest(store, wrote(4, tells("5001", 1, "Привет")), 2).await, Stored::Duplicate);
    assert_eq!(why("5001").await, Some(Unreachable::Blocked));
    ingest(store, reach(5, telegram("5001"), None), 3).await;
    assert_eq!(why("5001").await, None);
    ingest(store, reach(6, telegram("5001"), Some(Unreachable::Kicked)), 4).await;
    assert_eq!(why("5001").await, Some(Unreachable::Kicked));
    heard(store, wrote(7, tells("5001", 2, "Я снова здесь")), 5).await;
    assert_eq!(why("5001").await, None);
    // Of whom nothing is known, nothing is noted.
    let elsewhere = Identity { account: "8".to_owned(), ..telegram("5002") };
    for (number, nobody) in [(8, telegram("5003")), (9, elsewhere)] {
        let blocked = reach(number, nobody.clone(), Some(Unreachable::Blocked));
        assert_eq!(ingest(store, blocked, 6).await, Stored::New(None));
        assert_eq!(store.conversation_of(&nobody).await.unwrap(), None);
    }
    assert_eq!(why("5002").await, None);
}

pub async fn forgetting_begins_with_the_oldest_events_and_keeps_messages_known(store: &dyn Store) {
    for number in 1..=5 {
        heard(store, wrote(number, tells("5001", number, "Привет")), i64::from(number) * 10).await;
    }
    assert_eq!(store.forget_events(at(10), 100).await.unwrap(), 0);
    assert_eq!(store.forget_events(at(40), 2).await.unwrap(), 2);
    let other = async |number| ingest(store, wrote(number, tells("5002", number, "Иное")), 60).await;
    for known in 3..=5 {
        assert_eq!(other(known).await, Stored::Duplicate, "event {known} was not to be forgotten yet");
    }
    assert_eq!(store.forget_events(at(40), 100).await.unwrap(), 1);
    assert_eq!(store.forget_events(at(40), 100).await.unwrap(), 0);
    assert_eq!(other(4).await, Stored::Duplicate);
    // A message is recognised for longer than the event that brought it.
    for number in 1..=3 {
        let late = wrote(number, tells("5001", number, "Привет"));
        assert_eq!(ingest(store, late, 70).await, Stored::Duplicate);
    }
    assert_eq!((store.counts().await.unwrap().messages, pending(store).await), (5, 5));
    assert_eq!(kept(store).await, 5);
}

pub async fn what_means_nothing_is_only_kept(store: &dyn Store) {
    assert_eq!(ingest(store, (raw(1), Arrival::Nothing), 0).await, Stored::New(None));
    assert_eq!(ingest(store, (raw(1), Arrival::Nothing), 1).await, Stored::Duplicate);
    assert_eq!(ingest(store, wrote(1, says("anna", 1, "Привет")), 2).await, Stored::Duplicate);
    assert_eq!(store.counts().await.unwrap(), Counts::default());
    assert_eq!(store.queue_stats().await.unwrap(), QueueStats::default());
    assert_eq!(kept(store).await, 1);
}

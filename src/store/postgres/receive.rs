//! Clients' messages, as many as came together: one statement a table, whatever their number.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::rows::{all, execute, int, ms, parsed, text, text_opt, to_json_opt};
use super::sessions::in_the_way;
use super::values::params;
use super::{Connection, idempotency, queue};
use crate::domain::contact::Phone;
use crate::domain::conversation::{ConversationStatus, Incoming, Received};
use crate::domain::id::{ContactId, ConversationId, MessageId};
use crate::domain::job::{NewJob, Work};
use crate::domain::store::{IdempotencyKey, StoreResult};

/// `last_message.text` of a list is at most this long (HTTP API B2).
const EXCERPT: usize = 200;

/// A message on its way into the store.
#[derive(Clone, Copy)]
pub(super) struct Item<'o> {
    pub(super) incoming: &'o Incoming,
    pub(super) now: Timestamp,
    pub(super) answer_at: Option<Timestamp>,
    pub(super) key: Option<&'o IdempotencyKey>,
}

/// Channel, account, and an external id: of a message or of a chat.
type Address = (&'static str, String, String);

impl Item<'_> {
    fn message(&self) -> Address {
        let identity = &self.incoming.identity;
        (identity.channel.as_str(), clean(&identity.account), clean(&self.incoming.external_id))
    }

    fn chat(&self) -> Address {
        let identity = &self.incoming.identity;
        (identity.channel.as_str(), clean(&identity.account), clean(&identity.external_id))
    }
}

/// As the store holds it.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A chat with what came from it now.
struct Chat {
    id: ConversationId,
    contact: ContactId,
    is_new: bool,
    is_closed: bool,
    was_unreachable: bool,
    has_name: bool,
    phone: Option<String>,
    verified_phone: Option<String>,
}

/// Stores messages with their conversations and the jobs that answer them. What was there already is a duplicate.
pub(super) async fn receive_all(c: &Connection, items: &[Item<'_>]) -> StoreResult<Vec<Received>> {
    // Statements that do not wait for each other share a way to the server.
    let mut chats = HashMap::new();
    let mut missing: Vec<Address> = items.iter().map(Item::chat).collect();
    missing.sort_unstable();
    missing.dedup();
    let known = known_messages(c, items.iter().map(Item::message));
    let (known, ()) = tokio::try_join!(known, find_chats(c, &mut missing, &mut chats))?;
    let mut first: HashMap<Address, usize> = HashMap::new();
    let mut fresh: Vec<(&Item<'_>, MessageId)> = Vec::new();
    for item in items {
        let address = item.message();
        if !known.contains_key(&address) && !first.contains_key(&address) {
            first.insert(address, fresh.len());
            fresh.push((item, MessageId::new(item.now)));
        }
    }
    let stored = if fresh.is_empty() { Vec::new() } else { store(c, &fresh, chats).await? };
    let mut told = vec![false; stored.len()];
    let answer = |item: &Item<'_>| {
        let address = item.message();
        match first.get(&address).map(|at| (*at, &stored[*at])) {
            Some((at, received)) => {
                let duplicate = std::mem::replace(&mut told[at], true);
                Ok(Received { duplicate, ..*received })
            }
            None => known.get(&address).cloned().ok_or_else(super::ingest::mixed_up),
        }
    };
    items.iter().map(answer).collect()
}

fn columns(addresses: &[Address]) -> [Vec<String>; 3] {
    let column = |part: fn(&Address) -> &str| addresses.iter().map(|address| part(address).to_owned()).collect();
    [column(|address| address.0), column(|address| &address.1), column(|address| &address.2)]
}

/// The messages that are there already.
async fn known_messages(
    c: &Connection,
    addresses: impl Iterator<Item = Address>,
) -> StoreResult<HashMap<Address, Received>> {
    let mut addresses: Vec<Address> = addresses.collect();
    addresses.sort_unstable();
    addresses.dedup();
    let [channels, accounts, ids] = columns(&addresses);
    let sql = "SELECT i.ord, m.id, m.seq, m.conversation_id, v.contact_id
               FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS i(channel, account, external_id, ord)
               JOIN messages m ON m.channel=i.channel AND m.account=i.account AND m.external_id=i.external_id
               JOIN conversations v ON v.id=m.conversation_id";
    let found = all(c, sql, params![channels, accounts, ids], |row| {
        let received = Received {
            conversation_id: parsed(row, "conversation_id", |s| s.parse().ok())?,
            message_id: parsed(row, "id", |s| s.parse().ok())?,
            seq: int(row, "seq")?,
            contact_id: parsed(row, "contact_id", |s| s.parse().ok())?,
            duplicate: true,
        };
        Ok((nth(int(row, "ord")?), received))
    })
    .await?;
    Ok(found.into_iter().filter_map(|(at, found)| Some((addresses.get(at)?.clone(), found))).collect())
}

/// The place of what the database counts from one.
fn nth(ord: i64) -> usize {
    usize::try_from(ord - 1).unwrap_or(usize::MAX)
}

async fn store(
    c: &Connection,
    fresh: &[(&Item<'_>, MessageId)],
    found: HashMap<Address, Chat>,
) -> StoreResult<Vec<Received>> {
    let mut by_chat: BTreeMap<Address, Vec<&Item<'_>>> = BTreeMap::new();
    for (item, _) in fresh {
        by_chat.entry(item.chat()).or_default().push(item);
    }
    let chats = open_chats(c, &by_chat, found).await?;
    refresh(c, &by_chat, &chats).await?;
    let keys: Vec<_> = fresh.iter().filter_map(|(item, id)| Some((item.key?, id.to_string(), item.now))).collect();
    idempotency::claim_all(c, &keys).await?;
    let jobs: Vec<(NewJob, Timestamp)> = fresh
        .iter()
        .filter_map(|(item, _)| {
            let conversation_id = chats.get(&item.chat())?.id;
            let (lane, work) = (NewJob::conversation_lane(conversation_id), Work::Answer { conversation_id });
            Some((NewJob { lane, work, ready_at: item.answer_at? }, item.now))
        })
        .collect();
    let written = tokio::try_join!(insert(c, fresh, &chats), touch(c, &by_chat, &chats), queue::insert_all(c, &jobs));
    let (seqs, (), ()) = written?;
    fresh
        .iter()
        .map(|(item, message_id)| {
            let chat = chats.get(&item.chat()).ok_or_else(super::ingest::mixed_up)?;
            // Not written after all: somebody else has just stored the same.
            let seq = *seqs.get(message_id).ok_or_else(in_the_way)?;
            let (conversation_id, contact_id) = (chat.id, chat.contact);
            Ok(Received { conversation_id, message_id: *message_id, seq, contact_id, duplicate: false })
        })
        .collect()
}

/// Finds or makes the conversations, and keeps them from changing until the transaction ends.
async fn open_chats(
    c: &Connection,
    by_chat: &BTreeMap<Address, Vec<&Item<'_>>>,
    mut chats: HashMap<Address, Chat>,
) -> StoreResult<HashMap<Address, Chat>> {
    // What came before changes nothing, not even its conversation.
    chats.retain(|address, _| by_chat.contains_key(address));
    let mut missing: Vec<Address> = by_chat.keys().filter(|address| !chats.contains_key(*address)).cloned().collect();
    if missing.is_empty() {
        return Ok(chats);
    }
    make_chats(c, &missing, by_chat, &mut chats).await?;
    missing.retain(|address| !chats.contains_key(address));
    // Somebody else made them meanwhile; they are committed now.
    find_chats(c, &mut missing, &mut chats).await?;
    if missing.is_empty() { Ok(chats) } else { Err(in_the_way()) }
}

async fn find_chats(c: &Connection, missing: &mut Vec<Address>, chats: &mut HashMap<Address, Chat>) -> StoreResult<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let [channels, accounts, ids] = columns(missing);
    let sql = "SELECT i.ord, v.id, v.contact_id, v.status, v.unreachable, p.name, p.phone, p.verified_phone
               FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS i(channel, account, external_id, ord)
               JOIN conversations v ON v.channel=i.channel AND v.account=i.account AND v.external_id=i.external_id
               JOIN contacts p ON p.id=v.contact_id ORDER BY v.id FOR NO KEY UPDATE OF v";
    let found = all(c, sql, params![channels, accounts, ids], |row| {
        let chat = Chat {
            id: parsed(row, "id", |s| s.parse().ok())?,
            contact: parsed(row, "contact_id", |s| s.parse().ok())?,
            is_new: false,
            is_closed: parsed(row, "status", ConversationStatus::parse)? == ConversationStatus::Closed,
            was_unreachable: text_opt(row, "unreachable")?.is_some(),
            has_name: text_opt(row, "name")?.is_some(),
            phone: text_opt(row, "phone")?,
            verified_phone: text_opt(row, "verified_phone")?,
        };
        Ok((nth(int(row, "ord")?), chat))
    })
    .await?;
    for (at, chat) in found {
        if let Some(address) = missing.get(at) {
            chats.insert(address.clone(), chat);
        }
    }
    missing.retain(|address| !chats.contains_key(address));
    Ok(())
}

/// What the channel knows of a person: the first name and phone fill what is empty, the last phone is vouched for.
struct Told {
    name: Option<String>,
    phone: Option<String>,
    vouched: Option<String>,
}

fn told(items: &[&Item<'_>]) -> Told {
    let phones = || items.iter().filter_map(|item| item.incoming.phone.as_ref().map(Phone::as_str));
    Told {
        name: items.iter().find_map(|item| item.incoming.name.clone()),
        phone: phones().next().map(str::to_owned),
        vouched: phones().next_back().map(str::to_owned),
    }
}

async fn make_chats(
    c: &Connection,
    missing: &[Address],
    by_chat: &BTreeMap<Address, Vec<&Item<'_>>>,
    chats: &mut HashMap<Address, Chat>,
) -> StoreResult<()> {
    let made: Vec<(&Address, ConversationId, ContactId, Timestamp, Told)> = missing
        .iter()
        .filter_map(|address| {
            let items = by_chat.get(address)?;
            let now = items.first()?.now;
            Some((address, ConversationId::new(now), ContactId::new(now), now, told(items)))
        })
        .collect();
    let contacts: Vec<String> = made.iter().map(|(_, _, contact, ..)| contact.to_string()).collect();
    let times: Vec<i64> = made.iter().map(|(.., now, _)| ms(*now)).collect();
    let sql = "INSERT INTO contacts(id, name, phone, verified_phone, created_at)
               SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])";
    let values = params![
        contacts,
        made.iter().map(|(.., told)| told.name.clone()).collect::<Vec<_>>(),
        made.iter().map(|(.., told)| told.phone.clone()).collect::<Vec<_>>(),
        made.iter().map(|(.., told)| told.vouched.clone()).collect::<Vec<_>>(),
        times
    ];
    execute(c, sql, values).await?;
    let [channels, accounts, ids] = columns(missing);
    let sql = "INSERT INTO conversations(id, channel, account, external_id, contact_id, started_at, last_message_at)
               SELECT id, channel, account, external_id, contact_id, at, at FROM unnest($1::text[], $2::text[],
               $3::text[], $4::text[], $5::text[], $6::bigint[]) AS i(id, channel, account, external_id, contact_id, at)
               ON CONFLICT(channel, account, external_id) DO NOTHING RETURNING id";
    let conversations: Vec<String> = made.iter().map(|(_, id, ..)| id.to_string()).collect();
    let values = params![conversations, channels, accounts, ids, contacts, times];
    let written = all(c, sql, values, |row| text(row, "id")).await?;
    let mut surplus = Vec::new();
    for (address, id, contact, _, told) in made {
        if !written.contains(&id.to_string()) {
            surplus.push(contact.to_string());
            continue;
        }
        let chat = Chat {
            id,
            contact,
            is_new: true,
            is_closed: false,
            was_unreachable: false,
            has_name: told.name.is_some(),
            phone: told.phone,
            verified_phone: told.vouched,
        };
        chats.insert(address.clone(), chat);
    }
    if !surplus.is_empty() {
        execute(c, "DELETE FROM contacts WHERE id=ANY($1)", params![surplus]).await?;
    }
    Ok(())
}

/// Opens what was closed, reaches who could not be reached, and fills what was not known of a person.
async fn refresh(
    c: &Connection,
    by_chat: &BTreeMap<Address, Vec<&Item<'_>>>,
    chats: &HashMap<Address, Chat>,
) -> StoreResult<()> {
    let ids = |which: fn(&&Chat) -> bool| -> Vec<String> {
        chats.values().filter(which).map(|chat| chat.id.to_string()).collect()
    };
    let closed = ids(|chat| chat.is_closed);
    if !closed.is_empty() {
        let sql = "UPDATE conversations SET status='open', closed_at=NULL, handoff_state=NULL WHERE id=ANY($1)";
        execute(c, sql, params![closed]).await?;
    }
    let reached = ids(|chat| chat.was_unreachable);
    if !reached.is_empty() {
        let sql = "UPDATE conversations SET unreachable=NULL, unreachable_at=NULL, version=version+1 WHERE id=ANY($1)";
        execute(c, sql, params![reached]).await?;
    }
    let news = by_chat.iter().filter_map(|(address, items)| {
        let (chat, told) = (chats.get(address)?, told(items));
        let is_news = (!chat.has_name && told.name.is_some())
            || (chat.phone.is_none() && told.phone.is_some())
            || (told.vouched.is_some() && told.vouched != chat.verified_phone);
        (!chat.is_new && is_news).then_some((chat.contact.to_string(), told))
    });
    let (contacts, news): (Vec<String>, Vec<Told>) = news.unzip();
    if contacts.is_empty() {
        return Ok(());
    }
    let column = |part: fn(&Told) -> &Option<String>| news.iter().map(|told| part(told).clone()).collect::<Vec<_>>();
    let sql = "UPDATE contacts p SET name=coalesce(p.name, i.name), phone=coalesce(p.phone, i.phone),
               verified_phone=coalesce(i.vouched, p.verified_phone) FROM unnest($1::text[], $2::text[], $3::text[],
               $4::text[]) AS i(id, name, phone, vouched) WHERE p.id=i.id";
    let values = params![contacts, column(|told| &told.name), column(|told| &told.phone), column(|told| &told.vouched)];
    execute(c, sql, values).await.map(|_| ())
}

/// Writes the messages in their order; answers the number of each.
async fn insert(
    c: &Connection,
    fresh: &[(&Item<'_>, MessageId)],
    chats: &HashMap<Address, Chat>,
) -> StoreResult<HashMap<MessageId, i64>> {
    let addresses: Vec<Address> = fresh.iter().map(|(item, _)| item.message()).collect();
    let [channels, accounts, external] = columns(&addresses);
    let conversation = |item: &Item<'_>| chats.get(&item.chat()).map(|chat| chat.id.to_string());
    let of = |part: fn(&Incoming) -> Option<String>| {
        fresh.iter().map(|(item, _)| part(item.incoming)).collect::<Vec<Option<String>>>()
    };
    let metadata = fresh.iter().map(|(item, _)| to_json_opt(item.incoming.metadata.as_ref()));
    let sql = "INSERT INTO messages(id, conversation_id, role, kind, text, button_value, at, channel, account,
               external_id, metadata)
               SELECT id, conversation_id, 'customer', kind, text, button_value, at, channel, account, external_id,
               metadata FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[],
               $8::text[], $9::text[], $10::jsonb[]) WITH ORDINALITY AS i(id, conversation_id, kind, text, button_value,
               at, channel, account, external_id, metadata, ord) ORDER BY ord
               ON CONFLICT(channel, account, external_id) WHERE external_id IS NOT NULL DO NOTHING RETURNING id, seq";
    let values = params![
        fresh.iter().map(|(_, id)| id.to_string()).collect::<Vec<_>>(),
        fresh.iter().map(|(item, _)| conversation(item)).collect::<Vec<_>>(),
        of(|incoming| Some(incoming.kind.as_str().to_owned())),
        of(|incoming| Some(incoming.text.clone())),
        of(|incoming| incoming.button_value.clone()),
        fresh.iter().map(|(item, _)| ms(item.now)).collect::<Vec<_>>(),
        channels,
        accounts,
        external,
        metadata.collect::<StoreResult<Vec<Option<String>>>>()?
    ];
    let read = |row: &_| Ok((parsed(row, "id", |s| s.parse().ok())?, int(row, "seq")?));
    Ok(all(c, sql, values, read).await?.into_iter().collect())
}

/// Counts the messages and keeps the last one's beginning for lists.
async fn touch(
    c: &Connection,
    by_chat: &BTreeMap<Address, Vec<&Item<'_>>>,
    chats: &HashMap<Address, Chat>,
) -> StoreResult<()> {
    let (mut ids, mut counts, mut texts, mut times) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (address, items) in by_chat {
        let (Some(chat), Some(last)) = (chats.get(address), items.last()) else { continue };
        ids.push(chat.id.to_string());
        counts.push(i64::try_from(items.len()).unwrap_or(i64::MAX));
        texts.push(last.incoming.text.chars().take(EXCERPT).collect::<String>());
        times.push(ms(last.now));
    }
    let sql =
        "UPDATE conversations v SET message_count=v.message_count+i.count, last_role='customer', last_text=i.text,
               last_at=i.at, last_message_at=greatest(v.last_message_at, i.at), version=v.version+i.count
               FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[]) AS i(id, count, text, at)
               WHERE v.id=i.id";
    execute(c, sql, params![ids, counts, texts, times]).await.map(|_| ())
}

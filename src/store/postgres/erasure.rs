//! Everything about one person: found, read, and removed.

use async_trait::async_trait;
use jiff::Timestamp;

use super::contacts::read_contact;
use super::rows::{all, execute, flag, get, int, ms, one, parsed, scalar, text, text_opt};
use super::sessions::{snapshot, transaction};
use super::transfer::cell;
use super::values::params;
use super::{Connection, PostgresStore, queue};
use crate::domain::contact::{Channel, Contact, Identity, Phone};
use crate::domain::erasure::{
    CONVERSATION_ID, Contacts, Erased, Holdings, Stays, Traces, chat_lane, is_about, names, number, object,
};
use crate::domain::id::ContactId;
use crate::domain::store::{StoreError, StoreResult};
use crate::domain::transfer::Table;

/// Which rows of a table are the person's; `$1` are their marks. Rows that refer to others come before those.
const PARTS: &[(&str, &str)] = &[
    ("outbox", "conversation_id IN (SELECT unnest($1::text[]))"),
    ("questions", "conversation_id IN (SELECT unnest($1::text[]))"),
    ("sessions", "conversation_id IN (SELECT unnest($1::text[]))"),
    ("usage", "conversation_id IN (SELECT unnest($1::text[]))"),
    ("messages", "conversation_id IN (SELECT unnest($1::text[]))"),
    ("idempotency", "scope IN (SELECT unnest($1::text[]))"),
    ("events", "subject IN (SELECT unnest($1::text[]))"),
    ("booking_slots", "booking_id IN (SELECT unnest($1::text[]))"),
    (
        "booking_keys",
        "booking_id IN (SELECT unnest($1::text[])) OR (booking_id IS NULL AND EXISTS (SELECT 1 FROM
         unnest($1::text[]) AS m(mark) WHERE strpos('|'||key||'|'||fingerprint||'|', '|'||mark||'|')>0))",
    ),
    ("bookings", "id IN (SELECT unnest($1::text[]))"),
    ("jobs", JOBS),
    (
        "scheduled",
        "lane IN (SELECT unnest($1::text[])) OR right(lane, 29) IN (SELECT unnest($1::text[]))
         OR payload->>'conversation_id' IN (SELECT unnest($1::text[]))
         OR EXISTS (SELECT 1 FROM unnest($1::text[]) AS m(mark) WHERE strpos(':'||key||':', ':'||mark||':')>0)",
    ),
    ("leads", "id IN (SELECT unnest($1::text[]))"),
    ("conversations", "id IN (SELECT unnest($1::text[]))"),
    ("contacts", "id IN (SELECT unnest($1::text[]))"),
    ("copies", COPIES),
];
/// A call of a CRM writes phones as it likes: the last ten digits stand in most of its forms. A copy is never the truth,
/// so one too many may go.
const COPIES: &str = "phone IN (SELECT unnest($1::text[])) OR id IN (SELECT unnest($1::text[]))
 OR (kind<>'catalogue' AND EXISTS (SELECT 1 FROM unnest($1::text[]) AS m(mark)
 WHERE left(mark, 1)='+' AND strpos(body, right(mark, 10))>0))";
const JOBS: &str = "lane IN (SELECT unnest($1::text[])) OR right(lane, 29) IN (SELECT unnest($1::text[]))
 OR payload->>'conversation_id' IN (SELECT unnest($1::text[]))";
/// `$1` are numbers.
const EVENTS: &str = "id IN (SELECT unnest($1::bigint[]))";

#[async_trait]
impl Contacts for PostgresStore {
    async fn contact(&self, id: ContactId) -> StoreResult<Option<Contact>> {
        contact(&*self.sessions.connection().await?, id).await
    }

    async fn people(&self, phone: &Phone) -> StoreResult<Vec<Contact>> {
        let sql = "SELECT p.* FROM contacts p WHERE p.phone=$1 OR p.verified_phone=$1 ORDER BY coalesce(
                   (SELECT max(last_message_at) FROM conversations v WHERE v.contact_id=p.id), p.created_at) DESC,
                   p.id DESC";
        all(&*self.sessions.connection().await?, sql, params![phone.as_str()], read_contact).await
    }

    async fn holdings(&self, id: ContactId) -> StoreResult<Holdings> {
        snapshot!(self.sessions, c => holdings(c, id).await)
    }

    async fn erase_contact(&self, id: ContactId, now: Timestamp) -> StoreResult<Result<Erased, Stays>> {
        let sql = "SELECT id FROM conversations WHERE contact_id=$1";
        let erased = transaction!(self.sessions, c => {
            let conversations = all(c, sql, params![id.to_string()], |row| text(row, "id")).await?;
            Ok((erase(c, id, now).await?, conversations))
        });
        let (erased, conversations) = erased?;
        if let (Some(near), Ok(_)) = (&self.near, &erased) {
            near.forget(&conversations).await;
        }
        Ok(erased)
    }
}

async fn contact(c: &Connection, id: ContactId) -> StoreResult<Option<Contact>> {
    one(c, "SELECT * FROM contacts WHERE id=$1", params![id.to_string()], read_contact).await
}

/// Everything that rows of the person are known by.
async fn traces(c: &Connection, id: ContactId) -> StoreResult<Traces> {
    let person = contact(c, id).await?.ok_or(StoreError::NotFound("contact"))?;
    let mut traces = Traces::of(id);
    let sql = "SELECT id, channel, account, external_id FROM conversations WHERE contact_id=$1 ORDER BY id";
    let conversations = all(c, sql, params![id.to_string()], |row| {
        let identity = Identity {
            channel: parsed(row, "channel", Channel::parse)?,
            account: text(row, "account")?,
            external_id: text(row, "external_id")?,
        };
        Ok((text(row, "id")?, identity))
    })
    .await?;
    for (id, identity) in &conversations {
        traces.marks.push(id.clone());
        if !is_shared(c, identity, person.id).await? {
            traces.marks.push(chat_lane(identity));
        }
        events(c, identity, &mut traces.events).await?;
    }
    for phone in [&person.verified_phone, &person.phone].into_iter().flatten() {
        let others = "SELECT 1::bigint FROM contacts WHERE id<>$1 AND (phone=$2 OR verified_phone=$2) LIMIT 1";
        let others = scalar::<i64>(c, others, params![id.to_string(), phone.as_str()]).await?;
        if person.verified_phone.as_ref() == Some(phone) || others.is_none() {
            traces.marks.push(phone.as_str().to_owned());
        }
    }
    let owned: [&str; 3] = [
        // A lead that nobody's name is on belongs to the phone.
        "SELECT id FROM leads l WHERE contact_id=$2 OR conversation_id IN (SELECT unnest($1::text[])) OR
         (contact_id IS NULL AND conversation_id IS NULL AND (phone IN (SELECT unnest($1::text[])) OR
         id IN (SELECT lead_id FROM conversations WHERE contact_id=$2)))",
        "SELECT id FROM bookings WHERE contact_id=$2 OR conversation_id IN (SELECT unnest($1::text[])) OR
         (contact_id IS NULL AND conversation_id IS NULL AND (phone IN (SELECT unnest($1::text[])) OR
         lead_id IN (SELECT unnest($1::text[]))))",
        "SELECT id FROM messages WHERE conversation_id IN (SELECT unnest($1::text[])) AND $2::text<>''",
    ];
    for sql in owned {
        let found = all(c, sql, params![traces.marks, id.to_string()], |row| text(row, "id")).await?;
        traces.marks.extend(found);
    }
    let scopes = answers(c, &traces).await?;
    traces.marks.extend(scopes);
    Ok(traces)
}

/// Whether somebody else has a dialogue in the same chat.
async fn is_shared(c: &Connection, identity: &Identity, contact: ContactId) -> StoreResult<bool> {
    let chat = identity.external_id.split('/').next().unwrap_or_default();
    let sql = "SELECT 1::bigint FROM conversations WHERE channel=$1 AND account=$2 AND contact_id<>$4
               AND (external_id=$3 OR left(external_id, length($3)+1)=$3||'/') LIMIT 1";
    let values = params![identity.channel.as_str(), identity.account, chat, contact.to_string()];
    Ok(scalar::<i64>(c, sql, values).await?.is_some())
}

/// Numbers of what the channel delivered about the person.
async fn events(c: &Connection, identity: &Identity, found: &mut Vec<i64>) -> StoreResult<()> {
    let number = number(identity);
    let sql = "SELECT id, body FROM raw_events WHERE channel=$1 AND account=$2 AND strpos(body, $3)>0";
    let about = all(c, sql, params![identity.channel.as_str(), identity.account, number], |row| {
        Ok(Some(int(row, "id")?).filter(|_| text(row, "body").is_ok_and(|body| is_about(&body, number))))
    })
    .await?;
    found.extend(about.into_iter().flatten());
    found.sort_unstable();
    found.dedup();
    Ok(())
}

/// Scopes of idempotency keys whose effect, path or answer names the person.
async fn answers(c: &Connection, traces: &Traces) -> StoreResult<Vec<String>> {
    let words = traces.words();
    let found = all(c, "SELECT scope, effect, headers, body FROM idempotency", &[], |row| {
        let scope = text(row, "scope")?;
        let body = get::<Option<Vec<u8>>>(row, "body")?.unwrap_or_default();
        let told = [text(row, "effect")?, text_opt(row, "headers")?.unwrap_or_default()];
        let is_theirs = names(&words, &scope)
            || told.iter().any(|text| names(&words, text))
            || names(&words, &String::from_utf8_lossy(&body));
        Ok(is_theirs.then_some(scope))
    })
    .await?;
    Ok(found.into_iter().flatten().collect())
}

async fn holdings(c: &Connection, id: ContactId) -> StoreResult<Holdings> {
    let traces = traces(c, id).await?;
    let mut holdings = Holdings::new();
    for (name, condition) in PARTS.iter().copied().chain([("raw_events", EVENTS)]) {
        let table = Table::named(name).ok_or(StoreError::NotFound("table"))?;
        let sql = format!("SELECT {} FROM {name} WHERE {condition} ORDER BY {}", table.columns(), table.key());
        let list = if name == "raw_events" { params![traces.events] } else { params![traces.marks] };
        let rows = all(c, &sql, list, |row| {
            let cells = table.columns.iter().map(|(column, kind)| cell(row, column, *kind));
            Ok(object(table, cells.collect::<StoreResult<_>>()?))
        });
        holdings.insert(table.name, rows.await?);
    }
    Ok(holdings)
}

/// Why the person stays for now.
async fn stays(c: &Connection, marks: &Vec<String>, now: Timestamp) -> StoreResult<Option<Stays>> {
    let sql = "SELECT id FROM bookings WHERE id IN (SELECT unnest($1::text[])) AND end_at>$2
               AND state IN ('held', 'committing', 'booked', 'unknown') ORDER BY start_at LIMIT 1";
    let visit = one(c, sql, params![marks, ms(now)], |row| parsed(row, "id", |s| s.parse().ok())).await?;
    if let Some(visit) = visit {
        return Ok(Some(Stays::Expected(visit)));
    }
    let sql = format!(
        "SELECT j.id FROM lanes l JOIN jobs j ON j.id=(SELECT min(h.id) FROM jobs h WHERE h.lane=l.lane AND h.state=0)
         WHERE l.lease_until>=$2 AND j.id IN (SELECT id FROM jobs WHERE {JOBS}) LIMIT 1"
    );
    Ok(scalar(c, &sql, params![marks, ms(now)]).await?.map(Stays::Busy))
}

async fn erase(c: &Connection, id: ContactId, now: Timestamp) -> StoreResult<Result<Erased, Stays>> {
    // Conversations, then lanes, then the rest: as everybody does it.
    let sql = "SELECT id FROM conversations WHERE contact_id=$1 ORDER BY id FOR UPDATE";
    all(c, sql, params![id.to_string()], |row| text(row, "id")).await?;
    let mut traces = traces(c, id).await?;
    let lanes = lanes(c, &traces.marks).await?;
    for (lane, _) in &lanes {
        queue::lock(c, lane).await?;
    }
    // What was written until the locks were there belongs to it.
    traces = self::traces(c, id).await?;
    let lanes = self::lanes(c, &traces.marks).await?;
    let marks = &traces.marks;
    if let Some(stays) = stays(c, marks, now).await? {
        return Ok(Err(stays));
    }
    let mut erased = Erased::default();
    let mut note = |table, rows: u64| {
        if rows > 0 {
            erased.rows.insert(table, rows);
        }
    };
    let sql = format!("DELETE FROM raw_events WHERE {EVENTS}");
    note("raw_events", execute(c, &sql, params![traces.events]).await?);
    for sql in [
        "UPDATE conversations SET lead_id=NULL WHERE lead_id IN (SELECT unnest($1::text[]))
         AND id NOT IN (SELECT unnest($1::text[]))",
        "UPDATE bookings SET lead_id=NULL WHERE lead_id IN (SELECT unnest($1::text[]))
         AND id NOT IN (SELECT unnest($1::text[]))",
    ] {
        execute(c, sql, params![marks]).await?;
    }
    for (table, condition) in PARTS {
        note(table, execute(c, &format!("DELETE FROM {table} WHERE {condition}"), params![marks]).await?);
    }
    note("lanes", settle(c, &lanes, marks, now).await?);
    Ok(Ok(erased))
}

/// Lanes with work of the person in their order, and whether that work stands first.
async fn lanes(c: &Connection, marks: &Vec<String>) -> StoreResult<Vec<(String, bool)>> {
    let sql = format!(
        "SELECT lane, coalesce((SELECT min(h.id) FROM jobs h WHERE h.lane=l.lane AND h.state=0) IN
         (SELECT id FROM jobs WHERE {JOBS}), false) AS first FROM lanes l WHERE lane IN
         (SELECT lane FROM jobs WHERE {JOBS}) OR lane IN (SELECT unnest($1::text[]))
         OR right(lane, {CONVERSATION_ID}) IN (SELECT unnest($1::text[])) ORDER BY lane"
    );
    all(c, &sql, params![marks], |row| Ok((text(row, "lane")?, flag(row, "first")?))).await
}

/// Counts what is left in the lanes; those that were the person's alone go. Answers how many went.
async fn settle(c: &Connection, lanes: &[(String, bool)], marks: &Vec<String>, now: Timestamp) -> StoreResult<u64> {
    let mut gone = 0;
    for (lane, was_first) in lanes {
        if *was_first {
            let sql = "UPDATE lanes SET lease_until=NULL, lease_token=NULL, attempts=0,
                       ready_at=greatest($2, coalesce(not_before, 0)) WHERE lane=$1";
            execute(c, sql, params![lane, ms(now)]).await?;
        }
        let sql = "UPDATE lanes l SET pending=(SELECT count(*) FROM jobs j WHERE j.lane=l.lane AND j.state=0),
                   ready_at=CASE WHEN EXISTS (SELECT 1 FROM jobs j WHERE j.lane=l.lane AND j.state=0) THEN ready_at END
                   WHERE lane=$1";
        execute(c, sql, params![lane]).await?;
        let sql = format!(
            "DELETE FROM lanes WHERE lane=$1 AND pending=0 AND (not_before IS NULL OR
             lane IN (SELECT unnest($2::text[])) OR right(lane, {CONVERSATION_ID}) IN (SELECT unnest($2::text[])))"
        );
        gone += execute(c, &sql, params![lane, marks]).await?;
    }
    Ok(gone)
}

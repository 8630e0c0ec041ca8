//! Everything about one person: found, read, and removed.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::conversations::read_contact;
use super::rows::{all, execute, int, ms, one, parsed, scalar, text, text_opt, to_json};
use super::transfer::cell;
use crate::domain::contact::{Channel, Contact, Identity, Phone};
use crate::domain::erasure::{
    CONVERSATION_ID, Contacts, Erased, Holdings, Stays, Traces, chat_lane, is_about, names, number, object,
};
use crate::domain::id::ContactId;
use crate::domain::store::{StoreError, StoreResult};
use crate::domain::transfer::Table;

/// Which rows of a table are the person's; `?1` are their marks. Rows that refer to others come before those.
const PARTS: &[(&str, &str)] = &[
    ("outbox", "conversation_id IN (SELECT value FROM json_each(?1))"),
    ("questions", "conversation_id IN (SELECT value FROM json_each(?1))"),
    ("sessions", "conversation_id IN (SELECT value FROM json_each(?1))"),
    ("usage", "conversation_id IN (SELECT value FROM json_each(?1))"),
    ("messages", "conversation_id IN (SELECT value FROM json_each(?1))"),
    ("idempotency", "scope IN (SELECT value FROM json_each(?1))"),
    ("events", "subject IN (SELECT value FROM json_each(?1))"),
    ("booking_slots", "booking_id IN (SELECT value FROM json_each(?1))"),
    (
        "booking_keys",
        "booking_id IN (SELECT value FROM json_each(?1)) OR (booking_id IS NULL AND EXISTS
         (SELECT 1 FROM json_each(?1) WHERE instr('|'||key||'|'||fingerprint||'|', '|'||value||'|')>0))",
    ),
    ("bookings", "id IN (SELECT value FROM json_each(?1))"),
    ("jobs", JOBS),
    (
        "scheduled",
        "lane IN (SELECT value FROM json_each(?1)) OR substr(lane, -29) IN (SELECT value FROM json_each(?1))
         OR CASE WHEN json_valid(payload) THEN json_extract(payload, '$.conversation_id') END
         IN (SELECT value FROM json_each(?1))
         OR EXISTS (SELECT 1 FROM json_each(?1) WHERE instr(':'||key||':', ':'||value||':')>0)",
    ),
    ("leads", "id IN (SELECT value FROM json_each(?1))"),
    ("conversations", "id IN (SELECT value FROM json_each(?1))"),
    ("contacts", "id IN (SELECT value FROM json_each(?1))"),
    ("copies", COPIES),
];
/// A call of a CRM writes phones as it likes: the last ten digits stand in most of its forms. A copy is never the truth,
/// so one too many may go.
const COPIES: &str = "phone IN (SELECT value FROM json_each(?1)) OR id IN (SELECT value FROM json_each(?1))
 OR (kind<>'catalogue' AND EXISTS (SELECT 1 FROM json_each(?1)
 WHERE substr(value, 1, 1)='+' AND instr(body, substr(value, -10))>0))";
const JOBS: &str = "lane IN (SELECT value FROM json_each(?1)) OR substr(lane, -29) IN (SELECT value FROM json_each(?1))
 OR CASE WHEN json_valid(payload) THEN json_extract(payload, '$.conversation_id') END
 IN (SELECT value FROM json_each(?1))";
/// `?1` are numbers.
const EVENTS: &str = "id IN (SELECT CAST(value AS INTEGER) FROM json_each(?1))";

#[async_trait]
impl Contacts for SqliteStore {
    async fn contact(&self, id: ContactId) -> StoreResult<Option<Contact>> {
        self.read(move |c| contact(c, id)).await
    }

    async fn people(&self, phone: &Phone) -> StoreResult<Vec<Contact>> {
        let phone = phone.as_str().to_owned();
        self.read(move |c| {
            let sql = "SELECT p.* FROM contacts p WHERE p.phone=?1 OR p.verified_phone=?1 ORDER BY coalesce(
                       (SELECT max(last_message_at) FROM conversations v WHERE v.contact_id=p.id), p.created_at) DESC,
                       p.id DESC";
            all(c, sql, [phone], read_contact)
        })
        .await
    }

    async fn holdings(&self, id: ContactId) -> StoreResult<Holdings> {
        self.read(move |c| holdings(c, id)).await
    }

    async fn erase_contact(&self, id: ContactId, now: Timestamp) -> StoreResult<Result<Erased, Stays>> {
        self.write(move |c| {
            // What is removed now is overwritten in the file too; what earlier changes left in free pages is not.
            c.execute_batch("PRAGMA secure_delete=ON").map_err(super::failure)?;
            let outcome = erase(c, id, now);
            c.execute_batch("PRAGMA secure_delete=OFF").map_err(super::failure)?;
            outcome
        })
        .await
    }
}

fn contact(c: &Connection, id: ContactId) -> StoreResult<Option<Contact>> {
    one(c, "SELECT * FROM contacts WHERE id=?1", [id.to_string()], read_contact)
}

/// Everything that rows of the person are known by.
fn traces(c: &Connection, id: ContactId) -> StoreResult<Traces> {
    let person = contact(c, id)?.ok_or(StoreError::NotFound("contact"))?;
    let mut traces = Traces::of(id);
    let sql = "SELECT id, channel, account, external_id FROM conversations WHERE contact_id=?1 ORDER BY id";
    let conversations = all(c, sql, [id.to_string()], |row| {
        let identity = Identity {
            channel: parsed(row, "channel", Channel::parse)?,
            account: text(row, "account")?,
            external_id: text(row, "external_id")?,
        };
        Ok((text(row, "id")?, identity))
    })?;
    for (id, identity) in &conversations {
        traces.marks.push(id.clone());
        if !is_shared(c, identity, &person.id.to_string())? {
            traces.marks.push(chat_lane(identity));
        }
        events(c, identity, &mut traces.events)?;
    }
    for phone in [&person.verified_phone, &person.phone].into_iter().flatten() {
        let others = "SELECT 1 FROM contacts WHERE id<>?1 AND (phone=?2 OR verified_phone=?2) LIMIT 1";
        let is_vouched = person.verified_phone.as_ref() == Some(phone);
        if is_vouched || scalar::<i64>(c, others, params![id.to_string(), phone.as_str()])?.is_none() {
            traces.marks.push(phone.as_str().to_owned());
        }
    }
    let owned: [&str; 3] = [
        // A lead that nobody's name is on belongs to the phone.
        "SELECT id FROM leads l WHERE contact_id=?2 OR conversation_id IN (SELECT value FROM json_each(?1)) OR
         (contact_id IS NULL AND conversation_id IS NULL AND (phone IN (SELECT value FROM json_each(?1)) OR
         id IN (SELECT lead_id FROM conversations WHERE contact_id=?2)))",
        "SELECT id FROM bookings WHERE contact_id=?2 OR conversation_id IN (SELECT value FROM json_each(?1)) OR
         (contact_id IS NULL AND conversation_id IS NULL AND (phone IN (SELECT value FROM json_each(?1)) OR
         lead_id IN (SELECT value FROM json_each(?1))))",
        "SELECT id FROM messages WHERE conversation_id IN (SELECT value FROM json_each(?1)) AND ?2<>''",
    ];
    for sql in owned {
        let found = all(c, sql, params![to_json(&traces.marks)?, id.to_string()], |row| text(row, "id"))?;
        traces.marks.extend(found);
    }
    let scopes = answers(c, &traces)?;
    traces.marks.extend(scopes);
    Ok(traces)
}

/// Whether somebody else has a dialogue in the same chat.
fn is_shared(c: &Connection, identity: &Identity, contact: &str) -> StoreResult<bool> {
    let chat = identity.external_id.split('/').next().unwrap_or_default();
    let sql = "SELECT 1 FROM conversations WHERE channel=?1 AND account=?2 AND contact_id<>?4
               AND (external_id=?3 OR substr(external_id, 1, length(?3)+1)=?3||'/') LIMIT 1";
    let found: Option<i64> = scalar(c, sql, params![identity.channel.as_str(), identity.account, chat, contact])?;
    Ok(found.is_some())
}

/// Numbers of what the channel delivered about the person.
fn events(c: &Connection, identity: &Identity, found: &mut Vec<i64>) -> StoreResult<()> {
    let number = number(identity);
    let sql = "SELECT id, body FROM raw_events WHERE channel=?1 AND account=?2 AND instr(body, ?3)>0";
    let about = all(c, sql, params![identity.channel.as_str(), identity.account, number], |row| {
        Ok(Some(int(row, "id")?).filter(|_| text(row, "body").is_ok_and(|body| is_about(&body, number))))
    })?;
    found.extend(about.into_iter().flatten());
    found.sort_unstable();
    found.dedup();
    Ok(())
}

/// Scopes of idempotency keys whose effect, path or answer names the person.
fn answers(c: &Connection, traces: &Traces) -> StoreResult<Vec<String>> {
    let words = traces.words();
    let found = all(c, "SELECT scope, effect, headers, body FROM idempotency", [], |row| {
        let scope = text(row, "scope")?;
        let body = row.get::<_, Option<Vec<u8>>>("body").map_err(super::failure)?.unwrap_or_default();
        let told = [text(row, "effect")?, text_opt(row, "headers")?.unwrap_or_default()];
        let is_theirs = names(&words, &scope)
            || told.iter().any(|text| names(&words, text))
            || names(&words, &String::from_utf8_lossy(&body));
        Ok(is_theirs.then_some(scope))
    })?;
    Ok(found.into_iter().flatten().collect())
}

fn holdings(c: &Connection, id: ContactId) -> StoreResult<Holdings> {
    let traces = traces(c, id)?;
    let (marks, events) = (to_json(&traces.marks)?, to_json(&traces.events)?);
    let mut holdings = Holdings::new();
    for (name, condition) in PARTS.iter().copied().chain([("raw_events", EVENTS)]) {
        let table = Table::named(name).ok_or(StoreError::NotFound("table"))?;
        let list = if name == "raw_events" { &events } else { &marks };
        let sql = format!("SELECT {} FROM {name} WHERE {condition} ORDER BY {}", table.columns(), table.key());
        let rows = all(c, &sql, [list], |row| {
            let columns = table.columns.iter().enumerate();
            let cells = columns.map(|(index, (column, kind))| cell(row, index, *kind, table, column));
            Ok(object(table, cells.collect::<StoreResult<_>>()?))
        })?;
        holdings.insert(table.name, rows);
    }
    Ok(holdings)
}

/// Why the person stays for now.
fn stays(c: &Connection, marks: &str, now: Timestamp) -> StoreResult<Option<Stays>> {
    let sql = "SELECT id FROM bookings WHERE id IN (SELECT value FROM json_each(?1)) AND end_at>?2
               AND state IN ('held', 'committing', 'booked', 'unknown') ORDER BY start_at LIMIT 1";
    let visit = one(c, sql, params![marks, ms(now)], |row| parsed(row, "id", |s| s.parse().ok()))?;
    if let Some(visit) = visit {
        return Ok(Some(Stays::Expected(visit)));
    }
    let sql = format!(
        "SELECT j.id FROM lanes l JOIN jobs j ON j.id=(SELECT min(h.id) FROM jobs h WHERE h.lane=l.lane AND h.state=0)
         WHERE l.lease_until>=?2 AND j.id IN (SELECT id FROM jobs WHERE {JOBS}) LIMIT 1"
    );
    Ok(scalar(c, &sql, params![marks, ms(now)])?.map(Stays::Busy))
}

fn erase(c: &Connection, id: ContactId, now: Timestamp) -> StoreResult<Result<Erased, Stays>> {
    let traces = traces(c, id)?;
    let (marks, events) = (to_json(&traces.marks)?, to_json(&traces.events)?);
    if let Some(stays) = stays(c, &marks, now)? {
        return Ok(Err(stays));
    }
    let lanes = lanes(c, &marks)?;
    forget_words(c, &marks)?;
    let mut erased = Erased::default();
    let mut note = |table, rows: usize| {
        if rows > 0 {
            erased.rows.insert(table, rows as u64);
        }
    };
    note("raw_events", execute(c, &format!("DELETE FROM raw_events WHERE {EVENTS}"), [&events])?);
    for sql in [
        "UPDATE conversations SET lead_id=NULL WHERE lead_id IN (SELECT value FROM json_each(?1))
         AND id NOT IN (SELECT value FROM json_each(?1))",
        "UPDATE bookings SET lead_id=NULL WHERE lead_id IN (SELECT value FROM json_each(?1))
         AND id NOT IN (SELECT value FROM json_each(?1))",
    ] {
        execute(c, sql, [&marks])?;
    }
    for (table, condition) in PARTS {
        note(table, execute(c, &format!("DELETE FROM {table} WHERE {condition}"), [&marks])?);
    }
    note("lanes", settle(c, &lanes, &marks, now)?);
    // Nothing may count as indexed that is not written yet; what is gone needs no second look.
    let sql = "UPDATE meta SET value=min(CAST(value AS INTEGER), (SELECT coalesce(max(seq), 0) FROM messages))
               WHERE key='indexed_seq'";
    execute(c, sql, [])?;
    Ok(Ok(erased))
}

/// Takes the person's words out of the full text, and what it keeps of them.
fn forget_words(c: &Connection, marks: &str) -> StoreResult<()> {
    let sql = "DELETE FROM messages_index WHERE rowid IN (SELECT seq FROM messages WHERE conversation_id IN
               (SELECT value FROM json_each(?1)) AND seq<=(SELECT CAST(value AS INTEGER) FROM meta WHERE key='indexed_seq'))";
    if execute(c, sql, [marks])? > 0 {
        execute(c, "INSERT INTO messages_index(messages_index) VALUES('optimize')", [])?;
    }
    Ok(())
}

/// Lanes with work of the person, and whether that work stands first.
fn lanes(c: &Connection, marks: &str) -> StoreResult<Vec<(String, bool)>> {
    let sql = format!(
        "SELECT lane, coalesce((SELECT min(h.id) FROM jobs h WHERE h.lane=l.lane AND h.state=0) IN
         (SELECT id FROM jobs WHERE {JOBS}), 0) AS first FROM lanes l WHERE lane IN (SELECT lane FROM jobs WHERE {JOBS})
         OR lane IN (SELECT value FROM json_each(?1)) OR substr(lane, -{CONVERSATION_ID}) IN
         (SELECT value FROM json_each(?1))"
    );
    all(c, &sql, [marks], |row| Ok((text(row, "lane")?, int(row, "first")? != 0)))
}

/// Counts what is left in the lanes; those that were the person's alone go. Answers how many went.
fn settle(c: &Connection, lanes: &[(String, bool)], marks: &str, now: Timestamp) -> StoreResult<usize> {
    let mut gone = 0;
    for (lane, was_first) in lanes {
        if *was_first {
            let sql = "UPDATE lanes SET lease_until=NULL, lease_token=NULL, attempts=0,
                       ready_at=max(?2, coalesce(not_before, 0)) WHERE lane=?1";
            execute(c, sql, params![lane, ms(now)])?;
        }
        let sql = "UPDATE lanes SET pending=(SELECT count(*) FROM jobs j WHERE j.lane=lanes.lane AND j.state=0),
                   ready_at=CASE WHEN EXISTS (SELECT 1 FROM jobs j WHERE j.lane=lanes.lane AND j.state=0) THEN ready_at END
                   WHERE lane=?1";
        execute(c, sql, [lane])?;
        let sql = format!(
            "DELETE FROM lanes WHERE lane=?1 AND pending=0 AND (not_before IS NULL OR
             lane IN (SELECT value FROM json_each(?2)) OR substr(lane, -{CONVERSATION_ID}) IN
             (SELECT value FROM json_each(?2)))"
        );
        gone += execute(c, &sql, params![lane, marks])?;
    }
    Ok(gone)
}

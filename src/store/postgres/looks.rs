//! What a look at the rows finds wrong, although the database itself is sound.

use super::rows::{all, text};
use super::{Connection, companies};
use crate::domain::job::Work;
use crate::domain::store::{Finding, StoreError, StoreResult};

/// Name of a check, what its rows mean, what to do, and the query that finds the ids of such rows.
type Look = (&'static str, &'static str, &'static str, &'static str);

/// Ids that are told of one kind of damage.
const TOLD: usize = 5;

const LOOKS: &[Look] = &[
    (
        "indexes",
        "indexes that PostgreSQL calls broken",
        "`REINDEX DATABASE` makes them anew",
        "SELECT t.relname FROM pg_index i JOIN pg_class t ON t.oid=i.indexrelid WHERE NOT i.indisvalid AND
         t.relnamespace=current_schema()::regnamespace",
    ),
    (
        "orphaned_conversations",
        "conversations whose person is gone",
        "`flow backup restore FILE` brings the person back",
        "SELECT id FROM conversations v WHERE NOT EXISTS (SELECT 1 FROM contacts p WHERE p.id=v.contact_id)",
    ),
    (
        "orphaned_messages",
        "messages whose conversation is gone",
        "`flow backup restore FILE` brings the conversation back",
        "SELECT id FROM messages m WHERE NOT EXISTS (SELECT 1 FROM conversations v WHERE
         v.id=m.conversation_id)",
    ),
    (
        "orphaned_sessions",
        "states of dialogues whose conversation is gone",
        "`flow backup restore FILE` brings the conversation back",
        "SELECT conversation_id FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM conversations v WHERE
         v.id=s.conversation_id)",
    ),
    (
        "orphaned_questions",
        "questions whose conversation is gone",
        "`flow backup restore FILE` brings the conversation back",
        "SELECT id FROM questions q WHERE NOT EXISTS (SELECT 1 FROM conversations v WHERE
         v.id=q.conversation_id)",
    ),
    (
        "orphaned_outbox",
        "parts on their way whose message or conversation is gone",
        "call them off with `flow jobs cancel ID`; `flow jobs list` shows them",
        "SELECT id FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.id=o.message_id) OR NOT
         EXISTS (SELECT 1 FROM conversations v WHERE v.id=o.conversation_id)",
    ),
    (
        "orphaned_leads",
        "leads whose conversation or person is gone",
        "export them with `flow leads export` and import them again",
        "SELECT id FROM leads l WHERE (l.conversation_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM
         conversations v WHERE v.id=l.conversation_id)) OR (l.contact_id IS NOT NULL AND NOT EXISTS
         (SELECT 1 FROM contacts k WHERE k.id=l.contact_id))",
    ),
    (
        "orphaned_bookings",
        "bookings whose conversation or person is gone",
        "the visits stand: tell the client by phone when one changes; `flow bookings list` shows them",
        "SELECT id FROM bookings b WHERE (b.conversation_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM
         conversations v WHERE v.id=b.conversation_id)) OR (b.contact_id IS NOT NULL AND NOT EXISTS
         (SELECT 1 FROM contacts k WHERE k.id=b.contact_id))",
    ),
    (
        "lost_leads",
        "conversations whose lead is gone",
        "`flow backup restore FILE` brings the lead back; `flow leads add` makes another one",
        "SELECT id FROM conversations v WHERE lead_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM leads l
         WHERE l.id=v.lead_id)",
    ),
    (
        "orphaned_slots",
        "kept times whose booking is gone",
        "`flow backup restore FILE` brings the booking back; until then nobody is offered that time",
        "SELECT booking_id FROM booking_slots s WHERE NOT EXISTS (SELECT 1 FROM bookings b WHERE
         b.id=s.booking_id)",
    ),
    (
        "orphaned_keys",
        "idempotency keys whose booking is gone",
        "`flow backup restore FILE` brings the booking back",
        "SELECT booking_id FROM booking_keys k WHERE booking_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM
         bookings b WHERE b.id=k.booking_id)",
    ),
    (
        "message_counts",
        "conversations whose message count is wrong",
        "`flow backup restore FILE` brings the messages back; lists show a wrong number until then",
        "SELECT id FROM conversations v WHERE message_count <> (SELECT count(*) FROM messages m WHERE
         m.conversation_id=v.id)",
    ),
    (
        "answered_ahead",
        "conversations in which more is answered than was written",
        "nothing that the client writes is answered: `flow backup restore FILE`",
        "SELECT id FROM conversations WHERE greatest(answered_seq, handoff_seq) > (SELECT
         coalesce(max(seq), 0) FROM messages)",
    ),
    (
        "ledger_states",
        "bookings in a state that does not exist",
        "look at them with `flow bookings list` and cancel those that are wrong",
        "SELECT id FROM bookings WHERE state NOT IN
         ('held','committing','booked','refused','unknown','cancelled','done','no_show')",
    ),
    (
        "ledger_unconfirmed",
        "bookings that count as made although the CRM gave no id",
        "look for the visit in the CRM; `flow bookings cancel ID` and book it anew when it is not there",
        "SELECT id FROM bookings WHERE state='booked' AND external_id IS NULL AND connection<>'local' AND
         version>1",
    ),
    (
        "ledger_stuck",
        "bookings that have been on their way into the CRM for days",
        "`flow bookings reconcile` looks what became of them",
        "SELECT id FROM bookings WHERE state='committing' AND updated_at < (SELECT max(at) FROM (SELECT
         max(at) AS at FROM messages UNION ALL SELECT max(at) FROM events UNION ALL SELECT max(updated_at)
         FROM bookings) AS lately) - 172800000",
    ),
    (
        "ledger_slots",
        "live bookings that do not keep their slot",
        "stop the daemon, cancel and rebook them with `flow bookings`",
        "SELECT id FROM bookings b WHERE state IN ('held','committing','booked','unknown') AND employee_id
         IS NOT NULL AND (start_at+299999)/300000 < (end_at+299999)/300000 AND NOT EXISTS (SELECT 1 FROM
         booking_slots s WHERE s.booking_id=b.id)",
    ),
    (
        "ledger_leftovers",
        "slots kept by bookings that are no longer live",
        "run `flow bookings cancel ID` on them once more",
        "SELECT DISTINCT s.booking_id FROM booking_slots s JOIN bookings b ON b.id=s.booking_id WHERE
         b.state NOT IN ('held','committing','booked','unknown')",
    ),
    (
        "double_bookings",
        "live bookings of one employee that overlap with a later one",
        "call one of the clients and move the visit with `flow bookings move`",
        "SELECT a.id FROM bookings a JOIN bookings b ON a.connection=b.connection AND
         a.employee_id=b.employee_id AND a.id<b.id AND a.start_at<b.end_at AND b.start_at<a.end_at WHERE
         a.state IN ('held','committing','booked','unknown') AND b.state IN
         ('held','committing','booked','unknown')",
    ),
    (
        "jobs_without_lane",
        "waiting jobs that no lane leads to",
        "restart the daemon; if it stays, `flow jobs cancel ID` or `flow backup restore FILE`",
        "SELECT id FROM jobs j WHERE state=0 AND NOT EXISTS (SELECT 1 FROM lanes l WHERE l.lane=j.lane AND
         l.ready_at IS NOT NULL)",
    ),
    (
        "job_states",
        "jobs that neither wait nor are dead",
        "`flow jobs list` does not show them as what they are: `flow backup restore FILE`",
        "SELECT id FROM jobs WHERE state NOT IN (0, 2)",
    ),
    (
        "lane_counts",
        "lanes whose number of waiting jobs is wrong",
        "restart the daemon; if it stays, `flow backup restore FILE`",
        "SELECT lane FROM lanes l WHERE pending <> (SELECT count(*) FROM jobs j WHERE j.lane=l.lane AND
         j.state=0)",
    ),
    (
        "lane_classes",
        "lanes that no worker takes, because they say they are of another class",
        "`flow backup restore FILE`; what is in them is not done until then",
        "SELECT lane FROM lanes WHERE lane<>class AND substr(lane, 1, length(class)+1)<>class||':'",
    ),
    (
        "leases",
        "lanes that are held by nobody, or by somebody without an end",
        "restart the daemon: it takes back what a dead one had",
        "SELECT lane FROM lanes WHERE (lease_until IS NULL)<>(lease_token IS NULL) OR (lease_until IS NOT
         NULL AND pending<=0)",
    ),
    (
        "outbox_without_job",
        "parts of messages that wait to be sent although nothing sends them",
        "write to those clients anew with `flow inbox reply`; `flow conversations list` shows them",
        "SELECT id FROM outbox WHERE state IN ('queued', 'sending') AND id NOT IN (SELECT
         (payload->>'part')::bigint FROM jobs WHERE state=0 AND kind='send_reply' AND payload->>'part' ~
         '^[0-9]+$')",
    ),
    (
        "outbox_states",
        "parts of messages in a state that does not exist",
        "`flow backup restore FILE`",
        "SELECT id FROM outbox WHERE state NOT IN ('queued','sending','sent','failed','unknown')",
    ),
    (
        "outbox_parts",
        "messages of which not every part is there",
        "the client gets a piece of them: write anew with `flow inbox reply`",
        "SELECT message_id FROM outbox GROUP BY message_id HAVING count(*) <> max(parts)",
    ),
    (
        "messages_unsent",
        "messages that count as on their way although no part of them is",
        "write to those clients anew with `flow inbox reply`",
        "SELECT id FROM messages m WHERE delivery_state IN ('queued', 'sending') AND NOT EXISTS (SELECT 1
         FROM outbox o WHERE o.message_id=m.id)",
    ),
    (
        "message_words",
        "messages that cannot be read",
        "their conversations cannot be shown: `flow backup restore FILE`",
        "SELECT id FROM messages WHERE role NOT IN ('customer','bot','operator','system') OR kind NOT IN
         ('text','voice','image','file','location','contact','button','event') OR delivery_state NOT IN
         ('queued','sending','sent','delivered','read','failed','unknown') OR (delivery_state IS NOT NULL
         AND delivery_at IS NULL) OR jsonb_typeof(buttons)<>'array' OR
         jsonb_typeof(delivery_error)<>'object'",
    ),
    (
        "sessions",
        "states of dialogues that cannot be read",
        "the next message begins the dialogue anew; `flow conversations close ID` does it now",
        "SELECT conversation_id FROM sessions WHERE state NOT IN
         ('greeting','collecting_info','consulting','booking','confirming','completed') OR
         jsonb_typeof(form)<>'object'",
    ),
    (
        "conversation_words",
        "conversations that cannot be read",
        "`flow backup restore FILE`",
        "SELECT id FROM conversations WHERE status NOT IN ('open','waiting_operator','closed') OR
         handoff_state NOT IN ('requested','taken','returned') OR (handoff_state IS NOT NULL AND handoff_at
         IS NULL)",
    ),
    (
        "lead_words",
        "leads that cannot be read",
        "correct them with `flow leads set ID --status new`, or `flow backup restore FILE`",
        "SELECT id FROM leads WHERE status NOT IN
         ('new','in_progress','qualified','booked','won','lost','spam') OR crm_state NOT IN ('none','queued','synced','failed','unknown')
         OR jsonb_typeof(tags)<>'array' OR jsonb_path_exists(tags, '$[*] ? (@.type() <> \"string\")')
         OR jsonb_typeof(custom)<>'object' OR jsonb_typeof(consent)<>'object'",
    ),
    (
        "secrets",
        "secrets of the store that cannot be read",
        "stop the daemon and `flow backup restore FILE`: buttons and web chats depend on them",
        "SELECT key FROM meta WHERE key LIKE 'secret:%' AND value !~ '^[0-9A-F]{64}$'",
    ),
    (
        "lost_secrets",
        "secrets that were used and are gone",
        "`flow backup restore FILE`; without it another is made, and the buttons that clients have do nothing",
        "SELECT 'buttons' WHERE NOT EXISTS (SELECT 1 FROM meta WHERE key='secret:buttons') AND EXISTS (SELECT 1
         FROM outbox o JOIN messages m ON m.id=o.message_id WHERE o.state='sent' AND m.buttons<>'[]'::jsonb)",
    ),
    (
        "tokens",
        "API tokens that nobody can use",
        "make others with `flow token create`, and `flow token revoke` these",
        "SELECT id FROM tokens WHERE octet_length(hash)<>32 OR jsonb_typeof(scopes)<>'array'",
    ),
    (
        "message_order",
        "messages above the number that the next one gets",
        "`flow backup restore FILE` before the next message comes",
        "SELECT id FROM messages WHERE seq > (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM
         messages_seq_seq)",
    ),
    (
        "number_order",
        "tables whose next number is taken already",
        "`flow backup restore FILE` before anything else is written; `flow db copy` into a new store sets them right too",
        "SELECT 'jobs' WHERE (SELECT max(id) FROM jobs) > (SELECT CASE WHEN is_called THEN last_value ELSE
         0 END FROM jobs_id_seq) UNION ALL SELECT 'events' WHERE (SELECT max(seq) FROM events) > (SELECT
         CASE WHEN is_called THEN last_value ELSE 0 END FROM events_seq_seq) UNION ALL SELECT 'outbox'
         WHERE (SELECT max(id) FROM outbox) > (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM
         outbox_id_seq) UNION ALL SELECT 'raw_events' WHERE (SELECT max(id) FROM raw_events) > (SELECT CASE
         WHEN is_called THEN last_value ELSE 0 END FROM raw_events_id_seq) UNION ALL SELECT 'usage' WHERE
         (SELECT max(id) FROM usage) > (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM
         usage_id_seq)",
    ),
];

/// Work that waits although nobody can read it, and a business that cannot be read.
const UNREADABLE: Look = (
    "unreadable_work",
    "waiting jobs that cannot be read",
    "they are given up when their turn comes; `flow jobs cancel ID` calls them off now",
    "SELECT CAST(id AS TEXT) AS id, payload FROM jobs WHERE state=0
     UNION ALL SELECT key, payload FROM scheduled WHERE entered_at IS NULL",
);
const PROFILE: Look =
    ("profile", "parts of the business that cannot be read", "load it anew with `flow seed profile.toml`", "");

/// Credentials are the adapters' own words; they are read as these would be.
const CREDENTIALS: Look = (
    "credentials",
    "credentials of far sides that cannot be read",
    "stop the daemon and `flow backup restore FILE`; a token that was renewed since must be given by the far side anew",
    "SELECT name AS id FROM credentials WHERE value='' OR version<1",
);

/// What is found.
pub(super) async fn findings(c: &Connection) -> StoreResult<Vec<Finding>> {
    let mut found = Vec::new();
    for look in LOOKS {
        // An id is a text or a number.
        let sql = format!("SELECT id::text AS id FROM ({}) AS found(id)", look.3);
        let ids = all(c, &sql, &[], |row| text(row, "id")).await?;
        found.extend((!ids.is_empty()).then(|| finding(look, &ids)));
    }
    let damaged = all(c, CREDENTIALS.3, &[], |row| text(row, "id")).await?;
    found.extend((!damaged.is_empty()).then(|| finding(&CREDENTIALS, &damaged)));
    let jobs = all(c, UNREADABLE.3, &[], |row| Ok((text(row, "id")?, text(row, "payload")?))).await?;
    let unread = jobs.into_iter().filter(|(_, payload)| serde_json::from_str::<Work>(payload).is_err());
    let unread: Vec<String> = unread.map(|(id, _)| id).collect();
    found.extend((!unread.is_empty()).then(|| finding(&UNREADABLE, &unread)));
    if let Err(StoreError::Damaged(what)) = companies::load(c).await {
        found.push(finding(&PROFILE, &[what]));
    }
    Ok(found)
}

fn finding(&(check, meaning, hint, _): &Look, ids: &[String]) -> Finding {
    let (told, more) = ids.split_at(ids.len().min(TOLD));
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    let detail = format!("{} {meaning}: {}{more}", ids.len(), told.join(", "));
    Finding { check: check.to_owned(), detail, hint: hint.to_owned() }
}

//! A large store, made of statements: dialogues made up one by one would take hours.

use flow::domain::text::stems;

/// Messages of a conversation; each has a lead.
pub const EACH: u64 = 10;
/// What one message in twenty asks for, and what one in fifty thousand does.
pub const FREQUENT: &str = "окрашивание";
pub const RARE: &str = "наращивание";

const USUAL: [&str; 8] = [
    "Здравствуйте! Хочу записаться на стрижку",
    "Есть свободное время в субботу после обеда?",
    "Могу предложить субботу: 14:00, 15:30 или 17:00. Какое время удобнее?",
    "Давайте на 15:30",
    "Сколько будет стоить маникюр с покрытием?",
    "Маникюр с покрытием стоит от 2200 рублей и длится полтора часа",
    "Подскажите, как к вам проехать на машине?",
    "Спасибо, до встречи!",
];

/// Statements for PostgreSQL: so many conversations, ten times as many messages. The index of words is made afterwards.
pub fn postgres(conversations: u64) -> String {
    let stems = pick(|text| format!("array_to_tsvector(ARRAY['{}'])", stems(text).join("','")));
    let rows = |count: u64| format!("generate_series(1, {count}) i");
    let id = |kind: &str, number: &str| format!("'{kind}_' || lpad(({number})::text, 26, '0')");
    format!(
        "SET session_replication_role=replica; DROP INDEX messages_stems; {}
         CREATE INDEX messages_stems ON messages USING gin(stems);",
        tables(conversations, rows, id, ("stems", &stems))
    )
}

/// The same for SQLite.
pub fn sqlite(conversations: u64) -> String {
    let rows = |count: u64| {
        format!("(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{count}) SELECT i FROM n)")
    };
    let id = |kind: &str, number: &str| format!("printf('{kind}_%026d', {number})");
    let words = pick(|text| format!("'{}'", stems(text).join(" ")));
    let (messages, numbers) = (conversations * EACH, rows(conversations * EACH));
    format!(
        "PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF; PRAGMA cache_size=-400000; BEGIN; {}
         INSERT INTO messages_index(rowid, body) SELECT i, {words} FROM {numbers};
         INSERT INTO meta(key, value) VALUES('indexed_seq', '{messages}')
         ON CONFLICT(key) DO UPDATE SET value=excluded.value; COMMIT;",
        tables(conversations, rows, id, ("trace", "NULL"))
    )
}

fn tables(
    count: u64,
    rows: impl Fn(u64) -> String,
    id: impl Fn(&str, &str) -> String,
    (column, value): (&str, &str),
) -> String {
    let (person, conversation, lead) = (id("ct", "i"), id("cv", "i"), id("ld", "i"));
    let (message, of) = (id("msg", "i"), id("cv", &format!("1+(i-1)/{EACH}")));
    let text = pick(|text| format!("'{text}'"));
    let (dialogues, messages) = (rows(count), rows(count * EACH));
    // The last of them wrote in November 2026, one a minute.
    let at = format!("(1795000000000-({count}-CAST(i AS BIGINT))*60000)");
    let said = format!("(1795000000000-({count}-CAST(1+(i-1)/{EACH} AS BIGINT))*60000-60000+i%{EACH}*5000)");
    let channel = "CASE i%4 WHEN 0 THEN 'web' ELSE 'telegram' END";
    let channel_of = format!("CASE (1+(i-1)/{EACH})%4 WHEN 0 THEN 'web' ELSE 'telegram' END");
    format!(
        "INSERT INTO contacts(id, name, phone, created_at)
          SELECT {person}, 'Анна', '+79' || (100000000+i), {at} FROM {dialogues};
         INSERT INTO conversations(id, channel, account, external_id, contact_id, lead_id, status, language,
          message_count, last_role, last_text, last_at, started_at, last_message_at, answered_seq)
          SELECT {conversation}, {channel}, '7', 'client-' || i, {person}, {lead},
          CASE i%5 WHEN 0 THEN 'open' ELSE 'closed' END, 'ru', {EACH}, 'bot', 'Спасибо, до встречи!', {at}, {at}-60000,
          {at}, i*{EACH} FROM {dialogues};
         INSERT INTO messages(id, conversation_id, role, kind, text, at, channel, account, external_id, {column})
          SELECT {message}, {of}, CASE i%2 WHEN 1 THEN 'customer' ELSE 'bot' END, 'text', {text}, {said}, {channel_of},
          '7', CASE i%2 WHEN 1 THEN 'message-' || i END, {value} FROM {messages};
         INSERT INTO leads(id, status, name, phone, channel, service, contact_id, conversation_id, created_at, updated_at)
          SELECT {lead}, CASE WHEN i%50=0 THEN 'lost' WHEN i%3=0 THEN 'new' WHEN i%3=1 THEN 'qualified' ELSE 'booked' END,
          'Анна', '+79' || (100000000+i), {channel}, 'haircut', {person}, {conversation}, {at}, {at} FROM {dialogues};"
    )
}

/// Which text the message of number `i` has, each written by `write`.
fn pick(write: impl Fn(&str) -> String) -> String {
    let usual: String = USUAL.iter().enumerate().map(|(n, text)| format!(" WHEN {n} THEN {}", write(text))).collect();
    let asks = |word: &str| write(&format!("Сколько стоит {word} на длинные волосы?"));
    format!("CASE WHEN i%50000=1 THEN {} WHEN i%20=7 THEN {} ELSE CASE i%8{usual} END END", asks(RARE), asks(FREQUENT))
}

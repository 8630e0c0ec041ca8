//! Both databases beside each other: the same tables, and the same answers where each has its own way to them.

use std::collections::BTreeMap;

use flow::domain::store::{Companies, Knowledge};
use flow::domain::text::stems;
use flow::store::sqlite::SqliteStore;
use rusqlite::Connection;

use super::samples::{at, note, profile};
use crate::support::postgres::Database;

/// What one database has because the other does it in another way: full text.
const APART: &[&str] = &[
    "knowledge.stems",
    "knowledge.title_stems",
    "knowledge.tag_stems",
    "knowledge.body_stems",
    "messages.stems",
    "knowledge_terms.term",
];

/// A column's kind and whether it may be empty.
type Columns = BTreeMap<String, (&'static str, bool)>;

/// What both databases call the same, roughly.
fn kind(declared: &str) -> &'static str {
    match declared {
        // SQLite has no documents and no truth of its own.
        "TEXT" | "text" | "jsonb" => "text",
        "INTEGER" | "bigint" | "boolean" => "number",
        "BLOB" | "bytea" => "bytes",
        other => panic!("a column of the kind {other}"),
    }
}

fn sqlite() -> Columns {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("flow.db");
    drop(SqliteStore::open(&path).unwrap());
    let connection = Connection::open(path).unwrap();
    let sql = "SELECT t.name, c.name, c.type, c.\"notnull\" OR c.pk>0 FROM pragma_table_list t
               JOIN pragma_table_info(t.name) c WHERE t.schema='main' AND t.type='table'
               AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE 'refinery%'";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        let (table, column, declared): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok((format!("{table}.{column}"), (kind(&declared), row.get::<_, bool>(3)?)))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

async fn postgres(database: &Database) -> Columns {
    let sql =
        "SELECT table_name::text, column_name::text, data_type::text, is_nullable='NO' FROM information_schema.columns
               WHERE table_schema='public' AND table_name NOT LIKE 'refinery%'";
    let rows = database.session().await.query(sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| (format!("{}.{}", row.get::<_, String>(0), row.get::<_, String>(1)), row))
        .filter(|(name, _)| !APART.contains(&name.as_str()))
        .map(|(name, row)| (name, (kind(row.get(2)), row.get(3))))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_the_same_tables_and_columns() {
    let Some(database) = Database::new().await else { return };
    let (here, there) = (sqlite(), postgres(&database).await);
    assert!(here.len() > 150, "{} columns", here.len());
    let apart = here.iter().filter(|(name, column)| there.get(*name) != Some(column));
    assert_eq!(apart.collect::<Vec<_>>(), [], "in SQLite");
    let apart = there.iter().filter(|(name, column)| here.get(*name) != Some(column));
    assert_eq!(apart.collect::<Vec<_>>(), [], "in PostgreSQL");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_rank_what_they_find_alike() {
    let Some(database) = Database::new().await else { return };
    let (here, there) = (SqliteStore::in_memory().unwrap(), database.open());
    let mut profile = profile();
    let words = ["карта", "оплата", "стрижка", "парковка", "сертификат", "двор", "сайт", "запись", "мастер"];
    for number in 0..40_usize {
        let pick = |step: usize| words[(number * step + step) % words.len()];
        let text =
            (0..=number % 7).map(|n| format!("{} и {}", pick(n + 2), pick(n + 5))).collect::<Vec<_>>().join(". ");
        profile.knowledge.push(note(&format!("{} {number}", pick(1)), &text, &[pick(4)]));
    }
    here.save_profile(&profile, at(0)).await.unwrap();
    there.save_profile(&profile, at(0)).await.unwrap();
    for question in ["оплата картой", "можно ли записаться к мастеру на стрижки", "паркофка во дворе", "сертефикат"]
    {
        let (ours, theirs) = (stems(question), stems(question));
        let (here, there) = tokio::join!(here.search_knowledge(&ours, 50), there.search_knowledge(&theirs, 50));
        let (here, there) = (here.unwrap(), there.unwrap());
        assert!(here.len() > 3, "{question}: {}", here.len());
        let ids = |hits: &[flow::domain::knowledge::KnowledgeHit]| hits.iter().map(|hit| hit.id).collect::<Vec<_>>();
        assert_eq!(ids(&here), ids(&there), "{question}");
        assert!(here.iter().zip(&there).all(|(one, other)| (one.rank - other.rank).abs() < 1e-9), "{question}");
    }
}

//! What the business wrote down, indexed by stems: one analyser for both stores.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::messages::indexed;
use super::rank::{Collection, Entry, Term, ranks};
use super::rows::{all, execute, get, int, json, one, scalar, text, to_json};
use super::sessions::snapshot;
use super::values::params;
use super::{Connection, PostgresStore};
use crate::domain::company::KnowledgeEntry;
use crate::domain::knowledge::KnowledgeHit;
use crate::domain::store::{Knowledge, StoreResult};

/// Shorter stems match as prefixes too much, and too many others are one letter away from them.
const PREFIX_FROM: usize = 4;
/// Stems of one question that are searched.
const STEMS: usize = 32;
/// Terms that one misspelt stem may have meant.
const MEANT: usize = 8;
/// Endings that stemming leaves on a misspelt word are at most so long.
const ENDING: usize = 3;

#[async_trait]
impl Knowledge for PostgresStore {
    async fn search_knowledge(&self, stems: &[String], limit: u32) -> StoreResult<Vec<KnowledgeHit>> {
        let stems: Vec<String> = stems.iter().take(STEMS).map(|stem| clean(stem)).filter(|s| !s.is_empty()).collect();
        if stems.is_empty() {
            return Ok(Vec::new());
        }
        snapshot!(self.sessions, c => search(c, stems, limit).await)
    }
}

async fn search(c: &Connection, stems: Vec<String>, limit: u32) -> StoreResult<Vec<KnowledgeHit>> {
    let mut meant = Vec::new();
    for stem in &stems {
        meant.extend(meant_by(c, stem).await?);
    }
    let terms = terms(stems, meant);
    let sql = "SELECT id, position, title_stems, tag_stems, body_stems FROM knowledge
               WHERE stems @@ ($1::text)::tsquery ORDER BY position";
    let found = all(c, sql, params![query_of(&terms)], |row| {
        Ok(Entry {
            id: int(row, "id")?,
            stems: [get(row, "title_stems")?, get(row, "tag_stems")?, get(row, "body_stems")?],
        })
    })
    .await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT count(*) AS entries, sum(cardinality(title_stems)+cardinality(tag_stems)+cardinality(body_stems))
               ::bigint AS stems FROM knowledge";
    let of_all = one(c, sql, &[], |row| Ok(Collection { entries: int(row, "entries")?, stems: int(row, "stems")? }));
    let Some(of_all) = of_all.await? else { return Ok(Vec::new()) };
    let ranks = ranks(&terms, &found, of_all);
    // By position already: of equals the first stays first.
    let mut best: Vec<i64> = found.iter().map(|entry| entry.id).collect();
    let rank = |id: &i64| ranks.get(id).copied().unwrap_or(0.0);
    best.sort_by(|one, other| rank(one).total_cmp(&rank(other)));
    best.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let sql = "SELECT id, title, text, tags FROM knowledge WHERE id=ANY($1)";
    let mut hits = all(c, sql, params![best], |row| {
        let id = int(row, "id")?;
        Ok(KnowledgeHit {
            id,
            title: text(row, "title")?,
            text: text(row, "text")?,
            tags: json(row, "tags")?,
            rank: rank(&id),
        })
    })
    .await?;
    hits.sort_by_key(|hit| best.iter().position(|id| *id == hit.id));
    Ok(hits)
}

/// Letters and digits only, so that nothing a client writes is query syntax.
fn clean(stem: &str) -> String {
    stem.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Every stem, the longer ones also by prefix, because Snowball stems «стрижек» and «стрижка» differently;
/// and the terms that misspelt ones may have meant.
fn terms(stems: Vec<String>, meant: Vec<String>) -> Vec<Term> {
    let beginnings = stems.iter().filter_map(|stem| {
        let letters: Vec<char> = stem.chars().collect();
        (letters.len() > PREFIX_FROM)
            .then(|| Term::Beginning(letters[..(letters.len() - 1).clamp(PREFIX_FROM, 6)].iter().collect()))
    });
    let beginnings: Vec<Term> = beginnings.collect();
    stems.into_iter().chain(meant).map(Term::Whole).chain(beginnings).collect()
}

/// What finds entries with any of the terms.
fn query_of(terms: &[Term]) -> String {
    let parts = terms.iter().map(|term| match term {
        Term::Whole(stem) => format!("'{stem}'"),
        Term::Beginning(stem) => format!("'{stem}':*"),
    });
    parts.collect::<Vec<_>>().join(" | ")
}

/// Terms that a stem may have meant which is none itself: one slip away with the same first letter, or what is
/// left of it without an ending that stemming did not know.
async fn meant_by(c: &Connection, stem: &str) -> StoreResult<Vec<String>> {
    let letters = stem.chars().count();
    let Some(first) = stem.chars().next().filter(|c| c.is_alphabetic() && letters >= PREFIX_FROM) else {
        return Ok(Vec::new());
    };
    let known = "SELECT 1::bigint FROM knowledge_terms WHERE term=$1";
    if scalar::<i64>(c, known, params![stem]).await?.is_some() {
        return Ok(Vec::new());
    }
    let Some(next) = char::from_u32(u32::from(first) + 1) else { return Ok(Vec::new()) };
    let fits = |term: &str| {
        let length = term.chars().count();
        let is_root = || length >= PREFIX_FROM && length + ENDING >= letters && stem.starts_with(term);
        let is_slip = || length.abs_diff(letters) <= 1 && strsim::osa_distance(term, stem) == 1;
        length <= letters + 1 && (is_root() || is_slip())
    };
    // By code points, whatever order the database has for people.
    let sql = "SELECT term FROM knowledge_terms WHERE term COLLATE \"C\">=$1 AND term COLLATE \"C\"<$2
               ORDER BY term COLLATE \"C\"";
    let terms = all(c, sql, params![first.to_string(), next.to_string()], |row| text(row, "term")).await?;
    Ok(terms.into_iter().filter(|term| fits(term)).take(MEANT).collect())
}

pub(super) async fn replace(c: &Connection, entries: &[KnowledgeEntry]) -> StoreResult<()> {
    execute(c, "DELETE FROM knowledge_terms", &[]).await?;
    execute(c, "DELETE FROM knowledge", &[]).await?;
    let mut terms = BTreeSet::new();
    for (position, entry) in entries.iter().enumerate() {
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        let [title, tags, body] = [indexed(&entry.title), indexed(&entry.tags.join(" ")), indexed(&entry.text)];
        terms.extend([&title, &tags, &body].into_iter().flatten().cloned());
        let sql = "INSERT INTO knowledge(id, position, title, text, tags, title_stems, tag_stems, body_stems, stems)
                   VALUES($1,$2,$3,$4,$5,$6,$7,$8,array_to_tsvector($6::text[] || $7::text[] || $8::text[]))";
        let values = params![position + 1, position, entry.title, entry.text, to_json(&entry.tags)?, title, tags, body];
        execute(c, sql, values).await?;
    }
    let terms: Vec<String> = terms.into_iter().collect();
    let sql = "INSERT INTO knowledge_terms(term) SELECT * FROM unnest($1::text[])";
    execute(c, sql, params![terms]).await.map(|_| ())
}

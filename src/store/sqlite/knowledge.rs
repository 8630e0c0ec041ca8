//! What the business wrote down, indexed by stems: one analyser for both stores.

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::rows::{all, execute, int, json, scalar, text, to_json};
use crate::domain::company::KnowledgeEntry;
use crate::domain::knowledge::KnowledgeHit;
use crate::domain::store::{Knowledge, StoreResult};
use crate::domain::text::stems;

/// Shorter stems match as prefixes too much, and too many others are one letter away from them.
const PREFIX_FROM: usize = 4;
/// Stems of one question that are searched.
const STEMS: usize = 32;
/// Terms that one misspelt stem may have meant.
const MEANT: usize = 8;
/// Endings that stemming leaves on a misspelt word are at most so long.
const ENDING: usize = 3;

#[async_trait]
impl Knowledge for SqliteStore {
    async fn search_knowledge(&self, stems: &[String], limit: u32) -> StoreResult<Vec<KnowledgeHit>> {
        let stems: Vec<String> = stems.iter().take(STEMS).map(|stem| clean(stem)).filter(|s| !s.is_empty()).collect();
        self.read(move |c| {
            let mut meant = Vec::new();
            for stem in &stems {
                meant.extend(meant_by(c, stem)?);
            }
            let Some(query) = match_any(&stems, &meant) else { return Ok(Vec::new()) };
            all(
                c,
                "SELECT k.id, k.title, k.text, k.tags, bm25(knowledge_index, 4.0, 6.0, 1.0) AS rank
                 FROM knowledge_index i JOIN knowledge k ON k.id = i.rowid
                 WHERE knowledge_index MATCH ?1 ORDER BY rank, k.position LIMIT ?2",
                params![query, limit],
                |row| {
                    Ok(KnowledgeHit {
                        id: int(row, "id")?,
                        title: text(row, "title")?,
                        text: text(row, "text")?,
                        tags: json(row, "tags")?,
                        rank: row.get("rank").map_err(super::failure)?,
                    })
                },
            )
        })
        .await
    }
}

/// Letters and digits only, so that nothing a client writes is query syntax.
fn clean(stem: &str) -> String {
    stem.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Every stem, the longer ones also by prefix, because Snowball stems «стрижек» and «стрижка» differently;
/// and the terms that misspelt ones may have meant.
fn match_any(stems: &[String], meant: &[String]) -> Option<String> {
    let mut parts: Vec<String> = stems.iter().chain(meant).map(|stem| format!("\"{stem}\"")).collect();
    for stem in stems {
        let letters: Vec<char> = stem.chars().collect();
        if letters.len() > PREFIX_FROM {
            let prefix: String = letters[..(letters.len() - 1).clamp(PREFIX_FROM, 6)].iter().collect();
            parts.push(format!("\"{prefix}\"*"));
        }
    }
    (!parts.is_empty()).then(|| parts.join(" OR "))
}

/// Terms that a stem may have meant which is none itself: one slip away with the same first letter, or what is
/// left of it without an ending that stemming did not know.
fn meant_by(c: &Connection, stem: &str) -> StoreResult<Vec<String>> {
    let letters = stem.chars().count();
    let Some(first) = stem.chars().next().filter(|c| c.is_alphabetic() && letters >= PREFIX_FROM) else {
        return Ok(Vec::new());
    };
    if scalar::<i64>(c, "SELECT 1 FROM knowledge_terms WHERE term=?1", [stem])?.is_some() {
        return Ok(Vec::new());
    }
    let Some(next) = char::from_u32(u32::from(first) + 1) else { return Ok(Vec::new()) };
    let fits = |term: &str| {
        let length = term.chars().count();
        let is_root = || length >= PREFIX_FROM && length + ENDING >= letters && stem.starts_with(term);
        let is_slip = || length.abs_diff(letters) <= 1 && strsim::osa_distance(term, stem) == 1;
        length <= letters + 1 && (is_root() || is_slip())
    };
    let sql = "SELECT term FROM knowledge_terms WHERE term>=?1 AND term<?2";
    let terms = all(c, sql, params![first.to_string(), next.to_string()], |row| text(row, "term"))?;
    Ok(terms.into_iter().filter(|term| fits(term)).take(MEANT).collect())
}

pub(super) fn replace(c: &Connection, entries: &[KnowledgeEntry]) -> StoreResult<()> {
    execute(c, "DELETE FROM knowledge_index", [])?;
    execute(c, "DELETE FROM knowledge", [])?;
    for (position, entry) in entries.iter().enumerate() {
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        execute(
            c,
            "INSERT INTO knowledge(id, position, title, text, tags) VALUES(?1,?2,?3,?4,?5)",
            params![position + 1, position, entry.title, entry.text, to_json(&entry.tags)?],
        )?;
        execute(
            c,
            "INSERT INTO knowledge_index(rowid, title, tags, body) VALUES(?1,?2,?3,?4)",
            params![
                position + 1,
                stems(&entry.title).join(" "),
                stems(&entry.tags.join(" ")).join(" "),
                stems(&entry.text).join(" ")
            ],
        )?;
    }
    Ok(())
}

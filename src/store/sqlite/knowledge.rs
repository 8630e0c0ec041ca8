//! What the business wrote down, indexed by stems: one analyser for both stores.

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::rows::{all, execute, int, json, text, to_json};
use crate::domain::company::KnowledgeEntry;
use crate::domain::knowledge::KnowledgeHit;
use crate::domain::store::{Knowledge, StoreResult};
use crate::domain::text::stems;

/// Shorter stems match as prefixes too much.
const PREFIX_FROM: usize = 4;

#[async_trait]
impl Knowledge for SqliteStore {
    async fn search_knowledge(&self, stems: &[String], limit: u32) -> StoreResult<Vec<KnowledgeHit>> {
        let Some(query) = match_any(stems) else { return Ok(Vec::new()) };
        self.read(move |c| {
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

/// Every stem quoted, so that nothing a client writes is query syntax; the longer ones also by prefix,
/// because Snowball stems «стрижек» and «стрижка» differently.
pub(super) fn match_any(stems: &[String]) -> Option<String> {
    let mut parts = Vec::new();
    for stem in stems.iter().take(32) {
        let clean: String = stem.chars().filter(|c| c.is_alphanumeric()).collect();
        if clean.is_empty() {
            continue;
        }
        parts.push(format!("\"{clean}\""));
        let letters: Vec<char> = clean.chars().collect();
        if letters.len() > PREFIX_FROM {
            let prefix: String = letters[..(letters.len() - 1).clamp(PREFIX_FROM, 6)].iter().collect();
            parts.push(format!("\"{prefix}\"*"));
        }
    }
    (!parts.is_empty()).then(|| parts.join(" OR "))
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

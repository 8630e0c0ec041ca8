//! A cassette: calls and answers of a real far side with what is personal or secret masked, and a far side that plays
//! it.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::far::{FarRequest, FarSide};
use super::recorded::impersonal;
use super::{Answer, url};

/// A call and its answer, one line of a cassette.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// The method.
    pub method: String,
    /// The path with the query, as it was sent, masked.
    pub path: String,
    /// What was sent, masked.
    #[serde(default)]
    pub body: String,
    /// The status.
    pub status: u16,
    /// Of the answer.
    #[serde(default)]
    pub content_type: String,
    /// What came back, masked.
    pub answer: String,
}

/// Reads a cassette.
///
/// # Errors
/// The line that cannot be read.
pub fn parse(text: &str) -> Result<Vec<Take>, String> {
    let line = |(number, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| format!("line {}: {error}", number + 1))
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(line).collect()
}

/// Plays a cassette: the same call gets its answers one after the other, the last one again and again. A call that was
/// recorded with another query or body is the nearest there is.
pub struct Player {
    takes: Vec<Take>,
    played: HashMap<(String, String), usize>,
}

impl Player {
    /// Plays these.
    #[must_use]
    pub fn new(takes: Vec<Take>) -> Self {
        Self { takes, played: HashMap::new() }
    }

    fn find(&mut self, method: &str, path: &str, query: &str, body: &str) -> Option<&Take> {
        let place = |take: &Take| url::decode(take.path.split('?').next().unwrap_or_default(), false);
        // What was masked in the path is whatever stands there now.
        let fits_place = |recorded: &str| {
            let (recorded, asked): (Vec<&str>, Vec<&str>) = (recorded.split('/').collect(), path.split('/').collect());
            let same = |(known, part): (&&str, &&str)| known == part || known.contains("***");
            recorded.len() == asked.len() && recorded.iter().zip(&asked).all(same)
        };
        let is_there = |take: &&Take| take.method == method && fits_place(&place(take));
        let fits = |take: &Take, exact: bool| {
            let asked = take.path.split_once('?').map_or("", |(_, query)| query);
            let is_same = |known: &str, given: &str| known == given || known == impersonal(given);
            !exact || (is_same(asked, query) && is_same(&take.body, body))
        };
        let exact: Vec<usize> = self.indices(|take| is_there(&take) && fits(take, true));
        let found = if exact.is_empty() { self.indices(|take| is_there(&take)) } else { exact };
        let count = self.played.entry((format!("{method} {path}?{query}"), body.to_owned())).or_default();
        let index = *found.get(*count).or(found.last())?;
        *count += 1;
        self.takes.get(index)
    }

    fn indices(&self, keep: impl Fn(&Take) -> bool) -> Vec<usize> {
        self.takes.iter().enumerate().filter(|(_, take)| keep(take)).map(|(index, _)| index).collect()
    }
}

impl FarSide for Player {
    fn answer(&mut self, request: &FarRequest, _now: Timestamp) -> Answer {
        let query: Vec<(&str, &str)> = request.query.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let query = url::with_query("", &query);
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let method = request.method.as_str();
        match self.find(method, &request.path, query.trim_start_matches('?'), &body) {
            Some(take) => Answer {
                status: take.status,
                headers: vec![("content-type".to_owned(), take.content_type.clone())],
                body: take.answer.clone().into_bytes(),
            },
            None => Answer {
                status: 404,
                headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
                body: format!("the cassette has no {method} {}", request.path).into_bytes(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Method;
    use super::*;

    fn take(path: &str, answer: &str) -> Take {
        Take {
            method: "GET".to_owned(),
            path: path.to_owned(),
            body: String::new(),
            status: 200,
            content_type: "application/json".to_owned(),
            answer: answer.to_owned(),
        }
    }

    fn asked(player: &mut Player, path: &str, query: &str) -> String {
        let request = FarRequest {
            method: Method::Get,
            path: path.to_owned(),
            query: url::pairs(query),
            headers: Vec::new(),
            body: Vec::new(),
        };
        String::from_utf8(player.answer(&request, Timestamp::UNIX_EPOCH).body).unwrap()
    }

    #[test]
    fn a_cassette_plays_what_was_recorded_in_its_order() {
        let lines: Vec<String> = [take("/a?x=1", "1"), take("/a?x=1", "2"), take("/a?x=9", "9")]
            .iter()
            .map(|take| serde_json::to_string(take).unwrap())
            .collect();
        let mut player = Player::new(parse(&lines.join("\n")).unwrap());
        let played: Vec<String> =
            ["x=1", "x=9", "x=1", "x=1"].iter().map(|query| asked(&mut player, "/a", query)).collect();
        assert_eq!(played, ["1", "9", "2", "2"]);
        assert!(asked(&mut player, "/b", "").contains("no GET /b"));
        assert!(parse("{}").unwrap_err().starts_with("line 1"));
    }
}

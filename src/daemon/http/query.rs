//! Reading queries: a parameter nobody knows is an error, because a mistyped filter would show everything.

use axum::Json;
use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::body::{allowed, expected_time};
use super::cursor::Cursors;
use super::problem::{NOT_ACCEPTABLE, Problem, Words, Wrong, words};
use crate::domain::store::Page;

/// The parameters of a request: taken one by one; what is left is unknown.
#[derive(Debug)]
pub struct Params {
    pairs: Vec<(String, String)>,
    wrong: Vec<Wrong>,
}

impl Params {
    /// The parameters of that address.
    ///
    /// # Errors
    /// When they cannot be decoded.
    pub fn of(uri: &Uri) -> Result<Self, Problem> {
        let Query(pairs) = Query::try_from_uri(uri).map_err(|_| {
            Problem::parameters(vec![Wrong::parameter(
                "",
                "encoding",
                words("Строка запроса не читается", "The query cannot be read"),
            )])
        })?;
        Ok(Self { pairs, wrong: Vec::new() })
    }

    /// Notes an error.
    pub fn refuse(&mut self, name: &str, code: &'static str, detail: Words) {
        self.wrong.push(Wrong::parameter(name, code, detail));
    }

    /// Takes a parameter out; twice the same is an error.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let mut found = Vec::new();
        self.pairs.retain_mut(|(key, value)| {
            let is_it = key == name;
            if is_it {
                found.push(std::mem::take(value));
            }
            !is_it
        });
        if found.len() > 1 {
            let detail = words(
                "Параметр повторён; перечислите значения через запятую",
                "Given twice; list the values with commas",
            );
            self.refuse(name, "repeated", detail);
        }
        found.into_iter().next()
    }

    /// Reads a parameter by `parse`.
    pub fn parsed<T>(
        &mut self,
        name: &str,
        code: &'static str,
        detail: Words,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.take(name)?;
        let value = parse(&text);
        if value.is_none() {
            self.refuse(name, code, detail);
        }
        value
    }

    /// Takes a parameter out; an empty one counts as absent, as a form sends what was left blank.
    pub fn given(&mut self, name: &str) -> Option<String> {
        self.take(name).filter(|text| !text.is_empty())
    }

    /// A text of `min` to `max` characters without the spaces around it; a blank one counts as absent.
    pub fn text(&mut self, name: &str, min: usize, max: usize) -> Option<String> {
        let detail = words(format!("Нужно от {min} до {max} символов"), format!("Expected {min} to {max} characters"));
        let text = self.parsed(name, "length", detail, |text| {
            let fits = (min..=max).contains(&text.chars().count()) && !text.contains('\0');
            fits.then(|| text.trim().to_owned())
        });
        text.filter(|text| !text.is_empty())
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.parsed(name, "type", words("Нужно true или false", "Expected true or false"), |text| {
            text.parse().ok()
        })
    }

    /// A number in bounds.
    pub fn number(&mut self, name: &str, low: u32, high: u32, default: u32) -> u32 {
        let detail =
            words(format!("Нужно число от {low} до {high}"), format!("Expected a number from {low} to {high}"));
        self.parsed(name, "range", detail, |text| text.parse().ok().filter(|n| (low..=high).contains(n)))
            .unwrap_or(default)
    }

    /// An RFC 3339 time. A `+` that became a space on the way is put back.
    pub fn time(&mut self, name: &str) -> Option<Timestamp> {
        self.parsed(name, "time", expected_time(), |text| {
            text.parse().ok().or_else(|| text.replace(' ', "+").parse().ok())
        })
    }

    /// One of the names.
    pub fn name_of<T: Copy>(&mut self, name: &str, all: &[T], as_str: impl Fn(T) -> &'static str) -> Option<T> {
        let detail = allowed(all.iter().map(|one| as_str(*one)));
        self.parsed(name, "enum", detail, |text| all.iter().copied().find(|one| as_str(*one) == text))
    }

    /// Several of the names, with commas between.
    pub fn names_of<T: Copy>(&mut self, name: &str, all: &[T], as_str: impl Fn(T) -> &'static str) -> Vec<T> {
        let detail = allowed(all.iter().map(|one| as_str(*one)));
        let parse = |text: &str| {
            text.split(',').map(|part| all.iter().copied().find(|one| as_str(*one) == part.trim())).collect()
        };
        self.parsed(name, "enum", detail, parse).unwrap_or_default()
    }

    /// Ends the reading: parameters nobody took are unknown.
    ///
    /// # Errors
    /// 400 with everything that is wrong.
    pub fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in std::mem::take(&mut self.pairs) {
            self.refuse(&name, "unknown_parameter", words("Такого параметра нет", "There is no such parameter"));
        }
        if self.wrong.is_empty() { Ok(()) } else { Err(Problem::parameters(self.wrong)) }
    }
}

/// Pages of at most so many rows.
const LARGEST_PAGE: u32 = 200;
const USUAL_PAGE: u32 = 50;
/// Totals are counted up to here.
pub const TOTAL_CAP: u32 = 10_000;

/// Which page of a list is asked for.
#[derive(Debug)]
pub struct Paging {
    limit: u32,
    cursor: Option<String>,
    /// Whether all rows are to be counted.
    pub with_total: bool,
}

impl Paging {
    /// Reads `limit`, `cursor` and `include`.
    pub fn read(params: &mut Params) -> Self {
        Self {
            limit: params.number("limit", 1, LARGEST_PAGE, USUAL_PAGE),
            cursor: params.given("cursor"),
            with_total: params.name_of("include", &["total"], |name| name).is_some(),
        }
    }

    /// The page to ask the store for: one row more than is shown tells whether there are more.
    ///
    /// # Errors
    /// `invalid_cursor`.
    pub fn ask(&self, cursors: &Cursors<'_>, descending: bool) -> Result<Page, Problem> {
        let after = self.cursor.as_deref().map(|cursor| cursors.row(cursor)).transpose()?;
        Ok(Page { limit: self.limit + 1, after, descending })
    }

    /// Cuts the row that is too many; answers the cursor of the next page.
    pub fn cut<T>(&self, rows: &mut Vec<T>, cursor: impl Fn(&T) -> String) -> Option<String> {
        let limit = self.limit as usize;
        if rows.len() <= limit {
            return None;
        }
        rows.truncate(limit);
        rows.last().map(cursor)
    }
}

/// What a list is: its address with filters and order, but without the page.
#[must_use]
pub fn describe(uri: &Uri) -> String {
    format!("{}?{}", uri.path(), without_page(uri, &["cursor", "limit", "include"]).join("&"))
}

/// The raw parameters but those named, in order of their names.
fn without_page<'a>(uri: &'a Uri, left_out: &[&str]) -> Vec<&'a str> {
    let pairs = uri.query().unwrap_or_default().split('&');
    let mut kept: Vec<&str> = pairs
        .filter(|pair| !pair.is_empty() && !left_out.contains(&pair.split('=').next().unwrap_or_default()))
        .collect();
    kept.sort_unstable();
    kept
}

/// A page of a list as it is answered.
pub fn listed(uri: &Uri, items: Vec<Value>, next: Option<String>, total: Option<u32>) -> Response {
    let mut body = json!({ "items": items, "next_cursor": next, "has_more": next.is_some() });
    if let Some(total) = total {
        body["total"] = total.min(TOTAL_CAP).into();
        body["total_is_capped"] = (total > TOTAL_CAP).into();
    }
    let mut response = Json(body).into_response();
    if let Some(next) = next {
        let cursor = format!("cursor={next}");
        let mut pairs = without_page(uri, &["cursor"]);
        pairs.push(&cursor);
        let link = format!("<{}?{}>; rel=\"next\"", uri.path(), pairs.join("&"));
        response.headers_mut().extend(HeaderValue::from_str(&link).ok().map(|link| (header::LINK, link)));
    }
    response
}

/// The first of `offered` media types that the caller likes best.
///
/// # Errors
/// 406 when it takes none of them.
pub fn negotiated<'a>(headers: &HeaderMap, offered: &[&'a str]) -> Result<&'a str, Problem> {
    let wanted: Vec<(String, f32)> = headers
        .get_all(header::ACCEPT)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|entry| {
            let mut parts = entry.split(';').map(str::trim);
            let range = parts.next()?.to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse).ok()?;
            (!range.is_empty()).then_some((range, weight))
        })
        .collect();
    let weight_of = |media: &str| {
        let group = format!("{}/*", media.split('/').next().unwrap_or_default());
        [media, group.as_str(), "*/*"]
            .into_iter()
            .find_map(|range| wanted.iter().find(|(known, _)| known == range).map(|(_, weight)| *weight))
            .unwrap_or(if wanted.is_empty() { 1.0 } else { 0.0 })
    };
    let mut best = None;
    for media in offered {
        let weight = weight_of(media);
        if weight > 0.0 && best.is_none_or(|(_, most)| weight > most) {
            best = Some((*media, weight));
        }
    }
    best.map(|(media, _)| media).ok_or_else(|| {
        let offered = offered.join(", ");
        Problem::new(&NOT_ACCEPTABLE, words(format!("Есть: {offered}"), format!("There is: {offered}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_wanted_most_is_given() {
        let offered = ["application/json", "text/csv"];
        for (accept, given) in [
            ("", Some("application/json")),
            ("*/*", Some("application/json")),
            ("text/csv", Some("text/csv")),
            ("text/csv;q=0.5, application/json", Some("application/json")),
            ("application/json;q=0.1, text/*", Some("text/csv")),
            ("text/html, */*;q=0.8", Some("application/json")),
            ("image/png", None),
            ("application/json;q=0", None),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(negotiated(&headers, &offered).ok(), given, "{accept}");
        }
    }

    #[test]
    fn a_plus_that_became_a_space_is_still_a_time() {
        let uri: Uri = "/x?at=2026-06-12T10:00:00+03:00&n=300&x=1&x=2".parse().unwrap();
        let mut params = Params::of(&uri).unwrap();
        assert_eq!(params.time("at"), "2026-06-12T07:00:00Z".parse().ok());
        assert_eq!(params.number("n", 1, 200, 50), 50);
        params.take("x");
        let body = params.finish().unwrap_err().body(crate::domain::contact::Locale::En, "req_1");
        let codes: Vec<&str> = body["errors"].as_array().unwrap().iter().filter_map(|e| e["code"].as_str()).collect();
        assert_eq!(codes, ["range", "repeated"]);
    }
}

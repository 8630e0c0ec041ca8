//! All leads of a list as CSV, page by page, so that no export holds the store or the memory.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;

use super::filter::Wanted;
use crate::daemon::http::Http;
use crate::daemon::http::problem::Problem;
use crate::daemon::http::view::{self, Sight};
use crate::domain::lead::Lead;
use crate::domain::store::Page;

/// An export ends here.
const MOST_ROWS: u32 = 100_000;
const PAGE: u32 = 500;
const COLUMNS: [&str; 23] = [
    "id",
    "status",
    "name",
    "phone",
    "email",
    "channel",
    "source",
    "service",
    "desired_at",
    "desired_text",
    "comment",
    "tags",
    "assigned_to",
    "contact_id",
    "conversation_id",
    "consent",
    "crm_provider",
    "crm_external_id",
    "crm_state",
    "custom",
    "created_at",
    "updated_at",
    "version",
];

struct Export {
    http: Http,
    wanted: Wanted,
    sight: Sight,
    after: Option<(Timestamp, String)>,
    left: u32,
    first: Option<Vec<Lead>>,
}

/// Streams the rows. The first page is read before the answer begins, so that a failure is still told as one.
///
/// # Errors
/// When the store fails.
pub async fn stream(http: Http, wanted: Wanted, sight: Sight) -> Result<Response, Problem> {
    let mut export = Export { http, wanted, sight, after: None, left: MOST_ROWS, first: None };
    let first = export.next_page().await?;
    export.first = Some(first);
    let header_line = line(COLUMNS.iter().map(|name| (*name).to_owned()));
    let rows = stream::unfold(Some(export), |state| async {
        let mut export = state?;
        let page = match export.first.take() {
            Some(page) => Ok(page),
            None => export.next_page().await,
        };
        match page {
            Ok(page) if page.is_empty() => None,
            Ok(page) => Some((Ok(export.lines(&page)), Some(export))),
            // The connection is cut, so that nobody takes half of the leads for all of them.
            Err(_) => Some((Err(std::io::Error::other("the store failed")), None)),
        }
    });
    // Compression asks once more after the end, which an unfolded stream must not be.
    let whole = stream::iter([Ok(header_line)]).chain(rows).fuse();
    let mut response = Body::from_stream(whole).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"leads.csv\""));
    Ok(response)
}

impl Export {
    async fn next_page(&mut self) -> Result<Vec<Lead>, Problem> {
        let limit = PAGE.min(self.left);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let page = Page { limit, after: self.after.take(), descending: self.wanted.descending };
        let rows = self.http.app.store.leads(&self.wanted.filter, self.wanted.sort, &page).await?;
        self.after = rows.last().map(|lead| (self.wanted.time_of(lead), lead.id.to_string()));
        let found = u32::try_from(rows.len()).unwrap_or(PAGE);
        self.left = if found < limit { 0 } else { self.left - found };
        Ok(rows)
    }

    fn lines(&self, leads: &[Lead]) -> Vec<u8> {
        leads.iter().flat_map(|lead| line(cells(&view::lead(lead, self.sight)))).collect()
    }
}

fn cells(lead: &Value) -> impl Iterator<Item = String> {
    COLUMNS.iter().map(|column| {
        let value = match column.strip_prefix("crm_") {
            Some(inner) => &lead["crm"][inner],
            None => &lead[*column],
        };
        match (*column, value) {
            (_, Value::Null) => String::new(),
            ("custom", Value::Object(members)) if members.is_empty() => String::new(),
            (_, Value::String(text)) => harmless(text),
            ("tags", Value::Array(tags)) => {
                harmless(&tags.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
            }
            (_, other) => other.to_string(),
        }
    })
}

/// A spreadsheet takes cells that begin so for formulas and would run what a stranger wrote.
fn harmless(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

fn line(cells: impl Iterator<Item = String>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    writer.write_record(cells.collect::<Vec<_>>()).ok();
    writer.into_inner().unwrap_or_default()
}

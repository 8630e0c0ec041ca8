//! Calls to the infobase: one after the other, patient with the first, page by page.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Map as Object, Value};

use super::{OneC, judge, wire};
use crate::adapters::http::{Call, Method, mask, read};
use crate::domain::fault::{Fault, FaultKind};

/// An infobase that slept answers after so long.
const FIRST: Duration = Duration::from_secs(90);
const USUAL: Duration = Duration::from_secs(30);
/// After so long without a call it may sleep again.
const AWAKE: SignedDuration = SignedDuration::from_mins(10);
/// So many rows are asked for at once.
pub(super) const PAGE: usize = 500;
/// More rows are not read: the filter of the map is wrong then.
const ROWS_AT_MOST: usize = 100_000;
/// So many conditions fit into an address that every web server takes.
pub(super) const KEYS_AT_ONCE: usize = 20;

/// What is asked of a set.
#[derive(Debug, Clone, Default)]
pub(super) struct Query {
    pub(super) filter: String,
    pub(super) select: String,
    pub(super) order: String,
}

impl OneC {
    pub(super) fn fault(&self, kind: FaultKind, operation: &'static str, detail: impl Into<String>) -> Fault {
        self.portal.fault(kind, operation, detail)
    }

    /// What a reader found wrong.
    pub(super) fn odd(&self, operation: &'static str) -> impl Fn(String) -> Fault + '_ {
        move |why| self.fault(FaultKind::Protocol, operation, why)
    }

    /// The address of something in the base.
    pub(super) fn address(&self, path: &str, options: &[(&str, &str)]) -> String {
        let address = wire::with_options(&format!("{}/{}", self.base, wire::path(path)), &[("$format", "json")]);
        wire::with_options(&address, options)
    }

    /// Calls when it is our turn.
    pub(super) async fn ask(&self, call: Call) -> Result<Value, Fault> {
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await.ok();
        let answer = self.portal.json(&self.dressed(call)).await?;
        self.heard();
        Ok(answer)
    }

    /// As [`OneC::ask`], where the answer may be empty.
    pub(super) async fn tell(&self, call: Call) -> Result<Value, Fault> {
        let operation = call.operation;
        let _turn = self.turns.acquire().await.ok();
        let answer = self.portal.send(&self.dressed(call)).await?;
        self.heard();
        if answer.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Null);
        }
        // Something else than JSON is somebody else's answer.
        answer.value().ok_or_else(|| {
            let excerpt = mask::excerpt(&answer.body);
            self.fault(FaultKind::Protocol, operation, format!("an answer that is no JSON: {excerpt}"))
        })
    }

    /// The body as it is, of any type.
    pub(super) async fn raw(&self, call: Call) -> Result<Vec<u8>, Fault> {
        let _turn = self.turns.acquire().await.ok();
        let answer = self.portal.send(&call.header("Authorization", self.auth.clone())).await?;
        self.heard();
        Ok(answer.body)
    }

    fn dressed(&self, call: Call) -> Call {
        let call = call.header("Authorization", self.auth.clone()).header("Accept", "application/json");
        let call = match call.body {
            Some(_) => call.header("Content-Type", "application/json;charset=utf-8"),
            None => call,
        };
        if self.wiring.timeout.is_some() || call.timeout.is_some() {
            return call;
        }
        let heard = *self.heard_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_awake = heard.is_some_and(|at| self.wiring.clock.now().duration_since(at) < AWAKE);
        call.within(if is_awake { USUAL } else { FIRST })
    }

    fn heard(&self) {
        *self.heard_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.wiring.clock.now());
    }

    /// Every row that a query finds, page by page; a row that two pages have comes once.
    pub(super) async fn rows(&self, operation: &'static str, set: &str, query: &Query) -> Result<Vec<Value>, Fault> {
        let mut rows = Vec::new();
        let mut seen = HashSet::new();
        let mut asked = 0;
        loop {
            let page = self.page(operation, set, query, asked).await?;
            let (found, total) = (page.rows.len(), page.total);
            let known = rows.len();
            asked += found;
            rows.extend(page.rows.into_iter().filter(|row| seen.insert(identity(row))));
            let is_last = match total {
                Some(total) => asked >= total,
                None => found < PAGE,
            };
            // A server that knows no paging answers the same again.
            if is_last || found == 0 || found > PAGE || rows.len() == known {
                return Ok(rows);
            }
            if rows.len() > ROWS_AT_MOST {
                let detail = format!("{set} has more than {ROWS_AT_MOST} rows: narrow its `filter` in the map");
                return Err(self.fault(FaultKind::Rejected, operation, detail));
            }
        }
    }

    async fn page(&self, operation: &'static str, set: &str, query: &Query, skip: usize) -> Result<Rows, Fault> {
        let (top, skip) = (PAGE.to_string(), skip.to_string());
        let allowed = if self.map.allowed_only { "true" } else { "" };
        let options = [
            ("$filter", query.filter.as_str()),
            ("$select", &query.select),
            ("$orderby", &query.order),
            ("$top", &top),
            ("$skip", &skip),
            ("$inlinecount", "allpages"),
            ("allowedOnly", allowed),
        ];
        let answer = self.ask(Call::get(operation, self.address(set, &options))).await;
        let answer = answer.map_err(|fault| self.of_set(set, fault))?;
        read_rows(&answer).map_err(self.odd(operation))
    }

    /// A set that is not there is not a thing that is not there.
    fn of_set(&self, set: &str, fault: Fault) -> Fault {
        if fault.kind != FaultKind::NotFound || !fault.detail.starts_with(judge::NO_ENTITY) {
            return fault;
        }
        let detail = format!(
            "{set} is not published: tick «{}» in «Администрирование → Синхронизация данных → Настройка \
             автоматического REST-сервиса», and give the user the right «Чтение» on it",
            wire::shown(set.split('/').next().unwrap_or(set))
        );
        Fault { kind: FaultKind::Forbidden, detail, ..fault }
    }

    /// One element; nothing when there is none.
    pub(super) async fn element(
        &self,
        operation: &'static str,
        set: &str,
        id: &str,
        select: &str,
    ) -> Result<Option<Value>, Fault> {
        let Some(id) = wire::guid(id) else { return Ok(None) };
        let path = format!("{set}({})", wire::guid_literal(&id));
        match self.ask(Call::get(operation, self.address(&path, &[("$select", select)]))).await {
            Ok(found) => read_element(&found).map(Some).map_err(self.odd(operation)),
            Err(fault) if fault.kind == FaultKind::NotFound && fault.detail.starts_with(judge::NO_ENTITY) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Elements by their keys, so many at once as an address takes.
    pub(super) async fn elements(
        &self,
        operation: &'static str,
        set: &str,
        ids: &[String],
        select: &str,
    ) -> Result<Vec<Value>, Fault> {
        let mut found = Vec::new();
        for ids in ids.chunks(KEYS_AT_ONCE) {
            let keys: Vec<String> = ids.iter().map(|id| format!("Ref_Key eq {}", wire::guid_literal(id))).collect();
            let query = Query { filter: wire::any(&keys), select: select.to_owned(), order: "Ref_Key".to_owned() };
            found.extend(self.rows(operation, set, &query).await?);
        }
        Ok(found)
    }

    /// Creates an element: once. Answers it as 1C has it.
    pub(super) async fn create(
        &self,
        operation: &'static str,
        set: &str,
        body: Object<String, Value>,
    ) -> Result<Value, Fault> {
        let call = Call::post(operation, self.address(set, &[])).json(Value::Object(body));
        let made = self.ask(call).await.map_err(|fault| self.of_set(set, fault))?;
        read_element(&made).map_err(self.odd(operation))
    }

    /// Changes fields of an element. Answers it as 1C has it.
    pub(super) async fn patch(
        &self,
        operation: &'static str,
        set: &str,
        id: &str,
        body: Object<String, Value>,
    ) -> Result<Value, Fault> {
        let path = format!("{set}({})", wire::guid_literal(id));
        let call = Call::new(operation, Method::Patch, self.address(&path, &[])).json(Value::Object(body.clone()));
        let changed = self.tell(call).await?;
        match changed.get("Ref_Key") {
            Some(_) => Ok(changed),
            // Some publications answer a change with nothing.
            None => {
                let fields: Vec<&str> = std::iter::once("Ref_Key").chain(body.keys().map(String::as_str)).collect();
                let read = self.element(operation, set, id, &fields.join(",")).await;
                let read = read.map_err(|fault| Fault { kind: FaultKind::UnknownOutcome, ..fault })?;
                read.ok_or_else(|| self.fault(FaultKind::NotFound, operation, format!("{set}({id}) is gone")))
            }
        }
    }

    /// Fails when 1C did not keep one of these fields.
    pub(super) fn kept(
        &self,
        operation: &'static str,
        sent: &Object<String, Value>,
        held: &Value,
        fields: &[&str],
    ) -> Result<(), Fault> {
        match fields.iter().find(|field| !is_kept(&sent[**field], held.get(**field))) {
            None => Ok(()),
            Some(field) => Err(self.not_kept(operation, field)),
        }
    }

    /// 1C took a write and left a field out.
    pub(super) fn not_kept(&self, operation: &'static str, field: &str) -> Fault {
        let detail = format!(
            "WriteNotApplied: 1C did not keep `{field}`: the field is not there, or does not take that value; compare \
             the map with the Designer"
        );
        // 1C answered what it keeps: this is no doubt, and only the map can mend it.
        self.fault(FaultKind::Rejected, operation, detail)
    }
}

/// Rows of one answer.
pub(super) struct Rows {
    pub(super) rows: Vec<Value>,
    total: Option<usize>,
}

/// Reads a list.
pub(super) fn read_rows(answer: &Value) -> Result<Rows, String> {
    let rows = answer.get("value").and_then(Value::as_array);
    let rows = rows.ok_or_else(|| "the answer has no list `value`".to_owned())?;
    // The count is a text where it is given.
    let total = answer.get("odata.count").and_then(read::int).and_then(|total| usize::try_from(total).ok());
    Ok(Rows { rows: rows.clone(), total })
}

/// Reads a single element: flat, or the only row of a list.
pub(super) fn read_element(answer: &Value) -> Result<Value, String> {
    let answer = match answer.get("value").and_then(Value::as_array).map(Vec::as_slice) {
        Some([only]) => only,
        _ => answer,
    };
    match answer.is_object() {
        true => Ok(answer.clone()),
        false => Err("the answer is no object".to_owned()),
    }
}

fn identity(row: &Value) -> String {
    match row.get("Ref_Key").and_then(Value::as_str) {
        // Rows of a tabular part share their owner's key.
        Some(key) if row.get("LineNumber").is_none() => key.to_owned(),
        _ => row.to_string(),
    }
}

/// Whether a field holds what was sent; rows may hold more than was sent.
pub(super) fn is_kept(sent: &Value, held: Option<&Value>) -> bool {
    let Some(held) = held else { return sent.is_null() };
    match (sent, held) {
        (Value::Array(sent), Value::Array(held)) => {
            sent.len() == held.len() && sent.iter().zip(held).all(|(sent, held)| is_kept(sent, Some(held)))
        }
        (Value::Object(sent), Value::Object(held)) => {
            sent.iter().all(|(field, sent)| held.get(field).is_none_or(|held| is_kept(sent, Some(held))))
        }
        (Value::Number(sent), held) => match (sent.as_f64(), held.as_f64().or_else(|| held.as_str()?.parse().ok())) {
            (Some(sent), Some(held)) => (sent - held).abs() < 0.005,
            _ => false,
        },
        (Value::String(_), Value::String(_)) if wire::read_moment(sent).is_some() => {
            wire::read_moment(sent) == wire::read_moment(held)
        }
        (sent, held) => wire::is_value(held, sent),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_told_from_an_element() {
        assert_eq!(read_rows(&json!({"odata.count": "2", "value": [{}, {}]})).unwrap().total, Some(2));
        assert!(read_rows(&json!({"Ref_Key": "x"})).is_err() && read_element(&json!([])).is_err());
    }

    #[test]
    fn what_1c_kept_is_compared_as_it_writes_it() {
        for (sent, held, kept) in [
            (json!("2026-09-04T09:00:00"), json!("2026-09-04T09:00:00"), true),
            (json!(1500.0), json!("1500"), true),
            (json!("Отменена"), json!("Запланирована"), false),
            (json!("1"), json!(1), true),
            (json!([{"LineNumber": "1", "Цена": 5}]), json!([{"LineNumber": 1, "Цена": 5, "НДС": 0}]), true),
            (json!([{"LineNumber": "1"}]), json!([]), false),
            (json!("длинный текст"), json!("длинный"), false),
        ] {
            assert_eq!(is_kept(&sent, Some(&held)), kept, "{sent} {held}");
        }
        assert!(!is_kept(&json!("x"), None));
    }
}

//! The envelope: rows of a list, ids of what was made, values of custom fields.

use jiff::Timestamp;
use serde_json::Value;

use crate::adapters::http::{read, url};

const NOTHING: &Value = &Value::Null;

/// A member; null when there is none.
pub(super) fn member<'v>(value: &'v Value, name: &str) -> &'v Value {
    value.get(name).unwrap_or(NOTHING)
}

/// The rows of a member.
pub(super) fn list_of<'v>(value: &'v Value, name: &str) -> Vec<&'v Value> {
    read::list(member(value, name))
}

/// The rows of a list, or of a bare array.
pub(super) fn rows<'v>(answer: &'v Value, entity: &str) -> Result<Vec<&'v Value>, String> {
    if answer.is_array() {
        return Ok(read::list(answer));
    }
    let embedded = answer.get("_embedded").ok_or("an answer without `_embedded`")?;
    match embedded.get(entity) {
        Some(rows) if rows.is_array() || rows.is_object() || rows.is_null() => Ok(read::list(rows)),
        // An empty PHP array stands for an empty object.
        None if embedded.as_array().is_some_and(Vec::is_empty) => Ok(Vec::new()),
        _ => Err(format!("an answer without `_embedded.{entity}`")),
    }
}

/// The query of the next page, when there is one: its host is not followed.
pub(super) fn next_page(answer: &Value) -> Option<Vec<(String, String)>> {
    let href = read::text(member(member(member(answer, "_links"), "next"), "href"))?;
    let (_, query) = href.split_once('?')?;
    Some(url::pairs(query)).filter(|pairs| !pairs.is_empty())
}

/// An id, a number or a text.
pub(super) fn id_of(value: &Value) -> Result<i64, String> {
    read::int(member(value, "id")).filter(|id| *id > 0).ok_or_else(|| "an object without an id".to_owned())
}

/// The id of the one object that was made.
pub(super) fn read_made(answer: &Value, entity: &str) -> Result<Made, String> {
    let rows = rows(answer, entity)?;
    let first = rows.first().ok_or("nothing is said to have been made")?;
    let is_merged = read::flag(member(first, "merged")).unwrap_or(false);
    let contact = read::int(member(first, "contact_id")).filter(|id| *id > 0);
    Ok(Made { id: id_of(first)?, contact, is_merged })
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Made {
    pub id: i64,
    /// Its contact, where it was made together with one.
    pub contact: Option<i64>,
    /// It went into an object that was there.
    pub is_merged: bool,
}

/// Which custom field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Field<'f> {
    Id(i64),
    Code(&'f str),
}

/// The values of a custom field, as they stand in the object.
pub(super) fn values<'v>(object: &'v Value, field: Field<'_>) -> Vec<&'v Value> {
    let is_it = |row: &Value| match field {
        Field::Id(id) => read::int(member(row, "field_id")) == Some(id),
        Field::Code(code) => read::text(member(row, "field_code")).is_some_and(|known| known == code),
    };
    let fields = list_of(object, "custom_fields_values");
    fields.into_iter().filter(|row| is_it(row)).flat_map(|row| list_of(row, "values")).collect()
}

/// The first value of a custom field.
pub(super) fn first<'v>(object: &'v Value, field: Field<'_>) -> Option<&'v Value> {
    values(object, field).first().map(|value| member(value, "value"))
}

/// A moment: unix seconds, or RFC 3339.
pub(super) fn moment(value: &Value) -> Option<Timestamp> {
    match read::int(value) {
        Some(seconds) => Timestamp::from_second(seconds).ok(),
        None => read::text(value)?.parse().ok(),
    }
}

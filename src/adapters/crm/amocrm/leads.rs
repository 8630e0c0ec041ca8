//! Leads as amoCRM has them, and the marks by which ours are found again.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Amo;
use super::contacts::{AT_ONCE, Contact};
use super::fields::Fields;
use super::rows::{Field, first, id_of, list_of, member, moment};
use crate::adapters::http::{Call, Method, read};
use crate::domain::fault::Fault;

/// Won and lost are in every pipeline under the same ids.
pub(super) const WON: i64 = 142;
pub(super) const LOST: i64 = 143;
/// Where an account ignores the filter, so many are asked for one by one.
const ONE_BY_ONE: usize = 10;

/// A lead.
#[derive(Debug, Clone)]
pub(super) struct Lead {
    pub id: i64,
    pub name: String,
    pub status: Option<i64>,
    pub pipeline: Option<i64>,
    is_deleted: bool,
    tags: Vec<String>,
    /// The object itself, for its custom fields.
    row: Value,
}

pub(super) fn read_lead(row: &Value) -> Result<Lead, String> {
    let tags = list_of(member(row, "_embedded"), "tags");
    Ok(Lead {
        id: id_of(row)?,
        name: read::text(member(row, "name")).unwrap_or_default(),
        status: read::int(member(row, "status_id")),
        pipeline: read::int(member(row, "pipeline_id")),
        is_deleted: read::flag(member(row, "is_deleted")).unwrap_or(false),
        tags: tags.into_iter().filter_map(|tag| read::text(member(tag, "name"))).collect(),
        row: row.clone(),
    })
}

impl Lead {
    pub fn is_open(&self) -> bool {
        !self.is_deleted && !matches!(self.status, Some(WON | LOST))
    }

    /// Whether it bears that mark: in the field for it, in its name, or as a tag.
    pub fn bears(&self, marker: &str, fields: &Fields) -> bool {
        let field = fields.flow.as_ref().and_then(|field| first(&self.row, Field::Id(field.id)));
        let in_field = field.and_then(read::text).is_some_and(|text| text == marker);
        let in_name = self.name.split(|c: char| !is_of_marker(c)).any(|word| word == marker);
        let in_tags = self.tags.iter().any(|tag| tag == marker || tag.strip_prefix("flow:") == Some(marker));
        !self.is_deleted && (in_field || in_name || in_tags)
    }

    /// The mark that stands in its name.
    pub fn mark_in_name(&self) -> Option<&str> {
        let is_mark = |word: &&str| word.len() == 15 && word.starts_with("flow-");
        self.name.split(|c: char| !is_of_marker(c)).find(is_mark)
    }

    /// When the visit is, where a field says so.
    pub fn start(&self, fields: &Fields) -> Option<Timestamp> {
        fields.start.as_ref().and_then(|field| first(&self.row, Field::Id(field.id))).and_then(moment)
    }

    /// What of these custom fields differs from what is there.
    pub fn differing(&self, wanted: &[Value]) -> Vec<Value> {
        let differs = |field: &&Value| {
            let id = read::int(member(field, "field_id")).unwrap_or(0);
            let wanted = list_of(field, "values");
            let Some(wanted) = wanted.first() else { return false };
            let there = super::rows::values(&self.row, Field::Id(id));
            let Some(there) = there.first() else { return true };
            match read::int(member(wanted, "enum_id")) {
                Some(option) => read::int(member(there, "enum_id")) != Some(option),
                None => !is_same_value(member(wanted, "value"), member(there, "value")),
            }
        };
        wanted.iter().filter(differs).cloned().collect()
    }
}

const fn is_of_marker(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-'
}

fn is_same_value(a: &Value, b: &Value) -> bool {
    read::text(a) == read::text(b) || moment(a).is_some_and(|at| moment(b) == Some(at))
}

impl Amo {
    /// Leads by their ids; also where the account ignores the filter.
    pub(super) async fn leads_by_id(&self, ids: &[i64], with: &str) -> Result<Vec<Value>, Fault> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let texts: Vec<String> = ids.iter().map(i64::to_string).collect();
        let mut query: Vec<(&str, &str)> = texts.iter().map(|id| ("filter[id][]", id.as_str())).collect();
        query.extend([("limit", "250"), ("with", with)]);
        let rows = self.all("leads", ("leads", "leads"), &query, 1).await?;
        let is_asked = |row: &Value| id_of(row).is_ok_and(|id| ids.contains(&id));
        let foreign = rows.iter().any(|row| !is_asked(row));
        let mut found: Vec<Value> = rows.into_iter().filter(is_asked).collect();
        if foreign {
            tracing::debug!(connection = %self.wiring.name, "the account ignores filters: leads are asked for one by one");
            for id in ids.iter().take(ONE_BY_ONE) {
                if !found.iter().any(|row| id_of(row).is_ok_and(|known| known == *id)) {
                    found.extend(self.one("lead", "leads", &id.to_string(), with).await?);
                }
            }
        }
        Ok(found)
    }

    /// The lead that bears a mark: among those of its contact, which needs no search, else by the search.
    pub(super) async fn lead_marked(
        &self,
        marker: &str,
        contacts: &[Contact],
        fields: &Fields,
    ) -> Result<Option<Lead>, Fault> {
        let mut ids: Vec<i64> = contacts.iter().flat_map(|contact| contact.leads.iter().copied()).collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.truncate(AT_ONCE);
        let of_contact = self.leads_by_id(&ids, "").await?;
        if let Some(found) = marked(&of_contact, marker, fields) {
            return Ok(Some(found));
        }
        let query = [("query", marker), ("limit", "5")];
        let searched = self.all("leads", ("leads", "leads"), &query, 1).await?;
        Ok(marked(&searched, marker, fields))
    }

    pub(super) async fn lead(&self, id: &str) -> Result<Option<Lead>, Fault> {
        let row = self.one("lead", "leads", id, "contacts").await?;
        row.map(|row| read_lead(&row).map_err(self.unreadable("lead"))).transpose()
    }

    /// Changes a lead. It is not written again before it was read again.
    pub(super) async fn change_lead(&self, id: i64, changes: Value) -> Result<(), Fault> {
        let call = Call::new("update_lead", Method::Patch, self.api(&format!("leads/{id}")));
        self.ask(&call.json(changes)).await.map(|_| ())
    }

    /// A name that bears the mark where the account has no field for it.
    pub(super) fn marked_name(name: &str, marker: &str, fields: &Fields) -> String {
        let name: String = name.chars().take(200).collect();
        if fields.flow.is_some() { name } else { format!("{name} · {marker}") }
    }

    /// The stage, and the pipeline it is in.
    pub(super) fn stage(&self, status: Option<i64>) -> Vec<(&'static str, Value)> {
        let pipeline = self.settings.pipeline_id.map(|id| ("pipeline_id", json!(id)));
        pipeline.into_iter().chain(status.map(|id| ("status_id", json!(id)))).collect()
    }
}

fn marked(rows: &[Value], marker: &str, fields: &Fields) -> Option<Lead> {
    rows.iter().filter_map(|row| read_lead(row).ok()).find(|lead| lead.bears(marker, fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_in_field_name_or_tag_and_only_whole() {
        let fields = Fields {
            flow: super::super::fields::read_field(&json!({"id": 5004, "name": "flow", "type": "text"})).ok(),
            ..Fields::default()
        };
        let marker = "flow-ABCDEFGHIJ";
        let lead = |row: Value| read_lead(&row).unwrap();
        let in_field =
            lead(json!({"id": 1, "custom_fields_values": [{"field_id": "5004", "values": [{"value": marker}]}]}));
        let in_name = lead(json!({"id": 1, "name": format!("Стрижка · {marker}"), "custom_fields_values": null}));
        let tagged = lead(json!({"id": 1, "_embedded": {"tags": [{"name": format!("flow:{marker}")}]}}));
        let longer = lead(json!({"id": 1, "name": format!("{marker}K")}));
        let gone = lead(json!({"id": 1, "name": marker, "is_deleted": true}));
        let bears = [&in_field, &in_name, &tagged, &longer, &gone].map(|lead| lead.bears(marker, &fields));
        assert_eq!(bears, [true, true, true, false, false]);
        assert_eq!((in_name.mark_in_name(), longer.mark_in_name()), (Some(marker), None));
    }

    #[test]
    fn only_what_differs_is_written() {
        let row = json!({"id": 1, "custom_fields_values": [
            {"field_id": 1, "values": [{"value": "2026-03-10T10:00:00+03:00"}]},
            {"field_id": 2, "values": [{"value": 60}]}, {"field_id": 3, "values": [{"value": "x", "enum_id": "7"}]}]});
        let field = |id: i64, value: Value| json!({"field_id": id, "values": [value]});
        let same = [
            field(1, json!({"value": 1_773_126_000})),
            field(2, json!({"value": "60"})),
            field(3, json!({"enum_id": 7})),
        ];
        assert!(read_lead(&row).unwrap().differing(&same).is_empty());
        let other = [field(2, json!({"value": "90"})), field(4, json!({"value": "y"}))];
        assert_eq!(read_lead(&row).unwrap().differing(&other).len(), 2);
    }
}

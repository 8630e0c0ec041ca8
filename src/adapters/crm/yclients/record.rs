//! An appointment as the journal has it, and the whole body that changing it takes.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::wire;
use crate::adapters::http::read;
use crate::domain::crm::{Appointment, AppointmentStatus, CrmClient};

/// An appointment as it was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RecordRow {
    pub id: String,
    pub staff: Option<String>,
    pub services: Vec<String>,
    pub wall: DateTime,
    pub seconds: i64,
    pub comment: String,
    pub api_id: Option<String>,
    pub is_deleted: bool,
    pub attendance: i64,
    pub is_locked: bool,
    pub is_paid: bool,
    /// Nobody, where somebody's time is blocked.
    pub client: Option<CrmClient>,
    /// The client's phone as it was written.
    pub phone: String,
    pub changed: Option<String>,
    pub raw: Value,
}

impl RecordRow {
    /// When it is.
    pub fn start(&self, zone: &TimeZone) -> Option<Timestamp> {
        self.wall.to_zoned(zone.clone()).ok().map(|at| at.timestamp())
    }

    /// As the dialogue knows it.
    pub fn appointment(&self, zone: &TimeZone) -> Option<Appointment> {
        let start = self.wall.to_zoned(zone.clone()).ok()?;
        let end = start.checked_add(SignedDuration::from_secs(self.seconds)).ok()?;
        let status = match self.attendance {
            _ if self.is_deleted => AppointmentStatus::Cancelled,
            -1 => AppointmentStatus::NoShow,
            1 => AppointmentStatus::Done,
            _ => AppointmentStatus::Booked,
        };
        Some(Appointment {
            id: self.id.clone(),
            start,
            end,
            service_id: self.services.first().cloned().unwrap_or_default(),
            employee_id: self.staff.clone(),
            client: self.client.clone().unwrap_or(CrmClient { id: None, name: None, phone: None, email: None }),
            status,
        })
    }
}

/// Reads the appointment that an answer is about.
pub(super) fn read_record(body: &Value) -> Result<RecordRow, String> {
    read_row(wire::one(body)).ok_or_else(|| "expected an appointment".to_owned())
}

/// Reads a page of appointments.
pub(super) fn read_records(body: &Value) -> Result<Vec<RecordRow>, String> {
    let rows = wire::rows(body, "appointments")?;
    let read: Vec<RecordRow> = rows.iter().filter_map(|row| read_row(row)).collect();
    if read.is_empty() && !rows.is_empty() {
        return Err("expected appointments".to_owned());
    }
    Ok(read)
}

fn read_row(row: &Value) -> Option<RecordRow> {
    let id = ["id", "record_id"].iter().find_map(|name| wire::id(row, name))?;
    let wall = ["date", "datetime"].iter().find_map(|name| wire::naive(&wire::text(row, name)?))?;
    let services = row.get("services").map(read::list).unwrap_or_default();
    let staff = row.get("staff").and_then(|staff| wire::id(staff, "id"));
    let (client, phone) = row.get("client").map_or((None, String::new()), read_client);
    let seconds = ["seance_length", "length"].iter().find_map(|name| wire::int(row, name)).unwrap_or(0);
    Some(RecordRow {
        id,
        staff: wire::id(row, "staff_id").or(staff),
        services: services.into_iter().filter_map(|service| wire::id(service, "id")).collect(),
        wall,
        seconds: seconds.clamp(0, 7 * 86_400),
        comment: wire::text(row, "comment").unwrap_or_default(),
        api_id: wire::text(row, "api_id"),
        is_deleted: wire::flag(row, "deleted").unwrap_or(false),
        attendance: ["attendance", "visit_attendance"].iter().find_map(|name| wire::int(row, name)).unwrap_or(0),
        is_locked: wire::flag(row, "is_update_blocked").unwrap_or(false),
        is_paid: row.get("paid_full").is_some_and(is_something),
        client,
        phone,
        changed: wire::text(row, "last_change_date"),
        raw: row.clone(),
    })
}

/// Whether a sum or a flag is other than nothing. What it is when it is neither is for a person to see.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) if text.trim().is_empty() => false,
        Value::String(text) => text
            .trim()
            .replace(',', ".")
            .parse::<f64>()
            .map_or_else(|_| read::flag(value) != Some(false), |sum| sum != 0.0),
        other => read::flag(other) != Some(false),
    }
}

fn read_client(client: &Value) -> (Option<CrmClient>, String) {
    let has_any = client.as_object().is_some_and(|members| !members.is_empty());
    if !has_any {
        return (None, String::new());
    }
    let phone = wire::text(client, "phone").unwrap_or_default();
    let read = CrmClient {
        id: wire::id(client, "id"),
        name: name_of(client),
        phone: client.get("phone").and_then(read::phone),
        email: wire::text(client, "email"),
    };
    (Some(read), phone)
}

/// A client's name, of whatever the card has.
pub(super) fn name_of(client: &Value) -> Option<String> {
    let name = |member: &str| wire::text(client, member);
    name("display_name").or_else(|| read::full_name(&[name("name"), name("surname")]))
}

/// What is changed in an appointment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// To when (as the vendor wrote it), with whom and for how long.
    pub to: Option<(String, String, i64)>,
    pub comment: Option<String>,
}

/// The whole body of a change: what is left out of it is lost there.
pub(super) fn body(row: &RecordRow, change: &Change) -> Value {
    let raw = &row.raw;
    let mut body = Map::new();
    let (datetime, staff, seconds) = change.to.clone().unwrap_or_else(|| {
        let datetime = wire::text(raw, "datetime").unwrap_or_else(|| row.wall.to_string());
        (datetime, row.staff.clone().unwrap_or_default(), row.seconds)
    });
    body.insert("staff_id".to_owned(), number(&staff));
    body.insert(
        "services".to_owned(),
        raw.get("services").map(read::list).unwrap_or_default().into_iter().map(service).collect(),
    );
    body.insert("client".to_owned(), client(raw.get("client").unwrap_or(&Value::Null)));
    body.insert("datetime".to_owned(), datetime.into());
    body.insert("seance_length".to_owned(), seconds.into());
    body.insert("save_if_busy".to_owned(), false.into());
    body.insert("send_sms".to_owned(), false.into());
    let comment = change.comment.clone().unwrap_or_else(|| row.comment.clone());
    body.insert("comment".to_owned(), comment.into());
    body.insert("attendance".to_owned(), row.attendance.into());
    body.insert("api_id".to_owned(), row.api_id.clone().unwrap_or_default().into());
    for name in ["sms_remain_hours", "email_remain_hours"] {
        body.insert(name.to_owned(), wire::int(raw, name).unwrap_or(0).into());
    }
    let fields = raw.get("custom_fields").filter(|fields| fields.is_object()).cloned();
    body.insert("custom_fields".to_owned(), fields.unwrap_or_else(|| json!({})));
    let labels = raw.get("record_labels").map(read::list).unwrap_or_default();
    let label = |label: &Value| wire::id(label, "id").or_else(|| read::text(label)).map(|id| number(&id));
    body.insert("record_labels".to_owned(), labels.into_iter().filter_map(label).collect());
    for name in ["custom_color", "technical_break_duration", "resource_instance_ids"] {
        if let Some(value) = raw.get(name).filter(|value| !value.is_null()) {
            body.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(activity) = wire::id(raw, "activity_id") {
        body.insert("activity_id".to_owned(), number(&activity));
    }
    Value::Object(body)
}

fn service(service: &Value) -> Value {
    let mut out = Map::new();
    for name in ["id", "first_cost", "discount", "cost", "amount"] {
        if let Some(value) = service.get(name).filter(|value| !value.is_null()) {
            out.insert(name.to_owned(), as_number(value));
        }
    }
    Value::Object(out)
}

/// A number that came as a text, as a number.
fn as_number(value: &Value) -> Value {
    let Value::String(text) = value else { return value.clone() };
    let text = text.trim();
    if let Ok(whole) = text.parse::<i64>() {
        return whole.into();
    }
    match text.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, reason = "a price is far below 2^52")]
        Ok(number) if number.fract() == 0.0 && number.abs() < 1e15 => (number as i64).into(),
        Ok(number) if number.is_finite() => number.into(),
        _ => value.clone(),
    }
}

fn client(client: &Value) -> Value {
    let mut out = Map::new();
    for name in ["id", "name", "surname", "patronymic", "middle_name", "phone", "email"] {
        let Some(text) = wire::text(client, name) else { continue };
        // A phone that is withheld would be written over the one that is there.
        if name == "phone" && read::phone(&Value::String(text.clone())).is_none() {
            continue;
        }
        let value = match name {
            "id" => number(&text),
            "phone" => wire::digits(&text).into(),
            _ => text.into(),
        };
        out.insert(name.to_owned(), value);
    }
    // A client is known by the phone; by the number where the phone is withheld.
    if out.contains_key("phone") {
        out.remove("id");
    }
    if !out.is_empty() && !out.contains_key("email") {
        out.insert("email".to_owned(), "".into());
    }
    Value::Object(out)
}

/// An id as the vendor counts it.
pub(super) fn number(id: &str) -> Value {
    id.parse::<i64>().map_or_else(|_| Value::from(id), Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Value {
        json!({"id": "2", "staff_id": 9, "services": [{"id": 1, "title": "…", "cost": 100, "first_cost": 100, "discount": 0, "amount": 1, "cost_per_unit": 100}],
            "client": {"id": 5, "name": "Пётр", "surname": "Иванов", "patronymic": "", "display_name": "Пётр Иванов", "phone": "+7 916 150-22-39", "email": "", "balance": 3},
            "date": "2026-09-04 09:00:00", "datetime": "2026-09-04T09:00:00+09:00", "seance_length": "3600", "comment": "кофе", "attendance": 2,
            "deleted": false, "api_id": "17", "paid_full": 0, "custom_fields": [], "record_labels": [{"id": 3}], "sms_remain_hours": "4",
            "activity_id": 0})
    }

    #[test]
    fn the_date_is_the_truth_and_the_rest_is_read_in_any_form() {
        let read = read_record(&json!({"data": [row()]})).unwrap();
        let zone = TimeZone::get("Europe/Moscow").unwrap();
        let appointment = read.appointment(&zone).unwrap();
        assert_eq!(appointment.start.to_string(), "2026-09-04T09:00:00+03:00[Europe/Moscow]");
        assert_eq!((appointment.id.as_str(), appointment.service_id.as_str()), ("2", "1"));
        assert_eq!(appointment.client.name.as_deref(), Some("Пётр Иванов"));
        assert_eq!(appointment.client.phone.unwrap().as_str(), "+79161502239");
        for client in [json!(null), json!([]), json!({})] {
            let mut blocked = row();
            blocked["client"] = client;
            assert_eq!(read_record(&blocked).unwrap().client, None);
        }
    }

    #[test]
    fn a_change_sends_everything_back_and_never_asks_for_an_overlap_or_a_message() {
        let read = read_record(&row()).unwrap();
        let to = Some(("2026-09-05T10:00:00+09:00".to_owned(), "10".to_owned(), 2700));
        let body = body(&read, &Change { to, comment: None });
        assert_eq!(
            body,
            json!({"staff_id": 10, "services": [{"id": 1, "first_cost": 100, "discount": 0, "cost": 100, "amount": 1}],
            "client": {"name": "Пётр", "surname": "Иванов", "phone": "79161502239", "email": ""},
            "datetime": "2026-09-05T10:00:00+09:00", "seance_length": 2700, "save_if_busy": false, "send_sms": false,
            "comment": "кофе", "attendance": 2, "api_id": "17", "sms_remain_hours": 4, "email_remain_hours": 0,
            "custom_fields": {}, "record_labels": [3]})
        );
    }

    #[test]
    fn numbers_that_came_as_texts_go_back_as_numbers() {
        let mut drifted = row();
        drifted["services"] = json!([{"id": "1", "cost": "2500.00", "first_cost": "2500.50", "discount": "0"}]);
        let body = body(&read_record(&drifted).unwrap(), &Change::default());
        assert_eq!(body["services"], json!([{"id": 1, "first_cost": 2500.5, "discount": 0, "cost": 2500}]));
    }

    #[test]
    fn a_sum_that_was_paid_is_read_in_any_form() {
        for (paid, is_paid) in [
            (json!(0), false),
            (json!("0"), false),
            (json!("0.00"), false),
            (json!(""), false),
            (json!(null), false),
            (json!(false), false),
            (json!(1), true),
            (json!("1"), true),
            (json!(2500), true),
            (json!("2500.00"), true),
            (json!("2500,00"), true),
        ] {
            let mut sold = row();
            sold["paid_full"] = paid.clone();
            assert_eq!(read_record(&sold).unwrap().is_paid, is_paid, "{paid}");
        }
    }

    #[test]
    fn a_withheld_phone_is_not_written_back() {
        let mut masked = row();
        masked["client"]["phone"] = json!("+7 *** ** 39");
        let body = body(&read_record(&masked).unwrap(), &Change::default());
        assert_eq!((body["client"].get("phone"), &body["client"]["id"]), (None, &json!(5)));
        assert_eq!(body["datetime"], "2026-09-04T09:00:00+09:00");
    }
}

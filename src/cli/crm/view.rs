//! What the commands answer, member by member as documented.

use jiff::Zoned;
use serde_json::{Value, json};

use crate::cli::output::Shape;
use crate::domain::crm::{Appointment, CrmService, Slot};

pub(super) static KIND: Shape = Shape {
    members: &["kind", "summary", "capabilities"],
    columns: &[("kind", "kind"), ("can", "capabilities"), ("summary", "summary")],
    times: &[],
};
pub(super) static SERVICE: Shape = Shape {
    members: &[
        "id",
        "title",
        "category",
        "duration_min",
        "price.amount",
        "price.currency",
        "price_to.amount",
        "price_to.currency",
    ],
    columns: &[
        ("id", "id"),
        ("title", "title"),
        ("category", "category"),
        ("minutes", "duration_min"),
        ("price", "price"),
        ("up to", "price_to"),
    ],
    times: &[],
};
pub(super) static EMPLOYEE: Shape = Shape {
    members: &["id", "name", "title", "service_ids"],
    columns: &[("id", "id"), ("name", "name"), ("title", "title"), ("services", "service_ids")],
    times: &[],
};
pub(super) static SLOT: Shape = Shape {
    members: &["start", "end", "staff_id", "service_id"],
    columns: &[("start", "start"), ("end", "end"), ("staff", "staff_id"), ("service", "service_id")],
    times: &["start", "end"],
};
pub(super) static CLIENT: Shape = Shape {
    members: &["id", "name", "phone", "email"],
    columns: &[("id", "id"), ("name", "name"), ("phone", "phone"), ("email", "email")],
    times: &[],
};
pub(super) static APPOINTMENT: Shape = Shape {
    members: &["id", "start", "end", "service_id", "staff_id", "client.id", "client.name", "client.phone", "status"],
    columns: &[
        ("id", "id"),
        ("start", "start"),
        ("service", "service_id"),
        ("staff", "staff_id"),
        ("name", "client.name"),
        ("phone", "client.phone"),
        ("status", "status"),
    ],
    times: &["start", "end"],
};
pub(super) static BOOKED: Shape = Shape {
    members: &["id", "start", "end", "state"],
    columns: &[("id", "id"), ("start", "start"), ("state", "state")],
    times: &["start", "end"],
};
pub(super) static CANCELLED: Shape =
    Shape { members: &["id", "status"], columns: &[("id", "id"), ("status", "status")], times: &[] };

/// A moment in the connection's zone, with its offset.
fn local(at: &Zoned) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

pub(super) fn service(service: &CrmService) -> Value {
    let money = |amount: Option<i64>| amount.map(|amount| json!({"amount": amount, "currency": service.currency}));
    json!({
        "id": service.id, "title": service.title, "category": service.category,
        "duration_min": service.duration_min,
        "price": money(service.price.map(|price| price.from)),
        "price_to": money(service.price.and_then(|price| price.to)),
    })
}

pub(super) fn slot(slot: &Slot) -> Value {
    json!({
        "start": local(&slot.start), "end": local(&slot.end),
        "staff_id": slot.employee_id, "service_id": slot.service_id,
    })
}

pub(super) fn appointment(appointment: &Appointment) -> Value {
    let client = &appointment.client;
    json!({
        "id": appointment.id, "start": local(&appointment.start), "end": local(&appointment.end),
        "service_id": appointment.service_id, "staff_id": appointment.employee_id,
        "client": {"id": client.id, "name": client.name, "phone": client.phone},
        "status": appointment.status,
    })
}

pub(super) fn booked(appointment: &Appointment) -> Value {
    json!({
        "id": appointment.id, "start": local(&appointment.start), "end": local(&appointment.end),
        "state": appointment.status,
    })
}

pub(super) fn cancelled(appointment: &Appointment) -> Value {
    json!({"id": appointment.id, "status": appointment.status})
}

//! Visits: a lead shows each, with a task for whoever does it. The lead is written last of what must be certain and
//! first of what may follow: what is missing of it is written when it is found again.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Amo;
use super::contacts::Contact;
use super::fields::Fields;
use super::leads::{LOST, Lead};
use super::rows::{id_of, list_of, member, rows};
use super::tasks::{MEETING, NewTask, Task};
use crate::adapters::http::{Call, read};
use crate::domain::contact::Phone;
use crate::domain::crm::{NewClient, Record, Records, Taken, Visit};
use crate::domain::fault::{Fault, FaultKind, Retry};

impl Amo {
    fn cancelled(&self) -> i64 {
        self.settings.status_cancelled.unwrap_or(LOST)
    }

    /// The lead's custom fields of a visit.
    fn fields_of(visit: &Visit, fields: &Fields) -> Vec<Value> {
        let minutes = (visit.end.timestamp() - visit.start.timestamp()).get_seconds() / 60;
        let master = fields.master.as_ref().zip(visit.employee_name.as_deref());
        let values = [
            fields.start.as_ref().map(|field| field.moment(&visit.start)),
            fields.duration.as_ref().and_then(|field| field.value(&minutes.to_string())),
            master.and_then(|(field, name)| field.value(name)),
        ];
        values.into_iter().flatten().collect()
    }

    fn create_call(&self, visit: &Visit, contact: &Contact, user: Option<i64>, fields: &Fields) -> Call {
        let mut values = Self::fields_of(visit, fields);
        values.extend(fields.flow.as_ref().and_then(|field| field.value(&visit.marker)));
        let mut lead = json!({
            "name": Self::marked_name(&title(visit), &visit.marker, fields),
            "request_id": visit.marker,
            "_embedded": {"contacts": [{"id": contact.id}]},
            "tags_to_add": [{"name": "flow"}],
        });
        if let Some(price) = visit.price {
            lead["price"] = json!(price / 100);
        }
        if let Some(user) = user {
            lead["responsible_user_id"] = json!(user);
        }
        if !values.is_empty() {
            lead["custom_fields_values"] = json!(values);
        }
        for (name, value) in self.stage(self.settings.status_booked.or(self.settings.status_new)) {
            lead[name] = value;
        }
        Call::post("create_lead", self.api("leads")).json(json!([lead]))
    }

    fn task<'t>(&self, visit: &'t Visit, lead: &'t str, user: Option<i64>) -> NewTask<'t> {
        NewTask {
            entity: "leads",
            id: lead,
            kind: self.settings.task_type_id.unwrap_or(MEETING),
            text: task_text(visit),
            at: visit.start.timestamp(),
            seconds: (visit.end.timestamp() - visit.start.timestamp()).get_seconds(),
            user,
            marker: &visit.marker,
        }
    }

    /// Writes what belongs to a lead beside itself; what is there already is left.
    async fn complete(&self, lead: i64, visit: &Visit, user: Option<i64>, is_new: bool) -> Result<(), Fault> {
        let id = lead.to_string();
        self.following(self.link_service(lead, visit, is_new).await)?;
        let has_task = !is_new && self.tasks_of("leads", &id).await?.iter().any(Task::is_ours);
        if !has_task {
            self.following(self.write_task(&self.task(visit, &id, user)).await)?;
        }
        if let Some(comment) = &visit.comment {
            let has_note = !is_new && self.has_note("leads", &id, &visit.marker).await?;
            if !has_note {
                self.following(self.write_note("leads", &id, comment, &visit.marker).await)?;
            }
        }
        Ok(())
    }

    /// The lead stands. What follows it and can never be written is told; what may be written later leaves the whole
    /// in doubt, so that the same key again completes it.
    fn following(&self, written: Result<(), Fault>) -> Result<(), Fault> {
        match written {
            Err(fault) if matches!(fault.retry(), Retry::Never) => {
                tracing::warn!(connection = %self.wiring.name, %fault, "a visit's lead stands without what follows it");
                Ok(())
            }
            Err(fault) => Err(Fault { kind: FaultKind::UnknownOutcome, ..fault }),
            Ok(()) => Ok(()),
        }
    }

    /// Links the service's element of the catalogue to the lead, where a catalogue is configured and nothing is linked.
    async fn link_service(&self, lead: i64, visit: &Visit, is_new: bool) -> Result<(), Fault> {
        let Some(catalogue) = self.settings.catalog_id else { return Ok(()) };
        if !is_new {
            let row = self.one("lead", "leads", &lead.to_string(), "catalog_elements").await?.unwrap_or_default();
            if !list_of(member(&row, "_embedded"), "catalog_elements").is_empty() {
                return Ok(());
            }
        }
        let call = Call::get("catalog", self.api(&format!("catalogs/{catalogue}/elements")))
            .query(&[("query", &visit.service_title), ("limit", "50")]);
        let Some(answer) = self.ask(&call).await? else { return Ok(()) };
        let found = rows(&answer, "elements").map_err(self.unreadable("catalog"))?;
        let title = visit.service_title.to_lowercase();
        let is_it = |row: &&&Value| read::text(member(row, "name")).is_some_and(|name| name.to_lowercase() == title);
        let Some(element) = found.iter().find(is_it).and_then(|row| id_of(row).ok()) else { return Ok(()) };
        let link = json!([{
            "to_entity_id": element,
            "to_entity_type": "catalog_elements",
            "metadata": {"quantity": 1, "catalog_id": catalogue, "price_id": null},
        }]);
        let call = Call::post("link", self.api(&format!("leads/{lead}/link"))).json(link);
        self.ask(&call).await.map(|_| ())
    }

    async fn standing(&self, operation: &'static str, id: &str) -> Result<Lead, Fault> {
        let lead = self.lead(id).await?;
        lead.ok_or_else(|| self.portal().fault(FaultKind::NotFound, operation, format!("there is no lead `{id}`")))
    }

    /// The task of a visit that is still open, and whether there is one that is done.
    async fn task_of(&self, id: &str) -> Result<(Option<Task>, bool), Fault> {
        let ours: Vec<Task> = self.tasks_of("leads", id).await?.into_iter().filter(Task::is_ours).collect();
        let is_done = ours.iter().any(|task| task.is_completed);
        Ok((ours.into_iter().find(|task| !task.is_completed), is_done))
    }

    /// Brings the task to where the visit is now. Answers whether anything had to be written.
    async fn move_task(&self, id: &str, visit: &Visit, user: Option<i64>) -> Result<bool, Fault> {
        let (open, _) = self.task_of(id).await?;
        let Some(task) = open else {
            self.following(self.write_task(&self.task(visit, id, user)).await)?;
            return Ok(true);
        };
        let wanted = self.task(visit, id, user);
        let is_there = task.at == wanted.at && task.seconds == wanted.seconds && (user.is_none() || task.user == user);
        if is_there {
            return Ok(false);
        }
        let mut changes = json!({"complete_till": wanted.at.as_second(), "duration": wanted.seconds});
        if let Some(user) = user {
            changes["responsible_user_id"] = json!(user);
        }
        self.following(self.change_task(task.id, changes).await)?;
        Ok(true)
    }

    /// Notes what became of a visit, once: a note can only be there when this was begun before.
    async fn remark(&self, id: &str, text: &str, marker: &str, was_begun: bool) -> Result<(), Fault> {
        if was_begun && self.has_note("leads", id, marker).await? {
            return Ok(());
        }
        self.following(self.write_note("leads", id, text, marker).await)
    }
}

#[async_trait]
impl Records for Amo {
    async fn create(&self, visit: &Visit) -> Result<String, Fault> {
        let fields = self.fields().await?;
        let user = self.user_of(visit.employee_id.as_deref(), visit.employee_name.as_deref()).await?;
        let client = NewClient { name: visit.name.clone(), phone: visit.phone.clone(), email: None };
        // Nothing of the visit is written before its lead: a doubt about the contact is none about the visit.
        let contact = self.contact_for(&client).await.map_err(|fault| match fault.kind {
            FaultKind::UnknownOutcome | FaultKind::Protocol => Fault { kind: FaultKind::Unavailable, ..fault },
            _ => fault,
        })?;
        let lead = self.made(&self.create_call(visit, &contact, user, &fields), "leads").await?;
        self.is_of(lead, contact.id, Some(&visit.phone)).await;
        self.complete(lead, visit, user, true).await?;
        Ok(lead.to_string())
    }

    async fn find(&self, visit: &Visit) -> Result<Option<String>, Fault> {
        let fields = self.fields().await?;
        let contacts = self.contacts_with(&visit.phone).await?;
        let Some(lead) = self.lead_marked(&visit.marker, &contacts, &fields).await? else { return Ok(None) };
        let user = self.user_of(visit.employee_id.as_deref(), visit.employee_name.as_deref()).await?;
        if lead.is_open() {
            self.complete(lead.id, visit, user, false).await?;
        }
        Ok(Some(lead.id.to_string()))
    }

    async fn read(&self, id: &str) -> Result<Option<Record>, Fault> {
        let fields = self.fields().await?;
        let Some(lead) = self.lead(id).await? else { return Ok(None) };
        let is_cancelled = lead.status == Some(LOST) || lead.status == Some(self.cancelled());
        let start = match lead.start(&fields) {
            Some(start) => Some(start),
            None => self.task_of(id).await?.0.map(|task| task.at),
        };
        Ok(Some(Record { id: lead.id.to_string(), is_cancelled, start }))
    }

    async fn change(&self, id: &str, visit: &Visit) -> Result<(), Fault> {
        let fields = self.fields().await?;
        let lead = self.standing("move", id).await?;
        let user = self.user_of(visit.employee_id.as_deref(), visit.employee_name.as_deref()).await?;
        let mut changes = json!({});
        let differing = lead.differing(&Self::fields_of(visit, &fields));
        if !differing.is_empty() {
            changes["custom_fields_values"] = json!(differing);
        }
        // The mark of the booking stays: by it the visit is found.
        let name = match lead.mark_in_name() {
            Some(mark) => format!("{} · {mark}", title(visit)),
            None => title(visit),
        };
        if lead.name != name {
            changes["name"] = json!(name);
        }
        let is_anew = changes.as_object().is_some_and(|changes| !changes.is_empty());
        if is_anew {
            self.change_lead(lead.id, changes).await?;
        }
        let is_moved = self.move_task(id, visit, user).await?;
        let was = lead.start(&fields).map(|at| shown(&at.to_zoned(visit.start.time_zone().clone())));
        let text = format!("Запись перенесена: {} → {}", was.as_deref().unwrap_or("?"), shown(&visit.start));
        self.remark(id, &text, &visit.marker, !is_anew && !is_moved).await
    }

    async fn cancel(&self, id: &str, visit: &Visit) -> Result<(), Fault> {
        let lead = self.standing("cancel", id).await?;
        let (open, was_begun) = self.task_of(id).await?;
        if let Some(task) = &open {
            let done = json!({"is_completed": true, "result": {"text": "Отменено клиентом"}});
            self.following(self.change_task(task.id, done).await)?;
        }
        if lead.status == Some(self.cancelled()) {
            return Ok(());
        }
        // The stage is last: a lead that is in it has the rest.
        let text = format!("Запись отменена: {}", shown(&visit.start));
        self.remark(id, &text, &visit.marker, was_begun).await?;
        let mut changes = json!({"status_id": self.cancelled()});
        if let Some(pipeline) = self.settings.pipeline_id.or(lead.pipeline) {
            changes["pipeline_id"] = json!(pipeline);
        }
        if let Some(reason) = self.settings.loss_reason_id {
            changes["loss_reason_id"] = json!(reason);
        }
        self.close(lead.id, changes).await
    }

    async fn clients_of(&self, ids: &[String]) -> HashMap<String, String> {
        self.contacts_of(ids).await
    }

    async fn taken(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Taken>, Fault> {
        self.taken_by_tasks(from, to).await
    }
}

/// «Женская стрижка — Анна, 11.03 15:00».
fn title(visit: &Visit) -> String {
    let who = visit.name.as_deref().unwrap_or_else(|| Phone::as_str(&visit.phone));
    format!("{} — {who}, {}", visit.service_title, visit.start.strftime("%d.%m %H:%M"))
}

fn task_text(visit: &Visit) -> String {
    let parts = [visit.service_title.clone(), visit.name.clone().unwrap_or_default()];
    let mut text = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" — ");
    text.push_str(&format!(" {}", visit.phone.as_str()));
    let master = visit.employee_name.as_ref().map(|name| format!("Мастер: {name}"));
    for line in master.into_iter().chain(visit.comment.clone()) {
        text.push_str(&format!("\n{line}"));
    }
    format!("{text}\n{}", visit.marker)
}

fn shown(at: &jiff::Zoned) -> String {
    at.strftime("%d.%m.%Y %H:%M").to_string()
}

//! Tasks: each visit has one, and those of masters who are users take their time.

use jiff::{SignedDuration, Timestamp, Zoned};
use serde_json::{Value, json};

use super::Amo;
use super::rows::{id_of, member, moment};
use crate::adapters::http::{Call, Method, read};
use crate::domain::crm::Taken;
use crate::domain::fault::Fault;

/// Built in: a meeting.
pub(super) const MEETING: i64 = 2;
/// How long a task without a duration takes.
const USUAL: i64 = 3600;
/// More pages of open tasks are not looked at: forty thousand are no calendar.
const PAGES: usize = 40;

/// A task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Task {
    pub id: i64,
    pub kind: Option<i64>,
    pub text: String,
    pub user: Option<i64>,
    pub entity_id: Option<i64>,
    pub at: Timestamp,
    /// Seconds; 0 where nobody said.
    pub seconds: i64,
    pub is_completed: bool,
}

pub(super) fn read_task(row: &Value) -> Result<Task, String> {
    let int = |name: &str| read::int(member(row, name));
    Ok(Task {
        id: id_of(row)?,
        kind: int("task_type_id"),
        text: read::text(member(row, "text")).unwrap_or_default(),
        user: int("responsible_user_id"),
        entity_id: int("entity_id"),
        at: moment(member(row, "complete_till")).ok_or("a task without `complete_till`")?,
        seconds: int("duration").unwrap_or(0).clamp(0, 31 * 86_400),
        is_completed: read::flag(member(row, "is_completed")).unwrap_or(false),
    })
}

impl Task {
    /// Whether flow wrote it: the ledger knows its time.
    pub fn is_ours(&self) -> bool {
        self.text.contains("flow-")
    }
}

/// A task to be written.
pub(super) struct NewTask<'t> {
    pub entity: &'t str,
    pub id: &'t str,
    pub kind: i64,
    pub text: String,
    pub at: Timestamp,
    pub seconds: i64,
    pub user: Option<i64>,
    pub marker: &'t str,
}

fn create_call(url: String, task: &NewTask<'_>) -> Call {
    let mut body = json!({
        "task_type_id": task.kind,
        "text": task.text,
        "entity_type": task.entity,
        "entity_id": task.id.parse::<i64>().unwrap_or(0),
        "complete_till": task.at.as_second(),
        "duration": task.seconds,
        "request_id": task.marker,
    });
    if let Some(user) = task.user {
        body["responsible_user_id"] = json!(user);
    }
    Call::post("create_task", url).json(json!([body]))
}

impl Amo {
    pub(super) async fn write_task(&self, task: &NewTask<'_>) -> Result<(), Fault> {
        self.made(&create_call(self.api("tasks"), task), "tasks").await.map(|_| ())
    }

    /// Tasks of one object; also where the account ignores the filter.
    pub(super) async fn tasks_of(&self, entity: &str, id: &str) -> Result<Vec<Task>, Fault> {
        let query = [("filter[entity_type]", entity), ("filter[entity_id][]", id), ("limit", "250")];
        let rows = self.all("tasks", ("tasks", "tasks"), &query, PAGES).await?;
        let wanted = id.parse::<i64>().ok();
        let tasks = rows.iter().filter_map(|row| read_task(row).ok());
        Ok(tasks.filter(|task| task.entity_id == wanted).collect())
    }

    /// Changes a task. It is not written again before it was read again.
    pub(super) async fn change_task(&self, id: i64, changes: Value) -> Result<(), Fault> {
        let call = Call::new("update_task", Method::Patch, self.api(&format!("tasks/{id}")));
        self.ask(&call.json(changes)).await.map(|_| ())
    }

    /// Open tasks of masters who are users, beside those of flow's own visits.
    pub(super) async fn taken_by_tasks(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Taken>, Fault> {
        let masters = self.masters().await?;
        if masters.is_empty() {
            return Ok(Vec::new());
        }
        let zone = self.wiring.zone().await;
        let users: Vec<String> = masters.keys().map(i64::to_string).collect();
        let mut query: Vec<(&str, &str)> =
            users.iter().map(|user| ("filter[responsible_user_id][]", user.as_str())).collect();
        query.extend([("filter[is_completed]", "0"), ("order[complete_till]", "asc"), ("limit", "250")]);
        let mut taken = Vec::new();
        let mut call = Call::get("tasks", self.api("tasks")).query(&query);
        for _ in 0..PAGES {
            let Some(page) = self.ask(&call).await? else { break };
            let rows = super::rows::rows(&page, "tasks").map_err(self.unreadable("tasks"))?;
            let tasks: Vec<Task> = rows.into_iter().filter_map(|row| read_task(row).ok()).collect();
            // The order is asked for; where it is not kept every page is read.
            let is_past_window =
                tasks.is_sorted_by_key(|task| task.at) && tasks.last().is_some_and(|task| task.at >= to);
            for task in &tasks {
                let end = task.at + SignedDuration::from_secs(if task.seconds == 0 { USUAL } else { task.seconds });
                let employee = task.user.and_then(|user| masters.get(&user));
                if let Some(employee_id) = employee.filter(|_| self.takes_time(task, &task.at.to_zoned(zone.clone())))
                    && task.at < to
                    && end > from
                {
                    taken.push(Taken { employee_id: employee_id.clone(), start: task.at, end });
                }
            }
            let next = super::rows::next_page(&page).filter(|_| !is_past_window);
            let Some(next) = next else { break };
            let pairs: Vec<(&str, &str)> = next.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            call = Call::get("tasks", self.api("tasks")).query(&pairs);
        }
        Ok(taken)
    }

    /// Whether a task is a visit that a person wrote: of our type, open, not for the whole day.
    fn takes_time(&self, task: &Task, at: &Zoned) -> bool {
        let is_of_type = task.kind == Some(self.settings.task_type_id.unwrap_or(MEETING));
        let is_whole_day = (at.hour(), at.minute()) == (23, 59);
        is_of_type && !task.is_completed && !is_whole_day && !task.is_ours()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_read_whatever_its_types_are() {
        let row = json!({"id": "5", "task_type_id": "2", "text": null, "responsible_user_id": 1, "entity_id": "9",
            "complete_till": "1773126000", "duration": null, "is_completed": 0});
        let task = read_task(&row).unwrap();
        assert_eq!((task.id, task.kind, task.entity_id, task.seconds), (5, Some(2), Some(9), 0));
        assert!(!task.is_completed && !task.is_ours());
        assert!(read_task(&json!({"id": 5})).is_err(), "without a moment it is no task");
    }
}

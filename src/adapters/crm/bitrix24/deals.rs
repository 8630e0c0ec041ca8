//! A deal that stands for a visit, where the portal has neither a booking module nor calendars that flow may write: the
//! ledger guards the slot, the deal and its task show it.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Bitrix24;
use super::batch::Command;
use super::catalogue::{PAGE, is_same_word};
use super::clients::{origin_params, read_items};
use super::leads::DEAL;
use super::texts::{bb, visit_name};
use crate::adapters::http::read;
use crate::domain::crm::{NewClient, Record, Records, Visit};
use crate::domain::fault::{Fault, FaultKind};

/// What the line with the visit's moment begins with.
const AT: &str = "flow-visit:";

impl Bitrix24 {
    fn deal_fields(&self, visit: &Visit, contact: Option<i64>) -> Map<String, Value> {
        let mut fields = self.made_fields(&visit.marker);
        fields.insert("title".to_owned(), json!(visit_name(&visit.service_title, visit.name.as_deref())));
        fields.insert("categoryId".to_owned(), json!(self.settings.category_id.unwrap_or(0)));
        if let Some(stage) = &self.settings.deal_stage {
            fields.insert("stageId".to_owned(), json!(stage));
        }
        if let Some(contact) = contact {
            fields.insert("contactIds".to_owned(), json!([contact]));
        }
        if let Some(price) = visit.price {
            fields.insert("opportunity".to_owned(), major(price));
            fields.insert("currencyId".to_owned(), json!(visit.currency));
            fields.insert("isManualOpportunity".to_owned(), json!("Y"));
        }
        fields.insert("comments".to_owned(), json!(self.visit_text(visit)));
        fields
    }

    fn visit_text(&self, visit: &Visit) -> String {
        let at = visit.start.strftime("%d.%m.%Y %H:%M");
        let (when, whom, word) = if self.is_russian() {
            ("Запись", "Мастер", "Комментарий")
        } else {
            ("Visit", "With", "Comment")
        };
        let mut lines = vec![format!("[B]{when}:[/B] {at}, {}", bb(&visit.service_title))];
        lines.extend(visit.employee_name.iter().map(|name| format!("[B]{whom}:[/B] {}", bb(name))));
        lines.push(bb(&[visit.name.as_deref(), Some(visit.phone.as_str())]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")));
        let comment = visit.comment.as_deref().map(str::trim).filter(|comment| !comment.is_empty());
        lines.extend(comment.map(|comment| format!("[B]{word}:[/B] {}", bb(comment))));
        lines.push(format!("{AT}{}", visit.start.timestamp()));
        lines.join("\n")
    }

    /// What the task says: not when, which is its deadline and moves, nor with whom, which the deal says.
    fn task_text(&self, visit: &Visit) -> String {
        let client = [visit.name.as_deref(), Some(visit.phone.as_str())].into_iter().flatten();
        let mut lines = vec![bb(&visit.service_title), bb(&client.collect::<Vec<_>>().join(", "))];
        lines.extend(visit.comment.as_deref().map(str::trim).filter(|comment| !comment.is_empty()).map(bb));
        lines.join("\n")
    }

    /// The row of the service on the deal, where the catalogue has it; the deal stands without it too.
    async fn put_service(&self, deal: &str, service: &str, price: Option<i64>) {
        let Ok(goods) = self.goods().await else { return };
        let Some(good) = goods.rows.iter().find(|good| is_same_word(&good.name, service)) else { return };
        if goods.source == super::catalogue::Source::Profile {
            return;
        }
        let mut row = json!({"productId": number(&good.id), "quantity": 1});
        if let Some(price) = price {
            row["price"] = major(price);
        }
        let params = json!({"ownerType": "D", "ownerId": number(deal), "productRows": [row]});
        // Whether the rows are there cannot be seen in the deal; they are written as a whole.
        let is_there = async { Ok(self.deal(deal).await?.is_none()) };
        if let Err(fault) = self.wire.settle("crm.item.productrow.set", params, is_there).await {
            tracing::warn!(deal, %fault, "the deal stands without its service");
        }
    }

    /// The services of a lead or a visit, as rows of a deal that was just made.
    pub(super) async fn put_service_on(&self, deal: &str, service: Option<&str>, price: Option<i64>) {
        if let Some(service) = service
            && self.account.any().is_some_and(|account| account.has("catalog") && !account.catalogs.is_empty())
        {
            self.put_service(deal, service, price).await;
        }
    }

    /// The stage of a deal that came to nothing: the configured one, else the pipeline's first of that meaning.
    async fn lost_stage(&self, category: i64) -> Option<String> {
        if let Some(stage) = &self.settings.cancelled_stage {
            return Some(stage.clone());
        }
        let entity = if category == 0 { "DEAL_STAGE".to_owned() } else { format!("DEAL_STAGE_{category}") };
        let params = json!({"filter": {"ENTITY_ID": entity}, "order": {"SORT": "ASC"}, "start": -1});
        match self.wire.read("crm.status.list", params).await {
            Ok(answer) => read_lost_stage(&answer["result"]),
            Err(fault) => {
                tracing::warn!(%fault, "stages cannot be read: the deal of a cancelled visit stays where it is");
                None
            }
        }
    }

    /// What belongs to the deal of a visit beside the deal, as far as it is not there yet; the deal stands without.
    async fn furnish(&self, id: &str, visit: &Visit) {
        let title = visit_name(&visit.service_title, visit.name.as_deref());
        let about = ("deal", DEAL, id);
        if let Err(fault) = self.activity(about, &title, &self.task_text(visit), &visit.start, &visit.marker).await {
            tracing::warn!(deal = %id, %fault, "the deal of a visit stands without its task");
        }
        self.put_service_on(id, Some(&visit.service_title), visit.price).await;
    }

    /// As [`Bitrix24::furnish`], for a deal that an earlier call left: what it has is not written twice.
    async fn furnish_again(&self, id: &str, visit: &Visit) -> Result<(), Fault> {
        if self.open_activity(DEAL, id).await?.is_none() {
            self.furnish(id, visit).await;
        }
        Ok(())
    }

    /// Whether a field of a deal says this.
    async fn says(&self, id: &str, field: &str, wanted: &str) -> Result<bool, Fault> {
        let deal = self.deal(id).await?;
        Ok(deal.and_then(|deal| deal.get(field).and_then(read::text)).as_deref() == Some(wanted))
    }

    /// The deal that flow made for a visit.
    async fn own_deal(&self, visit: &Visit) -> Result<Option<String>, Fault> {
        let answer = self.wire.read("crm.item.list", own_deal(visit)).await?;
        read_own_deal(&answer["result"], &visit.marker).map_err(self.wire.unread("crm.item.list"))
    }

    async fn deal(&self, id: &str) -> Result<Option<Value>, Fault> {
        let Ok(id) = id.parse::<i64>() else { return Ok(None) };
        match self.wire.read("crm.item.get", json!({"entityTypeId": DEAL, "id": id})).await {
            Ok(mut answer) => Ok(Some(answer["result"]["item"].take()).filter(Value::is_object)),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

impl Bitrix24 {
    /// The contacts of deals, by the ids of the deals.
    async fn contacts_of(&self, ids: &[String]) -> Result<HashMap<String, String>, Fault> {
        let command = |(at, ids): (usize, &[String])| {
            let ids: Vec<Value> = ids.iter().map(|id| number(id)).collect();
            let params = json!({"entityTypeId": DEAL, "filter": {"id": ids},
                "select": ["id", "contactId", "contactIds"], "start": -1});
            Command::new(format!("d{at}"), "crm.item.list", params)
        };
        let commands: Vec<Command> = ids.chunks(PAGE).enumerate().map(command).collect();
        let replies = self.wire.batch(&commands, false).await?;
        let mut clients = HashMap::new();
        for command in &commands {
            let items = read_items(replies.get(&command.key)?).map_err(self.wire.unread("crm.item.list"))?;
            clients.extend(items.into_iter().filter_map(read_client_of));
        }
        Ok(clients)
    }
}

#[async_trait]
impl Records for Bitrix24 {
    async fn create(&self, visit: &Visit) -> Result<String, Fault> {
        let client = NewClient { name: visit.name.clone(), phone: visit.phone.clone(), email: None };
        // Nothing there refuses a second deal: whether the first one is there is asked beside the client.
        let own = Command::new("deal", "crm.item.list", own_deal(visit));
        let (contact, known) =
            self.ensure_contact_beside(&client, Some(own)).await.map_err(super::calendar::certain)?;
        if let Some(known) = known
            && let Some(id) = read_own_deal(&known, &visit.marker).map_err(self.wire.unread("crm.item.list"))?
        {
            self.furnish_again(&id, visit).await?;
            return Ok(id);
        }
        let contact = contact.id.and_then(|id| id.parse().ok());
        let fields = self.deal_fields(visit, contact);
        let answer = self.wire.write("crm.item.add", json!({"entityTypeId": DEAL, "fields": fields})).await?;
        let id = read_deal_id(&answer["result"]);
        let id =
            id.ok_or_else(|| self.wire.fault(FaultKind::UnknownOutcome, "crm.item.add", "the answer has no id"))?;
        self.furnish(&id, visit).await;
        Ok(id)
    }

    async fn find(&self, visit: &Visit) -> Result<Option<String>, Fault> {
        let found = self.own_deal(visit).await?;
        if let Some(id) = &found {
            self.furnish_again(id, visit).await?;
        }
        Ok(found)
    }

    async fn clients_of(&self, ids: &[String]) -> HashMap<String, String> {
        // The ledger knows the rest: a list without the CRM's ids is better than none.
        self.contacts_of(ids).await.unwrap_or_else(|fault| {
            tracing::warn!(%fault, "the portal does not tell whose visits these are");
            HashMap::new()
        })
    }

    async fn read(&self, id: &str) -> Result<Option<Record>, Fault> {
        Ok(self.deal(id).await?.map(|item| read_record(id, &item, self.settings.cancelled_stage.as_deref())))
    }

    async fn change(&self, id: &str, visit: &Visit) -> Result<(), Fault> {
        let deal = self.deal(id).await?;
        let Some(deal) = deal else {
            return Err(self.wire.fault(FaultKind::NotFound, "move", format!("there is no deal `{id}`")));
        };
        let text = self.visit_text(visit);
        if deal.get("comments").and_then(read::text).as_deref() != Some(text.as_str()) {
            let fields = json!({"comments": text, "title": visit_name(&visit.service_title, visit.name.as_deref())});
            let params = json!({"entityTypeId": DEAL, "id": number(id), "fields": fields});
            self.wire.settle("crm.item.update", params, self.says(id, "comments", &text)).await?;
        }
        if let Some(activity) = self.open_activity(DEAL, id).await?
            && !activity.is_due(&visit.start)
        {
            let deadline = visit.start.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
            let params =
                json!({"id": number(&activity.id), "ownerTypeId": DEAL, "ownerId": number(id), "value": deadline});
            let is_there = async {
                let open = self.open_activity(DEAL, id).await?;
                Ok(open.is_none_or(|activity| activity.is_due(&visit.start)))
            };
            self.wire.settle("crm.activity.todo.updateDeadline", params, is_there).await?;
        }
        Ok(())
    }

    async fn cancel(&self, id: &str, visit: &Visit) -> Result<(), Fault> {
        let Some(deal) = self.deal(id).await? else {
            // Somebody deleted it there: there is nothing left to call off.
            return Ok(());
        };
        if let Some(activity) = self.open_activity(DEAL, id).await? {
            let params = json!({"id": number(&activity.id)});
            let is_gone = async { Ok(self.open_activity(DEAL, id).await?.is_none_or(|left| left.id != activity.id)) };
            match self.wire.settle("crm.activity.delete", params, is_gone).await {
                Err(fault) if fault.kind == FaultKind::NotFound => {}
                told => told?,
            }
        }
        let category = deal.get("categoryId").and_then(read::int).unwrap_or(0);
        if let Some(stage) = self.lost_stage(category).await
            && deal.get("stageId").and_then(read::text).as_deref() != Some(stage.as_str())
        {
            let params = json!({"entityTypeId": DEAL, "id": number(id), "fields": {"stageId": stage}});
            self.wire.settle("crm.item.update", params, self.says(id, "stageId", &stage)).await?;
        }
        let at = visit.start.strftime("%d.%m.%Y %H:%M");
        let text = if self.is_russian() {
            format!("Запись на {at} отменена")
        } else {
            format!("The visit of {at} was cancelled")
        };
        self.comment("deal", id, &text, &visit.marker).await
    }
}

fn own_deal(visit: &Visit) -> Value {
    origin_params(DEAL, &visit.marker, &["id", "originId"])
}

/// The id of the deal with that origin: a portal that does not hear the filter answers anything.
///
/// # Errors
/// When there are no items in it.
pub fn read_own_deal(value: &Value, origin: &str) -> Result<Option<String>, String> {
    let is_it = |item: &&&Value| item.get("originId").and_then(read::text).as_deref() == Some(origin);
    Ok(read_items(value)?.iter().find(is_it).and_then(|item| item.get("id")).and_then(read::text))
}

/// A deal and its first contact.
fn read_client_of(item: &Value) -> Option<(String, String)> {
    let is_one = |id: &String| id != "0";
    let several = item.get("contactIds").map(read::list).unwrap_or_default().into_iter().find_map(read::text);
    let contact = several.or_else(|| item.get("contactId").and_then(read::text)).filter(is_one)?;
    Some((item.get("id").and_then(read::text)?, contact))
}

/// Reads a deal that stands for a visit.
#[must_use]
pub fn read_record(id: &str, item: &Value, cancelled_stage: Option<&str>) -> Record {
    let stage = item.get("stageId").and_then(read::text).unwrap_or_default();
    // `C9:LOSE` of another pipeline is `LOSE` of the first.
    let word = stage.rsplit(':').next().unwrap_or_default();
    let comments = item.get("comments").and_then(read::text).unwrap_or_default();
    let at = comments.split(AT).nth(1).and_then(|rest| rest.split(|c: char| c.is_whitespace() || c == '<').next());
    Record {
        id: id.to_owned(),
        is_cancelled: matches!(word, "LOSE" | "APOLOGY") || cancelled_stage.is_some_and(|lost| lost == stage),
        start: at.and_then(|text| text.parse::<Timestamp>().ok()),
    }
}

/// Reads `crm.status.list`: the first stage that means failure.
#[must_use]
pub fn read_lost_stage(value: &Value) -> Option<String> {
    let is_lost = |row: &&Value| {
        let extra = row.get("EXTRA").and_then(|extra| extra.get("SEMANTICS")).and_then(read::text);
        let said = extra.or_else(|| row.get("SEMANTICS").and_then(read::text)).unwrap_or_default();
        said == "failure" || said == "F"
    };
    read::list(value).into_iter().find(is_lost).and_then(|row| row.get("STATUS_ID").and_then(read::text))
}

/// Reads the id of an item that was made.
#[must_use]
pub fn read_deal_id(value: &Value) -> Option<String> {
    value.get("item").unwrap_or(value).get("id").and_then(read::text)
}

pub(super) fn number(id: &str) -> Value {
    id.parse::<i64>().map_or_else(|_| json!(id), |number| json!(number))
}

/// Minor units as a number of major ones.
fn major(amount: i64) -> Value {
    if amount % 100 == 0 {
        return json!(amount / 100);
    }
    let text = format!("{}.{:02}", amount / 100, amount.abs() % 100);
    text.parse::<f64>().map_or_else(|_| json!(text), |number| json!(number))
}

//! A deal that stands for a visit, where the portal has neither a booking module nor calendars that flow may write: the
//! ledger guards the slot, the deal and its task show it.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Bitrix24;
use super::catalogue::is_same_word;
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
        if let Err(fault) = self.wire.set("crm.item.productrow.set", params).await {
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

    async fn deal(&self, id: &str) -> Result<Option<Value>, Fault> {
        let Ok(id) = id.parse::<i64>() else { return Ok(None) };
        match self.wire.read("crm.item.get", json!({"entityTypeId": DEAL, "id": id})).await {
            Ok(mut answer) => Ok(Some(answer["result"]["item"].take()).filter(Value::is_object)),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

#[async_trait]
impl Records for Bitrix24 {
    async fn create(&self, visit: &Visit) -> Result<String, Fault> {
        let client = NewClient { name: visit.name.clone(), phone: visit.phone.clone(), email: None };
        let contact = self.ensure_contact(&client).await.map_err(super::calendar::certain)?;
        let contact = contact.id.and_then(|id| id.parse().ok());
        let fields = self.deal_fields(visit, contact);
        let answer = self.wire.write("crm.item.add", json!({"entityTypeId": DEAL, "fields": fields})).await?;
        let id = read_deal_id(&answer["result"]);
        let id =
            id.ok_or_else(|| self.wire.fault(FaultKind::UnknownOutcome, "crm.item.add", "the answer has no id"))?;
        let title = visit_name(&visit.service_title, visit.name.as_deref());
        let about = ("deal", DEAL, id.as_str());
        if let Err(fault) = self.activity(about, &title, &self.visit_text(visit), &visit.start, &visit.marker).await {
            tracing::warn!(deal = %id, %fault, "the deal of a visit stands without its task");
        }
        self.put_service_on(&id, Some(&visit.service_title), visit.price).await;
        Ok(id)
    }

    async fn find(&self, visit: &Visit) -> Result<Option<String>, Fault> {
        let params = origin_params(DEAL, &visit.marker, &["id", "originId"]);
        let answer = self.wire.read("crm.item.list", params).await?;
        let items = read_items(&answer["result"]).map_err(self.wire.unread("crm.item.list"))?;
        let is_it =
            |item: &&&Value| item.get("originId").and_then(read::text).as_deref() == Some(visit.marker.as_str());
        Ok(items.iter().find(is_it).and_then(|item| item.get("id")).and_then(read::text))
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
            self.wire.set("crm.item.update", params).await?;
        }
        if let Some(activity) = self.open_activity(DEAL, id).await? {
            let deadline = visit.start.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
            let params =
                json!({"id": number(&activity), "ownerTypeId": DEAL, "ownerId": number(id), "value": deadline});
            self.wire.set("crm.activity.todo.updateDeadline", params).await?;
        }
        Ok(())
    }

    async fn cancel(&self, id: &str, visit: &Visit) -> Result<(), Fault> {
        let Some(deal) = self.deal(id).await? else {
            // Somebody deleted it there: there is nothing left to call off.
            return Ok(());
        };
        if let Some(activity) = self.open_activity(DEAL, id).await? {
            let params = json!({"id": number(&activity)});
            match self.wire.set("crm.activity.delete", params).await {
                Err(fault) if fault.kind == FaultKind::NotFound => {}
                told => {
                    told?;
                }
            }
        }
        let category = deal.get("categoryId").and_then(read::int).unwrap_or(0);
        if let Some(stage) = self.lost_stage(category).await
            && deal.get("stageId").and_then(read::text).as_deref() != Some(stage.as_str())
        {
            let params = json!({"entityTypeId": DEAL, "id": number(id), "fields": {"stageId": stage}});
            self.wire.set("crm.item.update", params).await?;
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

//! `flow crm test`: what is published, what can be read, whether the map fits.

use std::time::Instant;

use serde_json::Value;

use super::map::PhonePlace;
use super::metadata::{Metadata, Type};
use super::visits::{Detail, visit_select};
use super::{OneC, catalogue, clients, judge, wire};
use crate::adapters::http::Call;
use crate::domain::crm::{Check, Probe};
use crate::domain::fault::{Fault, FaultKind};

/// A shorter field cuts what a conversation comes to.
const SHORT: u32 = 300;
const WHERE: &str =
    "in 1C open «Администрирование → Синхронизация данных → Настройка автоматического REST-сервиса» and tick";

/// A set of the map, what is read of it, and which fields are written.
struct Used {
    section: &'static str,
    set: String,
    select: String,
    written: Vec<String>,
    /// Fields that take the mark and the conversation.
    texts: Vec<String>,
}

/// Reads the names of what is published.
pub(super) fn read_sets(answer: &Value) -> Result<Vec<String>, String> {
    let sets = answer.get("value").and_then(Value::as_array).ok_or("the service root has no list `value`")?;
    let name = |set: &Value| set.get("name").or_else(|| set.get("url")).and_then(Value::as_str).map(str::to_owned);
    Ok(sets.iter().filter_map(name).collect())
}

struct Timed(Instant);

impl Timed {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn check(&self, name: impl Into<String>, ok: bool, detail: impl Into<String>) -> Check {
        let ms = u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX);
        Check { name: name.into(), ok, detail: detail.into(), ms }
    }
}

impl OneC {
    /// Every set of the map.
    fn used(&self) -> Vec<Used> {
        let mut used = Vec::new();
        let mut add = |section, set: &str, select: String, written: Vec<String>, texts: Vec<String>| {
            used.push(Used { section, set: set.to_owned(), select, written, texts });
        };
        if let Some(map) = &self.map.service {
            add("service", &map.set, catalogue::service_select(map), Vec::new(), Vec::new());
            if let Some(price) = &map.price {
                let kind = price.type_key.as_ref().map(|_| price.type_field.as_str());
                let fields: Vec<&str> = [price.item.as_str(), price.field.as_str()].into_iter().chain(kind).collect();
                add("service.price", &price.register, fields.join(","), Vec::new(), Vec::new());
            }
        }
        if let Some(map) = &self.map.employee {
            add("employee", &map.set, catalogue::employee_select(map), Vec::new(), Vec::new());
        }
        if let Some(map) = &self.map.client {
            let place = self.map.phone(map);
            let written = map.constants.keys().cloned().chain(map.full_name.clone()).chain(map.comment.clone());
            add("client", &map.set, clients::client_select(map, &place), written.collect(), Vec::new());
            if let PhonePlace::Table { table, .. } = place {
                let select = "Ref_Key,Тип,Представление,НомерТелефона".to_owned();
                add("client.phone", &format!("{}_{table}", map.set), select, Vec::new(), Vec::new());
            }
        }
        if let Some(map) = &self.map.appointment {
            let written = map.constants.keys().cloned().chain(map.phone_field.clone()).collect();
            let texts = map.comment.iter().cloned().collect();
            add("appointment", &map.set, visit_select(map, Detail::All), written, texts);
        }
        if let Some(map) = &self.map.lead {
            let fields = ["Ref_Key", "DeletionMark", map.text.as_str()].into_iter();
            let more = [&map.title, &map.client, &map.phone, &map.source, &map.marker].into_iter().flatten();
            let mut fields: Vec<&str> = fields.chain(more.map(String::as_str)).collect();
            fields.dedup();
            let written = map.constants.keys().cloned().collect();
            add("lead", &map.set, fields.join(","), written, vec![map.text.clone()]);
        }
        if let Some(map) = self.map.lock.as_ref().filter(|_| self.has_locks()) {
            let select = [map.key.as_str(), &map.operation, &map.until].join(",");
            add("lock", &map.set, select, Vec::new(), Vec::new());
        }
        used
    }

    /// Looks at everything that the map needs.
    pub(super) async fn look_around(&self) -> Result<Probe, Fault> {
        let account = self.account();
        let began = Timed::start();
        let root = match self.ask(Call::get("probe", self.address("", &[]))).await {
            Ok(root) => root,
            Err(fault) if fault.kind == FaultKind::NotFound => {
                let checks = vec![began.check("published", false, fault.detail)];
                return Ok(Probe { account, checks });
            }
            Err(fault) => return Err(fault),
        };
        let sets = read_sets(&root).map_err(self.odd("probe"))?;
        let mut checks = vec![match sets.len() {
            0 => began.check("published", false, format!("the base publishes no object: {WHERE} what the map names")),
            some => began.check("published", true, format!("{some} sets")),
        }];
        let used = self.used();
        for one in &used {
            checks.push(self.look_at(one, &sets).await?);
        }
        checks.push(self.hours_check());
        checks.push(self.lock_check(&sets));
        checks.extend(self.description_check(&used).await);
        Ok(Probe { account, checks })
    }

    /// The base's name as its address has it.
    fn account(&self) -> String {
        let site = self.base.split("/odata/").next().unwrap_or_default();
        site.split_once("://").map_or(site, |(_, rest)| rest).to_owned()
    }

    async fn look_at(&self, one: &Used, sets: &[String]) -> Result<Check, Fault> {
        let began = Timed::start();
        let name = format!("{}: {}", one.section, one.set);
        if !sets.contains(&one.set) && one.section != "client.phone" {
            if one.section == "lock" && self.is_worked {
                return Ok(began.check(name, true, "there is none in this base: done without"));
            }
            let detail = format!("{} is not published: {WHERE} «{}»", one.set, wire::shown(&one.set));
            return Ok(began.check(name, false, detail));
        }
        match self.glance("probe", &one.set, &one.select).await {
            Ok(0) => Ok(began.check(name, true, "can be read; there is nothing in it yet")),
            Ok(_) => Ok(began.check(name, true, "can be read")),
            Err(fault) if matches!(fault.kind, FaultKind::Forbidden | FaultKind::Unauthorized) => {
                let detail = format!(
                    "the user lacks the right «Чтение» on «{}»: give it by a role in the Designer, or by a profile of \
                     access groups ({})",
                    wire::shown(&one.set),
                    fault.detail
                );
                Ok(began.check(name, false, detail))
            }
            Err(fault) if fault.kind == FaultKind::NotFound && fault.detail.starts_with(judge::NO_ENTITY) => {
                let detail = format!(
                    "{} cannot be found: {WHERE} «{}», and give the user the right «Чтение» on it",
                    one.set,
                    wire::shown(&one.set)
                );
                Ok(began.check(name, false, detail))
            }
            Err(fault) if fault.kind == FaultKind::Rejected => {
                let detail = format!(
                    "not every field is there: {}; compare `map.{}` with the Designer ({})",
                    one.select, one.section, fault.detail
                );
                Ok(began.check(name, false, detail))
            }
            Err(fault) => Err(fault),
        }
    }

    fn hours_check(&self) -> Check {
        let began = Timed::start();
        match (&self.hours, &self.map.appointment) {
            (_, None) => began.check("slots", true, "no appointments are mapped: flow takes requests only"),
            (Some(_), Some(_)) => {
                let detail = format!("every {} minutes within `employee.hours`", self.map.step());
                began.check("slots", true, detail)
            }
            (None, Some(_)) => began.check("slots", true, "`employee.hours` is absent: the company's hours hold"),
        }
    }

    fn lock_check(&self, sets: &[String]) -> Check {
        let began = Timed::start();
        let has_lock = self.map.lock.as_ref().is_some_and(|lock| sets.contains(&lock.set));
        let detail = match has_lock {
            true => "times are held in the register of locks while they are booked",
            false => {
                "no register of locks: of two who book one time at once the later document is marked for deletion again"
            }
        };
        began.check("double booking", true, detail)
    }

    /// What only the description of the base tells: written fields, and short texts.
    async fn description_check(&self, used: &[Used]) -> Vec<Check> {
        let began = Timed::start();
        let metadata = match self.described("probe").await {
            Ok(metadata) => metadata,
            Err(fault) => {
                let detail = format!("$metadata was not read, so written fields were not compared: {}", fault.detail);
                return vec![began.check("fields", true, detail)];
            }
        };
        let mut told: Vec<String> = Vec::new();
        let mut missing: Vec<String> = Vec::new();
        for one in used {
            let Some(of) = metadata.types.get(&one.set) else { continue };
            missing.extend(unknown(of, one).into_iter().map(|field| format!("`{field}` of {}", one.set)));
            for field in one.texts.iter().filter_map(|text| of.field(text)) {
                if let Some(length) = field.length.filter(|length| *length < SHORT) {
                    told.push(format!("`{}` of {} takes {length} letters: longer texts are cut", field.name, one.set));
                }
            }
        }
        missing.extend(self.unknown_lines(&metadata));
        if !missing.is_empty() {
            let detail = format!("the base has no {}: 1C ignores what is written there", missing.join(", "));
            return vec![began.check("fields", false, detail)];
        }
        let detail = if told.is_empty() { "every written field is there".to_owned() } else { told.join("; ") };
        vec![began.check("fields", true, detail)]
    }

    fn unknown_lines(&self, metadata: &Metadata) -> Vec<String> {
        let found = || {
            let map = self.map.appointment.as_ref()?;
            let lines = map.lines.as_ref()?;
            let rows = metadata.rows(&map.set, &lines.table)?;
            let fields = [Some(&lines.service), lines.price.as_ref(), lines.amount.as_ref()];
            let gone = fields.into_iter().flatten().filter(|field| !rows.has(field));
            Some(gone.map(|field| format!("`{field}` of {}.{}", map.set, lines.table)).collect())
        };
        found().unwrap_or_default()
    }
}

/// Written fields that a type has not. A description that lacks also what was read a moment ago is no measure.
fn unknown<'u>(of: &Type, one: &'u Used) -> Vec<&'u String> {
    match one.select.split(',').all(|field| of.has(field)) {
        true => one.written.iter().filter(|field| !of.has(field)).collect(),
        false => Vec::new(),
    }
}

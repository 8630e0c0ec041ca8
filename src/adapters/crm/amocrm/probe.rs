//! Who we are for amoCRM, and what of what flow needs is allowed and there.

use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::Instant;

use super::Amo;
use super::fields::Field;
use super::hooks::{CONNECTION, CUT_OFF};
use super::rows::{id_of, list_of, member};
use crate::adapters::http::{Call, read};
use crate::domain::crm::{Check, Probe};
use crate::domain::fault::{Fault, FaultKind};

/// So long before it ends a long-lived token is spoken of.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);
const RIGHTS: &str = "«Настройки → Пользователи → роль»";

/// The account as it tells of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub id: i64,
    pub name: String,
    pub user: Option<i64>,
    pub zone: Option<String>,
    pub filters: Option<bool>,
    pub task_types: Vec<i64>,
}

pub(super) fn read_account(body: &Value) -> Result<Account, String> {
    let embedded = member(body, "_embedded");
    let zone = member(member(embedded, "datetime_settings"), "timezone");
    let subdomain = read::text(member(body, "subdomain"));
    Ok(Account {
        id: id_of(body)?,
        name: read::text(member(body, "name")).or(subdomain).ok_or("an account without a name")?,
        user: read::int(member(body, "current_user_id")),
        zone: read::text(zone),
        filters: read::flag(member(body, "is_api_filter_enabled")),
        task_types: list_of(embedded, "task_types").into_iter().filter_map(|row| id_of(row).ok()).collect(),
    })
}

/// A pipeline: its id, its name, whether it is the main one, whether it is archived, its stages.
pub(super) struct Pipeline {
    id: i64,
    name: String,
    is_main: bool,
    is_archived: bool,
    stages: Vec<(i64, String)>,
}

pub(super) fn read_pipeline(row: &Value) -> Result<Pipeline, String> {
    let flag = |name: &str| read::flag(member(row, name)).unwrap_or(false);
    let stage = |row: &Value| Some((id_of(row).ok()?, read::text(member(row, "name")).unwrap_or_default()));
    Ok(Pipeline {
        id: id_of(row)?,
        name: read::text(member(row, "name")).unwrap_or_default(),
        is_main: flag("is_main"),
        is_archived: flag("is_archive"),
        stages: list_of(member(row, "_embedded"), "statuses").into_iter().filter_map(stage).collect(),
    })
}

/// Rights that a user lacks, in the words of the cabinet.
pub(super) fn read_denied(user: &Value) -> Vec<String> {
    let rights = member(user, "rights");
    if read::flag(member(rights, "is_admin")) == Some(true) {
        return Vec::new();
    }
    let names = [("leads", "Сделки"), ("contacts", "Контакты"), ("tasks", "Задачи")];
    let acts = [("view", "просмотр"), ("add", "создание"), ("edit", "редактирование")];
    let mut denied = Vec::new();
    for (entity, title) in names {
        for (act, word) in acts {
            let right = read::text(member(member(rights, entity), act));
            if right.is_some_and(|right| right == "D") {
                denied.push(format!("{title}: {word} ({entity}.{act})"));
            }
        }
    }
    denied
}

/// A check whose wording is still to come.
struct Looked<T> {
    name: &'static str,
    ms: u64,
    found: Result<T, Fault>,
}

impl<T> Looked<T> {
    fn told(self, ok: impl FnOnce(T) -> (bool, String), lacking: &str) -> Result<Check, Fault> {
        let (ok, detail) = match self.found {
            Ok(found) => ok(found),
            Err(fault) => match fault.kind {
                FaultKind::Forbidden => (false, format!("{lacking}; amoCRM says: {}", fault.detail)),
                FaultKind::NotFound | FaultKind::Rejected | FaultKind::Protocol => (false, fault.detail),
                _ => return Err(fault),
            },
        };
        Ok(Check { name: self.name.to_owned(), ok, detail, ms: self.ms })
    }
}

async fn timed<T>(name: &'static str, work: impl Future<Output = Result<T, Fault>>) -> Looked<T> {
    let began = Instant::now();
    let found = work.await;
    Looked { name, ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX), found }
}

impl Amo {
    pub(super) async fn look_around(&self) -> Result<Probe, Fault> {
        let with = "task_types,users_groups,version,datetime_settings,is_api_filter_enabled";
        let call = Call::get("account", self.api("account")).query(&[("with", with)]);
        let looked = timed("account", self.ask(&call)).await;
        let found = match looked.found {
            Err(fault) => Err(self.why_not_here(fault).await?),
            found => found,
        };
        let (ms, body) = (looked.ms, found?.unwrap_or_default());
        let account = read_account(&body).map_err(self.unreadable("account"))?;
        self.is_account(account.id).await?;
        self.is_here_again().await?;
        self.is_let_in().await?;
        let zone = account.zone.as_deref().unwrap_or("not told");
        let filters = account.filters.map_or("not told", |on| if on { "on" } else { "off" });
        let mut checks = vec![
            Check {
                name: "account".to_owned(),
                ok: true,
                detail: format!("{} (id {}), zone {zone}, API filters {filters}", account.name, account.id),
                ms,
            },
            self.token_check(),
        ];
        checks.push(self.user_check(&account).await?);
        checks.push(self.pipeline_check().await?);
        for (name, path, title) in
            [("contacts", "contacts", "Контакты"), ("leads", "leads", "Сделки"), ("tasks", "tasks", "Задачи")]
        {
            let call = Call::get(name, self.api(path)).query(&[("limit", "1")]);
            let read = timed(name, self.ask(&call)).await;
            let lacking = format!("the right to see {path} is missing: allow «{title}: просмотр» in {RIGHTS}");
            checks.push(read.told(|_| (true, "can be read".to_owned()), &lacking)?);
        }
        checks.push(self.task_type_check(&account));
        checks.push(self.fields_check().await?);
        if let Some(catalogue) = self.settings.catalog_id {
            checks.push(self.catalogue_check(catalogue).await?);
        }
        checks.push(self.hooks_check().await?);
        Ok(Probe { account: account.name, checks })
    }

    /// Why the account does not answer, as far as more is known.
    async fn why_not_here(&self, fault: Fault) -> Result<Fault, Fault> {
        let detail = match fault.kind {
            FaultKind::NotFound => "no account answers at `base_url`: it may have been renamed; the address stands in \
                                    «Настройки → Общие настройки»"
                .to_owned(),
            FaultKind::Unauthorized => {
                let copy = self.wiring.store.copied(&self.wiring.name, CONNECTION, CUT_OFF).await;
                let Some(copy) = copy.map_err(|error| self.store_fault("account", &error))? else { return Ok(fault) };
                let on = copy.at.strftime("%Y-%m-%d");
                format!("{}; the integration was switched off in amoCRM on {on}: install it again", fault.detail)
            }
            _ => return Ok(fault),
        };
        Ok(Fault { detail, ..fault })
    }

    /// It answers: whatever cut us off is over.
    async fn is_here_again(&self) -> Result<(), Fault> {
        self.is_cut_off.store(false, Ordering::Relaxed);
        let forgotten = self.wiring.store.forget_copy(&self.wiring.name, CONNECTION, CUT_OFF).await;
        forgotten.map_err(|error| self.store_fault("account", &error))
    }

    fn token_check(&self) -> Check {
        let renew = "make a new one in «amoМаркет → интеграция → Ключи и доступы → Сгенерировать долгосрочный токен»";
        let is_renewed = matches!(self.access.credentials, super::Credentials::Oauth(_));
        let end = self.access.claims().exp.and_then(|exp| Timestamp::from_second(exp).ok());
        let now = self.wiring.clock.now();
        let detail = match end {
            _ if is_renewed => "renewed by flow".to_owned(),
            None => "it does not say when it ends".to_owned(),
            Some(end) if end.duration_since(now) < SOON => format!("ends on {}: {renew}", end.strftime("%Y-%m-%d")),
            Some(end) => format!("valid until {}", end.strftime("%Y-%m-%d")),
        };
        Check { name: "token".to_owned(), ok: true, detail, ms: 0 }
    }

    async fn user_check(&self, account: &Account) -> Result<Check, Fault> {
        let id = account.user.unwrap_or(0).to_string();
        let looked = timed("rights", self.one("user", "users", &id, "role")).await;
        // Whoever is no administrator may not read even about themselves; what matters is tried below.
        if let Err(fault) = &looked.found
            && fault.kind == FaultKind::Forbidden
        {
            tracing::info!(connection = %self.wiring.name, "a user without administrator's rights may not read users");
            let detail = "the user of the token is no administrator: rights are not told, but tried below".to_owned();
            return Ok(Check { name: "rights".to_owned(), ok: true, detail, ms: looked.ms });
        }
        let judge = |user: Option<Value>| {
            let Some(user) = user else { return (true, "the account does not tell rights".to_owned()) };
            if read::flag(member(member(&user, "rights"), "is_active")) == Some(false) {
                return (false, "the user of the token is switched off: switch them on in «Пользователи»".to_owned());
            }
            let denied = read_denied(&user);
            match denied.is_empty() {
                true => (true, "leads, contacts and tasks may be read and written".to_owned()),
                false => (false, format!("missing rights: {}; allow them in {RIGHTS}", denied.join(", "))),
            }
        };
        looked.told(judge, "users cannot be read")
    }

    async fn pipeline_check(&self) -> Result<Check, Fault> {
        let looked = timed("pipeline", self.all("pipelines", ("leads/pipelines", "pipelines"), &[], 4)).await;
        let judge = |rows: Vec<Value>| {
            let pipelines: Vec<Pipeline> = rows.iter().filter_map(|row| read_pipeline(row).ok()).collect();
            self.judge_pipelines(&pipelines)
        };
        looked.told(judge, &format!("pipelines cannot be read: allow «Сделки: просмотр» in {RIGHTS}"))
    }

    fn judge_pipelines(&self, pipelines: &[Pipeline]) -> (bool, String) {
        let wanted = self.settings.pipeline_id;
        let chosen = pipelines.iter().find(|p| wanted.map_or(p.is_main, |id| p.id == id)).or_else(|| pipelines.first());
        let Some(pipeline) = chosen.filter(|pipeline| wanted.is_none_or(|id| pipeline.id == id)) else {
            return (false, format!("there is no pipeline {}: look at `pipeline_id`", wanted.unwrap_or(0)));
        };
        if pipeline.is_archived {
            return (false, format!("the pipeline «{}» is archived: choose another `pipeline_id`", pipeline.name));
        }
        let s = &self.settings;
        let stages = [
            ("status_new", s.status_new),
            ("status_booked", s.status_booked),
            ("status_cancelled", s.status_cancelled),
        ];
        for (key, stage) in stages {
            if let Some(id) = stage
                && !matches!(id, super::leads::WON | super::leads::LOST)
                && !pipeline.stages.iter().any(|(known, _)| *known == id)
            {
                return (false, format!("the pipeline «{}» has no stage {id}: look at `{key}`", pipeline.name));
            }
        }
        (true, format!("leads go to «{}» (id {})", pipeline.name, pipeline.id))
    }

    fn task_type_check(&self, account: &Account) -> Check {
        let kind = self.settings.task_type_id.unwrap_or(super::tasks::MEETING);
        let ok = account.task_types.is_empty() || account.task_types.contains(&kind);
        let detail = match ok {
            true => format!("visits get a task of the type {kind}"),
            false => format!("the account has no task type {kind}: look at `task_type_id`"),
        };
        Check { name: "task type".to_owned(), ok, detail, ms: 0 }
    }

    async fn fields_check(&self) -> Result<Check, Fault> {
        let query = [("limit", "250")];
        let looked = timed("fields", self.all("fields", ("leads/custom_fields", "custom_fields"), &query, 10)).await;
        let judge = |rows: Vec<Value>| {
            let all: Vec<Field> = rows.iter().filter_map(|row| super::fields::read_field(row).ok()).collect();
            let s = &self.settings;
            let given = [s.start_field_id, s.duration_field_id, s.master_field_id, s.flow_field_id, s.source_field_id];
            let unknown: Vec<String> = given
                .into_iter()
                .flatten()
                .filter(|id| !all.iter().any(|field| field.id == *id))
                .map(|id| id.to_string())
                .collect();
            if !unknown.is_empty() {
                return (false, format!("leads have no field {}: look at the `…_field_id` keys", unknown.join(", ")));
            }
            let chosen = self.chosen(&all);
            let told = |name: &str, field: &Option<Field>| {
                field.as_ref().map_or_else(|| format!("{name}: none"), |field| format!("{name}: {}", field.id))
            };
            let mark = if chosen.flow.is_some() {
                ""
            } else {
                "; without a text field «flow id» the mark stands in the lead's name"
            };
            let list = [
                told("start", &chosen.start),
                told("duration", &chosen.duration),
                told("master", &chosen.master),
                told("flow id", &chosen.flow),
                told("source", &chosen.source),
            ];
            (true, format!("{}{mark}", list.join(", ")))
        };
        looked.told(judge, &format!("fields of leads cannot be read: allow «Сделки: просмотр» in {RIGHTS}"))
    }

    async fn catalogue_check(&self, catalogue: i64) -> Result<Check, Fault> {
        let looked = timed("catalogue", self.all("catalogs", ("catalogs", "catalogs"), &[("limit", "250")], 4)).await;
        let judge = |rows: Vec<Value>| match rows.iter().find(|row| id_of(row).is_ok_and(|id| id == catalogue)) {
            Some(row) => {
                (true, format!("services are linked from «{}»", read::text(member(row, "name")).unwrap_or_default()))
            }
            None => (false, format!("there is no list {catalogue}: look at `catalog_id`")),
        };
        looked.told(judge, &format!("lists cannot be read: allow «Списки: просмотр» in {RIGHTS}"))
    }

    async fn hooks_check(&self) -> Result<Check, Fault> {
        let looked = timed("webhooks", self.all("webhooks", ("webhooks", "webhooks"), &[("limit", "250")], 4)).await;
        if let Err(fault) = &looked.found
            && matches!(fault.kind, FaultKind::Forbidden | FaultKind::LicenceExpired | FaultKind::NotFound)
        {
            tracing::info!(connection = %self.wiring.name, "webhooks cannot be listed with this token");
            let detail = "only an administrator may set them by the API: an administrator adds the address in \
                          «amoМаркет → ⋯ → WebHooks» by hand; without it flow does not hear of changes"
                .to_owned();
            return Ok(Check { name: "webhooks".to_owned(), ok: true, detail, ms: looked.ms });
        }
        let secret = self.hook_secret();
        let judge = |rows: Vec<Value>| {
            let is_ours = |row: &&Value| {
                read::text(member(row, "destination")).is_some_and(|url| url.trim_end_matches('/').ends_with(&secret))
            };
            match rows.iter().find(is_ours).map(|row| read::flag(member(row, "disabled")).unwrap_or(false)) {
                Some(false) => (true, "amoCRM tells flow of changes".to_owned()),
                Some(true) => {
                    let detail =
                        "amoCRM switched our webhook off after failures: switch it on in «amoМаркет → ⋯ → WebHooks»";
                    (false, detail.to_owned())
                }
                None => (true, "not set: flow does not hear of changes until the webhook is registered".to_owned()),
            }
        };
        looked.told(judge, "webhooks cannot be read")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_missing_right_is_named_in_the_words_of_the_cabinet() {
        let user =
            json!({"rights": {"is_admin": false, "leads": {"view": "A", "add": "D"}, "contacts": {"edit": "D"}}});
        assert_eq!(read_denied(&user), ["Сделки: создание (leads.add)", "Контакты: редактирование (contacts.edit)"]);
        let admin = json!({"rights": {"is_admin": true, "leads": {"add": "D"}}});
        assert!(read_denied(&admin).is_empty() && read_denied(&json!([])).is_empty());
    }

    #[test]
    fn an_account_is_read_with_drifting_types() {
        let body = json!({"id": "7", "subdomain": "sub", "current_user_id": "3", "_embedded": {"task_types": {"0": {"id": 2}}}});
        let account = read_account(&body).unwrap();
        assert_eq!((account.id, account.name.as_str(), account.user, account.task_types), (7, "sub", Some(3), vec![2]));
        assert!(read_account(&json!({"name": "x"})).is_err());
    }
}

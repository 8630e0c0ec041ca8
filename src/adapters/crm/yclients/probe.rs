//! Who we are and what we may do.

use std::future::Future;

use jiff::civil::Date;
use serde_json::Value;

use super::Branch;
use super::rights::read_rights;
use super::wire::{self, Who};
use crate::adapters::http::Method;
use crate::domain::crm::{Check, Probe};
use crate::domain::fault::{Fault, FaultKind};

/// Branches of a page.
const PAGE: usize = 50;

/// The branches that a user manages.
pub(super) fn read_branches(body: &Value) -> Result<Vec<String>, String> {
    Ok(wire::rows(body, "branches")?.into_iter().filter_map(|row| wire::id(row, "id")).collect())
}

/// Whether the licence holds, and until when; nothing where it is not told.
pub(super) fn read_licence(body: &Value) -> Result<(Option<bool>, Option<Date>), String> {
    let licence = wire::one(body);
    let until = wire::text(licence, "deactivation_date").and_then(|date| {
        let (day, rest) = date.split_once('.')?;
        let (month, year) = rest.split_once('.')?;
        Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
    });
    Ok((wire::flag(licence, "active"), until))
}

impl Branch {
    pub(super) async fn look_around(&self) -> Result<Probe, Fault> {
        match self.look_at_all().await {
            Err(fault) if fault.kind == FaultKind::Unauthorized => Err(self.which_token(fault).await),
            outcome => outcome,
        }
    }

    /// A refusal does not say which of the two tokens it means; what the partner's alone is answered tells.
    async fn which_token(&self, fault: Fault) -> Fault {
        let partner = "`partner_token` is not accepted: copy it anew from the developer's cabinet";
        let user = "`partner_token` is accepted and `user_token` is not: it ends when that user's password is changed; \
                    get a new one by `POST /auth`, or take the application's token";
        let call = self.wire.call("book_services", Method::Get, Who::Guest, &["book_services", &self.company_id]);
        let why = match self.has_user {
            false => partner,
            true => match self.wire.portal.json(&call).await {
                Err(other) if other.kind == FaultKind::Unauthorized => partner,
                Ok(_) => user,
                Err(_) => return fault,
            },
        };
        Fault { detail: format!("{why} ({})", fault.detail), ..fault }
    }

    async fn look_at_all(&self) -> Result<Probe, Fault> {
        let mut checks = Vec::new();
        if self.has_user {
            checks.push(self.timed("branch", self.is_ours()).await?);
        }
        let company = self.timed_with(self.company("probe")).await;
        let (account, check) = match company {
            Ok((company, ms)) => {
                let zone = company.zone.iana_name().unwrap_or("an unnamed zone");
                let detail = format!("{}, times in {zone}", company.row.title);
                (company.row.title.clone(), Check { name: "company".to_owned(), ok: true, detail, ms })
            }
            Err(fault) if fault.kind == FaultKind::NotFound => {
                let detail = format!(
                    "there is no branch {}: correct `company_id`; it stands in the address of the branch's journal",
                    self.company_id
                );
                (self.company_id.clone(), Check { name: "company".to_owned(), ok: false, detail, ms: 0 })
            }
            Err(fault) => return Err(fault),
        };
        checks.push(check);
        if self.has_user {
            checks.extend(self.rights().await?);
        } else {
            checks.push(self.form_settings(&account).await?);
        }
        checks.push(self.timed("services", self.has_services()).await?);
        if self.has_user {
            checks.push(self.timed("licence", self.licence()).await?);
        }
        Ok(Probe { account, checks })
    }

    async fn timed_with<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<(T, u64), Fault> {
        let began = self.now();
        let done = work.await?;
        Ok((done, u64::try_from(self.now().duration_since(began).as_millis()).unwrap_or(0)))
    }

    /// One look, timed. What is refused is an answer; credentials that are refused are not.
    async fn timed(
        &self,
        name: &str,
        work: impl Future<Output = Result<(bool, String), Fault>>,
    ) -> Result<Check, Fault> {
        match self.timed_with(work).await {
            Ok(((ok, detail), ms)) => Ok(Check { name: name.to_owned(), ok, detail, ms }),
            Err(fault) if matches!(fault.kind, FaultKind::Forbidden | FaultKind::NotFound | FaultKind::Rejected) => {
                Ok(Check { name: name.to_owned(), ok: false, detail: fault.detail, ms: 0 })
            }
            Err(fault) => Err(fault),
        }
    }

    async fn is_ours(&self) -> Result<(bool, String), Fault> {
        let count = PAGE.to_string();
        for page in 1..=20_usize {
            let page = page.to_string();
            let pairs = [("my", "1"), ("count", count.as_str()), ("page", &page)];
            let call = self.wire.call("branches", Method::Get, Who::User, &["companies"]).query(&pairs);
            let ids = read_branches(&self.wire.portal.json(&call).await?).map_err(self.unreadable("probe"))?;
            if ids.contains(&self.company_id) {
                return Ok((true, format!("the user manages branch {}", self.company_id)));
            }
            if ids.len() < PAGE {
                break;
            }
        }
        let detail = format!(
            "the user does not manage branch {}: correct `company_id`, or add the user to the branch in {}",
            self.company_id, self.vendor.cabinet.rights
        );
        Ok((false, detail))
    }

    async fn rights(&self) -> Result<Vec<Check>, Fault> {
        let call = self.wire.call("rights", Method::Get, Who::User, &["user", "permissions", &self.company_id]);
        match self.timed_with(self.wire.portal.json(&call)).await {
            Ok((body, ms)) => {
                let mut checks = read_rights(&body, self.vendor, self.webhook_secret.is_some());
                if let Some(first) = checks.first_mut() {
                    first.ms = ms;
                }
                Ok(checks)
            }
            Err(fault) if matches!(fault.kind, FaultKind::Forbidden | FaultKind::NotFound | FaultKind::Rejected) => {
                Ok(vec![Check { name: "rights".to_owned(), ok: false, detail: fault.detail, ms: 0 }])
            }
            Err(fault) => Err(fault),
        }
    }

    /// Whether the booking form asks for nothing that only a person can give.
    async fn form_settings(&self, account: &str) -> Result<Check, Fault> {
        let check = |ok: bool, detail: String| Check { name: "booking form".to_owned(), ok, detail, ms: 0 };
        let Ok(company) = self.company("probe").await else {
            return Ok(check(false, format!("the settings of {account} cannot be read")));
        };
        let cabinet = &self.vendor.cabinet;
        let asked = [(company.row.needs_code, cabinet.code), (company.row.needs_email, cabinet.email)];
        let asked: Vec<&str> = asked.iter().filter(|(is_asked, _)| *is_asked).map(|(_, words)| *words).collect();
        if asked.is_empty() {
            let detail = "books without a user's token; finding clients and appointments, leads and notes need one";
            return Ok(check(true, detail.to_owned()));
        }
        Ok(check(
            false,
            format!(
                "{} stands in the way: switch it off in {}, or set `user_token`",
                asked.join(" and "),
                cabinet.online
            ),
        ))
    }

    async fn has_services(&self) -> Result<(bool, String), Fault> {
        let call = self.wire.call("book_services", Method::Get, Who::Guest, &["book_services", &self.company_id]);
        let body = self.wire.portal.json(&call).await?;
        let count = super::catalogue::read_services(&body).map_err(self.unreadable("probe"))?.len();
        if count > 0 {
            return Ok((true, format!("{count} that clients can book")));
        }
        let detail = format!(
            "clients can book no service: switch online booking on for services in {}",
            self.vendor.cabinet.online
        );
        Ok((false, detail))
    }

    async fn licence(&self) -> Result<(bool, String), Fault> {
        let call = self.wire.call("licence", Method::Get, Who::User, &["license", &self.company_id]);
        let body = match self.wire.portal.json(&call).await {
            Ok(body) => body,
            // It is shown to owners; whoever may not see it may work all the same.
            Err(fault) if matches!(fault.kind, FaultKind::NotFound | FaultKind::Forbidden) => {
                return Ok((true, "the user is not shown it".to_owned()));
            }
            Err(fault) => return Err(fault),
        };
        let (active, until) = read_licence(&body).map_err(self.unreadable("probe"))?;
        let until = until.map_or_else(String::new, |day| format!(" until {day}"));
        if active == Some(false) {
            return Ok((false, format!("it has expired: extend it in {}", self.vendor.cabinet.licence)));
        }
        Ok((true, format!("active{until}")))
    }
}

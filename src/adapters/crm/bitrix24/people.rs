//! Portal users and the employees of the business profile that they are.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Bitrix24;
use super::catalogue::is_same_word;
use super::kept::LONG;
use crate::adapters::http::read;
use crate::domain::company::Profile;
use crate::domain::fault::Fault;

/// A portal has no more users than this, as far as flow looks.
const MOST_USERS: usize = 2000;

/// A user of the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: Option<String>,
}

/// Who of the profile has which calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// Employee and user.
    pairs: Vec<(String, String)>,
    /// Whose calendar holds the visits of everybody else.
    pub owner: String,
}

impl People {
    /// The calendar of an employee.
    #[must_use]
    pub fn user(&self, employee: &str) -> Option<&str> {
        self.pairs.iter().find(|(own, _)| own == employee).map(|(_, user)| user.as_str())
    }

    /// Who has that calendar.
    pub fn employees<'p>(&'p self, user: &'p str) -> impl Iterator<Item = &'p str> {
        self.pairs.iter().filter(move |(_, own)| own == user).map(|(employee, _)| employee.as_str())
    }

    /// Every calendar that visits lie in.
    #[must_use]
    pub fn calendars(&self) -> Vec<String> {
        let mut users: Vec<String> = self.pairs.iter().map(|(_, user)| user.clone()).collect();
        users.push(self.owner.clone());
        users.retain(|user| !user.is_empty());
        users.sort();
        users.dedup();
        users
    }
}

/// Pairs employees with users: by the configuration, by id, by name.
#[must_use]
pub fn paired(profile: &Profile, users: &[User], given: impl Fn(&str) -> Option<String>, owner: &str) -> People {
    let user_of = |employee: &crate::domain::company::Employee| {
        let by_id = || users.iter().find(|user| user.id == employee.id).map(|user| user.id.clone());
        let by_name = || {
            let is_same = |user: &&User| user.name.as_deref().is_some_and(|name| is_same_word(name, &employee.name));
            users.iter().find(is_same).map(|user| user.id.clone())
        };
        given(&employee.id).or_else(by_id).or_else(by_name).map(|user| (employee.id.clone(), user))
    };
    People { pairs: profile.employees.iter().filter_map(user_of).collect(), owner: owner.to_owned() }
}

impl Bitrix24 {
    /// Active users, kept for a while.
    async fn users(&self) -> Result<Arc<Vec<User>>, Fault> {
        if let Some(users) = self.users.fresh(LONG) {
            return Ok(users);
        }
        let mut users: Vec<User> = Vec::new();
        let mut start = 0;
        while users.len() < MOST_USERS {
            let params = json!({"FILTER": {"ACTIVE": true, "USER_TYPE": "employee"}, "sort": "ID", "order": "ASC",
                "select": ["ID", "NAME", "LAST_NAME", "WORK_POSITION"], "start": start});
            let answer = self.wire.read("user.get", params).await?;
            let page = read_users(&answer["result"]).map_err(self.wire.unread("user.get"))?;
            let is_new = page.first().is_none_or(|first| !users.contains(first));
            users.extend(page.into_iter().filter(|_| is_new));
            match answer.get("next").and_then(read::int) {
                Some(next) if is_new => start = next,
                _ => break,
            }
        }
        Ok(self.users.keep(users))
    }

    /// Who of the profile has which calendar.
    pub(super) async fn people(&self, profile: &Profile) -> Result<People, Fault> {
        let owner = self.account().await?.user_id.clone();
        let given = |employee: &str| self.settings.users.get(employee).and_then(read::text);
        let is_given = profile.employees.iter().all(|employee| given(&employee.id).is_some());
        let users = if is_given { Arc::default() } else { self.users().await? };
        let people = paired(profile, &users, given, &owner);
        for employee in profile.visible_employees().filter(|employee| people.user(&employee.id).is_none()) {
            tracing::debug!(employee = %employee.id, "no user of the portal has this name: the webhook's owner keeps the visits");
        }
        Ok(people)
    }
}

/// Reads `user.get`.
///
/// # Errors
/// When it is no list.
pub fn read_users(value: &Value) -> Result<Vec<User>, String> {
    let Value::Array(rows) = value else { return Err("the users are no list".to_owned()) };
    let user = |row: &Value| {
        let of = |name: &str| row.get(name).and_then(read::text);
        Some(User { id: of("ID")?, name: read::full_name(&[of("NAME"), of("LAST_NAME")]) })
    };
    Ok(rows.iter().filter_map(user).collect())
}

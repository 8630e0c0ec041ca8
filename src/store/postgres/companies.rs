//! The business profile.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Weekday;
use tokio_postgres::Row;

use super::contacts::alone;
use super::rows::{all, execute, flag, int, int_opt, json, ms, one, scalar, text, text_opt, to_json};
use super::sessions::{snapshot, transaction};
use super::values::params;
use super::{Connection, PostgresStore, kept, knowledge};
use crate::domain::company::{Company, Employee, Interval, KnowledgeEntry, Price, Profile, Service, WeekHours};
use crate::domain::copies::{CATALOGUE, Copies};
use crate::domain::overlay::CatalogueCopy;
use crate::domain::store::{Companies, ProfileChange, StoreResult};

#[async_trait]
impl Companies for PostgresStore {
    async fn profile(&self) -> StoreResult<Option<Arc<Profile>>> {
        let version = self.profile_version().await?;
        let known = kept(&self.profile).clone();
        if let Some((known, profile)) = known
            && known == version
        {
            return Ok(Some(profile));
        }
        let loaded = snapshot!(self.sessions, c => {
            let version = version_of(c, self.refine.connection.as_deref()).await?;
            Ok(load(c).await?.map(|profile| (version, profile)))
        });
        let Some((version, mut profile)) = loaded? else { return Ok(None) };
        let copy = match &self.refine.connection {
            Some(connection) => self.copied(connection, CATALOGUE, "").await?,
            None => None,
        };
        let copy = copy.and_then(|copy| serde_json::from_value::<CatalogueCopy>(copy.body).ok());
        self.refine.apply(&mut profile, copy.as_ref());
        let profile = Arc::new(profile);
        *kept(&self.profile) = Some((version, Arc::clone(&profile)));
        Ok(Some(profile))
    }

    async fn profile_version(&self) -> StoreResult<i64> {
        version_of(&*self.sessions.connection().await?, self.refine.connection.as_deref()).await
    }

    async fn own_profile(&self) -> StoreResult<Option<Profile>> {
        snapshot!(self.sessions, c => load(c).await)
    }

    async fn save_profile(&self, profile: &Profile, now: Timestamp) -> StoreResult<ProfileChange> {
        transaction!(self.sessions, c => save(c, profile, now).await)
    }
}

async fn version_of(c: &Connection, connection: Option<&str>) -> StoreResult<i64> {
    // A copy of a CRM's catalogue changes it too: its moment is far larger than any count of versions.
    let sql =
        "SELECT version + coalesce((SELECT at FROM copies WHERE connection=$1::text AND kind=$2::text AND id=''), 0)
               FROM company";
    let connection = connection.map(str::to_owned);
    Ok(scalar(c, sql, params![connection, CATALOGUE]).await?.unwrap_or(0))
}

pub(super) async fn load(c: &Connection) -> StoreResult<Option<Profile>> {
    let Some(mut company) = one(c, "SELECT body FROM company", &[], |row| json::<Company>(row, "body")).await? else {
        return Ok(None);
    };
    company.hours = hours(c, "").await?;
    let services = all(c, "SELECT * FROM services ORDER BY position, id", &[], read_service).await?;
    let mut employees = all(c, "SELECT * FROM employees ORDER BY position, id", &[], read_employee).await?;
    for employee in &mut employees {
        if employee.hours.is_some() {
            employee.hours = Some(hours(c, &employee.id).await?);
        }
    }
    let knowledge = all(c, "SELECT title, text, tags FROM knowledge ORDER BY position, id", &[], |row| {
        Ok(KnowledgeEntry { title: text(row, "title")?, text: text(row, "text")?, tags: json(row, "tags")? })
    })
    .await?;
    Ok(Some(Profile { company, services, employees, knowledge }))
}

fn read_service(row: &Row) -> StoreResult<Service> {
    Ok(Service {
        id: text(row, "id")?,
        title: text(row, "title")?,
        aliases: json(row, "aliases")?,
        category: text_opt(row, "category")?,
        duration_min: u32::try_from(int(row, "duration_min")?).unwrap_or(0),
        price: match int_opt(row, "price_from")? {
            Some(from) => Some(Price { from, to: int_opt(row, "price_to")? }),
            None => None,
        },
        hidden: flag(row, "hidden")?,
    })
}

fn read_employee(row: &Row) -> StoreResult<Employee> {
    Ok(Employee {
        id: text(row, "id")?,
        name: text(row, "name")?,
        aliases: json(row, "aliases")?,
        title: text_opt(row, "title")?,
        services: json(row, "services")?,
        hours: flag(row, "own_hours")?.then(WeekHours::default),
        days_off: json(row, "days_off")?,
        hidden: flag(row, "hidden")?,
    })
}

async fn hours(c: &Connection, owner: &str) -> StoreResult<WeekHours> {
    let sql = "SELECT weekday, from_min, to_min FROM hours WHERE employee_id=$1 ORDER BY weekday, from_min";
    let rows = all(c, sql, params![owner], |row| {
        let minute = |column| int(row, column).map(|m| u16::try_from(m).unwrap_or(0));
        Ok((int(row, "weekday")?, Interval { from: minute("from_min")?, to: minute("to_min")? }))
    })
    .await?;
    let mut week = WeekHours::default();
    for (day, interval) in rows {
        if let Some(list) = usize::try_from(day).ok().and_then(|day| week.0.get_mut(day)) {
            list.push(interval);
        }
    }
    Ok(week)
}

async fn save_hours(c: &Connection, owner: &str, week: &WeekHours) -> StoreResult<()> {
    for day in 0..7i8 {
        let Ok(weekday) = Weekday::from_monday_zero_offset(day) else { continue };
        for interval in week.on(weekday) {
            execute(
                c,
                "INSERT INTO hours(employee_id, weekday, from_min, to_min) VALUES($1,$2,$3,$4)",
                params![owner, day, interval.from, interval.to],
            )
            .await?;
        }
    }
    Ok(())
}

/// What is loaded now with what is gone kept as hidden, so that past bookings still have their names.
fn merged(old: Option<Profile>, new: &Profile) -> (Profile, u32, u32) {
    let mut merged = new.clone();
    let (mut services_hidden, mut employees_hidden) = (0, 0);
    if let Some(old) = old {
        for mut service in old.services {
            if new.services.iter().all(|kept| kept.id != service.id) {
                services_hidden += u32::from(!service.hidden);
                service.hidden = true;
                merged.services.push(service);
            }
        }
        for mut employee in old.employees {
            if new.employees.iter().all(|kept| kept.id != employee.id) {
                employees_hidden += u32::from(!employee.hidden);
                employee.hidden = true;
                merged.employees.push(employee);
            }
        }
    }
    (merged, services_hidden, employees_hidden)
}

async fn save(c: &Connection, profile: &Profile, now: Timestamp) -> StoreResult<ProfileChange> {
    alone(c, "profile").await?;
    let old = load(c).await?;
    let (merged, services_hidden, employees_hidden) = merged(old.clone(), profile);
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut change = ProfileChange {
        changed: false,
        services: count(profile.services.len()),
        services_hidden,
        employees: count(profile.employees.len()),
        employees_hidden,
        knowledge: count(profile.knowledge.len()),
    };
    if old.as_ref() == Some(&merged) {
        return Ok(change);
    }
    change.changed = true;
    execute(
        c,
        "INSERT INTO company(id, body, version, updated_at) VALUES(1,$1,1,$2)
         ON CONFLICT(id) DO UPDATE SET body=excluded.body, version=company.version+1, updated_at=excluded.updated_at",
        params![to_json(&merged.company)?, ms(now)],
    )
    .await?;
    for table in ["services", "employees", "hours"] {
        execute(c, &format!("DELETE FROM {table}"), &[]).await?;
    }
    save_hours(c, "", &merged.company.hours).await?;
    for (position, service) in merged.services.iter().enumerate() {
        save_service(c, position, service).await?;
    }
    for (position, employee) in merged.employees.iter().enumerate() {
        save_employee(c, position, employee).await?;
    }
    knowledge::replace(c, &merged.knowledge).await?;
    Ok(change)
}

async fn save_service(c: &Connection, position: usize, service: &Service) -> StoreResult<()> {
    execute(
        c,
        "INSERT INTO services(id, position, title, aliases, category, duration_min, price_from, price_to, hidden)
         VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9)",
        params![
            service.id,
            i64::try_from(position).unwrap_or(i64::MAX),
            service.title,
            to_json(&service.aliases)?,
            service.category,
            service.duration_min,
            service.price.map(|price| price.from),
            service.price.and_then(|price| price.to),
            service.hidden
        ],
    )
    .await
    .map(|_| ())
}

async fn save_employee(c: &Connection, position: usize, employee: &Employee) -> StoreResult<()> {
    execute(
        c,
        "INSERT INTO employees(id, position, name, aliases, title, services, own_hours, days_off, hidden)
         VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9)",
        params![
            employee.id,
            i64::try_from(position).unwrap_or(i64::MAX),
            employee.name,
            to_json(&employee.aliases)?,
            employee.title,
            to_json(&employee.services)?,
            employee.hours.is_some(),
            to_json(&employee.days_off)?,
            employee.hidden
        ],
    )
    .await?;
    match &employee.hours {
        Some(week) => save_hours(c, &employee.id, week).await,
        None => Ok(()),
    }
}

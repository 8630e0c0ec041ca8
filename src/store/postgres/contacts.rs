//! People.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::Connection;
use super::rows::{all, execute, ms, parsed, parsed_opt, scalar, text_opt, time_of};
use super::values::params;
use crate::domain::contact::{Contact, Phone, Region};
use crate::domain::id::ContactId;
use crate::domain::store::StoreResult;

pub(super) fn phone(stored: &str) -> Option<Phone> {
    Phone::parse(stored, Region::default()).ok()
}

/// Keeps others with the same word waiting until the transaction ends: of two who look and then make, one makes.
pub(super) async fn alone(c: &Connection, about: &str) -> StoreResult<()> {
    let sql = "SELECT 1::bigint FROM (SELECT pg_advisory_xact_lock(hashtextextended($1, 0))) AS l";
    scalar::<i64>(c, sql, params![about]).await.map(|_| ())
}

pub(super) fn read_contact(row: &Row) -> StoreResult<Contact> {
    Ok(Contact {
        id: parsed(row, "id", |s| s.parse().ok())?,
        name: text_opt(row, "name")?,
        phone: parsed_opt(row, "phone", phone)?,
        verified_phone: parsed_opt(row, "verified_phone", phone)?,
        email: text_opt(row, "email")?,
        created_at: time_of(row, "created_at")?,
    })
}

pub(super) async fn by_phone(c: &Connection, phone: &Phone) -> StoreResult<Vec<Contact>> {
    let sql = "SELECT p.* FROM contacts p WHERE p.phone=$1 ORDER BY coalesce(
               (SELECT max(last_message_at) FROM conversations v WHERE v.contact_id=p.id), p.created_at) DESC, p.id DESC";
    all(c, sql, params![phone.as_str()], read_contact).await
}

pub(super) async fn ensure(c: &Connection, phone: &Phone, name: Option<&str>, now: Timestamp) -> StoreResult<Contact> {
    alone(c, &format!("contact:{}", phone.as_str())).await?;
    // Whoever only typed the number may be somebody else.
    let vouched = |contact: &Contact| contact.verified_phone.as_ref() == Some(phone);
    if let Some(mut known) = by_phone(c, phone).await?.into_iter().find(vouched) {
        if known.name.is_none() && name.is_some() {
            execute(c, "UPDATE contacts SET name=$2 WHERE id=$1", params![known.id.to_string(), name]).await?;
            known.name = name.map(str::to_owned);
        }
        return Ok(known);
    }
    let contact = Contact {
        id: ContactId::new(now),
        name: name.map(str::to_owned),
        phone: Some(phone.clone()),
        verified_phone: Some(phone.clone()),
        email: None,
        created_at: now,
    };
    let sql = "INSERT INTO contacts(id, name, phone, verified_phone, created_at) VALUES($1,$2,$3,$3,$4)";
    execute(c, sql, params![contact.id.to_string(), contact.name, phone.as_str(), ms(now)]).await?;
    Ok(contact)
}

//! The booking ledger. A live row keeps its five-minute ticks under a primary key: of N that want one slot one wins.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::conversations::{event, phone};
use super::rows::{
    Where, all, execute, int, int_opt, ms, one, order, parsed, parsed_opt, scalar, text, text_opt, time_of,
};
use crate::domain::booking::{Booking, BookingState, NewBooking};
use crate::domain::contact::{Channel, Phone};
use crate::domain::id::BookingId;
use crate::domain::store::{BookingFilter, BookingMove, BookingUpdate, Busy, Ledger, Page, StoreError, StoreResult};

const BUCKET_MS: i64 = 5 * 60 * 1000;
const LIVE: &str = "state IN ('held', 'committing', 'booked', 'unknown')";

#[async_trait]
impl Ledger for SqliteStore {
    async fn reserve(&self, booking: &NewBooking, state: BookingState, now: Timestamp) -> StoreResult<Booking> {
        let booking = booking.clone();
        self.write(move |c| reserve(c, BookingId::new(now), &booking, state, now)).await
    }

    async fn booking(&self, id: BookingId) -> StoreResult<Option<Booking>> {
        self.read(move |c| find(c, id)).await
    }

    async fn booking_by_key(&self, connection: &str, key: &str) -> StoreResult<Option<Booking>> {
        let (connection, key) = (connection.to_owned(), key.to_owned());
        self.read(move |c| match known_key(c, &connection, &key)? {
            Some((_, Some(id))) => find(c, id),
            _ => Ok(None),
        })
        .await
    }

    async fn key_meaning(&self, connection: &str, key: &str) -> StoreResult<Option<String>> {
        let (connection, key) = (connection.to_owned(), key.to_owned());
        self.read(move |c| Ok(known_key(c, &connection, &key)?.map(|(fingerprint, _)| fingerprint))).await
    }

    async fn try_key(&self, connection: &str, key: &str, fingerprint: &str, now: Timestamp) -> StoreResult<()> {
        let (connection, key, fingerprint) = (connection.to_owned(), key.to_owned(), fingerprint.to_owned());
        self.write(move |c| match known_key(c, &connection, &key)? {
            None => note_key(c, &connection, &key, &fingerprint, None, now),
            Some((known, None)) if known == fingerprint => Ok(()),
            Some(_) => Err(StoreError::KeyReused),
        })
        .await
    }

    async fn remove_bookings(&self, connection: &str, keys: &[String]) -> StoreResult<()> {
        let (connection, keys) = (connection.to_owned(), keys.to_vec());
        self.write(move |c| keys.iter().try_for_each(|key| remove(c, &connection, key))).await
    }

    async fn bookings(&self, filter: &BookingFilter, page: &Page) -> StoreResult<Vec<Booking>> {
        let (mut clause, page) = (clause_of(filter), page.clone());
        self.read(move |c| {
            clause.after(&page, "start_at", "id");
            let sql = format!("SELECT * FROM bookings{}{}", clause.sql(), order(&page, "start_at", "id"));
            all(c, &sql, clause.params(), read_booking)
        })
        .await
    }

    async fn update_booking(&self, update: &BookingUpdate, now: Timestamp) -> StoreResult<Booking> {
        let update = update.clone();
        self.write(move |c| apply(c, &update, now)).await
    }

    async fn move_booking(&self, change: &BookingMove, now: Timestamp) -> StoreResult<Booking> {
        let change = change.clone();
        self.write(move |c| relocate(c, &change, now)).await
    }

    async fn busy(&self, connection: &str, from: Timestamp, to: Timestamp) -> StoreResult<Vec<Busy>> {
        let connection = connection.to_owned();
        self.read(move |c| {
            let sql = format!(
                "SELECT id, external_id, employee_id, start_at, end_at FROM bookings
                 WHERE connection=?1 AND {LIVE} AND end_at>?2 AND start_at<?3 ORDER BY start_at"
            );
            all(c, &sql, params![connection, ms(from), ms(to)], |row| {
                Ok(Busy {
                    employee_id: text_opt(row, "employee_id")?,
                    start: time_of(row, "start_at")?,
                    end: time_of(row, "end_at")?,
                    booking_id: parsed(row, "id", |s| s.parse().ok())?,
                    external_id: text_opt(row, "external_id")?,
                })
            })
        })
        .await
    }
}

fn clause_of(filter: &BookingFilter) -> Where {
    let mut clause = Where::default();
    clause.and_opt("connection = ?", filter.connection.clone());
    clause.any_of("state", filter.state.iter().map(|state| state.as_str()));
    clause.and_opt("phone = ?", filter.phone.as_ref().map(|phone| phone.as_str().to_owned()));
    clause.and_opt("contact_id = ?", filter.contact_id.map(|id| id.to_string()));
    clause.and_opt("conversation_id = ?", filter.conversation_id.map(|id| id.to_string()));
    clause.and_opt("employee_id = ?", filter.employee_id.clone());
    clause.and_opt("external_id = ?", filter.external_id.clone());
    clause.and_opt("start_at >= ?", filter.from.map(ms));
    clause.and_opt("start_at < ?", filter.to.map(ms));
    clause
}

fn find(c: &Connection, id: BookingId) -> StoreResult<Option<Booking>> {
    one(c, "SELECT * FROM bookings WHERE id=?1", [id.to_string()], read_booking)
}

fn read_booking(row: &Row<'_>) -> StoreResult<Booking> {
    Ok(Booking {
        id: parsed(row, "id", |s| s.parse().ok())?,
        connection: text(row, "connection")?,
        external_id: text_opt(row, "external_id")?,
        state: parsed(row, "state", BookingState::parse)?,
        service_id: text(row, "service_id")?,
        service_title: text(row, "service_title")?,
        employee_id: text_opt(row, "employee_id")?,
        employee_name: text_opt(row, "employee_name")?,
        start: time_of(row, "start_at")?,
        end: time_of(row, "end_at")?,
        client_name: text_opt(row, "client_name")?,
        phone: parsed_opt(row, "phone", phone)?,
        price: int_opt(row, "price")?,
        currency: text(row, "currency")?,
        comment: text_opt(row, "comment")?,
        channel: parsed_opt(row, "channel", Channel::parse)?,
        contact_id: parsed_opt(row, "contact_id", |s| s.parse().ok())?,
        conversation_id: parsed_opt(row, "conversation_id", |s| s.parse().ok())?,
        lead_id: parsed_opt(row, "lead_id", |s| s.parse().ok())?,
        error: text_opt(row, "error")?,
        created_at: time_of(row, "created_at")?,
        updated_at: time_of(row, "updated_at")?,
        version: int(row, "version")?,
    })
}

fn known_key(c: &Connection, connection: &str, key: &str) -> StoreResult<Option<(String, Option<BookingId>)>> {
    let sql = "SELECT fingerprint, booking_id FROM booking_keys WHERE connection=?1 AND key=?2";
    one(c, sql, params![connection, key], |row| {
        Ok((text(row, "fingerprint")?, parsed_opt(row, "booking_id", |s| s.parse().ok())?))
    })
}

fn note_key(
    c: &Connection,
    connection: &str,
    key: &str,
    fingerprint: &str,
    id: Option<BookingId>,
    now: Timestamp,
) -> StoreResult<()> {
    execute(
        c,
        "INSERT INTO booking_keys(connection, key, fingerprint, booking_id, created_at) VALUES(?1,?2,?3,?4,?5)
         ON CONFLICT(connection, key) DO UPDATE SET fingerprint=excluded.fingerprint, booking_id=excluded.booking_id",
        params![connection, key, fingerprint, id.map(|id| id.to_string()), ms(now)],
    )
    .map(|_| ())
}

pub(super) fn reserve(
    c: &Connection,
    id: BookingId,
    new: &NewBooking,
    state: BookingState,
    now: Timestamp,
) -> StoreResult<Booking> {
    let fingerprint = new.fingerprint();
    if let Some((known, Some(first))) = known_key(c, &new.connection, &new.key)?
        && let Some(row) = find(c, first)?
        // A refused booking had no effect: its key may try again, also with other arguments.
        && row.state != BookingState::Refused
    {
        return if known == fingerprint { Ok(row) } else { Err(StoreError::KeyReused) };
    }
    execute(
        c,
        "INSERT INTO bookings(id, connection, state, service_id, service_title, employee_id, employee_name, start_at,
         end_at, client_name, phone, price, currency, comment, channel, contact_id, conversation_id, lead_id,
         created_at, updated_at)
         VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?19)",
        params![
            id.to_string(),
            new.connection,
            state.as_str(),
            new.service_id,
            new.service_title,
            new.employee_id,
            new.employee_name,
            ms(new.start),
            ms(new.end),
            new.client_name,
            new.phone.as_ref().map(Phone::as_str),
            new.price,
            new.currency,
            new.comment,
            new.channel.map(Channel::as_str),
            new.contact_id.map(|id| id.to_string()),
            new.conversation_id.map(|id| id.to_string()),
            new.lead_id.map(|id| id.to_string()),
            ms(now)
        ],
    )?;
    if state.is_live() {
        occupy(c, &new.connection, new.employee_id.as_deref(), new.start, new.end, id)?;
    }
    note_key(c, &new.connection, &new.key, &fingerprint, Some(id), now)?;
    if state == BookingState::Booked {
        event(c, "booking.booked", &id.to_string(), now)?;
    }
    find(c, id)?.ok_or(StoreError::NotFound("booking"))
}

/// Takes the slot. The one writer looks at exact overlap; the ticks hold against whoever writes beside it.
fn occupy(
    c: &Connection,
    connection: &str,
    employee: Option<&str>,
    start: Timestamp,
    end: Timestamp,
    id: BookingId,
) -> StoreResult<()> {
    // A booking with nobody in particular takes nobody's time.
    let Some(employee) = employee else { return Ok(()) };
    let overlap = format!(
        "SELECT 1 FROM bookings WHERE connection=?1 AND employee_id=?2 AND {LIVE} AND end_at>?3 AND start_at<?4
         AND id<>?5 LIMIT 1"
    );
    if scalar::<i64>(c, &overlap, params![connection, employee, ms(start), ms(end), id.to_string()])?.is_some() {
        return Err(StoreError::SlotTaken);
    }
    // Ticks inside `start..end`: visits that touch share none, wherever between two ticks they touch.
    let (first, after) = (tick(start), tick(end));
    for bucket in first..after {
        let sql = "INSERT INTO booking_slots(connection, employee_id, bucket, booking_id) VALUES(?1,?2,?3,?4)
                   ON CONFLICT DO NOTHING";
        if execute(c, sql, params![connection, employee, bucket, id.to_string()])? == 0 {
            return Err(StoreError::SlotTaken);
        }
    }
    Ok(())
}

/// The first tick at or after a moment.
fn tick(at: Timestamp) -> i64 {
    (ms(at) + BUCKET_MS - 1).div_euclid(BUCKET_MS)
}

fn release(c: &Connection, id: BookingId) -> StoreResult<()> {
    execute(c, "DELETE FROM booking_slots WHERE booking_id=?1", [id.to_string()]).map(|_| ())
}

pub(super) fn apply(c: &Connection, update: &BookingUpdate, now: Timestamp) -> StoreResult<Booking> {
    let row = find(c, update.id)?.ok_or(StoreError::NotFound("booking"))?;
    let same = row.state == update.state
        && (update.external_id.is_none() || update.external_id == row.external_id)
        && update.error == row.error;
    if same {
        return Ok(row);
    }
    execute(
        c,
        "UPDATE bookings SET state=?2, external_id=coalesce(?3, external_id), error=?4, updated_at=?5, version=version+1
         WHERE id=?1",
        params![update.id.to_string(), update.state.as_str(), update.external_id, update.error, ms(now)],
    )?;
    match (row.state.is_live(), update.state.is_live()) {
        (true, false) => release(c, update.id)?,
        (false, true) => occupy(c, &row.connection, row.employee_id.as_deref(), row.start, row.end, update.id)?,
        _ => {}
    }
    if row.state != update.state {
        let kind = match update.state {
            BookingState::Booked => Some("booking.booked"),
            BookingState::Refused => Some("booking.refused"),
            BookingState::Cancelled => Some("booking.cancelled"),
            _ => None,
        };
        if let Some(kind) = kind {
            event(c, kind, &update.id.to_string(), now)?;
        }
    }
    find(c, update.id)?.ok_or(StoreError::NotFound("booking"))
}

fn relocate(c: &Connection, change: &BookingMove, now: Timestamp) -> StoreResult<Booking> {
    let row = find(c, change.id)?.ok_or(StoreError::NotFound("booking"))?;
    let employee = change.employee_id.as_deref();
    let fingerprint = change.fingerprint();
    if let Some((known, moved)) = known_key(c, &row.connection, &change.key)? {
        if !change.is_meant_by(&known) {
            return Err(StoreError::KeyReused);
        }
        if moved.is_some() {
            return Ok(row);
        }
    }
    if !row.state.is_live() {
        return Err(StoreError::NotFound("live booking"));
    }
    release(c, change.id)?;
    execute(
        c,
        "UPDATE bookings SET start_at=?2, end_at=?3, employee_id=?4, employee_name=?5, updated_at=?6, version=version+1
         WHERE id=?1",
        params![change.id.to_string(), ms(change.start), ms(change.end), employee, change.employee_name, ms(now)],
    )?;
    occupy(c, &row.connection, employee, change.start, change.end, change.id)?;
    note_key(c, &row.connection, &change.key, &fingerprint, Some(change.id), now)?;
    event(c, "booking.moved", &change.id.to_string(), now)?;
    find(c, change.id)?.ok_or(StoreError::NotFound("booking"))
}

fn remove(c: &Connection, connection: &str, key: &str) -> StoreResult<()> {
    let booking = known_key(c, connection, key)?.and_then(|(_, id)| id);
    execute(c, "DELETE FROM booking_keys WHERE connection=?1 AND key=?2", params![connection, key])?;
    let Some(row) = booking.map(|id| find(c, id)).transpose()?.flatten() else { return Ok(()) };
    let id = row.id.to_string();
    release(c, row.id)?;
    execute(c, "DELETE FROM booking_keys WHERE booking_id=?1", [&id])?;
    execute(c, "DELETE FROM events WHERE subject=?1", [&id])?;
    execute(c, "DELETE FROM bookings WHERE id=?1", [&id])?;
    let Some(contact) = row.contact_id else { return Ok(()) };
    execute(
        c,
        "DELETE FROM contacts WHERE id=?1
         AND NOT EXISTS (SELECT 1 FROM conversations WHERE contact_id=?1)
         AND NOT EXISTS (SELECT 1 FROM leads WHERE contact_id=?1)
         AND NOT EXISTS (SELECT 1 FROM bookings WHERE contact_id=?1)",
        [contact.to_string()],
    )
    .map(|_| ())
}

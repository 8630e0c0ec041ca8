//! Implementations of the store's traits. Only `sqlite/` names rusqlite, only `postgres/` tokio-postgres.

pub mod postgres;
pub mod sqlite;

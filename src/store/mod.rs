//! Implementations of the store's traits. Only `sqlite/` names rusqlite.

pub mod sqlite;

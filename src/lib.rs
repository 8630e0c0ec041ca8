//! flow: one program that puts a front desk before the CRM a small business already has.
//!
//! The house is described in `ARCHITECTURE.md`; the layers are held by `tests/layers`.

pub mod adapters;
pub mod config;
pub mod dialog;
pub mod domain;
pub mod store;

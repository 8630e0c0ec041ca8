//! Connections to CRMs over a wire, before stand-ins of their vendors.

mod amocrm;
mod dikidi;
mod front_door;
mod suite;
mod onec;
mod support;
mod yclients;

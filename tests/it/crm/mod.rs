//! Connections to CRMs over a wire, before stand-ins of their vendors.

mod front_door;
mod suite;
mod amocrm;
mod dikidi;
mod support;
mod yclients;

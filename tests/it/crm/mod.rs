//! Connections to CRMs over a wire, before stand-ins of their vendors.

mod amocrm;
mod bitrix24;
mod dialogue;
mod dikidi;
mod easyweek;
mod front_door;
mod front_door_cards;
mod jobs;
mod onec;
mod suite;
mod support;
mod yclients;

//! Stories told to the state machine, with understandings built by hand.

mod bookings;
mod desk;
mod edges;
mod garage;
mod means;
mod questions;
mod stories;
mod visits;
mod wishes;

//! The words of flow and the traits that others implement: no I/O, no runtime.

pub mod booking;
pub mod channel;
pub mod clock;
pub mod company;
pub mod contact;
pub mod conversation;
pub mod copies;
pub mod crm;
pub mod erasure;
pub mod fault;
pub mod id;
pub mod job;
pub mod knowledge;
pub mod lead;
pub mod outbox;
pub mod overlay;
pub mod queue;
pub mod refusal;
pub mod sharing;
pub mod signing;
pub mod slots;
pub mod store;
pub mod text;
pub mod token;
pub mod transfer;
pub mod view;

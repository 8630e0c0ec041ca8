//! Channels that messages are carried to and fetched from.

pub mod telegram;

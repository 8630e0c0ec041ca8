//! What front-door tests share.

pub mod botapi;
pub mod daemon;
pub mod postgres;
pub mod redis;
pub mod talk;
pub mod vendor;
pub mod webdriver;

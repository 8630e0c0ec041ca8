//! What front-door tests share.

pub mod daemon;
pub mod talk;
pub mod webdriver;

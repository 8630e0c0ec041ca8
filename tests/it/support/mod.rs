//! What front-door tests share.

pub mod botapi;
pub mod daemon;
pub mod talk;
pub mod vendor;
pub mod webdriver;

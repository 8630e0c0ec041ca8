//! The far sides. Each adapter knows the domain, not its neighbours.

pub mod channel;
pub mod crm;
pub mod http;
pub mod redis;

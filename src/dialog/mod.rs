//! What to say: from a client's words to a reply and its effects.

pub mod flow;
pub mod say;
pub mod understand;

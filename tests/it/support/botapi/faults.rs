//! What goes wrong on request.

use std::time::Duration;

/// What happens to some of the calls to come.
#[derive(Clone, Debug)]
pub struct Rule {
    pub method: &'static str,
    /// Only calls for this chat.
    pub chat: Option<i64>,
    /// How many calls; the rule is gone after them.
    pub times: usize,
    pub fault: Fault,
}

/// A way in which a call goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// 429 with that many seconds.
    RetryAfter(u64),
    /// An error code with its description. After a 5xx teloxide sleeps ten seconds.
    Refuse(u16, &'static str),
    /// The group became a supergroup with this id.
    Migrate(i64),
    /// A page of a proxy with that status.
    Html(u16),
    /// The connection is closed and nothing is done.
    DropBefore,
    /// It is done and the connection is closed without an answer.
    DropAfter,
    /// It is done and answered with an error code and its description.
    RefuseAfter(u16, &'static str),
    /// It is done and answered with a page of a proxy.
    HtmlAfter(u16),
    /// It is done and answered after the wait, even when nobody waits any more.
    Slow(Duration),
    /// Nothing is done and nothing is answered.
    Hang,
}

/// Faults by chance.
pub(super) struct Chance {
    seed: u64,
    drop_before: u64,
    drop_after: u64,
}

impl Chance {
    /// In that many of a hundred calls each.
    pub(super) fn new(seed: u64, drop_before: u8, drop_after: u8) -> Self {
        // Mixed, so that small seeds differ from the first draw on; a zero would draw zeros for ever.
        let seed = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        Self { seed, drop_before: drop_before.into(), drop_after: drop_after.into() }
    }

    /// One draw (xorshift).
    pub(super) fn draw(&mut self) -> Option<Fault> {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        match (self.seed >> 32) % 100 {
            drawn if drawn < self.drop_before => Some(Fault::DropBefore),
            drawn if drawn < self.drop_before + self.drop_after => Some(Fault::DropAfter),
            _ => None,
        }
    }
}

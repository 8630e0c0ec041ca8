//! What a part cannot do at present: told when it begins, once a minute while it lasts, and when it is over.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// While it lasts it is told again this often.
const REMIND: Duration = Duration::from_secs(60);

/// Something that works or does not, in the words of the log.
#[derive(Debug)]
pub struct Outage {
    lost: &'static str,
    back: &'static str,
    /// Since when it lasts, and when it was told last.
    state: Option<(Instant, Instant)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Lost,
    Still(Duration),
    Back(Duration),
}

impl Outage {
    /// All is well so far.
    #[must_use]
    pub const fn new(lost: &'static str, back: &'static str) -> Self {
        Self { lost, back, state: None }
    }

    /// Notes how it went this time.
    pub fn note<T, E: Display>(&mut self, outcome: &Result<T, E>) {
        match (self.step(outcome.is_err(), Instant::now()), outcome) {
            (Some(Word::Lost), Err(error)) => tracing::error!(%error, "{}", self.lost),
            (Some(Word::Still(lasts)), Err(error)) => {
                tracing::warn!(%error, for_s = lasts.as_secs(), "it is still so: {}", self.lost);
            }
            (Some(Word::Back(lasts)), _) => tracing::warn!(after_s = lasts.as_secs(), "{}", self.back),
            _ => {}
        }
    }

    fn step(&mut self, is_failure: bool, now: Instant) -> Option<Word> {
        match (&mut self.state, is_failure) {
            (None, false) => None,
            (None, true) => {
                self.state = Some((now, now));
                Some(Word::Lost)
            }
            (Some((since, _)), false) => {
                let lasted = now.duration_since(*since);
                self.state = None;
                Some(Word::Back(lasted))
            }
            (Some((since, told)), true) if now.duration_since(*told) >= REMIND => {
                *told = now;
                Some(Word::Still(now.duration_since(*since)))
            }
            (Some(_), true) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_at_once_and_what_lasts_once_a_minute() {
        let mut outage = Outage::new("lost", "back");
        let begin = Instant::now();
        let at = |seconds: u64| begin + Duration::from_secs(seconds);
        let told: Vec<(u64, Word)> = (0..200)
            .filter_map(|second| Some((second, outage.step((10..150).contains(&second), at(second))?)))
            .collect();
        let lasts = |seconds| Duration::from_secs(seconds);
        let expected = [
            (10, Word::Lost),
            (70, Word::Still(lasts(60))),
            (130, Word::Still(lasts(120))),
            (150, Word::Back(lasts(140))),
        ];
        assert_eq!(told, expected);
    }
}

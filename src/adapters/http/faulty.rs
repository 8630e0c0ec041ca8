//! Troubles on the way, for tests and drills: each call takes the next of a plan.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{Answer, Broken, Call, Transport};

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// The far side cannot be reached.
    Refused,
    /// It hears nothing, and we cannot know.
    Dropped,
    /// It does what is asked, and its answer is lost.
    AppliedThenDropped,
    /// It does what is asked and answers like this.
    AppliedThen(u16),
    /// It answers like this and does nothing: status and body.
    Answers(u16, String),
    /// Its answer is cut in the middle.
    Cut,
    /// It never answers.
    Silent,
}

/// When a trouble comes.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Only calls of these operations; empty: all.
    pub operations: Vec<&'static str>,
    /// What happens to them, one after the other; afterwards nothing does.
    pub troubles: VecDeque<Trouble>,
}

/// A way with troubles.
pub struct Faulty {
    inner: Arc<dyn Transport>,
    plan: Mutex<Plan>,
    /// What was asked so far: operation names.
    calls: Mutex<Vec<&'static str>>,
}

impl Faulty {
    /// That way, without troubles yet.
    #[must_use]
    pub fn new(inner: Arc<dyn Transport>) -> Self {
        let plan = Plan { operations: Vec::new(), troubles: VecDeque::new() };
        Self { inner, plan: Mutex::new(plan), calls: Mutex::default() }
    }

    /// The next calls of these operations (all when empty) meet these troubles.
    pub fn next(&self, operations: &[&'static str], troubles: impl IntoIterator<Item = Trouble>) {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) =
            Plan { operations: operations.to_vec(), troubles: troubles.into_iter().collect() };
    }

    /// What was asked since the last look.
    pub fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn trouble(&self, call: &Call) -> Trouble {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let is_meant = plan.operations.is_empty() || plan.operations.contains(&call.operation);
        is_meant.then(|| plan.troubles.pop_front()).flatten().unwrap_or(Trouble::None)
    }
}

#[async_trait]
impl Transport for Faulty {
    async fn send(&self, call: &Call) -> Result<Answer, Broken> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call.operation);
        let lost = || Broken::Lost("connection reset".to_owned());
        match self.trouble(call) {
            Trouble::None => self.inner.send(call).await,
            Trouble::Refused => Err(Broken::NotSent("connection refused".to_owned())),
            Trouble::Dropped => Err(lost()),
            Trouble::AppliedThenDropped => {
                self.inner.send(call).await?;
                Err(lost())
            }
            Trouble::AppliedThen(status) => {
                self.inner.send(call).await?;
                Ok(Answer { status, body: b"<html>Bad gateway</html>".to_vec(), ..Answer::default() })
            }
            Trouble::Answers(status, body) => Ok(Answer { status, body: body.into_bytes(), ..Answer::default() }),
            Trouble::Cut => {
                let mut answer = self.inner.send(call).await?;
                answer.body.truncate(answer.body.len() / 2);
                Ok(answer)
            }
            Trouble::Silent => Err(Broken::TooLong),
        }
    }
}

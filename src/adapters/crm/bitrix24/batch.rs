//! Several commands in one request: the portal counts requests, not commands.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::judge::{detail, kind, read_error};
use super::php;
use super::wire::Wire;
use crate::domain::fault::{Fault, FaultKind};

/// More are refused.
pub const MOST: usize = 50;

/// A command of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// What its answer is found by.
    pub key: String,
    /// The method.
    pub method: &'static str,
    /// Its parameters.
    pub params: Value,
}

impl Command {
    /// A command.
    #[must_use]
    pub fn new(key: impl Into<String>, method: &'static str, params: Value) -> Self {
        Self { key: key.into(), method, params }
    }
}

/// Answers by the keys of their commands.
pub struct Replies {
    results: HashMap<String, Result<Value, Fault>>,
    times: HashMap<String, f64>,
}

impl Replies {
    /// What came of a command.
    ///
    /// # Errors
    /// What the portal said to it; `Protocol` when it said nothing.
    pub fn get(&self, key: &str) -> Result<&Value, Fault> {
        match self.results.get(key) {
            Some(Ok(value)) => Ok(value),
            Some(Err(fault)) => Err(fault.clone()),
            None => Err(Fault::new(FaultKind::Protocol, "bitrix24", "batch", format!("no answer to `{key}`"))),
        }
    }

    /// How long a command took, in milliseconds, where the portal says so.
    #[must_use]
    pub fn ms(&self, key: &str) -> Option<u64> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a short positive time")]
        self.times.get(key).map(|seconds| (seconds.clamp(0.0, 3600.0) * 1000.0) as u64)
    }
}

/// The parameters of a batch.
#[must_use]
pub fn batch_params(commands: &[Command]) -> Value {
    let commands: Map<String, Value> = commands
        .iter()
        .map(|command| {
            let query = php::query(&command.params);
            let question = if query.is_empty() { "" } else { "?" };
            (command.key.clone(), Value::String(format!("{}{question}{query}", command.method)))
        })
        .collect();
    json!({"halt": 0, "cmd": commands})
}

/// What stands under a key of a map that is an empty list when it is empty, and a list when its keys are numbers.
fn under<'v>(map: Option<&'v Value>, key: &str) -> Option<&'v Value> {
    match map? {
        Value::Object(members) => members.get(key),
        Value::Array(rows) => key.parse::<usize>().ok().and_then(|index| rows.get(index)),
        _ => None,
    }
}

impl Wire {
    /// Asks with several commands at once, however many they are. Commands that write are asked for once.
    ///
    /// # Errors
    /// What the portal says to the whole; what it says to one command is in the replies.
    pub async fn batch(&self, commands: &[Command], writes: bool) -> Result<Replies, Fault> {
        let mut replies = Replies { results: HashMap::new(), times: HashMap::new() };
        for some in commands.chunks(MOST) {
            let params = batch_params(some);
            let answer = if writes { self.write("batch", params).await? } else { self.read("batch", params).await? };
            self.sort(some, &answer, &mut replies);
        }
        Ok(replies)
    }

    fn sort(&self, commands: &[Command], answer: &Value, replies: &mut Replies) {
        let whole = answer.get("result");
        let part = |name: &str| whole.and_then(|whole| whole.get(name));
        for command in commands {
            if let Some(time) = under(part("result_time"), &command.key) {
                self.note_time(command.method, time);
                let duration = time.get("duration").and_then(Value::as_f64);
                replies.times.extend(duration.map(|duration| (command.key.clone(), duration)));
            }
            let refused = under(part("result_error"), &command.key).map(|error| self.refused(command.method, error));
            let result = match refused {
                Some(fault) => Err(fault),
                None => match under(part("result"), &command.key) {
                    Some(value) => Ok(value.clone()),
                    None => continue,
                },
            };
            replies.results.insert(command.key.clone(), result);
        }
    }

    fn refused(&self, method: &'static str, error: &Value) -> Fault {
        // Some portals give the words alone.
        let shaped = if error.is_object() { error.clone() } else { json!({"error": error}) };
        let Some(said) = read_error(&shaped) else {
            return self.fault(FaultKind::Protocol, method, "it refuses without a word");
        };
        let kind = kind(&said, 400);
        let fault = self.fault(kind.unwrap_or(FaultKind::Unavailable), method, detail(method, &said, kind));
        if said.code == "OPERATION_TIME_LIMIT" {
            return Fault { retry_after: Some(self.rest(method)), ..fault };
        }
        fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_encoded_once() {
        let command = Command::new("a", "crm.item.list", json!({"filter": {"title": "a&b"}, "start": -1}));
        let params = batch_params(&[command, Command::new("b", "profile", json!({}))]);
        assert_eq!(params["cmd"]["a"], "crm.item.list?filter[title]=a%26b&start=-1");
        assert_eq!(params["cmd"]["b"], "profile");
    }
}

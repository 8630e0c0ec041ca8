//! The query dialect of the interface, as far as flow speaks it.

use serde_json::Value;

/// A condition.
enum Node {
    Or(Box<Node>, Box<Node>),
    And(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Compare(Term, String, Term),
    Call(String, Vec<Term>),
}

/// What is compared.
enum Term {
    Field(String),
    Text(String),
    Number(f64),
    Flag(bool),
}

struct Parser<'t> {
    rest: &'t str,
}

/// Whether a row fits a condition.
pub(super) fn fits(condition: &str, row: &Value, unfilterable: &[String]) -> Result<bool, String> {
    if condition.trim().is_empty() {
        return Ok(true);
    }
    let mut parser = Parser { rest: condition };
    let node = parser.or()?;
    if !parser.rest.trim().is_empty() {
        return Err(format!("лишнее в отборе: {}", parser.rest));
    }
    eval(&node, row, unfilterable)
}

impl<'t> Parser<'t> {
    fn or(&mut self) -> Result<Node, String> {
        let mut node = self.and()?;
        while self.word("or") {
            node = Node::Or(Box::new(node), Box::new(self.and()?));
        }
        Ok(node)
    }

    fn and(&mut self) -> Result<Node, String> {
        let mut node = self.one()?;
        while self.word("and") {
            node = Node::And(Box::new(node), Box::new(self.one()?));
        }
        Ok(node)
    }

    fn one(&mut self) -> Result<Node, String> {
        if self.word("not") {
            return Ok(Node::Not(Box::new(self.one()?)));
        }
        if self.sign("(") {
            let node = self.or()?;
            return if self.sign(")") { Ok(node) } else { Err("скобка не закрыта".to_owned()) };
        }
        for name in ["substringof", "startswith", "endswith"] {
            if self.sign(&format!("{name}(")) {
                let first = self.term()?;
                let second =
                    if self.sign(",") { self.term()? } else { return Err("один параметр".to_owned()) };
                return match self.sign(")") {
                    true => Ok(Node::Call(name.to_owned(), vec![first, second])),
                    false => Err("скобка не закрыта".to_owned()),
                };
            }
        }
        let left = self.term()?;
        let operator = ["eq", "ne", "gt", "ge", "lt", "le"].into_iter().find(|operator| self.word(operator));
        let operator = operator.ok_or_else(|| format!("нет сравнения: {}", self.rest))?;
        Ok(Node::Compare(left, operator.to_owned(), self.term()?))
    }

    fn term(&mut self) -> Result<Term, String> {
        self.rest = self.rest.trim_start();
        for prefix in ["guid'", "datetime'", "'"] {
            if let Some(rest) = self.rest.strip_prefix(prefix) {
                self.rest = rest;
                let text = self.text()?;
                return Ok(Term::Text(if prefix == "guid'" { text.to_lowercase() } else { text }));
            }
        }
        if self.sign("cast(") {
            let value = self.term()?;
            let is_whole = self.sign(",") && self.term().is_ok() && self.sign(")");
            return if is_whole { Ok(value) } else { Err("cast".to_owned()) };
        }
        let end = self.rest.find([' ', ')', ',', '(']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            "" => Err("пусто".to_owned()),
            "true" => Ok(Term::Flag(true)),
            "false" => Ok(Term::Flag(false)),
            word => Ok(word.parse().map_or_else(|_| Term::Field(word.to_owned()), Term::Number)),
        }
    }

    fn text(&mut self) -> Result<String, String> {
        let mut text = String::new();
        loop {
            let end = self.rest.find('\'').ok_or("кавычка не закрыта")?;
            text.push_str(&self.rest[..end]);
            self.rest = &self.rest[end + 1..];
            match self.rest.strip_prefix('\'') {
                Some(rest) => {
                    text.push('\'');
                    self.rest = rest;
                }
                None => return Ok(text),
            }
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(word).filter(|rest| rest.starts_with([' ', '('])) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn sign(&mut self, sign: &str) -> bool {
        match self.rest.trim_start().strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

fn eval(node: &Node, row: &Value, unfilterable: &[String]) -> Result<bool, String> {
    let held = |term: &Term| -> Result<Value, String> {
        match term {
            Term::Field(name) if unfilterable.contains(name) => Err(format!("отбор по полю {name} недопустим")),
            Term::Field(name) => row.get(name).cloned().ok_or_else(|| format!("поле {name} не найдено")),
            Term::Text(text) => Ok(Value::String(text.clone())),
            Term::Number(number) => Ok((*number).into()),
            Term::Flag(flag) => Ok((*flag).into()),
        }
    };
    match node {
        Node::Or(a, b) => Ok(eval(a, row, unfilterable)? | eval(b, row, unfilterable)?),
        Node::And(a, b) => Ok(eval(a, row, unfilterable)? & eval(b, row, unfilterable)?),
        Node::Not(a) => Ok(!eval(a, row, unfilterable)?),
        Node::Call(name, terms) => {
            let [first, second] = [held(&terms[0])?, held(&terms[1])?].map(|value| text(&value));
            Ok(match name.as_str() {
                "substringof" => second.contains(&first),
                "startswith" => first.starts_with(&second),
                _ => first.ends_with(&second),
            })
        }
        Node::Compare(a, operator, b) => {
            let (a, b) = (held(a)?, held(b)?);
            let order = match (a.as_f64(), b.as_f64()) {
                (Some(a), Some(b)) => a.partial_cmp(&b),
                _ if a.is_boolean() != b.is_boolean() => return Err("разные типы".to_owned()),
                _ => Some(text(&a).cmp(&text(&b))),
            };
            let order = order.ok_or("не сравнить")?;
            Ok(match operator.as_str() {
                "eq" => order.is_eq(),
                "ne" => order.is_ne(),
                "gt" => order.is_gt(),
                "ge" => order.is_ge(),
                "lt" => order.is_lt(),
                _ => order.is_le(),
            })
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_are_read_as_they_stand() {
        let row = json!({"Имя": "О'Нил", "Д": "2026-03-11T10:00:00", "Ф": false, "Ч": 5});
        for (condition, fit) in [
            ("Имя eq 'О''Нил' and Ф eq false", true),
            ("(Ч gt 5 or Ч le 5) and Д lt datetime'2026-03-12T00:00:00'", true),
            ("not substringof('Нил',Имя)", false),
            ("startswith(Имя,'О') and Ч ne 5", false),
        ] {
            assert_eq!(fits(condition, &row, &[]), Ok(fit), "{condition}");
        }
        assert!(fits("Нет eq 1", &row, &[]).is_err() && fits("Имя eq", &row, &[]).is_err());
        assert!(fits("substringof('а',Имя)", &row, &["Имя".to_owned()]).is_err());
    }
}

//! Sums of rows that do not depend on their order, nor on the store that they lie in.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Cell, Kind, Table};

/// What stands in for NUL, which PostgreSQL holds in no text.
const INSTEAD: &str = "\u{fffd}";
/// Larger whole numbers than this are no longer exact in a document.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// How many rows, and the sum of their digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// Rows.
    pub rows: u64,
    digest: u128,
}

/// A table's sum as it is kept and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct TableSum {
    /// The table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// Their sum.
    pub sum: String,
}

impl Sum {
    /// Counts one more row.
    pub fn add(&mut self, table: &Table, row: &[Cell]) {
        let mut hasher = Sha256::new();
        for (cell, (_, kind)) in row.iter().zip(table.columns) {
            feed(&mut hasher, cell, *kind);
        }
        let bytes: [u8; 32] = hasher.finalize().into();
        let half = bytes.first_chunk::<16>().copied().unwrap_or_default();
        self.rows += 1;
        self.digest = self.digest.wrapping_add(u128::from_be_bytes(half));
    }

    /// As it is kept and shown.
    #[must_use]
    pub fn of(self, table: &Table) -> TableSum {
        TableSum { table: table.name.to_owned(), rows: self.rows, sum: format!("{:032x}", self.digest) }
    }
}

fn feed(hasher: &mut Sha256, cell: &Cell, kind: Kind) {
    let mut put = |sign: u8, bytes: &[u8]| {
        hasher.update([sign]);
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    match cell {
        Cell::Null => put(b'n', &[]),
        Cell::Int(number) => put(b'i', &number.to_be_bytes()),
        Cell::Flag(flag) => put(b'f', &[u8::from(*flag)]),
        Cell::Bytes(bytes) => put(b'b', bytes),
        Cell::Text(text) => match (kind, serde_json::from_str::<Value>(text)) {
            (Kind::Json, Ok(document)) => {
                let mut out = String::with_capacity(text.len());
                canonical(&document, &mut out);
                put(b'j', out.as_bytes());
            }
            _ => put(b't', without_nul(text).as_bytes()),
        },
    }
}

fn without_nul(text: &str) -> String {
    text.replace('\0', INSTEAD)
}

/// A document with sorted members, no spaces, and one way to write a number.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<(String, &Value)> =
                members.iter().map(|(name, member)| (without_nul(name), member)).collect();
            sorted.sort_by(|one, other| one.0.cmp(&other.0));
            out.push('{');
            for (name, member) in sorted {
                out.push_str(&Value::String(name).to_string());
                canonical(member, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::String(text) => out.push_str(&Value::String(without_nul(text)).to_string()),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            // PostgreSQL writes 1e2 as 100 and 2.0 as 2.0.
            Some(real) if real.fract() == 0.0 && real.abs() <= EXACT => out.push_str(&format!("{real:.0}")),
            Some(real) => out.push_str(&format!("{real:e}")),
            None => match number.as_i64().map(|whole| whole as f64).filter(|real| real.abs() > EXACT) {
                Some(real) => out.push_str(&format!("{real:e}")),
                None => out.push_str(&number.to_string()),
            },
        },
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(document: &str) -> Sum {
        let table = Table::named("leads").unwrap();
        let mut sum = Sum::default();
        let row: Vec<Cell> = table
            .columns
            .iter()
            .map(|(name, _)| if *name == "custom" { Cell::Text(document.to_owned()) } else { Cell::Null })
            .collect();
        sum.add(table, &row);
        sum
    }

    #[test]
    fn a_document_has_one_sum_however_it_is_written() {
        let one = sum(r#"{"a":1,"b":[1.50,100,"x\u0000"],"c":{"d":null,"e":true}}"#);
        assert_eq!(one, sum("{\"c\": {\"e\": true, \"d\": null}, \"b\": [1.5, 1e2, \"x\u{fffd}\"], \"a\": 1.0}"));
        for other in [r#"{"a":2}"#, r#"{"a":"1"}"#, r#"{"a":[1]}"#, r#"{"b":1}"#, "[]", "nonsense"] {
            assert_ne!(sum(r#"{"a":1}"#), sum(other), "{other}");
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_every_value_does() {
        let table = Table::named("meta").unwrap();
        let row = |key: &str, value: &str| vec![Cell::Text(key.to_owned()), Cell::Text(value.to_owned())];
        let of = |rows: &[Row]| {
            let mut sum = Sum::default();
            rows.iter().for_each(|row| sum.add(table, row));
            sum
        };
        type Row = Vec<Cell>;
        assert_eq!(of(&[row("a", "1"), row("b", "2")]), of(&[row("b", "2"), row("a", "1")]));
        assert_ne!(of(&[row("a", "1"), row("b", "2")]), of(&[row("a", "2"), row("b", "1")]));
        assert_ne!(of(&[row("ab", "c")]), of(&[row("a", "bc")]));
        assert_ne!(of(&[row("a", "1")]), of(&[row("a", "1"), row("a", "1")]));
        assert_ne!(of(&[vec![Cell::Null, Cell::Null]]), of(&[row("", "")]));
    }
}

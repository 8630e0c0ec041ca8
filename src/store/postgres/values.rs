//! Parameters of statements. PostgreSQL holds no NUL in a text: it becomes the replacement character here, so that
//! nothing a client writes can keep its message from being stored.

use std::borrow::Cow;
use std::error::Error;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// What stands in for NUL.
const INSTEAD: &str = "\u{fffd}";

/// A value on its way into a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// A text, or a document as text.
    Text(String),
    Bytes(Vec<u8>),
    Texts(Vec<Option<String>>),
    Ints(Vec<i64>),
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Bool(value) => value.to_sql(ty, out),
            // Beside a small literal a parameter is taken for a small number.
            Self::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Self::Int(value) => value.to_sql(ty, out),
            Self::Bytes(value) => value.to_sql(ty, out),
            Self::Ints(values) => values.to_sql(ty, out),
            Self::Texts(values) if *ty == Type::JSONB_ARRAY => {
                let documents: Vec<_> = values.iter().map(|text| text.as_deref().map(Document)).collect();
                documents.to_sql(ty, out)
            }
            Self::Texts(values) => {
                let texts: Vec<_> = values.iter().map(|text| text.as_deref().map(without_nul)).collect();
                texts.to_sql(ty, out)
            }
            Self::Text(text) if matches!(*ty, Type::JSONB | Type::JSON) => Document(text).to_sql(ty, out),
            Self::Text(text) => without_nul(text).to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A document as text.
#[derive(Debug)]
struct Document<'t>(&'t str);

impl ToSql for Document<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        if *ty == Type::JSONB {
            // The version of the binary form.
            out.put_u8(1);
        }
        out.put_slice(readable(self.0)?.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::JSONB | Type::JSON)
    }

    to_sql_checked!();
}

fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', INSTEAD).into() } else { text.into() }
}

/// A document without the one letter that PostgreSQL reads in none.
fn readable(document: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    if !document.contains("\\u0000") {
        return Ok(document.into());
    }
    let mut value = serde_json::from_str(document)?;
    cleanse(&mut value);
    serde_json::to_string(&value).map(Cow::from)
}

fn cleanse(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => *text = without_nul(text).into_owned(),
        serde_json::Value::Array(items) => items.iter_mut().for_each(cleanse),
        serde_json::Value::Object(members) => {
            *members = std::mem::take(members)
                .into_iter()
                .map(|(name, mut member)| {
                    cleanse(&mut member);
                    (without_nul(&name).into_owned(), member)
                })
                .collect();
        }
        _ => {}
    }
}

/// What can be a parameter.
pub(super) trait Param {
    fn value(&self) -> Value;
}

impl Param for str {
    fn value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl Param for String {
    fn value(&self) -> Value {
        self.as_str().value()
    }
}

impl Param for bool {
    fn value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Param for Vec<u8> {
    fn value(&self) -> Value {
        Value::Bytes(self.clone())
    }
}

impl Param for Vec<String> {
    fn value(&self) -> Value {
        Value::Texts(self.iter().cloned().map(Some).collect())
    }
}

impl Param for Vec<Option<String>> {
    fn value(&self) -> Value {
        Value::Texts(self.clone())
    }
}

impl Param for Vec<i64> {
    fn value(&self) -> Value {
        Value::Ints(self.clone())
    }
}

impl<T: Param> Param for Option<T> {
    fn value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Param::value)
    }
}

impl<T: Param + ?Sized> Param for &T {
    fn value(&self) -> Value {
        (**self).value()
    }
}

macro_rules! whole_numbers {
    ($($kind:ty)+) => {
        $(impl Param for $kind {
            fn value(&self) -> Value {
                Value::Int(i64::from(*self))
            }
        })+
    };
}
whole_numbers! { i64 i32 i8 u32 u16 }

/// The parameters of a statement.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::postgres::values::Param::value(&$value)),*]
    };
}
pub(super) use params;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_no_text_holds_is_replaced_and_nothing_else() {
        assert_eq!(without_nul("да\0нет"), "да\u{fffd}нет");
        let document = r#"{"a\u0000":["\u0000",{"b":"c\\u0000"}],"d":1.50}"#;
        assert_eq!(readable(document).unwrap(), "{\"a\u{fffd}\":[\"\u{fffd}\",{\"b\":\"c\\\\u0000\"}],\"d\":1.5}");
        let plain = r#"{"d": 1.50}"#;
        assert_eq!(readable(plain).unwrap(), plain);
    }
}

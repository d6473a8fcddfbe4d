//! Values of rows: read, compared as SQLite compares them, and written as JSON.
//!
//! In JSON, NULL, numbers and texts are written as such. A BLOB is `{"blob": "00ff"}`, in hexadecimal digits; a text
//! that is not UTF-8 `{"text": "ff"}`, an infinite number `{"real": "inf"}` or `{"real": "-inf"}`. For a value longer
//! than [`LONGEST`] only the length is written: `{"blob": null, "bytes": 100000}`.

use std::cmp::Ordering;
use std::fmt::Write;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Row, ToSql};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Bytes of the longest text or BLOB that an answer holds.
pub(crate) const LONGEST: usize = 65_536;

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowValue {
    /// NULL.
    Null,
    /// An INTEGER.
    Integer(i64),
    /// A REAL.
    Real(f64),
    /// A TEXT, which need not be UTF-8.
    Text(Vec<u8>),
    /// A BLOB.
    Blob(Vec<u8>),
    /// A text that is too long to be written; its length in bytes.
    LongText(u64),
    /// A BLOB that is too long to be written; its length in bytes.
    LongBlob(u64),
}

impl RowValue {
    /// Reads the whole value.
    pub(crate) fn whole(value: ValueRef<'_>) -> RowValue {
        match value {
            ValueRef::Null => RowValue::Null,
            ValueRef::Integer(number) => RowValue::Integer(number),
            ValueRef::Real(number) => RowValue::Real(number),
            ValueRef::Text(bytes) => RowValue::Text(bytes.to_vec()),
            ValueRef::Blob(bytes) => RowValue::Blob(bytes.to_vec()),
        }
    }

    /// Reads the value for an answer: the length only, if it is too long.
    pub(crate) fn told(value: ValueRef<'_>) -> RowValue {
        match value {
            ValueRef::Text(bytes) if bytes.len() > LONGEST => RowValue::LongText(bytes.len() as u64),
            ValueRef::Blob(bytes) if bytes.len() > LONGEST => RowValue::LongBlob(bytes.len() as u64),
            value => RowValue::whole(value),
        }
    }

    pub(crate) fn as_ref(&self) -> ValueRef<'_> {
        match self {
            RowValue::Null | RowValue::LongText(_) | RowValue::LongBlob(_) => ValueRef::Null,
            RowValue::Integer(number) => ValueRef::Integer(*number),
            RowValue::Real(number) => ValueRef::Real(*number),
            RowValue::Text(bytes) => ValueRef::Text(bytes),
            RowValue::Blob(bytes) => ValueRef::Blob(bytes),
        }
    }

    /// As text for people; `None` where it has no readable form.
    pub(crate) fn for_people(&self) -> Option<String> {
        match self {
            RowValue::Integer(number) => Some(number.to_string()),
            RowValue::Real(number) => Some(number.to_string()),
            RowValue::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            RowValue::Null | RowValue::Blob(_) | RowValue::LongText(_) | RowValue::LongBlob(_) => None,
        }
    }

    /// Parses a value of a request, in the form that [`RowValue`] is written in.
    pub(crate) fn from_json(json: &serde_json::Value) -> Option<RowValue> {
        use serde_json::Value;
        match json {
            Value::Null => Some(RowValue::Null),
            Value::Bool(is) => Some(RowValue::Integer(i64::from(*is))),
            Value::Number(number) => number
                .as_i64()
                .map(RowValue::Integer)
                .or_else(|| number.as_f64().map(RowValue::Real)),
            Value::String(text) => Some(RowValue::Text(text.clone().into_bytes())),
            Value::Object(map) if map.len() == 1 => {
                let bytes = |key: &str| unhex(map.get(key)?.as_str()?);
                bytes("blob")
                    .map(RowValue::Blob)
                    .or_else(|| bytes("text").map(RowValue::Text))
            }
            Value::Object(_) | Value::Array(_) => None,
        }
    }
}

impl ToSql for RowValue {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.as_ref() {
            ValueRef::Null => ToSqlOutput::Owned(Value::Null),
            value => ToSqlOutput::Borrowed(value),
        })
    }
}

impl Serialize for RowValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            RowValue::Null => serializer.serialize_unit(),
            RowValue::Integer(number) => serializer.serialize_i64(*number),
            RowValue::Real(number) if number.is_finite() => serializer.serialize_f64(*number),
            RowValue::Real(number) => object(
                serializer,
                "real",
                Some(if *number > 0.0 { "inf" } else { "-inf" }),
                None,
            ),
            RowValue::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => serializer.serialize_str(text),
                Err(_) => object(serializer, "text", Some(&hex(bytes)), None),
            },
            RowValue::Blob(bytes) => object(serializer, "blob", Some(&hex(bytes)), None),
            RowValue::LongText(bytes) => object(serializer, "text", None, Some(*bytes)),
            RowValue::LongBlob(bytes) => object(serializer, "blob", None, Some(*bytes)),
        }
    }
}

/// Writes a value that JSON has no form for: `{key: value}`, with the length if the contents are left out.
fn object<S: Serializer>(serializer: S, key: &str, value: Option<&str>, bytes: Option<u64>) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry(key, &value)?;
    if let Some(bytes) = bytes {
        map.serialize_entry("bytes", &bytes)?;
    }
    map.end()
}

/// Columns with their values, in the order of the table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Values(pub Vec<(String, RowValue)>);

impl Values {
    /// The columns of a row from `first` on.
    pub(crate) fn told(columns: &[String], row: &Row<'_>, first: usize) -> rusqlite::Result<Values> {
        let value = |(place, name): (usize, &String)| Ok((name.clone(), RowValue::told(row.get_ref(first + place)?)));
        columns
            .iter()
            .enumerate()
            .map(value)
            .collect::<Result<_, _>>()
            .map(Values)
    }

    /// The value of a column, whose name SQLite compares without regard to the case of ASCII letters.
    pub fn get(&self, column: &str) -> Option<&RowValue> {
        let mut named = self.0.iter().filter(|(name, _)| name.eq_ignore_ascii_case(column));
        named.next().map(|(_, value)| value)
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Whether two values have the same storage class and the same contents.
pub(crate) fn is_same(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    match (a, b) {
        (ValueRef::Real(a), ValueRef::Real(b)) => a.to_bits() == b.to_bits(),
        _ => a == b,
    }
}

/// The order of SQLite's indexes: NULL, numbers, texts as `text` compares them, BLOBs.
pub(crate) fn order(a: ValueRef<'_>, b: ValueRef<'_>, text: impl Fn(&[u8], &[u8]) -> Ordering) -> Ordering {
    let class = |value: ValueRef<'_>| match value {
        ValueRef::Null => 0,
        ValueRef::Integer(_) | ValueRef::Real(_) => 1,
        ValueRef::Text(_) => 2,
        ValueRef::Blob(_) => 3,
    };
    match (a, b) {
        (ValueRef::Integer(a), ValueRef::Integer(b)) => a.cmp(&b),
        (ValueRef::Real(a), ValueRef::Real(b)) => a.total_cmp(&b),
        (ValueRef::Integer(a), ValueRef::Real(b)) => with_real(a, b),
        (ValueRef::Real(a), ValueRef::Integer(b)) => with_real(b, a).reverse(),
        (ValueRef::Text(a), ValueRef::Text(b)) => text(a, b),
        (ValueRef::Blob(a), ValueRef::Blob(b)) => a.cmp(b),
        (a, b) => class(a).cmp(&class(b)),
    }
}

/// Compares exactly: a REAL cannot hold every large integer.
fn with_real(integer: i64, real: f64) -> Ordering {
    #[allow(clippy::cast_precision_loss, reason = "what is lost is compared next")]
    let approximate = (integer as f64).total_cmp(&real);
    #[allow(
        clippy::cast_possible_truncation,
        reason = "it saturates, and is asked only of one that is as large"
    )]
    approximate.then_with(|| i128::from(integer).cmp(&(real as i128)))
}

/// Adds a value to a hash. Its class and length are part of it, so that rows of different values have different bytes.
pub(crate) fn hash_value(hasher: &mut blake3::Hasher, value: ValueRef<'_>) {
    let mut with = |class: u8, bytes: &[u8]| {
        hasher.update(&[class]);
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    match value {
        ValueRef::Null => with(0, &[]),
        ValueRef::Integer(number) => with(1, &number.to_le_bytes()),
        ValueRef::Real(number) => with(2, &number.to_bits().to_le_bytes()),
        ValueRef::Text(bytes) => with(3, bytes),
        ValueRef::Blob(bytes) => with(4, bytes),
    }
}

/// Bytes of a value, for the progress.
pub(crate) fn size(value: ValueRef<'_>) -> u64 {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len() as u64 + 1,
        ValueRef::Integer(_) | ValueRef::Real(_) => 4,
        ValueRef::Null => 1,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ordered_exactly() {
        let binary = |a: &[u8], b: &[u8]| a.cmp(b);
        let large = 9_007_199_254_740_993; // 2^53 + 1
        let pairs = [
            (
                ValueRef::Integer(large),
                ValueRef::Real(9_007_199_254_740_992.0),
                Ordering::Greater,
            ),
            (
                ValueRef::Integer(i64::MAX),
                ValueRef::Real(9_223_372_036_854_775_808.0),
                Ordering::Less,
            ),
            (ValueRef::Integer(1), ValueRef::Real(1.0), Ordering::Equal),
            (ValueRef::Null, ValueRef::Integer(-1), Ordering::Less),
            (ValueRef::Text(b"z"), ValueRef::Blob(b"a"), Ordering::Less),
        ];
        for (a, b, expected) in pairs {
            assert_eq!(order(a, b, binary), expected, "{a:?} {b:?}");
            assert_eq!(order(b, a, binary), expected.reverse(), "{b:?} {a:?}");
        }
        assert!(!is_same(ValueRef::Integer(1), ValueRef::Real(1.0)), "another class");
    }

    #[test]
    fn what_json_has_no_form_for_comes_back_as_it_was() {
        let values = [
            RowValue::Null,
            RowValue::Integer(i64::MAX),
            RowValue::Real(1.5),
            RowValue::Text("añil".into()),
            RowValue::Text(vec![0xff]),
            RowValue::Blob(vec![0, 255]),
        ];
        for value in values {
            let json = serde_json::to_value(&value).expect("JSON");
            assert_eq!(RowValue::from_json(&json), Some(value), "{json}");
        }
        let text = |value: &RowValue| serde_json::to_string(value).expect("JSON");
        assert_eq!(text(&RowValue::Real(f64::NEG_INFINITY)), r#"{"real":"-inf"}"#);
        assert_eq!(text(&RowValue::LongBlob(70_000)), r#"{"blob":null,"bytes":70000}"#);
        assert_eq!(text(&RowValue::Integer(9_007_199_254_740_993)), "9007199254740993");
    }
}

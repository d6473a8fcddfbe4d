//! A value as SQLite stores it, for copying between two databases: its storage class and its unchanged bytes.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use serde_json::{Value, json};

/// A value with its storage class.
#[derive(Debug, Clone)]
pub(crate) enum StoredValue {
    Null,
    Integer(i64),
    Real(f64),
    /// Text need not be UTF-8.
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl From<ValueRef<'_>> for StoredValue {
    fn from(value: ValueRef<'_>) -> StoredValue {
        match value {
            ValueRef::Null => StoredValue::Null,
            ValueRef::Integer(number) => StoredValue::Integer(number),
            ValueRef::Real(number) => StoredValue::Real(number),
            ValueRef::Text(bytes) => StoredValue::Text(bytes.to_vec()),
            ValueRef::Blob(bytes) => StoredValue::Blob(bytes.to_vec()),
        }
    }
}

impl ToSql for StoredValue {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            StoredValue::Null => ValueRef::Null,
            StoredValue::Integer(number) => ValueRef::Integer(*number),
            StoredValue::Real(number) => ValueRef::Real(*number),
            StoredValue::Text(bytes) => ValueRef::Text(bytes),
            StoredValue::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl StoredValue {
    pub fn is_null(&self) -> bool {
        matches!(self, StoredValue::Null)
    }

    /// Storage class and bytes, by which two values are compared: 1 and 1.0 differ.
    pub fn identity(&self) -> Vec<u8> {
        let (class, bytes) = match self {
            StoredValue::Null => (0, Vec::new()),
            StoredValue::Integer(number) => (1, number.to_be_bytes().to_vec()),
            StoredValue::Real(number) => (2, number.to_bits().to_be_bytes().to_vec()),
            StoredValue::Text(bytes) => (3, bytes.clone()),
            StoredValue::Blob(bytes) => (4, bytes.clone()),
        };
        let length = (bytes.len() as u64).to_be_bytes();
        [&[class], length.as_slice(), bytes.as_slice()].concat()
    }

    /// The value as JSON. A BLOB is `{"blob": "00ff"}`, which [`from_json`](Self::from_json) reads.
    pub fn to_json(&self) -> Value {
        match self {
            StoredValue::Null => Value::Null,
            StoredValue::Integer(number) => json!(number),
            StoredValue::Real(number) => json!(number),
            StoredValue::Text(bytes) => json!(String::from_utf8_lossy(bytes)),
            StoredValue::Blob(bytes) => json!({"blob": hexadecimal(bytes)}),
        }
    }

    /// Parses what [`to_json`](Self::to_json) writes; `None` for any other JSON.
    pub fn from_json(value: &Value) -> Option<StoredValue> {
        match value {
            Value::Null => Some(StoredValue::Null),
            Value::Number(number) => number
                .as_i64()
                .map(StoredValue::Integer)
                .or_else(|| number.as_f64().map(StoredValue::Real)),
            Value::String(text) => Some(StoredValue::Text(text.clone().into_bytes())),
            Value::Object(object) if object.len() == 1 => {
                bytes_of(object.get("blob")?.as_str()?).map(StoredValue::Blob)
            }
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

impl PartialEq for StoredValue {
    fn eq(&self, other: &StoredValue) -> bool {
        self.identity() == other.identity()
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_as_json_is_read_back() {
        for value in [
            StoredValue::Null,
            StoredValue::Integer(i64::MIN),
            StoredValue::Real(0.1),
            StoredValue::Text("Ñandú".into()),
            StoredValue::Blob(vec![0, 255, 16]),
        ] {
            assert_eq!(StoredValue::from_json(&value.to_json()), Some(value));
        }
        for odd in [
            json!(true),
            json!([1]),
            json!({"blob": "abc"}),
            json!({"blob": "zz"}),
            json!({"text": "x"}),
        ] {
            assert_eq!(StoredValue::from_json(&odd), None, "{odd}");
        }
    }

    #[test]
    fn the_storage_class_is_part_of_a_value() {
        assert_ne!(StoredValue::Integer(1), StoredValue::Real(1.0));
        assert_ne!(StoredValue::Text(vec![65]), StoredValue::Blob(vec![65]));
        assert_ne!(StoredValue::Real(0.0), StoredValue::Real(-0.0));
    }
}

//! The value of a row in a column that was added after the row was written: the column's default, which is a constant.
//!
//! SQLite evaluates each default in a separate in-memory database, so that it is converted as the column converts it.
//! Only plain constants are evaluated: no expression of a file is run.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::database::affinity::Affinity;
use crate::pages::header::Encoding;
use crate::pages::schema::Constant;

/// A column's default as it was declared.
#[derive(Debug)]
pub(super) struct Default {
    /// Numbers of table and column.
    pub place: (usize, usize),
    pub affinity: Affinity,
    pub expression: String,
}

/// Constants in one statement: below SQLite's limits of columns and of terms.
const BATCH: usize = 500;

/// The values of all defaults that are constants.
pub(super) fn evaluate(defaults: &[Default], encoding: Encoding) -> rusqlite::Result<Vec<((usize, usize), Constant)>> {
    let constants: Vec<&Default> = defaults
        .iter()
        .filter(|default| is_constant(&default.expression))
        .collect();
    let mut values = Vec::new();
    if constants.is_empty() {
        return Ok(values);
    }
    let connection = Connection::open_in_memory()?;
    for part in constants.chunks(BATCH) {
        // One default that fails must not prevent the others.
        let found = evaluate_together(&connection, part, encoding).unwrap_or_else(|_| {
            part.iter()
                .filter_map(|one| evaluate_together(&connection, &[one], encoding).ok())
                .flatten()
                .collect()
        });
        values.extend(found);
    }
    Ok(values)
}

fn evaluate_together(
    connection: &Connection,
    defaults: &[&Default],
    encoding: Encoding,
) -> rusqlite::Result<Vec<((usize, usize), Constant)>> {
    let columns: Vec<String> = defaults
        .iter()
        .enumerate()
        .map(|(number, default)| {
            format!(
                "c{number} {} DEFAULT {}",
                default.affinity.declared(),
                default.expression
            )
        })
        .collect();
    connection.execute_batch(&format!(
        "DROP TABLE IF EXISTS t; CREATE TABLE t({}); INSERT INTO t DEFAULT VALUES",
        columns.join(", ")
    ))?;
    connection.query_row("SELECT * FROM t", [], |row| {
        let value =
            |(number, default): (usize, &&Default)| Ok((default.place, constant(row.get_ref(number)?, encoding)));
        defaults.iter().enumerate().map(value).collect()
    })
}

/// Whether this is a literal: a number with or without a sign, a text, a blob, or a word.
fn is_constant(expression: &str) -> bool {
    let is_text = |text: &str, quote: char| {
        let inner = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
        inner.is_some_and(|inner| !inner.replace(&format!("{quote}{quote}"), "").contains(quote))
    };
    let trimmed = expression.trim();
    let is_number = || {
        let digits = trimmed.trim_start_matches(['+', '-', ' ']);
        let number = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b'x' | b'X' | b'+' | b'-' | b'_');
        digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') && digits.bytes().all(number)
    };
    let is_word = || {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        trimmed.bytes().all(word) && !trimmed.to_ascii_uppercase().starts_with("CURRENT_")
    };
    let is_blob = || is_text(trimmed.trim_start_matches(['x', 'X']), '\'');
    is_text(trimmed, '\'') || is_text(trimmed, '"') || is_number() || is_word() || is_blob()
}

fn constant(value: ValueRef<'_>, encoding: Encoding) -> Constant {
    match value {
        ValueRef::Null => Constant::Null,
        ValueRef::Integer(number) => Constant::Integer(number),
        ValueRef::Real(number) => Constant::Real(number),
        ValueRef::Blob(bytes) => Constant::Blob(bytes.to_vec()),
        ValueRef::Text(bytes) => {
            let units = || String::from_utf8_lossy(bytes).encode_utf16().collect::<Vec<u16>>();
            Constant::Text(match encoding {
                Encoding::Utf8 => bytes.to_vec(),
                Encoding::Utf16Le => units().into_iter().flat_map(u16::to_le_bytes).collect(),
                Encoding::Utf16Be => units().into_iter().flat_map(u16::to_be_bytes).collect(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_literals_are_evaluated() {
        for literal in [
            "5",
            "-1.5e-3",
            "+7",
            "'it''s'",
            "\"x\"",
            "x'00ff'",
            "NULL",
            "true",
            "0x1F",
            "some_word",
        ] {
            assert!(is_constant(literal), "{literal}");
        }
        for other in [
            "random()",
            "(1)",
            "5); DROP TABLE t",
            "'a' || 'b'",
            "CURRENT_TIME",
            "'",
            "-x",
            "a.b",
            "1 + f",
        ] {
            assert!(!is_constant(other), "{other}");
        }
    }
}

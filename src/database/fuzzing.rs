//! Entry points for the fuzzers and tests: the verifier's result for any bytes, before SQLite confirms it.

use std::fs::File;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::database::schema;
use crate::database::verify::{Verified, check_undecided, verify_pages};
use crate::pages::schema::{Classes, Collation, Column, Constant, Index, Key, KeyPart, Schema, Source, Table};
use crate::pages::source::ReadAt;
use crate::pages::sums::Keys;
use crate::pages::verify::{Effort, verify};

const EFFORT: Effort = Effort {
    compare: true,
    threads: 2,
};

/// The problems of the database at `path`; `None` where SQLite cannot read its schema.
pub fn problems(path: &Path) -> Option<Vec<String>> {
    let file = File::open(path).ok()?;
    read_anyhow(&file);
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)
        .ok()?;
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)
        .ok()?;
    let mut budget = 100_000;
    let spend = move || {
        budget -= 1;
        budget == 0
    };
    connection.progress_handler(1_000, Some(spend)).ok()?;
    let described = schema::describe(&connection).ok()?;
    let keys = Keys::random();
    let report = verify(&file, &described.schema, &keys, EFFORT, &|| true).ok()??;
    let mut verified = Verified::default();
    check_undecided(&connection, &described, &keys, &report.left, &mut verified).ok()?;
    verified.problems.extend(report.problems);
    // A file without problems before SQLite's confirmation has none after it.
    if verified.problems.is_empty()
        && let Ok(whole) = verify_pages(&connection, &file, EFFORT, &|| true)
    {
        assert_eq!(whole.problems, [], "the result changes");
    }
    Some(verified.problems.iter().map(ToString::to_string).collect())
}

/// Reads the first pages as if each were the root of a table or of an index, whatever they are.
pub(super) fn read_anyhow(file: &dyn ReadAt) {
    let part = |source, collation, descending| KeyPart {
        source,
        collation,
        descending,
    };
    let key = |source| Key {
        columns: vec![
            part(source, Some(Collation::NoCase), false),
            part(Source::Column(2), Some(Collation::Rtrim), true),
            part(Source::Rowid, Some(Collation::Binary), false),
        ],
        declared: 2,
    };
    let column = |name: &str| Column {
        name: name.to_owned(),
        is_virtual: false,
        classes: Classes {
            forbidden: 0b1_1111,
            numeric_text: true,
        },
        default: Constant::Integer(7),
    };
    for first in 1..8 {
        let index = |root, source| Index {
            name: "index".to_owned(),
            root,
            unique: true,
            partial: false,
            key: key(source),
        };
        let table = Table {
            name: "table".to_owned(),
            root: first,
            columns: ["a", "b", "c", "d"].map(column).to_vec(),
            rowid_alias: Some(1),
            primary_key: None,
            indexes: vec![index(first + 1, Source::Column(0)), index(first + 2, Source::Column(1))],
        };
        let mut rows = Table {
            primary_key: Some(key(Source::Column(0))),
            rowid_alias: None,
            ..table.clone()
        };
        rows.indexes.clear();
        for tables in [vec![table], vec![rows]] {
            let _ = verify(file, &Schema { tables }, &Keys::random(), EFFORT, &|| true);
        }
    }
}

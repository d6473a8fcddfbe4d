//! The schema as SQLite knows it, for [`pages`](crate::pages).
//!
//! A few statements read all tables together: `sqlite_schema` has no index, so looking up each table or index in it
//! would take time quadratic in their number.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::database::affinity::{Affinity, strict_classes};
use crate::database::defaults;
use crate::pages::header::Encoding;
use crate::pages::record::Class;
use crate::pages::schema::{Classes, Collation, Column, Constant, Index, Key, KeyPart, Schema, Source, Table};

/// The schema of a database, as SQLite reports it.
#[derive(Debug, Default)]
pub(crate) struct Described {
    pub schema: Schema,
    /// Virtual tables, whose rows are stored in other tables.
    pub virtual_tables: Vec<String>,
}

/// Reads the schema of the main database. It needs no collation, function or module of the application.
pub(crate) fn describe(connection: &Connection) -> rusqlite::Result<Described> {
    let roots = Roots::read(connection)?;
    let mut described = Described::default();
    let mut numbers = HashMap::new();
    let mut strict = Vec::new();
    let mut without_rowid = Vec::new();
    let mut statement =
        connection.prepare("SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name = bytes(row, 0)?;
        match bytes(row, 1)?.as_slice() {
            b"virtual" => described.virtual_tables.push(text(&name)),
            b"view" => {}
            _ => {
                let Some(root) = roots.of_table(&name) else {
                    continue;
                };
                without_rowid.push(row.get::<_, bool>(2)?);
                strict.push(row.get::<_, bool>(3)?);
                numbers.insert(name.clone(), described.schema.tables.len());
                described.schema.tables.push(Table {
                    name: text(&name),
                    root,
                    columns: Vec::new(),
                    rowid_alias: None,
                    primary_key: None,
                    indexes: Vec::new(),
                });
            }
        }
    }
    let mut candidates = Candidates::default();
    let defaults = read_columns(connection, &mut described.schema, &numbers, &strict, &mut candidates)?;
    read_indexes(
        connection,
        &mut described.schema,
        &numbers,
        &roots,
        &without_rowid,
        &mut candidates,
    )?;
    for (table, column) in candidates.aliases() {
        if let Some(table) = described.schema.tables.get_mut(table) {
            table.rowid_alias = Some(column);
        }
    }
    for (place, constant) in defaults::evaluate(&defaults, encoding(connection)?)? {
        let (table, column) = place;
        let table = described.schema.tables.get_mut(table);
        if let Some(column) = table.and_then(|table| table.columns.get_mut(column)) {
            column.default = constant;
        }
    }
    Ok(described)
}

/// The root pages of b-trees, by the names of tables and indexes.
struct Roots(HashMap<(bool, Vec<u8>), u32>);

impl Roots {
    fn read(connection: &Connection) -> rusqlite::Result<Roots> {
        let mut statement = connection
            .prepare("SELECT type = 'index', name, rootpage FROM sqlite_schema WHERE type IN ('table', 'index')")?;
        let mut rows = statement.query([])?;
        let mut roots = HashMap::from([((false, b"sqlite_schema".to_vec()), 1)]);
        while let Some(row) = rows.next()? {
            let root = match row.get_ref(2)? {
                ValueRef::Integer(root) => u32::try_from(root).unwrap_or(0),
                _ => 0,
            };
            if root > 0 {
                roots.insert((row.get(0)?, bytes(row, 1)?), root);
            }
        }
        Ok(Roots(roots))
    }

    fn of_table(&self, name: &[u8]) -> Option<u32> {
        self.0.get(&(false, name.to_vec())).copied()
    }

    fn of_index(&self, name: &[u8]) -> Option<u32> {
        self.0.get(&(true, name.to_vec())).copied()
    }
}

/// Which INTEGER column of a table may be its rowid by another name.
#[derive(Default)]
struct Candidates {
    /// By table: how many columns its primary key has, and the last of them that is an INTEGER.
    keys: HashMap<usize, (usize, Option<usize>)>,
}

impl Candidates {
    /// The tables whose INTEGER PRIMARY KEY is the rowid, with that column. Tables whose primary key has an index of
    /// its own are removed before.
    fn aliases(self) -> impl Iterator<Item = (usize, usize)> {
        let single = |(table, key)| match key {
            (1, Some(column)) => Some((table, column)),
            _ => None,
        };
        self.keys.into_iter().filter_map(single)
    }
}

const COLUMNS: &str = "SELECT s.name, x.name, x.type, x.\"notnull\", x.dflt_value, x.pk, x.hidden
    FROM (SELECT 'sqlite_schema' AS name UNION ALL SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0) AS s,
    pragma_table_xinfo(s.name, 'main') AS x";

/// Returns the defaults, whose values are not known yet.
fn read_columns(
    connection: &Connection,
    schema: &mut Schema,
    numbers: &HashMap<Vec<u8>, usize>,
    strict: &[bool],
    candidates: &mut Candidates,
) -> rusqlite::Result<Vec<defaults::Default>> {
    let mut found = Vec::new();
    let mut statement = connection.prepare(COLUMNS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Some(number) = numbers.get(&bytes(row, 0)?).copied() else {
            continue;
        };
        let Some(table) = schema.tables.get_mut(number) else {
            continue;
        };
        let declared = text(&bytes(row, 2)?);
        let affinity = Affinity::of(&declared);
        let column = table.columns.len();
        if row.get::<_, i64>(5)? > 0 {
            let (count, last) = candidates.keys.entry(number).or_insert((0, None));
            *count += 1;
            *last = declared.eq_ignore_ascii_case("INTEGER").then_some(column);
        }
        let of_sqlite = table.root == 1;
        let is_strict = strict.get(number).is_some_and(|strict| *strict);
        let mut classes = match (of_sqlite, is_strict) {
            (true, _) => Classes::ANY,
            (false, true) => strict_classes(&declared),
            (false, false) => affinity.classes(),
        };
        if row.get(3)? && !of_sqlite {
            classes.forbidden |= Classes::bit(Class::Null);
        }
        let hidden: i64 = row.get(6)?;
        if hidden == 0
            && let ValueRef::Text(expression) = row.get_ref(4)?
        {
            found.push(defaults::Default {
                place: (number, column),
                affinity,
                expression: text(expression),
            });
        }
        table.columns.push(Column {
            name: text(&bytes(row, 1)?),
            is_virtual: hidden == 2,
            classes,
            default: Constant::Null,
        });
    }
    Ok(found)
}

const INDEXES: &str =
    "SELECT s.name, l.name, l.\"unique\", l.origin = 'pk', l.partial, x.cid, x.\"desc\", x.coll, x.key, l.seq
    FROM (SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0) AS s,
    pragma_index_list(s.name, 'main') AS l, pragma_index_xinfo(l.name, 'main') AS x";

fn read_indexes(
    connection: &Connection,
    schema: &mut Schema,
    numbers: &HashMap<Vec<u8>, usize>,
    roots: &Roots,
    without_rowid: &[bool],
    candidates: &mut Candidates,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(INDEXES)?;
    let mut rows = statement.query([])?;
    let mut current: Option<(usize, i64)> = None;
    while let Some(row) = rows.next()? {
        let Some(number) = numbers.get(&bytes(row, 0)?).copied() else {
            continue;
        };
        let Some(table) = schema.tables.get_mut(number) else {
            continue;
        };
        let of_primary_key: bool = row.get(3)?;
        // In a WITHOUT ROWID table this index holds the rows.
        let of_rows = of_primary_key && without_rowid.get(number).is_some_and(|without| *without);
        let seq = row.get(9)?;
        if current != Some((number, seq)) {
            current = Some((number, seq));
            if of_primary_key {
                candidates.keys.remove(&number);
            }
            let key = Key {
                columns: Vec::new(),
                declared: 0,
            };
            if of_rows {
                table.primary_key = Some(key);
            } else {
                let name = bytes(row, 1)?;
                table.indexes.push(Index {
                    // Page 0 does not exist: SQLite lists an index that `sqlite_schema` lacks.
                    root: roots.of_index(&name).unwrap_or(0),
                    name: text(&name),
                    unique: row.get(2)?,
                    partial: row.get(4)?,
                    key,
                });
            }
        }
        let key = if of_rows {
            table.primary_key.as_mut()
        } else {
            table.indexes.last_mut().map(|index| &mut index.key)
        };
        let Some(key) = key else {
            continue;
        };
        key.columns.push(KeyPart {
            source: match row.get::<_, i64>(5)? {
                -1 => Source::Rowid,
                column => usize::try_from(column).map_or(Source::Expression, Source::Column),
            },
            descending: row.get(6)?,
            collation: collation(&bytes(row, 7)?),
        });
        key.declared += usize::from(row.get::<_, bool>(8)?);
    }
    Ok(())
}

fn collation(name: &[u8]) -> Option<Collation> {
    [
        (&b"BINARY"[..], Collation::Binary),
        (b"NOCASE", Collation::NoCase),
        (b"RTRIM", Collation::Rtrim),
    ]
    .into_iter()
    .find(|(known, _)| name.eq_ignore_ascii_case(known))
    .map(|(_, collation)| collation)
}

/// The table that an index is of; `None` for one that is not in `sqlite_schema`.
pub(crate) fn table_of(connection: &Connection, index: &str) -> rusqlite::Result<Option<String>> {
    const SQL: &str = "SELECT tbl_name FROM sqlite_schema WHERE type = 'index' AND name = ?1";
    let table = connection.query_row(SQL, [index], |row| bytes(row, 0)).optional()?;
    Ok(table.as_deref().map(text))
}

fn encoding(connection: &Connection) -> rusqlite::Result<Encoding> {
    let name: String = connection.pragma_query_value(None, "encoding", |row| row.get(0))?;
    Ok(match name.as_str() {
        "UTF-16le" => Encoding::Utf16Le,
        "UTF-16be" => Encoding::Utf16Be,
        _ => Encoding::Utf8,
    })
}

/// SQLite accepts names that are not UTF-8.
fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(sql: &str) -> Table {
        let connection = Connection::open_in_memory().expect("opens");
        connection.execute_batch(sql).expect("made");
        let described = describe(&connection).expect("described");
        let table = described.schema.tables.into_iter().find(|table| table.name == "t");
        table.expect("table t")
    }

    #[test]
    fn the_rowid_by_another_name() {
        let alias = |columns: &str| table(&format!("CREATE TABLE t({columns})")).rowid_alias;
        assert_eq!(alias("a, id INTEGER PRIMARY KEY"), Some(1));
        assert_eq!(alias("id integer, a, PRIMARY KEY(id DESC)"), Some(0));
        assert_eq!(alias("id INTEGER PRIMARY KEY DESC"), None);
        assert_eq!(alias("id INT PRIMARY KEY"), None);
        assert_eq!(alias("a INTEGER, b INTEGER, PRIMARY KEY(a, b)"), None);
        assert_eq!(alias("a"), None);
        assert_eq!(
            table("CREATE TABLE t(id INTEGER PRIMARY KEY) WITHOUT ROWID").rowid_alias,
            None
        );
    }

    #[test]
    fn indexes_and_keys() {
        let table = table(
            "CREATE TABLE t(a, b COLLATE NOCASE, c AS (a + 1), d AS (a) STORED, PRIMARY KEY(b DESC, a)) WITHOUT ROWID;
             CREATE UNIQUE INDEX i ON t(d, a + 1) WHERE a > 0; CREATE INDEX j ON t(b COLLATE rtrim)",
        );
        let key = table.primary_key.as_ref().expect("a key");
        assert_eq!(key.declared, 2);
        assert_eq!(table.record_order(), [1, 0, 3]);
        assert!(key.columns[0].descending);
        assert_eq!(key.columns[0].collation, Some(Collation::NoCase));
        let [j, i] = table.indexes.as_slice() else {
            panic!("{:?}", table.indexes);
        };
        assert_eq!((i.unique, i.partial, i.key.declared), (true, true, 2));
        assert_eq!(i.key.columns[1].source, Source::Expression);
        assert_eq!(j.key.columns[0].collation, Some(Collation::Rtrim));
        let sources: Vec<Source> = j.key.columns.iter().map(|part| part.source).collect();
        let again = "b is there in another collation";
        assert_eq!(sources, [1, 1, 0].map(Source::Column), "{again}");
        assert!(table.can_compute(j) && !table.can_compute(i));
    }

    #[test]
    fn what_a_column_may_hold() {
        let bits = |classes: &[Class]| classes.iter().fold(0, |bits, class| bits | Classes::bit(*class));
        let forbidden = |sql: &str| {
            table(sql)
                .columns
                .iter()
                .map(|c| c.classes.forbidden)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            forbidden("CREATE TABLE t(a, b TEXT NOT NULL, c BLOB, d VARCHAR(5), e DECIMAL)"),
            [
                0,
                bits(&[Class::Null, Class::Integer, Class::Real]),
                0,
                bits(&[Class::Integer, Class::Real]),
                bits(&[Class::Text])
            ]
        );
        assert_eq!(
            forbidden("CREATE TABLE t(a ANY, b INT, c REAL, d TEXT, e BLOB) STRICT"),
            [
                0,
                bits(&[Class::Real, Class::Text, Class::Blob]),
                bits(&[Class::Text, Class::Blob]),
                bits(&[Class::Integer, Class::Real, Class::Blob]),
                bits(&[Class::Integer, Class::Real, Class::Text])
            ]
        );
    }

    #[test]
    fn defaults_are_what_a_row_would_have() {
        let table = table(
            "CREATE TABLE t(a TEXT DEFAULT 5, b INTEGER DEFAULT '7', c DEFAULT -1.5, d DEFAULT x'01', e REAL DEFAULT 3,
             f DEFAULT CURRENT_TIMESTAMP, g DEFAULT (random()), h DEFAULT name, i DEFAULT TRUE, j NUMERIC DEFAULT 'x', k)",
        );
        let defaults: Vec<&Constant> = table.columns.iter().map(|column| &column.default).collect();
        let text = |text: &str| Constant::Text(text.into());
        assert_eq!(*defaults[0], text("5"));
        assert_eq!(*defaults[1], Constant::Integer(7));
        assert_eq!(*defaults[2], Constant::Real(-1.5));
        assert_eq!(*defaults[3], Constant::Blob(vec![1]));
        assert_eq!(*defaults[4], Constant::Real(3.0));
        assert_eq!([defaults[5], defaults[6]], [&Constant::Null; 2], "no row can lack them");
        assert_eq!([defaults[7], defaults[9]], [&text("name"), &text("x")]);
        assert_eq!([defaults[8], defaults[10]], [&Constant::Integer(1), &Constant::Null]);
    }
}

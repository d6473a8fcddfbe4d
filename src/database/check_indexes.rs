//! Whether an index holds exactly the rows of its table, in order, by reading both once.
//!
//! The entries that the rows should have and those that the index has are each added up as hashes, under a key that is drawn
//! for each process: equal sums and counts are the same entries. While the index is read its order is checked,
//! which is what makes every entry findable, and with it that a unique index is unique.
//!
//! An ordinary query of an index takes part of what it answers from elsewhere, such as the row's number from the end of an
//! entry instead of its column. What stands in the index is therefore read through an imposter table, which is SQLite's way to see
//! an index as a table. It exists in the connection's memory alone; SQLite's own RBU extension works with such tables:
//! <https://www.sqlite.org/imposter.html>.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ffi::c_int;
use std::hash::{BuildHasher, RandomState};
use std::sync::{LazyLock, OnceLock};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ffi};

use crate::database::value::quoted;

/// An index whose entries can be computed by reading the columns of a row: not of expressions, not partial, and compared
/// byte by byte.
pub(crate) struct Index {
    name: String,
    root: c_int,
    columns: Vec<Column>,
    /// How many of the columns are the key; the row's number follows.
    key: usize,
    unique: bool,
    rows: OnceLock<Sum>,
    entries: OnceLock<Sum>,
}

struct Column {
    /// Of the table.
    name: String,
    descending: bool,
}

/// Any number of entries, in any order.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    count: u64,
    hashes: u64,
}

impl Sum {
    fn add(&mut self, entry: &[u8]) {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        self.count += 1;
        self.hashes = self.hashes.wrapping_add(KEY.hash_one(entry));
    }
}

impl Index {
    /// All indexes of a table, or `None` when one of them cannot be judged here.
    pub fn all_of(connection: &Connection, table: &str) -> rusqlite::Result<Option<Vec<Index>>> {
        let Some(rowid) = rowid_name(connection, table)? else {
            return Ok(None);
        };
        let mut statement = connection.prepare(
            "SELECT i.name, \"unique\", partial, rootpage FROM pragma_index_list(?1) AS i
             JOIN sqlite_schema AS s ON s.type = 'index' AND s.name = i.name",
        )?;
        let mut rows = statement.query([table])?;
        let mut indexes = Vec::new();
        while let Some(row) = rows.next()? {
            let (name, partial): (String, bool) = (row.get(0)?, row.get(2)?);
            let Some((columns, key)) = columns_of(connection, &name, rowid)?.filter(|_| !partial) else {
                return Ok(None);
            };
            indexes.push(Index {
                name,
                root: row.get(3)?,
                columns,
                key,
                unique: row.get(1)?,
                rows: OnceLock::new(),
                entries: OnceLock::new(),
            });
        }
        Ok(Some(indexes))
    }

    fn column_names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Makes the index a table of this connection, with columns `c0`, `c1`, and so on. Returns the name of the table.
    fn pose_as_table(&self, connection: &Connection) -> rusqlite::Result<String> {
        let name = quoted(&format!("respaldo imposter of {}", self.name));
        let columns: Vec<String> = (0..self.columns.len()).map(|number| format!("c{number}")).collect();
        let columns = columns.join(", ");
        next_table_is_at(connection, self.root);
        let created = connection.execute_batch(&format!(
            "CREATE TABLE {name}({columns}, PRIMARY KEY({columns})) WITHOUT ROWID"
        ));
        next_table_is_new(connection);
        created.map(|()| name)
    }

    /// Adds up the entries; `false` when they are not in order or not unique.
    pub fn read_entries(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let table = self.pose_as_table(connection)?;
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
        let mut rows = statement.query([])?;
        let mut sum = Sum::default();
        let mut entry = Vec::new();
        let mut previous = Vec::new();
        while let Some(row) = rows.next()? {
            let values = (0..self.columns.len()).map(|column| row.get_ref(column));
            let values = values.collect::<rusqlite::Result<Vec<ValueRef<'_>>>>()?;
            if !previous.is_empty() && !self.follows(&previous, &values) {
                return Ok(false);
            }
            entry.clear();
            previous.resize_with(values.len(), Held::default);
            for (value, held) in values.into_iter().zip(&mut previous) {
                encode(value, &mut entry);
                held.set(value);
            }
            sum.add(&entry);
        }
        Ok(self.entries.set(sum).is_ok())
    }

    fn follows(&self, previous: &[Held], values: &[ValueRef<'_>]) -> bool {
        for (number, ((held, value), column)) in previous.iter().zip(values).zip(&self.columns).enumerate() {
            let order = match held.compare(*value) {
                Some(order) if column.descending => order.reverse(),
                Some(order) => order,
                None => return false,
            };
            match order {
                Ordering::Less => return true,
                Ordering::Greater => return false,
                Ordering::Equal => {}
            }
            // Two keys with a NULL in them count as different.
            let key_ends = number + 1 == self.key;
            if key_ends && self.unique && previous[..self.key].iter().all(|held| held.class != Class::Null) {
                return false;
            }
        }
        false
    }

    /// Whether rows and entries were read and are the same.
    pub fn agrees(&self) -> bool {
        self.rows.get().is_some() && self.rows.get() == self.entries.get()
    }
}

/// Adds up the entries that the rows of a table should have in each of its indexes.
pub(crate) fn read_rows(connection: &Connection, table: &str, indexes: &[Index]) -> rusqlite::Result<()> {
    // Indexes share columns, and all the row's number.
    let names: BTreeSet<&str> = indexes.iter().flat_map(Index::column_names).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let place = |name| names.iter().position(|other| *other == name);
    let places: Vec<Vec<usize>> = indexes
        .iter()
        .map(|index| index.column_names().filter_map(place).collect())
        .collect();
    let select = format!("SELECT {} FROM {} NOT INDEXED", names.join(", "), quoted(table));
    let mut statement = connection.prepare(&select)?;
    let mut rows = statement.query([])?;
    let mut sums = vec![Sum::default(); indexes.len()];
    let mut entry = Vec::new();
    while let Some(row) = rows.next()? {
        for (columns, sum) in places.iter().zip(&mut sums) {
            entry.clear();
            for column in columns {
                encode(row.get_ref(*column)?, &mut entry);
            }
            sum.add(&entry);
        }
    }
    for (index, sum) in indexes.iter().zip(sums) {
        let _ = index.rows.set(sum);
    }
    Ok(())
}

/// The columns of an index, and how many of them are its key; `None` when they cannot be computed or compared here.
fn columns_of(connection: &Connection, index: &str, rowid: &str) -> rusqlite::Result<Option<(Vec<Column>, usize)>> {
    const ROWID: i64 = -1;
    let mut statement =
        connection.prepare("SELECT cid, name, \"desc\", coll, key FROM pragma_index_xinfo(?1) ORDER BY seqno")?;
    let mut rows = statement.query([index])?;
    let (mut columns, mut key) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let name = match (row.get(0)?, row.get::<_, Option<String>>(1)?) {
            (ROWID, _) => rowid.to_owned(),
            (_, Some(name)) => quoted(&name),
            // An expression.
            (_, None) => return Ok(None),
        };
        if row.get::<_, String>(3)? != "BINARY" {
            return Ok(None);
        }
        key += usize::from(row.get::<_, bool>(4)?);
        let descending = row.get(2)?;
        columns.push(Column { name, descending });
    }
    Ok(Some((columns, key)))
}

/// A name of the row's number that is not the name of a column.
fn rowid_name(connection: &Connection, table: &str) -> rusqlite::Result<Option<&'static str>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_xinfo(?1)")?;
    let columns = statement
        .query_map([table], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<String>>>()?;
    let free = |name: &&str| !columns.iter().any(|column| column.eq_ignore_ascii_case(name));
    Ok(["rowid", "_rowid_", "oid"].into_iter().find(free))
}

/// The next `CREATE TABLE` makes a table in the connection's memory, read-only, of the b-tree that begins at page `root`.
fn next_table_is_at(connection: &Connection, root: c_int) {
    imposter(connection, 2, root);
}

fn next_table_is_new(connection: &Connection) {
    imposter(connection, 0, 0);
}

fn imposter(connection: &Connection, mode: c_int, root: c_int) {
    // SAFETY: the handle is valid while `connection` is borrowed; the arguments are those that this control takes.
    unsafe {
        ffi::sqlite3_test_control(
            ffi::SQLITE_TESTCTRL_IMPOSTER,
            connection.handle(),
            c"main".as_ptr(),
            mode,
            root,
        );
    }
}

/// Appends a value so that no two lists of different values come out alike.
fn encode(value: ValueRef<'_>, entry: &mut Vec<u8>) {
    let (class, number, bytes): (u8, u64, &[u8]) = match value {
        ValueRef::Null => (0, 0, &[]),
        ValueRef::Integer(number) => (1, number.cast_unsigned(), &[]),
        ValueRef::Real(number) => match whole(number) {
            Some(number) => (1, number.cast_unsigned(), &[]),
            None => (2, number.to_bits(), &[]),
        },
        ValueRef::Text(bytes) => (3, bytes.len() as u64, bytes),
        ValueRef::Blob(bytes) => (4, bytes.len() as u64, bytes),
    };
    entry.push(class);
    entry.extend_from_slice(&number.to_le_bytes());
    entry.extend_from_slice(bytes);
}

/// A number that SQLite may store as an integer, which an index then holds as one.
fn whole(real: f64) -> Option<i64> {
    /// Up to here each integer is a number of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (real.fract() == 0.0 && real.abs() <= EXACT).then_some(real as i64)
}

/// Values of a lower class come before those of a higher one: <https://www.sqlite.org/datatype3.html#sort_order>.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    #[default]
    Null,
    Number,
    Text,
    Blob,
}

/// A value kept for comparison, in room that is used again.
#[derive(Default)]
struct Held {
    class: Class,
    number: Number,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Number {
    Integer(i64),
    Real(f64),
}

impl Default for Number {
    fn default() -> Self {
        Number::Integer(0)
    }
}

impl Held {
    fn set(&mut self, value: ValueRef<'_>) {
        self.bytes.clear();
        match value {
            ValueRef::Null => self.class = Class::Null,
            ValueRef::Integer(number) => (self.class, self.number) = (Class::Number, Number::Integer(number)),
            ValueRef::Real(number) => (self.class, self.number) = (Class::Number, Number::Real(number)),
            ValueRef::Text(bytes) => {
                self.class = Class::Text;
                self.bytes.extend_from_slice(bytes);
            }
            ValueRef::Blob(bytes) => {
                self.class = Class::Blob;
                self.bytes.extend_from_slice(bytes);
            }
        }
    }

    /// How this value compares with the next; `None` when they do not compare.
    fn compare(&self, next: ValueRef<'_>) -> Option<Ordering> {
        let (class, order) = match next {
            ValueRef::Null => (Class::Null, Some(Ordering::Equal)),
            ValueRef::Integer(number) => (Class::Number, self.number.compare(Number::Integer(number))),
            ValueRef::Real(number) => (Class::Number, self.number.compare(Number::Real(number))),
            ValueRef::Text(bytes) => (Class::Text, Some(self.bytes.as_slice().cmp(bytes))),
            ValueRef::Blob(bytes) => (Class::Blob, Some(self.bytes.as_slice().cmp(bytes))),
        };
        if self.class == class {
            order
        } else {
            Some(self.class.cmp(&class))
        }
    }
}

impl Number {
    fn compare(self, other: Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Integer(left), Number::Integer(right)) => Some(left.cmp(&right)),
            (Number::Real(left), Number::Real(right)) => left.partial_cmp(&right),
            (Number::Integer(left), Number::Real(right)) => compare_mixed(left, right),
            (Number::Real(left), Number::Integer(right)) => compare_mixed(right, left).map(Ordering::reverse),
        }
    }
}

/// Exactly, although neither type can hold all numbers of the other.
fn compare_mixed(integer: i64, real: f64) -> Option<Ordering> {
    /// 2 to the power of 63, the first number beyond the integers.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if real.is_nan() {
        None
    } else if real >= BEYOND {
        Some(Ordering::Less)
    } else if real < -BEYOND {
        Some(Ordering::Greater)
    } else {
        // In range, so nothing but the fraction is lost.
        let whole = real.trunc() as i64;
        Some(integer.cmp(&whole).then(0.0.partial_cmp(&real.fract())?))
    }
}

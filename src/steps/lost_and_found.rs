//! The tables of a recovered file for what has no place in its own: rows of unknown tables, the readable beginnings of cut values,
//! and deleted rows.

use rusqlite::{Connection, Statement, params_from_iter};

use crate::database::stored_value::StoredValue;
use crate::database::value::quoted;
use crate::pages::damaged_file::{CutValue, DamagedFile, FoundRow, Place};
use crate::pages::schema::Constant;

/// The names of the three tables in a file.
pub(super) struct LostAndFound<'t> {
    target: &'t Connection,
    rows: String,
    cut: String,
    deleted: String,
    /// Inserts into the table of cut values, once it is there.
    insert_cut: Option<Statement<'t>>,
}

/// Rows for one of the tables. Only their places are kept; they are read again when they are written.
#[derive(Default)]
pub(super) struct Strays {
    places: Vec<Place>,
    most_values: usize,
}

/// The most columns for values: a table has 2,000 at the most.
const MOST_COLUMNS: usize = 1_900;

impl<'t> LostAndFound<'t> {
    /// Finds names that are not among those of the schema.
    pub fn new(target: &'t Connection, is_taken: &dyn Fn(&str) -> bool) -> LostAndFound<'t> {
        let free = |name: &str| {
            let numbered = (0..).map(|number| format!("{name}_{number}"));
            let mut names = std::iter::once(name.to_owned()).chain(numbered);
            names.find(|name| !is_taken(name)).unwrap_or_else(|| name.to_owned())
        };
        LostAndFound {
            target,
            rows: free("lost_and_found"),
            cut: free("lost_and_found_cut"),
            deleted: free("lost_and_found_deleted"),
            insert_cut: None,
        }
    }

    /// Writes the readable beginning of a value. In its row it is NULL.
    pub fn keep_cut(
        &mut self,
        (table, column): (Option<&str>, &str),
        row: &FoundRow,
        cut: &CutValue,
    ) -> rusqlite::Result<()> {
        let number = |value: u64| StoredValue::Integer(value.try_into().unwrap_or(i64::MAX));
        let values = [
            table.map_or(StoredValue::Null, |table| StoredValue::Text(table.as_bytes().to_vec())),
            StoredValue::Text(column.as_bytes().to_vec()),
            StoredValue::Integer(row.rowid),
            number(row.place.page.into()),
            number(cut.bytes),
            number(cut.of),
            stored_value(&cut.start),
        ];
        let statement = match &mut self.insert_cut {
            Some(statement) => statement,
            none => {
                let name = quoted(&self.cut);
                self.target.execute_batch(&format!(
                    "CREATE TABLE {name}(table_name TEXT, column_name TEXT, id INTEGER, page INTEGER, bytes_read INTEGER, bytes INTEGER, start)"
                ))?;
                let insert = self
                    .target
                    .prepare(&format!("INSERT INTO {name} VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"))?;
                none.insert(insert)
            }
        };
        statement.execute(params_from_iter(&values)).map(drop)
    }

    /// Writes rows of no known table. Returns their number.
    pub fn write_rows(&mut self, file: &DamagedFile<'_>, rows: &Strays) -> rusqlite::Result<u64> {
        let name = self.rows.clone();
        self.write(file, &name, rows)
    }

    /// Writes deleted rows. Returns their number.
    pub fn write_deleted(&mut self, file: &DamagedFile<'_>, rows: &Strays) -> rusqlite::Result<u64> {
        let name = self.deleted.clone();
        self.write(file, &name, rows)
    }

    fn write(&mut self, file: &DamagedFile<'_>, name: &str, rows: &Strays) -> rusqlite::Result<u64> {
        if rows.places.is_empty() {
            return Ok(0);
        }
        let most = rows.most_values.clamp(1, MOST_COLUMNS);
        let columns: String = (0..most).map(|number| format!(", c{number}")).collect();
        let name = quoted(name);
        self.target
            .execute_batch(&format!("CREATE TABLE {name}(page INTEGER, id INTEGER{columns})"))?;
        let places: String = (0..most).map(|number| format!(", ?{}", number + 3)).collect();
        let sql = format!("INSERT INTO {name} VALUES(?1, ?2{places})");
        let mut statement = self.target.prepare(&sql)?;
        let mut written = 0;
        for place in &rows.places {
            let Some(row) = file.row_at(*place) else {
                continue;
            };
            let first = [
                StoredValue::Integer(row.place.page.into()),
                StoredValue::Integer(row.rowid),
            ];
            let values = row.values.iter().map(stored_value);
            let values = values.chain(std::iter::repeat(StoredValue::Null)).take(most);
            statement.execute(params_from_iter(first.into_iter().chain(values)))?;
            written += 1;
            if let Some(cut) = &row.cut {
                self.keep_cut((None, &format!("c{}", row.values.len())), &row, cut)?;
            }
        }
        Ok(written)
    }
}

impl Strays {
    pub fn add(&mut self, row: &FoundRow) {
        self.places.push(row.place);
        self.most_values = self.most_values.max(row.fields);
    }
}

pub(super) fn stored_value(value: &Constant) -> StoredValue {
    match value {
        Constant::Null => StoredValue::Null,
        Constant::Integer(number) => StoredValue::Integer(*number),
        Constant::Real(number) => StoredValue::Real(*number),
        Constant::Text(bytes) => StoredValue::Text(bytes.clone()),
        Constant::Blob(bytes) => StoredValue::Blob(bytes.clone()),
    }
}

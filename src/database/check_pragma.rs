//! SQLite's own checks, and what their answers mean.

use rusqlite::{Connection, ffi};

use crate::database::value::{bytes, quoted};

/// How many problems are enough to know.
const MOST_PROBLEMS: u32 = 20;

/// What `pragma` finds wrong with the database, or with one of its tables.
pub(crate) fn ask(connection: &Connection, pragma: &str, table: Option<&str>) -> rusqlite::Result<Vec<String>> {
    let argument = table.map_or_else(|| MOST_PROBLEMS.to_string(), quoted);
    let mut statement = connection.prepare(&format!("PRAGMA {pragma}({argument})"))?;
    let rows: Vec<String> = statement
        .query_map([], |row| Ok(String::from_utf8_lossy(&bytes(row, 0)?).into_owned()))?
        .collect::<rusqlite::Result<_>>()?;
    // A row can hold several findings, under a line that names the database.
    let lines = rows.iter().flat_map(|row| row.lines());
    let rows: Vec<String> = lines
        .filter(|line| !line.starts_with("*** in database"))
        .map(str::to_owned)
        .collect();
    match rows.iter().find_map(|row| unreadable(row)) {
        Some(code) => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
        None if rows == ["ok"] => Ok(Vec::new()),
        None => Ok(rows),
    }
}

/// The code of a trouble with reading, or of memory that ran out, which SQLite reports among the findings as
/// "... error code=266": what could not be looked at is not damaged.
fn unreadable(row: &str) -> Option<i32> {
    let (_, code) = row.rsplit_once("error code")?;
    let code: i32 = code.trim_start_matches(['=', ' ']).parse().ok()?;
    matches!(code & 0xff, ffi::SQLITE_IOERR | ffi::SQLITE_NOMEM).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_looked_at_is_not_damaged() {
        assert_eq!(
            unreadable("Tree 2 page 7: unable to get the page. error code=266"),
            Some(266)
        );
        assert_eq!(
            unreadable("Tree 2 page 7 cell 0: btreeInitPage() returns error code 522"),
            Some(522)
        );
        assert_eq!(
            unreadable("Tree 3 page 32: unable to get the page. error code=7"),
            Some(7)
        );
        assert_eq!(unreadable("Tree 2 page 7: btreeInitPage() returns error code 11"), None);
        assert_eq!(unreadable("row 3 missing from index clients_by_name"), None);
    }
}

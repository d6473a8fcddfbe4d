//! Overwriting a live database through SQLite, as one transaction.
//!
//! Other connections stay valid: they see the old contents until the transaction commits and the new ones afterwards.
//! After a crash at any instant, the next connection rolls back.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;
use rusqlite::config::DbConfig;

use crate::block_io::write_back::WriteBack;
use crate::database::check::{self, Verification};
use crate::database::connection;
use crate::database::live_file::LiveFile;
use crate::database::shape::Shape;
use crate::database::sqlite_error::{self, Role, explain};
use crate::files::paths::{real_path, with_suffix};
use crate::files::sidecars::has_wal;
use crate::report::damage::{Damage, DamageKind};
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::ProgressFn;
use crate::steps::same_pages::same_pages;
use crate::steps::snapshot::{self, Source, Stopped};

/// The live database, opened to be overwritten.
pub(crate) struct Live {
    pub connection: Connection,
    pub(super) path: PathBuf,
    pub(super) timeout: Duration,
    /// The schema version before the database is overwritten.
    pub(super) schema_version: Cell<i64>,
    pub wal: bool,
    pub page_size: u64,
    pub bytes: u64,
}

impl Live {
    /// Opens the live database. Fails as damaged when SQLite cannot write to it as it is, and as locked when
    /// another connection is writing.
    pub fn open(path: &Path, timeout: Duration) -> Result<Live> {
        let connection = connection::open_live_for_writing(path, timeout)?;
        // SQLite opens a read-only file for reading, and reports that only at the first write.
        if connection.is_readonly("main").unwrap_or(false) {
            let cause = if sqlite_error::may_write(path) && has_unknown_write_version(&connection) {
                Cause::DatabaseCorrupt(Damage::new(
                    DamageKind::Structure,
                    "its header has an unknown write version",
                ))
            } else {
                Cause::PermissionDenied("it is read-only".to_owned())
            };
            return Err(Error::at(cause, path));
        }
        let read = || {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            let shape = Shape::read(&connection)?;
            let schema_version = schema_version(&connection)?;
            connection.execute_batch("ROLLBACK")?;
            let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            Ok((shape, schema_version, mode == "wal"))
        };
        let properties = read();
        sqlite_error::remember_system_error(&connection, &properties);
        let (shape, schema_version, wal) = properties.map_err(|error| explain(&error, path, Role::Live))?;
        Ok(Live {
            connection,
            path: path.to_owned(),
            timeout,
            schema_version: Cell::new(schema_version),
            wal,
            page_size: shape.page_size,
            bytes: shape.bytes(),
        })
    }

    /// Takes the write lock until the writer is dropped. Readers go on.
    pub fn begin<'a>(&'a mut self, source: &'a Source) -> Result<Writer<'a>> {
        let (path, timeout, wal) = (&self.path, self.timeout, self.wal);
        let journal_path = self.journal_path();
        let explained = |error: rusqlite::Error| explain(&error, path, Role::Live);
        if !wal {
            keep_write_lock(&self.connection).map_err(explained)?;
        }
        let backup = Backup::new(&source.connection, &mut self.connection).map_err(explained)?;
        if wal {
            // A step of zero pages only takes the write lock, which in WAL mode does not block readers.
            snapshot::step(&backup, 0, timeout).map_err(explained)?;
        }
        Ok(Writer {
            backup,
            path,
            journal_path,
            timeout,
            pages_per_step: snapshot::pages_per_step(&source.shape),
        })
    }

    /// The WAL or the rollback journal: SQLite flushes it before it writes the database file.
    pub(super) fn journal_path(&self) -> PathBuf {
        with_suffix(&real_path(&self.path), if self.wal { "-wal" } else { "-journal" })
    }

    /// Whether the database is durably as it was, after a failed write.
    ///
    /// A commit can fail after its rollback journal is deleted. The transaction is then committed, and the schema version is
    /// another one. A WAL whose flush failed still holds the commit, and the next connection could find it there. So this writes
    /// a small commit without a change over it.
    pub fn ensure_rolled_back(&self, failure: &WriteFailure) -> Result<bool> {
        // This connection stays open meanwhile and keeps the WAL index as it is. Its own view is no proof: a connection is
        // bound to the text encoding that it found.
        let reopened = Live::open(&self.path, self.timeout)?;
        let unchanged = reopened.schema_version == self.schema_version;
        if unchanged && self.wal && failure.unflushed {
            let rewritten = reopened
                .connection
                .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
                .and_then(|number| reopened.connection.pragma_update(None, "user_version", number));
            rewritten.map_err(|error| explain(&error, &self.path, Role::Live))?;
        }
        Ok(unchanged)
    }

    /// Makes sure that the database equals `source`, which is verified.
    ///
    /// Other connections may have written since. Then the database differs from `source`, and is checked instead.
    pub fn verify(&self, source: &Source, level: Verification, progress: ProgressFn<'_>) -> Result<()> {
        let reader = self.open_reader()?;
        self.verify_by(&reader, source, level, progress, |found, progress| {
            Ok(!self.wal && has_same_pages(&reader, found, source, progress))
        })
    }

    /// Opens another connection, which sees the committed state and not the cache of this one.
    pub fn open_reader(&self) -> Result<Connection> {
        connection::open_live_for_reading(&self.path, self.timeout)
    }

    /// Verifies what `connection` sees. When `same` returns true, the check is skipped.
    pub(super) fn verify_by(
        &self,
        connection: &Connection,
        source: &Source,
        level: Verification,
        progress: ProgressFn<'_>,
        same: impl FnOnce(&Shape, ProgressFn<'_>) -> Result<bool>,
    ) -> Result<()> {
        let path = &self.path;
        let explained = |error: rusqlite::Error| explain(&error, path, Role::Live);
        // Ends with this function: a database that fails verification is written once more.
        let transaction = connection.unchecked_transaction().map_err(explained)?;
        let found = Shape::read(&transaction).map_err(explained)?;
        if same(&found, progress)? {
            return Ok(());
        }
        let findings = check::run(&transaction, (path, Role::Live), None, level, &found, progress)?;
        let other_schema = || Damage::new(DamageKind::Schema, "it does not have the schema of the backup");
        let differs = (!source.shape.same_schema(&found)).then(other_schema);
        match findings.damage.into_iter().chain(differs).reduce(Damage::and) {
            None => Ok(()),
            Some(damage) => Err(Error::at(Cause::DatabaseCorrupt(damage), path)),
        }
    }

    /// Checkpoints the WAL, and lets SQLite remove it when the last connection closes. When readers prevent that, the next
    /// checkpoint does it.
    pub fn checkpoint(&self) {
        if self.wal {
            let _ = self
                .connection
                .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
            let _ = self
                .connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }
}

/// Whether the header's write version is one that SQLite does not know:
/// <https://www.sqlite.org/fileformat2.html#file_format_version_numbers>.
fn has_unknown_write_version(connection: &Connection) -> bool {
    let mut version = [0];
    LiveFile::of(connection).is_some_and(|file| file.read_exact_at(&mut version, 18).is_ok() && version[0] > 2)
}

/// Whether the live database, as `connection` sees it, equals the backup page by page. The check reports pages that cannot be
/// read.
fn has_same_pages(connection: &Connection, found: &Shape, source: &Source, progress: ProgressFn<'_>) -> bool {
    if !source.shape.differences(found).is_empty() || has_wal(&source.path) {
        return false;
    }
    let (written, backup) = (LiveFile::of(connection), LiveFile::of(&source.connection));
    match (written, backup) {
        (Some(written), Some(backup)) => same_pages(&written, &backup, found, progress).unwrap_or(false),
        _ => false,
    }
}

/// Changes with every change of the schema, and with every backup written over the database.
fn schema_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "schema_version", |row| row.get(0))
}

/// Takes SQLite's RESERVED lock and keeps it beyond the end of the transaction.
///
/// A backup into a connection cannot begin inside a transaction, and the safety copy must not miss a commit just before it. In
/// exclusive locking mode a connection keeps its lock when its transaction ends. Back in normal mode it releases the lock at the
/// end of the next transaction, which is the backup's. The transaction must end by ROLLBACK: a COMMIT, even of no change, takes
/// the exclusive lock and blocks readers as well.
///
/// The mode changes only after the lock is taken. Earlier, the connection would keep the SHARED lock between two tries for the
/// RESERVED lock. A writer cannot commit beside that, and both would wait for each other.
fn keep_write_lock(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE; SELECT count(*) FROM sqlite_schema")?;
    connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    connection.execute_batch("ROLLBACK")?;
    connection.pragma_update_and_check(None, "locking_mode", "NORMAL", |_| Ok(()))
}

/// The write lock on a live database, and the transaction that overwrites it. Dropping it rolls back an uncommitted
/// transaction.
pub(crate) struct Writer<'a> {
    backup: Backup<'a, 'a>,
    path: &'a Path,
    journal_path: PathBuf,
    timeout: Duration,
    pages_per_step: i32,
}

/// A failed write.
#[derive(Debug)]
pub(crate) struct WriteFailure {
    pub error: Error,
    /// Everything was written, and the flush failed.
    pub(super) unflushed: bool,
}

impl From<Error> for WriteFailure {
    /// The failed statement is rolled back with its transaction.
    fn from(error: Error) -> WriteFailure {
        let unflushed = false;
        WriteFailure { error, unflushed }
    }
}

impl Writer<'_> {
    /// Writes all pages and commits. Fails as locked, with nothing written, when readers stay beyond the timeout.
    pub fn write(&self, progress: ProgressFn<'_>) -> std::result::Result<(), WriteFailure> {
        let mut write_back = [self.journal_path.clone(), real_path(self.path)].map(WriteBack::of);
        let step_done = &mut || write_back.iter_mut().for_each(WriteBack::advance);
        snapshot::step(&self.backup, 0, self.timeout)
            .map_err(Stopped::Sqlite)
            .and_then(|_| {
                snapshot::step_to_the_end(&self.backup, self.pages_per_step, self.timeout, step_done, progress)
            })
            .map_err(|stopped| match stopped {
                Stopped::Cancelled => WriteFailure {
                    error: Error::new(Cause::Cancelled),
                    unflushed: false,
                },
                Stopped::Sqlite(error) => WriteFailure {
                    unflushed: sqlite_error::is_flush_failure(&error),
                    error: explain(&error, self.path, Role::Live),
                },
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::progress::unwatched;

    fn database(path: &Path, mode: &str, text: &str) {
        let connection = Connection::open(path).expect("open");
        connection
            .execute_batch(&format!(
                "PRAGMA journal_mode={mode}; CREATE TABLE t(x); INSERT INTO t VALUES('{text}');"
            ))
            .expect("written");
    }

    fn source(path: &Path) -> Source {
        let connection = connection::open_backup(path, Duration::ZERO).expect("opens");
        Source::hold(connection, path, Role::Backup).expect("held")
    }

    fn text(connection: &Connection) -> String {
        connection
            .query_row("SELECT x FROM t", [], |row| row.get(0))
            .expect("a row")
    }

    #[test]
    fn other_writers_wait_from_begin_on_while_readers_go_on() {
        for mode in ["delete", "truncate", "persist", "wal"] {
            let folder = tempfile::tempdir().expect("a folder");
            let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
            database(&old, mode, "old");
            database(&new, "delete", "new");
            let other = Connection::open(&old).expect("open");
            other.busy_timeout(Duration::ZERO).expect("set");
            assert_eq!(text(&other), "old");

            let source = source(&new);
            let mut live = Live::open(&old, Duration::ZERO).expect("free");
            let writer = live.begin(&source).expect("free");
            assert_eq!(text(&other), "old", "{mode}: a reader is held up");
            let refused = other.execute_batch("BEGIN IMMEDIATE").expect_err("a writer gets in");
            assert!(sqlite_error::is_busy(&refused), "{mode}: {refused}");
            writer.write(&mut unwatched).expect("written");
            drop(writer);
            assert_eq!(text(&other), "new", "{mode}");
            other.execute_batch("UPDATE t SET x='newer'").expect("writers go on");
        }
    }

    #[test]
    fn dropping_the_writer_rolls_back() {
        for mode in ["delete", "wal"] {
            let folder = tempfile::tempdir().expect("a folder");
            let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
            database(&old, mode, "old");
            database(&new, "delete", "new");
            Connection::open(&new)
                .and_then(|c| c.execute_batch("CREATE TABLE big AS SELECT zeroblob(3000000) AS b"))
                .expect("written");
            let source = source(&new);
            let mut live = Live::open(&old, Duration::ZERO).expect("free");
            let writer = live.begin(&source).expect("free");
            let error = writer
                .write(&mut |_| std::ops::ControlFlow::Break(()))
                .expect_err("cancelled")
                .error;
            assert_eq!(error.cause, Cause::Cancelled);
            drop(writer);
            drop(live);
            assert_eq!(text(&Connection::open(&old).expect("open")), "old", "{mode}");
        }
    }
}

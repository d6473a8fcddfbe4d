//! Overwriting a live database through SQLite, as one transaction.
//!
//! Other connections stay valid: they see the old contents until the transaction commits and the new ones afterwards,
//! and a crash at any instant is rolled back by whoever opens the database next.

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
    /// As it was before it is overwritten.
    pub(super) schema_version: Cell<i64>,
    pub wal: bool,
    pub page_size: u64,
    pub bytes: u64,
}

impl Live {
    /// Opens the live database. Fails as damaged when SQLite could not write to it as it is, and as locked when
    /// somebody else is writing.
    pub fn open(path: &Path, timeout: Duration) -> Result<Live> {
        let connection = connection::open_live_for_writing(path, timeout)?;
        // SQLite opens a file that may not be written for reading, and says so only at the first write.
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
        let looked = || {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            let shape = Shape::read(&connection)?;
            let schema_version = schema_version(&connection)?;
            connection.execute_batch("ROLLBACK")?;
            let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            Ok((shape, schema_version, mode == "wal"))
        };
        let looked = looked();
        sqlite_error::remember_system_error(&connection, &looked);
        let (shape, schema_version, wal) = looked.map_err(|error| explain(&error, path, Role::Live))?;
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

    /// Keeps every other writer out from here until the writer is dropped. Readers go on.
    pub fn begin<'a>(&'a mut self, source: &'a Source) -> Result<Writer<'a>> {
        let (path, timeout, wal, log) = (&self.path, self.timeout, self.wal, self.log());
        let explained = |error: rusqlite::Error| explain(&error, path, Role::Live);
        if !wal {
            keep_the_write_lock(&self.connection).map_err(explained)?;
        }
        let backup = Backup::new(&source.connection, &mut self.connection).map_err(explained)?;
        if wal {
            // Zero pages only take the write lock, which in WAL mode leaves readers alone.
            snapshot::step(&backup, 0, timeout).map_err(explained)?;
        }
        Ok(Writer {
            backup,
            path,
            log,
            timeout,
            pages_per_step: snapshot::pages_per_step(&source.shape),
        })
    }

    /// What has to be on the disk before the database is written, or in its place.
    pub(super) fn log(&self) -> PathBuf {
        with_suffix(&real_path(&self.path), if self.wal { "-wal" } else { "-journal" })
    }

    /// After a write that failed, whether the database is as it was, for good.
    ///
    /// A journal that is gone, although something after that failed, means that everything was committed: the backup then
    /// counted the schema version up. A log whose flush failed still holds the commit, and whoever opens the database next
    /// would find it there; so a small commit of nothing new is written over it.
    pub fn take_back(&self, failure: &WriteFailure) -> Result<bool> {
        // This connection stays open meanwhile: it keeps the log's index as it is. It cannot be asked itself, since a
        // connection is bound to the text encoding that it found.
        let now = Live::open(&self.path, self.timeout)?;
        let unchanged = now.schema_version == self.schema_version;
        if unchanged && self.wal && failure.unflushed {
            let rewritten = now
                .connection
                .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
                .and_then(|number| now.connection.pragma_update(None, "user_version", number));
            rewritten.map_err(|error| explain(&error, &self.path, Role::Live))?;
        }
        Ok(unchanged)
    }

    /// Makes sure that the database is what `source` is, which was verified.
    ///
    /// Others may have written since. Then it cannot be the same, and is checked instead; the number of pages proves nothing.
    pub fn verify(&self, source: &Source, level: Verification, progress: ProgressFn<'_>) -> Result<()> {
        let reader = self.open_reader()?;
        self.verify_by(&reader, source, level, progress, |found, progress| {
            Ok(!self.wal && is_same(&reader, found, source, progress))
        })
    }

    /// Another connection to the database, which sees what is committed and not what this one has in memory.
    pub fn open_reader(&self) -> Result<Connection> {
        connection::open_live_for_reading(&self.path, self.timeout)
    }

    /// Verifies what `connection` sees, where `same` sees without a check whether that is what it should be.
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
        // Ends with this function: a database that came out wrong is written once more.
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

    /// Ends as any connection ends: the last one moves the log into the database, and removes it when it is dropped. Readers can
    /// prevent that, and then it is left to the next checkpoint.
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

/// Whether the header asks for a way of writing that no SQLite knows:
/// <https://www.sqlite.org/fileformat2.html#file_format_version_numbers>.
fn has_unknown_write_version(connection: &Connection) -> bool {
    let mut version = [0];
    LiveFile::of(connection).is_some_and(|file| file.read_exact_at(&mut version, 18).is_ok() && version[0] > 2)
}

/// Whether the live database, as `connection` sees it, is the backup page by page. What cannot be read is left to the check to
/// tell.
fn is_same(connection: &Connection, found: &Shape, source: &Source, progress: ProgressFn<'_>) -> bool {
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
/// A backup into a connection cannot begin inside a transaction, and the safety copy must not miss a commit made just
/// before it. In exclusive locking mode a connection keeps the lock it has when its transaction ends; back in normal
/// mode it gives it up at the end of the next one, which is the backup's. The transaction must end by ROLLBACK: a COMMIT, even of
/// nothing, takes the exclusive lock and keeps readers out as well.
///
/// The mode changes only once the lock is there. Before that, it would keep the SHARED lock between two tries for the RESERVED
/// one: a writer cannot commit beside it, and so both would wait for each other.
fn keep_the_write_lock(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE; SELECT count(*) FROM sqlite_schema")?;
    connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    connection.execute_batch("ROLLBACK")?;
    connection.pragma_update_and_check(None, "locking_mode", "NORMAL", |_| Ok(()))
}

/// The write lock on a live database, and the transaction that overwrites it. Dropping it rolls back what is not
/// committed.
pub(crate) struct Writer<'a> {
    backup: Backup<'a, 'a>,
    path: &'a Path,
    /// What has to be on the disk before the database is written, or in its place.
    log: PathBuf,
    timeout: Duration,
    pages_per_step: i32,
}

/// A write that broke off.
#[derive(Debug)]
pub(crate) struct WriteFailure {
    pub error: Error,
    /// Everything was written, and flushing it is what failed.
    pub(super) unflushed: bool,
}

impl From<Error> for WriteFailure {
    /// Nothing was written that would not be rolled back.
    fn from(error: Error) -> WriteFailure {
        let unflushed = false;
        WriteFailure { error, unflushed }
    }
}

impl Writer<'_> {
    /// Writes and commits everything. Fails as locked, with nothing written, when readers stay beyond the timeout.
    pub fn write(&self, progress: ProgressFn<'_>) -> std::result::Result<(), WriteFailure> {
        let mut write_back = [self.log.clone(), real_path(self.path)].map(WriteBack::of);
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

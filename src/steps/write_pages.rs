//! Writing the differing pages of a backup into a live database, through SQLite and as one transaction.
//!
//! SQLite writes a rollback journal or a WAL as for any change. So, as in [`overwrite`](crate::steps::overwrite), other connections
//! stay valid, and a crash at any instant is rolled back.
//! This connection does not parse the backup's schema and runs none of its statements: a page is only bytes here. The bytes come
//! from a verified file, so defensive mode, which forbids writing pages, can be switched off for this transaction.
//!
//! <https://www.sqlite.org/dbpage.html>

use std::ops::{ControlFlow, Range};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::types::Null;
use rusqlite::{Connection, Statement, params};

use crate::block_io::write_back::WriteBack;
use crate::database::check::Verification;
use crate::database::live_file::LiveFile;
use crate::database::page_reader::{CHUNK, PageReader, has_page_table, lock_byte_page};
use crate::database::sqlite_error::{self, Role, explain};
use crate::failpoint;
use crate::files::paths::real_path;
use crate::report::damage::{Damage, DamageKind};
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::{Progress, ProgressFn};
use crate::steps::overwrite::{Live, WriteFailure};
use crate::steps::page_set::{CancelPoll, PageSet, bytes_of, chunks};
use crate::steps::safety_copy::no_file;
use crate::steps::same_pages::PER_FILE_FIELDS;
use crate::steps::snapshot::{self, Source};

/// Offsets in page 1: <https://www.sqlite.org/fileformat2.html#the_database_header>.
const PAGE_SIZE: Range<usize> = 16..18;
const VERSIONS: Range<usize> = 18..20;
const RESERVED: Range<usize> = 20..21;
const FREE_PAGES: Range<usize> = 36..40;
const SCHEMA_COOKIE: Range<usize> = 40..44;
const AUTO_VACUUM: Range<usize> = 52..56;
const TEXT_ENCODING: Range<usize> = 56..60;
const INCREMENTAL: Range<usize> = 64..68;

/// Calling the progress function takes longer than writing some pages, so it is called at this interval.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(10);

/// The write lock on a live database, and the transaction that writes its pages. Dropping it rolls back an uncommitted
/// transaction.
pub(crate) struct PageWriter<'a> {
    live: &'a Live,
    first_page: Vec<u8>,
    /// The number of pages of the live database.
    pub pages: u64,
}

impl Live {
    /// Whether pages of this backup can be written into this database.
    pub fn takes_pages_of(&self, source: &Source) -> bool {
        let have_page_tables = has_page_table(&self.connection) && has_page_table(&source.connection);
        have_page_tables && self.page_size == source.shape.page_size
    }

    /// A number that changes when another connection commits, and only then.
    pub fn data_version(&self) -> Result<i64> {
        let version = self
            .connection
            .pragma_query_value(None, "data_version", |row| row.get(0));
        sqlite_error::remember_system_error(&self.connection, &version);
        version.map_err(|error| explain(&error, &self.path, Role::Live))
    }

    /// Takes the write lock until the writer is dropped. Readers go on. Returns `None` when the pages of this backup cannot be
    /// written into this database.
    pub fn begin_pages(&self, source: &Source) -> Result<Option<PageWriter<'_>>> {
        let mut writer = PageWriter {
            live: self,
            first_page: vec![],
            pages: 0,
        };
        writer.use_journal_mode("TRUNCATE");
        let begun = writer.run("BEGIN IMMEDIATE").and_then(|()| {
            Ok((
                writer.number("page_count")?,
                writer.number("page_size")?,
                writer.number("schema_version")?,
            ))
        });
        let (pages, page_size, schema_version) = begun.map_err(|failure| failure.error)?;
        if u64::try_from(page_size) != Ok(source.shape.page_size) || pages < 1 {
            return Ok(None);
        }
        let mut first_page = vec![0; bytes_of(1, source.shape.page_size)];
        source.pages()?.read(1, &mut first_page)?;
        let new = first_page.clone();
        writer.reader(source)?.read(1, &mut first_page)?;
        if !is_compatible(&first_page, &new) {
            return Ok(None);
        }
        self.schema_version.set(schema_version);
        writer.first_page = first_page;
        writer.pages = u64::try_from(pages).unwrap_or(0);
        Ok(Some(writer))
    }
}

impl Live {
    /// Makes sure that the database holds the written pages. The other pages were compared before.
    ///
    /// `data_version` is that of the transaction that wrote. When another connection has written since, the whole database is
    /// checked instead. `reader` is opened beforehand, to leave little time for that.
    pub fn verify_pages(
        &self,
        reader: &Connection,
        source: &Source,
        written: &PageSet,
        data_version: i64,
        level: Verification,
        progress: ProgressFn<'_>,
    ) -> Result<()> {
        self.verify_by(reader, source, level, progress, |found, progress| {
            let wrong = if source.shape.differences(found).is_empty() {
                self.first_mismatch(reader, source, written, &mut CancelPoll::new(progress, found.pages))?
            } else {
                Some(1)
            };
            match wrong {
                None => Ok(true),
                Some(_) if self.data_version()? != data_version => Ok(false),
                Some(page) => {
                    let problem = format!("page {page} is not what was written");
                    Err(Error::at(
                        Cause::DatabaseCorrupt(Damage::new(DamageKind::Structure, problem)),
                        &self.path,
                    ))
                }
            }
        })
    }

    /// The first of the written pages that `connection` reads with other bytes.
    fn first_mismatch(
        &self,
        connection: &Connection,
        source: &Source,
        written: &PageSet,
        poll: &mut CancelPoll<'_>,
    ) -> Result<Option<u64>> {
        let page_size = source.shape.page_size;
        let mut live = PageReader::of(connection, &self.path, Role::Live, page_size)?;
        let mut pages = source.pages()?;
        let (mut found, mut wanted) = (vec![0; CHUNK], vec![0; CHUNK]);
        let size = bytes_of(1, page_size);
        for (first, count) in chunks(source.shape.pages, page_size) {
            if !(first..first + count).any(|page| written.contains(page)) {
                continue;
            }
            poll.check()?;
            let length = bytes_of(count, page_size);
            let (found, wanted) = (&mut found[..length], &mut wanted[..length]);
            live.read(first, found)?;
            pages.read(first, wanted)?;
            if first == 1 {
                for field in PER_FILE_FIELDS {
                    found[field.clone()].fill(0);
                    wanted[field].fill(0);
                }
            }
            let both = found.chunks_exact(size).zip(wanted.chunks_exact(size));
            let wrong = (first..)
                .zip(both)
                .find(|(page, (found, wanted))| written.contains(*page) && found != wanted);
            if let Some((page, _)) = wrong {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }
}

/// Whether a connection that opened a database with page 1 `old` can go on with the pages of one with page 1 `new`.
fn is_compatible(old: &[u8], new: &[u8]) -> bool {
    // With full auto-vacuum the connection empties the freelist at each commit, based on the old pages.
    let vacuums = old[AUTO_VACUUM] != [0; 4] && old[INCREMENTAL] == [0; 4];
    let unused = new[FREE_PAGES] != [0; 4];
    // A connection is bound to the text encoding that it found.
    let alike = [PAGE_SIZE, RESERVED, TEXT_ENCODING]
        .into_iter()
        .all(|part| old[part.clone()] == new[part]);
    alike && !(vacuums && unused)
}

impl PageWriter<'_> {
    /// Reads the current pages of the live database.
    pub fn reader(&self, source: &Source) -> Result<PageReader<'_>> {
        PageReader::of(
            &self.live.connection,
            &self.live.path,
            Role::Live,
            source.shape.page_size,
        )
    }

    /// Writes these pages of `source` and commits. Fails as locked, with nothing written, when readers stay beyond the timeout.
    pub fn write(
        &self,
        source: &Source,
        differing: &PageSet,
        progress: ProgressFn<'_>,
    ) -> std::result::Result<(), WriteFailure> {
        // Defensive mode is off until this writer is dropped; the module's comment says why that is safe.
        let defensive = self
            .live
            .connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false);
        self.explained(defensive)?;
        let schema_version = self.number("schema_version")?;
        self.keep_readers_out()?;
        let statement = self
            .live
            .connection
            .prepare("INSERT INTO sqlite_dbpage(pgno, data) VALUES(?1, ?2)");
        self.write_pages(&mut self.explained(statement)?, source, differing, progress)?;
        // Other connections reload the schema when this number changes.
        let next = i32::try_from(schema_version).unwrap_or(0).wrapping_add(1);
        self.run(&format!("PRAGMA schema_version = {next}"))?;
        failpoint::reach("pages_written");
        self.run("COMMIT")
    }

    /// Takes the exclusive lock in a rollback mode, and fails as locked when readers stay beyond the timeout.
    ///
    /// SQLite takes it when the first page leaves its cache. If it does not get the lock then, it keeps the page in memory and
    /// waits as long again for the next page.
    fn keep_readers_out(&self) -> Result<()> {
        let Live { connection, path, .. } = self.live;
        let mode: rusqlite::Result<String> = connection.pragma_query_value(None, "journal_mode", |row| row.get(0));
        if self.explained(mode).map_err(|failure| failure.error)? == "wal" {
            return Ok(());
        }
        let file = LiveFile::of(connection).ok_or_else(|| no_file(path))?;
        match file.lock_exclusively(self.live.timeout) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::at(Cause::DatabaseLocked, path)),
            Err(error) => Err(Error::at(Cause::Io(error.to_string()), path)),
        }
    }

    fn write_pages(
        &self,
        insert: &mut Statement<'_>,
        source: &Source,
        differing: &PageSet,
        progress: ProgressFn<'_>,
    ) -> std::result::Result<(), WriteFailure> {
        let mut pages = source.pages()?;
        let mut page = vec![0; bytes_of(1, source.shape.page_size)];
        let skipped = lock_byte_page(source.shape.page_size);
        let step = u64::try_from(snapshot::pages_per_step(&source.shape)).unwrap_or(1);
        let mut write_back = [self.live.journal_path(), real_path(&self.live.path)].map(WriteBack::of);
        let mut last_report: Option<Instant> = None;
        let mut now = Progress {
            pages_done: 0,
            // The commit counts as one.
            pages_total: differing.len() + 1,
        };
        for number in differing.iter().filter(|number| *number != 1 && *number != skipped) {
            if last_report.is_none_or(|last| last.elapsed() >= PROGRESS_INTERVAL) {
                report(progress, now)?;
                last_report = Some(Instant::now());
            }
            pages.read(number, &mut page)?;
            let written = insert.execute(params![number_of(number), page]).map(drop);
            self.explained(written)?;
            now.pages_done += 1;
            failpoint::reach("page_written");
            if now.pages_done.is_multiple_of(step) {
                write_back.iter_mut().for_each(WriteBack::advance);
            }
        }
        report(progress, now)?;
        pages.read(1, &mut page)?;
        // The journal mode stays. The schema cookie changes only after the last use of this statement, which SQLite would
        // otherwise prepare again.
        for field in [VERSIONS, SCHEMA_COOKIE] {
            page[field.clone()].copy_from_slice(&self.first_page[field]);
        }
        let written = insert.execute(params![1, page]).map(drop);
        self.explained(written)?;
        if source.shape.pages < self.pages {
            // NULL truncates the database from this page on, at the end of the transaction.
            let cut_off = insert
                .execute(params![number_of(source.shape.pages + 1), Null])
                .map(drop);
            self.explained(cut_off)?;
        }
        Ok(())
    }

    /// On Windows a connection in the journal modes TRUNCATE and PERSIST keeps the rollback journal open, and no other can delete
    /// it to commit. Emptying it commits as well. The mode is this connection's own.
    fn use_journal_mode(&self, mode: &str) {
        if cfg!(windows) && !self.live.wal {
            let set = format!("PRAGMA journal_mode = {mode}");
            let _ = self.live.connection.query_row(&set, [], |_| Ok(()));
        }
    }

    fn number(&self, pragma: &str) -> std::result::Result<i64, WriteFailure> {
        let number = self.live.connection.pragma_query_value(None, pragma, |row| row.get(0));
        self.explained(number)
    }

    fn run(&self, sql: &str) -> std::result::Result<(), WriteFailure> {
        self.explained(self.live.connection.execute_batch(sql))
    }

    fn explained<T>(&self, result: rusqlite::Result<T>) -> std::result::Result<T, WriteFailure> {
        sqlite_error::remember_system_error(&self.live.connection, &result);
        result.map_err(|error| WriteFailure {
            unflushed: sqlite_error::is_flush_failure(&error),
            error: explain(&error, &self.live.path, Role::Live),
        })
    }
}

impl Drop for PageWriter<'_> {
    fn drop(&mut self) {
        let connection = &self.live.connection;
        if !connection.is_autocommit() {
            // If ROLLBACK fails, closing the connection rolls back.
            let _ = connection.execute_batch("ROLLBACK");
        }
        // Also removes the empty rollback journal, unless another connection has it open.
        self.use_journal_mode("DELETE");
        let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true);
    }
}

fn report(progress: ProgressFn<'_>, now: Progress) -> Result<()> {
    match progress(now) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::new(Cause::Cancelled)),
    }
}

fn number_of(page: u64) -> i64 {
    i64::try_from(page).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::connection;
    use crate::report::progress::unwatched;
    use std::path::Path;

    fn database(path: &Path, mode: &str, text: &str) -> Connection {
        let connection = Connection::open(path).expect("opens");
        connection.busy_timeout(Duration::ZERO).expect("set");
        let sql = format!("PRAGMA journal_mode={mode}; CREATE TABLE t(x); INSERT INTO t VALUES('{text}')");
        connection.execute_batch(&sql).expect("written");
        connection
    }

    fn text(connection: &Connection) -> String {
        connection
            .query_row("SELECT x FROM t", [], |row| row.get(0))
            .expect("a row")
    }

    #[test]
    fn only_others_commits_change_the_data_version_and_writers_wait() {
        for mode in ["delete", "truncate", "persist", "wal"] {
            let folder = tempfile::tempdir().expect("a folder");
            let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
            let other = database(&old, mode, "old");
            drop(database(&new, "delete", "new"));
            let connection = connection::open_backup(&new, Duration::ZERO).expect("opens");
            let source = Source::hold(connection, &new, Role::Backup).expect("held");
            let live = Live::open(&old, Duration::from_secs(5)).expect("free");
            let seen = live.data_version().expect("a number");
            other.execute_batch("UPDATE t SET x = 'older'").expect("written");
            assert_ne!(live.data_version().expect("a number"), seen, "{mode}");

            let writer = live.begin_pages(&source).expect("free").expect("alike");
            let under_lock = live.data_version().expect("a number");
            assert_eq!(text(&other), "older", "{mode}: a reader is held up");
            let refused = other.execute_batch("BEGIN IMMEDIATE").expect_err("a writer gets in");
            assert!(sqlite_error::is_busy(&refused), "{mode}: {refused}");
            let mut all = PageSet::default();
            (1..=source.shape.pages).for_each(|page| all.set(page, true));
            let written = writer.write(&source, &all, &mut unwatched);
            assert!(written.is_ok(), "{mode}: {written:?}");
            drop(writer);
            assert_eq!(live.data_version().expect("a number"), under_lock, "{mode}");
            assert_eq!(text(&other), "new", "{mode}");
            let reader = live.open_reader().expect("opens");
            let verified = live.verify_pages(&reader, &source, &all, under_lock, Verification::Full, &mut unwatched);
            verified.expect("it is what was written");

            other.execute_batch("UPDATE t SET x = 'newer'").expect("writers go on");
            assert_ne!(live.data_version().expect("a number"), under_lock, "{mode}");
            let reader = live.open_reader().expect("opens");
            let verified = live.verify_pages(&reader, &source, &all, under_lock, Verification::Full, &mut unwatched);
            verified.expect("it is whole, and another");
            let refused = live
                .connection
                .execute("INSERT INTO sqlite_dbpage VALUES(1, NULL, 'main')", []);
            refused.expect_err("it is defensive again");
        }
    }

    #[test]
    fn a_writer_that_is_dropped_has_written_nothing() {
        for mode in ["delete", "wal"] {
            let folder = tempfile::tempdir().expect("a folder");
            let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
            let other = database(&old, mode, "old");
            drop(database(&new, "delete", "new"));
            let connection = connection::open_backup(&new, Duration::ZERO).expect("opens");
            let source = Source::hold(connection, &new, Role::Backup).expect("held");
            let live = Live::open(&old, Duration::ZERO).expect("free");
            let writer = live.begin_pages(&source).expect("free").expect("alike");
            let mut all = PageSet::default();
            (1..=source.shape.pages).for_each(|page| all.set(page, true));
            let failure = writer
                .write(&source, &all, &mut |_| ControlFlow::Break(()))
                .expect_err("cancelled");
            assert_eq!(failure.error.cause, Cause::Cancelled);
            drop(writer);
            assert_eq!(text(&other), "old", "{mode}");
            other.execute_batch("UPDATE t SET x = 'older'").expect("writers go on");
        }
    }
}

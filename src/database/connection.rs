//! How each kind of file is opened.
//!
//! Every connection is hardened: a backup is data, so its triggers and views never run
//! (<https://www.sqlite.org/security.html>). None is ever opened with the create flag: a mistyped path must be an
//! error and not an empty database.

use std::ffi::CStr;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, ffi};

use crate::block_io::archive_vfs::{self, ArchivedFile};
use crate::block_io::block_vfs;
use crate::database::header::{self, Header};
use crate::database::sqlite_error::{Role, explain, extended_code, needs_recovery, remember_system_error};
use crate::files::long_path;
use crate::files::paths::{SIDECARS, real_path, with_suffix};
use crate::files::sidecars::has_wal;
use crate::report::error::{Cause, Error, Result};
use crate::report::system_error::is_missing;
use crate::report::waiting;

/// The application's database, for reading.
///
/// A crashed writer can leave a rollback journal or WAL that must be recovered before the database can be read. Only
/// then is the file opened for writing, and only the recovery is written.
pub(crate) fn open_live_for_reading(path: &Path, timeout: Duration) -> Result<Connection> {
    require_file(path, Cause::DatabaseNotFound)?;
    // Even a reading connection deletes the WAL of an empty file, and the WAL may be all that is left.
    if fs::metadata(path).is_ok_and(|metadata| header::is_empty(&metadata)) {
        return Err(Error::at(Cause::NotADatabase, path));
    }
    match open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, timeout).and_then(read_schema_once) {
        Ok(connection) => Ok(connection),
        Err(error) if needs_recovery(&error) => {
            open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, timeout)
                .and_then(|connection| {
                    // The WAL stays as it is: the application checkpoints it.
                    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
                    read_schema_once(connection)
                })
                .map_err(|error| explain(&error, path, Role::Live))
        }
        Err(error) => Err(explain(&error, path, Role::Live)),
    }
}

/// The application's database in a read transaction, if it can be read without recovery. Nothing is written.
pub(crate) fn hold_for_reading(path: &Path, timeout: Duration) -> Option<Connection> {
    if fs::metadata(path).is_ok_and(|metadata| header::is_empty(&metadata)) {
        return None;
    }
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, timeout)
        .and_then(read_schema_once)
        .ok()?;
    let held = connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema");
    held.is_ok().then_some(connection)
}

/// Removes the empty WAL that reading a WAL database leaves beside it when no other program has it open.
///
/// A read-only connection cannot remove it. The last connection that can write removes it on closing.
pub(crate) fn remove_empty_wal(path: &Path) {
    // A failure is ignored: an empty WAL does no harm, and the application removes it.
    if fs::metadata(with_suffix(&real_path(path), "-wal")).is_ok_and(|wal| wal.len() == 0) {
        let _ = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, Duration::ZERO).and_then(read_schema_once);
    }
}

/// The application's database, for a restore.
///
/// Closing the connection leaves the WAL as it is: if the database is damaged, the WAL may be all that is left, and the
/// safety copy does not have it yet.
pub(crate) fn open_live_for_writing(path: &Path, timeout: Duration) -> Result<Connection> {
    require_file(path, Cause::DatabaseNotFound)?;
    let opened = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, timeout).and_then(|connection| {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let connection = read_schema_once(connection)?;
        // EXTRA also flushes the folder after the rollback journal is deleted. The deletion commits the restore.
        connection.pragma_update(None, "synchronous", "EXTRA")?;
        // SQLite flushes the rollback journal each time the cache is full of changed pages, so a large cache flushes
        // less often.
        connection.pragma_update(None, "cache_size", -8192)?;
        // On macOS a plain flush leaves data in the drive's cache. Elsewhere these pragmas have no effect.
        connection.execute_batch("PRAGMA fullfsync=ON; PRAGMA checkpoint_fullfsync=ON")?;
        Ok(connection)
    });
    opened.map_err(|error| explain(&error, path, Role::Live))
}

/// A backup, for reading. Only a WAL index is written beside it, see
/// [`WalIndexCleanup`](crate::database::wal_index::WalIndexCleanup).
pub(crate) fn open_backup(path: &Path, timeout: Duration) -> Result<Connection> {
    require_file(path, Cause::BackupNotFound)?;
    let header = Header::read(path)
        .map_err(|error| Error::io(&error, path))?
        .ok_or_else(|| Error::at(Cause::NotADatabase, path))?;
    let opened = if header.wal && !has_wal(path) {
        // A database in WAL mode without a WAL is complete, but SQLite would create a WAL beside it, which fails on a
        // read-only drive.
        open_immutable(path).and_then(read_schema_once)
    } else {
        let opened = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, timeout).and_then(read_schema_once);
        opened.or_else(|error| {
            if header.wal {
                open_without_locks(path, error)
            } else {
                Err(error)
            }
        })
    };
    opened.map_err(|error| explain(&error, path, Role::Backup))
}

/// A backup in the archive, for reading; errors call it `path`.
pub(crate) fn open_archived(file: Arc<dyn ArchivedFile>, path: &Path) -> Result<Connection> {
    let bytes = file.size();
    let opened = archive_vfs::open(file).and_then(harden);
    let opened = opened.and_then(|connection| read_schema_within(connection, bytes));
    opened.map_err(|error| explain(&error, path, Role::Backup))
}

/// SQLite's VFS that takes no locks.
const WITHOUT_LOCKS: &CStr = if cfg!(windows) {
    c"win32-longpath-none"
} else {
    c"unix-none"
};

/// Opens a backup with a WAL on a read-only drive, after an ordinary open failed because the WAL index cannot be
/// written there. The WAL index is in memory, and no locks are taken.
fn open_without_locks(path: &Path, error: rusqlite::Error) -> rusqlite::Result<Connection> {
    let may_not_write = matches!(
        extended_code(&error).map(|code| code & 0xff),
        Some(ffi::SQLITE_CANTOPEN | ffi::SQLITE_READONLY)
    );
    if !may_not_write {
        return Err(error);
    }
    let flags = base_flags(OpenFlags::SQLITE_OPEN_READ_ONLY);
    let path = long_path::for_system(path);
    let connection = harden(Connection::open_with_flags_and_vfs(path, flags, WITHOUT_LOCKS)?)?;
    connection.execute_batch("PRAGMA locking_mode=EXCLUSIVE")?;
    read_schema_once(connection)
}

/// The library's own unpublished file, for writing. No other program opens it, and after a crash it is only left over.
pub(crate) fn open_unpublished(path: &Path) -> Result<Connection> {
    let opened = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(|connection| {
        // SQLite writes pages from a small cache in ascending order, so the VFS can write many at a time.
        connection.execute_batch(
            "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-64;",
        )?;
        Ok(connection)
    });
    opened.map_err(|error| explain(&error, path, Role::Backup))
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let Some(vfs) = block_vfs::name() else {
        return long_path::open(path, base_flags(access));
    };
    let connection = Connection::open_with_flags_and_vfs(long_path::for_system(path), base_flags(access), vfs)?;
    if access.contains(OpenFlags::SQLITE_OPEN_READ_ONLY) {
        // The file is not mapped: with this pragma SQLite uses the blocks of the VFS without copying them.
        connection.pragma_update(None, "mmap_size", i64::MAX)?;
    }
    Ok(connection)
}

fn base_flags(access: OpenFlags) -> OpenFlags {
    // Paths are absolute, so none can be taken for a URI.
    access | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn open(path: &Path, access: OpenFlags, timeout: Duration) -> rusqlite::Result<Connection> {
    let mut connection = connect(path, access)?;
    wait_for_locks(&mut connection, timeout)?;
    harden(connection)
}

/// Waits at most `timeout` for other programs' locks, and as long as the progress function lets it.
///
/// SQLite's own handler sleeps up to 100 ms between tries. It can miss the short pauses of a program that commits one
/// transaction after another, for seconds.
fn wait_for_locks(connection: &mut Connection, timeout: Duration) -> rusqlite::Result<()> {
    const PAUSE: Duration = Duration::from_millis(1);
    let mut deadline = Instant::now();
    connection.busy_handler(Some(move |tries| {
        if tries == 0 {
            deadline = Instant::now() + timeout;
        }
        let go_on = Instant::now() < deadline && waiting::goes_on();
        if go_on {
            thread::sleep(PAUSE);
        }
        go_on
    }))
}

fn open_immutable(path: &Path) -> rusqlite::Result<Connection> {
    let uri = format!("{}?immutable=1", file_uri(&long_path::for_system(path)));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    harden(connect(Path::new(&uri), flags)?)
}

fn harden(connection: Connection) -> rusqlite::Result<Connection> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.execute_batch("PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;")?;
    Ok(connection)
}

/// Reads the schema. SQLite opens files lazily: only the first read tells whether the file is a database and can be
/// read now.
fn read_schema_once(connection: Connection) -> rusqlite::Result<Connection> {
    let file = connection.path().and_then(|path| fs::metadata(path).ok());
    read_schema_within(connection, file.map_or(0, |file| file.len()))
}

/// The pages of a hostile file can form a circle. No schema is longer than its file, so the steps are limited by its size.
fn read_schema_within(mut connection: Connection, bytes: u64) -> rusqlite::Result<Connection> {
    let mut budget = 1_000 + bytes / 512;
    connection.progress_handler(
        1_000,
        Some(move || {
            budget = budget.saturating_sub(1);
            budget == 0
        }),
    )?;
    let read = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    remember_system_error(&connection, &read);
    read?;
    connection.progress_handler(0, None::<fn() -> bool>)?;
    Ok(connection)
}

/// Fails with `missing` when there is no file at `path`.
pub(crate) fn require_file(path: &Path, missing: Cause) -> Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => require_plain_sidecars(path),
        Ok(metadata) if metadata.is_dir() && missing == Cause::DatabaseNotFound => {
            Err(Error::at(Cause::DatabaseIsAFolder, path))
        }
        Ok(_) => Err(Error::at(missing, path)),
        Err(error) if is_missing(&error) => Err(Error::at(missing, path)),
        Err(error) => Err(Error::io(&error, path)),
    }
}

/// Fails when a sidecar is no plain file. SQLite opens any rollback journal or WAL it finds, and opening a pipe would
/// not return.
fn require_plain_sidecars(path: &Path) -> Result<()> {
    // Windows has no pipes in folders. Reading a file's metadata opens it there, and a program that deletes an open
    // rollback journal cannot create the next one.
    if cfg!(windows) {
        return Ok(());
    }
    let real = real_path(path);
    for suffix in SIDECARS {
        let sidecar = with_suffix(&real, suffix);
        // Opening a folder does not block, and in a rollback mode SQLite never opens the WAL index.
        let is_harmless = |metadata: fs::Metadata| metadata.is_file() || (metadata.is_dir() && suffix == "-shm");
        if fs::metadata(&sidecar).is_ok_and(|metadata| !is_harmless(metadata)) {
            return Err(Error::at(Cause::Io("it is not a plain file".to_owned()), sidecar));
        }
    }
    Ok(())
}

/// <https://www.sqlite.org/uri.html>: percent-encoded, forward slashes, a drive letter behind a slash.
fn file_uri(path: &Path) -> String {
    let path = path.to_string_lossy();
    let path = if cfg!(windows) {
        path.replace('\\', "/")
    } else {
        path.into_owned()
    };
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut uri = format!("file://{slash}");
    for byte in path.bytes() {
        match byte {
            b'%' | b'?' | b'#' => uri.push_str(&format!("%{byte:02X}")),
            _ if byte.is_ascii() => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_source_is_never_created() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mistyped.db");
        let error = open_live_for_reading(&path, Duration::ZERO).expect_err("missing");
        assert_eq!(error, Error::at(Cause::DatabaseNotFound, &path));
        let error = open_backup(&path, Duration::ZERO).expect_err("missing");
        assert_eq!(error, Error::at(Cause::BackupNotFound, &path));
        assert!(!path.exists());
    }

    #[test]
    fn names_that_mean_something_in_a_uri_are_encoded() {
        let (path, uri) = if cfg!(windows) {
            (
                r"\\?\C:\datos\100% #1\año.db",
                "file:////%3F/C:/datos/100%25 %231/a%C3%B1o.db",
            )
        } else {
            ("/datos/100% #1?/año.db", "file:///datos/100%25 %231%3F/a%C3%B1o.db")
        };
        assert_eq!(file_uri(Path::new(path)), uri);
    }

    #[test]
    fn a_wal_backup_opens_without_anything_written_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(if cfg!(windows) {
            "100% #1 año.db"
        } else {
            "100% #1? año.db"
        });
        let writer = Connection::open(&path).expect("open");
        writer
            .execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1);")
            .expect("written");
        drop(writer);
        let connection = open_backup(&path, Duration::ZERO).expect("opens");
        let rows: i64 = connection
            .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .expect("rows");
        assert_eq!(rows, 1);
        drop(connection);
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 1);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn no_database_is_mapped() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mapped.db");
        Connection::open(&path)
            .and_then(|connection| {
                connection.execute_batch("CREATE TABLE t(x); INSERT INTO t VALUES(zeroblob(3000000))")
            })
            .expect("written");
        let readers = [
            open_live_for_reading(&path, Duration::ZERO).expect("opens"),
            open_backup(&path, Duration::ZERO).expect("opens"),
            open_live_for_writing(&path, Duration::ZERO).expect("opens"),
        ];
        for reader in &readers {
            let verdict: String = reader
                .pragma_query_value(None, "integrity_check", |row| row.get(0))
                .expect("checked");
            assert_eq!(verdict, "ok");
        }
        let maps = fs::read_to_string("/proc/self/maps").expect("Linux");
        assert!(maps.contains("/deps/"), "the program itself is");
        assert!(
            !maps.contains("mapped.db"),
            "a disk that fails under a map kills the process"
        );
    }

    #[test]
    fn what_a_restore_writes_is_flushed_through_every_cache() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("live.db");
        Connection::open(&path)
            .and_then(|connection| connection.execute_batch("CREATE TABLE t(x)"))
            .expect("written");
        let connection = open_live_for_writing(&path, Duration::ZERO).expect("opens");
        for (pragma, on) in [("synchronous", 3), ("fullfsync", 1), ("checkpoint_fullfsync", 1)] {
            let value: i64 = connection
                .pragma_query_value(None, pragma, |row| row.get(0))
                .expect("a number");
            assert_eq!(value, on, "{pragma}");
        }
    }

    #[test]
    fn a_hot_journal_is_played_back_before_reading() {
        // A hot rollback journal: copy database and journal while the writer is in its transaction.
        let folder = tempfile::tempdir().expect("a folder");
        let original = folder.path().join("original.db");
        let crashed = folder.path().join("crashed.db");
        let writer = Connection::open(&original).expect("open");
        writer
            .execute_batch(
                "CREATE TABLE t(x); INSERT INTO t VALUES('before');
                 PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN; UPDATE t SET x='torn';
                 INSERT INTO t SELECT zeroblob(3000) FROM (WITH RECURSIVE c(n) AS
                 (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<200) SELECT n FROM c);",
            )
            .expect("spilled");
        fs::copy(&original, &crashed).expect("copied");
        fs::copy(with_suffix(&original, "-journal"), with_suffix(&crashed, "-journal")).expect("copied");
        let connection = open_live_for_reading(&crashed, Duration::ZERO).expect("recovers");
        let value: String = connection
            .query_row("SELECT x FROM t", [], |row| row.get(0))
            .expect("a row");
        assert_eq!(value, "before");
    }
}

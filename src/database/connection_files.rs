//! One file, read by several threads at once through connections to it.
//!
//! Closing a descriptor of a file drops every lock that the process has on it, so a database that other programs may
//! have open is read through SQLite's own handles. One thread at a time uses a handle.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use crate::database::live_file::LiveFile;
use crate::pages::source::ReadAt;

/// The handles of connections that all have one file open.
pub(crate) struct ConnectionFiles<'c> {
    handles: Vec<Mutex<Handle<'c>>>,
    path: PathBuf,
}

struct Handle<'c>(LiveFile<'c>);

// SAFETY: a file of SQLite's is not bound to a thread. The mutex around the handle keeps two calls from overlapping, and its
// connection runs no statement while the file is read.
unsafe impl Send for Handle<'_> {}

impl<'c> ConnectionFiles<'c> {
    /// `None` where a connection has no file open.
    pub fn of(first: &'c Connection, others: &'c [Connection], path: &Path) -> Option<ConnectionFiles<'c>> {
        let connections = std::iter::once(first).chain(others);
        let handles = connections.map(|connection| Some(Mutex::new(Handle(LiveFile::of(connection)?))));
        Some(ConnectionFiles {
            handles: handles.collect::<Option<Vec<_>>>()?,
            path: path.to_owned(),
        })
    }

    /// A handle that no other thread uses now, or else the first.
    fn free_handle(&self) -> Option<MutexGuard<'_, Handle<'c>>> {
        let free = self.handles.iter().find_map(|handle| handle.try_lock().ok());
        free.or_else(|| {
            let first = self.handles.first()?;
            Some(first.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }
}

/// Why a read through SQLite failed: SQLite reports only that it did, and `errno` says why. Without an `errno` it is `otherwise`.
pub(super) fn system_error_or(otherwise: io::Error) -> io::Error {
    let system = io::Error::last_os_error();
    match system.raw_os_error() {
        Some(0) | None => otherwise,
        Some(_) => system,
    }
}

impl ReadAt for ConnectionFiles<'_> {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let handle = self.free_handle().ok_or(io::ErrorKind::NotFound)?;
        let read = handle.0.read_at(buffer, offset);
        // Without an `errno`, the file ended.
        read.map_err(|_| system_error_or(io::ErrorKind::UnexpectedEof.into()))
    }

    fn size(&self) -> io::Result<u64> {
        Ok(fs::metadata(&self.path)?.len())
    }
}

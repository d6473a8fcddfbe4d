//! A file of the VFS below this one, and the size of the blocks in which it is read and written.

use std::ffi::c_int;

use rusqlite::ffi::{self, sqlite3_file};

/// Bytes that are read or written in one call. SQLite's Unix VFS takes less than 128 KiB.
pub(crate) const BLOCK: usize = 1 << 16;

/// A file that the VFS below this one has opened.
#[derive(Clone, Copy)]
pub(crate) struct RealFile(pub *mut sqlite3_file);

/// Calls a method of a [`RealFile`]. A method that the file lacks is an I/O error.
macro_rules! call_real {
    ($real:expr, $method:ident $(, $argument:expr)*) => {{
        let file = $real.0;
        // SAFETY: the file was opened by the real VFS, which gave it its methods, and lives as long as the BlockFile
        // before it; the arguments are SQLite's own, or a slice with its length.
        unsafe { (*(*file).pMethods).$method.map_or(ffi::SQLITE_IOERR, |method| method(file $(, $argument)*)) }
    }};
}

pub(crate) use call_real;

impl RealFile {
    pub fn has_shared_memory(self) -> bool {
        // SAFETY: `open` cleared the pointer before the real VFS set it, perhaps, to a static table.
        unsafe { (*self.0).pMethods.as_ref() }.is_some_and(|methods| methods.iVersion >= 2 && methods.xShmMap.is_some())
    }

    pub fn read(self, into: &mut [u8], offset: i64) -> c_int {
        match c_int::try_from(into.len()) {
            Ok(length) => call_real!(self, xRead, into.as_mut_ptr().cast(), length, offset),
            Err(_) => ffi::SQLITE_IOERR_READ,
        }
    }

    pub fn write(self, data: &[u8], offset: i64) -> c_int {
        match c_int::try_from(data.len()) {
            Ok(length) => call_real!(self, xWrite, data.as_ptr().cast(), length, offset),
            Err(_) => ffi::SQLITE_IOERR_WRITE,
        }
    }

    pub fn size(self) -> Option<i64> {
        let mut size = 0;
        (call_real!(self, xFileSize, &raw mut size) == ffi::SQLITE_OK).then_some(size)
    }
}

//! Trying again while another program has a file open. Antivirus, indexing and sync programs on Windows open every new file
//! for a moment, in which it can be neither renamed nor deleted. Other systems have no such restriction.

use std::io;
use std::thread;
use std::time::Duration;

#[cfg(windows)]
use crate::report::system_error::{has_system_code, is_sharing_violation};

/// Milliseconds between the tries, about 1,600 in all.
const PAUSES_MS: [u64; 9] = [1, 5, 10, 25, 50, 100, 200, 400, 800];

/// Repeats `work`, after ever longer pauses, while it fails because another program has a file open.
pub(crate) fn retry_sharing_violations<T>(mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for pause in PAUSES_MS {
        match work() {
            Err(error) if is_transient(&error) => thread::sleep(Duration::from_millis(pause)),
            done => return done,
        }
    }
    work()
}

/// Whether an error may go away by itself. Renaming over an open file, and opening one whose deletion is pending, fail with
/// the codes of forbidden access.
#[cfg(windows)]
fn is_transient(error: &io::Error) -> bool {
    use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_DELETE_PENDING};
    is_sharing_violation(error) || has_system_code(error, &[ERROR_ACCESS_DENIED, ERROR_DELETE_PENDING])
}

#[cfg(not(windows))]
fn is_transient(_error: &io::Error) -> bool {
    false
}

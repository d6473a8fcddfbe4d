//! Files that another program holds: antivirus, indexing and sync programs open every new file on Windows for a moment,
//! and meanwhile it can be neither renamed nor deleted. Elsewhere no such thing exists.

use std::io;
use std::thread;
use std::time::Duration;

#[cfg(windows)]
use crate::report::system_error::{has_system_code, is_sharing_violation};

/// Milliseconds between the tries; about a second and a half in all.
const PAUSES: [u64; 9] = [1, 5, 10, 25, 50, 100, 200, 400, 800];

/// Does `work` again, after ever longer pauses, while somebody holds what it needs.
pub(crate) fn retry_sharing_violations<T>(mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for pause in PAUSES {
        match work() {
            Err(error) if may_pass(&error) => thread::sleep(Duration::from_millis(pause)),
            done => return done,
        }
    }
    work()
}

/// Renaming over a file that is open, and opening one that is about to be deleted, are refused like what is forbidden.
#[cfg(windows)]
fn may_pass(error: &io::Error) -> bool {
    use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_DELETE_PENDING};
    is_sharing_violation(error) || has_system_code(error, &[ERROR_ACCESS_DENIED, ERROR_DELETE_PENDING])
}

#[cfg(not(windows))]
fn may_pass(_error: &io::Error) -> bool {
    false
}

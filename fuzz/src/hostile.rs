//! A function that no file may ever get to run.

use std::ffi::c_int;
use std::ptr;
use std::sync::Once;

use rusqlite::ffi;

/// Gives every connection of this process, the library's included, a function `hostile`. The seeds call it from triggers,
/// views, generated columns, defaults, constraints and indexes; running it ends the process as a find.
pub fn set_trap() {
    static ONCE: Once = Once::new();
    // SAFETY: `arm` has the signature of an extension's entry point.
    ONCE.call_once(|| unsafe {
        ffi::sqlite3_auto_extension(Some(arm));
    });
}

unsafe extern "C" fn arm(
    connection: *mut ffi::sqlite3,
    _error: *mut *mut std::ffi::c_char,
    _routines: *const ffi::sqlite3_api_routines,
) -> c_int {
    // SAFETY: SQLite calls this with a connection it is just opening; the name is static.
    unsafe {
        ffi::sqlite3_create_function_v2(
            connection,
            c"hostile".as_ptr(),
            -1,
            ffi::SQLITE_UTF8 | ffi::SQLITE_DETERMINISTIC,
            ptr::null_mut(),
            Some(sprung),
            None,
            None,
            None,
        )
    }
}

unsafe extern "C" fn sprung(_: *mut ffi::sqlite3_context, _: c_int, _: *mut *mut ffi::sqlite3_value) {
    eprintln!("something in a file was run");
    std::process::abort();
}

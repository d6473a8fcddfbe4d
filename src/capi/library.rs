//! The library itself: its strings, versions and names.

use std::ffi::c_char;

use super::{RESPALDO_ABI_VERSION, StatusCode, guard};
use crate::report::status::Status;

/// Frees a string of an `out_json`. NULL is allowed.
///
/// Freeing any other pointer, or a string twice, is undefined.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_string_free(json: *mut c_char) {
    guard::free(json);
}

/// The library's version, such as "0.1.0". Static: not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn respaldo_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The RESPALDO_ABI_VERSION that the library was built with, to compare with the header's.
#[unsafe(no_mangle)]
pub extern "C" fn respaldo_abi_version() -> u32 {
    RESPALDO_ABI_VERSION
}

/// The name of a status, such as "DATABASE_LOCKED", or "UNKNOWN" for any other number. Static: not to be freed.
/// Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn respaldo_status_name(status: StatusCode) -> *const c_char {
    Status::from_number(status).map_or(c"UNKNOWN", Status::c_name).as_ptr()
}

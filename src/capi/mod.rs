//! The C interface. The header `include/respaldo.h` is generated from this folder; its comments are the manual.
//!
//! Every exported function converts, calls the core, and converts back. In the order of the header:
//!
//! - `opening`: `respaldo_open` and `respaldo_close`; its options are read in `open_options`
//! - `backups`: making, listing, restoring, verifying and deleting backups
//! - `rows`: the rows of a backup or of a damaged database
//! - `safety`: whether the data are safe
//! - `archive`: backups elsewhere, encrypted
//! - `library`: strings and versions
//!
//! `requests` reads their requests with `request_fields`; `call` is what they have in common. `guard` stops a panic and
//! hands out the answer, `handles` holds the open stores, and `isolation` keeps the calls on descriptors of their own.

#![allow(
    clippy::missing_safety_doc,
    reason = "the safety conditions of all functions are the header's conventions"
)]

// The header has the functions in this order; rustfmt keeps it between blank lines.
mod opening;

mod backups;

mod rows;

mod safety;

mod archive;

mod library;

mod call;
mod guard;
mod handles;
mod isolation;
mod listing_json;
mod open_options;
#[cfg(target_os = "linux")]
mod own_table;
mod request_fields;
mod requests;

// The fuzz target calls the functions from Rust; everybody else by their exported names.
#[cfg(fuzzing)]
pub use self::{backups::*, library::*, opening::*, rows::*, safety::*};

use std::ffi::c_void;

/// The version of this interface. It changes when a program built against an older header would break.
pub const RESPALDO_ABI_VERSION: u32 = 1;

/// The result of a call: 0 is success, any other number one of the RESPALDO_ statuses below.
pub type StatusCode = i32;

/// An open store. Never 0, and never a pointer: for a closed or invented one, calls return RESPALDO_INVALID_HANDLE.
pub type Handle = u32;

/// Called between steps, on the thread that called the operation. Non-zero cancels it.
///
/// `user_data` is passed on unchanged. `pages_done` never exceeds `pages_total`; while a copy is being verified both
/// are equal. The callback must return: no longjmp and no C++ exception may leave it. It may call any function of this
/// library; one that needs the same database answers RESPALDO_BUSY after its timeout. In the functions of the archive both numbers
/// are bytes.
pub type ProgressCallback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, pages_done: u64, pages_total: u64) -> i32>;

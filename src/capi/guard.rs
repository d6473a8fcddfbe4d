//! The frame of every exported function: a result becomes a status and JSON, and a panic becomes an error.

use std::any::Any;
use std::ffi::{CString, c_char};
use std::panic::{self, AssertUnwindSafe};
use std::ptr;

use serde::Serialize;

use super::StatusCode;
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::Language;
use crate::report::status::Status;

/// The caller's `out_json`.
#[derive(Clone, Copy)]
pub(super) struct Out(*mut *mut c_char);

impl Out {
    /// # Safety
    ///
    /// Until the call returns, `out_json` is NULL or writable.
    pub unsafe fn new(out_json: *mut *mut c_char) -> Out {
        Out(out_json)
    }

    fn set(self, json: *mut c_char) {
        if !self.0.is_null() {
            // SAFETY: not NULL, so writable by the promise made to `new`.
            unsafe { self.0.write(json) };
        } else {
            free(json);
        }
    }
}

/// Runs `body`, gives the caller the JSON of its value or error, and returns the status.
pub(super) fn reply<T: Serialize>(out: Out, language: Language, body: impl FnOnce() -> Result<T>) -> StatusCode {
    reply_as(out, language, |value| serde_json::to_string(&value), body)
}

/// Does the same, with `to_json` writing the JSON of the value.
pub(super) fn reply_as<T>(
    out: Out,
    language: Language,
    to_json: impl FnOnce(T) -> serde_json::Result<String>,
    body: impl FnOnce() -> Result<T>,
) -> StatusCode {
    let (status, json) = match caught(|| body().map(to_json)) {
        Ok(json) => (Status::Ok, json),
        Err(error) => (error.status(), serde_json::to_string(&error.report(language))),
    };
    out.set(json.map_or(ptr::null_mut(), into_c_string));
    status as StatusCode
}

/// The result of `body`, or an internal error if it panics.
pub(super) fn caught<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        let detail = panic_text(payload.as_ref()).to_owned();
        // Dropping the payload could panic again.
        std::mem::forget(payload);
        Err(Error::new(Cause::Internal(detail)))
    })
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a text")
}

/// A string that the caller owns and frees. JSON holds no NUL, so this cannot fail.
fn into_c_string(json: String) -> *mut c_char {
    CString::new(json).map_or(ptr::null_mut(), CString::into_raw)
}

/// Frees a string of [`into_c_string`]; NULL is allowed.
pub(super) fn free(json: *mut c_char) {
    if !json.is_null() {
        // SAFETY: by the contract of respaldo_string_free the string came from `into_c_string` and was not freed before.
        drop(unsafe { CString::from_raw(json) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_internal_error_with_its_text() {
        let mut json = ptr::null_mut();
        // SAFETY: `json` outlives the call.
        let out = unsafe { Out::new(&mut json) };
        let status = reply::<()>(out, Language::English, || panic!("on purpose"));
        assert_eq!(status, Status::Internal as i32);
        // SAFETY: `reply` has set it to a string that the caller owns.
        let text = unsafe { CString::from_raw(json) };
        assert!(text.to_string_lossy().contains("on purpose"));
    }
}

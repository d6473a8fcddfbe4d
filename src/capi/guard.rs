//! Around every exported body: a result becomes a status and JSON, and a panic stops here.

use std::any::Any;
use std::ffi::{CString, c_char};
use std::panic::{self, AssertUnwindSafe};
use std::ptr;

use serde::Serialize;

use super::StatusCode;
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::Language;
use crate::report::status::Status;

/// Where the caller wants the JSON.
#[derive(Clone, Copy)]
pub(super) struct Out(*mut *mut c_char);

impl Out {
    /// # Safety
    ///
    /// `out_json` is NULL or may be written to until the call returns.
    pub unsafe fn new(out_json: *mut *mut c_char) -> Out {
        Out(out_json)
    }

    fn set(self, json: *mut c_char) {
        if !self.0.is_null() {
            // SAFETY: not NULL, and then writable by the promise made to `new`.
            unsafe { self.0.write(json) };
        } else {
            free(json);
        }
    }
}

/// Runs `body`, hands its JSON or its error's to the caller, and returns the status.
pub(super) fn reply<T: Serialize>(out: Out, language: Language, body: impl FnOnce() -> Result<T>) -> StatusCode {
    let result = caught(body);
    let (status, json) = match &result {
        Ok(value) => (Status::Ok, serde_json::to_string(value)),
        Err(error) => (error.status(), serde_json::to_string(&error.report(language))),
    };
    out.set(json.map_or(ptr::null_mut(), owned));
    status as StatusCode
}

/// The result of `body`, or an internal error when it panicked.
pub(super) fn caught<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        let detail = panic_text(payload.as_ref()).to_owned();
        // Dropping a payload may panic as well.
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

/// A string that the caller owns. JSON holds no NUL, so this cannot fail.
fn owned(json: String) -> *mut c_char {
    CString::new(json).map_or(ptr::null_mut(), CString::into_raw)
}

/// Frees a string of [`owned`]; NULL is nothing to free.
pub(super) fn free(json: *mut c_char) {
    if !json.is_null() {
        // SAFETY: by the contract of respaldo_string_free this came from `owned` and was not freed before.
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
        // SAFETY: `reply` has just set it to a string of its own.
        let text = unsafe { CString::from_raw(json) };
        assert!(text.to_string_lossy().contains("on purpose"));
    }
}

//! What every exported operation does around its own work: find the store, read the request, run, answer.

use std::ffi::{c_char, c_void};
use std::ops::ControlFlow;
use std::ptr;
use std::sync::Arc;

use serde::Serialize;

use super::guard::{Out, reply_as};
use super::{Handle, ProgressCallback, StatusCode, handles, isolation, request_fields};
use crate::report::error::Result;
use crate::report::messages::Language;
use crate::report::progress::{Progress, ProgressFn};
use crate::store::Store;

/// The arguments that all operations share.
pub(super) struct Call<'a> {
    store: Result<Arc<Store>>,
    request: Result<Option<&'a str>>,
    out: Out,
    progress: ProgressCallback,
    user_data: *mut c_void,
}

impl<'a> Call<'a> {
    /// # Safety
    ///
    /// As the header's conventions ask: until the call returns, `request_json` is NULL or a string, and `out_json` is NULL or
    /// writable.
    pub unsafe fn new(store: Handle, request_json: *const c_char, out_json: *mut *mut c_char) -> Call<'a> {
        Call {
            store: handles::get(store),
            // SAFETY: promised by the caller.
            request: unsafe { request_fields::text("request_json", request_json) },
            // SAFETY: promised by the caller.
            out: unsafe { Out::new(out_json) },
            progress: None,
            user_data: ptr::null_mut(),
        }
    }

    /// The same call, with the caller's progress callback.
    ///
    /// # Safety
    ///
    /// Until the call returns, `progress` is NULL or may be called with `user_data`.
    pub unsafe fn watched(self, progress: ProgressCallback, user_data: *mut c_void) -> Call<'a> {
        Call {
            progress,
            user_data,
            ..self
        }
    }

    /// Reads the request, runs `work`, and answers in the store's language.
    pub fn run<R: Send + 'static, T: Serialize + Send + 'static>(
        self,
        read: impl FnOnce(Option<&str>) -> Result<R>,
        work: impl FnOnce(&Store, R, ProgressFn<'_>) -> Result<T> + Send + 'static,
    ) -> StatusCode {
        self.run_as(|value| serde_json::to_string(&value), read, work)
    }

    /// Does the same, with `to_json` writing the JSON of the answer.
    pub fn run_as<R: Send + 'static, T: Send + 'static>(
        self,
        to_json: impl FnOnce(T) -> serde_json::Result<String>,
        read: impl FnOnce(Option<&str>) -> Result<R>,
        work: impl FnOnce(&Store, R, ProgressFn<'_>) -> Result<T> + Send + 'static,
    ) -> StatusCode {
        let Call {
            store,
            request,
            out,
            progress,
            user_data,
        } = self;
        let language = store
            .as_ref()
            .map_or_else(|_| Language::default(), |store| store.language());
        reply_as(out, language, to_json, || {
            let store = store?;
            let request = read(request?)?;
            let work = move |progress: ProgressFn<'_>| {
                work(&store, request, progress).map_err(|error| store.point_to_salvage(error))
            };
            match progress {
                None => isolation::run(None, work),
                Some(callback) => isolation::run(
                    Some(&mut |now: Progress| {
                        // SAFETY: promised to `watched`; without it there is no callback.
                        match unsafe { callback(user_data, now.pages_done, now.pages_total) } {
                            0 => ControlFlow::Continue(()),
                            _ => ControlFlow::Break(()),
                        }
                    }),
                    work,
                ),
            }
        })
    }
}

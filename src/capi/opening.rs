//! Opening and closing a store.

use std::ffi::c_char;

use serde_json::json;

use super::guard::{self, Out, reply};
use super::{Handle, StatusCode, handles, isolation, open_options, request_fields};
use crate::report::error::{Argument, Error};
use crate::report::messages::Language;
use crate::report::status::Status;
use crate::store::Store;

/// Opens a store: checks the options and makes every path absolute. Nothing is read or written, and the database need not
/// exist.
///
/// `options_json` must not be NULL. Only `database` is required; shown are the defaults:
///
/// ```json
/// {"database": "data/tattoostudio.db", "settings": "data/settings.json", "backup_dir": "data/backups",
///  "max_backups": 20, "timezone": "America/Hermosillo", "busy_timeout_ms": 5000, "verify": "full",
///  "language": "es",
///  "retention": {"last": 20, "days": 0, "weeks": 0, "months": 0, "years": 0, "bytes": null},
///  "schema": {"newest_user_version": 7, "alembic_heads": ["9f2c"], "alembic_revisions": []},
///  "health": {"max_age_days": 2, "rehearse_every_days": null, "rehearse_wait_ms": 1000, "rehearse_checks": []},
///  "second_place": {"folder": "E:/respaldos", "last": 60, "required": false, "wait_ms": 30000},
///  "names": {"clients": {"one": "cliente", "many": "clientes", "title": "name"}}}
/// ```
///
/// Relative paths are taken from the current directory now, and keep their meaning when it changes. `settings` is
/// `settings.json` beside the database, and `null` for none; `backup_dir` is `backups` beside it. `max_backups` is 1 or
/// more, and `last` of `retention` where that has none. A backup stays if any number of `retention` wants it: as one of the
/// newest, or as the newest of one of so many days, weeks, months or years that have a backup. With `bytes` the oldest go
/// until all take no more. `schema`, none by default, says which schemas the application understands, see respaldo_restore. `health` is what respaldo_health
/// watches for; with `rehearse_every_days` respaldo_create_if_due also rehearses by itself, see there. `names`, none by default, says what people call the rows of a table, and by which column they know them; see
/// respaldo_compare. `second_place`, none by default, is another folder, on another disk, to which every finished
/// backup is copied, see respaldo_create. `timezone` is an IANA name. `busy_timeout_ms` is 0 to 86400000. `verify` is "full" (structure, order, and every
/// index against its table) or "quick" (without comparing indexes with their tables); see respaldo_verify. `language` is "es" or "en", for `message` and `hint`.
///
/// `out_store` must not be NULL; it is set to 0 when the call fails. `out_json` is set to `{}` on success.
///
/// Errors: RESPALDO_INVALID_ARGUMENT, RESPALDO_UNKNOWN_TIMEZONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_open(
    options_json: *const c_char,
    out_store: *mut Handle,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let (out, json) = unsafe { (Out::new(out_json), request_fields::text("options_json", options_json)) };
    let (language, options) = match json {
        Ok(json) => open_options::read(json),
        Err(error) => (Language::default(), Err(error)),
    };
    let mut handle = 0;
    let status = reply(out, language, || {
        if out_store.is_null() {
            return Err(Error::argument(Argument::Null("out_store")));
        }
        handle = handles::insert(Store::open(options?)?)?;
        isolation::prepare();
        Ok(json!({}))
    });
    if !out_store.is_null() {
        // SAFETY: not NULL, and then writable by the caller's promise.
        unsafe { out_store.write(handle) };
    }
    status
}

/// Closes a store. Calls that are running on it in other threads end normally.
///
/// Errors: RESPALDO_INVALID_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn respaldo_close(store: Handle) -> StatusCode {
    match guard::caught(|| handles::remove(store)) {
        Ok(()) => Status::Ok as StatusCode,
        Err(error) => error.status() as StatusCode,
    }
}

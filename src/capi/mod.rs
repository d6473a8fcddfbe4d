//! The C interface. The header `include/respaldo.h` is generated from this file; its comments are the manual.
//!
//! Every function here converts, calls the core, and converts back.

#![allow(
    clippy::missing_safety_doc,
    reason = "the safety conditions of all functions are the header's conventions"
)]

mod call;
mod guard;
mod handles;
mod isolation;
#[cfg(target_os = "linux")]
mod own_table;
mod requests;

use std::ffi::{c_char, c_void};
use std::ptr;

use serde_json::json;

use crate::report::error::{Argument, Error};
use crate::report::messages::Language;
use crate::report::status::Status;
use crate::store::Store;
use call::Call;
use guard::{Out, reply};

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
/// library; one that needs the same database answers RESPALDO_BUSY after its timeout.
pub type ProgressCallback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, pages_done: u64, pages_total: u64) -> i32>;

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
///  "health": {"max_age_days": 2, "rehearse_every_days": null},
///  "second_place": {"folder": "E:/respaldos", "last": 60, "required": false, "wait_ms": 30000},
///  "names": {"clients": {"one": "cliente", "many": "clientes", "title": "name"}}}
/// ```
///
/// Relative paths are taken from the current directory now, and keep their meaning when it changes. `settings` is
/// `settings.json` beside the database, and `null` for none; `backup_dir` is `backups` beside it. `max_backups` is 1 or
/// more, and `last` of `retention` where that has none. A backup stays if any number of `retention` wants it: as one of the
/// newest, or as the newest of one of so many days, weeks, months or years that have a backup. With `bytes` the oldest go
/// until all take no more. `schema`, none by default, says which schemas the application understands, see respaldo_restore. `health` is what respaldo_health
/// watches for. `names`, none by default, says what people call the rows of a table, and by which column they know them; see
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
    let (out, json) = unsafe { (Out::new(out_json), requests::text("options_json", options_json)) };
    let (language, options) = match json {
        Ok(json) => requests::options(json),
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

/// Makes a backup. On success it is verified and durable.
///
/// `request_json`: NULL, or what is to be said of the backup, shown with its defaults:
///
/// ```json
/// {"label": "", "note": "", "made": "manual", "pinned": false, "skip_unchanged": false}
/// ```
///
/// `label` and `note` are for people. `made` is "automatic", "manual" or "before_upgrade". A pinned backup is never deleted.
/// With `skip_unchanged` every page is compared with the newest backup's first, and if none differs, `*out_json` is
/// `{"created": false, "reason": "unchanged", "backup": BACKUP, "removed": [], "warnings": []}` with that backup.
///
/// `progress`: NULL for none. On success `*out_json` is
///
/// ```json
/// {"created": true, "backup": BACKUP, "removed": ["backup_20260201_090000.db"], "warnings": [], "duration_ms": 41}
/// ```
///
/// where `removed` are the names that retention deleted, and BACKUP is
///
/// ```json
/// {"name": "backup_20260304_142305.db", "display": "04/03/2026 14:23", "size": 204800,
///  "path": "/.../backups/backup_20260304_142305.db", "created_at": "2026-03-04T14:23:05-07:00",
///  "kind": "backup", "intact": true, "label": null, "note": null, "pinned": false, "made": "manual",
///  "verified_at": "2026-03-04T14:23:05-07:00", "rehearsed_at": null, "database": "tattoostudio.db",
///  "content": {"tables": {"clients": 1200}, "user_version": 7, "alembic": "9f2c"}}
/// ```
///
/// `size` is in bytes, `path` absolute. `kind` is "backup", "preserved" (renamed or put there by hand; never deleted),
/// "safety" (the database as it was before a restore; never deleted), "recovered" (what could be saved of a damaged
/// database; never deleted) or "other" (made of another database that uses the same folder; never deleted).
///
/// `intact` is the cheap check: the header is present and the file at least as long as it states; false also if the last
/// verification found damage. It is null of a file that a sync program keeps elsewhere (Windows: "online-only"), because
/// looking into it would download it.
///
/// The keys from `label` on come from `catalog.json` in the backup folder, and are null where it knows nothing. `made` is
/// "automatic", "manual" or "before_upgrade". `verified_at` is when the backup was last found to be whole, and null if its
/// file was changed since; so is `content`. `database` is the file name of the database that it was made of.
///
/// The name was never given before. Warnings: SETTINGS_NOT_UPDATED, OLD_BACKUP_NOT_REMOVED, CLOCK_WENT_BACKWARDS,
/// CATALOGUE_NOT_WRITTEN, CATALOGUE_REBUILT (it held nothing usable), those of respaldo_verify that say what is no damage, and
/// SHRUNK: a table lost more than half of its rows, and at least 20, since the newest backup before. Then retention deletes nothing
/// until the rows are back, or until respaldo_annotate says "confirmed" of a backup without them.
///
/// Where the store has a `second_place`, the backup is then copied there and read again, and so is every other that is missing
/// there; the `last` newest stay there. The call waits for it `wait_ms` at the most, then the copying goes on by itself while
/// the process runs. The first time a marker is made in that folder; a place without it is absent, and one with another is left
/// alone. Trouble is a warning: SECOND_PLACE_ABSENT and SECOND_PLACE_IS_ANOTHER (told once until it is there again),
/// SECOND_PLACE_FULL, SECOND_PLACE_FILE_TOO_LARGE, SECOND_PLACE_SLOW, SECOND_PLACE_FAILED; with `required` it is
/// RESPALDO_SECOND_PLACE_ABSENT, and the backup is made all the same.
///
/// Whatever fails, the backups that are there stay as they are. Errors: RESPALDO_DATABASE_NOT_FOUND,
/// RESPALDO_NOT_A_DATABASE, RESPALDO_DATABASE_CORRUPT (with "problems" and "repairable", see respaldo_verify), RESPALDO_DATABASE_LOCKED, RESPALDO_BUSY, RESPALDO_DISK_FULL,
/// RESPALDO_PERMISSION_DENIED, RESPALDO_CANCELLED, RESPALDO_IO_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_create(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::create, |store, request, progress| {
        store.create_with(&request, progress)
    })
}

/// Makes a backup unless there is a whole one of today, by the calendar of the configured zone. For the start of an
/// application; several that start at once make one backup.
///
/// `request_json`: NULL, or that of respaldo_create; `made` is "automatic" unless said. `progress`: NULL for none. On success
/// `*out_json` is that of respaldo_create, or
///
/// ```json
/// {"created": false, "reason": "already_backed_up_today", "backup": BACKUP, "removed": [], "warnings": []}
/// {"created": false, "reason": "no_database_yet", "backup": null, "removed": [], "warnings": []}
/// ```
///
/// The second is the answer at an application's very first start: there is no database, or one of 0 bytes, and none was
/// ever backed up. Where there have been backups, the database is lost, and that is an error. Backups of another database in
/// the same folder do not count.
///
/// A newest backup dated in the future does not count as today's: the clock was wrong once, and there is a warning
/// CLOCK_WENT_BACKWARDS. Errors: those of respaldo_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_create_if_due(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::create, |store, request, progress| {
        store.create_if_due_with(&request, progress)
    })
}

/// Lists the backups, newest first. A backup folder that does not exist holds none.
///
/// `request_json`: NULL, or `{"include_safety": false, "include_others": false, "second_place": false}`; the second adds the
/// backups of other databases that use the same folder, with the kind "other"; the third lists the second place instead. On success `*out_json` is
///
/// ```json
/// {"backups": [BACKUP, ...], "warnings": []}
/// ```
///
/// with BACKUP as in respaldo_create. A warning LAST_BACKUP_OLD says that the last backup, as respaldo_last_backup tells it,
/// is older than two days, and CATALOGUE_NOT_READ that what is known of the backups could not be read. Errors:
/// RESPALDO_INVALID_ARGUMENT, RESPALDO_PERMISSION_DENIED, RESPALDO_IO_ERROR (such as a backup folder that is a file).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_list(
    store: Handle,
    request_json: *const c_char,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json) };
    call.run(requests::list, |store, request, _| store.list_with(&request))
}

/// Returns when the last backup was made: the later of the time in `settings.json`, because the last backup may have been
/// moved to an external drive, and that of the newest whole backup of this database in the folder. A time in the future does
/// not count, and that in `settings.json` only if no other database uses the backup folder.
///
/// On success `*out_json` is one of
///
/// ```json
/// {"last_backup_at": "2026-03-04T09:30:12-07:00", "display": "04/03/2026 09:30"}
/// {"last_backup_at": null, "display": "\u2014"}
/// ```
///
/// Errors: RESPALDO_PERMISSION_DENIED, RESPALDO_IO_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_last_backup(store: Handle, out_json: *mut *mut c_char) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, ptr::null(), out_json) };
    call.run(requests::nothing, |store, (), _| store.last_backup())
}

/// Restores a backup into the live database, as one transaction, after saving the database as it is. Other connections
/// stay valid and see the new contents at their next read.
///
/// `request_json` must name a backup:
///
/// ```json
/// {"backup": "backup_20260304_142305.db", "reason": "why, for the log", "target": "elsewhere.db",
///  "allow_different": false}
/// ```
///
/// `backup` is a bare name, looked up in the backup folder and then among the safety copies, or any path; relative ones
/// are taken from the current directory. With `target` the backup is written to that new file instead, as a rehearsal:
/// no safety copy is made and no file overwritten. A backup that was made of another database, or that has no table in
/// common with the database, is RESPALDO_DIFFERENT_DATABASE unless `allow_different` is true. `progress`: NULL for none. On success `*out_json` is
///
/// ```json
/// {"restored_from": PATH, "database": PATH, "safety_backup": PATH, "warnings": [], "duration_ms": 77}
/// ```
///
/// with the file that was written as `database`; `safety_backup` is null when there was no database, and for a
/// rehearsal. Every restore leaves a line in `restores.jsonl` in the backup folder. Warnings: RESTORE_NOT_LOGGED,
/// BACKUP_WAS_DOWNLOADED, SCHEMA_OLDER, and those of respaldo_verify that say what is no damage.
///
/// Where the store was opened with `schema`, a backup whose user_version is higher than `newest_user_version`, or whose
/// `alembic_version` is neither one of `alembic_heads` nor of `alembic_revisions` (unless that is empty), is
/// RESPALDO_SCHEMA_TOO_NEW; one that is lower, or no head, is restored with the warning SCHEMA_OLDER: the application migrates it.
///
/// If the restore fails, the database is as it was. Errors: RESPALDO_INVALID_ARGUMENT, RESPALDO_BACKUP_NOT_FOUND,
/// RESPALDO_SCHEMA_TOO_NEW,
/// RESPALDO_NOT_A_DATABASE and RESPALDO_BACKUP_CORRUPT (the backup; see respaldo_verify), RESPALDO_SAME_FILE, RESPALDO_TARGET_EXISTS,
/// RESPALDO_DIFFERENT_DATABASE,
/// RESPALDO_DATABASE_LOCKED, RESPALDO_BUSY, RESPALDO_DISK_FULL, RESPALDO_PERMISSION_DENIED, RESPALDO_CANCELLED,
/// RESPALDO_IO_ERROR, and RESPALDO_RESTORE_FAILED, whose error object also has "safety_backup", a path, and "undone": true,
/// or false if that failed too; then restore the safety copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_restore(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::restore, |store, request, progress| {
        store.restore(&request, progress)
    })
}

/// Verifies a backup, as thoroughly as the store's `verify` says.
///
/// `request_json` must name a backup, as in respaldo_restore: `{"backup": "name or path"}`. `progress`: NULL for none.
/// On success `*out_json` is
///
/// ```json
/// {"ok": true, "path": PATH, "pages": 50, "page_size": 4096, "problems": [], "warnings": []}
/// ```
///
/// with `page_size` in bytes. The contents of a backup that this library made are compared with what they were then, so that
/// a single bit that has changed since is found; and when it was verified is remembered. The live database can be named too: then
/// it is RESPALDO_DATABASE_CORRUPT instead of RESPALDO_BACKUP_CORRUPT below.
///
/// A backup that is not whole is RESPALDO_BACKUP_CORRUPT, or RESPALDO_NOT_A_DATABASE when there is no SQLite header:
///
/// ```json
/// {"error": {"status": 43, "name": "BACKUP_CORRUPT", "message": "...", "hint": "...", "path": PATH,
///  "problems": ["index by_name lacks 1 entry of table clients"], "repairable": true}}
/// ```
///
/// `message` and `hint` are for people: what is damaged, whether rows are lost, what to do. `problems` are precise lines, in English.
/// `repairable` is true when indexes do not hold exactly their tables' rows and nothing else is wrong: no row is lost, and SQLite's
/// REINDEX heals it. Damage is a structure that contradicts itself, rows or entries out of order, missing bytes, and such an
/// index. What is none is told by warnings, and keeps nobody from having a backup:
///
/// ```json
/// {"name": "ROWS_BREAK_CONSTRAINTS", "message": "...", "hint": "...", "columns": ["clients.name"]}
/// {"name": "SEARCH_INDEX_DIFFERS", "message": "...", "hint": "...", "tables": ["notes"]}
/// {"name": "CHECKED_WITHOUT_INDEXES", "message": "...", "hint": "...", "tables": ["clients"]}
/// ```
///
/// The first: a NULL in a NOT NULL column, or a value of another type than its column's. The second: a virtual table (FTS, R-Tree)
/// that its own rebuild heals. The third: tables of which something was not looked at, because it needs a collation, function,
/// tokenizer or module that only the application has.
///
/// Further errors: RESPALDO_INVALID_ARGUMENT, RESPALDO_BACKUP_NOT_FOUND, RESPALDO_DATABASE_LOCKED, RESPALDO_CANCELLED,
/// RESPALDO_PERMISSION_DENIED, RESPALDO_IO_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_verify(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::backup, |store, backup, progress| {
        store.verify(&backup, progress)
    })
}

/// Applies retention now: of the backups that the library made, those stay that the store's `retention` wants.
///
/// `request_json`: NULL, or `{"dry_run": false}`; with true nothing is deleted. On success `*out_json` is
///
/// ```json
/// {"kept": [{"name": "...", "reason": "last_of_week", "text": "se conserva: último de la semana 37"}],
///  "removed": [{"name": "...", "reason": "over_limit", "text": "..."}], "dry_run": false, "warnings": []}
/// ```
///
/// Reasons to stay are "within_limit", "last_of_day", "last_of_week", "last_of_month", "last_of_year"; and whatever the
/// numbers say "newest_good", "just_made", "pinned", "dated_in_future", "preserved", "other_database" and "held_back". Reasons to
/// go are "over_limit" and "over_bytes". `text` says it in the store's language. A file that could not be deleted is not in
/// `removed`, but a warning OLD_BACKUP_NOT_REMOVED. Errors:
/// RESPALDO_INVALID_ARGUMENT, RESPALDO_BUSY, RESPALDO_PERMISSION_DENIED, RESPALDO_IO_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_prune(
    store: Handle,
    request_json: *const c_char,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json) };
    call.run(
        |json| requests::switch(json, "dry_run"),
        |store, dry_run, _| store.prune(dry_run),
    )
}

/// Notes what people say of a backup in the backup folder: in its catalogue, the file itself is not touched.
///
/// `request_json` must name a backup, as in respaldo_restore:
///
/// ```json
/// {"backup": "name or path", "label": "...", "note": "...", "pinned": true, "confirmed": true}
/// ```
///
/// What is left out stays as it is, an empty text is taken away. `confirmed` says that the rows which the warning SHRUNK names
/// are meant to be gone. `progress` is not called. On success `*out_json` is `{"backup": BACKUP}`. Errors:
/// RESPALDO_INVALID_ARGUMENT, RESPALDO_BACKUP_NOT_FOUND, RESPALDO_BUSY, RESPALDO_PERMISSION_DENIED, RESPALDO_DISK_FULL,
/// RESPALDO_IO_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_annotate(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::annotate, |store, request, _| store.annotate(&request))
}

/// Brings rows of a backup back into the live database, with what belongs to them: as one transaction, after saving the database as
/// it is. Other connections stay valid.
///
/// `request_json` must name a backup, as in respaldo_restore, and rows, each by its table and key; shown are the defaults of the rest:
///
/// ```json
/// {"backup": "name or path", "rows": [{"table": "clients", "key": {"id": 7}}], "with_dependents": true,
///  "on_conflict": "refuse", "dry_run": false, "reason": "why, for the log"}
/// ```
///
/// `key` has the columns of the primary key, or "rowid" where the table has none; a BLOB is `{"blob": "00ff"}`. By the foreign keys of
/// the live database, rows that they refer to come too where they are missing there; with `with_dependents` also the rows that refer to
/// them and are missing. Triggers do not fire, generated columns are computed anew, a column that the backup lacks gets its default,
/// and one that the database no longer has is left out, with a warning COLUMNS_LEFT_OUT that has "columns".
///
/// `progress`: NULL for none. On success `*out_json` is
///
/// ```json
/// {"applied": true, "plan": [{"table": "clients", "insert": 1, "update": 0, "same": 0, "conflicts": []}],
///  "safety_backup": PATH, "warnings": [], "duration_ms": 12}
/// ```
///
/// `applied` is false, and `safety_backup` null, with `dry_run` and where everything is there as it was. With `dry_run` all of it is done
/// and rolled back, so that `plan` is what would happen. A conflict is
///
/// ```json
/// {"table": "clients", "key": {"id": 7}, "what": "different", "detail": null, "backup": {"id": 7, "name": "Ana"},
///  "live": {"id": 7, "name": "Eva"}}
/// ```
///
/// where `what` is "different" (the key is there with other contents), "unique" (another row has what may be there only once),
/// "constraint" (the schema does not take the row) or "foreign_key" (a row that is referred to would be missing). "refuse" is
/// RESPALDO_ROWS_IN_CONFLICT, whose error object has "conflicts", and nothing is changed; "skip" leaves what is there; "overwrite"
/// writes the row of the backup, and deletes another row that has what may be there only once. Of the last two kinds "skip" leaves out
/// the row of the first; all else is RESPALDO_ROWS_IN_CONFLICT.
///
/// Every call without `dry_run` leaves a line in `restores.jsonl`. Errors: RESPALDO_INVALID_ARGUMENT (also for a row that the backup
/// lacks), RESPALDO_ROWS_IN_CONFLICT, and those of respaldo_restore.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_bring_back(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::bring_back, |store, request, progress| {
        store.bring_back(&request, progress)
    })
}

/// Makes a new, verified file of what can still be read of a damaged database or backup, which is not touched. respaldo_restore puts the
/// new file in place.
///
/// `request_json`: NULL, or `{"source": null, "dry_run": false}`; `source` is a backup, as in respaldo_restore, and null the live
/// database, whose WAL is read too. `progress`: NULL for none. On success `*out_json` is
///
/// ```json
/// {"recovered": BACKUP, "method": "rows", "tables": [{"table": "clients", "rows": 1198, "cut": 0,
///  "missing_since": {"backup": "backup_20260304_142305.db", "rows": 2}}], "lost_and_found": 3, "warnings": [], "duration_ms": 77}
/// ```
///
/// `recovered` is in the backup folder, of kind "recovered", and never deleted; it is null with `dry_run`. `method` is "reindex" where
/// all rows are there, and "rows" where a new file was made of the rows that can be read. `cut` rows lack what lay on pages that cannot
/// be read. `missing_since` says how many rows more the newest whole backup has, and is null where that is none or not known. Rows of
/// which nobody knows the table are in the table `lost_and_found`. A warning NOT_SALVAGED names what could not be made anew. Errors:
/// RESPALDO_INVALID_ARGUMENT, RESPALDO_DATABASE_NOT_FOUND, RESPALDO_BACKUP_NOT_FOUND, RESPALDO_NOT_A_DATABASE (nothing was found),
/// RESPALDO_BUSY, RESPALDO_DISK_FULL, RESPALDO_PERMISSION_DENIED, RESPALDO_CANCELLED, RESPALDO_IO_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_salvage(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::salvage, |store, request, progress| {
        store.salvage(&request, progress)
    })
}

/// Says whether the data are safe. Derived from the backup folder and its catalogue at each call.
///
/// `request_json`: NULL, or `{"deep": false}`; with true every backup is read, and compared with what it was when it was made.
/// `progress`: NULL for none; called between the backups that are read. On success `*out_json` is
///
/// ```json
/// {"overall": "ok", "headline": "...", "findings": [{"name": "LAST_BACKUP_OLD", "severity": "attention", "message": "...",
///  "hint": "..."}], "newest_verified": BACKUP, "days_without": 0, "damaged": [], "free_bytes": 0, "room_for": 14,
///  "safety_copies": {"count": 2, "bytes": 0}, "last_rehearsal": null,
///  "second_place": {"folder": PATH, "present": true, "backups": 20, "waiting": 0, "same_disk": false}, "archive": null}
/// ```
///
/// `overall` is "ok", "attention" or "danger": the worst severity of the findings, which come the worst first. A finding of severity
/// "note" is worth knowing and changes nothing. `headline` is one sentence for the owner. `days_without` is null where no backup is
/// known to be whole, `free_bytes` and `room_for` (how many backups more, at the size that they have) where the system does not say.
///
/// Findings: NO_BACKUP, DATABASE_MISSING, LAST_BACKUP_OLD, NONE_VERIFIED, BACKUP_DAMAGED, BACKUP_CHANGED, NEWEST_MISSING,
/// LITTLE_ROOM, DISK_WILL_FILL, MANY_SAFETY_COPIES, CLOCK_WENT_BACKWARDS, SAME_DISK, DATABASE_SYNCED, SHRUNK, REHEARSAL_DUE,
/// REHEARSAL_FAILED, SECOND_PLACE_ABSENT, SECOND_PLACE_BEHIND, CATALOGUE_NOT_READ; later versions may know more. Errors: RESPALDO_INVALID_ARGUMENT, RESPALDO_CANCELLED,
/// RESPALDO_PERMISSION_DENIED, RESPALDO_IO_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_health(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(
        |json| requests::switch(json, "deep"),
        |store, deep, progress| store.health(deep, progress),
    )
}

/// Rehearses a restore: a backup is copied into a temporary file with the mode of the database, verified, compared with what is
/// known of it, asked the application's own questions, and removed, whatever happens. The database is not touched.
///
/// `request_json`: NULL, or
///
/// ```json
/// {"backup": null, "checks": ["SELECT count(*) > 0 FROM clients"]}
/// ```
///
/// `backup` is a name or path as in respaldo_restore; null is the newest that is whole. Each of `checks` is one statement that only
/// reads, and has 10 seconds; it is well where the first value of its first row is true, as SQLite sees it. `progress`: NULL for
/// none. On success `*out_json` is
///
/// ```json
/// {"ok": true, "backup": BACKUP, "checks": [{"sql": "...", "ok": true, "got": 1}], "problems": [], "warnings": [],
///  "duration_ms": 77}
/// ```
///
/// where `got` is that value, or the text of the error. `problems` says what is not as it was when the backup was made. `ok` is
/// false when a check is not well or there is a problem. The catalogue remembers how it ended. Errors: RESPALDO_INVALID_ARGUMENT,
/// RESPALDO_BACKUP_NOT_FOUND, RESPALDO_BACKUP_CORRUPT, RESPALDO_NOT_A_DATABASE, RESPALDO_BUSY, RESPALDO_DISK_FULL,
/// RESPALDO_PERMISSION_DENIED, RESPALDO_CANCELLED, RESPALDO_IO_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_rehearse(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::rehearse, |store, request, progress| {
        store.rehearse(&request, progress)
    })
}

/// Compares a backup with the live database or with another backup, row by row. Each of both is read in one transaction; neither is
/// changed, and nothing that stands in a schema is run.
///
/// `request_json` must name a backup, as in respaldo_restore:
///
/// ```json
/// {"backup": "name or path", "with": null, "rows": 20}
/// ```
///
/// `with` is another backup, or null for the live database; `rows` is how many rows of each table are told, 0 to 10000. "Here" is
/// what `backup` is compared with, "there" is `backup`: a restore would lose what is only here. `progress`: NULL for none. On success
/// `*out_json` is
///
/// ```json
/// {"identical": false, "summary": "Perder\u00eda 14 sesiones y 2 clientes; recuperar\u00eda 1 cliente.",
///  "tables": [{"table": "clients", "only_there": 1, "only_here": 2, "changed": 0, "same": 1198,
///              "rows": [{"key": {"id": 7}, "what": "only_here", "title": "Ana L\u00f3pez", "values": {"id": 7, "name": "Ana L\u00f3pez"}}]}],
///  "schema": [{"kind": "column", "table": "clients", "name": "phone", "what": "only_here"}]}
/// ```
///
/// `summary` is one sentence for the owner, in the words of the option `names`. `tables` are all tables, those that a restore would
/// lose most of first. Rows are told from each other by the primary key, or the rowid where there is none; where both sides have
/// not the same key, rows that differ are "only_there" and "only_here", and `key` may be null. `what` of a row is "only_there", "only_here" or
/// "changed"; then `values` are those here, "there" has the others, and "columns" names those that differ. Tables are
/// compared by the columns that both have, without generated ones. `schema` names what is "only_there", "only_here" or "differs":
/// its `kind` is "table", "column", "index", "trigger" or "view".
///
/// In `values` a BLOB is `{"blob": "00ff"}` in hexadecimal digits, a text that is not UTF-8 `{"text": "ff"}`, an infinite number
/// `{"real": "inf"}` or `{"real": "-inf"}`; of one of more than 65536 bytes only the length is told: `{"blob": null, "bytes": 100000}`.
/// Whole numbers are exact, also beyond 2^53.
///
/// Errors: RESPALDO_INVALID_ARGUMENT, RESPALDO_BACKUP_NOT_FOUND, RESPALDO_DATABASE_NOT_FOUND, RESPALDO_NOT_A_DATABASE,
/// RESPALDO_BACKUP_CORRUPT and RESPALDO_DATABASE_CORRUPT (where the damage is met; only respaldo_verify looks for it),
/// RESPALDO_DATABASE_LOCKED, RESPALDO_CANCELLED, RESPALDO_PERMISSION_DENIED, RESPALDO_IO_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_compare(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::compare, |store, request, progress| {
        store.compare(&request, progress)
    })
}

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

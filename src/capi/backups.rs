//! Making, listing, restoring, verifying and deleting backups.

use std::ffi::{c_char, c_void};
use std::ptr;

use super::call::Call;
use super::{Handle, ProgressCallback, StatusCode, listing_json, requests};
use crate::report::waiting;

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
///  "kind": "backup", "intact": true, "repairable": null, "label": null, "note": null, "pinned": false, "made": "manual",
///  "verified_at": "2026-03-04T14:23:05-07:00", "rehearsed_at": null, "database": "tattoostudio.db",
///  "content": {"tables": {"clients": 1200}, "user_version": 7, "alembic": "9f2c"}}
/// ```
///
/// `size` is in bytes, `path` absolute. `kind` is "backup", "preserved" (renamed or put there by hand; never deleted),
/// "safety" (the database as it was before a restore; never deleted), "recovered" (what could be saved of a damaged
/// database; never deleted) or "other" (made of another database that uses the same folder; never deleted). In the answer of
/// respaldo_history it can also be "snapshot" (in the archive); only then is there a key "snapshot", which names it.
///
/// `intact` is the cheap check: the header is present and the file at least as long as it states; false also if the last
/// verification found damage. It is null of a file that a sync program keeps elsewhere (Windows: "online-only"), because
/// looking into it would download it.
///
/// `repairable` says of a backup that the last verification found damaged whether no row is lost and REINDEX, or respaldo_salvage,
/// heals it; it is null otherwise.
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
/// Where the store has an `archive` with `"push": "after_create"`, the backup is then stored there, and so is every other that is missing
/// there, while the process runs. The call waits for it `wait_ms` at the most, 0 unless said, and calls `progress` with 0 of 0 meanwhile;
/// where that cancels, or the time is over, or it failed, there is a warning NOT_ARCHIVED_YET, and the next backup makes it up.
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
/// Where `health` has `rehearse_every_days`, and the last rehearsal is longer ago, the newest backup is then rehearsed as by
/// respaldo_rehearse, with `rehearse_checks`: also where no backup was due. The call waits for it `rehearse_wait_ms` at the most, then
/// it goes on by itself while the process runs; others can make backups meanwhile. The catalogue remembers the outcome, and one that
/// the end of the process cuts off is done at the next call. Warning: REHEARSAL_FAILED.
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
    call.run_as(listing_json::to_json, requests::list, |store, request, _| {
        store.list_with(&request)
    })
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
///  "allow_different": false, "dry_run": false}
/// ```
///
/// `backup` is a bare name, looked up in the backup folder and then among the safety copies, or any path; relative ones
/// are taken from the current directory. With `target` the backup is written to that new file instead, as a rehearsal:
/// no safety copy is made and no file overwritten. A backup that was made of another database, or that has no table in
/// common with the database, is RESPALDO_DIFFERENT_DATABASE unless `allow_different` is true. With `dry_run` the backup is
/// checked, nothing is written, and the answer has "dry_run": true; it is not for use with `target`. `progress`: NULL for none.
/// On success `*out_json` is
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
/// {"backup": "name or path", "label": "...", "note": "...", "pinned": true, "confirmed": true, "dry_run": false}
/// ```
///
/// What is left out stays as it is, an empty text is taken away. `confirmed` says that the rows which the warning SHRUNK names
/// are meant to be gone. With `dry_run` nothing is written, and the answer is the backup as it would be listed. `progress` is called
/// while it waits only. On success `*out_json` is `{"backup": BACKUP}`. Errors:
/// RESPALDO_INVALID_ARGUMENT, RESPALDO_BACKUP_NOT_FOUND, RESPALDO_BUSY, RESPALDO_CANCELLED, RESPALDO_PERMISSION_DENIED, RESPALDO_DISK_FULL,
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
    call.run(requests::annotate, |store, request, progress| {
        waiting::watched(progress, |_| store.annotate(&request))
    })
}

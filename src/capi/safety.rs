//! Whether the data are safe.

use std::ffi::{c_char, c_void};

use super::call::Call;
use super::{Handle, ProgressCallback, StatusCode, requests};

/// Says whether the data are safe. Derived from the backup folder and its catalogue at each call.
///
/// `request_json`: NULL, or `{"deep": false}`; with true the whole database is read, and every backup, in the second place too, which
/// is compared with what it was when it was made.
/// `progress`: NULL for none; called between the backups that are read, and with 0 and 0 while the database is. On success
/// `*out_json` is
///
/// ```json
/// {"overall": "ok", "headline": "...", "findings": [{"name": "LAST_BACKUP_OLD", "severity": "attention", "message": "...",
///  "hint": "..."}], "newest_verified": BACKUP, "days_without": 0, "damaged": [], "free_bytes": 0, "room_for": 14,
///  "safety_copies": {"count": 2, "bytes": 0}, "last_rehearsal": null,
///  "second_place": {"folder": PATH, "present": true, "backups": 20, "waiting": 0, "damaged": [],
///                   "same_disk": false},
///  "archive": {"repository": "/media/usb/archivo", "archived": 20, "waiting": 0, "last_push": "2026-03-04T14:23:05-07:00",
///              "last_failure": null}}
/// ```
///
/// `overall` is "ok", "attention" or "danger": the worst severity of the findings, which come the worst first. A finding of severity
/// "note" is worth knowing and changes nothing. `headline` is one sentence for the owner. `days_without` is null where no backup is
/// known to be whole, `free_bytes` and `room_for` (how many backups more, at the size that they have) where the system does not say.
///
/// Findings: NO_BACKUP, DATABASE_MISSING, DATABASE_DAMAGED (found by opening it, by `deep`, or by a backup that failed for it: then each
/// call reads the whole database until it is sound again), LAST_BACKUP_OLD, NONE_VERIFIED, BACKUP_DAMAGED, BACKUP_REPAIRABLE (no row is
/// lost), BACKUP_CHANGED, NEWEST_MISSING,
/// LITTLE_ROOM, DISK_WILL_FILL, MANY_SAFETY_COPIES, CLOCK_WENT_BACKWARDS, SAME_DISK, DATABASE_SYNCED, SHRUNK, REHEARSAL_DUE,
/// REHEARSAL_FAILED, SECOND_PLACE_ABSENT, SECOND_PLACE_BEHIND, ARCHIVE_BEHIND,
/// SECOND_PLACE_DAMAGED, CATALOGUE_NOT_READ; later versions may know more. Errors: RESPALDO_INVALID_ARGUMENT, RESPALDO_CANCELLED,
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

//! The archive: backups elsewhere, encrypted, in restic's format.

use std::ffi::{c_char, c_void};

use super::call::Call;
use super::{Handle, ProgressCallback, StatusCode, requests};

/// Makes a new archive: an encrypted repository in the format of the program restic, in the place and with the password that the
/// option `archive` of respaldo_open names. Needs a library that was built with the cargo feature "archive"; in any other, this and the
/// functions below are RESPALDO_UNSUPPORTED.
///
/// `request_json`: NULL, or `{"chunk_bytes": 16384}`: the size of the pieces in which backups are stored, one of 4096, 16384, 65536, 262144
/// and 1048576. With larger ones a database of many gigabytes needs a smaller index, and a day's work adds more. `progress` is called with
/// bytes instead of pages, here and below; NULL for none. On success `*out_json` is
///
/// ```json
/// {"repository": "/media/usb/archivo", "key_note": "Without the password the whole archive is lost: ..."}
/// ```
///
/// `key_note` is for the owner, and must be shown. Errors of this and of the functions below: RESPALDO_UNSUPPORTED,
/// RESPALDO_INVALID_ARGUMENT (also where the store was opened without `archive`), RESPALDO_ARCHIVE_UNREACHABLE,
/// RESPALDO_PERMISSION_DENIED (also for a password file that others may read), RESPALDO_DISK_FULL, RESPALDO_CANCELLED,
/// RESPALDO_IO_ERROR (also where the password's file or command fails). Of this one also RESPALDO_TARGET_EXISTS: there is an archive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_archive_init(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::archive_init, |store, request, progress| {
        store.archive_init_with(&request, progress)
    })
}

/// Stores a finished backup in the archive. One that is not known to be whole is verified first, and what is read must be what was
/// verified. Only what the archive does not hold yet is written. Several computers may store at the same time.
///
/// `request_json`: NULL, or `{"backup": null}`; a backup is named as in respaldo_restore, and null is the newest whole one. On success
/// `*out_json` is
///
/// ```json
/// {"snapshot": "40dc1520...", "name": "backup_20260304_142305.db", "added_bytes": 1300000, "total_bytes": 204800000, "warnings": []}
/// ```
///
/// `added_bytes` is 0 where the backup is there already. Cancelled or killed at any moment, it leaves an archive that is whole, and
/// can be repeated. The snapshot says the backup's name, label, note, database, tables and BLAKE3, and nothing of the computer. Further
/// errors: RESPALDO_BACKUP_NOT_FOUND, RESPALDO_BACKUP_CORRUPT, RESPALDO_NOT_A_DATABASE, RESPALDO_ARCHIVE_NOT_FOUND,
/// RESPALDO_ARCHIVE_WRONG_PASSWORD, RESPALDO_ARCHIVE_DAMAGED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_archive_push(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::archive_push, |store, backup, progress| {
        store.archive_push(backup.as_deref(), progress)
    })
}

/// Lists the snapshots of this database in the archive, newest first.
///
/// `request_json`: NULL, or `{"include_others": false}`; with true those of other databases and programs too. On success `*out_json`
/// is
///
/// ```json
/// {"snapshots": [{"snapshot": "40dc1520...", "display": "04/03/2026 14:23", "created_at": "2026-03-04T14:23:05-07:00",
///   "name": "backup_20260304_142305.db", "database": "tattoostudio.db", "label": null, "note": null, "pinned": null,
///   "size": 204800, "origin": "respaldo-1f3a9c2b", "content": {"tables": {"clients": 1200}, "user_version": 7, "alembic": "9f2c"}}],
///  "stored_bytes": 62000000, "warnings": []}
/// ```
///
/// `origin` tells the backup folders of several computers apart. `stored_bytes` is what the whole archive takes. A warning
/// SNAPSHOTS_UNREADABLE says how many snapshots are damaged. Errors: those of respaldo_archive_init, and
/// RESPALDO_ARCHIVE_NOT_FOUND, RESPALDO_ARCHIVE_WRONG_PASSWORD, RESPALDO_ARCHIVE_DAMAGED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_archive_list(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(
        |json| requests::switch(json, "include_others"),
        |store, include_others, progress| store.archive_list(include_others, progress),
    )
}

/// Fetches a snapshot into a new file. It is compared with the BLAKE3 that was stored with it and verified like any backup before it
/// gets its name. respaldo_restore takes `{"snapshot": "..."}` in place of a backup, and does both.
///
/// `request_json` must name a snapshot by its identifier, by its first digits (at least 6), or as "latest":
///
/// ```json
/// {"snapshot": "40dc1520", "target": null}
/// ```
///
/// `target` is the new file, and null the backup's own name in the backup folder. No file is overwritten. On success `*out_json` is
///
/// ```json
/// {"path": PATH, "snapshot": "40dc1520...", "size": 204800, "warnings": [], "duration_ms": 77}
/// ```
///
/// Further errors: RESPALDO_BACKUP_NOT_FOUND (no such snapshot), RESPALDO_TARGET_EXISTS, RESPALDO_BACKUP_CORRUPT,
/// RESPALDO_NOT_A_DATABASE, RESPALDO_ARCHIVE_NOT_FOUND, RESPALDO_ARCHIVE_WRONG_PASSWORD, RESPALDO_ARCHIVE_DAMAGED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_archive_fetch(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::archive_fetch, |store, request, progress| {
        store.archive_fetch(&request, progress)
    })
}

/// Checks that the archive holds all that its snapshots need.
///
/// `request_json`: NULL, or `{"read_data": false}`; with true every byte is read, and compared with what was stored. On success
/// `*out_json` is `{"ok": true, "read_data": true, "problems": []}`. Where something is missing or changed, it is
/// RESPALDO_ARCHIVE_DAMAGED, and the error object has "problems"; snapshots that do not need it can still be fetched. Further errors:
/// RESPALDO_ARCHIVE_NOT_FOUND, RESPALDO_ARCHIVE_WRONG_PASSWORD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_archive_check(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(
        |json| requests::switch(json, "read_data"),
        |store, read_data, progress| store.archive_check(read_data, progress),
    )
}

/// Applies the archive's own `retention` to the snapshots of this database, those of each computer by themselves. Without a
/// `retention`, all stay.
///
/// `request_json`: NULL, or `{"dry_run": false}`; with true nothing is removed. On success `*out_json` is
///
/// ```json
/// {"kept": [{"snapshot": "40dc1520...", "name": "...", "reason": "last_of_week", "text": "se conserva: \u00faltimo de la semana 37"}],
///  "removed": [{"snapshot": "...", "name": "...", "reason": "over_limit", "text": "..."}], "freed_bytes": 1300000, "dry_run": false}
/// ```
///
/// with the reasons of respaldo_prune. What no snapshot needs any more is marked, and given back by the next call that comes a day
/// later: another computer may just be using it. Further errors: RESPALDO_ARCHIVE_NOT_FOUND, RESPALDO_ARCHIVE_WRONG_PASSWORD,
/// RESPALDO_ARCHIVE_DAMAGED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_archive_prune(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(
        |json| requests::switch(json, "dry_run"),
        |store, dry_run, progress| store.archive_prune(dry_run, progress),
    )
}

/// Changes the archive's password from the store's to another. The store keeps the old one: close it, and open it with the new one.
///
/// `request_json` must have one of the three: `{"password": "...", "password_file": "...", "password_command": "..."}`, as in the
/// option `archive`. On success `*out_json` is `{"changed": true, "key_note": "..."}`. Whatever breaks it off, the old password or
/// both open the archive. Further errors: RESPALDO_ARCHIVE_NOT_FOUND, RESPALDO_ARCHIVE_WRONG_PASSWORD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_archive_key(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::archive_key, |store, password, progress| {
        store.archive_key(&password, progress)
    })
}

//! The rows of a backup or of a damaged database.

use std::ffi::{c_char, c_void};

use super::call::Call;
use super::{Handle, ProgressCallback, StatusCode, requests};

/// Compares a backup with the live database or with another backup, row by row. Each of both is read in one transaction; neither is
/// changed, and nothing that stands in a schema is run.
///
/// `request_json` must name a backup, as in respaldo_restore:
///
/// ```json
/// {"backup": "name or path", "with": null, "rows": 20}
/// ```
///
/// In place of `backup`, `"snapshot": "40dc1520"` is a snapshot of the archive, named as in respaldo_archive_fetch; only what is needed of
/// it is read. `with` is another backup, or null for the live database; in its place, `with_snapshot` is a snapshot. `rows` is how many rows of each table are told, 0 to 10000. "Here" is
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
/// RESPALDO_DATABASE_LOCKED, RESPALDO_CANCELLED, RESPALDO_PERMISSION_DENIED, RESPALDO_IO_ERROR; with a snapshot also those of
/// respaldo_archive_fetch, where damage is RESPALDO_ARCHIVE_DAMAGED or RESPALDO_BACKUP_CORRUPT with the snapshot's path.
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

/// Finds rows in every backup, by a text or by their key: those in the backup folder, safety copies, and those that only the second
/// place has. Nothing is changed, and nothing that stands in a schema is run.
///
/// `request_json` must say what to find, in one of these two ways:
///
/// ```json
/// {"text": "ana lopez", "table": null, "rows": 100}
/// {"table": "clients", "key": {"id": 7}, "rows": 100}
/// ```
///
/// A row has a text if its texts have all words of it, in whatever order and column, also as parts of words. Case and accents do not
/// matter; an n finds an ñ too, an ñ only itself. `table` is null for every table, but those of search indexes. `key` has the columns of the
/// primary key, or "rowid" where the table has none; an empty name stands for the only column: `{"": 7}`. A BLOB is `{"blob": "00ff"}`.
/// With `"snapshots": true` the archive's snapshots of this database are searched too, those whose backups are not here any more: of each
/// only what is needed is read, for a text all pages with rows. `rows` is how many are told, 1 to 10000. `progress`:
/// NULL for none. On success `*out_json` is
///
/// ```json
/// {"found": [{"table": "clients", "backup": "backup_20260304_142305.db", "display": "04/03/2026 14:23",
///             "first_seen": "backup_20260301_090000.db", "backups": 4, "key": {"id": 7}, "title": "Ana L\u00f3pez",
///             "values": {"id": 7, "name": "Ana L\u00f3pez"}}],
///  "complete": true, "backups": 20, "warnings": []}
/// ```
///
/// Where only the archive has the newest backup, `"snapshot": "40dc1520..."` stands beside `backup`, for respaldo_bring_back. Each version
/// of a row is told once: `backup` is the newest backup that has it, `first_seen` the oldest, `backups` how many have it.
/// Rows in the newest backups are first. `complete` is false where rows were left out because there are more than `rows`. `backups` of the
/// answer are those that there are. `values` are as in respaldo_compare. Of a row the first 16 MiB are searched.
///
/// A backup that cannot be read to its end is the warning BACKUP_NOT_SEARCHED, and one that a sync program keeps elsewhere
/// BACKUP_IS_ELSEWHERE: it is not downloaded. Errors: RESPALDO_INVALID_ARGUMENT (also for a table that no backup has, and for
/// another key), RESPALDO_CANCELLED, RESPALDO_PERMISSION_DENIED, RESPALDO_IO_ERROR; with `snapshots` also those of respaldo_archive_list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_find(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::find, |store, request, progress| {
        store.find(&request, progress)
    })
}

/// Tells what one row was in every backup, and what it is now: those in the backup folder, safety copies, and those that only the second
/// place has.
///
/// `request_json` must name the row, as in respaldo_find: `{"table": "clients", "key": {"id": 7}}`; `"snapshots": true` as there. Of a
/// BACKUP in the archive, `kind` is "snapshot", and `snapshot` names it. `progress`: NULL for none; it is
/// called with the number of backups. On success `*out_json` is
///
/// ```json
/// {"title": "Ana L\u00f3pez",
///  "versions": [{"values": {"id": 7, "name": "Ana L\u00f3pez"}, "first_seen": BACKUP, "last_seen": BACKUP, "changed": ["name"]}],
///  "gone_since": BACKUP, "live": {"values": {"id": 7, "name": "Ana"}, "changed": ["name"]}, "warnings": []}
/// ```
///
/// `versions` are newest first. Each stands for backups that follow each other, from `first_seen`, the oldest, to `last_seen`; `changed`
/// are the columns that differ from the version before, which is the next one here. `gone_since` is the oldest backup after all of them,
/// which lacks the row; null while the newest backup has it. `live` is what the live database has, and in `changed` how it differs from
/// the newest version; null where it has no such row, and where it cannot be read, which is the warning DATABASE_NOT_READ. `values` are
/// as in respaldo_compare. Warnings and errors are otherwise those of respaldo_find.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn respaldo_history(
    store: Handle,
    request_json: *const c_char,
    progress: ProgressCallback,
    user_data: *mut c_void,
    out_json: *mut *mut c_char,
) -> StatusCode {
    // SAFETY: the caller's promises, in the header.
    let call = unsafe { Call::new(store, request_json, out_json).watched(progress, user_data) };
    call.run(requests::history, |store, request, progress| {
        store.history(&request, progress)
    })
}

/// Brings rows of a backup back into the live database, with what belongs to them: as one transaction, after saving the database as
/// it is. Other connections stay valid.
///
/// `request_json` must name a backup, as in respaldo_restore, and rows, each by its table and key; shown are the defaults of the rest:
///
/// ```json
/// {"backup": "name or path", "rows": [{"table": "clients", "key": {"id": 7}}], "with_dependents": true,
///  "on_conflict": "refuse", "triggers": false, "dry_run": false, "reason": "why, for the log"}
/// ```
///
/// In place of `backup`, `"snapshot": "40dc1520"` is a snapshot of the archive, named as in respaldo_archive_fetch. It was verified before
/// it was stored: what is read of it is compared with what was stored, and the rest is not read. One that another program made is fetched
/// and verified first. `key` is as in respaldo_find. By the foreign keys of
/// the live database, rows that they refer to come too where they are missing there; with `with_dependents` also the rows that refer to
/// them and are missing. Triggers fire only with `triggers`, generated columns are computed anew, a column that the backup lacks gets its default,
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
/// lacks), RESPALDO_ROWS_IN_CONFLICT, those of respaldo_restore, and with a snapshot those of respaldo_archive_fetch.
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
/// `request_json`: NULL, or `{"source": null, "dry_run": false, "deleted": false}`; `source` is a backup, as in respaldo_restore, and
/// null the live database. Its WAL is read too, and a rollback journal is played back into the copy. With `deleted`, deleted rows are
/// kept too, as far as the pages that they were on are still free. `progress`: NULL for none. On success `*out_json` is
///
/// ```json
/// {"recovered": BACKUP, "method": "rows", "tables": [{"table": "clients", "rows": 1198, "cut": 0,
///  "missing_since": {"backup": "backup_20260304_142305.db", "rows": 2}}], "lost_and_found": 3, "deleted": 0, "warnings": [],
///  "duration_ms": 77}
/// ```
///
/// `recovered` is in the backup folder, of kind "recovered", and never deleted; it is null with `dry_run`. `method` is "reindex" where
/// all rows are there, and "rows" where a new file was made of the rows that can be read. `cut` rows have a value whose
/// end is on pages that cannot be read: it is NULL, and its readable beginning is in the table `lost_and_found_cut`. `missing_since`
/// counts the rows that the newest whole backup has and the new file lacks, by their keys; it is null where there are none, or no such
/// backup. Rows of which nobody knows the table are in the table `lost_and_found`, and `deleted` ones in `lost_and_found_deleted`.
/// Warnings: NOT_SALVAGED names what could not be made anew, VALUES_CUT the tables with cut values, DISK_UNREADABLE says that the disk
/// itself could not read all. Errors: RESPALDO_INVALID_ARGUMENT, RESPALDO_DATABASE_LOCKED (another program keeps writing), RESPALDO_DATABASE_NOT_FOUND, RESPALDO_BACKUP_NOT_FOUND, RESPALDO_NOT_A_DATABASE (nothing was found),
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

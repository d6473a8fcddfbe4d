//! Bringing rows of a backup back into the live database, with the rows that belong to them.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::clock::milliseconds;
use crate::database::check::Remarks;
use crate::database::sqlite_error::{self, Role, explain, remember_system_error};
use crate::failpoint;
use crate::files::folder::ensure_folder;
use crate::files::folder_lock::FolderLock;
use crate::files::paths::{parent, same_file};
use crate::files::staging;
use crate::report::error::{Argument, Cause, Error, Result};
use crate::report::messages::{self, Notice, Warning};
use crate::report::progress::{Progress, ProgressFn};
use crate::report::waiting;
use crate::steps::given_backup::RowsFrom;
use crate::steps::overwrite::Live;
use crate::steps::row_transfer::{self, OnConflict, TablePlan, Written};
use crate::steps::row_transfer_plan::{NotFound, Planner, Row};
use crate::steps::row_transfer_tables::Tables;
use crate::steps::safety_copy::SafetyCopy;
use crate::steps::snapshot::Source;
use crate::store::Store;

/// Which rows to bring back, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct BringBackRequest {
    /// A name or path, as in a restore.
    pub backup: PathBuf,
    /// Takes them from this snapshot of the archive: its identifier, its first digits, or `latest`. Then `backup` is not looked at.
    pub snapshot: Option<String>,
    /// The rows.
    pub rows: Vec<RowKey>,
    /// Also brings back missing rows that refer to them.
    pub with_dependents: bool,
    /// What to do with a row that conflicts with an existing one.
    pub on_conflict: OnConflict,
    /// Lets the triggers of the live database fire.
    pub triggers: bool,
    /// Only reports what would happen.
    pub dry_run: bool,
    /// The reason, for `restores.jsonl`.
    pub reason: Option<String>,
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct RowKey {
    /// The table.
    pub table: String,
    /// The columns of its primary key with their values, or `rowid` where it has none. A BLOB is `{"blob": "00ff"}`; an empty
    /// name is the key's only column.
    pub key: Map<String, Value>,
}

/// The answer of [`Store::bring_back`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BroughtBack {
    /// Whether the database was changed.
    pub applied: bool,
    /// What happened, or would happen, in each table.
    pub plan: Vec<TablePlan>,
    /// The database as it was; `None` where it was not changed.
    pub safety_backup: Option<PathBuf>,
    /// What was not brought back, and what the check remarks.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub duration_ms: u64,
}

impl Store {
    /// Brings rows of a backup back, with the missing rows that they refer to and, if requested, the missing rows that refer to
    /// them. Writes one transaction, after a durable safety copy. Triggers do not fire unless
    /// that is requested.
    ///
    /// Fails, with the database as it was, with [`Cause::InvalidArgument`] when the backup has no such row,
    /// [`Cause::RowsInConflict`], [`Cause::BackupNotFound`], [`Cause::BackupCorrupt`], [`Cause::NotADatabase`],
    /// [`Cause::DifferentDatabase`], [`Cause::SameFile`], [`Cause::DatabaseNotFound`], [`Cause::DatabaseCorrupt`],
    /// [`Cause::DatabaseLocked`], [`Cause::Busy`], [`Cause::DiskFull`], [`Cause::PermissionDenied`] and [`Cause::Cancelled`]; and
    /// with [`Cause::RestoreFailed`] when the commit fails. For a snapshot also with `Cause::SnapshotNotFound` and with the causes that
    /// begin with `Archive`.
    pub fn bring_back(&self, request: &BringBackRequest, progress: ProgressFn<'_>) -> Result<BroughtBack> {
        waiting::watched(progress, |progress| self.bring_back_watched(request, progress))
    }

    fn bring_back_watched(&self, request: &BringBackRequest, progress: ProgressFn<'_>) -> Result<BroughtBack> {
        let started = Instant::now();
        let from = self.rows_from(&request.backup, request.snapshot.as_deref(), progress)?;
        ensure_folder(&self.backup_dir, parent(&self.database))?;
        let mut locks = vec![FolderLock::acquire(&self.backup_dir, self.busy_timeout)?];
        let folder = parent(&self.database);
        if !same_file(&self.backup_dir, folder) {
            locks.push(FolderLock::acquire(folder, self.busy_timeout)?);
        }
        staging::sweep(folder);
        let done = waiting::as_cancelled(from.settle(self.transfer(&from, request, progress)));
        let mut warnings = Vec::new();
        if !request.dry_run {
            let outcome = done.as_ref().map(|(done, _)| done.safety_backup.as_deref());
            warnings = self.log_restore(from.name(), &self.database, request.reason.as_deref(), outcome);
        }
        let (done, remarks) = done?;
        warnings.extend(remarks);
        Ok(BroughtBack {
            warnings,
            duration_ms: milliseconds(started),
            ..done
        })
    }

    fn transfer(
        &self,
        from: &RowsFrom,
        request: &BringBackRequest,
        progress: ProgressFn<'_>,
    ) -> Result<(BroughtBack, Vec<Warning>)> {
        let mut source = from.hold(self)?;
        self.refuse_without_common_table(&source)?;
        let remarks = match from.is_unchecked() {
            true => self.check_backup(&mut source, progress)?,
            false => Remarks::default(),
        };
        let live = Live::open(&self.database, self.busy_timeout)?;
        if !from.is_unchecked() {
            // A server may be slow. What is read of it now is not read again while writers wait.
            from.settle(self.read_rows(&live, &source, request, progress))?;
        }
        let failed = |error: rusqlite::Error| explain(&error, &self.database, Role::Live);
        // Without cache spill nothing reaches the file before the commit. Other connections and the safety copy read the old state.
        live.connection
            .execute_batch("PRAGMA foreign_keys=OFF; PRAGMA cache_spill=OFF; BEGIN IMMEDIATE")
            .map_err(failed)?;
        if request.triggers {
            let fire = live
                .connection
                .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true);
            fire.map_err(failed)?;
        }
        // What could not be read must not be taken for a row that is not there.
        let (written, left_out) = match from.settle(self.write_rows(&live, &source, request, progress)) {
            Ok(written) => written,
            Err(error) => {
                roll_back(&live.connection);
                return Err(error);
            }
        };
        let mut warnings = remarks.warnings(self.language);
        if !left_out.is_empty() {
            warnings.push(messages::warning(&Notice::ColumnsLeftOut(&left_out), self.language));
        }
        if written.refused && !request.dry_run {
            roll_back(&live.connection);
            return Err(Error::at(Cause::RowsInConflict(written.conflicts()), &self.database));
        }
        let safety = if request.dry_run || written.changes() == 0 {
            roll_back(&live.connection);
            None
        } else {
            Some(self.commit(&live, progress)?)
        };
        live.checkpoint();
        let done = BroughtBack {
            applied: safety.is_some(),
            plan: written.plan,
            safety_backup: safety.map(|safety| safety.path),
            warnings: vec![],
            duration_ms: 0,
        };
        Ok((done, warnings))
    }

    /// Writes the rows inside the transaction. Also returns the columns that the live database no longer has.
    fn write_rows(
        &self,
        live: &Live,
        source: &Source,
        request: &BringBackRequest,
        progress: ProgressFn<'_>,
    ) -> Result<(Written, Vec<String>)> {
        let (rows, tables) = self.read_rows(live, source, request, progress)?;
        let before = || live.open_reader().ok();
        let written = row_transfer::write(
            &live.connection,
            before,
            &rows,
            &tables,
            (request.on_conflict, request.triggers),
        );
        remember_system_error(&live.connection, &written);
        let written = written.map_err(|error| explain(&error, &self.database, Role::Live))?;
        Ok((written, columns_left_out(&rows)))
    }

    /// Reads the rows, and those that belong to them.
    fn read_rows<'c>(
        &self,
        live: &'c Live,
        source: &'c Source,
        request: &BringBackRequest,
        progress: ProgressFn<'_>,
    ) -> Result<(Vec<Row>, Tables<'c>)> {
        let explained = |error: NotFound| self.not_found(error, source);
        let mut planner = Planner::new(&live.connection, &source.connection).map_err(explained)?;
        for row in &request.rows {
            planner
                .request_row(&row.table, &row.key, request.with_dependents)
                .map_err(explained)?;
        }
        let now = Progress {
            pages_done: source.shape.pages,
            pages_total: source.shape.pages,
        };
        planner
            .follow(&mut || progress(now) == ControlFlow::Continue(()))
            .map_err(explained)
    }

    /// Makes the safety copy, then commits.
    fn commit(&self, live: &Live, progress: ProgressFn<'_>) -> Result<SafetyCopy> {
        failpoint::reach("bring_back_written");
        let safety = self
            .copy_current(progress)
            .and_then(|(copy, _)| self.publish_safety_copy(copy));
        let safety = safety.inspect_err(|_| roll_back(&live.connection))?;
        failpoint::reach("bring_back_saved");
        let committed = live.connection.execute_batch("COMMIT");
        remember_system_error(&live.connection, &committed);
        failpoint::reach("bring_back_committed");
        let Err(error) = committed else {
            return Ok(safety);
        };
        let unflushed = sqlite_error::is_flush_failure(&error);
        let failure = explain(&error, &self.database, Role::Live);
        roll_back(&live.connection);
        if failure.cause == Cause::DatabaseLocked {
            safety.discard();
            return Err(failure);
        }
        let undone = if unflushed {
            waiting::to_the_end(|| self.put_back(&safety)).is_ok()
        } else {
            true
        };
        Err(self.failed(failure, &safety, undone))
    }

    fn not_found(&self, error: NotFound, source: &Source) -> Error {
        match error {
            NotFound::Live(error) => explain(&error, &self.database, Role::Live),
            NotFound::Sqlite(error) => explain(&error, &source.path, source.role),
            NotFound::Cancelled => Error::new(Cause::Cancelled),
            NotFound::Missing(what) => Error::argument(Argument::NoSuchRow(what)),
            NotFound::NoSuchTable(table, tables) => Error::argument(Argument::NoSuchTable { table, tables }),
            NotFound::NotTheKey(table, key) => Error::argument(Argument::NotTheKey { table, key }),
        }
    }
}

/// Rolls the transaction back. If ROLLBACK fails, closing the connection rolls back.
fn roll_back(connection: &Connection) {
    if !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
}

/// The columns that are not brought back, as `clients.fax`.
fn columns_left_out(rows: &[Row]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for row in rows {
        for column in &row.table.left_out {
            let named = format!("{}.{column}", row.table.name);
            if !found.contains(&named) {
                found.push(named);
            }
        }
    }
    found
}

//! Salvaging: a new, sound file from the readable parts of a damaged database or backup. The source does not change.

use std::cell::Cell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use crate::catalog::backup::{Backup, Kind};
use crate::catalog::catalogue::Catalogue;
use crate::catalog::file_facts::FileFacts;
use crate::catalog::folder::Folder;
use crate::catalog::names::{self, Stamp};
use crate::catalog::numbering::publish_numbered;
use crate::catalog::record::{Changes, State};
use crate::clock::milliseconds;
use crate::database::connection;
use crate::database::contents::count_rows;
use crate::database::progress_poll::ProgressPoll;
use crate::database::sqlite_error::{Role, explain};
use crate::failpoint;
use crate::files::folder::ensure_folder;
use crate::files::folder_lock::FolderLock;
use crate::files::paths::{parent, same_file};
use crate::files::sharing::retry_sharing_violations;
use crate::files::staging::Staged;
use crate::pages::damaged_file::DamagedFile;
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::{self, Notice, Warning};
use crate::report::progress::{Progress, ProgressFn};
use crate::report::waiting;
use crate::steps::missing_rows;
use crate::steps::row_differences::Meter;
use crate::steps::salvage_copy::DamagedCopy;
use crate::steps::salvage_layout::KnownLayout;
use crate::steps::salvage_rows::{self, Rebuilt};
use crate::steps::salvage_schema::FoundSchema;
use crate::steps::salvage_table::RebuiltTable;
use crate::steps::snapshot::Source;
use crate::store::Store;

/// How often a page is read in most cases: once to find the whole trees, once for the rows.
const READS_PER_PAGE: u64 = 2;

/// What to salvage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SalvageRequest {
    /// A name or path of a backup; `None` is the live database.
    pub source: Option<PathBuf>,
    /// Only reports what could be saved.
    pub dry_run: bool,
    /// Also keeps deleted rows, as far as their pages are still in the freelist. They go into a table of their own.
    pub deleted: bool,
}

/// How the file was salvaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A copy with rebuilt indexes; no row is missing.
    Reindex,
    /// A new file with the readable rows.
    Rows,
}

/// What was saved of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SalvagedTable {
    /// The table.
    pub table: String,
    /// The rows that were saved.
    pub rows: u64,
    /// How many of them have a value whose end is on unreadable pages: it is NULL, and its readable beginning is in the table
    /// `lost_and_found_cut`.
    pub cut: u64,
    /// The rows that the newest whole backup has and the salvaged file lacks; `None` when there are none, or no such backup.
    pub missing_since: Option<MissingSince>,
}

/// The number of rows that a backup has and the salvaged file lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingSince {
    /// The name of the backup.
    pub backup: String,
    /// How many.
    pub rows: u64,
}

/// The answer of [`Store::salvage`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Salvaged {
    /// The new file; `None` for a dry run.
    pub recovered: Option<Backup>,
    /// How.
    pub method: Method,
    /// What was saved of each table.
    pub tables: Vec<SalvagedTable>,
    /// Rows of an unknown table; they are in the table `lost_and_found`.
    pub lost_and_found: u64,
    /// Deleted rows, if they were asked for; they are in the table `lost_and_found_deleted`.
    pub deleted: u64,
    /// What could not be salvaged, and what did not work beside it.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub duration_ms: u64,
}

impl Store {
    /// Makes a new, verified file from the readable parts of a damaged database or backup. Writes nothing to the source.
    ///
    /// Fails with [`Cause::DatabaseNotFound`] or [`Cause::BackupNotFound`], [`Cause::NotADatabase`] when nothing is found,
    /// [`Cause::DatabaseLocked`] when another program keeps writing, [`Cause::Busy`], [`Cause::DiskFull`],
    /// [`Cause::PermissionDenied`], [`Cause::Cancelled`].
    pub fn salvage(&self, request: &SalvageRequest, progress: ProgressFn<'_>) -> Result<Salvaged> {
        waiting::watched(progress, |progress| self.salvage_watched(request, progress))
    }

    fn salvage_watched(&self, request: &SalvageRequest, progress: ProgressFn<'_>) -> Result<Salvaged> {
        let started = Instant::now();
        let source = match &request.source {
            Some(backup) => self.find_backup(backup)?,
            None => {
                connection::require_file(&self.database, Cause::DatabaseNotFound)?;
                self.database.clone()
            }
        };
        ensure_folder(&self.backup_dir, parent(&self.database))?;
        let _lock = FolderLock::acquire(&self.backup_dir, self.busy_timeout)?;
        self.sweep_orphans();
        let folder = self.read_folder()?;
        let copy = self.copy_damaged(&source)?;
        let unreadable = copy.unreadable;
        let model = newest_whole(&folder, &source);
        let salvaged = match self.reindexed(copy, progress)? {
            Attempt::Sound(staged, tables) => Parts {
                staged,
                method: Method::Reindex,
                rebuilt: Rebuilt {
                    tables,
                    ..Rebuilt::default()
                },
            },
            Attempt::Damaged(copy) => {
                let held = model.and_then(|backup| self.hold_backup(&backup.path).ok());
                let (staged, rebuilt) = self.rows_of(&source, &copy, held.as_ref(), request.deleted, progress)?;
                Parts {
                    staged,
                    method: Method::Rows,
                    rebuilt,
                }
            }
        };
        failpoint::reach("salvage_rebuilt");
        let Parts {
            staged,
            method,
            rebuilt,
        } = salvaged;
        let mut warnings = self.verify_salvaged(&staged, progress)?;
        failpoint::reach("salvage_verified");
        warnings.extend(self.losses(&source, unreadable, &rebuilt));
        let tables = self.with_missing(rebuilt.tables, &staged, model, progress)?;
        let recovered = if request.dry_run {
            None
        } else {
            let (backup, warning) = self.publish_recovered(staged, &source)?;
            warnings.extend(warning);
            Some(backup)
        };
        Ok(Salvaged {
            recovered,
            method,
            tables,
            lost_and_found: rebuilt.lost_and_found,
            deleted: rebuilt.deleted,
            warnings,
            duration_ms: milliseconds(started),
        })
    }

    /// The copy itself, with rebuilt indexes, if there is no other damage.
    fn reindexed(&self, copy: DamagedCopy, progress: ProgressFn<'_>) -> Result<Attempt> {
        if !self.is_sound(&copy.file, progress)? {
            return Ok(Attempt::Damaged(copy));
        }
        let source = self.hold_copy(&copy.file)?;
        let counted = count_rows(&source.connection).unwrap_or_default();
        drop(source);
        let tables = counted
            .into_iter()
            .map(|(name, rows)| RebuiltTable { name, rows, cut: 0 });
        Ok(Attempt::Sound(copy.file, tables.collect()))
    }

    /// Whether the copy is whole, if need be after its indexes have been rebuilt.
    fn is_sound(&self, staged: &Staged, progress: ProgressFn<'_>) -> Result<bool> {
        let mut check = || match self.hold_copy(staged) {
            Ok(mut source) => match self.check_backup(&mut source, progress) {
                Ok(_) => Ok(None),
                Err(error) if error.cause == Cause::Cancelled => Err(error),
                // Whatever the check stumbles over, the rows are read without SQLite.
                Err(error) => Ok(Some(error)),
            },
            Err(error) => Ok(Some(error)),
        };
        match check()? {
            None => return Ok(true),
            Some(damage) if damage.repairable() != Some(true) => return Ok(false),
            Some(_) => {}
        }
        // No page of a table is written, so a failure leaves the rows as they are for the other way.
        let repaired = connection::open_unpublished(staged.path()).and_then(|copy| {
            copy.execute_batch("REINDEX")
                .map_err(|error| explain(&error, staged.path(), Role::Backup))
        });
        match repaired {
            Ok(()) => Ok(check()?.is_none()),
            Err(error) if matches!(error.cause, Cause::DiskFull { .. }) => Err(error),
            Err(_) => Ok(false),
        }
    }

    fn hold_copy(&self, staged: &Staged) -> Result<Source> {
        let connection = connection::open_backup(staged.path(), self.busy_timeout)?;
        Source::hold(connection, staged.path(), Role::Backup)
    }

    /// A new file with the readable rows.
    fn rows_of(
        &self,
        source: &Path,
        copy: &DamagedCopy,
        model: Option<&Source>,
        deleted: bool,
        progress: ProgressFn<'_>,
    ) -> Result<(Staged, Rebuilt)> {
        let in_folder = |error: std::io::Error| Error::io(&error, &self.backup_dir);
        let bytes = retry_sharing_violations(|| File::open(copy.file.path())).map_err(in_folder)?;
        let known = KnownLayout::read(&bytes, copy.size, copy.stated_page_size, model).map_err(in_folder)?;
        let layout = known.layout;
        let pages = copy.size / u64::from(layout.page_size);
        let poll = ProgressPoll::new(
            progress,
            Progress {
                pages_done: 0,
                pages_total: pages,
            },
        );
        let pages_read = Cell::new(0);
        let may_continue = || {
            pages_read.set(pages_read.get() + 1);
            poll.set(Progress {
                pages_done: (pages_read.get() / READS_PER_PAGE).min(pages),
                pages_total: pages,
            });
            poll.should_continue()
        };
        let file = DamagedFile::new(&bytes, layout, &may_continue).map_err(in_folder)?;
        let staged = Staged::new(&self.backup_dir)?;
        let failed = |error: rusqlite::Error| explain(&error, staged.path(), Role::Backup);
        let mut target = connection::open_unpublished(staged.path())?;
        known.set_up(&target).map_err(failed)?;
        let mut schema = FoundSchema::read(&file);
        if !schema.is_whole
            && let Some(model) = model
        {
            // What the backup's schema cannot add is missing, and its rows are in `lost_and_found`.
            let _ = schema.complete_from(&model.connection);
        }
        let rebuilt = salvage_rows::rebuild(&file, &schema, deleted, &mut target, &poll);
        file.take_error().map_err(in_folder)?;
        if !poll.should_continue() {
            return Err(Error::new(Cause::Cancelled));
        }
        let rebuilt = rebuilt.map_err(failed)?;
        drop(target);
        let found: u64 = rebuilt.tables.iter().map(|table| table.rows).sum();
        if found + rebuilt.lost_and_found + rebuilt.deleted == 0 && !known.has_header() {
            return Err(Error::at(Cause::NotADatabase, source));
        }
        Ok((staged, rebuilt))
    }

    fn verify_salvaged(&self, staged: &Staged, progress: ProgressFn<'_>) -> Result<Vec<Warning>> {
        let mut source = self.hold_copy(staged)?;
        let remarks = self.check_backup(&mut source, progress)?;
        Ok(remarks.warnings(self.language))
    }

    /// What is known to be lost.
    fn losses(&self, source: &Path, unreadable: u64, rebuilt: &Rebuilt) -> Vec<Warning> {
        let cut = rebuilt.tables.iter().filter(|table| table.cut > 0);
        let cut: Vec<String> = cut.map(|table| table.name.clone()).collect();
        let mut notices = Vec::new();
        if unreadable > 0 {
            notices.push(Notice::DiskUnreadable(source, unreadable));
        }
        if !rebuilt.left_out.is_empty() {
            notices.push(Notice::NotSalvaged(&rebuilt.left_out));
        }
        if !cut.is_empty() {
            notices.push(Notice::ValuesCut(&cut));
        }
        let notices = notices.iter();
        notices.map(|notice| messages::warning(notice, self.language)).collect()
    }

    /// Adds how many rows of the newest whole backup each table lacks.
    fn with_missing(
        &self,
        tables: Vec<RebuiltTable>,
        staged: &Staged,
        newest: Option<&Backup>,
        progress: ProgressFn<'_>,
    ) -> Result<Vec<SalvagedTable>> {
        let held = newest.and_then(|backup| Some((backup, self.hold_backup(&backup.path).ok()?)));
        let mut missing = Vec::new();
        if let Some((_, model)) = &held {
            let salvaged = self.hold_copy(staged)?;
            let total = salvaged.shape.pages + model.shape.pages;
            let now = Progress {
                pages_done: total,
                pages_total: total,
            };
            let poll = ProgressPoll::new(progress, now);
            let mut meter = Meter::new(&poll, salvaged.shape.page_size, total);
            let work = || missing_rows::of_backup(&salvaged, model, &mut meter);
            let done = poll.during(&salvaged.connection, || poll.during(&model.connection, work));
            missing = done.flatten().unwrap_or_else(|| Err(Error::new(Cause::Cancelled)))?;
        }
        let missing_since = |table: &str| {
            let (_, rows) = missing.iter().find(|(name, rows)| name == table && *rows > 0)?;
            let backup = held.as_ref()?.0.name.clone();
            Some(MissingSince { backup, rows: *rows })
        };
        let tables = tables.into_iter().map(|table| SalvagedTable {
            missing_since: missing_since(&table.name),
            table: table.name,
            rows: table.rows,
            cut: table.cut,
        });
        Ok(tables.collect())
    }

    /// Publishes the file and records it in the catalogue. Once it is published, nothing fails.
    fn publish_recovered(&self, staged: Staged, source: &Path) -> Result<(Backup, Option<Warning>)> {
        let model = fs::metadata(&self.database).or_else(|_| fs::metadata(source)).ok();
        staged.finish(model.as_ref())?;
        let metadata = fs::metadata(staged.path()).map_err(|error| Error::io(&error, &self.backup_dir))?;
        let state = State::of(&metadata);
        let facts = FileFacts {
            metadata: Some(metadata),
            header: None,
            is_elsewhere: false,
            is_known_whole: true,
        };
        let now = self.now()?;
        let first = Stamp {
            local: now.naive_local(),
            ordinal: 1,
        };
        let (path, stamp) = publish_numbered(staged, &self.backup_dir, first, names::recovered)?;
        let name = names::recovered(stamp);
        let mut catalogue = Catalogue::read(&self.backup_dir);
        let changes = Changes::default()
            .database(&self.database_name(), self.recorded_folder())
            .state(state)
            .verified(&now);
        // One of a file that a person has deleted.
        catalogue.forget(&name);
        catalogue.change(&name, changes);
        let warning = self.write_catalogue(&catalogue);
        let mut backup = self.backup_at(&path, &name, &facts, Kind::Recovered, Some(stamp));
        if let Some(record) = catalogue.get(&name) {
            self.describe(&mut backup, record);
        }
        Ok((backup, warning))
    }
}

/// The copy of a damaged file, after SQLite has looked at it.
enum Attempt {
    /// It is whole now; its tables.
    Sound(Staged, Vec<RebuiltTable>),
    Damaged(DamagedCopy),
}

/// What was made.
struct Parts {
    staged: Staged,
    method: Method,
    rebuilt: Rebuilt,
}

/// The newest backup of this database that is known to be whole; without one, the newest that looks intact.
fn newest_whole<'f>(folder: &'f Folder, source: &Path) -> Option<&'f Backup> {
    let own = || {
        let backups = folder.own().filter(|backup| backup.kind != Kind::Recovered);
        backups.filter(|backup| !same_file(&backup.path, source))
    };
    let known = own().find(|backup| backup.known_whole == Some(true));
    known.or_else(|| own().find(|backup| backup.intact == Some(true)))
}

//! Salvaging: a new, sound file from the readable parts of a damaged database or backup. The source does not change.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use crate::catalog::backup::{Backup, Kind};
use crate::catalog::folder::Folder;
use crate::catalog::names::{self, Stamp};
use crate::catalog::numbering::publish_numbered;
use crate::catalog::record::{Changes, State};
use crate::clock::milliseconds;
use crate::database::connection;
use crate::database::contents::count_rows;
use crate::database::header;
use crate::database::live_file::LiveFile;
use crate::database::sqlite_error::{Role, explain};
use crate::files::folder::ensure_folder;
use crate::files::folder_lock::FolderLock;
use crate::files::paths::{open_plain, parent, real_path, same_file, with_suffix};
use crate::files::staging::Staged;
use crate::pages::header::{Encoding, Header};
use crate::pages::page::Page;
use crate::pages::scavenge::Image;
use crate::pages::wal_frames;
use crate::report::error::{Cause, Error, Result};
use crate::report::messages::{self, Notice, Warning};
use crate::report::progress::ProgressFn;
use crate::report::waiting;
use crate::steps::safety_copy::no_file;
use crate::steps::salvage_rows::{self, Rebuilt, SchemaRow};
use crate::steps::snapshot::Source;
use crate::store::Store;

/// What to salvage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SalvageRequest {
    /// A name or path of a backup; `None` is the live database.
    pub source: Option<PathBuf>,
    /// Only reports what could be saved.
    pub dry_run: bool,
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
    /// How many of them lack the part on unreadable pages.
    pub cut: u64,
    /// How many rows more the newest whole backup has; `None` when it has none more, or its rows are not known.
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
    /// What could not be salvaged, and what did not work beside it.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub duration_ms: u64,
}

impl Store {
    /// Makes a new, verified file from the readable parts of a damaged database or backup. Writes nothing to the source.
    ///
    /// Fails with [`Cause::DatabaseNotFound`] or [`Cause::BackupNotFound`], [`Cause::NotADatabase`] when nothing is found,
    /// [`Cause::Busy`], [`Cause::DiskFull`], [`Cause::PermissionDenied`], [`Cause::Cancelled`].
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
        let folder = self.read_folder()?;
        let (mut bytes, wal) = self.read_source(&source)?;
        let wal_page_size = wal_frames::apply(&wal, &mut bytes);
        as_rollback_database(&mut bytes);
        let (staged, method, rebuilt, tables) = match self.reindexed(&bytes, progress)? {
            Some((staged, tables)) => (staged, Method::Reindex, Rebuilt::default(), tables),
            None => {
                let (staged, rebuilt) = self.rows_of(&source, &bytes, wal_page_size, &folder)?;
                let tables = rebuilt.tables.clone();
                (staged, Method::Rows, rebuilt, tables)
            }
        };
        let mut warnings = self.verify_salvaged(&staged, progress)?;
        if !rebuilt.left_out.is_empty() {
            warnings.push(messages::warning(
                &Notice::NotSalvaged(&rebuilt.left_out),
                self.language,
            ));
        }
        let tables = with_missing(tables, &folder);
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
            warnings,
            duration_ms: milliseconds(started),
        })
    }

    /// The bytes of the file and of its WAL. The live database is read through SQLite's handle: closing any other would drop the locks
    /// that this process has on it.
    fn read_source(&self, source: &Path) -> Result<(Vec<u8>, Vec<u8>)> {
        let failed = |error: std::io::Error| Error::io(&error, source);
        let wal_path = with_suffix(&real_path(source), "-wal");
        let read_wal = || {
            let mut wal = Vec::new();
            match open_plain(&wal_path) {
                Ok(mut file) => file.read_to_end(&mut wal).map(|_| wal),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(wal),
                Err(error) => Err(error),
            }
            .map_err(|error| Error::io(&error, &wal_path))
        };
        if !same_file(source, &self.database) {
            return Ok((fs::read(source).map_err(failed)?, read_wal()?));
        }
        // If SQLite can still read the database, this transaction keeps writers from changing the bytes while they are read.
        let read_transaction = connection::hold_for_reading(&self.database, self.busy_timeout);
        let connection = self.open_live_file()?;
        let file = LiveFile::of(&connection).ok_or_else(|| no_file(&self.database))?;
        let size = fs::metadata(&self.database).map_err(failed)?.len();
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        file.read_exact_at(&mut bytes, 0).map_err(failed)?;
        let wal = read_wal()?;
        drop(read_transaction);
        Ok((bytes, wal))
    }

    /// A copy with rebuilt indexes, and its tables; `None` when there is other damage.
    #[allow(clippy::type_complexity, reason = "one caller")]
    fn reindexed(&self, bytes: &[u8], progress: ProgressFn<'_>) -> Result<Option<(Staged, Vec<(String, u64, u64)>)>> {
        let staged = self.stage_bytes(bytes)?;
        let is_sound = |staged: &Staged, progress: ProgressFn<'_>| match self.hold_copy(staged) {
            Ok(mut source) => match self.check_backup(&mut source, progress) {
                Err(error) if error.cause == Cause::Cancelled => Err(error),
                checked => Ok(checked.map_err(|error| error.repairable() == Some(true))),
            },
            Err(_) => Ok(Err(false)),
        };
        match is_sound(&staged, progress)? {
            Ok(_) => {}
            Err(false) => return Ok(None),
            Err(true) => {
                let repaired = connection::open_unpublished(staged.path()).and_then(|copy| {
                    copy.execute_batch("REINDEX")
                        .map_err(|error| explain(&error, staged.path(), Role::Backup))
                });
                if repaired.is_err() || is_sound(&staged, progress)?.is_err() {
                    return Ok(None);
                }
            }
        }
        let source = self.hold_copy(&staged)?;
        let counted = count_rows(&source.connection).unwrap_or_default();
        drop(source);
        let tables = counted.into_iter().map(|(table, rows)| (table, rows, 0)).collect();
        Ok(Some((staged, tables)))
    }

    fn stage_bytes(&self, bytes: &[u8]) -> Result<Staged> {
        let staged = Staged::new(&self.backup_dir)?;
        fs::write(staged.path(), bytes).map_err(|error| Error::io(&error, &self.backup_dir))?;
        Ok(staged)
    }

    fn hold_copy(&self, staged: &Staged) -> Result<Source> {
        let connection = connection::open_backup(staged.path(), self.busy_timeout)?;
        Source::hold(connection, staged.path(), Role::Backup)
    }

    /// A new file with the readable rows.
    fn rows_of(
        &self,
        source: &Path,
        bytes: &[u8],
        wal_page_size: Option<usize>,
        folder: &Folder,
    ) -> Result<(Staged, Rebuilt)> {
        let model = newest_whole(folder).and_then(|backup| self.hold_backup(&backup.path).ok());
        let parsed = Header::parse(bytes).ok();
        let model_size = model
            .as_ref()
            .map(|model| usize::try_from(model.shape.page_size).unwrap_or(4096));
        let page_size = parsed
            .map(|header| header.page_size as usize)
            .or(wal_page_size)
            .or(model_size)
            .unwrap_or_else(|| likely_page_size(bytes));
        let image = Image {
            bytes,
            page_size,
            usable: parsed.map_or(page_size, |header| header.usable as usize),
            encoding: parsed.map_or(Encoding::Utf8, |header| header.encoding),
        };
        let (mut schema, schema_is_whole) = salvage_rows::schema_of(&image);
        if !schema_is_whole {
            let known = model
                .as_ref()
                .and_then(|model| salvage_rows::read_schema(&model.connection).ok());
            for row in known.unwrap_or_default() {
                let is_there = |own: &SchemaRow| own.name.eq_ignore_ascii_case(&row.name);
                if !schema.iter().any(is_there) {
                    schema.push(row);
                }
            }
        }
        let staged = Staged::new(&self.backup_dir)?;
        let failed = |error: rusqlite::Error| explain(&error, staged.path(), Role::Backup);
        let mut target = connection::open_unpublished(staged.path())?;
        let header_number = |at: usize| {
            bytes
                .get(at..at + 4)
                .and_then(|four| four.first_chunk())
                .map_or(0, |four| i32::from_be_bytes(*four))
        };
        let (version, application) = if parsed.is_some() {
            (header_number(60), header_number(68))
        } else {
            (0, 0)
        };
        let encoding = match image.encoding {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16Le => "UTF-16le",
            Encoding::Utf16Be => "UTF-16be",
        };
        target
            .execute_batch(&format!(
                "PRAGMA page_size={page_size}; PRAGMA encoding='{encoding}'; PRAGMA user_version={version}; PRAGMA application_id={application};"
            ))
            .map_err(failed)?;
        let rebuilt = salvage_rows::rebuild(&image, &schema, schema_is_whole, &mut target).map_err(failed)?;
        drop(target);
        let found: u64 = rebuilt.tables.iter().map(|(_, rows, _)| rows).sum();
        if found + rebuilt.lost_and_found == 0 && parsed.is_none() {
            return Err(Error::at(Cause::NotADatabase, source));
        }
        Ok((staged, rebuilt))
    }

    fn verify_salvaged(&self, staged: &Staged, progress: ProgressFn<'_>) -> Result<Vec<Warning>> {
        let mut source = self.hold_copy(staged)?;
        let remarks = self.check_backup(&mut source, progress)?;
        Ok(remarks.warnings(self.language))
    }

    /// Publishes the file and records it in the catalogue.
    fn publish_recovered(&self, staged: Staged, source: &Path) -> Result<(Backup, Option<Warning>)> {
        let model = fs::metadata(&self.database).or_else(|_| fs::metadata(source)).ok();
        staged.finish(model.as_ref())?;
        let now = self.now()?;
        let first = Stamp {
            local: now.naive_local(),
            ordinal: 1,
        };
        let (path, stamp) = publish_numbered(staged, &self.backup_dir, first, names::recovered)?;
        let name = names::recovered(stamp);
        let mut folder = self.read_folder()?;
        let state = fs::metadata(&path).ok().as_ref().and_then(State::of);
        let changes = Changes::default()
            .database(&self.database_name(), None)
            .state(state)
            .verified(&now);
        folder.catalogue.change(&name, changes);
        let warning = self.write_catalogue(&folder.catalogue);
        let listed = self
            .read_folder()?
            .backups
            .into_iter()
            .find(|backup| backup.name == name);
        let backup = listed.ok_or_else(|| Error::at(Cause::BackupNotFound, &path))?;
        Ok((backup, warning))
    }
}

/// The newest backup of this database that is known to be whole; without one, the newest that looks intact.
fn newest_whole(folder: &Folder) -> Option<&Backup> {
    let own = || folder.own().filter(|backup| backup.kind != Kind::Recovered);
    let known = own().find(|backup| backup.known_whole == Some(true));
    known.or_else(|| own().find(|backup| backup.intact == Some(true)))
}

fn with_missing(tables: Vec<(String, u64, u64)>, folder: &Folder) -> Vec<SalvagedTable> {
    let newest = newest_whole(folder);
    let known = newest.and_then(|backup| Some((backup, backup.content.as_ref()?.tables.as_ref()?)));
    let missing = |table: &str, rows: u64| {
        let (backup, known) = known?;
        let rows = known.get(table)?.checked_sub(rows).filter(|rows| *rows > 0)?;
        let backup = backup.name.clone();
        Some(MissingSince { backup, rows })
    };
    let tables = tables.into_iter().map(|(table, rows, cut)| SalvagedTable {
        missing_since: missing(&table, rows),
        table,
        rows,
        cut,
    });
    tables.collect()
}

/// Sets the header to rollback mode: the WAL's frames are already in `bytes`.
fn as_rollback_database(bytes: &mut [u8]) {
    if bytes.starts_with(header::MAGIC)
        && let Some(versions) = bytes.get_mut(18..20)
    {
        versions.fill(1);
    }
}

/// The page size at which the largest part of a headerless file parses as b-tree pages.
fn likely_page_size(bytes: &[u8]) -> usize {
    let sizes = (9..=16).map(|power| 1usize << power);
    let score = |size: &usize| {
        let pages = bytes.chunks_exact(*size).skip(1);
        size * pages
            .filter(|page| Page::parse(2, page).is_ok_and(|page| page.cells() > 0))
            .count()
    };
    sizes.max_by_key(score).unwrap_or(4096)
}

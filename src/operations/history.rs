//! The versions of one row in every backup.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::catalog::backup::Backup;
use crate::database::connection;
use crate::database::progress_poll::ProgressPoll;
use crate::database::row_value::Values;
use crate::database::sqlite_error::Role;
use crate::report::error::{Argument, Cause, Error, Result};
use crate::report::messages::{self, Notice, Warning};
use crate::report::progress::{Progress, ProgressFn};
use crate::report::waiting;
use crate::steps::backups_to_search::SameContents;
use crate::steps::single_row::{GivenKey, Lookup, RowVersion};
use crate::steps::snapshot::Source;
use crate::store::Store;

/// The row whose versions are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRequest {
    /// Its table.
    pub table: String,
    /// The columns of its primary key with their values, or `rowid` where it has none. A BLOB is `{"blob": "00ff"}`; an empty
    /// name is the key's only column.
    pub key: Map<String, Value>,
    /// Reads the archive's snapshots too.
    pub snapshots: bool,
}

/// The answer of [`Store::history`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct History {
    /// A readable title of the newest version.
    pub title: Option<String>,
    /// The newest version first.
    pub versions: Vec<Version>,
    /// The oldest backup after the newest version that lacks the row; `None` while the newest backup has it.
    pub gone_since: Option<Backup>,
    /// The row in the live database; `None` when it has none, or could not be read, which is a warning.
    pub live: Option<LiveVersion>,
    /// The backups, or the live database, that could not be read.
    pub warnings: Vec<Warning>,
}

/// What a row was in backups that follow each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Version {
    /// Its values.
    pub values: Values,
    /// The oldest of the backups.
    pub first_seen: Backup,
    /// The newest of the backups.
    pub last_seen: Backup,
    /// The columns that differ from the version before; none in the oldest one, and in one that came back as it was.
    pub changed: Vec<String>,
}

/// What a row is now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LiveVersion {
    /// Its values.
    pub values: Values,
    /// The columns that differ from the newest version in a backup.
    pub changed: Vec<String>,
}

impl Store {
    /// Reads what a row was in every backup, safety copy and backup in the second place, on request in the archive, and what it is now.
    /// Changes nothing. A file that cannot be read is a warning.
    ///
    /// Fails with [`Cause::InvalidArgument`] when no backup has the table, or its key has other columns; with
    /// [`Cause::PermissionDenied`] and [`Cause::Io`] when the backup folder cannot be read, and with [`Cause::Cancelled`]; with
    /// `snapshots` also with the causes that begin with `Archive`.
    pub fn history(&self, request: &HistoryRequest, progress: ProgressFn<'_>) -> Result<History> {
        waiting::watched(progress, |progress| self.history_watched(request, progress))
    }

    fn history_watched(&self, request: &HistoryRequest, progress: ProgressFn<'_>) -> Result<History> {
        let key = GivenKey::parse(&request.key)?;
        let to_search = self.backups_to_search(request.snapshots)?;
        let (backups, mut warnings, archive) = (to_search.backups, to_search.warnings, to_search.archive);
        let now = Progress {
            pages_done: 0,
            pages_total: backups.len() as u64,
        };
        let poll = ProgressPoll::new(progress, now);
        let look_up = |source: &Source| {
            let found = poll.during(&source.connection, || key.look_up(source, &request.table));
            found.unwrap_or_else(|| Err(Error::new(Cause::Cancelled)))
        };
        let mut versions = Versions::default();
        let mut same = SameContents::new();
        for (number, backup) in backups.iter().enumerate() {
            poll.set(Progress {
                pages_done: number as u64,
                ..now
            });
            if let Some(known) = same.get(backup) {
                versions.add(Option::clone(known), backup);
            } else if let Some(found) = self.search_backup(backup, archive.as_ref(), &mut warnings, look_up)? {
                let version = versions.take(found, |table, version| self.title_of(table, version));
                same.remember(backup, version.clone());
                versions.add(version, backup);
            }
        }
        let live = self.look_up_live(look_up, &mut warnings)?;
        let live = live.and_then(|found| versions.take(found, |table, version| self.title_of(table, version)));
        versions.answer(&request.table, live, warnings)
    }

    fn look_up_live(
        &self,
        look_up: impl FnOnce(&Source) -> Result<Lookup>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<Lookup>> {
        let held = connection::open_live_for_reading(&self.database, self.busy_timeout)
            .and_then(|live| Source::hold(live, &self.database, Role::Live));
        let found = waiting::as_cancelled(held.and_then(|source| look_up(&source)));
        connection::remove_empty_wal(&self.database);
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.cause == Cause::Cancelled => Err(error),
            Err(error) => {
                let why = messages::error(&error, self.language).message;
                warnings.push(messages::warning(
                    &Notice::LiveNotRead(&self.database, why),
                    self.language,
                ));
                Ok(None)
            }
        }
    }
}

/// The versions so far, and what was looked at.
#[derive(Default)]
struct Versions<'b> {
    /// Newest first.
    runs: Vec<Run<'b>>,
    /// The backup that was read last has no such row.
    is_missing: bool,
    gone_since: Option<&'b Backup>,
    title: Option<String>,
    read_one: bool,
    has_table: bool,
    /// Some tables of the newest backup without the table.
    other_tables: Option<Vec<String>>,
    has_key: bool,
    other_key: Option<Vec<String>>,
}

struct Run<'b> {
    version: RowVersion,
    newest: &'b Backup,
    oldest: &'b Backup,
}

impl<'b> Versions<'b> {
    /// The version that was found, if any.
    fn take(
        &mut self,
        found: Lookup,
        title: impl FnOnce(&crate::database::row_table::RowTable, &RowVersion) -> Option<String>,
    ) -> Option<RowVersion> {
        self.read_one = true;
        self.has_table |= !matches!(found, Lookup::NoSuchTable(_));
        self.has_key |= matches!(found, Lookup::Found(..) | Lookup::NoSuchRow);
        match found {
            Lookup::Found(table, version) => {
                self.title = self.title.take().or_else(|| title(&table, &version));
                return Some(*version);
            }
            Lookup::OtherKey(columns) => self.other_key = self.other_key.take().or(Some(columns)),
            Lookup::NoSuchTable(tables) => self.other_tables = self.other_tables.take().or(Some(tables)),
            Lookup::NoSuchRow => {}
        }
        None
    }

    /// Adds what the next older backup has.
    fn add(&mut self, version: Option<RowVersion>, backup: &'b Backup) {
        let Some(version) = version else {
            if self.runs.is_empty() {
                self.gone_since = Some(backup);
            }
            self.is_missing = true;
            return;
        };
        let was_missing = std::mem::take(&mut self.is_missing);
        match self.runs.last_mut() {
            Some(run) if !was_missing && run.version.is_same(&version) => run.oldest = backup,
            _ => self.runs.push(Run {
                version,
                newest: backup,
                oldest: backup,
            }),
        }
    }

    fn answer(self, table: &str, live: Option<RowVersion>, warnings: Vec<Warning>) -> Result<History> {
        match self.other_key {
            Some(key) if !self.has_key => {
                let table = table.to_owned();
                return Err(Error::argument(Argument::NotTheKey { table, key }));
            }
            _ if self.read_one && !self.has_table => {
                let (table, tables) = (table.to_owned(), self.other_tables.unwrap_or_default());
                return Err(Error::argument(Argument::TableNowhere { table, tables }));
            }
            _ => {}
        }
        let newest = self.runs.first().map(|run| &run.version);
        let live = live.map(|live| LiveVersion {
            changed: newest.map(|newest| live.changed_since(newest)).unwrap_or_default(),
            values: live.values,
        });
        let before = self.runs.iter().skip(1).map(|run| Some(&run.version)).chain([None]);
        let version = |(run, before): (&Run<'_>, Option<&RowVersion>)| Version {
            values: run.version.values.clone(),
            first_seen: run.oldest.clone(),
            last_seen: run.newest.clone(),
            changed: before
                .map(|before| run.version.changed_since(before))
                .unwrap_or_default(),
        };
        Ok(History {
            title: self.title,
            versions: self.runs.iter().zip(before).map(version).collect(),
            gone_since: self.gone_since.filter(|_| !self.runs.is_empty()).cloned(),
            live,
            warnings,
        })
    }
}

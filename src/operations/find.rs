//! Finding rows in every backup, by a text or by their key.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::catalog::backup::Backup;
use crate::database::progress_poll::ProgressPoll;
use crate::database::row_table::RowTable;
use crate::database::row_value::Values;
use crate::report::error::{Argument, Cause, Error, Result};
use crate::report::messages::Warning;
use crate::report::progress::{Progress, ProgressFn};
use crate::report::waiting;
use crate::steps::backups_to_search::SameContents;
use crate::steps::found_rows::{Found, FoundRows, RowNumber};
use crate::steps::row_differences::failed;
use crate::steps::row_title::title;
pub use crate::steps::search_words::SearchWords;
use crate::steps::single_row::{GivenKey, Lookup, RowVersion};
use crate::steps::snapshot::Source;
use crate::steps::text_search::{Findings, SearchProgress, TextSearch};
use crate::store::Store;

/// What to find.
#[derive(Debug, Clone, PartialEq)]
pub struct FindRequest {
    /// The table; `None` is every table.
    pub table: Option<String>,
    /// Which of its rows.
    pub rows: Wanted,
    /// How many rows are returned.
    pub most: usize,
    /// Searches the archive's snapshots too.
    pub snapshots: bool,
}

/// Which rows to find.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// Those whose texts have all these words.
    Words(SearchWords),
    /// The one with this key, which needs a table. A BLOB is `{"blob": "00ff"}`; an empty name is the key's only column.
    Key(Map<String, Value>),
}

/// The answer of [`Store::find`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindResult {
    /// Each version of a row once: those in the newest backups first, then by table and key.
    pub found: Vec<FoundRow>,
    /// Whether these are all.
    pub complete: bool,
    /// How many backups were searched.
    pub backups: u64,
    /// The backups that could not be read to their end.
    pub warnings: Vec<Warning>,
}

/// A version of a row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundRow {
    /// Its table.
    pub table: String,
    /// The file name of the newest backup that has it.
    pub backup: String,
    /// The time of that backup, for people.
    pub display: String,
    /// The file name of the oldest backup that has it.
    pub first_seen: String,
    /// How many backups have it.
    pub backups: u64,
    /// The snapshot of the archive that is the newest backup, where only the archive has that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// The values of its key; `None` in a table without one.
    pub key: Option<Values>,
    /// A readable title.
    pub title: Option<String>,
    /// Its values.
    pub values: Values,
}

impl Store {
    /// Finds rows in every backup, safety copy and backup in the second place, and on request in the archive. Changes nothing, and runs
    /// nothing of a schema. A backup that cannot be read to its end is a warning.
    ///
    /// Fails with [`Cause::InvalidArgument`] when no backup has the table, or its key has other columns; with
    /// [`Cause::PermissionDenied`] and [`Cause::Io`] when the backup folder cannot be read, and with [`Cause::Cancelled`]; with
    /// `snapshots` also with the causes that begin with `Archive`.
    pub fn find(&self, request: &FindRequest, progress: ProgressFn<'_>) -> Result<FindResult> {
        waiting::watched(progress, |progress| self.find_watched(request, progress))
    }

    fn find_watched(&self, request: &FindRequest, progress: ProgressFn<'_>) -> Result<FindResult> {
        let to_search = self.backups_to_search(request.snapshots)?;
        let (backups, mut warnings, archive) = (to_search.backups, to_search.warnings, to_search.archive);
        let mut search = Search::of(request)?;
        let mut rows = FoundRows::new(request.most);
        let mut same = SameContents::new();
        let total = backups.iter().map(pages_of).sum();
        let now = Progress {
            pages_done: 0,
            pages_total: total,
        };
        let poll = ProgressPoll::new(progress, now);
        let mut progress = SearchProgress {
            poll: &poll,
            done: 0,
            total,
        };
        for (number, backup) in backups.iter().enumerate() {
            if let Some(known) = same.get(backup) {
                let known: &Vec<RowNumber> = known;
                known.iter().for_each(|row| rows.seen(*row, number));
            } else {
                let mut findings = Findings {
                    rows: &mut rows,
                    backup: number,
                    title: &|table, version| self.title_of(table, version),
                    numbers: Vec::new(),
                };
                let read = |source: &Source| search.read(source, &mut findings, &progress);
                if self
                    .search_backup(backup, archive.as_ref(), &mut warnings, read)?
                    .is_some()
                {
                    same.remember(backup, findings.numbers);
                }
            }
            progress.done += pages_of(backup);
            progress.reach(0)?;
        }
        search.refuse_what_no_backup_has(request)?;
        let complete = !rows.left_out;
        let found = rows.in_order().into_iter();
        Ok(FindResult {
            found: found.filter_map(|row| found_row(row, &backups)).collect(),
            complete,
            backups: backups.len() as u64,
            warnings,
        })
    }

    /// A readable title of a row.
    pub(crate) fn title_of(&self, table: &RowTable, version: &RowVersion) -> Option<String> {
        let words = self.words(&table.name);
        title(table, words, version.key.as_ref(), &version.values)
    }
}

/// Pages of a backup, for the progress.
fn pages_of(backup: &Backup) -> u64 {
    backup.size / 4096
}

fn found_row(row: Found, backups: &[Backup]) -> Option<FoundRow> {
    let (newest, oldest) = (backups.get(row.newest)?, backups.get(row.oldest)?);
    Some(FoundRow {
        table: row.table,
        backup: newest.name.clone(),
        display: newest.display.clone(),
        first_seen: oldest.name.clone(),
        backups: row.backups,
        snapshot: newest.snapshot.clone(),
        key: row.version.key,
        title: row.title,
        values: row.version.values,
    })
}

/// The search through all backups.
struct Search<'r> {
    way: Way<'r>,
    /// Whether a backup could be read, and has the table.
    read_one: bool,
    has_table: bool,
    /// Some tables of the newest backup without the table.
    other_tables: Option<Vec<String>>,
    /// The columns of the key, in the newest backup with another key than the given one.
    other_key: Option<Vec<String>>,
    has_key: bool,
}

enum Way<'r> {
    Text(TextSearch<'r>),
    Key(&'r str, GivenKey),
}

impl<'r> Search<'r> {
    fn of(request: &'r FindRequest) -> Result<Search<'r>> {
        let way = match (&request.rows, &request.table) {
            (Wanted::Words(words), table) => Way::Text(TextSearch::new(words, table.as_deref())),
            (Wanted::Key(key), Some(table)) => Way::Key(table, GivenKey::parse(key)?),
            (Wanted::Key(_), None) => return Err(Error::argument(Argument::MissingKey("table"))),
        };
        Ok(Search {
            way,
            read_one: false,
            has_table: false,
            other_tables: None,
            other_key: None,
            has_key: false,
        })
    }

    fn read(&mut self, source: &Source, findings: &mut Findings<'_>, progress: &SearchProgress<'_, '_>) -> Result<()> {
        let poll = progress.poll;
        let work = || match &mut self.way {
            Way::Text(search) => {
                let searched = search.search(source, findings, progress);
                self.has_table |= *searched.as_ref().unwrap_or(&true);
                self.read_one = true;
                if !searched? && self.other_tables.is_none() {
                    let names = RowTable::some_names(&source.connection);
                    self.other_tables = Some(names.map_err(|error| failed(source, &error))?);
                }
                Ok(())
            }
            Way::Key(table, key) => {
                let found = key.look_up(source, table)?;
                self.read_one = true;
                self.has_table |= !matches!(found, Lookup::NoSuchTable(_));
                self.has_key |= matches!(found, Lookup::Found(..) | Lookup::NoSuchRow);
                match found {
                    Lookup::Found(table, version) => {
                        let number = findings.add(&table, &[], 0, *version);
                        findings.numbers.extend(number);
                    }
                    Lookup::OtherKey(columns) => self.other_key = self.other_key.take().or(Some(columns)),
                    Lookup::NoSuchTable(tables) => self.other_tables = self.other_tables.take().or(Some(tables)),
                    Lookup::NoSuchRow => {}
                }
                Ok(())
            }
        };
        let done = poll.during(&source.connection, work);
        done.unwrap_or_else(|| Err(Error::new(Cause::Cancelled)))
    }

    /// A table or key that no backup has is a mistake of the caller.
    fn refuse_what_no_backup_has(self, request: &FindRequest) -> Result<()> {
        let table = request.table.clone().unwrap_or_default();
        match self.other_key {
            Some(key) if !self.has_key => Err(Error::argument(Argument::NotTheKey { table, key })),
            _ if self.read_one && !self.has_table && request.table.is_some() => {
                let tables = self.other_tables.unwrap_or_default();
                Err(Error::argument(Argument::TableNowhere { table, tables }))
            }
            _ => Ok(()),
        }
    }
}

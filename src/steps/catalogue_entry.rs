//! The catalogue with a new backup in it. It is staged while the copy is still being flushed, because flushing takes as long as all
//! the rest of a small backup.

use std::fs;
use std::path::Path;

use crate::catalog::backup::{Backup, Kind, insert_newest_first, newest_first};
use crate::catalog::catalogue::{Catalogue, StagedCatalogue, Trouble, reason};
use crate::catalog::file_facts::FileFacts;
use crate::catalog::folder::Folder;
use crate::catalog::names::{self, Stamp};
use crate::catalog::record::{Changes, Made, Record, State};
use crate::catalog::retention::Decision;
use crate::clock::Moment;
use crate::database::contents::Contents;
use crate::files::folder::flush_folder;
use crate::files::paths::{parent, same_file};
use crate::report::error::{Error, Result};
use crate::report::messages::{self, Notice, Warning};
use crate::steps::snapshot::VerifiedCopy;
use crate::store::Store;

/// How many records of missing backups the catalogue keeps, the newest first: a backup that was moved away may come back.
const MAX_MISSING_RECORDS: usize = 100;

/// A backup without a name yet, and the folder as it will be with it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub folder: Folder,
    /// The planned name.
    pub stamp: Stamp,
    pub backup: Backup,
    /// The backups that retention will remove.
    pub removed: Vec<Decision>,
    staged: Result<StagedCatalogue>,
}

/// What the caller and the source say about a copy, beside its file.
pub(crate) struct Description {
    pub made: Made,
    pub label: Option<String>,
    pub note: Option<String>,
    pub pinned: bool,
    pub content: Contents,
}

impl Store {
    /// The folder as it will be with this copy in it. Fails when the copy's metadata cannot be read.
    pub(crate) fn enter_copy(
        &self,
        mut folder: Folder,
        copy: &VerifiedCopy<'_>,
        description: Description,
        now: &Moment,
    ) -> Result<Entry> {
        let metadata = fs::metadata(copy.path).map_err(|error| Error::io(&error, &self.backup_dir))?;
        let state = State::of(&metadata);
        let stamp = folder.next_name(now.naive_local());
        let name = names::backup(stamp);
        let rows = copy.rows.as_ref().map(|rows| rows.iter().cloned().collect());
        let content = Contents {
            tables: rows,
            ..description.content
        };
        let changes = Changes::default()
            .database(&self.database_name(), self.recorded_folder())
            .state(state)
            .hash(copy.hash)
            .made(description.made)
            .label(description.label.as_deref().unwrap_or_default())
            .note(description.note.as_deref().unwrap_or_default())
            .pinned(description.pinned)
            .verified(now)
            .content(&content);
        folder.catalogue.forget(&name);
        folder.catalogue.change(&name, changes);
        folder.catalogue.given.add(stamp);
        let facts = FileFacts {
            metadata: Some(metadata),
            header: None,
            is_elsewhere: false,
            is_known_whole: true,
        };
        let mut backup = self.backup_at(&self.backup_dir.join(&name), &name, &facts, Kind::Backup, Some(stamp));
        if let Some(record) = folder.catalogue.get(&name) {
            self.describe(&mut backup, record);
        }
        insert_newest_first(&mut folder.backups, backup.clone());
        folder.forget_long_gone(MAX_MISSING_RECORDS);
        let removed = self.plan(&folder.backups, Some(&name), now, false).1;
        let staged = self.stage_without(&folder, &removed);
        Ok(Entry {
            folder,
            stamp,
            backup,
            removed,
            staged,
        })
    }

    /// Stages the catalogue without the backups that retention will remove.
    fn stage_without(&self, folder: &Folder, removed: &[Decision]) -> Result<StagedCatalogue> {
        let model = fs::metadata(&self.database).ok();
        if removed.is_empty() {
            return folder.catalogue.stage(model.as_ref());
        }
        let mut catalogue = folder.catalogue.clone();
        removed.iter().for_each(|decision| catalogue.forget(&decision.name));
        catalogue.stage(model.as_ref())
    }

    /// Writes a catalogue durably. The caller holds the folder's lock.
    pub(crate) fn write_catalogue(&self, catalogue: &Catalogue) -> Option<Warning> {
        let model = fs::metadata(&self.database).ok();
        self.replace_catalogue(catalogue, catalogue.stage(model.as_ref()))
            .or_else(|| self.flush_catalogue(catalogue))
    }

    /// Flushes the folder, which makes a renamed catalogue durable.
    pub(crate) fn flush_catalogue(&self, catalogue: &Catalogue) -> Option<Warning> {
        let why = reason(&flush_folder(&self.backup_dir).err()?);
        let notice = Notice::CatalogueNotWritten(catalogue.path(), why);
        Some(messages::warning(&notice, self.language))
    }

    fn replace_catalogue(&self, catalogue: &Catalogue, staged: Result<StagedCatalogue>) -> Option<Warning> {
        let written = staged.and_then(StagedCatalogue::put_in_place);
        let path = catalogue.path();
        let notice = match (written, &catalogue.trouble) {
            (Err(error), _) => Notice::CatalogueNotWritten(path, reason(&error)),
            (Ok(()), Some(Trouble::Broken(why))) => Notice::CatalogueRebuilt(path, why),
            (Ok(()), _) => return None,
        };
        Some(messages::warning(&notice, self.language))
    }
}

/// A backup in the backup folder, in the state in which the operation found it.
pub(crate) struct Recorded {
    pub name: String,
    pub state: Option<State>,
    /// Its record in the catalogue.
    pub record: Option<Record>,
}

impl Store {
    /// The state and the record of the file at `path`, if that is a backup in the backup folder.
    pub(crate) fn recorded(&self, path: &Path) -> Option<Recorded> {
        let name = path.file_name()?.to_str()?.to_owned();
        let is_backup = !same_file(path, &self.database)
            && names::parse_safety(&self.database_name(), &name).is_none()
            && (parent(path) == self.backup_dir || same_file(parent(path), &self.backup_dir));
        if !is_backup {
            return None;
        }
        let state = fs::metadata(path).ok().as_ref().and_then(State::of);
        let record = Catalogue::read(&self.backup_dir).get(&name);
        Some(Recorded { name, state, record })
    }

    /// Changes the record of a backup, unless its file changed meanwhile. The caller holds the folder's lock.
    pub(crate) fn change_record(&self, recorded: &Recorded, changes: Changes) -> Option<Warning> {
        let metadata = fs::symlink_metadata(self.backup_dir.join(&recorded.name)).ok()?;
        if !metadata.is_file() || recorded.state.is_none() || State::of(&metadata) != recorded.state {
            return None;
        }
        let mut catalogue = Catalogue::read(&self.backup_dir);
        catalogue.change(&recorded.name, changes);
        self.write_catalogue(&catalogue)
    }
}

impl Entry {
    /// Adapts the entry to another name than the planned one.
    pub fn rename(&mut self, store: &Store, stamp: Stamp) {
        let name = names::backup(stamp);
        let Entry { folder, backup, .. } = self;
        folder.catalogue.rename(&backup.name, &name);
        folder.catalogue.given.add(stamp);
        let old = std::mem::replace(&mut backup.name, name.clone());
        backup.path = store.backup_dir.join(name);
        (self.stamp, backup.ordinal) = (stamp, stamp.ordinal);
        if let Some(listed) = folder.backups.iter_mut().find(|listed| listed.name == old) {
            *listed = backup.clone();
        }
        newest_first(&mut folder.backups);
        self.staged = store.stage_without(folder, &self.removed);
    }

    /// Replaces the catalogue; the backup is durable before. Returns the folder, which is not flushed yet, and the backups to
    /// remove.
    pub fn write(self, store: &Store) -> (Folder, Vec<Decision>, Option<Warning>) {
        let warning = store.replace_catalogue(&self.folder.catalogue, self.staged);
        (self.folder, self.removed, warning)
    }
}

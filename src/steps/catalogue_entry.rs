//! What the catalogue will hold once a new backup has its name. It is prepared while the copy is still being flushed, because
//! flushing takes as long as all the rest of a small backup.

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

/// What the catalogue keeps of backups that are gone, so that one that was moved away may come back: the newest so many.
const MOST_GONE: usize = 100;

/// A backup that has no name yet, as the folder will be with it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub folder: Folder,
    /// The name that it is to have.
    pub stamp: Stamp,
    pub backup: Backup,
    /// What retention will remove.
    pub removed: Vec<Decision>,
    staged: Result<StagedCatalogue>,
}

/// What is known of the copy beside what its file says.
pub(crate) struct Knowledge {
    pub made: Made,
    pub label: Option<String>,
    pub note: Option<String>,
    pub pinned: bool,
    pub content: Contents,
}

impl Store {
    /// The folder as it will be with this copy in it. Fails where the copy cannot be looked at.
    pub(crate) fn enter_copy(
        &self,
        mut folder: Folder,
        copy: &VerifiedCopy<'_>,
        knowledge: Knowledge,
        now: &Moment,
    ) -> Result<Entry> {
        let metadata = fs::metadata(copy.path).map_err(|error| Error::io(&error, &self.backup_dir))?;
        let state = State::of(&metadata);
        let stamp = folder.next_name(now.naive_local());
        let name = names::backup(stamp);
        let rows = copy.rows.as_ref().map(|rows| rows.iter().cloned().collect());
        let content = Contents {
            tables: rows,
            ..knowledge.content
        };
        let changes = Changes::default()
            .database(&self.database_name(), self.recorded_folder())
            .state(state)
            .hash(copy.hash)
            .made(knowledge.made)
            .label(knowledge.label.as_deref().unwrap_or_default())
            .note(knowledge.note.as_deref().unwrap_or_default())
            .pinned(knowledge.pinned)
            .verified(now, true)
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
        folder.forget_long_gone(MOST_GONE);
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

    /// The catalogue without what is removed.
    fn stage_without(&self, folder: &Folder, removed: &[Decision]) -> Result<StagedCatalogue> {
        let model = fs::metadata(&self.database).ok();
        if removed.is_empty() {
            return folder.catalogue.stage(model.as_ref());
        }
        let mut catalogue = folder.catalogue.clone();
        removed.iter().for_each(|decision| catalogue.forget(&decision.name));
        catalogue.stage(model.as_ref())
    }

    /// Writes a catalogue; the caller holds the folder's lock.
    pub(crate) fn write_catalogue(&self, catalogue: &Catalogue) -> Option<Warning> {
        let model = fs::metadata(&self.database).ok();
        self.replace_catalogue(catalogue, catalogue.stage(model.as_ref()))
            .or_else(|| self.flush_catalogue(catalogue))
    }

    /// Makes a catalogue durable that was put in its place.
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

/// A backup in the backup folder, as it was when work on it began.
pub(crate) struct Recorded {
    pub name: String,
    pub state: Option<State>,
    /// What the catalogue holds of it.
    pub record: Option<Record>,
}

impl Store {
    /// What the catalogue holds of the file at `path`, if that is a backup in the backup folder.
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

    /// Changes what the catalogue holds of a backup, unless its file was changed meanwhile. The caller holds the folder's lock.
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
    /// The backup got another name than it was to have.
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

    /// Puts the catalogue in its place, now that the backup is durable. What is left is the folder, which is not flushed yet, and
    /// what is to be removed.
    pub fn write(self, store: &Store) -> (Folder, Vec<Decision>, Option<Warning>) {
        let warning = store.replace_catalogue(&self.folder.catalogue, self.staged);
        (self.folder, self.removed, warning)
    }
}

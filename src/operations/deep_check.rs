//! Reading every backup, here and in the second place, for a deep look at health.

use std::ops::ControlFlow;

use crate::block_io::file_hash::hash_of_path;
use crate::catalog::backup::Backup;
use crate::catalog::folder::Folder;
use crate::catalog::place_identity::Places;
use crate::catalog::record::Record;
use crate::report::error::{Cause, Error, Result};
use crate::report::progress::{Progress, ProgressFn, unwatched};
use crate::steps::second_place::check_presence;
use crate::store::Store;

/// The names of the damaged backups.
#[derive(Debug, Default)]
pub(super) struct Damaged {
    pub here: Vec<String>,
    /// In the second place.
    pub there: Vec<String>,
}

impl Store {
    /// Reads every local backup, and every copy in the second place if that is present. The catalogues record what is damaged.
    pub(super) fn read_all(&self, progress: ProgressFn<'_>) -> Result<Damaged> {
        let here = self.read_folder()?;
        let there = self.present_second_place();
        let of_there = there.as_ref().map(Store::read_folder).transpose()?.unwrap_or_default();
        let size: u64 = local(&here).chain(local(&of_there)).map(|backup| backup.size).sum();
        let mut done = Progress {
            pages_done: 0,
            pages_total: size / 512,
        };
        Ok(Damaged {
            here: self.read_each(&here, &mut done, progress)?,
            there: match &there {
                Some(store) => store.read_each(&of_there, &mut done, progress)?,
                None => vec![],
            },
        })
    }

    fn present_second_place(&self) -> Option<Store> {
        let place = self.second_place.as_ref()?;
        let known = Places::read(&self.backup_dir).get(&place.folder);
        check_presence(place, &known).ok()?;
        self.in_second_place()
    }

    fn read_each(&self, folder: &Folder, done: &mut Progress, progress: ProgressFn<'_>) -> Result<Vec<String>> {
        let mut damaged = Vec::new();
        for backup in local(folder) {
            if progress(*done) == ControlFlow::Break(()) {
                return Err(Error::new(Cause::Cancelled));
            }
            done.pages_done += backup.size / 512;
            let expected = folder.catalogue.get(&backup.name).as_ref().and_then(Record::hash);
            let is_as_it_was =
                backup.known_whole == Some(true) && expected.is_some() && hash_of_path(&backup.path) == expected;
            // `verify` finds the damage and records it in the catalogue.
            if !is_as_it_was
                && let Err(error) = self.verify_watched(&backup.path, &mut unwatched)
                && matches!(error.cause, Cause::BackupCorrupt(_) | Cause::NotADatabase)
            {
                damaged.push(backup.name.clone());
            }
        }
        Ok(damaged)
    }
}

/// The own backups whose files are on this computer.
fn local(folder: &Folder) -> impl Iterator<Item = &Backup> {
    folder.own().filter(|backup| backup.intact.is_some())
}

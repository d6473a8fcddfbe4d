//! The second place, as health sees it.

use std::path::PathBuf;

use serde::Serialize;

use crate::catalog::backup::Backup;
use crate::catalog::folder::Folder;
use crate::catalog::place_identity::Places;
use crate::clock::Moment;
use crate::files::paths::parent;
use crate::files::same_volume::on_one_volume;
use crate::report::findings::Observation;
use crate::steps::second_place;
use crate::store::Store;

/// The state of the second place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecondPlaceHealth {
    /// The folder.
    pub folder: PathBuf,
    /// Whether the folder exists and is the known one.
    pub present: bool,
    /// Backups in the second place.
    pub backups: usize,
    /// Whole backups that are not copied yet.
    pub waiting: usize,
    /// The names of the damaged copies there.
    pub damaged: Vec<String>,
    /// Whether it is on the disk of the database.
    pub same_disk: bool,
}

impl Store {
    /// `found_damaged` are the copies that this call has found damaged; the place's catalogue knows of earlier ones.
    pub(super) fn find_second_place(
        &self,
        folder: &Folder,
        now: &Moment,
        found_damaged: Vec<String>,
        find: &mut dyn FnMut(Observation<'_>),
    ) -> Option<SecondPlaceHealth> {
        let place = self.second_place.as_ref()?;
        let known = Places::read(&self.backup_dir).get(&place.folder);
        let presence = second_place::check_presence(place, &known);
        let (waiting, backups) = self.second_place_counts(place, &folder.backups, now);
        match &presence {
            Err(trouble) => find(Observation::SecondPlaceAbsent {
                path: &place.folder,
                trouble,
            }),
            Ok(()) if waiting > 0 => find(Observation::SecondPlaceBehind {
                path: &place.folder,
                waiting,
            }),
            Ok(()) => {}
        }
        let mut damaged = found_damaged;
        if presence.is_ok() {
            damaged.extend(self.known_damaged_there());
            damaged.sort();
            damaged.dedup();
        }
        if !damaged.is_empty() {
            let (path, names) = (&place.folder, &damaged);
            find(Observation::SecondPlaceDamaged { path, names });
        }
        Some(SecondPlaceHealth {
            folder: place.folder.clone(),
            present: presence.is_ok(),
            backups,
            waiting,
            damaged,
            same_disk: on_one_volume(parent(&self.database), &place.folder),
        })
    }

    fn known_damaged_there(&self) -> Vec<String> {
        let there = self.in_second_place().and_then(|there| there.read_folder().ok());
        let is_damaged = |backup: &&Backup| backup.known_whole == Some(false) || backup.intact == Some(false);
        let folder = there.unwrap_or_default();
        folder
            .own()
            .filter(is_damaged)
            .map(|backup| backup.name.clone())
            .collect()
    }
}

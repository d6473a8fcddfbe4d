//! The second place: finished backups, copied to another disk and verified there.
//!
//! The contents of both folders decide what is copied, so an absent place is filled later without a list of missing backups.
//! Copying starts after the backup is published. It runs on a thread of its own, under the place's own lock, and does not use the
//! database.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

use crate::block_io::file_hash::hash_of_path;
use crate::catalog::backup::{Backup, Kind};
use crate::catalog::catalogue::{Catalogue, StagedCatalogue};
use crate::catalog::names;
use crate::catalog::place_identity::{Known, Places, mark, marker};
use crate::catalog::record::{Changes, State};
use crate::catalog::retention_policy::{Candidate, Reason, decide};
use crate::catalog::shrink::alarm;
use crate::catalog::whose::Whose;
use crate::clock::{self, Moment};
use crate::failpoint;
use crate::files::folder_lock::FolderLock;
use crate::files::paths::parent;
use crate::files::staging::{self, Published, Staged};
use crate::options::{Retention, SecondPlace};
use crate::report::error::{Cause, Error, PlaceTrouble, Result};
use crate::report::waiting;
use crate::store::Store;

const CHUNK: usize = 1 << 18;

/// Whether the place is present and is the known one.
pub(crate) fn check_presence(place: &SecondPlace, known: &Known) -> std::result::Result<(), PlaceTrouble> {
    let is_there = fs::metadata(&place.folder).is_ok_and(|found| found.is_dir());
    match (&known.id, marker(&place.folder)) {
        (Some(known), Some(found)) if *known == found => Ok(()),
        (Some(_), Some(_)) => Err(PlaceTrouble::Another),
        // An empty mount point, or another drive.
        (Some(_), None) => Err(PlaceTrouble::Absent),
        (None, _) if is_there || fs::metadata(parent(&place.folder)).is_ok_and(|found| found.is_dir()) => Ok(()),
        (None, _) => Err(PlaceTrouble::Absent),
    }
}

impl Store {
    /// The backups to copy: the store's own whole ones, newest first.
    pub(crate) fn backups_to_copy(&self, backups: &[Backup], now: &Moment) -> Vec<Backup> {
        let is_finished = |backup: &&Backup| {
            backup.whose == Whose::Own
                && backup.kind == Kind::Backup
                && backup.known_whole == Some(true)
                && backup.created_at <= *now
        };
        backups.iter().filter(is_finished).cloned().collect()
    }

    /// Copies the missing backups to the second place. Waits as long as the options say; the thread continues afterwards.
    pub(crate) fn fill_second_place(&self, place: &SecondPlace, now: &Moment) -> std::result::Result<(), PlaceTrouble> {
        let failed = |error: Error| trouble_of(&error);
        let known = Places::read(&self.backup_dir).get(&place.folder);
        check_presence(place, &known)?;
        let folder = self.read_folder().map_err(failed)?;
        let job = CopyJob {
            place: place.folder.clone(),
            retention: Retention::last(place.last),
            backups: self.backups_to_copy(&folder.backups, now),
            catalogue: folder.catalogue.clone(),
            database: self.database_name(),
            keeps_all: alarm(&folder.backups).is_some(),
            known: known.id.clone(),
            now: *now,
        };
        let (sender, receiver) = mpsc::channel();
        let copying = thread::Builder::new().name("respaldo-place".to_owned()).spawn(move || {
            // After the timeout the receiver is gone.
            let _ = sender.send(job.run());
        });
        copying.map_err(|error| PlaceTrouble::Failed(error.to_string()))?;
        let wait = if place.required { Duration::MAX } else { place.wait };
        let id = match waiting::receive(&receiver, wait) {
            Ok(outcome) => outcome.map_err(failed)?,
            Err(mpsc::RecvTimeoutError::Timeout) => return Err(PlaceTrouble::Slow),
            Err(mpsc::RecvTimeoutError::Disconnected) => return Err(PlaceTrouble::Failed("it broke off".to_owned())),
        };
        self.record_place(
            place,
            Known {
                id: Some(id),
                told_absent: false,
            },
        );
        Ok(())
    }

    /// Whether the place's absence is already reported. Records it as reported.
    pub(crate) fn was_absence_reported(&self, place: &SecondPlace) -> bool {
        let known = Places::read(&self.backup_dir).get(&place.folder);
        if !known.told_absent {
            self.record_place(
                place,
                Known {
                    told_absent: true,
                    ..known.clone()
                },
            );
        }
        known.told_absent
    }

    /// Records the place. A failure is ignored: the next backup records it again.
    pub(crate) fn record_place(&self, place: &SecondPlace, known: Known) {
        let model = fs::metadata(&self.database).ok();
        if let Ok(_lock) = FolderLock::acquire(&self.backup_dir, self.busy_timeout) {
            let _ = Places::remember(&self.backup_dir, &place.folder, known, model.as_ref());
        }
    }

    /// A store of the same database whose backups are those in the second place.
    pub(crate) fn in_second_place(&self) -> Option<Store> {
        let mut there = self.clone();
        there.backup_dir = there.second_place.take()?.folder;
        Some(there)
    }

    /// The number of whole backups that are not copied yet, of those that the place would keep; and the number in the place.
    pub(crate) fn second_place_counts(&self, place: &SecondPlace, backups: &[Backup], now: &Moment) -> (usize, usize) {
        let there = backup_names_in(&place.folder);
        let here = self.backups_to_copy(backups, now);
        let waiting = here
            .iter()
            .take(place.last)
            .filter(|backup| !there.contains(&backup.name));
        (waiting.count(), there.len())
    }
}

fn backup_names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let names = files.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| names::parse_backup(name).is_some()).collect()
}

fn trouble_of(error: &Error) -> PlaceTrouble {
    match &error.cause {
        Cause::DiskFull { .. } => PlaceTrouble::Full,
        Cause::SecondPlaceAbsent(why) => why.clone(),
        Cause::Io(why) if why == TOO_LARGE => PlaceTrouble::TooLarge,
        _ => PlaceTrouble::Failed(error.detail().map_or_else(|| error.to_string(), str::to_owned)),
    }
}

/// Marks the error of a file system with a smaller file size limit.
const TOO_LARGE: &str = "file too large";

/// The input of the copying thread.
struct CopyJob {
    place: PathBuf,
    retention: Retention,
    backups: Vec<Backup>,
    catalogue: Catalogue,
    database: String,
    /// Nothing is deleted while the shrink alarm is on.
    keeps_all: bool,
    known: Option<String>,
    now: Moment,
}

impl CopyJob {
    /// Applies the place's own retention, then copies the missing backups. Returns the identity in the place's marker.
    fn run(self) -> Result<String> {
        if self.known.is_none() && fs::metadata(&self.place).is_err() {
            fs::create_dir(&self.place).map_err(|error| Error::io(&error, &self.place))?;
        }
        let _lock = FolderLock::acquire(&self.place, Duration::from_secs(5))?;
        staging::sweep(&self.place);
        let id = match marker(&self.place) {
            Some(found) if self.known.as_ref().is_none_or(|known| *known == found) => found,
            None if self.known.is_none() => mark(&self.place, &clock::rfc3339(&self.now))?,
            // The drive was exchanged since `check_presence`.
            _ => return Err(Error::at(Cause::SecondPlaceAbsent(PlaceTrouble::Another), &self.place)),
        };
        failpoint::reach("place_marked");
        let mut there = Catalogue::read(&self.place);
        self.adopt_unrecorded(&mut there);
        let missing = self.make_room(&mut there);
        failpoint::reach("place_has_room");
        let mut outcome = Ok(());
        for backup in missing {
            outcome = outcome.and(self.copy(backup, &mut there, &id));
        }
        // Where the place is gone, that explains every other failure.
        self.require_marker(&id)?;
        let written = there.stage(None).and_then(StagedCatalogue::put_in_place);
        failpoint::reach("place_recorded");
        outcome?;
        written?;
        Ok(id)
    }

    /// Fails when the place is gone. A drive that is pulled out leaves an empty mount point, which must not be written to.
    fn require_marker(&self, id: &str) -> Result<()> {
        if marker(&self.place).as_deref() == Some(id) {
            Ok(())
        } else {
            Err(Error::at(Cause::SecondPlaceAbsent(PlaceTrouble::Absent), &self.place))
        }
    }

    /// Records the copies that a killed process made and did not record. Without a record they would never be deleted.
    fn adopt_unrecorded(&self, there: &mut Catalogue) {
        for name in backup_names_in(&self.place) {
            let is_own = there.get(&name).is_none() && self.backups.iter().any(|backup| backup.name == name);
            let Some(record) = self.catalogue.get(&name).filter(|_| is_own) else {
                continue;
            };
            let path = self.place.join(&name);
            let size = fs::metadata(&path).ok().map(|found| found.len());
            if record.size == size && record.hash().is_some() && record.hash() == hash_of_path(&path) {
                self.record_copy(&name, there);
            }
        }
    }

    fn record_copy(&self, name: &str, there: &mut Catalogue) {
        let path = self.place.join(name);
        set_even_time(&path);
        let state = fs::metadata(&path).ok().as_ref().and_then(State::of);
        // A backup that was made without a catalogue, and verified since, has no database in its record.
        let folder = self.catalogue.get(name).and_then(|record| record.folder);
        let changes = Changes::default().database(&self.database, folder).state(state);
        there.adopt(name, &self.catalogue, changes);
    }

    /// Applies the place's retention to its backups and the missing ones. Returns the missing ones that it keeps, newest first.
    fn make_room(&self, there: &mut Catalogue) -> Vec<&Backup> {
        let names = backup_names_in(&self.place);
        let zone = self.now.timezone();
        let mut all: Vec<(Moment, String, Option<&Backup>)> = names
            .iter()
            .filter_map(|name| {
                let stamp = names::parse_backup(name)?;
                Some((clock::from_local(stamp.local, zone, None), name.clone(), None))
            })
            .collect();
        let missing = self.backups.iter().filter(|backup| !names.contains(&backup.name));
        all.extend(missing.map(|backup| (backup.created_at, backup.name.clone(), Some(backup))));
        all.sort_by(|one, other| (other.0, &other.1).cmp(&(one.0, &one.1)));
        let candidates: Vec<Candidate> = all
            .iter()
            .map(|(created_at, name, missing)| Candidate {
                created_at: *created_at,
                size: 0,
                protected: self.protection(name, missing.is_none(), there),
                whole: true,
            })
            .collect();
        let reasons = decide(&candidates, &self.retention, &self.now);
        let mut stay = Vec::new();
        for ((_, name, missing), reason) in all.iter().zip(reasons) {
            match missing {
                Some(backup) if reason.keeps() => stay.push(*backup),
                None if !reason.keeps() && !self.keeps_all => {
                    let path = self.place.join(name);
                    let is_plain = fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
                    if is_plain && fs::remove_file(&path).is_ok() {
                        there.forget(name);
                    }
                }
                _ => {}
            }
        }
        stay
    }

    fn protection(&self, name: &str, is_there: bool, there: &Catalogue) -> Option<Reason> {
        let record = if is_there {
            there.get(name)
        } else {
            self.catalogue.get(name)
        };
        let record = record.unwrap_or_default();
        match () {
            () if is_there && record.database.as_ref() != Some(&self.database) => Some(Reason::OtherDatabase),
            () if record.pinned == Some(true) => Some(Reason::Pinned),
            () => None,
        }
    }

    /// Copies a backup. The bytes read must have the recorded hash, if there is one, and the copy the same hash.
    fn copy(&self, backup: &Backup, there: &mut Catalogue, id: &str) -> Result<()> {
        self.require_marker(id)?;
        let record = self.catalogue.get(&backup.name);
        let expected = record.as_ref().and_then(|record| record.hash());
        let copy = Staged::new(&self.place)?;
        let hash = copy_bytes(&backup.path, copy.path())?;
        failpoint::reach("place_copied");
        if expected.is_some_and(|expected| expected != hash) {
            let problem = "its contents are not those that were backed up".to_owned();
            return Err(Error::at(Cause::Io(problem), &backup.path));
        }
        copy.finish(None)?;
        if hash_of_path(copy.path()) != Some(hash) {
            let problem = "what was written is not what is read".to_owned();
            return Err(Error::at(Cause::Io(problem), &self.place));
        }
        self.require_marker(id)?;
        let target = self.place.join(&backup.name);
        if let Published::NameTaken(_) = copy.publish(&target)? {
            return Err(Error::at(Cause::TargetExists, target));
        }
        failpoint::reach("place_named");
        self.record_copy(&backup.name, there);
        Ok(())
    }
}

/// Copies a file, and returns the hash of the bytes.
fn copy_bytes(from: &Path, to: &Path) -> Result<blake3::Hash> {
    let mut source = File::open(from).map_err(|error| Error::io(&error, from))?;
    let written = |error: io::Error| match error.kind() {
        io::ErrorKind::FileTooLarge => Error::at(Cause::Io(TOO_LARGE.to_owned()), to),
        _ => Error::io(&error, parent(to)),
    };
    let mut target = File::options().write(true).open(to).map_err(written)?;
    let length = source.metadata().map_err(|error| Error::io(&error, from))?.len();
    if length > u64::from(u32::MAX) {
        // FAT holds no file of 4 GiB. It says so here, and not after 4 GiB were written.
        target.set_len(length).map_err(written)?;
    }
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = source.read(&mut buffer).map_err(|error| Error::io(&error, from))?;
        if length == 0 {
            return Ok(hasher.finalize());
        }
        hasher.update(&buffer[..length]);
        target.write_all(&buffer[..length]).map_err(written)?;
    }
}

/// FAT stores times in steps of two seconds. An odd second would change when the drive is reconnected, and the copy look changed.
fn set_even_time(path: &Path) {
    let seconds = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    };
    let even = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds(SystemTime::now()) & !1);
    let _ = File::options()
        .write(true)
        .open(path)
        .and_then(|file| file.set_modified(even));
}

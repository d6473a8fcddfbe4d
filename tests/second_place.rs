//! The second place: finished backups are copied to another disk, and verified there.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::path::{Path, PathBuf};

use respaldo::{
    CreateRequest, CreatedIfDue, ListRequest, Made, Options, RestoreRequest, Result, SecondPlace, Status, Store,
    unwatched,
};
use scene::{Scene, clients_in, damage, make_database, names};

struct Studio {
    scene: Scene,
    day: u32,
    last: usize,
    required: bool,
}

impl Studio {
    /// A studio with a stick: a folder that is its mount point.
    fn new() -> Studio {
        let scene = Scene::new("delete");
        fs::create_dir(scene.path("stick")).expect("made");
        Studio {
            scene,
            day: 4,
            last: 60,
            required: false,
        }
    }

    fn place(&self) -> PathBuf {
        self.scene.path("stick/respaldos")
    }

    fn store(&self) -> Store {
        let options = Options {
            second_place: Some(SecondPlace {
                last: self.last,
                required: self.required,
                ..SecondPlace::new(self.place())
            }),
            ..self.scene.options()
        };
        Store::open(options).expect("valid")
    }

    fn try_create(&mut self, request: &CreateRequest) -> Result<CreatedIfDue> {
        self.day += 1;
        self.scene.set_clock(&format!("2026-03-{:02}T16:30:12Z", self.day));
        self.store().create_with(request, &mut unwatched)
    }

    /// The warnings of the next day's backup.
    fn create(&mut self) -> Vec<&'static str> {
        let created = self.try_create(&CreateRequest::default()).expect("made");
        created.warnings.iter().map(|warning| warning.name).collect()
    }

    fn there(&self) -> Vec<String> {
        backups(&self.place())
    }

    fn here(&self) -> Vec<String> {
        backups(&self.scene.backups())
    }

    /// The stick is taken out, its mount point stays.
    fn unplug(&self) {
        fs::rename(self.scene.path("stick"), self.scene.path("drawer")).expect("moved");
        fs::create_dir(self.scene.path("stick")).expect("made");
    }

    fn plug_in(&self) {
        fs::remove_dir_all(self.scene.path("stick")).expect("removed");
        fs::rename(self.scene.path("drawer"), self.scene.path("stick")).expect("moved");
    }
}

fn backups(folder: &Path) -> Vec<String> {
    let mut names = names(folder);
    names.retain(|name| name.starts_with("backup_"));
    names
}

const NONE: [&str; 0] = [];

#[test]
fn every_backup_of_every_kind_is_copied_whole_with_what_is_known_of_it() {
    let mut studio = Studio::new();
    assert_eq!(studio.create(), NONE);
    let upgrade = CreateRequest {
        label: Some("antes de 2.0".to_owned()),
        made: Some(Made::BeforeUpgrade),
        ..CreateRequest::default()
    };
    studio.try_create(&upgrade).expect("made");
    studio.scene.set_clock("2026-03-20T16:30:12Z");
    studio.store().create_if_due(&mut unwatched).expect("made");
    assert_eq!(studio.there().len(), 3);
    for name in studio.here() {
        let here = fs::read(studio.scene.backups().join(&name)).expect("read");
        assert!(here == fs::read(studio.place().join(&name)).expect("read"), "{name}");
    }
    let request = ListRequest {
        second_place: true,
        ..ListRequest::default()
    };
    let listed = studio.store().list_with(&request).expect("listed").backups;
    assert_eq!(listed.len(), 3);
    assert!(
        listed
            .iter()
            .all(|backup| backup.verified_at.is_some() && backup.path.starts_with(studio.place()))
    );
    assert_eq!(listed[1].label.as_deref(), Some("antes de 2.0"));
    let left: Vec<_> = names(&studio.place())
        .into_iter()
        .filter(|name| name.contains(".tmp"))
        .collect();
    assert_eq!(left, NONE);
}

#[test]
fn an_absent_place_is_told_once_and_made_good_when_it_is_back() {
    let mut studio = Studio::new();
    studio.create();
    studio.unplug();
    assert_eq!(studio.create(), ["SECOND_PLACE_ABSENT"]);
    assert_eq!(studio.create(), NONE, "told once");
    assert_eq!(
        names(&studio.scene.path("stick")),
        NONE,
        "nothing is written into the empty mount point"
    );
    let health = studio.store().health(false, &mut unwatched).expect("an answer");
    assert!(
        health
            .findings
            .iter()
            .any(|finding| finding.name == "SECOND_PLACE_ABSENT")
    );
    let place = health.second_place.expect("there is one");
    assert_eq!((place.present, place.backups, place.waiting), (false, 0, 3));
    studio.plug_in();
    let behind = studio.store().health(false, &mut unwatched).expect("an answer");
    assert!(
        behind
            .findings
            .iter()
            .any(|finding| finding.name == "SECOND_PLACE_BEHIND")
    );
    // Also where there is a backup of today already.
    let due = studio.store().create_if_due(&mut unwatched).expect("an answer");
    assert_eq!((due.created, due.warnings.len()), (false, 0));
    assert_eq!(studio.there(), studio.here());
    studio.unplug();
    assert_eq!(studio.create(), ["SECOND_PLACE_ABSENT"], "it was there again meanwhile");
}

#[test]
fn another_stick_under_the_same_letter_is_not_written_to() {
    let mut studio = Studio::new();
    studio.create();
    studio.unplug();
    fs::create_dir(studio.place()).expect("made");
    fs::write(studio.place().join("fotos.jpg"), "hers").expect("written");
    assert_eq!(studio.create(), ["SECOND_PLACE_ABSENT"]);
    assert_eq!(names(&studio.place()), ["fotos.jpg"]);
    fs::write(studio.place().join("respaldo-place.json"), r#"{"id": "another"}"#).expect("written");
    let health = studio.store().health(false, &mut unwatched).expect("an answer");
    let finding = health
        .findings
        .iter()
        .find(|finding| finding.name == "SECOND_PLACE_ABSENT");
    assert!(finding.is_some_and(|finding| finding.message.contains("hay otro disco")));
    studio.create();
    assert_eq!(studio.there(), NONE);
}

#[test]
fn the_place_has_a_retention_of_its_own_and_keeps_what_is_pinned_or_not_its_own() {
    let mut studio = Studio::new();
    studio.last = 2;
    let pinned = CreateRequest {
        pinned: true,
        ..CreateRequest::default()
    };
    let pinned = studio.try_create(&pinned).expect("made").backup.expect("a backup").name;
    make_database(&studio.place().join("backup_20200101_090000.db"), "delete", 3);
    fs::write(studio.place().join("fotos.jpg"), "hers").expect("written");
    for _ in 0..4 {
        assert_eq!(studio.create(), NONE);
    }
    let newest = studio.here().split_off(3);
    assert_eq!(
        studio.there(),
        [&["backup_20200101_090000.db".to_owned(), pinned], newest.as_slice()].concat()
    );
    assert!(studio.place().join("fotos.jpg").exists());
    assert_eq!(studio.here().len(), 5);
}

#[test]
fn a_required_place_that_is_absent_is_an_error_and_the_backup_is_made() {
    let mut studio = Studio::new();
    studio.required = true;
    studio.create();
    studio.unplug();
    let error = studio.try_create(&CreateRequest::default()).expect_err("absent");
    assert_eq!((error.status(), error.status() as i32), (Status::SecondPlaceAbsent, 70));
    assert_eq!(error.path, Some(studio.place()));
    assert_eq!(studio.here().len(), 2);
}

#[test]
fn a_backup_that_rotted_here_is_not_copied_as_if_it_were_whole() {
    let mut studio = Studio::new();
    studio.create();
    studio.unplug();
    let created = studio.try_create(&CreateRequest::default()).expect("made");
    let rotten = created.backup.expect("a backup");
    let modified = fs::metadata(&rotten.path)
        .and_then(|found| found.modified())
        .expect("a time");
    damage(&rotten.path, rotten.size - 20, b"X");
    let file = fs::File::options().write(true).open(&rotten.path).expect("opens");
    file.set_modified(modified).expect("set");
    studio.plug_in();
    assert_eq!(studio.create(), ["SECOND_PLACE_FAILED"]);
    let there = studio.there();
    assert!(!there.contains(&rotten.name));
    assert_eq!(there.len(), 2, "the others are copied all the same");
}

#[test]
fn when_the_folder_here_is_lost_the_place_restores_it() {
    let mut studio = Studio::new();
    studio.create();
    let name = studio.here().remove(0);
    fs::remove_dir_all(studio.scene.backups()).expect("removed");
    fs::remove_file(studio.scene.database()).expect("removed");
    let restored = studio
        .store()
        .restore(&RestoreRequest::of(&name), &mut unwatched)
        .expect("restored");
    assert_eq!(restored.restored_from, studio.place().join(&name));
    assert_eq!(clients_in(&studio.scene.database()), 100);
    assert_eq!(studio.create(), NONE, "the marker that is there is believed");
    assert_eq!(studio.there().len(), 2);
}

#[test]
fn a_place_that_cannot_be_written_is_a_warning() {
    let mut studio = Studio::new();
    fs::write(studio.place(), "a file").expect("written");
    assert_eq!(studio.create(), ["SECOND_PLACE_FAILED"]);
    assert_eq!(studio.here().len(), 1);
}

/// Changes a byte of the copy there, and leaves its time as it is.
fn rot(copy: &Path) {
    let found = fs::metadata(copy).expect("there");
    damage(copy, found.len() - 20, b"X");
    let file = fs::File::options().write(true).open(copy).expect("opens");
    file.set_modified(found.modified().expect("a time")).expect("set");
}

fn place_findings(studio: &Studio, deep: bool) -> (Vec<String>, bool) {
    let health = studio.store().health(deep, &mut unwatched).expect("an answer");
    let is_told = health
        .findings
        .iter()
        .any(|finding| finding.name == "SECOND_PLACE_DAMAGED");
    (health.second_place.expect("there is one").damaged, is_told)
}

#[test]
fn a_deep_look_reads_the_copies_too_and_what_it_finds_is_remembered_and_made_good() {
    let mut studio = Studio::new();
    studio.create();
    studio.create();
    assert_eq!(place_findings(&studio, true), (vec![], false));
    let name = studio.there().remove(0);
    rot(&studio.place().join(&name));
    assert_eq!(place_findings(&studio, false), (vec![], false), "only reading tells");
    for deep in [true, false] {
        assert_eq!(place_findings(&studio, deep), (vec![name.clone()], true));
    }
    // As the hint says.
    fs::remove_file(studio.place().join(&name)).expect("removed");
    assert_eq!(studio.create(), NONE);
    assert_eq!(place_findings(&studio, true), (vec![], false));
    assert_eq!(studio.there(), studio.here());
}

#[test]
fn a_backup_from_before_the_catalogue_goes_there_too_and_does_not_stay_for_ever() {
    let mut studio = Studio::new();
    studio.last = 1;
    studio.create();
    let name = studio.here().remove(0);
    fs::remove_dir_all(studio.place()).expect("removed");
    for file in ["catalog.json", "second_place.json"] {
        fs::remove_file(studio.scene.backups().join(file)).expect("removed");
    }
    studio.store().verify(Path::new(&name), &mut unwatched).expect("whole");
    studio.store().create_if_due(&mut unwatched).expect("an answer");
    assert_eq!(studio.there(), [name]);
    studio.create();
    assert_eq!(studio.there(), studio.here().split_off(1));
}

#[test]
fn a_copy_that_a_killed_process_did_not_record_is_recorded_by_the_next() {
    let mut studio = Studio::new();
    studio.last = 2;
    studio.create();
    fs::remove_file(studio.place().join("catalog.json")).expect("removed");
    studio.create();
    studio.create();
    let newest = studio.here().split_off(1);
    assert_eq!(
        studio.there(),
        newest,
        "without a record it would be taken for another's"
    );
}

#[cfg(unix)]
#[test]
fn a_link_with_the_name_of_a_copy_is_neither_taken_for_one_nor_followed() {
    let mut studio = Studio::new();
    studio.create();
    let there = studio.place().join(studio.there().remove(0));
    let elsewhere = studio.scene.path("elsewhere.db");
    fs::rename(&there, &elsewhere).expect("moved");
    std::os::unix::fs::symlink(&elsewhere, &there).expect("linked");
    let before = fs::read(&elsewhere).expect("read");
    studio.last = 1;
    assert_eq!(studio.create(), NONE);
    assert!(there.is_symlink() && fs::read(&elsewhere).expect("read") == before);
    assert_eq!(
        names(&studio.place())
            .iter()
            .filter(|name| name.ends_with(".tmp"))
            .count(),
        0
    );
    studio.last = 60;
    assert_eq!(
        studio.create(),
        ["SECOND_PLACE_FAILED"],
        "it is not there, and its name is taken"
    );
}

#[cfg(unix)]
#[test]
fn a_slow_place_does_not_hold_the_backup_up_and_goes_on_by_itself() {
    let mut studio = Studio::new();
    studio.create();
    let options = Options {
        second_place: Some(SecondPlace {
            wait: std::time::Duration::from_millis(20),
            ..SecondPlace::new(studio.place())
        }),
        ..studio.scene.options()
    };
    studio.scene.set_clock("2026-03-20T16:30:12Z");
    // Somebody else writes there.
    let other = fs::File::open(studio.place()).expect("opened");
    other.lock().expect("locked");
    let created = Store::open(options)
        .and_then(|store| store.create(&mut unwatched))
        .expect("made");
    assert_eq!(
        created.warnings.first().map(|warning| warning.name),
        Some("SECOND_PLACE_SLOW")
    );
    assert_eq!(studio.there().len(), 1);
    drop(other);
    while studio.there().len() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

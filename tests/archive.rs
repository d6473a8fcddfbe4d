//! The archive: what is pushed can be fetched, by this library and by restic, whatever breaks off or is damaged meanwhile.

#![cfg(feature = "archive")]
#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use respaldo::{
    Archive, ArchiveFetchRequest, ArchiveInitRequest, ArchiveListing, ArchivePlace, ArchivePushed, ChunkSize,
    CreateRequest, Error, Options, Password, Push, Reason, RestoreRequest, Result, Retention, SecretString, Status,
    Store, unwatched,
};
use scene::{Scene, clients, clients_in, make_database, names};

const PASSWORD: &str = "correct horse";

struct Studio {
    scene: Scene,
    password: Password,
    retention: Option<Retention>,
    push: Push,
    wait: Duration,
}

impl Studio {
    /// A studio with one backup, and an archive on a stick.
    fn new() -> Studio {
        let studio = Studio::without_archive();
        let made = studio.store().archive_init(&mut unwatched).expect("an archive");
        assert!(made.key_note.contains("contraseña"));
        studio
    }

    fn without_archive() -> Studio {
        let scene = Scene::new("wal");
        scene.create();
        Studio {
            scene,
            password: text(PASSWORD),
            retention: None,
            push: Push::WhenAsked,
            wait: Duration::ZERO,
        }
    }

    fn repository(&self) -> PathBuf {
        self.scene.path("stick/archive")
    }

    fn options(&self) -> Options {
        Options {
            archive: Some(Archive {
                place: ArchivePlace::Folder(self.repository()),
                options: BTreeMap::new(),
                password: self.password.clone(),
                retention: self.retention.clone(),
                push: self.push,
                wait: self.wait,
            }),
            ..self.scene.options()
        }
    }

    fn store(&self) -> Store {
        Store::open(self.options()).expect("valid options")
    }

    fn push(&self) -> ArchivePushed {
        self.store().archive_push(None, &mut unwatched).expect("pushed")
    }

    fn list(&self) -> ArchiveListing {
        self.store().archive_list(false, &mut unwatched).expect("a list")
    }

    /// The clients in a snapshot that is fetched into a new file.
    fn clients_of(&self, snapshot: &str) -> Result<i64> {
        let target = self.scene.path(&format!("fetched-{snapshot}.db"));
        let _ = fs::remove_file(&target);
        let request = ArchiveFetchRequest {
            snapshot: snapshot.to_owned(),
            target: Some(target.clone()),
        };
        self.store().archive_fetch(&request, &mut unwatched)?;
        Ok(clients_in(&target))
    }

    /// A day on which so many more clients come, and a backup of it.
    fn day(&self, day: u32, clients: u32) {
        self.scene.set_clock(&format!("2026-03-{day:02}T16:30:12Z"));
        self.scene
            .open()
            .execute_batch(&format!(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{clients})
                 INSERT INTO clients(name, notes) SELECT 'Cliente '||i, hex(randomblob(200)) FROM n;"
            ))
            .expect("written");
        self.scene.create();
    }

    fn packs(&self) -> Vec<PathBuf> {
        let folders = fs::read_dir(self.repository().join("data")).expect("a folder");
        let files = folders.flat_map(|folder| fs::read_dir(folder.expect("an entry").path()).expect("a folder"));
        files.map(|file| file.expect("an entry").path()).collect()
    }

    fn restic(&self, arguments: &[&str]) -> Output {
        let output = Command::new("restic")
            .args(["--no-cache", "-r"])
            .arg(self.repository())
            .args(arguments)
            .env("RESTIC_PASSWORD", PASSWORD)
            .current_dir(self.scene.folder.path())
            .output();
        output.expect("restic, which `make test-archive` says how to install")
    }
}

fn text(password: &str) -> Password {
    Password::Text(SecretString::from(password))
}

fn status<T: std::fmt::Debug>(result: Result<T>) -> Status {
    result.expect_err("an error").status()
}

#[test]
fn what_is_pushed_is_listed_fetched_and_restored() {
    let studio = Studio::new();
    let request = CreateRequest {
        label: Some("antes de 2.0, con coma".to_owned()),
        note: Some("nota".to_owned()),
        ..CreateRequest::default()
    };
    studio.scene.set_clock("2026-03-05T16:30:12Z");
    let backup = studio.store().create_with(&request, &mut unwatched).expect("made");
    let backup = backup.backup.expect("a backup");
    let pushed = studio.push();
    assert_eq!((&pushed.name, pushed.total_bytes), (&backup.name, backup.size));
    assert!(pushed.added_bytes > 10_000, "{pushed:?}");

    let listed = studio.list();
    let [snapshot] = &listed.snapshots[..] else {
        panic_with(&listed);
    };
    assert_eq!(snapshot.snapshot, pushed.snapshot);
    assert_eq!((&snapshot.name, snapshot.size), (&backup.name, backup.size));
    assert_eq!(snapshot.display, "05/03/2026 09:30");
    assert_eq!(snapshot.label.as_deref(), Some("antes de 2.0, con coma"));
    assert_eq!(snapshot.note.as_deref(), Some("nota"));
    assert_eq!(snapshot.database.as_deref(), Some("studio.db"));
    assert_eq!(snapshot.content, backup.content);
    assert!(listed.stored_bytes > 10_000 && listed.warnings.is_empty());

    assert_eq!(studio.clients_of(&pushed.snapshot).expect("fetched"), 100);
    let target = studio.scene.path(&format!("fetched-{}.db", pushed.snapshot));
    assert_eq!(fs::read(target).expect("there"), fs::read(&backup.path).expect("there"));

    studio
        .scene
        .open()
        .execute_batch("DELETE FROM clients")
        .expect("deleted");
    let restored = studio
        .store()
        .restore(&RestoreRequest::of_snapshot("latest"), &mut unwatched)
        .expect("restored");
    assert_eq!(clients(&studio.scene.open()), 100);
    assert!(restored.safety_backup.is_some());
    assert!(restored.restored_from.ends_with(&pushed.snapshot));
    let left = names(&studio.scene.path("data"));
    assert!(!left.iter().any(|name| name.starts_with(".respaldo")), "{left:?}");
}

fn panic_with(listed: &ArchiveListing) -> ! {
    unreachable!("{listed:?}")
}

#[test]
fn a_day_adds_little_and_the_same_backup_nothing() {
    let studio = Studio::new();
    studio.day(5, 20_000);
    let first = studio.push();
    let again = studio.push();
    assert_eq!((again.snapshot, again.added_bytes), (first.snapshot, 0));
    studio.day(6, 20);
    let day = studio.push();
    assert!(
        day.added_bytes * 20 < first.added_bytes,
        "{day:?} after {}",
        first.added_bytes
    );
    assert_eq!(studio.list().snapshots.len(), 2);
    fs::remove_file(studio.scene.backups().join("archive.json")).expect("was there");
    studio.push();
    assert_eq!(
        studio.list().snapshots.len(),
        3,
        "a lost record costs a second snapshot"
    );
}

#[test]
fn nothing_of_the_computer_is_in_the_archive() {
    let studio = Studio::new();
    studio.push();
    let output = studio.restic(&["snapshots", "--json"]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        text.contains("/studio.db") && text.contains("backup_20260304_093012.db"),
        "{text}"
    );
    let folder = studio.scene.folder.path().to_string_lossy().into_owned();
    let host = fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    let user = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
    for secret in [folder.as_str(), host.trim(), &format!("\"{user}\"")] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn restic_reads_and_checks_what_is_pushed() {
    let studio = Studio::new();
    studio.day(5, 2000);
    studio.push();
    let checked = studio.restic(&["check", "--read-data"]);
    assert!(checked.status.success(), "{checked:?}");
    let restored = studio.restic(&["restore", "latest", "--target", "by-restic"]);
    assert!(restored.status.success(), "{restored:?}");
    assert_eq!(clients_in(&studio.scene.path("by-restic/studio.db")), 2100);
}

#[test]
fn what_restic_made_and_pushed_is_read() {
    let studio = Studio::without_archive();
    assert!(studio.restic(&["init"]).status.success());
    // Not its own chunks, but the same format.
    studio.push();
    let backup = studio.scene.backups().join("backup_20260304_093012.db");
    fs::create_dir(studio.scene.path("elsewhere")).expect("made");
    fs::copy(backup, studio.scene.path("elsewhere/studio.db")).expect("copied");
    fs::write(studio.scene.path("elsewhere/notes.txt"), "not a database").expect("written");
    assert!(studio.restic(&["backup", "elsewhere/studio.db"]).status.success());
    assert!(studio.restic(&["backup", "elsewhere"]).status.success());
    let listed = studio.store().archive_list(true, &mut unwatched).expect("a list");
    assert_eq!(listed.snapshots.len(), 3);
    for snapshot in &listed.snapshots {
        assert_eq!(
            studio.clients_of(&snapshot.snapshot).expect("fetched"),
            100,
            "{snapshot:?}"
        );
    }
    assert!(studio.restic(&["backup", "elsewhere/notes.txt"]).status.success());
    let newest = &studio
        .store()
        .archive_list(true, &mut unwatched)
        .expect("a list")
        .snapshots[0];
    assert_eq!(status(studio.clients_of(&newest.snapshot)), Status::NotADatabase);
}

#[test]
fn each_wrong_beginning_has_its_status_and_no_secret_in_its_text() {
    let mut studio = Studio::without_archive();
    let list = |studio: &Studio| studio.store().archive_list(false, &mut unwatched);
    assert_eq!(status(list(&studio)), Status::ArchiveNotFound);
    studio.store().archive_init(&mut unwatched).expect("made");
    assert_eq!(
        status(studio.store().archive_init(&mut unwatched)),
        Status::TargetExists
    );
    studio.password = text("hunter2 wrong");
    let error: Error = list(&studio).expect_err("wrong");
    assert_eq!(error.status(), Status::ArchiveWrongPassword);
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert!(!format!("{:?}", studio.store()).contains("hunter2"));
    studio.password = text("");
    assert_eq!(status(list(&studio)), Status::InvalidArgument);
    let plain = studio.scene.store();
    assert_eq!(
        status(plain.archive_list(false, &mut unwatched)),
        Status::InvalidArgument
    );

    studio.password = text(PASSWORD);
    assert_eq!(status(studio.clients_of("0123456789")), Status::BackupNotFound);
    assert_eq!(status(studio.clients_of("latest")), Status::BackupNotFound);
    let target = studio.scene.path("there.db");
    fs::write(&target, "mine").expect("written");
    let snapshot = studio.push().snapshot;
    let request = ArchiveFetchRequest {
        snapshot,
        target: Some(target.clone()),
    };
    assert_eq!(
        status(studio.store().archive_fetch(&request, &mut unwatched)),
        Status::TargetExists
    );
    assert_eq!(fs::read_to_string(target).expect("there"), "mine");
}

#[cfg(unix)]
#[test]
fn passwords_come_from_files_of_the_owner_alone_and_from_commands() {
    use std::os::unix::fs::PermissionsExt;
    let mut studio = Studio::new();
    let file = studio.scene.path("password");
    fs::write(&file, format!("{PASSWORD}\r\nmore\n")).expect("written");
    studio.password = Password::File(file.clone());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
    let list = |studio: &Studio| studio.store().archive_list(false, &mut unwatched);
    assert_eq!(status(list(&studio)), Status::PermissionDenied);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("set");
    list(&studio).expect("the password");
    for (command, expected) in [
        (format!("printf '{PASSWORD}'"), None),
        ("true".to_owned(), Some(Status::InvalidArgument)),
        ("false".to_owned(), Some(Status::IoError)),
        (format!("echo '{PASSWORD}'; exit 3"), Some(Status::IoError)),
        ("yes | head -c 100000; true".to_owned(), Some(Status::IoError)),
    ] {
        studio.password = Password::Command(command.clone());
        assert_eq!(list(&studio).err().map(|error| error.status()), expected, "{command}");
    }
    studio.password = Password::File(studio.scene.path("missing"));
    assert_eq!(status(list(&studio)), Status::IoError);
}

#[test]
fn the_password_can_be_changed() {
    let mut studio = Studio::new();
    let snapshot = studio.push().snapshot;
    studio
        .store()
        .archive_key(&text("another"), &mut unwatched)
        .expect("changed");
    assert_eq!(status(studio.clients_of(&snapshot)), Status::ArchiveWrongPassword);
    studio.password = text("another");
    assert_eq!(studio.clients_of(&snapshot).expect("fetched"), 100);
}

#[test]
fn a_backup_that_has_changed_is_not_pushed() {
    let studio = Studio::new();
    let name = "backup_20260304_093012.db";
    let path = studio.scene.backups().join(name);
    let modified = fs::metadata(&path).and_then(|found| found.modified()).expect("a time");
    // Too little for a check to see, and nothing that the catalogue could tell by.
    let bytes = fs::read(&path).expect("there");
    let at = bytes
        .windows(9)
        .position(|text| text == b"Client 42")
        .expect("a client");
    scene::damage(&path, at as u64, b"Klient 42");
    let file = fs::File::options().write(true).open(&path).expect("opens");
    file.set_modified(modified).expect("set");
    let pushed = studio.store().archive_push(None, &mut unwatched);
    assert_eq!(status(pushed), Status::BackupCorrupt);
    assert!(studio.list().snapshots.is_empty());
}

#[test]
fn a_cancelled_push_leaves_no_snapshot_and_can_be_repeated() {
    let studio = Studio::new();
    let first = studio.push().snapshot;
    studio.day(5, 50_000);
    let mut told = Vec::new();
    let mut cancel = |now: respaldo::Progress| {
        told.push((now.pages_done, now.pages_total));
        if now.pages_done > 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let cancelled = studio.store().archive_push(None, &mut cancel);
    if cancelled.is_ok() {
        return; // it was done between two looks
    }
    assert_eq!(status(cancelled), Status::Cancelled);
    let (done, total) = *told.last().expect("told");
    assert!(done <= total && total > 10_000_000, "bytes: {done} of {total}");
    assert_eq!(studio.list().snapshots.len(), 1);
    let second = studio.push().snapshot;
    assert_eq!(studio.clients_of(&first).expect("fetched"), 100);
    assert_eq!(studio.clients_of(&second).expect("fetched"), 50_100);
    studio.store().archive_check(true, &mut unwatched).expect("whole");
}

#[test]
fn several_push_at_once_and_each_finds_its_own() {
    let one = Studio::new();
    let other = Studio::without_archive();
    other
        .scene
        .open()
        .execute_batch("DELETE FROM clients WHERE id > 50")
        .expect("deleted");
    other.scene.set_clock("2026-03-05T16:30:12Z");
    other.scene.create();
    let shared = one.repository();
    let mut options = other.options();
    if let Some(archive) = &mut options.archive {
        archive.place = ArchivePlace::Folder(shared);
    }
    let others = Store::open(options).expect("valid");
    let (mine, theirs) = thread::scope(|scope| {
        let theirs = scope.spawn(|| others.archive_push(None, &mut unwatched).expect("pushed"));
        (one.push(), theirs.join().expect("no panic"))
    });
    assert_eq!(one.clients_of(&mine.snapshot).expect("fetched"), 100);
    assert_eq!(one.clients_of(&theirs.snapshot).expect("fetched"), 50);
    one.store().archive_check(true, &mut unwatched).expect("whole");
    let listed = one.list();
    assert_eq!(listed.snapshots.len(), 2);
    assert_ne!(listed.snapshots[0].origin, listed.snapshots[1].origin);
}

#[test]
fn retention_judges_each_origin_by_itself_and_keeps_what_is_pinned() {
    let mut studio = Studio::new();
    let pinned = studio.push().name;
    for day in 5..9 {
        studio.day(day, 1000);
        studio.push();
    }
    let origins: std::collections::BTreeSet<String> = studio
        .list()
        .snapshots
        .into_iter()
        .map(|snapshot| snapshot.origin)
        .collect();
    assert_eq!(origins.len(), 1, "{origins:?}");
    let keep_all = studio.store().archive_prune(false, &mut unwatched).expect("pruned");
    assert_eq!((keep_all.kept.len(), keep_all.removed.len()), (5, 0));
    studio.retention = Some(Retention::last(2));
    let pin = respaldo::AnnotateRequest {
        backup: PathBuf::from(&pinned),
        label: None,
        note: None,
        pinned: Some(true),
        confirmed: None,
        dry_run: false,
    };
    studio.store().annotate(&pin).expect("pinned");
    let planned = studio.store().archive_prune(true, &mut unwatched).expect("a plan");
    assert_eq!(studio.list().snapshots.len(), 5);
    let pruned = studio.store().archive_prune(false, &mut unwatched).expect("pruned");
    assert_eq!(pruned.removed.len(), 2);
    assert_eq!(planned.freed_bytes, pruned.freed_bytes);
    assert!(pruned.freed_bytes > 0 && pruned.removed[0].text.starts_with("se borró"));
    let reasons: Vec<Reason> = pruned.kept.iter().map(|decision| decision.reason).collect();
    assert_eq!(reasons, [Reason::WithinLimit, Reason::WithinLimit, Reason::Pinned]);
    for snapshot in studio.list().snapshots {
        studio.clients_of(&snapshot.snapshot).expect("fetched");
    }
    studio.store().archive_check(true, &mut unwatched).expect("whole");
    assert!(studio.restic(&["check"]).status.success());
}

#[test]
fn a_missing_a_cut_and_a_flipped_pack_are_found_and_the_rest_is_fetched() {
    for harm in ["missing", "cut", "flipped"] {
        let studio = Studio::new();
        let first = studio.push().snapshot;
        let before = studio.packs();
        studio.day(5, 5000);
        let second = studio.push().snapshot;
        let newer: Vec<PathBuf> = studio
            .packs()
            .into_iter()
            .filter(|pack| !before.contains(pack))
            .collect();
        // Of the packs of the second day, the larger one holds its data.
        let pack = newer
            .iter()
            .max_by_key(|pack| fs::metadata(pack).map_or(0, |found| found.len()));
        spoil(pack.expect("a pack"), harm);
        let checked = studio.store().archive_check(true, &mut unwatched).expect_err(harm);
        assert_eq!(checked.status(), Status::ArchiveDamaged, "{harm}");
        assert!(!checked.problems().unwrap_or_default().is_empty(), "{harm}");
        assert_eq!(studio.clients_of(&first).expect(harm), 100);
        assert_eq!(status(studio.clients_of(&second)), Status::ArchiveDamaged, "{harm}");
        let left = names(studio.scene.folder.path());
        assert!(
            !left
                .iter()
                .any(|name| name.contains("fetch-") || name.contains(&second)),
            "{left:?}"
        );
        if harm == "missing" {
            // Another push brings what is missing again.
            fs::remove_file(studio.scene.backups().join("archive.json")).expect("there");
            let again = studio.push().snapshot;
            assert_eq!(studio.clients_of(&again).expect(harm), 5100, "{harm}");
        }
    }
}

fn spoil(file: &Path, harm: &str) {
    let length = fs::metadata(file).expect("there").len();
    match harm {
        "missing" => fs::remove_file(file).expect("removed"),
        "cut" => fs::File::options()
            .write(true)
            .open(file)
            .and_then(|file| file.set_len(length / 2))
            .expect("cut"),
        _ => {
            let at = length / 3;
            let byte = fs::read(file).expect("there")[usize::try_from(at).expect("small")];
            scene::damage(file, at, &[byte ^ 4]);
        }
    }
}

#[test]
fn a_damaged_snapshot_does_not_hide_the_others() {
    let studio = Studio::new();
    let first = studio.push().snapshot;
    studio.day(5, 10);
    let second = studio.push().snapshot;
    spoil(&studio.repository().join("snapshots").join(&first), "flipped");
    let listed = studio.list();
    assert_eq!(listed.snapshots.len(), 1);
    assert_eq!(listed.warnings[0].name, "SNAPSHOTS_UNREADABLE");
    assert_eq!(studio.clients_of(&second).expect("fetched"), 110);
    assert_eq!(
        status(studio.store().archive_check(false, &mut unwatched)),
        Status::ArchiveDamaged
    );
}

#[test]
fn a_snapshot_of_another_database_is_listed_and_restored_only_when_asked_for() {
    let studio = Studio::new();
    let other = studio.scene.path("data/other.db");
    make_database(&other, "delete", 7);
    let options = Options {
        database: other,
        ..studio.options()
    };
    let others = Store::open(options).expect("valid");
    studio.scene.set_clock("2026-03-05T16:30:12Z");
    others.create(&mut unwatched).expect("made");
    let snapshot = others.archive_push(None, &mut unwatched).expect("pushed").snapshot;
    studio.push();
    assert_eq!(studio.list().snapshots.len(), 1);
    let all = studio.store().archive_list(true, &mut unwatched).expect("a list");
    assert_eq!(all.snapshots.len(), 2);
    let mut request = RestoreRequest::of_snapshot(snapshot);
    let refused = studio.store().restore(&request, &mut unwatched);
    assert_eq!(status(refused), Status::DifferentDatabase);
    request.allow_different = true;
    studio.store().restore(&request, &mut unwatched).expect("restored");
    assert_eq!(clients(&studio.scene.open()), 7);
}

#[test]
fn on_a_new_computer_the_password_and_the_place_are_enough() {
    let studio = Studio::new();
    studio.day(5, 10);
    let pushed = studio.push();
    fs::remove_dir_all(studio.scene.path("data")).expect("stolen");
    fs::create_dir(studio.scene.path("data")).expect("a new computer");
    let fetch = ArchiveFetchRequest {
        snapshot: "latest".to_owned(),
        target: None,
    };
    let fetched = studio.store().archive_fetch(&fetch, &mut unwatched).expect("fetched");
    assert_eq!(fetched.path, studio.scene.backups().join(&pushed.name));
    studio
        .store()
        .restore(&RestoreRequest::of(&pushed.name), &mut unwatched)
        .expect("restored");
    assert_eq!(clients(&studio.scene.open()), 110);
}

#[test]
fn after_a_backup_the_archive_gets_what_it_lacks_and_health_says_what_keeps_it() {
    let mut studio = Studio::without_archive();
    studio.push = Push::AfterCreate;
    studio.scene.set_clock("2026-03-05T16:30:12Z");
    // There is no archive yet: the backup is made all the same.
    studio.store().create(&mut unwatched).expect("made");
    let behind = studio.eventually(|health| health.last_failure.is_some());
    assert_eq!((behind.waiting, behind.archived), (2, 0));
    let health = studio.store().health(false, &mut unwatched).expect("told");
    let finding = health.findings.iter().find(|finding| finding.name == "ARCHIVE_BEHIND");
    assert!(
        finding.is_some_and(|finding| finding.message.contains("no hay ningún archivo")),
        "{health:?}"
    );

    studio.store().archive_init(&mut unwatched).expect("made");
    studio.scene.set_clock("2026-03-06T16:30:12Z");
    studio.store().create(&mut unwatched).expect("made");
    let caught_up = studio.eventually(|health| health.waiting == 0);
    assert_eq!((caught_up.archived, caught_up.last_failure), (3, None));
    assert_eq!(studio.list().snapshots.len(), 3);
    let health = studio.store().health(false, &mut unwatched).expect("told");
    assert!(!health.findings.iter().any(|finding| finding.name == "ARCHIVE_BEHIND"));
}

#[test]
fn another_archive_in_the_same_place_gets_every_backup_too() {
    let mut studio = Studio::new();
    studio.push = Push::AfterCreate;
    studio.push();
    studio.eventually(|health| health.waiting == 0);
    // The stick was formatted, or another bucket has taken the place of the first.
    fs::remove_dir_all(studio.repository()).expect("removed");
    studio.store().archive_init(&mut unwatched).expect("made");
    studio.scene.set_clock("2026-03-06T16:30:12Z");
    studio.wait = Duration::from_secs(60);
    assert_eq!(studio.store().create(&mut unwatched).expect("made").warnings, []);
    studio.eventually(|health| health.archived == 2);
    assert_eq!(
        studio.list().snapshots.len(),
        2,
        "the one that the first archive had too"
    );
}

impl Studio {
    /// The archive's health, once it is as wanted: the work is on a thread that nobody waits for.
    fn eventually(&self, is_so: impl Fn(&respaldo::ArchiveHealth) -> bool) -> respaldo::ArchiveHealth {
        for _ in 0..600 {
            let health = self.store().health(false, &mut unwatched).expect("told");
            if let Some(archive) = health.archive.filter(&is_so) {
                return archive;
            }
            thread::sleep(Duration::from_millis(100));
        }
        unreachable!("not within a minute")
    }
}

#[test]
fn a_program_that_ends_after_its_backup_can_wait_for_the_push_or_not() {
    let mut studio = Studio::new();
    (studio.push, studio.wait) = (Push::AfterCreate, Duration::from_secs(60));
    studio.scene.set_clock("2026-03-05T16:30:12Z");
    let mut told = vec![];
    let created = studio.store().create(&mut |progress| {
        told.push((progress.pages_done, progress.pages_total));
        ControlFlow::Continue(())
    });
    assert_eq!(created.expect("made").warnings, []);
    assert_eq!(studio.list().snapshots.len(), 2, "the one that was made before too");
    assert_eq!(told.last(), Some(&(0, 0)), "it was waited for");

    // Whoever does not want to wait has the backup, and is told what is missing.
    studio.scene.set_clock("2026-03-06T16:30:12Z");
    let created = studio.store().create(&mut |progress| match progress.pages_total {
        0 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    let warnings: Vec<_> = created
        .expect("made")
        .warnings
        .into_iter()
        .map(|warning| warning.name)
        .collect();
    assert_eq!(warnings, ["NOT_ARCHIVED_YET"]);
    studio.eventually(|health| health.waiting == 0);

    // A failure is told at once.
    fs::rename(studio.repository(), studio.scene.path("stolen")).expect("renamed");
    studio.scene.set_clock("2026-03-07T16:30:12Z");
    let created = studio.store().create(&mut unwatched).expect("made");
    let warning = created.warnings.first().expect("a warning");
    assert_eq!(warning.name, "NOT_ARCHIVED_YET");
    assert!(warning.message.contains("no hay ningún archivo"), "{}", warning.message);
}

#[test]
fn an_archive_of_larger_chunks_has_fewer_of_them_and_is_read_and_pushed_to_like_any() {
    let studio = Studio::without_archive();
    let request = ArchiveInitRequest {
        chunk: ChunkSize::Kib64,
    };
    studio
        .store()
        .archive_init_with(&request, &mut unwatched)
        .expect("made");
    studio.day(5, 5000);
    let snapshot = studio.push().snapshot;
    assert_eq!(studio.clients_of(&snapshot).expect("fetched"), 5100);
    let listed = studio.restic(&["list", "blobs"]);
    let blobs = String::from_utf8_lossy(&listed.stdout).lines().count();
    let size = studio.list().snapshots[0].size;
    assert!(
        (size / 65_536..size / 32_768).contains(&(blobs as u64)),
        "{blobs} of {size} bytes"
    );
    assert!(studio.restic(&["check"]).status.success());
}

#[test]
fn a_store_that_keeps_its_key_open_no_longer_opens_what_it_should_not() {
    let studio = Studio::new();
    let store = studio.store();
    let first = store.archive_push(None, &mut unwatched).expect("pushed");
    // The same store, and so with its key: what it does is the same.
    assert_eq!(
        store
            .archive_list(false, &mut unwatched)
            .expect("a list")
            .snapshots
            .len(),
        1
    );
    // Another archive in its place, with the same password and another key.
    fs::rename(studio.repository(), studio.scene.path("other stick")).expect("renamed");
    assert_eq!(
        status(store.archive_list(false, &mut unwatched)),
        Status::ArchiveNotFound
    );
    store.archive_init(&mut unwatched).expect("made");
    assert!(
        store
            .archive_list(false, &mut unwatched)
            .expect("a list")
            .snapshots
            .is_empty()
    );
    // The first one again, whose password somebody else changes.
    fs::remove_dir_all(studio.repository()).expect("removed");
    fs::rename(studio.scene.path("other stick"), studio.repository()).expect("renamed");
    assert_eq!(
        store.archive_list(false, &mut unwatched).expect("a list").snapshots[0].snapshot,
        first.snapshot
    );
    studio
        .store()
        .archive_key(&text("another"), &mut unwatched)
        .expect("changed");
    assert_eq!(
        status(store.archive_list(false, &mut unwatched)),
        Status::ArchiveWrongPassword
    );
}

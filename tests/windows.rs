//! What is different on Windows. `make test-windows` runs these under Wine.
#![cfg(windows)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it does not expect"
)]

mod scene;

use std::fs::{self, File};
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use respaldo::{Kind, Language, Options, RestoreRequest, Status, Store, unwatched};
use rusqlite::{Connection, OpenFlags};
use scene::{Scene, clients, clients_in, make_database, names};
use windows_sys::Win32::Storage::FileSystem::GetShortPathNameW;

/// Share modes: what other programs may do while the file is open.
const SHARE_NOTHING: u32 = 0;
const SHARE_READ: u32 = 1;
const SHARE_READ_AND_WRITE: u32 = 3;

fn keep_open(path: &Path, shared: u32) -> File {
    File::options()
        .read(true)
        .share_mode(shared)
        .open(path)
        .expect("opened")
}

/// Keeps the file open for a moment, as antivirus programs do with each new file.
fn keep_open_for_a_moment(path: &Path, shared: u32) -> thread::JoinHandle<()> {
    let other_program = keep_open(path, shared);
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(150));
        drop(other_program);
    })
}

/// Everything a day brings, with the database at this path: backup, listing, loss, restore, undoing it.
fn a_day(database: &Path) {
    let shown = database.display();
    let folder = database.parent().expect("a folder");
    fs::create_dir_all(folder).expect("made");
    let scene = Scene::new("wal");
    fs::copy(scene.database(), database).expect("copied");
    let store = Store::open(Options::new(database)).expect("valid options");
    let backup = store.create(&mut unwatched).expect("a backup").backup;
    assert_eq!(backup.path.parent(), Some(folder.join("backups").as_path()), "{shown}");
    assert_eq!(backup.intact, Some(true), "{shown}");
    assert_eq!(store.list(true).expect("listed").backups.len(), 1, "{shown}");
    store.verify(Path::new(&backup.name), &mut unwatched).expect("whole");

    let connection = application(database);
    connection.execute_batch("DELETE FROM clients").expect("deleted");
    let restored = store
        .restore(&RestoreRequest::of(&backup.path), &mut unwatched)
        .expect("restored");
    assert_eq!(restored.warnings, [], "{shown}");
    assert_eq!(clients(&connection), 100, "{shown}: an open connection sees it");
    drop(connection);
    let safety = restored.safety_backup.expect("a safety copy");
    store
        .restore(&RestoreRequest::of(&safety), &mut unwatched)
        .expect("undone");
    assert_eq!(clients(&application(database)), 0, "{shown}");

    let settings = fs::read_to_string(folder.join("settings.json")).expect("settings");
    assert!(settings.contains("last_backup_at"), "{shown}: {settings}");
    for path in [&restored.database, &restored.restored_from, &safety] {
        let is_as_given = path.starts_with(r"\\?\") == database.starts_with(r"\\?\");
        assert!(is_as_given, "{shown}: {}", path.display());
    }
    let left: Vec<String> = [names(folder), names(&folder.join("backups"))].concat();
    assert!(!left.iter().any(|name| name.starts_with(".respaldo")), "{left:?}");
    assert!(!left.iter().any(|name| name.ends_with("-wal")), "{left:?}");
}

/// The application's own connection. SQLite by itself takes only the verbatim form of a long path.
fn application(path: &Path) -> Connection {
    let text = path.to_str().expect("UTF-8");
    let verbatim = match text.strip_prefix(r"\\") {
        _ if text.starts_with(r"\\?\") => text.to_owned(),
        Some(share) => format!(r"\\?\UNC\{share}"),
        None => format!(r"\\?\{text}"),
    };
    Connection::open_with_flags_and_vfs(verbatim, OpenFlags::default(), c"win32-longpath").expect("opens")
}

#[test]
fn names_with_n_tilde_accents_emoji_and_spaces_work() {
    let folder = tempfile::tempdir().expect("a folder");
    a_day(
        &folder
            .path()
            .join(r"Begoña Núñez\Estudio 🐦‍⬛ de tatuajes\100% #1 ñandú's.db"),
    );
}

#[test]
fn paths_beyond_260_characters_work_and_are_shown_as_people_know_them() {
    let folder = tempfile::tempdir().expect("a folder");
    // Short, at the edge where the names of sidecars and temporaries are too long, and far beyond it.
    for length in [200, 230, 238, 243, 250, 255, 259, 300, 900, 2000] {
        let mut path = folder.path().join(length.to_string());
        while path.as_os_str().len() + 120 < length {
            path.push("ñ".repeat(25)); // bytes are counted here, so that SQLite's limit in bytes is met as well
        }
        let rest = length.saturating_sub(path.as_os_str().len() + 1).max(4);
        path.push(format!("{}.db", "d".repeat(rest - 3)));
        a_day(&path);
    }
}

#[test]
fn verbatim_paths_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = fs::canonicalize(folder.path()).expect("there").join("studio.db");
    assert!(path.to_str().expect("UTF-8").starts_with(r"\\?\"));
    a_day(&path);
}

#[test]
fn network_paths_work() {
    // Under Wine a share is a link in the prefix; on Windows every drive has one of its own.
    let folder = tempfile::tempdir().expect("a folder");
    let share = r"\\localhost\C$";
    let below_drive = folder.path().strip_prefix(r"C:\").expect("on drive C:");
    let path = Path::new(share).join(below_drive);
    assert!(path.exists(), "{} must be the root of drive C:", path.display());
    a_day(&path.join("studio.db"));
    a_day(&path.join("ñ".repeat(100)).join("n".repeat(200)).join("studio.db"));
}

#[test]
fn slashes_relative_paths_and_drive_letters_are_understood() {
    let scene = Scene::new("delete");
    let plain = scene.database();
    let text = plain.to_str().expect("UTF-8");
    let lower = format!("{}{}", text[..1].to_lowercase(), &text[1..]);
    for spelling in [
        text.replace('\\', "/"),
        lower,
        text.replace(r"\data\", r"\.\data\..\data\"),
    ] {
        let store = Store::open(Options::new(&spelling)).expect("valid options");
        let backup = store.create(&mut unwatched).expect("a backup").backup;
        let path = backup.path.to_str().expect("UTF-8");
        assert!(
            path.eq_ignore_ascii_case(scene.backups().join(&backup.name).to_str().expect("UTF-8")),
            "{path}"
        );
    }
}

#[test]
fn the_live_database_is_known_by_its_other_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("Estudio de Tatuajes.db");
    make_database(&database, "delete", 10);
    let store = Store::open(Options {
        backup_dir: Some(folder.path().to_owned()),
        ..Options::new(folder.path().join("ESTUDIO DE TATUAJES.DB"))
    })
    .expect("valid options");
    assert_eq!(
        store.list(true).expect("listed").backups,
        [],
        "the live database is no backup"
    );

    let hard = folder.path().join("otro nombre.db");
    fs::hard_link(&database, &hard).expect("linked");
    let short = short_name(&database);
    assert_ne!(short, database, "the drive has short names");
    for alias in [database, hard, short] {
        for other_program in [None, Some(keep_open(&alias, SHARE_NOTHING))] {
            let request = RestoreRequest::of(&alias);
            let error = store.restore(&request, &mut unwatched).expect_err("onto itself");
            assert_eq!(error.status(), Status::SameFile, "{}", alias.display());
            drop(other_program);
        }
    }
}

/// The 8.3 name that the system has for a file.
fn short_name(path: &Path) -> PathBuf {
    use std::os::windows::ffi::{OsStrExt, OsStringExt};
    let long: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
    let mut short = vec![0; 260];
    // SAFETY: `long` is NUL-terminated, and the call writes at the most 260 units.
    let length = unsafe { GetShortPathNameW(long.as_ptr(), short.as_mut_ptr(), 260) };
    assert!(length > 0, "{}", std::io::Error::last_os_error());
    short.truncate(length.try_into().expect("short"));
    PathBuf::from(std::ffi::OsString::from_wide(&short))
}

#[test]
fn safety_copies_are_found_whatever_the_letter_case_of_the_database() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    scene.restore(&backup.name).expect("restored");
    let store = Store::open(Options::new(scene.path("DATA/STUDIO.DB"))).expect("valid options");
    let listed = store.list(true).expect("listed").backups;
    assert_eq!(listed.iter().filter(|backup| backup.kind == Kind::Safety).count(), 1);
}

#[test]
fn a_database_that_another_program_does_not_share_is_locked_and_not_damaged() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    let other_program = keep_open(&scene.database(), SHARE_NOTHING);
    let error = scene.store().create(&mut unwatched).expect_err("locked");
    assert_eq!(error.status(), Status::DatabaseLocked, "{error}");
    assert_eq!(error.path.as_deref(), Some(scene.database().as_path()));
    let error = scene.restore(&backup.name).expect_err("locked");
    assert_eq!(error.status(), Status::DatabaseLocked, "{error}");
    drop(other_program);

    let other_program = keep_open(&backup.path, SHARE_NOTHING);
    let error = scene.restore(&backup.name).expect_err("locked");
    assert_eq!(error.status(), Status::DatabaseLocked, "{error}");
    drop(other_program);
    scene.restore(&backup.name).expect("free again");
}

#[test]
fn a_database_with_locked_bytes_is_locked_and_not_damaged() {
    let scene = Scene::new("delete");
    let locker = File::options()
        .read(true)
        .write(true)
        .open(scene.database())
        .expect("opened");
    locker.lock().expect("locked"); // the whole file, from which nobody else can read then
    let error = scene.store().create(&mut unwatched).expect_err("locked");
    assert_eq!(error.status(), Status::DatabaseLocked, "{error}");
}

#[test]
fn files_that_another_program_has_open_for_a_moment_are_waited_for() {
    let scene = Scene::new("delete");
    fs::write(scene.path("data/settings.json"), r#"{"theme": "ñ"}"#).expect("written");
    let settings = scene.path("data/settings.json");
    let closing = keep_open_for_a_moment(&settings, SHARE_READ_AND_WRITE); // it can be neither replaced nor deleted
    let created = scene.create();
    closing.join().expect("ended");
    assert_eq!(created.warnings, []);
    assert!(fs::read_to_string(&settings).expect("read").contains("last_backup_at"));

    let old = scene.put_whole_backup("backup_20200101_000000.db");
    let closing = keep_open_for_a_moment(&old, SHARE_READ);
    let store = Store::open(Options {
        max_backups: 1,
        ..scene.options()
    })
    .expect("valid options");
    let pruned = store.prune(false).expect("pruned");
    closing.join().expect("ended");
    assert_eq!(pruned.warnings, []);
    assert!(!old.exists());
}

#[test]
fn a_backup_that_another_program_keeps_open_is_named_in_a_warning() {
    let scene = Scene::new("delete");
    let old = scene.put_whole_backup("backup_20200101_000000.db");
    let other_program = keep_open(&old, SHARE_READ_AND_WRITE);
    let store = Store::open(Options {
        max_backups: 1,
        ..scene.options()
    })
    .expect("valid options");
    let created = store.create(&mut unwatched).expect("a backup all the same");
    assert_eq!(created.removed, <[String; 0]>::default());
    let [warning] = created.warnings.as_slice() else {
        panic!("{:?}", created.warnings)
    };
    assert_eq!(warning.name, "OLD_BACKUP_NOT_REMOVED");
    assert!(
        warning.message.contains("backup_20200101_000000.db"),
        "{}",
        warning.message
    );
    drop(other_program);
    assert_eq!(store.prune(false).expect("pruned").removed.len(), 1);
}

#[test]
fn a_damaged_database_is_replaced_while_the_application_has_it_open() {
    for journal in ["delete", "persist", "truncate"] {
        let scene = Scene::empty();
        make_database(&scene.database(), journal, 5_000);
        let backup = scene.create().backup;
        // At rest, as a connection pool keeps it; SQLite shares a file for reading and writing, not for deleting.
        let application = scene.open();
        application
            .execute_batch(&format!(
                "PRAGMA journal_mode={journal}; DELETE FROM clients WHERE id > 10"
            ))
            .expect("written");
        fs::write(scene.database(), b"Querida clienta").expect("overwritten");
        fs::remove_file(scene.path("data/studio.db-journal")).ok();

        let restored = scene.restore(&backup.name).expect("restored");
        let safety = restored.safety_backup.expect("a safety copy");
        assert_eq!(fs::read(&safety).expect("read"), b"Querida clienta", "{journal}");
        assert_eq!(clients_in(&scene.database()), 5_000, "{journal}");
        assert_eq!(clients(&application), 5_000, "{journal}: the connection is valid");
        application
            .execute_batch("DELETE FROM clients WHERE id > 10")
            .expect("written");
        drop(application);
        assert_eq!(clients_in(&scene.database()), 10, "{journal}");
    }
}

#[test]
fn a_rollback_journal_that_is_open_is_emptied_when_the_database_beside_it_is_lost() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    fs::remove_file(scene.database()).expect("lost");
    let journal = scene.path("data/studio.db-journal");
    fs::write(&journal, b"stale").expect("written");
    let other_program = keep_open(&journal, SHARE_READ_AND_WRITE);
    scene.restore(&backup.name).expect("restored");
    assert_eq!(fs::metadata(&journal).expect("there").len(), 0);
    assert_eq!(clients_in(&scene.database()), 100);
    drop(other_program);
}

#[test]
fn read_only_files_are_kept_to() {
    let scene = Scene::new("delete");
    let backup = scene.create().backup;
    let read_only = |path: &Path, yes: bool| {
        let mut permissions = fs::metadata(path).expect("there").permissions();
        permissions.set_readonly(yes);
        fs::set_permissions(path, permissions).expect("set");
    };

    read_only(&scene.database(), true);
    let created = scene.create();
    assert!(
        !fs::metadata(&created.backup.path)
            .expect("there")
            .permissions()
            .readonly()
    );
    let error = scene.restore(&backup.name).expect_err("read-only");
    assert_eq!(error.status(), Status::PermissionDenied, "{error}");
    assert_eq!(
        scene.store().list(true).expect("listed").backups.len(),
        2,
        "no safety copy"
    );
    read_only(&scene.database(), false);

    let settings = scene.path("data/settings.json");
    read_only(&settings, true);
    scene.set_clock("2026-03-05T16:30:12Z");
    let created = scene.create();
    let [warning] = created.warnings.as_slice() else {
        panic!("{:?}", created.warnings)
    };
    assert_eq!(warning.name, "SETTINGS_NOT_UPDATED");
    read_only(&settings, false);

    // Whoever marks a backup as read-only means to keep it.
    read_only(&backup.path, true);
    let store = Store::open(Options {
        max_backups: 1,
        ..scene.options()
    })
    .expect("valid options");
    let pruned = store.prune(false).expect("pruned");
    assert!(backup.path.exists());
    assert_eq!(pruned.warnings.len(), 1);
    scene.restore(&backup.name).expect("a read-only backup can be restored");
    read_only(&backup.path, false);
}

#[test]
fn a_read_only_backup_with_a_read_only_wal_can_be_read() {
    let scene = Scene::new("delete");
    let original = scene.path("wal.db");
    let writer = Connection::open(&original).expect("opens");
    writer
        .execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE clients(x); INSERT INTO clients VALUES(1)")
        .expect("written");
    fs::create_dir_all(scene.backups()).expect("made");
    let copy = scene.backups().join("traído.db");
    fs::copy(&original, &copy).expect("copied");
    fs::copy(scene.path("wal.db-wal"), scene.backups().join("traído.db-wal")).expect("copied");
    drop(writer);
    for name in ["traído.db", "traído.db-wal"] {
        let path = scene.backups().join(name);
        let mut permissions = fs::metadata(&path).expect("there").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).expect("set");
    }
    scene.restore("traído.db").expect("restored");
    assert_eq!(clients_in(&scene.database()), 1);
}

#[test]
fn a_folder_without_permission_says_what_to_do_in_windows_words() {
    let scene = Scene::new("delete");
    let folder = r"C:\Program Files\Estudio\respaldos";
    for (language, words) in [
        (Language::Spanish, "Ejecutar como administrador"),
        (Language::English, "Run as administrator"),
    ] {
        let store = Store::open(Options {
            backup_dir: Some(PathBuf::from(folder)),
            language,
            ..scene.options()
        })
        .expect("valid options");
        let error = store.create(&mut unwatched).expect_err("forbidden");
        assert_eq!(error.status(), Status::PermissionDenied, "{error}");
        let report = serde_json::to_value(error.report(language)).expect("JSON");
        let hint = report["error"]["hint"].as_str().expect("a hint");
        assert!(hint.contains(words), "{hint}");
    }
}

#[test]
fn another_process_that_has_the_lock_makes_busy_and_its_end_frees_it() {
    let scene = Scene::new("delete");
    fs::create_dir_all(scene.backups()).expect("made");
    let lock = lock_folder(&scene.backups());
    let error = scene.store().create(&mut unwatched).expect_err("locked");
    assert_eq!(error.status(), Status::Busy);
    drop(lock);
    scene.create();
    assert_eq!(names(&scene.backups()).len(), 1, "the lock leaves nothing behind");
}

/// What another process of the library does to keep others out.
fn lock_folder(folder: &Path) -> File {
    const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
    File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .share_mode(SHARE_NOTHING)
        .custom_flags(FILE_FLAG_DELETE_ON_CLOSE)
        .open(folder.join(".respaldo.lock"))
        .expect("free")
}

#[test]
fn device_names_are_no_backups() {
    let scene = Scene::new("delete");
    for name in [
        "NUL",
        "CON",
        "nul.db",
        "COM1",
        r"\\.\pipe\nobody",
        "studio.db:stream",
        r"\\?\",
        "C:",
    ] {
        let error = scene.restore(name).expect_err("no backup");
        assert_ne!(error.status(), Status::Internal, "{name}: {error}");
    }
    assert_eq!(clients_in(&scene.database()), 100);
}

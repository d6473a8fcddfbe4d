//! Paths as careless programs give them.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it does not expect"
)]

mod scene;

use std::fs;
use std::path::{Path, PathBuf};

use respaldo::{Argument, Cause, Error, Language, Options, RestoreRequest, Settings, Status, Store, unwatched};
use scene::Scene;
#[cfg(unix)]
use scene::{clients_in, make_database};

fn open(database: &str) -> respaldo::Result<Store> {
    Store::open(Options::new(database))
}

/// What is said of the argument.
fn refused<T: std::fmt::Debug>(result: respaldo::Result<T>) -> (Argument, Error) {
    let error = result.expect_err("it is no path");
    assert_eq!(error.status(), Status::InvalidArgument, "{error}");
    let Cause::InvalidArgument(argument) = &error.cause else {
        panic!("{error:?}")
    };
    (argument.clone(), error)
}

#[test]
fn a_url_is_no_path_and_the_path_that_it_stands_for_is_said() {
    for (url, path) in [
        ("sqlite:///data/app.db", "data/app.db"),
        ("file:data/app.db?mode=rw", "data/app.db"),
    ] {
        let (argument, error) = refused(open(url));
        let expected = Argument::Url {
            key: "database",
            url: url.to_owned(),
            path: Some(path.to_owned()),
        };
        assert_eq!(argument, expected);
        for language in [Language::Spanish, Language::English] {
            let report = error.report(language);
            let shown = serde_json::to_string(&report).expect("JSON");
            assert!(shown.contains("URL") && shown.contains(path), "{shown}");
        }
    }
    let (argument, error) = refused(open("postgresql://ana:secreto@servidor/estudio"));
    assert!(matches!(argument, Argument::Url { path: None, .. }), "{argument:?}");
    let shown = serde_json::to_string(&error.report(Language::English)).expect("JSON");
    assert!(!shown.contains("secreto"), "{shown}");
}

#[test]
fn every_option_and_request_that_takes_a_path_says_so() {
    let scene = Scene::new("delete");
    let url = PathBuf::from("sqlite:///x/y");
    let with = |key: &str| {
        let mut options = scene.options();
        match key {
            "settings" => options.settings = Settings::File(url.clone()),
            _ => options.backup_dir = Some(url.clone()),
        }
        Store::open(options)
    };
    let backup = scene.create().backup.name;
    let restore = |backup: &Path, target: Option<&Path>| {
        let request = RestoreRequest {
            target: target.map(Path::to_owned),
            ..RestoreRequest::of(backup)
        };
        scene.store().restore(&request, &mut unwatched)
    };
    let said: Vec<&str> = [
        refused(with("settings")),
        refused(with("backup_dir")),
        refused(restore(Path::new(&backup), Some(&url))),
        refused(restore(&url, None)),
        refused(scene.store().verify(&url, &mut unwatched)),
    ]
    .into_iter()
    .map(|(argument, _)| match argument {
        Argument::Url { key, .. } => key,
        other => panic!("{other:?}"),
    })
    .collect();
    assert_eq!(said, ["settings", "backup_dir", "target", "backup", "backup"]);
}

#[test]
fn a_database_in_memory_has_no_file() {
    for text in [
        ":memory:",
        "sqlite://",
        "sqlite:///:memory:",
        "file::memory:?cache=shared",
        "file:x?mode=memory",
    ] {
        let (argument, _) = refused(open(text));
        assert!(matches!(argument, Argument::InMemory { .. }), "{text}: {argument:?}");
    }
    let (argument, _) = refused(open(""));
    assert!(
        matches!(argument, Argument::BadValue { key: "database", .. }),
        "{argument:?}"
    );
}

/// `sqlite3.connect("file:app.db")` without `uri=True` makes it, and the data is there.
#[cfg(unix)]
#[test]
fn a_file_that_really_has_a_urls_name_is_backed_up() {
    let scene = Scene::empty();
    std::env::set_current_dir(scene.path("data")).expect("there"); // no other test of this file goes by the current folder
    make_database(Path::new("app.db"), "delete", 10);
    fs::rename("app.db", "file:app.db").expect("renamed");
    let store = open("file:app.db").expect("a file of that name");
    let backup = store.create(&mut unwatched).expect("a backup").backup;
    assert_eq!(clients_in(&backup.path), 10);
}

#[test]
fn answers_hold_plain_absolute_paths() {
    let scene = Scene::new("delete");
    fs::create_dir(scene.path("data/otra")).expect("made");
    let store = Store::open(Options {
        database: scene.folder.path().join("data/otra/../../data/./studio.db"),
        ..scene.options()
    })
    .expect("valid options");
    let backup = store.create(&mut unwatched).expect("a backup").backup;
    assert_eq!(backup.path, scene.backups().join(&backup.name));
    let roundabout = scene.folder.path().join("data/otra/../backups").join(&backup.name);
    let target = scene.folder.path().join("data/otra/../copia.db");
    let restored = store.restore(
        &RestoreRequest {
            target: Some(target),
            ..RestoreRequest::of(&roundabout)
        },
        &mut unwatched,
    );
    let restored = restored.expect("restored");
    assert_eq!(restored.restored_from, backup.path);
    assert_eq!(restored.database, scene.path("data/copia.db"));
    let verified = store.verify(&roundabout, &mut unwatched).expect("whole");
    assert_eq!(verified.path, backup.path);
}

/// `link/..` is the parent of what the link leads to.
#[cfg(unix)]
#[test]
fn the_parent_of_a_link_is_where_the_system_goes() {
    use std::os::unix::fs::symlink;
    let scene = Scene::new("delete");
    fs::create_dir_all(scene.path("disco/estudio/marzo")).expect("made");
    make_database(&scene.path("disco/estudio/studio.db"), "delete", 7);
    symlink(scene.path("disco/estudio/marzo"), scene.path("data/mes")).expect("linked");
    symlink(scene.path("nada"), scene.path("data/rota")).expect("linked");
    let of = |path: &str| {
        let database = scene.folder.path().join(path);
        Store::open(Options {
            database,
            ..scene.options()
        })
        .expect("valid options")
        .create(&mut unwatched)
    };
    // Beside the link there is another database of that name, with 100 clients.
    let backup = of("data/mes/../studio.db").expect("a backup").backup;
    assert_eq!(clients_in(&backup.path), 7);
    let real = fs::canonicalize(scene.path("disco/estudio")).expect("there");
    assert_eq!(backup.path, real.join("backups").join(&backup.name));
    let error = of("data/rota/../studio.db").expect_err("the system finds nothing there");
    assert_eq!(error.status(), Status::DatabaseNotFound);
}

#[cfg(unix)]
#[test]
fn above_the_root_there_is_the_root() {
    let error = open("/../../no/such.db")
        .and_then(|store| store.create(&mut unwatched))
        .expect_err("nothing there");
    assert_eq!(error.path.as_deref(), Some(Path::new("/no/such.db")));
}

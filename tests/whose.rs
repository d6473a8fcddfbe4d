//! Whose a backup is: two databases in one folder, databases that are renamed and moved, and folders of an older version.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;
use std::path::{Path, PathBuf};

use respaldo::{
    Cause, CreatedIfDue, Kind, ListRequest, Options, Reason, RestoreRequest, Settings, Status, Store, unwatched,
};
use rusqlite::Connection;
use scene::{Scene, clients_in, make_database};

/// `citas.db` and `inventario.db` in one folder, with different tables.
struct Two {
    scene: Scene,
    citas: Store,
    inventario: Store,
}

fn make(path: &Path, table: &str, rows: u32) {
    let connection = Connection::open(path).expect("opens");
    connection
        .execute_batch(&format!(
            "CREATE TABLE {table}(id INTEGER PRIMARY KEY, name TEXT);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{rows})
             INSERT INTO {table} SELECT i, 'row '||i FROM n;"
        ))
        .expect("written");
}

fn open(scene: &Scene, name: &str, max_backups: usize) -> Store {
    let options = Options {
        database: scene.path("data").join(name),
        max_backups,
        ..scene.options()
    };
    Store::open(options).expect("valid")
}

impl Two {
    fn new(max_backups: usize) -> Two {
        let scene = Scene::empty();
        make(&scene.path("data/citas.db"), "citas", 10);
        make(&scene.path("data/inventario.db"), "productos", 20);
        let (citas, inventario) = (
            open(&scene, "citas.db", max_backups),
            open(&scene, "inventario.db", max_backups),
        );
        Two {
            scene,
            citas,
            inventario,
        }
    }
}

fn due(store: &Store) -> CreatedIfDue {
    store.create_if_due(&mut unwatched).expect("an answer")
}

fn listed(store: &Store) -> Vec<String> {
    let backups = store.list(false).expect("listed").backups;
    backups.into_iter().map(|backup| backup.name).collect()
}

fn copy_backup(scene: &Scene, table: &str, name: &str) -> PathBuf {
    fs::create_dir_all(scene.backups()).expect("made");
    let path = scene.backups().join(name);
    make(&path, table, 3);
    path
}

#[test]
fn each_of_two_databases_in_one_folder_has_its_own_backups() {
    let two = Two::new(2);
    for day in 1..=4 {
        two.scene.set_clock(&format!("2026-03-0{day}T16:00:00Z"));
        for store in [&two.citas, &two.inventario] {
            let made = due(store);
            assert!(made.created, "the other's backup of today is not this one's: {made:?}");
            assert!(!due(store).created, "its own is");
        }
    }
    for (store, database) in [(&two.citas, "citas.db"), (&two.inventario, "inventario.db")] {
        let backups = store.list(false).expect("listed").backups;
        assert_eq!(backups.len(), 2);
        assert!(
            backups
                .iter()
                .all(|backup| backup.kind == Kind::Backup && backup.database.as_deref() == Some(database))
        );
    }
    let all = two
        .citas
        .list_with(&ListRequest {
            include_others: true,
            ..ListRequest::default()
        })
        .expect("listed")
        .backups;
    let others = all.iter().filter(|backup| backup.kind == Kind::Other);
    assert_eq!((all.len(), others.count()), (4, 2));
    let kept = two.citas.prune(true).expect("planned").kept;
    assert_eq!(
        kept.iter()
            .filter(|decision| decision.reason == Reason::OtherDatabase)
            .count(),
        2
    );
}

#[test]
fn backups_of_an_older_version_are_told_apart_by_their_tables() {
    let two = Two::new(20);
    copy_backup(&two.scene, "productos", "backup_20260304_080000.db");
    let theirs = copy_backup(&two.scene, "citas", "backup_20260303_080000.db");
    two.scene.set_clock("2026-03-04T16:00:00Z");
    assert_eq!(listed(&two.citas), ["backup_20260303_080000.db"]);
    assert!(due(&two.citas).created, "that of today is the other's");
    assert_eq!(due(&two.inventario).reason, Some("already_backed_up_today"));
    let pruning = open(&two.scene, "inventario.db", 1);
    pruning.create(&mut unwatched).expect("a backup");
    assert!(theirs.exists());
}

#[test]
fn a_folder_that_serves_one_database_is_adopted_as_it_is() {
    let scene = Scene::new("delete");
    copy_backup(&scene, "whatever", "backup_20260301_080000.db");
    scene.put_backup("backup_20260302_080000.db", b"damaged");
    let store = open(&scene, "studio.db", 1);
    assert_eq!(listed(&store).len(), 2);
    assert_eq!(store.create(&mut unwatched).expect("a backup").removed.len(), 2);
}

#[test]
fn another_databases_backup_is_restored_only_if_the_caller_insists() {
    let two = Two::new(20);
    let theirs = due(&two.inventario).backup.expect("made").name;
    let own = due(&two.citas).backup.expect("made").name;
    let restore = |request: &RestoreRequest| two.citas.restore(request, &mut unwatched);
    let error = restore(&RestoreRequest::of(&theirs)).expect_err("refused");
    assert_eq!(error.status(), Status::DifferentDatabase);
    assert_eq!(error.cause, Cause::DifferentDatabase(Some("inventario.db".into())));
    assert_eq!(
        fs::read_dir(two.scene.path("data")).expect("a folder").count(),
        4,
        "no safety copy was made"
    );
    restore(&RestoreRequest::of(&own)).expect("restored");
    let elsewhere = two.scene.path("data/ensayo.db");
    restore(&RestoreRequest {
        target: Some(elsewhere.clone()),
        ..RestoreRequest::of(&theirs)
    })
    .expect("a rehearsal overwrites nothing");
    fs::remove_file(elsewhere).expect("removed");
    let restored = restore(&RestoreRequest {
        allow_different: true,
        ..RestoreRequest::of(&theirs)
    });
    let safety = restored.expect("insisted").safety_backup.expect("one");
    // And that can be undone: a safety copy holds whatever was there.
    restore(&RestoreRequest::of(safety.file_name().expect("a name"))).expect("undone");
}

#[test]
fn a_file_from_elsewhere_without_a_table_in_common_is_refused() {
    let scene = Scene::new("delete");
    let foreign = scene.path("foreign.db");
    make(&foreign, "productos", 3);
    let request = RestoreRequest::of(&foreign);
    let refused = |scene: &Scene| scene.store().restore(&request, &mut unwatched);
    assert_eq!(
        refused(&scene).expect_err("refused").cause,
        Cause::DifferentDatabase(None)
    );
    assert_eq!(clients_in(&scene.database()), 100);
    Connection::open(&foreign)
        .and_then(|foreign| foreign.execute_batch("CREATE TABLE clients(name)"))
        .expect("made");
    refused(&scene).expect("it has a table in common");
    // A database without tables has nothing to lose.
    let empty = Scene::empty();
    Connection::open(empty.database())
        .and_then(|empty| empty.execute_batch("PRAGMA user_version=1; CREATE TABLE t(x); DROP TABLE t"))
        .expect("made");
    refused(&empty).expect("restored");
    // Where the database is damaged there is nothing to compare with, and it is needed most.
    let damaged = Scene::new("delete");
    scene::damage(&damaged.database(), 0, &[0xff; 4096]);
    refused(&damaged).expect("restored");
}

#[test]
fn a_folder_elsewhere_tells_as_well_of_which_database_its_backups_are() {
    let (scene, other) = (Scene::new("delete"), Scene::empty());
    make_database(&other.path("data/otra.db"), "delete", 7);
    let theirs = open(&other, "otra.db", 20)
        .create(&mut unwatched)
        .expect("a backup")
        .backup;
    let error = scene.restore(&theirs.path).expect_err("refused");
    assert_eq!(
        error.cause,
        Cause::DifferentDatabase(Some("otra.db".into())),
        "though the tables are the same"
    );
    // Of the same name, on another computer.
    fs::rename(other.path("data/otra.db"), other.database()).expect("renamed");
    fs::remove_file(other.backups().join("catalog.json")).expect("removed");
    let same = other.create().backup;
    fs::remove_file(other.database()).expect("the old computer is gone");
    scene.restore(&same.path).expect("restored");
}

#[test]
fn a_renamed_database_keeps_its_backups_and_so_does_one_that_moved_with_its_folder() {
    let scene = Scene::new("delete");
    let name = due(&scene.store()).backup.expect("made").name;
    fs::rename(scene.database(), scene.path("data/estudio.db")).expect("renamed");
    let renamed = open(&scene, "estudio.db", 20);
    assert_eq!(listed(&renamed), std::slice::from_ref(&name));
    assert!(!due(&renamed).created, "it is today's");
    renamed
        .restore(&RestoreRequest::of(&name), &mut unwatched)
        .expect("restored");
    // Moved as a whole, and renamed again.
    fs::rename(scene.path("data"), scene.path("moved")).expect("moved");
    fs::rename(scene.path("moved/estudio.db"), scene.path("moved/tienda.db")).expect("renamed");
    let moved = Store::open(Options {
        database: scene.path("moved/tienda.db"),
        ..scene.options()
    })
    .expect("valid");
    assert_eq!(listed(&moved), [name]);
    // Who takes the old name gets the backups of that name, and the renamed one its own from then on.
    make(&scene.path("moved/studio.db"), "productos", 3);
    assert_eq!(listed(&moved), Vec::<String>::new());
    assert!(due(&moved).created);
}

#[test]
fn two_databases_of_one_name_in_different_folders_can_share_a_backup_folder() {
    let scene = Scene::new("delete");
    fs::create_dir(scene.path("otra")).expect("made");
    make_database(&scene.path("otra/studio.db"), "delete", 7);
    let open = |database: &str| {
        let options = Options {
            database: scene.path(database),
            backup_dir: Some(scene.path("respaldos")),
            settings: Settings::Nowhere,
            max_backups: 1,
            ..scene.options()
        };
        Store::open(options).expect("valid")
    };
    let (first, second) = (open("data/studio.db"), open("otra/studio.db"));
    for store in [&first, &second, &first, &second] {
        store.create(&mut unwatched).expect("a backup");
    }
    assert_eq!((listed(&first).len(), listed(&second).len()), (1, 1));
    assert_ne!(listed(&first), listed(&second));
}

#[cfg(unix)]
#[test]
fn a_database_opened_through_a_link_has_the_same_backups() {
    let scene = Scene::new("delete");
    let name = scene.create().backup.name;
    std::os::unix::fs::symlink("studio.db", scene.path("data/enlace.db")).expect("linked");
    let linked = open(&scene, "enlace.db", 20);
    assert_eq!(listed(&linked), [name]);
    let through_link = linked.create(&mut unwatched).expect("a backup").backup.name;
    assert_eq!(listed(&scene.store())[0], through_link);
    linked
        .restore(&RestoreRequest::of(&through_link), &mut unwatched)
        .expect("restored");
}

#[test]
fn a_backup_that_a_person_renamed_is_still_the_databases() {
    let two = Two::new(20);
    due(&two.inventario);
    let own = due(&two.citas).backup.expect("made");
    let renamed = two.scene.backups().join("antes de la feria.db");
    fs::rename(&own.path, &renamed).expect("renamed");
    let backups = two.citas.list(false).expect("listed").backups;
    assert_eq!(backups[0].kind, Kind::Preserved);
    assert_eq!(backups[0].database.as_deref(), Some("citas.db"));
    assert_eq!(backups[0].verified_at, own.verified_at);
    assert!(!listed(&two.inventario).contains(&backups[0].name));
    // What is known of it is written under its new name, and stays.
    two.scene.set_clock("2026-03-05T16:00:00Z");
    due(&two.inventario);
    assert_eq!(
        two.citas.list(false).expect("listed").backups[0].database.as_deref(),
        Some("citas.db")
    );
    let error = two
        .inventario
        .restore(&RestoreRequest::of("antes de la feria.db"), &mut unwatched);
    assert_eq!(error.expect_err("refused").status(), Status::DifferentDatabase);
}

#[test]
fn the_last_backup_of_each_is_its_own_where_they_share_the_settings() {
    let two = Two::new(20);
    let last = |store: &Store| store.last_backup().expect("an answer").display;
    two.scene.set_clock("2026-03-01T16:00:00Z");
    due(&two.citas);
    two.scene.set_clock("2026-03-04T16:00:00Z");
    due(&two.inventario);
    assert_eq!(last(&two.inventario), "04/03/2026 09:00");
    assert_eq!(
        last(&two.citas),
        "01/03/2026 09:00",
        "the settings say when the other was made"
    );
    let warnings = two.citas.list(false).expect("listed").warnings;
    assert_eq!(
        warnings.iter().map(|warning| warning.name).collect::<Vec<_>>(),
        ["LAST_BACKUP_OLD"]
    );
    let settings = fs::read_to_string(two.scene.path("data/settings.json")).expect("there");
    assert!(
        settings.contains("2026-03-04T09:00:00-07:00"),
        "every store writes them"
    );
}

#[test]
fn the_last_backup_is_the_later_of_settings_and_folder_and_never_in_the_future() {
    let scene = Scene::new("delete");
    let settings = |at: &str| {
        fs::write(
            scene.path("data/settings.json"),
            format!("{{\"last_backup_at\": \"{at}\"}}"),
        )
        .expect("written");
    };
    let last = || scene.store().last_backup().expect("an answer").display;
    scene.put_whole_backup("backup_20260302_080000.db");
    settings("2026-02-01T09:00:00-07:00");
    assert_eq!(
        last(),
        "02/03/2026 08:00",
        "the application wrote settings that it had read before"
    );
    settings("2026-03-03T09:00:00-07:00");
    assert_eq!(last(), "03/03/2026 09:00", "that one was moved to an external drive");
    settings("2031-01-01T09:00:00-07:00");
    assert_eq!(last(), "02/03/2026 08:00");
    scene.put_whole_backup("backup_20310101_080000.db");
    assert_eq!(last(), "02/03/2026 08:00");
    scene.set_clock("2026-03-09T16:00:00Z");
    let warnings = scene.store().list(false).expect("listed").warnings;
    assert_eq!(
        warnings.iter().map(|warning| warning.name).collect::<Vec<_>>(),
        ["LAST_BACKUP_OLD"]
    );
}

#[test]
fn at_the_very_first_start_there_is_nothing_to_do() {
    let scene = Scene::empty();
    for exists in [false, true] {
        if exists {
            fs::write(scene.database(), "").expect("written");
        }
        let answer = due(&scene.store());
        assert_eq!(
            (answer.created, answer.reason, &answer.backup),
            (false, Some("no_database_yet"), &None)
        );
        assert!(!scene.backups().exists() && !scene.path("data/settings.json").exists());
    }
    // Another database in the same folder does not change that.
    make(&scene.path("data/inventario.db"), "productos", 3);
    due(&open(&scene, "inventario.db", 20));
    assert_eq!(due(&scene.store()).reason, Some("no_database_yet"));
}

#[test]
fn a_database_that_is_gone_although_it_was_backed_up_is_an_error() {
    type Trace = fn(&Scene);
    let traces: [Trace; 5] = [
        |scene| drop(scene.create()),
        |scene| fs::remove_file(scene.create().backup.path).expect("moved away"),
        |scene| drop(scene.put_whole_backup("antes.db")),
        |scene| fs::write(scene.path("data/studio.db.before_restore_20260101_090000"), "x").expect("written"),
        |scene| {
            let settings = "{\"last_backup_at\": \"2026-03-01T09:00:00-07:00\"}";
            fs::write(scene.path("data/settings.json"), settings).expect("written");
        },
    ];
    for (at, trace) in traces.into_iter().enumerate() {
        let scene = Scene::new("delete");
        trace(&scene);
        fs::remove_file(scene.database()).expect("lost");
        scene.set_clock("2026-03-05T16:30:12Z");
        let error = scene.store().create_if_due(&mut unwatched).expect_err("lost");
        assert_eq!(error.status(), Status::DatabaseNotFound, "{at}");
        fs::write(scene.database(), "").expect("written");
        let error = scene.store().create_if_due(&mut unwatched).expect_err("lost");
        assert_eq!(error.status(), Status::NotADatabase, "{at}");
    }
    let scene = Scene::empty();
    fs::write(scene.path("data/studio.db-wal"), "the WAL may be all that is left").expect("written");
    scene.store().create_if_due(&mut unwatched).expect_err("lost");
}

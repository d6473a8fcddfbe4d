//! Rows out of snapshots of the archive, without fetching these: only what is needed is read, and what is damaged is never a wrong row.

#![cfg(all(feature = "archive", target_os = "linux"))]
#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use respaldo::{
    Archive, ArchivePlace, BringBackRequest, BroughtBack, CompareRequest, Comparison, FindRequest, FindResult, History,
    HistoryRequest, OnConflict, Options, Password, Progress, Push, Result, RowKey, SearchWords, SecretString, Status,
    Store, Wanted, unwatched,
};
use rusqlite::Connection;
use scene::{Scene, clients, make_database, names};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";

/// A studio whose backups are in an archive.
struct Studio {
    scene: Scene,
    place: ArchivePlace,
    server: Vec<(&'static str, String)>,
}

impl Studio {
    /// With an archive in a folder.
    fn new() -> Studio {
        let scene = Scene::new("wal");
        let place = ArchivePlace::Folder(scene.path("stick/archive"));
        let studio = Studio {
            scene,
            place,
            server: vec![],
        };
        studio.store().archive_init(&mut unwatched).expect("an archive");
        studio
    }

    fn options(&self) -> Options {
        let options = self.server.iter();
        let options = options.map(|(key, value)| ((*key).to_owned(), SecretString::from(value.as_str())));
        Options {
            archive: Some(Archive {
                place: self.place.clone(),
                options: options.collect::<BTreeMap<_, _>>(),
                password: Password::Text(SecretString::from(PASSWORD)),
                retention: None,
                push: Push::WhenAsked,
                wait: Duration::ZERO,
            }),
            ..self.scene.options()
        }
    }

    fn store(&self) -> Store {
        Store::open(self.options()).expect("valid options")
    }

    fn run(&self, sql: &str) {
        self.scene.open().execute_batch(sql).expect("written");
    }

    /// Makes the backup of a day, stores it, and loses it. Its name and snapshot.
    fn archived(&self, day: u32) -> (String, String) {
        self.scene.set_clock(&format!("2026-03-{day:02}T16:30:12Z"));
        let name = self.scene.create().backup.name;
        let snapshot = self
            .store()
            .archive_push(None, &mut unwatched)
            .expect("pushed")
            .snapshot;
        fs::remove_file(self.scene.backups().join(&name)).expect("there");
        (name, snapshot)
    }

    fn history(&self, id: i64) -> Result<History> {
        let request = HistoryRequest {
            table: "clients".to_owned(),
            key: object(json!({"id": id})),
            snapshots: true,
        };
        self.store().history(&request, &mut unwatched)
    }

    fn find(&self, text: &str) -> Result<FindResult> {
        self.store().find(&find(text), &mut unwatched)
    }

    fn compare(&self, snapshot: &str) -> Result<Comparison> {
        self.store()
            .compare(&CompareRequest::of_snapshot(snapshot), &mut unwatched)
    }

    fn bring_back(&self, snapshot: &str, id: i64) -> Result<BroughtBack> {
        self.store().bring_back(&rows_of(snapshot, id), &mut unwatched)
    }

    /// The last line of the log of restores.
    fn logged(&self) -> Value {
        let log = fs::read_to_string(self.scene.backups().join("restores.jsonl")).expect("a log");
        serde_json::from_str(log.lines().last().expect("a line")).expect("JSON")
    }

    fn repository(&self) -> PathBuf {
        self.scene.path("stick/archive")
    }

    fn restic(&self, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new("restic")
            .args(["--no-cache", "-r"])
            .arg(self.repository())
            .args(arguments)
            .env("RESTIC_PASSWORD", PASSWORD)
            .current_dir(self.scene.folder.path())
            .output()
            .expect("restic, which `make test-archive` says how to install");
        assert!(output.status.success(), "{output:?}");
        output.stdout
    }
}

fn object(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().expect("an object").clone()
}

fn find(text: &str) -> FindRequest {
    FindRequest {
        table: None,
        rows: Wanted::Words(SearchWords::parse(text).expect("words")),
        most: 100,
        snapshots: true,
    }
}

fn rows_of(snapshot: &str, id: i64) -> BringBackRequest {
    BringBackRequest {
        backup: PathBuf::new(),
        snapshot: Some(snapshot.to_owned()),
        rows: vec![RowKey {
            table: "clients".to_owned(),
            key: object(json!({"id": id})),
        }],
        with_dependents: true,
        on_conflict: OnConflict::Refuse,
        triggers: false,
        dry_run: false,
        reason: Some("deleted by mistake".to_owned()),
    }
}

fn status<T: std::fmt::Debug>(result: Result<T>) -> Status {
    result.expect_err("an error").status()
}

fn name_of(values: &respaldo::Values) -> Value {
    serde_json::to_value(values).expect("JSON")["name"].clone()
}

#[test]
fn a_row_is_found_told_compared_and_brought_back_out_of_the_archive_alone() {
    let studio = Studio::new();
    let (first, oldest) = studio.archived(5);
    studio.run("UPDATE clients SET name = 'Ana López' WHERE id = 42");
    let (second, newest) = studio.archived(6);
    studio.run("DELETE FROM clients WHERE id IN (42, 43)");

    let found = studio.find("lopez").expect("searched");
    assert_eq!(
        (found.found.len(), found.backups, found.warnings.len()),
        (1, 2, 0),
        "{found:?}"
    );
    assert_eq!(found.found[0].backup, second);
    assert_eq!(found.found[0].snapshot.as_ref(), Some(&newest));
    let here = studio.store().find(
        &FindRequest {
            snapshots: false,
            ..find("lopez")
        },
        &mut unwatched,
    );
    assert!(
        here.expect("searched").found.is_empty(),
        "the archive is read only when it is asked for"
    );

    let history = studio.history(42).expect("read");
    assert!(history.live.is_none() && history.warnings.is_empty(), "{history:?}");
    let told: Vec<_> = history
        .versions
        .iter()
        .map(|version| (name_of(&version.values), version.last_seen.snapshot.as_ref()))
        .collect();
    assert_eq!(
        told,
        [(json!("Ana López"), Some(&newest)), (json!("Client 42"), Some(&oldest))]
    );
    assert_eq!(history.versions[1].last_seen.name, first);
    assert_eq!(
        serde_json::to_value(history.versions[1].last_seen.kind).expect("JSON"),
        "snapshot"
    );

    let compared = studio.compare("latest").expect("compared");
    assert_eq!((compared.tables[0].only_there, compared.tables[0].same), (2, 98));
    let two = CompareRequest {
        with_snapshot: Some(oldest.clone()),
        ..CompareRequest::of_snapshot(&newest[..10])
    };
    let compared = studio.store().compare(&two, &mut unwatched).expect("compared");
    assert_eq!((compared.tables[0].changed, compared.tables[0].same), (1, 99));

    let done = studio.bring_back("latest", 42).expect("brought back");
    assert!(done.applied && done.warnings.is_empty(), "{done:?}");
    let safety = done.safety_backup.expect("a safety copy");
    assert_eq!(clients(&Connection::open(safety).expect("opens")), 98);
    let name: String = studio
        .scene
        .open()
        .query_row("SELECT name FROM clients WHERE id = 42", [], |row| row.get(0))
        .expect("she is back");
    assert_eq!(name, "Ana López");
    let line = studio.logged();
    assert_eq!(line["backup"], json!(studio.repository().join(&newest)));
    assert_eq!(
        (&line["outcome"], &line["reason"]),
        (&json!("OK"), &json!("deleted by mistake"))
    );
    assert_eq!(status(studio.bring_back("latest", 4200)), Status::InvalidArgument);
    assert_eq!(status(studio.bring_back("0123456789", 42)), Status::BackupNotFound);
    let left = names(&studio.scene.path("data"));
    assert!(!left.iter().any(|name| name.starts_with(".respaldo")), "{left:?}");
}

#[test]
fn a_backup_that_is_here_too_is_searched_once() {
    let studio = Studio::new();
    studio.scene.create();
    studio.store().archive_push(None, &mut unwatched).expect("pushed");
    // A lost record costs a second snapshot.
    fs::remove_file(studio.scene.backups().join("archive.json")).expect("there");
    studio.store().archive_push(None, &mut unwatched).expect("pushed");
    let found = studio.find("client 42").expect("searched");
    assert_eq!((found.backups, found.found[0].backups), (1, 1));
    assert_eq!(found.found[0].snapshot, None);
    for backup in names(&studio.scene.backups())
        .iter()
        .filter(|name| name.starts_with("backup_"))
    {
        fs::remove_file(studio.scene.backups().join(backup)).expect("there");
    }
    let found = studio.find("client 42").expect("searched");
    assert_eq!((found.backups, found.found[0].backups), (1, 1));
    assert!(found.found[0].snapshot.is_some());
}

#[test]
fn a_snapshot_of_another_database_is_compared_but_neither_searched_nor_taken_from() {
    let studio = Studio::new();
    let other = studio.scene.path("data/other.db");
    make_database(&other, "delete", 7);
    let others = Store::open(Options {
        database: other,
        ..studio.options()
    });
    let others = others.expect("valid");
    studio.scene.set_clock("2026-03-05T16:30:12Z");
    others.create(&mut unwatched).expect("made");
    let snapshot = others.archive_push(None, &mut unwatched).expect("pushed").snapshot;
    assert_eq!(studio.find("client").expect("searched").backups, 0);
    assert_eq!(status(studio.compare("latest")), Status::BackupNotFound);
    assert_eq!(studio.compare(&snapshot).expect("compared").tables[0].only_here, 93);
    assert_eq!(status(studio.bring_back(&snapshot, 1)), Status::DifferentDatabase);
}

#[test]
fn what_restic_stored_is_read_too_and_verified_before_rows_are_taken_from_it() {
    let studio = Studio::new();
    studio.archived(5); // its settings and catalogue
    let plain = studio.scene.path("elsewhere/studio.db");
    fs::create_dir(studio.scene.path("elsewhere")).expect("made");
    make_database(&plain, "wal", 3000);
    studio.restic(&["backup", "elsewhere/studio.db"]);
    studio.run("DELETE FROM clients WHERE id = 42");
    let compared = studio.compare("latest").expect("compared");
    assert_eq!((compared.tables[0].only_there, compared.tables[0].changed), (2901, 99));
    let found = studio.find("client 2999").expect("searched").found; // and whoever has 2999 in the notes, which are random
    assert_eq!(
        found
            .iter()
            .filter(|row| row.title.as_deref() == Some("Client 2999"))
            .count(),
        1
    );
    assert!(studio.bring_back("latest", 42).expect("brought back").applied);

    // A page of the table that is no page any more.
    let size = fs::metadata(&plain).expect("there").len();
    scene::damage(&plain, size / 4096 / 2 * 4096, &[0xff; 64]);
    studio.restic(&["backup", "elsewhere/studio.db"]);
    let before = fs::read(studio.scene.database()).expect("there");
    let error = studio.bring_back("latest", 2000).expect_err("damaged");
    assert_eq!(error.status(), Status::BackupCorrupt);
    assert!(error.path.is_some_and(|path| path.starts_with(studio.repository())));
    assert_eq!(fs::read(studio.scene.database()).expect("there"), before);
    assert_eq!(studio.logged()["outcome"], "BACKUP_CORRUPT");
    assert_eq!(status(studio.compare("latest")), Status::BackupCorrupt);
    let warned = studio.find("client 42").expect("searched").warnings;
    assert_eq!(
        warned.iter().map(|warning| warning.name).collect::<Vec<_>>(),
        ["BACKUP_NOT_SEARCHED"]
    );

    for (text, expected) in [
        ("not a database, and long enough to be read", Status::NotADatabase),
        ("", Status::NotADatabase),
    ] {
        fs::write(&plain, text.repeat(100)).expect("written");
        studio.restic(&["backup", "elsewhere/studio.db"]);
        assert_eq!(status(studio.compare("latest")), expected);
        assert_eq!(status(studio.bring_back("latest", 42)), expected);
    }
}

/// Clients whose photographs cannot be compressed, in about so many MB.
fn photographs(megabytes: u32) -> String {
    format!(
        "ALTER TABLE clients ADD COLUMN photo BLOB;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{})
         INSERT INTO clients(id, name, photo) SELECT 1000 + i, 'Cliente '||i, randomblob(1000) FROM n;",
        megabytes * 1000
    )
}

#[test]
fn a_changed_chunk_is_an_error_that_names_the_snapshot_and_never_another_row() {
    let studio = Studio::new();
    studio.run(&photographs(3));
    let (_, snapshot) = studio.archived(5);
    let whole = (
        studio.history(1500).expect("read").versions,
        studio.compare("latest").expect("compared"),
    );
    studio.run("DELETE FROM clients WHERE id = 1500");
    let pack = largest(&studio.repository().join("data"));
    let bytes = fs::read(&pack).expect("there");
    let mut failed = [0; 4];
    for place in 0..16 {
        scene::damage(
            &pack,
            (bytes.len() * place / 16) as u64,
            &[bytes[bytes.len() * place / 16] ^ 4],
        );
        match studio.history(1500) {
            Ok(history) if history.warnings.is_empty() => assert_eq!(history.versions, whole.0),
            Ok(history) => {
                failed[0] += 1;
                assert!(history.versions.is_empty());
                let warning = &history.warnings[0];
                assert!(
                    warning.name == "BACKUP_NOT_SEARCHED" && warning.message.contains(&snapshot),
                    "{warning:?}"
                );
            }
            Err(error) => unreachable!("{error}"),
        }
        let dry = BringBackRequest {
            dry_run: true,
            ..rows_of("latest", 1500)
        };
        match studio.store().bring_back(&dry, &mut unwatched) {
            Ok(planned) => assert_eq!(planned.plan[0].insert, 1),
            Err(error) => failed[1] += is_damage_of(&error, &snapshot),
        }
        match studio.compare("latest") {
            Ok(compared) => assert_eq!(compared.tables[0].only_there, 1),
            Err(error) => failed[2] += is_damage_of(&error, &snapshot),
        }
        failed[3] += u32::from(!studio.find("cliente 500").expect("searched").warnings.is_empty());
        fs::write(&pack, &bytes).expect("as it was");
    }
    assert!(
        failed[2] >= 12 && failed[3] >= 12,
        "a comparison reads every row: {failed:?}"
    );
    assert!(failed[0] < 8 && failed[1] < 8, "one row does not: {failed:?}");
    assert!(studio.bring_back("latest", 1500).expect("it is whole again").applied);
}

fn is_damage_of(error: &respaldo::Error, snapshot: &str) -> u32 {
    assert_eq!(error.status(), Status::ArchiveDamaged, "{error}");
    assert!(
        error.path.as_ref().is_some_and(|path| path.ends_with(snapshot)),
        "{error:?}"
    );
    1
}

fn largest(folder: &Path) -> PathBuf {
    let folders = fs::read_dir(folder).expect("a folder");
    let files = folders.flat_map(|folder| fs::read_dir(folder.expect("an entry").path()).expect("a folder"));
    let files = files.map(|file| file.expect("an entry").path());
    files
        .max_by_key(|file| fs::metadata(file).map_or(0, |found| found.len()))
        .expect("a pack")
}

/// Whoever holds the archive cannot read it, but can put one chunk where another is: each is encrypted well.
#[test]
fn a_chunk_in_the_place_of_another_is_damage() {
    let studio = Studio::new();
    studio.run(&photographs(3));
    let (_, snapshot) = studio.archived(5);
    let list = String::from_utf8(studio.restic(&["list", "index"])).expect("UTF-8");
    let mut swapped = 0;
    for index in list.lines() {
        let index: Value = serde_json::from_slice(&studio.restic(&["cat", "index", index])).expect("JSON");
        for pack in index["packs"].as_array().expect("packs") {
            let id = pack["id"].as_str().expect("an identifier");
            let path = studio.repository().join("data").join(&id[..2]).join(id);
            let mut of_length: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
            for blob in pack["blobs"]
                .as_array()
                .expect("blobs")
                .iter()
                .filter(|blob| blob["type"] == "data")
            {
                let number = |key: &str| blob[key].as_u64().expect("a number");
                of_length.entry(number("length")).or_default().push(number("offset"));
            }
            for (length, offsets) in of_length.iter().filter(|(_, offsets)| offsets.len() > 1) {
                let bytes = fs::read(&path).expect("there");
                let chunk = |offset: u64| {
                    let start = usize::try_from(offset).expect("small");
                    &bytes[start..start + usize::try_from(*length).expect("small")]
                };
                for pair in offsets.chunks_exact(2) {
                    scene::damage(&path, pair[0], chunk(pair[1]));
                    scene::damage(&path, pair[1], chunk(pair[0]));
                    swapped += 2;
                }
            }
        }
    }
    assert!(swapped > 100, "{swapped} chunks");
    is_damage_of(&studio.compare("latest").expect_err("swapped"), &snapshot);
    let found = studio.find("cliente 1500").expect("searched");
    assert!(found.found.is_empty() && found.warnings.len() == 1, "{found:?}");
}

#[test]
fn each_can_be_cancelled_and_changes_nothing() {
    let studio = Studio::new();
    studio.run(&photographs(1));
    studio.archived(5);
    studio.run("DELETE FROM clients WHERE id = 1500");
    let store = studio.store();
    let request = HistoryRequest {
        table: "clients".to_owned(),
        key: object(json!({"id": 1500})),
        snapshots: true,
    };
    for after in [0, 3] {
        let mut calls = 0;
        let mut stop = |_: Progress| {
            calls += 1;
            if calls > after {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        assert_eq!(status(store.find(&find("cliente"), &mut stop)), Status::Cancelled);
        calls = 0;
        let mut stop = |_: Progress| {
            calls += 1;
            if calls > after {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        assert_eq!(status(store.history(&request, &mut stop)), Status::Cancelled);
        let mut stop = |_: Progress| ControlFlow::Break(());
        assert_eq!(
            status(store.compare(&CompareRequest::of_snapshot("latest"), &mut stop)),
            Status::Cancelled
        );
        assert_eq!(
            status(store.bring_back(&rows_of("latest", 1500), &mut stop)),
            Status::Cancelled
        );
    }
    assert_eq!(clients(&studio.scene.open()), 1099);
}

/// A program that serves a folder, stopped when it is dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(folder: &Path) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its number").port();
        drop(listener);
        let child = Command::new("rclone")
            .args(["serve", "webdav"])
            .arg(folder)
            .args(["--addr", &format!("127.0.0.1:{port}"), "--config", "/dev/null"])
            .stderr(Stdio::null())
            .spawn()
            .expect("rclone, which `make test-archive` says how to install");
        let server = Server { child, port };
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            thread::sleep(Duration::from_millis(100));
        }
        unreachable!("rclone does not serve");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes bytes on to a server, counts those that come back, and passes on no more than it is told.
struct Proxy {
    port: u16,
    back: Arc<AtomicU64>,
    left: Arc<AtomicI64>,
}

impl Proxy {
    fn before(server: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let (back, left) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicI64::new(i64::MAX)));
        let shared = (Arc::clone(&back), Arc::clone(&left));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else {
                    continue;
                };
                for (from, to, is_back) in [(&client, &server, false), (&server, &client, true)] {
                    let (from, to) = (from.try_clone(), to.try_clone());
                    let (back, left) = (Arc::clone(&shared.0), Arc::clone(&shared.1));
                    if let (Ok(from), Ok(to)) = (from, to) {
                        thread::spawn(move || pass_on(from, to, is_back.then_some(&*back), &left));
                    }
                }
            }
        });
        Proxy { port, back, left }
    }

    /// What `work` made come back, and its outcome.
    fn counting<T>(&self, work: impl FnOnce() -> T) -> (u64, T) {
        let before = self.back.load(Ordering::SeqCst);
        let outcome = work();
        (self.back.load(Ordering::SeqCst) - before, outcome)
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, counted: Option<&AtomicU64>, left: &AtomicI64) {
    let mut buffer = [0; 16384];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if let Some(counted) = counted {
            counted.fetch_add(length as u64, Ordering::SeqCst);
        }
        let taken = i64::try_from(length).unwrap_or(i64::MAX);
        if left.fetch_sub(taken, Ordering::SeqCst) < taken || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

#[test]
fn from_a_server_comes_little_more_than_what_is_needed() {
    let mut studio = Studio::new();
    fs::create_dir(studio.scene.path("server")).expect("made");
    let server = Server::start(&studio.scene.path("server"));
    let proxy = Proxy::before(server.port);
    studio.place = ArchivePlace::Server("webdav".to_owned());
    studio.server = vec![
        ("endpoint", format!("http://127.0.0.1:{}", proxy.port)),
        ("root", "/archive".to_owned()),
    ];
    studio.store().archive_init(&mut unwatched).expect("an archive");
    studio.run(&photographs(30));
    studio.archived(5);
    let size = fs::metadata(studio.scene.database()).expect("there").len();
    assert!(size > 30_000_000, "{size}");

    let (one, history) = proxy.counting(|| studio.history(20_000).expect("read"));
    assert_eq!(history.versions.len(), 1);
    println!("a row of {size} bytes: {one} bytes");
    assert!(one * 100 < size * 3, "{one} of {size} bytes for one row");

    // The same contents again, under another name.
    studio.archived(6);
    let (two, history) = proxy.counting(|| studio.history(20_000).expect("read"));
    assert_eq!(history.versions.len(), 1);
    println!("of two equal snapshots: {two} bytes");
    assert!(
        two < one + one / 4,
        "{two} bytes after {one}: equal snapshots are read once"
    );

    // One more day: most chunks are those of the day before.
    studio.run("UPDATE clients SET name = 'Ana López' WHERE id = 20000");
    studio.archived(7);
    let (three, history) = proxy.counting(|| studio.history(20_000).expect("read"));
    assert_eq!(history.versions.len(), 2);
    println!("of three snapshots: {three} bytes");
    assert!(three * 100 < size * 4, "{three} of {size} bytes");

    let (searched, found) = proxy.counting(|| studio.find("lopez").expect("searched"));
    assert_eq!((found.found.len(), found.backups), (1, 3));
    println!("a text in three snapshots: {searched} bytes");
    assert!(
        searched < size + size / 4,
        "{searched} of {size} bytes: what snapshots share is read once"
    );

    studio.run("DELETE FROM clients WHERE id = 20000");
    let (brought, done) = proxy.counting(|| studio.bring_back("latest", 20_000).expect("brought back"));
    assert!(done.applied);
    println!("brought back: {brought} bytes");
    assert!(
        brought * 100 < size * 4,
        "{brought} of {size} bytes to bring one row back"
    );

    let (all, compared) = proxy.counting(|| studio.compare("latest").expect("compared"));
    assert!(compared.identical, "{compared:?}");
    println!("compared: {all} bytes");
    assert!(all < size + size / 4, "{all} of {size} bytes, each once");

    proxy.left.store(300_000, Ordering::SeqCst);
    assert_eq!(status(studio.find("lopez")), Status::ArchiveUnreachable);
    assert_eq!(status(studio.history(20_000)), Status::ArchiveUnreachable);
}

//! The archive on real servers and on disks that fail: down, slow, cut off, full, and its program killed.

#![cfg(all(feature = "archive", target_os = "linux"))]
#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use respaldo::{
    Archive, ArchiveFetchRequest, ArchivePlace, Error, Options, Password, Push, Result, SecretString, Status, Store,
    unwatched,
};
use scene::{Scene, clients_in};

const PASSWORD: &str = "correct horse";

fn archive(place: ArchivePlace, options: &[(&str, &str)]) -> Archive {
    let secret = |(key, value): &(&str, &str)| ((*key).to_owned(), SecretString::from(*value));
    Archive {
        place,
        options: options.iter().map(secret).collect::<BTreeMap<_, _>>(),
        password: Password::Text(SecretString::from(PASSWORD)),
        retention: None,
        push: Push::WhenAsked,
    }
}

fn store(scene: &Scene, archive: &Archive) -> Store {
    let options = Options {
        archive: Some(archive.clone()),
        ..scene.options()
    };
    Store::open(options).expect("valid options")
}

fn push(store: &Store) -> Result<String> {
    store.archive_push(None, &mut unwatched).map(|pushed| pushed.snapshot)
}

fn clients_of(scene: &Scene, store: &Store, snapshot: &str) -> Result<i64> {
    let target = scene.path("fetched.db");
    let _ = fs::remove_file(&target);
    let request = ArchiveFetchRequest {
        snapshot: snapshot.to_owned(),
        target: Some(target.clone()),
    };
    store.archive_fetch(&request, &mut unwatched)?;
    Ok(clients_in(&target))
}

/// One day more, with so many clients more.
fn day(scene: &Scene, day: u32, clients: u32) {
    scene.set_clock(&format!("2026-03-{day:02}T16:30:12Z"));
    scene
        .open()
        .execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{clients})
             INSERT INTO clients(name, notes) SELECT 'Cliente '||i, hex(randomblob(200)) FROM n;"
        ))
        .expect("written");
    scene.create();
}

/// A program that serves a folder, stopped when it is dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn webdav(folder: &Path) -> Server {
        let login = ["--user", "ana", "--pass", "secret-of-the-server"];
        Server::start("rclone", &["serve", "webdav"], folder, &login)
    }

    fn start(program: &str, serve: &[&str], folder: &Path, login: &[&str]) -> Server {
        let port = free_port();
        let child = Command::new(program)
            .args(serve)
            .arg(folder)
            .args(["--addr", &format!("127.0.0.1:{port}"), "--config", "/dev/null"])
            .args(login)
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

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its number").port()
}

fn webdav(port: u16, password: &str) -> Archive {
    let endpoint = format!("http://127.0.0.1:{port}");
    archive(
        ArchivePlace::Server("webdav".to_owned()),
        &[
            ("endpoint", endpoint.as_str()),
            ("root", "/archive"),
            ("username", "ana"),
            ("password", password),
        ],
    )
}

fn status<T: std::fmt::Debug>(result: Result<T>) -> Status {
    result.expect_err("an error").status()
}

#[test]
fn on_a_webdav_server_everything_works_and_what_does_not_says_why() {
    let scene = Scene::new("wal");
    scene.create();
    fs::create_dir(scene.path("server")).expect("made");
    let server = Server::webdav(&scene.path("server"));
    let place = webdav(server.port, "secret-of-the-server");
    let studio = store(&scene, &place);
    assert_eq!(status(push(&studio)), Status::ArchiveNotFound);
    whole_life(&scene, &studio);

    let error: Error = push(&store(&scene, &webdav(server.port, "another-secret"))).expect_err("refused");
    assert_eq!(error.status(), Status::ArchiveUnreachable, "{error}");
    assert!(!format!("{error}").contains("another-secret"), "{error}");
    drop(server);
    let error: Error = push(&studio).expect_err("it is down");
    assert_eq!(error.status(), Status::ArchiveUnreachable, "{error}");
    assert!(!format!("{error}").contains("secret-of-the-server"), "{error}");
}

/// From `init` to `fetch`, with the checks between.
fn whole_life(scene: &Scene, studio: &Store) {
    studio.archive_init(&mut unwatched).expect("made");
    assert_eq!(status(studio.archive_init(&mut unwatched)), Status::TargetExists);
    let first = push(studio).expect("pushed");
    day(scene, 5, 20_000);
    let second = push(studio).expect("pushed");
    assert_eq!(
        studio
            .archive_list(false, &mut unwatched)
            .expect("a list")
            .snapshots
            .len(),
        2
    );
    assert_eq!(clients_of(scene, studio, &first).expect("fetched"), 100);
    assert_eq!(clients_of(scene, studio, &second).expect("fetched"), 20_100);
    studio.archive_check(true, &mut unwatched).expect("whole");
    studio.archive_prune(false, &mut unwatched).expect("pruned");
    let new = Password::Text(SecretString::from("new"));
    studio.archive_key(&new, &mut unwatched).expect("changed");
    assert_eq!(status(push(studio)), Status::ArchiveWrongPassword);
    // The old one again, for what follows.
    let mut renewed = scene.options();
    renewed.archive = studio_archive(studio, new);
    let old = Password::Text(SecretString::from(PASSWORD));
    let renewed = Store::open(renewed).expect("valid");
    renewed.archive_key(&old, &mut unwatched).expect("changed back");
}

fn studio_archive(studio: &Store, password: Password) -> Option<Archive> {
    let archive = studio.archive().cloned();
    archive.map(|archive| Archive { password, ..archive })
}

#[test]
fn on_an_s3_server_everything_works() {
    // Debian's rclone cannot serve S3; `make test-archive` installs one that can.
    let Some(rclone) = env::var_os("RESPALDO_RCLONE_S3") else {
        eprintln!("skipped: RESPALDO_RCLONE_S3 does not name an rclone that serves S3");
        return;
    };
    let scene = Scene::new("wal");
    scene.create();
    fs::create_dir_all(scene.path("server/bucket")).expect("made");
    let login = ["--auth-key", "ana,secret-of-the-server"];
    let rclone = rclone.to_str().expect("UTF-8");
    let server = Server::start(rclone, &["serve", "s3"], &scene.path("server"), &login);
    let endpoint = format!("http://127.0.0.1:{}", server.port);
    let place = archive(
        ArchivePlace::Server("s3".to_owned()),
        &[
            ("endpoint", endpoint.as_str()),
            ("bucket", "bucket"),
            ("root", "/archive"),
            ("region", "us-east-1"),
            ("access_key_id", "ana"),
            ("secret_access_key", "secret-of-the-server"),
        ],
    );
    whole_life(&scene, &store(&scene, &place));
}

/// Passes bytes on to a server, and cuts every connection once it has passed on so many.
struct Proxy {
    port: u16,
    left: Arc<AtomicI64>,
}

impl Proxy {
    fn before(server: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let shared = Arc::clone(&left);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else {
                    continue;
                };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone(), to.try_clone());
                    let left = Arc::clone(&shared);
                    if let (Ok(from), Ok(to)) = (from, to) {
                        thread::spawn(move || pass_on(from, to, &left));
                    }
                }
            }
        });
        Proxy { port, left }
    }

    fn cut_after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::SeqCst);
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, left: &AtomicI64) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let taken = i64::try_from(length).unwrap_or(i64::MAX);
        if left.fetch_sub(taken, Ordering::SeqCst) < taken || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

#[test]
fn a_connection_that_is_cut_anywhere_loses_nothing_that_is_there() {
    let scene = Scene::new("wal");
    scene.create();
    fs::create_dir(scene.path("server")).expect("made");
    let server = Server::webdav(&scene.path("server"));
    let proxy = Proxy::before(server.port);
    let studio = store(&scene, &webdav(proxy.port, "secret-of-the-server"));
    studio.archive_init(&mut unwatched).expect("made");
    let first = push(&studio).expect("pushed");
    day(&scene, 5, 5000);
    let direct = store(&scene, &webdav(server.port, "secret-of-the-server"));
    for bytes in [0, 3_000, 300_000] {
        proxy.cut_after(bytes);
        let error: Error = push(&studio).expect_err("cut");
        assert_eq!(error.status(), Status::ArchiveUnreachable, "after {bytes}: {error}");
        assert_eq!(
            direct
                .archive_list(false, &mut unwatched)
                .expect("a list")
                .snapshots
                .len(),
            1
        );
    }
    proxy.cut_after(i64::MAX);
    let second = push(&studio).expect("pushed");
    assert_eq!(clients_of(&scene, &direct, &first).expect("fetched"), 100);
    assert_eq!(clients_of(&scene, &direct, &second).expect("fetched"), 5100);
    direct.archive_check(true, &mut unwatched).expect("whole");
    proxy.cut_after(200_000);
    assert_eq!(status(clients_of(&scene, &studio, &second)), Status::ArchiveUnreachable);
    assert!(!scene.path("fetched.db").exists());
}

/// Pushes in the folder that the variable names; killed by the test below.
#[test]
fn the_child_pushes() {
    let Some(folder) = env::var_os("RESPALDO_TEST_FOLDER").map(PathBuf::from) else {
        return;
    };
    let options = Options {
        archive: Some(archive(ArchivePlace::Folder(folder.join("stick")), &[])),
        ..Options::new(folder.join("data/studio.db"))
    };
    let _ = push(&Store::open(options).expect("valid"));
}

#[test]
fn killed_at_any_moment_the_archive_is_whole_and_the_next_push_succeeds() {
    let scene = Scene::new("wal");
    scene.create();
    let place = archive(ArchivePlace::Folder(scene.path("stick")), &[]);
    let studio = store(&scene, &place);
    studio.archive_init(&mut unwatched).expect("made");
    let first = push(&studio).expect("pushed");
    day(&scene, 5, 60_000);
    let program = env::current_exe().expect("a path");
    for after in [20, 150, 300, 450, 600, 750, 900, 1050] {
        let mut child = Command::new(&program)
            .args(["--exact", "the_child_pushes"])
            .env("RESPALDO_TEST_FOLDER", scene.folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("started");
        thread::sleep(Duration::from_millis(after));
        child.kill().expect("killed");
        child.wait().expect("ended");
        studio.archive_check(true, &mut unwatched).expect("whole");
        assert_eq!(
            clients_of(&scene, &studio, &first).expect("fetched"),
            100,
            "after {after} ms"
        );
    }
    let second = push(&studio).expect("pushed");
    assert_eq!(clients_of(&scene, &studio, &second).expect("fetched"), 60_100);
}

#[test]
fn a_full_disk_is_said_to_be_full_and_what_is_there_can_be_fetched() {
    let scene = Scene::new("wal");
    scene.create();
    let stick = scene.path("stick");
    fs::create_dir(&stick).expect("made");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"])
        .arg(&stick)
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("skipped: only root can mount a small disk");
        return;
    }
    let place = archive(ArchivePlace::Folder(stick.join("archive")), &[]);
    let studio = store(&scene, &place);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        studio.archive_init(&mut unwatched).expect("made");
        let first = push(&studio).expect("pushed");
        day(&scene, 5, 60_000);
        let full = push(&studio).map_err(|error| error.status());
        let fetched = clients_of(&scene, &studio, &first).map_err(|error| error.status());
        (
            full,
            fetched,
            studio
                .archive_list(false, &mut unwatched)
                .map(|listed| listed.snapshots.len()),
        )
    }));
    let unmounted = Command::new("umount").arg(&stick).status().expect("umount");
    assert!(unmounted.success());
    let (full, fetched, snapshots) = outcome.expect("no panic");
    assert_eq!(full, Err(Status::DiskFull));
    assert_eq!(fetched, Ok(100));
    assert_eq!(snapshots.expect("a list"), 1);
}

//! The archive behind a network that cuts, delays and corrupts, on servers with a wrong certificate or no room, and in places that
//! were damaged: it ends, says why, and never hands out a wrong file.

#![cfg(all(feature = "archive", target_os = "linux"))]
#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;
mod server;

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use respaldo::{Archive, ArchivePlace, Error, Password, Progress, SecretString, Status, Store, unwatched};
use scene::Scene;
use server::proxy::{Harm, Proxy};
use server::{PASSWORD, Server, archive, clients_of, day, push, status, store, webdav};

const LOGIN: &str = "secret-of-the-server";
const ALWAYS: usize = usize::MAX;

/// A studio, a WebDAV server, and a proxy between them.
struct Network {
    scene: Scene,
    server: Server,
    proxy: Proxy,
}

impl Network {
    fn new() -> Network {
        let scene = Scene::new("wal");
        scene.create();
        fs::create_dir(scene.path("server")).expect("made");
        let server = Server::webdav(&scene.path("server"));
        let proxy = Proxy::before(server.port);
        Network { scene, server, proxy }
    }

    /// With an archive that holds one snapshot, and a second backup of 5100 clients.
    fn with_snapshot() -> (Network, String) {
        let network = Network::new();
        network.direct().archive_init(&mut unwatched).expect("made");
        let first = push(&network.direct()).expect("pushed");
        day(&network.scene, 5, 5000);
        (network, first)
    }

    /// The store whose requests pass through the proxy, and which waits so many seconds for an answer.
    fn patient(&self, seconds: &str) -> Store {
        let mut place = webdav(self.proxy.port, LOGIN);
        place
            .options
            .insert("timeout_seconds".to_owned(), SecretString::from(seconds));
        store(&self.scene, &place)
    }

    fn direct(&self) -> Store {
        store(&self.scene, &webdav(self.server.port, LOGIN))
    }

    fn snapshots(&self) -> usize {
        count(&self.direct())
    }

    fn clients(&self, snapshot: &str) -> i64 {
        clients_of(&self.scene, &self.direct(), snapshot).expect("fetched")
    }
}

fn count(store: &Store) -> usize {
    let listed = store.archive_list(false, &mut unwatched).expect("a list");
    assert!(listed.warnings.is_empty(), "{listed:?}");
    listed.snapshots.len()
}

#[test]
fn an_archive_whose_making_was_cut_off_can_be_made_again() {
    for phase in ["PUT /archive/keys/", "PUT /archive/config", "MOVE /archive/config"] {
        let network = Network::new();
        let studio = network.patient("1");
        network.proxy.harm(phase, Harm::RequestCut, ALWAYS);
        let error: Error = studio.archive_init(&mut unwatched).expect_err(phase);
        assert_eq!(error.status(), Status::ArchiveUnreachable, "{phase}: {error}");
        network.proxy.heal();
        studio.archive_init(&mut unwatched).expect(phase);
        let snapshot = push(&studio).expect(phase);
        assert_eq!(network.clients(&snapshot), 100, "{phase}");
    }
}

#[test]
fn a_push_that_is_cut_off_in_any_phase_loses_nothing_that_is_there() {
    let (network, first) = Network::with_snapshot();
    let studio = network.patient("1");
    let (mut today, mut stored) = (5, 1);
    for phase in [
        "PROPFIND /archive/config",
        "GET /archive/config",
        "GET /archive/keys/",
        "PROPFIND /archive/index",
        "GET /archive/index/",
        "PUT /archive/data/",
        "PUT /archive/index/",
        "MOVE /archive/index/",
        "PUT /archive/snapshots/",
        "MOVE /archive/snapshots/",
    ] {
        for harm in [Harm::RequestCut, Harm::AnswerCut] {
            today += 1;
            day(&network.scene, today, 10);
            network.proxy.harm(phase, harm, ALWAYS);
            let outcome = push(&studio).map_err(|error| error.status());
            let seen = network.proxy.seen();
            assert!(seen.iter().any(|line| line.starts_with(phase)), "{phase}");
            network.proxy.heal();
            // A file that has its name is found to have it.
            if phase.starts_with("MOVE") && harm == Harm::AnswerCut {
                outcome.expect(phase);
                stored += 1;
            } else {
                assert_eq!(outcome.err(), Some(Status::ArchiveUnreachable), "{phase} {harm:?}");
            }
            assert_eq!(network.snapshots(), stored, "{phase} {harm:?}");
            assert_eq!(network.clients(&first), 100, "{phase} {harm:?}");
        }
    }
    network.proxy.harm("PUT /archive/snapshots/", Harm::AnswerCut, 1);
    day(&network.scene, today + 1, 10);
    let last = push(&studio).expect("once is made good");
    assert_eq!(network.clients(&last), 5310);
    network.direct().archive_check(true, &mut unwatched).expect("whole");
    let checked = Command::new("restic")
        .args(["--no-cache", "check", "--read-data", "-r"])
        .arg(network.scene.path("server/archive"))
        .env("RESTIC_PASSWORD", PASSWORD)
        .output()
        .expect("restic");
    assert!(checked.status.success(), "{checked:?}");
}

#[test]
fn what_arrives_changed_is_asked_for_again_or_refused() {
    let (network, _) = Network::with_snapshot();
    let second = push(&network.direct()).expect("pushed");
    let studio = network.patient("1");
    for phase in ["GET /archive/keys/", "GET /archive/index/", "GET /archive/snapshots/"] {
        network.proxy.harm(phase, Harm::Flipped, 1);
        assert_eq!(
            clients_of(&network.scene, &studio, &second).expect(phase),
            5100,
            "{phase}"
        );
    }
    for phase in [
        "GET /archive/config",
        "GET /archive/keys/",
        "GET /archive/index/",
        "GET /archive/snapshots/",
        "GET /archive/data/",
    ] {
        network.proxy.harm(phase, Harm::Flipped, ALWAYS);
        let refused = clients_of(&network.scene, &studio, &second);
        let expected = match phase {
            // One snapshot that cannot be read is not listed, so that the others can be.
            "GET /archive/snapshots/" => Status::BackupNotFound,
            _ => Status::ArchiveDamaged,
        };
        assert_eq!(status(refused), expected, "{phase}");
        assert!(!network.scene.path("fetched.db").exists(), "{phase}");
    }
    network.proxy.heal();
    assert_eq!(
        clients_of(&network.scene, &studio, &second).expect("nothing is wrong"),
        5100
    );
}

#[test]
fn a_server_that_does_not_answer_is_given_up_and_the_call_can_be_cancelled_before() {
    let (network, first) = Network::with_snapshot();
    for phase in [
        "PROPFIND /archive/config",
        "GET /archive/index/",
        "PROPFIND /archive/snapshots/",
    ] {
        network.proxy.harm(phase, Harm::Silence, ALWAYS);
        let error: Error = network
            .patient("1")
            .archive_list(false, &mut unwatched)
            .expect_err(phase);
        assert_eq!(error.status(), Status::ArchiveUnreachable, "{phase}: {error}");
        assert!(format!("{error}").contains("no answer"), "{phase}: {error}");
    }
    network.proxy.harm("PUT /archive/index/", Harm::Silence, ALWAYS);
    assert_eq!(status(push(&network.patient("1"))), Status::ArchiveUnreachable);
    let patience = Duration::from_secs(600);
    let studio = network.patient("600");
    for phase in ["GET /archive/index/", "PUT /archive/data/"] {
        network.proxy.harm(phase, Harm::Silence, ALWAYS);
        let started = Instant::now();
        let mut cancel = |_: Progress| {
            let is_waiting = network.proxy.seen().iter().any(|line| line.starts_with(phase));
            if is_waiting {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        assert_eq!(
            status(studio.archive_push(None, &mut cancel)),
            Status::Cancelled,
            "{phase}"
        );
        assert!(started.elapsed() < patience, "it has waited for the server");
    }
    network.proxy.heal();
    assert_eq!(network.clients(&first), 100);
    push(&studio).expect("again");
}

#[test]
fn a_slow_connection_has_the_time_that_its_bytes_take() {
    let (network, _) = Network::with_snapshot();
    network.proxy.harm("PUT /archive/data/", Harm::Slow, 1);
    let second = push(&network.patient("1")).expect("it only takes longer");
    assert_eq!(network.clients(&second), 5100);
}

#[test]
fn a_server_that_lists_one_folder_at_a_time_is_enough() {
    let (network, _) = Network::with_snapshot();
    let studio = network.patient("30");
    push(&studio).expect("pushed");
    // The proxy refuses to list all that is below a folder.
    studio.archive_check(true, &mut unwatched).expect("whole");
    studio.archive_prune(false, &mut unwatched).expect("pruned");
    network.direct().archive_check(true, &mut unwatched).expect("whole");
}

#[test]
fn a_server_without_room_is_full_and_loses_nothing() {
    let (network, first) = Network::with_snapshot();
    let studio = network.patient("1");
    for phase in ["PUT /archive/data/", "PUT /archive/index/", "PUT /archive/snapshots/"] {
        network.proxy.harm(phase, Harm::Refused(507), ALWAYS);
        let refused = push(&studio);
        if phase == "PUT /archive/data/" {
            assert_eq!(network.snapshots(), 1);
        }
        assert_eq!(status(refused), Status::DiskFull, "{phase}");
    }
    network.proxy.heal();
    let second = push(&studio).expect("there is room again");
    assert_eq!((network.clients(&first), network.clients(&second)), (100, 5100));
}

#[test]
fn a_server_on_a_full_disk_keeps_what_it_has() {
    let scene = Scene::new("wal");
    scene.create();
    let disk = scene.path("server");
    fs::create_dir(&disk).expect("made");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"])
        .arg(&disk)
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("skipped: only root can mount a small disk");
        return;
    }
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let server = Server::webdav(&disk);
        let studio = store(&scene, &webdav(server.port, LOGIN));
        studio.archive_init(&mut unwatched).expect("made");
        let first = push(&studio).expect("pushed");
        day(&scene, 5, 60_000);
        let full: Error = push(&studio).expect_err("there is no room");
        (
            full,
            count(&studio),
            clients_of(&scene, &studio, &first).map_err(|error| error.status()),
        )
    }));
    let unmounted = Command::new("umount")
        .arg("--lazy")
        .arg(&disk)
        .status()
        .expect("umount");
    assert!(unmounted.success());
    let (full, snapshots, fetched) = outcome.expect("no panic");
    // This server does not say why it refuses a file.
    assert!(
        [Status::DiskFull, Status::ArchiveUnreachable].contains(&full.status()),
        "{full}"
    );
    assert_eq!((snapshots, fetched), (1, Ok(100)));
}

#[test]
fn two_who_push_to_one_server_at_once_both_get_there() {
    let (network, first) = Network::with_snapshot();
    let slow = network.patient("30");
    network.proxy.harm("PUT /archive/snapshots/", Harm::Slow, 1);
    let (mine, theirs) = thread::scope(|scope| {
        let mine = scope.spawn(|| push(&slow).expect("pushed"));
        let theirs = push(&network.direct()).expect("pushed");
        (mine.join().expect("no panic"), theirs)
    });
    for (snapshot, clients) in [(&first, 100), (&mine, 5100), (&theirs, 5100)] {
        assert_eq!(network.clients(snapshot), clients);
    }
    network.direct().archive_check(true, &mut unwatched).expect("whole");
}

/// Runs openssl in a folder.
fn openssl(folder: &Path, arguments: &[&str]) {
    let made = Command::new("openssl").args(arguments).current_dir(folder).output();
    let made = made.expect("openssl");
    assert!(made.status.success(), "{made:?}");
}

/// A NAS with a certificate of its own authority, and one that signed its certificate itself.
#[test]
fn a_certificate_is_trusted_only_by_its_authority() {
    let scene = Scene::new("wal");
    scene.create();
    let folder = scene.path("certificates");
    fs::create_dir(&folder).expect("made");
    fs::create_dir(scene.path("server")).expect("made");
    let authority = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"];
    for name in ["ours", "another"] {
        let (key, file) = (format!("{name}.key"), format!("{name}.pem"));
        let named = ["-subj", "/CN=Authority", "-keyout", &key, "-out", &file];
        openssl(&folder, &[&authority[..], &named].concat());
    }
    let request = ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=nas"];
    openssl(
        &folder,
        &[&request[..], &["-keyout", "nas.key", "-out", "nas.csr"]].concat(),
    );
    fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1").expect("written");
    let sign = ["x509", "-req", "-in", "nas.csr", "-days", "30", "-extfile", "names"];
    let signed = [
        "-CA",
        "ours.pem",
        "-CAkey",
        "ours.key",
        "-CAcreateserial",
        "-out",
        "nas.pem",
    ];
    openssl(&folder, &[&sign[..], &signed].concat());

    let file = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    let (certificate, key) = (file("nas.pem"), file("nas.key"));
    let login = ["--user", "ana", "--pass", LOGIN, "--cert", &certificate, "--key", &key];
    let server = Server::start("rclone", &["serve", "webdav"], &scene.path("server"), &login);
    let studio = |authority: Option<&str>| {
        let mut place = webdav(server.port, LOGIN);
        let endpoint = format!("https://127.0.0.1:{}", server.port);
        place
            .options
            .insert("endpoint".to_owned(), SecretString::from(endpoint));
        if let Some(name) = authority {
            place
                .options
                .insert("ca_file".to_owned(), SecretString::from(file(name)));
        }
        store(&scene, &place)
    };
    for authority in [None, Some("another.pem")] {
        let error: Error = studio(authority).archive_init(&mut unwatched).expect_err("not trusted");
        assert_eq!(error.status(), Status::ArchiveUnreachable, "{error}");
        assert!(format!("{error}").contains("certificate"), "{error}");
    }
    let trusting = studio(Some("ours.pem"));
    trusting.archive_init(&mut unwatched).expect("made");
    let snapshot = push(&trusting).expect("pushed");
    assert_eq!(clients_of(&scene, &trusting, &snapshot).expect("fetched"), 100);
    drop(server);
    // Signed by itself, as openssl makes them: an authority that is a server.
    let (certificate, key) = (file("another.pem"), file("another.key"));
    let login = ["--user", "ana", "--pass", LOGIN, "--cert", &certificate, "--key", &key];
    let server = Server::start("rclone", &["serve", "webdav"], &scene.path("server"), &login);
    let studio = |authority: &str| {
        let mut place = webdav(server.port, LOGIN);
        let endpoint = format!("https://127.0.0.1:{}", server.port);
        place
            .options
            .insert("endpoint".to_owned(), SecretString::from(endpoint));
        place
            .options
            .insert("ca_file".to_owned(), SecretString::from(file(authority)));
        store(&scene, &place)
    };
    let trusting = studio("another.pem");
    assert_eq!(clients_of(&scene, &trusting, &snapshot).expect("fetched"), 100);
    let error: Error = push(&studio("ours.pem")).expect_err("not trusted");
    assert!(format!("{error}").contains("certificate"), "{error}");
    for name in ["nas.key", "missing"] {
        assert_eq!(status(push(&studio(name))), Status::IoError, "{name}");
    }
}

#[test]
fn an_option_of_the_connection_that_makes_no_sense_is_refused() {
    let scene = Scene::new("wal");
    scene.create();
    for seconds in ["0", "-1", "soon", "3601"] {
        let mut place = webdav(1, LOGIN);
        place
            .options
            .insert("timeout_seconds".to_owned(), SecretString::from(seconds));
        let refused = store(&scene, &place).archive_init(&mut unwatched);
        assert_eq!(status(refused), Status::InvalidArgument, "{seconds}");
    }
}

/// An archive in a folder, with one snapshot.
fn on_a_stick() -> (Scene, Archive, String) {
    let scene = Scene::new("wal");
    scene.create();
    let place = archive(ArchivePlace::Folder(scene.path("stick")), &[]);
    let studio = store(&scene, &place);
    studio.archive_init(&mut unwatched).expect("made");
    let snapshot = push(&studio).expect("pushed");
    (scene, place, snapshot)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

#[test]
fn a_damaged_key_is_no_wrong_password_and_another_key_opens() {
    let (scene, place, snapshot) = on_a_stick();
    let keys = scene.path("stick/keys");
    let [key] = &files(&keys)[..] else {
        unreachable!("one key");
    };
    let whole = fs::read(key).expect("there");
    // In the middle of the encrypted master key: still JSON.
    let at = String::from_utf8_lossy(&whole).find("\"data\":\"").expect("its field") + 20;
    let mut flipped = whole.clone();
    flipped[at] = if flipped[at] == b'A' { b'B' } else { b'A' };
    for damaged in [&flipped[..], &whole[..whole.len() / 2], b""] {
        fs::write(key, damaged).expect("written");
        assert_eq!(status(push(&store(&scene, &place))), Status::ArchiveDamaged);
    }
    fs::write(key, &whole).expect("written");
    // Another password, whose key the damaged one lies beside.
    let added = Command::new("restic")
        .args(["--no-cache", "key", "add", "--new-password-file"])
        .arg({
            let file = scene.path("another");
            fs::write(&file, "another").expect("written");
            file
        })
        .arg("-r")
        .arg(scene.path("stick"))
        .env("RESTIC_PASSWORD", PASSWORD)
        .output()
        .expect("restic");
    assert!(added.status.success(), "{added:?}");
    fs::write(key, &flipped).expect("written");
    let another = Archive {
        password: Password::Text(SecretString::from("another")),
        ..place.clone()
    };
    assert_eq!(
        clients_of(&scene, &store(&scene, &another), &snapshot).expect("fetched"),
        100
    );
    assert_eq!(status(push(&store(&scene, &place))), Status::ArchiveDamaged);
}

#[test]
fn an_archive_without_its_config_is_damaged_and_not_made_anew_over_it() {
    let (scene, place, snapshot) = on_a_stick();
    let studio = store(&scene, &place);
    let config = fs::read(scene.path("stick/config")).expect("there");
    fs::remove_file(scene.path("stick/config")).expect("removed");
    assert_eq!(status(push(&studio)), Status::ArchiveDamaged);
    assert_eq!(status(studio.archive_init(&mut unwatched)), Status::ArchiveDamaged);
    assert_eq!(files(&scene.path("stick/keys")).len(), 1);
    fs::write(scene.path("stick/config"), config).expect("written");
    assert_eq!(clients_of(&scene, &studio, &snapshot).expect("fetched"), 100);
}

//! The archive on real servers, and on a disk that is full.

#![cfg(all(feature = "archive", target_os = "linux"))]
#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;
mod server;

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use respaldo::{Archive, ArchivePlace, Error, Password, SecretString, Status, Store, unwatched};
use scene::Scene;
use server::{PASSWORD, Server, archive, clients_of, day, free_port, push, status, store, wait_for, webdav};

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

/// The way to every place that this library does not speak to itself: rclone serves it as WebDAV.
#[test]
fn an_sftp_server_is_reached_through_rclone() {
    const SSHD: &str = "/usr/sbin/sshd";
    if !Path::new(SSHD).exists() {
        eprintln!("skipped: apt-get install openssh-server");
        return;
    }
    let scene = Scene::new("wal");
    scene.create();
    let folder = scene.path("ssh");
    fs::create_dir_all(folder.join("files")).expect("made");
    // sshd wants this folder, which the system makes at its start.
    let _ = fs::create_dir("/run/sshd");
    for key in ["host", "user"] {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(folder.join(key))
            .status();
        assert!(made.expect("ssh-keygen").success());
    }
    let port = free_port();
    let shown = folder.display();
    let configuration = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {shown}/host\nAuthorizedKeysFile {shown}/user.pub\n\
         StrictModes no\nUsePAM no\nPidFile none\nSubsystem sftp internal-sftp\n"
    );
    fs::write(folder.join("config"), configuration).expect("written");
    let mut ssh = Command::new(SSHD)
        .args(["-D", "-e", "-f"])
        .arg(folder.join("config"))
        .stderr(Stdio::null())
        .spawn()
        .expect("sshd");
    let user = Command::new("id").arg("-un").output().expect("id").stdout;
    let user = String::from_utf8(user).expect("UTF-8");
    let remote = format!(
        ":sftp,host=127.0.0.1,port={port},user={},key_file={shown}/user,shell_type=none:{shown}/files",
        user.trim()
    );
    wait_for(port);
    let bridge = Server::webdav(Path::new(&remote));
    let outcome = std::panic::catch_unwind(|| {
        whole_life(&scene, &store(&scene, &webdav(bridge.port, "secret-of-the-server")));
    });
    ssh.kill().expect("killed");
    ssh.wait().expect("ended");
    assert!(outcome.is_ok());
    assert!(folder.join("files/archive/config").exists());
}

//! Stores with an archive on a real server, and what stands between them.

#![allow(dead_code, reason = "each test file uses its own part of it")]
#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

pub mod proxy;

use std::collections::BTreeMap;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use respaldo::{
    Archive, ArchiveFetchRequest, ArchivePlace, Options, Password, Push, Result, SecretString, Status, Store, unwatched,
};

use crate::scene::{Scene, clients_in};

pub const PASSWORD: &str = "correct horse";

pub fn archive(place: ArchivePlace, options: &[(&str, &str)]) -> Archive {
    let secret = |(key, value): &(&str, &str)| ((*key).to_owned(), SecretString::from(*value));
    Archive {
        place,
        options: options.iter().map(secret).collect::<BTreeMap<_, _>>(),
        password: Password::Text(SecretString::from(PASSWORD)),
        retention: None,
        push: Push::WhenAsked,
        wait: Duration::ZERO,
    }
}

pub fn store(scene: &Scene, archive: &Archive) -> Store {
    let options = Options {
        archive: Some(archive.clone()),
        ..scene.options()
    };
    Store::open(options).expect("valid options")
}

pub fn push(store: &Store) -> Result<String> {
    store.archive_push(None, &mut unwatched).map(|pushed| pushed.snapshot)
}

pub fn clients_of(scene: &Scene, store: &Store, snapshot: &str) -> Result<i64> {
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
pub fn day(scene: &Scene, day: u32, clients: u32) {
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
pub struct Server {
    child: Child,
    pub port: u16,
}

impl Server {
    pub fn webdav(folder: &Path) -> Server {
        let login = ["--user", "ana", "--pass", "secret-of-the-server"];
        Server::start("rclone", &["serve", "webdav"], folder, &login)
    }

    pub fn start(program: &str, serve: &[&str], folder: &Path, login: &[&str]) -> Server {
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
        wait_for(port);
        server
    }
}

/// Waits for a server that is starting.
pub fn wait_for(port: u16) {
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    unreachable!("it does not serve");
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its number").port()
}

pub fn webdav(port: u16, password: &str) -> Archive {
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

pub fn status<T: std::fmt::Debug>(result: Result<T>) -> Status {
    result.expect_err("an error").status()
}

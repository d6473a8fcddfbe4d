//! A restore beside programs that never pause: it gets in, as any writer does.
//!
//! They are processes of their own, as SQLite's locks mean them: this test program again, told by the environment what to
//! be.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it does not expect"
)]

mod scene;

use std::env;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{self, Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use respaldo::{Options, RestoreRequest, Store, unwatched};
use rusqlite::Connection;
use scene::{Scene, clients, make_database};

const ROLE: &str = "RESPALDO_TEST_ROLE";
const DATABASE: &str = "RESPALDO_TEST_DATABASE";
const SCAN: &str = "SELECT sum(length(a.notes) + b.id) FROM clients a, (SELECT id FROM clients LIMIT 50) b";

/// Another process that reads or writes without a pause until it is killed.
struct Restless(Child);

impl Restless {
    fn start(scene: &Scene, role: &str) -> Restless {
        let mut process = Command::new(env::current_exe().expect("this program"))
            .args(["--exact", "restless", "--nocapture", "--ignored"])
            .env(ROLE, role)
            .env(DATABASE, scene.database())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let output = BufReader::new(process.stdout.take().expect("piped"));
        let at_work = output.lines().any(|line| line.expect("text").contains("at work"));
        assert!(at_work, "the {role} could not begin");
        Restless(process)
    }
}

impl Drop for Restless {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "what the other process does, and no test"]
fn restless() {
    let Ok(role) = env::var(ROLE) else { return };
    // Ends with the test, however that ends.
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        process::exit(0);
    });
    let connection = Connection::open(env::var_os(DATABASE).expect("a path")).expect("opens");
    connection.busy_timeout(Duration::from_secs(60)).expect("set");
    let mut rounds = 0;
    loop {
        let done = match role.as_str() {
            "reader" => connection.query_row(SCAN, [], |_| Ok(())).map(drop),
            _ => connection
                .execute("UPDATE clients SET notes = notes WHERE id = 1", [])
                .map(drop),
        };
        // Two writers can keep each other from it.
        if done.is_ok() {
            rounds += 1;
        }
        if rounds == 10 {
            println!("at work");
        }
    }
}

fn restores_beside(mode: &str, roles: &[&str]) {
    let scene = Scene::empty();
    make_database(&scene.database(), mode, 2_000);
    let backup = scene.create().backup.name;
    scene
        .open()
        .execute_batch("DELETE FROM clients WHERE id > 1000")
        .expect("deleted");
    let store = Store::open(Options {
        busy_timeout: Duration::from_secs(30),
        ..scene.options()
    })
    .expect("valid");
    let others: Vec<Restless> = roles.iter().map(|role| Restless::start(&scene, role)).collect();
    let restored = store.restore(&RestoreRequest::of(&backup), &mut unwatched);
    drop(others);
    let restored = restored.unwrap_or_else(|error| panic!("{mode}, beside {roles:?}: {error}"));
    assert_eq!(clients(&scene.open()), 2_000);
    assert!(restored.safety_backup.is_some());
}

#[test]
fn two_readers_that_never_pause_let_a_restore_in() {
    for mode in ["delete", "wal"] {
        restores_beside(mode, &["reader", "reader"]);
    }
}

#[test]
fn two_writers_that_never_pause_let_a_restore_in() {
    for mode in ["delete", "wal"] {
        restores_beside(mode, &["writer", "writer"]);
    }
}

//! The archive in an S3 bucket that keeps what was written: with a key that may not delete, and with one that may, in the wrong hands.

#![cfg(all(feature = "archive", target_os = "linux"))]
#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use respaldo::{
    Archive, ArchiveFetchRequest, ArchivePlace, Options, Password, Push, Retention, SecretString, Status, Store,
    unwatched,
};
use scene::{Scene, clients_in};
use serde_json::Value;

/// The server, stopped when it is dropped.
struct Bucket {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    told: Value,
}

impl Bucket {
    /// `None` where `make test-archive` has not installed the server.
    fn start() -> Option<Bucket> {
        let Some(python) = env::var_os("RESPALDO_MOTO") else {
            eprintln!("skipped: RESPALDO_MOTO does not name a Python with moto");
            return None;
        };
        let mut child = Command::new(python)
            .args(["-B", "tests/object_lock/bucket.py"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let questions = child.stdin.take().expect("piped");
        let mut answers = BufReader::new(child.stdout.take().expect("piped"));
        let told = line(&mut answers);
        Some(Bucket {
            child,
            questions,
            answers,
            told,
        })
    }

    fn ask(&mut self, question: &str) -> Value {
        writeln!(self.questions, "{question}").expect("asked");
        line(&mut self.answers)
    }

    /// The files that are there, without their older versions and the deleted ones.
    fn visible(&mut self) -> Value {
        self.ask("state")["visible"].take()
    }

    fn archive(&self, user: &str) -> Archive {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let options = [
            ("endpoint", text(&self.told["endpoint"])),
            ("bucket", text(&self.told["bucket"])),
            ("root", "/archive".to_owned()),
            ("region", "us-east-1".to_owned()),
            // Amazon wants a checksum with everything that is put under a lock.
            ("checksum_algorithm", "md5".to_owned()),
            ("access_key_id", text(&self.told[user][0])),
            ("secret_access_key", text(&self.told[user][1])),
        ];
        Archive {
            place: ArchivePlace::Server("s3".to_owned()),
            options: options
                .map(|(key, value)| (key.to_owned(), SecretString::from(value)))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            password: Password::Text(SecretString::from("correct horse")),
            retention: Some(Retention::last(1)),
            push: Push::WhenAsked,
            wait: Duration::ZERO,
        }
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line(answers: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    answers.read_line(&mut line).expect("an answer");
    serde_json::from_str(&line).expect("JSON")
}

fn store(scene: &Scene, archive: Archive) -> Store {
    let options = Options {
        archive: Some(archive),
        ..scene.options()
    };
    Store::open(options).expect("valid options")
}

/// Two days, each with a snapshot.
fn two_days(scene: &Scene, studio: &Store) -> [String; 2] {
    scene.create();
    studio.archive_init(&mut unwatched).expect("made");
    let first = studio.archive_push(None, &mut unwatched).expect("pushed").snapshot;
    scene.set_clock("2026-03-05T16:30:12Z");
    scene
        .open()
        .execute_batch("DELETE FROM clients WHERE id > 60")
        .expect("written");
    scene.create();
    let second = studio.archive_push(None, &mut unwatched).expect("pushed").snapshot;
    [first, second]
}

/// The clients in a snapshot that is fetched into a new file.
fn clients_of(scene: &Scene, studio: &Store, snapshot: &str) -> i64 {
    let target = scene.path("fetched.db");
    let _ = fs::remove_file(&target);
    let request = ArchiveFetchRequest {
        snapshot: snapshot.to_owned(),
        target: Some(target.clone()),
    };
    studio.archive_fetch(&request, &mut unwatched).expect("fetched");
    clients_in(&target)
}

fn snapshots(studio: &Store) -> usize {
    let listed = studio.archive_list(false, &mut unwatched).expect("a list");
    listed.snapshots.len()
}

#[test]
fn with_a_key_that_may_not_delete_all_but_prune_works_and_that_changes_nothing() {
    let Some(mut bucket) = Bucket::start() else { return };
    let scene = Scene::new("wal");
    let studio = store(&scene, bucket.archive("writer"));
    let [first, second] = two_days(&scene, &studio);
    assert_eq!(snapshots(&studio), 2);
    assert_eq!(clients_of(&scene, &studio, &first), 100);
    assert_eq!(clients_of(&scene, &studio, &second), 60);
    studio.archive_check(true, &mut unwatched).expect("whole");

    let before = bucket.ask("state");
    let plan = studio
        .archive_prune(true, &mut unwatched)
        .expect("a plan needs no right to delete");
    assert_eq!(plan.removed.len(), 1);
    for language in [respaldo::Language::Spanish, respaldo::Language::English] {
        let error = studio.archive_prune(false, &mut unwatched).expect_err("refused");
        assert_eq!(error.status(), Status::PermissionDenied, "{error}");
        let report = serde_json::to_value(error.report(language)).expect("JSON");
        let message = report["error"]["message"].as_str().expect("a text");
        assert!(message.contains("opendal:s3"), "{message}");
    }
    let another = Password::Text(SecretString::from("another"));
    let error = studio.archive_key(&another, &mut unwatched).expect_err("refused");
    assert_eq!(error.status(), Status::PermissionDenied, "{error}");
    assert_eq!(bucket.ask("state"), before, "nothing was changed, and no lock was left");
}

#[test]
fn what_ransomware_deletes_with_the_studios_own_key_comes_back() {
    let Some(mut bucket) = Bucket::start() else { return };
    let scene = Scene::new("wal");
    let studio = store(&scene, bucket.archive("deleter"));
    let [first, second] = two_days(&scene, &studio);
    // A key that may delete can prune; the lock keeps what it deletes.
    let versions = bucket.ask("state")["versions"].clone();
    assert_eq!(
        studio
            .archive_prune(false, &mut unwatched)
            .expect("pruned")
            .removed
            .len(),
        1
    );
    assert_eq!(snapshots(&studio), 1);
    assert!(bucket.ask("state")["versions"].as_u64() >= versions.as_u64());

    let attack = bucket.ask("attack");
    assert_eq!(attack["tried"], attack["refused"], "{attack}");
    assert_eq!(bucket.visible().as_array().map(Vec::len), Some(0));
    let error = studio
        .archive_list(false, &mut unwatched)
        .expect_err("all of it is gone");
    assert_eq!(error.status(), Status::ArchiveNotFound, "{error}");

    bucket.ask("undelete");
    assert_eq!(snapshots(&studio), 2, "the pruned one too");
    assert_eq!(clients_of(&scene, &studio, &second), 60);
    assert_eq!(clients_of(&scene, &studio, &first), 100);
    studio.archive_check(true, &mut unwatched).expect("whole");
}

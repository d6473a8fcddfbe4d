//! Memory stays small however large a salvaged file is. In a process of its own: what is measured is its peak.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;

use respaldo::{SalvageRequest, unwatched};
use rusqlite::Connection;
use scene::Scene;

#[test]
fn memory_does_not_grow_with_the_file() {
    const MEGABYTES: usize = 150;
    let scene = Scene::empty();
    let made = Connection::open(scene.database()).expect("opens").execute_batch(&format!(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, x BLOB); CREATE TABLE u(x);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{}) INSERT INTO t SELECT i, zeroblob(3900) FROM n;",
        MEGABYTES * 256
    ));
    made.expect("made");
    let root: i64 = scene
        .open()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'u'", [], |row| {
            row.get(0)
        })
        .expect("a page");
    let at = u64::try_from(root - 1).expect("small") * 4096;
    scene::damage(&scene.database(), at, &[0xee; 4096]);
    let peak = || {
        let status = fs::read_to_string("/proc/self/status").expect("Linux");
        let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("a peak");
        line.split_whitespace()
            .nth(1)
            .and_then(|kilobytes| kilobytes.parse::<usize>().ok())
            .expect("a number")
    };
    fs::write("/proc/self/clear_refs", "5").expect("the peak starts anew");
    let before = peak();
    let request = SalvageRequest::default();
    let salvaged = scene.store().salvage(&request, &mut unwatched).expect("salvaged");
    let grown = peak().saturating_sub(before) / 1024;
    assert_eq!(
        salvaged.tables.iter().map(|table| table.rows).sum::<u64>(),
        MEGABYTES as u64 * 256
    );
    println!("{grown} MB for a file of {MEGABYTES} MB");
    assert!(grown < MEGABYTES / 3, "{grown} MB");
}

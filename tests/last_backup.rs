//! When the last backup was made.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use std::fs;

use respaldo::LastBackup;
use scene::Scene;

#[test]
fn the_last_backup_is_what_the_settings_say_or_else_the_newest_file() {
    let scene = Scene::new("delete");
    let last = || scene.store().last_backup().expect("an answer");
    let none = LastBackup {
        last_backup_at: None,
        display: "—".into(),
    };
    assert_eq!(last(), none);
    scene.put_whole_backup("backup_20260301_090000.db");
    scene.put_backup("backup_20260302_090000.db", b"not a backup at all");
    assert_eq!(last().display, "01/03/2026 09:00");
    let created = scene.create();
    assert_eq!(last().last_backup_at.as_deref(), Some("2026-03-04T09:30:12-07:00"));
    // Moved to an external drive it still was the last one.
    fs::remove_file(&created.backup.path).expect("moved");
    assert_eq!(last().display, "04/03/2026 09:30");
    for unusable in [
        "",
        "{}",
        "[]",
        "{\"last_backup_at\": null}",
        "{\"last_backup_at\": \"ayer\"}",
        "{\"last_backup_at\": 5}",
    ] {
        fs::write(scene.path("data/settings.json"), unusable).expect("written");
        assert_eq!(last().display, "01/03/2026 09:00", "{unusable}");
    }
}

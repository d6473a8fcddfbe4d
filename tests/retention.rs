//! The option `retention`: what stays by day, week, month, year and bytes, and the sentence that says why.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use respaldo::{Language, Options, Reason, Retention, Store, unwatched};
use scene::{Scene, names};

/// The clock says Wednesday, 4 March 2026.
const DAYS: [&str; 7] = [
    "20241224", "20251231", "20260131", "20260222", "20260301", "20260302", "20260303",
];

fn studio() -> Scene {
    let scene = Scene::new("delete");
    for day in DAYS {
        scene.put_whole_backup(&format!("backup_{day}_080000.db"));
        scene.put_whole_backup(&format!("backup_{day}_090000.db"));
    }
    scene
}

fn store(scene: &Scene, retention: Retention, language: Language) -> Store {
    let options = Options {
        retention: Some(retention),
        language,
        ..scene.options()
    };
    Store::open(options).expect("valid")
}

#[test]
fn a_day_a_week_a_month_and_a_year_each_keep_their_last_and_say_so() {
    let scene = studio();
    let retention = Retention {
        days: 2,
        weeks: 3,
        months: 3,
        years: 3,
        ..Retention::last(1)
    };
    let store = store(&scene, retention, Language::Spanish);
    let planned = store.prune(true).expect("planned");
    let kept: Vec<(&str, &str)> = planned.kept.iter().map(|d| (&d.name[7..17], d.text.as_str())).collect();
    assert_eq!(
        kept,
        [
            ("20260303_0", "se conserva: es de los más recientes"),
            ("20260302_0", "se conserva: último del día 02/03/2026"),
            ("20260301_0", "se conserva: último de la semana 9"),
            ("20260222_0", "se conserva: último de la semana 8"),
            ("20260131_0", "se conserva: último de enero de 2026"),
            ("20251231_0", "se conserva: último del año 2025"),
            ("20241224_0", "se conserva: último del año 2024"),
        ]
    );
    assert!(planned.kept.iter().all(|decision| decision.name.ends_with("090000.db")));
    assert!(
        planned
            .removed
            .iter()
            .all(|decision| decision.text.starts_with("se borraría: "))
    );
    let pruned = store.prune(false).expect("pruned");
    let name = |decisions: &[respaldo::Decision]| -> Vec<String> { decisions.iter().map(|d| d.name.clone()).collect() };
    assert_eq!(
        name(&pruned.kept),
        name(&planned.kept),
        "a dry run says what a prune does"
    );
    assert_eq!(name(&pruned.removed), name(&planned.removed));
    assert!(
        pruned
            .removed
            .iter()
            .all(|decision| decision.text.starts_with("se borró: "))
    );
    assert_eq!(names(&scene.backups()).len(), DAYS.len());
}

#[test]
fn beyond_the_bytes_the_oldest_go() {
    let scene = studio();
    let size = std::fs::metadata(scene.backups().join("backup_20260303_090000.db"))
        .expect("there")
        .len();
    let retention = Retention {
        bytes: Some(3 * size),
        ..Retention::last(20)
    };
    let pruned = store(&scene, retention, Language::English)
        .prune(false)
        .expect("pruned");
    assert_eq!(
        names(&scene.backups()),
        [
            "backup_20260302_090000.db",
            "backup_20260303_080000.db",
            "backup_20260303_090000.db"
        ]
    );
    assert!(
        pruned
            .removed
            .iter()
            .all(|decision| decision.reason == Reason::OverBytes)
    );
    assert_eq!(
        pruned.removed[0].text,
        "deleted: all together would take more room than allowed"
    );
}

#[test]
fn a_backup_that_was_just_made_stays_whatever_the_policy_says() {
    let scene = studio();
    let retention = Retention {
        bytes: Some(1),
        ..Retention::last(1)
    };
    // By a clock that was set back, all others are newer.
    scene.set_clock("2024-06-01T16:00:00Z");
    let created = store(&scene, retention, Language::Spanish)
        .create(&mut unwatched)
        .expect("a backup");
    assert!(scene.backups().join(&created.backup.name).exists());
    assert_eq!(
        created.removed,
        <[&str; 0]>::default(),
        "what is dated in the future is not judged"
    );
}

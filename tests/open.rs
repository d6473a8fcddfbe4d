//! Opening a store.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

mod scene;

use respaldo::{Options, Status, Store};
use scene::Scene;

#[test]
fn options_are_checked_when_the_store_is_opened() {
    let scene = Scene::empty();
    let refused = |options: Options| Store::open(options).expect_err("refused").status();
    assert_eq!(
        refused(Options {
            timezone: "Mars/Olympus".into(),
            ..scene.options()
        }),
        Status::UnknownTimezone
    );
    assert_eq!(
        refused(Options {
            timezone: String::new(),
            ..scene.options()
        }),
        Status::UnknownTimezone
    );
    assert_eq!(
        refused(Options {
            max_backups: 0,
            ..scene.options()
        }),
        Status::InvalidArgument
    );
    assert_eq!(refused(Options::new("")), Status::InvalidArgument);
    assert_eq!(refused(Options::new("/")), Status::InvalidArgument);
    assert_eq!(
        refused(Options {
            backup_dir: Some("".into()),
            ..scene.options()
        }),
        Status::InvalidArgument
    );
}

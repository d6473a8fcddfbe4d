//! Any text as `settings.json`: our key changes, or nothing does.

#![no_main]

use std::fmt;
use std::fs;

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use respaldo::{Settings, unwatched};
use respaldo_fuzz::{DATABASE, Studio, studio_database};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

const KEY: &str = "last_backup_at";
const TIME: &str = "\"2026-03-04T14:23:05-07:00\"";

thread_local! {
    static STUDIO: Studio = {
        let studio = Studio::with(|options| options.settings = Settings::BesideDatabase);
        studio.write(DATABASE, &studio_database(512, "delete"));
        studio
    };
}

fuzz_target!(|before: &[u8]| STUDIO.with(|studio| {
    studio.write("settings.json", before);
    assert_time_or_none(studio);
    let created = studio.store.create(&mut unwatched).expect("a good database");
    fs::remove_file(&created.backup.path).expect("there");
    let after = fs::read(studio.path("settings.json")).expect("there");

    let expected = std::str::from_utf8(before).ok().and_then(others);
    let Some(expected) = expected else {
        assert_eq!(after, before);
        assert_eq!(created.warnings[0].name, "SETTINGS_NOT_UPDATED");
        return;
    };
    assert_eq!(created.warnings, []);
    let after = std::str::from_utf8(&after).expect("UTF-8");
    assert_eq!(others(after).expect("an object"), expected);
    let times: Vec<_> = members(after)
        .expect("an object")
        .into_iter()
        .filter(|(key, _)| key == KEY)
        .collect();
    assert!(
        !times.is_empty() && times.iter().all(|(_, value)| value == TIME),
        "{times:?}"
    );
    let last = studio.store.last_backup().expect("a time");
    assert_eq!(last.last_backup_at.as_deref(), Some(TIME.trim_matches('"')));
}));

/// Whatever the file says, the answer is a time or that there is none.
fn assert_time_or_none(studio: &Studio) {
    let last = studio.store.last_backup().expect("the folder can be read");
    match &last.last_backup_at {
        Some(time) => drop(DateTime::parse_from_rfc3339(time).unwrap_or_else(|error| panic!("{error}: {last:?}"))),
        None => assert_eq!(last.display, "—"),
    }
}

/// The members that are not ours, in order, with their values as they stand in the text.
fn others(text: &str) -> Option<Vec<(String, String)>> {
    let members = members(text)?;
    Some(members.into_iter().filter(|(key, _)| key != KEY).collect())
}

fn members(text: &str) -> Option<Vec<(String, String)>> {
    let object: Object = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    Some(object.0)
}

struct Object(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    members.push((key, value.get().to_owned()));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

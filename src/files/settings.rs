//! The library's one key in `settings.json`, a file that belongs to the application.
//!
//! The file is edited as text, so that everything else stays as it is, byte for byte: other keys, their order, indentation,
//! number formats, escapes, line ends, a byte-order mark.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike, NaiveDateTime};
use chrono_tz::Tz;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::clock::{self, Moment, is_four_digit_year};
use crate::files::paths::{follow_links, open_plain, parent, same_file};
use crate::files::sharing::retry_sharing_violations;
use crate::files::staging::Staged;
use crate::report::error::Error;

const KEY: &str = "last_backup_at";

/// Tries when the application writes the file at the same time.
const ATTEMPTS: usize = 5;

/// The time of the last backup, if the file has a usable one.
pub(crate) fn last_backup_at(path: &Path, zone: Tz) -> Option<Moment> {
    let text = read(path).ok()??;
    let members = Members::parse(&text).ok()?;
    let value = members.list.iter().rev().find(|member| member.key == KEY)?;
    let value: String = serde_json::from_str(&text[value.value.clone()]).ok()?;
    parse_time(value.trim(), zone)
}

/// RFC 3339. Without an offset, the time is in the configured zone.
fn parse_time(text: &str, zone: Tz) -> Option<Moment> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        let moment = time.with_timezone(&zone);
        return is_four_digit_year(moment.year()).then_some(moment);
    }
    let local: NaiveDateTime = text.replacen(' ', "T", 1).parse().ok()?;
    // At the ends of chrono's calendar a conversion between zones would overflow.
    is_four_digit_year(local.year()).then(|| clock::from_local(local, zone, None))
}

/// Writes `moment` into the file, which is replaced at once or not at all. An error is the reason.
///
/// A new file gets the permissions of `database`.
pub(crate) fn update(path: &Path, moment: &Moment, database: &Path) -> Result<(), String> {
    for _ in 0..ATTEMPTS {
        let done = match StagedSettings::prepare(path, moment, database)? {
            Some(staged) => staged.put_in_place()?,
            None => true,
        };
        if done {
            return Ok(());
        }
    }
    Err("another program keeps changing it".to_owned())
}

/// The new contents of the file, flushed to a temporary file that can replace it.
#[derive(Debug)]
pub(crate) struct StagedSettings {
    pub moment: Moment,
    path: PathBuf,
    before: Option<String>,
    staged: Staged,
}

impl StagedSettings {
    /// `None` if the file has this time already.
    ///
    /// A new file gets the permissions of `database`. To open the database itself beside SQLite would drop all locks on it, so it is
    /// never taken for settings.
    pub fn prepare(path: &Path, moment: &Moment, database: &Path) -> Result<Option<StagedSettings>, String> {
        // A link stays a link: the file that it leads to is replaced.
        let path = follow_links(path);
        if same_file(&path, database) {
            return Err("it is the database".to_owned());
        }
        let value = format!("\"{}\"", clock::rfc3339(moment));
        let before = read(&path)?;
        let after = match &before {
            Some(text) => edited(text, &value)?,
            None => format!("{{\n  \"{KEY}\": {value}\n}}\n"),
        };
        if before.as_ref() == Some(&after) {
            return Ok(None);
        }
        let moment = *moment;
        let staged = stage(&path, &after, database).map_err(|error| error.to_string())?;
        Ok(Some(StagedSettings {
            moment,
            path,
            before,
            staged,
        }))
    }

    /// Replaces the file at once or not at all; `false` if it has changed since.
    pub fn put_in_place(self) -> Result<bool, String> {
        if self.before.is_some() {
            // A file that its owner made read-only is not replaced.
            retry_sharing_violations(|| File::options().write(true).open(&self.path))
                .map_err(|error| error.to_string())?;
        }
        if read(&self.path)? != self.before {
            return Ok(false);
        }
        self.staged.replace(&self.path).map_err(|error| error.to_string())?;
        Ok(true)
    }
}

fn read(path: &Path) -> Result<Option<String>, String> {
    let mut text = String::new();
    match open_plain(path).and_then(|mut file| file.read_to_string(&mut text)) {
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

fn stage(path: &Path, text: &str, model: &Path) -> crate::report::error::Result<Staged> {
    let staged = Staged::new(parent(path))?;
    retry_sharing_violations(|| File::options().write(true).open(staged.path()))
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Error::io(&error, parent(path)))?;
    let model = fs::metadata(path).or_else(|_| fs::metadata(model)).ok();
    staged.finish(model.as_ref())?;
    Ok(staged)
}

/// The text with the library's key set to `value`.
fn edited(text: &str, value: &str) -> Result<String, String> {
    let members = Members::parse(text)?;
    let mut edited = text.to_owned();
    let found: Vec<&Member> = members.list.iter().filter(|member| member.key == KEY).collect();
    if !found.is_empty() {
        // From the last to the first, so that an edit does not move the next place.
        for member in found.iter().rev() {
            edited.replace_range(member.value.clone(), value);
        }
        return Ok(edited);
    }
    match members.list.as_slice() {
        [] => edited.replace_range(members.open + 1..members.close, &format!("\n  \"{KEY}\": {value}\n")),
        [.., last] => {
            let colon = &text[last.key_end..last.value.start];
            let separator = members.separator(text);
            edited.insert_str(last.value.end, &format!("{separator}\"{KEY}\"{colon}{value}"));
        }
    }
    Ok(edited)
}

/// Where the members of the outermost object stand in the text.
#[derive(Debug)]
struct Members {
    /// The opening brace.
    open: usize,
    /// The closing brace.
    close: usize,
    list: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    key: String,
    /// The key's opening quote.
    start: usize,
    /// Behind the key's closing quote.
    key_end: usize,
    value: Range<usize>,
}

impl Members {
    fn parse(text: &str) -> Result<Members, String> {
        // Windows' Notepad writes a byte-order mark, which is not JSON.
        let json = text.trim_start_matches('\u{feff}');
        let pairs: Pairs<'_> = serde_json::from_str(json).map_err(|error| error.to_string())?;
        // The values are slices of the text: their addresses give their positions.
        let position = |slice: &str| slice.as_ptr().addr() - text.as_ptr().addr();
        let open = text.find('{').unwrap_or(0);
        let mut end = open;
        let mut list = Vec::new();
        for (key, raw) in pairs.0 {
            let value = position(raw.get())..position(raw.get()) + raw.get().len();
            // The next quote opens the key: between two members there is only a comma, between key and value only a colon.
            let start = end + text[end..].find('"').unwrap_or(0);
            let key_end = start + text[start..value.start].rfind('"').map_or(0, |quote| quote + 1);
            end = value.end;
            list.push(Member {
                key,
                start,
                key_end,
                value,
            });
        }
        let close = text.rfind('}').unwrap_or(text.len());
        Ok(Members { open, close, list })
    }

    /// The text between two members. With one member, it is derived from the space before it.
    fn separator(&self, text: &str) -> String {
        match self.list.as_slice() {
            [.., before, last] => text[before.value.end..last.start].to_owned(),
            [only] => {
                let lead = &text[self.open + 1..only.start];
                let spaced = lead.is_empty() && text[..only.value.start].ends_with(' ');
                format!(",{}", if spaced { " " } else { lead })
            }
            [] => String::new(),
        }
    }
}

/// An object's keys with their values as they stand in the text.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "\"2026-03-04T09:30:12-07:00\"";

    #[test]
    fn only_the_librarys_value_changes() {
        let before = "{\r\n\t\"tema\" : \"\\u00f1 oscuro\",\r\n\t\"last_backup_at\" :  \"x\" ,\r\n\t\"n\": 1.50e3\r\n}";
        let after = edited(before, VALUE).expect("valid");
        assert_eq!(after, before.replace("\"x\"", VALUE));
    }

    #[test]
    fn a_new_key_takes_the_files_own_layout() {
        for (before, after) in [
            ("{}", format!("{{\n  \"last_backup_at\": {VALUE}\n}}")),
            ("{\"a\":1}", format!("{{\"a\":1,\"last_backup_at\":{VALUE}}}")),
            (
                "{\"a\": {\"b\": [1, 2]}, \"c\": \"}\"}\n",
                format!("{{\"a\": {{\"b\": [1, 2]}}, \"c\": \"}}\", \"last_backup_at\": {VALUE}}}\n"),
            ),
            (
                "\u{feff}{\r\n    \"a\": null\r\n}\r\n",
                format!("\u{feff}{{\r\n    \"a\": null,\r\n    \"last_backup_at\": {VALUE}\r\n}}\r\n"),
            ),
        ] {
            assert_eq!(edited(before, VALUE).as_deref(), Ok(after.as_str()));
        }
    }

    #[test]
    fn a_nested_key_stays_and_a_repeated_one_changes_everywhere() {
        let before = r#"{"x": {"last_backup_at": 1}, "last_backup_at": 2, "last\u005fbackup_at": 3}"#;
        let after = edited(before, VALUE).expect("valid");
        assert_eq!(
            after,
            format!(r#"{{"x": {{"last_backup_at": 1}}, "last_backup_at": {VALUE}, "last\u005fbackup_at": {VALUE}}}"#)
        );
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        for text in ["", "[]", "null", "{\"a\": }", "{\"a\": 1} x", "{'a': 1}", "\"{}\""] {
            assert!(edited(text, VALUE).is_err(), "{text}");
        }
    }

    #[test]
    fn usable_times_are_read_in_the_configured_zone() {
        let zone = chrono_tz::America::Hermosillo;
        for (text, expected) in [
            ("2026-03-04T09:30:12-07:00", Some("2026-03-04T09:30:12-07:00")),
            ("2026-03-04T16:30:12Z", Some("2026-03-04T09:30:12-07:00")),
            ("2026-03-04T09:30:12.123456-07:00", Some("2026-03-04T09:30:12-07:00")),
            ("2026-03-04 09:30:12", Some("2026-03-04T09:30:12-07:00")),
            ("ayer", None),
            ("-262143-01-01 00:00:00", None),
            ("+262142-12-31 23:59:59", None),
            ("+12026-03-04 09:30:12", None),
            ("", None),
        ] {
            let read = parse_time(text, zone).map(|moment| clock::rfc3339(&moment));
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_new_file_is_made_and_a_broken_one_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.json");
        let zone = chrono_tz::America::Hermosillo;
        let moment = parse_time("2026-03-04T09:30:12-07:00", zone).expect("a time");
        update(&path, &moment, folder.path()).expect("updated");
        assert_eq!(last_backup_at(&path, zone), Some(moment));
        fs::write(&path, "{broken").expect("written");
        assert!(update(&path, &moment, folder.path()).is_err());
        assert_eq!(fs::read_to_string(&path).expect("there"), "{broken");
        assert_eq!(last_backup_at(&path, zone), None);
    }
}

//! The record of one backup in the catalogue.

use std::fs::Metadata;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::clock::{self, Moment};
use crate::database::contents::Contents;

/// What made a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// The daily backup, or any other that the application makes without being asked.
    Automatic,
    /// A person asked for it.
    Manual,
    /// The application, before it changes the database's schema.
    BeforeUpgrade,
}

/// The size and modification time of a file when it was verified. While both are the same, the result holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified: i64,
}

impl State {
    /// `None` where the system has no modification time, or one that does not fit into `modified`.
    pub fn of(metadata: &Metadata) -> Option<State> {
        let modified = metadata.modified().ok()?;
        let nanoseconds = |duration: std::time::Duration| i64::try_from(duration.as_nanos()).ok();
        let modified = match modified.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => nanoseconds(after)?,
            Err(before) => -nanoseconds(before.duration())?,
        };
        let size = metadata.len();
        Some(State { size, modified })
    }
}

/// The result of a verification or rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Outcome {
    /// RFC 3339.
    pub at: String,
    pub ok: bool,
    /// Of a damaged backup: no row is lost, `REINDEX` heals it.
    #[serde(default)]
    pub repairable: Option<bool>,
}

/// The keys of a record that this version of the library knows. Every one is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    /// The file name of the database that it is a backup of.
    pub database: Option<String>,
    /// The folder of that database, relative to the backup folder.
    pub folder: Option<String>,
    pub size: Option<u64>,
    pub mtime: Option<i64>,
    /// The hash of the contents, in hexadecimal.
    pub blake3: Option<String>,
    #[serde(deserialize_with = "if_known")]
    pub made: Option<Made>,
    pub label: Option<String>,
    pub note: Option<String>,
    pub pinned: Option<bool>,
    /// A person has confirmed that the rows it lacks were deleted on purpose.
    pub confirmed: Option<bool>,
    #[serde(deserialize_with = "if_known")]
    pub verified: Option<Outcome>,
    #[serde(deserialize_with = "if_known")]
    pub rehearsed: Option<Outcome>,
    #[serde(deserialize_with = "if_known")]
    pub content: Option<Contents>,
}

/// Reads a value, or `None` where a later version wrote one that this version does not know.
fn if_known<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(text.get()).ok())
}

impl Record {
    /// Whether the last verification found the backup whole, if its file is unchanged since.
    pub fn known_whole(&self, state: Option<State>) -> Option<bool> {
        let outcome = self.verified.as_ref()?;
        (state.is_some() && state == self.state()).then_some(outcome.ok)
    }

    /// Whether the damage that the last verification found is repairable, if the file is unchanged since. `None` where it found none,
    /// or does not say.
    pub fn known_repairable(&self, state: Option<State>) -> Option<bool> {
        let repairable = self.verified.as_ref()?.repairable;
        repairable.filter(|_| self.known_whole(state) == Some(false))
    }

    /// Parses the text of a record; `None` if it is none.
    pub fn parse(text: &str) -> Option<Record> {
        // Serde also reads a struct from a list of values.
        let is_object = text.starts_with('{');
        is_object.then(|| serde_json::from_str(text).ok()).flatten()
    }

    /// The state for which `verified`, `blake3` and `content` hold.
    pub fn state(&self) -> Option<State> {
        let (size, modified) = (self.size?, self.mtime?);
        Some(State { size, modified })
    }

    /// The hash, if `blake3` holds a valid one.
    pub fn hash(&self) -> Option<blake3::Hash> {
        blake3::Hash::from_hex(self.blake3.as_ref()?).ok()
    }
}

/// Changes to one record. All other keys stay, also those that this version does not know.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes(Map<String, Value>);

impl Changes {
    /// Applies the changes to the text of a record; to an empty record if there is none, or it is no object.
    pub fn apply(self, record: Option<&str>) -> String {
        let before = record.and_then(|text| serde_json::from_str(text).ok());
        let mut record: Map<String, Value> = before.unwrap_or_default();
        record.extend(self.0);
        record.retain(|_, value| !value.is_null());
        Value::Object(record).to_string()
    }

    fn set(mut self, key: &str, value: Value) -> Changes {
        self.0.insert(key.to_owned(), value);
        self
    }

    /// The database that it is a backup of.
    pub fn database(self, name: &str, folder: Option<String>) -> Changes {
        self.set("database", json!(name)).set("folder", json!(folder))
    }

    /// The state of the file for which hash, verification and content hold.
    pub fn state(self, state: Option<State>) -> Changes {
        self.set("size", json!(state.map(|state| state.size)))
            .set("mtime", json!(state.map(|state| state.modified)))
    }

    pub fn hash(self, hash: Option<blake3::Hash>) -> Changes {
        self.set("blake3", json!(hash.map(|hash| hash.to_hex().as_str().to_owned())))
    }

    pub fn made(self, made: Made) -> Changes {
        self.set("made", json!(made))
    }

    /// An empty text removes it.
    pub fn label(self, label: &str) -> Changes {
        self.set("label", text(label))
    }

    /// An empty text removes it.
    pub fn note(self, note: &str) -> Changes {
        self.set("note", text(note))
    }

    pub fn pinned(self, pinned: bool) -> Changes {
        self.set("pinned", json!(pinned.then_some(true)))
    }

    pub fn confirmed(self, confirmed: bool) -> Changes {
        self.set("confirmed", json!(confirmed.then_some(true)))
    }

    /// The verification found it whole.
    pub fn verified(self, at: &Moment) -> Changes {
        self.set("verified", json!({"at": clock::rfc3339(at), "ok": true}))
    }

    /// The verification found damage.
    pub fn damaged(self, at: &Moment, repairable: bool) -> Changes {
        let outcome = json!({"at": clock::rfc3339(at), "ok": false, "repairable": repairable});
        self.set("verified", outcome)
    }

    pub fn rehearsed(self, at: &Moment, ok: bool) -> Changes {
        self.set("rehearsed", json!({"at": clock::rfc3339(at), "ok": ok}))
    }

    /// Removes what was true of the former contents only.
    pub fn without_content(self) -> Changes {
        self.set("content", Value::Null).set("rehearsed", Value::Null)
    }

    pub fn content(self, content: &Contents) -> Changes {
        self.set("content", json!(content))
    }
}

fn text(text: &str) -> Value {
    json!(Some(text).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_version_does_not_know_is_kept_and_not_understood() {
        let text = r#"{"database":"a.db","made":"by_hand","colour":"red","verified":{"at":"x","ok":false,"by":"me"}}"#;
        let record = Record::parse(text).expect("a record");
        assert_eq!((record.database.as_deref(), record.made), (Some("a.db"), None));
        let changed = Changes::default().made(Made::Manual).apply(Some(text));
        assert_eq!(changed, text.replace("by_hand", "manual"));
    }

    #[test]
    fn what_is_no_record_says_nothing_and_is_written_anew() {
        for text in ["[]", "7", r#"{"size":"big"}"#, r#"{"size":-1}"#, r#"{"mtime":1e400}"#] {
            assert_eq!(Record::parse(text), None, "{text}");
        }
        assert_eq!(
            Changes::default().made(Made::Manual).apply(Some("[]")),
            r#"{"made":"manual"}"#
        );
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Record::parse(&deep), Some(Record::default()));
        assert_eq!(
            Changes::default().made(Made::Manual).apply(Some(&deep)),
            r#"{"made":"manual"}"#
        );
    }
}

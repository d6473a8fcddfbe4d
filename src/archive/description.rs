//! What a snapshot says of its backup: the `description` of restic's format as rustic writes it, which restic leaves alone.
//!
//! It holds nothing of the machine: no path, no user, no host.

use serde::{Deserialize, Serialize};

use crate::catalog::record::Made;
use crate::database::contents::Contents;

/// The version of the format.
const VERSION: u32 = 1;

/// A backup, described. Every key may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Description {
    /// The version of the format. No other program's description has this key.
    pub respaldo: u32,
    /// The file name of the backup.
    pub name: String,
    /// The file name of its database.
    pub database: String,
    /// The hash of the contents, in hexadecimal.
    pub blake3: String,
    /// Bytes of the backup.
    pub size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<Made>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Contents>,
}

#[cfg_attr(not(feature = "archive"), allow(dead_code, reason = "only a repository needs it"))]
impl Description {
    /// A description that the caller fills in.
    pub fn new() -> Description {
        Description {
            respaldo: VERSION,
            ..Description::default()
        }
    }

    /// Reads what [`text`](Self::text) wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Description> {
        let is_object = text.starts_with('{');
        let description: Description = is_object.then(|| serde_json::from_str(text).ok()).flatten()?;
        (description.respaldo >= VERSION).then_some(description)
    }

    /// The description as text.
    pub fn text(&self) -> String {
        // A struct of texts and numbers cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The hash, if there is a valid one.
    pub fn hash(&self) -> Option<blake3::Hash> {
        blake3::Hash::from_hex(&self.blake3).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection;
    use proptest::prelude::*;
    use proptest::sample::select;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is() {
        let written = Description {
            name: "backup_20260304_142305.db".to_owned(),
            label: Some("antes de \"2.0\"".to_owned()),
            ..Description::new()
        };
        assert_eq!(Description::parse(&written.text()), Some(written));
        for text in [
            "",
            "a note of a person",
            "[1]",
            "{}",
            r#"{"name":"x"}"#,
            r#"{"respaldo":"1"}"#,
        ] {
            assert_eq!(Description::parse(text), None, "{text}");
        }
        assert!(Description::parse(r#"{"respaldo":2,"colour":"red"}"#).is_some());
    }

    proptest! {
        /// Whoever has the password may have written anything.
        #[test]
        fn any_text_is_refused_or_read_the_same_again(
            keys in collection::vec((
                select(vec!["respaldo", "name", "database", "blake3", "size", "label", "note", "made", "pinned", "content", "colour"]),
                select(vec![
                    "1", "2", "-1", "1e999", "18446744073709551615", "true", "null", "\"automatic\"", "\"../../x\\u0000\"",
                    "\"\\ud800\"", "[]", "{}", r#"{"tables":{"clients":3},"user_version":7,"alembic":null}"#, r#"{"tables":{"a":-1}}"#,
                ]),
            ), 0..12),
            noise in ".{0,3}",
        ) {
            let fields: Vec<String> = keys.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
            let texts = [format!("{{{}}}", fields.join(",")), format!("{{\"respaldo\":1,{}{noise}}}", fields.join(","))];
            for text in texts {
                if let Some(read) = Description::parse(&text) {
                    prop_assert_eq!(Description::parse(&read.text()), Some(read.clone()), "{}", text);
                    read.hash();
                }
            }
        }
    }
}

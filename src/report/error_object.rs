//! The error as callers receive it: the JSON object, and a text for logs.

use std::fmt;

use serde::Serialize;

use crate::report::error::Error;
use crate::report::messages::{self, Language};
use crate::report::row_conflict::RowConflict;

/// The error object that crosses the C boundary.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    error: ReportBody<'a>,
}

#[derive(Debug, Serialize)]
struct ReportBody<'a> {
    status: i32,
    name: &'static str,
    message: String,
    hint: String,
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repairable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conflicts: Option<&'a [RowConflict]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_backup: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    undone: Option<bool>,
}

impl Error {
    /// The error object, with texts in `language`.
    pub fn report(&self, language: Language) -> Report<'_> {
        let text = messages::error(self, language);
        Report {
            error: ReportBody {
                status: self.status() as i32,
                name: self.status().name(),
                message: text.message,
                hint: text.hint,
                path: self.path.as_ref().map(|path| path.to_string_lossy().into_owned()),
                problems: self.problems(),
                repairable: self.repairable(),
                conflicts: self.conflicts(),
                safety_backup: self.safety_backup().map(|path| path.to_string_lossy().into_owned()),
                undone: self.undone(),
            },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = messages::error(self, Language::English);
        write!(f, "{} {}", text.message, text.hint)
    }
}

impl std::error::Error for Error {}

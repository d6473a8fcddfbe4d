//! `restores.jsonl`: the history of restores, one line each.

use std::fs::{self, Metadata};
use std::io::Write;
use std::path::Path;

use serde::Serialize;

use crate::catalog::names::RESTORE_LOG;
use crate::clock;
use crate::files::flush::flush;
use crate::files::own_file::open_at_end;
use crate::report::error::Error;
use crate::report::messages::{self, Notice, Warning};
use crate::store::Store;

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    backup: &'a Path,
    database: &'a Path,
    reason: Option<&'a str>,
    /// The status name.
    outcome: &'a str,
    message: Option<String>,
    safety_backup: Option<&'a Path>,
}

impl Store {
    /// Appends the line of a finished restore. `outcome` is its safety copy, or its error.
    pub(crate) fn log_restore(
        &self,
        backup: &Path,
        database: &Path,
        reason: Option<&str>,
        outcome: std::result::Result<Option<&Path>, &Error>,
    ) -> Vec<Warning> {
        let line = Line {
            at: self.now().as_ref().map(clock::rfc3339).unwrap_or_default(),
            backup,
            database,
            reason,
            outcome: outcome.map_or_else(|error| error.status().name(), |_| "OK"),
            message: outcome.err().map(ToString::to_string),
            safety_backup: outcome.unwrap_or_else(Error::safety_backup),
        };
        let path = self.backup_dir.join(RESTORE_LOG);
        // The reasons can name people, so the file gets the permissions of the database.
        let model = fs::metadata(&self.database).or_else(|_| fs::metadata(database));
        match append(&path, model.ok().as_ref(), &line) {
            Ok(()) => vec![],
            Err(error) => {
                let notice = Notice::RestoreNotLogged(&path, error.to_string());
                vec![messages::warning(&notice, self.language)]
            }
        }
    }
}

fn append(path: &Path, model: Option<&Metadata>, line: &Line<'_>) -> std::io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    let mut log = open_at_end(path, model)?;
    let length = log.metadata()?.len();
    let written = log.write_all(text.as_bytes()).and_then(|()| flush(&log));
    // A full disk can leave half a line, to which the next line would be appended.
    written.inspect_err(|_| drop(log.set_len(length)))
}

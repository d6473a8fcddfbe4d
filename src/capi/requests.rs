//! The requests of the operations, read into the core's types.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::open_options::password;
use super::request_fields::Fields;
use crate::catalog::record::Made;
use crate::operations::annotate::AnnotateRequest;
use crate::operations::archive_fetch::ArchiveFetchRequest;
use crate::operations::archive_init::ArchiveInitRequest;
use crate::operations::bring_back::{BringBackRequest, RowKey};
use crate::operations::compare::CompareRequest;
use crate::operations::create_request::CreateRequest;
use crate::operations::find::{FindRequest, SearchWords, Wanted};
use crate::operations::history::HistoryRequest;
use crate::operations::list::ListRequest;
use crate::operations::rehearse::RehearseRequest;
use crate::operations::restore::RestoreRequest;
use crate::operations::salvage::SalvageRequest;
use crate::options::{ChunkSize, Password};
use crate::report::error::{Argument, Error, Expected, Result};
use crate::steps::row_transfer::OnConflict;

/// A request without keys.
pub(super) fn nothing(json: Option<&str>) -> Result<()> {
    Fields::parse(json, &[]).map(drop)
}

/// A request with one boolean key, false by default.
pub(super) fn switch(json: Option<&str>, key: &'static str) -> Result<bool> {
    let mut fields = Fields::parse(json, &[key])?;
    let on = fields.boolean(key)?;
    Ok(on.unwrap_or(false))
}

/// The request of `respaldo_create` and `respaldo_create_if_due`.
pub(super) fn create(json: Option<&str>) -> Result<CreateRequest> {
    let mut fields = Fields::parse(json, &["label", "note", "made", "pinned", "skip_unchanged"])?;
    let made = fields.word("made", &["automatic", "manual", "before_upgrade"])?;
    Ok(CreateRequest {
        label: fields.text("label")?,
        note: fields.text("note")?,
        made: made.map(|word| match word.as_str() {
            "automatic" => Made::Automatic,
            "manual" => Made::Manual,
            _ => Made::BeforeUpgrade,
        }),
        pinned: fields.boolean("pinned")?.unwrap_or(false),
        skip_unchanged: fields.boolean("skip_unchanged")?.unwrap_or(false),
    })
}

/// The request of `respaldo_annotate`.
pub(super) fn annotate(json: Option<&str>) -> Result<AnnotateRequest> {
    let mut fields = Fields::parse(json, &["backup", "label", "note", "pinned", "confirmed", "dry_run"])?;
    Ok(AnnotateRequest {
        backup: fields.required_path("backup")?,
        label: fields.text("label")?,
        note: fields.text("note")?,
        pinned: fields.boolean("pinned")?,
        confirmed: fields.boolean("confirmed")?,
        dry_run: fields.boolean("dry_run")?.unwrap_or(false),
    })
}

/// The request of `respaldo_compare`.
pub(super) fn compare(json: Option<&str>) -> Result<CompareRequest> {
    let mut fields = Fields::parse(json, &["backup", "snapshot", "with", "with_snapshot", "rows"])?;
    let (backup, snapshot) = backup_or_snapshot(&mut fields)?;
    let mut request = CompareRequest {
        snapshot,
        ..CompareRequest::of(backup)
    };
    if !fields.take_null("with") {
        request.with = fields.path("with")?;
    }
    request.with_snapshot = fields.text("with_snapshot")?;
    if request.with.is_some() && request.with_snapshot.is_some() {
        return Err(Error::argument(Argument::NotBoth("with", "with_snapshot")));
    }
    if let Some(rows) = fields.whole("rows", 0, MOST_ROWS)? {
        request.rows = usize::try_from(rows).unwrap_or(usize::MAX);
    }
    Ok(request)
}

/// A backup, or in its place a snapshot of the archive.
fn backup_or_snapshot(fields: &mut Fields) -> Result<(PathBuf, Option<String>)> {
    let snapshot = fields.text("snapshot")?;
    match (&snapshot, fields.path("backup")?) {
        (None, None) => Err(Error::argument(Argument::NoneOf(&["backup", "snapshot"]))),
        (Some(_), Some(_)) => Err(Error::argument(Argument::NotBoth("backup", "snapshot"))),
        (_, backup) => Ok((backup.unwrap_or_default(), snapshot)),
    }
}

/// Rows that an answer may hold, of one table.
const MOST_ROWS: u64 = 10_000;

/// The request of `respaldo_find`.
pub(super) fn find(json: Option<&str>) -> Result<FindRequest> {
    let mut fields = Fields::parse(json, &["table", "text", "key", "rows", "snapshots"])?;
    let table = if fields.take_null("table") {
        None
    } else {
        fields.text("table")?
    };
    let words = fields.take("text", Expected::Words, |value| match value {
        Value::String(text) => SearchWords::parse(&text),
        _ => None,
    })?;
    let rows = match (words, fields.take("key", Expected::Key, key)?) {
        (Some(words), None) => Wanted::Words(words),
        (None, Some(key)) => Wanted::Key(key),
        (Some(_), Some(_)) => return Err(Error::argument(Argument::NotBoth("text", "key"))),
        (None, None) => return Err(Error::argument(Argument::NoneOf(&["text", "key"]))),
    };
    if table.is_none() && matches!(rows, Wanted::Key(_)) {
        return Err(Error::argument(Argument::MissingKey("table")));
    }
    let most = fields.whole("rows", 1, MOST_ROWS)?.unwrap_or(100);
    Ok(FindRequest {
        table,
        rows,
        most: usize::try_from(most).unwrap_or(usize::MAX),
        snapshots: fields.boolean("snapshots")?.unwrap_or(false),
    })
}

/// The request of `respaldo_history`.
pub(super) fn history(json: Option<&str>) -> Result<HistoryRequest> {
    let mut fields = Fields::parse(json, &["table", "key", "snapshots"])?;
    let missing = |key| Error::argument(Argument::MissingKey(key));
    Ok(HistoryRequest {
        table: fields.text("table")?.ok_or_else(|| missing("table"))?,
        key: fields.take("key", Expected::Key, key)?.ok_or_else(|| missing("key"))?,
        snapshots: fields.boolean("snapshots")?.unwrap_or(false),
    })
}

/// `{"id": 7}`
fn key(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(key) if !key.is_empty() => Some(key),
        _ => None,
    }
}

/// The request of `respaldo_bring_back`.
pub(super) fn bring_back(json: Option<&str>) -> Result<BringBackRequest> {
    let mut fields = Fields::parse(
        json,
        &[
            "backup",
            "snapshot",
            "rows",
            "with_dependents",
            "on_conflict",
            "triggers",
            "dry_run",
            "reason",
        ],
    )?;
    let (backup, snapshot) = backup_or_snapshot(&mut fields)?;
    let rows = fields.take("rows", Expected::Rows, rows)?;
    let word = fields.word("on_conflict", &["refuse", "skip", "overwrite"])?;
    Ok(BringBackRequest {
        backup,
        snapshot,
        rows: rows.ok_or_else(|| Error::argument(Argument::MissingKey("rows")))?,
        with_dependents: fields.boolean("with_dependents")?.unwrap_or(true),
        on_conflict: match word.as_deref() {
            Some("skip") => OnConflict::Skip,
            Some("overwrite") => OnConflict::Overwrite,
            _ => OnConflict::Refuse,
        },
        triggers: fields.boolean("triggers")?.unwrap_or(false),
        dry_run: fields.boolean("dry_run")?.unwrap_or(false),
        reason: fields.text("reason")?,
    })
}

/// `[{"table": "clients", "key": {"id": 7}}]`
fn rows(value: Value) -> Option<Vec<RowKey>> {
    let row = |value: &Value| {
        let row = value.as_object().filter(|row| row.len() == 2)?;
        Some(RowKey {
            table: row.get("table")?.as_str()?.to_owned(),
            key: row.get("key")?.as_object()?.clone(),
        })
    };
    let rows: Option<Vec<RowKey>> = value.as_array()?.iter().map(row).collect();
    rows.filter(|rows| !rows.is_empty())
}

/// The request of `respaldo_salvage`.
pub(super) fn salvage(json: Option<&str>) -> Result<SalvageRequest> {
    let mut fields = Fields::parse(json, &["source", "dry_run", "deleted"])?;
    Ok(SalvageRequest {
        source: if fields.take_null("source") {
            None
        } else {
            fields.path("source")?
        },
        dry_run: fields.boolean("dry_run")?.unwrap_or(false),
        deleted: fields.boolean("deleted")?.unwrap_or(false),
    })
}

/// The request of `respaldo_rehearse`.
pub(super) fn rehearse(json: Option<&str>) -> Result<RehearseRequest> {
    let mut fields = Fields::parse(json, &["backup", "checks"])?;
    Ok(RehearseRequest {
        backup: if fields.take_null("backup") {
            None
        } else {
            fields.path("backup")?
        },
        checks: fields.texts("checks")?.unwrap_or_default(),
    })
}

/// The request of `respaldo_list`.
pub(super) fn list(json: Option<&str>) -> Result<ListRequest> {
    let mut fields = Fields::parse(json, &["include_safety", "include_others", "second_place"])?;
    Ok(ListRequest {
        include_safety: fields.boolean("include_safety")?.unwrap_or(false),
        include_others: fields.boolean("include_others")?.unwrap_or(false),
        second_place: fields.boolean("second_place")?.unwrap_or(false),
    })
}

/// The request of `respaldo_verify`.
pub(super) fn backup(json: Option<&str>) -> Result<PathBuf> {
    let mut fields = Fields::parse(json, &["backup"])?;
    let backup = fields.required_path("backup")?;
    Ok(backup)
}

/// The request of `respaldo_archive_init`.
pub(super) fn archive_init(json: Option<&str>) -> Result<ArchiveInitRequest> {
    let mut fields = Fields::parse(json, &["chunk_bytes"])?;
    let Some(bytes) = fields.whole("chunk_bytes", 0, u64::MAX)? else {
        return Ok(ArchiveInitRequest::default());
    };
    let chunk = ChunkSize::ALL.into_iter().find(|size| size.bytes() == bytes);
    let unknown = || {
        Error::argument(Argument::BadValue {
            key: "chunk_bytes",
            expected: Expected::OneOf(&["4096", "16384", "65536", "262144", "1048576"]),
        })
    };
    Ok(ArchiveInitRequest {
        chunk: chunk.ok_or_else(unknown)?,
    })
}

/// The request of `respaldo_archive_push`.
pub(super) fn archive_push(json: Option<&str>) -> Result<Option<PathBuf>> {
    let mut fields = Fields::parse(json, &["backup"])?;
    if fields.take_null("backup") {
        return Ok(None);
    }
    fields.path("backup")
}

/// The request of `respaldo_archive_fetch`.
pub(super) fn archive_fetch(json: Option<&str>) -> Result<ArchiveFetchRequest> {
    let mut fields = Fields::parse(json, &["snapshot", "target"])?;
    let snapshot = fields.text("snapshot")?;
    Ok(ArchiveFetchRequest {
        snapshot: snapshot.ok_or_else(|| Error::argument(Argument::MissingKey("snapshot")))?,
        target: if fields.take_null("target") {
            None
        } else {
            fields.path("target")?
        },
    })
}

/// The request of `respaldo_archive_key`.
pub(super) fn archive_key(json: Option<&str>) -> Result<Password> {
    password(&mut Fields::parse(
        json,
        &["password", "password_file", "password_command"],
    )?)
}

/// The request of `respaldo_restore`.
pub(super) fn restore(json: Option<&str>) -> Result<RestoreRequest> {
    let mut fields = Fields::parse(
        json,
        &["backup", "snapshot", "reason", "target", "allow_different", "dry_run"],
    )?;
    let (backup, snapshot) = backup_or_snapshot(&mut fields)?;
    let request = RestoreRequest {
        backup,
        snapshot,
        reason: fields.text("reason")?,
        target: fields.path("target")?,
        allow_different: fields.boolean("allow_different")?.unwrap_or(false),
        dry_run: fields.boolean("dry_run")?.unwrap_or(false),
    };
    if request.dry_run && request.target.is_some() {
        return Err(Error::argument(Argument::NotBoth("dry_run", "target")));
    }
    Ok(request)
}

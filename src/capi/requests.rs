//! Reading JSON requests into the core's types. An unknown key is an error that names it.

use std::collections::HashMap;
use std::ffi::{CStr, c_char};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::catalog::record::Made;
use crate::database::check::Verification;
use crate::operations::annotate::AnnotateRequest;
use crate::operations::bring_back::{BringBackRequest, RowKey};
use crate::operations::compare::CompareRequest;
use crate::operations::create_request::CreateRequest;
use crate::operations::list::ListRequest;
use crate::operations::rehearse::RehearseRequest;
use crate::operations::restore::RestoreRequest;
use crate::operations::salvage::SalvageRequest;
use crate::options::{Retention, SchemaSupport, SecondPlace, TableWords};
use crate::report::error::{Argument, Error, Expected, Result};
use crate::report::messages::Language;
use crate::steps::row_transfer::OnConflict;
use crate::store::{Options, Settings};

/// The text behind a pointer, or `None` for NULL.
///
/// # Safety
///
/// `pointer` is NULL or points to a NUL-terminated string that does not change during `'a`.
pub(super) unsafe fn text<'a>(name: &'static str, pointer: *const c_char) -> Result<Option<&'a str>> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: not NULL, so NUL-terminated by the caller's promise.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    bytes
        .to_str()
        .map(Some)
        .map_err(|_| Error::argument(Argument::NotUtf8(name)))
}

/// The options of `respaldo_open`, and the language of the answer, which is known even if the options are invalid.
pub(super) fn options(json: Option<&str>) -> (Language, Result<Options>) {
    let mut language = Language::default();
    let options = read_options(json, &mut language);
    (language, options)
}

const DAY_MS: u64 = 86_400_000;

fn read_options(json: Option<&str>, language: &mut Language) -> Result<Options> {
    let json = json.ok_or_else(|| Error::argument(Argument::Null("options_json")))?;
    let mut fields = Fields::parse(
        Some(json),
        &[
            "database",
            "settings",
            "backup_dir",
            "max_backups",
            "retention",
            "schema",
            "health",
            "second_place",
            "names",
            "timezone",
            "busy_timeout_ms",
            "verify",
            "language",
        ],
    )?;
    *language = fields
        .word("language", &["es", "en"])?
        .map_or(Language::Spanish, |word| {
            if word == "en" {
                Language::English
            } else {
                Language::Spanish
            }
        });
    let database = fields.path("database")?;
    let mut options = Options::new(database.ok_or_else(|| Error::argument(Argument::MissingKey("database")))?);
    options.language = *language;
    if fields.take_null("settings") {
        options.settings = Settings::Nowhere;
    } else if let Some(path) = fields.path("settings")? {
        options.settings = Settings::File(path);
    }
    options.backup_dir = fields.path("backup_dir")?;
    if let Some(number) = fields.whole("max_backups", 1, u64::from(u32::MAX))? {
        options.max_backups = usize::try_from(number).unwrap_or(usize::MAX);
    }
    if let Some(fields) = fields.object("retention", &["last", "days", "weeks", "months", "years", "bytes"])? {
        options.retention = Some(retention(fields, options.max_backups)?);
    }
    if let Some(fields) = fields.object("schema", &["newest_user_version", "alembic_heads", "alembic_revisions"])? {
        options.schema = Some(schema(fields)?);
    }
    if let Some(mut fields) = fields.object("health", &["max_age_days", "rehearse_every_days"])? {
        if let Some(days) = fields.days("health.max_age_days")? {
            options.watch.max_age_days = days;
        }
        if !fields.take_null("rehearse_every_days") {
            options.watch.rehearse_every_days = fields.days("health.rehearse_every_days")?;
        }
    }
    if let Some(fields) = fields.object("second_place", &["folder", "last", "required", "wait_ms"])? {
        options.second_place = Some(second_place(fields)?);
    }
    if let Some(map) = fields.map("names")? {
        for (table, value) in map {
            options.names.insert(table, words(value)?);
        }
    }
    if let Some(zone) = fields.text("timezone")? {
        options.timezone = zone;
    }
    if let Some(number) = fields.whole("busy_timeout_ms", 0, DAY_MS)? {
        options.busy_timeout = Duration::from_millis(number);
    }
    if let Some(word) = fields.word("verify", &["full", "quick"])? {
        options.verify = if word == "quick" {
            Verification::Quick
        } else {
            Verification::Full
        };
    }
    Ok(options)
}

/// The option `retention`; `max_backups` is its `last` where it has none.
fn retention(mut fields: Fields, max_backups: usize) -> Result<Retention> {
    const MOST: u64 = u32::MAX as u64;
    let mut count = |key, least| {
        let number = fields.whole(key, least, MOST)?;
        Ok(number.map(|number| usize::try_from(number).unwrap_or(usize::MAX)))
    };
    Ok(Retention {
        last: count("retention.last", 1)?.unwrap_or(max_backups),
        days: count("retention.days", 0)?.unwrap_or(0),
        weeks: count("retention.weeks", 0)?.unwrap_or(0),
        months: count("retention.months", 0)?.unwrap_or(0),
        years: count("retention.years", 0)?.unwrap_or(0),
        bytes: if fields.take_null("bytes") {
            None
        } else {
            fields.whole("retention.bytes", 1, i64::MAX as u64)?
        },
    })
}

/// The option `second_place`.
fn second_place(mut fields: Fields) -> Result<SecondPlace> {
    let mut place = SecondPlace::new(fields.required_path("second_place.folder")?);
    if let Some(number) = fields.whole("second_place.last", 1, u64::from(u32::MAX))? {
        place.last = usize::try_from(number).unwrap_or(usize::MAX);
    }
    if let Some(required) = fields.boolean("second_place.required")? {
        place.required = required;
    }
    if let Some(number) = fields.whole("second_place.wait_ms", 0, DAY_MS)? {
        place.wait = Duration::from_millis(number);
    }
    Ok(place)
}

/// The option `schema`.
fn schema(mut fields: Fields) -> Result<SchemaSupport> {
    Ok(SchemaSupport {
        newest_user_version: match fields.whole("schema.newest_user_version", 0, i32::MAX as u64)? {
            Some(number) => i64::try_from(number).ok(),
            None => None,
        },
        alembic_heads: fields.texts("schema.alembic_heads")?.unwrap_or_default(),
        alembic_revisions: fields.texts("schema.alembic_revisions")?.unwrap_or_default(),
    })
}

/// The words of the option `names` for one table.
fn words(value: Value) -> Result<TableWords> {
    let outer = HashMap::from([("names".to_owned(), value)]);
    let known = ["one", "many", "title"];
    let mut fields = Fields(outer)
        .object("names", &known)?
        .ok_or_else(|| Error::argument(Argument::MissingKey("names")))?;
    let mut required = |key| {
        let word = fields.text(key)?.filter(|word| !word.is_empty());
        word.ok_or_else(|| Error::argument(Argument::MissingKey(key)))
    };
    Ok(TableWords {
        one: required("names.one")?,
        many: required("names.many")?,
        title: if fields.take_null("title") {
            None
        } else {
            fields.text("names.title")?
        },
    })
}

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
    let mut fields = Fields::parse(json, &["backup", "label", "note", "pinned", "confirmed"])?;
    Ok(AnnotateRequest {
        backup: fields.required_path("backup")?,
        label: fields.text("label")?,
        note: fields.text("note")?,
        pinned: fields.boolean("pinned")?,
        confirmed: fields.boolean("confirmed")?,
    })
}

/// The request of `respaldo_compare`.
pub(super) fn compare(json: Option<&str>) -> Result<CompareRequest> {
    let mut fields = Fields::parse(json, &["backup", "with", "rows"])?;
    let mut request = CompareRequest::of(fields.required_path("backup")?);
    if !fields.take_null("with") {
        request.with = fields.path("with")?;
    }
    if let Some(rows) = fields.whole("rows", 0, MOST_ROWS)? {
        request.rows = usize::try_from(rows).unwrap_or(usize::MAX);
    }
    Ok(request)
}

/// Rows that an answer may hold, of one table.
const MOST_ROWS: u64 = 10_000;

/// The request of `respaldo_bring_back`.
pub(super) fn bring_back(json: Option<&str>) -> Result<BringBackRequest> {
    let mut fields = Fields::parse(
        json,
        &["backup", "rows", "with_dependents", "on_conflict", "dry_run", "reason"],
    )?;
    let backup = fields.required_path("backup")?;
    let rows = fields.take("rows", Expected::Rows, rows)?;
    let word = fields.word("on_conflict", &["refuse", "skip", "overwrite"])?;
    Ok(BringBackRequest {
        backup,
        rows: rows.ok_or_else(|| Error::argument(Argument::MissingKey("rows")))?,
        with_dependents: fields.boolean("with_dependents")?.unwrap_or(true),
        on_conflict: match word.as_deref() {
            Some("skip") => OnConflict::Skip,
            Some("overwrite") => OnConflict::Overwrite,
            _ => OnConflict::Refuse,
        },
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
    let mut fields = Fields::parse(json, &["source", "dry_run"])?;
    Ok(SalvageRequest {
        source: if fields.take_null("source") {
            None
        } else {
            fields.path("source")?
        },
        dry_run: fields.boolean("dry_run")?.unwrap_or(false),
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

/// The request of `respaldo_restore`.
pub(super) fn restore(json: Option<&str>) -> Result<RestoreRequest> {
    let mut fields = Fields::parse(json, &["backup", "reason", "target", "allow_different"])?;
    let request = RestoreRequest {
        backup: fields.required_path("backup")?,
        reason: fields.text("reason")?,
        target: fields.path("target")?,
        allow_different: fields.boolean("allow_different")?.unwrap_or(false),
    };
    Ok(request)
}

/// The keys of a request that are still to be read.
struct Fields(HashMap<String, Value>);

impl Fields {
    /// Reads a request that may have the keys in `known`. NULL is a request without keys.
    fn parse(json: Option<&str>, known: &[&str]) -> Result<Fields> {
        let map = match json.map(serde_json::from_str) {
            None => return Ok(Fields(HashMap::new())),
            Some(Ok(Value::Object(map))) => map,
            Some(Ok(_)) => return Err(Error::argument(Argument::NotAnObject)),
            Some(Err(error)) => return Err(Error::argument(Argument::NotJson(error.to_string()))),
        };
        // Checked first: for a mistyped key, the error names that key and not the missing one.
        match map.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(Fields(map.into_iter().collect())),
            Some(key) => Err(Error::argument(Argument::UnknownKey(key.clone()))),
        }
    }

    /// The object that is the value of `key`, which may have the keys in `known`.
    fn object(&mut self, key: &'static str, known: &[&str]) -> Result<Option<Fields>> {
        let Some(map) = self.take(key, Expected::Object, |value| match value {
            Value::Object(map) => Some(map),
            _ => None,
        })?
        else {
            return Ok(None);
        };
        match map.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(Some(Fields(map.into_iter().collect()))),
            Some(unknown) => Err(Error::argument(Argument::UnknownKey(format!("{key}.{unknown}")))),
        }
    }

    /// The object that is the value of `key`, whatever its keys.
    fn map(&mut self, key: &'static str) -> Result<Option<serde_json::Map<String, Value>>> {
        self.take(key, Expected::Object, |value| match value {
            Value::Object(map) => Some(map),
            _ => None,
        })
    }

    /// Takes the value of `key`, of which only what follows a dot is written in the object; the rest names the object in an error.
    fn take<T>(
        &mut self,
        key: &'static str,
        expected: Expected,
        convert: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<T>> {
        let written = key.rsplit_once('.').map_or(key, |(_, written)| written);
        match self.0.remove(written) {
            None => Ok(None),
            Some(value) => convert(value)
                .map(Some)
                .ok_or_else(|| Error::argument(Argument::BadValue { key, expected })),
        }
    }

    /// Removes `key` if its value is null, and says whether it was.
    fn take_null(&mut self, key: &'static str) -> bool {
        let is_null = self.0.get(key) == Some(&Value::Null);
        if is_null {
            self.0.remove(key);
        }
        is_null
    }

    fn text(&mut self, key: &'static str) -> Result<Option<String>> {
        self.take(key, Expected::Text, |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    fn texts(&mut self, key: &'static str) -> Result<Option<Vec<String>>> {
        self.take(key, Expected::Texts, |value| serde_json::from_value(value).ok())
    }

    fn path(&mut self, key: &'static str) -> Result<Option<PathBuf>> {
        self.take(key, Expected::Path, |value| match value {
            Value::String(text) if !text.is_empty() && !text.contains('\0') => Some(PathBuf::from(text)),
            _ => None,
        })
    }

    fn required_path(&mut self, key: &'static str) -> Result<PathBuf> {
        self.path(key)?
            .ok_or_else(|| Error::argument(Argument::MissingKey(key)))
    }

    fn boolean(&mut self, key: &'static str) -> Result<Option<bool>> {
        self.take(key, Expected::Boolean, |value| value.as_bool())
    }

    fn whole(&mut self, key: &'static str, from: u64, to: u64) -> Result<Option<u64>> {
        self.take(key, Expected::Whole(from, to), |value| {
            value.as_u64().filter(|number| (from..=to).contains(number))
        })
    }

    fn days(&mut self, key: &'static str) -> Result<Option<u32>> {
        let days = self.whole(key, 1, 36_500)?;
        Ok(days.and_then(|days| u32::try_from(days).ok()))
    }

    fn word(&mut self, key: &'static str, words: &'static [&'static str]) -> Result<Option<String>> {
        self.take(key, Expected::OneOf(words), |value| match value {
            Value::String(word) if words.contains(&word.as_str()) => Some(word),
            _ => None,
        })
    }
}

//! The options of `respaldo_open`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::request_fields::Fields;
use crate::database::check::Verification;
use crate::options::{
    Archive, ArchivePlace, Password, Push, Retention, SERVER, SchemaSupport, SecondPlace, TableWords,
};
use crate::report::error::{Argument, Error, Result};
use crate::report::messages::Language;
use crate::store::{Options, Settings};

/// The options of `respaldo_open`, and the language of the answer, which is known even if the options are invalid.
pub(super) fn read(json: Option<&str>) -> (Language, Result<Options>) {
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
            "archive",
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
    if let Some(mut fields) = fields.object(
        "health",
        &[
            "max_age_days",
            "rehearse_every_days",
            "rehearse_wait_ms",
            "rehearse_checks",
        ],
    )? {
        if let Some(days) = fields.days("health.max_age_days")? {
            options.watch.max_age_days = days;
        }
        if !fields.take_null("rehearse_every_days") {
            options.watch.rehearse_every_days = fields.days("health.rehearse_every_days")?;
        }
        if let Some(number) = fields.whole("health.rehearse_wait_ms", 0, DAY_MS)? {
            options.watch.rehearse_wait = Duration::from_millis(number);
        }
        if let Some(checks) = fields.texts("health.rehearse_checks")? {
            options.watch.rehearse_checks = checks;
        }
    }
    if let Some(fields) = fields.object("second_place", &["folder", "last", "required", "wait_ms"])? {
        options.second_place = Some(second_place(fields)?);
    }
    if let Some(fields) = fields.object(
        "archive",
        &[
            "repository",
            "options",
            "password",
            "password_file",
            "password_command",
            "retention",
            "push",
            "wait_ms",
        ],
    )? {
        options.archive = Some(archive(fields)?);
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

/// The option `archive`.
fn archive(mut fields: Fields) -> Result<Archive> {
    let repository = fields.text("archive.repository")?;
    let repository = repository.ok_or_else(|| Error::argument(Argument::MissingKey("archive.repository")))?;
    let place = match repository.strip_prefix(SERVER) {
        Some(service) => ArchivePlace::Server(service.to_owned()),
        None => ArchivePlace::Folder(PathBuf::from(repository)),
    };
    let retention_fields = fields.object(
        "archive.retention",
        &["last", "days", "weeks", "months", "years", "bytes"],
    )?;
    // A count that is left out keeps nothing by itself, but the newest is always kept.
    let retention = retention_fields.map(|fields| retention(fields, 1)).transpose()?;
    let word = fields.word("archive.push", &["when_asked", "after_create"])?;
    Ok(Archive {
        place,
        options: fields.secrets("archive.options")?.unwrap_or_default(),
        password: password(&mut fields)?,
        retention,
        push: match word.as_deref() {
            Some("after_create") => Push::AfterCreate,
            _ => Push::WhenAsked,
        },
        wait: Duration::from_millis(fields.whole("archive.wait_ms", 0, DAY_MS)?.unwrap_or(0)),
    })
}

const PASSWORDS: [&str; 3] = ["archive.password", "archive.password_file", "archive.password_command"];

/// A password, in one of three keys.
pub(super) fn password(fields: &mut Fields) -> Result<Password> {
    let text = fields.secret("archive.password")?.map(Password::Text);
    let file = fields.path("archive.password_file")?.map(Password::File);
    let command = fields.text("archive.password_command")?.map(Password::Command);
    if [text.is_some(), file.is_some(), command.is_some()]
        .iter()
        .filter(|given| **given)
        .count()
        > 1
    {
        return Err(Error::argument(Argument::NotBoth(
            "archive.password",
            "archive.password_file",
        )));
    }
    let given = text.or(file).or(command);
    given.ok_or_else(|| Error::argument(Argument::NoneOf(&PASSWORDS)))
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

//! The keys of a JSON request. An unknown key, or a value of the wrong type, is an error that names it.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{CStr, c_char};
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::report::error::{Argument, Error, Expected, Result};

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

/// The keys of a request that are still to be read.
pub(super) struct Fields(pub(super) HashMap<String, Value>);

impl Fields {
    /// Reads a request that may have the keys in `known`. NULL is a request without keys.
    pub(super) fn parse(json: Option<&str>, known: &[&str]) -> Result<Fields> {
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
    pub(super) fn object(&mut self, key: &'static str, known: &[&str]) -> Result<Option<Fields>> {
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
    pub(super) fn map(&mut self, key: &'static str) -> Result<Option<serde_json::Map<String, Value>>> {
        self.take(key, Expected::Object, |value| match value {
            Value::Object(map) => Some(map),
            _ => None,
        })
    }

    /// Takes the value of `key`, of which only what follows a dot is written in the object; the rest names the object in an error.
    pub(super) fn take<T>(
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
    pub(super) fn take_null(&mut self, key: &'static str) -> bool {
        let is_null = self.0.get(key) == Some(&Value::Null);
        if is_null {
            self.0.remove(key);
        }
        is_null
    }

    pub(super) fn text(&mut self, key: &'static str) -> Result<Option<String>> {
        self.take(key, Expected::Text, |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    pub(super) fn texts(&mut self, key: &'static str) -> Result<Option<Vec<String>>> {
        self.take(key, Expected::Texts, |value| serde_json::from_value(value).ok())
    }

    pub(super) fn path(&mut self, key: &'static str) -> Result<Option<PathBuf>> {
        self.take(key, Expected::Path, |value| match value {
            Value::String(text) if !text.is_empty() && !text.contains('\0') => Some(PathBuf::from(text)),
            _ => None,
        })
    }

    pub(super) fn required_path(&mut self, key: &'static str) -> Result<PathBuf> {
        self.path(key)?
            .ok_or_else(|| Error::argument(Argument::MissingKey(key)))
    }

    /// The texts of an object, by their names; they may be secret.
    pub(super) fn secrets(&mut self, key: &'static str) -> Result<Option<BTreeMap<String, SecretString>>> {
        self.take(key, Expected::TextsByName, |value| match value {
            Value::Object(map) => map
                .into_iter()
                .map(|(name, value)| Some((name, secret(value)?)))
                .collect(),
            _ => None,
        })
    }

    pub(super) fn secret(&mut self, key: &'static str) -> Result<Option<SecretString>> {
        self.take(key, Expected::Password, |value| {
            secret(value).filter(|text| !text.expose_secret().is_empty())
        })
    }

    pub(super) fn boolean(&mut self, key: &'static str) -> Result<Option<bool>> {
        self.take(key, Expected::Boolean, |value| value.as_bool())
    }

    pub(super) fn whole(&mut self, key: &'static str, from: u64, to: u64) -> Result<Option<u64>> {
        self.take(key, Expected::Whole(from, to), |value| {
            value.as_u64().filter(|number| (from..=to).contains(number))
        })
    }

    pub(super) fn days(&mut self, key: &'static str) -> Result<Option<u32>> {
        let days = self.whole(key, 1, 36_500)?;
        Ok(days.and_then(|days| u32::try_from(days).ok()))
    }

    pub(super) fn word(&mut self, key: &'static str, words: &'static [&'static str]) -> Result<Option<String>> {
        self.take(key, Expected::OneOf(words), |value| match value {
            Value::String(word) if words.contains(&word.as_str()) => Some(word),
            _ => None,
        })
    }
}

/// A text that is cleared from memory when it is dropped.
fn secret(value: Value) -> Option<SecretString> {
    match value {
        Value::String(text) => Some(SecretString::from(text)),
        _ => None,
    }
}

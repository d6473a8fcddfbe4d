//! Paths as programs give them: made absolute, and told from URLs.

use std::fs;
use std::path::{self, Component, Path, PathBuf};

use crate::report::error::{Argument, Error, Expected, Result};
use crate::report::system_error::is_missing;

/// The absolute path, without `.` and `..`, that the value of `key` means now.
///
/// Fails with [`Argument::BadValue`] when it is empty, not UTF-8 or has a NUL, and with [`Argument::Url`] or
/// [`Argument::InMemory`] when it is what other libraries call a database, but no path.
pub(crate) fn absolute(key: &'static str, given: &Path) -> Result<PathBuf> {
    let bad = || {
        Error::argument(Argument::BadValue {
            key,
            expected: Expected::Path,
        })
    };
    let text = given.to_str().filter(|text| !text.contains('\0')).ok_or_else(bad)?;
    match Url::parse(text) {
        // A program that forgot to say that it gives a URL has made a file of that name, and its data is there.
        Some(_) if cfg!(not(windows)) && text != ":memory:" && fs::symlink_metadata(given).is_ok() => {}
        Some(Url::InMemory) => {
            return Err(Error::argument(Argument::InMemory {
                key,
                value: text.to_owned(),
            }));
        }
        Some(Url::Of(path)) => {
            return Err(Error::argument(Argument::Url {
                key,
                url: text.to_owned(),
                path,
            }));
        }
        None => {}
    }
    let absolute = path::absolute(given).map_err(|_| bad())?;
    let plain = without_parents(&absolute);
    // The current folder is not the caller's to write, and may not be UTF-8.
    if plain.to_str().is_some() {
        Ok(plain)
    } else {
        Err(bad())
    }
}

/// `path` without `..`, leading where the system would go: the parent of what a link leads to is not the folder that the link is in.
///
/// Windows takes `..` as it is written, and so [`path::absolute`] has done this there.
fn without_parents(path: &Path) -> PathBuf {
    if !path.components().any(|component| component == Component::ParentDir) {
        return path.to_owned();
    }
    let mut plain = PathBuf::new();
    for component in path.components() {
        if component != Component::ParentDir {
            plain.push(component);
            continue;
        }
        match fs::symlink_metadata(&plain) {
            Ok(metadata) if metadata.is_symlink() => match fs::canonicalize(&plain) {
                Ok(target) => plain = target,
                Err(_) => return path.to_owned(), // it leads nowhere that can be told
            },
            Err(error) if !is_missing(&error) => return path.to_owned(),
            _ => {}
        }
        plain.pop(); // of the root this leaves the root
    }
    plain
}

/// What a text is that other libraries take for a database.
#[derive(Debug, PartialEq, Eq)]
enum Url {
    /// A URL, and the path that it stands for, if it stands for one.
    Of(Option<String>),
    /// A database in memory.
    InMemory,
}

impl Url {
    /// `None` for a path. Schemes of one letter are drives.
    fn parse(text: &str) -> Option<Url> {
        if text == ":memory:" {
            return Some(Url::InMemory);
        }
        let text = text.strip_prefix("jdbc:").unwrap_or(text);
        let (scheme, rest) = text.split_once(':')?;
        let is_scheme = scheme.len() > 1
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        let scheme = scheme.to_ascii_lowercase();
        let dialect = scheme.split('+').next().unwrap_or_default();
        match dialect {
            _ if !is_scheme => None,
            "file" => Some(of_file(rest)),
            "sqlite" | "sqlite3" => Some(of_sqlite(rest)),
            _ => rest.starts_with("//").then_some(Url::Of(None)),
        }
    }
}

/// SQLite's own: <https://www.sqlite.org/uri.html>.
fn of_file(rest: &str) -> Url {
    let (path, query) = split_query(rest.split('#').next().unwrap_or_default());
    if query.split('&').any(|parameter| parameter == "mode=memory") {
        return Url::InMemory;
    }
    // Behind two slashes comes the computer's name, which is empty or this one's.
    let path = match path.strip_prefix("//") {
        Some(path) => path.find('/').map_or("", |slash| &path[slash..]),
        None => path,
    };
    let path = percent_decoded(path);
    named(path.as_deref().map(without_drive_slash))
}

/// Those of SQLAlchemy, Django and other libraries: three slashes before a relative path, four before an absolute one. `Path` of
/// Python makes one of them all.
fn of_sqlite(rest: &str) -> Url {
    let (path, _) = split_query(rest);
    let path = match path.strip_prefix("//") {
        Some(path) => path.strip_prefix('/').unwrap_or(path),
        None => path.strip_prefix('/').unwrap_or(path),
    };
    named(Some(without_drive_slash(path)))
}

fn split_query(text: &str) -> (&str, &str) {
    text.split_once('?').unwrap_or((text, ""))
}

fn named(path: Option<&str>) -> Url {
    match path {
        Some("" | ":memory:") => Url::InMemory,
        path => Url::Of(path.map(str::to_owned)),
    }
}

/// `C:/datos/app.db` of `/C:/datos/app.db`.
fn without_drive_slash(path: &str) -> &str {
    match path.as_bytes() {
        [b'/', drive, b':', ..] if drive.is_ascii_alphabetic() => &path[1..],
        _ => path,
    }
}

/// `None` where the bytes are not UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_from_paths() {
        let path = |path: &str| Some(Url::Of(Some(path.to_owned())));
        for (text, expected) in [
            ("app.db", None),
            ("/datos/app.db", None),
            (r"C:\datos\app.db", None),
            ("C:app.db", None),
            ("notas: de mayo.db", None),
            ("12:30 respaldo.db", None),
            ("mayo:junio.db", None),
            ("sqlite:///app.db", path("app.db")),
            ("sqlite:////datos/app.db", path("/datos/app.db")),
            ("sqlite:/app.db", path("app.db")),
            ("sqlite:app.db", path("app.db")),
            ("sqlite://app.db", path("app.db")),
            ("SQLite+pysqlite:///data/app.db?timeout=5", path("data/app.db")),
            (r"sqlite:///C:\datos\app.db", path(r"C:\datos\app.db")),
            ("sqlite:////C:/datos/app.db", path("C:/datos/app.db")),
            ("sqlite://", Some(Url::InMemory)),
            ("sqlite:///:memory:", Some(Url::InMemory)),
            ("jdbc:sqlite:app.db", path("app.db")),
            ("file:app.db", path("app.db")),
            ("file:app.db?mode=ro#x", path("app.db")),
            ("file:///datos/mi%20app.db", path("/datos/mi app.db")),
            ("file://localhost/datos/app.db", path("/datos/app.db")),
            ("file:///C:/datos/app.db", path("C:/datos/app.db")),
            ("file:100%.db", path("100%.db")),
            ("file:%ff.db", Some(Url::Of(None))),
            ("file::memory:?cache=shared", Some(Url::InMemory)),
            ("file:juntos?mode=memory&cache=shared", Some(Url::InMemory)),
            (":memory:", Some(Url::InMemory)),
            ("postgresql://servidor/estudio", Some(Url::Of(None))),
        ] {
            assert_eq!(Url::parse(text), expected, "{text}");
        }
    }
}

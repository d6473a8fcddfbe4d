//! Affinity, and what a column may hold by its declared type.

use crate::pages::record::Class;
use crate::pages::schema::Classes;

/// How a column converts values, by its declared type:
/// <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

impl Affinity {
    pub fn of(declared: &str) -> Affinity {
        let declared = declared.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        match () {
            () if has(&["int"]) => Affinity::Integer,
            () if has(&["char", "clob", "text"]) => Affinity::Text,
            () if has(&["blob"]) || declared.is_empty() => Affinity::Blob,
            () if has(&["real", "floa", "doub"]) => Affinity::Real,
            () => Affinity::Numeric,
        }
    }

    /// The declared type that has this affinity.
    pub fn declared(self) -> &'static str {
        match self {
            Affinity::Integer => "INTEGER",
            Affinity::Text => "TEXT",
            Affinity::Blob => "BLOB",
            Affinity::Real => "REAL",
            Affinity::Numeric => "NUMERIC",
        }
    }

    /// The storage classes that a value stored through SQLite can have.
    pub fn classes(self) -> Classes {
        match self {
            Affinity::Blob => Classes::ANY,
            Affinity::Text => Classes {
                forbidden: Classes::bit(Class::Integer) | Classes::bit(Class::Real),
                numeric_text: false,
            },
            Affinity::Integer | Affinity::Real | Affinity::Numeric => Classes {
                forbidden: Classes::bit(Class::Text),
                numeric_text: true,
            },
        }
    }
}

/// What a column of a STRICT table may hold: <https://www.sqlite.org/stricttables.html>.
pub(super) fn strict_classes(declared: &str) -> Classes {
    let allowed: &[Class] = match declared.to_ascii_uppercase().as_str() {
        "INT" | "INTEGER" => &[Class::Integer],
        "REAL" => &[Class::Integer, Class::Real],
        "TEXT" => &[Class::Text],
        "BLOB" => &[Class::Blob],
        _ => return Classes::ANY,
    };
    let all = [Class::Integer, Class::Real, Class::Text, Class::Blob];
    let forbidden = all.iter().filter(|class| !allowed.contains(class));
    Classes {
        forbidden: forbidden.fold(0, |bits, class| bits | Classes::bit(*class)),
        numeric_text: false,
    }
}

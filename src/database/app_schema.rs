//! Whether the application understands the schema of a database: by its version numbers.

use crate::database::contents::Contents;
use crate::options::SchemaSupport;

/// How a database's schema relates to the application's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SchemaAge {
    /// The schema that the application works with, or one that cannot be compared.
    Current,
    /// Older: the application has to migrate it. Holds the version found.
    Older(String),
    /// Newer: a later version of the application made it. Holds the version found.
    Newer(String),
}

/// The age of a schema with these versions.
///
/// Alembic's revisions have no order. A revision that is not a head is newer if it is missing from the application's
/// list of revisions. Without such a list it counts as older, and the application's migration finds out.
pub(crate) fn age(found: &Contents, supported: &SchemaSupport) -> SchemaAge {
    let number = found.user_version.zip(supported.newest_user_version);
    let by_number = number.map_or(SchemaAge::Current, |(found, newest)| match found.cmp(&newest) {
        std::cmp::Ordering::Less => SchemaAge::Older(found.to_string()),
        std::cmp::Ordering::Equal => SchemaAge::Current,
        std::cmp::Ordering::Greater => SchemaAge::Newer(found.to_string()),
    });
    match (by_number, by_revision(found, supported)) {
        (newer @ SchemaAge::Newer(_), _) | (_, newer @ SchemaAge::Newer(_)) => newer,
        (older @ SchemaAge::Older(_), _) | (_, older) => older,
    }
}

fn by_revision(found: &Contents, supported: &SchemaSupport) -> SchemaAge {
    let Some(revisions) = &found.alembic else {
        return SchemaAge::Current;
    };
    if supported.alembic_heads.is_empty() {
        return SchemaAge::Current;
    }
    let is_in = |known: &[String], revision: &str| known.iter().any(|known| known == revision);
    let unknown =
        |revision: &&str| !is_in(&supported.alembic_heads, revision) && !is_in(&supported.alembic_revisions, revision);
    let is_older = |revision: &str| !is_in(&supported.alembic_heads, revision);
    let tells_newer = !supported.alembic_revisions.is_empty();
    match revisions.split(", ").find(unknown) {
        Some(revision) if tells_newer => SchemaAge::Newer(revision.to_owned()),
        _ if revisions.split(", ").any(is_older) => SchemaAge::Older(revisions.clone()),
        _ => SchemaAge::Current,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(user_version: i64, alembic: Option<&str>) -> Contents {
        Contents {
            tables: None,
            user_version: Some(user_version),
            alembic: alembic.map(str::to_owned),
        }
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn the_user_version_tells_older_from_newer() {
        let supported = SchemaSupport {
            newest_user_version: Some(7),
            ..SchemaSupport::default()
        };
        assert_eq!(age(&found(7, None), &supported), SchemaAge::Current);
        assert_eq!(age(&found(6, None), &supported), SchemaAge::Older("6".to_owned()));
        assert_eq!(age(&found(8, None), &supported), SchemaAge::Newer("8".to_owned()));
        assert_eq!(age(&found(8, Some("x")), &SchemaSupport::default()), SchemaAge::Current);
    }

    #[test]
    fn a_revision_that_the_application_does_not_know_is_newer_where_it_says_what_it_knows() {
        let mut supported = SchemaSupport {
            alembic_heads: texts(&["c"]),
            ..SchemaSupport::default()
        };
        assert_eq!(age(&found(0, Some("c")), &supported), SchemaAge::Current);
        assert_eq!(age(&found(0, Some("b")), &supported), SchemaAge::Older("b".to_owned()));
        assert_eq!(age(&found(0, Some("d")), &supported), SchemaAge::Older("d".to_owned()));
        assert_eq!(age(&found(0, None), &supported), SchemaAge::Current);
        supported.alembic_revisions = texts(&["a", "b"]);
        assert_eq!(age(&found(0, Some("c")), &supported), SchemaAge::Current);
        assert_eq!(age(&found(0, Some("b")), &supported), SchemaAge::Older("b".to_owned()));
        assert_eq!(age(&found(0, Some("d")), &supported), SchemaAge::Newer("d".to_owned()));
        assert_eq!(
            age(&found(0, Some("b, d")), &supported),
            SchemaAge::Newer("d".to_owned())
        );
    }

    #[test]
    fn newer_by_either_is_newer() {
        let supported = SchemaSupport {
            newest_user_version: Some(7),
            alembic_heads: texts(&["c"]),
            alembic_revisions: texts(&["b"]),
        };
        assert_eq!(age(&found(6, Some("d")), &supported), SchemaAge::Newer("d".to_owned()));
        assert_eq!(age(&found(8, Some("b")), &supported), SchemaAge::Newer("8".to_owned()));
        assert_eq!(age(&found(7, Some("b")), &supported), SchemaAge::Older("b".to_owned()));
    }
}

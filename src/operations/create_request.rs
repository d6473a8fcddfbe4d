//! How a caller describes a backup that is to be made.

use crate::catalog::record::Made;

/// The request of [`Store::create_with`](crate::store::Store::create_with) and
/// [`Store::create_if_due_with`](crate::store::Store::create_if_due_with).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreateRequest {
    /// A name for people.
    pub label: Option<String>,
    /// A remark for people.
    pub note: Option<String>,
    /// What triggers the backup; `None` is manual for `create_with` and automatic for `create_if_due_with`.
    pub made: Option<Made>,
    /// Retention never deletes it.
    pub pinned: bool,
    /// Makes no backup if the newest one equals the database.
    pub skip_unchanged: bool,
}

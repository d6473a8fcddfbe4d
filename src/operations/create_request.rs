//! What a caller may say of a backup that is to be made.

use crate::catalog::record::Made;

/// The request of [`Store::create_with`](crate::store::Store::create_with) and
/// [`Store::create_if_due_with`](crate::store::Store::create_if_due_with).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreateRequest {
    /// A name for people.
    pub label: Option<String>,
    /// What a person has to say about it.
    pub note: Option<String>,
    /// What makes it; `None` is manual for the one and automatic for the other.
    pub made: Option<Made>,
    /// Never to be deleted.
    pub pinned: bool,
    /// Makes none if the newest backup holds what the database holds.
    pub skip_unchanged: bool,
}

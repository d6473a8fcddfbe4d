//! What callers receive and are asked: errors, warnings, texts for people, and progress.
//!
//! May use nothing of this library: it is the lowest folder.
//!
//! | file | holds |
//! |---|---|
//! | `damage` | what verification finds wrong with a database |
//! | `error` | the error of every operation: its cause and its path |
//! | `error_object` | the error as callers receive it |
//! | `findings` | what the health of the backups comes down to, in Spanish and English |
//! | `messages` | the texts for people, in Spanish and English |
//! | `progress` | the progress of long work, and its cancelling |
//! | `row_conflict` | a row of a backup that clashes with the live database |
//! | `status` | the numbers and names of the statuses |
//! | `summary` | what a comparison comes to, in one sentence |
//! | `system_error` | what the operating system's errors mean |
//! | `waiting` | calling the progress function while an operation waits |

pub(crate) mod damage;
pub(crate) mod error;
pub(crate) mod error_object;
pub(crate) mod findings;
pub(crate) mod messages;
pub(crate) mod progress;
pub(crate) mod row_conflict;
pub(crate) mod status;
pub(crate) mod summary;
pub(crate) mod system_error;
pub(crate) mod waiting;

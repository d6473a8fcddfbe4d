//! What callers are told and asked.
//!
//! May use nothing of this library: it is the lowest folder.
//!
//! | file | holds |
//! |---|---|
//! | `error` | the error of every operation: its cause and its path |
//! | `error_object` | the error as callers get it |
//! | `messages` | what people read, in Spanish and English |
//! | `progress` | how far the work is, and whether to go on |
//! | `status` | the numbers and names of the statuses |
//! | `system_error` | what the operating system's errors mean |

pub(crate) mod error;
pub(crate) mod error_object;
pub(crate) mod messages;
pub(crate) mod progress;
pub(crate) mod status;
pub(crate) mod system_error;

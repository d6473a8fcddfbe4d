//! The progress of long work, and its cancelling.

use std::ops::ControlFlow;

/// The progress of a copy, in pages. While the copy is verified, both numbers are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Pages copied so far.
    pub pages_done: u64,
    /// Pages of the whole database.
    pub pages_total: u64,
}

/// Called between steps, on the thread that called the operation. `Break` cancels it.
pub type ProgressFn<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// A progress function that does nothing and never cancels: `store.create(&mut respaldo::unwatched)`.
pub fn unwatched(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

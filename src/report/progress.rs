//! Progress of long work, and the way to stop it.

use std::ops::ControlFlow;

/// How far a copy has come, in pages. While a copy is being verified both numbers are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Pages copied so far.
    pub pages_done: u64,
    /// Pages of the whole database.
    pub pages_total: u64,
}

/// Called between steps, on the thread that called the operation. `Break` cancels it.
pub type ProgressFn<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// For callers who do not want to watch: `store.create(&mut respaldo::unwatched)`.
pub fn unwatched(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

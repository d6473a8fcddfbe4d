//! The progress of long work, and its cancelling.

use std::ops::ControlFlow;
use std::time::Duration;

/// The time between two calls while no step ends: while SQLite runs, and while the work waits.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The progress of a copy, in pages. While the copy is verified, both numbers are equal. While the work waits for another program,
/// they are what they were before, at first both 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Pages copied so far.
    pub pages_done: u64,
    /// Pages of the whole database.
    pub pages_total: u64,
}

/// Called between steps, and every 50 ms while the operation waits for another program's lock, on the thread that called the operation. `Break` cancels it.
pub type ProgressFn<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// A progress function that does nothing and never cancels: `store.create(&mut respaldo::unwatched)`.
pub fn unwatched(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

//! Calling the progress function while SQLite runs.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::time::Instant;

use rusqlite::{Connection, ffi};

use crate::report::progress::{POLL_INTERVAL, Progress, ProgressFn};

/// Operations of SQLite's virtual machine, or pages, between two reads of the clock.
const OPERATIONS_PER_POLL: c_int = 1_000;

/// Calls the progress function every 50 ms while SQLite runs. When it cancels, the running statement is interrupted.
pub(crate) struct ProgressPoll<'a>(RefCell<State<'a>>);

struct State<'a> {
    progress: ProgressFn<'a>,
    now: Progress,
    last_call: Instant,
    cancelled: bool,
    /// The payload of a panic in `progress`, which must not unwind through SQLite.
    panic: Option<Box<dyn Any + Send>>,
}

impl<'a> ProgressPoll<'a> {
    /// A poll that calls `progress` with `now` every time.
    pub fn new(progress: ProgressFn<'a>, now: Progress) -> ProgressPoll<'a> {
        ProgressPoll(RefCell::new(State {
            progress,
            now,
            last_call: Instant::now(),
            cancelled: false,
            panic: None,
        }))
    }

    /// Sets what `progress` is called with from now on.
    pub fn set(&self, now: Progress) {
        self.0.borrow_mut().now = now;
    }

    /// Calls `progress` if 50 ms have passed. Once cancelled, the work stays cancelled.
    pub fn should_continue(&self) -> bool {
        let mut state = self.0.borrow_mut();
        if !state.cancelled && state.last_call.elapsed() >= POLL_INTERVAL {
            state.call();
        }
        !state.cancelled
    }

    /// Runs `work`, calling `progress` meanwhile and once at the end. `None` if it was cancelled; a running statement of
    /// `connection` is then interrupted.
    pub fn during<T>(&self, connection: &Connection, work: impl FnOnce() -> T) -> Option<T> {
        /// Removes the progress handler.
        struct RemoveHandler<'c>(&'c Connection);
        impl Drop for RemoveHandler<'_> {
            fn drop(&mut self) {
                // SAFETY: the handle is valid while the connection is borrowed. Without a callback the argument is not used.
                unsafe { ffi::sqlite3_progress_handler(self.0.handle(), 0, None, std::ptr::null_mut()) };
            }
        }

        let poll = std::ptr::from_ref(self).cast_mut().cast::<c_void>();
        // SAFETY: the handle is valid while `connection` is borrowed. The poll outlives the handler, which is removed below.
        unsafe {
            ffi::sqlite3_progress_handler(connection.handle(), OPERATIONS_PER_POLL, Some(should_interrupt), poll)
        };
        let handler = RemoveHandler(connection);
        let done = work();
        drop(handler);
        let mut state = self.0.borrow_mut();
        if !state.cancelled {
            state.call();
        }
        if let Some(panic) = state.panic.take() {
            panic::resume_unwind(panic);
        }
        (!state.cancelled).then_some(done)
    }
}

impl State<'_> {
    fn call(&mut self) {
        // The callback must not change the `errno` of the work, which is read later.
        let system = errno::errno();
        let answer = panic::catch_unwind(AssertUnwindSafe(|| (self.progress)(self.now)));
        self.last_call = Instant::now();
        match answer {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => self.cancelled = true,
            Err(panic) => {
                self.cancelled = true;
                self.panic = Some(panic);
            }
        }
        errno::set_errno(system);
    }
}

/// SQLite's progress handler: any result but 0 interrupts the running statement.
unsafe extern "C" fn should_interrupt(poll: *mut c_void) -> c_int {
    // SAFETY: `during` passed a ProgressPoll, and removes the handler before it returns.
    let poll = unsafe { &*poll.cast::<ProgressPoll<'_>>() };
    c_int::from(!poll.should_continue())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Progress = Progress {
        pages_done: 7,
        pages_total: 7,
    };
    fn count_to(limit: i64, progress: ProgressFn<'_>) -> Option<rusqlite::Result<i64>> {
        let connection = Connection::open_in_memory().expect("opens");
        ProgressPoll::new(progress, NOW).during(&connection, || count(&connection, limit))
    }

    fn count(connection: &Connection, limit: i64) -> rusqlite::Result<i64> {
        let numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT ?1) SELECT count(*) FROM c";
        connection.query_row(numbers, [limit], |row| row.get(0))
    }

    const FOR_EVER: i64 = i64::MAX;

    #[test]
    fn progress_is_called_once_for_short_work() {
        let mut asked = Vec::new();
        let counted = count_to(10, &mut |now| {
            asked.push(now);
            ControlFlow::Continue(())
        });
        assert_eq!(counted, Some(Ok(10)));
        assert_eq!(asked, [NOW]);
        assert_eq!(count_to(10, &mut |_| ControlFlow::Break(())), None);
    }

    #[test]
    fn endless_work_ends_when_progress_cancels_it() {
        let mut asked = 0;
        let ended = count_to(FOR_EVER, &mut |_| {
            asked += 1;
            if asked < 3 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        assert_eq!(ended, None);
        assert_eq!(asked, 3);
    }

    #[test]
    fn a_panic_of_progress_continues_outside_sqlite() {
        let panicked = panic::catch_unwind(|| count_to(FOR_EVER, &mut |_| panic::panic_any("enough")));
        let said = panicked.expect_err("it panicked");
        assert_eq!(said.downcast_ref::<&str>(), Some(&"enough"));
    }

    #[test]
    fn the_handler_is_removed_from_the_connection() {
        let connection = Connection::open_in_memory().expect("opens");
        let mut cancelled = |_| ControlFlow::Break(());
        let poll = ProgressPoll::new(&mut cancelled, NOW);
        assert_eq!(poll.during(&connection, || count(&connection, FOR_EVER)), None);
        assert_eq!(count(&connection, 9_999), Ok(9_999));
    }
}

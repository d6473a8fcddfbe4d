//! Asking whoever waits, now and then while SQLite is at work, whether to go on.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ffi};

use crate::report::progress::{Progress, ProgressFn};

/// How often to ask. It takes longer than many a piece of the work.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Operations of SQLite's virtual machine, or pages of a structure, from one look at the clock to the next.
const OPERATIONS: c_int = 1_000;

/// Somebody who waits for long work, and may call it off.
pub(crate) struct ProgressPoll<'a>(RefCell<State<'a>>);

struct State<'a> {
    progress: ProgressFn<'a>,
    now: Progress,
    asked: Instant,
    cancelled: bool,
    /// What a panic of `progress` said: it must not pass through SQLite.
    panic: Option<Box<dyn Any + Send>>,
}

impl<'a> ProgressPoll<'a> {
    /// What is to be told does not change.
    pub fn new(progress: ProgressFn<'a>, now: Progress) -> ProgressPoll<'a> {
        ProgressPoll(RefCell::new(State {
            progress,
            now,
            asked: Instant::now(),
            cancelled: false,
            panic: None,
        }))
    }

    /// Asks when it is time to. Once called off, the work stays so.
    pub fn should_continue(&self) -> bool {
        let mut state = self.0.borrow_mut();
        if !state.cancelled && state.asked.elapsed() >= POLL_INTERVAL {
            state.ask();
        }
        !state.cancelled
    }

    /// Does `work` and asks meanwhile, and once more when it is done: `None` when it was called off. Then a statement of
    /// `connection` that is running is interrupted.
    pub fn during<T>(&self, connection: &Connection, work: impl FnOnce() -> T) -> Option<T> {
        /// Has SQLite forget the watch.
        struct End<'c>(&'c Connection);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                // SAFETY: the handle is valid while the connection is borrowed; no callback needs no argument.
                unsafe { ffi::sqlite3_progress_handler(self.0.handle(), 0, None, std::ptr::null_mut()) };
            }
        }

        let watch = std::ptr::from_ref(self).cast_mut().cast::<c_void>();
        // SAFETY: the handle is valid while `connection` is borrowed. The watch outlives the callback, which is taken back below.
        unsafe { ffi::sqlite3_progress_handler(connection.handle(), OPERATIONS, Some(stops), watch) };
        let end = End(connection);
        let done = work();
        drop(end);
        let mut state = self.0.borrow_mut();
        if !state.cancelled {
            state.ask();
        }
        if let Some(panic) = state.panic.take() {
            panic::resume_unwind(panic);
        }
        (!state.cancelled).then_some(done)
    }
}

impl State<'_> {
    fn ask(&mut self) {
        // What the system said about the work is still to be looked at.
        let system = errno::errno();
        let answer = panic::catch_unwind(AssertUnwindSafe(|| (self.progress)(self.now)));
        self.asked = Instant::now();
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

/// Called by SQLite; anything but 0 interrupts what is running.
unsafe extern "C" fn stops(watch: *mut c_void) -> c_int {
    // SAFETY: `during` passed a watch, and lives while this can be called. The lifetime of what it holds is as long.
    let watch = unsafe { &*watch.cast::<ProgressPoll<'_>>() };
    c_int::from(!watch.should_continue())
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
    fn short_work_is_asked_about_once() {
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
    fn work_without_end_is_ended_by_who_waits_for_it() {
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
    fn a_panic_comes_out_behind_sqlite() {
        let panicked = panic::catch_unwind(|| count_to(FOR_EVER, &mut |_| panic::panic_any("enough")));
        let said = panicked.expect_err("it panicked");
        assert_eq!(said.downcast_ref::<&str>(), Some(&"enough"));
    }

    #[test]
    fn the_connection_forgets_the_watch() {
        let connection = Connection::open_in_memory().expect("opens");
        let mut cancelled = |_| ControlFlow::Break(());
        let watch = ProgressPoll::new(&mut cancelled, NOW);
        assert_eq!(watch.during(&connection, || count(&connection, FOR_EVER)), None);
        assert_eq!(count(&connection, 9_999), Ok(9_999));
    }
}

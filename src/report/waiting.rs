//! Calling the progress function while an operation waits: for another program's lock, or for a thread of its own.
//!
//! Most waits are deep below the operation, and some are in SQLite's busy handler, which keeps no reference to the caller's
//! function. So the function is found through the thread: [`watched`] makes it known for one operation.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::report::error::{Cause, Error, Result};
use crate::report::progress::{POLL_INTERVAL, Progress, ProgressFn};

thread_local! {
    /// The operation that this thread runs; null for none, and while it can no longer be cancelled.
    static RUNNING: Cell<*const Watched<'static>> = const { Cell::new(ptr::null()) };
}

/// The progress function of an operation that runs.
struct Watched<'a>(RefCell<State<'a>>);

struct State<'a> {
    progress: ProgressFn<'a>,
    /// What it was called with last; zero of zero before the number of pages is known.
    now: Progress,
    last_call: Instant,
    /// It has ended a wait. From then on it is not called any more.
    has_ended_wait: bool,
    /// The payload of a panic in `progress`, which must not unwind through SQLite.
    panic: Option<Box<dyn Any + Send>>,
}

/// Sets [`RUNNING`], and sets it back when dropped.
struct Running(*const Watched<'static>);

impl Running {
    fn set(watched: *const Watched<'static>) -> Running {
        Running(RUNNING.replace(watched))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.set(self.0);
    }
}

/// Runs an operation, calling `progress` while it waits, too. An operation that fails because `progress` ended its wait fails with
/// [`Cause::Cancelled`].
pub(crate) fn watched<T>(progress: ProgressFn<'_>, work: impl FnOnce(ProgressFn<'_>) -> Result<T>) -> Result<T> {
    let watched = Watched(RefCell::new(State {
        progress,
        now: Progress {
            pages_done: 0,
            pages_total: 0,
        },
        last_call: Instant::now(),
        has_ended_wait: false,
        panic: None,
    }));
    let done = {
        let _running = Running::set(ptr::from_ref(&watched).cast());
        as_cancelled(work(&mut |now| watched.0.borrow_mut().report(now)))
    };
    if let Some(panic) = watched.0.into_inner().panic {
        panic::resume_unwind(panic);
    }
    done
}

/// The result of work that may have failed because the progress function ended its wait: then it was cancelled.
pub(crate) fn as_cancelled<T>(done: Result<T>) -> Result<T> {
    done.map_err(|error| match error.cause {
        Cause::Busy | Cause::DatabaseLocked if has_ended_wait() => Error::new(Cause::Cancelled),
        _ => error,
    })
}

/// Runs the part of an operation that can no longer be cancelled: its waits call nothing and end by their timeout alone.
pub(crate) fn to_the_end<T>(work: impl FnOnce() -> T) -> T {
    let _running = Running::set(ptr::null());
    work()
}

/// Whether a wait goes on, as far as the caller is concerned. Asked every few milliseconds; calls the progress function every 50.
pub(crate) fn goes_on() -> bool {
    with_running(|state| {
        if !state.has_ended_wait && state.last_call.elapsed() >= POLL_INTERVAL {
            state.ask();
        }
    });
    !has_ended_wait()
}

fn has_ended_wait() -> bool {
    with_running(|state| state.has_ended_wait).unwrap_or(false)
}

/// `None` where no operation runs that can be cancelled.
fn with_running<T>(use_it: impl FnOnce(&mut State<'_>) -> T) -> Option<T> {
    let running = RUNNING.get();
    if running.is_null() {
        return None;
    }
    // SAFETY: `watched` set it to a value further up the stack of this thread, and sets it back before that value is gone, also when
    // the work panics. The longer lifetime stays in here: `use_it` takes any.
    let watched = unsafe { &*running };
    // It is borrowed while the progress function itself starts another operation.
    watched.0.try_borrow_mut().ok().map(|mut state| use_it(&mut state))
}

/// Waits for what a thread sends, as long as the progress function lets it.
pub(crate) fn receive<T>(receiver: &Receiver<T>, timeout: Duration) -> std::result::Result<T, RecvTimeoutError> {
    let started = Instant::now();
    loop {
        let left = timeout.saturating_sub(started.elapsed());
        match receiver.recv_timeout(left.min(POLL_INTERVAL)) {
            Err(RecvTimeoutError::Timeout) if !left.is_zero() && goes_on() => {}
            received => return received,
        }
    }
}

impl State<'_> {
    /// Between two steps of the work.
    fn report(&mut self, now: Progress) -> ControlFlow<()> {
        if self.has_ended_wait {
            return ControlFlow::Break(());
        }
        self.now = now;
        let answer = (self.progress)(now);
        self.last_call = Instant::now();
        answer
    }

    /// While the work waits.
    fn ask(&mut self) {
        let answer = panic::catch_unwind(AssertUnwindSafe(|| (self.progress)(self.now)));
        self.last_call = Instant::now();
        match answer {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => self.has_ended_wait = true,
            Err(panic) => {
                self.has_ended_wait = true;
                self.panic = Some(panic);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    const LONG: Duration = Duration::from_secs(600);

    /// Waits as the lock of a folder does.
    fn wait() -> Result<()> {
        let deadline = Instant::now() + LONG;
        while goes_on() {
            assert!(Instant::now() < deadline);
            thread::sleep(Duration::from_millis(1));
        }
        Err(Error::new(Cause::Busy))
    }

    #[test]
    fn a_wait_calls_progress_with_its_last_values_and_ends_when_told() {
        let mut seen = Vec::new();
        let mut progress = |now: Progress| {
            seen.push((now.pages_done, now.pages_total));
            if seen.len() < 4 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        let ended = watched(&mut progress, |progress| {
            let now = Progress {
                pages_done: 3,
                pages_total: 9,
            };
            assert_eq!(progress(now), ControlFlow::Continue(()));
            wait()
        });
        assert_eq!(ended, Err(Error::new(Cause::Cancelled)));
        assert_eq!(seen, [(3, 9); 4]);
    }

    #[test]
    fn what_cannot_be_cancelled_waits_on_and_another_failure_stays_what_it_is() {
        let mut progress = |_| ControlFlow::Break(());
        let failed: Result<()> = watched(&mut progress, |progress| {
            let _ = wait();
            assert!(to_the_end(goes_on));
            assert!(!goes_on());
            assert_eq!(
                progress(Progress {
                    pages_done: 1,
                    pages_total: 2
                }),
                ControlFlow::Break(())
            );
            Err(Error::new(Cause::BackupNotFound))
        });
        assert_eq!(failed, Err(Error::new(Cause::BackupNotFound)));
        assert!(goes_on(), "nothing runs any more");
    }

    #[test]
    fn a_progress_function_can_start_another_operation() {
        let mut inner = 0;
        let mut outer = |_| {
            let mut progress = |_| {
                inner += 1;
                ControlFlow::Break(())
            };
            assert_eq!(watched(&mut progress, |_| wait()), Err(Error::new(Cause::Cancelled)));
            assert!(goes_on(), "the outer one is not asked from within itself");
            ControlFlow::Break(())
        };
        assert_eq!(watched(&mut outer, |_| wait()), Err(Error::new(Cause::Cancelled)));
        assert_eq!(inner, 1);
    }

    #[test]
    fn a_panic_of_progress_comes_out_of_the_operation() {
        let waited = || watched(&mut |_| panic::panic_any("enough"), |_| wait());
        let said = panic::catch_unwind(waited).expect_err("it panicked");
        assert_eq!(said.downcast_ref::<&str>(), Some(&"enough"));
        assert!(goes_on());
    }

    #[test]
    fn waiting_for_a_thread_ends_with_its_answer_its_time_or_the_callers_word() {
        let (sender, receiver) = mpsc::channel();
        assert_eq!(receive(&receiver, Duration::ZERO), Err(RecvTimeoutError::Timeout));
        let mut progress = |_| ControlFlow::Break(());
        let ended = watched(&mut progress, |_| Ok(receive(&receiver, LONG)));
        assert_eq!(
            ended,
            Ok(Err(RecvTimeoutError::Timeout)),
            "the operation itself succeeds"
        );
        sender.send(7).expect("heard");
        assert_eq!(receive(&receiver, Duration::MAX), Ok(7));
    }
}

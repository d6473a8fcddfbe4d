//! Progress in bytes, and cancellation. The work runs on threads of its own; the caller's progress function is called here.

use std::ops::ControlFlow;
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use crate::report::error::{Cause, Error, Result};
use crate::report::progress::{Progress, ProgressFn};

const INTERVAL: Duration = Duration::from_millis(50);

/// What the working threads report.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    done: AtomicU64,
    total: AtomicU64,
    /// Bytes written to the repository.
    written: AtomicU64,
    cancelled: AtomicBool,
    /// The source was read to its end and is what it should be. A snapshot is written only then: rustic itself would leave an
    /// unreadable file out, and store the snapshot without it.
    source_is_whole: AtomicBool,
    first_failure: Mutex<Option<Cause>>,
}

#[cfg_attr(not(feature = "archive"), allow(dead_code, reason = "only a repository reports"))]
impl Meter {
    pub fn start(&self, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    pub fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn count_written(&self, bytes: u64) {
        self.written.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub fn set_source_whole(&self) {
        self.source_is_whole.store(true, Ordering::Release);
    }

    pub fn source_is_whole(&self) -> bool {
        self.source_is_whole.load(Ordering::Acquire)
    }

    /// Keeps the cause of the first failure. What follows from it is of no interest.
    pub fn fail(&self, cause: Cause) {
        let mut first = self.first_failure.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(cause);
    }

    /// For work that goes on in another way.
    pub fn forget_failure(&self) {
        *self.first_failure.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub fn first_failure(&self) -> Option<Cause> {
        self.first_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn now(&self) -> Progress {
        let total = self.total.load(Ordering::Relaxed);
        Progress {
            pages_done: self.done.load(Ordering::Relaxed).min(total),
            pages_total: total,
        }
    }
}

/// Runs `work` on a thread, and calls `progress` on this one with bytes in place of pages.
pub(crate) fn watch<T: Send>(
    progress: ProgressFn<'_>,
    work: impl FnOnce(&Arc<Meter>) -> Result<T> + Send,
) -> Result<T> {
    let meter = Arc::new(Meter::default());
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let (given, worker) = (&meter, thread::Builder::new().name("respaldo-archive".to_owned()));
        let working = worker
            .spawn_scoped(scope, move || {
                let outcome = work(given);
                let _ = sender.send(());
                outcome
            })
            .map_err(|error| Error::new(Cause::NoThread(error.to_string())))?;
        while receiver.recv_timeout(INTERVAL) == Err(mpsc::RecvTimeoutError::Timeout) {
            if progress(meter.now()) == ControlFlow::Break(()) {
                meter.cancel();
            }
        }
        match working.join() {
            Ok(Err(error)) if meter.is_cancelled() && error.cause != Cause::Cancelled => {
                Err(Error::new(Cause::Cancelled))
            }
            Ok(outcome) => {
                let _ = progress(meter.now());
                outcome
            }
            // Rustic gives up by panicking in a few places where a read fails.
            Err(_) if meter.is_cancelled() => Err(Error::new(Cause::Cancelled)),
            Err(panic) => panic::resume_unwind(panic),
        }
    })
}

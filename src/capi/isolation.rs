//! Two SQLites in one process, kept from breaking each other's locks.
//!
//! The shared library brings a SQLite of its own into a process that usually has another one, such as Python's. On POSIX
//! systems a file lock belongs to the process: the two would not see each other's locks, and whichever closes a file
//! drops the locks of the other (<https://www.sqlite.org/howtocorrupt.html>, section 2.2.1). In WAL mode that loses data.
//!
//! On Linux such a lock really belongs to the table of file descriptors. So all work is done on threads that share a
//! table of their own: for the locks they are another process, in both directions. The table belongs to one thread that
//! lives as long as the process; every operation runs on a thread started from it, and thereby shares its table, as
//! this SQLite's own bookkeeping demands. As a side effect no descriptor of ours leaks into a child process.
//!
//! On Windows locks belong to the handle and nothing of this is needed. On other systems it is not possible; see the
//! README.

use std::ops::ControlFlow;

use crate::report::error::Result;
use crate::report::progress::{Progress, ProgressFn};

/// What the caller's progress callback is to us.
pub(super) type Watcher<'a> = Option<&'a mut dyn FnMut(Progress) -> ControlFlow<()>>;

/// Runs `work` with locks of its own, calling `watcher` on this thread.
#[cfg(target_os = "linux")]
pub(super) fn run<T: Send + 'static>(
    watcher: Watcher<'_>,
    work: impl FnOnce(ProgressFn<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    linux::run(watcher, work)
}

/// Has ready what every [`run`] needs, and what takes longer than the work of some.
pub(super) fn prepare() {
    #[cfg(target_os = "linux")]
    linux::prepare();
}

/// Runs `work` here.
#[cfg(not(target_os = "linux"))]
pub(super) fn run<T: Send + 'static>(
    watcher: Watcher<'_>,
    work: impl FnOnce(ProgressFn<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    match watcher {
        Some(watcher) => work(watcher),
        None => work(&mut crate::report::progress::unwatched),
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::io;
    use std::mem::MaybeUninit;
    use std::ops::ControlFlow;
    use std::process;
    use std::ptr;
    use std::sync::mpsc::{self, Receiver, Sender};
    use std::sync::{Mutex, PoisonError};
    use std::thread;

    use super::super::guard::caught;
    use super::Watcher;
    use crate::report::error::{Cause, Error, Result};
    use crate::report::progress::{Progress, ProgressFn};

    type Job = Box<dyn FnOnce() + Send>;

    /// What a working thread says to the thread that waits for it.
    enum Said<T> {
        Progress(Progress),
        Done(Result<T>),
    }

    pub(super) fn run<T: Send + 'static>(
        mut watcher: Watcher<'_>,
        work: impl FnOnce(ProgressFn<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (say, hear) = mpsc::channel();
        let (answer, answers) = mpsc::channel();
        let watched = watcher.is_some();
        start(Box::new(move || {
            let result = caught(|| {
                work(&mut |now| {
                    if watched {
                        ask(now, &say, &answers)
                    } else {
                        ControlFlow::Continue(())
                    }
                })
            });
            // The receiver waits until it hears this.
            let _ = say.send(Said::Done(result));
        }))?;
        loop {
            match (hear.recv(), watcher.as_mut()) {
                (Ok(Said::Progress(now)), Some(watcher)) => {
                    // A worker that is gone is heard of by the next recv.
                    let _ = answer.send(watcher(now));
                }
                (Ok(Said::Progress(_)), None) => {}
                (Ok(Said::Done(result)), _) => return result,
                (Err(mpsc::RecvError), _) => return Err(cannot_start(&io::Error::other("no thread could be started"))),
            }
        }
    }

    /// Asks the waiting thread whether to go on; if it is gone, nobody wants the work.
    fn ask<T>(now: Progress, say: &Sender<Said<T>>, answers: &Receiver<ControlFlow<()>>) -> ControlFlow<()> {
        let asked = say.send(Said::Progress(now)).ok().and_then(|()| answers.recv().ok());
        asked.unwrap_or(ControlFlow::Break(()))
    }

    /// The thread whose descriptor table all work shares.
    struct Keeper {
        /// The process it lives in: a fork takes along this record, but not the thread.
        process: u32,
        jobs: Sender<Job>,
    }

    static KEEPER: Mutex<Option<Keeper>> = Mutex::new(None);

    pub(super) fn prepare() {
        // What fails here fails again when it is needed, and is told then.
        let _ = with_keeper(|_| Ok(()));
    }

    /// Starts `job` on a thread of its own with the keeper's table.
    fn start(job: Job) -> Result<()> {
        with_keeper(|keeper| {
            let started = keeper.jobs.send(job);
            started.map_err(|_| cannot_start(&io::Error::other("the thread that starts others is gone")))
        })
    }

    fn with_keeper(use_it: impl FnOnce(&Keeper) -> Result<()>) -> Result<()> {
        let mut keeper = KEEPER.lock().unwrap_or_else(PoisonError::into_inner);
        match keeper.as_ref().filter(|keeper| keeper.process == process::id()) {
            Some(keeper) => use_it(keeper),
            None => use_it(keeper.insert(start_keeper()?)),
        }
    }

    fn start_keeper() -> Result<Keeper> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let (ready, prepared) = mpsc::channel();
        let keeper = move || {
            // The caller below waits for this.
            let _ = ready.send(own_descriptor_table().inspect(|()| take_no_signals()));
            for job in queue {
                // A job that cannot start is dropped, and with it the channel its caller listens on.
                let _ = thread::Builder::new().name("respaldo-work".to_owned()).spawn(job);
            }
        };
        thread::Builder::new()
            .name("respaldo".to_owned())
            .spawn(keeper)
            .and_then(|_| prepared.recv().map_err(io::Error::other).flatten())
            .map_err(|error| cannot_start(&error))?;
        Ok(Keeper {
            process: process::id(),
            jobs,
        })
    }

    fn cannot_start(error: &io::Error) -> Error {
        Error::new(Cause::Io(format!("cannot prepare a thread for the work: {error}")))
    }

    /// Gives this thread, and the threads it starts from now on, an empty descriptor table of its own, but for the three
    /// standard streams. Work without it could damage the application's database, so failing is right.
    fn own_descriptor_table() -> io::Result<()> {
        const FIRST: libc::c_uint = 3;
        // SAFETY: close_range takes three integers and no pointer. What it closes, it closes in the new table only.
        let closed = unsafe {
            libc::syscall(
                libc::SYS_close_range,
                FIRST,
                libc::c_uint::MAX,
                libc::CLOSE_RANGE_UNSHARE,
            )
        };
        if closed == 0 {
            return Ok(());
        }
        // Linux before 5.9, or a sandbox that does not know close_range.
        // SAFETY: unshare takes one integer.
        if unsafe { libc::unshare(libc::CLONE_FILES) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let open: Vec<libc::c_int> = fs::read_dir("/proc/thread-self/fd")?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .collect();
        for descriptor in open.into_iter().filter(|descriptor| *descriptor > 2) {
            // SAFETY: this thread's table is its own, and nothing in this thread uses a descriptor.
            unsafe { libc::close(descriptor) };
        }
        Ok(())
    }

    /// Signals are for the application's threads. Those that a fault raises stay: blocking them would only hide it.
    fn take_no_signals() {
        let mut signals = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigfillset initializes the set, which the other calls then read.
        unsafe {
            libc::sigfillset(signals.as_mut_ptr());
            for fault in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGABRT] {
                libc::sigdelset(signals.as_mut_ptr(), fault);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, signals.as_ptr(), ptr::null_mut());
        }
    }
}

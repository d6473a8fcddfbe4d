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
    use std::io;
    use std::ops::ControlFlow;
    use std::process;
    use std::sync::mpsc::{self, Receiver, Sender};
    use std::sync::{Mutex, PoisonError};
    use std::thread;

    use super::super::guard::caught;
    use super::super::own_table::{Refusal, Way, block_signals, with_own_table};
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
        /// Where the C library does not know the thread: whose it is. The process becoming another user's does not reach it.
        owner: Option<Owner>,
        jobs: Sender<Job>,
    }

    impl Keeper {
        fn is_of_this_process(&self) -> bool {
            self.process == process::id() && self.owner.is_none_or(|owner| owner == Owner::now())
        }
    }

    /// The user and the group for whom files are opened.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Owner(libc::uid_t, libc::gid_t);

    impl Owner {
        fn now() -> Owner {
            // SAFETY: both take nothing and cannot fail.
            unsafe { Owner(libc::geteuid(), libc::getegid()) }
        }
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
        match keeper.as_ref().filter(|keeper| keeper.is_of_this_process()) {
            Some(keeper) => use_it(keeper),
            None => use_it(keeper.insert(start_keeper()?)),
        }
    }

    fn start_keeper() -> Result<Keeper> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let (ready, prepared) = mpsc::channel();
        let keeper = move || {
            // The caller below waits for the first that it hears.
            let started = ready.clone();
            let ended = with_own_table(|way| {
                let _ = started.send(block_signals().map(|()| way).map_err(Refusal::Thread));
                for job in queue {
                    // A job that cannot start is dropped, and with it the channel its caller listens on.
                    let _ = thread::Builder::new().name("respaldo-work".to_owned()).spawn(job);
                }
            });
            let _ = ended.map_err(|refusal| ready.send(Err(refusal)));
        };
        let spawned = thread::Builder::new().name("respaldo".to_owned()).spawn(keeper);
        spawned.map_err(|error| cannot_start(&error))?;
        let way = match prepared.recv() {
            Ok(Ok(way)) => way,
            Ok(Err(Refusal::Thread(error))) => return Err(cannot_start(&error)),
            Ok(Err(Refusal::Table(answers))) => return Err(Error::new(Cause::DescriptorTableForbidden(answers))),
            Err(error) => return Err(cannot_start(&io::Error::other(error))),
        };
        Ok(Keeper {
            process: process::id(),
            owner: (way == Way::Cloned).then(Owner::now),
            jobs,
        })
    }

    fn cannot_start(error: &io::Error) -> Error {
        Error::new(Cause::NoThread(error.to_string()))
    }
}

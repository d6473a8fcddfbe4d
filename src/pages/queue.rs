//! Parts of trees that wait for a thread.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A subtree, or some children of an interior page.
pub(super) struct Task {
    /// Which tree.
    pub tree: usize,
    pub page: u32,
    /// What leads to the page: a page, or 0 for the schema.
    pub parent: u32,
    pub depth: u32,
    /// Of a page that was checked: the children from the first to before the second.
    pub children: Option<(usize, usize)>,
    pub lower: Bound,
    pub upper: Bound,
}

/// A bound of keys: they must be above it, or not above it.
#[derive(Debug, Clone)]
pub(super) enum Bound {
    None,
    Rowid(i64),
    /// The payload of an entry.
    Key(Vec<u8>),
}

pub(super) struct Queue {
    inner: Mutex<Inner>,
    changed: Condvar,
    /// The number of waiting threads and of waiting tasks. Working threads read it without the lock, to decide whether
    /// to split their work.
    waiting: AtomicUsize,
    queued: AtomicUsize,
    stopped: AtomicBool,
}

struct Inner {
    tasks: Vec<Task>,
    running: usize,
}

/// How long a thread waits before it checks for cancellation.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

impl Queue {
    /// The last task is taken first.
    pub fn new(tasks: Vec<Task>) -> Queue {
        Queue {
            waiting: AtomicUsize::new(0),
            queued: AtomicUsize::new(tasks.len()),
            stopped: AtomicBool::new(false),
            inner: Mutex::new(Inner { tasks, running: 0 }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next task, or `None` when all are done or the work was stopped. `wait` is called from time to time
    /// meanwhile.
    pub fn next(&self, mut wait: impl FnMut()) -> Option<Task> {
        let mut inner = self.lock();
        loop {
            if self.is_stopped() {
                return None;
            }
            if let Some(task) = inner.tasks.pop() {
                self.queued.store(inner.tasks.len(), Ordering::Relaxed);
                inner.running += 1;
                return Some(task);
            }
            if inner.running == 0 {
                return None;
            }
            self.waiting.fetch_add(1, Ordering::Relaxed);
            let waited = self.changed.wait_timeout(inner, POLL_INTERVAL);
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            drop(waited);
            wait();
            inner = self.lock();
        }
    }

    /// Marks a task as done; called once for each that was taken.
    pub fn done(&self) {
        let mut inner = self.lock();
        inner.running -= 1;
        if inner.running == 0 && inner.tasks.is_empty() {
            self.changed.notify_all();
        }
    }

    pub fn push(&self, task: Task) {
        let mut inner = self.lock();
        inner.tasks.push(task);
        self.queued.store(inner.tasks.len(), Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// Whether a thread waits without a task for it.
    pub fn has_idle_thread(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > self.queued.load(Ordering::Relaxed)
    }

    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

//! A descriptor table that a thread has to itself, by whichever way the system allows.
//!
//! `close_range` gives one in a single call. Linux before 5.9, and sandboxes that do not know it, refuse it; `unshare` is older, and
//! the seccomp profiles of containers refuse it to everybody but root. What is left is to start the thread without the shared table:
//! `clone` is how every thread starts, and they let it pass.

use std::ffi::{c_int, c_long, c_uint, c_void};
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

/// Descriptors from this one on are not the standard streams.
const FIRST: c_uint = 3;

/// Runs `body` on this thread, or on one that takes its place, with an empty descriptor table that only threads started from it share.
/// Returns when `body` has, or without calling it where no way is open: work without such a table could damage the application's
/// database.
pub(super) fn with_own_table<F: FnOnce(Way)>(body: F) -> Result<(), Refusal> {
    let Err(first) = close_all(libc::CLOSE_RANGE_UNSHARE) else {
        body(Way::Unshared);
        return Ok(());
    };
    // SAFETY: unshare takes one integer.
    if unsafe { libc::unshare(libc::CLONE_FILES) } == 0 {
        close_each().map_err(|error| Refusal::Table(format!("/proc/thread-self/fd: {error}")))?;
        body(Way::Unshared);
        return Ok(());
    }
    let second = io::Error::last_os_error();
    in_place_of_this_thread(body).map_err(|third| match third.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory => Refusal::Thread(third),
        _ => Refusal::Table(format!("close_range: {first}; unshare: {second}; clone: {third}")),
    })
}

/// Why there is no thread with a table of its own.
#[derive(Debug)]
pub(super) enum Refusal {
    /// There is no room for another thread.
    Thread(io::Error),
    /// Every way to the table is forbidden; the calls, and what the system answered.
    Table(String),
}

/// How a thread came by its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It gave up the shared one.
    Unshared,
    /// It was started without the shared one, unknown to the C library: what that does to all threads does not reach it.
    Cloned,
}

/// Closes all but the standard streams in one call.
fn close_all(flags: c_uint) -> io::Result<()> {
    // SAFETY: close_range takes three integers and no pointer. This thread's table is its own, or becomes so by the flag.
    match unsafe { libc::syscall(libc::SYS_close_range, FIRST, c_uint::MAX, flags) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The same without `close_range`. Only for a thread whose table is its own.
fn close_each() -> io::Result<()> {
    let open: Vec<c_int> = fs::read_dir("/proc/thread-self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > 2) {
        // SAFETY: this thread's table is its own, and nothing in this thread uses a descriptor.
        unsafe { libc::close(descriptor) };
    }
    Ok(())
}

/// What this thread and the one in its place share.
struct Handover<F> {
    body: Option<F>,
    result: io::Result<()>,
}

/// The new thread's stack. It waits for work and starts threads, which have stacks of their own.
const STACK_BYTES: usize = 1 << 20;

/// Starts a thread that has a copy of the descriptor table and takes over all else of this one, which sleeps until it ends.
///
/// The two are one to the C library, whose data about a thread is found through a register that the new one inherits. That is sound
/// while one of them sleeps in the kernel; it is how `vfork` and `posix_spawn` work.
fn in_place_of_this_thread<F: FnOnce(Way)>(body: F) -> io::Result<()> {
    const FLAGS: c_int = libc::CLONE_VM
        | libc::CLONE_FS
        | libc::CLONE_SIGHAND
        | libc::CLONE_THREAD
        | libc::CLONE_SYSVSEM
        | libc::CLONE_PARENT_SETTID
        | libc::CLONE_CHILD_CLEARTID;
    block_signals()?; // a handler would run here beside the other thread
    let mut handover = Handover {
        body: Some(body),
        result: Ok(()),
    };
    let mut stack = vec![0_u128; STACK_BYTES / size_of::<u128>()];
    let running = AtomicI32::new(0);
    // SAFETY: the stack is 16-byte aligned memory that nobody else uses, and grows down from its end. It, `handover` and `running`
    // live until `sleep_while` returns, which is after the thread has ended. The kernel writes the thread's number into `running`,
    // and clears it at the end.
    let started = unsafe {
        libc::clone(
            run_handed_over::<F>,
            stack.as_mut_ptr_range().end.cast(),
            FLAGS,
            (&raw mut handover).cast(),
            running.as_ptr(),
            ptr::null_mut::<c_void>(),
            running.as_ptr(),
        )
    };
    if started == -1 {
        return Err(io::Error::last_os_error());
    }
    sleep_while(&running);
    drop(stack);
    handover.result
}

/// The new thread.
extern "C" fn run_handed_over<F: FnOnce(Way)>(handover: *mut c_void) -> c_int {
    // SAFETY: the Handover of `in_place_of_this_thread`, which sleeps and so does not touch it.
    let handover = unsafe { &mut *handover.cast::<Handover<F>>() };
    handover.result = close_all(0).or_else(|_| close_each());
    if let (Ok(()), Some(body)) = (&handover.result, handover.body.take()) {
        body(Way::Cloned);
    }
    0
}

/// Sleeps in the kernel until `running` is 0, touching nothing that belongs to the C library's idea of this thread.
fn sleep_while(running: &AtomicI32) {
    loop {
        let number = running.load(Ordering::Acquire);
        if number == 0 {
            return;
        }
        // SAFETY: the kernel reads `running`, which outlives the call. Its own wake at the thread's end is for this kind of wait.
        unsafe {
            libc::syscall(
                libc::SYS_futex,
                running.as_ptr(),
                c_long::from(libc::FUTEX_WAIT),
                c_long::from(number),
                ptr::null::<libc::timespec>(),
            )
        };
    }
}

/// Signals are for the application's threads. Those that a fault raises stay: blocking them would only hide it.
pub(super) fn block_signals() -> io::Result<()> {
    let mut signals = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset initializes the set, which the other calls then read.
    let code = unsafe {
        libc::sigfillset(signals.as_mut_ptr());
        for fault in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGABRT] {
            libc::sigdelset(signals.as_mut_ptr(), fault);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, signals.as_ptr(), ptr::null_mut())
    };
    match code {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

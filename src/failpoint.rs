//! Named steps at which a test can kill the process, as a power cut or a task manager would.
//!
//! Only the feature `failpoints` compiles them in, which no released library has.

/// Kills the process if `RESPALDO_KILL_AT` names this step. `step_copied:3` kills it at the third time.
#[cfg(feature = "failpoints")]
pub(crate) fn reach(step: &str) {
    use std::collections::HashMap;
    use std::sync::{LazyLock, Mutex, PoisonError};
    static REACHED: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(Mutex::default);

    let Ok(wanted) = std::env::var("RESPALDO_KILL_AT") else {
        return;
    };
    let (wanted_step, wanted_time) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if wanted_step != step {
        return;
    }
    let mut reached = REACHED.lock().unwrap_or_else(PoisonError::into_inner);
    let times = reached.entry(step.to_owned()).or_default();
    *times += 1;
    if wanted_time == times.to_string() {
        // SAFETY: kill and getpid take integers only.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    }
}

/// Does nothing in a released library.
#[cfg(not(feature = "failpoints"))]
pub(crate) fn reach(_step: &str) {}

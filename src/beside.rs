//! Two pieces of work at once.

use std::panic;
use std::thread;

/// Does `here` while a thread called `name` does `there`. Where that is not `worth` a thread, or none can be started, this one does
/// both.
pub(crate) fn beside<A, B: Send>(
    name: &str,
    worth: bool,
    here: impl FnOnce() -> A,
    there: impl Fn() -> B + Sync,
) -> (A, B) {
    thread::scope(|scope| {
        let builder = thread::Builder::new().name(name.to_owned());
        let spawned = worth.then(|| builder.spawn_scoped(scope, &there));
        let done = here();
        let other = match spawned {
            Some(Ok(thread)) => thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic)),
            _ => there(),
        };
        (done, other)
    })
}

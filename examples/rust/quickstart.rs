//! A backup of studio.db with its progress, the list of all, and a restore of the newest.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use respaldo::{Error, Options, Progress, RestoreRequest, Status, Store, unwatched};

fn show(progress: Progress) -> ControlFlow<()> {
    println!("{} of {} pages", progress.pages_done, progress.pages_total);
    ControlFlow::Continue(()) // Break cancels
}

/// All three, of this database.
pub fn run(database: &Path) -> Result<(), Error> {
    let store = Store::open(Options::new(database))?;
    let made = store.create(&mut show)?;
    println!("made {}", made.backup.path.display());

    for backup in store.list(false)?.backups {
        println!("{} {}", backup.display, backup.name); // the newest first
    }

    let restored = store.restore(&RestoreRequest::of(made.backup.name), &mut unwatched)?;
    println!(
        "restored; the database as it was before is {:?}",
        restored.safety_backup
    );
    Ok(())
}

fn main() -> ExitCode {
    let Err(error) = run(Path::new("studio.db")) else {
        return ExitCode::SUCCESS;
    };
    eprintln!("{error}"); // what is the matter, and what to do next
    ExitCode::from(if error.status() == Status::DatabaseLocked { 2 } else { 1 })
}

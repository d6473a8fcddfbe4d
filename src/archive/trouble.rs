//! Which of our errors one of rustic's is.

use rustic_core::{ErrorKind, RusticError};
use secrecy::ExposeSecret;

use crate::archive::meter::Meter;
use crate::options::Archive;
use crate::report::error::{Cause, Error};

/// The error of an operation on the opened repository.
pub(super) fn of_operation(error: &RusticError, meter: &Meter, options: &Archive) -> Error {
    if meter.is_cancelled() {
        return Error::new(Cause::Cancelled);
    }
    match meter.first_failure() {
        Some(cause) => Error::at(with_place(cause, options), options.location()),
        None => of_location(error, options),
    }
}

/// The error of a repository, by rustic's own words.
pub(super) fn of_location(error: &RusticError, options: &Archive) -> Error {
    let text = without_secrets(error.display_log(), options);
    let cause = match () {
        () if error.is_incorrect_password() => Cause::ArchiveWrongPassword,
        () if text.contains("kind: related to the backend") || text.contains("input/output") => {
            Cause::ArchiveUnreachable(text)
        }
        () => Cause::ArchiveDamaged(vec![text]),
    };
    Error::at(cause, options.location())
}

/// Where a file is missing because the whole place is gone, the archive is not damaged.
fn with_place(cause: Cause, options: &Archive) -> Cause {
    match (&cause, options.place.folder()) {
        (Cause::ArchiveDamaged(_), Some(folder)) if !folder.join("config").exists() => {
            Cause::ArchiveUnreachable("it is gone".to_owned())
        }
        (Cause::DiskFull { needed, .. }, Some(folder)) => Cause::DiskFull {
            needed: *needed,
            free: fs4::available_space(folder).ok(),
        },
        _ => cause,
    }
}

/// The text without the values of the options, of which some are passwords.
pub(super) fn without_secrets(text: String, options: &Archive) -> String {
    const SHORTEST: usize = 6;
    let secrets = options.options.values().map(ExposeSecret::expose_secret);
    let secrets = secrets.filter(|secret| secret.len() >= SHORTEST);
    secrets.fold(text, |text, secret| text.replace(secret, "…"))
}

/// An error of a kind that says that the contents are not what they should be.
pub(super) fn damaged(text: &str) -> Box<RusticError> {
    RusticError::new(ErrorKind::Verification, text)
}

//! Opening the repository: with the password, or with the key that it gave before.

use std::io;
use std::sync::Arc;

use rustic_core::repofile::{KeyId, MasterKey};
use rustic_core::{Credentials, OpenStatus, Repository as Opened, RepositoryBackends, RepositoryOptions, RusticError};
use secrecy::zeroize::Zeroize;
use secrecy::{ExposeSecret, SecretString};

use crate::archive::meter::Meter;
use crate::archive::progress_bars::Bars;
use crate::archive::trouble;
use crate::archive::{missing_config, place};
use crate::options::Archive;
use crate::report::error::{Cause, Error, Result};
use crate::store::kept_key::KeptKey;

/// The repository, opened. Computing its key from the password takes a quarter of a second or more, so a key that is `kept` from the time
/// before is used as long as the password and the repository's keys are what they were.
pub(super) fn opened(
    options: &Archive,
    password: &SecretString,
    kept: &KeptKey,
    meter: &Arc<Meter>,
) -> Result<Opened<OpenStatus>> {
    require_reachable(options)?;
    let failed = |error: Box<RusticError>| trouble::of_operation(&error, meter, options);
    let mut place = closed(options, meter)?;
    if place.config_id().map_err(failed)?.is_none() {
        return Err(Error::at(missing_config::cause(options, meter)?, options.location()));
    }
    if let Some(key) = kept_for(&place, password, kept) {
        match place.open(&key) {
            Ok(repository) => return Ok(repository),
            // Of another repository in the same place, say. The password decides.
            Err(_) => {
                meter.forget_failure();
                place = closed(options, meter)?;
            }
        }
    }
    kept.forget();
    let repository = with_credentials(password, |credentials| place.open(credentials)).map_err(failed)?;
    // A damaged key beside the one that opens it.
    meter.forget_failure();
    keep(&repository, password, kept);
    Ok(repository)
}

/// The repository, not opened yet. It keeps no cache on this computer.
pub(super) fn closed(options: &Archive, meter: &Arc<Meter>) -> Result<Opened<()>> {
    closed_on(&place::backends(options, meter)?, options, meter)
}

pub(super) fn closed_on(backends: &RepositoryBackends, options: &Archive, meter: &Arc<Meter>) -> Result<Opened<()>> {
    let cacheless = RepositoryOptions::default().no_cache(true);
    let closed = Opened::new_with_progress(&cacheless, backends, Bars(Arc::clone(meter)));
    closed.map_err(|error| trouble::of_operation(&error, meter, options))
}

/// A folder that must not be read is out of reach.
fn require_reachable(options: &Archive) -> Result<()> {
    let Some(folder) = options.place.folder() else {
        return Ok(());
    };
    let at = |cause| Error::at(cause, folder);
    match std::fs::metadata(folder.join("config")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(Cause::ArchiveUnreachable(error.to_string()))),
        _ => Ok(()),
    }
}

/// The kept key, if the password gave it and the repository still has it.
fn kept_for(place: &Opened<()>, password: &SecretString, kept: &KeptKey) -> Option<Credentials> {
    let found = kept.for_password(password)?;
    let key: MasterKey = serde_json::from_str(found.key.expose_secret()).ok()?;
    let mut ids = place.list::<KeyId>().ok()?;
    ids.any(|id| id.to_hex().as_str() == found.id)
        .then_some(Credentials::Masterkey(key))
}

/// Keeps the key of a repository that the password has opened.
fn keep(repository: &Opened<OpenStatus>, password: &SecretString, kept: &KeptKey) {
    let key = serde_json::to_string(&repository.key()).map(SecretString::from);
    if let (Some(id), Ok(key)) = (repository.key_id(), key) {
        kept.put(password, id.to_hex().to_string(), key);
    }
}

/// Runs `work` with the password as rustic takes it, and clears that from memory.
pub(super) fn with_credentials<T>(password: &SecretString, work: impl FnOnce(&Credentials) -> T) -> T {
    let mut credentials = Credentials::Password(password.expose_secret().to_owned());
    let outcome = work(&credentials);
    if let Credentials::Password(text) = &mut credentials {
        text.zeroize();
    }
    outcome
}

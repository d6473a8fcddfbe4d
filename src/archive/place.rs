//! The place that holds the repository: a folder, or a server.

use std::collections::HashSet;
use std::sync::Arc;

use rustic_backend::LocalBackend;
use rustic_core::{Id, RepositoryBackends, WriteBackend};

use crate::archive::meter::Meter;
use crate::archive::server_backend::ServerBackend;
use crate::archive::trouble::of_location;
use crate::archive::watched_backend::{Folder, WatchedBackend};
use crate::options::{Archive, ArchivePlace};
use crate::report::error::Result;

/// The backend of the place, watched by `meter`.
pub(super) fn backends(options: &Archive, meter: &Arc<Meter>) -> Result<RepositoryBackends> {
    backends_with(options, meter, None)
}

/// The same, as if there were no packs but these.
pub(super) fn backends_with(
    options: &Archive,
    meter: &Arc<Meter>,
    only: Option<HashSet<Id>>,
) -> Result<RepositoryBackends> {
    let watched: Arc<dyn WriteBackend> = match &options.place {
        ArchivePlace::Folder(path) => {
            let text = path.to_str().unwrap_or_default();
            let backend = LocalBackend::new(text, []).map_err(|error| of_location(&error, options))?;
            Arc::new(WatchedBackend::new(backend, Some(Folder::at(path)), only, meter))
        }
        ArchivePlace::Server(service) => {
            let backend = ServerBackend::new(service, options, meter)?;
            Arc::new(WatchedBackend::new(backend, None, only, meter))
        }
    };
    Ok(RepositoryBackends::new(watched, None))
}

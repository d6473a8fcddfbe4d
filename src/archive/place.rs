//! The place that holds the repository: a folder, or a server.

use std::sync::Arc;

use rustic_backend::LocalBackend;
use rustic_core::{RepositoryBackends, WriteBackend};

use crate::archive::meter::Meter;
use crate::archive::server_backend::ServerBackend;
use crate::archive::trouble::of_location;
use crate::archive::watched_backend::{Folder, WatchedBackend};
use crate::options::{Archive, ArchivePlace};
use crate::report::error::Result;

/// The backend of the place, watched by `meter`.
pub(super) fn backends(options: &Archive, meter: &Arc<Meter>) -> Result<RepositoryBackends> {
    let watched: Arc<dyn WriteBackend> = match &options.place {
        ArchivePlace::Folder(path) => {
            let text = path.to_str().unwrap_or_default();
            let backend = LocalBackend::new(text, []).map_err(|error| of_location(&error, options))?;
            Arc::new(WatchedBackend::new(backend, Some(Folder::at(path)), meter))
        }
        ArchivePlace::Server(service) => {
            let backend = ServerBackend::new(service, options)?;
            Arc::new(WatchedBackend::new(backend, None, meter))
        }
    };
    Ok(RepositoryBackends::new(watched, None))
}

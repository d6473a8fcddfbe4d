//! Removing the temporary files of killed processes.

use crate::files::folder_lock::FolderLock;
use crate::files::paths::parent;
use crate::files::staging;
use crate::store::Store;

impl Store {
    /// Removes the temporary files of killed processes: in the backup folder, whose lock the caller holds, and beside the
    /// database and the settings, if those folders' locks are free.
    pub(crate) fn sweep_orphans(&self) {
        staging::sweep(&self.backup_dir);
        let beside = parent(&self.database);
        let elsewhere = self.settings.as_deref().map(parent);
        for folder in [Some(beside), elsewhere.filter(|folder| *folder != beside)]
            .into_iter()
            .flatten()
        {
            if let Ok(Some(_lock)) = FolderLock::try_acquire(folder) {
                staging::sweep(folder);
            }
        }
    }
}

//! Removing what killed processes left.

use crate::files::folder_lock::FolderLock;
use crate::files::paths::parent;
use crate::files::staging;
use crate::store::Store;

impl Store {
    /// Removes what killed processes left: in the backup folder, whose lock the caller holds, and beside the database
    /// and the settings unless somebody is at work there.
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

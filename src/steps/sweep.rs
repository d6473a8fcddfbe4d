//! Removing the temporary files and folders of killed processes.

use crate::files::folder_lock::FolderLock;
use crate::files::paths::parent;
use crate::files::staging;
use crate::files::temporary_folder;
use crate::store::Store;

impl Store {
    /// Removes the temporary files of killed processes: in the backup folder, whose lock the caller holds, and beside the
    /// database and the settings, if those folders' locks are free. Returns whether a temporary folder of the backup folder is in
    /// use, which is that of a rehearsal.
    pub(crate) fn sweep_orphans(&self) -> bool {
        let is_rehearsing = temporary_folder::sweep(&self.backup_dir);
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
        is_rehearsing
    }
}

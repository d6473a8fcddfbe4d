//! Files that are written whole or not at all, by one caller at a time, and what is different on Windows.
//!
//! May use `report`.
//!
//! | file | holds |
//! |---|---|
//! | `flush` | flushing a file to the disk |
//! | `folder_lock` | the lock under which backups and restores run one at a time |
//! | `folder` | making folders, and flushing the names in them |
//! | `given_path` | paths as programs give them: made absolute, and told from URLs |
//! | `long_path` | paths longer than 260 characters on Windows |
//! | `open_folder` | a folder whose files are opened by their names alone |
//! | `own_file` | the library's own files, which are never reached through a link |
//! | `own_json` | a small JSON file of the library's own, read whole and written whole |
//! | `paths` | questions about paths, and about the files at them |
//! | `permissions` | copying the permissions of another file |
//! | `private_folder` | a folder of this user's alone in the system's temporary folder |
//! | `rename` | renaming, at once or not at all |
//! | `settings` | the library's one key in `settings.json` |
//! | `same_volume` | whether two folders are on one volume |
//! | `sharing` | trying again while another program has a file open on Windows |
//! | `sidecars` | the files that SQLite keeps beside a database |
//! | `staging` | temporary files that get their name when they are whole |
//! | `synced` | folders that a program keeps in step with other computers |
//! | `temporary_folder` | a folder of temporary files with a lock of its own |

pub(crate) mod flush;
pub(crate) mod folder;
pub(crate) mod folder_lock;
pub(crate) mod given_path;
pub(crate) mod long_path;
pub(crate) mod open_folder;
pub(crate) mod own_file;
pub(crate) mod own_json;
pub(crate) mod paths;
pub(crate) mod permissions;
pub(crate) mod private_folder;
pub(crate) mod rename;
pub(crate) mod same_volume;
pub(crate) mod settings;
pub(crate) mod sharing;
pub(crate) mod sidecars;
pub(crate) mod staging;
pub(crate) mod synced;
pub(crate) mod temporary_folder;

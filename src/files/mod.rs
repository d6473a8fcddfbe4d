//! Files that are written whole or not at all, one caller at a time, and what Windows does otherwise.
//!
//! May use `report`.
//!
//! | file | holds |
//! |---|---|
//! | `flush` | forcing a file to the disk |
//! | `folder` | folders that are made, and whose names are flushed |
//! | `folder_lock` | keeping backups and restores apart |
//! | `long_path` | paths longer than Windows' old limit |
//! | `paths` | paths, and what is at them |
//! | `permissions` | permissions taken over from another file |
//! | `rename` | giving a file another name |
//! | `settings` | `settings.json`, of which one key is ours |
//! | `sharing` | files that another program holds for a moment |
//! | `sidecars` | removing what SQLite keeps beside a database |
//! | `staging` | files on their way to their name |

pub(crate) mod flush;
pub(crate) mod folder;
pub(crate) mod folder_lock;
pub(crate) mod long_path;
pub(crate) mod paths;
pub(crate) mod permissions;
pub(crate) mod rename;
pub(crate) mod settings;
pub(crate) mod sharing;
pub(crate) mod sidecars;
pub(crate) mod staging;

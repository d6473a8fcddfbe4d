//! The operations of a store: one file an operation, readable as a list of steps.
//!
//! May use everything below: `steps`, `archive`, `catalog`, `database`, `files`, `report`.
//!
//! | file | holds |
//! |---|---|
//! | `annotate` | label, note, pin and confirmation of a backup |
//! | `archive_check` | checking the archive |
//! | `archive_fetch` | fetching a backup from the archive |
//! | `archive_init` | making a new archive |
//! | `archive_key` | changing the archive's password |
//! | `archive_list` | listing the archive's snapshots |
//! | `archive_prune` | applying the archive's retention |
//! | `archive_push` | storing a backup in the archive |
//! | `archive_queue` | storing new backups in the archive in the background |
//! | `compare` | comparing a backup with the live database or another backup |
//! | `bring_back` | bringing rows of a backup back |
//! | `create` | making a backup, now or once a day |
//! | `create_request` | how a caller describes a backup that is to be made |
//! | `deep_check` | reading every backup, for a deep look at health |
//! | `due_rehearsal` | the rehearsal that `create_if_due` does by itself |
//! | `find` | finding rows in every backup |
//! | `health` | whether the data are safe |
//! | `history` | the versions of one row in every backup |
//! | `last_backup` | when the last backup was made |
//! | `list` | listing the backups |
//! | `live_health` | the live database, as health sees it |
//! | `overwrite` | restoring over a database that is in use |
//! | `prune` | applying retention |
//! | `rehearse` | restoring a backup into a temporary file to test it |
//! | `restore` | restoring a backup |
//! | `salvage` | a sound file from the readable parts of a damaged one |
//! | `second_place_health` | the second place, as health sees it |
//! | `way_out` | the last good backup, added to an error that a file is damaged |
//! | `verify` | verifying a backup |

pub(crate) mod annotate;
pub(crate) mod archive_check;
pub(crate) mod archive_fetch;
pub(crate) mod archive_init;
pub(crate) mod archive_key;
pub(crate) mod archive_list;
pub(crate) mod archive_prune;
pub(crate) mod archive_push;
pub(crate) mod archive_queue;
pub(crate) mod bring_back;
pub(crate) mod compare;
pub(crate) mod create;
pub(crate) mod create_request;
mod deep_check;
mod due_rehearsal;
pub(crate) mod find;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod last_backup;
pub(crate) mod list;
mod live_health;
mod overwrite;
pub(crate) mod prune;
pub(crate) mod rehearse;
pub(crate) mod restore;
pub(crate) mod salvage;
pub(crate) mod second_place_health;
pub(crate) mod verify;
mod way_out;

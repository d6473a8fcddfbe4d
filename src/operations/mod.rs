//! What an application can ask for: one file an operation, readable as a list of steps.
//!
//! May use everything below: `steps`, `catalog`, `database`, `files`, `report`.
//!
//! | file | holds |
//! |---|---|
//! | `annotate` | what people say of a backup |
//! | `compare` | what differs between a backup and the live database, or another backup |
//! | `bring_back` | bringing rows of a backup back |
//! | `create` | making a backup, now or once a day |
//! | `create_request` | what a caller may say of a backup that is to be made |
//! | `health` | whether the data are safe |
//! | `last_backup` | when the last backup was made |
//! | `list` | listing the backups |
//! | `overwrite` | restoring over a database that is in use |
//! | `prune` | applying retention |
//! | `rehearse` | restoring a backup elsewhere to try it |
//! | `restore` | restoring a backup |
//! | `salvage` | a sound file of what can be read of a damaged one |
//! | `verify` | verifying a backup |

pub(crate) mod annotate;
pub(crate) mod bring_back;
pub(crate) mod compare;
pub(crate) mod create;
pub(crate) mod create_request;
pub(crate) mod health;
pub(crate) mod last_backup;
pub(crate) mod list;
mod overwrite;
pub(crate) mod prune;
pub(crate) mod rehearse;
pub(crate) mod restore;
pub(crate) mod salvage;
pub(crate) mod verify;

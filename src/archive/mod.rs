//! The archive: backups in a repository of restic's format, encrypted and without repetition, in a folder or on a server.
//!
//! May use `catalog`, `store`, `files`, `options` and below. Everything that knows rustic's types is in here. Without the cargo
//! feature `archive`, `absent` stands in for it: it has the same functions, and each answers `Cause::Unsupported`.
//!
//! | file | holds |
//! |---|---|
//! | `absent` | the archive of a build without it |
//! | `backup_source` | a backup's file, read and hashed once while it is stored |
//! | `chunk_answers` | the opened repository's answers about chunks |
//! | `chunk_file` | chunks in a temporary file |
//! | `chunks` | the chunks of a database in a snapshot |
//! | `connection` | a server: whom it trusts, how long it waits, cancellation |
//! | `description` | what a snapshot says of its backup |
//! | `kept_chunks` | the chunks that were read, in memory and in that file |
//! | `meter` | progress in bytes and cancellation, across the threads that work |
//! | `missing_config` | a place without the file `config` |
//! | `opening` | opening the repository, with the password or with the key that it gave before |
//! | `password` | where the password comes from |
//! | `place` | the folder or server that holds the repository |
//! | `progress_bars` | rustic's progress, passed on to the meter |
//! | `reader` | databases of snapshots, read where they are |
//! | `repository` | the repository, opened, and what is done with it |
//! | `server_backend` | a repository on a server |
//! | `session` | opening it for one operation of a store |
//! | `snapshot` | a snapshot as it is listed |
//! | `trouble` | which of our errors one of rustic's is |
//! | `trust` | whose certificates a connection trusts |
//! | `unindexed_packs` | what a push that was killed has left |
//! | `watched_backend` | what every read and write of the repository goes through |

mod chunk_file;
pub(crate) mod chunks;
pub(crate) mod description;
mod kept_chunks;
pub(crate) mod meter;
mod password;
pub(crate) mod reader;
pub(crate) mod session;
pub(crate) mod snapshot;

#[cfg(feature = "archive")]
mod backup_source;
#[cfg(feature = "archive")]
mod chunk_answers;
#[cfg(feature = "archive")]
mod connection;
#[cfg(feature = "archive")]
mod missing_config;
#[cfg(feature = "archive")]
mod opening;
#[cfg(feature = "archive")]
mod place;
#[cfg(feature = "archive")]
mod progress_bars;
#[cfg(feature = "archive")]
pub(crate) mod repository;
#[cfg(feature = "archive")]
mod server_backend;
#[cfg(feature = "archive")]
mod trouble;
#[cfg(feature = "archive")]
mod trust;
#[cfg(feature = "archive")]
mod unindexed_packs;
#[cfg(feature = "archive")]
mod watched_backend;

#[cfg(not(feature = "archive"))]
#[path = "absent.rs"]
pub(crate) mod repository;

//! Backups of an application's SQLite database, made and restored inside the application's own process.
//!
//! A [`Store`] is one database with its backup folder. What it promises is in the README; in short: a backup is a plain
//! SQLite file that exists whole or not at all, success means verified and durable, retention deletes only what the
//! library made, and a restore is one transaction that can be undone.
//!
//! ```
//! use respaldo::{Options, RestoreRequest, Store, unwatched};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let database = folder.path().join("tattoostudio.db");
//! # rusqlite::Connection::open(&database)?.execute_batch("CREATE TABLE clients(name); INSERT INTO clients VALUES('Ana')")?;
//! let store = Store::open(Options::new(&database))?;
//! let backup = store.create(&mut unwatched)?.backup;
//! println!("{} of {} bytes, made {}", backup.name, backup.size, backup.display);
//!
//! let restored = store.restore(&RestoreRequest::of(&backup.name), &mut unwatched)?;
//! println!("the database as it was is in {:?}", restored.safety_backup);
//! # Ok(())
//! # }
//! ```
//!
//! # From other languages
//!
//! The C interface is `include/respaldo.h`, generated from [`capi`]. It differs in one thing: the shared library carries
//! a SQLite of its own into a process that may have another one, and keeps the two from breaking each other's locks.
//! A Rust program that uses this crate directly shares one SQLite with it and needs no such thing.
//!
//! # Layers
//!
//! | files | duty |
//! |---|---|
//! | `create`, `restore`, `verify`, `catalog`, `last_backup`, `retention` | one operation each, as a list of steps |
//! | `snapshot`, `fit`, `overwrite`, `replace`, `safety`, `restore_log` | the steps of them that move data |
//! | `check`, `check_tables`, `check_indexes`, `connection`, `header`, `live_file`, `log_index`, `sqlite_error` | what a database file is, how it is opened, what SQLite answers |
//! | `block_vfs`, `block_file`, `read_blocks`, `write_behind`, `write_back`, `preallocate`, `same_pages` | reading, writing and comparing in large blocks, and early |
//! | `staging`, `rename`, `flush`, `lock`, `settings` | files that are written whole or not at all, one caller at a time |
//! | `held`, `long_path` | what Windows does otherwise |
//! | `names`, `clock` | file names and time |
//! | `failpoint` | steps at which tests kill the process |
//! | `error`, `status`, `messages`, `progress`, `watch` | what callers are told, and asked |
//! | `capi` | the C boundary, and nothing else; nothing outside it uses it |

mod block_file;
mod block_vfs;
mod catalog;
mod check;
mod check_indexes;
mod check_tables;
mod clock;
mod connection;
mod create;
mod error;
mod failpoint;
mod fit;
mod flush;
mod header;
mod held;
mod last_backup;
mod live_file;
mod lock;
mod log_index;
mod long_path;
mod messages;
mod names;
mod overwrite;
mod preallocate;
mod progress;
mod read_blocks;
mod rename;
mod replace;
mod restore;
mod restore_log;
mod retention;
mod safety;
mod same_pages;
mod settings;
mod snapshot;
mod sqlite_error;
mod staging;
mod status;
mod store;
mod verify;
mod watch;
mod write_back;
mod write_behind;

pub mod capi;

pub use catalog::{Backup, Kind, Listing};
pub use check::Verification;
pub use clock::{Clock, Moment};
pub use create::Created;
pub use error::{Argument, Cause, Error, Expected, Report, Result};
pub use last_backup::LastBackup;
pub use messages::{Language, Text, Warning};
pub use progress::{Progress, ProgressFn, unwatched};
pub use restore::{RestoreRequest, Restored};
pub use retention::{Decision, Pruned, Reason};
pub use status::{Status, codes};
pub use store::{Options, Settings, Store};
pub use verify::Verified;

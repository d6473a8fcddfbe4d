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
//! Each folder uses only those below it. The order stands in `tests/layers.rs`, which fails on an import upwards and on a
//! circle.
//!
//! | folder | duty |
//! |---|---|
//! | [`capi`] | the C boundary, and nothing else |
//! | `operations` | one operation a file, as a list of steps |
//! | `steps` | what moves or compares data for them |
//! | `archive` | backups in a repository of restic's format, elsewhere |
//! | `catalog` | what is known of the backups: names, scanning, retention |
//! | `store` | what an application opens, and every operation is a method of |
//! | `database` | what a SQLite database is: opening, shape, live file, errors, checking |
//! | `pages` | the file format read without SQLite, and whether a file is whole |
//! | `block_io` | the VFS that reads and writes in blocks |
//! | `files` | files that are written whole or not at all, one caller at a time |
//! | `options` | what stays, what is watched for, what the application understands |
//! | `clock` | time, which tests can set |
//! | `report` | what callers are told and asked |
//! | `failpoint` | steps at which tests kill the process |
//! | `beside` | two pieces of work at once |

mod archive;
mod beside;
mod block_io;
mod catalog;
mod clock;
mod database;
mod failpoint;
mod files;
mod operations;
mod options;
mod pages;
mod report;
mod steps;
mod store;

pub mod capi;

pub use catalog::backup::{Backup, Kind, Listing};
pub use catalog::record::Made;
pub use catalog::retention::Decision;
pub use catalog::retention_policy::Reason;
pub use clock::{Clock, Moment};
pub use database::check::Verification;
pub use database::contents::Contents;
#[cfg(fuzzing)]
#[doc(hidden)]
pub use database::fuzzing;
pub use database::row_value::{RowValue, Values};
pub use operations::annotate::{AnnotateRequest, Annotated};
pub use operations::archive_check::ArchiveChecked;
pub use operations::archive_fetch::{ArchiveFetchRequest, ArchiveFetched};
pub use operations::archive_init::{ArchiveInitRequest, ArchiveMade};
pub use operations::archive_key::ArchiveKeyChanged;
pub use operations::archive_list::{ArchiveListing, ArchivedBackup};
pub use operations::archive_prune::{ArchiveDecision, ArchivePruned};
pub use operations::archive_push::ArchivePushed;
pub use operations::archive_queue::ArchiveHealth;
pub use operations::bring_back::{BringBackRequest, BroughtBack, RowKey};
pub use operations::compare::{CompareRequest, Comparison, TableDifference};
pub use operations::create::{Created, CreatedIfDue};
pub use operations::create_request::CreateRequest;
pub use operations::find::{FindRequest, FindResult, FoundRow, SearchWords, Wanted};
pub use operations::health::{Health, SafetyCopies};
pub use operations::history::{History, HistoryRequest, LiveVersion, Version};
pub use operations::last_backup::LastBackup;
pub use operations::list::ListRequest;
pub use operations::prune::Pruned;
pub use operations::rehearse::{Checked, RehearseRequest, Rehearsed};
pub use operations::restore::{RestoreRequest, Restored};
pub use operations::salvage::{Method, MissingSince, SalvageRequest, Salvaged, SalvagedTable};
pub use operations::second_place_health::SecondPlaceHealth;
pub use operations::verify::Verified;
pub use options::{
    Archive, ArchivePlace, ChunkSize, Password, Push, Retention, SchemaSupport, SecondPlace, TableWords, Watch,
};
pub use report::damage::{Damage, DamageKind, DamagedIndex};
pub use report::error::{Argument, Cause, Error, Expected, PlaceTrouble, Result};
pub use report::error_object::Report;
pub use report::findings::{Finding, Overall, Severity};
pub use report::messages::{Language, Text, Warning};
pub use report::progress::{Progress, ProgressFn, unwatched};
pub use report::row_conflict::{Clash, RowConflict};
pub use report::status::{Status, codes};
pub use secrecy::SecretString;
pub use steps::row_differences::{DifferentRow, RowDifference};
pub use steps::row_transfer::{OnConflict, TablePlan};
pub use steps::schema_differences::{SchemaDifference, SchemaMatter};
pub use store::{Options, Settings, Store};

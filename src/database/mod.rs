//! A SQLite database: opening it, its shape, its file while other programs use it, and whether it is whole.
//!
//! May use `pages`, `block_io`, `files`, `report`.
//!
//! | file | holds |
//! |---|---|
//! | `affinity` | how a column converts values |
//! | `app_checks` | the application's own checks of a rehearsed backup |
//! | `app_schema` | whether the application understands a schema |
//! | `check` | whether a database is whole |
//! | `computed`, `index_sql` | the expected entries of indexes on expressions |
//! | `connection` | how each kind of file is opened |
//! | `connection_files` | one file, read by several threads at once through connections to it |
//! | `contents` | the tables with their rows, and the version of the schema |
//! | `damage` | the problems of a file, summed up for people |
//! | `defaults` | the values of rows that are older than a column |
//! | `header` | the first 100 bytes |
//! | `live_file` | the file of an open connection, read and locked without dropping its locks |
//! | `page_reader` | the pages of a connection's file, through its WAL |
//! | `progress_poll` | calling the progress function while SQLite runs |
//! | `row_table` | the tables as rows, and the key that tells one row from another |
//! | `row_value` | values of rows, compared and written as JSON |
//! | `schema` | the tables, columns and indexes that SQLite knows, for the verification of pages |
//! | `shape` | what two equal databases have in common |
//! | `sqlite_check` | SQLite's own check, and what its texts mean |
//! | `sqlite_error` | what SQLite's errors mean to a caller |
//! | `stored_value` | a value as SQLite stores it, held between two databases |
//! | `value` | values and names between SQL and this library |
//! | `verify` | verification: of pages first, then by SQLite where pages do not suffice |
//! | `wal_index` | removing a WAL index that reading a backup made |

mod affinity;
pub(crate) mod app_checks;
pub(crate) mod app_schema;
pub(crate) mod check;
mod computed;
pub(crate) mod connection;
mod connection_files;
pub(crate) mod contents;
mod damage;
mod defaults;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
pub(crate) mod header;
mod index_sql;
pub(crate) mod live_file;
pub(crate) mod page_reader;
pub(crate) mod progress_poll;
pub(crate) mod row_table;
pub(crate) mod row_value;
pub(crate) mod schema;
pub(crate) mod seen_pages;
pub(crate) mod shape;
pub(crate) mod sqlite_check;
pub(crate) mod sqlite_error;
pub(crate) mod stored_value;
pub(crate) mod value;
pub(crate) mod verify;
pub(crate) mod wal_index;

#[cfg(test)]
mod tests;

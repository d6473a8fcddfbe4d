//! What a SQLite database is: opening it, its shape, its file while others use it, and whether it is whole.
//!
//! May use `pages`, `block_io`, `files`, `report`.
//!
//! | file | holds |
//! |---|---|
//! | `app_schema` | whether the application understands a schema |
//! | `check` | whether a database is whole |
//! | `check_indexes` | whether an index holds exactly the rows of its table |
//! | `check_pragma` | SQLite's own checks |
//! | `check_tables` | the full check on two threads |
//! | `connection` | how each kind of file is opened |
//! | `contents` | the tables with their rows, and the version of the schema |
//! | `header` | the first 100 bytes |
//! | `live_file` | the file of an open connection, read and locked without dropping its locks |
//! | `page_reader` | the pages of a connection's file, through its WAL |
//! | `progress_poll` | calling the progress function while SQLite runs |
//! | `shape` | what two equal databases have in common |
//! | `sqlite_error` | what SQLite's errors mean to a caller |
//! | `value` | values and names between SQL and this library |
//! | `wal_index` | removing a WAL index that reading a backup made |

pub(crate) mod app_schema;
pub(crate) mod check;
pub(crate) mod check_indexes;
pub(crate) mod check_pragma;
pub(crate) mod check_tables;
pub(crate) mod connection;
pub(crate) mod contents;
pub(crate) mod header;
pub(crate) mod live_file;
pub(crate) mod page_reader;
pub(crate) mod progress_poll;
pub(crate) mod shape;
pub(crate) mod sqlite_error;
pub(crate) mod value;
pub(crate) mod wal_index;

//! The SQLite file format read without SQLite: <https://www.sqlite.org/fileformat2.html>.
//!
//! Nothing here knows SQL. What a page cannot tell, such as which table a tree belongs to and how it is ordered, comes
//! from SQLite as a [`schema`]. Whatever bytes a file holds, nothing here panics, and memory and time are bounded: each
//! page is used once. This folder uses no other.
//!
//! | file | what |
//! |---|---|
//! | `source` | a file that can be read or written anywhere; its pages, read in blocks where they follow each other |
//! | `header`, `page`, `cell`, `varint`, `bytes` | the database header, a b-tree page, its cells, and the numbers in them |
//! | `record`, `order` | the values of a payload, and how they and index entries are ordered |
//! | `pointer_map`, `freelist`, `overflow`, `usage` | references to a page, each page being used once |
//! | `damaged_file`, `scavenge` | pages, payloads and trees of a damaged file, as far as they can be read |
//! | `wal_frames`, `rollback_journal` | the pages that a WAL or a rollback journal holds |
//! | `tree` | the pages of one b-tree in the order of its keys |
//! | `schema` | the schema of the trees, as SQLite reports it |
//! | `verify`, `plan`, `queue`, `worker` | verification: its order, what to check in each tree, the queue of tasks, one thread's work |
//! | `verify_table`, `verify_index`, `space`, `sums` | the checks of a table, an index and a page, and comparing them |
//! | `previous_entry` | the entry that the next one of an index is compared with |
//! | `problem` | what can be wrong, and where |

pub(crate) mod bytes;
pub(crate) mod cell;
pub(crate) mod damaged_file;
pub(crate) mod freelist;
pub(crate) mod header;
pub(crate) mod order;
mod overflow;
pub(crate) mod page;
mod plan;
pub(crate) mod pointer_map;
mod previous_entry;
pub(crate) mod problem;
mod queue;
pub(crate) mod record;
pub(crate) mod rollback_journal;
pub(crate) mod scavenge;
pub(crate) mod schema;
pub(crate) mod source;
mod space;
pub(crate) mod sums;
pub(crate) mod tree;
pub(crate) mod usage;
pub(crate) mod varint;
pub(crate) mod verify;
mod verify_index;
mod verify_table;
pub(crate) mod wal_frames;
mod worker;

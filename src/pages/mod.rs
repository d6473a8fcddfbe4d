//! The SQLite file format read without SQLite: <https://www.sqlite.org/fileformat2.html>.
//!
//! Nothing here knows SQL. What a page cannot tell, such as which tree is whose and how it is ordered, comes from SQLite as
//! a [`schema`]. Whatever bytes a file holds, nothing here panics, and memory and time are bounded: each page is used once. This
//! folder uses nothing of the others.
//!
//! | file | what |
//! |---|---|
//! | `source` | a file that can be read anywhere; its pages, read in blocks where they follow each other |
//! | `header`, `page`, `cell`, `varint`, `bytes` | the database header, a b-tree page, its cells, and the numbers in them |
//! | `record`, `order` | the values of a payload, and how they and index entries are ordered |
//! | `pointer_map`, `freelist`, `overflow`, `usage` | what leads to a page, and that only one thing does |
//! | `scavenge` | the rows that can still be read of a damaged file |
//! | `schema` | what SQLite says about the trees |
//! | `verify`, `plan`, `queue`, `worker` | verification: the order of it, what to look at in each tree, threads and what each of them does |
//! | `verify_table`, `verify_index`, `space`, `sums` | what is looked at in a table, an index, a page, and in comparing them |
//! | `problem` | what can be wrong, and where |

pub(crate) mod bytes;
pub(crate) mod cell;
pub(crate) mod freelist;
pub(crate) mod header;
pub(crate) mod order;
mod overflow;
pub(crate) mod page;
mod plan;
pub(crate) mod pointer_map;
pub(crate) mod problem;
mod queue;
pub(crate) mod record;
pub(crate) mod scavenge;
pub(crate) mod schema;
pub(crate) mod source;
mod space;
pub(crate) mod sums;
pub(crate) mod usage;
pub(crate) mod varint;
pub(crate) mod verify;
mod verify_index;
mod verify_table;
pub(crate) mod wal_frames;
mod worker;

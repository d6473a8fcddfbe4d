//! Reading and writing databases in large blocks: a VFS for SQLite, and requests to the kernel ahead of time.
//!
//! May use `files`, `report`.
//!
//! | file | holds |
//! |---|---|
//! | `archive_vfs` | a VFS that reads a database which is no file on this computer |
//! | `block_file` | one open file whose reads and writes go through blocks |
//! | `block_vfs` | the VFS: its registration, and how it opens a file |
//! | `file_hash` | the BLAKE3 hash of a file, computed while it is written |
//! | `file_methods` | the methods that SQLite calls on an open file |
//! | `preallocate` | disk space reserved before a copy is written |
//! | `read_blocks` | blocks that are read in one call and serve many reads |
//! | `real_file` | a file of the VFS below |
//! | `write_back` | written pages sent to the disk before the flush |
//! | `write_behind` | a thread that writes full blocks |

pub(crate) mod archive_vfs;
pub(crate) mod block_file;
pub(crate) mod block_vfs;
pub(crate) mod file_hash;
pub(crate) mod file_methods;
pub(crate) mod preallocate;
pub(crate) mod read_blocks;
pub(crate) mod real_file;
pub(crate) mod write_back;
pub(crate) mod write_behind;

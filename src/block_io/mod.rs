//! Reading and writing databases in large blocks: a VFS for SQLite, and what the kernel is asked for in advance.
//!
//! May use `files`, `report`.
//!
//! | file | holds |
//! |---|---|
//! | `block_file` | one open file, of which neighbouring bytes are read and written in one call |
//! | `block_vfs` | the VFS itself: what SQLite calls |
//! | `preallocate` | room for a copy, asked for at once |
//! | `read_blocks` | blocks that were read in one call and serve many |
//! | `real_file` | a file of the VFS below |
//! | `write_back` | written pages, sent to the disk early |
//! | `write_behind` | a thread that writes while the next block is collected |

pub(crate) mod block_file;
pub(crate) mod block_vfs;
pub(crate) mod preallocate;
pub(crate) mod read_blocks;
pub(crate) mod real_file;
pub(crate) mod write_back;
pub(crate) mod write_behind;

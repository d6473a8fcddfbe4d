//! What is known of the backups.
//!
//! May use `store`, `database` and below.
//!
//! | file | holds |
//! |---|---|
//! | `backup` | a backup as callers see it |
//! | `file_facts` | what the system and the first bytes say of a file |
//! | `names` | the grammar of the file names that this library makes |
//! | `numbering` | the first free name of a second |
//! | `retention` | which backups stay |
//! | `scan` | the backups in the folder |

pub(crate) mod backup;
pub(crate) mod file_facts;
pub(crate) mod names;
pub(crate) mod numbering;
pub(crate) mod retention;
pub(crate) mod scan;

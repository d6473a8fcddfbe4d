//! Which backups exist, what is recorded of them, and which stay.
//!
//! May use `store`, `database` and below.
//!
//! | file | holds |
//! |---|---|
//! | `archive_state` | what the backup folder knows of each archive |
//! | `backup` | a backup as callers see it |
//! | `catalogue` | `catalog.json`: read, changed, written whole |
//! | `file_facts` | what the system and the first bytes say of a file |
//! | `folder` | the backups in the folder, with the records of the catalogue |
//! | `folder_reading` | the same, read on a thread while the database is copied |
//! | `given_names` | the names that were given, so that none is given twice |
//! | `names` | the grammar of the file names that this library makes |
//! | `numbering` | publishing under a name that was never given |
//! | `place_identity` | which volume the second place is on |
//! | `record` | what the catalogue holds of one backup |
//! | `retention` | applies the policy to the backups in the folder |
//! | `retention_policy` | which backups stay, as one pure function |
//! | `retention_text` | the sentence that says why |
//! | `scan` | the kind and facts of each file in a folder |
//! | `shrink` | the alarm of a table that lost most of its rows |
//! | `whose` | which database a backup belongs to |

pub(crate) mod archive_state;
pub(crate) mod backup;
pub(crate) mod catalogue;
pub(crate) mod file_facts;
pub(crate) mod folder;
pub(crate) mod folder_reading;
pub(crate) mod given_names;
pub(crate) mod names;
pub(crate) mod numbering;
pub(crate) mod place_identity;
pub(crate) mod record;
pub(crate) mod retention;
pub(crate) mod retention_policy;
pub(crate) mod retention_text;
pub(crate) mod scan;
pub(crate) mod shrink;
pub(crate) mod whose;

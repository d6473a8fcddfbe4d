//! The steps of the operations: moving and comparing data.
//!
//! May use `archive`, `catalog`, `store`, `database` and below.
//!
//! | file | holds |
//! |---|---|
//! | `archived_backups` | the snapshots that a search reads |
//! | `backups_to_search` | every backup that a search reads, here, in the second place and in the archive |
//! | `catalogue_entry` | the catalogue with a new backup in it |
//! | `convert` | a backup in the page size and journal mode of the live database |
//! | `equal_pages` | the rows that need not be compared, because their pages are equal |
//! | `fetched_snapshot` | a snapshot of the archive in a temporary file |
//! | `find_backup` | a backup given by name or path, found and held |
//! | `found_rows` | the rows that a search has found, each version once |
//! | `given_backup` | a backup that a request names, in a file or in the archive |
//! | `lost_and_found` | rows and values that have no place in a table |
//! | `matched_rows` | the rows that equal pages leave over, matched by their keys |
//! | `missing_rows` | how many rows of a backup a salvaged file lacks |
//! | `overwrite` | writing over a live database through SQLite |
//! | `page_scan` | which pages of a backup a search has to look at |
//! | `page_set` | which pages of two databases differ |
//! | `replace` | putting a new file where the live database is missing or unusable |
//! | `restore_log` | `restores.jsonl` |
//! | `room` | free space, and how long it lasts |
//! | `row_differences` | which rows of two tables differ |
//! | `row_multisets` | the same for tables without a key |
//! | `row_title` | a readable title of a row |
//! | `row_transfer`, `row_transfer_plan`, `row_transfer_tables` | rows of a backup written into the live database |
//! | `row_words` | whether a row has the words of a search, and its values as they are stored |
//! | `safety_copy` | the database as it was before a restore |
//! | `safety_draft` | a safety copy that is made before writers are kept out |
//! | `salvage_copy` | the bytes of a damaged file, with what its WAL and journal hold, in a file of the library's own |
//! | `salvage_layout` | its page size, encoding and numbers |
//! | `salvage_rows`, `salvage_table` | a new database from the readable rows of a damaged one |
//! | `salvage_schema`, `salvage_declare` | its schema, and its statements run under limits |
//! | `same_database` | whether a backup is of the database it is restored into |
//! | `same_pages` | whether two files hold the same pages |
//! | `schema_age` | whether the application supports a backup's schema |
//! | `schema_differences` | differences between two schemas |
//! | `search_words` | the words of a search, and finding them in a text |
//! | `second_place` | copying finished backups to another disk |
//! | `single_row` | one row of one file, and what tells two versions of it apart |
//! | `snapshot` | a verified copy of a database |
//! | `sweep` | removing the temporary files of killed processes |
//! | `table_file` | the file of a held database, read by the pages of its tables |
//! | `text_search` | the rows of a backup that have a text, read page by page |
//! | `unchanged` | whether a backup equals the live database |
//! | `write_pages` | writing the pages that differ |

pub(crate) mod archived_backups;
pub(crate) mod backups_to_search;
pub(crate) mod catalogue_entry;
pub(crate) mod convert;
pub(crate) mod equal_pages;
pub(crate) mod fetched_snapshot;
pub(crate) mod find_backup;
pub(crate) mod found_rows;
pub(crate) mod given_backup;
pub(crate) mod lost_and_found;
pub(crate) mod matched_rows;
pub(crate) mod missing_rows;
pub(crate) mod overwrite;
pub(crate) mod page_scan;
pub(crate) mod page_set;
pub(crate) mod replace;
pub(crate) mod restore_log;
pub(crate) mod room;
pub(crate) mod row_differences;
pub(crate) mod row_multisets;
pub(crate) mod row_title;
pub(crate) mod row_transfer;
pub(crate) mod row_transfer_plan;
pub(crate) mod row_transfer_tables;
pub(crate) mod row_words;
pub(crate) mod safety_copy;
pub(crate) mod safety_draft;
pub(crate) mod salvage_copy;
pub(crate) mod salvage_declare;
pub(crate) mod salvage_layout;
pub(crate) mod salvage_rows;
pub(crate) mod salvage_schema;
pub(crate) mod salvage_table;
pub(crate) mod same_database;
pub(crate) mod same_pages;
pub(crate) mod schema_age;
pub(crate) mod schema_differences;
pub(crate) mod search_words;
pub(crate) mod second_place;
pub(crate) mod single_row;
pub(crate) mod snapshot;
pub(crate) mod sweep;
pub(crate) mod table_file;
pub(crate) mod text_search;
pub(crate) mod unchanged;
pub(crate) mod write_pages;

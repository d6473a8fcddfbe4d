//! The shrink alarm: a table lost most of its rows from one backup to the next, and no person has confirmed it.
//!
//! A backup is compared with the last one before it without an alarm. The alarm therefore lasts until the rows are
//! back, or until a person confirms the loss.

use std::collections::BTreeMap;

use crate::catalog::backup::Backup;
use crate::catalog::whose::Whose;
use crate::report::messages::{Language, megabytes};

/// The least number of lost rows for an alarm.
const LEAST_ROWS: u64 = 20;
/// The least number of lost bytes for an alarm, for a file whose rows are not counted.
const LEAST_BYTES: u64 = 1 << 20;

/// What was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The table no longer exists. `before` is the number of rows it had.
    Gone { table: String, before: u64 },
    /// The table exists, with fewer rows or none.
    Rows { table: String, before: u64, after: u64 },
    /// The file is smaller, and its rows are not counted.
    Bytes { before: u64, after: u64 },
}

impl Loss {
    /// The loss as a phrase for people.
    pub fn sentence(&self, language: Language) -> String {
        match (self, language) {
            (Loss::Gone { table, before }, Language::Spanish) => {
                format!("la tabla «{table}», que tenía {before} filas, ya no está")
            }
            (Loss::Gone { table, before }, Language::English) => {
                format!("the table “{table}”, which had {before} rows, is gone")
            }
            (
                Loss::Rows {
                    table,
                    before,
                    after: 0,
                },
                Language::Spanish,
            ) => {
                format!("la tabla «{table}» quedó vacía: tenía {before} filas")
            }
            (
                Loss::Rows {
                    table,
                    before,
                    after: 0,
                },
                Language::English,
            ) => {
                format!("the table “{table}” is empty: it had {before} rows")
            }
            (Loss::Rows { table, before, after }, Language::Spanish) => {
                format!("la tabla «{table}» pasó de {before} filas a {after}")
            }
            (Loss::Rows { table, before, after }, Language::English) => {
                format!("the table “{table}” went from {before} rows to {after}")
            }
            (Loss::Bytes { before, after }, Language::Spanish) => {
                format!("el archivo pasó de {} a {}", megabytes(*before), megabytes(*after))
            }
            (Loss::Bytes { before, after }, Language::English) => {
                format!("the file went from {} to {}", megabytes(*before), megabytes(*after))
            }
        }
    }
}

/// The alarm of the newest backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alarm {
    /// The newest backup that still had the rows.
    pub before: String,
    /// The newest backup.
    pub after: String,
    pub losses: Vec<Loss>,
}

/// The alarm of the newest of `backups`, which are sorted newest first.
pub(crate) fn alarm(backups: &[Backup]) -> Option<Alarm> {
    let known =
        |backup: &&Backup| backup.whose == Whose::Own && backup.known_whole == Some(true) && backup.content.is_some();
    let mut before: Option<&Backup> = None;
    let mut raised = None;
    for backup in backups.iter().rev().filter(known) {
        let losses = before.map_or(vec![], |before| losses(before, backup));
        raised = match before {
            Some(before) if !losses.is_empty() && !backup.confirmed => Some(Alarm {
                before: before.name.clone(),
                after: backup.name.clone(),
                losses,
            }),
            _ => {
                before = Some(backup);
                None
            }
        };
    }
    raised
}

fn losses(before: &Backup, after: &Backup) -> Vec<Loss> {
    match (tables(before), tables(after)) {
        (Some(before), Some(after)) => tables_lost(before, after),
        _ if is_most(before.size, after.size, LEAST_BYTES) => vec![Loss::Bytes {
            before: before.size,
            after: after.size,
        }],
        _ => vec![],
    }
}

fn tables(backup: &Backup) -> Option<&BTreeMap<String, u64>> {
    backup.content.as_ref()?.tables.as_ref()
}

fn tables_lost(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<Loss> {
    // A table that a migration renamed has lost nothing.
    let mut new: Vec<u64> = after
        .iter()
        .filter(|(table, _)| !before.contains_key(*table))
        .map(|(_, rows)| *rows)
        .collect();
    let mut losses = Vec::new();
    for (table, &rows) in before {
        match after.get(table) {
            Some(&left) if is_most(rows, left, LEAST_ROWS) => losses.push(Loss::Rows {
                table: table.clone(),
                before: rows,
                after: left,
            }),
            Some(_) => {}
            None if is_most(rows, 0, LEAST_ROWS) => {
                let renamed = new.iter().position(|&left| !is_most(rows, left, LEAST_ROWS));
                match renamed {
                    Some(place) => drop(new.swap_remove(place)),
                    None => losses.push(Loss::Gone {
                        table: table.clone(),
                        before: rows,
                    }),
                }
            }
            None => {}
        }
    }
    losses
}

/// Whether more than half was lost, and at least `least`.
fn is_most(before: u64, after: u64, least: u64) -> bool {
    let lost = before.saturating_sub(after);
    lost >= least && lost > before / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(tables: &[(&str, u64)]) -> BTreeMap<String, u64> {
        tables
            .iter()
            .map(|(table, rows)| ((*table).to_owned(), *rows))
            .collect()
    }

    fn lost(before: &[(&str, u64)], after: &[(&str, u64)]) -> Vec<Loss> {
        tables_lost(&rows(before), &rows(after))
    }

    #[test]
    fn more_than_half_and_at_least_twenty_are_a_loss() {
        let loss = |before, after| Loss::Rows {
            table: "clients".to_owned(),
            before,
            after,
        };
        assert_eq!(lost(&[("clients", 100)], &[("clients", 49)]), [loss(100, 49)]);
        assert_eq!(lost(&[("clients", 100)], &[("clients", 50)]), []);
        assert_eq!(lost(&[("clients", 19)], &[("clients", 0)]), []);
        assert_eq!(lost(&[("clients", 20)], &[("clients", 0)]), [loss(20, 0)]);
        assert_eq!(lost(&[("clients", 20)], &[("clients", 900)]), []);
    }

    #[test]
    fn a_table_that_is_gone_is_a_loss_unless_a_new_one_has_its_rows() {
        let gone = Loss::Gone {
            table: "clients".to_owned(),
            before: 100,
        };
        assert_eq!(lost(&[("clients", 100)], &[]), std::slice::from_ref(&gone));
        assert_eq!(lost(&[("clients", 100)], &[("customers", 100)]), []);
        assert_eq!(lost(&[("clients", 100)], &[("customers", 3)]), [gone]);
        let two = [("clients", 100), ("photos", 100)];
        assert_eq!(
            lost(&two, &[("customers", 100)]).len(),
            1,
            "one new table stands for one old one"
        );
    }
}

//! Sums up the problems of a file for people.

use crate::pages::problem::{Fault, Place, Problem};
use crate::pages::usage::Refused;
use crate::report::damage::{Damage, DamageKind, DamagedIndex};

/// All problems as one damage; `None` for a whole database.
pub(super) fn sum_up(problems: &[Problem]) -> Option<Damage> {
    let each = problems.iter().map(|problem| Damage {
        problems: vec![problem.to_string()],
        repairable: problem.repairable(),
        kind: kind(problem),
        last_good: None,
    });
    each.reduce(Damage::and)
}

fn kind(problem: &Problem) -> DamageKind {
    match &problem.fault {
        Fault::CutOff { bytes, stated } => return DamageKind::CutOff(stated.saturating_sub(*bytes)),
        Fault::LargestRoot { .. }
        | Fault::IncrementalVacuum
        | Fault::FreelistTrunk { .. }
        | Fault::FreelistLength { .. }
        | Fault::PointerMap { .. } => return DamageKind::Bookkeeping,
        _ => {}
    }
    match &problem.place {
        None => DamageKind::Structure,
        Some(place) if place.table.eq_ignore_ascii_case("sqlite_schema") => DamageKind::Schema,
        Some(Place { table, index: None }) => DamageKind::Rows(table.clone()),
        Some(Place {
            table,
            index: Some(index),
        }) => {
            let index = Box::new(DamagedIndex {
                index: index.clone(),
                table: table.clone(),
            });
            match &problem.fault {
                // The page that is used twice may have been a table's.
                Fault::Reference {
                    refused: Refused::Used, ..
                } => DamageKind::Structure,
                Fault::NotUnique { .. } => DamageKind::NotUnique(index),
                _ if problem.repairable() => DamageKind::IndexDiffers(index),
                _ => DamageKind::Index(index),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(table: Option<&str>, index: Option<&str>, fault: Fault) -> Problem {
        let place = table.map(|table| Place {
            table: table.to_owned(),
            index: index.map(ToOwned::to_owned),
        });
        Problem { place, fault }
    }

    #[test]
    fn each_problem_has_its_kind() {
        let of_index = || {
            Box::new(DamagedIndex {
                index: "by_name".to_owned(),
                table: "clients".to_owned(),
            })
        };
        let used = || Fault::Reference {
            page: 3,
            to: 9,
            refused: Refused::Used,
        };
        let index = |fault| problem(Some("clients"), Some("by_name"), fault);
        for (problem, expected) in [
            (
                problem(
                    None,
                    None,
                    Fault::CutOff {
                        bytes: 8000,
                        stated: 8192,
                    },
                ),
                DamageKind::CutOff(192),
            ),
            (
                problem(None, None, Fault::FreelistLength { found: 1, stated: 2 }),
                DamageKind::Bookkeeping,
            ),
            (
                problem(None, None, Fault::Unused { page: 5, count: 1 }),
                DamageKind::Structure,
            ),
            (
                problem(Some("sqlite_schema"), None, Fault::Empty { page: 1 }),
                DamageKind::Schema,
            ),
            (
                problem(Some("clients"), None, Fault::Depth { page: 4 }),
                DamageKind::Rows("clients".to_owned()),
            ),
            (
                index(Fault::Differs { rows: 1, entries: 2 }),
                DamageKind::IndexDiffers(of_index()),
            ),
            (
                index(Fault::NotUnique { page: 1, cell: 2 }),
                DamageKind::NotUnique(of_index()),
            ),
            (index(Fault::Empty { page: 4 }), DamageKind::Index(of_index())),
            (index(used()), DamageKind::Structure),
        ] {
            assert_eq!(kind(&problem), expected, "{problem}");
        }
    }

    #[test]
    fn of_several_the_worst_is_told_and_one_alone_can_keep_it_from_being_repairable() {
        let index = || problem(Some("clients"), Some("by_name"), Fault::Differs { rows: 1, entries: 2 });
        let rows = problem(Some("clients"), None, Fault::Depth { page: 4 });
        let free = problem(None, None, Fault::FreelistLength { found: 1, stated: 2 });
        assert_eq!(sum_up(&[]), None);
        let one = sum_up(&[index()]).expect("damage");
        assert!(one.repairable);
        let two = sum_up(&[index(), free]).expect("damage");
        assert!(
            !two.repairable && matches!(two.kind, DamageKind::IndexDiffers(_)),
            "{two:?}"
        );
        let three = sum_up(&[rows, index()]).expect("damage");
        assert!(!three.repairable);
        assert_eq!(three.kind, DamageKind::Rows("clients".to_owned()));
        assert_eq!(three.problems.len(), 2);
    }
}

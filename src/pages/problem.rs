//! The problems that a database file can have, and their places.

use std::fmt;

use crate::pages::header::HeaderFault;
use crate::pages::page::PageFault;
use crate::pages::usage::Refused;

/// A table or an index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub table: String,
    pub index: Option<String>,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The table or index with the problem; `None` for the file itself.
    pub place: Option<Place>,
    pub fault: Fault,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    Header(HeaderFault),
    /// The file has fewer bytes than its pages.
    CutOff {
        bytes: u64,
        stated: u64,
    },
    /// The header of a database with a pointer map states another largest root page.
    LargestRoot {
        found: u32,
        stated: u32,
    },
    /// The header asks for incremental vacuum and has no pointer map.
    IncrementalVacuum,
    /// A freelist trunk page with more leaves than fit.
    FreelistTrunk {
        page: u32,
    },
    FreelistLength {
        found: u64,
        stated: u32,
    },
    /// Pages that nothing refers to; the first of them.
    Unused {
        page: u32,
        count: u64,
    },
    /// The pointer map differs from the actual reference to a page.
    PointerMap {
        page: u32,
        found: (u8, u32),
        expected: (u8, u32),
    },
    /// `page` leads to a page that is not there or belongs to something else. 0 is the schema or the header.
    Reference {
        page: u32,
        to: u32,
        refused: Refused,
    },
    Page {
        page: u32,
        fault: PageFault,
    },
    /// A page of a table in an index, or the reverse.
    WrongKind {
        page: u32,
    },
    /// No cells in a page that is not a whole tree.
    Empty {
        page: u32,
    },
    TooDeep {
        page: u32,
    },
    /// Not all leaves are as far from the root.
    Depth {
        page: u32,
    },
    Rowid {
        page: u32,
        rowid: i64,
    },
    Record {
        page: u32,
        cell: usize,
    },
    OverflowLength {
        page: u32,
        cell: usize,
        found: u64,
        expected: u64,
    },
    /// A key that is out of order with the one before it, or outside the bounds of the pages above.
    Order {
        page: u32,
        cell: usize,
    },
    NotUnique {
        page: u32,
        cell: usize,
    },
    /// An index that does not hold its table's rows.
    Differs {
        rows: u64,
        entries: u64,
    },
    /// A message of SQLite's own check. Its place is an index only if `REINDEX` repairs it.
    Said(String),
}

impl Problem {
    pub fn of_file(fault: Fault) -> Problem {
        Problem { place: None, fault }
    }

    /// No row is lost, and `REINDEX` rebuilds the index.
    pub fn repairable(&self) -> bool {
        let of_index = self.place.as_ref().is_some_and(|place| place.index.is_some());
        of_index && matches!(self.fault, Fault::Order { .. } | Fault::Differs { .. } | Fault::Said(_))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.index {
            Some(index) => write!(f, "index {index} of table {}", self.table),
            None => write!(f, "table {}", self.table),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.place, &self.fault) {
            (
                Some(Place {
                    table,
                    index: Some(index),
                }),
                Fault::Differs { rows, entries },
            ) => {
                let entries_word = |count: u64| if count == 1 { "entry" } else { "entries" };
                if rows > entries {
                    let count = rows - entries;
                    write!(
                        f,
                        "index {index} lacks {count} {} of table {table}",
                        entries_word(count)
                    )
                } else if entries > rows {
                    let count = entries - rows;
                    write!(
                        f,
                        "index {index} has {count} {} too many for table {table}",
                        entries_word(count)
                    )
                } else {
                    write!(f, "index {index} has other entries than table {table}")
                }
            }
            (Some(_), Fault::Said(text)) => write!(f, "{text}"),
            (Some(place), fault) => write!(f, "{place}: {fault}"),
            (None, fault) => write!(f, "{fault}"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Header(fault) => write!(f, "the database header is not valid: {fault}"),
            Fault::CutOff { bytes, stated } => write!(f, "the file has {bytes} bytes, its header states {stated}"),
            Fault::LargestRoot { found, stated } => {
                write!(f, "the largest root page is {found}, the header states {stated}")
            }
            Fault::IncrementalVacuum => write!(f, "incremental vacuum is on, and there is no pointer map"),
            Fault::FreelistTrunk { page } => write!(f, "freelist trunk page {page} has more leaves than fit"),
            Fault::FreelistLength { found, stated } => {
                write!(f, "the freelist has {found} pages, the header states {stated}")
            }
            Fault::Unused { page, count: 1 } => write!(f, "page {page} is never used"),
            Fault::Unused { page, count } => write!(f, "{count} pages are never used, the first is {page}"),
            Fault::PointerMap { page, found, expected } => write!(
                f,
                "the pointer map has type {} and page {} for page {page}, not {} and {}",
                found.0, found.1, expected.0, expected.1
            ),
            Fault::Reference { page, to, refused } => {
                match page {
                    0 => write!(f, "page {to} ")?,
                    _ => write!(f, "page {page} leads to page {to}, which ")?,
                }
                match refused {
                    Refused::OutOfRange => write!(f, "is not there"),
                    Refused::Used => write!(f, "is used twice"),
                }
            }
            Fault::Page { page, fault } => write!(f, "page {page}: {fault}"),
            Fault::WrongKind { page } => write!(f, "page {page} is of another kind of tree"),
            Fault::Empty { page } => write!(f, "page {page} has no cells"),
            Fault::TooDeep { page } => write!(f, "page {page} is too deep in its tree"),
            Fault::Depth { page } => write!(f, "leaf page {page} is at another depth than others"),
            Fault::Rowid { page, rowid } => write!(f, "page {page}: rowid {rowid} is out of order"),
            Fault::Record { page, cell } => write!(f, "page {page} cell {cell}: not a valid record"),
            Fault::OverflowLength {
                page,
                cell,
                found,
                expected,
            } => write!(
                f,
                "page {page} cell {cell}: an overflow chain of {found} pages, not {expected}"
            ),
            Fault::Order { page, cell } => write!(f, "page {page} cell {cell} is out of order"),
            Fault::NotUnique { page, cell } => write!(f, "page {page} cell {cell}: a unique key that is there twice"),
            Fault::Differs { rows, entries } => write!(f, "{entries} entries for {rows} rows"),
            Fault::Said(text) => write!(f, "{text}"),
        }
    }
}

impl fmt::Display for HeaderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HeaderFault::Magic => "it does not begin as a database does",
            HeaderFault::PageSize => "page size",
            HeaderFault::ReservedBytes => "reserved bytes",
            HeaderFault::ReadVersion => "read version",
            HeaderFault::PayloadFractions => "payload fractions",
            HeaderFault::Encoding => "text encoding",
        })
    }
}

impl fmt::Display for PageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PageFault::Flag(flag) => write!(f, "not a b-tree page, its flag is {flag}"),
            PageFault::Layout => write!(f, "cell pointers or cell content outside the page"),
            PageFault::FreeBlocks => write!(f, "free blocks out of order or place"),
            PageFault::CellOutside(cell) => write!(f, "cell {cell} is not within the cell content"),
            PageFault::Overlap(cell) => write!(f, "cell {cell} overlaps something else"),
            PageFault::Fragments { found, stated } => {
                write!(f, "{found} bytes belong to nothing, the page states {stated}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_index(fault: Fault) -> Problem {
        let place = Place {
            table: "clients".to_owned(),
            index: Some("clients_by_name".to_owned()),
        };
        Problem {
            place: Some(place),
            fault,
        }
    }

    #[test]
    fn texts() {
        let differs = |rows, entries| of_index(Fault::Differs { rows, entries }).to_string();
        assert_eq!(differs(10, 7), "index clients_by_name lacks 3 entries of table clients");
        assert_eq!(
            differs(7, 8),
            "index clients_by_name has 1 entry too many for table clients"
        );
        assert_eq!(
            differs(7, 7),
            "index clients_by_name has other entries than table clients"
        );
        assert_eq!(
            of_index(Fault::Order { page: 7, cell: 0 }).to_string(),
            "index clients_by_name of table clients: page 7 cell 0 is out of order"
        );
        let twice = Fault::Reference {
            page: 3,
            to: 9,
            refused: Refused::Used,
        };
        assert_eq!(
            Problem::of_file(twice).to_string(),
            "page 3 leads to page 9, which is used twice"
        );
    }

    #[test]
    fn only_an_index_without_its_rows_can_be_made_anew() {
        assert!(of_index(Fault::Differs { rows: 1, entries: 2 }).repairable());
        assert!(of_index(Fault::Order { page: 1, cell: 2 }).repairable());
        assert!(
            !of_index(Fault::NotUnique { page: 1, cell: 2 }).repairable(),
            "rows are the trouble"
        );
        assert!(!of_index(Fault::WrongKind { page: 1 }).repairable());
        let of_table = Place {
            table: "clients".to_owned(),
            index: None,
        };
        let order = Problem {
            place: Some(of_table),
            fault: Fault::Order { page: 1, cell: 2 },
        };
        assert!(!order.repairable());
    }
}

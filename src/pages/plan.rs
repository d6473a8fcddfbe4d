//! What to check in each b-tree, computed once from the schema.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32};

use crate::pages::order::KeyColumn;
use crate::pages::problem::Place;
use crate::pages::schema::{Classes, Constant, Index, Key, Schema, Source, Table};
use crate::pages::sums::Sum;

/// One b-tree, and what was found in it.
pub(super) struct Tree<'s> {
    /// Its place among all trees.
    pub number: usize,
    pub root: u32,
    pub table: &'s Table,
    /// `None` for the tree that holds the table's rows.
    pub index: Option<&'s Index>,
    /// Of a tree of rows.
    pub rows: Option<Rows<'s>>,
    /// Of an index b-tree, which that of a WITHOUT ROWID table is too.
    pub entries: Option<Entries>,
    pub totals: Mutex<Totals>,
    /// Levels above the leaves; 0 until a leaf is met, so the root alone counts as 1.
    pub leaf_depth: AtomicU32,
    /// Its pages have a problem, so its contents are not known completely.
    pub damaged: AtomicBool,
    /// A value that is needed for an index is too far from the beginning of its record.
    pub too_long: AtomicBool,
}

/// Counts and sums of a tree or of a part of it.
#[derive(Clone, Default)]
pub(super) struct Totals {
    /// Rows of a table, entries of an index, and the sum of the latter.
    pub entries: Sum,
    /// The expected entries of each index.
    pub owed: Vec<Sum>,
    /// By the place in the record: whether a value does not fit its column.
    pub broken: Vec<bool>,
}

/// How to check rows.
pub(super) struct Rows<'s> {
    /// For each stored column, in the order of the record.
    pub columns: Vec<RowColumn<'s>>,
    /// The classes that each column forbids, together: they are looked at for each value.
    pub forbidden: Vec<u8>,
    /// The values that indexes need, each once.
    pub wanted: Vec<Wanted>,
    /// For each index that can be computed: its tree, and which of the values above make its entries.
    pub indexes: Vec<(usize, Vec<usize>)>,
}

pub(super) struct RowColumn<'s> {
    /// Its number in the table.
    pub number: usize,
    pub classes: Classes,
    pub default: &'s Constant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Rowid,
    /// By the place in the record.
    Field(usize),
}

/// How to check entries.
pub(super) struct Entries {
    /// The columns that order them.
    pub columns: Vec<KeyColumn>,
    /// Values of an entry, or of a row at the most.
    pub fields: usize,
    /// The number of leading columns that must be unique among entries without a NULL in them.
    pub unique: Option<usize>,
    /// The order of every column is known.
    pub comparable: bool,
}

impl Tree<'_> {
    pub fn place(&self) -> Place {
        Place {
            table: self.table.name.clone(),
            index: self.index.map(|index| index.name.clone()),
        }
    }
}

/// The trees of a schema: of each table its own and behind it those of its indexes.
pub(super) fn trees(schema: &Schema) -> Vec<Tree<'_>> {
    let mut trees = Vec::new();
    for table in &schema.tables {
        let first_index = trees.len() + 1;
        let rows = Rows::of(table, first_index);
        trees.push(Tree::new(trees.len(), table, None, Some(rows)));
        for index in &table.indexes {
            trees.push(Tree::new(trees.len(), table, Some(index), None));
        }
    }
    trees
}

impl<'s> Tree<'s> {
    fn new(number: usize, table: &'s Table, index: Option<&'s Index>, rows: Option<Rows<'s>>) -> Tree<'s> {
        let entries = match index {
            Some(index) => Some(Entries::of_index(index)),
            None => table.primary_key.as_ref().map(Entries::of_rows),
        };
        let totals = Totals {
            entries: Sum::default(),
            owed: vec![Sum::default(); rows.as_ref().map_or(0, |rows| rows.indexes.len())],
            broken: vec![false; rows.as_ref().map_or(0, |rows| rows.columns.len())],
        };
        Tree {
            number,
            root: index.map_or(table.root, |index| index.root),
            table,
            index,
            rows,
            entries,
            totals: Mutex::new(totals),
            leaf_depth: AtomicU32::new(0),
            damaged: AtomicBool::new(false),
            too_long: AtomicBool::new(false),
        }
    }
}

impl<'s> Rows<'s> {
    fn of(table: &'s Table, first_index: usize) -> Rows<'s> {
        let order = table.record_order();
        let mut wanted = Vec::new();
        let mut indexes = Vec::new();
        for (number, index) in table.indexes.iter().enumerate() {
            if !table.can_compute(index) {
                continue;
            }
            let values = index.key.columns.iter().filter_map(|part| {
                let value = match part.source {
                    Source::Column(column) if Some(column) != table.rowid_alias => {
                        Wanted::Field(order.iter().position(|stored| *stored == column)?)
                    }
                    _ => Wanted::Rowid,
                };
                Some(wanted.iter().position(|other| *other == value).unwrap_or_else(|| {
                    wanted.push(value);
                    wanted.len() - 1
                }))
            });
            indexes.push((first_index + number, values.collect()));
        }
        let columns: Vec<RowColumn<'_>> = order
            .iter()
            .filter_map(|number| Some((*number, table.columns.get(*number)?)))
            .map(|(number, column)| RowColumn {
                number,
                classes: if Some(number) == table.rowid_alias {
                    Classes::ANY
                } else {
                    column.classes
                },
                default: &column.default,
            })
            .collect();
        Rows {
            forbidden: columns.iter().map(|column| column.classes.forbidden).collect(),
            columns,
            wanted,
            indexes,
        }
    }
}

impl Entries {
    fn of_index(index: &Index) -> Entries {
        Entries {
            unique: index.unique.then_some(index.key.declared),
            ..Entries::of_key(&index.key, index.key.columns.len())
        }
    }

    /// Rows are ordered by their primary key, and the rest of them comes behind it.
    fn of_rows(key: &Key) -> Entries {
        Entries::of_key(key, key.declared)
    }

    fn of_key(key: &Key, ordering: usize) -> Entries {
        let columns: Vec<KeyColumn> = key
            .columns
            .iter()
            .take(ordering)
            .map(|part| KeyColumn {
                collation: part.collation,
                descending: part.descending,
            })
            .collect();
        Entries {
            comparable: columns.iter().all(|column| column.collation.is_some()),
            columns,
            fields: key.columns.len(),
            unique: None,
        }
    }
}

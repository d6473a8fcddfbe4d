//! An index b-tree: <https://www.sqlite.org/fileformat2.html#b_tree_pages>. Entries ascend, those of interior pages among those
//! of the leaves. A WITHOUT ROWID table is one too: its entries are rows, and its primary key is their order.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::mem;
use std::sync::atomic;

use crate::pages::cell::Cell;
use crate::pages::order::{self, Record};
use crate::pages::page::Page;
use crate::pages::plan::{Entries, Tree};
use crate::pages::problem::Fault;
use crate::pages::queue::{Bound, Task};
use crate::pages::record;
use crate::pages::sums::Hash;
use crate::pages::worker::{LONGEST_KEPT, Part, Walked, Worker};

/// How a part of a tree ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tail {
    /// Its last entry is the previous one.
    Seen,
    /// Another thread has the last of its pages, and checks their bounds.
    GivenAway,
}

impl<'v> Worker<'v> {
    /// A subtree between two entries.
    pub(super) fn index_task(&mut self, tree: &'v Tree<'v>, task: &Task) -> Walked<()> {
        let Some(plan) = &tree.entries else {
            return Ok(());
        };
        self.has_previous = false;
        if let Bound::Key(lower) = &task.lower {
            let place = (task.parent, 0);
            self.entry(tree, plan, place, lower, lower.len() as u64, Use::Bound)?;
        }
        let upper = match &task.upper {
            Bound::Key(upper) => Some(upper.as_slice()),
            Bound::None | Bound::Rowid(_) => None,
        };
        let tail = self.index_page(tree, plan, task.into(), upper)?;
        if let Some(upper) = upper
            && tail == Tail::Seen
        {
            let place = (task.page, 0);
            self.entry(tree, plan, place, upper, upper.len() as u64, Use::Bound)?;
        }
        Ok(())
    }

    fn index_page(&mut self, tree: &'v Tree<'v>, plan: &Entries, part: Part, upper: Option<&[u8]>) -> Walked<Tail> {
        let Some(buffer) = self.take_page(tree, part)? else {
            return Ok(Tail::Seen);
        };
        let walked = match self.parse_page(tree, part, &buffer) {
            None => Ok(Tail::Seen),
            Some(page) if page.kind.is_leaf() => self.index_leaf(tree, plan, part.page, &page),
            Some(page) => self.index_interior(tree, plan, part, &page, upper),
        };
        self.put_back(part.depth, buffer);
        walked
    }

    fn index_leaf(&mut self, tree: &'v Tree<'v>, plan: &Entries, number: u32, page: &Page<'_>) -> Walked<Tail> {
        self.space.clear(page);
        for cell_number in 0..page.cells() {
            let cell = match self.place_cell(page, cell_number) {
                Ok(cell) => cell,
                Err(fault) => {
                    self.damaged(tree, Fault::Page { page: number, fault });
                    return Ok(Tail::Seen);
                }
            };
            let place = (number, cell_number);
            if cell.overflow == 0 {
                self.entry(tree, plan, place, cell.local, cell.length, Use::Entry)?;
            } else if let Some(payload) = self.long_payload(tree, plan, place, &cell)? {
                self.entry(tree, plan, place, &payload, cell.length, Use::Entry)?;
                self.long = payload;
            }
        }
        if let Err(fault) = self.space.finish(page) {
            self.damaged(tree, Fault::Page { page: number, fault });
        }
        Ok(Tail::Seen)
    }

    fn index_interior(
        &mut self,
        tree: &'v Tree<'v>,
        plan: &Entries,
        part: Part,
        page: &Page<'_>,
        upper: Option<&[u8]>,
    ) -> Walked<Tail> {
        if part.children.is_none()
            && let Err(fault) = self.place_cells(page)
        {
            self.damaged(tree, Fault::Page { page: part.page, fault });
            return Ok(Tail::Seen);
        }
        let whole = page.cells() + 1;
        let (mut number, given) = part.children.unwrap_or((0, whole));
        let mut end = given;
        let mut tail = Tail::Seen;
        while number < end {
            // Gives half of the remaining children to an idle thread. Their bound must be in this page.
            let rest = number + 1 + (end - number - 1) / 2;
            if rest + 1 < end
                && self.shared.queue.has_idle_thread()
                && let Some(before) = self.cell(page, rest - 1).filter(|cell| cell.overflow == 0)
            {
                let last = end == whole;
                self.shared.queue.push(Task {
                    tree: tree.number,
                    page: part.page,
                    parent: part.parent,
                    depth: part.depth,
                    children: Some((rest, end)),
                    lower: Bound::Key(before.local.to_vec()),
                    upper: upper
                        .filter(|_| last)
                        .map_or(Bound::None, |key| Bound::Key(key.to_vec())),
                });
                end = rest;
            }
            let place = (part.page, number);
            let Some(cell) = self.cell(page, number) else {
                tail = self.index_page(tree, plan, part.child(page.right_child), upper)?;
                break;
            };
            let payload = if cell.overflow == 0 {
                Some(Cow::Borrowed(cell.local))
            } else {
                self.long_payload(tree, plan, place, &cell)?.map(Cow::Owned)
            };
            let child = part.child(cell.left_child);
            match payload {
                Some(payload) => {
                    if self.index_page(tree, plan, child, Some(&payload))? == Tail::GivenAway {
                        self.has_previous = false;
                    }
                    self.entry(tree, plan, place, &payload, cell.length, Use::Entry)?;
                }
                // Without the key its neighbours cannot be compared with it.
                None => {
                    self.index_page(tree, plan, child, None)?;
                    self.has_previous = false;
                }
            }
            number += 1;
        }
        Ok(if end < given { Tail::GivenAway } else { tail })
    }

    /// The payload of a cell with an overflow chain; `None` where it cannot be had, or is longer than is kept.
    fn long_payload(
        &mut self,
        tree: &'v Tree<'v>,
        plan: &Entries,
        place: (u32, usize),
        cell: &Cell<'_>,
    ) -> Walked<Option<Vec<u8>>> {
        if !self.follow_overflow(tree, place, cell, LONGEST_KEPT)? {
            return Ok(None);
        }
        let is_row = plan.fields > plan.columns.len();
        let kept = self.long.len() as u64 == cell.length || is_row;
        if !kept {
            self.totals.entries.count += 1;
            self.has_previous = false;
            tree.too_long.store(true, atomic::Ordering::Relaxed);
            return Ok(None);
        }
        Ok(Some(mem::take(&mut self.long)))
    }

    /// An entry that comes next, or one that bounds those of this task.
    #[inline]
    fn entry(
        &mut self,
        tree: &'v Tree<'v>,
        plan: &Entries,
        place: (u32, usize),
        payload: &[u8],
        length: u64,
        used: Use,
    ) -> Walked<()> {
        let (page, cell) = place;
        let is_bound = used == Use::Bound;
        let whole = record::read_fields(payload, length, plan.fields, &mut self.fields);
        let sound = match (&tree.rows, whole) {
            // A row may be older than its last columns.
            (Some(_), Some(_)) => self.fields.len() >= plan.columns.len(),
            (None, Some(whole)) => whole && self.fields.len() == plan.fields,
            (_, None) => false,
        };
        if !sound {
            if !is_bound {
                self.totals.entries.count += 1;
                self.damaged(tree, Fault::Record { page, cell });
            }
            self.has_previous = false;
            return Ok(());
        }
        if self.has_previous {
            let previous = Record {
                payload: &self.previous,
                fields: &self.previous_fields,
            };
            let current = Record {
                payload,
                fields: &self.fields,
            };
            match order::compare(&plan.columns, previous, current, self.shared.header.encoding) {
                Some((Ordering::Less, column)) => {
                    let alike = plan.unique.is_some_and(|key| column >= key && !has_null(previous, key));
                    if alike {
                        self.note(tree, Fault::NotUnique { page, cell });
                    }
                }
                Some(_) => self.note(tree, Fault::Order { page, cell }),
                None if plan.comparable => {
                    // What a key needs lies beyond what is kept of a row.
                    tree.too_long.store(true, atomic::Ordering::Relaxed);
                }
                None => {}
            }
        }
        mem::swap(&mut self.previous_fields, &mut self.fields);
        self.previous.clear();
        self.previous.extend_from_slice(payload);
        self.has_previous = true;
        if is_bound {
            return Ok(());
        }
        match &tree.rows {
            Some(rows) => {
                self.totals.entries.count += 1;
                if !self.read_row(tree, rows, 0, payload, length) {
                    self.damaged(tree, Fault::Record { page, cell });
                }
            }
            None if self.shared.compare => {
                let keys = self.shared.keys;
                let mut entry = Hash::default();
                for field in &self.previous_fields {
                    if let Some(value) = field.value(payload) {
                        entry = keys.append(entry, keys.value(value));
                    }
                }
                self.totals.entries.add(entry);
            }
            None => self.totals.entries.count += 1,
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Entry,
    /// It belongs to another task, and is only compared.
    Bound,
}

fn has_null(record: Record<'_>, key: usize) -> bool {
    record
        .fields
        .iter()
        .take(key)
        .any(|field| field.value(record.payload) == Some(record::Value::Null))
}

//! An index b-tree: <https://www.sqlite.org/fileformat2.html#b_tree_pages>. Entries ascend, those of interior pages among those
//! of the leaves. A WITHOUT ROWID table is one too: its entries are rows, and its primary key is their order.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::mem;
use std::sync::atomic;

use crate::pages::cell::Cell;
use crate::pages::order;
use crate::pages::page::{Page, PageFault};
use crate::pages::plan::{Entries, Tree};
use crate::pages::problem::Fault;
use crate::pages::queue::{Bound, Task};
use crate::pages::record::{self, Value};
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
        self.previous.forget();
        if let Bound::Key(lower) = &task.lower {
            let place = (task.parent, 0);
            self.entry(tree, plan, Entry::bound(place, lower));
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
            self.entry(tree, plan, Entry::bound(place, upper));
        }
        Ok(())
    }

    fn index_page(&mut self, tree: &'v Tree<'v>, plan: &Entries, part: Part, upper: Option<&[u8]>) -> Walked<Tail> {
        let Some(taken) = self.take_page(tree, part)? else {
            return Ok(Tail::Seen);
        };
        let walked = match self.parse_page(tree, part, taken.bytes()) {
            None => Ok(Tail::Seen),
            Some(page) if page.kind.is_leaf() => self.index_leaf(tree, plan, part.page, &page),
            Some(page) => self.index_interior(tree, plan, part, &page, upper),
        };
        self.put_back(part.depth, taken);
        walked
    }

    fn index_leaf(&mut self, tree: &'v Tree<'v>, plan: &Entries, number: u32, page: &Page<'_>) -> Walked<Tail> {
        self.space.clear(page);
        let mut first = 0;
        loop {
            match self.entries_in_page(tree, plan, number, page, first) {
                Ok(None) => break,
                Ok(Some((cell_number, cell))) => {
                    let place = (number, cell_number);
                    if let Some(payload) = self.long_payload(tree, plan, place, &cell)? {
                        self.entry(tree, plan, Entry::of(place, &payload, cell.length));
                        self.long = payload;
                    }
                    first = cell_number + 1;
                }
                Err(fault) => {
                    self.damaged(tree, Fault::Page { page: number, fault });
                    return Ok(Tail::Seen);
                }
            }
        }
        if let Err(fault) = self.space.finish(page) {
            self.damaged(tree, Fault::Page { page: number, fault });
        }
        Ok(Tail::Seen)
    }

    /// The entries of a leaf from cell `first` on, up to the end or to one with an overflow chain, which is returned. They are
    /// compared where they lie; only the last one is kept.
    fn entries_in_page<'b>(
        &mut self,
        tree: &Tree<'_>,
        plan: &Entries,
        number: u32,
        page: &Page<'b>,
        first: usize,
    ) -> Result<Option<(usize, Cell<'b>)>, PageFault> {
        let mut kept = mem::take(&mut self.previous);
        let (mut before, mut values) = (kept.values(plan.fields), Vec::with_capacity(plan.fields));
        let mut last = None;
        let mut stopped = Ok(None);
        for cell_number in first..page.cells() {
            let cell = match self.place_cell(page, cell_number) {
                Ok(cell) if cell.overflow == 0 => cell,
                Ok(cell) => {
                    stopped = Ok(Some((cell_number, cell)));
                    break;
                }
                Err(fault) => {
                    stopped = Err(fault);
                    break;
                }
            };
            let entry = Entry::of((number, cell_number), cell.local, cell.length);
            if self.check_entry(tree, plan, entry, &before, &mut values) {
                mem::swap(&mut before, &mut values);
                last = Some((entry.payload, entry.length));
            } else {
                before.clear();
                last = Some((&[], 0));
            }
        }
        drop(before);
        if let Some((payload, length)) = last {
            kept.keep(payload, length);
        }
        self.previous = kept;
        stopped
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
                        self.previous.forget();
                    }
                    self.entry(tree, plan, Entry::of(place, &payload, cell.length));
                }
                // Without the key its neighbours cannot be compared with it.
                None => {
                    self.index_page(tree, plan, child, None)?;
                    self.previous.forget();
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
            self.previous.forget();
            tree.too_long.store(true, atomic::Ordering::Relaxed);
            return Ok(None);
        }
        Ok(Some(mem::take(&mut self.long)))
    }

    /// An entry that comes next, or one that bounds those of this task: its payload, as far as it is kept, and its length.
    fn entry(&mut self, tree: &Tree<'_>, plan: &Entries, entry: Entry<'_>) {
        let mut previous = mem::take(&mut self.previous);
        let before = previous.values(plan.fields);
        let sound = self.check_entry(tree, plan, entry, &before, &mut Vec::new());
        drop(before);
        if sound {
            previous.keep(entry.payload, entry.length);
        } else {
            previous.forget();
        }
        self.previous = previous;
    }

    /// Checks an entry and its order behind the one before it, whose values are empty where there is none, and adds it up. Leaves
    /// its values in `values`, or returns `false` where it has none.
    #[inline(always)]
    fn check_entry<'b>(
        &mut self,
        tree: &Tree<'_>,
        plan: &Entries,
        entry: Entry<'b>,
        before: &[Value<'_>],
        values: &mut Vec<Value<'b>>,
    ) -> bool {
        let Entry {
            place: (page, cell),
            payload,
            length,
            used,
        } = entry;
        let read = record::read_values(payload, length, plan.fields, values);
        let sound = match (&tree.rows, read) {
            // A row may be older than its last columns.
            (Some(_), Some((fields, _))) => fields >= plan.columns.len(),
            (None, Some((fields, whole))) => whole && fields == plan.fields,
            (_, None) => false,
        };
        if !sound {
            if used == Use::Entry {
                self.totals.entries.count += 1;
                self.damaged(tree, Fault::Record { page, cell });
            }
            return false;
        }
        if !before.is_empty() {
            match order::compare(&plan.columns, before, values, self.shared.header.encoding) {
                Some((Ordering::Less, column)) => {
                    let alike = |key: usize| column >= key && !before.iter().take(key).any(Value::is_null);
                    if plan.unique.is_some_and(alike) {
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
        if used == Use::Bound {
            return true;
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
                let append = |entry, value: &Value<'_>| keys.append(entry, keys.value(*value));
                self.totals.entries.add(values.iter().fold(Hash::default(), append));
            }
            None => self.totals.entries.count += 1,
        }
        true
    }
}

/// An entry that is to be checked.
#[derive(Clone, Copy)]
struct Entry<'b> {
    /// Its page, and its number there.
    place: (u32, usize),
    /// As far as it is kept.
    payload: &'b [u8],
    length: u64,
    used: Use,
}

impl<'b> Entry<'b> {
    fn of(place: (u32, usize), payload: &'b [u8], length: u64) -> Entry<'b> {
        Entry {
            place,
            payload,
            length,
            used: Use::Entry,
        }
    }

    /// One of another task, which bounds the entries of this one.
    fn bound(place: (u32, usize), payload: &'b [u8]) -> Entry<'b> {
        Entry {
            used: Use::Bound,
            ..Entry::of(place, payload, payload.len() as u64)
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Entry,
    /// It belongs to another task, and is only compared.
    Bound,
}

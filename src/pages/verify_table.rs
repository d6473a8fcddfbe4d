//! A table b-tree: <https://www.sqlite.org/fileformat2.html#b_tree_pages>. Rowids ascend, and a key of an interior page is not
//! below any rowid on its left and below every rowid on its right.

use std::mem;
use std::sync::atomic::Ordering;

use crate::pages::cell::Cell;
use crate::pages::page::Page;
use crate::pages::plan::{Rows, Tree, Wanted};
use crate::pages::problem::Fault;
use crate::pages::queue::{Bound, Task};
use crate::pages::record::{self, Class, Field, Value};
use crate::pages::schema::{Classes, Constant};
use crate::pages::sums::{Hash, Keys};
use crate::pages::worker::{LONGEST_KEPT, Part, Walked, Worker};

impl<'v> Worker<'v> {
    /// A subtree whose rowids are above `lower` and not above `upper`.
    pub(super) fn table_page(
        &mut self,
        tree: &'v Tree<'v>,
        part: Part,
        lower: Option<i64>,
        upper: Option<i64>,
    ) -> Walked<()> {
        let Some(taken) = self.take_page(tree, part)? else {
            return Ok(());
        };
        let walked = match self.parse_page(tree, part, taken.bytes()) {
            None => Ok(()),
            Some(page) if page.kind.is_leaf() => self.table_leaf(tree, part.page, &page, lower, upper),
            Some(page) => self.table_interior(tree, part, &page, lower, upper),
        };
        self.put_back(part.depth, taken);
        walked
    }

    fn table_interior(
        &mut self,
        tree: &'v Tree<'v>,
        part: Part,
        page: &Page<'_>,
        mut lower: Option<i64>,
        upper: Option<i64>,
    ) -> Walked<()> {
        if part.children.is_none()
            && let Err(fault) = self.place_cells(page)
        {
            self.damaged(tree, Fault::Page { page: part.page, fault });
            return Ok(());
        }
        let (mut number, mut end) = part.children.unwrap_or((0, page.cells() + 1));
        while number < end {
            let cell = self.cell(page, number);
            let child_upper = cell.map_or(upper, |cell| Some(cell.rowid));
            if let Some(cell) = cell
                && !within(cell.rowid, lower, upper)
            {
                let (page, rowid) = (part.page, cell.rowid);
                self.damaged(tree, Fault::Rowid { page, rowid });
            }
            // Gives half of the remaining children to an idle thread.
            let rest = number + 1 + (end - number - 1) / 2;
            if rest + 1 < end
                && self.shared.queue.has_idle_thread()
                && let Some(before) = self.cell(page, rest - 1)
            {
                self.shared.queue.push(Task {
                    tree: tree.number,
                    page: part.page,
                    parent: part.parent,
                    depth: part.depth,
                    children: Some((rest, end)),
                    lower: Bound::Rowid(before.rowid),
                    upper: upper.map_or(Bound::None, Bound::Rowid),
                });
                end = rest;
            }
            let child = cell.map_or(page.right_child, |cell| cell.left_child);
            self.table_page(tree, part.child(child), lower, child_upper)?;
            lower = child_upper;
            number += 1;
        }
        Ok(())
    }

    /// A checked cell.
    pub(super) fn cell<'b>(&self, page: &Page<'b>, number: usize) -> Option<Cell<'b>> {
        Cell::parse(page, page.cell_at(number)?, &self.shared.limits)
    }

    fn table_leaf(
        &mut self,
        tree: &'v Tree<'v>,
        page_number: u32,
        page: &Page<'_>,
        mut lower: Option<i64>,
        upper: Option<i64>,
    ) -> Walked<()> {
        self.space.clear(page);
        for number in 0..page.cells() {
            let cell = match self.place_cell(page, number) {
                Ok(cell) => cell,
                Err(fault) => {
                    self.damaged(
                        tree,
                        Fault::Page {
                            page: page_number,
                            fault,
                        },
                    );
                    return Ok(());
                }
            };
            if !within(cell.rowid, lower, upper) {
                let rowid = cell.rowid;
                self.damaged(
                    tree,
                    Fault::Rowid {
                        page: page_number,
                        rowid,
                    },
                );
            }
            lower = Some(cell.rowid);
            self.row(tree, (page_number, number), &cell)?;
        }
        if let Err(fault) = self.space.finish(page) {
            self.damaged(
                tree,
                Fault::Page {
                    page: page_number,
                    fault,
                },
            );
        }
        Ok(())
    }

    /// One row of a table with rowids.
    fn row(&mut self, tree: &'v Tree<'v>, place: (u32, usize), cell: &Cell<'_>) -> Walked<()> {
        self.totals.entries.count += 1;
        let Some(rows) = &tree.rows else {
            return Ok(());
        };
        if cell.overflow == 0 {
            let sound = self.read_row(tree, rows, cell.rowid, cell.local, cell.length);
            self.require_record(tree, place, sound);
            return Ok(());
        }
        let columns = rows.columns.len();
        // The header is within the page, or all that is kept is needed to find it.
        let header = record::header_length(cell.local, cell.length).filter(|header| *header <= cell.local.len());
        let wanted = match header {
            Some(_) if record::read_fields(cell.local, cell.length, columns, &mut self.fields).is_none() => None,
            Some(_) => Some(self.wanted_bytes(rows)),
            None => Some(LONGEST_KEPT),
        };
        let whole = self.follow_overflow(tree, place, cell, wanted.unwrap_or(0).min(LONGEST_KEPT))?;
        if whole {
            let payload = mem::take(&mut self.long);
            let sound = wanted.is_some() && self.read_row(tree, rows, cell.rowid, &payload, cell.length);
            self.long = payload;
            self.require_record(tree, place, sound);
        }
        Ok(())
    }

    fn require_record(&self, tree: &Tree<'_>, (page, cell): (u32, usize), sound: bool) {
        if !sound {
            self.damaged(tree, Fault::Record { page, cell });
        }
    }

    /// Bytes of the payload up to the last value that an index needs.
    fn wanted_bytes(&self, rows: &Rows<'_>) -> usize {
        if !self.shared.compare {
            return 0;
        }
        let ends = rows.wanted.iter().map(|wanted| match wanted {
            Wanted::Rowid => 0,
            Wanted::Field(number) => self.fields.get(*number).map_or(0, |field| field.end()),
        });
        usize::try_from(ends.max().unwrap_or(0)).unwrap_or(usize::MAX)
    }

    /// Checks the values of a row, and adds up its expected entries in each index. `false` where its record is not
    /// sound.
    pub(super) fn read_row(
        &mut self,
        tree: &Tree<'_>,
        rows: &Rows<'_>,
        rowid: i64,
        payload: &[u8],
        length: u64,
    ) -> bool {
        let (fields, suspects) = (&mut self.fields, &mut self.suspects);
        fields.clear();
        suspects.clear();
        let read = record::each_field(payload, length, rows.columns.len(), |number, field| {
            fields.push(field);
            let forbidden = rows.forbidden.get(number).copied().unwrap_or(0);
            if forbidden & Classes::bit(field.class()) != 0 {
                suspects.push(number);
            }
        });
        if read.is_none() {
            return false;
        }
        check_classes(rows, fields, suspects, payload, &mut self.totals.broken);
        if !self.shared.compare || rows.indexes.is_empty() {
            return true;
        }
        let keys = self.shared.keys;
        self.hashes.clear();
        for wanted in &rows.wanted {
            let hash = match wanted {
                Wanted::Rowid => keys.value(Value::Integer(rowid)),
                Wanted::Field(number) => match self.fields.get(*number) {
                    Some(field) => match field.value(payload) {
                        Some(value) => keys.value(value),
                        None => {
                            tree.too_long.store(true, Ordering::Relaxed);
                            return true;
                        }
                    },
                    None => {
                        let default = rows.columns.get(*number).map(|column| column.default);
                        keys.value(default.map_or(Value::Null, Constant::value))
                    }
                },
            };
            self.hashes.push(hash);
        }
        for ((_, values), owed) in rows.indexes.iter().zip(&mut self.totals.owed) {
            owed.add(entry_of(keys, &self.hashes, values));
        }
        true
    }
}

#[inline]
fn entry_of(keys: &Keys, hashes: &[Hash], values: &[usize]) -> Hash {
    let mut entry = Hash::default();
    for value in values {
        if let Some(hash) = hashes.get(*value) {
            entry = keys.append(entry, *hash);
        }
    }
    entry
}

fn within(rowid: i64, lower: Option<i64>, upper: Option<i64>) -> bool {
    lower.is_none_or(|lower| lower < rowid) && upper.is_none_or(|upper| rowid <= upper)
}

/// Records the columns whose values do not fit their declaration. `suspects` are those of the record whose class is forbidden.
#[inline]
fn check_classes(rows: &Rows<'_>, fields: &[Field], suspects: &[usize], payload: &[u8], broken: &mut [bool]) {
    for number in suspects {
        if let Some(field) = fields.get(*number) {
            check_class(rows, *number, field.class(), field.value(payload), broken);
        }
    }
    // A row may be older than its last columns.
    for (number, column) in rows.columns.iter().enumerate().skip(fields.len()) {
        let class = column.default.value().class();
        if column.classes.forbidden & Classes::bit(class) != 0 {
            check_class(rows, number, class, None, broken);
        }
    }
}

/// A value of a class that its column forbids, or allows with conditions.
fn check_class(rows: &Rows<'_>, number: usize, class: Class, value: Option<Value<'_>>, broken: &mut [bool]) {
    let (Some(column), Some(broken)) = (rows.columns.get(number), broken.get_mut(number)) else {
        return;
    };
    if *broken {
        return;
    }
    *broken = match value {
        Some(Value::Text(text)) if column.classes.numeric_text => is_number(text),
        _ => !(class == Class::Text && column.classes.numeric_text),
    };
}

/// Whether text is a number, which a column of numbers would have stored as one. Dates in such columns are frequent.
fn is_number(text: &[u8]) -> bool {
    // Most text shows at its first byte that is no digit that it is no number.
    match text.iter().position(|byte| !byte.is_ascii_digit()) {
        Some(at) => match text.get(at) {
            Some(0 | b'.' | b'e' | b'E' | b' ' | b'\t'..=b'\r') => {}
            Some(b'-' | b'+') if at == 0 => {}
            _ => return false,
        },
        None => return !text.is_empty(),
    }
    // In UTF-16 every other byte of a digit is 0.
    let mut text = text.trim_ascii().iter().copied().filter(|byte| *byte != 0).peekable();
    let sign = |byte: &u8| matches!(byte, b'-' | b'+');
    let space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let digit = u8::is_ascii_digit;
    while text.next_if(space).is_some() {}
    text.next_if(sign);
    let mut digits = 0;
    while text.next_if(digit).is_some() {
        digits += 1;
    }
    if text.next_if_eq(&b'.').is_some() {
        while text.next_if(digit).is_some() {
            digits += 1;
        }
    }
    if digits > 0 && text.next_if(|byte| matches!(byte, b'e' | b'E')).is_some() {
        text.next_if(sign);
        digits = 0;
        while text.next_if(digit).is_some() {
            digits += 1;
        }
    }
    while text.next_if(space).is_some() {}
    digits > 0 && text.next().is_none()
}

impl Constant {
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Constant::Null => Value::Null,
            Constant::Integer(number) => Value::Integer(*number),
            Constant::Real(number) => Value::Real(*number),
            Constant::Text(text) => Value::Text(text),
            Constant::Blob(bytes) => Value::Blob(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_a_number() {
        for text in ["7", " -7 ", "+0.5", ".5", "5.", "1e9", "1.5E-9"] {
            assert!(is_number(text.as_bytes()), "{text}");
        }
        for text in ["", "-", ".", "e5", "7a", "1e", "1e+", "0x10", "1 2", "--1", "1.2.3"] {
            assert!(!is_number(text.as_bytes()), "{text}");
        }
        assert!(is_number(&[b'4', 0, b'2', 0]));
    }
}

//! Damage that knows what it hits: pages, cells, keys, chains and lists that are sound in themselves and in the wrong place.

use super::*;
use crate::pages::bytes::{u16_at, u32_at};
use crate::pages::cell::{Cell, Limits};
use crate::pages::header::Header;
use crate::pages::page::Page;

/// A database to be damaged.
struct Patient {
    bytes: Vec<u8>,
    header: Header,
}

impl Patient {
    fn new(bytes: &[u8]) -> Patient {
        Patient {
            header: Header::parse(bytes).expect("a header"),
            bytes: bytes.to_vec(),
        }
    }

    fn pages(&self) -> usize {
        self.bytes.len() / self.size()
    }

    fn size(&self) -> usize {
        self.header.page_size as usize
    }

    /// Where a page, counted from 1, begins.
    fn start(&self, page: usize) -> usize {
        (page - 1) * self.size()
    }

    /// A page that can be read as one of a b-tree.
    fn tree_page(&self, dice: &mut Dice, wanted: impl Fn(&Page<'_>) -> bool) -> Option<usize> {
        let tries = (0..200).map(|_| 1 + dice.below(self.pages()));
        tries
            .into_iter()
            .find(|page| self.page(*page).is_some_and(|page| page.cells() > 0 && wanted(&page)))
    }

    fn page(&self, page: usize) -> Option<Page<'_>> {
        let start = self.start(page);
        let bytes = self.bytes.get(start..start + self.header.usable as usize)?;
        Page::parse(u32::try_from(page).ok()?, bytes).ok()
    }

    /// Where in the file the pointer to a cell is, and the cell itself.
    fn pointer(&self, page: usize, cell: usize) -> usize {
        let parsed = self.page(page).expect("a page");
        let header = if page == 1 { 100 } else { 0 };
        self.start(page) + header + if parsed.kind.is_leaf() { 8 } else { 12 } + 2 * cell
    }

    fn cell_start(&self, page: usize, cell: usize) -> usize {
        self.start(page) + self.page(page).and_then(|page| page.cell_at(cell)).expect("a cell")
    }

    fn cell(&self, page: usize, cell: usize) -> Option<Cell<'_>> {
        let parsed = self.page(page)?;
        Cell::parse(&parsed, parsed.cell_at(cell)?, &Limits::new(self.header.usable))
    }

    fn swap(&mut self, one: usize, other: usize, length: usize) {
        for at in 0..length {
            self.bytes.swap(one + at, other + at);
        }
    }

    fn add(&mut self, at: usize, change: u32) {
        let number = u32_at(&self.bytes, at).expect("within").wrapping_add(change);
        self.bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
}

type Mutation = fn(&mut Patient, &mut Dice) -> Option<()>;

const MUTATIONS: [(&str, Mutation); 22] = [
    ("swap two cells", |patient, dice| {
        let page = patient.tree_page(dice, |page| page.cells() > 1)?;
        let cells = patient.page(page)?.cells();
        let first = dice.below(cells - 1);
        let second = first + 1 + dice.below(cells - first - 1);
        let (first, second) = (patient.pointer(page, first), patient.pointer(page, second));
        patient.swap(first, second, 2);
        Some(())
    }),
    ("swap two pages", |patient, dice| {
        let first = patient.tree_page(dice, |_| true)?;
        let kind = patient.page(first)?.kind;
        let second = patient.tree_page(dice, |page| page.kind == kind)?;
        (first > 1 && second > 1 && first != second).then_some(())?;
        patient.swap(patient.start(first), patient.start(second), patient.size());
        Some(())
    }),
    ("swap two children", |patient, dice| {
        let page = patient.tree_page(dice, |page| !page.kind.is_leaf() && page.cells() > 1)?;
        let cells = patient.page(page)?.cells();
        let (first, second) = (dice.below(cells), dice.below(cells));
        patient.swap(patient.cell_start(page, first), patient.cell_start(page, second), 4);
        Some(())
    }),
    ("swap a child with the right one", |patient, dice| {
        let page = patient.tree_page(dice, |page| !page.kind.is_leaf())?;
        let cell = dice.below(patient.page(page)?.cells());
        let right = patient.pointer(page, 0) - 4;
        patient.swap(patient.cell_start(page, cell), right, 4);
        Some(())
    }),
    ("shift a child pointer", |patient, dice| {
        let page = patient.tree_page(dice, |page| !page.kind.is_leaf())?;
        let cell = dice.below(patient.page(page)?.cells());
        patient.add(
            patient.cell_start(page, cell),
            if dice.below(2) == 0 { 1 } else { u32::MAX },
        );
        Some(())
    }),
    ("shift a cell pointer", |patient, dice| {
        let page = patient.tree_page(dice, |_| true)?;
        let cell = dice.below(patient.page(page)?.cells());
        let at = patient.pointer(page, cell);
        let number = u16_at(&patient.bytes, at)?.wrapping_add([1, u16::MAX, 4, 64][dice.below(4)]);
        patient.bytes[at..at + 2].copy_from_slice(&number.to_be_bytes());
        Some(())
    }),
    ("change a serial type", |patient, dice| {
        let page = patient.tree_page(dice, |page| page.kind.is_leaf())?;
        let cell = dice.below(patient.page(page)?.cells());
        let local = patient.cell(page, cell)?;
        let header = usize::from(*local.local.first()?).min(local.local.len());
        let offset = local.size - local.local.len() - if local.overflow == 0 { 0 } else { 4 };
        let at = patient.cell_start(page, cell) + offset + 1 + dice.below(header.max(2) - 1);
        *patient.bytes.get_mut(at)? = dice.below(30) as u8;
        Some(())
    }),
    ("drop a cell", |patient, dice| {
        let page = patient.tree_page(dice, |page| page.kind.is_leaf() && page.cells() > 1)?;
        let (parsed, cells) = (patient.page(page)?, patient.page(page)?.cells());
        let cell = dice.below(cells);
        (parsed.free_blocks().next().is_none()).then_some(())?;
        let (at, size) = (patient.page(page)?.cell_at(cell)?, patient.cell(page, cell)?.size);
        let (from, to) = (patient.pointer(page, cell), patient.pointer(page, cells));
        patient.bytes.copy_within(from + 2..to, from);
        let start = patient.start(page);
        let header = start + if page == 1 { 100 } else { 0 };
        let block = [0, 0, (size >> 8) as u8, size as u8];
        patient.bytes[start + at..start + at + 4].copy_from_slice(&block);
        patient.bytes[header + 1..header + 3].copy_from_slice(&(at as u16).to_be_bytes());
        patient.bytes[header + 3..header + 5].copy_from_slice(&(cells as u16 - 1).to_be_bytes());
        Some(())
    }),
    ("duplicate a cell over another", |patient, dice| {
        let page = patient.tree_page(dice, |page| page.cells() > 1)?;
        let cells = patient.page(page)?.cells();
        let (first, second) = (dice.below(cells), dice.below(cells));
        let (from, to) = (patient.cell(page, first)?.size, patient.cell(page, second)?.size);
        (from == to && first != second).then_some(())?;
        let source = patient.cell_start(page, first);
        let target = patient.cell_start(page, second);
        patient.bytes.copy_within(source..source + from, target);
        Some(())
    }),
    ("point to a cell twice", |patient, dice| {
        let page = patient.tree_page(dice, |page| page.cells() > 1)?;
        let cells = patient.page(page)?.cells();
        let (first, second) = (
            patient.pointer(page, dice.below(cells)),
            patient.pointer(page, dice.below(cells)),
        );
        patient.bytes.copy_within(first..first + 2, second);
        Some(())
    }),
    ("cross two overflow chains at their beginning", |patient, dice| {
        let (first, second) = (overflowing(patient, dice)?, overflowing(patient, dice)?);
        patient.swap(first, second, 4);
        Some(())
    }),
    ("cross two overflow chains", |patient, dice| {
        let (first, second) = (overflowing(patient, dice)?, overflowing(patient, dice)?);
        let first = patient.start(u32_at(&patient.bytes, first)? as usize);
        let second = patient.start(u32_at(&patient.bytes, second)? as usize);
        patient.swap(first, second, 4);
        Some(())
    }),
    ("cut an overflow chain", |patient, dice| {
        let cell = overflowing(patient, dice)?;
        let page = patient.start(u32_at(&patient.bytes, cell)? as usize);
        patient.bytes[page..page + 4].fill(0);
        Some(())
    }),
    ("lead an overflow chain in a circle", |patient, dice| {
        let cell = overflowing(patient, dice)?;
        let first = u32_at(&patient.bytes, cell)?;
        let page = patient.start(first as usize);
        patient.bytes[page..page + 4].copy_from_slice(&first.to_be_bytes());
        Some(())
    }),
    ("change the freelist count", |patient, dice| {
        patient.add(36, if dice.below(2) == 0 { 1 } else { u32::MAX });
        Some(())
    }),
    ("change a freelist trunk", |patient, dice| {
        let trunk = patient.start(
            usize::try_from(patient.header.freelist_trunk)
                .ok()
                .filter(|page| *page > 0)?,
        );
        patient.add(trunk + 4 * dice.below(4), [1, u32::MAX, 70_000][dice.below(3)]);
        Some(())
    }),
    ("change a rowid", |patient, dice| {
        let page = patient.tree_page(dice, |page| page.kind.is_table())?;
        let cell = dice.below(patient.page(page)?.cells());
        let at = patient.cell_start(page, cell) + if patient.page(page)?.kind.is_leaf() { 1 } else { 4 };
        patient.bytes[at] ^= 1 << dice.below(7);
        Some(())
    }),
    ("a page that is its own child", |patient, dice| {
        let page = patient.tree_page(dice, |page| !page.kind.is_leaf())?;
        let at = patient.cell_start(page, 0);
        patient.bytes[at..at + 4].copy_from_slice(&u32::try_from(page).ok()?.to_be_bytes());
        Some(())
    }),
    ("change the pointer map", |patient, dice| {
        (patient.header.largest_root != 0).then_some(())?;
        let at = patient.start(2) + dice.below(5 * (patient.pages() - 2).min(90));
        patient.bytes[at] = dice.below(6) as u8;
        Some(())
    }),
    ("copy a page over another", |patient, dice| {
        let (from, to) = (1 + dice.below(patient.pages()), 2 + dice.below(patient.pages() - 1));
        let (from, to, size) = (patient.start(from), patient.start(to), patient.size());
        patient.bytes.copy_within(from..from + size, to);
        Some(())
    }),
    ("change a value", |patient, dice| {
        let page = patient.tree_page(dice, |page| page.kind.is_leaf())?;
        let cell = dice.below(patient.page(page)?.cells());
        let at = patient.cell_start(page, cell) + patient.cell(page, cell)?.size - 1 - dice.below(3);
        patient.bytes[at] = patient.bytes[at].wrapping_add(1);
        Some(())
    }),
    ("write something anywhere", |patient, dice| {
        let at = 100 + dice.below(patient.bytes.len() - 108);
        let bytes = dice.roll().to_be_bytes();
        let length = 1 + dice.below(8);
        patient.bytes[at..at + length].copy_from_slice(&bytes[..length]);
        Some(())
    }),
];

/// Where in the file a cell has the number of its first overflow page.
fn overflowing(patient: &Patient, dice: &mut Dice) -> Option<usize> {
    let page = patient.tree_page(dice, |page| {
        let limits = Limits::new(patient.header.usable);
        let overflow = |cell: usize| Cell::parse(page, page.cell_at(cell)?, &limits).filter(|cell| cell.overflow > 0);
        (0..page.cells()).any(|cell| overflow(cell).is_some())
    })?;
    let cells: Vec<usize> = (0..patient.page(page)?.cells())
        .filter(|cell| patient.cell(page, *cell).is_some_and(|cell| cell.overflow > 0))
        .collect();
    let cell = *cells.get(dice.below(cells.len()))?;
    Some(patient.cell_start(page, cell) + patient.cell(page, cell)?.size - 4)
}

#[test]
fn whatever_sqlite_finds_in_what_was_crossed_is_found() {
    let settings = settings();
    let mut dice = Dice::new(0x1234_5678_9abc_def1);
    let mut scores: Vec<Score> = MUTATIONS.iter().map(|_| Score::default()).collect();
    let each = rounds("RESPALDO_FLIPS", 600).div_ceil(settings.len() * MUTATIONS.len());
    for settings in settings {
        let (folder, path) = made(&format!("{settings}{STUDIO}"));
        let bytes = fs::read(&path).expect("read");
        let damaged = folder.path().join("damaged.db");
        for ((name, mutation), score) in MUTATIONS.iter().zip(&mut scores) {
            for _ in 0..each {
                let mut patient = Patient::new(&bytes);
                if mutation(&mut patient, &mut dice).is_some() && patient.bytes != bytes {
                    compare(&damaged, &patient.bytes, &format!("{name}, {settings}"), score);
                }
            }
        }
    }
    for ((name, _), score) in MUTATIONS.iter().zip(scores) {
        println!("{name}: {score:?}");
        assert!(score.found > 0, "{name} does no harm: {score:?}");
    }
}

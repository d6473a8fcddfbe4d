//! One thread's way through the trees: what tables and indexes have in common.

use std::io;
use std::mem;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::pages::cell::{Cell, Limits};
use crate::pages::header::Header;
use crate::pages::page::{Page, PageFault};
use crate::pages::plan::{Totals, Tree};
use crate::pages::pointer_map::{LedTo, PointerMap};
use crate::pages::previous_entry::Previous;
use crate::pages::problem::{Fault, Problem};
use crate::pages::queue::{Bound, Queue, Task};
use crate::pages::record::Field;
use crate::pages::source::{Lent, ReadAt, Reader};
use crate::pages::space::Space;
use crate::pages::sums::{Hash, Keys};
use crate::pages::usage::Usage;

/// What all threads share.
pub(super) struct Shared<'v> {
    pub file: &'v dyn ReadAt,
    pub header: Header,
    pub pages: u32,
    pub limits: Limits,
    pub trees: Vec<Tree<'v>>,
    pub usage: Usage,
    pub queue: Queue,
    pub problems: Mutex<Vec<Problem>>,
    pub keys: &'v Keys,
    /// Whether indexes are compared with their tables.
    pub compare: bool,
}

/// Why a thread stops.
#[derive(Debug)]
pub(super) enum Halt {
    Io(io::Error),
    /// The caller cancelled, another thread failed, or enough problems were found.
    Stopped,
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Halt::Io(error)
    }
}

pub(super) type Walked<T> = Result<T, Halt>;

/// The number of problems at which verification stops.
const MOST_PROBLEMS: usize = 100;
/// The deepest tree; as SQLite's `BTCURSOR_MAX_DEPTH`.
pub(super) const DEEPEST: u32 = 20;
/// Bytes of a payload that are kept in memory. What an index needs of a record lies within, or SQLite checks it.
pub(super) const LONGEST_KEPT: usize = 2 << 20;
const STEPS_PER_POLL: u32 = 64;
const POLL_INTERVAL: Duration = Duration::from_millis(10);

impl Shared<'_> {
    pub fn note(&self, problem: Problem) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.push(problem);
        if problems.len() >= MOST_PROBLEMS {
            self.queue.stop();
        }
    }
}

pub(super) struct Worker<'v> {
    pub shared: &'v Shared<'v>,
    reader: Reader<'v>,
    /// Of the pages of overflow chains.
    pub overflow: Reader<'v>,
    map: Option<PointerMap<'v>>,
    /// Called from time to time; returning false cancels. Only the calling thread has it.
    goes_on: Option<&'v dyn Fn() -> bool>,
    last_poll: Instant,
    steps: u32,
    /// An interior page for each level.
    buffers: Vec<Vec<u8>>,
    pub space: Space,
    /// Of the task at hand.
    pub totals: Totals,
    pub fields: Vec<Field>,
    /// Columns of the row at hand whose value is of a class that they forbid.
    pub suspects: Vec<usize>,
    pub hashes: Vec<Hash>,
    /// A payload that is not in one page.
    pub long: Vec<u8>,
    pub overflow_page: Vec<u8>,
    pub previous: Previous,
}

impl<'v> Worker<'v> {
    pub fn new(shared: &'v Shared<'v>, goes_on: Option<&'v dyn Fn() -> bool>) -> Worker<'v> {
        let Shared {
            file, header, pages, ..
        } = *shared;
        Worker {
            shared,
            reader: Reader::new(file, header.page_size, pages),
            overflow: Reader::new(file, header.page_size, pages),
            map: header.has_pointer_map().then(|| PointerMap::new(file, &header, pages)),
            goes_on,
            last_poll: Instant::now(),
            steps: 0,
            buffers: Vec::new(),
            space: Space::default(),
            totals: Totals::default(),
            fields: Vec::new(),
            suspects: Vec::new(),
            hashes: Vec::new(),
            long: Vec::new(),
            overflow_page: Vec::new(),
            previous: Previous::default(),
        }
    }

    /// Does tasks until none is left.
    pub fn run(&mut self) -> Walked<()> {
        let shared = self.shared;
        loop {
            let Some(task) = shared.queue.next(|| self.poll()) else {
                return if shared.queue.is_stopped() {
                    Err(Halt::Stopped)
                } else {
                    Ok(())
                };
            };
            let done = self.run_task(&task);
            if done.is_err() {
                shared.queue.stop();
            }
            shared.queue.done();
            done?;
        }
    }

    fn run_task(&mut self, task: &Task) -> Walked<()> {
        let shared = self.shared;
        let Some(tree) = shared.trees.get(task.tree) else {
            return Ok(());
        };
        let rows = tree.rows.as_ref();
        self.totals.entries = Default::default();
        self.totals.owed.clear();
        self.totals
            .owed
            .resize(rows.map_or(0, |rows| rows.indexes.len()), Default::default());
        self.totals.broken.clear();
        self.totals
            .broken
            .resize(rows.map_or(0, |rows| rows.columns.len()), false);
        let done = if tree.entries.is_some() {
            self.index_task(tree, task)
        } else {
            let (lower, upper) = (rowid(&task.lower), rowid(&task.upper));
            self.table_page(tree, task.into(), lower, upper)
        };
        let mut totals = tree.totals.lock().unwrap_or_else(PoisonError::into_inner);
        totals.entries.merge(self.totals.entries);
        for (whole, part) in totals.owed.iter_mut().zip(&self.totals.owed) {
            whole.merge(*part);
        }
        for (whole, part) in totals.broken.iter_mut().zip(&self.totals.broken) {
            *whole |= part;
        }
        done
    }

    /// Calls `goes_on`, if it is time to.
    fn poll(&mut self) {
        if let Some(goes_on) = self.goes_on
            && self.last_poll.elapsed() >= POLL_INTERVAL
        {
            if !goes_on() {
                self.shared.queue.stop();
            }
            self.last_poll = Instant::now();
        }
    }

    pub fn step(&mut self) -> Walked<()> {
        self.steps = self.steps.wrapping_add(1);
        if self.steps.is_multiple_of(STEPS_PER_POLL) {
            self.poll();
            if self.shared.queue.is_stopped() {
                return Err(Halt::Stopped);
            }
        }
        Ok(())
    }

    /// Records a problem that makes a tree unreadable.
    pub fn damaged(&self, tree: &Tree<'_>, fault: Fault) {
        tree.damaged.store(true, Ordering::Relaxed);
        self.note(tree, fault);
    }

    pub fn note(&self, tree: &Tree<'_>, fault: Fault) {
        self.shared.note(Problem {
            place: Some(tree.place()),
            fault,
        });
    }

    /// Marks a page that `from` refers to as used; `false` where it cannot be.
    pub fn claim(&mut self, tree: Option<&Tree<'_>>, page: u32, from: u32, led_to: LedTo) -> Walked<bool> {
        let fault = match self.shared.usage.claim(page) {
            Err(refused) => Some(Fault::Reference {
                page: from,
                to: page,
                refused,
            }),
            Ok(()) => None,
        };
        let usable = fault.is_none();
        if let Some(fault) = fault {
            self.damaged_somewhere(tree, fault);
        } else if page > 1
            && let Some(map) = &mut self.map
        {
            let parent = match led_to {
                LedTo::Schema | LedTo::Freelist => 0,
                _ => from,
            };
            let (found, expected) = (map.entry(page)?, (led_to as u8, parent));
            if found != expected {
                self.damaged_somewhere(tree, Fault::PointerMap { page, found, expected });
            }
        }
        Ok(usable)
    }

    fn damaged_somewhere(&self, tree: Option<&Tree<'_>>, fault: Fault) {
        match tree {
            Some(tree) => self.damaged(tree, fault),
            None => self.shared.note(Problem::of_file(fault)),
        }
    }

    /// A page of a tree, to be put back. `None` where it cannot be used.
    pub fn take_page(&mut self, tree: &Tree<'_>, part: Part) -> Walked<Option<Taken>> {
        self.step()?;
        let led_to = if part.parent == 0 {
            LedTo::Schema
        } else {
            LedTo::BTreePage
        };
        if part.children.is_none() && !self.claim(Some(tree), part.page, part.parent, led_to)? {
            return Ok(None);
        }
        if part.depth >= DEEPEST {
            self.damaged(tree, Fault::TooDeep { page: part.page });
            return Ok(None);
        }
        let page = self.reader.lend(part.page)?;
        if Page::is_leaf(part.page, page.bytes()) {
            return Ok(Some(Taken::Leaf(page)));
        }
        let level = part.depth as usize;
        if self.buffers.len() <= level {
            self.buffers.resize_with(level + 1, Vec::new);
        }
        let mut buffer = self.buffers.get_mut(level).map(mem::take).unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(page.bytes());
        self.reader.give_back(page);
        Ok(Some(Taken::Interior(buffer)))
    }

    pub fn put_back(&mut self, depth: u32, page: Taken) {
        match page {
            Taken::Leaf(page) => self.reader.give_back(page),
            Taken::Interior(buffer) => {
                if let Some(place) = self.buffers.get_mut(depth as usize) {
                    *place = buffer;
                }
            }
        }
    }

    /// The page, if it can be one of this tree at this place.
    pub fn parse_page<'b>(&self, tree: &Tree<'_>, part: Part, buffer: &'b [u8]) -> Option<Page<'b>> {
        let usable = buffer.get(..self.shared.header.usable as usize)?;
        let number = part.page;
        let page = match Page::parse(number, usable) {
            Ok(page) => page,
            Err(fault) => {
                self.damaged(tree, Fault::Page { page: number, fault });
                return None;
            }
        };
        if page.kind.is_table() == tree.entries.is_some() {
            self.damaged(tree, Fault::WrongKind { page: number });
            return None;
        }
        // Only a whole tree may be empty; page 1 has less room than others and may have nothing but a right child.
        let may_be_empty = part.depth == 0 && (page.kind.is_leaf() || number == 1);
        if page.cells() == 0 && !may_be_empty {
            self.damaged(tree, Fault::Empty { page: number });
            return None;
        }
        if page.kind.is_leaf() {
            let depth = part.depth + 1;
            let first = tree
                .leaf_depth
                .compare_exchange(0, depth, Ordering::Relaxed, Ordering::Relaxed);
            if first.is_err_and(|other| other != depth) {
                self.damaged(tree, Fault::Depth { page: number });
            }
        }
        Some(page)
    }

    /// The cell, if it lies within the page's cell content and nothing else does.
    #[inline(always)]
    pub fn place_cell<'b>(&mut self, page: &Page<'b>, number: usize) -> Result<Cell<'b>, PageFault> {
        let cell_number = u16::try_from(number).unwrap_or(u16::MAX);
        let outside = PageFault::CellOutside(cell_number);
        let at = page.cell_at(number).ok_or(outside)?;
        if at < page.content || at + 4 > page.bytes.len() {
            return Err(outside);
        }
        let cell = Cell::parse(page, at, &self.shared.limits).ok_or(outside)?;
        if self.space.take(at, cell.size) {
            Ok(cell)
        } else {
            Err(PageFault::Overlap(cell_number))
        }
    }

    /// Checks the space of an interior page, whose cells are visited afterwards.
    pub fn place_cells(&mut self, page: &Page<'_>) -> Result<(), PageFault> {
        self.space.clear(page);
        for number in 0..page.cells() {
            self.place_cell(page, number)?;
        }
        self.space.finish(page)
    }
}

/// A page of a tree.
pub(super) enum Taken {
    /// Where it was read. Nothing else is read while it is checked, overflow chains apart.
    Leaf(Lent),
    /// A copy in the buffer of its level: its children are read while it is checked.
    Interior(Vec<u8>),
}

impl Taken {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Taken::Leaf(page) => page.bytes(),
            Taken::Interior(buffer) => buffer,
        }
    }
}

fn rowid(bound: &Bound) -> Option<i64> {
    match bound {
        Bound::Rowid(rowid) => Some(*rowid),
        Bound::None | Bound::Key(_) => None,
    }
}

/// Where in a tree a page is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub page: u32,
    pub parent: u32,
    pub depth: u32,
    pub children: Option<(usize, usize)>,
}

impl From<&Task> for Part {
    fn from(task: &Task) -> Part {
        Part {
            page: task.page,
            parent: task.parent,
            depth: task.depth,
            children: task.children,
        }
    }
}

impl Part {
    /// A child of this page.
    pub fn child(self, page: u32) -> Part {
        Part {
            page,
            parent: self.page,
            depth: self.depth + 1,
            children: None,
        }
    }
}

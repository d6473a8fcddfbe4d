//! Whether a database file is whole: every page used once and sound in itself, every tree in order, and every index holding
//! exactly its table's rows.
//!
//! Each page is read once. Threads share a queue of subtrees, each with its bounds from the pages above. An idle thread
//! gets half of the children that another has left in a page. Rows and entries are added up as hashes
//! ([`crate::pages::sums`]), so that neither has to be looked up in the other.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::pages::cell::Limits;
use crate::pages::freelist;
use crate::pages::header::{HEADER, Header};
use crate::pages::plan::{self, Tree};
use crate::pages::pointer_map::Layout;
use crate::pages::problem::{Fault, Problem};
use crate::pages::queue::{Bound, Queue, Task};
use crate::pages::schema::Schema;
use crate::pages::source::ReadAt;
use crate::pages::sums::{Keys, Sum};
use crate::pages::usage::Usage;
use crate::pages::worker::{Halt, Shared, Walked, Worker};

/// How thoroughly, and with how many threads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Compare indexes with their tables; otherwise check structure and order only.
    pub compare: bool,
    pub threads: usize,
}

/// What was found. Numbers of tables, columns and indexes are those of the [`Schema`].
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Empty when no problem was found.
    pub problems: Vec<Problem>,
    /// Rows of each table.
    pub rows: Vec<u64>,
    /// Table and column of values that do not fit their column.
    pub broken: Vec<(usize, usize)>,
    /// What pages alone cannot decide.
    pub left: Vec<Left>,
}

/// An index, or a whole table with all its indexes, whose structure was checked and whose entries were not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    pub table: usize,
    pub index: Option<usize>,
    pub why: Why,
    /// The entries that the index has.
    pub entries: Sum,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The expected entries have to be computed: an expression, a condition, a column that is not stored.
    Computed,
    /// Only the application has the collation. Entries were compared with rows; their order was not checked.
    Collation,
    /// A key is longer than is kept in memory.
    TooLong,
}

/// Verifies a file that stays as it is meanwhile. `goes_on` is called from time to time, on this thread; `None` when it
/// returned false.
///
/// Fails where the file cannot be read.
pub(crate) fn verify(
    file: &dyn ReadAt,
    schema: &Schema,
    keys: &Keys,
    effort: Effort,
    goes_on: &dyn Fn() -> bool,
) -> io::Result<Option<Report>> {
    let size = file.size()?;
    let (header, pages) = match header_of(file, size)? {
        Ok(found) => found,
        Err(problem) => {
            return Ok(Some(Report {
                problems: vec![problem],
                ..Report::default()
            }));
        }
    };
    let trees = plan::trees(schema);
    let usage = Usage::new(pages).ok_or(io::ErrorKind::OutOfMemory)?;
    let shared = Shared {
        file,
        header,
        pages,
        limits: Limits::new(header.usable),
        queue: Queue::new(first_tasks(&trees)),
        trees,
        usage,
        problems: Mutex::default(),
        keys,
        compare: effort.compare,
    };
    check_roots(&shared);
    for page in unused_by_nature(&header, pages) {
        let _ = shared.usage.claim(page);
    }
    let stopped = match walk(&shared, effort.threads, goes_on) {
        Ok(()) => false,
        Err(Halt::Io(error)) => return Err(error),
        Err(Halt::Stopped) => true,
    };
    let mut problems = shared
        .problems
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .split_off(0);
    if stopped && problems.is_empty() {
        return Ok(None);
    }
    // Pages below a page that cannot be read are not known to be lost.
    if problems.is_empty() {
        problems.extend(unused(&shared.usage));
    }
    // Threads find problems in any order.
    problems.sort_by_cached_key(|problem| (problem.place.clone(), problem.to_string()));
    Ok(Some(report(schema, &shared, problems, stopped)))
}

/// The header of a file that is as long as it states, and its number of pages.
fn header_of(file: &dyn ReadAt, size: u64) -> io::Result<Result<(Header, u32), Problem>> {
    let mut beginning = [0; HEADER];
    let length = size.min(HEADER as u64) as usize;
    let beginning = beginning.get_mut(..length).unwrap_or_default();
    file.read_exact_at(beginning, 0)?;
    let header = match Header::parse(beginning) {
        Ok(header) => header,
        Err(fault) => return Ok(Err(Problem::of_file(Fault::Header(fault)))),
    };
    let pages = header.pages(size);
    let stated = pages * u64::from(header.page_size);
    let cut_off = Problem::of_file(Fault::CutOff { bytes: size, stated });
    Ok(match u32::try_from(pages) {
        Ok(pages) if stated <= size => Ok((header, pages)),
        _ => Err(cut_off),
    })
}

/// The pages that nothing leads to.
fn unused_by_nature(header: &Header, pages: u32) -> impl Iterator<Item = u32> {
    let lock_byte_page = Some(header.lock_byte_page()).filter(|page| *page <= pages);
    let maps = header.has_pointer_map().then(|| Layout::of(header).map_pages(pages));
    lock_byte_page.into_iter().chain(maps.into_iter().flatten())
}

/// The roots in the order in which they lie in the file, the first one last.
fn first_tasks(trees: &[Tree<'_>]) -> Vec<Task> {
    let mut tasks: Vec<Task> = trees
        .iter()
        .map(|tree| Task {
            tree: tree.number,
            page: tree.root,
            parent: 0,
            depth: 0,
            children: None,
            lower: Bound::None,
            upper: Bound::None,
        })
        .collect();
    tasks.sort_by_key(|task| std::cmp::Reverse(task.page));
    tasks
}

/// The header of a database with a pointer map states the largest root page.
fn check_roots(shared: &Shared<'_>) {
    let found = shared.trees.iter().map(|tree| tree.root).max().unwrap_or(0);
    let stated = shared.header.largest_root;
    if stated != 0 && stated != found {
        shared.note(Problem::of_file(Fault::LargestRoot { found, stated }));
    }
    if stated == 0 && shared.header.incremental_vacuum {
        shared.note(Problem::of_file(Fault::IncrementalVacuum));
    }
}

/// Goes through the freelist and all trees.
fn walk(shared: &Shared<'_>, threads: usize, goes_on: &dyn Fn() -> bool) -> Walked<()> {
    thread::scope(|scope| {
        // If a thread cannot be started, the others do its work.
        let others: Vec<_> = (1..threads)
            .map_while(|_| {
                let builder = thread::Builder::new().name("respaldo-verify".to_owned());
                builder.spawn_scoped(scope, || Worker::new(shared, None).run()).ok()
            })
            .collect();
        let mut worker = Worker::new(shared, Some(goes_on));
        let mut done = freelist::verify(&mut worker).and_then(|()| worker.run());
        if done.is_err() {
            shared.queue.stop();
        }
        for other in others {
            let other = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            done = match (done, other) {
                // A failed read is the reason why the others stopped.
                (Ok(()) | Err(Halt::Stopped), Err(Halt::Io(error))) => Err(Halt::Io(error)),
                (Ok(()), other) => other,
                (done, _) => done,
            };
        }
        done
    })
}

fn unused(usage: &Usage) -> Option<Problem> {
    let mut pages = usage.unused();
    let page = pages.next()?;
    let count = 1 + pages.count() as u64;
    Some(Problem::of_file(Fault::Unused { page, count }))
}

fn report(schema: &Schema, shared: &Shared<'_>, mut problems: Vec<Problem>, stopped: bool) -> Report {
    let mut report = Report::default();
    let mut number = 0;
    for (table_number, table) in schema.tables.iter().enumerate() {
        let Some(trees) = shared.trees.get(number..=number + table.indexes.len()) else {
            break;
        };
        let first = number;
        number += trees.len();
        let Some((tree, indexes)) = trees.split_first() else {
            break;
        };
        let totals = tree.totals.lock().unwrap_or_else(PoisonError::into_inner).clone();
        report.rows.push(totals.entries.count);
        let Some(rows) = &tree.rows else {
            continue;
        };
        for (column, broken) in rows.columns.iter().zip(&totals.broken) {
            if *broken {
                report.broken.push((table_number, column.number));
            }
        }
        let mut leave = |index, why, entries| {
            report.left.push(Left {
                table: table_number,
                index,
                why,
                entries,
            });
        };
        let is_set = |flag: &std::sync::atomic::AtomicBool| flag.load(Ordering::Relaxed);
        if trees.iter().any(|tree| is_set(&tree.too_long)) {
            leave(None, Why::TooLong, Sum::default());
            continue;
        }
        if tree.entries.as_ref().is_some_and(|entries| !entries.comparable) {
            leave(None, Why::Collation, totals.entries);
        }
        let mut owed = rows.indexes.iter().zip(&totals.owed).peekable();
        for (index_number, index) in indexes.iter().enumerate() {
            let entries = index.totals.lock().unwrap_or_else(PoisonError::into_inner).entries;
            let owed = owed.next_if(|((tree, _), _)| *tree == first + 1 + index_number);
            if index.entries.as_ref().is_some_and(|entries| !entries.comparable) {
                leave(Some(index_number), Why::Collation, entries);
            }
            if !shared.compare || stopped || is_set(&tree.damaged) || is_set(&index.damaged) {
                continue;
            }
            match owed {
                None => leave(Some(index_number), Why::Computed, entries),
                Some((_, owed)) if *owed != entries => problems.push(Problem {
                    place: Some(index.place()),
                    fault: Fault::Differs {
                        rows: owed.count,
                        entries: entries.count,
                    },
                }),
                Some(_) => {}
            }
        }
    }
    report.problems = problems;
    report
}

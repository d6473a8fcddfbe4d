//! The freelist: <https://www.sqlite.org/fileformat2.html#the_freelist>.

use crate::pages::bytes::u32_at;
use crate::pages::pointer_map::LedTo;
use crate::pages::problem::{Fault, Problem};
use crate::pages::source::Reader;
use crate::pages::worker::{Walked, Worker};

/// Checks the trunk pages, and marks them and their leaves as used.
pub(super) fn verify(worker: &mut Worker<'_>) -> Walked<()> {
    let shared = worker.shared;
    let header = shared.header;
    let mut reader = Reader::new(shared.file, header.page_size, shared.pages);
    let most = header.usable / 4 - 2;
    let (mut from, mut next, mut found) = (0, header.freelist_trunk, 0_u64);
    let mut trunk = Vec::new();
    while next != 0 {
        worker.step()?;
        if !worker.claim(None, next, from, LedTo::Freelist)? {
            return Ok(());
        }
        reader.read(next, &mut trunk)?;
        let leaves = u32_at(&trunk, 4).unwrap_or(0);
        if leaves > most {
            shared.note(Problem::of_file(Fault::FreelistTrunk { page: next }));
            return Ok(());
        }
        found += 1 + u64::from(leaves);
        let entries = trunk.get(8..8 + 4 * leaves as usize).unwrap_or_default();
        for leaf in entries.as_chunks::<4>().0 {
            worker.claim(None, u32::from_be_bytes(*leaf), next, LedTo::Freelist)?;
        }
        (from, next) = (next, u32_at(&trunk, 0).unwrap_or(0));
    }
    if found != u64::from(header.freelist_pages) {
        let stated = header.freelist_pages;
        shared.note(Problem::of_file(Fault::FreelistLength { found, stated }));
    }
    Ok(())
}

//! What the opened repository answers about the chunks of its snapshots.

use std::fmt::Write;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use rustic_core::repofile::{BlobType, SnapshotFile};
use rustic_core::{IndexedFullStatus, Repository as Opened, RusticError, RusticResult};
use sha2::{Digest, Sha256};

use crate::archive::chunks::{Chunk, ChunkId, ChunkList, Question};
use crate::archive::repository::{Repository, database_in, parse};
use crate::archive::trouble;
use crate::report::error::{Cause, Error, Result};

/// No program makes larger chunks: restic's have at most 8 MiB.
const LARGEST_CHUNK: u64 = 64 << 20;
/// What encrypting adds to a chunk.
const ENCRYPTION_BYTES: u32 = 32;

impl Repository {
    /// Reads the index, calls `opened`, and answers until nobody can ask any more.
    pub fn answer(self, opened: impl FnOnce(), questions: &Receiver<Question>) -> Result<()> {
        let (meter, options) = (Arc::clone(&self.meter), self.options.clone());
        let indexed = self.indexed(Opened::to_indexed_checked, Opened::to_indexed)?;
        let failed = |error: Box<RusticError>| trouble::of_operation(&error, &meter, &options);
        opened();
        for question in questions {
            meter.forget_failure();
            // Nobody waits for an answer any more where the caller has cancelled.
            match question {
                Question::Chunks {
                    snapshot,
                    database,
                    answer,
                } => {
                    let found = parse(&snapshot).and_then(|id| {
                        let file = indexed.get_file::<SnapshotFile>(&id).map_err(failed)?;
                        let chunks = unless_it_panics(|| chunks_of(&indexed, &file, &database)).map_err(failed)?;
                        chunks
                            .ok_or_else(|| Error::at(Cause::SnapshotNotADatabase(snapshot.clone()), options.location()))
                    });
                    let _ = answer.send(found);
                }
                Question::Chunk { id, answer } => {
                    let _ = answer.send(unless_it_panics(|| chunk(&indexed, &id)).map_err(failed));
                }
            }
        }
        Ok(())
    }
}

/// Rustic gives up by panicking in a few places where a read fails.
fn unless_it_panics<T>(work: impl FnOnce() -> RusticResult<T>) -> RusticResult<T> {
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err(trouble::damaged("what it holds cannot be followed")))
}

fn chunks_of(
    indexed: &Opened<IndexedFullStatus>,
    snapshot: &SnapshotFile,
    database: &str,
) -> RusticResult<Option<ChunkList>> {
    let Some(node) = database_in(indexed, snapshot, database)? else {
        return Ok(None);
    };
    let mut list = ChunkList::default();
    for id in node.content.unwrap_or_default() {
        let entry = indexed
            .get_index_entry(&id)
            .map_err(|_| trouble::damaged("a chunk of the snapshot is missing"))?;
        let stored = || entry.location.length.checked_sub(ENCRYPTION_BYTES);
        let length = entry.location.uncompressed_length.map(u32::from).or_else(stored);
        let length = length.map(u64::from).filter(|length| *length <= LARGEST_CHUNK);
        length
            .and_then(|length| list.push(id, length))
            .ok_or_else(|| trouble::damaged("the index states an impossible size of a chunk"))?;
    }
    Ok(Some(list))
}

/// Reads a chunk. The encryption tells whether the bytes were changed, but not whether they are those of another chunk.
fn chunk(indexed: &Opened<IndexedFullStatus>, id: &ChunkId) -> RusticResult<Chunk> {
    let name = id.to_hex();
    let bytes = indexed.cat_blob(BlobType::Data, name.as_str())?;
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(&bytes) {
        let _ = write!(hash, "{byte:02x}"); // a String takes everything
    }
    if hash != name.as_str() {
        return Err(trouble::damaged("a chunk is another one than it should be"));
    }
    Ok(Chunk::from(&bytes[..]))
}

//! The chunks of a database in a snapshot, and what is asked about them.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use crate::report::error::Result;

/// Names a chunk by its contents.
#[cfg(feature = "archive")]
pub(crate) type ChunkId = rustic_core::DataId;
/// There is none.
#[cfg(not(feature = "archive"))]
pub(crate) type ChunkId = std::convert::Infallible;

/// The bytes of a chunk.
pub(crate) type Chunk = Arc<[u8]>;

/// The chunks of a file, in its order.
#[derive(Debug, Default)]
pub(crate) struct ChunkList {
    ids: Vec<ChunkId>,
    starts: Vec<u64>,
    /// Bytes of the file.
    pub size: u64,
}

#[cfg_attr(not(feature = "archive"), allow(dead_code, reason = "only a repository has chunks"))]
impl ChunkList {
    /// Adds the next chunk. `None` for a file that is longer than any.
    pub fn push(&mut self, id: ChunkId, length: u64) -> Option<()> {
        let end = self.size.checked_add(length)?;
        self.ids.push(id);
        self.starts.push(self.size);
        self.size = end;
        Some(())
    }

    /// The chunk that holds the byte at `offset`, and where the chunk begins.
    pub fn at(&self, offset: u64) -> Option<(ChunkId, u64)> {
        // Behind an empty chunk, the next one begins at the same byte.
        let place = self.starts.partition_point(|start| *start <= offset).checked_sub(1)?;
        Some((*self.ids.get(place)?, *self.starts.get(place)?))
    }
}

/// What the thread that has the repository open is asked, and where it answers.
#[cfg_attr(not(feature = "archive"), allow(dead_code, reason = "only a repository answers"))]
pub(crate) enum Question {
    /// Which chunks the database of a snapshot has. Of several files, `database` names the one.
    Chunks {
        snapshot: String,
        database: String,
        answer: SyncSender<Result<ChunkList>>,
    },
    /// The bytes of a chunk.
    Chunk {
        id: ChunkId,
        answer: SyncSender<Result<Chunk>>,
    },
}

#[cfg(feature = "archive")]
#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> ChunkId {
        format!("{number:064x}").parse().expect("an identifier")
    }

    #[test]
    fn a_byte_is_in_the_chunk_that_begins_before_it() {
        let mut list = ChunkList::default();
        assert_eq!(list.at(0), None);
        for (number, length) in [(1, 10), (2, 0), (3, 5), (4, u64::MAX - 15)] {
            list.push(id(number), length).expect("it fits");
        }
        for (offset, number, start) in [
            (0, 1, 0),
            (9, 1, 0),
            (10, 3, 10),
            (14, 3, 10),
            (15, 4, 15),
            (u64::MAX, 4, 15),
        ] {
            assert_eq!(list.at(offset), Some((id(number), start)), "at {offset}");
        }
        assert_eq!(list.push(id(5), 1), None);
    }
}

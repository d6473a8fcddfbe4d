//! Chunks in a temporary file without a name. A search through many snapshots needs most chunks in each of them, and memory holds few.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use crate::archive::chunks::{Chunk, ChunkId};
use crate::pages::source::{ReadAt, WriteAt};

/// Bytes of the file, at most.
const MOST_BYTES: u64 = 4 << 30;
/// Which part of the free space it may take.
const PART_OF_FREE: u64 = 4;

/// The file. Its disk may fail at any time: then a chunk is read from the archive again.
pub(crate) struct ChunkFile {
    file: File,
    places: HashMap<ChunkId, (u64, usize)>,
    end: u64,
    most: u64,
}

impl ChunkFile {
    /// A file in this folder, that only its owner can read. It is gone with the process.
    pub fn in_folder(folder: &Path) -> Option<ChunkFile> {
        let free = fs4::available_space(folder).ok()?;
        Some(ChunkFile {
            file: tempfile::tempfile_in(folder).ok()?,
            places: HashMap::new(),
            end: 0,
            most: MOST_BYTES.min(free / PART_OF_FREE),
        })
    }

    /// Keeps a chunk, if there is room.
    pub fn keep(&mut self, id: ChunkId, chunk: &[u8]) {
        let end = self.end + chunk.len() as u64;
        if end > self.most || self.places.contains_key(&id) {
            return;
        }
        match self.file.write_all_at(chunk, self.end) {
            Ok(()) => {
                self.places.insert(id, (self.end, chunk.len()));
                self.end = end;
            }
            Err(_) => self.most = self.end,
        }
    }

    /// Reads a chunk that was kept.
    pub fn get(&self, id: &ChunkId) -> Option<Chunk> {
        let (start, length) = *self.places.get(id)?;
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start).ok()?;
        Some(bytes.into())
    }
}

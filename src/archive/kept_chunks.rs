//! The chunks that were read: those of late in memory, the others in a file.

use std::collections::HashMap;
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;

use crate::archive::chunk_file::ChunkFile;
use crate::archive::chunks::{Chunk, ChunkId};

/// Bytes of chunks in memory.
const MOST_BYTES: usize = 32 << 20;

/// The chunks that were read. Those in memory that were not asked for while half of [`MOST_BYTES`] were read go into the file, which
/// is made when the first do: a search for one row needs none.
pub(crate) struct KeptChunks {
    recent: HashMap<ChunkId, Chunk>,
    before: HashMap<ChunkId, Chunk>,
    /// Bytes of `recent`.
    bytes: usize,
    file: Option<ChunkFile>,
    /// Where the file is to be made; `None` once that was tried.
    folder: Option<PathBuf>,
}

impl KeptChunks {
    pub fn new(folder: PathBuf) -> KeptChunks {
        KeptChunks {
            recent: HashMap::new(),
            before: HashMap::new(),
            bytes: 0,
            file: None,
            folder: Some(folder),
        }
    }

    pub fn get(&mut self, id: &ChunkId) -> Option<Chunk> {
        if let Some(chunk) = self.recent.get(id) {
            return Some(Arc::clone(chunk));
        }
        let in_file = || self.file.as_ref()?.get(id);
        let chunk = self.before.remove(id).or_else(in_file)?;
        self.keep(*id, Arc::clone(&chunk));
        Some(chunk)
    }

    pub fn keep(&mut self, id: ChunkId, chunk: Chunk) {
        if self.bytes + chunk.len() > MOST_BYTES / 2 {
            self.bytes = 0;
            let recent = mem::take(&mut self.recent);
            let old = mem::replace(&mut self.before, recent);
            self.write(old);
        }
        self.bytes += chunk.len();
        self.recent.insert(id, chunk);
    }

    fn write(&mut self, chunks: HashMap<ChunkId, Chunk>) {
        if chunks.is_empty() {
            return;
        }
        if let Some(folder) = self.folder.take() {
            self.file = ChunkFile::in_folder(&folder);
        }
        if let Some(file) = &mut self.file {
            for (id, chunk) in chunks {
                file.keep(id, &chunk);
            }
        }
    }
}

#[cfg(feature = "archive")]
#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> ChunkId {
        format!("{number:064x}").parse().expect("an identifier")
    }

    fn chunk(number: u64) -> Chunk {
        vec![number.to_le_bytes()[0]; 1 << 20].into()
    }

    #[test]
    fn every_chunk_is_kept_and_few_in_memory() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut kept = KeptChunks::new(folder.path().to_owned());
        for number in 0..100 {
            assert!(kept.get(&id(number)).is_none());
            kept.keep(id(number), chunk(number));
            let in_memory = (kept.recent.len() + kept.before.len()) << 20;
            assert!(in_memory <= MOST_BYTES, "{in_memory} bytes after {number}");
        }
        for number in [0, 99, 50, 17, 16, 15, 0] {
            assert_eq!(kept.get(&id(number)), Some(chunk(number)), "{number}");
        }
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 0, "it has no name");
    }

    #[test]
    fn without_a_folder_only_memory_keeps_them() {
        let mut kept = KeptChunks::new("/no/such/folder".into());
        for number in 0..100 {
            kept.keep(id(number), chunk(number));
            assert!(kept.get(&id(0)).is_some(), "what is asked for stays: {number}");
        }
        assert!(kept.get(&id(99)).is_some() && kept.get(&id(50)).is_none());
    }
}

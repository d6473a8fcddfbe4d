//! The BLAKE3 hash of a file, taken while the file is written.
//!
//! BLAKE3 is a tree: aligned parts of the file are hashed each for itself, and merged at the end. A part that is not written from
//! its beginning to its end without a gap, or is written twice, is read again then: SQLite writes the first page last. The
//! result is that of `b3sum`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use blake3::hazmat::{ChainingValue, HasherExt, Mode, left_subtree_len, merge_subtrees_non_root, merge_subtrees_root};
use blake3::{Hash, Hasher};

/// Bytes of a part: a power of two, as the tree wants it.
pub(super) const PART: u64 = 1 << 18;
/// Bytes that are read at a time where a file is hashed by reading it.
const CHUNK: usize = 1 << 18;

/// What is known of a file that is being written.
#[derive(Debug, Default)]
pub(crate) struct FileHash {
    /// By their places. A part that is not here is read at the end.
    parts: BTreeMap<u64, Part>,
    current: Option<Current>,
}

#[derive(Debug)]
struct Part {
    length: u64,
    value: ChainingValue,
}

/// The part that is being written.
#[derive(Debug)]
struct Current {
    place: u64,
    length: u64,
    hasher: Hasher,
}

impl FileHash {
    /// Parts that need not be read again.
    #[cfg(test)]
    pub fn parts_known(&self) -> usize {
        self.parts.len() + usize::from(self.current.is_some())
    }

    /// Takes in bytes that were written at `offset`.
    pub fn written(&mut self, mut bytes: &[u8], mut offset: u64) {
        while !bytes.is_empty() {
            let room = PART - offset % PART;
            let (piece, rest) = bytes.split_at(usize::try_from(room).map_or(bytes.len(), |room| room.min(bytes.len())));
            self.piece_written(piece, offset);
            offset += piece.len() as u64;
            bytes = rest;
        }
    }

    fn piece_written(&mut self, piece: &[u8], offset: u64) {
        let (place, skipped) = (offset / PART, offset % PART);
        let follows = self
            .current
            .as_ref()
            .is_some_and(|current| current.place == place && current.length == skipped);
        if !follows {
            self.end_current();
            let is_new = self.parts.remove(&place).is_none();
            if skipped != 0 || !is_new {
                return;
            }
            self.current = Some(Current {
                place,
                length: 0,
                hasher: hasher_at(place),
            });
        }
        if let Some(current) = &mut self.current {
            current.hasher.update(piece);
            current.length += piece.len() as u64;
            if current.length == PART {
                self.end_current();
            }
        }
    }

    fn end_current(&mut self) {
        if let Some(Current { place, length, hasher }) = self.current.take() {
            let value = hasher.finalize_non_root();
            self.parts.insert(place, Part { length, value });
        }
    }

    /// The hash of the whole file, as it is now. Its first part is read in any case: other bytes of it may have been written
    /// past SQLite.
    pub fn finish(mut self, file: &mut File) -> io::Result<Hash> {
        self.end_current();
        let length = file.metadata()?.len();
        if length <= PART {
            file.rewind()?;
            return hash_of(file, length);
        }
        let mut values = Vec::new();
        for place in 0..length.div_ceil(PART) {
            let wanted = PART.min(length - place * PART);
            values.push(match self.parts.get(&place) {
                Some(part) if part.length == wanted && place > 0 => part.value,
                _ => read_part(file, place, wanted)?,
            });
        }
        Ok(root(&values, length))
    }
}

/// The hash of the next `length` bytes of a file, by reading them.
pub(crate) fn hash_of(file: &mut File, length: u64) -> io::Result<Hash> {
    let mut hasher = Hasher::new();
    update(&mut hasher, file, length)?;
    Ok(hasher.finalize())
}

/// The hash of the file at `path`, if it can be read.
pub(crate) fn hash_of_path(path: &Path) -> Option<Hash> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    hash_of(&mut file, length).ok()
}

fn update(hasher: &mut Hasher, file: &mut File, length: u64) -> io::Result<()> {
    let mut buffer = vec![0; usize::try_from(length).map_or(CHUNK, |length| length.min(CHUNK))];
    let mut left = length;
    while left > 0 {
        let wanted = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
        file.read_exact(&mut buffer[..wanted])?;
        hasher.update(&buffer[..wanted]);
        left -= wanted as u64;
    }
    Ok(())
}

fn read_part(file: &mut File, place: u64, length: u64) -> io::Result<ChainingValue> {
    file.seek(SeekFrom::Start(place * PART))?;
    let mut hasher = hasher_at(place);
    update(&mut hasher, file, length)?;
    Ok(hasher.finalize_non_root())
}

fn hasher_at(place: u64) -> Hasher {
    let mut hasher = Hasher::new();
    hasher.set_input_offset(place * PART);
    hasher
}

/// The root above the parts of a file that is longer than one part.
fn root(values: &[ChainingValue], length: u64) -> Hash {
    let (left, right) = halves(values, length);
    merge_subtrees_root(&left, &right, Mode::Hash)
}

fn halves(values: &[ChainingValue], length: u64) -> (ChainingValue, ChainingValue) {
    let left_length = left_subtree_len(length);
    let left_parts = usize::try_from(left_length / PART).map_or(values.len(), |parts| parts.min(values.len()));
    let (left, right) = values.split_at(left_parts);
    (value_of(left, left_length), value_of(right, length - left_length))
}

fn value_of(values: &[ChainingValue], length: u64) -> ChainingValue {
    match values {
        [] => ChainingValue::default(),
        [value] => *value,
        _ => {
            let (left, right) = halves(values, length);
            merge_subtrees_non_root(&left, &right, Mode::Hash)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const UNEVEN: u64 = 3 * PART + 5000;

    fn contents(length: u64) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(length).expect("small")];
        Hasher::new().finalize_xof().fill(&mut bytes);
        bytes
    }

    /// Writes the pieces in this order, and hashes them meanwhile.
    fn hashed(length: u64, pieces: &[std::ops::Range<u64>]) -> Hash {
        let bytes = contents(length);
        let mut file = tempfile::tempfile().expect("a file");
        let mut hash = FileHash::default();
        for piece in pieces {
            let [start, end] = [piece.start, piece.end].map(|place| usize::try_from(place).expect("small"));
            file.seek(SeekFrom::Start(piece.start)).expect("there");
            file.write_all(&bytes[start..end]).expect("written");
            hash.written(&bytes[start..end], piece.start);
        }
        hash.finish(&mut file).expect("readable")
    }

    #[test]
    fn files_of_every_length_have_the_plain_hash() {
        for length in [
            0,
            1,
            1024,
            1025,
            PART - 1,
            PART,
            PART + 1,
            2 * PART,
            UNEVEN,
            5 * PART,
            8 * PART + 1,
        ] {
            let plain = blake3::hash(&contents(length));
            let pages: Vec<_> = (0..length)
                .step_by(4096)
                .map(|start| start..(start + 4096).min(length))
                .collect();
            assert_eq!(hashed(length, &pages), plain, "{length} in pages");
            assert_eq!(
                hashed(length, std::slice::from_ref(&(0..length))),
                plain,
                "{length} at once"
            );
        }
    }

    #[test]
    fn what_is_written_out_of_order_twice_or_in_strange_pieces_counts_as_it_is_at_the_end() {
        let plain = blake3::hash(&contents(UNEVEN));
        let first_page_last = [4096..UNEVEN, 0..4096];
        let backwards = [2 * PART..UNEVEN, PART..2 * PART, 0..PART];
        let twice = [0..UNEVEN, PART..PART + 4096, PART + 4096..2 * PART, UNEVEN - 10..UNEVEN];
        let around_a_gap = [0..PART + 100, PART + 200..UNEVEN, PART + 100..PART + 200];
        let uneven: Vec<_> = (0..UNEVEN)
            .step_by(777)
            .map(|start| start..(start + 777).min(UNEVEN))
            .collect();
        for pieces in [&first_page_last[..], &backwards, &twice, &around_a_gap, &uneven] {
            assert_eq!(hashed(UNEVEN, pieces), plain, "{:?}", &pieces[..2]);
        }
    }

    #[test]
    fn a_file_that_was_cut_or_changed_in_its_first_part_has_the_hash_of_what_is_left() {
        let bytes = contents(UNEVEN);
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&bytes).expect("written");
        let mut hash = FileHash::default();
        hash.written(&bytes, 0);
        file.set_len(2 * PART + 77).expect("cut");
        file.seek(SeekFrom::Start(18)).expect("there");
        file.write_all(&[1, 1]).expect("written");
        let mut expected = contents(2 * PART + 77);
        expected[18..20].copy_from_slice(&[1, 1]);
        assert_eq!(hash.finish(&mut file).expect("readable"), blake3::hash(&expected));
    }
}

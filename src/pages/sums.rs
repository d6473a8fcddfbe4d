//! Compares two sets of entries without sorting or keeping them: each entry is hashed under a random key of this run,
//! and the hashes are added up. A hostile file cannot be made to fit a key that is drawn after it was written.
//!
//! A value has 128 bits of hash from two halves that share nothing but their input; so has an entry, and so has a sum.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::pages::record::Value;

/// The keys of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys([u64; 6]);

/// The hash of a value, or of an entry so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hash {
    first: u64,
    second: u64,
}

/// Any number of entries, in any order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub count: u64,
    hashes: u128,
}

impl Sum {
    #[inline]
    pub fn add(&mut self, entry: Hash) {
        self.count += 1;
        let hash = u128::from(entry.first) << 64 | u128::from(entry.second);
        self.hashes = self.hashes.wrapping_add(hash);
    }

    pub fn merge(&mut self, other: Sum) {
        self.count += other.count;
        self.hashes = self.hashes.wrapping_add(other.hashes);
    }
}

/// The two halves of a product, one over the other.
#[inline]
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    (product >> 64) as u64 ^ product as u64
}

const NULL: u64 = 1;
const INTEGER: u64 = 2;
const REAL: u64 = 3;
const TEXT: u64 = 4;
const BLOB: u64 = 5;

impl Keys {
    pub fn random() -> Keys {
        // Odd, so that no factor takes bits away.
        Keys([(); 6].map(|()| RandomState::new().build_hasher().finish() | 1))
    }

    /// The hash of a value. A number that can be stored as an integer has that of the integer: SQLite stores it either way.
    #[inline]
    pub fn value(&self, value: Value<'_>) -> Hash {
        let (class, bits) = match value {
            Value::Null => (NULL, 0),
            Value::Integer(number) => (INTEGER, number.cast_unsigned()),
            Value::Real(number) => match whole(number) {
                Some(number) => (INTEGER, number.cast_unsigned()),
                None => (REAL, number.to_bits()),
            },
            Value::Text(bytes) => return self.bytes(TEXT, bytes),
            Value::Blob(bytes) => return self.bytes(BLOB, bytes),
        };
        self.number(class, bits)
    }

    #[inline]
    fn number(&self, class: u64, bits: u64) -> Hash {
        let [k0, k1, k2, k3, ..] = self.0;
        Hash {
            first: fold(bits ^ k0, k1.wrapping_add(class << 1)),
            second: fold(bits ^ k2, k3.wrapping_add(class << 1)),
        }
    }

    #[inline]
    fn bytes(&self, class: u64, bytes: &[u8]) -> Hash {
        let [k0, k1, k2, k3, ..] = self.0;
        let mut hash = self.number(class, bytes.len() as u64);
        let mut mix = |low: u64, high: u64| {
            hash = Hash {
                first: fold(low ^ k0, high ^ k1 ^ hash.first),
                second: fold(high ^ k2, low ^ k3 ^ hash.second),
            };
        };
        // The length is in the hash already, so bytes may count twice.
        match bytes {
            [] => {}
            [.., _, _, _, _, _, _, _, _] => {
                let (chunks, rest) = bytes.as_chunks::<16>();
                for chunk in chunks {
                    let number = u128::from_le_bytes(*chunk);
                    mix(number as u64, (number >> 64) as u64);
                }
                if !rest.is_empty() {
                    let low = bytes
                        .get(bytes.len().saturating_sub(16)..)
                        .unwrap_or(bytes)
                        .first_chunk();
                    let high = bytes.last_chunk().copied().unwrap_or_default();
                    mix(
                        u64::from_le_bytes(low.copied().unwrap_or_default()),
                        u64::from_le_bytes(high),
                    );
                }
            }
            [.., _, _, _, _] => {
                let low = bytes.first_chunk().copied().unwrap_or_default();
                let high = bytes.last_chunk().copied().unwrap_or_default();
                mix(u32::from_le_bytes(low).into(), u32::from_le_bytes(high).into());
            }
            [a] => mix((*a).into(), 0),
            [a, b] => mix(u16::from_le_bytes([*a, *b]).into(), 0),
            [a, b, c, ..] => mix(u32::from_le_bytes([*a, *b, *c, 0]).into(), 0),
        }
        hash
    }

    /// An entry with one more value.
    #[inline]
    pub fn append(&self, entry: Hash, value: Hash) -> Hash {
        let [.., k4, k5] = self.0;
        Hash {
            first: fold(entry.first ^ value.first, k4),
            second: fold(entry.second ^ value.second, k5),
        }
    }
}

/// The integer that has exactly this value.
#[inline]
fn whole(real: f64) -> Option<i64> {
    /// 2 to the power of 63, the first number beyond the integers.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    ((-BEYOND..BEYOND).contains(&real) && real.trunc() == real).then_some(real as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn values_that_differ_have_hashes_that_differ() {
        let keys = Keys::random();
        let mut seen = HashSet::new();
        let mut count = 0;
        let mut note = |value: Value<'_>| {
            let hash = keys.value(value);
            count += 1;
            assert!(seen.insert(hash.first) && seen.insert(!hash.second), "{value:?}");
        };
        note(Value::Null);
        for number in -1000..1000 {
            note(Value::Integer(number));
            note(Value::Real(number as f64 + 0.5));
        }
        let bytes: Vec<u8> = (0..100).collect();
        for start in 0..3 {
            for end in start..100 {
                note(Value::Text(if start == end && start > 0 {
                    continue;
                } else {
                    &bytes[start..end]
                }));
                note(Value::Blob(&bytes[start..end]));
            }
        }
        for length in 1..70 {
            for at in 0..length {
                let mut bytes = vec![0; length];
                bytes[at] = 200;
                note(Value::Blob(&bytes));
            }
        }
    }

    #[test]
    fn whole_numbers_are_integers_however_they_are_stored() {
        let keys = Keys::random();
        for (real, integer) in [
            (0.0, 0),
            (-0.0, 0),
            (7.0, 7),
            (-9_223_372_036_854_775_808.0, i64::MIN),
            (1e18, 1_000_000_000_000_000_000),
        ] {
            assert_eq!(keys.value(Value::Real(real)), keys.value(Value::Integer(integer)));
        }
        assert_ne!(
            keys.value(Value::Real(9_223_372_036_854_775_808.0)),
            keys.value(Value::Integer(i64::MAX))
        );
        assert_ne!(
            keys.value(Value::Real(f64::INFINITY)),
            keys.value(Value::Integer(i64::MAX))
        );
    }

    #[test]
    fn sums_know_entries_and_their_columns_but_no_order() {
        let keys = Keys::random();
        let entry = |values: &[i64]| {
            let hash = |number: &i64| keys.value(Value::Integer(*number));
            values
                .iter()
                .fold(Hash::default(), |entry, number| keys.append(entry, hash(number)))
        };
        let sum = |entries: &[&[i64]]| {
            let mut sum = Sum::default();
            entries.iter().for_each(|values| sum.add(entry(values)));
            sum
        };
        assert_eq!(sum(&[&[1, 2], &[3, 4]]), sum(&[&[3, 4], &[1, 2]]));
        assert_ne!(sum(&[&[1, 2], &[3, 4]]), sum(&[&[1, 4], &[3, 2]]));
        assert_ne!(sum(&[&[1, 2]]), sum(&[&[2, 1]]));
        assert_ne!(sum(&[&[1, 2], &[1, 2]]), sum(&[&[1, 2]]));
        let mut merged = sum(&[&[1, 2]]);
        merged.merge(sum(&[&[3, 4]]));
        assert_eq!(merged, sum(&[&[1, 2], &[3, 4]]));
    }
}

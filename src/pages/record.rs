//! The record format: <https://www.sqlite.org/fileformat2.html#record_format>.

use crate::pages::varint;

/// One value's serial type and where its bytes begin in the payload.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Field {
    pub serial: u64,
    pub start: usize,
}

/// Storage classes, in the order of <https://www.sqlite.org/datatype3.html#sort_order>, numbers apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Null,
    Integer,
    Real,
    Text,
    Blob,
}

/// A value where it lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    Real(f64),
    /// In the encoding of the database.
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

impl Value<'_> {
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn class(self) -> Class {
        match self {
            Value::Null => Class::Null,
            Value::Integer(_) => Class::Integer,
            Value::Real(_) => Class::Real,
            Value::Text(_) => Class::Text,
            Value::Blob(_) => Class::Blob,
        }
    }
}

/// The longest header that SQLite reads: 32,768 columns of three bytes each, and its own length.
const LONGEST_HEADER: u64 = 98_307;

/// The beginning of a payload that holds the record's header; `None` where it cannot be one.
pub(crate) fn header_length(payload: &[u8], length: u64) -> Option<usize> {
    let (header, _) = varint::read(payload)?;
    (header <= length.min(LONGEST_HEADER)).then_some(())?;
    usize::try_from(header).ok()
}

/// Bytes of a value. 10 and 11 are reserved and never written.
#[inline]
pub(crate) fn value_length(serial: u64) -> Option<u64> {
    const SHORT: [u64; 10] = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];
    match serial {
        0..=9 => SHORT.get(serial as usize).copied(),
        10 | 11 => None,
        _ => Some((serial - 12) / 2),
    }
}

/// Reads the header of a record: at the most `most` fields. `payload` begins a payload of `length` bytes and holds the whole
/// header. Returns whether the header has no more fields; `None` where it is not sound, as SQLite's `OP_Column` judges.
#[inline]
pub(crate) fn read_fields(payload: &[u8], length: u64, most: usize, fields: &mut Vec<Field>) -> Option<bool> {
    fields.clear();
    let (_, whole) = each_field(payload, length, most, |_, field| fields.push(field))?;
    Some(whole)
}

/// Like [`read_fields`], with the values themselves: those that `payload` holds. Returns the number of fields too.
#[inline(always)]
pub(crate) fn read_values<'p>(
    payload: &'p [u8],
    length: u64,
    most: usize,
    values: &mut Vec<Value<'p>>,
) -> Option<(usize, bool)> {
    values.clear();
    each_field(payload, length, most, |_, field| {
        // Where one value is not held, those behind it are not held either.
        if let Some(value) = field.value(payload) {
            values.push(value);
        }
    })
}

/// Calls `found` with each field and its number; see [`read_fields`].
#[inline(always)]
pub(crate) fn each_field(
    payload: &[u8],
    length: u64,
    most: usize,
    mut found: impl FnMut(usize, Field),
) -> Option<(usize, bool)> {
    let (header, mut at) = varint::read(payload)?;
    let end = usize::try_from(header.min(length)).ok()?;
    if header > length || at > end {
        return None;
    }
    let types = payload.get(..end)?;
    let (mut start, mut number) = (header, 0);
    while at < end && number < most {
        let byte = *types.get(at)?;
        let serial = if byte < 0x80 {
            at += 1;
            u64::from(byte)
        } else {
            let (serial, used) = varint::read(types.get(at..)?)?;
            at += used;
            serial
        };
        let field = Field {
            serial,
            start: usize::try_from(start).ok()?,
        };
        start = start.checked_add(value_length(serial)?)?;
        found(number, field);
        number += 1;
    }
    let whole = at == end;
    let sound = if whole { start == length } else { start <= length };
    sound.then_some((number, whole))
}

impl Field {
    #[inline]
    pub fn class(self) -> Class {
        use Class::{Blob, Integer, Null, Real, Text};
        const SHORT: [Class; 12] = [
            Null, Integer, Integer, Integer, Integer, Integer, Integer, Real, Integer, Integer, Integer, Integer,
        ];
        let of_bytes = if self.serial.is_multiple_of(2) { Blob } else { Text };
        usize::try_from(self.serial)
            .ok()
            .and_then(|serial| SHORT.get(serial).copied())
            .unwrap_or(of_bytes)
    }

    /// Where the value's bytes end in the payload.
    pub fn end(self) -> u64 {
        self.start as u64 + value_length(self.serial).unwrap_or(0)
    }

    /// The value; `None` where `payload` does not hold all of it.
    #[inline]
    pub fn value(self, payload: &[u8]) -> Option<Value<'_>> {
        if self.serial >= 12 {
            let bytes = payload.get(self.start..)?;
            let bytes = bytes.get(..usize::try_from((self.serial - 12) / 2).ok()?)?;
            return Some(if self.serial.is_multiple_of(2) {
                Value::Blob(bytes)
            } else {
                Value::Text(bytes)
            });
        }
        Some(match self.serial {
            0 if self.start <= payload.len() => Value::Null,
            8 if self.start <= payload.len() => Value::Integer(0),
            9 if self.start <= payload.len() => Value::Integer(1),
            serial @ 1..=6 => Value::Integer(integer(payload, self.start, value_length(serial)? as usize)?),
            // SQLite reads what is not a number as NULL.
            7 => match f64::from_be_bytes(*payload.get(self.start..)?.first_chunk()?) {
                real if real.is_nan() => Value::Null,
                real => Value::Real(real),
            },
            _ => return None,
        })
    }
}

/// The big-endian integer of 1 to 8 bytes at `start`.
#[inline]
fn integer(payload: &[u8], start: usize, length: usize) -> Option<i64> {
    let up_to_end = payload.get(..start + length)?;
    let unused = 64 - 8 * length as u32;
    // All lengths alike: eight bytes are read, and those before the integer are shifted out.
    if let Some(eight) = up_to_end.last_chunk() {
        return Some(i64::from_be_bytes(*eight) << unused >> unused);
    }
    let mut number = [0; 8];
    number.get_mut(..length)?.copy_from_slice(up_to_end.get(start..)?);
    Some(i64::from_be_bytes(number) >> unused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(payload: &[u8]) -> Option<Vec<Value<'_>>> {
        let mut fields = Vec::new();
        read_fields(payload, payload.len() as u64, 100, &mut fields)?;
        fields.into_iter().map(|field| field.value(payload)).collect()
    }

    #[test]
    fn every_serial_type() {
        let payload = [
            13, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, // and the values
            0xff, 0x80, 0, 0xff, 0xff, 0xfe, 0x7f, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x3f, 0xf8, 0,
            0, 0, 0, 0, 0, b'a', 1, 2,
        ];
        use Value::*;
        let expected = [
            Null,
            Integer(-1),
            Integer(-32_768),
            Integer(-2),
            Integer(0x7f00_0000),
            Integer(-(1 << 40)),
            Integer(1),
            Real(1.5),
            Integer(0),
            Integer(1),
            Text(b"a"),
            Blob(&[1, 2]),
        ];
        assert_eq!(values(&payload).as_deref(), Some(&expected[..]));
    }

    #[test]
    fn a_number_that_is_none_is_null() {
        assert_eq!(values(&[2, 7, 0x7f, 0xf8, 0, 0, 0, 0, 0, 1]), Some(vec![Value::Null]));
    }

    #[test]
    fn a_record_is_as_long_as_its_header_says() {
        assert_eq!(values(&[2, 1, 5]), Some(vec![Value::Integer(5)]));
        assert_eq!(values(&[2, 1]), None, "too short");
        assert_eq!(values(&[2, 1, 5, 5]), None, "too long");
        assert_eq!(values(&[4, 1, 5]), None, "a header beyond the payload");
        assert_eq!(values(&[2, 0x81, 0x00]), None, "a type beyond the header");
        assert_eq!(values(&[2, 10]), None, "a reserved type");
        assert_eq!(values(&[0]), None);
        assert_eq!(values(&[]), None);
    }

    #[test]
    fn fields_beyond_those_wanted_are_not_looked_at() {
        let mut fields = Vec::new();
        assert_eq!(read_fields(&[3, 1, 10, 5], 4, 1, &mut fields), Some(false));
        assert_eq!(fields, [Field { serial: 1, start: 3 }]);
        assert_eq!(read_fields(&[3, 1, 10, 5], 4, 2, &mut fields), None);
    }

    #[test]
    fn a_long_header_is_refused() {
        let mut payload = vec![0x86, 0x80, 0x04];
        assert_eq!(header_length(&payload, 1 << 20), None);
        payload[2] = 0x03;
        assert_eq!(header_length(&payload, 1 << 20), Some(98_307));
        assert_eq!(header_length(&payload, 98_306), None);
    }
}

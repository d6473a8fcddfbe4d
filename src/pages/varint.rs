//! Variable-length integers: <https://www.sqlite.org/fileformat2.html#varint>.

/// The integer at the beginning of `bytes` and how many bytes it takes; `None` where they end before it does.
#[inline]
pub(crate) fn read(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    if first < 0x80 {
        return Some((u64::from(first), 1));
    }
    let second = *bytes.get(1)?;
    if second < 0x80 {
        return Some((u64::from(first & 0x7f) << 7 | u64::from(second), 2));
    }
    read_long(bytes)
}

#[cold]
fn read_long(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (position, byte) in bytes.iter().take(8).enumerate() {
        value = value << 7 | u64::from(byte & 0x7f);
        if *byte < 0x80 {
            return Some((value, position + 1));
        }
    }
    // All bits of the ninth byte belong to the number.
    Some((value << 8 | u64::from(*bytes.get(8)?), 9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_to_nine_bytes() {
        assert_eq!(read(&[0]), Some((0, 1)));
        assert_eq!(read(&[0x7f, 0xff]), Some((127, 1)));
        assert_eq!(read(&[0x81, 0x00]), Some((128, 2)));
        assert_eq!(read(&[0xff, 0x7f]), Some((16_383, 2)));
        assert_eq!(read(&[0x81, 0x80, 0x00]), Some((16_384, 3)));
        assert_eq!(read(&[0xff; 9]), Some((u64::MAX, 9)));
        assert_eq!(read(&[0x80; 9]), Some((0x80, 9)));
    }

    #[test]
    fn bytes_that_end_too_early_hold_no_integer() {
        for length in 0..9 {
            assert_eq!(read(&[0xff; 9][..length]), None);
        }
    }
}

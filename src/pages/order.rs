//! The order of values and of index entries: <https://www.sqlite.org/datatype3.html#sort_order>.

use std::cmp::Ordering;

use crate::pages::header::Encoding;
use crate::pages::record::Value;
use crate::pages::schema::Collation;

/// How one column of an index is ordered; `None` where only the application knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyColumn {
    pub collation: Option<Collation>,
    pub descending: bool,
}

/// How the values of two entries are ordered, and by which column; `None` where that cannot be said.
#[inline]
pub(crate) fn compare(
    columns: &[KeyColumn],
    left: &[Value<'_>],
    right: &[Value<'_>],
    encoding: Encoding,
) -> Option<(Ordering, usize)> {
    for (number, column) in columns.iter().enumerate() {
        let (left, right) = (left.get(number)?, right.get(number)?);
        let order = compare_values(*left, *right, column.collation, encoding)?;
        if order != Ordering::Equal {
            let order = if column.descending { order.reverse() } else { order };
            return Some((order, number));
        }
    }
    Some((Ordering::Equal, columns.len()))
}

#[inline]
fn compare_values(
    left: Value<'_>,
    right: Value<'_>,
    collation: Option<Collation>,
    encoding: Encoding,
) -> Option<Ordering> {
    use Value::{Blob, Integer, Null, Real, Text};
    Some(match (left, right) {
        (Integer(left), Integer(right)) => left.cmp(&right),
        (Text(left), Text(right)) => match collation? {
            Collation::Binary => left.cmp(right),
            collation => compare_text(left, right, collation, encoding),
        },
        (Null, Null) => Ordering::Equal,
        (Real(left), Real(right)) => left.partial_cmp(&right)?,
        (Integer(left), Real(right)) => compare_mixed(left, right)?,
        (Real(left), Integer(right)) => compare_mixed(right, left)?.reverse(),
        (Blob(left), Blob(right)) => left.cmp(right),
        _ => rank(left).cmp(&rank(right)),
    })
}

fn rank(value: Value<'_>) -> u8 {
    match value {
        Value::Null => 0,
        Value::Integer(_) | Value::Real(_) => 1,
        Value::Text(_) => 2,
        Value::Blob(_) => 3,
    }
}

/// Exactly, although neither type can hold all numbers of the other.
fn compare_mixed(integer: i64, real: f64) -> Option<Ordering> {
    /// 2 to the power of 63, the first number beyond the integers.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if real.is_nan() {
        None
    } else if real >= BEYOND {
        Some(Ordering::Less)
    } else if real < -BEYOND {
        Some(Ordering::Greater)
    } else {
        // In range, so nothing but the fraction is lost.
        let whole = real.trunc() as i64;
        Some(integer.cmp(&whole).then(0.0.partial_cmp(&real.fract())?))
    }
}

/// NOCASE and RTRIM are defined on UTF-8 alone; text of another encoding is converted.
fn compare_text(left: &[u8], right: &[u8], collation: Collation, encoding: Encoding) -> Ordering {
    if encoding == Encoding::Utf8 {
        return match collation {
            Collation::Binary => left.cmp(right),
            Collation::NoCase => compare_without_case(left, right),
            Collation::Rtrim => trimmed(left).cmp(trimmed(right)),
        };
    }
    compare_text(
        &to_utf8(left, encoding),
        &to_utf8(right, encoding),
        collation,
        Encoding::Utf8,
    )
}

/// As `sqlite3_strnicmp` does: only ASCII letters are alike, and nothing behind a NUL counts but the length.
fn compare_without_case(left: &[u8], right: &[u8]) -> Ordering {
    for (a, b) in left.iter().zip(right) {
        let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
        if a != b {
            return a.cmp(&b);
        }
        if a == 0 {
            break;
        }
    }
    left.len().cmp(&right.len())
}

fn trimmed(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    text.get(..end).unwrap_or_default()
}

/// As SQLite converts: whatever follows the first half of a surrogate pair is taken for the second.
fn to_utf8(text: &[u8], encoding: Encoding) -> Vec<u8> {
    let mut units = text.as_chunks::<2>().0.iter().map(|unit| match encoding {
        Encoding::Utf16Be => u32::from(u16::from_be_bytes(*unit)),
        Encoding::Utf8 | Encoding::Utf16Le => u32::from(u16::from_le_bytes(*unit)),
    });
    let mut utf8 = Vec::with_capacity(text.len());
    while let Some(unit) = units.next() {
        let code = match unit {
            0xd800..0xe000 => match units.next() {
                Some(low) => (low & 0x3ff) + ((unit & 0x3f) << 10) + (((unit & 0x3c0) + 0x40) << 10),
                None => unit,
            },
            _ => unit,
        };
        let six = |shift: u32| (0x80 | (code >> shift & 0x3f)) as u8;
        match code {
            0..0x80 => utf8.push(code as u8),
            0x80..0x800 => utf8.extend([(0xc0 | code >> 6 & 0x1f) as u8, six(0)]),
            0x800..0x1_0000 => utf8.extend([(0xe0 | code >> 12 & 0x0f) as u8, six(6), six(0)]),
            _ => utf8.extend([(0xf0 | code >> 18 & 0x07) as u8, six(12), six(6), six(0)]),
        }
    }
    utf8
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ordering::{Equal, Greater, Less};

    fn text(left: &str, right: &str, collation: Collation) -> Ordering {
        let plain = compare_values(
            Value::Text(left.as_bytes()),
            Value::Text(right.as_bytes()),
            Some(collation),
            Encoding::Utf8,
        );
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        let (left, right) = (wide(left), wide(right));
        let wide = compare_values(
            Value::Text(&left),
            Value::Text(&right),
            Some(collation),
            Encoding::Utf16Be,
        );
        assert_eq!(plain, wide);
        plain.expect("an order")
    }

    #[test]
    fn collations() {
        assert_eq!(text("a", "B", Collation::Binary), Greater);
        assert_eq!(text("a", "B", Collation::NoCase), Less);
        assert_eq!(text("Ana", "aNA", Collation::NoCase), Equal);
        assert_eq!(text("ñ", "Ñ", Collation::NoCase), Greater, "only ASCII");
        assert_eq!(text("an", "ANA", Collation::NoCase), Less);
        assert_eq!(text("a\0b", "a\0a", Collation::NoCase), Equal, "nothing behind a NUL");
        assert_eq!(text("a  ", "a", Collation::Rtrim), Equal);
        assert_eq!(text(" a", "a", Collation::Rtrim), Less);
        assert_eq!(text("a\t", "a", Collation::Rtrim), Greater);
        assert_eq!(text("😀", "😀 ", Collation::Rtrim), Equal);
    }

    #[test]
    fn half_a_surrogate_pair_is_a_character() {
        assert_eq!(to_utf8(&[0xd8, 0x3d], Encoding::Utf16Be), [0xed, 0xa0, 0xbd]);
        assert_eq!(
            to_utf8(&[0x3d, 0xd8, 0x00, 0xde, 9], Encoding::Utf16Le),
            "😀".as_bytes()
        );
    }

    #[test]
    fn classes_and_numbers() {
        let order = |left, right| compare_values(left, right, Some(Collation::Binary), Encoding::Utf8);
        let values = [
            Value::Null,
            Value::Real(-9.3e18),
            Value::Integer(i64::MIN),
            Value::Integer(-1),
            Value::Real(-0.5),
            Value::Integer(9_007_199_254_740_993),
            Value::Real(9_007_199_254_740_994.0),
            Value::Integer(i64::MAX),
            Value::Real(9_223_372_036_854_775_808.0),
            Value::Text(b""),
            Value::Blob(b""),
            Value::Blob(b"a"),
        ];
        for (number, left) in values.iter().enumerate() {
            for (other, right) in values.iter().enumerate() {
                assert_eq!(order(*left, *right), Some(number.cmp(&other)), "{left:?} and {right:?}");
            }
        }
        assert_eq!(order(Value::Integer(2), Value::Real(2.0)), Some(Equal));
    }

    #[test]
    fn what_only_the_application_can_compare_is_not_compared() {
        let order = |left, right| compare_values(left, right, None, Encoding::Utf8);
        assert_eq!(order(Value::Text(b"a"), Value::Text(b"b")), None);
        assert_eq!(order(Value::Text(b"a"), Value::Null), Some(Greater));
    }
}

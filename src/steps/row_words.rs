//! Whether a row has the words of a search, read from its cell.

use crate::database::row_value::RowValue;
use crate::pages::cell::Cell;
use crate::pages::header::Encoding;
use crate::pages::page::{Kind, Page};
use crate::pages::record::{self, Class, Field, Value};
use crate::pages::tree::payload_of;
use crate::report::error::Result;
use crate::steps::search_words::SearchWords;
use crate::steps::table_file::TableFile;

/// How much of a row is searched.
const MOST_OF_A_ROW: usize = 16 << 20;

/// Buffers that are used for every page.
#[derive(Default)]
pub(super) struct Scratch {
    pub fields: Vec<Field>,
    pub payload: Vec<u8>,
    /// What was found does not stand on the page alone.
    pub depends_on_other_pages: bool,
}

/// The page, if it can hold rows of such a table.
pub(super) fn rows_page(page: Option<Page<'_>>, without_rowid: bool) -> Option<Page<'_>> {
    page.filter(|page| page.kind.is_table() != without_rowid && page.kind != Kind::TableInterior)
}

/// Whether the texts of a row have all words; `None` where they cannot be read.
pub(super) fn has_words(
    cell: &Cell<'_>,
    words: &SearchWords,
    file: &mut TableFile<'_>,
    scratch: &mut Scratch,
) -> Result<Option<bool>> {
    let Scratch {
        fields,
        payload,
        depends_on_other_pages,
    } = scratch;
    let mut record = cell.local;
    payload.clear();
    if cell.overflow != 0 {
        // Texts usually stand before the pictures that make a row long.
        let in_cell = record::header_length(cell.local, cell.length).filter(|header| *header <= cell.local.len());
        let whole = in_cell.and_then(|_| record::read_fields(cell.local, cell.length, usize::MAX, fields));
        let texts = fields.iter().filter(|field| field.class() == Class::Text);
        let needed = match whole {
            Some(_) => texts.map(|field| field.end()).max().unwrap_or(0),
            None => cell.length,
        };
        if needed > cell.local.len() as u64 {
            *depends_on_other_pages = true;
            let most = usize::try_from(needed).unwrap_or(usize::MAX).min(MOST_OF_A_ROW);
            let (limits, pages) = (file.limits, file.pages);
            if !payload_of(cell, most, (&limits, pages), file, payload)? {
                return Ok(None);
            }
            record = payload.as_slice();
        }
    }
    if record::header_length(record, cell.length).is_none_or(|header| header > record.len())
        || record::read_fields(record, cell.length, usize::MAX, fields).is_none()
    {
        return Ok(None);
    }
    let mut found = 0;
    for field in fields.iter().filter(|field| field.class() == Class::Text) {
        let end = usize::try_from(field.end()).unwrap_or(usize::MAX).min(record.len());
        let text = record.get(field.start..end).unwrap_or_default();
        found = match file.encoding {
            Encoding::Utf8 => words.search(text, found),
            encoding => words.search(utf8(text, encoding).as_bytes(), found),
        };
        if found == words.all() {
            return Ok(Some(true));
        }
    }
    Ok(Some(false))
}

/// A value of a record.
pub(super) fn stored(value: Value<'_>, encoding: Encoding) -> Option<RowValue> {
    Some(match value {
        Value::Null => RowValue::Null,
        Value::Integer(number) => RowValue::Integer(number),
        Value::Real(number) => RowValue::Real(number),
        Value::Text(bytes) if encoding == Encoding::Utf8 => RowValue::Text(bytes.to_vec()),
        Value::Text(bytes) => RowValue::Text(utf8(bytes, encoding).into_bytes()),
        Value::Blob(bytes) => RowValue::Blob(bytes.to_vec()),
    })
}

/// A text in the encoding of a database as UTF-8.
fn utf8(bytes: &[u8], encoding: Encoding) -> String {
    let unit: fn([u8; 2]) -> u16 = match encoding {
        Encoding::Utf16Be => u16::from_be_bytes,
        Encoding::Utf8 | Encoding::Utf16Le => u16::from_le_bytes,
    };
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16_lossy(&units)
}

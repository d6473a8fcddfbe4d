//! Pages and payloads of a file whose bytes can be anything, read one by one.
//!
//! Memory holds one page and one row at a time. The number of pages read has a limit, so that a file made to be endless ends.

use std::cell::{Cell as Shared, RefCell};
use std::collections::HashSet;
use std::io;

use crate::pages::bytes::u32_at;
use crate::pages::cell::{Cell, Limits};
use crate::pages::header::Encoding;
use crate::pages::page::Page;
use crate::pages::record::{self, Field, Value};
use crate::pages::schema::Constant;
use crate::pages::source::{ReadAt, Reader};
use crate::pages::varint;

/// How the pages of a file are laid out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub page_size: u32,
    pub usable: u32,
    pub encoding: Encoding,
}

/// A file that can be damaged anywhere.
pub(crate) struct DamagedFile<'f> {
    pub layout: Layout,
    pub pages: u32,
    limits: Limits,
    reader: RefCell<Reader<'f>>,
    /// Pages that may still be read.
    budget: Shared<u64>,
    may_continue: &'f dyn Fn() -> bool,
    failed: RefCell<Option<io::Error>>,
}

/// How often each page may be read on average. Salvaging a file reads each some five times.
const READS_PER_PAGE: u64 = 16;
/// The most bytes of a value: `SQLITE_MAX_LENGTH`.
const LONGEST_PAYLOAD: u64 = 1_000_000_000;
/// The most columns of a record: `SQLITE_MAX_COLUMN` cannot be set higher.
const MOST_COLUMNS: usize = 32_767;

/// A row that was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FoundRow {
    pub place: Place,
    /// 0 in a table without rowids.
    pub rowid: i64,
    /// In the order in which the record holds them. Text is UTF-8 if the database's is.
    pub values: Vec<Constant>,
    /// The number of values of the whole record.
    pub fields: usize,
    /// The values are as long as the cell says that they are.
    pub is_exact: bool,
    /// The first value that is not read to its end; those behind it are unknown.
    pub cut: Option<CutValue>,
}

/// Where a row was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub page: u32,
    pub cell: u16,
}

/// A value whose end is on pages that cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CutValue {
    /// Its readable beginning.
    pub start: Constant,
    /// Bytes that are read, of so many.
    pub bytes: u64,
    pub of: u64,
}

impl<'f> DamagedFile<'f> {
    /// `may_continue` is asked before each page is read. After it said no, no page can be read any more.
    pub fn new(
        file: &'f dyn ReadAt,
        layout: Layout,
        may_continue: &'f dyn Fn() -> bool,
    ) -> io::Result<DamagedFile<'f>> {
        let pages = u32::try_from(file.size()? / u64::from(layout.page_size)).unwrap_or(u32::MAX);
        Ok(DamagedFile {
            layout,
            pages,
            limits: Limits::new(layout.usable),
            reader: RefCell::new(Reader::new(file, layout.page_size, pages)),
            budget: Shared::new(READS_PER_PAGE * (u64::from(pages) + 1_000)),
            may_continue,
            failed: RefCell::new(None),
        })
    }

    /// The first error of reading the file. What could not be read looks like damage until this is asked.
    pub fn take_error(&self) -> io::Result<()> {
        self.failed.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// The usable bytes of a page; `None` where it cannot be read.
    pub fn page(&self, number: u32) -> Option<Vec<u8>> {
        if number == 0 || number > self.pages || !(self.may_continue)() {
            return None;
        }
        self.budget.set(self.budget.get().checked_sub(1)?);
        let mut page = Vec::new();
        if let Err(error) = self.reader.borrow_mut().read(number, &mut page) {
            self.failed.borrow_mut().get_or_insert(error);
            return None;
        }
        page.truncate(self.layout.usable as usize);
        Some(page)
    }

    /// A cell of a page of this file.
    pub fn cell<'p>(&self, page: &Page<'p>, number: usize) -> Option<Cell<'p>> {
        let at = page.cell_at(number).filter(|at| *at >= page.content)?;
        Cell::parse(page, at, &self.limits)
    }

    /// The row of a cell; `None` where it holds no sound record.
    pub fn row(&self, place: Place, cell: &Cell<'_>) -> Option<FoundRow> {
        if cell.length > LONGEST_PAYLOAD {
            return None;
        }
        let (payload, is_whole) = self.payload(cell);
        let (fields, end) = fields_of(&payload, cell.length)?;
        let mut row = FoundRow {
            is_exact: end == cell.length,
            place,
            rowid: cell.rowid,
            values: Vec::with_capacity(fields.len()),
            fields: fields.len(),
            cut: None,
        };
        for field in fields {
            match field.value(&payload) {
                Some(value) => row.values.push(self.constant(value)),
                None if is_whole => return None,
                None => {
                    row.cut = Some(self.cut_value(field, &payload));
                    break;
                }
            }
        }
        Some(row)
    }

    fn constant(&self, value: Value<'_>) -> Constant {
        match value {
            Value::Null => Constant::Null,
            Value::Integer(number) => Constant::Integer(number),
            Value::Real(number) => Constant::Real(number),
            Value::Text(bytes) => Constant::Text(self.utf8(bytes)),
            Value::Blob(bytes) => Constant::Blob(bytes.to_vec()),
        }
    }

    fn cut_value(&self, field: Field, payload: &[u8]) -> CutValue {
        let start = payload.get(field.start..).unwrap_or_default();
        CutValue {
            start: match field.class() {
                record::Class::Text => Constant::Text(without_half_character(self.utf8(start))),
                record::Class::Blob => Constant::Blob(start.to_vec()),
                _ => Constant::Null,
            },
            bytes: start.len() as u64,
            of: field.end() - field.start as u64,
        }
    }

    /// Text as UTF-8. Text of a UTF-8 database stays what it is, also where it is not UTF-8.
    fn utf8(&self, bytes: &[u8]) -> Vec<u8> {
        let unit: fn([u8; 2]) -> u16 = match self.layout.encoding {
            Encoding::Utf8 => return bytes.to_vec(),
            Encoding::Utf16Le => u16::from_le_bytes,
            Encoding::Utf16Be => u16::from_be_bytes,
        };
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16_lossy(&units).into_bytes()
    }

    /// The payload as far as its chain goes, and whether that is all of it. The last page of a chain that does not end as it
    /// should can be any page, and is left out.
    fn payload(&self, cell: &Cell<'_>) -> (Vec<u8>, bool) {
        let mut payload = cell.local.to_vec();
        let mut left = cell.rest();
        if left == 0 {
            return (payload, true);
        }
        let mut seen = HashSet::new();
        let mut next = cell.overflow;
        let room = u64::from(self.layout.usable - 4);
        while left > 0 {
            seen.insert(next);
            let Some(page) = self.page(next) else {
                return (payload, false);
            };
            let following = u32_at(&page, 0).unwrap_or(0);
            let part = left.min(room);
            let is_last = part == left;
            let goes_on = following <= self.pages && following != 0 && !seen.contains(&following);
            if is_last != (following == 0) || (!is_last && !goes_on) {
                return (payload, false);
            }
            let end = usize::try_from(part).unwrap_or(0) + 4;
            payload.extend_from_slice(page.get(4..end).unwrap_or_default());
            left -= part;
            next = following;
        }
        (payload, true)
    }
}

/// The fields of a record, and where the last one ends; `None` where they do not fit into `length` bytes.
///
/// SQLite wants a record to be exactly as long as its cell says. A cell whose length is wrong can still hold all its values.
fn fields_of(payload: &[u8], length: u64) -> Option<(Vec<Field>, u64)> {
    let header = record::header_length(payload, length)?;
    let (_, mut at) = varint::read(payload)?;
    let types = payload.get(..header)?;
    let mut end = header as u64;
    let mut fields = Vec::new();
    while at < header {
        let (serial, used) = varint::read(types.get(at..)?)?;
        at += used;
        if fields.len() == MOST_COLUMNS {
            return None;
        }
        fields.push(Field {
            serial,
            start: usize::try_from(end).ok()?,
        });
        end = end.checked_add(record::value_length(serial)?)?;
    }
    (at == header && end <= length).then_some((fields, end))
}

/// Text without the first bytes of a character whose others are missing.
fn without_half_character(mut text: Vec<u8>) -> Vec<u8> {
    if let Err(error) = std::str::from_utf8(&text)
        && error.error_len().is_none()
    {
        text.truncate(error.valid_up_to());
    }
    text
}

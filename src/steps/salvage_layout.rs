//! Page size, encoding and numbers of a damaged file, with or without its header.

use std::io;

use rusqlite::Connection;

use crate::pages::bytes::u32_at;
use crate::pages::damaged_file::Layout;
use crate::pages::header::{Encoding, HEADER, Header};
use crate::pages::page::Page;
use crate::pages::source::ReadAt;
use crate::steps::snapshot::Source;

/// Where the header holds these numbers.
const USER_VERSION: usize = 60;
const APPLICATION_ID: usize = 68;

/// What is known of a file's layout.
pub(crate) struct KnownLayout {
    pub layout: Layout,
    has_header: bool,
    user_version: i32,
    application_id: i32,
}

impl KnownLayout {
    /// Reads the header of a file of `size` bytes. Without one, all is as in `model`, a backup, but for the page size that the WAL
    /// or the rollback journal states.
    pub fn read(
        file: &dyn ReadAt,
        size: u64,
        page_size: Option<u32>,
        model: Option<&Source>,
    ) -> io::Result<KnownLayout> {
        let mut beginning = vec![0; HEADER.min(usize::try_from(size).unwrap_or(HEADER))];
        file.read_exact_at(&mut beginning, 0)?;
        if let Ok(header) = Header::parse(&beginning) {
            let number = |at| u32_at(&beginning, at).unwrap_or(0).cast_signed();
            return Ok(KnownLayout {
                layout: Layout {
                    page_size: header.page_size,
                    usable: header.usable,
                    encoding: header.encoding,
                },
                has_header: true,
                user_version: number(USER_VERSION),
                application_id: number(APPLICATION_ID),
            });
        }
        let of_model = model.and_then(|model| u32::try_from(model.shape.page_size).ok());
        let page_size = page_size
            .or(of_model)
            .map_or_else(|| likely_page_size(file, size), Ok)?;
        let pragma = |name: &str| -> Option<i32> {
            let connection = &model?.connection;
            connection.pragma_query_value(None, name, |row| row.get(0)).ok()
        };
        Ok(KnownLayout {
            layout: Layout {
                page_size,
                usable: page_size,
                encoding: model.map_or(Encoding::Utf8, encoding_of),
            },
            has_header: false,
            user_version: pragma("user_version").unwrap_or(0),
            application_id: pragma("application_id").unwrap_or(0),
        })
    }

    pub fn has_header(&self) -> bool {
        self.has_header
    }

    /// Gives a new database the page size, the encoding and the numbers of the damaged one.
    pub fn set_up(&self, target: &Connection) -> rusqlite::Result<()> {
        let encoding = match self.layout.encoding {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16Le => "UTF-16le",
            Encoding::Utf16Be => "UTF-16be",
        };
        // Without a journal, a statement that is refused in the middle would leave half an index behind. The pages of a new database
        // are not journaled, so it stays small.
        target.execute_batch(&format!(
            "PRAGMA journal_mode=MEMORY; PRAGMA page_size={}; PRAGMA encoding='{encoding}'; PRAGMA user_version={}; PRAGMA application_id={};",
            self.layout.page_size, self.user_version, self.application_id
        ))
    }
}

fn encoding_of(model: &Source) -> Encoding {
    let encoding = model
        .connection
        .pragma_query_value(None, "encoding", |row| row.get::<_, String>(0));
    match encoding.as_deref() {
        Ok("UTF-16le") => Encoding::Utf16Le,
        Ok("UTF-16be") => Encoding::Utf16Be,
        _ => Encoding::Utf8,
    }
}

/// The page size at which the largest part of a headerless file parses as b-tree pages.
fn likely_page_size(bytes: &dyn ReadAt, size: u64) -> io::Result<u32> {
    /// So much of the file tells.
    const SAMPLE: u64 = 16 << 20;
    let mut sample = vec![0; usize::try_from(size.min(SAMPLE)).unwrap_or(0)];
    bytes.read_exact_at(&mut sample, 0)?;
    let sizes = (9..=16).map(|power| 1_u32 << power);
    let score = |size: &u32| {
        let pages = sample.chunks_exact(*size as usize).skip(1);
        let sound = pages.filter(|page| Page::parse(2, page).is_ok_and(|page| page.cells() > 0));
        *size as usize * sound.count()
    };
    Ok(sizes.max_by_key(score).unwrap_or(4096))
}

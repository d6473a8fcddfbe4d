//! What people know a row by.

use crate::database::row_table::RowTable;
use crate::database::row_value::Values;
use crate::options::TableWords;

/// Letters of the longest title.
const LONGEST: usize = 100;

/// The column that the application names; without it the first column for text that has one, and else the key.
pub(crate) fn title(
    table: &RowTable,
    words: Option<&TableWords>,
    key: Option<&Values>,
    values: &Values,
) -> Option<String> {
    let of = |column: &str| {
        let text = values.get(column)?.for_people()?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.chars().take(LONGEST).collect::<String>())
    };
    let named = words.and_then(|words| words.title.as_deref()).and_then(of);
    let first_text = || table.columns.iter().filter(|c| c.is_text).find_map(|c| of(&c.name));
    named.or_else(first_text).or_else(|| {
        let parts: Option<Vec<String>> = key?.0.iter().map(|(_, value)| value.for_people()).collect();
        Some(parts?.join(", "))
    })
}

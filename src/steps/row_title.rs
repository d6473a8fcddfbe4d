//! A readable title of a row.

use crate::database::row_table::RowTable;
use crate::database::row_value::Values;
use crate::options::TableWords;

/// Longer titles are cut off.
const MAX_LETTERS: usize = 100;

/// The text of the column that the application names; without it the first non-empty text column; without that the key.
pub(crate) fn title(
    table: &RowTable,
    words: Option<&TableWords>,
    key: Option<&Values>,
    values: &Values,
) -> Option<String> {
    let of = |column: &str| {
        let text = values.get(column)?.for_people()?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.chars().take(MAX_LETTERS).collect::<String>())
    };
    let named = words.and_then(|words| words.title.as_deref()).and_then(of);
    let first_text = || table.columns.iter().filter(|c| c.is_text).find_map(|c| of(&c.name));
    named.or_else(first_text).or_else(|| {
        let parts: Option<Vec<String>> = key?.0.iter().map(|(_, value)| value.for_people()).collect();
        Some(parts?.join(", "))
    })
}

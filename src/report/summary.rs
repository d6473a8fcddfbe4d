//! What a comparison comes to, in one sentence for the owner.

use crate::report::messages::Language;

/// Rows of a table.
#[derive(Debug, Clone)]
pub(crate) struct Amount<'a> {
    pub rows: u64,
    pub table: &'a str,
    /// One of them, and several, in the words of the application.
    pub words: Option<(&'a str, &'a str)>,
}

/// What a comparison found; the largest amounts come first in each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Amounts<'a> {
    pub lost: Vec<Amount<'a>>,
    pub regained: Vec<Amount<'a>>,
    pub changed: Vec<Amount<'a>>,
    /// Whether the schema differs.
    pub schema: bool,
}

/// Tables that are named; of the others only the rows are counted.
const MOST_NAMED: usize = 5;

/// The sentence. `with_live` says that the other side is the live database, so that a restore would do all this.
pub(crate) fn summary(amounts: &Amounts<'_>, with_live: bool, language: Language) -> String {
    let spanish = language == Language::Spanish;
    let verbs = match (spanish, with_live) {
        (true, true) => ["Perdería", "recuperaría", "cambiaría"],
        (true, false) => ["Solo en el otro respaldo", "solo en este", "distintos"],
        (false, true) => ["It would lose", "bring back", "change"],
        (false, false) => ["Only in the other backup", "only in this one", "different"],
    };
    let glue = if with_live { " " } else { ": " };
    let clauses: Vec<String> = verbs
        .iter()
        .zip([&amounts.lost, &amounts.regained, &amounts.changed])
        .filter(|(_, amounts)| !amounts.is_empty())
        .map(|(verb, amounts)| format!("{verb}{glue}{}", enumeration(amounts, spanish)))
        .collect();
    let schema = match (spanish, clauses.is_empty()) {
        (true, true) => "Las filas son las mismas; la estructura es distinta.",
        (true, false) => " La estructura también es distinta.",
        (false, true) => "The rows are the same; the structure differs.",
        (false, false) => " The structure differs too.",
    };
    let same = match (spanish, with_live) {
        (true, true) => "No cambiaría nada: son iguales.",
        (true, false) => "Son iguales.",
        (false, true) => "It would change nothing: they are the same.",
        (false, false) => "They are the same.",
    };
    match (clauses.is_empty(), amounts.schema) {
        (true, false) => same.to_owned(),
        (true, true) => schema.to_owned(),
        (false, differs) => {
            let sentence = clauses.join("; ");
            let begin = sentence.trim_start_matches("It would ");
            let sentence = if !spanish && with_live {
                format!("It would {begin}")
            } else {
                sentence
            };
            format!("{}.{}", capital(&sentence), if differs { schema } else { "" })
        }
    }
}

/// `14 sesiones, 3 citas y 2 clientes`.
fn enumeration(amounts: &[Amount<'_>], spanish: bool) -> String {
    let named = amounts
        .iter()
        .take(MOST_NAMED)
        .map(|amount| amount_text(amount, spanish));
    let mut parts: Vec<String> = named.collect();
    let others = amounts.get(MOST_NAMED..).unwrap_or_default();
    if !others.is_empty() {
        let rows: u64 = others.iter().map(|amount| amount.rows).sum();
        let tables = others.len();
        parts.push(match (spanish, tables) {
            (true, 1) => format!("{} de otra tabla", counted(rows, "fila", "filas")),
            (true, _) => format!("{} de otras {tables} tablas", counted(rows, "fila", "filas")),
            (false, 1) => format!("{} of another table", counted(rows, "row", "rows")),
            (false, _) => format!("{} of {tables} other tables", counted(rows, "row", "rows")),
        });
    }
    let and = if spanish { " y " } else { " and " };
    match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{}{and}{last}", first.join(", ")),
        None => String::new(),
    }
}

fn amount_text(amount: &Amount<'_>, spanish: bool) -> String {
    match amount.words {
        Some((one, many)) => counted(amount.rows, one, many),
        None if spanish => format!("{} de {}", counted(amount.rows, "fila", "filas"), amount.table),
        None => format!("{} of {}", counted(amount.rows, "row", "rows"), amount.table),
    }
}

fn counted(rows: u64, one: &str, many: &str) -> String {
    format!("{rows} {}", if rows == 1 { one } else { many })
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(rows: u64, words: (&'static str, &'static str)) -> Amount<'static> {
        Amount {
            rows,
            table: "t",
            words: Some(words),
        }
    }

    #[test]
    fn one_and_many_in_both_languages() {
        let amounts = Amounts {
            lost: vec![amount(14, ("sesión", "sesiones")), amount(2, ("cliente", "clientes"))],
            regained: vec![amount(1, ("cliente", "clientes"))],
            ..Amounts::default()
        };
        assert_eq!(
            summary(&amounts, true, Language::Spanish),
            "Perdería 14 sesiones y 2 clientes; recuperaría 1 cliente."
        );
        let amounts = Amounts {
            regained: vec![amount(1, ("client", "clients"))],
            changed: vec![Amount {
                rows: 3,
                table: "visits",
                words: None,
            }],
            schema: true,
            ..Amounts::default()
        };
        assert_eq!(
            summary(&amounts, true, Language::English),
            "It would bring back 1 client; change 3 rows of visits. The structure differs too."
        );
        assert_eq!(
            summary(&amounts, false, Language::Spanish),
            "Solo en este: 1 client; distintos: 3 filas de visits. La estructura también es distinta."
        );
    }

    #[test]
    fn many_tables_are_not_all_named() {
        let amounts = Amounts {
            lost: vec![amount(2, ("row", "rows")); 8],
            ..Amounts::default()
        };
        let text = summary(&amounts, true, Language::English);
        assert!(text.ends_with("2 rows and 6 rows of 3 other tables."), "{text}");
    }
}

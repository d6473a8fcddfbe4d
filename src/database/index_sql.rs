//! The expressions and the condition of an index, parsed from its `CREATE INDEX`:
//! <https://www.sqlite.org/lang_createindex.html>.
//!
//! SQLite has no other interface for them. Only simple statements are parsed; any other index is left to SQLite's own
//! check.

/// What an index is declared on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Declared<'s> {
    /// Columns and expressions, without collation and order.
    pub parts: Vec<&'s str>,
    pub condition: Option<&'s str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A name or a keyword.
    Word,
    /// A name in quotes, which may also stand for a text.
    QuotedName,
    Text,
    Number,
    /// One character.
    Sign,
}

#[derive(Debug, Clone, Copy)]
struct Token<'s> {
    kind: Kind,
    text: &'s str,
    start: usize,
}

impl Token<'_> {
    fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    fn is_sign(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }

    fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Parses the statement; `None` where it is not simple enough.
pub(super) fn declared(sql: &str) -> Option<Declared<'_>> {
    let tokens = tokens(sql)?;
    let on = tokens.iter().position(|token| token.is("ON"))?;
    let open = on + 2;
    tokens.get(open).filter(|token| token.is_sign("("))?;
    let mut parts = Vec::new();
    let (mut depth, mut first) = (0_u32, open + 1);
    for (number, token) in tokens.iter().enumerate().skip(open) {
        match (token.kind, token.text) {
            (Kind::Sign, "(") => depth += 1,
            (Kind::Sign, ",") if depth == 1 => {
                parts.push(part(sql, tokens.get(first..number)?)?);
                first = number + 1;
            }
            (Kind::Sign, ")") => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    parts.push(part(sql, tokens.get(first..number)?)?);
                    let condition = condition(sql, tokens.get(number + 1..)?)?;
                    return Some(Declared { parts, condition });
                }
            }
            _ => {}
        }
    }
    None
}

/// One column or expression, without its collation and order.
fn part<'s>(sql: &'s str, mut tokens: &[Token<'_>]) -> Option<&'s str> {
    while let [rest @ .., last] = tokens
        && (last.is("ASC") || last.is("DESC"))
    {
        tokens = rest;
    }
    if let [rest @ .., collate, _] = tokens
        && collate.is("COLLATE")
    {
        tokens = rest;
    }
    sql.get(tokens.first()?.start..tokens.last()?.end())
}

fn condition<'s>(sql: &'s str, tokens: &[Token<'_>]) -> Option<Option<&'s str>> {
    match tokens {
        [] => Some(None),
        [wher, first, ..] if wher.is("WHERE") => Some(Some(sql.get(first.start..tokens.last()?.end())?)),
        _ => None,
    }
}

/// Whether an expression calls only these functions, which only compute, and reads only its row.
pub(super) fn only_computes(expression: &str, is_allowed: impl Fn(&str) -> bool) -> bool {
    const READING: [&str; 7] = ["SELECT", "WITH", "VALUES", "TABLE", "RAISE", "MATCH", "REGEXP"];
    const BEFORE_PARENTHESES: [&str; 19] = [
        "AND", "OR", "NOT", "IN", "CAST", "CASE", "WHEN", "THEN", "ELSE", "BETWEEN", "LIKE", "GLOB", "IS", "ESCAPE",
        "NULL", "ISNULL", "NOTNULL", "FROM", "DISTINCT",
    ];
    let Some(tokens) = tokens(expression) else {
        return false;
    };
    let mut depth = 0_i32;
    for (number, token) in tokens.iter().enumerate() {
        let before_parenthesis = tokens.get(number + 1).is_some_and(|next| next.is_sign("("));
        let allowed = match token.kind {
            Kind::Word if READING.iter().any(|word| token.is(word)) => false,
            Kind::Word if before_parenthesis => {
                is_allowed(&token.text.to_ascii_lowercase()) || BEFORE_PARENTHESES.iter().any(|word| token.is(word))
            }
            Kind::QuotedName => !before_parenthesis,
            _ => true,
        };
        depth += i32::from(token.is_sign("(")) - i32::from(token.is_sign(")"));
        if !allowed || depth < 0 || token.is_sign(";") {
            return false;
        }
    }
    depth == 0
}

/// `None` where there is a comment, a parameter, or a quote without an end.
fn tokens(sql: &str) -> Option<Vec<Token<'_>>> {
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
    let mut tokens = Vec::new();
    let mut rest = sql;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0c']);
        let Some(first) = rest.chars().next() else {
            return Some(tokens);
        };
        if rest.starts_with("--") || rest.starts_with("/*") || matches!(first, '?' | ':' | '@' | '#' | '\0') {
            return None;
        }
        let (kind, length) = match first {
            '\'' => (Kind::Text, quoted(rest, '\'')?),
            '"' | '`' => (Kind::QuotedName, quoted(rest, first)?),
            '[' => (Kind::QuotedName, rest.find(']')? + 1),
            '0'..='9' | '.' => {
                let is_of_number = |c: char| is_of_word(c) || c == '.';
                (Kind::Number, rest.find(|c| !is_of_number(c)).unwrap_or(rest.len()))
            }
            first if is_of_word(first) => (Kind::Word, rest.find(|c| !is_of_word(c)).unwrap_or(rest.len())),
            first => (Kind::Sign, first.len_utf8()),
        };
        let (text, behind) = rest.split_at_checked(length)?;
        tokens.push(Token {
            kind,
            text,
            start: sql.len() - rest.len(),
        });
        rest = behind;
    }
}

/// The length of a quoted token, in which a doubled quote stands for one.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text.get(at..)?.find(quote)? + 1;
        if !text.get(at..)?.starts_with(quote) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements() {
        let sql = "CREATE UNIQUE INDEX \"a on b\" ON [t (x)]( a COLLATE NOCASE DESC, lower(\"b,)\") ASC,c+ ')' , (d) )";
        let read = declared(sql).expect("plain");
        assert_eq!(read.parts, ["a", "lower(\"b,)\")", "c+ ')'", "(d)"]);
        assert_eq!(read.condition, None);
        let read = declared("create index i on t(a)where b>1 and c in (1, 'x''y')").expect("plain");
        assert_eq!(
            (read.parts, read.condition),
            (vec!["a"], Some("b>1 and c in (1, 'x''y')"))
        );
    }

    #[test]
    fn what_is_not_plain_is_not_read() {
        for sql in [
            "",
            "CREATE INDEX i ON t(a",
            "CREATE INDEX i ON t(a) -- why",
            "CREATE INDEX i ON t(/* why */ a)",
            "CREATE INDEX i ON t('a)",
            "CREATE INDEX i ON t(a) b",
            "CREATE INDEX i ON t(a) WHERE",
            "CREATE INDEX i ON t(?1)",
            "CREATE INDEX i ON t()",
        ] {
            assert_eq!(declared(sql), None, "{sql}");
        }
    }

    #[test]
    fn only_what_computes_is_run() {
        let computes = |expression: &str| only_computes(expression, |name| name == "lower" || name == "abs");
        for expression in [
            "a",
            "LOWER(a)",
            "abs (a) + 1",
            "a IN (1, 2)",
            "CAST(a AS TEXT)",
            "a IS NOT NULL AND (b > 'hostile(')",
            "a -> '$.x'",
        ] {
            assert!(computes(expression), "{expression}");
        }
        for expression in [
            "hostile(a)",
            "\"hostile\"(a)",
            "[hostile] (a)",
            "a + (SELECT 1)",
            "a IN (VALUES (1))",
            "a MATCH b",
            "a REGEXP b",
            "a) FROM t; DROP TABLE t",
            "(a",
            "a -- b",
            "lower(hostile(a))",
        ] {
            assert!(!computes(expression), "{expression}");
        }
    }
}

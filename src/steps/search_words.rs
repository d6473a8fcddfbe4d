//! The words of a search, and finding them in a text.
//!
//! Case and accents do not matter, in the search and in the text: `lopez`, `López` and `LÓPEZ` are the same. The letter ñ is
//! a letter of its own: `año` does not find `ano`. An n finds both, as not every keyboard has an ñ.

use std::sync::LazyLock;

use unicode_normalization::char::decompose_canonical;

/// The most words of a search: a bit each.
pub(crate) const MOST_WORDS: usize = 32;
/// The longest search, in bytes.
pub(crate) const LONGEST_SEARCH: usize = 1_000;

const COMBINING_TILDE: char = '\u{303}';

/// The words of a search. A row has to have each of them, in whatever order and column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchWords(Vec<Word>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    letters: Vec<char>,
    /// The bytes in lower and upper case with which an ASCII letter begins. Any byte that is not ASCII may begin it too.
    first: [u8; 2],
}

impl SearchWords {
    /// Splits a search at its spaces; `None` where it has no word, too many, or is too long.
    pub fn parse(text: &str) -> Option<SearchWords> {
        if text.len() > LONGEST_SEARCH {
            return None;
        }
        let words: Vec<Word> = text.split_whitespace().filter_map(Word::of).collect();
        (1..=MOST_WORDS).contains(&words.len()).then_some(SearchWords(words))
    }

    /// The bits of all words.
    pub(crate) fn all(&self) -> u32 {
        u32::MAX >> (MOST_WORDS - self.0.len())
    }

    /// The bits of the words that a text has, of those that are not in `found`. The text need not be UTF-8.
    pub(crate) fn search(&self, text: &[u8], found: u32) -> u32 {
        let mut now = found;
        for (bit, word) in self.0.iter().enumerate() {
            if now >> bit & 1 == 0 && word.is_in(text) {
                now |= 1 << bit;
            }
        }
        now
    }
}

impl Word {
    fn of(text: &str) -> Option<Word> {
        let mut letters = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((letter, used)) = next_letter(rest) {
            letters.extend(letter);
            rest = rest.get(used..).unwrap_or_default();
        }
        let first = *letters.first()?;
        let byte = match first {
            // It may be written as an n with a tilde.
            'ñ' => b'n',
            first => u8::try_from(first).ok().filter(u8::is_ascii).unwrap_or(0xff),
        };
        Some(Word {
            letters,
            first: [byte, byte.to_ascii_uppercase()],
        })
    }

    fn is_in(&self, text: &[u8]) -> bool {
        let [lower, upper] = self.first;
        let is_ascii = text.is_ascii();
        let mut from = 0;
        loop {
            let rest = text.get(from..).unwrap_or_default();
            let may_begin = |byte: &u8| *byte == lower || *byte == upper || *byte >= 0xc2;
            let at = if is_ascii {
                memchr::memchr2(lower, upper, rest)
            } else {
                rest.iter().position(may_begin)
            };
            let Some(at) = at else {
                return false;
            };
            if self.begins(rest.get(at..).unwrap_or_default()) {
                return true;
            }
            from += at + 1;
        }
    }

    fn begins(&self, mut text: &[u8]) -> bool {
        for (place, wanted) in self.letters.iter().enumerate() {
            loop {
                let Some((letter, used)) = next_letter(text) else {
                    return false;
                };
                text = text.get(used..).unwrap_or_default();
                match letter {
                    // An accent of the letter before.
                    None if place > 0 => {}
                    Some(letter) if letter == *wanted || (*wanted == 'n' && letter == 'ñ') => break,
                    _ => return false,
                }
            }
        }
        true
    }
}

/// The next letter without case and accents, and its bytes. The letter is `None` for an accent that stands alone.
fn next_letter(text: &[u8]) -> Option<(Option<char>, usize)> {
    let first = *text.first()?;
    let (letter, used) = if first.is_ascii() {
        (char::from(first.to_ascii_lowercase()), 1)
    } else {
        match first_char(text) {
            Some(letter) if is_accent(letter) => return Some((None, letter.len_utf8())),
            Some(letter) => (folded(letter), letter.len_utf8()),
            None => (char::REPLACEMENT_CHARACTER, 1),
        }
    };
    if letter == 'n' && text.get(used..).and_then(first_char) == Some(COMBINING_TILDE) {
        return Some((Some('ñ'), used + COMBINING_TILDE.len_utf8()));
    }
    Some((Some(letter), used))
}

/// The character that the bytes begin with, if they are UTF-8.
fn first_char(text: &[u8]) -> Option<char> {
    let length = match text.first()? {
        0..0x80 => 1,
        0xc2..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..0xf5 => 4,
        _ => return None,
    };
    std::str::from_utf8(text.get(..length)?).ok()?.chars().next()
}

/// The letters of Latin alphabets without case and accents: those that texts here are made of.
static LATIN: LazyLock<[char; 0x180]> = LazyLock::new(|| {
    std::array::from_fn(|code| {
        let letter = u32::try_from(code).ok().and_then(char::from_u32);
        letter.map_or(char::REPLACEMENT_CHARACTER, compute_folded)
    })
});

fn folded(letter: char) -> char {
    let known = usize::try_from(u32::from(letter)).ok().and_then(|code| LATIN.get(code));
    known.copied().unwrap_or_else(|| compute_folded(letter))
}

fn compute_folded(letter: char) -> char {
    let lower = letter.to_lowercase().next().unwrap_or(letter);
    if lower == 'ñ' {
        return lower;
    }
    let mut base = None;
    let mut only_accents = true;
    decompose_canonical(lower, |part| match base {
        None => base = Some(part),
        Some(_) => only_accents &= is_accent(part),
    });
    base.filter(|_| only_accents).unwrap_or(lower)
}

fn is_accent(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(search: &str, text: &str) -> bool {
        let words = SearchWords::parse(search).expect("words");
        words.search(text.as_bytes(), 0) == words.all()
    }

    #[test]
    fn case_and_accents_do_not_matter() {
        for (search, text) in [
            ("ana lopez", "Ana López"),
            ("ANA LÓPEZ", "ana lopez"),
            ("lopez ana", "Ana María López Ruiz"),
            ("lope", "LÓPEZ"),
            ("Lo\u{301}pez", "López"),
            ("López", "Lo\u{301}pez"),
            ("guero", "Güero"),
            ("ångström", "ANGSTROM"),
            ("straße", "STRAßE"),
            ("한글", "이것은 한글"),
        ] {
            assert!(finds(search, text), "{search} in {text}");
        }
        assert!(!finds("ana lopez", "Ana Lóbez"));
        assert!(!finds("한", "하"), "another syllable");
    }

    #[test]
    fn an_n_finds_an_enye_and_an_enye_only_itself() {
        assert!(finds("munoz", "Muñoz") && finds("munoz", "Mun\u{303}oz"));
        assert!(finds("muñoz", "MUÑOZ") && finds("muñoz", "Mun\u{303}oz") && finds("mun\u{303}oz", "Muñoz"));
        assert!(finds("ñandú", "N\u{303}andu"));
        assert!(!finds("año", "ano") && !finds("an\u{303}o", "ano"));
    }

    #[test]
    fn what_is_no_utf8_is_searched_too_and_a_search_without_words_is_none() {
        let words = SearchWords::parse("ana").expect("words");
        assert_eq!(words.search(b"\xff\xc3ana\xe2\x82", 0), 1);
        assert_eq!(words.search(b"\xff\xc3an\xe2\x82", 0), 0);
        assert_eq!(words.search(b"", 0), 0);
        for none in ["", "  \t", "\u{301}", &"a".repeat(1_001), &"a ".repeat(33)] {
            assert_eq!(SearchWords::parse(none), None);
        }
        assert_eq!(SearchWords::parse(&"a ".repeat(32)).expect("words").all(), u32::MAX);
    }
}

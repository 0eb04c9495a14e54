//! Characters that are not what they seem.

use std::{borrow::Cow, fmt::Write as _};

/// A character with more combining marks than so many on it hides what stands around it.
const MARKS: usize = 4;

/// A text of somebody else on one line: control characters, and those that change the direction of a
/// line or take no room on it, as `\u{1b}`.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    each(text, |c, hidden| match hidden {
        true => out.extend(c.escape_unicode()),
        false => out.push(c),
    });
    out
}

/// A JSON document that holds texts of others. It stays equal as JSON: hidden characters stand only in
/// its strings, as `\u009b`; the line breaks and tabs between its parts stay.
#[must_use]
pub fn escaped_json(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    // in a string neither may stand as it is
    each(document, |c, hidden| {
        match hidden && !matches!(c, '\n' | '\t') {
            true => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            false => out.push(c),
        }
    });
    out
}

/// Each character, and whether it is to be shown as its number.
fn each(text: &str, mut put: impl FnMut(char, bool)) {
    let mut marks = 0;
    for c in text.chars() {
        marks = if is_mark(c) { marks + 1 } else { 0 };
        put(c, is_hidden(c) || marks > MARKS);
    }
}

/// A text of somebody else with one blank for each run of blanks: nobody pushes words to a place of the
/// screen where they look like the program's own.
#[must_use]
pub fn squeezed(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// Whether a terminal obeys a character, shows nothing for it, or moves others because of it.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let (n, last) = (u32::from(c), u32::from(c) & 0xffff);
    let is_listed = HIDDEN
        .binary_search_by(|&(from, to, _)| match () {
            () if to < n => std::cmp::Ordering::Less,
            () if from > n => std::cmp::Ordering::Greater,
            () => std::cmp::Ordering::Equal,
        })
        .is_ok();
    // the last two of each plane are no characters
    is_listed || last >= 0xfffe
}

/// What is hidden beyond ASCII, ascending: from, to, and what it is.
const HIDDEN: &[(u32, u32, &str)] = &[
    (0x80, 0x9f, "C1 controls"),
    (0xad, 0xad, "soft hyphen"),
    (0x34f, 0x34f, "combining grapheme joiner"),
    (0x61c, 0x61c, "arabic letter mark"),
    (0x115f, 0x1160, "hangul fillers"),
    (0x17b4, 0x17b5, "khmer vowels without a form"),
    (0x180b, 0x180f, "mongolian selectors and separators"),
    (0x200b, 0x200f, "zero width, direction marks"),
    (
        0x2028,
        0x202e,
        "separators of lines, embeddings and overrides of direction",
    ),
    (
        0x2060,
        0x206f,
        "word joiner, invisible operators, isolates, deprecated formats",
    ),
    (0x2800, 0x2800, "braille blank"),
    (0x3164, 0x3164, "hangul filler"),
    (0xfdd0, 0xfdef, "no characters"),
    (0xfe00, 0xfe0f, "variation selectors"),
    (0xfeff, 0xfeff, "byte order mark"),
    (0xffa0, 0xffa0, "halfwidth hangul filler"),
    (
        0xfff0,
        0xfffc,
        "unassigned, interlinear annotations, object replacement",
    ),
    (0x1_bca0, 0x1_bca3, "shorthand formats"),
    (0x1_d173, 0x1_d17a, "musical formats"),
    (
        0xe_0000,
        0xe_0fff,
        "tags, variation selectors, unassigned ones that show nothing",
    ),
];

/// Whether a character is drawn on the one before.
fn is_mark(c: char) -> bool {
    matches!(
        u32::from(c),
        0x300..=0x36f | 0x483..=0x489 | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f
    )
}

/// The most characters that a log line shows of a text of somebody else.
const FOREIGN: usize = 256;

/// A text of somebody else for a log line: at most 256 characters, and how long it was.
#[must_use]
pub fn foreign(text: &str) -> Cow<'_, str> {
    let cut = text.char_indices().nth(FOREIGN);
    match cut.and_then(|(end, _)| text.get(..end)) {
        Some(start) => Cow::Owned(format!("{start}.. ({} bytes)", text.len())),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_shown_as_its_number() {
        let cases = [
            ("plain", "Org1MSP, ä, 組織, é", "Org1MSP, ä, 組織, é"),
            ("C0", "a\0\u{7}b\tc", "a\\u{0}\\u{7}b\\u{9}c"),
            ("lines", "a\r\nb", "a\\u{d}\\u{a}b"),
            ("delete", "a\u{7f}", "a\\u{7f}"),
            ("C1", "a\u{9b}31m", "a\\u{9b}31m"),
            (
                "escape",
                "\u{1b}[2J\u{1b}]52;c;x\u{7}",
                "\\u{1b}[2J\\u{1b}]52;c;x\\u{7}",
            ),
            ("soft hyphen", "Org\u{ad}1", "Org\\u{ad}1"),
            ("right to left", "\u{202e}PSM", "\\u{202e}PSM"),
            ("isolates", "\u{2066}a\u{2069}", "\\u{2066}a\\u{2069}"),
            ("zero width", "Org1\u{200b}MSP", "Org1\\u{200b}MSP"),
            ("joiner", "a\u{200d}b\u{2060}c", "a\\u{200d}b\\u{2060}c"),
            ("byte order mark", "\u{feff}a", "\\u{feff}a"),
            ("separators", "a\u{2028}b\u{2029}c", "a\\u{2028}b\\u{2029}c"),
            ("tags", "a\u{e0041}\u{e007f}", "a\\u{e0041}\\u{e007f}"),
            ("selectors", "a\u{fe0f}\u{e0100}", "a\\u{fe0f}\\u{e0100}"),
            ("mongolian", "a\u{180e}", "a\\u{180e}"),
            (
                "fillers",
                "a\u{3164}\u{115f}\u{ffa0}",
                "a\\u{3164}\\u{115f}\\u{ffa0}",
            ),
            (
                "no characters",
                "\u{fdd0}\u{ffff}\u{1fffe}",
                "\\u{fdd0}\\u{ffff}\\u{1fffe}",
            ),
            ("annotation", "\u{fff9}a\u{fffb}", "\\u{fff9}a\\u{fffb}"),
            ("accents", "e\u{301}\u{302}", "e\u{301}\u{302}"),
            (
                "too many accents",
                "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}x",
                "e\u{301}\u{301}\u{301}\u{301}\\u{301}\\u{301}x",
            ),
        ];
        for (name, text, expected) in cases {
            assert_eq!(visible(text), expected, "{name}");
            let hidden = |c: char| c.is_control() || is_hidden(c);
            assert!(!visible(text).contains(hidden), "{name}");
        }
    }

    #[test]
    fn the_table_ascends() {
        assert!(HIDDEN.is_sorted_by(|one, next| one.1 < next.0));
        assert!(HIDDEN.iter().all(|one| one.0 <= one.1));
    }

    #[test]
    fn a_json_document_stays_the_same() {
        let text = "a\u{9b}\u{1b}\u{202e}\u{e0041}\u{fe0f}\u{ad}é組\n\t\"\\";
        let document = serde_json::to_string_pretty(&serde_json::json!({ text: [text] })).unwrap();
        let escaped = escaped_json(&document);
        assert!(
            !escaped.contains(|c: char| is_hidden(c) && c != '\n'),
            "{escaped}"
        );
        let again: serde_json::Value = serde_json::from_str(&escaped).unwrap();
        assert_eq!(again, serde_json::json!({ text: [text] }));
        // Fabric's own form is indented with tabs
        let indented = "{\n\t\"a\": 1\n}";
        assert_eq!(escaped_json(indented), indented);
    }

    #[test]
    fn what_is_short_stays_and_what_is_long_says_how_long_it_was() {
        assert_eq!(foreign("tx1"), "tx1");
        assert_eq!(foreign(&"ä".repeat(256)), "ä".repeat(256));
        let long = "ä".repeat(257);
        assert_eq!(foreign(&long), format!("{}.. (514 bytes)", "ä".repeat(256)));
    }
}

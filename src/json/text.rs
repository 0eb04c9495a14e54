//! The text as it is written: layout and escaping as Go's `encoding/json` has them.

use std::fmt::{Display, Write};

use base64::{Engine, engine::general_purpose::STANDARD};

/// With or without white space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// No white space at all.
    Compact,
    /// One tab a level, and a newline at the end.
    Indented,
}

/// The text that is being written.
#[derive(Debug)]
pub(super) struct Text {
    out: String,
    layout: Layout,
}

const TABS: &str = "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t";
const HEX: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
];

/// How each byte of a string is written.
static ESCAPES: [Escape; 256] = {
    let mut table = [Escape::None; 256];
    let mut i = 0;
    while i < 256 {
        #[expect(clippy::indexing_slicing, reason = "i < 256 in both lines")]
        #[expect(clippy::cast_possible_truncation, reason = "i < 256")]
        {
            table[i] = match i as u8 {
                b'"' => Escape::Short("\\\""),
                b'\\' => Escape::Short("\\\\"),
                0x08 => Escape::Short("\\b"),
                0x0c => Escape::Short("\\f"),
                b'\n' => Escape::Short("\\n"),
                b'\r' => Escape::Short("\\r"),
                b'\t' => Escape::Short("\\t"),
                0..0x20 | b'<' | b'>' | b'&' => Escape::Unicode,
                // the first byte of U+2028 and U+2029
                0xe2 => Escape::Separator,
                _ => Escape::None,
            };
        }
        i += 1;
    }
    table
};

#[derive(Clone, Copy)]
enum Escape {
    None,
    Short(&'static str),
    Unicode,
    Separator,
}

impl Text {
    /// Starts a text for a message of some bytes: configs become 4.6 times as long, and 2.3 times
    /// without white space. At most `max_bytes` are set aside.
    pub(super) fn new(layout: Layout, message_bytes: usize, max_bytes: usize) -> Self {
        let growth = match layout {
            Layout::Compact => 3,
            Layout::Indented => 5,
        };
        let capacity = message_bytes.saturating_mul(growth).min(max_bytes);
        Self {
            out: String::with_capacity(capacity),
            layout,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.out.len()
    }

    pub(super) fn finish(mut self) -> String {
        if self.layout == Layout::Indented {
            self.out.push('\n');
        }
        self.out
    }

    /// Writes the bracket that opens an object or a list.
    pub(super) fn open(&mut self, bracket: char) {
        self.out.push(bracket);
    }

    /// Writes the bracket that closes one, on a line of its own where something was `written` in
    /// it. `depth` is the level that it stands on.
    pub(super) fn close(&mut self, bracket: char, written: bool, depth: usize) {
        if written {
            self.line(depth);
        }
        self.out.push(bracket);
    }

    /// Begins the next element of what stands open at `depth`; the first one `begins`, without a
    /// comma.
    pub(super) fn separate(&mut self, begins: bool, depth: usize) {
        if !begins {
            self.out.push(',');
        }
        self.line(depth);
    }

    /// Begins the next member of an object; the name is one of a field, so it needs no escapes.
    pub(super) fn member(&mut self, name: &str, begins: bool, depth: usize) {
        self.separate(begins, depth);
        self.out.push('"');
        self.out.push_str(name);
        self.out.push('"');
        self.colon();
    }

    /// Writes a map's key, behind [`Self::separate`].
    pub(super) fn key(&mut self, key: &str) {
        self.string(key);
        self.colon();
    }

    /// Writes a token as it is, such as `null`.
    pub(super) fn raw(&mut self, token: &str) {
        self.out.push_str(token);
    }

    /// Writes a number of up to 32 bits.
    pub(super) fn number(&mut self, number: impl Display) {
        // writing to a string does not fail
        let _ = write!(self.out, "{number}");
    }

    /// Writes a number of 64 bits, which stands in quotes.
    pub(super) fn quoted(&mut self, number: impl Display) {
        let _ = write!(self.out, "\"{number}\"");
    }

    /// Writes bytes as a base64 string, padded.
    pub(super) fn base64(&mut self, bytes: &[u8]) {
        self.out.push('"');
        STANDARD.encode_string(bytes, &mut self.out);
        self.out.push('"');
    }

    /// Writes a string in quotes, with Go's escapes.
    pub(super) fn string(&mut self, text: &str) {
        self.out.push('"');
        let mut rest = text;
        while let Some((plain, special, after)) = split(rest) {
            self.out.push_str(plain);
            self.escape(special);
            rest = after;
        }
        self.out.push_str(rest);
        self.out.push('"');
    }

    fn escape(&mut self, special: char) {
        let escape = u8::try_from(special).ok();
        match escape.and_then(|byte| ESCAPES.get(usize::from(byte))) {
            Some(Escape::Short(text)) => self.out.push_str(text),
            _ => {
                self.out.push_str("\\u");
                for shift in [12u32, 8, 4, 0] {
                    let digit = usize::try_from(u32::from(special) >> shift & 0xf);
                    let hex = HEX.get(digit.unwrap_or_default());
                    self.out.push(hex.copied().unwrap_or('0'));
                }
            }
        }
    }

    fn colon(&mut self) {
        self.out.push_str(match self.layout {
            Layout::Compact => ":",
            Layout::Indented => ": ",
        });
    }

    fn line(&mut self, depth: usize) {
        if self.layout == Layout::Indented {
            self.out.push('\n');
            let mut missing = depth;
            while let Some(tabs) = TABS
                .get(..missing.min(TABS.len()))
                .filter(|t| !t.is_empty())
            {
                self.out.push_str(tabs);
                missing = missing.saturating_sub(tabs.len());
            }
        }
    }
}

/// Cuts a text at its first character that needs an escape.
fn split(text: &str) -> Option<(&str, char, &str)> {
    let mut from = 0;
    loop {
        let bytes = text.as_bytes().get(from..)?;
        let found = bytes
            .iter()
            .position(|b| !matches!(ESCAPES.get(usize::from(*b)), Some(Escape::None)))?;
        let at = from.saturating_add(found);
        let (plain, rest) = text.split_at_checked(at)?;
        let mut chars = rest.chars();
        let special = chars.next()?;
        if special.is_ascii() || matches!(special, '\u{2028}' | '\u{2029}') {
            return Some((plain, special, chars.as_str()));
        }
        from = at.saturating_add(special.len_utf8());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> String {
        let mut out = Text::new(Layout::Compact, 0, 0);
        out.string(text);
        out.finish()
    }

    #[test]
    fn strings_are_escaped_as_go_does() {
        let cases = [
            ("", r#""""#),
            ("plain é 😀 \u{7f}", "\"plain é 😀 \u{7f}\""),
            ("\"\\", r#""\"\\""#),
            ("\u{8}\u{c}\n\r\t", r#""\b\f\n\r\t""#),
            ("\0\u{1f}", r#""\u0000\u001f""#),
            ("<&>", r#""\u003c\u0026\u003e""#),
            (
                "a\u{2028}b\u{2029}c\u{2030}d",
                "\"a\\u2028b\\u2029c\u{2030}d\"",
            ),
        ];
        for (text, want) in cases {
            assert_eq!(string(text), want, "{text:?}");
        }
    }

    #[test]
    fn lines_have_any_depth() {
        let mut out = Text::new(Layout::Indented, 0, 0);
        out.line(70);
        assert_eq!(out.finish(), format!("\n{}\n", "\t".repeat(70)));
    }
}

//! Texts of others, where people read them.

use std::{
    borrow::Cow,
    fmt::{self, Write},
};

/// A text of somebody else on one line: control characters, and those that change the direction of a
/// line or take no room on it, as `\u{1b}`.
#[must_use]
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) {
            true => out.extend(c.escape_unicode()),
            false => out.push(c),
        }
    }
    out
}

/// Whether a terminal obeys a character, or shows nothing for it.
#[must_use]
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The most characters that a log line shows of a text of somebody else.
const FOREIGN: usize = 256;

/// A text of somebody else for a log line: at most [`FOREIGN`] characters, and how long it was.
#[must_use]
pub(crate) fn foreign(text: &str) -> Cow<'_, str> {
    let cut = text.char_indices().nth(FOREIGN);
    match cut.and_then(|(end, _)| text.get(..end)) {
        Some(start) => Cow::Owned(format!("{start}.. ({} bytes)", text.len())),
        None => Cow::Borrowed(text),
    }
}

/// A writer that stops what is written into it after some bytes.
pub(super) struct Bounded<'a> {
    out: &'a mut String,
    /// Bytes that may still come.
    left: usize,
    /// Whether something did not find room.
    is_cut: bool,
    /// Writes one character.
    put: fn(&mut String, char),
}

impl<'a> Bounded<'a> {
    /// Writes into `out`, by `put`, what finds room in `left` bytes.
    pub(super) const fn new(out: &'a mut String, left: usize, put: fn(&mut String, char)) -> Self {
        Self {
            out,
            left,
            is_cut: false,
            put,
        }
    }

    pub(super) const fn is_cut(&self) -> bool {
        self.is_cut
    }
}

impl Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.left < c.len_utf8() {
                self.is_cut = true;
                return Err(fmt::Error);
            }
            let before = self.out.len();
            (self.put)(self.out, c);
            let written = self.out.len().saturating_sub(before);
            self.left = self.left.saturating_sub(written);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_stays_and_what_is_long_says_how_long_it_was() {
        assert_eq!(foreign("tx1"), "tx1");
        assert_eq!(foreign(&"ä".repeat(256)), "ä".repeat(256));
        let long = "ä".repeat(257);
        assert_eq!(foreign(&long), format!("{}.. (514 bytes)", "ä".repeat(256)));
    }

    #[test]
    fn a_bounded_writer_stops_its_source() {
        let mut out = String::new();
        let mut bounded = Bounded::new(&mut out, 4, String::push);
        assert!(write!(bounded, "abc{}", "d".repeat(1 << 20)).is_err());
        assert!(bounded.is_cut());
        assert_eq!(out, "abcd");
    }
}

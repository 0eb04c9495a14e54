//! A writer with a bound.

use std::fmt::{self, Write};

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
    fn a_bounded_writer_stops_its_source() {
        let mut out = String::new();
        let mut bounded = Bounded::new(&mut out, 4, String::push);
        assert!(write!(bounded, "abc{}", "d".repeat(1 << 20)).is_err());
        assert!(bounded.is_cut());
        assert_eq!(out, "abcd");
    }
}

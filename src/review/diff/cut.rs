//! Texts that are not too long.

use crate::ids::Digest;

/// Texts of an entry (paths, names, rules, values) are cut after about this many bytes.
pub(super) const TEXT: usize = 2_048;

/// A text that is not too long: cut at a character, with the digest of the whole behind it, so that
/// different texts stay different.
pub(in crate::review) fn cut(text: String) -> String {
    shortened(&text, text.as_bytes()).unwrap_or(text)
}

/// The same of a text that stands for some bytes, with the digest of those.
pub(super) fn cut_with(text: String, bytes: &[u8]) -> String {
    shortened(&text, bytes).unwrap_or(text)
}

/// The start of a text that is too long, and the digest of what it stands for.
fn shortened(text: &str, whole: &[u8]) -> Option<String> {
    let (at, _) = text.char_indices().find(|(at, _)| *at >= TEXT)?;
    Some(format!(
        "{}.. (sha256 {})",
        text.get(..at)?,
        Digest::of(whole)
    ))
}

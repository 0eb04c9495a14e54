//! Composite keys: `\0type\0attribute\0...`, as Fabric's shims build them.

use super::KeyRange;

/// The highest code point: as an attribute's first character it sorts behind every other.
const MAX: char = char::MAX;

/// Builds a composite key.
#[must_use]
pub fn composite(kind: &str, attributes: &[&str]) -> String {
    let length = attributes
        .iter()
        .map(|a| a.len().saturating_add(1))
        .sum::<usize>();
    let mut key = String::with_capacity(kind.len().saturating_add(2).saturating_add(length));
    key.push('\0');
    key.push_str(kind);
    key.push('\0');
    for attribute in attributes {
        key.push_str(attribute);
        key.push('\0');
    }
    key
}

/// All keys of a type whose first attributes are these.
#[must_use]
pub fn prefix(kind: &str, attributes: &[&str]) -> KeyRange {
    let start = composite(kind, attributes);
    let end = format!("{start}{MAX}");
    KeyRange { start, end }
}

/// The attributes of a composite key of this type; `None` for any other key.
#[must_use]
pub fn attributes<'a>(kind: &str, key: &'a str) -> Option<Vec<&'a str>> {
    let rest = key
        .strip_prefix('\0')?
        .strip_prefix(kind)?
        .strip_prefix('\0')?;
    if rest.is_empty() {
        return Some(Vec::new());
    }
    Some(rest.strip_suffix('\0')?.split('\0').collect())
}

/// A number as an attribute: 20 digits, so that the order of keys is the order of numbers.
#[must_use]
pub fn number(n: u64) -> String {
    format!("{n:020}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_read_back() {
        let key = composite("config", &["seq", &number(7)]);
        assert_eq!(
            key,
            ["", "config", "seq", "00000000000000000007", ""].join("\0")
        );
        assert_eq!(
            attributes("config", &key),
            Some(vec!["seq", "00000000000000000007"])
        );
        assert_eq!(
            attributes("config", &composite("config", &[])),
            Some(vec![])
        );
        assert_eq!(attributes("conf", &key), None);
        assert_eq!(attributes("config", "\0config\0seq"), None);
    }

    #[test]
    fn a_prefix_holds_its_keys_and_no_others() {
        let range = prefix("signature", &["add_org"]);
        let inside = composite("signature", &["add_org", "1"]);
        let other = composite("signature", &["add_org2", "1"]);
        assert!(range.start <= inside && inside < range.end);
        assert!(!(range.start <= other && other < range.end));
    }
}

//! Composite keys: `\0type\0attribute\0...`, as Fabric's shims build them.

use std::iter;

use super::KeyRange;

/// The highest code point: as an attribute's first character it sorts behind every other.
const MAX: char = char::MAX;

/// Builds a composite key of parts that are known to hold neither U+0000 nor U+10FFFF. What comes
/// from outside is for [`create_composite_key`].
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

/// Why some text is no part of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A part of a composite key holds what separates parts.
    #[error("`{}` holds U+0000 or U+10FFFF, which no part of a composite key may", part.escape_debug())]
    Part {
        /// The part.
        part: String,
    },
    /// A simple key starts as composite keys do.
    #[error("`{}` starts with U+0000, as only composite keys do", key.escape_debug())]
    Simple {
        /// The key.
        key: String,
    },
    /// A key is not a composite one.
    #[error("`{}` is no composite key", key.escape_debug())]
    Composite {
        /// The key.
        key: String,
    },
}

/// Builds a composite key of any parts.
///
/// # Errors
/// [`KeyError::Part`].
// Fabric: fabric-chaincode-go, shim/stub.go, CreateCompositeKey
pub fn create_composite_key(kind: &str, attributes: &[&str]) -> Result<String, KeyError> {
    let mut parts = iter::once(&kind).chain(attributes);
    match parts.find(|part| part.contains(['\0', MAX])) {
        Some(part) => Err(KeyError::Part {
            part: (*part).to_owned(),
        }),
        None => Ok(composite(kind, attributes)),
    }
}

/// All keys of a type whose first attributes are these, of any parts.
///
/// # Errors
/// [`KeyError::Part`].
// Fabric: fabric-chaincode-go, shim/stub.go, GetStateByPartialCompositeKey
pub fn partial_composite_range(kind: &str, attributes: &[&str]) -> Result<KeyRange, KeyError> {
    create_composite_key(kind, attributes)?;
    Ok(prefix(kind, attributes))
}

/// The type and the attributes of a composite key.
///
/// # Errors
/// [`KeyError::Composite`].
// Fabric: fabric-chaincode-go, shim/stub.go, SplitCompositeKey
pub fn split_composite_key(key: &str) -> Result<(&str, Vec<&str>), KeyError> {
    let parts = key
        .strip_prefix('\0')
        .and_then(|rest| rest.strip_suffix('\0'));
    let mut parts = parts
        .ok_or_else(|| KeyError::Composite {
            key: key.to_owned(),
        })?
        .split('\0');
    Ok((parts.next().unwrap_or_default(), parts.collect()))
}

/// A range of simple keys, without any composite key; an empty start is before all of them, an
/// empty end behind.
///
/// # Errors
/// [`KeyError::Simple`].
// Fabric: fabric-chaincode-go, shim/stub.go, GetStateByRange
pub fn simple_range(start: &str, end: &str) -> Result<KeyRange, KeyError> {
    if let Some(key) = [start, end].into_iter().find(|key| key.starts_with('\0')) {
        let key = key.to_owned();
        return Err(KeyError::Simple { key });
    }
    let start = if start.is_empty() { "\u{1}" } else { start };
    Ok(KeyRange {
        start: start.to_owned(),
        end: end.to_owned(),
    })
}

/// All keys of a type whose first attributes are these, of parts that are known to hold neither U+0000
/// nor U+10FFFF. What comes from outside is for [`partial_composite_range`].
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
    fn parts_from_outside_are_checked() {
        for part in ["a\0b", "\u{10ffff}"] {
            assert!(create_composite_key("k", &[part]).is_err());
            assert!(create_composite_key(part, &[]).is_err());
            assert!(partial_composite_range("k", &[part]).is_err());
        }
        let range = partial_composite_range("k", &["a"]).unwrap();
        assert_eq!(range, prefix("k", &["a"]));
        let key = create_composite_key("k", &["a", ""]).unwrap();
        assert_eq!(split_composite_key(&key), Ok(("k", vec!["a", ""])));
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

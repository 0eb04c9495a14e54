//! Where an element stands in the config tree, and how names and channel ids are spelt.

use std::fmt;

/// The key of the root group; paths start with it.
pub const ROOT_KEY: &str = "Channel";

/// Names and channel ids longer than this many bytes are refused.
const MAX_LENGTH: usize = 249;

/// The kinds of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ElementKind {
    /// A group: other elements, and a mod policy.
    Group,
    /// A policy: a rule, and a mod policy.
    Policy,
    /// A value: a serialized message, and a mod policy.
    Value,
}

impl ElementKind {
    /// What the reference prints before a path, such as `[Value]  `.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Group => "[Group]  ",
            Self::Policy => "[Policy] ",
            Self::Value => "[Value]  ",
        }
    }
}

/// The place of one element: its kind, and the names from the root to it.
///
/// Ordered by names, then by kind, so that an element follows the group that holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementPath {
    keys: Vec<String>,
    kind: ElementKind,
}

impl ElementPath {
    /// The element that these names lead to, the root's own name ([`ROOT_KEY`]) left out.
    pub fn new<S: Into<String>>(kind: ElementKind, names: impl IntoIterator<Item = S>) -> Self {
        let mut keys = vec![ROOT_KEY.to_owned()];
        keys.extend(names.into_iter().map(Into::into));
        Self { keys, kind }
    }

    /// Whether it is a group, a policy or a value.
    #[must_use]
    pub const fn kind(&self) -> ElementKind {
        self.kind
    }

    /// The names from the root (`Channel`) to the element.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The element's own name, the last one; the root's is `Channel`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.keys.last().map_or(ROOT_KEY, String::as_str)
    }

    /// The names joined, as in `/Channel/Application`.
    #[must_use]
    pub fn path(&self) -> String {
        join(self.keys.iter().map(String::as_str))
    }

    /// Whether `other` lies below this group (itself not included).
    #[must_use]
    pub fn is_ancestor_of(&self, other: &Self) -> bool {
        self.kind == ElementKind::Group
            && self.keys.len() < other.keys.len()
            && other.keys.starts_with(&self.keys)
    }
}

/// As the reference prints it: `[Group]  /Channel/Application`.
impl fmt::Display for ElementPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.label())?;
        f.write_str(&self.path())
    }
}

/// Joins names to a path that starts with `/`.
pub(super) fn join<'a>(keys: impl IntoIterator<Item = &'a str>) -> String {
    keys.into_iter()
        .fold(String::new(), |path, key| path + "/" + key)
}

/// Whether a name is legal for a group, value or policy: 1 to 249 bytes of `[a-zA-Z0-9.-]`, and
/// neither `.` nor `..`.
// Fabric: common/configtx/validator.go, validateConfigID
#[must_use]
pub fn is_legal_key(key: &str) -> bool {
    (1..=MAX_LENGTH).contains(&key.len())
        && !matches!(key, "." | "..")
        && key
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-'))
}

/// Whether a channel id is legal: 1 to 249 bytes, `[a-z][a-z0-9.-]*`.
// Fabric: common/configtx/validator.go, ValidateChannelID
#[must_use]
pub fn is_legal_channel_id(id: &str) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
}

/// Whether a mod policy is spelt well: after one leading `/`, legal keys joined by `/`. It need
/// not lead anywhere.
// Fabric: common/configtx/update.go, validateModPolicy
#[must_use]
pub fn is_legal_mod_policy(mod_policy: &str) -> bool {
    mod_policy
        .strip_prefix('/')
        .unwrap_or(mod_policy)
        .split('/')
        .all(is_legal_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_follow_the_rules_of_the_reference() {
        let long = "a".repeat(249);
        for good in ["a", "Z", "0", "-", "a.b-C", "...", &long] {
            assert!(is_legal_key(good), "{good}");
        }
        for bad in ["", ".", "..", "a b", "a/b", "ä", "a_b", &"a".repeat(250)] {
            assert!(!is_legal_key(bad), "{bad}");
        }
    }

    #[test]
    fn channel_ids_start_with_a_lower_case_letter() {
        for good in ["a", "my-channel.1", "a.."] {
            assert!(is_legal_channel_id(good), "{good}");
        }
        for bad in ["", "1a", "A", "aB", "-a", "a_b", &"a".repeat(250)] {
            assert!(!is_legal_channel_id(bad), "{bad}");
        }
    }

    #[test]
    fn mod_policies_are_keys_joined_by_slashes() {
        for good in ["Admins", "/Channel/Application/Admins", "a/b", "/a"] {
            assert!(is_legal_mod_policy(good), "{good}");
        }
        for bad in ["", "/", "//", "a/", "//a", "a//b", "./a", "a b"] {
            assert!(!is_legal_mod_policy(bad), "{bad}");
        }
    }

    #[test]
    fn paths_print_like_the_reference_and_sort_below_their_group() {
        let group = ElementPath::new(ElementKind::Group, ["Application"]);
        let value = ElementPath::new(ElementKind::Value, ["Application", "ACLs"]);
        let root = ElementPath::new(ElementKind::Group, [] as [&str; 0]);
        assert_eq!(group.to_string(), "[Group]  /Channel/Application");
        assert_eq!(value.to_string(), "[Value]  /Channel/Application/ACLs");
        assert_eq!(root.path(), "/Channel");
        assert!(root < group && group < value);
        assert!(root.is_ancestor_of(&value) && group.is_ancestor_of(&value));
        assert!(!group.is_ancestor_of(&group) && !value.is_ancestor_of(&value));
    }
}

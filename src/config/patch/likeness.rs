//! Patches that look like a whole config, or like a part of one: there versions count changes, here
//! they are modes.

use std::fmt;

use super::{
    document::Patch,
    mode::{Mode, of_canonical},
};
use crate::config::tree::{ConfigTree, ElementPath, GroupRef};

/// How many names a likeness lists.
const NAMED: usize = 10;

/// In what a patch looks like a config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigLikeness {
    /// A group that exists is overwritten by one that lacks groups which are in it. Who removes
    /// groups names them.
    Drops {
        /// The group.
        path: ElementPath,
        /// The first of the groups that would be gone, ascending.
        names: Vec<String>,
        /// How many there are.
        count: usize,
    },
    /// A value or policy that says something is overwritten by nothing: its version was left beside a
    /// mod policy. Who removes one deletes it.
    Empties {
        /// The value or policy.
        path: ElementPath,
    },
    /// It names all groups and all policies that the channel group has.
    NamesAll,
}

impl fmt::Display for ConfigLikeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drops { path, names, count } => {
                let more = count.saturating_sub(names.len());
                write!(
                    f,
                    "{path} has version 1, which as a mode is OVERWRITE, and does not name `{}`",
                    names.join("`, `")
                )?;
                match more {
                    0 => {}
                    more => write!(f, " and {more} more")?,
                }
                f.write_str(", which would be removed")
            }
            Self::Empties { path } => write!(
                f,
                "{path} has version 1, which as a mode is OVERWRITE, and no content, so that it would \
                 be emptied"
            ),
            Self::NamesAll => f.write_str(
                "it names all groups and policies of the channel group, as a config does",
            ),
        }
    }
}

impl Patch {
    /// In what the patch looks like a config, or like a part that was copied out of one; `None` where
    /// it looks like nothing but a patch. Cost: linear in the patch and what it overwrites.
    #[must_use]
    pub fn config_likeness(&self, current: &ConfigTree) -> Option<ConfigLikeness> {
        let (patch, current) = (self.root()?, current.root()?);
        if names_all(patch, current) {
            return Some(ConfigLikeness::NamesAll);
        }
        let mut open = vec![(patch, current, false)];
        while let Some((patch, current, overwritten)) = open.pop() {
            let overwritten = overwritten || of_canonical(patch.version()) == Mode::Overwrite;
            if overwritten {
                let missing = || (current.groups()).filter(|own| patch.group(own.name()).is_none());
                let count = missing().count();
                if count > 0 {
                    let names = missing().take(NAMED).map(|own| own.name().to_owned());
                    return Some(ConfigLikeness::Drops {
                        path: patch.element_path(),
                        names: names.collect(),
                        count,
                    });
                }
            }
            if !overwritten && let Some(path) = emptied(patch, current) {
                return Some(ConfigLikeness::Empties { path });
            }
            for group in patch.groups() {
                if let Some(current) = current.group(group.name()) {
                    open.push((group, current, overwritten));
                }
            }
        }
        None
    }
}

/// The first value or policy of a patched group that is overwritten by nothing.
fn emptied(patch: GroupRef<'_>, current: GroupRef<'_>) -> Option<ElementPath> {
    let is_overwritten = |version| of_canonical(version) == Mode::Overwrite;
    let value = patch.values().find(|value| {
        let own = current.value(value.name());
        is_overwritten(value.version())
            && value.bytes().is_empty()
            && own.is_some_and(|own| !own.bytes().is_empty())
    });
    let policy = || {
        patch.policies().find(|policy| {
            let own = current.policy(policy.name());
            is_overwritten(policy.version())
                && !policy.is_present()
                && own.is_some_and(|own| own.is_present())
        })
    };
    let value = value.map(|value| value.element_path());
    value.or_else(|| policy().map(|policy| policy.element_path()))
}

fn names_all(patch: GroupRef<'_>, current: GroupRef<'_>) -> bool {
    current.groups().len() > 0
        && current.policies().len() > 0
        && (current.groups()).all(|own| patch.group(own.name()).is_some())
        && (current.policies()).all(|own| patch.policy(own.name()).is_some())
}

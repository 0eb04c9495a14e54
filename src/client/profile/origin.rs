//! Where a value comes from.

use std::{collections::BTreeMap, fmt, path::PathBuf};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything: what holds then.
    Default,
    /// A file of Fabric's, and the key in it.
    CoreYaml(PathBuf, &'static str),
    /// A flag, with its dashes.
    Flag(&'static str),
    /// A profile, by its name, and the key in it.
    Profile(String, String),
    /// An environment variable.
    Variable(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::CoreYaml(path, key) => write!(f, "{} ({key})", path.display()),
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Profile(name, key) => write!(f, "profile {name} ({key})"),
        }
    }
}

/// The settings that have a value, with where each comes from, by the setting's name in a profile.
pub type Origins = BTreeMap<&'static str, Origin>;

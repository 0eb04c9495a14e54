//! Where a value comes from.

use std::{fmt, path::PathBuf};

use super::Setting;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file of Fabric's, and the key in it.
    CoreYaml(PathBuf, &'static str),
    /// Nobody said anything: what holds then.
    Default,
    /// A flag, with its dashes.
    Flag(&'static str),
    /// A profile, by its name, and the key in it.
    Profile(String, &'static str),
    /// An environment variable.
    Variable(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CoreYaml(path, key) => write!(f, "{} ({key})", path.display()),
            Self::Default => f.write_str("default"),
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Profile(name, key) => write!(f, "profile {name} ({key})"),
        }
    }
}

/// The settings that have a value, each with where it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    values: Vec<(Setting, String, Origin)>,
}

impl Origins {
    /// Adds a value; a setting may have several.
    pub(super) fn add(&mut self, setting: Setting, value: impl Into<String>, origin: &Origin) {
        self.values.push((setting, value.into(), origin.clone()));
    }

    /// Where a setting comes from; of several values the first.
    #[must_use]
    pub fn of(&self, setting: Setting) -> Option<&Origin> {
        let mut values = self.values.iter();
        let found = values.find(|(own, ..)| *own == setting);
        found.map(|(.., origin)| origin)
    }

    /// All values: setting by setting, as they are shown.
    pub fn iter(&self) -> impl Iterator<Item = (Setting, &str, &Origin)> {
        Setting::ALL.into_iter().flat_map(move |setting| {
            let own = self.values.iter().filter(move |(own, ..)| *own == setting);
            own.map(|(setting, value, origin)| (*setting, value.as_str(), origin))
        })
    }
}

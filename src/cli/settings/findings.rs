//! What is found about settings: errors, and what is worth a line in the log.

use std::{fmt::Display, str::FromStr};

use tracing::{error, warn};

/// Something that starts no server, but should be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum SettingNotice {
    /// Calls will fail because of it.
    Alarm(String),
    /// It may be a slip, or becomes a problem later.
    Warning(String),
}

/// What is wrong and what is odd, in the order of reading.
#[derive(Debug, Default)]
pub(super) struct SettingProblems {
    pub(super) errors: Vec<String>,
    pub(super) notices: Vec<SettingNotice>,
}

impl SettingProblems {
    pub(super) fn add(&mut self, name: &str, problem: &str) {
        self.errors.push(format!("{name} {problem}"));
    }

    pub(super) fn warn(&mut self, text: String) {
        self.notices.push(SettingNotice::Warning(text));
    }

    pub(super) fn flag(&mut self, name: &str, value: &Option<String>) -> Option<bool> {
        let choices = [("true", true), ("false", false), ("1", true), ("0", false)];
        self.choice(name, value, choices)
    }

    pub(super) fn choice<T, const N: usize>(
        &mut self,
        name: &str,
        value: &Option<String>,
        choices: [(&str, T); N],
    ) -> Option<T> {
        let value = given(value)?;
        let names = choices.each_ref().map(|(name, _)| *name).join("`, `");
        let chosen = choices.into_iter().find(|(name, _)| *name == value);
        if chosen.is_none() {
            self.add(name, &format!("is `{value}`, which is none of `{names}`"));
        }
        chosen.map(|(_, chosen)| chosen)
    }

    /// A number from 1 to `most`.
    pub(super) fn number<T>(&mut self, name: &str, value: &Option<String>, default: T, most: T) -> T
    where
        T: FromStr + PartialOrd + Display + Default + Copy,
    {
        let Some(value) = given(value) else {
            return default;
        };
        match value.parse::<T>() {
            Ok(number) if number > T::default() && number <= most => number,
            _ => {
                let problem = format!("is `{value}`, which is no number from 1 to {most}");
                self.add(name, &problem);
                default
            }
        }
    }
}

/// What is given; an empty text is nothing, since compose files and manifests set empty variables.
pub(in crate::cli) fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|t| !t.is_empty())
}

/// Logs what should be seen.
pub(in crate::cli) fn tell(notices: &[SettingNotice]) {
    for notice in notices {
        match notice {
            SettingNotice::Alarm(text) => error!("{text}"),
            SettingNotice::Warning(text) => warn!("{text}"),
        }
    }
}

//! What collects values, and what is wrong with them.

use super::{
    layers::{Layer, Layers, PlacedValue},
    origin::{Origin, Origins},
    setting::Setting,
    surroundings::Surroundings,
};
use crate::{
    client::{ClientError, Exit},
    config::is_legal_channel_id,
};

/// Collects values and what is wrong with them.
pub(super) struct Resolver<'a> {
    pub(super) layers: Layers<'a>,
    pub(super) origins: Origins,
    pub(super) errors: Vec<ClientError>,
    /// Where the addresses of the peers stand.
    pub(super) peers_at: Option<Layer>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(of: &Surroundings<'a>) -> Self {
        let (layers, errors) = Layers::read(*of);
        Self {
            layers,
            origins: Origins::default(),
            errors,
            peers_at: None,
        }
    }

    /// A setting's value, which is noted.
    pub(super) fn noted(&mut self, setting: Setting) -> Option<PlacedValue> {
        let found = self.layers.find(setting)?;
        self.note(setting, &found);
        Some(found)
    }

    pub(super) fn note(&mut self, setting: Setting, found: &PlacedValue) {
        for value in &found.values {
            self.origins.add(setting, value, &found.origin);
        }
    }

    /// A setting that must have a value.
    pub(super) fn required(&mut self, setting: Setting) -> Option<String> {
        let found = self.noted(setting);
        if found.is_none() {
            self.missing(setting);
        }
        found.map(|found| found.value().to_owned())
    }

    /// The channel. Files of this machine are named after it.
    pub(super) fn channel(&mut self) -> Option<String> {
        let Some(found) = self.noted(Setting::Channel) else {
            self.missing(Setting::Channel);
            return None;
        };
        if !is_legal_channel_id(found.value()) {
            let why = "a channel has lower-case letters, digits, `.` and `-`, a letter first";
            self.wrong(Setting::Channel, &found, why);
            return None;
        }
        Some(found.value().to_owned())
    }

    pub(super) fn missing(&mut self, setting: Setting) {
        let what = setting.names().what;
        let article = match what.starts_with(['a', 'e', 'i', 'o', 'u', 'M']) {
            true => "an",
            false => "a",
        };
        let message = format!("{article} {what} is not given");
        let error = ClientError::new(Exit::Usage, "SETTING_MISSING", message);
        self.errors.push(error.hint(setting.how()));
    }

    /// Tells that a value is wrong, and where it comes from.
    pub(super) fn wrong(&mut self, setting: Setting, found: &PlacedValue, why: &str) {
        let what = setting.names().what;
        let message = format!(
            "the {what} of {} is `{}`: {why}",
            found.origin,
            found.value()
        );
        let error = ClientError::new(Exit::Usage, "SETTING_INVALID", message);
        self.errors.push(error.hint(setting.how()));
    }

    /// The same, where several servers may lack it.
    pub(super) fn missing_once(&mut self, setting: Setting) {
        self.missing(setting);
        if let Some(error) = self.errors.pop() {
            self.add_once(error);
        }
    }

    /// Adds a problem that several servers may have.
    pub(super) fn add_once(&mut self, error: ClientError) {
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    /// Notes a value that several servers may have.
    pub(super) fn note_once(&mut self, setting: Setting, found: &PlacedValue) {
        for value in &found.values {
            let mut all = self.origins.iter();
            let same = |(own, text, origin): (Setting, &str, &Origin)| {
                own == setting && text == value && *origin == found.origin
            };
            if !all.any(same) {
                drop(all);
                self.origins.add(setting, value, &found.origin);
            }
        }
    }
}

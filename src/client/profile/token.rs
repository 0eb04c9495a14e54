//! Which PKCS#11 token holds the key, where the settings say that one does.

use std::path::PathBuf;

use super::{
    layers::{Layer, PlacedValue},
    resolver::Resolver,
    setting::Setting,
};
use crate::client::keys::{KeyIdMapping, TokenPin, TokenSettings};

/// What is shown in the place of a PIN.
const HIDDEN: &str = "(not shown)";

/// Where a key is, as far as settings other than paths say it.
#[derive(Debug)]
pub(super) enum KeyKind {
    /// In files.
    Files,
    /// In this token; `None`: what is missing or wrong is noted.
    Token(Option<TokenSettings>),
}

impl Resolver<'_> {
    /// Whether a token holds the key: `PKCS11` is said, and no nearer place names a key or an MSP folder.
    // Fabric: internal/peer/common/common.go, InitBCCSPConfig
    pub(super) fn key_kind(&mut self) -> KeyKind {
        let Some(found) = self.layers.find(Setting::Bccsp) else {
            return KeyKind::Files;
        };
        let is = |kind: &str| found.value().eq_ignore_ascii_case(kind);
        if is("SW") {
            return KeyKind::Files;
        }
        if !is("PKCS11") {
            self.wrong(Setting::Bccsp, &found, "there are SW and PKCS11");
            return KeyKind::Token(None);
        }
        let files = [Setting::Key, Setting::MspFolder].map(|setting| self.layers.find(setting));
        let is_nearer = |file: &PlacedValue| !belongs(found.layer, file.layer);
        if files.iter().flatten().any(is_nearer) {
            return KeyKind::Files;
        }
        self.note(Setting::Bccsp, &found);
        KeyKind::Token(self.token())
    }

    fn token(&mut self) -> Option<TokenSettings> {
        let library = self.required(Setting::TokenLibrary);
        let Some(label) = self.noted(Setting::TokenLabel) else {
            self.missing(Setting::TokenLabel);
            return None;
        };
        let pin = self.of_token(Setting::TokenSecret, &label);
        if let Some(pin) = &pin {
            self.origins.add(Setting::TokenSecret, HIDDEN, &pin.origin);
        }
        let alt_id = self.noted_of_token(Setting::TokenAltId, &label);
        let key_ids = self.noted_of_token(Setting::TokenKeyIds, &label);
        let key_ids = match &key_ids {
            None => Some(Vec::new()),
            Some(found) => {
                let read = key_ids_of(found.value());
                if read.is_none() {
                    let why = "it is a list such as `SKI ID, SKI ID`, each SKI 64 hex digits";
                    self.wrong(Setting::TokenKeyIds, found, why);
                }
                read
            }
        };
        self.check_words(&label);
        Some(TokenSettings {
            library: PathBuf::from(library?),
            label: label.value().to_owned(),
            pin: pin.map(|pin| TokenPin::new(pin.value())),
            alt_id: alt_id.map(|found| found.value().to_owned()),
            key_ids: key_ids?,
        })
    }

    /// What `peer` wants of a token, too, and refuses where it is wrong. Nothing of it decides what is signed.
    // Fabric: bccsp/sw/conf.go, setSecurityLevel
    fn check_words(&mut self, label: &PlacedValue) {
        const BOOLEANS: &[&str] = &["true", "false", "1", "0", "t", "f"];
        let words: [(Setting, &[&str], &str); 4] = [
            (
                Setting::TokenHash,
                &["SHA2", "SHA3"],
                "there are SHA2 and SHA3",
            ),
            (
                Setting::TokenSecurity,
                &["256", "384"],
                "there are 256 and 384",
            ),
            (
                Setting::TokenSoftwareVerify,
                BOOLEANS,
                "it is true or false",
            ),
            (Setting::TokenImmutable, BOOLEANS, "it is true or false"),
        ];
        for (setting, known, why) in words {
            if let Some(found) = self.noted_of_token(setting, label)
                && !known
                    .iter()
                    .any(|word| found.value().eq_ignore_ascii_case(word))
            {
                self.wrong(setting, &found, why);
            }
        }
    }

    /// A setting of the token that stands where its label stands, or nearer: what stands farther is of
    /// another token, and a PIN of another token counts as a wrong one.
    fn of_token(&self, setting: Setting, label: &PlacedValue) -> Option<PlacedValue> {
        let counts = |layer| layer <= label.layer || belongs(layer, label.layer);
        self.layers.find_where(setting, counts)
    }

    fn noted_of_token(&mut self, setting: Setting, label: &PlacedValue) -> Option<PlacedValue> {
        let found = self.of_token(setting, label)?;
        self.note(setting, &found);
        Some(found)
    }
}

/// Whether what stands in the first place stands where the second stands, or nearer. `peer` reads its
/// variables and core.yaml as one.
fn belongs(one: Layer, other: Layer) -> bool {
    one <= other || (one == Layer::CoreYaml && other == Layer::Peer)
}

/// `SKI ID, SKI ID`
// Fabric: bccsp/factory/pkcs11.go, StringToKeyIds
fn key_ids_of(text: &str) -> Option<Vec<KeyIdMapping>> {
    let entries = text.split(',').map(|entry| {
        let mut words = entry.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some(ski), Some(id), None) => {
                let is_ski = ski.len() == 64 && ski.bytes().all(|byte| byte.is_ascii_hexdigit());
                is_ski.then(|| KeyIdMapping {
                    ski: ski.to_ascii_lowercase(),
                    id: id.to_owned(),
                })
            }
            _ => None,
        }
    });
    entries.collect()
}

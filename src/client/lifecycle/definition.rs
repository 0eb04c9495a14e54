//! A definition of a chaincode, and in what two of them differ.

use bytes::Bytes;

use super::DefinitionPolicy;
use crate::client::{ClientError, Exit};

/// What is approved and committed of a chaincode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionTerms {
    /// Its name on the channel.
    pub name: String,
    /// How often it was defined, this time included; from 1.
    pub sequence: i64,
    /// A name for people; approvals must have the same.
    pub version: String,
    /// Who must endorse.
    pub policy: DefinitionPolicy,
    /// A serialized `protos.CollectionConfigPackage`; empty: none.
    pub collections: Bytes,
    /// Whether the chaincode must be called as init first.
    pub init_required: bool,
    /// How peers endorse; empty: as Fabric does it.
    pub endorsement_plugin: String,
    /// How peers validate; empty: as Fabric does it.
    pub validation_plugin: String,
}

/// Where an organisation's peers find the chaincode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PackageSource {
    /// In an installed package.
    Installed(String),
    /// Nowhere: they do not run it.
    #[default]
    Unavailable,
}

/// Part of a definition, by the name that Fabric's readiness check gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DefinitionPart {
    /// Private data collections.
    Collections,
    /// The init call.
    InitRequired,
    /// How peers endorse and validate.
    Plugins,
    /// The endorsement policy.
    Policy,
    /// The sequence.
    Sequence,
    /// The version.
    Version,
}

/// The version of a first definition.
const FIRST_VERSION: &str = "1.0";

impl DefinitionTerms {
    /// The first definition of a chaincode, as its members get by without saying anything.
    #[must_use]
    pub fn first(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            sequence: 1,
            version: FIRST_VERSION.to_owned(),
            policy: DefinitionPolicy::default(),
            collections: Bytes::new(),
            init_required: false,
            endorsement_plugin: String::new(),
            validation_plugin: String::new(),
        }
    }

    /// The same again, as the next definition.
    #[must_use]
    pub fn next(&self) -> Self {
        Self {
            sequence: self.sequence.saturating_add(1),
            ..self.clone()
        }
    }

    /// How peers endorse, as it is stored.
    // Fabric: core/chaincode/lifecycle/lifecycle.go, SetChaincodeDefinitionDefaults
    #[must_use]
    pub fn endorsement_plugin(&self) -> &str {
        or(&self.endorsement_plugin, "escc")
    }

    /// How peers validate, as it is stored.
    #[must_use]
    pub fn validation_plugin(&self) -> &str {
        or(&self.validation_plugin, "vscc")
    }

    /// In what the other one differs, in the order of the parts.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<DefinitionPart> {
        let plugins = self.endorsement_plugin() != other.endorsement_plugin()
            || self.validation_plugin() != other.validation_plugin();
        [
            (DefinitionPart::Sequence, self.sequence != other.sequence),
            (DefinitionPart::Version, self.version != other.version),
            (
                DefinitionPart::Policy,
                self.policy.parameter() != other.policy.parameter(),
            ),
            (
                DefinitionPart::Collections,
                self.collections != other.collections,
            ),
            (
                DefinitionPart::InitRequired,
                self.init_required != other.init_required,
            ),
            (DefinitionPart::Plugins, plugins),
        ]
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(part, _)| part)
        .collect()
    }

    /// A part in words.
    #[must_use]
    pub fn words(&self, part: DefinitionPart) -> String {
        match part {
            DefinitionPart::Collections => match self.collections.len() {
                0 => "no collections".to_owned(),
                bytes => format!("collections of {bytes} bytes"),
            },
            DefinitionPart::InitRequired => match self.init_required {
                true => "an init call is demanded".to_owned(),
                false => "no init call".to_owned(),
            },
            DefinitionPart::Plugins => format!(
                "plugins {} and {}",
                self.endorsement_plugin(),
                self.validation_plugin()
            ),
            DefinitionPart::Policy => {
                let text = self.policy.text();
                format!("policy {}", text.as_deref().unwrap_or("(cannot be read)"))
            }
            DefinitionPart::Sequence => format!("sequence {}", self.sequence),
            DefinitionPart::Version => format!("version {}", self.version),
        }
    }

    /// Refuses what no peer takes, before anybody is asked.
    ///
    /// # Errors
    /// `BAD_DEFINITION`.
    // Fabric: core/chaincode/lifecycle/scc.go, validateInput
    pub fn check(&self) -> Result<(), ClientError> {
        let bad = |text: String| Err(ClientError::new(Exit::Usage, "BAD_DEFINITION", text));
        let mut parts = self.name.split(['-', '_']);
        let alphanumeric =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric());
        if !parts.all(alphanumeric) {
            return bad(format!(
                "`{}` is no name of a chaincode: letters and digits, with single `-` and `_` between",
                self.name
            ));
        }
        let legal = |c: char| c.is_ascii_alphanumeric() || "_.+-".contains(c);
        if self.version.is_empty() || !self.version.chars().all(legal) {
            return bad(format!(
                "`{}` is no version: letters, digits, `_`, `.`, `+` and `-`",
                self.version
            ));
        }
        if self.sequence < 1 {
            return bad(format!("{} is no sequence: they begin at 1", self.sequence));
        }
        Ok(())
    }
}

impl PackageSource {
    /// The id of the package; `None`: nowhere.
    #[must_use]
    pub fn package_id(&self) -> Option<&str> {
        match self {
            Self::Installed(id) => Some(id),
            Self::Unavailable => None,
        }
    }
}

impl DefinitionPart {
    /// Its name in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Collections => "collections",
            Self::InitRequired => "init_required",
            Self::Plugins => "plugins",
            Self::Policy => "policy",
            Self::Sequence => "sequence",
            Self::Version => "version",
        }
    }
}

fn or<'a>(text: &'a str, usual: &'a str) -> &'a str {
    match text {
        "" => usual,
        text => text,
    }
}

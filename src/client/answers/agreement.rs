//! What members agreed on, and what they attest.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Answer of `GetSettings`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct SettingsAnswer {
    /// The sequence of the config that the answer holds for.
    pub as_of_sequence: u64,
    /// The chaincode's committed definition.
    pub definition: DefinitionAnswer,
    /// The transaction of the first bootstrap.
    pub instance: String,
    /// What the members agreed on.
    pub settings: AgreedAnswer,
    /// Its digest.
    pub settings_sha256: String,
    /// The contract capabilities that the build that answers knows.
    pub supported_capabilities: Vec<String>,
    /// Levels that the channel requires and the build that answers does not know.
    pub unsupported: Vec<String>,
    /// How often they were changed.
    pub version: u64,
}

/// Settings of the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct AgreedAnswer {
    /// The contract capabilities that every server must know.
    pub capabilities: Vec<String>,
    /// The agreed endorsement policy; null: none.
    pub endorsement_policy: Option<String>,
    /// `advisory` or `enforced`.
    pub gate: String,
}

/// What a settings proposal wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct ProposedSettingsAnswer {
    /// The digest of the settings that it changes.
    pub current_sha256: Option<String>,
    /// The contract's instance.
    pub instance: String,
    /// The settings.
    pub settings: AgreedAnswer,
    /// The version that they become.
    pub version: u64,
}

/// The chaincode's committed definition; what is not known is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct DefinitionAnswer {
    /// Its name.
    pub chaincode: Option<String>,
    /// Its endorsement policy.
    pub endorsement_policy: Option<String>,
    /// Why nothing is known of it.
    pub error: Option<String>,
    /// Whether its endorsement policy is the agreed one; null where none was agreed.
    pub matches: Option<bool>,
    /// Its sequence.
    pub sequence: Option<i64>,
    /// Its version.
    pub version: Option<String>,
}

/// Answer of `GetCapabilities`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct CapabilitiesAnswer {
    /// The levels of the Application group.
    pub application: Vec<LevelAnswer>,
    /// The sequence of the config that the answer holds for.
    pub as_of_sequence: u64,
    /// What organisations said of their nodes.
    pub attestations: Vec<AttestationAnswer>,
    /// The levels of the channel.
    pub channel: Vec<LevelAnswer>,
    /// The contract capabilities that every server must know.
    pub contract: Vec<String>,
    /// `advisory` or `enforced`.
    pub gate: String,
    /// How much of each member was left out.
    pub omitted: BTreeMap<String, u64>,
    /// The levels of the Orderer group.
    pub orderer: Vec<LevelAnswer>,
    /// Levels that the channel requires and the build that answers does not know.
    pub unsupported: Vec<String>,
}

/// One capability level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct LevelAnswer {
    /// Who attested it.
    pub attested_by: Vec<String>,
    /// Organisations concerned that have not.
    pub lacking: Vec<String>,
    /// Its name.
    pub level: String,
    /// Proposals that raise it.
    pub proposed_by: Vec<String>,
    /// Whether the config declares it.
    pub required: bool,
    /// Whether the build that answers knows it.
    pub supported: bool,
}

/// What an organisation says of its nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct AttestationAnswer {
    /// Levels of the Application group.
    pub application: Vec<String>,
    /// Levels of the channel.
    pub channel: Vec<String>,
    /// Who says so.
    pub msp_id: String,
    /// Levels of the Orderer group.
    pub orderer: Vec<String>,
    /// The config when it was said.
    pub sequence: u64,
    /// Whether it runs a server of this contract.
    pub server: bool,
}

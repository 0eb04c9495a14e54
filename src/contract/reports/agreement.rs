//! What members agreed on, and what they attest.

use serde::Serialize;

use crate::contract::levels::Scope;

/// AttestCapabilities.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct Attested {
    pub(in crate::contract) as_of_sequence: u64,
    pub(in crate::contract) msp_id: String,
}

/// GetCapabilities.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct CapabilitiesReport {
    pub(in crate::contract) application: Vec<LevelReport>,
    pub(in crate::contract) as_of_sequence: u64,
    pub(in crate::contract) attestations: Vec<AttestationReport>,
    pub(in crate::contract) channel: Vec<LevelReport>,
    /// The contract capabilities that every endorsing server must know.
    pub(in crate::contract) contract: Vec<String>,
    pub(in crate::contract) gate: &'static str,
    pub(in crate::contract) orderer: Vec<LevelReport>,
    pub(in crate::contract) unsupported: Vec<String>,
}

/// One level of one of the three maps.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct LevelReport {
    pub(in crate::contract) attested_by: Vec<String>,
    /// Concerned organisations that have not attested it.
    pub(in crate::contract) lacking: Vec<String>,
    pub(in crate::contract) level: String,
    /// Proposals that raise it.
    pub(in crate::contract) proposed_by: Vec<String>,
    /// Whether the config declares it.
    pub(in crate::contract) required: bool,
    /// Whether the build that answers knows it.
    pub(in crate::contract) supported: bool,
}

/// What an organisation says of its nodes.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct AttestationReport {
    pub(in crate::contract) application: Vec<String>,
    pub(in crate::contract) channel: Vec<String>,
    /// Given before the organisation left, or by one that is not a member: it does not count.
    pub(in crate::contract) former_member: bool,
    pub(in crate::contract) msp_id: String,
    pub(in crate::contract) orderer: Vec<String>,
    pub(in crate::contract) sequence: u64,
    pub(in crate::contract) server: bool,
}

/// Settings, in the form in which they are proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::contract) struct SettingsReport {
    pub(in crate::contract) capabilities: Vec<String>,
    /// Null: none.
    pub(in crate::contract) endorsement_policy: Option<String>,
    pub(in crate::contract) gate: &'static str,
}

/// What a settings proposal wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::contract) struct ProposedSettings {
    /// SHA-256 of the settings that it changes.
    pub(in crate::contract) current_sha256: Option<String>,
    pub(in crate::contract) instance: String,
    pub(in crate::contract) settings: SettingsReport,
    /// The version that the settings become.
    pub(in crate::contract) version: u64,
}

/// GetSettings.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct GetSettingsReport {
    pub(in crate::contract) as_of_sequence: u64,
    pub(in crate::contract) definition: DefinitionReport,
    /// The transaction of the first bootstrap.
    pub(in crate::contract) instance: String,
    pub(in crate::contract) settings: SettingsReport,
    pub(in crate::contract) settings_sha256: String,
    /// The contract capabilities that the build that answers knows.
    pub(in crate::contract) supported_capabilities: Vec<String>,
    pub(in crate::contract) unsupported: Vec<String>,
    pub(in crate::contract) version: u64,
}

/// The chaincode's committed definition; what is not known is null.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct DefinitionReport {
    pub(in crate::contract) chaincode: Option<String>,
    pub(in crate::contract) endorsement_policy: Option<String>,
    /// Why nothing is known of it.
    pub(in crate::contract) error: Option<String>,
    /// Whether its endorsement policy is the agreed one; null where none was agreed.
    pub(in crate::contract) matches: Option<bool>,
    pub(in crate::contract) sequence: Option<i64>,
    pub(in crate::contract) version: Option<String>,
}

/// ApplySettings.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct SettingsApplied {
    pub(in crate::contract) as_of_sequence: u64,
    pub(in crate::contract) proposal_id: String,
    pub(in crate::contract) version: u64,
}

/// A level that a proposal raises and that organisations concerned have not attested.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::contract) struct UnattestedLevel {
    pub(in crate::contract) lacking: Vec<String>,
    pub(in crate::contract) level: String,
    pub(in crate::contract) scope: Scope,
}

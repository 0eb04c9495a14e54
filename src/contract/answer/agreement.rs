//! What members agreed on, and what they attest.

use serde::Serialize;

use super::bounds::Omitted;
use crate::contract::chain::levels::Scope;

/// Answer of `AttestCapabilities` and `AddAttestation`: what is attested now, at which sequence.
#[derive(Debug, Serialize)]
pub(crate) struct LevelsAttested {
    pub(crate) as_of_sequence: u64,
    pub(crate) attestation: AttestationReport,
    pub(crate) msp_id: String,
}

/// Answer of `PrepareAttestation`: what admins of an orderer organisation sign.
#[derive(Debug, Serialize)]
pub(crate) struct AttestationToSign {
    pub(crate) as_of_sequence: u64,
    pub(crate) channel: Vec<String>,
    pub(crate) config_update_sha256: String,
    /// Base64 of an envelope that `peer channel signconfigtx` signs.
    pub(crate) config_update_to_sign: String,
    /// What it replaces; null where the organisation has said nothing yet.
    pub(crate) current: Option<AttestationReport>,
    pub(crate) msp_id: String,
    pub(crate) number: u64,
    pub(crate) orderer: Vec<String>,
    /// Since when it is an orderer organisation.
    pub(crate) since: u64,
    pub(crate) unsupported: Vec<String>,
}

/// Answer of `GetCapabilities`: levels in force, proposed and attested.
#[derive(Debug, Serialize)]
pub(crate) struct CapabilitiesReport {
    pub(crate) application: Vec<LevelReport>,
    pub(crate) as_of_sequence: u64,
    pub(crate) attestations: Vec<AttestationReport>,
    pub(crate) channel: Vec<LevelReport>,
    /// The contract capabilities that every endorsing server must know.
    pub(crate) contract: Vec<String>,
    pub(crate) gate: &'static str,
    /// How much was left out of what is too long for an answer.
    pub(crate) omitted: Omitted,
    pub(crate) orderer: Vec<LevelReport>,
    pub(crate) unsupported: Vec<String>,
}

/// One level of one of the three maps.
#[derive(Debug, Serialize)]
pub(crate) struct LevelReport {
    pub(crate) attested_by: Vec<String>,
    /// Concerned organisations that have not attested it.
    pub(crate) lacking: Vec<String>,
    pub(crate) level: String,
    /// Proposals that raise it.
    pub(crate) proposed_by: Vec<String>,
    /// Whether the config declares it.
    pub(crate) required: bool,
    /// Whether the build that answers knows it.
    pub(crate) supported: bool,
}

/// What an organisation says of its nodes.
#[derive(Debug, Serialize)]
pub(crate) struct AttestationReport {
    pub(crate) application: Vec<String>,
    pub(crate) channel: Vec<String>,
    pub(crate) msp_id: String,
    pub(crate) orderer: Vec<String>,
    pub(crate) sequence: u64,
    pub(crate) server: bool,
}

/// Settings, in the form in which they are proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SettingsReport {
    pub(crate) capabilities: Vec<String>,
    /// The endorsement policy that members agreed on; null where there is none.
    pub(crate) endorsement_policy: Option<String>,
    pub(crate) gate: &'static str,
}

/// What a settings proposal wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ProposedSettings {
    /// SHA-256 of the settings that it changes.
    pub(crate) current_sha256: Option<String>,
    pub(crate) instance: String,
    pub(crate) settings: SettingsReport,
    /// The version that the settings become.
    pub(crate) version: u64,
}

/// Answer of `GetSettings`: what was agreed, and the committed definition.
#[derive(Debug, Serialize)]
pub(crate) struct GetSettingsReport {
    pub(crate) as_of_sequence: u64,
    pub(crate) definition: DefinitionReport,
    /// The transaction of the first bootstrap.
    pub(crate) instance: String,
    pub(crate) settings: SettingsReport,
    pub(crate) settings_sha256: String,
    /// The contract capabilities that the build that answers knows.
    pub(crate) supported_capabilities: Vec<String>,
    pub(crate) unsupported: Vec<String>,
    pub(crate) version: u64,
}

/// The chaincode's committed definition; what is not known is null.
#[derive(Debug, Serialize)]
pub(crate) struct DefinitionReport {
    pub(crate) chaincode: Option<String>,
    pub(crate) endorsement_policy: Option<String>,
    /// Why nothing is known of it.
    pub(crate) error: Option<String>,
    /// Whether its endorsement policy is the agreed one; null where none was agreed.
    pub(crate) matches: Option<bool>,
    pub(crate) sequence: Option<i64>,
    pub(crate) version: Option<String>,
}

/// Answer of `ApplySettings`: the version that the settings became.
#[derive(Debug, Serialize)]
pub(crate) struct SettingsApplied {
    pub(crate) as_of_sequence: u64,
    pub(crate) proposal_id: String,
    pub(crate) version: u64,
}

/// A level that a proposal raises and that organisations concerned have not attested.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct UnattestedLevel {
    pub(crate) lacking: Vec<String>,
    pub(crate) level: String,
    pub(crate) scope: Scope,
}

//! What is answered.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use super::{DefinitionPolicy, DefinitionTerms, PackageSource};
use crate::{
    client::{ClientError, Exit},
    ids::{ChannelId, MspId},
    proto::lifecycle::{
        ChaincodeSource, CheckCommitReadinessResult, GetInstalledChaincodePackageResult,
        InstallChaincodeResult, QueryApprovedChaincodeDefinitionResult,
        QueryChaincodeDefinitionResult, QueryInstalledChaincodesResult, chaincode_source::Type,
    },
};

/// A package that a peer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledPackage {
    /// Its id: its label, and the digest of its bytes.
    pub package_id: String,
    /// Its label.
    pub label: String,
    /// Channel, name and version of the definitions that use it, ascending.
    pub used_by: Vec<(ChannelId, String, String)>,
}

/// What an organisation approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovedDefinition {
    /// The definition.
    pub terms: DefinitionTerms,
    /// Where its peers find the chaincode.
    pub source: PackageSource,
}

/// What is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedDefinition {
    /// The definition.
    pub terms: DefinitionTerms,
    /// Whether each member approved it.
    pub approvals: BTreeMap<MspId, bool>,
}

/// Who approved a definition that is not committed yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitReadiness {
    /// Whether each member approved exactly this.
    pub approvals: BTreeMap<MspId, bool>,
    /// Of those that did not, what of theirs differs, in Fabric's words; `None` where the peer does not
    /// say (before 3.1), and where nothing is approved.
    pub mismatches: BTreeMap<MspId, Vec<String>>,
    /// Members that approved nothing of this sequence, as far as the peer says so (since 3.1).
    pub silent: Vec<MspId>,
}

/// What Fabric calls an approval that is not there.
// Fabric: core/chaincode/lifecycle/serializer.go, IsSerialized: the name of the whole structure
const WHOLE: &str = "ChaincodeParameters";

/// The id that a peer gave a package.
///
/// # Errors
/// `BAD_ANSWER`.
pub(crate) fn read_package_id(payload: Bytes) -> Result<String, ClientError> {
    let result =
        InstallChaincodeResult::decode(payload).map_err(|e| odd("InstallChaincode", &e))?;
    Ok(result.package_id)
}

/// A package as it was installed.
///
/// # Errors
/// `BAD_ANSWER`.
pub(crate) fn read_package(payload: Bytes) -> Result<Bytes, ClientError> {
    let result = GetInstalledChaincodePackageResult::decode(payload);
    let result = result.map_err(|e| odd("GetInstalledChaincodePackage", &e))?;
    Ok(result.chaincode_install_package)
}

/// The packages of a peer, by their ids.
///
/// # Errors
/// `BAD_ANSWER`.
pub(crate) fn read_installed(payload: Bytes) -> Result<Vec<InstalledPackage>, ClientError> {
    let result = QueryInstalledChaincodesResult::decode(payload);
    let result = result.map_err(|e| odd("QueryInstalledChaincodes", &e))?;
    let mut packages: Vec<InstalledPackage> = (result.installed_chaincodes.into_iter())
        .map(|one| InstalledPackage {
            package_id: one.package_id,
            label: one.label,
            used_by: (one.references.into_iter())
                .flat_map(|(channel, uses)| {
                    let channel = ChannelId::new(channel);
                    let uses = uses.chaincodes.into_iter();
                    uses.map(move |used| (channel.clone(), used.name, used.version))
                })
                .collect(),
        })
        .collect();
    packages.sort_by(|one, other| one.package_id.cmp(&other.package_id));
    Ok(packages)
}

/// What the peer's organisation approved of a chaincode.
///
/// # Errors
/// `BAD_ANSWER`.
pub(crate) fn read_approved(name: &str, payload: Bytes) -> Result<ApprovedDefinition, ClientError> {
    let result = QueryApprovedChaincodeDefinitionResult::decode(payload);
    let result = result.map_err(|e| odd("QueryApprovedChaincodeDefinition", &e))?;
    Ok(ApprovedDefinition {
        source: source(result.source),
        terms: DefinitionTerms {
            name: name.to_owned(),
            sequence: result.sequence,
            version: result.version,
            policy: DefinitionPolicy::of_parameter(result.validation_parameter),
            collections: result.collections,
            init_required: result.init_required,
            endorsement_plugin: result.endorsement_plugin,
            validation_plugin: result.validation_plugin,
        },
    })
}

/// What is committed of a chaincode.
///
/// # Errors
/// `BAD_ANSWER`.
pub(crate) fn read_committed(
    name: &str,
    payload: Bytes,
) -> Result<CommittedDefinition, ClientError> {
    let result = QueryChaincodeDefinitionResult::decode(payload);
    let result = result.map_err(|e| odd("QueryChaincodeDefinition", &e))?;
    Ok(CommittedDefinition {
        approvals: by_msp_id(result.approvals),
        terms: DefinitionTerms {
            name: name.to_owned(),
            sequence: result.sequence,
            version: result.version,
            policy: DefinitionPolicy::of_parameter(result.validation_parameter),
            collections: result.collections,
            init_required: result.init_required,
            endorsement_plugin: result.endorsement_plugin,
            validation_plugin: result.validation_plugin,
        },
    })
}

/// Who approved a definition.
///
/// # Errors
/// `BAD_ANSWER`.
pub(crate) fn read_readiness(payload: Bytes) -> Result<CommitReadiness, ClientError> {
    let result = CheckCommitReadinessResult::decode(payload);
    let result = result.map_err(|e| odd("CheckCommitReadiness", &e))?;
    let (mut mismatches, mut silent) = (BTreeMap::new(), Vec::new());
    for (msp_id, differing) in result.mismatches {
        let msp_id = MspId::new(msp_id);
        match differing.items.iter().any(|item| item == WHOLE) {
            true => silent.push(msp_id),
            false => {
                mismatches.insert(msp_id, differing.items);
            }
        }
    }
    Ok(CommitReadiness {
        approvals: by_msp_id(result.approvals),
        mismatches,
        silent,
    })
}

/// Where a package is.
pub(super) fn source(source: Option<ChaincodeSource>) -> PackageSource {
    match source.and_then(|source| source.r#type) {
        Some(Type::LocalPackage(local)) if !local.package_id.is_empty() => {
            PackageSource::Installed(local.package_id)
        }
        _ => PackageSource::Unavailable,
    }
}

fn by_msp_id(approvals: BTreeMap<String, bool>) -> BTreeMap<MspId, bool> {
    (approvals.into_iter())
        .map(|(msp_id, approved)| (MspId::new(msp_id), approved))
        .collect()
}

fn odd(what: &str, error: &prost::DecodeError) -> ClientError {
    let message = format!("the answer to `{what}` cannot be read: {error}");
    ClientError::new(Exit::Failed, "BAD_ANSWER", message)
}

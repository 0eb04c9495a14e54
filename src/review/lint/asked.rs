//! Policies that nodes ask for by name, in the config or by default.

use std::collections::BTreeMap;

use crate::{
    config::Bundle,
    policy::{Efforts, PolicyId},
    review::diff::each_acl,
};

/// A policy that nodes ask for by its path.
#[derive(Clone, Copy, Debug)]
pub(super) struct AskedPolicy {
    pub(super) path: &'static str,
    /// Whether one signature is all that it is asked about.
    pub(super) alone: bool,
    /// What is not possible where nobody satisfies it.
    pub(super) end: &'static str,
}

/// The policies that nodes ask for by name.
// Fabric: common/policies/policy.go; core/aclmgmt/defaultaclprovider.go
pub(super) const NAMED: &[AskedPolicy] = &[
    AskedPolicy {
        path: READERS_OF_CHANNEL,
        alone: true,
        end: "nobody could fetch blocks from orderers",
    },
    AskedPolicy {
        path: "/Channel/Writers",
        alone: true,
        end: "nobody could send anything to orderers",
    },
    AskedPolicy {
        path: BLOCK_VALIDATION,
        alone: false,
        end: "no peer would take a block",
    },
    AskedPolicy {
        path: READERS,
        alone: true,
        end: "nobody could query a peer or hear of events",
    },
    AskedPolicy {
        path: WRITERS,
        alone: true,
        end: "no peer would take a proposal",
    },
    AskedPolicy {
        path: ENDORSEMENT,
        alone: false,
        end: "no transaction of a chaincode that follows it would be valid",
    },
];

const READERS_OF_CHANNEL: &str = "/Channel/Readers";
const BLOCK_VALIDATION: &str = "/Channel/Orderer/BlockValidation";
const READERS: &str = "/Channel/Application/Readers";
const WRITERS: &str = "/Channel/Application/Writers";
const ENDORSEMENT: &str = "/Channel/Application/Endorsement";

/// The resource that peers ask about before they run a chaincode, this one as well.
pub(super) const PROPOSE: &str = "peer/Propose";

/// The policies without which nothing could follow on a channel, config updates included.
pub(super) fn vital(bundle: &Bundle) -> impl Iterator<Item = AskedPolicy> {
    let senders = bundle.senders().map(|path| AskedPolicy {
        path,
        alone: true,
        end: "nobody could send anything to orderers",
    });
    let named = NAMED.iter().copied().filter(|one| {
        bundle.senders().is_some() && [READERS_OF_CHANNEL, BLOCK_VALIDATION].contains(&one.path)
    });
    named.chain(senders)
}

/// Whether this contract could not be called any more, or write nothing, where nobody satisfies a
/// policy.
pub(super) fn is_of_contract(bundle: &Bundle, path: &str) -> bool {
    path == ENDORSEMENT || resource_policy(&acls(bundle), PROPOSE) == Some(path)
}

/// Whether somebody can satisfy a policy as nodes ask it.
pub(super) fn alone(
    bundle: &Bundle,
    efforts: &Efforts,
    id: Option<PolicyId>,
    asked: AskedPolicy,
) -> bool {
    let Some((id, effort)) = id.and_then(|id| Some((id, efforts.of(id)?))) else {
        return false;
    };
    !asked.alone
        || effort.signatures <= 1
        || (bundle.policies()).could_pass_alone(bundle.msps(), id)
}

/// The policies that ACLs of a config name, by resource, as paths. Of resources without an ACL there is
/// nothing.
// Fabric: common/channelconfig/acls.go, newAPIsProvider
pub(super) fn acls(bundle: &Bundle) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let root = bundle.tree().root();
    let value = root.and_then(|root| root.group("Application")?.value("ACLs"));
    if let Some(value) = value {
        // what does not decode is refused
        let _ = each_acl(value.bytes(), |resource, policy| {
            let path = match policy.starts_with('/') {
                true => policy,
                false if policy.is_empty() => policy,
                false => format!("/Channel/Application/{policy}"),
            };
            out.insert(resource, path);
        });
    }
    out.retain(|_, path| !path.is_empty());
    out
}

/// The path of the policy that peers ask about a resource; `None` where they ask none of the channel.
pub(super) fn resource_policy<'a>(
    acls: &'a BTreeMap<String, String>,
    resource: &str,
) -> Option<&'a str> {
    let (_, default) = RESOURCES.iter().find(|(name, _)| *name == resource)?;
    match acls.get(resource) {
        Some(path) => Some(path),
        None => Some(*default).filter(|path| !path.is_empty()),
    }
}

/// The resources whose policies a channel can choose, in any release of Fabric from 1.2 to 3.1, each
/// with the policy that peers ask by default; empty: none of the channel.
// Fabric: core/aclmgmt/resources/resources.go; core/aclmgmt/defaultaclprovider.go
pub const RESOURCES: &[(&str, &str)] = &[
    ("_lifecycle/CheckCommitReadiness", WRITERS),
    ("_lifecycle/CommitChaincodeDefinition", WRITERS),
    ("_lifecycle/QueryChaincodeDefinition", WRITERS),
    ("_lifecycle/QueryChaincodeDefinitions", WRITERS),
    ("cscc/GetChannelConfig", READERS),
    ("cscc/GetConfigBlock", READERS),
    ("cscc/GetConfigTree", READERS),
    ("cscc/SimulateConfigTreeUpdate", READERS),
    ("event/Block", READERS),
    ("event/FilteredBlock", READERS),
    ("gateway/ChaincodeEvents", READERS),
    ("gateway/CommitStatus", READERS),
    ("lscc/ChaincodeExists", READERS),
    ("lscc/Deploy", ""),
    ("lscc/GetChaincodeData", READERS),
    ("lscc/GetCollectionsConfig", READERS),
    ("lscc/GetDeploymentSpec", READERS),
    ("lscc/GetInstantiatedChaincodes", READERS),
    ("lscc/Upgrade", ""),
    ("peer/ChaincodeToChaincode", WRITERS),
    (PROPOSE, WRITERS),
    ("qscc/GetBlockByHash", READERS),
    ("qscc/GetBlockByNumber", READERS),
    ("qscc/GetBlockByTxID", READERS),
    ("qscc/GetChainInfo", READERS),
    ("qscc/GetTransactionByID", READERS),
];

/// The resources that peers ask their own MSP about, whatever a channel says.
// Fabric: core/aclmgmt/resourceprovider.go, enforceDefaultBehavior
pub const PEER_WIDE: &[&str] = &[
    "_lifecycle/ApproveChaincodeDefinitionForMyOrg",
    "_lifecycle/GetInstalledChaincodePackage",
    "_lifecycle/InstallChaincode",
    "_lifecycle/QueryApprovedChaincodeDefinition",
    "_lifecycle/QueryApprovedChaincodeDefinitions",
    "_lifecycle/QueryInstalledChaincode",
    "_lifecycle/QueryInstalledChaincodes",
    "cscc/GetChannels",
    "cscc/JoinBySnapshotStatus",
    "cscc/JoinChain",
    "cscc/JoinChainBySnapshot",
    "lscc/GetInstalledChaincodes",
    "lscc/Install",
    "snapshot/cancelrequest",
    "snapshot/listpending",
    "snapshot/submitrequest",
];

//! The calls.

use bytes::Bytes;
use prost::Message;

use super::{DefinitionTerms, PackageSource};
use crate::{
    ids::ChannelId,
    proto::lifecycle::{
        ApproveChaincodeDefinitionForMyOrgArgs, ChaincodeSource, CheckCommitReadinessArgs,
        CommitChaincodeDefinitionArgs, GetInstalledChaincodePackageArgs, InstallChaincodeArgs,
        QueryApprovedChaincodeDefinitionArgs, QueryChaincodeDefinitionArgs,
        QueryInstalledChaincodesArgs,
        chaincode_source::{Local, Type, Unavailable},
    },
    transaction::ChaincodeCall,
};

/// The chaincode that keeps definitions.
// Fabric: core/chaincode/lifecycle/scc.go, LifecycleNamespace
pub(crate) const LIFECYCLE: &str = "_lifecycle";

/// A call of the lifecycle.
#[derive(Clone, Debug)]
pub(crate) struct LifecycleCall {
    /// The function.
    pub(crate) function: &'static str,
    /// The call: its channel is empty where the peer itself is asked.
    pub(crate) call: ChaincodeCall,
}

impl LifecycleCall {
    /// Has a peer keep a package.
    pub(crate) fn install(package: Bytes) -> Self {
        let args = InstallChaincodeArgs {
            chaincode_install_package: package,
        };
        Self::of_peer("InstallChaincode", &args)
    }

    /// Which packages a peer has.
    pub(crate) fn installed() -> Self {
        Self::of_peer("QueryInstalledChaincodes", &QueryInstalledChaincodesArgs {})
    }

    /// A package that a peer has.
    pub(crate) fn package(package_id: &str) -> Self {
        let args = GetInstalledChaincodePackageArgs {
            package_id: package_id.to_owned(),
        };
        Self::of_peer("GetInstalledChaincodePackage", &args)
    }

    /// What the peer's organisation approved: of this sequence, or its newest.
    pub(crate) fn approved(channel: &ChannelId, name: &str, sequence: Option<i64>) -> Self {
        let args = QueryApprovedChaincodeDefinitionArgs {
            name: name.to_owned(),
            sequence: sequence.unwrap_or_default(),
        };
        Self::on(channel, "QueryApprovedChaincodeDefinition", &args)
    }

    /// What is committed.
    pub(crate) fn committed(channel: &ChannelId, name: &str) -> Self {
        let args = QueryChaincodeDefinitionArgs {
            name: name.to_owned(),
        };
        Self::on(channel, "QueryChaincodeDefinition", &args)
    }

    /// Who approved exactly this.
    pub(crate) fn readiness(channel: &ChannelId, terms: &DefinitionTerms) -> Self {
        let terms = terms.clone();
        let args = CheckCommitReadinessArgs {
            sequence: terms.sequence,
            name: terms.name,
            version: terms.version,
            endorsement_plugin: terms.endorsement_plugin,
            validation_plugin: terms.validation_plugin,
            validation_parameter: terms.policy.parameter().clone(),
            collections: terms.collections,
            init_required: terms.init_required,
        };
        Self::on(channel, "CheckCommitReadiness", &args)
    }

    /// Approves it for one's own organisation.
    pub(crate) fn approve(
        channel: &ChannelId,
        terms: &DefinitionTerms,
        source: &PackageSource,
    ) -> Self {
        let source = match source {
            PackageSource::Installed(id) => Type::LocalPackage(Local {
                package_id: id.clone(),
            }),
            PackageSource::Unavailable => Type::Unavailable(Unavailable {}),
        };
        let terms = terms.clone();
        let args = ApproveChaincodeDefinitionForMyOrgArgs {
            sequence: terms.sequence,
            name: terms.name,
            version: terms.version,
            endorsement_plugin: terms.endorsement_plugin,
            validation_plugin: terms.validation_plugin,
            validation_parameter: terms.policy.parameter().clone(),
            collections: terms.collections,
            init_required: terms.init_required,
            source: Some(ChaincodeSource {
                r#type: Some(source),
            }),
        };
        Self::on(channel, "ApproveChaincodeDefinitionForMyOrg", &args)
    }

    /// Puts it in force.
    pub(crate) fn commit(channel: &ChannelId, terms: &DefinitionTerms) -> Self {
        let terms = terms.clone();
        let args = CommitChaincodeDefinitionArgs {
            sequence: terms.sequence,
            name: terms.name,
            version: terms.version,
            endorsement_plugin: terms.endorsement_plugin,
            validation_plugin: terms.validation_plugin,
            validation_parameter: terms.policy.parameter().clone(),
            collections: terms.collections,
            init_required: terms.init_required,
        };
        Self::on(channel, "CommitChaincodeDefinition", &args)
    }

    fn of_peer(function: &'static str, args: &impl Message) -> Self {
        Self::on(&ChannelId::default(), function, args)
    }

    fn on(channel: &ChannelId, function: &'static str, args: &impl Message) -> Self {
        let mut call = ChaincodeCall::new(channel, [function]);
        call.args.push(args.encode_to_vec().into());
        Self { function, call }
    }
}

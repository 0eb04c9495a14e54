//! What clients call.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use prost::Message;

use super::{
    definition::KeptDefinition,
    state::{LifecycleState, in_force},
};
use crate::{
    devnet::private::define_collections,
    ids::MspId,
    proto::lifecycle::{
        ApproveChaincodeDefinitionForMyOrgArgs, ApproveChaincodeDefinitionForMyOrgResult,
        ChaincodeSource, CheckCommitReadinessArgs, CheckCommitReadinessResult,
        CommitChaincodeDefinitionArgs, CommitChaincodeDefinitionResult,
        QueryApprovedChaincodeDefinitionArgs, QueryApprovedChaincodeDefinitionResult,
        QueryChaincodeDefinitionArgs, QueryInstalledChaincodesResult,
        chaincode_source::{Local, Type, Unavailable},
        check_commit_readiness_result::Mismatches,
        query_installed_chaincodes_result::{Chaincode, InstalledChaincode, References},
    },
    stub::{
        Response,
        memory::{Ledger, PeerManner, PeerRelease, ReadWriteSet, Simulation},
    },
};

/// Who is called, on which channel.
pub(in crate::devnet::peer) struct LifecycleCaller<'a> {
    /// The organisation of the peer.
    pub(in crate::devnet::peer) own: &'a MspId,
    /// The channel; empty where the peer itself is asked.
    pub(in crate::devnet::peer) channel: &'a str,
    /// The members of the channel.
    pub(in crate::devnet::peer) members: BTreeSet<MspId>,
    /// The chaincode that is defined.
    pub(in crate::devnet::peer) chaincode: &'a str,
    /// Its first definition.
    pub(in crate::devnet::peer) first: KeptDefinition,
    /// The package that the network gave the peer.
    pub(in crate::devnet::peer) package_id: &'a str,
    pub(in crate::devnet::peer) manner: PeerManner,
}

/// Answers a call that was let in, over a snapshot of the lifecycle's state.
// Fabric: core/chaincode/lifecycle/scc.go, Invoke
pub(in crate::devnet::peer) fn answer(
    caller: &LifecycleCaller<'_>,
    mut snapshot: Ledger,
    args: &[Bytes],
) -> (Response, ReadWriteSet) {
    let [function, argument] = args else {
        let words = "lifecycle scc operations require exactly two arguments";
        return (refused(500, words), ReadWriteSet::default());
    };
    let function = String::from_utf8_lossy(function).into_owned();
    define_collections(
        &mut snapshot,
        &[],
        caller.members.clone(),
        caller.own,
        caller.own,
    );
    let definition = in_force(&snapshot, caller.chaincode, &caller.first);
    let mut simulation =
        Simulation::new((caller.channel, super::NAMESPACE), snapshot, caller.manner);
    let mut call = LifecycleRun {
        caller,
        definition,
        state: LifecycleState {
            simulation: &mut simulation,
            name: caller.chaincode,
        },
    };
    let response = match call.run(&function, argument) {
        Ok(payload) => Response {
            status: 200,
            message: String::new(),
            payload,
        },
        Err(LifecycleRefusal::NotDefined(name)) => {
            refused(404, &format!("namespace {name} is not defined"))
        }
        Err(LifecycleRefusal::Failed(words)) => refused(
            500,
            &format!("failed to invoke backing implementation of '{function}': {words}"),
        ),
    };
    let set = match response.is_success() {
        true => simulation.set,
        false => ReadWriteSet::default(),
    };
    (response, set)
}

/// Why a call is refused.
enum LifecycleRefusal {
    Failed(String),
    NotDefined(String),
}

impl From<String> for LifecycleRefusal {
    fn from(words: String) -> Self {
        Self::Failed(words)
    }
}

struct LifecycleRun<'a> {
    caller: &'a LifecycleCaller<'a>,
    /// What is committed.
    definition: KeptDefinition,
    state: LifecycleState<'a>,
}

impl LifecycleRun<'_> {
    fn run(&mut self, function: &str, argument: &Bytes) -> Result<Bytes, LifecycleRefusal> {
        match function {
            "ApproveChaincodeDefinitionForMyOrg" => self.approve(read(function, argument)?),
            "CheckCommitReadiness" => self.readiness(read(function, argument)?),
            "CommitChaincodeDefinition" => self.commit(read(function, argument)?),
            "QueryApprovedChaincodeDefinition" => self.approved(&read(function, argument)?),
            "QueryChaincodeDefinition" => self.committed(&read(function, argument)?),
            "QueryInstalledChaincodes" => Ok(self.installed()),
            "InstallChaincode" => Err(LifecycleRefusal::Failed(
                "could not build chaincode: a development peer builds nothing: its network starts the servers"
                    .to_owned(),
            )),
            _ => Err(LifecycleRefusal::Failed(
                "SCC function is not served by a development peer".to_owned(),
            )),
        }
    }

    fn approve(
        &mut self,
        args: ApproveChaincodeDefinitionForMyOrgArgs,
    ) -> Result<Bytes, LifecycleRefusal> {
        self.check(&args.name, &args.version)?;
        let package = match args.source.and_then(|source| source.r#type) {
            Some(Type::LocalPackage(local)) => local.package_id,
            _ => String::new(),
        };
        let wanted = KeptDefinition {
            sequence: args.sequence,
            version: args.version,
            parameter: args.validation_parameter,
            collections: args.collections,
            init_required: args.init_required,
            ..KeptDefinition::default()
        }
        .with_defaults(&args.endorsement_plugin, &args.validation_plugin);
        let (current, name) = (self.definition.sequence, &args.name);
        if wanted.sequence < current {
            return Err(LifecycleRefusal::Failed(format!(
                "currently defined sequence {current} is larger than requested sequence {}",
                wanted.sequence
            )));
        }
        let next = current.saturating_add(1);
        if wanted.sequence > next {
            return Err(LifecycleRefusal::Failed(format!(
                "requested sequence {} is larger than the next available sequence number {next}",
                wanted.sequence
            )));
        }
        self.state.read_sequence()?;
        let own = self.caller.own;
        let before = self.state.approval(own, wanted.sequence)?;
        let is_same =
            before.is_some_and(|(known, id)| known.difference(&wanted).is_none() && id == package);
        if wanted.sequence == current {
            if let Some(difference) = self.definition.difference(&wanted) {
                return Err(LifecycleRefusal::Failed(format!(
                    "attempted to redefine the current committed sequence ({current}) for \
                     namespace {name} with different parameters: {difference}"
                )));
            }
            if is_same {
                return Err(LifecycleRefusal::Failed(format!(
                    "attempted to redefine the current committed sequence ({current}) for \
                     namespace {name}"
                )));
            }
        } else if is_same {
            return Err(LifecycleRefusal::Failed(format!(
                "attempted to redefine uncommitted sequence ({}) for namespace {name} with \
                 unchanged content",
                wanted.sequence
            )));
        }
        self.state.approve(own, &wanted, &package)?;
        Ok(ApproveChaincodeDefinitionForMyOrgResult {}
            .encode_to_vec()
            .into())
    }

    fn readiness(&mut self, args: CheckCommitReadinessArgs) -> Result<Bytes, LifecycleRefusal> {
        let wanted = KeptDefinition {
            sequence: args.sequence,
            version: args.version,
            parameter: args.validation_parameter,
            collections: args.collections,
            init_required: args.init_required,
            ..KeptDefinition::default()
        }
        .with_defaults(&args.endorsement_plugin, &args.validation_plugin);
        let differing = self.ready(&wanted)?;
        // Fabric: since 3.1
        let tells = self.caller.manner.release != PeerRelease::V2_5;
        let mismatches = differing
            .iter()
            .filter(|(_, items)| tells && !items.is_empty());
        let result = CheckCommitReadinessResult {
            approvals: approvals(&differing),
            mismatches: mismatches
                .map(|(msp_id, items)| {
                    let items = items.clone();
                    (msp_id.to_string(), Mismatches { items })
                })
                .collect(),
        };
        Ok(result.encode_to_vec().into())
    }

    fn commit(&mut self, args: CommitChaincodeDefinitionArgs) -> Result<Bytes, LifecycleRefusal> {
        self.check(&args.name, &args.version)?;
        let wanted = KeptDefinition {
            sequence: args.sequence,
            version: args.version,
            parameter: args.validation_parameter,
            collections: args.collections,
            init_required: args.init_required,
            ..KeptDefinition::default()
        }
        .with_defaults(&args.endorsement_plugin, &args.validation_plugin);
        let differing = self.ready(&wanted)?;
        self.state.commit(&wanted)?;
        let own = self.caller.own;
        if differing.get(own).is_none_or(|items| !items.is_empty()) {
            return Err(LifecycleRefusal::Failed(format!(
                "chaincode definition not agreed to by this org ({own})"
            )));
        }
        Ok(CommitChaincodeDefinitionResult {}.encode_to_vec().into())
    }

    /// Of each member, in what its approval differs.
    fn ready(
        &mut self,
        wanted: &KeptDefinition,
    ) -> Result<BTreeMap<MspId, Vec<String>>, LifecycleRefusal> {
        let next = self.definition.sequence.saturating_add(1);
        if wanted.sequence != next {
            return Err(LifecycleRefusal::Failed(format!(
                "requested sequence is {}, but new definition must be sequence {next}",
                wanted.sequence
            )));
        }
        self.state.read_sequence()?;
        self.differing(wanted)
    }

    fn differing(
        &mut self,
        wanted: &KeptDefinition,
    ) -> Result<BTreeMap<MspId, Vec<String>>, LifecycleRefusal> {
        let mut differing = BTreeMap::new();
        for msp_id in &self.caller.members {
            let items = self.state.mismatches(msp_id, wanted)?;
            differing.insert(msp_id.clone(), items);
        }
        Ok(differing)
    }

    fn committed(
        &mut self,
        args: &QueryChaincodeDefinitionArgs,
    ) -> Result<Bytes, LifecycleRefusal> {
        if args.name != self.caller.chaincode {
            return Err(LifecycleRefusal::NotDefined(args.name.clone()));
        }
        let definition = self.definition.clone();
        let mut result = definition.result();
        result.approvals = match definition.sequence {
            // the network itself defined it
            1 => (self.caller.members.iter())
                .map(|msp_id| (msp_id.to_string(), true))
                .collect(),
            _ => approvals(&self.differing(&definition)?),
        };
        Ok(result.encode_to_vec().into())
    }

    fn approved(
        &mut self,
        args: &QueryApprovedChaincodeDefinitionArgs,
    ) -> Result<Bytes, LifecycleRefusal> {
        let (current, own) = (self.definition.sequence, self.caller.own);
        let next = current.saturating_add(1);
        let sequence = match args.sequence {
            0 if self.state.approval(own, next)?.is_some() => next,
            0 => current,
            sequence => sequence,
        };
        let is_ours = args.name == self.caller.chaincode;
        let mut found = match is_ours {
            true => self.state.approval(own, sequence)?,
            false => None,
        };
        if found.is_none() && is_ours && sequence == 1 && current == 1 {
            found = Some((self.definition.clone(), self.caller.package_id.to_owned()));
        }
        let Some((approved, package_id)) = found else {
            return Err(LifecycleRefusal::Failed(format!(
                "could not fetch approved chaincode definition (name: '{}', sequence: '{sequence}') on \
                 channel '{}'",
                args.name, self.caller.channel
            )));
        };
        let source = match package_id.is_empty() {
            true => Type::Unavailable(Unavailable {}),
            false => Type::LocalPackage(Local { package_id }),
        };
        let result = QueryApprovedChaincodeDefinitionResult {
            sequence,
            version: approved.version,
            endorsement_plugin: approved.endorsement_plugin,
            validation_plugin: approved.validation_plugin,
            validation_parameter: approved.parameter,
            collections: approved.collections,
            init_required: approved.init_required,
            source: Some(ChaincodeSource {
                r#type: Some(source),
            }),
        };
        Ok(result.encode_to_vec().into())
    }

    /// The package that the network gave the peer.
    fn installed(&self) -> Bytes {
        let caller = self.caller;
        let label = caller
            .package_id
            .rsplit_once(':')
            .map_or("", |(label, _)| label);
        let uses = Chaincode {
            name: caller.chaincode.to_owned(),
            version: self.definition.version.clone(),
        };
        let uses = References {
            chaincodes: vec![uses],
        };
        let installed = InstalledChaincode {
            package_id: caller.package_id.to_owned(),
            label: label.to_owned(),
            references: (!caller.channel.is_empty())
                .then(|| (caller.channel.to_owned(), uses))
                .into_iter()
                .collect(),
        };
        let result = QueryInstalledChaincodesResult {
            installed_chaincodes: vec![installed],
        };
        result.encode_to_vec().into()
    }

    // Fabric: core/chaincode/lifecycle/scc.go, validateInput
    fn check(&self, name: &str, version: &str) -> Result<(), LifecycleRefusal> {
        const HEAD: &str = "error validating chaincode definition: invalid chaincode";
        let alphanumeric =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric());
        if !name.split(['-', '_']).all(alphanumeric) {
            return Err(LifecycleRefusal::Failed(format!(
                "{HEAD} name '{name}'. Names can only consist of alphanumerics, '_', and '-' and can \
                 only begin with alphanumerics"
            )));
        }
        let legal = |c: char| c.is_ascii_alphanumeric() || "_.+-".contains(c);
        if version.is_empty() || !version.chars().all(legal) {
            return Err(LifecycleRefusal::Failed(format!(
                "{HEAD} version '{version}'. Versions can only consist of alphanumerics, '_', '-', \
                 '+', and '.'"
            )));
        }
        // Differs from Fabric: the network runs one chaincode
        match name == self.caller.chaincode {
            true => Ok(()),
            false => Err(LifecycleRefusal::Failed(format!(
                "a development network runs no chaincode `{name}`"
            ))),
        }
    }
}

impl KeptDefinition {
    /// With what Fabric fills in.
    // Fabric: core/chaincode/lifecycle/lifecycle.go, SetChaincodeDefinitionDefaults
    fn with_defaults(mut self, endorsement: &str, validation: &str) -> Self {
        if !endorsement.is_empty() {
            endorsement.clone_into(&mut self.endorsement_plugin);
        }
        if !validation.is_empty() {
            validation.clone_into(&mut self.validation_plugin);
        }
        if self.parameter.is_empty() {
            self.parameter = Self::first(crate::devnet::options::ENDORSEMENT).parameter;
        }
        self
    }
}

fn approvals(differing: &BTreeMap<MspId, Vec<String>>) -> BTreeMap<String, bool> {
    let approvals = differing.iter();
    approvals
        .map(|(msp_id, items)| (msp_id.to_string(), items.is_empty()))
        .collect()
}

fn read<M: Message + Default>(function: &str, argument: &Bytes) -> Result<M, LifecycleRefusal> {
    M::decode(argument.clone())
        .map_err(|_| LifecycleRefusal::Failed(format!("failed to decode input arg to {function}")))
}

fn refused(status: i32, message: &str) -> Response {
    Response {
        status,
        message: message.to_owned(),
        payload: Bytes::new(),
    }
}

//! One screen about the contract's definition on a channel: what each member lacks, and what comes next.

use schemars::JsonSchema;
use serde::Serialize;

use super::deploying;

use crate::{
    client::{
        ContractStage, DefinitionPart, DefinitionTerms, DeploymentFacts, PackageSource, ServerState,
    },
    ids::MspId,
};

/// A definition of the contract.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct DefinitionView {
    /// How many bytes its private data collections have; the contract itself uses none.
    pub collections_bytes: usize,
    /// The endorsement policy: a path of the config, or a rule in Fabric's language; null where it
    /// cannot be written.
    pub endorsement_policy: Option<String>,
    /// Whether an init call is demanded.
    pub init_required: bool,
    /// Its sequence.
    pub sequence: i64,
    /// Its version.
    pub version: String,
}

/// A definition that somebody approved and that is not committed.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct NextDefinitionView {
    /// Who approved exactly this, ascending.
    pub approved_by: Vec<String>,
    /// In what it differs from the committed one.
    pub changes: Vec<String>,
    /// The definition.
    pub definition: DefinitionView,
    /// Whether those who approved are enough for a commit.
    pub is_enough: bool,
}

/// What a member did, and lacks.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct MemberDeploymentView {
    /// Whether it approved the committed definition; null where nothing is committed.
    pub approved: Option<bool>,
    /// Whether it approved the next definition; null where there is none.
    pub approved_next: Option<bool>,
    /// In what its approval of the next definition differs.
    pub differs: Vec<String>,
    /// Whether it is one's own.
    pub is_own: bool,
    /// What it lacks, in words; empty: nothing that is known.
    pub missing: Vec<String>,
    /// The member.
    pub msp_id: String,
    /// The package that it approved last, as blocks show it; null where they do not. Each member has its
    /// own, since it holds the address of its server.
    pub package_id: Option<String>,
    /// Whether its server answers: `answers`, `not_running`, ..; null where nobody can be asked yet.
    pub server: Option<String>,
    /// What its peer says of the server.
    pub server_words: Option<String>,
    /// The version of its server.
    pub server_version: Option<String>,
}

/// What one of one's own peers has installed.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct PeerPackagesView {
    /// The peer.
    pub address: String,
    /// The ids of its packages; of those of the contract where some have its label.
    pub package_ids: Vec<String>,
    /// Why they are not known; null where they are.
    pub problem: Option<String>,
}

/// One screen about the contract's definition on a channel.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct DeployView {
    /// The endorsement policy that the members agreed on; null where they did not, or nobody can be
    /// asked.
    pub agreed_policy: Option<String>,
    /// The name of the definition.
    pub chaincode: String,
    /// The channel.
    pub channel: String,
    /// What is committed; null: nothing.
    pub committed: Option<DefinitionView>,
    /// Whether the committed endorsement policy is the agreed one; null where none was agreed.
    pub is_agreed: Option<bool>,
    /// Whether the contract is committed, and nothing is missing at any member.
    pub is_complete: bool,
    /// Each member, ascending.
    pub members: Vec<MemberDeploymentView>,
    /// One's own organisation.
    pub msp_id: String,
    /// What comes next for one's own organisation: a command; null where it has nothing to do, or nothing
    /// that a command does.
    pub next: Option<String>,
    /// The definition that somebody approved; null where there is none.
    pub next_definition: Option<NextDefinitionView>,
    /// Why it comes next, or whom it waits for.
    pub next_reason: String,
    /// One's own peers.
    pub peers: Vec<PeerPackagesView>,
    /// The address of one's own server, as the package says it; null where that is not known.
    pub server_address: Option<String>,
}

/// A package on one's own peers: of `deploy install`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct InstalledView {
    /// Peers that did not take it.
    pub failed_on: Vec<String>,
    /// The id of the package, which the server is given as CHAINCODE_ID.
    pub package_id: String,
    /// Peers that have it.
    pub peers: Vec<InstalledOnView>,
}

/// A peer that has a package.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct InstalledOnView {
    /// Its address.
    pub address: String,
    /// Whether it had it before.
    pub was_there: bool,
}

/// An approval: of `deploy approve`, `deploy upgrade`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct ApprovedView {
    /// The block that it is in; null where nothing was written.
    pub block_number: Option<u64>,
    /// What speaks against the definition.
    pub concerns: Vec<ConcernView>,
    /// What was approved.
    pub definition: DefinitionView,
    /// Members that approved this sequence otherwise.
    pub differing: Vec<String>,
    /// Whether enough members approved it now; null where it is committed already, or not known.
    pub is_enough: Option<bool>,
    /// Where one's own peers find the chaincode; null: nowhere.
    pub package_id: Option<String>,
}

/// What speaks against a definition.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct ConcernView {
    /// Its name, by which it is accepted.
    pub name: String,
    /// What it means.
    pub text: String,
}

/// A definition in force: of `deploy commit`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct CommittedView {
    /// The block that it is in.
    pub block_number: u64,
    /// The definition.
    pub definition: DefinitionView,
    /// The transaction.
    pub tx_id: String,
}

impl DefinitionView {
    /// A definition.
    #[must_use]
    pub fn of(terms: &DefinitionTerms) -> Self {
        Self {
            collections_bytes: terms.collections.len(),
            endorsement_policy: terms.policy.text(),
            init_required: terms.init_required,
            sequence: terms.sequence,
            version: terms.version.clone(),
        }
    }
}

impl DeployView {
    /// What these facts come to.
    #[must_use]
    pub fn of(facts: &DeploymentFacts) -> Self {
        let committed = facts.committed.as_ref();
        let agreed = facts.agreed();
        let is_agreed = agreed
            .zip(committed)
            .map(|(agreed, committed)| agreed.says(&committed.terms.policy));
        let members: Vec<MemberDeploymentView> = (facts.members.iter())
            .map(|msp_id| MemberDeploymentView::of(facts, msp_id))
            .collect();
        let next_definition = facts.next.as_ref().map(|next| NextDefinitionView {
            approved_by: (next.readiness.approvals.iter())
                .filter(|(_, approved)| **approved)
                .map(|(msp_id, _)| msp_id.to_string())
                .collect(),
            changes: changes(facts, &next.terms),
            definition: DefinitionView::of(&next.terms),
            is_enough: next.is_enough,
        });
        let complete = committed.is_some()
            && next_definition.is_none()
            && is_agreed != Some(false)
            && facts.contract != ContractStage::NotInitialized
            && members.iter().all(|member| member.missing.is_empty());
        let (next, next_reason) = deploying::next(facts, is_agreed);
        Self {
            agreed_policy: agreed.and_then(crate::client::DefinitionPolicy::text),
            chaincode: facts.chaincode.clone(),
            channel: facts.channel.to_string(),
            committed: committed.map(|committed| DefinitionView::of(&committed.terms)),
            is_agreed,
            is_complete: complete,
            members,
            msp_id: facts.own.to_string(),
            next,
            next_definition,
            next_reason,
            peers: peers(facts),
            server_address: facts.server.as_ref().map(|server| server.address.clone()),
        }
    }
}

impl MemberDeploymentView {
    fn of(facts: &DeploymentFacts, msp_id: &MspId) -> Self {
        let is_own = *msp_id == facts.own;
        let sequence = facts.sequence();
        let approved = facts.committed.as_ref().map(|_| facts.has_approved(msp_id));
        let approvals = facts.next.as_ref().map(|next| &next.readiness);
        let approved_next =
            approvals.map(|readiness| readiness.approvals.get(msp_id) == Some(&true));
        let next_sequence = sequence.saturating_add(1);
        let theirs = facts
            .recorded(msp_id, next_sequence)
            .or_else(|| facts.recorded(msp_id, sequence));
        let own = facts.approved_next.as_ref().or(facts.approved.as_ref());
        let source = match is_own {
            true if facts.unasked.is_none() => own.map(|own| &own.source),
            _ => theirs.map(|one| &one.source),
        };
        let server = facts.servers.get(msp_id);
        let mut view = Self {
            approved,
            approved_next,
            differs: differs(facts, msp_id),
            is_own,
            missing: Vec::new(),
            msp_id: msp_id.to_string(),
            package_id: source
                .and_then(PackageSource::package_id)
                .map(str::to_owned),
            server: server.map(|state| state.name().to_owned()),
            server_words: server.and_then(ServerState::words).map(str::to_owned),
            server_version: match server {
                Some(ServerState::Answers(version)) => version.clone(),
                _ => None,
            },
        };
        let approvals = (view.approved, view.approved_next);
        view.missing = deploying::missing(facts, msp_id, approvals, &view.differs);
        view
    }
}

/// In what a member's approval of the next definition differs: as blocks show it, or in Fabric's words.
fn differs(facts: &DeploymentFacts, msp_id: &MspId) -> Vec<String> {
    let Some(next) = &facts.next else {
        return Vec::new();
    };
    if next.readiness.approvals.get(msp_id) == Some(&true) {
        return Vec::new();
    }
    if let Some(theirs) = facts.recorded(msp_id, next.terms.sequence) {
        let parts = next.terms.differences(&theirs.terms);
        return parts
            .into_iter()
            .map(|part| theirs.terms.words(part))
            .collect();
    }
    let told = next.readiness.mismatches.get(msp_id);
    told.cloned().unwrap_or_default()
}

/// In what a next definition differs from the committed one, in words.
fn changes(facts: &DeploymentFacts, terms: &DefinitionTerms) -> Vec<String> {
    let Some(committed) = &facts.committed else {
        return Vec::new();
    };
    let parts = committed.terms.differences(terms).into_iter();
    parts
        .filter(|part| *part != DefinitionPart::Sequence)
        .map(|part| {
            let (is, was) = (terms.words(part), committed.terms.words(part));
            format!("{is} (now {was})")
        })
        .collect()
}

fn peers(facts: &DeploymentFacts) -> Vec<PeerPackagesView> {
    let peers = facts.peers.iter();
    let views = peers.map(|peer| match &peer.packages {
        Ok(packages) => {
            let named = packages.iter().filter(|one| one.label == facts.chaincode);
            let mut ids: Vec<String> = named.map(|one| one.package_id.clone()).collect();
            if ids.is_empty() {
                ids = packages.iter().map(|one| one.package_id.clone()).collect();
            }
            PeerPackagesView {
                address: peer.address.clone(),
                package_ids: ids,
                problem: None,
            }
        }
        Err(error) => PeerPackagesView {
            address: peer.address.clone(),
            package_ids: Vec::new(),
            problem: Some(error.message.clone()),
        },
    });
    views.collect()
}

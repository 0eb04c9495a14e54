//! What is known of a deployment.

use std::collections::{BTreeMap, BTreeSet};

use super::{PackagedServer, ServerState};
use crate::{
    client::{
        ApprovedDefinition, ClientError, CommitReadiness, CommittedDefinition, DefinitionPolicy,
        DefinitionTerms, InstalledPackage, PackageSource, RecordedApproval,
    },
    ids::{BlockNumber, ChannelId, MspId},
};

/// What is known of the contract's definition on a channel, as one's own peers tell it.
#[derive(Clone, Debug)]
pub struct DeploymentFacts {
    /// The channel.
    pub channel: ChannelId,
    /// The name of the contract's definition.
    pub chaincode: String,
    /// One's own organisation.
    pub own: MspId,
    /// The members of the channel.
    pub members: BTreeSet<MspId>,
    /// What is committed, and who approved that.
    pub committed: Option<CommittedDefinition>,
    /// What one's own organisation approved of the committed sequence; `None` also where it cannot be
    /// asked.
    pub approved: Option<ApprovedDefinition>,
    /// What one's own organisation approved of the next sequence, likewise.
    pub approved_next: Option<ApprovedDefinition>,
    /// Why nothing is known of one's own approvals.
    pub unasked: Option<ClientError>,
    /// The definition that somebody approved to be the next one.
    pub next: Option<NextDefinition>,
    /// What one's own peers have installed, in the order of the settings.
    pub peers: Vec<PeerPackages>,
    /// The newest approval of each member and sequence that blocks show, oldest first.
    pub recorded: Vec<RecordedApproval>,
    /// From which block on they were looked for.
    pub looked_from: BlockNumber,
    /// The server in the package that one's own organisation approved, where a peer gives the package.
    pub server: Option<PackagedServer>,
    /// Whether the server of each member answers; empty where nothing is committed.
    pub servers: BTreeMap<MspId, ServerState>,
    /// How far the contract itself is.
    pub contract: ContractStage,
}

/// A definition that somebody approved and that is not committed.
#[derive(Clone, Debug)]
pub struct NextDefinition {
    /// The definition: one's own approval, or what most others approved.
    pub terms: DefinitionTerms,
    /// Who approved exactly this.
    pub readiness: CommitReadiness,
    /// Whether these are enough for a commit.
    pub is_enough: bool,
}

/// What a peer of one's own has installed.
#[derive(Clone, Debug)]
pub struct PeerPackages {
    /// Its address.
    pub address: String,
    /// Its packages, or why they are not known.
    pub packages: Result<Vec<InstalledPackage>, ClientError>,
}

/// How far the contract itself is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ContractStage {
    /// It cannot be asked.
    #[default]
    Silent,
    /// It has no config yet.
    NotInitialized,
    /// It runs, and the members agreed on this endorsement policy, where they agreed on one.
    Runs(Option<DefinitionPolicy>),
}

impl DeploymentFacts {
    /// The sequence that is committed; 0: none.
    #[must_use]
    pub fn sequence(&self) -> i64 {
        let committed = self.committed.as_ref();
        committed.map_or(0, |committed| committed.terms.sequence)
    }

    /// The endorsement policy that the members agreed on.
    #[must_use]
    pub const fn agreed(&self) -> Option<&DefinitionPolicy> {
        match &self.contract {
            ContractStage::Runs(Some(policy)) => Some(policy),
            _ => None,
        }
    }

    /// Whether a member approved what is committed.
    #[must_use]
    pub fn has_approved(&self, msp_id: &MspId) -> bool {
        let committed = self.committed.as_ref();
        committed.is_some_and(|committed| committed.approvals.get(msp_id) == Some(&true))
    }

    /// What a member approved of a sequence, as blocks show it.
    #[must_use]
    pub fn recorded(&self, msp_id: &MspId, sequence: i64) -> Option<&RecordedApproval> {
        let mut newest = self.recorded.iter().rev();
        newest.find(|one| one.msp_id == *msp_id && one.terms.sequence == sequence)
    }

    /// The packages of the contract that all of one's own peers have that answer, in the order of their
    /// ids: packages with its name as label, or all where none has it.
    #[must_use]
    pub fn packages(&self) -> Vec<&InstalledPackage> {
        let mut known = self
            .peers
            .iter()
            .filter_map(|peer| peer.packages.as_ref().ok());
        let Some(first) = known.next() else {
            return Vec::new();
        };
        let others: Vec<_> = known.collect();
        let everywhere = |one: &&InstalledPackage| {
            let mut others = others.iter();
            others.all(|peer| peer.iter().any(|other| other.package_id == one.package_id))
        };
        let all: Vec<&InstalledPackage> = first.iter().filter(everywhere).collect();
        let named: Vec<&InstalledPackage> = all
            .iter()
            .copied()
            .filter(|one| one.label == self.chaincode)
            .collect();
        match named.is_empty() {
            true => all,
            false => named,
        }
    }

    /// Of one's own peers that answer those that do not have a package.
    #[must_use]
    pub fn peers_without(&self, package_id: &str) -> Vec<&str> {
        let lacks = |packages: &[InstalledPackage]| {
            packages
                .iter()
                .all(|package| package.package_id != package_id)
        };
        let peers = self.peers.iter();
        peers
            .filter(|peer| peer.packages.as_deref().is_ok_and(lacks))
            .map(|peer| peer.address.as_str())
            .collect()
    }

    /// How many peers of one's own said what they have installed.
    #[must_use]
    pub fn answering_peers(&self) -> usize {
        self.peers
            .iter()
            .filter(|peer| peer.packages.is_ok())
            .count()
    }

    /// Whether some peer of one's own said what it has installed.
    #[must_use]
    pub fn knows_packages(&self) -> bool {
        self.answering_peers() > 0
    }

    /// Where one's own peers find the chaincode of the committed definition.
    #[must_use]
    pub fn source(&self) -> Option<&PackageSource> {
        self.approved.as_ref().map(|approved| &approved.source)
    }
}

//! Bringing the contract onto a channel: what is known of it, approving, committing.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use super::session::ChannelSession;
use crate::{
    block::{self, Block},
    client::{
        ApprovedDefinition, ClientError, CommitReadiness, CommittedCall, ContractStage,
        DefinitionPolicy, DefinitionTerms, DeploymentFacts, EndorsingRule, Exit, NextDefinition,
        PeerConnection, PeerPackages, RecordedApproval, ServerState,
        answers::{self, SettingsAnswer},
        recorded_approvals,
    },
    config::{Bundle, Section},
    ids::{BlockNumber, MspId},
    transaction::{ChaincodeCall, PreparedTransaction},
};

/// So long blocks are looked through for approvals.
const PATIENCE: Duration = Duration::from_secs(20);

impl DeploymentFacts {
    /// Asks one's own peers, and through them the servers of the members. `look_back`: how many blocks are
    /// looked through for what others approved.
    ///
    /// # Errors
    /// `ACCESS_DENIED`, `UNKNOWN_CHANNEL`; nobody was reached.
    pub async fn gather(
        connection: &PeerConnection,
        bundle: &Bundle,
        look_back: u64,
    ) -> Result<Self, ClientError> {
        let name = connection.chaincode();
        let committed = connection.committed_definition(name).await?;
        let own = connection.identity().msp_id.clone();
        let mut facts = Self {
            channel: connection.channel().clone(),
            chaincode: name.to_owned(),
            own,
            members: bundle.msp_ids(Section::Application),
            committed,
            approved: None,
            approved_next: None,
            unasked: None,
            next: None,
            peers: Vec::new(),
            recorded: Vec::new(),
            looked_from: BlockNumber(0),
            server: None,
            servers: BTreeMap::new(),
            contract: ContractStage::Silent,
        };
        let sequence = facts.sequence();
        match own_approvals(connection, name, sequence).await {
            Ok((approved, next)) => (facts.approved, facts.approved_next) = (approved, next),
            Err(error) => facts.unasked = Some(error),
        }
        let installed = connection.installed().await.into_iter();
        facts.peers = installed
            .map(|(address, packages)| PeerPackages { address, packages })
            .collect();
        (facts.looked_from, facts.recorded) = recorded(connection, bundle, look_back).await?;
        facts.next = next(connection, bundle, &facts).await?;
        if facts.committed.is_some() {
            facts.servers = connection.servers_of(name, facts.members.clone()).await;
            facts.contract = stage(connection, &facts).await;
        }
        Ok(facts)
    }
}

impl ChannelSession {
    /// What is known of the contract's definition, by the config that this machine verified.
    ///
    /// # Errors
    /// As of [`DeploymentFacts::gather`].
    pub async fn deployment(&self, look_back: u64) -> Result<DeploymentFacts, ClientError> {
        DeploymentFacts::gather(&self.connection, self.chain.bundle(), look_back).await
    }

    /// Who approved exactly this, and whether that is enough by one's own engine.
    ///
    /// # Errors
    /// As of [`PeerConnection::readiness`].
    pub async fn ready_to_commit(
        &self,
        terms: &DefinitionTerms,
    ) -> Result<NextDefinition, ClientError> {
        let readiness = self.connection.readiness(terms).await?;
        Ok(weighed(self.chain.bundle(), terms.clone(), readiness))
    }

    /// Puts a definition in force. Few of the members that approved it endorse; one whose peer is away is
    /// passed over where the others are enough. What they endorsed is judged by one's own engine before it
    /// is sent, and the block is one that the orderers signed.
    ///
    /// # Errors
    /// `TOO_FEW_APPROVALS` (no) where those who approved are not enough; `TOO_FEW_ENDORSERS`;
    /// `ENDORSEMENTS_NOT_ENOUGH` (unsafe); as of [`PeerConnection::commit`].
    pub async fn commit_definition(
        &self,
        next: &NextDefinition,
    ) -> Result<CommittedCall, ClientError> {
        let bundle = self.chain.bundle();
        let rule = EndorsingRule::of_commits(bundle);
        let own = &self.connection.identity().msp_id;
        let mut willing = approving(&next.readiness, own);
        let enough = |prepared: &PreparedTransaction| match rule
            .accepts(&prepared.endorsed, &prepared.endorsements)
        {
            true => Ok(()),
            false => {
                let text = "nothing was sent: the endorsements that came back are not those that the \
                                channel's policy demands";
                Err(ClientError::new(
                    Exit::Unsafe,
                    "ENDORSEMENTS_NOT_ENOUGH",
                    text,
                ))
            }
        };
        let mut away: Option<ClientError> = None;
        loop {
            let Some(few) = rule.few_of(&willing) else {
                return Err(match away {
                    Some(error) => error,
                    None => too_few(&next.terms, &willing, rule.text().as_deref()),
                });
            };
            let done = match self.connection.commit(&next.terms, &few, &enough).await {
                Ok(done) => done,
                Err(error) => {
                    let missing = missing(&error, &few);
                    willing.retain(|msp_id| !missing.contains(msp_id));
                    if missing.is_empty() {
                        return Err(error);
                    }
                    away = Some(error);
                    continue;
                }
            };
            self.chain.check_signed(done.committed_block.clone())?;
            return Ok(done);
        }
    }
}

/// Own approvals of the committed sequence and of the next one.
async fn own_approvals(
    connection: &PeerConnection,
    name: &str,
    sequence: i64,
) -> Result<(Option<ApprovedDefinition>, Option<ApprovedDefinition>), ClientError> {
    let next = sequence.saturating_add(1);
    let approved = match sequence {
        0 => None,
        sequence => connection.approved_definition(name, Some(sequence)).await?,
    };
    Ok((
        approved,
        connection.approved_definition(name, Some(next)).await?,
    ))
}

/// The approvals in the newest blocks, the last one of each member and sequence; from which block on.
// SECURITY: blocks that the orderers of the config in force did not sign say nothing
async fn recorded(
    connection: &PeerConnection,
    bundle: &Bundle,
    look_back: u64,
) -> Result<(BlockNumber, Vec<RecordedApproval>), ClientError> {
    let height = connection.height().await?;
    let from = BlockNumber(height.saturating_sub(look_back));
    let mut found: Vec<RecordedApproval> = Vec::new();
    if look_back == 0 {
        return Ok((from, found));
    }
    let until = Instant::now() + PATIENCE;
    let mut blocks = connection.blocks_from(from).await?;
    for _ in from.0..height {
        let bytes = match timeout_at(until, blocks.next()).await {
            Ok(Some(Ok(bytes))) => bytes,
            // a peer that joined by snapshot has no older blocks
            Ok(Some(Err(error))) if error.symbol == "NO_BLOCK" => break,
            Ok(Some(Err(error))) => return Err(error),
            Ok(None) | Err(_) => break,
        };
        let Ok(block) = Block::parse(bytes) else {
            continue;
        };
        let approvals = recorded_approvals(&block, connection.chaincode());
        if approvals.is_empty() {
            continue;
        }
        let is_signed =
            block.check_data_hash().is_ok() && block::verify_signatures(&block, bundle).is_ok();
        if is_signed {
            for one in approvals {
                found.retain(|old| {
                    old.msp_id != one.msp_id || old.terms.sequence != one.terms.sequence
                });
                found.push(one);
            }
        }
    }
    Ok((from, found))
}

/// The definition that somebody approved to be the next one: one's own, or what most others approved, of
/// those the newest.
async fn next(
    connection: &PeerConnection,
    bundle: &Bundle,
    facts: &DeploymentFacts,
) -> Result<Option<NextDefinition>, ClientError> {
    let sequence = facts.sequence().saturating_add(1);
    let own = facts.approved_next.as_ref().map(|own| own.terms.clone());
    let others = || {
        let candidates = (facts.recorded.iter().rev())
            .filter(|one| one.terms.sequence == sequence && facts.members.contains(&one.msp_id));
        let mut best: Option<(usize, &DefinitionTerms)> = None;
        for one in candidates.clone() {
            let alike = candidates.clone();
            let alike = alike.filter(|other| other.terms.differences(&one.terms).is_empty());
            let count = alike.count();
            if best.is_none_or(|(most, _)| count > most) {
                best = Some((count, &one.terms));
            }
        }
        best.map(|(_, terms)| terms.clone())
    };
    let Some(terms) = own.or_else(others) else {
        return Ok(None);
    };
    let readiness = connection.readiness(&terms).await?;
    Ok(Some(weighed(bundle, terms, readiness)))
}

fn weighed(bundle: &Bundle, terms: DefinitionTerms, readiness: CommitReadiness) -> NextDefinition {
    let approving = readiness
        .approvals
        .iter()
        .filter(|(_, approved)| **approved);
    let approving: BTreeSet<MspId> = approving.map(|(msp_id, _)| msp_id.clone()).collect();
    NextDefinition {
        is_enough: EndorsingRule::of_commits(bundle).could_do(&approving),
        terms,
        readiness,
    }
}

/// How far the contract itself is.
async fn stage(connection: &PeerConnection, facts: &DeploymentFacts) -> ContractStage {
    if !facts.servers.values().any(ServerState::answers) {
        return ContractStage::Silent;
    }
    let call = ChaincodeCall::new(connection.channel(), ["GetSettings"]);
    match connection.evaluate(&facts.chaincode, call).await {
        Ok(answer) => match answers::read::<SettingsAnswer>("GetSettings", &answer) {
            Ok(answer) => {
                let policy = answer.settings.endorsement_policy;
                let policy = policy.and_then(|text| DefinitionPolicy::parse(&text).ok());
                ContractStage::Runs(policy)
            }
            Err(_) => ContractStage::Silent,
        },
        Err(error) if error.symbol == "NOT_INITIALIZED" => ContractStage::NotInitialized,
        Err(_) => ContractStage::Silent,
    }
}

/// Those who approved, one's own organisation first.
fn approving(readiness: &CommitReadiness, own: &MspId) -> Vec<MspId> {
    let approving = readiness
        .approvals
        .iter()
        .filter(|(_, approved)| **approved);
    let mut approving: Vec<MspId> = approving.map(|(msp_id, _)| msp_id.clone()).collect();
    approving.sort_by_key(|msp_id| msp_id != own);
    approving
}

/// The organisations whose peers a gateway does not find, or does not reach.
fn missing(error: &ClientError, asked: &[MspId]) -> Vec<MspId> {
    // Fabric: internal/pkg/gateway/registry.go, planForOrgs
    const NONE: &str = "failed to find any endorsing peers for org(s): ";
    let away = ["TOO_FEW_ENDORSERS", "ENDORSER_AWAY", "PEER_UNAVAILABLE"];
    if !away.contains(&error.symbol.as_str()) {
        return Vec::new();
    }
    let details = error.details.iter().map(|(_, words)| words);
    let mut named: Vec<MspId> = details
        .chain([&error.message])
        .filter_map(|words| words.split_once(NONE))
        .flat_map(|(_, names)| names.split([',', ' ', '\n']))
        .map(MspId::from)
        .filter(|name| asked.contains(name))
        .collect();
    if named.is_empty() {
        // a node that did not answer is told with its organisation: `peer:7051 (Org2MSP)`
        let whose = error.details.iter().map(|(who, _)| who);
        named.extend(
            asked
                .iter()
                .filter(|msp_id| {
                    whose
                        .clone()
                        .any(|who| who.ends_with(&format!("({msp_id})")))
                })
                .cloned(),
        );
    }
    named
}

fn too_few(terms: &DefinitionTerms, willing: &[MspId], rule: Option<&str>) -> ClientError {
    let by: Vec<String> = willing.iter().map(MspId::to_string).collect();
    let by = match by.is_empty() {
        true => "nobody".to_owned(),
        false => by.join(", "),
    };
    let text = format!(
        "too few members approved sequence {} of `{}`: {by} did; the channel asks for {}",
        terms.sequence,
        terms.name,
        rule.unwrap_or("a policy that it does not have")
    );
    ClientError::new(Exit::No, "TOO_FEW_APPROVALS", text)
        .hint("`cmscc deploy status` says who is missing; each of them runs `cmscc deploy approve`")
}

//! The older CMCC interface: five functions over the same proposals, with argument, result and
//! event forms of their own. See `docs/cmcc.md`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Context, finish, propose, sign};
use crate::{
    contract::{
        answer::{
            self, base64, config_signature,
            events::{self, CmccEvent},
        },
        error::{Code, ContractError},
        ledger::{self, RevisionSignatures, keys, proofs, proposals},
    },
    ids::{ProposalId, Revision},
    proto::cmscc::{Proposal, ProposalKind},
    stub::Stub,
};

/// At most this many proposals are listed.
const LISTED: usize = 200;

/// The only type of proposal that the interface has.
const CONFIG_UPDATE: &str = "ConfigUpdate";

/// A proposal as the interface shows it.
#[derive(Debug, Serialize)]
struct CmccProposal {
    creator: String,
    description: String,
    proposal_data: String,
    proposal_type: &'static str,
    /// One serialized signature for each organisation, by MSP id.
    signatures: BTreeMap<String, String>,
}

/// `proposeConfigUpdate`: an intent as a computed update.
pub(crate) async fn propose_config_update<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = propose::propose_computed(call, stub).await?;
    Ok(answered(stub, CmccEvent::NewProposal, &id))
}

/// `addSignature`: one ConfigSignature.
pub(crate) async fn add_signature<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    let given = sign::given_signature(call, 1)?;
    let is_served = |proposal: &Proposal| match proposal.kind() {
        ProposalKind::ConfigUpdate => Ok(()),
        _ => Err(not_found(&id)),
    };
    let signed = sign::add(call, stub, &id, &given, is_served).await?;
    if signed.added.is_empty() {
        return Ok(id.as_str().into());
    }
    Ok(answered(stub, CmccEvent::NewSignature, &id))
}

/// `getProposals`: the first active ones, in ascending order of their ids.
pub(crate) async fn get_proposals<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let (trusted, _) = call.trusted(stub).await?;
    let mut documents: BTreeMap<String, CmccProposal> = BTreeMap::new();
    let mut range = keys::proposals();
    loop {
        let step = stub.get_range(&range, LISTED).await?;
        for entry in &step.entries {
            let proposal: Proposal = ledger::decode(&entry.key, &entry.value)?;
            if proposal.kind() != ProposalKind::ConfigUpdate || proposal.withdrawal.is_some() {
                continue;
            }
            let id = ProposalId::new(proposal.id.as_str());
            let current = proposals::current(&proposal)?;
            let proof = proofs::current(stub, trusted.sequence(), &id, &current).await?;
            if proof.is_some() {
                continue;
            }
            let signatures = ledger::signatures(stub, &id).await?;
            documents.insert(proposal.id.clone(), document(&proposal, &signatures)?);
            if documents.len() == LISTED {
                return answer::write(&documents);
            }
        }
        match step.entries.last() {
            Some(last) if step.more => range.start = ledger::behind(&last.key),
            _ => return answer::write(&documents),
        }
    }
}

/// `getProposal`: one that is not archived.
pub(crate) async fn get_proposal<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    call.trusted(stub).await?;
    let proposal = found(stub, &id).await?;
    let signatures = ledger::signatures(stub, &id).await?;
    answer::write(&document(&proposal, &signatures)?)
}

/// `deleteProposal`: archives it; the answer is what it was.
pub(crate) async fn delete_proposal<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    call.trusted(stub).await?;
    let proposal = found(stub, &id).await?;
    let signatures = ledger::signatures(stub, &id).await?;
    let document = document(&proposal, &signatures)?;
    finish::delete(call, stub, &id).await?;
    stub.set_event(events::cmcc(CmccEvent::DeleteProposal, &id));
    answer::write(&document)
}

/// The id as plain text, and the only event: it takes the place of our own.
fn answered<S: Stub>(stub: &mut S, event: CmccEvent, id: &ProposalId) -> Vec<u8> {
    stub.set_event(events::cmcc(event, id));
    id.as_str().into()
}

/// A stored proposal of the one type that the interface has.
async fn found<S: Stub>(stub: &mut S, id: &ProposalId) -> Result<Proposal, ContractError> {
    let stored: Option<Proposal> = ledger::get(stub, &keys::proposal(id)).await?;
    stored
        .filter(|proposal| proposal.kind() == ProposalKind::ConfigUpdate)
        .ok_or_else(|| not_found(id))
}

fn not_found(id: &ProposalId) -> ContractError {
    Code::UnknownProposal.because(format_args!(
        "there is no open config update `{id}`; `getProposals` shows those that there are, \
         `GetProposal` also finished and other ones"
    ))
}

/// Of several identities of one organisation the first in key order stands for it.
fn document(
    proposal: &Proposal,
    signatures: &BTreeMap<Revision, RevisionSignatures>,
) -> Result<CmccProposal, ContractError> {
    let current = proposals::last(proposal)?;
    let mut by_msp_id = BTreeMap::new();
    let stored = signatures.get(&Revision(current.revision));
    for one in stored.iter().flat_map(|of| &of.signatures) {
        by_msp_id
            .entry(one.msp_id.to_string())
            .or_insert_with(|| config_signature(&one.signature));
    }
    Ok(CmccProposal {
        creator: proposal.proposer_msp_id.clone(),
        description: proposal.description.clone(),
        proposal_data: base64(&current.config_update),
        proposal_type: CONFIG_UPDATE,
        signatures: by_msp_id,
    })
}

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
        judge::{access::Admin, standing, status::is_over, terms::Standing},
        ledger::{
            self, RevisionSignatures,
            bounds::BODIES_READ,
            combined::CombinedSources,
            keys::{self, ProposalPlace},
            positions,
            proofs::{self, ProofQuestion},
            proposals::{self, FoundProposal, Unarchived},
        },
    },
    ids::{MspId, ProposalId, Revision, UnixTime},
    proto::cmscc::{OpenProposal, Proposal, ProposalKind},
    stub::Stub,
};

/// At most this many proposals are listed.
const LISTED: usize = 200;

/// How many bytes the updates of a list have together.
const UPDATES: u64 = 2 << 20;

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
    let proposal = propose::propose_computed(call, stub).await?;
    let id = proposal.place.id().clone();
    proposal.put(call, stub).await?;
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

/// `getProposals`: active ones, of each proposer in turn, as many as the answer has room for.
pub(crate) async fn get_proposals<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let (trusted, bundle) = call.trusted(stub).await?;
    let stored: Vec<(String, OpenProposal)> = ledger::all(stub, keys::all_open()).await?;
    let listed = listed(stored, call.now())?;
    let (Some((first, _)), Some((last, _))) = (
        listed.iter().min_by_key(|(place, _)| place.clone()),
        listed.iter().max_by_key(|(place, _)| place.clone()),
    ) else {
        return answer::write(&BTreeMap::<String, CmccProposal>::new());
    };
    let (first, last) = (first.clone(), last.clone());
    let combined = CombinedSources::read_open(stub, &first, &last).await?;
    let questions: Vec<ProofQuestion<'_>> = (listed.iter())
        .map(|(place, record)| ProofQuestion::of_record(record, combined.of(place.id())))
        .collect();
    let proofs = proofs::find_all(stub, trusted.sequence(), &questions).await?;
    let positions = positions::between(stub, &first, &last).await?;
    let mut documents: BTreeMap<String, CmccProposal> = BTreeMap::new();
    let all = proposals::read_all(stub, listed).await?;
    for (open, proof) in all.into_iter().zip(proofs) {
        let current = proposals::current(&open.proposal)?;
        let standing = standing::of(&bundle, &trusted, &open.proposal, false, &current)?;
        // what took effect is over, unless it could once more
        if proof.is_some() && !matches!(standing, Standing::Open(_)) {
            continue;
        }
        let signatures = positions.get(open.place.id());
        let signatures = signatures.map(|of| &of.signatures);
        let document = document(&open.proposal, signatures)?;
        documents.insert(open.proposal.id, document);
    }
    answer::write(&documents)
}

/// Which records are listed: every proposer's first one by id, then every second one, and so on; as
/// far as their updates fit.
fn listed(
    stored: Vec<(String, OpenProposal)>,
    now: UnixTime,
) -> Result<Vec<(ProposalPlace, OpenProposal)>, ContractError> {
    let mut turns: BTreeMap<(usize, ProposalPlace), OpenProposal> = BTreeMap::new();
    let mut turn: BTreeMap<MspId, usize> = BTreeMap::new();
    for (key, record) in stored {
        let place = keys::open_place(&key).ok_or_else(|| ledger::corrupt(&key))?;
        let is_dead = record.withdrawal.is_some() || is_over(record.deadline.as_ref(), now);
        if record.kind() == ProposalKind::ConfigUpdate && !is_dead {
            let turn = turn.entry(place.proposer()).or_default();
            turns.insert((*turn, place), record);
            *turn = turn.saturating_add(1);
        }
    }
    let (mut updates, mut read) = (0u64, 0u64);
    let mut listed = Vec::new();
    for ((_, place), record) in turns {
        let with_update = updates.saturating_add(record.config_update_bytes);
        let with_body = read.saturating_add(record.bytes);
        if with_update <= UPDATES && with_body <= BODIES_READ {
            (updates, read) = (with_update, with_body);
            listed.push((place, record));
        }
        if listed.len() == LISTED {
            break;
        }
    }
    Ok(listed)
}

/// `getProposal`: one that is not archived.
pub(crate) async fn get_proposal<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    call.trusted(stub).await?;
    let open = found(stub, &id).await?;
    let revision = Revision(open.record.revision);
    let positions = positions::signatures_on(stub, &open.place, revision).await?;
    answer::write(&document(&open.proposal, Some(&positions.signatures))?)
}

/// `deleteProposal`: archives it; the answer is what it was.
pub(crate) async fn delete_proposal<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let open = found(stub, &id).await?;
    let admin = Admin::check(&bundle, call.creator())?;
    let revision = Revision(open.record.revision);
    let positions = positions::signatures_on(stub, &open.place, revision).await?;
    let document = document(&open.proposal, Some(&positions.signatures))?;
    finish::delete(call, stub, (&trusted, &bundle), &admin, &open).await?;
    stub.set_event(events::cmcc(CmccEvent::DeleteProposal, &id));
    answer::write(&document)
}

/// The id as plain text, and the only event: it takes the place of our own.
fn answered<S: Stub>(stub: &mut S, event: CmccEvent, id: &ProposalId) -> Vec<u8> {
    stub.set_event(events::cmcc(event, id));
    id.as_str().into()
}

/// A stored proposal of the one type that the interface has.
async fn found<S: Stub>(stub: &mut S, id: &ProposalId) -> Result<Unarchived, ContractError> {
    match proposals::find(stub, id).await? {
        Some(FoundProposal::Open(open)) if open.proposal.kind() == ProposalKind::ConfigUpdate => {
            Ok(*open)
        }
        _ => Err(not_found(id)),
    }
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
    signatures: Option<&BTreeMap<Revision, RevisionSignatures>>,
) -> Result<CmccProposal, ContractError> {
    let current = proposals::last(proposal)?;
    let mut by_msp_id = BTreeMap::new();
    let stored = signatures.and_then(|all| all.get(&Revision(current.revision)));
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

//! `CombineProposals`: several intents as one, so that all take effect in one update.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    Context,
    intent::{self, ProposedIntent},
    propose::{self, NewProposal},
};
use crate::{
    capabilities::ContractBounds,
    config::Patch,
    contract::{
        error::{Code, ContractError},
        judge::{cache::Compiled, standing, status::Status, terms::Standing},
        ledger::{
            TrustedHead, combined,
            proofs::{self, ProofQuestion},
            proposals,
        },
    },
    ids::ProposalId,
    proto::cmscc::{Proposal, ProposalKind, Source},
    stub::Stub,
};

/// `CombineProposals`: a new proposal whose intent is the union of those of open proposals. They are
/// not written and stay open; signatures and votes on them do not carry over.
pub(crate) async fn combine_proposals<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<NewProposal, ContractError> {
    let header = propose::header(call, 2)?;
    let ids = call.args.ids(1)?.unwrap_or_default();
    if ids.len() < 2 {
        return Err(Code::TooFew.because(format_args!(
            "`ids` names {} proposals; combining takes at least two different ones",
            ids.len()
        )));
    }
    let opened = propose::opened(call, stub, header).await?;
    let (trusted, bundle) = (&opened.trusted, &opened.bundle);
    let bounds = trusted.capabilities().bounds();
    let most = bounds.sources;
    if ids.len() > most {
        return Err(Code::ProposalTooLarge.because(format_args!(
            "`ids` names {} proposals, the bound is {most}; combine them in steps",
            ids.len()
        )));
    }
    let mut union = CombinedIntent::default();
    for id in &ids {
        let source = open_source(stub, bundle, trusted, id).await?;
        union.add(&bounds, &source)?;
    }
    let intent = union.intent()?;
    opened.intent(call, stub, &intent).await
}

/// A proposal that may be combined: open, of kind config update. What went out of date is not: its
/// owner's calls look for the combination that took effect, and must not meet those who combine.
async fn open_source<S: Stub>(
    stub: &mut S,
    bundle: &Compiled,
    trusted: &TrustedHead,
    id: &ProposalId,
) -> Result<Proposal, ContractError> {
    const OPEN: &str = "open ones are combined";
    let head = trusted.sequence();
    let open = proposals::open(stub, id).await?;
    let proposal = &open.proposal;
    if proposal.kind() != ProposalKind::ConfigUpdate {
        return Err(Code::WrongKind.because(format_args!(
            "proposal `{id}` changes no channel config; only config updates are combined"
        )));
    }
    let current = proposals::current(proposal)?;
    let standing = standing::of(bundle, trusted, proposal, open.is_withdrawn(), &current)?;
    if matches!(standing, Standing::Open(_)) {
        return Ok(open.proposal);
    }
    let combined = combined::into(stub, &open.place).await?;
    let question = ProofQuestion::of_record(&open.record, &combined);
    let proof = proofs::find(stub, head, question).await?;
    let (status, why) = match &standing::proven(standing, proposal, proof) {
        Standing::Outofdate(stale) => {
            let mode = if stale.conflicts.is_empty() { 4 } else { 8 };
            (
                "Outofdate",
                format!("let its owner call `UpdateProposals` with mode {mode} first"),
            )
        }
        other => (
            Status::of(other).map_or("", |status| status.name()),
            OPEN.to_owned(),
        ),
    };
    Err(Code::WrongStatus.because(format_args!(
        "proposal `{id}` is `{status}` at sequence {head}; {why}"
    )))
}

/// Intents, put together one by one.
#[derive(Default)]
struct CombinedIntent {
    patch: Option<Patch>,
    parts: Vec<(String, Patch)>,
    /// Also those that were combined into a source before.
    sources: BTreeMap<String, Source>,
}

impl CombinedIntent {
    fn add(&mut self, bounds: &ContractBounds, source: &Proposal) -> Result<(), ContractError> {
        let patch = proposals::patch(source)?;
        let union = match &self.patch {
            None => patch.clone(),
            Some(all) => {
                Patch::combine([all, &patch]).map_err(|_| self.conflict(&source.id, &patch))?
            }
        };
        intent::demand_size(bounds, union.bytes())?;
        self.patch = Some(union);
        self.parts.push((source.id.clone(), patch));
        let current = proposals::current(source)?;
        let own = Source {
            proposal_id: source.id.clone(),
            proposer_msp_id: source.proposer_msp_id.clone(),
            revision: current.number.0,
            config_update_sha256: Bytes::copy_from_slice(current.digest.as_bytes()),
        };
        for inner in &source.sources {
            let known = self.sources.entry(inner.proposal_id.clone());
            known.or_insert_with(|| inner.clone());
        }
        self.sources.insert(source.id.clone(), own);
        Ok(())
    }

    fn conflict(&self, id: &str, patch: &Patch) -> ContractError {
        let other = self
            .parts
            .iter()
            .find_map(|(other, known)| Some((other, known.conflict(patch)?)));
        Code::IntentsConflict.because(match other {
            Some((other, element)) => format!(
                "proposals `{other}` and `{id}` want different content for `{element}`, or one \
                 writes all of what the other changes a part of"
            ),
            None => format!("proposal `{id}` does not go together with the others"),
        })
    }

    fn intent(self) -> Result<ProposedIntent, ContractError> {
        Ok(ProposedIntent {
            patch: self
                .patch
                .ok_or_else(|| Code::Internal.because("nothing was combined"))?,
            given: None,
            sources: self.sources.into_values().collect(),
        })
    }
}

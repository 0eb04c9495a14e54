//! A proposal, judged by one's own engine on one's own chain, and compared with what the contract says.

use std::collections::BTreeSet;

use super::{
    fetched::{claim, said},
    session::ChannelSession,
};
use crate::{
    client::{
        ClaimedKind, ClientError, Exit, JudgedSettings, JudgedUpdate, ProposalClaim,
        answers::ProposalAnswer, host,
    },
    ids::{Digest, MspId, Sequence},
};

/// A proposal that was looked at: what the contract handed over, and what was found out here.
#[derive(Debug)]
pub struct Examined {
    /// What the contract says.
    pub proposal: ProposalAnswer,
    /// What would be signed.
    pub claim: ProposalClaim,
    /// What this machine found out.
    pub verdicts: Verdicts,
}

/// What was found out, by what a proposal is about.
#[derive(Debug)]
pub enum Verdicts {
    /// A change of the contract's settings.
    Settings(JudgedSettings),
    /// A change of the channel's config.
    Update(Box<JudgedUpdate>),
}

impl Examined {
    /// Who rejects the current revision: nobody should ask them first.
    #[must_use]
    pub fn unasked(&self) -> BTreeSet<MspId> {
        rejecting(&self.proposal)
    }
}

impl Verdicts {
    /// SHA-256 of what is signed.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match self {
            Self::Settings(settings) => settings.digest,
            Self::Update(update) => update.digest,
        }
    }
}

impl ChannelSession {
    /// Fetches a proposal and examines it. Own chain and contract are to be compared before.
    ///
    /// # Errors
    /// `NOT_OPEN` where nobody can sign or submit it any more, `ALREADY_IN_EFFECT` (done); `STALE_UPDATE`
    /// (stale); unsafe: whatever is not as the contract says.
    pub async fn examine(&self, id: &str) -> Result<Examined, ClientError> {
        let mut examined = self.examine_fetched(self.fetch(id).await?)?;
        self.ask_servers(&mut examined).await;
        Ok(examined)
    }

    /// The same of an answer that is there already.
    ///
    /// # Errors
    /// As of [`Self::examine`].
    pub fn examine_fetched(&self, proposal: ProposalAnswer) -> Result<Examined, ClientError> {
        self.check_effect(&proposal)?;
        check_open(&proposal)?;
        if proposal.as_of_sequence != self.chain.sequence().0 {
            let text = format!(
                "the contract judges by config {}, the channel is at {}",
                proposal.as_of_sequence,
                self.chain.sequence()
            );
            return Err(ClientError::new(Exit::Stale, "CONTRACT_BEHIND", text).hint("cmscc sync"));
        }
        let claim = claim(&proposal)?;
        if claim.kind == ClaimedKind::Settings {
            let settings = JudgedSettings::new(self.chain.channel(), &claim)?;
            return Ok(Examined {
                verdicts: Verdicts::Settings(settings),
                proposal,
                claim,
            });
        }
        let bundle = self.chain.bundle();
        let unasked = rejecting(&proposal);
        // by the time of the proposal, as the contract looks at certificates; then by that of now
        let same_time = JudgedUpdate::new(bundle, &claim, claim.created_at, &unasked)?;
        said(&proposal).check(&claim, &same_time)?;
        let judged = JudgedUpdate::new(bundle, &claim, host::now(), &unasked)?;
        Ok(Examined {
            verdicts: Verdicts::Update(Box::new(judged)),
            proposal,
            claim,
        })
    }
}

impl ChannelSession {
    /// Whether a config update that the contract calls `Submitted` is in one's own chain, where the
    /// contract says that it is. What is before the pin, or settings, is the contract's word; so is which
    /// update an earlier revision was, or one that took effect inside a combined proposal.
    ///
    /// # Errors
    /// `NOT_IN_EFFECT` (unsafe); `CONTRACT_AHEAD` (unsafe) where this chain does not go as far: it may have been
    /// brought there just before.
    // SECURITY: "in effect" ends people's attention, and scripts go on
    pub fn check_effect(&self, proposal: &ProposalAnswer) -> Result<(), ClientError> {
        if proposal.status != "Submitted" || proposal.kind == "settings" {
            return Ok(());
        }
        let id = &proposal.proposal_id;
        let refuse = |why: String| {
            let text = format!("the contract says that `{id}` is in effect, but {why}");
            ClientError::new(Exit::Unsafe, "NOT_IN_EFFECT", text)
                .hint("do not rely on it: your server or your peer is wrong")
        };
        let archived = proposal.outcome.as_ref();
        let proof = proposal.status_detail.proof.as_ref();
        let Some(proof) = proof.or_else(|| archived?.proof.as_ref()) else {
            return Err(refuse("names no config that it led to".to_owned()));
        };
        let sequence = Sequence(proof.sequence);
        if self.chain.pin().is_some_and(|(pin, _)| sequence < pin) {
            return Ok(());
        }
        let head = self.chain.sequence();
        if sequence > head {
            let text = format!(
                "the contract says that `{id}` is in effect since config {sequence}, and this machine's chain \
                 ends with {head}"
            );
            return Err(ClientError::new(Exit::Unsafe, "CONTRACT_AHEAD", text).hint(
                "try again: it may have taken effect just now; or your peer has fallen behind",
            ));
        }
        // the block that it names is a claim of whoever handed one in
        let Some(link) = self.chain.link(sequence) else {
            let text = format!("there is no config {sequence} on this machine's chain");
            return Err(refuse(text));
        };
        let via = proposal.status_detail.via.as_ref();
        let via = via.or_else(|| archived?.via.as_ref());
        let is_this = via.is_none() && proof.revision == proposal.revision;
        let update = link.config_update_sha256.as_ref().map(ToString::to_string);
        if is_this && update.as_ref() != Some(&proposal.config_update_sha256) {
            return Err(refuse(format!("config {sequence} came of another update")));
        }
        Ok(())
    }
}

/// Refuses what nobody can sign or submit any more.
fn check_open(proposal: &ProposalAnswer) -> Result<(), ClientError> {
    let id = &proposal.proposal_id;
    let closed = |exit, symbol: &str, text: String| Err(ClientError::new(exit, symbol, text));
    match proposal.status.as_str() {
        "Submitted" => {
            let block = proposal.status_detail.proof.as_ref();
            let since = block.map(|proof| format!(" since block {}", proof.block_number));
            let text = format!("`{id}` is in effect already{}", since.unwrap_or_default());
            closed(Exit::Done, "ALREADY_IN_EFFECT", text)
        }
        status if proposal.archived => closed(
            Exit::Failed,
            "NOT_OPEN",
            format!("`{id}` is archived: {status}"),
        ),
        status @ ("Withdrawn" | "Expired" | "Broken") => {
            let why = proposal.status_detail.why.as_deref();
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            closed(Exit::Failed, "NOT_OPEN", format!("`{id}` is {status}{why}"))
        }
        "Outofdate" => {
            let text = format!("`{id}` is out of date: the config has changed since");
            let error = ClientError::new(Exit::Stale, "STALE_UPDATE", text);
            Err(error.hint(format!("cmscc rebase {id}")))
        }
        _ => Ok(()),
    }
}

/// Who rejects the current revision: nobody should ask them first.
fn rejecting(proposal: &ProposalAnswer) -> BTreeSet<MspId> {
    let votes = proposal.votes.iter();
    let current = votes.filter(|vote| vote.revision == proposal.revision && !vote.former_member);
    current
        .map(|vote| MspId::from(vote.msp_id.as_str()))
        .collect()
}

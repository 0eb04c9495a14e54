//! `UpdateProposals`: archives what is finished and computes again what went out of date.

use std::{collections::BTreeMap, sync::Arc};

use super::{Context, propose};
use crate::{
    contract::{
        answer::{
            self, AppliedProposal, ArchivedReport, LeftReport, RecomputedReport, Updated, events,
            names::outcome_name,
        },
        chain::levels,
        error::{Code, ContractError},
        judge::{
            access::Admin,
            agreement,
            cache::Compiled,
            fit, standing,
            status::Status,
            terms::{Stale, Standing},
        },
        ledger::{
            self, RevisionSignatures, TrustedHead,
            archive::{self, ProposalEnd, Remains},
            keys,
            members::{self, owner_remains},
            proofs, proposals, votes,
        },
    },
    ids::{Digest, ProposalId, Revision, Sequence},
    proto::cmscc::{Outcome, Proposal, ProposalKind, RevisionBytes},
    stub::Stub,
};

/// What a call is asked to do: a sum of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct UpdateMode(u64);

impl UpdateMode {
    const BROKEN: u64 = 1;
    const SUBMITTED: u64 = 2;
    const REBASE: u64 = 4;
    const CONFLICTING: u64 = 8;
    const ALL: u64 = Self::BROKEN | Self::SUBMITTED | Self::REBASE | Self::CONFLICTING;

    fn read(given: Option<u64>) -> Result<Self, ContractError> {
        let mode = given.unwrap_or(Self::SUBMITTED | Self::REBASE);
        if (1..=Self::ALL).contains(&mode) {
            return Ok(Self(mode));
        }
        Err(Code::BadMode.because(format_args!(
            "mode {mode} is not a sum of 1 (archive broken), 2 (archive submitted), 4 (recompute \
             what rebases cleanly), 8 (recompute what conflicts)"
        )))
    }

    const fn has(self, flag: u64) -> bool {
        self.0 & flag != 0
    }
}

/// `UpdateProposals`: of the given proposals, or of all.
pub(crate) async fn update_proposals<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let mode = UpdateMode::read(call.args.number(0, "mode")?)?;
    let ids = call.args.ids(1)?;
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let admin = Admin::check(&bundle, call.creator())?;
    let mut work = UpdateRun {
        call,
        bundle: &bundle,
        admin: &admin,
        mode,
        head: trusted.sequence(),
        trusted: &trusted,
        report: Updated {
            as_of_sequence: trusted.head.sequence,
            ..Updated::default()
        },
        taken: BTreeMap::new(),
        room: fit::DIFFERENCES,
    };
    for proposal in proposals(stub, ids).await? {
        work.proposal(stub, proposal).await?;
    }
    work.finish(stub)
}

async fn proposals<S: Stub>(
    stub: &mut S,
    ids: Option<Vec<ProposalId>>,
) -> Result<Vec<Proposal>, ContractError> {
    let Some(ids) = ids else {
        let all = ledger::all(stub, keys::proposals()).await?;
        return Ok(all.into_iter().map(|(_, proposal)| proposal).collect());
    };
    let mut found = Vec::with_capacity(ids.len());
    for id in &ids {
        found.push(proposals::open(stub, id).await?);
    }
    Ok(found)
}

/// One call's work, and what it has done so far.
struct UpdateRun<'a> {
    call: &'a Context<'a>,
    bundle: &'a Compiled,
    admin: &'a Admin,
    mode: UpdateMode,
    head: Sequence,
    trusted: &'a TrustedHead,
    report: Updated,
    /// Updates that this call has given to a proposal: reads do not see this call's own writes.
    taken: BTreeMap<Digest, String>,
    /// How many differences of conflicts the answer may still list.
    room: usize,
}

impl UpdateRun<'_> {
    async fn proposal<S: Stub>(
        &mut self,
        stub: &mut S,
        proposal: Proposal,
    ) -> Result<(), ContractError> {
        let proposer = members::proposer(stub, &proposal).await?;
        let id = ProposalId::new(proposal.id.as_str());
        let current = proposals::current(&proposal)?;
        let proof = proofs::current(stub, self.head, &id, &current).await?;
        let standing = standing::of(self.bundle, self.trusted, &proposal, &current, proof)?;
        let own = self.admin.owns(&proposal, proposer.as_ref());
        let orphan = !owner_remains(&proposal, proposer.as_ref());
        let wanted = match &standing {
            Standing::Submitted(_) => self.mode.has(UpdateMode::SUBMITTED),
            Standing::AlreadyInEffect => self.mode.has(UpdateMode::SUBMITTED) && (own || orphan),
            Standing::Broken(_) => self.mode.has(UpdateMode::BROKEN) && (own || orphan),
            Standing::Outofdate(stale) if stale.conflicts.is_empty() => {
                self.mode.has(UpdateMode::REBASE) && own
            }
            Standing::Outofdate(_) => self.mode.has(UpdateMode::CONFLICTING) && own,
            Standing::Withdrawn | Standing::Open(_) => false,
        };
        if !wanted {
            self.leave(&proposal, &standing, own, orphan);
            return Ok(());
        }
        let signatures = ledger::signatures(stub, &id).await?;
        match standing {
            Standing::Outofdate(stale) => {
                let stale = Arc::unwrap_or_clone(stale);
                self.recompute(stub, proposal, stale, &signatures).await?;
            }
            _ => {
                let proof = proofs::ever(stub, self.head, &proposal).await?;
                let outcome = match (&proof, standing) {
                    // also where an earlier revision took effect
                    (Some(_), _) => Outcome::Submitted,
                    (None, Standing::Broken(_)) => Outcome::Broken,
                    (None, _) => Outcome::AlreadyInEffect,
                };
                let votes = votes::stored(stub, &id, &id).await?;
                let remains = Remains {
                    signatures: &signatures,
                    votes: &votes,
                };
                let ending = ProposalEnd {
                    outcome,
                    proof,
                    settings_version: None,
                    as_of: self.head,
                    tx_id: self.call.tx_id().to_owned(),
                    at: self.call.now(),
                };
                self.archive(stub, proposal, &remains, &ending);
            }
        }
        Ok(())
    }

    fn archive<S: Stub>(
        &mut self,
        stub: &mut S,
        proposal: Proposal,
        remains: &Remains<'_>,
        ending: &ProposalEnd,
    ) {
        self.report.archived.push(ArchivedReport {
            outcome: outcome_name(ending.outcome),
            proposal_id: proposal.id.clone(),
        });
        archive::store(stub, proposal, remains, ending);
    }

    async fn recompute<S: Stub>(
        &mut self,
        stub: &mut S,
        mut proposal: Proposal,
        stale: Stale,
        signatures: &BTreeMap<Revision, RevisionSignatures>,
    ) -> Result<(), ContractError> {
        let id = ProposalId::new(proposal.id.as_str());
        let update = Digest::of(&stale.fresh.config_update);
        let taken = match self.taken.get(&update) {
            Some(other) => Some(format!("proposal `{other}` has the same update")),
            None => match propose::demand_free(stub, &id, &update).await {
                Ok(()) => None,
                Err(refusal) if refusal.code() == Code::UpdateTaken => {
                    Some(refusal.text().to_owned())
                }
                Err(error) => return Err(error),
            },
        };
        if let Some(reason) = taken {
            self.report.left.push(LeftReport {
                proposal_id: proposal.id,
                reason,
                status: Some(Status::Outofdate.name()),
            });
            return Ok(());
        }
        self.demand_known(&proposal)?;
        // saturating: a revision takes a transaction
        let revision = Revision(proposals::last(&proposal)?.revision.saturating_add(1));
        proposal
            .revisions
            .retain(|bytes| signatures.contains_key(&Revision(bytes.revision)));
        proposal.revisions.push(RevisionBytes {
            revision: revision.0,
            config_update: stale.fresh.config_update,
            base_sequence: self.head.0,
        });
        proposal.touched = stale.fresh.touched;
        ledger::put(stub, keys::proposal(&id), &proposal);
        propose::put_owner(stub, &update, &id, revision);
        self.taken.insert(update, proposal.id.clone());
        let mut conflicts: Vec<_> = stale.conflicts.iter().map(|c| c.report()).collect();
        for conflict in &mut conflicts {
            conflict.keep(self.room);
            self.room = self.room.saturating_sub(conflict.differences.len());
        }
        self.report.recomputed.push(RecomputedReport {
            config_update_sha256: update.to_string(),
            conflicts,
            proposal_id: proposal.id,
            revision: revision.0,
        });
        Ok(())
    }

    /// Refuses to compute again what this build would not endorse if it were proposed.
    fn demand_known(&self, proposal: &Proposal) -> Result<(), ContractError> {
        if proposal.kind() == ProposalKind::Settings {
            let wanted = agreement::change(proposal)?.settings;
            return agreement::demand_known(&wanted.unwrap_or_default());
        }
        match proposals::patch(proposal)?.apply(self.bundle.tree()) {
            Ok(intended) => levels::check_known(self.bundle.tree(), &intended),
            Err(_) => Ok(()),
        }
    }

    fn leave(&mut self, proposal: &Proposal, standing: &Standing, own: bool, orphan: bool) {
        let owner = &proposal.proposer_msp_id;
        let reason = match standing {
            Standing::Open(_) => "it applies cleanly; nothing to do".to_owned(),
            Standing::Withdrawn => "withdrawn; `DeleteProposal` archives it".to_owned(),
            Standing::Submitted(_) => "add mode 2 to archive what is submitted".to_owned(),
            Standing::Outofdate(_) if orphan => format!(
                "nobody may compute it again: `{owner}` left the channel since; `DeleteProposal` \
                 archives it"
            ),
            _ if !own && !orphan => format!("it belongs to `{owner}`"),
            Standing::AlreadyInEffect => "add mode 2 to archive what is in effect".to_owned(),
            Standing::Broken(why) => format!("{why}; add mode 1 to archive what is broken"),
            Standing::Outofdate(stale) if stale.conflicts.is_empty() => {
                "add mode 4 to compute it again".to_owned()
            }
            Standing::Outofdate(_) => {
                "others changed the same elements; `GetProposal` shows which, add mode 8 to \
                 compute it again all the same"
                    .to_owned()
            }
        };
        self.report.left.push(LeftReport {
            proposal_id: proposal.id.clone(),
            reason,
            status: Status::of(standing).map(Status::name),
        });
    }

    fn finish<S: Stub>(self, stub: &mut S) -> Result<Vec<u8>, ContractError> {
        let report = self.report;
        if !(report.archived.is_empty() && report.recomputed.is_empty()) {
            let archived: Vec<String> = report
                .archived
                .iter()
                .map(|one| one.proposal_id.clone())
                .collect();
            let recomputed: Vec<AppliedProposal> = report
                .recomputed
                .iter()
                .map(|one| AppliedProposal {
                    proposal_id: one.proposal_id.clone(),
                    revision: one.revision,
                })
                .collect();
            stub.set_event(events::updated(&archived, &recomputed));
        }
        answer::write(&report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_sums() {
        assert_eq!(UpdateMode::read(None), Ok(UpdateMode(6)));
        assert_eq!(UpdateMode::read(Some(15)), Ok(UpdateMode(15)));
        for bad in [0, 16, u64::MAX] {
            assert_eq!(
                UpdateMode::read(Some(bad)).unwrap_err().code(),
                Code::BadMode
            );
        }
        assert!(UpdateMode(5).has(UpdateMode::REBASE) && !UpdateMode(5).has(UpdateMode::SUBMITTED));
    }
}

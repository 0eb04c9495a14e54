//! `UpdateProposals`: archives what is finished and computes again what went out of date.

use std::{collections::BTreeSet, sync::Arc};

use serde::Deserialize;

use super::Context;
use crate::{
    config::Section,
    contract::{
        answer::{
            self, ArchivedReport, LeftReport, Omitted, RecomputedReport, Updated,
            events::{self, RecomputedProposal},
            names::outcome_name,
        },
        chain::levels,
        error::{Code, ContractError},
        interface::paging,
        judge::{
            access::Admin,
            agreement,
            cache::Compiled,
            fit, record, standing,
            status::{Status, is_past},
            terms::{Stale, Standing},
        },
        ledger::{
            self, TrustedHead,
            archive::{self, ProposalEnd},
            bounds::{BODIES_READ_TO_WRITE, OwnProposals},
            combined,
            keys::{self, ProposalPlace},
            members::ChannelMembers,
            positions,
            proofs::{self, Effective, ProofQuestion},
            proposals::{self, HashedRevision, Unarchived},
        },
    },
    ids::{Digest, MspId, ProposalId, Revision, Sequence},
    proto::cmscc::{OpenProposal, Outcome, Proposal, ProposalKind, RevisionBytes},
    stub::{KeyRange, Stub},
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

/// How many records one call looks at, and how many bytes of proposals it writes.
const LOOKED_AT: usize = 200;
const WRITTEN: u64 = 4 << 20;
/// What archiving removes for each organisation, about. Unit: bytes.
const REMOVED: u64 = 400;

/// Why a proposal is left that this build does not know all of. No version stands in it: endorsers of
/// several builds must give the same answer.
const UNKNOWN: &str = "it raises a capability level, or demands a contract capability, which this server does not \
     know; `GetProposal` shows it";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct UpdateOptions {
    bookmark: Option<String>,
    msp_id: Option<String>,
}

/// `UpdateProposals`: of the given proposals, or of all, in several calls where they are many.
pub(crate) async fn update_proposals<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let mode = UpdateMode::read(call.args.number(0, "mode")?)?;
    let ids = call.args.ids(1)?;
    let options: UpdateOptions = call.args.options(2)?;
    let bookmark = options.bookmark.as_deref().unwrap_or_default();
    let range = match &options.msp_id {
        Some(msp_id) => keys::open_of(&MspId::new(msp_id.as_str())),
        None => keys::all_open(),
    };
    let range = keys::range_behind(range, paging::behind(bookmark)?, keys::open);
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let admin = Admin::check(&bundle, call.creator())?;
    let mut run = UpdateRun {
        call,
        bundle: &bundle,
        admin: &admin,
        mode,
        head: trusted.sequence(),
        trusted: &trusted,
        members: ChannelMembers::read_since(stub, &bundle).await?,
        own: OwnProposals::read(stub, admin.msp_id()).await?,
        report: Updated {
            as_of_sequence: trusted.head.sequence,
            ..Updated::default()
        },
        room: fit::DIFFERENCES,
        written: 0,
        removed: (bundle.msp_ids(Section::Application).len() as u64).saturating_mul(REMOVED),
    };
    let by_range = ids.is_none();
    let batch = match ids {
        Some(ids) => run.named(stub, &ids).await?,
        None => run.next_batch(stub, range).await?,
    };
    let next = run.all(stub, batch).await?;
    if let (true, Some(place)) = (by_range, next) {
        run.report.bookmark = paging::bookmark(&place.proposer(), place.id());
    }
    run.finish(stub)
}

/// The proposals that a call looks at.
#[derive(Default)]
struct UpdateBatch {
    proposals: Vec<Unarchived>,
    /// Behind which the next call goes on, where there are more.
    more: Option<ProposalPlace>,
}

/// One call's work, and what it has done so far.
struct UpdateRun<'a> {
    call: &'a Context<'a>,
    bundle: &'a Compiled,
    admin: &'a Admin,
    mode: UpdateMode,
    head: Sequence,
    trusted: &'a TrustedHead,
    members: ChannelMembers,
    /// What the caller's organisation has open, with what this call writes.
    own: OwnProposals,
    report: Updated,
    /// How many differences of conflicts the answer may still list.
    room: usize,
    /// How many bytes of proposals were written.
    written: u64,
    /// How many bytes the keys have that archiving one proposal removes.
    removed: u64,
}

impl UpdateRun<'_> {
    /// Those that the caller named, as many as a call reads.
    async fn named<S: Stub>(
        &mut self,
        stub: &mut S,
        ids: &[ProposalId],
    ) -> Result<UpdateBatch, ContractError> {
        let mut batch = UpdateBatch::default();
        let mut bytes = 0u64;
        for id in ids {
            if bytes > BODIES_READ_TO_WRITE {
                self.report.left.push(LeftReport {
                    proposal_id: id.to_string(),
                    reason: "this call has read as much as one may; call again".to_owned(),
                    status: None,
                });
                continue;
            }
            let open = proposals::open(stub, id).await?;
            bytes = bytes.saturating_add(open.record.bytes);
            batch.proposals.push(open);
        }
        Ok(batch)
    }

    /// The next ones of all: of the caller's organisation and of none those that there are, of others
    /// those that took effect.
    async fn next_batch<S: Stub>(
        &mut self,
        stub: &mut S,
        range: KeyRange,
    ) -> Result<UpdateBatch, ContractError> {
        let (stored, more): (Vec<(String, OpenProposal)>, bool) =
            ledger::first(stub, range, LOOKED_AT).await?;
        let mut looked_at = Vec::with_capacity(stored.len());
        for (key, record) in stored {
            let place = keys::open_place(&key).ok_or_else(|| ledger::corrupt(&key))?;
            looked_at.push((place, record));
        }
        let last = looked_at.last().map(|(place, _)| place.clone());
        let mut batch = UpdateBatch {
            more: last.filter(|_| more),
            ..UpdateBatch::default()
        };
        // of others only what took effect itself; the rest is wanted whatever it is
        let questions: Vec<ProofQuestion<'_>> = (looked_at.iter())
            .map(|(place, record)| {
                let is_update = record.kind() == ProposalKind::ConfigUpdate;
                if self.is_own_or_orphan(place, record) || !is_update {
                    return ProofQuestion::default();
                }
                ProofQuestion::of_record(record, &[])
            })
            .collect();
        let proofs = proofs::find_all(stub, self.head, &questions).await?;
        let (mut wanted, mut bytes, mut before) = (Vec::new(), 0u64, None);
        for ((place, record), proof) in looked_at.into_iter().zip(proofs) {
            if proof.is_some() || self.is_own_or_orphan(&place, &record) {
                bytes = bytes.saturating_add(record.bytes);
                if bytes > BODIES_READ_TO_WRITE && !wanted.is_empty() {
                    batch.more = before;
                    break;
                }
                wanted.push((place.clone(), record));
            } else {
                self.report.others = self.report.others.saturating_add(1);
            }
            before = Some(place);
        }
        batch.proposals = proposals::read_all(stub, wanted).await?;
        Ok(batch)
    }

    /// Whether it is of the caller's organisation, or of nobody: its owner left.
    fn is_own_or_orphan(&self, place: &ProposalPlace, record: &OpenProposal) -> bool {
        let proposer = place.proposer();
        let since = record.proposed_sequence;
        proposer == *self.admin.msp_id() || !self.members.is_member_since(&proposer, since)
    }

    /// Looks at each, as long as there is room to write; behind which one the next call goes on.
    async fn all<S: Stub>(
        &mut self,
        stub: &mut S,
        batch: UpdateBatch,
    ) -> Result<Option<ProposalPlace>, ContractError> {
        let mut combined = Vec::new();
        let mut standings = Vec::with_capacity(batch.proposals.len());
        for open in &batch.proposals {
            let current = proposals::current(&open.proposal)?;
            let withdrawn = open.is_withdrawn();
            let standing = standing::of(
                self.bundle,
                self.trusted,
                &open.proposal,
                withdrawn,
                &current,
            )?;
            let is_open = matches!(standing, Standing::Open(_));
            standings.push(standing);
            if is_open {
                continue;
            }
            // only what is open is combined, so nobody who combines meets this call
            combined.push(combined::into(stub, &open.place).await?);
        }
        let (mut questions, mut combined) = (Vec::new(), combined.iter());
        for (open, standing) in batch.proposals.iter().zip(&standings) {
            if matches!(standing, Standing::Open(_)) {
                // nobody asks; a question of nothing reads nothing
                questions.extend([ProofQuestion::default(), ProofQuestion::default()]);
                continue;
            }
            let combined = combined.next().map_or(&[][..], Vec::as_slice);
            questions.push(ProofQuestion::of_record(&open.record, combined));
            questions.push(ProofQuestion::of_all(&open.proposal, combined));
        }
        let proofs = proofs::find_all(stub, self.head, &questions).await?;
        let mut proofs = proofs.into_iter();
        let mut last: Option<ProposalPlace> = None;
        let mut full = false;
        for (open, standing) in batch.proposals.iter().zip(standings) {
            let (current, ever) = (proofs.next().flatten(), proofs.next().flatten());
            let standing = standing::proven(standing, &open.proposal, current);
            if full || self.written > WRITTEN {
                full = true;
                self.report.left.push(LeftReport {
                    proposal_id: open.proposal.id.clone(),
                    reason: "this call has written as much as one transaction may; call again"
                        .to_owned(),
                    status: None,
                });
                continue;
            }
            self.proposal(stub, open, standing, ever).await?;
            last = Some(open.place.clone());
        }
        Ok(if full { last } else { batch.more })
    }

    async fn proposal<S: Stub>(
        &mut self,
        stub: &mut S,
        open: &Unarchived,
        standing: Standing,
        ever: Option<Effective>,
    ) -> Result<(), ContractError> {
        let proposal = &open.proposal;
        let orphan = !self.members.owner_remains(proposal);
        let own = !orphan && proposal.proposer_msp_id == self.admin.msp_id().as_str();
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
            self.leave(proposal, &standing, own, orphan);
            return Ok(());
        }
        let outcome = match (&ever, standing) {
            (_, Standing::Outofdate(stale)) => {
                let stale = Arc::unwrap_or_clone(stale);
                return self.recompute(stub, open, stale, ever.as_ref()).await;
            }
            // also where an earlier revision took effect
            (Some(_), _) => Outcome::Submitted,
            (None, Standing::Broken(_)) => Outcome::Broken,
            (None, _) => Outcome::AlreadyInEffect,
        };
        let ending = ProposalEnd {
            outcome,
            proof: ever,
            settings_version: None,
            as_of: self.head,
            tx_id: self.call.tx_id().to_owned(),
            at: self.call.now(),
        };
        self.report.archived.push(ArchivedReport {
            outcome: outcome_name(ending.outcome),
            proposal_id: proposal.id.clone(),
        });
        self.written = self.written.saturating_add(self.removed);
        archive::store(stub, self.bundle, open, &ending);
        Ok(())
    }

    async fn recompute<S: Stub>(
        &mut self,
        stub: &mut S,
        open: &Unarchived,
        stale: Stale,
        ever: Option<&Effective>,
    ) -> Result<(), ContractError> {
        let update = Digest::of(&stale.fresh.config_update);
        if !self.is_known(&open.proposal)? {
            self.leave_outofdate(&open.proposal, UNKNOWN);
            return Ok(());
        }
        let mut proposal = open.proposal.clone();
        let last = Revision(proposals::last(&proposal)?.revision);
        // earlier ones are kept because somebody signed them
        let signed = positions::signatures_on(stub, &open.place, last).await?;
        if signed.signatures.is_empty() {
            proposal.revisions.pop();
        }
        // saturating: a revision takes a transaction
        let revision = Revision(last.0.saturating_add(1));
        proposal.revisions.push(RevisionBytes {
            revision: revision.0,
            config_update: stale.fresh.config_update,
            base_sequence: self.head.0,
        });
        proposal.touched = stale.fresh.touched;
        let mut record = record::record(self.bundle, &proposal)?;
        let free = self.own.demand_free(open.place.id(), &update);
        let fits = free.and_then(|()| self.demand_room(&mut proposal, &mut record, ever));
        if let Err(refusal) = fits {
            self.leave_outofdate(&proposal, refusal.text());
            return Ok(());
        }
        // what was said of the last one is shown until there is another
        let mut dropped: BTreeSet<u64> = (open.proposal.revisions.iter())
            .map(|one| one.revision)
            .chain([last.0.saturating_sub(1)])
            .filter(|revision| *revision != last.0)
            .collect();
        for kept in &proposal.revisions {
            dropped.remove(&kept.revision);
        }
        for revision in dropped {
            positions::forget(stub, self.bundle, &open.place, Revision(revision));
            self.written = self.written.saturating_add(self.removed);
        }
        self.own.replace(&open.place, &record);
        self.written = self.written.saturating_add(record.bytes);
        ledger::put(stub, keys::proposal(open.place.id()), &proposal);
        ledger::put(stub, keys::open(&open.place), &record);
        if !self.own.is_source(open.place.id()) {
            combined::tell_sources(stub, &proposal).await?;
        }
        let mut conflicts: Vec<_> = stale.conflicts.iter().map(|c| c.report()).collect();
        for conflict in &mut conflicts {
            conflict.keep(self.room);
            self.room = self.room.saturating_sub(conflict.differences.len());
        }
        self.report.recomputed.push(RecomputedReport {
            config_update_sha256: update.to_string(),
            conflicts,
            omitted: Omitted::new(),
            proposal_id: proposal.id,
            revision: revision.0,
        });
        Ok(())
    }

    /// Refuses a proposal that has no room. Signatures of others keep earlier revisions: those that do
    /// not apply any more are dropped, the oldest first, as many as it takes. The one that proves how
    /// the proposal ended stays.
    fn demand_room(
        &self,
        proposal: &mut Proposal,
        record: &mut OpenProposal,
        ever: Option<&Effective>,
    ) -> Result<(), ContractError> {
        let bounds = self.trusted.capabilities().bounds();
        let own = ever.filter(|proof| proof.via.is_none());
        let proof = own.map(|proof| proof.revision);
        let mut at = 0usize;
        loop {
            let Err(refusal) = self.own.demand_room(&bounds, proposal, record) else {
                return Ok(());
            };
            let is_room = matches!(refusal.code(), Code::ProposalTooLarge | Code::TooManyBytes);
            // the last one is the current one
            while let [stored, _, ..] = proposal.revisions.get(at..).unwrap_or_default()
                && (Some(stored.revision) == proof || self.applies(proposal.kind(), stored))
            {
                at = at.saturating_add(1);
            }
            if !is_room || at.saturating_add(1) >= proposal.revisions.len() {
                return Err(refusal);
            }
            proposal.revisions.remove(at);
            record.bytes = record::bytes(proposal);
        }
    }

    /// Whether an orderer could still take an earlier revision; settings are for one version only.
    fn applies(&self, kind: ProposalKind, stored: &RevisionBytes) -> bool {
        let is_update = kind == ProposalKind::ConfigUpdate;
        is_update && standing::terms(self.bundle, &HashedRevision::of(stored)).is_some()
    }

    /// Whether this build may compute a proposal again: otherwise it would not endorse it either if it
    /// were proposed now.
    fn is_known(&self, proposal: &Proposal) -> Result<bool, ContractError> {
        if proposal.kind() == ProposalKind::Settings {
            let wanted = agreement::change(proposal)?.settings;
            return Ok(agreement::demand_known(&wanted.unwrap_or_default()).is_ok());
        }
        let intended = proposals::patch(proposal)?.apply(self.bundle.tree());
        let known = intended.map(|it| levels::check_known(self.bundle.tree(), &it).is_ok());
        Ok(known.unwrap_or(true))
    }

    fn leave_outofdate(&mut self, proposal: &Proposal, reason: &str) {
        self.report.left.push(LeftReport {
            proposal_id: proposal.id.clone(),
            reason: reason.to_owned(),
            status: Some(Status::Outofdate.name()),
        });
    }

    fn leave(&mut self, proposal: &Proposal, standing: &Standing, own: bool, orphan: bool) {
        let owner = &proposal.proposer_msp_id;
        let reason = match standing {
            Standing::Open(_) if is_past(proposal, self.call.now()) => {
                "past its deadline; `DeleteProposal` archives it".to_owned()
            }
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
            status: match standing {
                Standing::Open(_) if is_past(proposal, self.call.now()) => {
                    Some(Status::Expired.name())
                }
                _ => Status::of(standing).map(Status::name),
            },
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
            let recomputed: Vec<RecomputedProposal<'_>> = report
                .recomputed
                .iter()
                .map(|one| RecomputedProposal {
                    proposal_id: &one.proposal_id,
                    revision: one.revision,
                })
                .collect();
            stub.set_event(events::updated(&archived, &recomputed));
        }
        answer::write(&report.bounded())
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

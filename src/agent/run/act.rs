//! What a round sends: config blocks, updates.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::Instant;

use super::{
    observer::AgentDeed,
    state::{ChannelAgent, SyncPlan},
};
use crate::{
    agent::{
        keep::{Submitting, SubmittingState},
        notice::{NoticeKind, NoticedProposal, Noticing, theirs},
        watch::{ChannelSight, DueProposal, NotDue, due, turn},
    },
    client::{ChannelSession, ClientError, Exit, Via, part_of},
    config::Section,
    ids::Digest,
    json::time_text,
};

/// The longest wait before config blocks that were refused are handed in again.
const LONGEST: Duration = Duration::from_secs(300);

impl ChannelAgent {
    /// Hands config blocks in, where it is one's own turn; says whether something was written.
    pub(super) async fn sync(
        &mut self,
        session: &mut ChannelSession,
        sight: &ChannelSight,
    ) -> Result<bool, ClientError> {
        let behind = sight
            .contract
            .is_some_and(|contract| contract < sight.sequence);
        if !behind || !self.channel.rules.sync {
            self.sync = None;
            return Ok(false);
        }
        let plan = match self.sync {
            Some(plan) if plan.of == sight.sequence => plan,
            _ => {
                let members = session.chain().bundle().msp_ids(Section::Application);
                let own = &session.connection().identity().msp_id;
                let turn = turn(sight.sequence, own, &members);
                SyncPlan {
                    of: sight.sequence,
                    at: Instant::now() + turn.after + part_of(turn.within),
                    failures: 0,
                }
            }
        };
        self.sync = Some(plan);
        if Instant::now() < plan.at {
            return Ok(false);
        }
        // it looks again itself, just before it sends
        match session.sync(&|_| ()).await {
            Ok(synced) => {
                self.sync = None;
                self.did(&AgentDeed::Synced {
                    block: synced.block,
                    sequence: synced.after.0,
                });
                Ok(true)
            }
            Err(error) => {
                let wait = Duration::from_secs(2_u64.saturating_pow(plan.failures.min(16)));
                let wait = wait.min(LONGEST);
                self.sync = Some(SyncPlan {
                    at: Instant::now() + wait + part_of(wait),
                    failures: plan.failures.saturating_add(1),
                    ..plan
                });
                self.did(&AgentDeed::NotSynced { why: &error });
                // somebody else was at it, too: the next look tells
                match is_conflict(&error) {
                    true => Ok(false),
                    false => Err(error),
                }
            }
        }
    }

    /// Submits what is due; says whether something was sent.
    pub(super) async fn submit(
        &mut self,
        session: &mut ChannelSession,
        sight: &ChannelSight,
        now: i64,
    ) -> Result<bool, ClientError> {
        let interrupted = self.interrupted(session, sight)?;
        let Some(rules) = self.channel.rules.submit.clone() else {
            return Ok(false);
        };
        let own = session.connection().identity().msp_id.clone();
        let mut ready = due(
            &self.memory,
            &sight.proposals,
            own.as_str(),
            &rules,
            &self.holds,
            now,
        );
        ready.retain(|one| !self.is_settled(one));
        self.ready.clone_from(&ready);
        let mut sent = false;
        for one in ready {
            let again = interrupted.contains(&one.proposal_id);
            let is_held = self.holds.of(&one.proposal_id).is_some();
            if is_held || (one.waits.is_some() && !again) {
                continue;
            }
            // a new config makes the others out of date, or not: the next round looks
            if self.submit_one(session, &one, again).await? {
                sent = true;
                break;
            }
        }
        Ok(sent)
    }

    /// What was about to be sent when the agent ended, or had no answer: where the proposal has the same
    /// bytes still it is sent again, whatever window is open, since it may be on its way.
    fn interrupted(
        &mut self,
        session: &ChannelSession,
        sight: &ChannelSight,
    ) -> Result<BTreeSet<String>, ClientError> {
        let mut again = BTreeSet::new();
        let listed = |id: &str| sight.proposals.iter().any(|one| one.proposal_id == id);
        let over: Vec<Submitting> = (self.journal.refused())
            .filter(|one| !listed(&one.proposal_id))
            .cloned()
            .collect();
        for one in over {
            self.note(&one, SubmittingState::Gone, None)?;
        }
        let open: Vec<Submitting> = self.journal.open().cloned().collect();
        for one in open {
            let digest = Digest::from_hex(&one.config_update_sha256);
            if let Some(done) = digest.and_then(|digest| session.in_chain(digest)) {
                self.did(&AgentDeed::Submitted {
                    block: done.link.block_number.0,
                    proposal_id: &one.proposal_id,
                    sequence: done.sequence.0,
                });
                self.note(&one, SubmittingState::Done, None)?;
                continue;
            }
            let is_same = sight.proposals.iter().any(|listed| {
                listed.proposal_id == one.proposal_id
                    && listed.config_update_sha256 == one.config_update_sha256
                    && listed.status == "ReadyToSubmit"
            });
            match is_same {
                true => {
                    again.insert(one.proposal_id);
                }
                false => self.note(&one, SubmittingState::Gone, None)?,
            }
        }
        Ok(again)
    }

    fn is_settled(&self, one: &DueProposal) -> bool {
        let digest = Digest::from_hex(&one.config_update_sha256);
        digest.is_some_and(|digest| self.journal.is_settled(&one.proposal_id, &digest))
    }

    async fn submit_one(
        &mut self,
        session: &mut ChannelSession,
        one: &DueProposal,
        again: bool,
    ) -> Result<bool, ClientError> {
        let Some(digest) = Digest::from_hex(&one.config_update_sha256) else {
            return Ok(false);
        };
        let submitting = Submitting {
            at: time_text(crate::client::now().seconds).unwrap_or_default(),
            config_update_sha256: one.config_update_sha256.clone(),
            proposal_id: one.proposal_id.clone(),
            revision: one.revision,
            state: SubmittingState::Sending,
            why: None,
        };
        let envelope = match session.examine(&one.proposal_id).await {
            // it has other bytes than it had in the list: the next round decides about those
            Ok(examined) if examined.verdicts.digest() != digest => return Ok(false),
            Ok(examined) => session.envelope(&examined, &BTreeSet::new()),
            Err(error) => Err(error),
        };
        let envelope = match envelope {
            Ok(envelope) => envelope,
            Err(error) => return self.not_sent(session, &submitting, error),
        };
        {
            // to examine takes its time: who holds it meanwhile is heard, and who does so later waits until
            // the journal says what is being sent
            let _turn = self.folder.lock_holds()?;
            self.holds = self.folder.holds()?;
            let rules = self.channel.rules.submit.as_ref();
            let is_open =
                again || rules.is_some_and(|rules| rules.is_open(crate::client::now().seconds));
            let is_held = self.unsaved_hold.is_some() || self.holds.of(&one.proposal_id).is_some();
            if is_held || !is_open {
                let waits = if is_held {
                    NotDue::Held
                } else {
                    NotDue::Window
                };
                let mut ready = self.ready.iter_mut();
                if let Some(kept) = ready.find(|kept| kept.proposal_id == one.proposal_id) {
                    kept.waits = Some(waits);
                }
                return Ok(false);
            }
            // SECURITY: on the disk before it is on the wire; where the disk is full nothing is sent
            self.note(&submitting, SubmittingState::Sending, None)?;
        }
        self.did(&AgentDeed::Sending {
            config_update_sha256: &one.config_update_sha256,
            proposal_id: &one.proposal_id,
        });
        match session
            .submit_update(digest, envelope, Via::Gateway, &|_| ())
            .await
        {
            Ok(done) => {
                self.did(&AgentDeed::Submitted {
                    block: done.link.block_number.0,
                    proposal_id: &one.proposal_id,
                    sequence: done.sequence.0,
                });
                self.note(&submitting, SubmittingState::Done, None)?;
                Ok(true)
            }
            Err(error) => self.not_sent(session, &submitting, error),
        }
    }

    /// What a failure means: it may pass, it is over, or a person decides.
    fn not_sent(
        &mut self,
        session: &ChannelSession,
        one: &Submitting,
        error: ClientError,
    ) -> Result<bool, ClientError> {
        let is_open = self.journal.of(&one.proposal_id).is_some_and(|known| {
            known.state == SubmittingState::Sending
                && known.config_update_sha256 == one.config_update_sha256
        });
        match error.exit {
            // nobody there, or no answer: the same bytes again, later
            Exit::Unreachable => Err(error),
            // two chains: the round sees that, too, and holds the channel
            _ if is_fork(&error) => Err(error),
            // overtaken, in effect, not ready any more: the next look tells
            Exit::Stale | Exit::Done | Exit::No => {
                if is_open {
                    self.note(one, SubmittingState::Gone, None)?;
                }
                Ok(false)
            }
            _ => {
                self.did(&AgentDeed::NotSubmitted {
                    proposal_id: &one.proposal_id,
                    why: &error,
                });
                self.note(one, SubmittingState::Refused, Some(error.to_string()))?;
                self.tell_not_submitted(session, one, &error);
                Ok(false)
            }
        }
    }

    fn tell_not_submitted(
        &mut self,
        session: &ChannelSession,
        one: &Submitting,
        error: &ClientError,
    ) {
        let identity = session.connection().identity();
        let with = Noticing {
            channel: &self.channel.settings.channel,
            msp_id: &identity.msp_id,
            sequence: session.chain().sequence().0,
            now: crate::client::now().seconds,
            submits: true,
        };
        let id = theirs(&one.proposal_id);
        let text = format!(
            "`{id}` was not submitted: {} [{}]",
            theirs(&error.message),
            error.symbol
        );
        let of = [&one.proposal_id, &one.config_update_sha256, &error.symbol];
        let of = of.map(String::as_str);
        let notice = with
            .notice(NoticeKind::NotSubmitted, &of, text)
            .next(format!("cmscc show {id}"))
            .about(NoticedProposal {
                config_update_sha256: one.config_update_sha256.clone(),
                proposal_id: id,
                proposer_msp_id: identity.msp_id.to_string(),
                revision: one.revision,
                status: "ReadyToSubmit".to_owned(),
                ..NoticedProposal::default()
            });
        self.tell(&[notice]);
    }

    fn note(
        &mut self,
        one: &Submitting,
        state: SubmittingState,
        why: Option<String>,
    ) -> Result<(), ClientError> {
        let line = Submitting {
            at: time_text(crate::client::now().seconds).unwrap_or_default(),
            state,
            why,
            ..one.clone()
        };
        self.folder.note(&mut self.journal, line)
    }
}

/// Whether another transaction was quicker.
fn is_conflict(error: &ClientError) -> bool {
    matches!(
        error.symbol.as_str(),
        "MVCC_READ_CONFLICT" | "PHANTOM_READ_CONFLICT" | "CONFIG_GAP"
    )
}

/// Whether an error says that there are two chains, or that a block is false: nothing more is sent then
/// until a person has looked.
pub(super) fn is_fork(error: &ClientError) -> bool {
    matches!(
        error.symbol.as_str(),
        "FORK" | "BLOCK_NOT_PROVEN" | "CONFIG_FORK" | "BLOCK_NOT_SUCCESSOR"
    )
}

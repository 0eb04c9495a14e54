//! From a finished proposal to the block that it is in.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use super::{
    examine::{Examined, Verdicts},
    session::{ChannelSession, Hears, Progress},
};
use crate::{
    block::ConfigBlock,
    client::{
        ClaimedKind, ClientError, Exit, JudgedUpdate, ProposalClaim, SignedUpdate, VerifiedLink,
        Via, host, view::needs_words,
    },
    config::ConfigSignature,
    ids::{BlockNumber, Digest, ProposalId, Revision, Sequence},
    proto::common::Envelope,
    review::lint::Severity,
    transaction::submission,
};

/// So long a block is waited for before the same bytes are sent again.
const BLOCK_WAIT: Duration = Duration::from_secs(20);
/// Where an orderer says that an update was overtaken, it may be by itself: so long its block may take
/// to one's own peer.
const OWN_WAIT: Duration = Duration::from_secs(3);
/// So often they are sent at most.
const SENDINGS: usize = 3;

/// An update that took effect.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The config that it led to.
    pub sequence: Sequence,
    /// What was verified of it.
    pub link: VerifiedLink,
}

impl ChannelSession {
    /// The envelope that an orderer takes: the update with the signatures that decide, and none of the
    /// submitter's own.
    ///
    /// # Errors
    /// `NOT_READY` (no), `BLOCKING_FINDING` (unsafe) unless it is accepted by name; `NOT_SIGNED`.
    pub fn envelope(
        &self,
        examined: &Examined,
        accepted: &BTreeSet<String>,
    ) -> Result<Envelope, ClientError> {
        let id = &examined.proposal.proposal_id;
        let Verdicts::Update(judged) = &examined.verdicts else {
            let text = format!("`{id}` changes settings of the contract: no orderer takes it");
            return Err(ClientError::new(Exit::Failed, "WRONG_KIND", text)
                .hint(format!("cmscc settings apply {id}")));
        };
        check_findings(id, judged, accepted)?;
        let signatures = ready(id, &examined.proposal.status, judged)?;
        self.enclose(judged, signatures)
    }

    /// The same of an update that was signed elsewhere.
    ///
    /// # Errors
    /// As of [`Self::envelope`], and those of judging it.
    pub fn envelope_of(
        &self,
        signed: &SignedUpdate,
        accepted: &BTreeSet<String>,
    ) -> Result<(Digest, Envelope), ClientError> {
        let claim = ProposalClaim {
            proposal_id: ProposalId::new("the file"),
            revision: Revision(1),
            kind: ClaimedKind::ConfigUpdate,
            config_update: signed.config_update.clone(),
            patch: None,
            signatures: signed.signatures.clone(),
            created_at: host::now(),
        };
        let bundle = self.chain.bundle();
        let judged = JudgedUpdate::new(bundle, &claim, claim.created_at, &BTreeSet::new())?;
        check_findings("the file", &judged, accepted)?;
        let signatures = ready("the file", "ReadyToSubmit", &judged)?;
        Ok((judged.digest, self.enclose(&judged, signatures)?))
    }

    fn enclose(
        &self,
        judged: &JudgedUpdate,
        signatures: Vec<ConfigSignature>,
    ) -> Result<Envelope, ClientError> {
        let stamp = host::stamp()?;
        submission(
            self.chain.channel(),
            judged.update.bytes().clone(),
            signatures,
            self.connection.identity(),
            &stamp,
        )
        .map_err(|error| ClientError::not_signed(&error))
    }

    /// Sends an envelope, and waits until its update is in a config block that proves itself on one's own
    /// chain. The same bytes are sent again where no block comes, never others.
    ///
    /// # Errors
    /// The orderer's refusals; `UPDATE_LOST` (unreachable) where no block came.
    pub async fn submit_update(
        &mut self,
        digest: Digest,
        envelope: Envelope,
        via: Via,
        hears: Hears<'_>,
    ) -> Result<Submission, ClientError> {
        let from = BlockNumber(self.connection.height().await?);
        for sending in 0..SENDINGS {
            if sending > 0 {
                hears(Progress::Again);
            }
            let sent = self.connection.submit_update(envelope.clone(), via).await;
            // no answer in time is no refusal: the block says what became of it
            let lost = |error: &ClientError| error.symbol == "UPDATE_UNKNOWN";
            if let Err(error) = sent
                && !lost(&error)
            {
                // it may be in already: an answer got lost, or somebody else was quicker
                if error.exit == Exit::Stale {
                    self.wait_for(digest, from, OWN_WAIT).await;
                }
                self.catch_up(hears).await?;
                return self.in_chain(digest).ok_or(error);
            }
            hears(Progress::Waiting);
            if let Some(number) = self.wait_for(digest, from, BLOCK_WAIT).await {
                hears(Progress::InBlock(number));
            }
            if let Err(error) = self.catch_up(hears).await {
                return Err(match error.exit {
                    Exit::Denied => shut_out(&error),
                    _ => error,
                });
            }
            if let Some(submission) = self.in_chain(digest) {
                return Ok(submission);
            }
        }
        let text = "the orderer took the update, but no block carries it";
        Err(ClientError::new(Exit::Unreachable, "UPDATE_LOST", text)
            .hint("look at the orderers, then run the same command again"))
    }

    /// Where one's own chain has an update.
    #[must_use]
    pub fn in_chain(&self, digest: Digest) -> Option<Submission> {
        let mut links = self.chain.links();
        let found = links.find(|(_, link)| link.config_update_sha256 == Some(digest));
        found.map(|(sequence, link)| Submission {
            sequence,
            link: link.clone(),
        })
    }

    /// The number of the config block that carries an update, as the peer delivers it; `None` where none
    /// came in time, or the stream failed. It is verified only when the chain takes it.
    async fn wait_for(&self, digest: Digest, from: BlockNumber, at_most: Duration) -> Option<u64> {
        let until = Instant::now() + at_most;
        let mut next = from;
        while Instant::now() < until {
            let Ok(mut blocks) = self.connection.blocks_from(next).await else {
                return None;
            };
            loop {
                let block: Bytes = match timeout_at(until, blocks.next()).await {
                    Err(_) => return None,
                    Ok(None | Some(Err(_))) => break,
                    Ok(Some(Ok(block))) => block,
                };
                next = BlockNumber(next.0.saturating_add(1));
                // a stream that never pauses is no reason to go on
                if Instant::now() >= until {
                    return None;
                }
                let Ok(block) = ConfigBlock::parse(block) else {
                    continue;
                };
                if block.update_digest() == Some(digest) {
                    return Some(block.block().number().0);
                }
            }
            // a stream that ends at once is no reason to spin
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        None
    }
}

/// The update was taken, and nothing can be read any more: it may have removed one's own organisation.
fn shut_out(error: &ClientError) -> ClientError {
    let text = format!(
        "the orderer took the update, but your organisation cannot read the channel any more: {error}"
    );
    ClientError::new(Exit::Partly, "NOT_A_MEMBER", text)
        .hint("a member brings the contract to the new config: `cmscc sync`")
}

fn check_findings(
    id: &str,
    judged: &JudgedUpdate,
    accepted: &BTreeSet<String>,
) -> Result<(), ClientError> {
    let findings = judged.lint.findings.iter();
    let blocking: Vec<_> = findings
        .filter(|finding| finding.severity == Severity::Blocking)
        .filter(|finding| !accepted.contains(finding.id.name()))
        .collect();
    let Some(first) = blocking.first() else {
        return Ok(());
    };
    let text = format!(
        "`{id}` has a blocking finding: {} ({})",
        first.text, first.path
    );
    let mut error = ClientError::new(Exit::Unsafe, "BLOCKING_FINDING", text).hint(format!(
        "whoever wants it all the same: --accept-finding {}",
        first.id.name()
    ));
    let details = blocking.iter();
    error.details = details
        .map(|finding| (finding.id.name().to_owned(), finding.text.clone()))
        .collect();
    Err(error)
}

/// The signatures that decide, where they are enough.
fn ready(
    id: &str,
    status: &str,
    judged: &JudgedUpdate,
) -> Result<Vec<ConfigSignature>, ClientError> {
    let no = |text: String| ClientError::new(Exit::No, "NOT_READY", text);
    match (status, &judged.chosen) {
        ("ReadyToSubmit", Some(chosen)) if judged.is_ready() => Ok(chosen.clone()),
        ("WaitingForCapabilities", _) => {
            let text = format!("`{id}` waits until all have attested the levels that it raises");
            Err(no(text).hint("cmscc api GetCapabilities"))
        }
        ("Rejected", _) => {
            let text = format!("`{id}` is rejected: it cannot be signed enough any more");
            Err(no(text).hint(format!("cmscc explain {id}")))
        }
        (status, _) => {
            let needs = needs_words(&judged.decision.needs.join("; "));
            let text = match needs.is_empty() {
                true => format!("`{id}` is {status}"),
                false => format!("`{id}` is not signed enough: {needs}"),
            };
            Err(no(text).hint(format!("cmscc explain {id}")))
        }
    }
}

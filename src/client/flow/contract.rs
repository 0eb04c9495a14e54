//! Calls of the contract, and what it says of its own chain.

use bytes::Bytes;
use serde_json::json;

use super::session::ChannelSession;
use crate::{
    client::{
        ClientError, Exit, VerifiedLink,
        answers::{self, ChainAnswer, LinkAnswer, ListAnswer, ProposalAnswer},
        near::nearest,
    },
    ids::{BlockNumber, Digest, Sequence},
    transaction::ChaincodeCall,
};

/// Where the contract's chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractHead {
    /// The sequence of its config.
    pub sequence: Sequence,
    /// The first sequence that it lacks of one's own chain; `None` where it is not behind.
    pub lacks: Option<Sequence>,
    /// The first config that it names another block or update for than one's own chain has. The config is the
    /// same: who may sign a block can hand in such a one.
    pub other_block: Option<Sequence>,
}

impl ChannelSession {
    /// Asks the contract.
    ///
    /// # Errors
    /// What it refuses, and what the connection does.
    pub async fn ask(&self, args: &[&str]) -> Result<Bytes, ClientError> {
        let call = ChaincodeCall::new(self.chain.channel(), args.iter().copied());
        self.connection
            .evaluate(self.connection.chaincode(), call)
            .await
    }

    /// Compares the contract's chain with one's own, link by link from the pin on.
    ///
    /// # Errors
    /// Unsafe: `FORK`; `CONTRACT_AHEAD` where it has a config that one's own peer does not show.
    // SECURITY: the contract judges proposals by its chain; where that is another one, so is every answer
    pub async fn compare_contract(&self) -> Result<ContractHead, ClientError> {
        let own = self.chain.sequence();
        let pin = self.chain.pin().map_or(0, |(pin, _)| pin.0);
        let (mut from, mut last, mut other_block) = (pin, None, None);
        // no page may be about what is behind the head, and the head not ahead: so there are few
        let head = loop {
            let options = json!({ "from": from }).to_string();
            let answer = self.ask(&["GetConfigChain", &options]).await?;
            let page: ChainAnswer = answers::read("GetConfigChain", &answer)?;
            let head = Sequence(page.as_of_sequence);
            if head > own {
                let text = format!("the contract is at config {head}, one's own peer shows {own}");
                return Err(ClientError::new(Exit::Unsafe, "CONTRACT_AHEAD", text)
                    .hint("the peer may have fallen behind: try again, or use another peer"));
            }
            for link in &page.chain {
                let (sequence, link) = read_link(link)?;
                if sequence.0 < from || last >= Some(sequence) || sequence > head {
                    return Err(odd("its links are in no order"));
                }
                self.chain.agrees(sequence, &link, "the contract")?;
                if self.chain.link(sequence).is_some_and(|own| *own != link) {
                    other_block = other_block.or(Some(sequence));
                }
                last = Some(sequence);
            }
            match page.next {
                Some(next) if next > from && next <= head.0 && !page.chain.is_empty() => {
                    from = next;
                }
                Some(_) => return Err(odd("it goes round in circles")),
                None => break head,
            }
        };
        // what it does not show cannot be compared
        if head.0 >= pin && last != Some(head) {
            let text = format!("the contract is at config {head}, and does not show that config");
            return Err(ClientError::new(Exit::Unsafe, "FORK", text)
                .hint("do not sign anything: your server or your peer is wrong"));
        }
        Ok(ContractHead {
            sequence: head,
            lacks: (head < own).then(|| head.next()),
            other_block,
        })
    }

    /// Everything that judging a proposal takes, whole.
    ///
    /// # Errors
    /// `UNKNOWN_PROPOSAL`, and as [`Self::ask`].
    pub async fn fetch(&self, id: &str) -> Result<ProposalAnswer, ClientError> {
        let whole = json!({ "whole": ["diff", "patch", "signatures"] }).to_string();
        let answer = match self.ask(&["GetProposal", id, &whole]).await {
            Err(error) if error.symbol == "UNKNOWN_PROPOSAL" => {
                let listed = self.ask(&["ListProposals", r#"{"page_size":200}"#]).await;
                return Err(offering(error, id, listed.ok().as_ref()));
            }
            answer => answer?,
        };
        let proposal: ProposalAnswer = answers::read("GetProposal", &answer)?;
        match proposal.proposal_id == id {
            true => Ok(proposal),
            false => Err(ClientError::new(
                Exit::Unsafe,
                "OTHER_PROPOSAL",
                format!(
                    "asked for `{id}`, the contract answers `{}`",
                    proposal.proposal_id
                ),
            )),
        }
    }
}

/// An error about an id that is not known, with the nearest of those that are listed in an answer.
#[must_use]
pub fn offering(error: ClientError, id: &str, listed: Option<&Bytes>) -> ClientError {
    let listed =
        listed.and_then(|answer| answers::read::<ListAnswer>("ListProposals", answer).ok());
    let ids = listed.into_iter().flat_map(|page| page.proposals);
    let near = nearest(id, ids.map(|one| one.proposal_id).collect());
    match near.first() {
        Some(_) => error.hint(format!(
            "did you mean {}? `cmscc list` shows those that are there",
            near.join(" or ")
        )),
        None => error,
    }
}

fn read_link(link: &LinkAnswer) -> Result<(Sequence, VerifiedLink), ClientError> {
    let digest =
        |text: &str| Digest::from_hex(text).ok_or_else(|| odd("a digest is not 64 hex digits"));
    let update = link.config_update_sha256.as_deref().map(digest);
    let read = VerifiedLink {
        block_number: BlockNumber(link.block_number),
        block_hash: digest(&link.block_hash)?,
        config_sha256: digest(&link.config_sha256)?,
        config_update_sha256: update.transpose()?,
    };
    Ok((Sequence(link.sequence), read))
}

fn odd(why: &str) -> ClientError {
    let text = format!("the contract's chain cannot be read: {why}");
    ClientError::new(Exit::Failed, "ANSWER_UNREADABLE", text)
}

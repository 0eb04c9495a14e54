//! A transaction, from the proposal to the block that it is in.

use bytes::Bytes;
use prost::Message;
use tokio::time::Instant;
use tonic::Request;

use super::{
    backoff::Backoff,
    commit::{CommitWord, in_block},
    connection::PeerConnection,
    peers::{Reached, wait},
    wire::{LARGEST, LARGEST_PARTED},
};
use crate::{
    client::{
        ClientError, Exit, host,
        refusal::{Errand, Meaning, Remedy, invalid_transaction},
    },
    ids::{BlockNumber, MspId, TxId},
    proto::{
        common::Envelope,
        gateway::{EndorseRequest, SubmitRequest, gateway_client::GatewayClient},
        protos::TxValidationCode,
    },
    transaction::{ChaincodeCall, PreparedTransaction, Proposal},
};

/// A call that took effect.
#[derive(Clone, Debug)]
pub struct CommittedCall {
    /// The id of its transaction.
    pub tx_id: TxId,
    /// The block that it is in.
    pub block: BlockNumber,
    /// What the chaincode answered.
    pub answer: Bytes,
    /// The block itself: a serialized `common.Block`, which holds the transaction byte for byte and says
    /// that it is valid. Its signatures are not verified.
    pub committed_block: Bytes,
}

/// Whose endorsements a transaction has, and what is looked at before it is signed.
#[derive(Clone, Copy)]
pub(super) struct EndorsedBy<'a> {
    /// The organisations; none: those that the gateway chooses.
    pub(super) organisations: &'a [MspId],
    /// Looks at what they endorsed.
    pub(super) check: &'a (dyn Fn(&PreparedTransaction) -> Result<(), ClientError> + Sync),
}

/// Why one try of a transaction did not take effect.
enum Try {
    /// It met another transaction; a new one may pass.
    Conflict(ClientError),
    /// Another one would end alike, or this one may still take effect.
    Ended(ClientError),
}

impl PeerConnection {
    /// Calls the contract and has the call ordered: see [`Self::submit_on`].
    ///
    /// # Errors
    /// As of [`Self::submit_on`].
    pub async fn submit(&self, call: ChaincodeCall) -> Result<CommittedCall, ClientError> {
        self.submit_on(self.chaincode(), call).await
    }

    /// The same, but ordered only where what the contract answered is wanted: each try is asked about.
    ///
    /// # Errors
    /// As of [`Self::submit_on`], and what `wanted` says.
    pub async fn submit_where(
        &self,
        call: ChaincodeCall,
        wanted: &(dyn Fn(&Bytes) -> Result<(), ClientError> + Sync),
    ) -> Result<CommittedCall, ClientError> {
        let by = EndorsedBy {
            organisations: &[],
            check: &|prepared| wanted(&prepared.response.payload),
        };
        self.submit_endorsed(self.chaincode(), &call, by).await
    }

    /// Calls a chaincode and has the call ordered: it is endorsed, compared with what was asked for,
    /// signed, ordered, and found in the block that the peer names.
    ///
    /// What met another transaction is tried again, a few times, as a new transaction.
    ///
    /// # Errors
    /// The contract's refusal under its symbol, a peer's or the orderer's; the name of a validation
    /// code such as `MVCC_READ_CONFLICT`; `COMMIT_UNKNOWN`: it may be committed or not;
    /// `PREPARED_DIFFERS`, `COMMIT_NOT_IN_BLOCK`, `COMMIT_STATUS_DIFFERS`: the peer does not say the
    /// truth.
    pub async fn submit_on(
        &self,
        chaincode: &str,
        call: ChaincodeCall,
    ) -> Result<CommittedCall, ClientError> {
        let any = EndorsedBy {
            organisations: &[],
            check: &|_| Ok(()),
        };
        self.submit_endorsed(chaincode, &call, any).await
    }

    /// The same with the endorsements of some organisations.
    ///
    /// # Errors
    /// As of [`Self::submit_on`], and what the check says.
    pub(super) async fn submit_endorsed(
        &self,
        chaincode: &str,
        call: &ChaincodeCall,
        by: EndorsedBy<'_>,
    ) -> Result<CommittedCall, ClientError> {
        let until = self.deadline();
        let mut backoff = Backoff::CONFLICT;
        loop {
            match self.submit_once(chaincode, call, by).await {
                Ok(committed) => return Ok(committed),
                Err(Try::Conflict(error)) => {
                    if !wait(&mut backoff, until).await {
                        return Err(error);
                    }
                }
                Err(Try::Ended(error)) => return Err(error),
            }
        }
    }

    async fn submit_once(
        &self,
        chaincode: &str,
        call: &ChaincodeCall,
        by: EndorsedBy<'_>,
    ) -> Result<CommittedCall, Try> {
        let until = self.deadline();
        let stamp = host::stamp()?;
        let proposal = Proposal::new(call, chaincode, self.identity(), &stamp);
        let proposal = proposal.map_err(|e| ClientError::not_signed(&e))?;
        let organisations = by.organisations;
        let prepared = match self
            .endorse(chaincode, &proposal, organisations, until)
            .await
        {
            Err(error) if error.symbol == "TOO_FEW_ENDORSERS" && organisations.is_empty() => {
                return Err(self.explain(chaincode, error).await.into());
            }
            endorsed => endorsed?,
        };
        let prepared = PreparedTransaction::check(&proposal, chaincode, &prepared)
            .map_err(|e| differs(&e.to_string()))?;
        (by.check)(&prepared)?;
        let answer = prepared.response.payload.clone();
        let transaction = prepared
            .sign(self.identity())
            .map_err(|e| ClientError::not_signed(&e))?;
        let envelope: Bytes = transaction.encode_to_vec().into();

        let sent = self
            .order(
                Errand::SubmitTransaction,
                &proposal.tx_id,
                transaction,
                until,
            )
            .await;
        let doubt = match sent {
            Ok(()) => None,
            Err(meaning) if meaning.remedy.is_open => Some(meaning.error),
            Err(meaning) => return Err(meaning.error.into()),
        };
        let CommitWord { code, block } = self.commit_word(&proposal.tx_id, doubt).await?;
        let committed_block = self.committed_block(block).await;
        let committed_block = committed_block.map_err(|e| unproven(&proposal.tx_id, block, e))?;
        in_block(&proposal.tx_id, &envelope, block, code, &committed_block)?;
        if code == TxValidationCode::Valid {
            return Ok(CommittedCall {
                tx_id: proposal.tx_id,
                block,
                answer,
                committed_block,
            });
        }
        let Meaning { error, remedy } = invalid_transaction(&proposal.tx_id, block, code);
        Err(match remedy {
            Remedy { again: true, .. } => Try::Conflict(error),
            _ => Try::Ended(error),
        })
    }

    /// Has peers of these organisations endorse a proposal; without any, those that the endorsement policy
    /// asks for.
    async fn endorse(
        &self,
        chaincode: &str,
        proposal: &Proposal,
        organisations: &[MspId],
        until: Instant,
    ) -> Result<Envelope, ClientError> {
        let request = EndorseRequest {
            transaction_id: proposal.tx_id.to_string(),
            channel_id: proposal.channel.to_string(),
            proposed_transaction: Some(proposal.signed.clone()),
            endorsing_organizations: organisations.iter().map(MspId::to_string).collect(),
        };
        let send = |reached: Reached, left| {
            let mut request = Request::new(request.clone());
            request.set_timeout(left);
            async move {
                let mut client = GatewayClient::new(reached.channel)
                    .max_decoding_message_size(LARGEST_PARTED)
                    .max_encoding_message_size(LARGEST);
                client.endorse(request).await
            }
        };
        let asked = self
            .peers
            .ask(Errand::Endorse, Some(chaincode), until, send);
        let answer = asked.await.map_err(|meaning| meaning.error)?;
        let prepared = answer.into_inner().prepared_transaction;
        prepared.ok_or_else(|| differs("nothing was prepared"))
    }

    /// A block that is known to be there, if not yet at every peer.
    async fn committed_block(&self, number: BlockNumber) -> Result<Bytes, ClientError> {
        let until = self.deadline();
        let mut backoff = Backoff::PASSING;
        loop {
            match self.block(number).await {
                Err(error) if error.symbol == "NO_BLOCK" && wait(&mut backoff, until).await => {}
                answer => return answer,
            }
        }
    }

    /// Has an envelope ordered. Where that is repeated, the same bytes are sent: they take effect once.
    pub(super) async fn order(
        &self,
        errand: Errand,
        tx_id: &TxId,
        envelope: Envelope,
        until: Instant,
    ) -> Result<(), Meaning> {
        let request = SubmitRequest {
            transaction_id: tx_id.to_string(),
            channel_id: self.channel().to_string(),
            prepared_transaction: Some(envelope),
        };
        let send = |reached: Reached, left| {
            let mut request = Request::new(request.clone());
            request.set_timeout(left);
            async move {
                let mut client =
                    GatewayClient::new(reached.channel).max_encoding_message_size(LARGEST);
                client.submit(request).await
            }
        };
        self.peers.ask(errand, None, until, send).await.map(drop)
    }
}

impl From<ClientError> for Try {
    fn from(error: ClientError) -> Self {
        Self::Ended(error)
    }
}

pub(super) fn differs(how: &str) -> ClientError {
    let message = format!("nothing was signed: {how}");
    ClientError::new(Exit::Unsafe, "PREPARED_DIFFERS", message)
        .hint("do not use this peer until its operator knows why")
}

fn unproven(tx_id: &TxId, block: BlockNumber, cause: ClientError) -> ClientError {
    let message = format!(
        "the peer says that transaction {tx_id} is in block {block}, which could not be read: {}",
        cause.message
    );
    let mut error = ClientError::new(Exit::Unreachable, "COMMIT_UNKNOWN", message)
        .hint("look whether it took effect: `cmscc status`, `cmscc show ID`");
    error.details = cause.details;
    error
}

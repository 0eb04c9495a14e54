//! Answers without a transaction.

use bytes::Bytes;
use prost::Message;
use tonic::Request;

use super::{connection::PeerConnection, peers::Reached, wire::LARGEST};
use crate::{
    client::{ClientError, Exit, host, refusal::Errand},
    ids::{BlockNumber, ChannelId, MspId},
    proto::{
        common::BlockchainInfo,
        gateway::{EvaluateRequest, gateway_client::GatewayClient},
        protos::ChannelQueryResponse,
    },
    transaction::{ChaincodeCall, Proposal},
};

/// The most bytes of a list of channels.
const MOST_CHANNELS: usize = 1 << 20;

impl PeerConnection {
    /// Calls a chaincode at one peer, one's own organisation's before others, and gives the payload of
    /// its answer. Nothing is written.
    ///
    /// # Errors
    /// The contract's refusal under its symbol, a peer's, or nobody was reached.
    pub async fn evaluate(
        &self,
        chaincode: &str,
        call: ChaincodeCall,
    ) -> Result<Bytes, ClientError> {
        self.evaluate_at(chaincode, call, None).await
    }

    /// The same at a peer of one organisation.
    pub(super) async fn evaluate_at(
        &self,
        chaincode: &str,
        call: ChaincodeCall,
        organisation: Option<&MspId>,
    ) -> Result<Bytes, ClientError> {
        self.evaluate_while(chaincode, call, organisation, true)
            .await
    }

    /// The same; `again`: what may pass by itself is tried again.
    pub(super) async fn evaluate_while(
        &self,
        chaincode: &str,
        call: ChaincodeCall,
        organisation: Option<&MspId>,
        again: bool,
    ) -> Result<Bytes, ClientError> {
        let proposal = Proposal::new(&call, chaincode, self.identity(), &host::stamp()?);
        let proposal = proposal.map_err(|e| ClientError::not_signed(&e))?;
        let request = EvaluateRequest {
            transaction_id: proposal.tx_id.to_string(),
            channel_id: proposal.channel.to_string(),
            proposed_transaction: Some(proposal.signed),
            target_organizations: organisation.map(MspId::to_string).into_iter().collect(),
        };
        let send = |reached: Reached, left| {
            let mut request = Request::new(request.clone());
            request.set_timeout(left);
            async move {
                let mut client = GatewayClient::new(reached.channel)
                    .max_decoding_message_size(LARGEST)
                    .max_encoding_message_size(LARGEST);
                client.evaluate(request).await
            }
        };
        let (errand, until) = (Errand::Evaluate, self.deadline());
        let answer = match again {
            true => self.peers.ask(errand, Some(chaincode), until, send).await,
            false => (self.peers.ask_once(errand, Some(chaincode), until, send)).await,
        };
        let answer = answer.map_err(|meaning| meaning.error)?;
        Ok(answer.into_inner().result.unwrap_or_default().payload)
    }

    /// The newest config block that the peer has: a serialized `common.Block`.
    ///
    /// # Errors
    /// As of [`Self::evaluate`].
    pub async fn config_block(&self) -> Result<Bytes, ClientError> {
        let channel = self.channel();
        let call = ChaincodeCall::new(channel, ["GetConfigBlock", channel.as_str()]);
        self.evaluate("cscc", call).await
    }

    /// A block by its number: a serialized `common.Block`.
    ///
    /// # Errors
    /// As of [`Self::evaluate`]; `NO_BLOCK` where the peer does not have it.
    pub async fn block(&self, number: BlockNumber) -> Result<Bytes, ClientError> {
        let channel = self.channel();
        let number = number.to_string();
        let call = ChaincodeCall::new(channel, ["GetBlockByNumber", channel.as_str(), &number]);
        self.evaluate("qscc", call).await
    }

    /// How many blocks the peer has: the number of the next one.
    ///
    /// # Errors
    /// As of [`Self::evaluate`].
    pub async fn height(&self) -> Result<u64, ClientError> {
        let channel = self.channel();
        let call = ChaincodeCall::new(channel, ["GetChainInfo", channel.as_str()]);
        let answer = self.evaluate("qscc", call).await?;
        let info = BlockchainInfo::decode(answer).map_err(|e| self.odd("GetChainInfo", &e))?;
        Ok(info.height)
    }

    /// The channels that the peer has joined.
    ///
    /// # Errors
    /// As of [`Self::evaluate`].
    pub async fn channels(&self) -> Result<Vec<ChannelId>, ClientError> {
        let call = ChaincodeCall::new(self.channel(), ["GetChannels"]);
        let answer = self.evaluate("cscc", call).await?;
        if answer.len() > MOST_CHANNELS {
            return Err(self.odd("GetChannels", &format!("{} bytes", answer.len())));
        }
        let answer =
            ChannelQueryResponse::decode(answer).map_err(|e| self.odd("GetChannels", &e))?;
        let channels = answer.channels.into_iter();
        Ok(channels.map(|info| info.channel_id.into()).collect())
    }

    /// A node answered what is no answer.
    pub(super) fn odd(&self, what: &str, error: &dyn std::fmt::Display) -> ClientError {
        let message = format!("the answer to `{what}` cannot be read: {error}");
        ClientError::new(Exit::Failed, "BAD_ANSWER", message)
    }
}

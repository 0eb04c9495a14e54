//! The peer's own service for proposals: what concerns one peer alone, and no channel, goes through no
//! gateway.

use bytes::Bytes;
use tonic::Request;

use super::{connection::PeerConnection, peers::Reached, wire::LARGEST};
use crate::{
    client::{ClientError, host, refusal::Errand},
    proto::protos::{Response, endorser_client::EndorserClient},
    transaction::{ChaincodeCall, Proposal, Stamp},
};

/// Which of one's own peers is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// The first that answers.
    Any,
    /// This one, by its place in the settings.
    Only(usize),
}

impl PeerConnection {
    /// Has a peer itself answer a call, and gives what it answered, refusals as well.
    ///
    /// # Errors
    /// A peer's refusal to look at the proposal, or nobody was reached.
    pub(super) async fn process(
        &self,
        which: Which,
        chaincode: &str,
        call: &ChaincodeCall,
    ) -> Result<Response, ClientError> {
        self.process_of(which, chaincode, call, &host::stamp()?)
            .await
    }

    /// The same of a call with this nonce and time.
    pub(super) async fn process_of(
        &self,
        which: Which,
        chaincode: &str,
        call: &ChaincodeCall,
        stamp: &Stamp,
    ) -> Result<Response, ClientError> {
        let proposal = Proposal::new(call, chaincode, self.identity(), stamp);
        let proposal = proposal.map_err(|e| ClientError::not_signed(&e))?;
        let send = |reached: Reached, left| {
            let mut request = Request::new(proposal.signed.clone());
            request.set_timeout(left);
            async move {
                let mut client = EndorserClient::new(reached.channel)
                    .max_decoding_message_size(LARGEST)
                    .max_encoding_message_size(LARGEST);
                client.process_proposal(request).await
            }
        };
        let (errand, until) = (Errand::Evaluate, self.deadline());
        let answered = match which {
            Which::Any => self.peers.ask(errand, Some(chaincode), until, send).await,
            Which::Only(at) => (self.peers.ask_only(at, errand, chaincode, until, send)).await,
        };
        let answered = answered.map_err(|meaning| meaning.error)?.into_inner();
        Ok(answered.response.unwrap_or_else(|| Response {
            status: 500,
            message: "the peer answered nothing".to_owned(),
            payload: Bytes::new(),
        }))
    }

    /// The addresses of one's own peers, in the order of the settings.
    #[must_use]
    pub fn peer_addresses(&self) -> Vec<String> {
        self.peers.addresses().map(str::to_owned).collect()
    }
}

//! A development peer of one organisation: endorses by its organisation's chaincode server, and
//! keeps a ledger of every channel it joined.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use prost::Message;
use tokio::sync::Mutex as AsyncMutex;

use super::{
    access,
    ledger::ChannelLedger,
    simulator::Simulator,
    stream::{ChaincodeStream, ClientTls, Executed, ServerConnection},
};
use crate::{
    config::Bundle,
    devnet::{
        error::{DevnetError, ExecuteError},
        organization::Organization,
        transaction::{Action, Received},
    },
    ids::ChannelId,
    policy::SignedData,
    proto::{
        protos,
        protos::{ChaincodeMessage, TxValidationCode, chaincode_message::Type},
    },
    stub::memory::{Ledger, PeerManner},
};

/// Who may send proposals, queries included.
// Fabric: core/aclmgmt/defaultaclprovider.go, resources.Peer_Propose
const PROPOSE: &str = "/Channel/Application/Writers";

/// A peer. It dials the chaincode server when it needs it: at most one stream is open, whichever
/// channel a transaction is on, and a broken one is replaced at the next proposal.
#[derive(Debug)]
pub(in crate::devnet) struct Peer {
    organization: Arc<Organization>,
    package_id: String,
    manner: PeerManner,
    tls: Option<ClientTls>,
    /// Where the chaincode server is; `None` before it was started for the first time.
    address: Mutex<Option<SocketAddr>>,
    stream: AsyncMutex<Option<Arc<ChaincodeStream>>>,
    ledgers: Mutex<BTreeMap<ChannelId, ChannelLedger>>,
}

impl Peer {
    pub(in crate::devnet) fn new(
        organization: Arc<Organization>,
        package_id: String,
        manner: PeerManner,
        tls: Option<ClientTls>,
    ) -> Self {
        Self {
            organization,
            package_id,
            manner,
            tls,
            address: Mutex::new(None),
            stream: AsyncMutex::new(None),
            ledgers: Mutex::new(BTreeMap::new()),
        }
    }

    /// Tells where the chaincode server is, as installing its package does.
    pub(in crate::devnet) fn install(&self, address: SocketAddr) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
    }

    /// Waits until no stream is open.
    pub(in crate::devnet) async fn disconnected(&self) {
        let stream = self.stream.lock().await.take();
        if let Some(stream) = stream {
            stream.ended().await;
        }
    }

    /// Joins a channel.
    pub(in crate::devnet) fn join(
        &self,
        channel: &ChannelId,
        genesis: &Bytes,
    ) -> Result<(), DevnetError> {
        let ledger = ChannelLedger::join(channel, genesis)?;
        self.ledgers().insert(channel.clone(), ledger);
        Ok(())
    }

    /// Commits the next block of a channel; `None` where it has not joined the channel.
    ///
    /// # Errors
    /// As [`ChannelLedger::commit`].
    pub(in crate::devnet) fn commit(
        &self,
        channel: &ChannelId,
        block: &Bytes,
    ) -> Result<Option<Vec<TxValidationCode>>, DevnetError> {
        let mut ledgers = self.ledgers();
        let ledger = ledgers.get_mut(channel);
        ledger.map(|ledger| ledger.commit(block)).transpose()
    }

    /// The state of a channel as of its last block.
    pub(in crate::devnet) fn snapshot(&self, channel: &ChannelId) -> Result<Ledger, DevnetError> {
        Ok(self.view(channel)?.1)
    }

    /// Simulates a proposal and endorses the result, unless the chaincode refused the call: then
    /// the answer carries its response and no endorsement.
    pub(in crate::devnet) async fn process(
        &self,
        signed: &protos::SignedProposal,
    ) -> Result<protos::ProposalResponse, DevnetError> {
        let proposal = Received::parse(signed)?;
        let (bundle, ledger) = self.view(&proposal.channel)?;
        check_access(&bundle, &proposal, signed)?;
        let message = ChaincodeMessage {
            r#type: if proposal.input.is_init {
                Type::Init.into()
            } else {
                Type::Transaction.into()
            },
            payload: proposal.input.encode_to_vec().into(),
            txid: proposal.tx_id.to_string(),
            channel_id: proposal.channel.to_string(),
            proposal: Some(signed.clone()),
            ..ChaincodeMessage::default()
        };
        let simulator = Simulator::new(&proposal.chaincode, ledger, self.manner);
        let executed = self.execute(message, simulator).await;
        let executed = executed.map_err(|reason| DevnetError::Execute {
            tx_id: proposal.tx_id.clone(),
            reason,
        })?;
        let mut answer = protos::ProposalResponse {
            version: 1,
            response: Some(protos::Response {
                status: executed.response.status,
                message: executed.response.message.clone(),
                payload: executed.response.payload.clone(),
            }),
            ..protos::ProposalResponse::default()
        };
        if executed.response.is_success() {
            let action = Action {
                response: executed.response,
                set: executed.set,
            };
            answer.payload = action.payload(&proposal);
            answer.endorsement = Some(self.endorse(&answer.payload)?);
        }
        Ok(answer)
    }

    async fn execute(
        &self,
        message: ChaincodeMessage,
        simulator: Simulator,
    ) -> Result<Executed, ExecuteError> {
        let stream = self.stream().await?;
        stream.execute(message, simulator).await
    }

    fn endorse(&self, payload: &[u8]) -> Result<protos::Endorsement, DevnetError> {
        let peer = self.organization.peer();
        let endorser = peer.serialized().clone();
        Ok(protos::Endorsement {
            signature: peer.sign(&[payload, &endorser])?,
            endorser,
        })
    }

    /// The open stream; a new one where there is none.
    async fn stream(&self) -> Result<Arc<ChaincodeStream>, ExecuteError> {
        let mut current = self.stream.lock().await;
        if let Some(stream) = current.as_ref().filter(|stream| stream.is_open()) {
            return Ok(Arc::clone(stream));
        }
        let address = *self.address.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = ServerConnection {
            package_id: self.package_id.clone(),
            address: address.ok_or_else(|| ExecuteError::NotInstalled(self.package_id.clone()))?,
            tls: self.tls.clone(),
        };
        let stream = Arc::new(ChaincodeStream::open(&connection, self.manner).await?);
        *current = Some(Arc::clone(&stream));
        Ok(stream)
    }

    fn view(&self, channel: &ChannelId) -> Result<(Arc<Bundle>, Ledger), DevnetError> {
        let ledgers = self.ledgers();
        let ledger = ledgers.get(channel).ok_or_else(|| DevnetError::Unknown {
            kind: "channel",
            name: channel.to_string(),
        })?;
        Ok((Arc::clone(ledger.bundle()), ledger.snapshot()))
    }

    fn ledgers(&self) -> MutexGuard<'_, BTreeMap<ChannelId, ChannelLedger>> {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_access(
    bundle: &Bundle,
    proposal: &Received,
    signed: &protos::SignedProposal,
) -> Result<(), DevnetError> {
    let data = SignedData {
        identity: &proposal.creator,
        message: vec![&signed.proposal_bytes],
        signature: &signed.signature,
    };
    if access::satisfies(bundle, PROPOSE, &[data]) {
        return Ok(());
    }
    Err(DevnetError::AccessDenied {
        channel: proposal.channel.clone(),
        reason: format!("the caller does not satisfy `{PROPOSE}`"),
    })
}

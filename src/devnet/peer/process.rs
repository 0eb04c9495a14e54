//! A development peer of one organisation: endorses by its organisation's chaincode server, and
//! keeps a ledger of every channel it joined.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use prost::Message;
use tokio::sync::Mutex as AsyncMutex;

use super::{
    ledger::ChannelLedger,
    lifecycle::KeptDefinition,
    simulator::Simulator,
    stream::{ChaincodeStream, Executed, ServerConnection},
};
use crate::{
    capabilities::MspVersion,
    config::{Bundle, Section},
    devnet::{
        action::Action,
        error::{DevnetError, ExecuteError},
        identities::Organization,
        options::NetworkOptions,
        policies,
        private::{PrivateStore, define_collections},
        rwset::HidingSet,
    },
    identity::{Msp, Msps, Signer as _},
    ids::{ChannelId, CollectionName, MspId},
    policy::{SignedData, SignerSet},
    proto::{
        msp, protos,
        protos::{ChaincodeMessage, TxValidationCode, chaincode_message::Type},
    },
    stub::memory::{CollectionSet, Ledger, PeerRelease},
    transaction::ReceivedProposal,
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
    options: NetworkOptions,
    private: Arc<PrivateStore>,
    /// Where the chaincode server is; `None` before it was started for the first time.
    installed: Mutex<Option<ServerConnection>>,
    stream: AsyncMutex<Option<Arc<ChaincodeStream>>>,
    ledgers: Mutex<BTreeMap<ChannelId, ChannelLedger>>,
}

impl Peer {
    pub(in crate::devnet) fn new(
        organization: Arc<Organization>,
        package_id: String,
        options: &NetworkOptions,
        private: Arc<PrivateStore>,
    ) -> Self {
        Self {
            organization,
            package_id,
            options: options.clone(),
            private,
            installed: Mutex::new(None),
            stream: AsyncMutex::new(None),
            ledgers: Mutex::new(BTreeMap::new()),
        }
    }

    /// Tells where the chaincode server is, as installing its package does.
    pub(in crate::devnet) fn install(&self, server: ServerConnection) {
        *self.installed() = Some(server);
    }

    /// Dials the chaincode server, where no stream is open; gives the id that it registered with.
    pub(in crate::devnet) async fn connect(&self) -> Result<String, ExecuteError> {
        Ok(self.stream().await?.registered().to_owned())
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
        let ledger = ChannelLedger::join(channel, genesis, &self.options)?;
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
        ledger
            .map(|ledger| ledger.commit(block, &self.private))
            .transpose()
    }

    /// The channels that it joined, in the order of their names.
    pub(in crate::devnet) fn channels(&self) -> Vec<ChannelId> {
        self.ledgers().keys().cloned().collect()
    }

    /// How many blocks of a channel it has; `None` where it has not joined the channel.
    pub(in crate::devnet) fn height(&self, channel: &ChannelId) -> Option<u64> {
        self.at(channel, |ledger| ledger.blocks().height())
    }

    /// Asks its copy of a channel; `None` where it has not joined the channel.
    pub(in crate::devnet) fn at<T>(
        &self,
        channel: &ChannelId,
        ask: impl FnOnce(&ChannelLedger) -> T,
    ) -> Option<T> {
        self.ledgers().get(channel).map(ask)
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
        let proposal = ReceivedProposal::parse(signed)?;
        let (bundle, ledger) = self.view(&proposal.channel)?;
        check_access(&bundle, &proposal, signed)?;
        let executed = self.simulate(&proposal, signed, &bundle, ledger).await?;
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
            let (set, private) = HidingSet::split(executed.set);
            self.keep_private(&proposal, private);
            let action = Action {
                response: executed.response,
                set,
            };
            answer.payload = action.payload(&proposal);
            answer.endorsement = Some(self.endorse(&answer.payload)?);
        }
        Ok(answer)
    }

    /// Runs a proposal that was let in on the state as of the last block.
    pub(super) async fn run(
        &self,
        proposal: &ReceivedProposal,
        signed: &protos::SignedProposal,
    ) -> Result<Executed, DevnetError> {
        let (bundle, ledger) = self.view(&proposal.channel)?;
        self.simulate(proposal, signed, &bundle, ledger).await
    }

    async fn simulate(
        &self,
        proposal: &ReceivedProposal,
        signed: &protos::SignedProposal,
        bundle: &Bundle,
        mut ledger: Ledger,
    ) -> Result<Executed, DevnetError> {
        let submitter = msp::SerializedIdentity::decode(proposal.creator.clone());
        let submitter = submitter.map_err(DevnetError::malformed("the creator"))?;
        define_collections(
            &mut ledger,
            &self.options.collections,
            bundle.msp_ids(Section::Application),
            self.organization.msp_id(),
            &submitter.mspid.into(),
        );
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
        let definition = self.at(&proposal.channel, ChannelLedger::definition);
        let definition =
            definition.unwrap_or_else(|| KeptDefinition::first(&self.options.endorsement));
        let mut simulator = Simulator::new(&proposal.chaincode, ledger, self.options.manner)
            .of(&proposal.channel, definition);
        if proposal.input.is_init {
            simulator.initialize();
        }
        let executed = self.execute(message, simulator).await;
        executed.map_err(|reason| DevnetError::Execute {
            tx_id: proposal.tx_id.clone(),
            reason,
        })
    }

    /// Keeps what a simulation did with collections, for the blocks to come.
    pub(super) fn keep_private(
        &self,
        proposal: &ReceivedProposal,
        private: BTreeMap<CollectionName, CollectionSet>,
    ) {
        self.private
            .keep(&proposal.channel, &proposal.tx_id, private);
    }

    async fn execute(
        &self,
        message: ChaincodeMessage,
        simulator: Simulator,
    ) -> Result<Executed, ExecuteError> {
        let stream = self.stream().await?;
        stream.execute(message, simulator).await
    }

    /// This peer's signature on what it endorses.
    pub(super) fn endorse(&self, payload: &[u8]) -> Result<protos::Endorsement, DevnetError> {
        let peer = self.organization.peer();
        let endorser = peer.serialized().clone();
        Ok(protos::Endorsement {
            signature: peer.sign(&[payload, &endorser].concat())?.into(),
            endorser,
        })
    }

    /// The open stream; a new one where there is none.
    async fn stream(&self) -> Result<Arc<ChaincodeStream>, ExecuteError> {
        let mut current = self.stream.lock().await;
        if let Some(stream) = current.as_ref().filter(|stream| stream.is_open()) {
            return Ok(Arc::clone(stream));
        }
        let installed = self.installed().clone();
        let server =
            installed.ok_or_else(|| ExecuteError::NotInstalled(self.package_id.clone()))?;
        let stream = Arc::new(ChaincodeStream::open(&server, self.options.manner).await?);
        *current = Some(Arc::clone(&stream));
        Ok(stream)
    }

    /// How the network is set up.
    pub(super) const fn options(&self) -> &NetworkOptions {
        &self.options
    }

    /// The config in force of a channel; `None` where it has not joined the channel.
    pub(in crate::devnet) fn bundle(&self, channel: &ChannelId) -> Option<Arc<Bundle>> {
        self.at(channel, |ledger| Arc::clone(ledger.bundle()))
    }

    /// The MSP id of its organisation.
    pub(super) fn msp_id(&self) -> &MspId {
        self.organization.msp_id()
    }

    /// The MSP of its organisation alone.
    pub(super) fn own_msps(&self) -> Option<Msps> {
        let config = self.organization.own_msp();
        let msp = Msp::setup(&config, MspVersion::V1_4_3).ok()?;
        Some(Msps::new([Arc::new(msp)]))
    }

    /// The release that it behaves like.
    pub(in crate::devnet) const fn release(&self) -> PeerRelease {
        self.options.manner.release
    }

    /// Whether it runs the chaincode on a channel: its organisation has a server, running or not, and
    /// approved the definition in force.
    pub(in crate::devnet) fn runs_chaincode(&self, channel: &ChannelId) -> bool {
        self.installed().is_some() && self.has_approved(channel) == Some(true)
    }

    /// Whether its organisation approved the definition in force; `None` where it has not joined the
    /// channel.
    pub(super) fn has_approved(&self, channel: &ChannelId) -> Option<bool> {
        self.at(channel, |ledger| ledger.has_approved(self.msp_id()))
    }

    /// The id of the package that the network gave it.
    pub(super) fn package_id(&self) -> &str {
        &self.package_id
    }

    fn view(&self, channel: &ChannelId) -> Result<(Arc<Bundle>, Ledger), DevnetError> {
        let ledgers = self.ledgers();
        let ledger = ledgers.get(channel).ok_or_else(|| DevnetError::Unknown {
            kind: "channel",
            name: channel.to_string(),
        })?;
        Ok((Arc::clone(ledger.bundle()), ledger.snapshot()))
    }

    fn installed(&self) -> MutexGuard<'_, Option<ServerConnection>> {
        self.installed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn ledgers(&self) -> MutexGuard<'_, BTreeMap<ChannelId, ChannelLedger>> {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_access(
    bundle: &Bundle,
    proposal: &ReceivedProposal,
    signed: &protos::SignedProposal,
) -> Result<(), DevnetError> {
    let data = SignedData {
        identity: &proposal.creator,
        message: vec![&signed.proposal_bytes],
        signature: &signed.signature,
    };
    let signers = SignerSet::from_signed_data(bundle.msps(), &[data]);
    if policies::satisfies(bundle, PROPOSE, &signers) {
        return Ok(());
    }
    Err(DevnetError::AccessDenied {
        channel: proposal.channel.clone(),
        reason: format!("the caller does not satisfy `{PROPOSE}`"),
    })
}

//! All nodes of a network, shared by those who call it in this process and by the services that
//! others dial.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use bytes::Bytes;

use super::{
    error::DevnetError,
    identities::OrdererOrganization,
    node::OrganizationNode,
    options::NetworkOptions,
    ordering::{OrderedChain, OrderingRefusal, words},
    private::PrivateStore,
};
use crate::{
    block::Block,
    config::Section,
    ids::{BlockNumber, ChannelId, MspId},
    proto::{common::Status, protos::TxValidationCode},
    stub::memory::PeerRelease,
};

/// The peers of all organisations, and the ordering node.
#[derive(Debug)]
pub(super) struct Nodes {
    pub(super) options: NetworkOptions,
    pub(super) private: Arc<PrivateStore>,
    pub(super) orderer: Arc<OrdererOrganization>,
    /// By the organisation's name.
    organizations: RwLock<BTreeMap<String, Arc<OrganizationNode>>>,
    chains: RwLock<BTreeMap<ChannelId, Arc<Chain>>>,
}

/// An envelope that the ordering node does not take.
#[derive(Debug)]
pub(super) struct NotBroadcast {
    pub(super) status: Status,
    /// Why, in the words of Fabric's orderers.
    pub(super) info: String,
}

/// One channel at the ordering node.
#[derive(Debug)]
pub(super) struct Chain(Mutex<OrderedChain>);

impl Chain {
    pub(super) fn lock(&self) -> MutexGuard<'_, OrderedChain> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Nodes {
    pub(super) fn new(options: NetworkOptions) -> Result<Self, DevnetError> {
        Ok(Self {
            options,
            private: Arc::default(),
            orderer: Arc::new(OrdererOrganization::generate()?),
            organizations: RwLock::default(),
            chains: RwLock::default(),
        })
    }

    pub(super) fn add(&self, node: Arc<OrganizationNode>) {
        let name = node.organization.name().to_owned();
        let mut nodes = (self.organizations.write()).unwrap_or_else(PoisonError::into_inner);
        nodes.insert(name, node);
    }

    pub(super) fn add_chain(&self, channel: &ChannelId, chain: OrderedChain) {
        let mut chains = self.chains.write().unwrap_or_else(PoisonError::into_inner);
        chains.insert(channel.clone(), Arc::new(Chain(Mutex::new(chain))));
    }

    /// All organisations with a peer, in the order of their names.
    pub(super) fn all(&self) -> Vec<Arc<OrganizationNode>> {
        let nodes = (self.organizations.read()).unwrap_or_else(PoisonError::into_inner);
        nodes.values().cloned().collect()
    }

    /// The channels, in the order of their names.
    pub(super) fn channels(&self) -> Vec<ChannelId> {
        let chains = self.chains.read().unwrap_or_else(PoisonError::into_inner);
        chains.keys().cloned().collect()
    }

    pub(super) fn chain(&self, channel: &ChannelId) -> Result<Arc<Chain>, DevnetError> {
        let chains = self.chains.read().unwrap_or_else(PoisonError::into_inner);
        chains
            .get(channel)
            .cloned()
            .ok_or_else(|| DevnetError::Unknown {
                kind: "channel",
                name: channel.to_string(),
            })
    }

    /// The MSP ids of the channel's members, ascending.
    pub(super) fn members(&self, channel: &ChannelId) -> Result<BTreeSet<MspId>, DevnetError> {
        let chain = self.chain(channel)?;
        let chain = chain.lock();
        let members = chain.bundle().orgs(Section::Application);
        Ok(members.map(|org| org.msp_id.clone()).collect())
    }

    /// Takes an envelope of a client. What is accepted is in a block after the channel's batch
    /// timeout, or dropped. Needs a runtime.
    ///
    /// # Errors
    /// What the ordering node answers.
    pub(super) fn broadcast(
        self: &Arc<Self>,
        channel: &ChannelId,
        envelope: &Bytes,
    ) -> Result<(), NotBroadcast> {
        let release = self.options.manner.release;
        let chain = self.chain(channel).map_err(|_| {
            let refusal = match release {
                PeerRelease::V2_5 => OrderingRefusal::NoSystemChannel,
                PeerRelease::V3_1 => OrderingRefusal::NoChannel,
            };
            NotBroadcast {
                status: refusal.status(),
                info: refusal.to_string(),
            }
        })?;
        let wait = {
            let mut chain = chain.lock();
            if let Err(refused) = chain.accept(envelope, release) {
                return Err(NotBroadcast {
                    status: refused.status(),
                    info: words(&refused, chain.bundle(), envelope),
                });
            }
            chain.batch_timeout()
        };
        let (nodes, channel) = (Arc::clone(self), channel.clone());
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            // signatures of many are judged here
            let cut = tokio::task::spawn_blocking(move || nodes.cut_waiting(&channel));
            // that peers disagree is seen by those who wait for the block
            let _ = cut.await;
        });
        Ok(())
    }

    /// Makes blocks of what waits, and has them committed.
    fn cut_waiting(&self, channel: &ChannelId) -> Result<(), DevnetError> {
        let chain = self.chain(channel)?;
        let mut chain = chain.lock();
        for block in chain.cut_waiting()? {
            self.deliver(&chain, channel, &block)?;
        }
        Ok(())
    }

    /// Orders transactions as one block, in this order, at once.
    pub(super) fn order(
        &self,
        channel: &ChannelId,
        envelopes: Vec<Bytes>,
    ) -> Result<(BlockNumber, Vec<TxValidationCode>), DevnetError> {
        let chain = self.chain(channel)?;
        let mut chain = chain.lock();
        let block = chain.order(envelopes)?;
        self.deliver(&chain, channel, &block)
    }

    /// Orders a config update, at once; gives the config block.
    pub(super) fn update(
        &self,
        channel: &ChannelId,
        envelope: &Bytes,
    ) -> Result<Bytes, DevnetError> {
        let chain = self.chain(channel)?;
        let mut chain = chain.lock();
        let block = chain.update(envelope)?;
        self.deliver(&chain, channel, &block)?;
        Ok(block)
    }

    /// A peer joins a channel, where it has not, and catches up with it.
    pub(super) fn join(
        &self,
        channel: &ChannelId,
        node: &OrganizationNode,
    ) -> Result<(), DevnetError> {
        let chain = self.chain(channel)?;
        let chain = chain.lock();
        let mut blocks = chain.blocks().iter();
        if let Some(genesis) = blocks.next() {
            node.peer.join(channel, genesis)?;
        }
        for block in blocks {
            node.peer.commit(channel, block)?;
        }
        Ok(())
    }

    /// A peer that was away commits what it missed, and takes part again.
    pub(super) fn resume(&self, node: &OrganizationNode) -> Result<(), DevnetError> {
        let channels = node.peer.channels();
        let chains = channels.iter().map(|channel| self.chain(channel));
        let chains = chains.collect::<Result<Vec<_>, _>>()?;
        // no block of any of them comes before the peer has those before it
        let locked: Vec<_> = chains.iter().map(|chain| chain.lock()).collect();
        for (channel, chain) in channels.iter().zip(&locked) {
            let height = node.peer.height(channel).unwrap_or_default();
            let known = usize::try_from(height).unwrap_or(usize::MAX);
            for block in chain.blocks().iter().skip(known) {
                node.peer.commit(channel, block)?;
            }
        }
        node.set_running(true);
        Ok(())
    }

    /// Every peer that runs, joined the channel and may read it commits the block; all must agree.
    /// What a peer missed comes first.
    ///
    /// The caller holds the channel's chain, so that blocks come in their order.
    fn deliver(
        &self,
        chain: &OrderedChain,
        channel: &ChannelId,
        block: &Bytes,
    ) -> Result<(BlockNumber, Vec<TxValidationCode>), DevnetError> {
        let number = Block::parse(block.clone())
            .map_err(DevnetError::build)?
            .number();
        let members = chain.bundle().msp_ids(Section::Application);
        let mut agreed: Option<Vec<TxValidationCode>> = None;
        for node in self.all() {
            if !node.is_running() || !members.contains(node.organization.msp_id()) {
                continue;
            }
            let Some(height) = node.peer.height(channel) else {
                continue;
            };
            let known = usize::try_from(height).unwrap_or(usize::MAX);
            let missed = usize::try_from(number.0)
                .unwrap_or(usize::MAX)
                .saturating_sub(known);
            for missed in chain.blocks().iter().skip(known).take(missed) {
                node.peer.commit(channel, missed)?;
            }
            let Some(codes) = node.peer.commit(channel, block)? else {
                continue;
            };
            if agreed.as_ref().is_some_and(|agreed| *agreed != codes) {
                return Err(DevnetError::Diverged {
                    channel: channel.clone(),
                    block: number,
                });
            }
            agreed = Some(codes);
        }
        self.private.delivered(channel, number);
        Ok((number, agreed.unwrap_or_default()))
    }
}

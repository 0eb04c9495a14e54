//! A channel as its ordering node sees it: filters what comes in, applies config updates, cuts
//! signed blocks.

use std::sync::Arc;

use bytes::Bytes;
use prost::Message;

use super::{
    clock,
    cut::{self, BlockPosition},
    error::DevnetError,
    organization::OrdererOrganization,
};
use crate::{
    block::{Block, ConfigBlock},
    config::{Bundle, ConfigTree, Update, envelope},
    identity::Signer as _,
    ids::{ChannelId, Digest},
    proto::{common, write},
};

/// One channel's chain of blocks.
#[derive(Debug)]
pub(super) struct OrderedChain {
    organization: Arc<OrdererOrganization>,
    channel: ChannelId,
    bundle: Bundle,
    /// All blocks; the first is the genesis block.
    blocks: Vec<Bytes>,
    /// The header hash of the last one.
    hash: Digest,
    last_config: u64,
}

impl OrderedChain {
    /// Starts a channel with its genesis block.
    pub(super) fn start(
        organization: Arc<OrdererOrganization>,
        channel: &ChannelId,
        genesis: Bytes,
    ) -> Result<Self, DevnetError> {
        let block = ConfigBlock::parse(genesis.clone()).map_err(DevnetError::build)?;
        let bundle = Bundle::new(channel, block.tree().clone()).map_err(DevnetError::build)?;
        Ok(Self {
            organization,
            channel: channel.clone(),
            bundle,
            hash: block.block().header_hash(),
            blocks: vec![genesis],
            last_config: 0,
        })
    }

    /// The config in force.
    pub(super) const fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// All blocks, the genesis block first.
    pub(super) fn blocks(&self) -> &[Bytes] {
        &self.blocks
    }

    /// The block that carries the config in force.
    pub(super) fn config_block(&self) -> Option<&Bytes> {
        let index = usize::try_from(self.last_config).ok()?;
        self.blocks.get(index)
    }

    /// Takes an envelope of type `CONFIG_UPDATE`; where it is accepted, gives the config block.
    ///
    /// # Errors
    /// [`DevnetError::Rejected`] with the orderer's reason.
    // Fabric: orderer/common/msgprocessor/standardchannel.go, ProcessConfigUpdateMsg
    pub(super) fn update(&mut self, envelope: &Bytes) -> Result<Bytes, DevnetError> {
        self.filter(envelope)?;
        let next = self
            .bundle
            .propose_config_update(envelope)
            .map_err(DevnetError::rejected)?;
        let update = envelope::read_update_envelope(envelope).map_err(DevnetError::rejected)?;
        let update = Update::parse(update.config_update).map_err(DevnetError::rejected)?;
        let effect = (self.bundle.effect(&update)).map_err(DevnetError::rejected)?;
        let next_bundle = effect.into_next().map_err(DevnetError::rejected)?;
        let transaction = self.config_transaction(&next, envelope)?;
        self.filter(&transaction)?;
        let number = self.height();
        let block = self.cut(vec![transaction], number)?;
        self.bundle = next_bundle;
        self.last_config = number;
        Ok(block)
    }

    /// Puts transactions into one block, in this order.
    ///
    /// # Errors
    /// [`DevnetError::Rejected`] where one of them is not let in; then there is no block.
    pub(super) fn order(&mut self, envelopes: Vec<Bytes>) -> Result<Bytes, DevnetError> {
        for envelope in &envelopes {
            self.filter(envelope)?;
        }
        self.cut(envelopes, self.last_config)
    }

    fn filter(&self, envelope: &Bytes) -> Result<(), DevnetError> {
        let filters = self.bundle.orderer_filters(envelope, clock::now());
        match filters.map_err(DevnetError::rejected)? {
            Some(filters) => filters.pass().map_err(DevnetError::rejected),
            None => Err(DevnetError::rejected("the channel has no orderers")),
        }
    }

    fn config_transaction(
        &self,
        next: &ConfigTree,
        last_update: &[u8],
    ) -> Result<Bytes, DevnetError> {
        let orderer = self.organization.orderer();
        let header = common::ChannelHeader {
            r#type: common::HeaderType::Config.into(),
            timestamp: Some(clock::timestamp()),
            channel_id: self.channel.to_string(),
            ..common::ChannelHeader::default()
        };
        // the update stays as it was signed
        let mut config_envelope = Vec::new();
        write::message(&mut config_envelope, 1, &next.encode());
        write::message(&mut config_envelope, 2, last_update);
        let payload: Bytes = common::Payload {
            header: Some(common::Header {
                channel_header: header.encode_to_vec().into(),
                signature_header: orderer.signature_header()?,
            }),
            data: config_envelope.into(),
        }
        .encode_to_vec()
        .into();
        let envelope = common::Envelope {
            signature: orderer.sign(&payload)?.into(),
            payload,
        };
        Ok(envelope.encode_to_vec().into())
    }

    fn height(&self) -> u64 {
        u64::try_from(self.blocks.len()).unwrap_or(u64::MAX)
    }

    fn cut(&mut self, transactions: Vec<Bytes>, last_config: u64) -> Result<Bytes, DevnetError> {
        let position = BlockPosition {
            number: self.height(),
            previous_hash: Bytes::copy_from_slice(self.hash.as_bytes()),
            last_config,
        };
        let bytes = cut::block(&position, transactions, self.organization.orderer())?;
        let block = Block::parse(bytes.clone()).map_err(DevnetError::build)?;
        self.hash = block.header_hash();
        self.blocks.push(bytes.clone());
        Ok(bytes)
    }
}

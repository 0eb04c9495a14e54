//! A channel as its ordering node sees it: filters what comes in, applies config updates, cuts
//! signed blocks.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use prost::Message;
use tokio::sync::watch;

use super::{
    cut::{self, BlockPosition},
    refusal::OrderingRefusal,
};
use crate::{
    block::{Block, ConfigBlock},
    config::{Bundle, ConfigTree, Update, envelope},
    devnet::{clock, error::DevnetError, identities::OrdererOrganization},
    identity::Signer as _,
    ids::{ChannelId, Digest, Sequence},
    proto::{common, orderer, write},
    stub::memory::PeerRelease,
};

/// How long a block waits for more where the config does not say.
const BATCH_TIMEOUT: Duration = Duration::from_millis(250);

/// One channel's chain of blocks.
#[derive(Debug)]
pub(in crate::devnet) struct OrderedChain {
    organization: Arc<OrdererOrganization>,
    channel: ChannelId,
    bundle: Arc<Bundle>,
    /// All blocks; the first is the genesis block.
    blocks: Vec<Bytes>,
    /// The header hash of the last one.
    hash: Digest,
    last_config: u64,
    /// What was accepted and is in no block yet, in the order in which it came.
    waiting: Vec<QueuedEnvelope>,
    height: watch::Sender<u64>,
}

/// An envelope that was accepted.
#[derive(Debug)]
struct QueuedEnvelope {
    envelope: Bytes,
    is_update: bool,
    /// The sequence of the config that it was judged by.
    judged_by: Sequence,
}

/// What an update makes of a config.
struct Judged {
    transaction: Bytes,
    next: Bundle,
}

impl OrderedChain {
    /// Starts a channel with its genesis block.
    pub(in crate::devnet) fn start(
        organization: Arc<OrdererOrganization>,
        channel: &ChannelId,
        genesis: Bytes,
    ) -> Result<Self, DevnetError> {
        let block = ConfigBlock::parse(genesis.clone()).map_err(DevnetError::build)?;
        let bundle = Bundle::new(channel, block.tree().clone()).map_err(DevnetError::build)?;
        Ok(Self {
            organization,
            channel: channel.clone(),
            bundle: Arc::new(bundle),
            hash: block.block().header_hash(),
            blocks: vec![genesis],
            last_config: 0,
            waiting: Vec::new(),
            height: watch::Sender::new(1),
        })
    }

    /// The config in force.
    pub(in crate::devnet) const fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    /// All blocks, the genesis block first.
    pub(in crate::devnet) fn blocks(&self) -> &[Bytes] {
        &self.blocks
    }

    /// The block that carries the config in force.
    pub(in crate::devnet) fn config_block(&self) -> Option<&Bytes> {
        let index = usize::try_from(self.last_config).ok()?;
        self.blocks.get(index)
    }

    /// Tells how many blocks there are.
    pub(in crate::devnet) fn watch(&self) -> watch::Receiver<u64> {
        self.height.subscribe()
    }

    /// How long a block waits for more, as the config says.
    pub(in crate::devnet) fn batch_timeout(&self) -> Duration {
        let orderer = self.bundle.tree().group(&["Orderer"]);
        let value = orderer.and_then(|orderer| orderer.value("BatchTimeout"));
        value
            .and_then(|value| orderer::BatchTimeout::decode(value.bytes()).ok())
            .and_then(|value| duration(&value.timeout))
            .unwrap_or(BATCH_TIMEOUT)
    }

    /// Takes an envelope of type `CONFIG_UPDATE`; where it is accepted, gives the config block.
    ///
    /// # Errors
    /// [`DevnetError::Rejected`] with the orderer's reason.
    pub(in crate::devnet) fn update(&mut self, envelope: &Bytes) -> Result<Bytes, DevnetError> {
        let judged = self.judge(envelope).map_err(rejected)?;
        self.adopt(judged)
    }

    /// Puts transactions into one block, in this order.
    ///
    /// # Errors
    /// [`DevnetError::Rejected`] where one of them is not let in; then there is no block.
    pub(in crate::devnet) fn order(&mut self, envelopes: Vec<Bytes>) -> Result<Bytes, DevnetError> {
        for envelope in &envelopes {
            self.filter(envelope, false).map_err(rejected)?;
        }
        self.cut(envelopes, self.last_config)
    }

    /// Accepts an envelope of any type for one of the next blocks.
    ///
    /// That it was accepted is no promise: what waited before it may change the config that it
    /// was judged by, and then it is judged again.
    ///
    /// # Errors
    /// [`OrderingRefusal`].
    // Fabric: orderer/common/broadcast/broadcast.go, ProcessMessage
    pub(in crate::devnet) fn accept(
        &mut self,
        envelope: &Bytes,
        release: PeerRelease,
    ) -> Result<(), OrderingRefusal> {
        use common::HeaderType;
        let is_update = match HeaderType::try_from(kind(envelope)) {
            Ok(HeaderType::ConfigUpdate) => true,
            Ok(HeaderType::OrdererTransaction) if release != PeerRelease::V2_5 => {
                return Err(OrderingRefusal::Kind(
                    "message is of type that is no longer supported",
                ));
            }
            Ok(HeaderType::Config | HeaderType::OrdererTransaction) => {
                return Err(OrderingRefusal::Kind(
                    "message is of type that cannot be processed directly",
                ));
            }
            _ => false,
        };
        if is_update {
            self.judge(envelope)?;
        } else {
            self.filter(envelope, false)?;
        }
        self.waiting.push(QueuedEnvelope {
            envelope: envelope.clone(),
            is_update,
            judged_by: self.bundle.sequence(),
        });
        Ok(())
    }

    /// Makes blocks of what waits: a config update has a block of its own. What the present config
    /// no longer lets in is dropped, and nobody is told.
    ///
    /// # Errors
    /// Where a block cannot be made.
    // Fabric: orderer/consensus/etcdraft/chain.go, ordered; orderer/common/blockcutter/blockcutter.go
    pub(in crate::devnet) fn cut_waiting(&mut self) -> Result<Vec<Bytes>, DevnetError> {
        let mut blocks = Vec::new();
        let mut batch = Vec::new();
        let most = self
            .bundle
            .batch_size()
            .map_or(1, |size| size.max_message_count);
        let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
        for waiting in std::mem::take(&mut self.waiting) {
            if waiting.is_update {
                self.cut_batch(&mut batch, &mut blocks)?;
                if let Ok(judged) = self.judge(&waiting.envelope) {
                    blocks.push(self.adopt(judged)?);
                }
                continue;
            }
            let is_current = waiting.judged_by == self.bundle.sequence();
            if is_current || self.filter(&waiting.envelope, false).is_ok() {
                batch.push(waiting.envelope);
            }
            if batch.len() >= most {
                self.cut_batch(&mut batch, &mut blocks)?;
            }
        }
        self.cut_batch(&mut batch, &mut blocks)?;
        Ok(blocks)
    }

    fn cut_batch(
        &mut self,
        batch: &mut Vec<Bytes>,
        blocks: &mut Vec<Bytes>,
    ) -> Result<(), DevnetError> {
        if !batch.is_empty() {
            blocks.push(self.cut(std::mem::take(batch), self.last_config)?);
        }
        Ok(())
    }

    // Fabric: orderer/common/msgprocessor/standardchannel.go, ProcessConfigUpdateMsg
    fn judge(&self, envelope: &Bytes) -> Result<Judged, OrderingRefusal> {
        self.filter(envelope, false)?;
        let next = self.bundle.propose_config_update(envelope)?;
        let update = envelope::read_update_envelope(envelope)?;
        let update = Update::parse(update.config_update).map_err(DevnetError::rejected)?;
        let effect = self.bundle.effect(&update)?;
        let next_bundle = effect.into_next()?;
        let transaction = self.config_transaction(&next, envelope)?;
        self.filter(&transaction, true)?;
        Ok(Judged {
            transaction,
            next: next_bundle,
        })
    }

    fn adopt(&mut self, judged: Judged) -> Result<Bytes, DevnetError> {
        let number = self.height();
        let block = self.cut(vec![judged.transaction], number)?;
        self.bundle = Arc::new(judged.next);
        self.last_config = number;
        Ok(block)
    }

    fn filter(&self, envelope: &Bytes, last: bool) -> Result<(), OrderingRefusal> {
        let filters = self.bundle.orderer_filters(envelope, clock::now());
        let filters = filters.map_err(DevnetError::rejected)?;
        let filters = filters.ok_or(OrderingRefusal::NoChannel)?;
        filters
            .pass()
            .map_err(|source| OrderingRefusal::Filter { last, source })
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
        self.height.send_replace(self.height());
        Ok(bytes)
    }
}

fn rejected(refused: OrderingRefusal) -> DevnetError {
    match refused {
        OrderingRefusal::Node(error) => error,
        other => DevnetError::rejected(other),
    }
}

/// The type that an envelope's channel header names.
fn kind(envelope: &Bytes) -> i32 {
    let read = || {
        let envelope = common::Envelope::decode(envelope.clone()).ok()?;
        let payload = common::Payload::decode(envelope.payload).ok()?;
        let header = common::ChannelHeader::decode(payload.header?.channel_header).ok()?;
        Some(header.r#type)
    };
    read().unwrap_or_default()
}

/// A duration of one number and unit, such as `250ms` or `2s`.
fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at_checked(unit)?;
    let number: f64 = number.parse().ok()?;
    let factor = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * factor).ok()
}

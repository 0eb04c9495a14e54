//! One channel at one peer: its blocks, the config in force, and the state, validated as Fabric's
//! committing peers do.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use prost::Message;

use super::{
    blocks::BlockStore,
    endorsement::{EndorsementTerms, with_new_metadata},
    lifecycle::{self, KeptDefinition},
};
use crate::{
    block::{self, Block, ConfigBlock},
    config::{Bundle, ConfigTree, LastUpdate, envelope::ConfigEnvelope},
    devnet::{
        action::Action, error::DevnetError, options::NetworkOptions, policies,
        private::PrivateStore,
    },
    ids::{BlockNumber, ChannelId, Digest, MspId, TxId},
    policy::{SignedData, SignerSet},
    proto::{common, protos::TxValidationCode},
    stub::{
        StateKey,
        memory::{Conflict, Ledger, ReadWriteSet, TxStamp, Version},
    },
    transaction::OrderedTransaction,
};

/// A peer's copy of a channel.
#[derive(Debug)]
pub(in crate::devnet) struct ChannelLedger {
    channel: ChannelId,
    /// The name of the chaincode, and the definition that it begins with.
    chaincode: (String, KeptDefinition),
    bundle: Arc<Bundle>,
    state: Ledger,
    /// The state of the lifecycle.
    lifecycle: Ledger,
    known: BTreeSet<TxId>,
    number: BlockNumber,
    hash: Digest,
    blocks: BlockStore,
}

impl ChannelLedger {
    /// Joins a channel by its genesis block.
    pub(super) fn join(
        channel: &ChannelId,
        genesis: &Bytes,
        options: &NetworkOptions,
    ) -> Result<Self, DevnetError> {
        let block = ConfigBlock::parse(genesis.clone()).map_err(DevnetError::build)?;
        let bundle = Bundle::new(channel, block.tree().clone()).map_err(DevnetError::build)?;
        let ids: Vec<_> = block.block().data().iter().map(transaction_id).collect();
        let mut state = Ledger::new();
        for fields in &options.indexes {
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            state.define_index(&fields);
        }
        Ok(Self {
            channel: channel.clone(),
            chaincode: (
                options.chaincode.clone(),
                KeptDefinition::first(&options.endorsement),
            ),
            bundle: Arc::new(bundle),
            state,
            lifecycle: Ledger::new(),
            known: BTreeSet::new(),
            number: block.block().number(),
            hash: block.block().header_hash(),
            blocks: BlockStore::new(block.block(), &ids),
        })
    }

    /// The config in force.
    pub(super) const fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    /// What was committed.
    pub(in crate::devnet) const fn blocks(&self) -> &BlockStore {
        &self.blocks
    }

    /// The state as of the last block.
    pub(super) fn snapshot(&self) -> Ledger {
        self.state.clone()
    }

    /// The state of the lifecycle as of the last block.
    pub(super) fn lifecycle(&self) -> Ledger {
        self.lifecycle.clone()
    }

    /// The definition of the chaincode that is in force.
    pub(super) fn definition(&self) -> KeptDefinition {
        let (name, first) = &self.chaincode;
        lifecycle::in_force(&self.lifecycle, name, first)
    }

    /// The endorsement policy of calls of a chaincode: an absolute name, or a rule.
    pub(in crate::devnet) fn endorsement(&self, chaincode: &str) -> String {
        match chaincode == lifecycle::NAMESPACE {
            true => lifecycle::COMMITS.to_owned(),
            false => self.definition().endorsement(),
        }
    }

    /// Whether an organisation approved the definition in force.
    pub(super) fn has_approved(&self, msp_id: &MspId) -> bool {
        let (name, _) = &self.chaincode;
        lifecycle::has_approved(&self.lifecycle, name, &self.definition(), msp_id)
    }

    /// Validates a block and applies what is valid; gives the code of each transaction, in order. What
    /// belongs to it of private data is in the store.
    ///
    /// As in Fabric, signatures are judged by the state before the block, versions by what stands
    /// before a transaction in it.
    ///
    /// # Errors
    /// [`DevnetError::Block`] where the block is not the next one of this chain.
    pub(super) fn commit(
        &mut self,
        bytes: &Bytes,
        store: &PrivateStore,
    ) -> Result<Vec<TxValidationCode>, DevnetError> {
        let block = Block::parse(bytes.clone()).map_err(DevnetError::build)?;
        block::verify(&block, &self.channel, self.number, &self.hash, &self.bundle).map_err(
            |e| DevnetError::Block {
                channel: self.channel.clone(),
                number: block.number(),
                reason: e.to_string(),
            },
        )?;
        self.number = block.number();
        self.hash = block.header_hash();
        let mut changed = BTreeSet::new();
        let checked: Vec<_> = block
            .data()
            .iter()
            .map(|envelope| self.check(envelope, store, &mut changed))
            .collect();
        let mut codes = Vec::new();
        for (index, checked) in (0u64..).zip(checked) {
            let version = Version {
                block: self.number,
                tx: index,
            };
            let code = checked.and_then(|checked| self.apply(checked, version));
            codes.push(code.err().unwrap_or(TxValidationCode::Valid));
        }
        let ids: Vec<_> = block.data().iter().map(transaction_id).collect();
        self.blocks.push(&block, &codes, &ids);
        Ok(codes)
    }

    fn check(
        &self,
        envelope: &Bytes,
        store: &PrivateStore,
        changed: &mut BTreeSet<StateKey>,
    ) -> Result<Checked, TxValidationCode> {
        let envelope = common::Envelope::decode(envelope.clone())
            .map_err(|_| TxValidationCode::InvalidOtherReason)?;
        let payload = common::Payload::decode(envelope.payload.clone())
            .map_err(|_| TxValidationCode::BadPayload)?;
        let header = payload.header.ok_or(TxValidationCode::BadCommonHeader)?;
        let channel = common::ChannelHeader::decode(header.channel_header.clone())
            .map_err(|_| TxValidationCode::BadChannelHeader)?;
        if channel.channel_id != self.channel.as_str() {
            return Err(TxValidationCode::TargetChainNotFound);
        }
        match common::HeaderType::try_from(channel.r#type) {
            Ok(common::HeaderType::Config) => Ok(Checked::Config(payload.data)),
            Ok(common::HeaderType::EndorserTransaction) => {
                let transaction = OrderedTransaction::parse(&header, channel, payload.data)
                    .map_err(|_| TxValidationCode::BadPayload)?;
                self.check_endorsed(&envelope, transaction, store, changed)
            }
            _ => Err(TxValidationCode::UnknownTxType),
        }
    }

    fn apply(&mut self, checked: Checked, version: Version) -> Result<(), TxValidationCode> {
        let (stamp, set, is_lifecycle) = match checked {
            Checked::Config(data) => return self.apply_config(&data),
            Checked::Endorsed {
                stamp,
                set,
                is_lifecycle,
            } => (stamp, set, is_lifecycle),
        };
        if self.known.contains(&stamp.tx_id) {
            return Err(TxValidationCode::DuplicateTxid);
        }
        let state = match is_lifecycle {
            true => &mut self.lifecycle,
            false => &mut self.state,
        };
        state.validate(&set).map_err(|e| match e {
            Conflict::Read { .. } => TxValidationCode::MvccReadConflict,
            Conflict::Phantom { .. } => TxValidationCode::PhantomReadConflict,
        })?;
        self.known.insert(stamp.tx_id.clone());
        state.commit_as(version, stamp, &set);
        Ok(())
    }

    fn apply_config(&mut self, config_envelope: &Bytes) -> Result<(), TxValidationCode> {
        let invalid = TxValidationCode::InvalidConfigTransaction;
        let carried = ConfigEnvelope::parse(config_envelope).map_err(|_| invalid)?;
        let config = carried.config.map(ConfigTree::parse).transpose();
        let last_update = LastUpdate::Carried(carried.last_update.as_ref());
        let next = config.map_err(|_| invalid)?;
        let next = self.bundle.validate(next, last_update);
        let next = next.and_then(|next| self.bundle.next_at_peer(next));
        self.bundle = Arc::new(next.map_err(|_| invalid)?);
        Ok(())
    }

    fn check_endorsed(
        &self,
        envelope: &common::Envelope,
        transaction: OrderedTransaction,
        store: &PrivateStore,
        changed: &mut BTreeSet<StateKey>,
    ) -> Result<Checked, TxValidationCode> {
        let signed = SignedData {
            identity: &transaction.creator,
            message: vec![&envelope.payload],
            signature: &envelope.signature,
        };
        if !policies::is_valid_signature(&self.bundle, &signed) {
            return Err(TxValidationCode::BadCreatorSignature);
        }
        if self.known.contains(&transaction.tx_id) {
            return Err(TxValidationCode::DuplicateTxid);
        }
        let action = Action::parse(&transaction.payload, &transaction.chaincode)
            .map_err(|_| TxValidationCode::BadRwset)?;
        // Differs from Fabric: there a peer commits digests whose private data nobody has
        let set = store
            .complete(&self.channel, &transaction.tx_id, action.set)
            .ok_or(TxValidationCode::InvalidOtherReason)?;
        let is_lifecycle = transaction.chaincode == lifecycle::NAMESPACE;
        let endorsement = self.endorsement(&transaction.chaincode);
        let terms = EndorsementTerms {
            bundle: &self.bundle,
            state: match is_lifecycle {
                true => &self.lifecycle,
                false => &self.state,
            },
            changed,
            chaincode: &endorsement,
        };
        if !terms.are_met(&set, &self.endorsers(&transaction)) {
            return Err(TxValidationCode::EndorsementPolicyFailure);
        }
        changed.extend(with_new_metadata(&set));
        Ok(Checked::Endorsed {
            stamp: TxStamp {
                tx_id: transaction.tx_id,
                timestamp: transaction.timestamp,
            },
            set: Box::new(set),
            is_lifecycle,
        })
    }

    fn endorsers(&self, transaction: &OrderedTransaction) -> SignerSet {
        let signed: Vec<_> = transaction
            .endorsements
            .iter()
            .map(|endorsement| SignedData {
                identity: &endorsement.endorser,
                message: vec![&transaction.payload, &endorsement.endorser],
                signature: &endorsement.signature,
            })
            .collect();
        SignerSet::from_signed_data(self.bundle.msps(), &signed)
    }
}

/// The id of a transaction, valid or not; none in a config transaction.
fn transaction_id(envelope: &Bytes) -> Option<TxId> {
    let envelope = common::Envelope::decode(envelope.clone()).ok()?;
    let payload = common::Payload::decode(envelope.payload).ok()?;
    let channel = common::ChannelHeader::decode(payload.header?.channel_header).ok()?;
    Some(channel.tx_id)
        .filter(|id| !id.is_empty())
        .map(TxId::new)
}

/// A transaction whose signatures are good.
#[derive(Debug)]
enum Checked {
    /// The serialized `common.ConfigEnvelope`.
    Config(Bytes),
    Endorsed {
        stamp: TxStamp,
        set: Box<ReadWriteSet>,
        /// Whether it is of the lifecycle, which has a state of its own.
        is_lifecycle: bool,
    },
}

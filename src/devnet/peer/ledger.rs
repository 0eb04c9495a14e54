//! One channel at one peer: its blocks, the config in force, and the state, validated as Fabric's
//! committing peers do.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use prost::Message;

use super::access;
use crate::{
    block::{self, Block, ConfigBlock},
    config::{Bundle, ConfigTree, LastUpdate, envelope::ConfigEnvelope},
    devnet::{
        error::DevnetError,
        transaction::{Action, OrderedTransaction},
    },
    ids::{BlockNumber, ChannelId, Digest, TxId},
    policy::SignedData,
    proto::{common, protos::TxValidationCode},
    stub::memory::{Conflict, Ledger, Version},
};

/// The policy that the endorsements of a transaction must satisfy: the default of a chaincode
/// definition that names none.
pub(super) const ENDORSEMENT: &str = "/Channel/Application/Endorsement";

/// A peer's copy of a channel.
#[derive(Debug)]
pub(super) struct ChannelLedger {
    channel: ChannelId,
    bundle: Arc<Bundle>,
    state: Ledger,
    known: BTreeSet<TxId>,
    number: BlockNumber,
    hash: Digest,
}

impl ChannelLedger {
    /// Joins a channel by its genesis block.
    pub(super) fn join(channel: &ChannelId, genesis: &Bytes) -> Result<Self, DevnetError> {
        let block = ConfigBlock::parse(genesis.clone()).map_err(DevnetError::build)?;
        let bundle = Bundle::new(channel, block.tree().clone()).map_err(DevnetError::build)?;
        Ok(Self {
            channel: channel.clone(),
            bundle: Arc::new(bundle),
            state: Ledger::new(),
            known: BTreeSet::new(),
            number: block.block().number(),
            hash: block.block().header_hash(),
        })
    }

    /// The config in force.
    pub(super) const fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    /// The state as of the last block.
    pub(super) fn snapshot(&self) -> Ledger {
        self.state.clone()
    }

    /// Validates a block and applies what is valid; gives the code of each transaction, in order.
    ///
    /// # Errors
    /// [`DevnetError::Block`] where the block is not the next one of this chain.
    pub(super) fn commit(&mut self, bytes: &Bytes) -> Result<Vec<TxValidationCode>, DevnetError> {
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
        let mut codes = Vec::new();
        for (index, envelope) in (0u64..).zip(block.data()) {
            let version = Version {
                block: self.number,
                tx: index,
            };
            let code = self.apply(envelope, version);
            codes.push(code.err().unwrap_or(TxValidationCode::Valid));
        }
        Ok(codes)
    }

    fn apply(&mut self, envelope: &Bytes, version: Version) -> Result<(), TxValidationCode> {
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
            Ok(common::HeaderType::Config) => self.apply_config(&payload.data),
            Ok(common::HeaderType::EndorserTransaction) => {
                let transaction = OrderedTransaction::parse(&header, channel, payload.data)
                    .map_err(|_| TxValidationCode::BadPayload)?;
                self.apply_endorsed(&envelope, transaction, version)
            }
            _ => Err(TxValidationCode::UnknownTxType),
        }
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

    fn apply_endorsed(
        &mut self,
        envelope: &common::Envelope,
        transaction: OrderedTransaction,
        version: Version,
    ) -> Result<(), TxValidationCode> {
        let signed = SignedData {
            identity: &transaction.creator,
            message: vec![&envelope.payload],
            signature: &envelope.signature,
        };
        if !access::is_valid_signature(&self.bundle, &signed) {
            return Err(TxValidationCode::BadCreatorSignature);
        }
        if self.known.contains(&transaction.tx_id) {
            return Err(TxValidationCode::DuplicateTxid);
        }
        self.check_endorsements(&transaction)?;
        let action = Action::parse(&transaction.payload, &transaction.chaincode)
            .map_err(|_| TxValidationCode::BadRwset)?;
        self.state.validate(&action.set).map_err(|e| match e {
            Conflict::Read { .. } => TxValidationCode::MvccReadConflict,
            Conflict::Phantom { .. } => TxValidationCode::PhantomReadConflict,
        })?;
        self.state.commit(version, &action.set);
        self.known.insert(transaction.tx_id);
        Ok(())
    }

    fn check_endorsements(&self, transaction: &OrderedTransaction) -> Result<(), TxValidationCode> {
        let signed: Vec<_> = transaction
            .endorsements
            .iter()
            .map(|endorsement| SignedData {
                identity: &endorsement.endorser,
                message: vec![&transaction.payload, &endorsement.endorser],
                signature: &endorsement.signature,
            })
            .collect();
        if access::satisfies(&self.bundle, ENDORSEMENT, &signed) {
            Ok(())
        } else {
            Err(TxValidationCode::EndorsementPolicyFailure)
        }
    }
}

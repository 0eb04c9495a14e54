//! Config blocks made for a test: as an orderer would make them, or as one never would.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::{
    block::ConfigBlock,
    config::{Bundle, ConfigSignature, ConfigTree, envelope::update_envelope},
    proto::common,
};
use prost::Message;

use super::{
    calls::sync_config,
    captures::after,
    people::person,
    world::{Server, World, state_key},
};
use crate::chain::forged::forge_signed_by;

impl<S: Server> World<S> {
    /// The bytes of the trusted config.
    pub(crate) fn config(&self) -> Bytes {
        let key = state_key(&["config", "body"]);
        self.ledger.get(&key).unwrap().value.clone()
    }

    /// Submits the finished envelope of a proposal to an orderer, and syncs the block it makes.
    pub(crate) async fn take_effect(&mut self, id: &str) {
        let shown = self.proposal(id).await;
        let envelope = shown["config_update_envelope_to_submit"].as_str();
        let envelope = envelope.unwrap_or_else(|| panic!("{id} is {}", shown["status"]));
        let envelope = STANDARD.decode(envelope).unwrap();
        self.order(&envelope.into()).await;
    }

    /// Has an orderer take an update, and syncs the block it makes.
    pub(crate) async fn order(&mut self, envelope: &Bytes) {
        let block = self.ordered(envelope);
        self.ok(&person("Org1MSP"), sync_config(&block)).await;
    }

    /// Has an orderer take an update with these signatures, and syncs the block it makes.
    pub(crate) async fn order_signed(
        &mut self,
        update: &Bytes,
        signatures: &[common::ConfigSignature],
    ) {
        let signatures: Vec<ConfigSignature> = signatures
            .iter()
            .map(|one| ConfigSignature {
                signature_header: one.signature_header.clone(),
                signature: one.signature.clone(),
            })
            .collect();
        let envelope = update_envelope(&self.channel, update, &signatures);
        self.order(&envelope.into()).await;
    }

    /// The bytes of a proposal's first revision.
    pub(crate) fn first_update(&self, id: &str) -> Bytes {
        let key = state_key(&["proposal", id]);
        let stored = self.ledger.get(&key).unwrap().value.clone();
        let proposal = cmscc::proto::cmscc::Proposal::decode(stored).unwrap();
        proposal.revisions[0].config_update.clone()
    }

    /// The block that an orderer makes of an update.
    pub(crate) fn ordered(&self, envelope: &Bytes) -> Vec<u8> {
        let tree = ConfigTree::parse(self.config()).unwrap();
        let bundle = Bundle::new(&self.channel, tree).unwrap();
        let next = bundle.propose_config_update(envelope).unwrap();
        let carried = common::ConfigEnvelope {
            config: Some(common::Config::decode(&next.encode()[..]).unwrap()),
            last_update: Some(common::Envelope::decode(envelope.clone()).unwrap()),
        };
        block(&carried)
    }
}

/// A block with a config that no update led to, as only a checkpoint can bring it.
pub(crate) fn checkpoint(config: &[u8], change: impl FnOnce(&mut common::Config)) -> Vec<u8> {
    let mut config = common::Config::decode(config).unwrap();
    change(&mut config);
    block(&common::ConfigEnvelope {
        config: Some(config),
        last_update: None,
    })
}

/// A block around a config envelope, signed by the captures' orderer.
fn block(carried: &common::ConfigEnvelope) -> Vec<u8> {
    let original = ConfigBlock::parse(after("add-orgx").into()).unwrap();
    let orderer = person("OrdererMSP");
    let change = |it: &mut common::ConfigEnvelope| it.clone_from(carried);
    let block = forge_signed_by(&original, change, orderer.signer());
    block.block().bytes().to_vec()
}

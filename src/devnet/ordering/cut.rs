//! Building blocks, as an ordering node does.

use bytes::Bytes;
use prost::Message;

use crate::{
    block::Block,
    devnet::{error::DevnetError, identities::IssuedIdentity},
    identity::Signer as _,
    proto::common,
};

/// How many metadata entries a block has.
const METADATA: usize = 5;

/// Where a block stands in its chain.
#[derive(Clone, Debug)]
pub(super) struct BlockPosition {
    /// Its number: how many blocks there are before it.
    pub(super) number: u64,
    /// The header hash of the block before it.
    pub(super) previous_hash: Bytes,
    /// The number of the last config block, itself included.
    pub(super) last_config: u64,
}

/// Block 0 around its one transaction; nobody signs it.
pub(in crate::devnet) fn genesis(transaction: Bytes) -> Result<Bytes, DevnetError> {
    let position = BlockPosition {
        number: 0,
        previous_hash: Bytes::new(),
        last_config: 0,
    };
    let mut block = unsigned(&position, vec![transaction])?;
    let value = orderer_metadata(&position);
    set_metadata(&mut block, signatures(value, Vec::new()), None);
    Ok(block.encode_to_vec().into())
}

/// A block around transactions, signed by an ordering node.
pub(super) fn block(
    position: &BlockPosition,
    transactions: Vec<Bytes>,
    orderer: &IssuedIdentity,
) -> Result<Bytes, DevnetError> {
    let mut block = unsigned(position, transactions)?;
    let value = orderer_metadata(position);
    let header = parse(&block)?.header_bytes();
    let signature_header = orderer.signature_header()?;
    let signature = common::MetadataSignature {
        signature: orderer
            .sign(&[&value[..], &signature_header, &header].concat())?
            .into(),
        signature_header,
        identifier_header: Bytes::new(),
    };
    let last_config = common::LastConfig {
        index: position.last_config,
    };
    let last_config = signatures(last_config.encode_to_vec(), Vec::new());
    set_metadata(
        &mut block,
        signatures(value, vec![signature]),
        Some(last_config),
    );
    Ok(block.encode_to_vec().into())
}

fn unsigned(position: &BlockPosition, data: Vec<Bytes>) -> Result<common::Block, DevnetError> {
    let mut block = common::Block {
        header: Some(common::BlockHeader {
            number: position.number,
            previous_hash: position.previous_hash.clone(),
            data_hash: Bytes::new(),
        }),
        data: Some(common::BlockData { data }),
        metadata: None,
    };
    let data_hash = parse(&block)?.computed_data_hash();
    if let Some(header) = &mut block.header {
        header.data_hash = Bytes::copy_from_slice(data_hash.as_bytes());
    }
    Ok(block)
}

fn parse(block: &common::Block) -> Result<Block, DevnetError> {
    Block::parse(block.encode_to_vec().into()).map_err(DevnetError::build)
}

fn orderer_metadata(position: &BlockPosition) -> Vec<u8> {
    common::OrdererBlockMetadata {
        last_config: Some(common::LastConfig {
            index: position.last_config,
        }),
        consenter_metadata: Bytes::new(),
    }
    .encode_to_vec()
}

fn signatures(value: Vec<u8>, signatures: Vec<common::MetadataSignature>) -> Bytes {
    let metadata = common::Metadata {
        value: value.into(),
        signatures,
    };
    metadata.encode_to_vec().into()
}

fn set_metadata(block: &mut common::Block, signatures: Bytes, last_config: Option<Bytes>) {
    let mut metadata = vec![signatures, last_config.unwrap_or_default()];
    metadata.resize(METADATA, Bytes::new());
    block.metadata = Some(common::BlockMetadata { metadata });
}

//! Verifying blocks: signatures under the config in force, and their place in the chain.

use bytes::Bytes;

use super::{
    config_block::ConfigBlock,
    data,
    error::BlockError,
    metadata::{self, MetadataSignature},
    parse::Block,
};
use crate::{
    config::Bundle,
    identity::serialized_identity,
    ids::{BlockNumber, ChannelId, Digest, MspId},
    policy::{SignedData, SignerSet},
    proto::scan::last_bytes,
};

/// The policy of block signatures.
const POLICY: &str = "/Channel/Orderer/BlockValidation";

/// How many metadata entries a block has at least.
const METADATA_ENTRIES: usize = 5;

/// The one entry of metadata that is about signatures.
const SIGNATURES: usize = 0;

/// Whether a block is the next one of a chain and properly signed under the config in force (for a
/// config block the one before it).
///
/// # Errors
/// [`BlockError`]: the first rule that it breaks, in the reference's order.
// Fabric: common/deliverclient/block_verification.go, VerifyBlock
pub fn verify(
    block: &Block,
    channel: &ChannelId,
    last_number: BlockNumber,
    last_hash: &Digest,
    config: &Bundle,
) -> Result<(), BlockError> {
    if config.channel() != channel {
        return Err(BlockError::WrongChannel {
            want: channel.clone(),
            got: config.channel().clone(),
        });
    }
    // without its policy there is no verifier at all
    if config.policies().absolute(POLICY).is_none() {
        return Err(BlockError::MissingPolicy(POLICY));
    }
    let header = block.header().ok_or(BlockError::MissingHeader)?;
    if header.number != last_number.next() {
        return Err(BlockError::Number {
            want: last_number.next(),
            got: header.number,
        });
    }
    if header.previous_hash.as_ref() != last_hash.as_bytes() {
        return Err(BlockError::PreviousHash {
            want: *last_hash,
            got: hex::encode(&header.previous_hash),
        });
    }
    if block.metadata().len() < METADATA_ENTRIES {
        return Err(BlockError::MissingMetadata {
            entries: block.metadata().len(),
        });
    }
    data::well_formed(block.data())?;
    block.check_data_hash()?;
    verify_signatures(block, config)
}

/// Whether a block's signatures satisfy the BlockValidation policy of a config.
///
/// # Errors
/// [`BlockError::MissingHeader`], [`BlockError::MissingPolicy`], [`BlockError::MissingMetadata`],
/// [`BlockError::Undecodable`] (of one signature's header too, even if others suffice),
/// [`BlockError::Signatures`].
// Fabric: protoutil/blockutils.go, BlockSignatureVerifier
pub fn verify_signatures(block: &Block, config: &Bundle) -> Result<(), BlockError> {
    let header = block.header().ok_or(BlockError::MissingHeader)?.der();
    let policy = config
        .policies()
        .absolute(POLICY)
        .ok_or(BlockError::MissingPolicy(POLICY))?;
    let metadata = block.metadata_entry(SIGNATURES)?;
    let mut claims = Vec::with_capacity(metadata.signatures.len());
    for signature in &metadata.signatures {
        claims.extend(claim(signature, config)?);
    }
    let data: Vec<SignedData<'_>> = claims
        .iter()
        .map(|claim| SignedData {
            identity: &claim.identity,
            message: vec![&metadata.value, claim.header, &header],
            signature: claim.signature,
        })
        .collect();
    let signers = SignerSet::from_signed_data(config.msps(), &data);
    if config.policies().evaluate(config.msps(), policy, &signers) {
        return Ok(());
    }
    Err(BlockError::Signatures {
        policy: POLICY,
        explanation: Box::new(config.policies().explain(config.msps(), policy, &signers)),
    })
}

/// Whether a config block's signatures satisfy the policy of the config that it carries itself:
/// the least that a first block must have which nobody vouches for. Block 0 has no signatures.
///
/// # Errors
/// [`BlockError`], as [`verify_signatures`].
pub fn verify_own_signatures(block: &ConfigBlock, config: &Bundle) -> Result<(), BlockError> {
    if block.block().number() == BlockNumber(0) {
        return Ok(());
    }
    verify_signatures(block.block(), config)
}

/// A signature with the identity that claims it.
struct Claim<'a> {
    identity: Bytes,
    /// The header that the signature covers.
    header: &'a [u8],
    signature: &'a [u8],
}

/// `None` where the signature names a consenter that the config does not have: it is passed over.
fn claim<'a>(
    signature: &'a MetadataSignature,
    config: &Bundle,
) -> Result<Option<Claim<'a>>, BlockError> {
    let by_number = config.channel_capabilities().consensus_type_bft()
        && signature.signature_header.is_empty()
        && !signature.identifier_header.is_empty();
    let (identity, header) = if by_number {
        let id = metadata::identifier(&signature.identifier_header)?;
        let Some(consenter) = config.consenters().iter().find(|c| c.id == id) else {
            return Ok(None);
        };
        let msp_id = MspId::from(&*consenter.msp_id);
        let identity = serialized_identity(&msp_id, &consenter.identity);
        // a consenter without identity counts as unknown
        if identity.is_empty() {
            return Ok(None);
        }
        (identity.into(), &signature.identifier_header)
    } else {
        (
            last_bytes(&signature.signature_header, 1)?,
            &signature.signature_header,
        )
    };
    Ok(Some(Claim {
        identity,
        header,
        signature: &signature.signature,
    }))
}

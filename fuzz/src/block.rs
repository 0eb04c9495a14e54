//! Blocks.

use bytes::Bytes;
use cmscc::{
    block::{
        Block, BlockMetadata, ConfigBlock, advance, verify, verify_own_signatures, well_formed,
    },
    config::ConfigTree,
    ids::{BlockNumber, Digest},
};

use super::world::BUNDLE;

/// A block, whatever it says of itself.
pub fn block(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    let Ok(block) = Block::parse(bytes.clone()) else {
        assert!(ConfigBlock::parse(bytes).is_err());
        return;
    };
    let _ = (block.header_bytes(), block.header_hash());
    let _ = (block.last_config_index(), well_formed(block.data()));
    for entry in block.metadata() {
        let _ = BlockMetadata::parse(entry);
    }
    let right = block.check_data_hash().is_ok();
    assert_eq!(
        right,
        block.data_hash() == block.computed_data_hash().as_bytes()
    );
    let last = BlockNumber(block.number().0.wrapping_sub(1));
    let verified = verify(
        &block,
        BUNDLE.channel(),
        last,
        &block.header_hash(),
        &BUNDLE,
    );
    assert!(right || verified.is_err());
    if let Ok(config) = ConfigBlock::parse(bytes) {
        assert!(block.is_config());
        // kept in the one encoding, whatever the block carries
        let kept = ConfigTree::parse(config.config().clone()).unwrap();
        assert_eq!(config.config(), &kept.encode());
        assert!(config.tree().equals(&kept));
        assert_eq!(config.config_digest(), Digest::of(config.config()));
        let _ = (config.config_digest(), config.update_digest());
        // a block without a header is no block in particular
        assert_eq!(config.is_same(&config), block.header().is_some());
        let _ = verify_own_signatures(&config, &BUNDLE);
        if let Ok(next) = advance(&BUNDLE, &config) {
            assert_eq!(next.sequence(), config.sequence());
        }
    }
}

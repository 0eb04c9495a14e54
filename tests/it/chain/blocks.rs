//! Real blocks verify, and lead from one config to the next.

use std::sync::Arc;

use bytes::Bytes;
use cmscc::{
    block::{self, Block, BlockError, ConfigBlock},
    config::ConfigTree,
    ids::{BlockNumber, ChannelId, Digest, Sequence},
    proto::common,
};
use prost::Message;

use super::{NETWORKS, block, bundle, channel, data, genesis};

#[test]
fn a_chain_of_three_configs_is_followed() {
    for network in NETWORKS {
        let mut head = genesis(network);
        for (step, sequence) in [("add-orgx", 1), ("add-orgy", 2)] {
            let next = block(network, &format!("{step}/config_block_after.pb"));
            let carried = data(&format!("{network}/{step}/config_raw_after.pb"));
            // an orderer writes map entries in any order
            let deterministic = ConfigTree::parse(carried.clone()).unwrap().encode();
            let message = |config: &[u8]| common::Config::decode(config).unwrap();
            assert_eq!(message(&deterministic), message(&carried));
            assert_eq!(next.config(), &deterministic, "{network} {step}");
            assert_eq!(next.config_digest(), Digest::of(&deterministic));
            assert_eq!(next.sequence(), Sequence(sequence));
            assert_eq!(next.channel_id(), &channel());
            let update = data(&format!("{network}/{step}/envelope_onchain.pb"));
            assert_eq!(next.last_update(), Some(&update));
            head = block::advance(&head, &next).unwrap();
            assert_eq!(head.sequence(), Sequence(sequence));
            assert!(head.tree().equals(&ConfigTree::parse(carried).unwrap()));
        }
    }
}

#[test]
fn a_block_fits_only_its_own_predecessor() {
    for network in NETWORKS {
        let head = genesis(network);
        let first = block(network, "add-orgx/config_block_after.pb");
        let second = block(network, "add-orgy/config_block_after.pb");
        let refused = |head, block| match block::advance(head, block) {
            Err(BlockError::Invalid(refusal)) => refusal.reason(),
            other => panic!("{network}: {other:?}"),
        };
        assert_eq!(refused(&head, &second), "sequence_mismatch");
        assert_eq!(refused(&bundle(first.tree()), &first), "sequence_mismatch");
    }
    let other = block(NETWORKS[0], "add-orgx/config_block_after.pb");
    let elsewhere =
        cmscc::config::Bundle::new(&ChannelId::from("other"), other.tree().clone()).unwrap();
    let refused = block::advance(&elsewhere, &other).unwrap_err();
    assert_eq!(refused.code(), "WRONG_CHANNEL");
}

#[test]
fn the_genesis_block_is_nobodys_successor() {
    let genesis_block = block(NETWORKS[1], "genesis.block");
    assert_eq!(genesis_block.block().number(), BlockNumber(0));
    assert_eq!(genesis_block.sequence(), Sequence(0));
    genesis_block.block().check_data_hash().unwrap();
    let own = bundle(genesis_block.tree());
    block::verify_own_signatures(&genesis_block, &own).unwrap();
    let refused = block::advance(&own, &genesis_block).unwrap_err();
    assert_eq!(refused.code(), "BLOCK_SIGNATURES");
}

#[test]
fn blocks_satisfy_their_own_policy_too() {
    for network in NETWORKS {
        let after = block(network, "add-orgx/config_block_after.pb");
        block::verify_own_signatures(&after, &bundle(after.tree())).unwrap();
        let header = after.block().header().unwrap();
        let last = BlockNumber(header.number.0 - 1);
        let last_hash = Digest::from_bytes(&header.previous_hash).unwrap();
        block::verify(
            after.block(),
            &channel(),
            last,
            &last_hash,
            &genesis(network),
        )
        .unwrap();
        assert_eq!(after.block().last_config_index().unwrap(), header.number);
    }
}

#[test]
fn what_did_not_change_is_not_set_up_again() {
    for network in NETWORKS {
        let head = genesis(network);
        let next =
            block::advance(&head, &block(network, "add-orgx/config_block_after.pb")).unwrap();
        assert_eq!(next.msps().iter().count(), 4);
        for msp in head.msps().iter() {
            let kept = next.msps().get(msp.id().as_str()).unwrap();
            assert!(Arc::ptr_eq(msp, kept), "{network} {}", msp.id());
        }
        let mut raised =
            common::Config::decode(block(network, "genesis.block").config().clone()).unwrap();
        let root = raised.channel_group.as_mut().unwrap();
        let other = if network.ends_with("v3") {
            "V2_0"
        } else {
            "V3_0"
        };
        let mut level = common::Capabilities::default();
        level
            .capabilities
            .insert(other.to_owned(), common::Capability::default());
        let value = root.values.get_mut("Capabilities").unwrap();
        value.value = level.encode_to_vec().into();
        let tree = ConfigTree::parse(raised.encode_to_vec().into()).unwrap();
        let next = head.compile_next(tree).unwrap();
        for msp in head.msps().iter() {
            let other = next.msps().get(msp.id().as_str()).unwrap();
            assert!(!Arc::ptr_eq(msp, other), "{network}: another msp version");
        }
    }
}

/// Every byte of header, data and signature metadata, one at a time.
#[test]
fn a_flipped_byte_is_refused() {
    let network = NETWORKS[1];
    let head = genesis(network);
    let original = data(&format!("{network}/add-orgx/config_block_after.pb"));
    let parsed = ConfigBlock::parse(original.clone()).unwrap();
    let offset = |part: &[u8]| part.as_ptr() as usize - original.as_ptr() as usize;
    // the data hash is the last field of the header, and the header the first of the block
    let header_end = offset(&parsed.block().header().unwrap().data_hash) + 32;
    let matters = [
        &original[..header_end],
        &parsed.block().data()[0],
        &parsed.block().metadata()[0],
    ];
    let mut tried = 0;
    for part in matters {
        let stride = (part.len() / 150).max(1);
        for place in (0..part.len()).step_by(stride) {
            for mask in [0x01, 0x80] {
                let mut bytes = original.to_vec();
                bytes[offset(part) + place] ^= mask;
                let refused = ConfigBlock::parse(bytes.into())
                    .and_then(|block| block::advance(&head, &block));
                assert!(refused.is_err(), "byte {place} of {} passes", part.len());
                tried += 1;
            }
        }
    }
    assert!(tried > 600, "{tried}");
}

#[test]
fn sameness_is_header_and_data() {
    let path = format!("{}/add-orgx/config_block_after.pb", NETWORKS[0]);
    let original = ConfigBlock::parse(data(&path)).unwrap();
    // one more metadata entry changes nothing
    let mut bytes = data(&path).to_vec();
    bytes.extend(b"\x1a\x03\x0a\x01x");
    let resigned = ConfigBlock::parse(bytes.into()).unwrap();
    assert!(original.is_same(&resigned));
    assert!(!original.is_same(&block(NETWORKS[0], "genesis.block")));
}

proptest::proptest! {
    #![proptest_config(crate::cases::cases(256))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let bytes = Bytes::from(bytes);
        if let Ok(block) = Block::parse(bytes.clone()) {
            let _ = block.last_config_index();
            let _ = block.is_config();
            let _ = block.check_data_hash();
        }
        let _ = ConfigBlock::parse(bytes);
    }

    #[test]
    fn damaged_blocks_never_panic(place: proptest::sample::Index, byte: u8, cut: bool) {
        let mut bytes = data("fabric-3.1.5-caps-v3/genesis.block").to_vec();
        let place = place.index(bytes.len());
        if cut {
            bytes.truncate(place);
        } else {
            bytes[place] = byte;
        }
        if let Ok(block) = ConfigBlock::parse(bytes.into()) {
            let _ = cmscc::config::Bundle::new(block.channel_id(), block.tree().clone());
        }
    }
}

//! Lies about the config: blocks of the peer, and the chain of the contract.

use bytes::Bytes;
use cmscc::{
    block::ConfigBlock,
    devnet::NetworkOptions,
    ids::{BlockNumber, Digest},
    proto::common,
};
use prost::Message as _;
use serde_json::{Value, json};

use super::{Town, rule_patch};
use crate::devnet::harness::Consortium;

/// Two configs are in force one after the other, the contract knows both, a proposal is open on the
/// second, and this machine has verified what `seen` says.
async fn town(seen: bool) -> (Town, Bytes, Digest) {
    let town = Town::new().await;
    town.propose("first", "Endorsement").await;
    let block = town.bring_about("first").await;
    town.served.consortium.sync("Org2", &block).await.unwrap();
    town.propose("this", "LifecycleEndorsement").await;
    if seen {
        town.cmscc(&["sync"]).good();
    }
    let digest = town.digest("this").await;
    (town, block, digest)
}

/// The same second config on another network, whose channel has the same name.
pub(super) async fn elsewhere() -> (Bytes, Bytes) {
    let other = Consortium::new(&["Org1", "Org2", "Org3"], NetworkOptions::default()).await;
    let args = [
        "ProposeConfigUpdate",
        "first",
        &rule_patch("Endorsement"),
        "a change",
    ];
    other.invoke("Org2", &args).await.unwrap();
    for org in ["Org2", "Org3"] {
        other.sign(org, "first").await;
    }
    let block = other.submit("Org2", "first").await;
    (other.genesis, block)
}

/// A block with other content, as its maker would have it.
fn changed(block: &Bytes, change: impl FnOnce(&mut common::Block)) -> Bytes {
    let mut block = common::Block::decode(block.clone()).unwrap();
    change(&mut block);
    block.encode_to_vec().into()
}

/// The block with another config, in a header that names it.
pub(super) fn recarried(
    block: &Bytes,
    change: impl FnOnce(&mut common::ConfigEnvelope, &mut String),
) -> Bytes {
    changed(block, |block| {
        let data = &mut block.data.as_mut().unwrap().data;
        let mut envelope = common::Envelope::decode(data[0].clone()).unwrap();
        let mut payload = common::Payload::decode(envelope.payload.clone()).unwrap();
        let header = payload.header.as_mut().unwrap();
        let mut channel = common::ChannelHeader::decode(header.channel_header.clone()).unwrap();
        let mut config = common::ConfigEnvelope::decode(payload.data.clone()).unwrap();
        change(&mut config, &mut channel.channel_id);
        header.channel_header = channel.encode_to_vec().into();
        payload.data = config.encode_to_vec().into();
        envelope.payload = payload.encode_to_vec().into();
        data[0] = envelope.encode_to_vec().into();
        let hash = cmscc::block::data_hash(data);
        block.header.as_mut().unwrap().data_hash = Bytes::copy_from_slice(hash.as_bytes());
    })
}

fn unsigned(block: &Bytes) -> Bytes {
    changed(block, |block| {
        block.metadata.as_mut().unwrap().metadata[0] = Bytes::new()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_config_is_believed() {
    let (their_genesis, theirs) = elsewhere().await;
    for seen in [false, true] {
        let (town, block, digest) = town(seen).await;
        let next = |sequence| {
            recarried(&block, move |config, _| {
                config.config.as_mut().unwrap().sequence = sequence;
            })
        };
        // of a config that was seen everything else is a fork, of one that was not it proves nothing
        let other = match seen {
            true => "FORK",
            false => "BLOCK_NOT_PROVEN",
        };
        let emptied = recarried(&block, |config, _| {
            let root = config
                .config
                .as_mut()
                .unwrap()
                .channel_group
                .as_mut()
                .unwrap();
            root.groups
                .get_mut("Application")
                .unwrap()
                .groups
                .remove("Org1MSP");
        });
        let mut lies = vec![
            ("of another network", theirs.clone(), other),
            (
                "of another channel",
                recarried(&block, |_, channel| *channel = "other".to_owned()),
                "PEER_INCONSISTENT",
            ),
            ("with another content", emptied, other),
            (
                "with data that its header does not name",
                changed(&block, |block| {
                    block
                        .data
                        .as_mut()
                        .unwrap()
                        .data
                        .push(Bytes::from_static(b"x"));
                }),
                "PEER_INCONSISTENT",
            ),
            (
                "that is none",
                Bytes::from_static(b"\x0a\x00"),
                "PEER_INCONSISTENT",
            ),
            ("far ahead", next(1 << 60), "TOO_FAR"),
            ("ahead, without those between", next(3), "PEER_INCONSISTENT"),
        ];
        if seen {
            lies.push((
                "that is older",
                town.served.consortium.genesis.clone(),
                "ROLLBACK",
            ));
            lies.push((
                "that is older, of another network",
                their_genesis.clone(),
                "ROLLBACK",
            ));
        } else {
            lies.push((
                "that no orderer signed",
                unsigned(&block),
                "BLOCK_NOT_PROVEN",
            ));
            lies.push((
                "of another network at the pin",
                their_genesis.clone(),
                "FORK",
            ));
        }
        for (name, lie, symbol) in lies {
            town.liar.about("GetConfigBlock", move |_, _| lie.clone());
            let name = format!("a block {name}, seen: {seen}");
            town.sign("this", digest).refused(&name, symbol, 7);
            for command in [&["submit", "this"][..], &["sync"], &["watch"]] {
                town.cmscc(command)
                    .refused(&format!("{name}: {command:?}"), symbol, 7);
            }
            town.unsigned(&name, &town.truth("this").await);
        }
        town.liar.honest();
        town.sign("this", digest).good();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_between_cannot_lead_in_circles() {
    let (town, block, digest) = town(false).await;
    // claims many configs, and gives for each block before it the same one
    let ahead = recarried(&block, |config, _| {
        config.config.as_mut().unwrap().sequence = 1000
    });
    let number = ConfigBlock::parse(block.clone()).unwrap().block().number();
    assert!(number > BlockNumber(2));
    *town.liar.evaluated.lock().unwrap() = Some(Box::new(move |_, args, answer| match args {
        ["GetConfigBlock", ..] => ahead.clone(),
        ["GetBlockByNumber", ..] => block.clone(),
        _ => answer,
    }));
    town.sign("this", digest)
        .refused("circles", "PEER_INCONSISTENT", 7);
    town.liar.honest();
    town.unsigned("circles", &town.truth("this").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_has_ones_own_chain_or_none() {
    let (town, _, digest) = town(true).await;
    let zeros = "0".repeat(64);
    let other = |member: &'static str, text: Value| {
        move |said: &mut Value| said["chain"][1][member] = text.clone()
    };
    type Lie = Box<dyn Fn(&mut Value) + Send>;
    let lies: Vec<(&str, Lie, &str, i32)> = vec![
        (
            "another config",
            Box::new(other("config_sha256", json!(zeros))),
            "FORK",
            7,
        ),
        (
            "a digest that is none",
            Box::new(other("config_sha256", json!("00"))),
            "ANSWER_UNREADABLE",
            1,
        ),
        (
            "another genesis block",
            Box::new(move |said| said["chain"][0]["config_sha256"] = json!("1".repeat(64))),
            "FORK",
            7,
        ),
        (
            "nothing",
            Box::new(|said| said["chain"] = json!([])),
            "FORK",
            7,
        ),
        (
            "all but the head",
            Box::new(|said| {
                said["chain"].as_array_mut().unwrap().pop();
            }),
            "FORK",
            7,
        ),
        (
            "a head that is ahead",
            Box::new(|said| said["as_of_sequence"] = json!(2)),
            "CONTRACT_AHEAD",
            7,
        ),
        (
            "an order of its own",
            Box::new(|said| said["chain"].as_array_mut().unwrap().reverse()),
            "ANSWER_UNREADABLE",
            1,
        ),
        (
            "pages without end",
            Box::new(|said| {
                said["as_of_sequence"] = json!(u64::MAX);
                said["next"] = json!(u64::MAX - 1);
            }),
            "CONTRACT_AHEAD",
            7,
        ),
        (
            "the same page again",
            Box::new(|said| said["next"] = json!(1)),
            "ANSWER_UNREADABLE",
            1,
        ),
    ];
    for (name, lie, symbol, code) in lies {
        town.liar.edits("GetConfigChain", lie);
        town.sign("this", digest).refused(name, symbol, code);
        town.cmscc(&["submit", "this"]).refused(name, symbol, code);
        town.liar.by_server();
        town.sign("this", digest).refused(name, symbol, code);
        town.liar.honest();
        town.unsigned(name, &town.truth("this").await);
    }
    // block and update of a config are claims of whoever handed a block in: they stop nobody
    town.liar.edits("GetConfigChain", |said| {
        let link = &mut said["chain"][1];
        link["block_number"] = json!(1_099);
        link["block_hash"] = json!("0".repeat(64));
        link["config_update_sha256"] = json!("1".repeat(64));
    });
    town.cmscc(&["sync"]).good();
    town.cmscc(&["config", "verify"]).good();
    let told = town.cmscc(&["doctor"]);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.stdout.contains("names another block"), "{told:?}");
    town.liar.honest();
    // one that is behind says so, and is brought on by `sync`
    town.liar.edits("GetConfigChain", |said| {
        said["as_of_sequence"] = json!(0);
        said["chain"].as_array_mut().unwrap().pop();
    });
    town.sign("this", digest)
        .refused("behind", "CONTRACT_BEHIND", 6);
    town.unsigned("behind", &town.truth("this").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_contract_has_already_costs_no_transaction() {
    let (town, _, _) = town(true).await;
    let height = || {
        let network = &town.served.consortium.network;
        network.standing("Org2").unwrap().heights[&town.served.consortium.channel]
    };
    let before = height();
    // as one's own peer sees it where another client was quicker just now
    town.liar.edits("GetConfigChain", |said| {
        said["as_of_sequence"] = json!(0);
        said["chain"].as_array_mut().unwrap().pop();
    });
    let synced = town.cmscc(&["sync"]).good();
    assert_eq!(synced["block_number"], Value::Null, "{synced}");
    assert_eq!(height(), before);
}

//! Intents on real configs: what they write, that an orderer would take it, and what they refuse.

mod consenters;
mod edit;
mod policies;
mod rotation;
mod settings;
mod several;

use std::{fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    AddressChange, AskedIntent, ConsenterIntent, ConsenterNode, EditedConfig, NamedCa, OtherIntent,
    PlannedIntent, RotationEnd, RotationStart, SeenIdentity, candidates, plan,
};
use crate::{
    block::ConfigBlock,
    client::{ClientError, WantedChange},
    config::{Bundle, ConfigTree, Patch, PatchLimits, Update, block_validation, compute_update},
    identity::serialized_identity,
    ids::{ChannelId, MspId},
    json,
};

const OWN: &str = "Org1MSP";
const EXAMPLE: &str = "ordererOrganizations/example.com";

fn data(path: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
    fs::read(root.join(path)).unwrap()
}

fn crypto(path: &str) -> Bytes {
    data(&format!("crypto/{path}")).into()
}

/// The config that configtxgen made for a network of raft: with a capability level, or with another.
fn raft() -> Bundle {
    of_block("fabric-3.1.5-caps-v2/genesis.block")
}

fn of_block(path: &str) -> Bundle {
    let block = ConfigBlock::parse(data(path).into()).unwrap();
    Bundle::new(block.channel_id(), block.tree().clone()).unwrap()
}

fn form(tree: &ConfigTree) -> Value {
    let text = json::encode_compact("common.Config", &tree.encode(), usize::MAX).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn tree(config: &Value) -> ConfigTree {
    let bytes = json::decode("common.Config", config.to_string().as_bytes()).unwrap();
    ConfigTree::parse(bytes.into()).unwrap()
}

fn planned(bundle: &Bundle, intents: &[AskedIntent]) -> Result<PlannedIntent, ClientError> {
    plan(intents, None, bundle, &MspId::new(OWN))
}

/// The config as it is after intents.
fn after(bundle: &Bundle, intents: &[AskedIntent]) -> Bundle {
    let planned =
        planned(bundle, intents).unwrap_or_else(|error| panic!("{error}: {:?}", error.hint));
    applied(bundle, &planned)
}

fn applied(bundle: &Bundle, planned: &PlannedIntent) -> Bundle {
    let own = MspId::new(OWN);
    let tree = planned.change.wanted_config(bundle, &own).unwrap();
    // the contract computes the same, or the client says so
    let update = compute_update(bundle.channel(), bundle.tree(), &tree).unwrap();
    planned
        .change
        .check_proposed(bundle, &own, &update.clone().into())
        .unwrap();
    let effect = bundle
        .effect(&Update::parse(update.into()).unwrap())
        .unwrap();
    effect.into_next().unwrap()
}

/// An intent must do exactly what a person does to the JSON by hand.
#[track_caller]
fn does(bundle: &Bundle, intent: AskedIntent, by_hand: impl FnOnce(&mut Value)) -> PlannedIntent {
    let planned =
        planned(bundle, &[intent]).unwrap_or_else(|error| panic!("{error}: {:?}", error.hint));
    let next = planned
        .change
        .wanted_config(bundle, &MspId::new(OWN))
        .unwrap();
    let mut edited = form(bundle.tree());
    by_hand(&mut edited["channel_group"]);
    let edited = tree(&edited);
    assert!(next.same_content(&edited), "{:#}", form(&next));
    let update = |to: &ConfigTree| compute_update(bundle.channel(), bundle.tree(), to).unwrap();
    assert_eq!(update(&next), update(&edited));
    applied(bundle, &planned);
    planned
}

#[track_caller]
fn refuses(bundle: &Bundle, intent: AskedIntent, symbol: &str, possible: &str) -> ClientError {
    let error = planned(bundle, &[intent]).unwrap_err();
    assert_eq!(error.symbol, symbol, "{error}");
    let said = format!("{error}; {}", error.hint.clone().unwrap_or_default());
    assert!(said.contains(possible), "{said}");
    error
}

fn set(path: &str, value: &str) -> AskedIntent {
    AskedIntent::Set {
        path: path.to_owned(),
        value: value.to_owned(),
    }
}

fn acl(resource: &str, policy: &str) -> AskedIntent {
    AskedIntent::Acl {
        resource: resource.to_owned(),
        policy: policy.to_owned(),
    }
}

fn rule(path: &str, rule: &str, create: bool) -> AskedIntent {
    AskedIntent::Policy {
        path: path.to_owned(),
        rule: rule.to_owned(),
        create,
    }
}

fn mod_policy(path: &str, name: &str) -> AskedIntent {
    AskedIntent::ModPolicy {
        path: path.to_owned(),
        name: name.to_owned(),
    }
}

fn level(section: &str, level: &str) -> AskedIntent {
    AskedIntent::Capability {
        section: section.to_owned(),
        level: level.to_owned(),
    }
}

fn exactly(addresses: &[&str]) -> AddressChange {
    AddressChange {
        exactly: addresses.iter().map(|one| (*one).to_owned()).collect(),
        ..AddressChange::default()
    }
}

fn none() -> AddressChange {
    AddressChange {
        none: true,
        ..AddressChange::default()
    }
}

fn anchor_peers(change: AddressChange) -> AskedIntent {
    AskedIntent::AnchorPeers { org: None, change }
}

fn endpoints(global: bool, change: AddressChange) -> AskedIntent {
    AskedIntent::Endpoints {
        global,
        org: None,
        change,
    }
}

const TIMEOUT: &str = "/Channel/Orderer/BatchTimeout";
const COUNT: &str = "/Channel/Orderer/BatchSize/max_message_count";

fn text_of(change: &WantedChange) -> String {
    match change {
        WantedChange::Patch(text) => text.clone(),
        other => panic!("{other:?}"),
    }
}

/// A TLS certificate of the CA of the orderers that no consenter has.
const OTHER_TLS: &str = "ordererOrganizations/example.com/users/Admin@example.com/tls/client.crt";

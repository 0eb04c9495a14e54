//! What orderers of 2.5 would not take is said, and nothing else is.

use cmscc::{
    config::{Bundle, ConfigTree, Update, Verdict, compute_update},
    proto::{common, msp, orderer},
};
use prost::Message;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, KeyUsagePurpose, PKCS_ED25519};

use super::{NETWORKS, block, bundle, channel};

const BEGINNING: &str = "needs orderers of 3.x: those of 2.5 refuse ";

fn config(network: &str) -> common::Config {
    common::Config::decode(block(network, "genesis.block").config().clone()).unwrap()
}

fn compile(config: &common::Config) -> Bundle {
    bundle(&ConfigTree::parse(config.encode_to_vec().into()).unwrap())
}

fn root(config: &mut common::Config) -> &mut common::ConfigGroup {
    config.channel_group.as_mut().unwrap()
}

fn orderer_group(config: &mut common::Config) -> &mut common::ConfigGroup {
    root(config).groups.get_mut("Orderer").unwrap()
}

fn set(group: &mut common::ConfigGroup, key: &str, message: &impl Message) {
    let value = common::ConfigValue {
        value: message.encode_to_vec().into(),
        mod_policy: "Admins".to_owned(),
        ..common::ConfigValue::default()
    };
    group.values.insert(key.to_owned(), value);
}

/// The reasons that are given for an update, and how often.
fn reasons(
    network: &str,
    before: impl FnOnce(&mut common::Config),
    change: impl FnOnce(&mut common::Config),
) -> Vec<String> {
    let mut original = config(network);
    before(&mut original);
    let current = compile(&original);
    let mut updated = original;
    change(&mut updated);
    let updated = ConfigTree::parse(updated.encode_to_vec().into()).unwrap();
    let update = compute_update(&channel(), current.tree(), &updated).unwrap();
    let emulation = current.emulate(&Update::parse(update.into()).unwrap(), &[]);
    assert_eq!(emulation.verdict, Verdict::Unsatisfied);
    let lines = emulation.not_checked.iter();
    lines
        .filter_map(|line| line.strip_prefix(BEGINNING))
        .map(str::to_owned)
        .collect()
}

fn timeout(config: &mut common::Config) {
    let timeout = orderer::BatchTimeout {
        timeout: "3s".to_owned(),
    };
    set(orderer_group(config), "BatchTimeout", &timeout);
}

fn brokers(entries: &[&str]) -> orderer::KafkaBrokers {
    orderer::KafkaBrokers {
        brokers: entries.iter().map(|entry| (*entry).to_owned()).collect(),
    }
}

fn ed25519_ca(config: &mut common::Config) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    let application = root(config).groups.get_mut("Application").unwrap();
    let org = application.groups.get_mut("Org1MSP").unwrap();
    let value = org.values.get_mut("MSP").unwrap();
    let mut outer = msp::MspConfig::decode(value.value.clone()).unwrap();
    let mut definition = msp::FabricMspConfig::decode(outer.config.clone()).unwrap();
    definition.root_certs.push(certificate.into());
    outer.config = definition.encode_to_vec().into();
    value.value = outer.encode_to_vec().into();
}

#[test]
fn what_only_orderers_of_3_accept_is_said_once() {
    let raft = NETWORKS[1];
    let nothing = |_: &mut common::Config| {};
    let none: [&str; 0] = [];
    assert_eq!(reasons(raft, nothing, timeout), none);
    assert_eq!(reasons(NETWORKS[0], nothing, timeout), none);
    let good = |config: &mut common::Config| {
        set(
            orderer_group(config),
            "KafkaBrokers",
            &brokers(&["kafka.0:9092", ":1"]),
        );
    };
    assert_eq!(reasons(raft, nothing, good), none);
    let odd = |config: &mut common::Config| {
        set(
            orderer_group(config),
            "KafkaBrokers",
            &brokers(&["a:1", "kafka_0:9092"]),
        );
    };
    let form = "the form of an entry of value `/Channel/Orderer/KafkaBrokers`";
    assert_eq!(reasons(raft, nothing, odd), [form]);
    let key = "an ed25519 key in the definition of msp `Org1MSP`";
    assert_eq!(reasons(raft, nothing, ed25519_ca), [key]);
    let both = |config: &mut common::Config| {
        set(root(config), "Orderers", &common::Orderers::default());
        set(
            orderer_group(config),
            "Orderers",
            &common::Orderers::default(),
        );
    };
    let values = "value `/Channel/Orderers`, value `/Channel/Orderer/Orderers`";
    assert_eq!(reasons(raft, nothing, both), [values]);
    let together = |config: &mut common::Config| {
        odd(config);
        ed25519_ca(config);
    };
    assert_eq!(reasons(raft, nothing, together), [format!("{form}, {key}")]);
    // orderers of 2.5 cannot read what is there already, either
    assert_eq!(reasons(raft, both, timeout), [values]);
}

#[test]
fn levels_of_3_count_where_they_are_to_be_in_force() {
    let v3 = NETWORKS[2];
    let nothing = |_: &mut common::Config| {};
    let levels = |names: &'static [&'static str]| {
        move |config: &mut common::Config| {
            let mut capabilities = common::Capabilities::default();
            for name in names {
                let none = common::Capability::default();
                capabilities.capabilities.insert((*name).to_owned(), none);
            }
            set(root(config), "Capabilities", &capabilities);
        }
    };
    let level = ["channel level `V3_0`"];
    assert_eq!(reasons(v3, nothing, timeout), level);
    // without another level, 2.5 misses the global addresses that 3.x forbids
    assert_eq!(reasons(v3, levels(&["V3_0"]), levels(&["V2_0"])), level);
    let none: [&str; 0] = [];
    assert_eq!(
        reasons(v3, levels(&["V2_0", "V3_0"]), levels(&["V2_0"])),
        none
    );
}

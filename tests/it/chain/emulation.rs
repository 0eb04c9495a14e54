//! What the engine says of real updates, beside what real orderers said.

use bytes::Bytes;
use cmscc::{
    config::{
        Bundle, Cause, ConfigTree, Emulation, FilterError, Update, Verdict,
        envelope::{UpdateEnvelope, read_update_envelope},
    },
    proto::{common, orderer},
};
use prost::Message;

use super::{NETWORKS, NOW, block, bundle, data, genesis};

fn update(path: &str) -> (Update, UpdateEnvelope) {
    let envelope = read_update_envelope(&data(path)).unwrap();
    (
        Update::parse(envelope.config_update.clone()).unwrap(),
        envelope,
    )
}

fn missing(emulation: &Emulation) -> Vec<String> {
    emulation
        .missing()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn accepted_updates_are_accepted() {
    for network in NETWORKS {
        let steps = [
            ("add-orgx", genesis(network)),
            (
                "add-orgy",
                bundle(block(network, "add-orgx/config_block_after.pb").tree()),
            ),
        ];
        for (step, current) in steps {
            let path = format!("{network}/{step}");
            let (update, signed) = update(&format!("{path}/envelope_signed.pb"));
            let emulation = current.emulate(&update, &signed.signatures);
            assert_eq!(emulation.verdict, Verdict::Accepted, "{path}");
            assert_eq!(emulation.signers.signers().len(), 2);
            assert_eq!(emulation.policies.len(), 1);
            assert_eq!(emulation.policies[0].path, "/Channel/Application/Admins");
            assert_eq!(missing(&emulation), [""; 0]);
            let after = block(network, &format!("{step}/config_block_after.pb"));
            assert!(emulation.result.unwrap().equals(after.tree()), "{path}");
            // the submitter, and on the last network that its level needs orderers of 3.x
            let lines = 1 + usize::from(network == NETWORKS[2]);
            assert_eq!(
                emulation.not_checked.len(),
                lines,
                "{:?}",
                emulation.not_checked
            );
            let unsigned = current.effect(&update).unwrap().into_next().unwrap();
            assert!(unsigned.tree().equals(after.tree()));
            let chosen = current.choose_signatures(&update, &signed.signatures);
            assert_eq!(chosen.map(|c| c.len()), Some(2));
            let submitted = data(&format!("{path}/envelope_onchain.pb"));
            let next = current.process_config_update(&submitted, NOW).unwrap();
            assert!(next.tree().equals(after.tree()));
        }
    }
}

#[test]
fn one_signature_of_two_waits_for_the_other() {
    for network in NETWORKS {
        let current = genesis(network);
        let path = format!("{network}/rejected_orgx_org1_only.pb");
        let (update, signed) = update(&path);
        let emulation = current.emulate(&update, &signed.signatures);
        assert_eq!(emulation.verdict, Verdict::Unsatisfied);
        assert_eq!(missing(&emulation), ["Org2MSP"]);
        assert_eq!(current.choose_signatures(&update, &signed.signatures), None);
        let refused = current
            .process_config_update(&data(&path), NOW)
            .unwrap_err();
        assert_eq!(refused.reason(), "policy_not_satisfied");
        assert_eq!(
            refused.element().unwrap().to_string(),
            "[Group]  /Channel/Application"
        );
    }
}

#[test]
fn an_update_of_another_state_is_stale() {
    for network in NETWORKS {
        let after = bundle(block(network, "add-orgx/config_block_after.pb").tree());
        let (update, signed) = update(&format!("{network}/add-orgx/envelope_signed.pb"));
        let emulation = after.emulate(&update, &signed.signatures);
        let Verdict::Refused(refusal) = emulation.verdict else {
            panic!("{:?}", emulation.verdict);
        };
        assert_eq!(refusal.code(), "READ_SET_VERSION_MISMATCH");
        assert!(refusal.is_stale());
        assert!(emulation.result.is_none());
    }
}

/// Decodes, changes and compiles the genesis config.
fn changed(network: &str, change: impl FnOnce(&mut common::ConfigGroup)) -> Bundle {
    let config = block(network, "genesis.block").config().clone();
    let mut config = common::Config::decode(config).unwrap();
    change(config.channel_group.as_mut().unwrap());
    bundle(&ConfigTree::parse(config.encode_to_vec().into()).unwrap())
}

fn orderer_value(root: &mut common::ConfigGroup, key: &str, value: Vec<u8>) {
    let orderer = root.groups.get_mut("Orderer").unwrap();
    orderer.values.get_mut(key).unwrap().value = value.into();
}

#[test]
fn levels_that_nobody_knows_make_no_verdict() {
    let network = NETWORKS[0];
    let (update, signed) = update(&format!("{network}/add-orgx/envelope_signed.pb"));
    let unknown = changed(network, |root| {
        let mut level = common::Capabilities::default();
        for name in ["V2_0", "V9_0"] {
            let name = name.to_owned();
            level
                .capabilities
                .insert(name, common::Capability::default());
        }
        orderer_value(root, "Capabilities", level.encode_to_vec());
    });
    let emulation = unknown.emulate(&update, &signed.signatures);
    let levels = vec!["V9_0".to_owned()];
    assert_eq!(emulation.verdict, Verdict::Unsupported { levels });
    assert!(emulation.policies.iter().all(|p| p.explanation.satisfied()));
}

#[test]
fn the_resulting_transaction_has_to_fit() {
    let network = NETWORKS[0];
    let (update, signed) = update(&format!("{network}/add-orgx/envelope_signed.pb"));
    let with_limit = |bytes: u32| {
        let current = changed(network, |root| {
            let size = orderer::BatchSize {
                max_message_count: 10,
                absolute_max_bytes: bytes,
                preferred_max_bytes: bytes,
            };
            orderer_value(root, "BatchSize", size.encode_to_vec());
        });
        current.emulate(&update, &signed.signatures)
    };
    let Verdict::Refused(refusal) = with_limit(10_000).verdict else {
        panic!("too large, but not refused");
    };
    assert_eq!(refusal.code(), "TOO_LARGE");
    let bytes = match refusal.cause() {
        Cause::Filter(FilterError::TooLarge { bytes, .. }) => u32::try_from(*bytes).unwrap(),
        other => panic!("{other:?}"),
    };
    let near = with_limit(bytes + 100);
    assert_eq!(near.verdict, Verdict::Accepted);
    assert_eq!(near.not_checked.len(), 2, "{:?}", near.not_checked);
    assert_eq!(with_limit(bytes + 100_000).not_checked.len(), 1);
}

proptest::proptest! {
    #![proptest_config(crate::cases::cases(64))]

    #[test]
    fn damaged_envelopes_never_panic(place: proptest::sample::Index, byte: u8, cut: bool) {
        let network = NETWORKS[2];
        let current = genesis(network);
        let mut bytes = data(&format!("{network}/add-orgx/envelope_onchain.pb")).to_vec();
        let place = place.index(bytes.len());
        if cut {
            bytes.truncate(place);
        } else {
            bytes[place] = byte;
        }
        let envelope = Bytes::from(bytes);
        let _ = current.process_config_update(&envelope, NOW);
        if let Ok(signed) = read_update_envelope(&envelope)
            && let Ok(update) = Update::parse(signed.config_update)
        {
            let _ = current.emulate(&update, &signed.signatures);
            let _ = current.choose_signatures(&update, &signed.signatures);
        }
    }
}

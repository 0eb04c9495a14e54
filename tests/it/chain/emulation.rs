//! What the engine says of real updates, beside what real orderers said.

use cmscc::config::{
    Emulation, Update, Verdict,
    envelope::{UpdateEnvelope, read_update_envelope},
};

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
            assert_eq!(
                emulation.not_checked.len(),
                1,
                "{:?}",
                emulation.not_checked
            );
            let (unsigned, _) = current.emulate_unsigned(&update).unwrap();
            assert!(unsigned.equals(after.tree()));
            let chosen = current.choose_signatures(&update, &signed.signatures);
            assert_eq!(chosen.map(|c| c.len()), Some(2));
            let submitted = data(&format!("{path}/envelope_onchain.pb"));
            let next = current.order(&submitted, NOW).unwrap();
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
        let refused = current.order(&data(&path), NOW).unwrap_err();
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

//! One organisation may nest its policies as deep as Go decodes; the chain goes on.

use bytes::Bytes;
use cmscc::{
    block,
    config::{
        ConfigSignature, ConfigTree, Update, Verdict, compute_update, envelope::update_envelope,
    },
    identity::Signer,
    proto::{common, write},
};
use prost::Message;

use super::{NETWORKS, NOW, block, channel, forged::forge, genesis, signer};

/// A signature policy of one principal, inside this many `n_out_of` gates: two messages each.
fn nested(gates: usize, principal: &[u8]) -> Vec<u8> {
    let mut rule = vec![0x08, 0x00]; // signed_by 0
    for _ in 0..gates {
        let mut gate = vec![0x08, 0x01]; // n = 1
        write::message(&mut gate, 2, &rule);
        rule.clear();
        write::message(&mut rule, 2, &gate);
    }
    let mut policy = Vec::new();
    write::message(&mut policy, 2, &rule);
    write::message(&mut policy, 3, principal);
    policy
}

#[test]
fn deep_policies_do_not_stop_the_chain() {
    let network = NETWORKS[1];
    let head = genesis(network);
    let original = block(network, "genesis.block");
    let admin = signer(
        "Org1MSP",
        "peerOrganizations/org1.example.com/users/Admin@org1.example.com",
    );
    // 4,990 gates are 9,980 messages
    for gates in [1_500, 4_990] {
        let mut config = common::Config::decode(original.config().clone()).unwrap();
        let root = config.channel_group.as_mut().unwrap();
        let application = root.groups.get_mut("Application").unwrap();
        let org = application.groups.get_mut("Org1MSP").unwrap();
        let policy = org.policies.get_mut("Readers").unwrap();
        let policy = policy.policy.as_mut().unwrap();
        let flat = common::SignaturePolicyEnvelope::decode(policy.value.clone()).unwrap();
        let principal = flat.identities[0].encode_to_vec();
        policy.value = nested(gates, &principal).into();
        let updated = ConfigTree::parse(config.encode_to_vec().into()).unwrap();
        let update: Bytes = compute_update(&channel(), head.tree(), &updated)
            .unwrap()
            .into();
        let mut header = Vec::new();
        write::bytes(&mut header, 1, admin.serialized_identity());
        let signed = [&header[..], &update].concat();
        let signatures = [ConfigSignature {
            signature_header: header.into(),
            signature: admin.sign(&signed).unwrap().into(),
        }];
        let parsed = Update::parse(update.clone()).unwrap();
        let emulation = head.emulate(&parsed, &signatures);
        assert_eq!(emulation.verdict, Verdict::Accepted, "{gates} gates");
        let result = emulation.result.unwrap();
        let next = block(network, "add-orgx/config_block_after.pb");
        let envelope = update_envelope(&channel(), &update, &signatures);
        let next = forge(&next, |carried| {
            carried.config = Some(common::Config::decode(&*result.encode()).unwrap());
            carried.last_update = Some(common::Envelope::decode(&*envelope).unwrap());
        });
        let next = block::advance(&head, &next).unwrap();
        let readers = next
            .policies()
            .absolute("/Channel/Application/Org1MSP/Readers")
            .unwrap();
        let signers = head.verify_signatures(&parsed, &signatures).unwrap();
        assert!(next.policies().evaluate(next.msps(), readers, &signers));
        let explanation = next.policies().explain(next.msps(), readers, &signers);
        assert!(explanation.satisfied());
        assert!(next.policies().rule_text(readers, usize::MAX).len() > gates);
        // sent without an outer signature, an orderer does not even look at it
        let refused = next
            .process_config_update(&envelope.into(), NOW)
            .unwrap_err();
        assert_eq!(refused.stage().name(), "filters");
    }
}

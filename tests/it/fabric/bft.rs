//! A channel of four byzantine fault tolerant orderers: a block counts with a quorum of them.

use serde_json::{Value, json};

use super::{
    base64_of,
    net::Net,
    recovery::{forged, orderer_signer, orderer_user},
    updates::{Broken, Play, Ready, orderer_section},
};

#[test]
fn a_block_counts_with_a_quorum_of_its_orderers() {
    let Some(net) = Net::up_with(900, &[("CAPS", "v3"), ("CONSENSUS", "bft")]) else {
        return;
    };
    let _servers = net.deploy();
    let both = ["org1", "org2"];
    net.propose_org("org1", &both, "add_orgx", "OrgXMSP");
    for org in both {
        net.sign(org, &both, "add_orgx");
    }

    // neither a user nor an ordering node makes a block alone
    let envelope = net.ready("add_orgx");
    let node = orderer_signer(&net, "orderers", "orderer2.example.com");
    for alone in [orderer_user(&net), node] {
        let block = base64_of(&forged(&net, &envelope, &alone));
        net.invoke_refused(&both, "SyncConfig", &[&block], "BLOCK_SIGNATURES");
    }
    assert_eq!(net.proposal("add_orgx")["status"], "ReadyToSubmit");

    // what the four ordered together is the next config
    let mut play = Play::of(&net);
    play.submitted("add_orgx");
    net.audited("add_orgx");

    // who orders stands in two places, and an update of one of them is refused
    let orderer = &["orderer"][..];
    let mut consenters = play.current(&["groups", "Orderer", "values", "Orderers", "value"]);
    consenters["consenter_mapping"]
        .as_array_mut()
        .unwrap()
        .pop();
    let place = ["groups", "Orderer", "policies", "BlockValidation", "policy"];
    let mut policy = play.current(&place);
    let of_three = &mut policy["value"];
    of_three["identities"].as_array_mut().unwrap().pop();
    let rule = &mut of_three["rule"]["n_out_of"];
    rule["rules"].as_array_mut().unwrap().pop();
    rule["n"] = json!(2);
    let without_one = |policies: Value| {
        orderer_section(json!({
            "values": { "Orderers": { "value": consenters } }, "policies": policies
        }))
    };
    play.case("one-leaves-half", Broken, orderer, &without_one(json!({})));
    let policies = json!({ "BlockValidation": { "policy": policy } });
    play.case("one-leaves", Ready, orderer, &without_one(policies));

    // the next block is one of the three that are left
    let longer = json!({ "values": { "BatchTimeout": { "value": { "timeout": "300ms" } } } });
    play.case("timeout", Ready, orderer, &orderer_section(longer));
}

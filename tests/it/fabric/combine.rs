//! Two organisations join in one update: what Org1 and Org2 proposed each is combined.

use serde_json::{Value, json};

use super::{net::Net, servers::FIRST};

#[test]
fn two_organisations_join_in_one_update() {
    let Some(net) = Net::up(200) else { return };
    let _servers = net.deploy();
    let both = ["org1", "org2"];
    for org in both {
        let attestation = r#"{"server":true}"#;
        net.invoke_as(org, &both, "AttestCapabilities", &[attestation]);
    }
    net.propose_org("org1", &both, "add_orgx", "OrgXMSP");
    net.propose_org("org2", &both, "add_orgy", "OrgYMSP");
    net.sign("org1", &both, "add_orgx");

    // one proposal of the two intents; signatures do not carry over
    let sources = r#"["add_orgx","add_orgy"]"#;
    let args = ["add_both", sources, "OrgX and OrgY at once"];
    net.invoke_as("org2", &both, "CombineProposals", &args);
    let combined = net.proposal("add_both");
    assert_eq!(combined["status"], "WaitingForSignatures", "{combined}");
    assert_eq!(combined["signatures"], json!([]), "{combined}");
    assert_eq!(
        combined["sources"][0]["proposal_id"], "add_orgx",
        "{combined}"
    );
    let source = net.proposal("add_orgx");
    assert_eq!(source["signatures"][0]["msp_id"], "Org1MSP", "{source}");

    // of four members three must endorse, and only two run a server
    let arithmetic = &combined["endorsement"];
    assert_eq!(
        (&arithmetic["needed_before"], &arithmetic["needed_after"]),
        (&json!(2), &json!(3)),
        "{combined}"
    );
    assert_eq!(arithmetic["enough_servers"], false, "{combined}");

    for org in both {
        net.sign(org, &both, "add_both");
    }
    net.submit_ready("org1", "add_both");

    // as it said: the peers do not take the endorsements of two any more
    let block = super::base64_of(&net.config_block(1));
    let invalid = "ENDORSEMENT_POLICY_FAILURE";
    net.invoke_refused(&both, "SyncConfig", &[&block], invalid);
    assert_eq!(net.query("org2", "GetConfig", &[])["sequence"], 0);

    // OrgX brings the third
    net.join("orgx");
    let _orgx = net.start_server("orgx");
    net.install("orgx");
    net.approve("orgx", FIRST);
    net.wait_for_definition("orgx", 0);
    let three = ["org1", "org2", "orgx"];
    net.sync(&three, 1);

    // one update, and all three proposals are in effect with it
    let done = net.proposal("add_both");
    assert_eq!(done["status"], "Submitted", "{done}");
    assert_eq!(done["status_detail"]["via"], Value::Null, "{done}");
    let proof = &done["status_detail"]["proof"];
    assert_eq!(proof["sequence"], 1, "{done}");
    for id in ["add_orgx", "add_orgy"] {
        let source = net.query("orgx", "GetProposal", &[id]);
        assert_eq!(source["status"], "Submitted", "{source}");
        let detail = &source["status_detail"];
        assert_eq!(detail["via"], "add_both", "{source}");
        assert_eq!(&detail["proof"]["block_hash"], &proof["block_hash"]);
        assert_eq!(detail["already_in_effect"], false, "{source}");
    }
    let config = net.query("org2", "GetConfig", &[]);
    let members = &config["config"]["channel_group"]["groups"]["Application"]["groups"];
    let members: Vec<&String> = members.as_object().unwrap().keys().collect();
    assert_eq!(members, ["Org1MSP", "Org2MSP", "OrgXMSP", "OrgYMSP"]);

    // and OrgY is there as well
    net.join("orgy");
    let _orgy = net.start_server("orgy");
    net.install("orgy");
    net.approve("orgy", FIRST);
    net.wait_for_definition("orgy", 1);
    // of others' that took effect combined those that are named
    let named = r#"["add_both","add_orgx","add_orgy"]"#;
    let three = ["org1", "orgx", "orgy"];
    net.invoke_as("orgy", &three, "UpdateProposals", &["2", named]);
    let history = net.query("orgy", "GetHistory", &[]);
    let ended: Vec<(&Value, &Value, &Value)> = history["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let outcome = &one["outcome"];
            (&one["proposal_id"], &outcome["outcome"], &outcome["via"])
        })
        .collect();
    let submitted = json!("Submitted");
    assert_eq!(
        ended,
        [
            (&json!("add_orgx"), &submitted, &json!("add_both")),
            (&json!("add_both"), &submitted, &Value::Null),
            (&json!("add_orgy"), &submitted, &json!("add_both")),
        ]
    );

    // each is proven by blocks alone
    for id in ["add_both", "add_orgx", "add_orgy"] {
        let effective = net.audited(id).effective.unwrap();
        assert_eq!(effective.sequence, 1, "{id}");
        let admins =
            (effective.policies.iter()).find(|one| one.policy == "/Channel/Application/Admins");
        assert!(admins.is_some_and(|policy| policy.satisfied), "{id}");
    }
}

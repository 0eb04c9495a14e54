//! Two organisations add a third and a fourth: the commands of `docs/walkthrough.md`.

use serde_json::{Value, json};

use super::{Net, servers::FIRST};

/// How far the transaction that records an update is above the estimate at most, in base64. Unit:
/// bytes.
const SLACK: u64 = 5_000;

#[test]
fn two_organisations_add_a_third_and_a_fourth() {
    let Some(net) = Net::up(0) else { return };
    let _servers = net.deploy();
    let both = ["org1", "org2"];
    assert_eq!(net.query("org2", "GetConfig", &[])["sequence"], 0);

    // 1 to 4: at nearly the same time, both propose and sign
    let propose = |org: &str, id: &str, name: &str| {
        net.propose_org(org, &both, id, name);
        net.sign(org, &both, id);
    };
    propose("org1", "add_orgx", "OrgXMSP");
    propose("org2", "add_orgy", "OrgYMSP");
    let waiting = net.query("org1", "GetProposal", &["add_orgx"]);
    assert_eq!(waiting["status"], "WaitingForSignatures", "{waiting}");
    assert_eq!(waiting["config_update_envelope_to_submit"], Value::Null);
    assert_eq!(net.summary("add_orgx")["missing"], json!(["Org2MSP"]));
    assert_eq!(net.summary("add_orgy")["missing"], json!(["Org1MSP"]));

    // the orderer says the same of one signature (the submitter's own is there already)
    let error = net
        .submit("org1", &net.work("add_orgx.org1.pb"))
        .unwrap_err();
    assert!(
        error.contains("1 sub-policies were satisfied, but this policy requires 2"),
        "{error}"
    );

    // 5 to 7: Org2 signs, the verdict is ready, and the orderer agrees
    net.sign("org2", &both, "add_orgx");
    let recording = net.proposal("add_orgx")["status_detail"]["recording"].clone();
    assert_eq!(recording["endorsements"], 2, "{recording}");
    net.submit_ready("org2", "add_orgx");

    // 8, 9: the block is the proof, and the other update went stale
    net.sync(&both, 1);
    let estimate = recording["bytes_as_base64"].as_u64().unwrap();
    let real = net.newest_transaction();
    assert!(
        (estimate..estimate + SLACK).contains(&real),
        "{estimate}, but {real}"
    );
    let done = net.query("org2", "GetProposal", &["add_orgx"]);
    assert_eq!(done["status"], "Submitted", "{done}");
    assert_eq!(done["status_detail"]["proof"]["sequence"], 1, "{done}");
    assert_eq!(net.summary("add_orgy")["status"], "Outofdate");

    // OrgX joins and runs a server of its own: with four members, three must endorse
    net.join("orgx");
    let _orgx = net.start_server("orgx");
    net.install("orgx");
    net.approve("orgx", FIRST);
    let three = ["org1", "org2", "orgx"];
    net.wait_for_definition("orgx", 1);

    // 10: recomputed from the intent
    net.invoke_as("org2", &three, "UpdateProposals", &["6"]);
    let again = net.query("orgx", "GetProposal", &["add_orgy"]);
    assert_eq!(
        (&again["revision"], &again["status"]),
        (&json!(2), &json!("WaitingForSignatures")),
        "{again}"
    );
    assert_eq!(
        net.query("orgx", "GetProposal", &["add_orgx"])["archived"],
        true
    );

    // 11: a majority of three signs
    net.sign("org1", &three, "add_orgy");
    net.sign("orgx", &three, "add_orgy");
    net.submit_ready("org1", "add_orgy");
    net.sync(&three, 2);
    assert_eq!(net.summary("add_orgy")["status"], "Submitted");
    let chain = net.query("orgx", "GetConfigChain", &[]);
    assert_eq!(chain["chain"].as_array().map(Vec::len), Some(3), "{chain}");
}

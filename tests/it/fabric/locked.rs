//! What a finding foretells does happen when the change is put in force all the same.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{net::Net, until};
use crate::contract::findings::WITHOUT_AKI;

const BOTH: [&str; 2] = ["org1", "org2"];

/// The severity of a finding on a proposal.
fn severity(proposal: &Value, id: &str) -> Value {
    let findings = proposal["lint"]["findings"].as_array().unwrap();
    let found = findings.iter().find(|one| one["id"] == id);
    found.unwrap_or_else(|| panic!("no {id}: {proposal}"))["severity"].clone()
}

#[test]
fn a_revocation_list_that_shuts_everybody_out() {
    let Some(net) = Net::up(50) else { return };
    let _servers = net.deploy();
    let config = net.query("org1", "GetConfig", &[r#"{"format":"json"}"#]);
    let group = &config["config"]["channel_group"]["groups"]["Application"]["groups"]["Org1MSP"];
    let mut msp = group["values"]["MSP"].clone();
    msp["value"]["config"]["revocation_list"] = json!([STANDARD.encode(WITHOUT_AKI)]);
    let args = ["noaki", &msp.to_string(), "revoke somebody"];
    net.invoke(&BOTH, "ReconfigOrganizationMSP", &args);

    // before anybody signs
    let proposal = net.proposal("noaki");
    assert_eq!(proposal["signatures"], json!([]), "{proposal}");
    assert_eq!(severity(&proposal, "NOBODY_VALID"), "blocking");
    assert_eq!(severity(&proposal, "LOCKOUT_POLICY"), "blocking");
    assert_eq!(severity(&proposal, "IDENTITY_LOST"), "warning");

    net.query("org1", "GetConfig", &[]);
    net.sign("org1", &BOTH, "noaki");
    net.submit_ready("org1", "noaki");
    // Org1 is nobody any more: neither its admin at another's peer ..
    let call = |as_org: &str| net.try_invoke(as_org, &["org2"], "GetConfig", &[]);
    let shut_out = until("Org1 is shut out", || call("org1").err());
    assert!(shut_out.contains("access denied"), "{shut_out}");
    net.query("org2", "GetConfig", &[]);
    // .. nor its own peer, which no orderer serves any more
    let height = |org: &str| {
        let info = net.peer(org, &["channel", "getinfo", "-c", super::CHANNEL]);
        let info = info.unwrap();
        let (_, json) = info.split_once("Blockchain info: ").unwrap();
        let info: Value = serde_json::from_str(json).unwrap();
        info["height"].as_u64().unwrap()
    };
    assert!(height("org1") < height("org2"));
}

#[test]
fn an_acl_that_stops_every_call() {
    let Some(net) = Net::up(150) else { return };
    let _servers = net.deploy();
    let acls = json!({ "peer/Propose": { "policy_ref": "/Channel/Application/Wirters" } });
    let patch = json!({ "channel_group": { "groups": { "Application": { "values": { "ACLs": {
        "mod_policy": "Admins", "value": { "acls": acls } } } } } } });
    let args = ["acl", &patch.to_string(), "who may call"];
    net.invoke(&BOTH, "ProposeConfigUpdate", &args);

    let proposal = net.proposal("acl");
    assert_eq!(proposal["signatures"], json!([]), "{proposal}");
    assert_eq!(severity(&proposal, "ACL_UNSATISFIABLE"), "blocking");

    for org in BOTH {
        net.sign(org, &BOTH, "acl");
    }
    net.submit_ready("org1", "acl");
    for org in BOTH {
        until("nobody may call any more", || {
            net.try_query(org, "GetConfig", &[]).err()
        });
    }
    assert!(
        net.try_invoke("org2", &BOTH, "SyncConfig", &["CgA="])
            .is_err()
    );
}

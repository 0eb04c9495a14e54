//! An organisation that joins later endorses like the first ones: its own peer, its own server, its
//! own anchor.

use std::fs;

use super::{base64_of, net::Net, servers::FIRST};

#[test]
fn a_later_member_takes_part_in_endorsement() {
    let Some(net) = Net::up(400) else { return };
    let [_org1, org2] = net.deploy();
    let both = ["org1", "org2"];
    net.propose_org("org1", &both, "add_orgx", "OrgXMSP");
    for org in both {
        net.sign(org, &both, "add_orgx");
    }
    net.submit_ready("org1", "add_orgx");
    net.sync(&both, 1);

    // OrgX trusts the config block that it fetched itself, not somebody's genesis block
    let own = net.config_block(1);
    net.mount("orgx", "block", &fs::read(&own).unwrap());
    net.join("orgx");
    let _orgx = net.start_server("orgx");

    // installed is not approved
    net.install("orgx");
    net.refused(
        "orgx",
        "GetConfig",
        &[],
        "has not yet been approved by this org",
    );
    net.approve("orgx", FIRST);
    net.wait_for_definition("orgx", 1);

    // two of three: Org1 with OrgX suffices, one alone does not
    let attestation = [r#"{"server":true}"#];
    let alone = net.settle("orgx", &["orgx"], "AttestCapabilities", &attestation);
    let error = alone.unwrap_err();
    assert!(error.contains("ENDORSEMENT_POLICY_FAILURE"), "{error}");
    net.invoke_as(
        "orgx",
        &["org1", "orgx"],
        "AttestCapabilities",
        &attestation,
    );
    let table = net.query("org2", "GetCapabilities", &[]);
    assert_eq!(table["attestations"][0]["msp_id"], "OrgXMSP", "{table}");

    // so the contract goes on while Org2's server is away
    drop(org2);
    net.refused("org2", "GetConfig", &[], "could not launch chaincode");
    let two = ["org1", "orgx"];
    net.propose_org("orgx", &two, "add_orgy", "OrgYMSP");
    for org in two {
        net.sign(org, &two, "add_orgy");
    }
    net.submit_ready("orgx", "add_orgy");

    // with four members it does not any more, until a third server is back
    let block = base64_of(&net.config_block(2));
    let invalid = "ENDORSEMENT_POLICY_FAILURE";
    net.invoke_refused(&two, "SyncConfig", &[&block], invalid);
    let _org2 = net.start_server("org2");
    net.sync(&["org1", "org2", "orgx"], 2);
    assert_eq!(net.proposal("add_orgy")["status"], "Submitted");
    let heads: Vec<String> = ["org1", "org2", "orgx"]
        .iter()
        .map(|org| net.readiness(org)["config_sha256"].to_string())
        .collect();
    assert!(heads[0] == heads[1] && heads[1] == heads[2], "{heads:?}");
}

//! A raise of a capability level waits until everybody concerned has attested it.

use serde_json::{Value, json};

use super::{base64_of, net::Net};

#[test]
fn a_raise_waits_for_attestations() {
    let Some(net) = Net::up_with(700, &[("APP_CAPS", "V2_0"), ("CAPS", "v2")]) else {
        return;
    };
    let _servers = net.deploy();
    let both = ["org1", "org2"];
    net.agree("gate", r#"{"gate":"enforced"}"#);
    assert_eq!(
        net.query("org2", "GetSettings", &[])["settings"]["gate"],
        "enforced"
    );

    let raise = json!({ "channel_group": { "groups": { "Application": {
        "values": { "Capabilities": raised("V2_5") } } } } });
    raise_held(&net, "application", &raise, &["org1", "org2"], "V2_5", 1);

    // a level of the whole channel is signed by the orderer organisation, too
    if !net.knows("V3_0") {
        println!("not raised: V3_0, which nodes of this release do not know");
        return;
    }
    let raise = json!({ "channel_group": { "values": { "Capabilities": raised("V3_0") } } });
    let signers = ["orderer", "org1", "org2"];
    raise_held(&net, "channel", &raise, &signers, "V3_0", 2);
    // everything goes on under the new level
    net.propose_org("org1", &both, "add_orgx", "OrgXMSP");
    for org in both {
        net.sign(org, &both, "add_orgx");
    }
    net.submit_ready("org2", "add_orgx");
    net.sync(&both, 3);
}

fn raised(level: &str) -> Value {
    json!({ "value": { "capabilities": { level: {} } } })
}

/// Raises a level of `scope`, which is the proposal's id as well.
fn raise_held(net: &Net, scope: &str, raise: &Value, signers: &[&str], level: &str, sequence: u64) {
    let both = ["org1", "org2"];
    let args = [scope, &raise.to_string(), "everybody has new nodes"];
    net.invoke(&both, "ProposeConfigUpdate", &args);
    for signer in signers {
        net.sign(signer, &both, scope);
    }
    let unattested = |lacking: &[&str]| {
        let held = net.proposal(scope);
        assert_eq!(held["status"], "WaitingForCapabilities", "{held}");
        assert_eq!(held["config_update_envelope_to_submit"], Value::Null);
        assert_eq!(
            held["status_detail"]["unattested"],
            json!([{ "level": level, "lacking": lacking, "scope": scope }]),
            "{held}"
        );
        // held back, but signed
        assert_eq!(held["still_effective_if_submitted"], json!([1]), "{held}");
    };
    // the orderer organisation is concerned by what it signs, and no peer lets it call
    let orderers: &[&str] = match signers.contains(&"orderer") {
        true => &["OrdererMSP"],
        false => &[],
    };
    unattested(&[orderers, &["Org1MSP", "Org2MSP"]].concat());
    let row = |member: &str| {
        let table = net.query("org2", "GetCapabilities", &[]);
        let rows = table[scope].as_array().unwrap();
        let row = rows.iter().find(|row| row["level"] == level);
        row.unwrap_or_else(|| panic!("{level} is not in {table}"))[member].clone()
    };
    assert_eq!(row("required"), false);
    assert_eq!(row("proposed_by"), json!([scope]));

    let attestation = json!({ scope: [level] }).to_string();
    net.invoke_as("org1", &both, "AttestCapabilities", &[&attestation]);
    unattested(&[orderers, &["Org2MSP"]].concat());
    net.invoke_as("org2", &both, "AttestCapabilities", &[&attestation]);
    for msp_id in orderers {
        unattested(orderers);
        let prepared = net.query("org1", "PrepareAttestation", &[msp_id, &attestation]);
        let statement = net.decoded("statement.pb", &prepared["config_update_to_sign"]);
        let args = [base64_of(&statement)];
        net.invoke_refused(&both, "AddAttestation", &[&args[0]], "NOT_ADMIN");
        net.sign_file("orderer", &statement);
        let args = [base64_of(&statement)];
        net.invoke_as("org2", &both, "AddAttestation", &[&args[0]]);
        net.invoke_refused(&both, "AddAttestation", &[&args[0]], "WRONG_NUMBER");
    }
    assert_eq!(row("lacking"), json!([]));
    net.submit_ready("org1", scope);
    net.sync(&both, sequence);
    assert_eq!(net.proposal(scope)["status"], "Submitted");
    assert_eq!(row("required"), true);
}

//! What the members agree about the contract itself, and what Fabric's lifecycle puts in force.

use serde_json::{Value, json};

use super::{base64_of, net::Net, servers::Definition, until};

const POLICY: &str = "OR('Org1MSP.peer', 'Org2MSP.peer')";

#[test]
fn an_agreed_endorsement_policy_is_put_in_force_through_the_lifecycle() {
    let Some(net) = Net::up(600) else { return };
    let _servers = net.deploy();
    let both = ["org1", "org2"];
    let before = net.query("org1", "GetSettings", &[]);
    assert_eq!(before["version"], 0, "{before}");
    let definition = &before["definition"];
    assert_eq!(
        definition["endorsement_policy"], "/Channel/Application/Endorsement",
        "{before}"
    );
    // nothing was agreed that it could match
    assert_eq!(definition["matches"], Value::Null, "{before}");

    // signed as every proposal, with `peer channel signconfigtx`
    let settings = json!({ "endorsement_policy": POLICY }).to_string();
    let args = ["either", settings.as_str(), "either of us suffices"];
    net.invoke(&both, "ProposeSettings", &args);
    net.sign("org1", &both, "either");
    net.invoke_refused(&both, "ApplySettings", &["either"], "WRONG_STATUS");
    net.sign("org2", &both, "either");
    let agreed = net.proposal("either");
    assert_eq!(agreed["kind"], "settings", "{agreed}");
    assert_eq!(agreed["status"], "ReadyToSubmit", "{agreed}");
    // it is applied here; there is nothing for an orderer, and an orderer takes nothing of it
    assert_eq!(agreed["config_update_envelope_to_submit"], Value::Null);
    let file = net.decoded("either.pb", &agreed["config_update_to_sign"]);
    for org in both {
        net.sign_file(org, &file);
    }
    let error = net.submit("org1", &file).unwrap_err();
    assert!(error.contains("delta set was empty"), "{error}");
    let unchanged = net.try_fetch("head.block").unwrap();
    assert_eq!(base64_of(&unchanged), base64_of(&net.genesis()));

    net.invoke_as("org2", &both, "ApplySettings", &["either"]);
    let applied = net.query("org2", "GetProposal", &["either"]);
    assert_eq!(applied["archived"], true, "{applied}");
    assert_eq!(applied["outcome"]["outcome"], "Submitted", "{applied}");
    assert_eq!(applied["outcome"]["settings_version"], 1, "{applied}");

    // agreed is not in force
    for org in both {
        let settings = net.query(org, "GetSettings", &[]);
        assert_eq!(settings["version"], 1, "{settings}");
        assert_eq!(settings["settings"]["endorsement_policy"], POLICY);
        assert_eq!(settings["definition"]["matches"], false, "{settings}");
    }
    let attestation = [r#"{"server":true}"#];
    let alone = &["org1"][..];
    let invalid = "ENDORSEMENT_POLICY_FAILURE";
    net.invoke_refused(alone, "AttestCapabilities", &attestation, invalid);

    // the lifecycle puts it in force
    let second = Definition {
        sequence: "2",
        version: "1",
        flags: &["--signature-policy", "OR('Org1MSP.peer','Org2MSP.peer')"],
    };
    for org in both {
        net.approve(org, second);
    }
    net.commit_definition(&both, second);
    for org in both {
        let settings = until("the peer has the definition", || {
            let settings = net.query(org, "GetSettings", &[]);
            (settings["definition"]["sequence"] == 2).then_some(settings)
        });
        let definition = &settings["definition"];
        assert_eq!(definition["endorsement_policy"], POLICY, "{settings}");
        assert_eq!(definition["matches"], true, "{settings}");
    }
    net.invoke(alone, "AttestCapabilities", &attestation);
}

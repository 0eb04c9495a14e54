//! What a rejection does, and what it cannot: signatures stay valid for the orderer.

use serde_json::{Value, json};

use super::net::Net;

#[test]
fn a_rejection_is_an_opinion_and_a_signature_is_not() {
    let Some(net) = Net::up(300) else { return };
    let _servers = net.deploy();
    let both = ["org1", "org2"];
    net.propose_org("org1", &both, "add_orgx", "OrgXMSP");
    net.sign("org1", &both, "add_orgx");

    // both would have to sign, and Org2 says no
    let reason = ["add_orgx", "not before the audit"];
    net.invoke_as("org2", &both, "RejectProposal", &reason);
    let rejected = net.proposal("add_orgx");
    assert_eq!(rejected["status"], "Rejected", "{rejected}");
    let why = rejected["status_detail"]["why"].as_str().unwrap();
    assert!(why.contains("rejected by `Org2MSP`"), "{why}");
    let vote = &rejected["votes"][0];
    assert_eq!(
        (&vote["msp_id"], &vote["reason"]),
        (&json!("Org2MSP"), &json!("not before the audit"))
    );
    // nor could anybody submit what is there
    assert_eq!(rejected["config_update_envelope_to_submit"], Value::Null);
    assert_eq!(rejected["still_effective_if_submitted"], json!([]));
    let error = net
        .submit("org1", &net.work("add_orgx.org1.pb"))
        .unwrap_err();
    assert!(error.contains("not satisfied"), "{error}");

    // who signs after all makes it pass
    net.sign("org2", &both, "add_orgx");
    let envelope = net.ready("add_orgx");
    let again = ["add_orgx", "second thoughts"];
    net.invoke_as("org2", &both, "RejectProposal", &again);
    let signed = net.proposal("add_orgx");
    assert_eq!(signed["status"], "ReadyToSubmit", "{signed}");
    assert_eq!(signed["votes"][0]["reason"], "second thoughts", "{signed}");

    // taken back, but signed: the members agree not to submit it, the orderer knows nothing of that
    net.invoke(&both, "WithdrawProposal", &["add_orgx"]);
    let withdrawn = net.proposal("add_orgx");
    assert_eq!(withdrawn["status"], "Withdrawn", "{withdrawn}");
    assert_eq!(withdrawn["config_update_envelope_to_submit"], Value::Null);
    assert_eq!(withdrawn["still_effective_if_submitted"], json!([1]));
    net.submit("org1", &envelope).unwrap();
    net.sync(&both, 1);
    let done = net.proposal("add_orgx");
    assert_eq!(done["status"], "Submitted", "{done}");
    assert_eq!(done["status_detail"]["proof"]["sequence"], 1, "{done}");
    assert_eq!(done["votes"][0]["reason"], "second thoughts", "{done}");
    assert_eq!(done["still_effective_if_submitted"], json!([]), "{done}");
    let report = net.audited("add_orgx");
    assert_eq!(report.outcome, "Submitted", "{report:#?}");
}

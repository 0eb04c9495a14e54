//! What the embedded network does when servers are gone, answers differ or somebody may not call.

use std::sync::Arc;

use bytes::Bytes;
use cmscc::{
    devnet::{DevnetError, ExecuteError, Network, NetworkOptions},
    ids::ChannelId,
    proto::protos::TxValidationCode,
    stub::{Chaincode, Event, Invocation, Response, Stub},
    transaction::ChaincodeCall,
};
use tokio::sync::Notify;

use super::harness::Consortium;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_is_named_and_comes_back() {
    let mut c = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    c.propose_to_add("Org1", "add_orgx", "OrgX").await;
    let signature = c.signature("Org1", "add_orgx").await;
    let args = ["AddSignature", "add_orgx", &signature];

    c.network.kill_server("Org2").await.unwrap();
    let error = c.invoke("Org1", &args).await.unwrap_err();
    let DevnetError::NotEndorsed {
        needed,
        got,
        ref failures,
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!((needed, got), (2, 1));
    let [(who, why)] = &failures[..] else {
        panic!("{failures:?}");
    };
    assert_eq!(who.as_str(), "Org2MSP");
    assert!(why.contains("no chaincode server at 127.0.0.1:"), "{why}");
    let error = c
        .query("Org2", &["GetProposal", "add_orgx"])
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        DevnetError::Execute {
            reason: ExecuteError::Launch { .. },
            ..
        }
    ));
    // Org1's own server still answers, and nothing was signed
    let proposal = c.query("Org1", &["GetProposal", "add_orgx"]).await.unwrap();
    assert_eq!(proposal["signatures"].as_array().unwrap().len(), 0);

    c.network.start_server("Org2").await.unwrap();
    c.invoke("Org1", &args).await.unwrap();
    let proposal = c.query("Org2", &["GetProposal", "add_orgx"]).await.unwrap();
    assert_eq!(proposal["signatures"][0]["msp_id"], "Org1MSP");
}

/// Never answers, and says when it was called.
#[derive(Debug, Default)]
struct Hangs {
    called: Notify,
}

impl Chaincode for Hangs {
    async fn invoke<S: Stub>(&self, invocation: &Invocation, _stub: &mut S) -> Response {
        if !invocation.args.is_empty() {
            self.called.notify_one();
            std::future::pending::<()>().await;
        }
        Response {
            status: 200,
            message: String::new(),
            payload: Bytes::new(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_of_a_transaction_fails_it_at_once() {
    let chaincode = Arc::new(Hangs::default());
    let served = Arc::clone(&chaincode);
    let mut network =
        Network::new(NetworkOptions::default(), move |_| Arc::clone(&served)).unwrap();
    network.add_organization("Org1").unwrap();
    let channel = ChannelId::new("mychannel");
    network.create_channel(&channel, &["Org1"]).unwrap();
    network.start_server("Org1").await.unwrap();
    let admin = network.organization("Org1").unwrap().admin();
    let call = ChaincodeCall::new(&channel, ["hang"]);
    let (invoked, killed) = tokio::join!(network.invoke(admin, &call), async {
        chaincode.called.notified().await;
        network.kill_server("Org1").await
    });
    killed.unwrap();
    let error = invoked.unwrap_err().to_string();
    assert!(error.contains("0 of 1 endorsements: `Org1MSP`"), "{error}");
    assert!(error.contains("the chaincode's stream ended"), "{error}");
    network.start_server("Org1").await.unwrap();
    network
        .invoke(admin, &ChaincodeCall::new(&channel, []))
        .await
        .unwrap();
}

/// Answers with its organisation's name where the call says so.
#[derive(Debug)]
struct Differs {
    name: String,
}

impl Chaincode for Differs {
    async fn invoke<S: Stub>(&self, invocation: &Invocation, stub: &mut S) -> Response {
        let own = Bytes::from(self.name.clone());
        let mut payload = Bytes::new();
        match invocation.args.first().map(AsRef::as_ref) {
            Some(b"respond") => payload = own,
            Some(b"announce") => stub.set_event(Event {
                name: "E".to_owned(),
                payload: own,
            }),
            Some(b"read") => {
                payload = stub
                    .get_state(&self.name)
                    .await
                    .unwrap()
                    .unwrap_or_default()
            }
            Some(b"write") => stub.put_state("key".to_owned(), own),
            _ => {}
        }
        Response {
            status: 200,
            message: String::new(),
            payload,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_differ_are_no_transaction() {
    let mut network = Network::new(NetworkOptions::default(), |organization| {
        let name = organization.name().to_owned();
        Arc::new(Differs { name })
    })
    .unwrap();
    let names = ["Org1", "Org2"];
    for name in names {
        network.add_organization(name).unwrap();
        network.start_server(name).await.unwrap();
    }
    let channel = ChannelId::new("mychannel");
    network.create_channel(&channel, &names).unwrap();
    let admin = network.organization("Org1").unwrap().admin();
    for (function, part) in [
        ("respond", "the response"),
        ("announce", "the event"),
        ("read", "the read set"),
        ("write", "the write set"),
    ] {
        let invoked = network
            .invoke(admin, &ChaincodeCall::new(&channel, [function]))
            .await;
        match invoked.unwrap_err() {
            DevnetError::Mismatch { what, .. } => assert_eq!(what, part),
            error => panic!("{function}: {error}"),
        }
    }
    network
        .invoke(admin, &ChaincodeCall::new(&channel, ["nothing"]))
        .await
        .unwrap();
    assert_eq!(network.state(&channel, "Org2").unwrap().iter().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_ends_in_order_and_comes_back() {
    let c = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    c.network.stop_server("Org1").await.unwrap();
    let error = c
        .invoke("Org2", &["DeleteProposal", "none"])
        .await
        .unwrap_err();
    // the other server's own refusal is the more telling answer
    assert!(matches!(error, DevnetError::Refused { .. }), "{error}");
    c.network.start_server("Org1").await.unwrap();
    c.query("Org1", &["GetConfigChain"]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_majority_is_enough_while_one_of_three_is_away() {
    let mut c = Consortium::new(&["Org1", "Org2", "Org3"], NetworkOptions::default()).await;
    c.network.kill_server("Org3").await.unwrap();
    c.propose_to_add("Org1", "add_orgx", "OrgX").await;
    c.sign("Org2", "add_orgx").await;
    // with its server back, the third one has missed nothing: state lives in its peer's ledger
    c.network.start_server("Org3").await.unwrap();
    c.sign("Org3", "add_orgx").await;
    assert_eq!(c.status("Org3", "add_orgx").await, "ReadyToSubmit");
}

#[tokio::test(flavor = "multi_thread")]
async fn endorsements_of_a_minority_are_invalid() {
    let mut c = Consortium::new(&["Org1", "Org2", "Org3"], NetworkOptions::default()).await;
    c.propose_to_add("Org1", "add_orgx", "OrgX").await;
    let signature = c.signature("Org1", "add_orgx").await;
    let call = c.call(&["AddSignature", "add_orgx", &signature]);
    let admin = c.network.organization("Org1").unwrap().admin();
    let endorsed = c
        .network
        .endorse_with(&["Org1"], admin, &call)
        .await
        .unwrap();
    let codes = c.network.order(&c.channel, &[endorsed]).unwrap();
    assert_eq!(codes, [TxValidationCode::EndorsementPolicyFailure]);
    let proposal = c.query("Org2", &["GetProposal", "add_orgx"]).await.unwrap();
    assert_eq!(proposal["signatures"].as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_transaction_twice_is_a_duplicate() {
    let mut c = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    c.propose_to_add("Org1", "add_orgx", "OrgX").await;
    let signature = c.signature("Org1", "add_orgx").await;
    let args = ["AddSignature", "add_orgx", &signature];
    let endorsed = c.endorse("Org1", &args).await;
    let codes = c
        .network
        .order(&c.channel, &[endorsed.clone(), endorsed])
        .unwrap();
    assert_eq!(
        codes,
        [TxValidationCode::Valid, TxValidationCode::DuplicateTxid]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn outsiders_are_not_let_in() {
    let mut c = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    let outsider = c.network.add_organization("OrgX").unwrap();
    let call = c.call(&["ListProposals"]);
    let error = c
        .network
        .query("Org1", outsider.admin(), &call)
        .await
        .unwrap_err();
    assert!(matches!(error, DevnetError::AccessDenied { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_user_may_look_and_not_propose() {
    let mut c = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    c.network.add_organization("OrgX").unwrap();
    let json = c.network.organization_json("OrgX").unwrap();
    let user = c.network.organization("Org1").unwrap().client();
    let list = c.call(&["ListProposals"]);
    c.network.query("Org1", user, &list).await.unwrap();
    let call = c.call(&["AddOrganization", "add", "OrgXMSP", &json, "joins"]);
    match c.network.invoke(user, &call).await.unwrap_err() {
        DevnetError::Refused { response, .. } => assert_eq!(response.status, 403),
        error => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_orderer_refuses_an_update_with_too_few_signatures() {
    let mut c = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    c.propose_to_add("Org1", "add_orgx", "OrgX").await;
    let proposal = c.query("Org1", &["GetProposal", "add_orgx"]).await.unwrap();
    assert!(proposal["config_update_envelope_to_submit"].is_null());
    let unsigned = super::harness::base64_field(&proposal, "config_update_to_sign");
    let org1 = c.network.organization("Org1").unwrap().admin();
    let error = c
        .network
        .submit_update(&c.channel, org1, &unsigned)
        .unwrap_err();
    assert!(matches!(error, DevnetError::Rejected { .. }), "{error}");
    assert_eq!(c.network.members(&c.channel).unwrap().len(), 2);
}

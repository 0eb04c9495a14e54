//! Transactions that meet in one block, and several channels on one stream.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cmscc::{
    devnet::{EndorsedTransaction, NetworkOptions},
    ids::ChannelId,
    proto::protos::TxValidationCode,
    shim::{Observer, StreamId},
    transaction::ChaincodeCall,
};
use futures_util::future::join_all;

use super::harness::Consortium;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_organisations_sign_in_one_block() {
    let names: Vec<String> = (1..=20).map(|n| format!("Org{n}")).collect();
    let members: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut c = Consortium::new(&members, NetworkOptions::default()).await;
    c.propose_to_add("Org1", "add_orgx", "OrgX").await;
    let endorsed = join_all(members.iter().map(async |name| {
        let signature = c.signature(name, "add_orgx").await;
        c.endorse(name, &["AddSignature", "add_orgx", &signature])
            .await
    }))
    .await;
    let codes = c.network.order(&c.channel, &endorsed).unwrap();
    assert_eq!(codes, [TxValidationCode::Valid; 20]);
    let proposal = c
        .query("Org20", &["GetProposal", "add_orgx"])
        .await
        .unwrap();
    assert_eq!(proposal["signatures"].as_array().unwrap().len(), 20);
    assert_eq!(proposal["status"], "ReadyToSubmit");
}

/// A signature on one proposal, and the sync of another that took effect, both endorsed on the same
/// state.
async fn signature_and_sync() -> (Consortium, EndorsedTransaction, EndorsedTransaction) {
    let mut c = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    c.propose_to_add("Org1", "add_orgx", "OrgX").await;
    c.propose_to_add("Org2", "add_orgy", "OrgY").await;
    for name in ["Org1", "Org2"] {
        c.sign(name, "add_orgx").await;
    }
    let signature = c.signature("Org1", "add_orgy").await;
    let signing = c
        .endorse("Org1", &["AddSignature", "add_orgy", &signature])
        .await;
    let block = STANDARD.encode(c.submit("Org1", "add_orgx").await);
    let sync = c.endorse("Org2", &["SyncConfig", &block]).await;
    (c, signing, sync)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_invalidates_a_signature_endorsed_before_it() {
    let (c, signing, sync) = signature_and_sync().await;
    let codes = c.network.order(&c.channel, &[sync, signing]).unwrap();
    assert_eq!(
        codes,
        [TxValidationCode::Valid, TxValidationCode::MvccReadConflict]
    );
    assert_eq!(c.status("Org1", "add_orgy").await, "Outofdate");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_and_a_sync_the_other_way_round_are_both_valid() {
    let (c, signing, sync) = signature_and_sync().await;
    let codes = c.network.order(&c.channel, &[signing, sync]).unwrap();
    assert_eq!(codes, [TxValidationCode::Valid; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_made_meanwhile_is_a_phantom_for_an_update_of_all() {
    let mut c = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    c.propose_to_add("Org1", "add_orgx", "OrgX").await;
    c.bring_in("add_orgx", &["Org1", "Org2"]).await.unwrap();
    // the update of all proposals ranges over them, and archives the submitted one
    let update = c.endorse("Org1", &["UpdateProposals", "6"]).await;
    c.propose_to_add("Org2", "add_orgy", "OrgY").await;
    let codes = c.network.order(&c.channel, &[update]).unwrap();
    assert_eq!(codes, [TxValidationCode::PhantomReadConflict]);
    // named by id they are read one by one
    let update = c
        .endorse("Org1", &["UpdateProposals", "6", "[\"add_orgx\"]"])
        .await;
    c.propose_to_add("Org2", "add_orgz", "OrgZ").await;
    let codes = c.network.order(&c.channel, &[update]).unwrap();
    assert_eq!(codes, [TxValidationCode::Valid]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_proposals_with_one_id_conflict() {
    let mut c = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    c.network.add_organization("OrgX").unwrap();
    let json = c.network.organization_json("OrgX").unwrap();
    let args = ["AddOrganization", "add", "OrgXMSP", &json, "joins"];
    let (first, second) = tokio::join!(c.endorse("Org1", &args), c.endorse("Org2", &args));
    let codes = c.network.order(&c.channel, &[first, second]).unwrap();
    assert_eq!(
        codes,
        [TxValidationCode::Valid, TxValidationCode::MvccReadConflict]
    );
}

#[derive(Debug, Default)]
struct Streams(AtomicUsize);

impl Observer for Streams {
    fn stream_opened(&self, _stream: StreamId, _peer: &str) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_share_one_stream_a_peer_and_nothing_else() {
    let streams = Arc::new(Streams::default());
    let options = NetworkOptions {
        observer: Arc::clone(&streams) as Arc<dyn Observer>,
        ..NetworkOptions::default()
    };
    let mut c = Consortium::new(&["Org1", "Org2"], options).await;
    let other = ChannelId::new("otherchannel");
    c.network.create_channel(&other, &["Org1", "Org2"]).unwrap();
    let org1 = c.network.organization("Org1").unwrap().admin();
    let call = ChaincodeCall::new(&other, ["GetConfigChain"]);
    let error = c.network.query("Org1", org1, &call).await.unwrap_err();
    assert!(error.to_string().contains("Code 412"), "{error}");
    c.query("Org1", &["GetConfigChain"]).await.unwrap();
    assert_eq!(streams.0.load(Ordering::SeqCst), 2);
}

//! Whether an update can be recorded, said before anybody signs, against the transactions that
//! record it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::{
    config::envelope,
    devnet::{DevnetError, EndorsedTransaction, NetworkOptions},
    ids::Digest,
    proto::common,
    transaction::ChaincodeCall,
};
use prost::Message as _;
use serde_json::{Value, json};

use super::harness::Consortium;

/// How far real transactions are above the estimate at most, with two endorsements: some 1,300 as
/// transient data, 3,300 as an argument, 4,000 in base64. Unit: bytes.
const SLACK: u64 = 4_500;

/// What an orderer's size filter counts.
fn size(transaction: &EndorsedTransaction) -> u64 {
    let envelope = common::Envelope::decode(transaction.transaction.clone()).unwrap();
    (envelope.payload.len() + envelope.signature.len()) as u64
}

async fn recording(consortium: &Consortium, id: &str) -> Value {
    let shown = consortium.query("Org1", &["GetProposal", id]).await;
    shown.unwrap()["status_detail"]["recording"].clone()
}

/// Has `SyncConfig` endorsed with the block as transient data.
async fn by_transient(consortium: &Consortium, block: &Bytes) -> EndorsedTransaction {
    let digest = Digest::of(block).to_string();
    let mut call = consortium.call(&["SyncConfig", &digest]);
    call.transient
        .insert("config_block".to_owned(), block.clone());
    endorse(consortium, &call).await
}

async fn endorse(consortium: &Consortium, call: &ChaincodeCall) -> EndorsedTransaction {
    let client = consortium.network.organization("Org1").unwrap().admin();
    let endorsed = consortium
        .network
        .endorse_with(&["Org1", "Org2"], client, call);
    endorsed.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_records_an_update_is_as_large_as_estimated() {
    let mut consortium = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    consortium.propose_to_add("Org1", "add_orgx", "OrgX").await;
    for name in ["Org1", "Org2"] {
        consortium.sign(name, "add_orgx").await;
    }
    let recording = recording(&consortium, "add_orgx").await;
    // a majority of the three that there are afterwards
    assert_eq!(recording["endorsements"], 2);
    assert_eq!(recording["fits"], true);
    assert_eq!(recording["limit"], 99 << 20);
    assert_eq!(recording["text"], Value::Null);
    let block = consortium.submit("Org1", "add_orgx").await;

    let transient = by_transient(&consortium, &block).await;
    let mut raw = consortium.call(&["SyncConfig"]);
    raw.args.push(block.clone());
    let raw = endorse(&consortium, &raw).await;
    let base64 = consortium.call(&["SyncConfig", &STANDARD.encode(&block)]);
    let base64 = endorse(&consortium, &base64).await;
    for (member, transaction) in [
        ("bytes_as_transient", &transient),
        ("bytes_as_argument", &raw),
        ("bytes_as_base64", &base64),
    ] {
        let (estimate, real) = (recording[member].as_u64().unwrap(), size(transaction));
        assert!(estimate <= real, "{member}: {estimate} of {real}");
        assert!(real <= estimate + SLACK, "{member}: {estimate} of {real}");
    }
}

/// Signs as the orderers' admin, whom no peer lets call: a member carries the signature.
async fn sign_for_orderers(consortium: &Consortium, id: &str) {
    let shown = consortium
        .query("Org1", &["GetProposal", id])
        .await
        .unwrap();
    let unsigned = shown["config_update_to_sign"].as_str().unwrap();
    let unsigned: Bytes = STANDARD.decode(unsigned).unwrap().into();
    let update = envelope::read_update_envelope(&unsigned).unwrap();
    let admin = consortium.network.orderer_admin();
    let signature = admin.sign_config_update(&update.config_update).unwrap();
    let signature = common::ConfigSignature::from(signature).encode_to_vec();
    let args = ["AddSignature", id, &STANDARD.encode(signature)];
    consortium.invoke("Org1", &args).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_cannot_be_recorded_says_so_before_anybody_signs() {
    let consortium = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    let limit = 4_000;
    let patch = json!({ "channel_group": { "groups": { "Orderer": { "values": { "BatchSize": {
        "value": {
            "max_message_count": 10,
            "absolute_max_bytes": limit,
            "preferred_max_bytes": 1_000
        }
    } } } } } });
    let args = [
        "ProposeConfigUpdate",
        "lower",
        &patch.to_string(),
        "too low",
    ];
    consortium.invoke("Org1", &args).await.unwrap();

    let shown = consortium.query("Org1", &["GetProposal", "lower"]).await;
    let shown = shown.unwrap();
    assert_eq!(shown["status"], "WaitingForSignatures");
    let recording = &shown["status_detail"]["recording"];
    assert_eq!(recording["fits"], false);
    assert_eq!(recording["limit"], limit);
    assert!(recording["margin"].as_i64().unwrap() < 0, "{recording}");
    let why = shown["status_detail"]["why"].as_str().unwrap();
    assert!(why.starts_with("cannot be recorded: "), "{why}");
    let list = consortium.query("Org1", &["ListProposals"]).await.unwrap();
    assert_eq!(list["proposals"][0]["cannot_be_recorded"], true, "{list}");

    // the orderer takes it all the same, and then refuses what records it
    sign_for_orderers(&consortium, "lower").await;
    assert_eq!(consortium.status("Org1", "lower").await, "ReadyToSubmit");
    let block = consortium.submit("Org1", "lower").await;
    let transaction = by_transient(&consortium, &block).await;
    let real = size(&transaction);
    assert!(recording["bytes_as_transient"].as_u64().unwrap() <= real);
    let refused = consortium
        .network
        .order(&consortium.channel, &[transaction]);
    let Err(DevnetError::Rejected { reason }) = refused else {
        panic!("{refused:?}");
    };
    assert!(reason.contains(&limit.to_string()), "{reason}");
    assert!(reason.contains(&real.to_string()), "{reason}");
}

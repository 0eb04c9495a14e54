//! The services of the embedded network over real connections.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use cmscc::{
    config::envelope::read_update_envelope,
    contract::Contract,
    devnet::{NetworkOptions, Serving, Tamper},
    ids::BlockNumber,
    proto::{
        common::{self, Envelope},
        gateway::CommitStatusResponse,
        protos::{TxValidationCode, deliver_response::Type},
    },
    stub::Chaincode,
    transaction::{BlockRange, PreparedTransaction, seek, submission},
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::Code;

use super::{
    harness::{Consortium, base64_field},
    wire::{self, Place, details, drain, one, org_json},
};

const CHANNEL: &str = "mychannel";
const CHAINCODE: &str = "cmscc";
const SETTINGS: [&str; 4] = [
    "ProposeSettings",
    "gate",
    r#"{"gate":"enforced"}"#,
    "hold back",
];

/// A network with the contract whose nodes listen.
pub(crate) struct Served<C = Contract> {
    pub(crate) consortium: Consortium<C>,
    pub(crate) place: Place,
    pub(crate) peers: BTreeMap<String, Serving>,
    _orderer: Serving,
    _folder: TempDir,
}

impl Served {
    pub(crate) async fn new(members: &[&str], options: NetworkOptions) -> Self {
        Self::of(Consortium::new(members, options).await, members).await
    }
}

impl<C: Chaincode> Served<C> {
    pub(crate) async fn of(consortium: Consortium<C>, members: &[&str]) -> Self {
        let network = &consortium.network;
        let folder = TempDir::new().unwrap();
        network.write_orderer(folder.path()).unwrap();
        let listen = || TcpListener::bind("127.0.0.1:0");
        let orderer = network.serve_orderer(listen().await.unwrap()).unwrap();
        let mut peers = BTreeMap::new();
        let mut addresses = BTreeMap::new();
        for name in members {
            network.write_organization(name, folder.path()).unwrap();
            let serving = network.serve_peer(name, listen().await.unwrap()).unwrap();
            let key: &'static str = name.to_lowercase().leak();
            addresses.insert(key, serving.address().to_string());
            peers.insert((*name).to_owned(), serving);
        }
        Self {
            place: Place {
                crypto: folder.path().join("organizations"),
                peers: addresses,
                orderer: orderer.address().to_string(),
            },
            consortium,
            peers,
            _orderer: orderer,
            _folder: folder,
        }
    }

    /// Endorses, submits and waits, as the first organisation's admin; gives the code.
    async fn invoke(&self, args: &[&str]) -> Result<TxValidationCode, tonic::Status> {
        let mut gateway = self.place.gateway("org1").await;
        let admin = self.place.somebody("org1", "Admin");
        let proposal = admin.proposal(CHANNEL, CHAINCODE, args);
        let endorsed = gateway
            .endorse(wire::endorse(&proposal))
            .await?
            .into_inner();
        let envelope = endorsed.prepared_transaction.unwrap();
        let checked = PreparedTransaction::check(&proposal, CHAINCODE, &envelope).unwrap();
        let envelope = checked.sign(admin.signer()).unwrap();
        let tx_id = proposal.tx_id.as_str();
        gateway
            .submit(wire::submit(CHANNEL, tx_id, Some(envelope)))
            .await?;
        let status = wire::commit_status(&admin, CHANNEL, tx_id);
        Ok(gateway.commit_status(status).await?.into_inner().result())
    }
}

async fn two() -> Served {
    Served::new(&["Org1", "Org2"], NetworkOptions::default()).await
}

fn add(id: &str) -> [String; 5] {
    ["AddOrganization", id, "OrgXMSP", &org_json(), "a member"].map(str::to_owned)
}

fn words(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_one_peer_can_write() {
    let served = two().await;
    let code = served.invoke(&words(&add("one"))).await.unwrap();
    assert_eq!(code, TxValidationCode::Valid);
    let status = served.consortium.status("Org1", "one").await;
    assert_eq!(status, "WaitingForSignatures");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_have_the_names_of_their_certificates() {
    let served = two().await;
    for (org, name, good) in [
        ("org1", "localhost", true),
        ("org1", "127.0.0.1", true),
        ("org1", "peer0.org1.example.com", true),
        ("org1", "peer0.org2.example.com", false),
        ("orderer", "orderer.example.com", true),
    ] {
        let dialled = served.place.dial_as(org, name).await;
        assert_eq!(dialled.is_ok(), good, "{org} as {name}: {dialled:?}");
    }
    // another organisation's peer is no peer of this one
    let mut wrong = Place {
        crypto: served.place.crypto.clone(),
        peers: served.place.peers.clone(),
        orderer: served.place.orderer.clone(),
    };
    wrong
        .peers
        .insert("org2", served.place.peers["org1"].clone());
    assert!(wrong.dial_as("org2", "localhost").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_is_sent_twice_is_accepted_twice_and_makes_one_block() {
    let mut served = two().await;
    let consortium = &mut served.consortium;
    consortium.propose_to_add("Org1", "one", "OrgX").await;
    for name in ["Org1", "Org2"] {
        consortium.sign(name, "one").await;
    }
    let proposal = consortium.query("Org1", &["GetProposal", "one"]).await;
    let envelope = base64_field(&proposal.unwrap(), "config_update_envelope_to_submit");
    let update = read_update_envelope(&envelope).unwrap();
    let user = served.place.somebody("org1", "User1");
    let envelope = submission(
        &served.consortium.channel,
        update.config_update,
        update.signatures,
        user.signer(),
        &wire::stamp(),
    );
    let envelope = envelope.unwrap();
    let mut gateway = served.place.gateway("org1").await;
    for _ in 0..2 {
        let request = wire::submit(CHANNEL, "", Some(envelope.clone()));
        gateway.submit(request).await.unwrap();
    }
    let range = BlockRange::From(BlockNumber(4));
    let channel = &served.consortium.channel;
    let request = seek(channel, range, None, user.signer(), &wire::stamp()).unwrap();
    let mut deliver = served.place.deliver("org1").await;
    let blocks = deliver.deliver(one(request)).await.unwrap().into_inner();
    // the proposal, two signatures and the bootstrap stand before it
    let (blocks, end) = drain(blocks).await;
    assert_eq!((blocks.len(), end.as_str()), (2, "waits"));
    let members = served.consortium.network.members(channel).unwrap();
    assert_eq!(members.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn private_data_is_not_delivered() {
    let served = two().await;
    let mut deliver = served.place.deliver("org1").await;
    let asked = deliver
        .deliver_with_private_data(one(Envelope::default()))
        .await;
    assert_eq!(asked.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_was_away_catches_up() {
    let mut served = Served::new(&["Org1", "Org2", "Org3"], NetworkOptions::default()).await;
    let network = &served.consortium.network;
    network.pause_peer("Org3").unwrap();
    served.peers.remove("Org3").unwrap().stop().await;
    assert!(served.place.dial_as("org3", "localhost").await.is_err());
    // two of three are a majority
    let code = served.invoke(&words(&add("one"))).await.unwrap();
    assert_eq!(code, TxValidationCode::Valid);
    network.pause_peer("Org2").unwrap();
    let error = served.invoke(&SETTINGS).await.unwrap_err();
    assert_eq!(error.code(), Code::FailedPrecondition);
    let expected = "no combination of peers can be derived which satisfy the endorsement policy";
    assert!(error.message().starts_with(expected), "{error}");
    for name in ["Org2", "Org3"] {
        network.resume_peer(name).unwrap();
    }
    let channel = &served.consortium.channel;
    let heights: Vec<_> = ["Org1", "Org2", "Org3"]
        .map(|name| network.standing(name).unwrap().heights[channel])
        .into();
    assert_eq!(heights, [3, 3, 3]);
    assert_eq!(
        served.consortium.status("Org3", "one").await,
        "WaitingForSignatures"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_is_made_up_for() {
    let served = Served::new(&["Org1", "Org2", "Org3"], NetworkOptions::default()).await;
    let network = &served.consortium.network;
    network.stop_server("Org2").await.unwrap();
    let code = served.invoke(&words(&add("one"))).await.unwrap();
    assert_eq!(code, TxValidationCode::Valid);
    network.stop_server("Org3").await.unwrap();
    let error = served.invoke(&SETTINGS).await.unwrap_err();
    assert_eq!(error.code(), Code::Aborted);
    let details = details(&error);
    let said: Vec<_> = details
        .iter()
        .map(|detail| detail.msp_id.as_str())
        .collect();
    assert_eq!(said, ["Org2MSP", "Org3MSP"]);
    assert!(
        details[0].message.contains("could not launch chaincode"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_when_their_peer_is_stopped() {
    let mut served = two().await;
    let user = served.place.somebody("org1", "User1");
    let mut gateway = served.place.gateway("org1").await;
    let request = wire::events(&user, (CHANNEL, CHAINCODE), None, "");
    let events = gateway
        .chaincode_events(request)
        .await
        .unwrap()
        .into_inner();
    let range = BlockRange::From(BlockNumber(0));
    let channel = &served.consortium.channel;
    let request = seek(channel, range, None, user.signer(), &wire::stamp()).unwrap();
    let mut deliver = served.place.deliver("org1").await;
    let mut blocks = deliver.deliver(one(request)).await.unwrap().into_inner();
    // the two that are there arrive; the third is waited for
    for _ in 0..2 {
        assert!(blocks.message().await.unwrap().is_some());
    }
    served.peers.remove("Org1").unwrap().stop().await;
    let (_, end) = drain(events).await;
    assert!(end.starts_with("Unavailable"), "{end}");
    let (blocks, end) = drain(blocks).await;
    assert_eq!(blocks.len(), 0);
    assert!(end.starts_with("Unavailable"), "{end}");
}

/// Says something else than what is true.
struct Liar;

impl Tamper for Liar {
    fn evaluated(&self, chaincode: &str, args: &[Bytes], answer: Bytes) -> Bytes {
        match (chaincode, args.first().map(|function| &function[..])) {
            (CHAINCODE, Some(b"GetSettings")) => Bytes::from_static(b"{}"),
            ("cscc", Some(b"GetConfigBlock")) => Bytes::from_static(b"\x0a\x00"),
            _ => answer,
        }
    }

    fn prepared(&self, mut transaction: Envelope) -> Envelope {
        transaction.payload = [&transaction.payload[..], b"\x7a\x01x"].concat().into();
        transaction
    }

    fn commit_status(&self, _: CommitStatusResponse) -> CommitStatusResponse {
        CommitStatusResponse {
            result: TxValidationCode::MvccReadConflict.into(),
            block_number: 99,
        }
    }

    fn delivered(&self, mut block: common::Block) -> common::Block {
        block.data = None;
        block
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_can_have_lies_told() {
    let options = NetworkOptions {
        tamper: Some(Arc::new(Liar)),
        ..NetworkOptions::default()
    };
    let served = Served::new(&["Org1", "Org2"], options).await;
    let admin = served.place.somebody("org1", "Admin");
    let mut gateway = served.place.gateway("org1").await;
    for (chaincode, args, lie) in [
        (CHAINCODE, vec!["GetSettings"], true),
        (CHAINCODE, vec!["GetConfig"], false),
        ("cscc", vec!["GetConfigBlock", CHANNEL], true),
    ] {
        let proposal = admin.proposal(CHANNEL, chaincode, &args);
        let answer = gateway.evaluate(wire::evaluate(&proposal)).await.unwrap();
        let answer = answer.into_inner().result.unwrap().payload;
        assert_eq!(answer.len() == 2, lie, "{args:?}");
    }
    let proposal = admin.proposal(CHANNEL, CHAINCODE, &words(&add("one")));
    let endorsed = gateway.endorse(wire::endorse(&proposal)).await.unwrap();
    let envelope = endorsed.into_inner().prepared_transaction.unwrap();
    assert!(PreparedTransaction::check(&proposal, CHAINCODE, &envelope).is_err());

    let range = BlockRange::One(BlockNumber(1));
    let channel = &served.consortium.channel;
    let request = seek(channel, range, None, admin.signer(), &wire::stamp()).unwrap();
    let mut deliver = served.place.deliver("org1").await;
    let blocks = deliver.deliver(one(request)).await.unwrap().into_inner();
    let (blocks, _) = drain(blocks).await;
    match blocks[0].r#type.clone().unwrap() {
        Type::Block(block) => assert!(block.data.is_none()),
        other => panic!("{other:?}"),
    }
}

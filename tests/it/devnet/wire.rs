//! Clients of a network's services, as bare as they can be: generated stubs, signatures by hand.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use cmscc::{
    identity::{KeySigner, Signer},
    ids::{ChannelId, MspId, UnixTime},
    proto::{
        common::{self, Envelope},
        gateway::{
            ChaincodeEventsRequest, CommitStatusRequest, EndorseRequest, EvaluateRequest,
            SignedChaincodeEventsRequest, SignedCommitStatusRequest, SubmitRequest,
            gateway_client::GatewayClient,
        },
        google::rpc,
        orderer::{self, SeekPosition, atomic_broadcast_client::AtomicBroadcastClient},
        protos::{self, deliver_client::DeliverClient, endorser_client::EndorserClient},
    },
    transaction::{ChaincodeCall, Proposal, Stamp},
};
use prost::Message;
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::time::timeout;
use tokio_stream::{self as stream, StreamExt as _};
use tonic::{
    Status, Streaming,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};

/// The longest message, in bytes.
const LONGEST: usize = 100 << 20;
/// How long a stream may be silent before it counts as waiting.
pub(crate) const SILENCE: Duration = Duration::from_millis(1500);

/// Where a network is, and where the keys of its people are.
pub(crate) struct Place {
    /// Holds `peerOrganizations` and `ordererOrganizations`, as `cryptogen` makes them.
    pub(crate) crypto: PathBuf,
    /// The addresses of the peers, by organisations such as `org1`.
    pub(crate) peers: BTreeMap<&'static str, String>,
    pub(crate) orderer: String,
}

/// Somebody with a key.
pub(crate) struct Somebody(KeySigner);

impl Somebody {
    pub(crate) fn serialized(&self) -> Bytes {
        Bytes::copy_from_slice(self.0.serialized_identity())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Bytes {
        self.0.sign(message).unwrap().into()
    }

    pub(crate) const fn signer(&self) -> &KeySigner {
        &self.0
    }

    /// A proposal of now.
    pub(crate) fn proposal(&self, channel: &str, chaincode: &str, args: &[&str]) -> Proposal {
        self.proposal_at(channel, chaincode, args, stamp())
    }

    pub(crate) fn proposal_at(
        &self,
        channel: &str,
        chaincode: &str,
        args: &[&str],
        stamp: Stamp,
    ) -> Proposal {
        let call = ChaincodeCall::new(&ChannelId::new(channel), args.iter().copied());
        Proposal::new(&call, chaincode, &self.0, &stamp).unwrap()
    }
}

impl Place {
    /// `Admin` or `User1` of an organisation such as `org1`; of the orderers', `orderer`.
    pub(crate) fn somebody(&self, org: &str, user: &str) -> Somebody {
        let (folder, domain) = self.folder(org);
        let msp = folder.join(format!("users/{user}@{domain}/msp"));
        let certificate = msp.join(format!("signcerts/{user}@{domain}-cert.pem"));
        let certificate = fs::read(certificate).unwrap();
        let key = fs::read(msp.join("keystore/priv_sk")).unwrap();
        let msp_id = match org {
            "orderer" => "OrdererMSP".to_owned(),
            _ => format!("Org{}MSP", org.trim_start_matches("org").to_uppercase()),
        };
        let random = Arc::new(SystemRandom::new());
        Somebody(KeySigner::unchecked(&MspId::new(msp_id), &certificate, &key, random).unwrap())
    }

    fn folder(&self, org: &str) -> (PathBuf, String) {
        match org {
            "orderer" => (
                self.crypto.join("ordererOrganizations/example.com"),
                "example.com".to_owned(),
            ),
            _ => {
                let domain = format!("{org}.example.com");
                let folder = self.crypto.join("peerOrganizations").join(&domain);
                (folder, domain)
            }
        }
    }

    /// A connection to a node, which must have this name.
    pub(crate) async fn dial_as(&self, org: &str, name: &str) -> Result<Channel, String> {
        let (folder, domain) = self.folder(org);
        let ca = fs::read(folder.join(format!("tlsca/tlsca.{domain}-cert.pem"))).unwrap();
        let address = match org {
            "orderer" => &self.orderer,
            _ => &self.peers[org],
        };
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(ca))
            .domain_name(name);
        let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap();
        let endpoint = endpoint.tls_config(tls).unwrap();
        endpoint.connect().await.map_err(|e| format!("{e:?}"))
    }

    async fn dial(&self, org: &str) -> Channel {
        self.dial_as(org, "localhost").await.unwrap()
    }

    pub(crate) async fn gateway(&self, org: &str) -> GatewayClient<Channel> {
        GatewayClient::new(self.dial(org).await)
            .max_decoding_message_size(LONGEST)
            .max_encoding_message_size(LONGEST)
    }

    pub(crate) async fn endorser(&self, org: &str) -> EndorserClient<Channel> {
        EndorserClient::new(self.dial(org).await).max_decoding_message_size(LONGEST)
    }

    pub(crate) async fn deliver(&self, org: &str) -> DeliverClient<Channel> {
        DeliverClient::new(self.dial(org).await).max_decoding_message_size(LONGEST)
    }

    pub(crate) async fn ordering(&self) -> AtomicBroadcastClient<Channel> {
        AtomicBroadcastClient::new(self.dial("orderer").await).max_decoding_message_size(LONGEST)
    }
}

/// 24 random bytes, and the time of now.
pub(crate) fn stamp() -> Stamp {
    let mut nonce = [0; 24];
    SystemRandom::new().fill(&mut nonce).unwrap();
    Stamp {
        nonce,
        timestamp: now(),
    }
}

/// The same at another time.
pub(crate) fn stamp_off_by(seconds: i64) -> Stamp {
    let mut stamp = stamp();
    stamp.timestamp.seconds += seconds;
    stamp
}

#[expect(clippy::disallowed_methods, reason = "a client's clock")]
fn now() -> UnixTime {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UnixTime {
        seconds: now.as_secs().try_into().unwrap(),
        nanos: now.subsec_nanos(),
    }
}

pub(crate) fn evaluate(proposal: &Proposal) -> EvaluateRequest {
    EvaluateRequest {
        transaction_id: proposal.tx_id.to_string(),
        channel_id: proposal.channel.to_string(),
        proposed_transaction: Some(proposal.signed.clone()),
        target_organizations: Vec::new(),
    }
}

pub(crate) fn endorse(proposal: &Proposal) -> EndorseRequest {
    EndorseRequest {
        transaction_id: proposal.tx_id.to_string(),
        channel_id: proposal.channel.to_string(),
        proposed_transaction: Some(proposal.signed.clone()),
        endorsing_organizations: Vec::new(),
    }
}

pub(crate) fn submit(channel: &str, tx_id: &str, envelope: Option<Envelope>) -> SubmitRequest {
    SubmitRequest {
        transaction_id: tx_id.to_owned(),
        channel_id: channel.to_owned(),
        prepared_transaction: envelope,
    }
}

pub(crate) fn commit_status(
    by: &Somebody,
    channel: &str,
    tx_id: &str,
) -> SignedCommitStatusRequest {
    let request = CommitStatusRequest {
        transaction_id: tx_id.to_owned(),
        channel_id: channel.to_owned(),
        identity: by.serialized(),
    };
    let request: Bytes = request.encode_to_vec().into();
    SignedCommitStatusRequest {
        signature: by.sign(&request),
        request,
    }
}

pub(crate) fn events(
    by: &Somebody,
    (channel, chaincode): (&str, &str),
    start: Option<orderer::seek_position::Type>,
    after: &str,
) -> SignedChaincodeEventsRequest {
    let request = ChaincodeEventsRequest {
        channel_id: channel.to_owned(),
        chaincode_id: chaincode.to_owned(),
        identity: by.serialized(),
        start_position: start.map(|start| SeekPosition {
            r#type: Some(start),
        }),
        after_transaction_id: after.to_owned(),
    };
    let request: Bytes = request.encode_to_vec().into();
    SignedChaincodeEventsRequest {
        signature: by.sign(&request),
        request,
    }
}

/// Sends one message as a stream that stays open, and gives what comes back until nothing has come
/// for a while, or the stream ends.
pub(crate) async fn drain<T>(mut answers: Streaming<T>) -> (Vec<T>, String) {
    let mut got = Vec::new();
    loop {
        match timeout(SILENCE, answers.message()).await {
            Ok(Ok(Some(answer))) => got.push(answer),
            Ok(Ok(None)) => return (got, "ended".to_owned()),
            Ok(Err(status)) => return (got, shown(&status)),
            Err(_) => return (got, "waits".to_owned()),
        }
    }
}

/// One message, and then nothing, without an end.
pub(crate) fn one<T: Send + 'static>(message: T) -> impl stream::Stream<Item = T> + Send + 'static {
    stream::once(message).chain(stream::pending())
}

/// Waits as long as a silence.
pub(crate) async fn drain_silence() {
    tokio::time::sleep(SILENCE).await;
}

/// A status with what each node said.
pub(crate) fn shown(status: &Status) -> String {
    let mut text = format!("{:?}: {}", status.code(), status.message());
    // whom a gateway asks at the same time answers when it answers
    let mut details = details(status);
    details.sort_by(|a, b| a.msp_id.cmp(&b.msp_id));
    for detail in details {
        text += &format!(
            "\n    {} {}: {}",
            detail.address, detail.msp_id, detail.message
        );
    }
    text
}

pub(crate) fn details(status: &Status) -> Vec<cmscc::proto::gateway::ErrorDetail> {
    let details = rpc::Status::decode(status.details()).unwrap().details;
    details
        .into_iter()
        .map(|detail| Message::decode(&detail.value[..]).unwrap())
        .collect()
}

/// What endorsers answered, out of a transaction that a gateway prepared, and how many endorsed.
pub(crate) fn prepared(envelope: &Envelope) -> (protos::Response, usize) {
    let payload = common::Payload::decode(envelope.payload.clone()).unwrap();
    let transaction = protos::Transaction::decode(payload.data).unwrap();
    let action = transaction.actions.into_iter().next().unwrap();
    let action = protos::ChaincodeActionPayload::decode(action.payload).unwrap();
    let endorsed = action.action.unwrap();
    let payload = endorsed.proposal_response_payload;
    let payload = protos::ProposalResponsePayload::decode(payload).unwrap();
    let action = protos::ChaincodeAction::decode(payload.extension).unwrap();
    (action.response.unwrap(), endorsed.endorsements.len())
}

/// The same signature with the other S.
pub(crate) fn high_s(signature: &[u8]) -> Bytes {
    let signature = p256::ecdsa::Signature::from_der(signature).unwrap();
    let (r, s) = signature.split_scalars();
    let other = p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-s).to_bytes()).unwrap();
    Bytes::copy_from_slice(other.to_der().as_bytes())
}

/// The organisation's definition as `configtxgen -printOrg` printed it.
pub(crate) fn org_json() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
    fs::read_to_string(root.join("fabric-3.1.5-caps-v2/add-orgx/org.json")).unwrap()
}

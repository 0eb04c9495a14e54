//! What a gateway may not slip into a transaction.

use bytes::Bytes;
use prost::Message;

use super::{
    ChaincodeCall, MessageError, PreparedDifference, PreparedTransaction, Proposal,
    ReceivedProposal, Stamp,
};
use crate::{
    identity::{Signer, SignerError},
    ids::{ChannelId, UnixTime},
    proto::{common, kvrwset, protos, rwset},
};

struct Somebody;

impl Signer for Somebody {
    fn serialized_identity(&self) -> &[u8] {
        b"somebody"
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok([b"signed ", message].concat())
    }
}

const STAMP: Stamp = Stamp {
    nonce: [7; 24],
    timestamp: UnixTime {
        seconds: 1_700_000_000,
        nanos: 5,
    },
};

fn proposal(args: &[&str]) -> Proposal {
    let call = ChaincodeCall::new(&ChannelId::new("mychannel"), args.iter().copied());
    Proposal::new(&call, "cmscc", &Somebody, &STAMP).unwrap()
}

/// What peers endorse, where nothing is changed.
struct Endorsed {
    hash: Vec<u8>,
    status: i32,
    chaincode: &'static str,
    namespaces: Vec<rwset::NsReadWriteSet>,
}

impl Endorsed {
    fn of(proposal: &Proposal) -> Self {
        let received = ReceivedProposal::parse(&proposal.signed).unwrap();
        Self {
            hash: received.hash().as_bytes().to_vec(),
            status: 200,
            chaincode: "cmscc",
            namespaces: vec![namespace("cmscc", true), namespace("_lifecycle", false)],
        }
    }

    fn payload(self) -> Bytes {
        let results = rwset::TxReadWriteSet {
            ns_rwset: self.namespaces,
            ..rwset::TxReadWriteSet::default()
        };
        let action = protos::ChaincodeAction {
            results: results.encode_to_vec().into(),
            response: Some(protos::Response {
                status: self.status,
                ..protos::Response::default()
            }),
            chaincode_id: Some(protos::ChaincodeId {
                name: self.chaincode.to_owned(),
                ..protos::ChaincodeId::default()
            }),
            ..protos::ChaincodeAction::default()
        };
        let payload = protos::ProposalResponsePayload {
            proposal_hash: self.hash.into(),
            extension: action.encode_to_vec().into(),
        };
        payload.encode_to_vec().into()
    }

    fn prepared(self, proposal: &Proposal) -> common::Envelope {
        let payload = proposal.prepared(self.payload(), vec![endorsement()]);
        unsigned(payload.unwrap())
    }
}

fn endorsement() -> protos::Endorsement {
    protos::Endorsement {
        endorser: Bytes::from_static(b"a peer"),
        signature: Bytes::from_static(b"its signature"),
    }
}

fn namespace(name: &str, writes: bool) -> rwset::NsReadWriteSet {
    let write = kvrwset::KvWrite {
        key: "k".to_owned(),
        ..kvrwset::KvWrite::default()
    };
    let set = kvrwset::KvrwSet {
        writes: writes.then_some(write).into_iter().collect(),
        ..kvrwset::KvrwSet::default()
    };
    rwset::NsReadWriteSet {
        namespace: name.to_owned(),
        rwset: set.encode_to_vec().into(),
        ..rwset::NsReadWriteSet::default()
    }
}

fn unsigned(payload: Bytes) -> common::Envelope {
    common::Envelope {
        payload,
        signature: Bytes::new(),
    }
}

fn difference(proposal: &Proposal, prepared: &common::Envelope) -> PreparedDifference {
    match PreparedTransaction::check(proposal, "cmscc", prepared) {
        Err(MessageError::Differs(difference)) => difference,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_proposed_and_endorsed_is_signed_as_it_came() {
    let proposal = proposal(&["AddSignature", "add_orgx"]);
    let prepared = Endorsed::of(&proposal).prepared(&proposal);
    let checked = PreparedTransaction::check(&proposal, "cmscc", &prepared).unwrap();
    assert_eq!(checked.response.status, 200);
    let signed = checked.sign(&Somebody).unwrap();
    assert_eq!(signed.payload, prepared.payload);
    assert_eq!(
        signed.signature,
        [b"signed ", &prepared.payload[..]].concat()
    );
}

#[test]
fn another_transaction_is_not_signed() {
    let ours = proposal(&["AddSignature", "add_orgx"]);
    let other = proposal(&["AddSignature", "remove_org1"]);
    let endorsed = || Endorsed::of(&ours);

    // the header of another proposal, also where it differs in its time alone
    let stamp = Stamp {
        timestamp: UnixTime::default(),
        ..STAMP
    };
    let channel = ChannelId::new("mychannel");
    let call = ChaincodeCall::new(&channel, ["AddSignature", "add_orgx"]);
    let later = Proposal::new(&call, "cmscc", &Somebody, &stamp).unwrap();
    let prepared = Endorsed::of(&later).prepared(&later);
    assert_eq!(difference(&ours, &prepared), PreparedDifference::Header);

    // the same header around another call
    let received = ReceivedProposal::parse(&other.signed).unwrap();
    let header = received.header.clone();
    assert_eq!(
        header.signature_header,
        ReceivedProposal::parse(&ours.signed)
            .unwrap()
            .header
            .signature_header
    );
    let payload = received.prepared(endorsed().payload(), vec![endorsement()]);
    assert_eq!(
        difference(&ours, &unsigned(payload)),
        PreparedDifference::Call
    );

    let mut changed = endorsed();
    changed.hash[0] ^= 1;
    assert_eq!(
        difference(&ours, &changed.prepared(&ours)),
        PreparedDifference::ProposalHash
    );

    let mut changed = endorsed();
    changed.status = 500;
    assert_eq!(
        difference(&ours, &changed.prepared(&ours)),
        PreparedDifference::Response(500)
    );

    let mut changed = endorsed();
    changed.chaincode = "tokens";
    let expected = PreparedDifference::Chaincode("tokens".to_owned());
    assert_eq!(difference(&ours, &changed.prepared(&ours)), expected);

    let mut changed = endorsed();
    changed.namespaces.push(namespace("tokens", true));
    let expected = PreparedDifference::Writes("tokens".to_owned());
    assert_eq!(difference(&ours, &changed.prepared(&ours)), expected);

    let none = ours.prepared(endorsed().payload(), Vec::new()).unwrap();
    assert_eq!(
        difference(&ours, &unsigned(none)),
        PreparedDifference::Endorsements
    );

    let mut signed = endorsed().prepared(&ours);
    signed.signature = Bytes::from_static(b"x");
    assert_eq!(difference(&ours, &signed), PreparedDifference::Signed);

    // a field that nobody reads is signed, too
    let mut padded = endorsed().prepared(&ours);
    padded.payload = [&padded.payload[..], &[0x7a, 1, b'x']].concat().into();
    assert_eq!(difference(&ours, &padded), PreparedDifference::Call);
}

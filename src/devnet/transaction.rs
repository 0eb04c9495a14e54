//! What clients and peers exchange: proposals, endorsements, and the transactions made of them.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use super::{
    ca::IssuedIdentity,
    clock,
    error::DevnetError,
    rwset::{self, HashedSet, HidingSet},
};
use crate::{
    config::envelope,
    ids::{ChannelId, CollectionName, Digest, TxId, UnixTime},
    proto::{common, protos},
    stub::{Event, Response, memory::TxStamp},
};

/// A call of a chaincode, before somebody makes a proposal of it.
#[derive(Clone, Debug, Default)]
pub struct ChaincodeCall {
    /// The channel that it is called on.
    pub channel: ChannelId,
    /// Function name and arguments.
    pub args: Vec<Bytes>,
    /// Transient data by name.
    pub transient: BTreeMap<String, Bytes>,
    /// Whether the peer is to send INIT.
    pub is_init: bool,
}

impl ChaincodeCall {
    /// A call with text arguments.
    pub fn new<'a>(channel: &ChannelId, args: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            channel: channel.clone(),
            args: args
                .into_iter()
                .map(|arg| Bytes::copy_from_slice(arg.as_bytes()))
                .collect(),
            ..Self::default()
        }
    }
}

/// A signed proposal with what its maker knows of it.
#[derive(Clone, Debug)]
pub(super) struct Proposal {
    pub(super) tx_id: TxId,
    pub(super) signed: protos::SignedProposal,
}

impl Proposal {
    /// Makes and signs a proposal, as a client does.
    pub(super) fn new(
        call: &ChaincodeCall,
        chaincode: &str,
        client: &IssuedIdentity,
    ) -> Result<Self, DevnetError> {
        let nonce = clock::nonce()?;
        let creator = client.serialized();
        let tx_id = transaction_id(&nonce, creator);
        let id = || {
            Some(protos::ChaincodeId {
                name: chaincode.to_owned(),
                ..protos::ChaincodeId::default()
            })
        };
        let extension = protos::ChaincodeHeaderExtension { chaincode_id: id() };
        let channel_header = common::ChannelHeader {
            r#type: common::HeaderType::EndorserTransaction.into(),
            timestamp: Some(clock::timestamp()),
            channel_id: call.channel.to_string(),
            tx_id: tx_id.to_string(),
            extension: extension.encode_to_vec().into(),
            ..common::ChannelHeader::default()
        };
        let signature_header = common::SignatureHeader {
            creator: creator.clone(),
            nonce: Bytes::copy_from_slice(&nonce),
        };
        let header = common::Header {
            channel_header: channel_header.encode_to_vec().into(),
            signature_header: signature_header.encode_to_vec().into(),
        };
        let spec = protos::ChaincodeInvocationSpec {
            chaincode_spec: Some(protos::ChaincodeSpec {
                r#type: protos::chaincode_spec::Type::Golang.into(),
                chaincode_id: id(),
                input: Some(protos::ChaincodeInput {
                    args: call.args.clone(),
                    is_init: call.is_init,
                    ..protos::ChaincodeInput::default()
                }),
                timeout: 0,
            }),
        };
        let payload = protos::ChaincodeProposalPayload {
            input: spec.encode_to_vec().into(),
            transient_map: call.transient.clone(),
        };
        let proposal = protos::Proposal {
            header: header.encode_to_vec().into(),
            payload: payload.encode_to_vec().into(),
            extension: Bytes::new(),
        };
        let proposal_bytes: Bytes = proposal.encode_to_vec().into();
        let signature = client.sign(&[&proposal_bytes])?;
        Ok(Self {
            tx_id,
            signed: protos::SignedProposal {
                proposal_bytes,
                signature,
            },
        })
    }

    /// The transaction that these endorsements of equal payloads make, signed by its client.
    pub(super) fn transaction(
        &self,
        client: &IssuedIdentity,
        payload: Bytes,
        endorsements: Vec<protos::Endorsement>,
    ) -> Result<Bytes, DevnetError> {
        let received = Received::parse(&self.signed)?;
        let action = protos::ChaincodeActionPayload {
            chaincode_proposal_payload: received.public_payload.clone(),
            action: Some(protos::ChaincodeEndorsedAction {
                proposal_response_payload: payload,
                endorsements,
            }),
        };
        let transaction = protos::Transaction {
            actions: vec![protos::TransactionAction {
                header: received.header.signature_header.clone(),
                payload: action.encode_to_vec().into(),
            }],
        };
        let payload: Bytes = common::Payload {
            header: Some(received.header),
            data: transaction.encode_to_vec().into(),
        }
        .encode_to_vec()
        .into();
        let envelope = common::Envelope {
            signature: client.sign(&[&payload])?,
            payload,
        };
        Ok(envelope.encode_to_vec().into())
    }
}

/// A proposal as a peer reads it.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) header: common::Header,
    pub(super) channel: ChannelId,
    pub(super) tx_id: TxId,
    pub(super) creator: Bytes,
    pub(super) chaincode: String,
    pub(super) input: protos::ChaincodeInput,
    /// The proposal's payload without transient data: what goes into the transaction.
    public_payload: Bytes,
}

impl Received {
    pub(super) fn parse(signed: &protos::SignedProposal) -> Result<Self, DevnetError> {
        const WHAT: &str = "the proposal";
        let bad = DevnetError::malformed(WHAT);
        let missing = || DevnetError::missing(WHAT);
        let proposal = protos::Proposal::decode(signed.proposal_bytes.clone()).map_err(&bad)?;
        let header = common::Header::decode(proposal.header).map_err(&bad)?;
        let channel = common::ChannelHeader::decode(header.channel_header.clone()).map_err(&bad)?;
        let signer = common::SignatureHeader::decode(header.signature_header.clone());
        let signer = signer.map_err(&bad)?;
        let payload = protos::ChaincodeProposalPayload::decode(proposal.payload).map_err(&bad)?;
        let spec = protos::ChaincodeInvocationSpec::decode(payload.input.clone()).map_err(&bad)?;
        let spec = spec.chaincode_spec.ok_or_else(missing)?;
        let public = protos::ChaincodeProposalPayload {
            input: payload.input,
            transient_map: BTreeMap::new(),
        };
        let tx_id = TxId::new(channel.tx_id);
        if tx_id != transaction_id(&signer.nonce, &signer.creator) {
            return Err(DevnetError::Malformed {
                what: WHAT,
                reason: "the transaction id is not the digest of nonce and creator".to_owned(),
            });
        }
        Ok(Self {
            header,
            channel: ChannelId::new(channel.channel_id),
            tx_id,
            creator: signer.creator,
            chaincode: spec.chaincode_id.ok_or_else(missing)?.name,
            input: spec.input.ok_or_else(missing)?,
            public_payload: public.encode_to_vec().into(),
        })
    }

    /// What binds an endorsement to this proposal.
    // Fabric: protoutil/proputils.go, GetProposalHash1
    pub(super) fn hash(&self) -> Digest {
        let parts: [&[u8]; 3] = [
            &self.header.channel_header,
            &self.header.signature_header,
            &self.public_payload,
        ];
        Digest::of(&parts.concat())
    }
}

/// What an endorser signs: the answer, what was read and written, and the event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Action {
    pub(super) response: Response,
    pub(super) set: HidingSet,
}

impl Action {
    /// The serialized `protos.ProposalResponsePayload`; equal actions give equal bytes.
    pub(super) fn payload(&self, proposal: &Received) -> Bytes {
        let event = |event: &Event| protos::ChaincodeEvent {
            chaincode_id: proposal.chaincode.clone(),
            tx_id: proposal.tx_id.to_string(),
            event_name: event.name.clone(),
            payload: event.payload.clone(),
        };
        let events = self.event().map(event);
        let action = protos::ChaincodeAction {
            results: rwset::encode(&proposal.chaincode, &self.set),
            events: events.map(|e| e.encode_to_vec()).unwrap_or_default().into(),
            response: Some(protos::Response {
                status: self.response.status,
                message: self.response.message.clone(),
                payload: self.response.payload.clone(),
            }),
            chaincode_id: Some(protos::ChaincodeId {
                name: proposal.chaincode.clone(),
                ..protos::ChaincodeId::default()
            }),
        };
        let payload = protos::ProposalResponsePayload {
            proposal_hash: Bytes::copy_from_slice(proposal.hash().as_bytes()),
            extension: action.encode_to_vec().into(),
        };
        payload.encode_to_vec().into()
    }

    /// Reads an endorsed payload back.
    pub(super) fn parse(payload: &Bytes, chaincode: &str) -> Result<Self, DevnetError> {
        const WHAT: &str = "the endorsement";
        let bad = DevnetError::malformed(WHAT);
        let payload = protos::ProposalResponsePayload::decode(payload.clone()).map_err(&bad)?;
        let action = protos::ChaincodeAction::decode(payload.extension).map_err(&bad)?;
        let response = action.response.ok_or_else(|| DevnetError::missing(WHAT))?;
        let mut set = rwset::decode(chaincode, &action.results)?;
        if !action.events.is_empty() {
            let event = protos::ChaincodeEvent::decode(action.events).map_err(&bad)?;
            set.public.event = Some(Event {
                name: event.event_name,
                payload: event.payload,
            });
        }
        Ok(Self {
            response: response_of(response),
            set,
        })
    }

    /// The event that was set.
    pub(super) const fn event(&self) -> Option<&Event> {
        self.set.public.event.as_ref()
    }

    /// In what two actions differ; `None` when they are equal.
    pub(super) fn difference(&self, other: &Self) -> Option<&'static str> {
        let (a, b) = (&self.set.public, &other.set.public);
        let (hidden, others) = (&self.set.hashed, &other.set.hashed);
        [
            (self.response != other.response, "the response"),
            (a.event != b.event, "the event"),
            (a.reads != b.reads || a.ranges != b.ranges, "the read set"),
            (a.writes != b.writes, "the write set"),
            (a.metadata != b.metadata, "the metadata of keys"),
            (!same_reads(hidden, others), "the read set of a collection"),
            (hidden != others, "the write set of a collection"),
        ]
        .into_iter()
        .find_map(|(differs, what)| differs.then_some(what))
    }
}

/// Whether both read the same of each collection.
fn same_reads(
    a: &BTreeMap<CollectionName, HashedSet>,
    b: &BTreeMap<CollectionName, HashedSet>,
) -> bool {
    let none = HashedSet::default();
    a.keys().chain(b.keys()).all(|name| {
        let (a, b) = (a.get(name), b.get(name));
        a.unwrap_or(&none).reads_as(b.unwrap_or(&none))
    })
}

/// A transaction as a committing peer reads it.
#[derive(Debug)]
pub(super) struct OrderedTransaction {
    pub(super) creator: Bytes,
    pub(super) stamp: TxStamp,
    pub(super) chaincode: String,
    /// The serialized `protos.ProposalResponsePayload` that the endorsers signed.
    pub(super) payload: Bytes,
    pub(super) endorsements: Vec<protos::Endorsement>,
}

impl OrderedTransaction {
    pub(super) fn parse(
        header: &common::Header,
        channel: common::ChannelHeader,
        data: Bytes,
    ) -> Result<Self, DevnetError> {
        const WHAT: &str = "the transaction";
        let bad = DevnetError::malformed(WHAT);
        let missing = || DevnetError::missing(WHAT);
        let signer = common::SignatureHeader::decode(header.signature_header.clone());
        let signer = signer.map_err(&bad)?;
        let extension =
            protos::ChaincodeHeaderExtension::decode(channel.extension).map_err(&bad)?;
        let transaction = protos::Transaction::decode(data).map_err(&bad)?;
        let [action] = <[_; 1]>::try_from(transaction.actions).map_err(|_| missing())?;
        let payload = protos::ChaincodeActionPayload::decode(action.payload).map_err(&bad)?;
        let endorsed = payload.action.ok_or_else(missing)?;
        let at = channel.timestamp.unwrap_or_default();
        Ok(Self {
            creator: signer.creator,
            stamp: TxStamp {
                tx_id: TxId::new(channel.tx_id),
                timestamp: UnixTime {
                    seconds: at.seconds,
                    nanos: u32::try_from(at.nanos).unwrap_or_default(),
                },
            },
            chaincode: extension.chaincode_id.ok_or_else(missing)?.name,
            payload: endorsed.proposal_response_payload,
            endorsements: endorsed.endorsements,
        })
    }
}

/// The answer of a chaincode as the rooms know it.
pub(super) fn response_of(response: protos::Response) -> Response {
    Response {
        status: response.status,
        message: response.message,
        payload: response.payload,
    }
}

/// Adds a signature to the update in an envelope, and signs a new envelope around it.
// Fabric: internal/peer/channel/create.go, sanityCheckAndSignConfigTx
pub(super) fn signed_update(
    unsigned: &Bytes,
    submitter: &IssuedIdentity,
) -> Result<Bytes, DevnetError> {
    let update = envelope::read_update_envelope(unsigned).map_err(|e| DevnetError::Malformed {
        what: "the update",
        reason: e.to_string(),
    })?;
    let mut signatures = update.signatures;
    signatures.push(submitter.sign_config_update(&update.config_update)?);
    let header = common::ChannelHeader {
        r#type: common::HeaderType::ConfigUpdate.into(),
        timestamp: Some(clock::timestamp()),
        channel_id: update.channel_id.to_string(),
        ..common::ChannelHeader::default()
    };
    let data = common::ConfigUpdateEnvelope {
        config_update: update.config_update,
        signatures: signatures
            .into_iter()
            .map(common::ConfigSignature::from)
            .collect(),
    };
    let payload: Bytes = common::Payload {
        header: Some(common::Header {
            channel_header: header.encode_to_vec().into(),
            signature_header: submitter.signature_header()?,
        }),
        data: data.encode_to_vec().into(),
    }
    .encode_to_vec()
    .into();
    let envelope = common::Envelope {
        signature: submitter.sign(&[&payload])?,
        payload,
    };
    Ok(envelope.encode_to_vec().into())
}

fn transaction_id(nonce: &[u8], creator: &[u8]) -> TxId {
    TxId::new(Digest::of(&[nonce, creator].concat()).to_string())
}

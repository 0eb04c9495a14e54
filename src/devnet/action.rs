//! What an endorser signs: the answer, what was read and written, and the event.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use super::{
    error::DevnetError,
    rwset::{self, HashedSet, HidingSet},
};
use crate::{
    ids::CollectionName,
    proto::protos,
    stub::{Event, Response},
    transaction::ReceivedProposal,
};

/// What an endorser signs: the answer, what was read and written, and the event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Action {
    pub(super) response: Response,
    pub(super) set: HidingSet,
}

impl Action {
    /// The serialized `protos.ProposalResponsePayload`; equal actions give equal bytes.
    pub(super) fn payload(&self, proposal: &ReceivedProposal) -> Bytes {
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

/// The answer of a chaincode as the rooms know it.
pub(super) fn response_of(response: protos::Response) -> Response {
    Response {
        status: response.status,
        message: response.message,
        payload: response.payload,
    }
}

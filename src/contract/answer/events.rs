//! The one event of a transaction that wrote something.
//!
//! Payloads carry no status: deriving it would take reads that a write must not make.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::{ChainLink, SignerReport};
use crate::{
    ids::{MspId, ProposalId, Revision},
    stub::Event,
};

/// Somebody proposed: the id, and revision 1.
pub(crate) fn new_proposal(id: &ProposalId, revision: Revision) -> Event {
    event(
        "NewProposalEvent",
        json!({ "proposal_id": id.as_str(), "revision": revision.0 }),
    )
}

/// Signatures that were added.
pub(crate) fn new_signature(
    id: &ProposalId,
    revision: Revision,
    signers: &[SignerReport],
) -> Event {
    event(
        "NewSignatureEvent",
        json!({ "proposal_id": id.as_str(), "revision": revision.0, "signers": signers }),
    )
}

/// A rejection of a proposal's revision.
pub(crate) fn rejected(id: &ProposalId, revision: Revision, msp_id: &MspId) -> Event {
    event(
        "ProposalRejectedEvent",
        json!({
            "msp_id": msp_id.as_str(),
            "proposal_id": id.as_str(),
            "revision": revision.0,
        }),
    )
}

/// Its owner took a proposal back.
pub(crate) fn withdrawn(id: &ProposalId) -> Event {
    event(
        "ProposalWithdrawnEvent",
        json!({ "proposal_id": id.as_str() }),
    )
}

/// A proposal archived by its owner.
pub(crate) fn deleted(id: &ProposalId) -> Event {
    event(
        "ProposalDeletedEvent",
        json!({ "proposal_id": id.as_str() }),
    )
}

/// What an organisation says of its nodes.
pub(crate) fn attested(msp_id: &MspId) -> Event {
    event(
        "CapabilitiesAttestedEvent",
        json!({ "msp_id": msp_id.as_str() }),
    )
}

/// Settings that are in force now.
pub(crate) fn settings_applied(id: &ProposalId, revision: Revision, version: u64) -> Event {
    event(
        "SettingsAppliedEvent",
        json!({
            "proposal_id": id.as_str(),
            "revision": revision.0,
            "settings_version": version,
        }),
    )
}

/// A proposal's new revision.
#[derive(Debug, Serialize)]
pub(crate) struct RecomputedProposal<'a> {
    pub(crate) proposal_id: &'a str,
    pub(crate) revision: u64,
}

/// Proposals archived and computed again.
pub(crate) fn updated(archived: &[String], recomputed: &[RecomputedProposal<'_>]) -> Event {
    event(
        "ProposalsUpdatedEvent",
        json!({ "archived": archived, "recomputed": recomputed }),
    )
}

/// A new head; also of a bootstrap and of a recovery. `applied`: the digests of the config updates
/// that took effect.
pub(crate) fn synced(added: &[ChainLink], applied: &[String]) -> Event {
    let sequences: Vec<u64> = added.iter().map(|link| link.sequence).collect();
    let blocks: Vec<u64> = added.iter().map(|link| link.block_number).collect();
    event(
        "ConfigSyncedEvent",
        json!({ "applied": applied, "blocks": blocks, "sequences": sequences }),
    )
}

/// An event of the older CMCC interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CmccEvent {
    /// A proposal was stored.
    NewProposal,
    /// A signature that was added.
    NewSignature,
    /// A proposal archived by its owner.
    DeleteProposal,
}

/// The event of a call of the CMCC interface, with the id as plain text.
pub(crate) fn cmcc(event: CmccEvent, id: &ProposalId) -> Event {
    let name = match event {
        CmccEvent::NewProposal => "newProposalEvent",
        CmccEvent::NewSignature => "newSignatureEvent",
        CmccEvent::DeleteProposal => "deleteProposalEvent",
    };
    Event {
        name: name.to_owned(),
        payload: Bytes::copy_from_slice(id.as_str().as_bytes()),
    }
}

/// Keys come out sorted: `serde_json` keeps objects in a `BTreeMap`.
fn event(name: &str, mut payload: Value) -> Event {
    if let Some(fields) = payload.as_object_mut() {
        fields.insert("type".to_owned(), name.into());
        fields.insert("version".to_owned(), 1.into());
    }
    Event {
        name: name.to_owned(),
        payload: Bytes::from(payload.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_name_their_type_and_version() {
        let event = new_proposal(&ProposalId::new("add_orgx"), Revision(1));
        assert_eq!(event.name, "NewProposalEvent");
        assert_eq!(
            event.payload,
            r#"{"proposal_id":"add_orgx","revision":1,"type":"NewProposalEvent","version":1}"#
        );
    }

    #[test]
    fn payloads_have_the_fields_of_the_catalogue() {
        let page = include_str!("../../../docs/events.md");
        let id = ProposalId::new("add_orgx");
        let msp_id = MspId::new("Org1MSP");
        for event in [
            new_proposal(&id, Revision(1)),
            new_signature(&id, Revision(1), &[]),
            rejected(&id, Revision(1), &msp_id),
            withdrawn(&id),
            deleted(&id),
            attested(&msp_id),
            settings_applied(&id, Revision(1), 1),
            updated(&[], &[]),
            synced(&[], &[]),
        ] {
            let payload: Value = serde_json::from_slice(&event.payload).unwrap();
            let fields: Vec<String> = payload
                .as_object()
                .unwrap()
                .keys()
                .filter(|field| !["type", "version"].contains(&field.as_str()))
                .map(|field| format!("`{field}`"))
                .collect();
            let row = format!("| `{}` | {} | ", event.name, fields.join(", "));
            assert!(page.contains(&row), "{row}");
        }
    }
}

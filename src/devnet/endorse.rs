//! Collecting endorsements: what makes a set of answers a transaction.

use bytes::Bytes;

use super::{
    action::{Action, response_of},
    error::DevnetError,
};
use crate::{
    ids::{MspId, TxId},
    proto::protos,
    stub::{Event, Response},
};

/// An endorsed transaction, not yet ordered.
#[derive(Clone, Debug)]
pub struct EndorsedTransaction {
    /// The serialized `common.Envelope`.
    pub transaction: Bytes,
    /// The transaction's id: 64 hex digits.
    pub tx_id: TxId,
    /// What the chaincode answered.
    pub response: Response,
    /// The event that it set.
    pub event: Option<Event>,
}

/// How many of so many are more than half of them.
pub(super) const fn majority(of: usize) -> usize {
    of / 2 + 1
}

/// What all endorsers signed, as they signed it, and their endorsements.
///
/// Endorsements count only when all of them are for the same bytes: response, event, reads and
/// writes. Peers that fail are made up for by others while there are enough.
pub(super) fn collect(
    answers: impl Iterator<Item = (MspId, Result<protos::ProposalResponse, DevnetError>)>,
    needed: usize,
    chaincode: &str,
) -> Result<(Action, Bytes, Vec<protos::Endorsement>), DevnetError> {
    let mut endorsed: Vec<(MspId, Bytes, protos::Endorsement)> = Vec::new();
    let mut refused = None;
    let mut failures = Vec::new();
    for (msp_id, answer) in answers {
        match answer {
            Ok(protos::ProposalResponse {
                payload,
                endorsement: Some(endorsement),
                ..
            }) => endorsed.push((msp_id, payload, endorsement)),
            Ok(answer) => {
                let response = answer
                    .response
                    .map(response_of)
                    .ok_or_else(|| DevnetError::missing("the answer"))?;
                failures.push((msp_id.clone(), response.message.clone()));
                refused.get_or_insert(DevnetError::Refused { msp_id, response });
            }
            // the transaction is the same everywhere
            Err(DevnetError::Execute { reason, .. }) => failures.push((msp_id, reason.to_string())),
            Err(error) => failures.push((msp_id, error.to_string())),
        }
    }
    check_equal(&endorsed, chaincode)?;
    let got = endorsed.len();
    match endorsed.first() {
        Some((_, payload, _)) if got >= needed => {
            let payload = payload.clone();
            let action = Action::parse(&payload, chaincode)?;
            let endorsements = endorsed.into_iter().map(|(.., e)| e).collect();
            Ok((action, payload, endorsements))
        }
        _ => Err(refused.unwrap_or(DevnetError::NotEndorsed {
            needed,
            got,
            failures,
        })),
    }
}

fn check_equal(
    endorsed: &[(MspId, Bytes, protos::Endorsement)],
    chaincode: &str,
) -> Result<(), DevnetError> {
    let Some(((first, payload, _), others)) = endorsed.split_first() else {
        return Ok(());
    };
    let Some((other, differing, _)) = others.iter().find(|(_, other, _)| other != payload) else {
        return Ok(());
    };
    let ours = Action::parse(payload, chaincode)?;
    let theirs = Action::parse(differing, chaincode)?;
    Err(DevnetError::Mismatch {
        first: first.clone(),
        other: other.clone(),
        what: ours.difference(&theirs).unwrap_or("their encoding"),
    })
}

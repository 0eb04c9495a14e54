//! The orderer's filters on incoming envelopes.

use bytes::Bytes;

use super::error::FilterError;
use crate::{
    config::{
        bundle::{Bundle, Orderer},
        envelope::{TransactionError, envelope_parts},
    },
    identity::expires_at,
    ids::UnixTime,
    policy::{SignedData, SignerSet},
    proto::scan::{ScanError, last_bytes, merged, uint32},
};

/// `orderer.ConsensusType.State.STATE_MAINTENANCE`.
const MAINTENANCE: i32 = 1;

/// What each filter says of one envelope, in the order in which an orderer asks them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filters {
    /// Whether the payload is not empty.
    pub empty: Result<(), FilterError>,
    /// Whether payload and signature are short enough.
    pub size: Result<(), FilterError>,
    /// Whether the sender's certificate has not expired.
    pub expiration: Result<(), FilterError>,
    /// Whether the sender satisfies the policy for senders.
    pub signature: Result<(), FilterError>,
}

impl Filters {
    /// Whether all filters let the envelope in.
    ///
    /// # Errors
    /// [`FilterError`]: the refusal of the first one, in their order.
    pub fn pass(self) -> Result<(), FilterError> {
        self.empty
            .and(self.size)
            .and(self.expiration)
            .and(self.signature)
    }
}

impl Bundle {
    /// The path of the policy of those who may send to the channel; `None` without an Orderer
    /// group.
    #[must_use]
    pub fn senders(&self) -> Option<&'static str> {
        self.orderer.as_ref().map(Orderer::senders)
    }

    /// What the orderer's filters say of an envelope at this time; `None` without an Orderer group.
    ///
    /// # Errors
    /// [`ScanError`] where the bytes are not an envelope.
    // Fabric: orderer/common/msgprocessor: emptyrejectrule, sizefilter, expiration, sigfilter
    pub fn orderer_filters(
        &self,
        envelope: &[u8],
        now: UnixTime,
    ) -> Result<Option<Filters>, ScanError> {
        let Some(orderer) = &self.orderer else {
            return Ok(None);
        };
        let (payload, signature) = envelope_parts(&Bytes::copy_from_slice(envelope))?;
        let bytes = payload.len().saturating_add(signature.len()) as u64;
        // the reference adds up in 32 bits
        let limit = orderer.batch_size.absolute_max_bytes;
        let too_large = uint32(bytes) > limit;
        let sender = sender(&payload);
        Ok(Some(Filters {
            empty: check(!payload.is_empty(), || FilterError::EmptyPayload),
            size: check(!too_large, || FilterError::TooLarge { bytes, limit }),
            // without the capability the sender is not even read
            expiration: match orderer.capabilities.expiration_check() {
                true => sender.clone().and_then(|sender| {
                    let expires = expires_at(&sender);
                    check(expires.is_none_or(|expires| now < expires), || {
                        FilterError::CreatorExpired
                    })
                }),
                false => Ok(()),
            },
            signature: sender.and_then(|sender| {
                self.check_sender(orderer.senders(), &sender, &payload, &signature)
            }),
        }))
    }

    fn check_sender(
        &self,
        policy: &'static str,
        sender: &[u8],
        payload: &[u8],
        signature: &[u8],
    ) -> Result<(), FilterError> {
        let id = self
            .policies()
            .absolute(policy)
            .ok_or(FilterError::MissingPolicy(policy))?;
        let signed = SignedData {
            identity: sender,
            message: vec![payload],
            signature,
        };
        let signers = SignerSet::from_signed_data(self.msps(), &[signed]);
        check(self.policies().evaluate(self.msps(), id, &signers), || {
            FilterError::PolicyNotSatisfied(policy)
        })
    }
}

impl Orderer {
    /// The path of the policy of those who may send to the channel.
    pub(in crate::config) const fn senders(&self) -> &'static str {
        match self.consensus.state {
            MAINTENANCE => "/Channel/Orderer/Writers",
            _ => "/Channel/Writers",
        }
    }
}

/// The creator that an envelope's payload names.
// Fabric: protoutil/signeddata.go, EnvelopeAsSignedData
fn sender(payload: &Bytes) -> Result<Bytes, FilterError> {
    let header = merged(payload, 1)?.ok_or(TransactionError::MissingHeader)?;
    let signature_header = last_bytes(&header, 2)?;
    Ok(last_bytes(&signature_header, 1)?)
}

fn check(holds: bool, error: impl FnOnce() -> FilterError) -> Result<(), FilterError> {
    if holds { Ok(()) } else { Err(error()) }
}

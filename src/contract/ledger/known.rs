//! People who acted for their organisation, so that reviewers learn whom a change of its MSP shuts out.
//!
//! A certificate lies in one of a few slots of its organisation, by its fingerprint. It is written
//! blindly, over whoever lay there: nothing grows, nothing is read by a call that writes, and calls of
//! several people never conflict.

use super::{
    TrustedHead, keys,
    values::{first, put},
};
use crate::{
    contract::error::ContractError, identity::Identity, ids::MspId, proto::cmscc::KnownIdentity,
    stub::Stub,
};

/// How many slots an organisation has: as many as a hex digit tells apart.
pub(crate) const SLOTS: usize = 16;

/// Keeps the certificate of somebody who is valid at the head. `serialized`: the identity as it came.
pub(crate) fn remember<S: Stub>(
    stub: &mut S,
    identity: &Identity,
    serialized: &[u8],
    trusted: &TrustedHead,
) {
    // as much as a signature header may have; nobody's certificate comes near
    if serialized.len() > trusted.capabilities().bounds().signature_header {
        return;
    }
    let value = KnownIdentity {
        serialized_identity: serialized.to_vec().into(),
        sequence: trusted.head.sequence,
    };
    let slot = identity.id().get(..1).unwrap_or_default();
    put(stub, keys::known(identity.msp_id(), slot), &value);
}

/// Those of one organisation. Cost: one range of at most [`SLOTS`] entries, and one more message.
pub(crate) async fn of<S: Stub>(
    stub: &mut S,
    msp_id: &MspId,
) -> Result<Vec<KnownIdentity>, ContractError> {
    let (found, _) = first(stub, keys::known_of(msp_id), SLOTS).await?;
    Ok(found.into_iter().map(|(_, known)| known).collect())
}

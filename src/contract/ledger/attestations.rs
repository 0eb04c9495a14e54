//! What members say of their nodes, as it lies on the ledger.

use super::{
    keys,
    members::is_member_since,
    values::{all, corrupt, get},
};
use crate::{
    contract::error::ContractError,
    ids::MspId,
    proto::cmscc::{Attestation, Member},
    stub::Stub,
};

/// An attestation, judged by who is a member now.
pub(crate) struct JudgedAttestation {
    pub(crate) msp_id: MspId,
    pub(crate) attestation: Attestation,
    pub(crate) former_member: bool,
}

/// All of them, in the order of their keys. Cost: one range, and a key for each.
pub(crate) async fn judged<S: Stub>(stub: &mut S) -> Result<Vec<JudgedAttestation>, ContractError> {
    let stored: Vec<(String, Attestation)> = all(stub, keys::attestations()).await?;
    let mut judged = Vec::with_capacity(stored.len());
    for (key, attestation) in stored {
        let msp_id = keys::attestation_msp_id(&key).ok_or_else(|| corrupt(&key))?;
        let member: Option<Member> = get(stub, &keys::member(&msp_id)).await?;
        let at = attestation.sequence.unwrap_or_default();
        judged.push(JudgedAttestation {
            former_member: !is_member_since(member.as_ref(), at),
            msp_id,
            attestation,
        });
    }
    Ok(judged)
}

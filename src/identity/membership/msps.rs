//! The MSPs of a channel, by id.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    identity::{error::MspError, principal::Principal, wire::SerializedIdentity},
    ids::MspId,
};

use super::{identity::Identity, msp::Msp};

/// The MSPs of a channel.
#[derive(Clone, Debug, Default)]
pub struct Msps(BTreeMap<MspId, Arc<Msp>>);

impl Msps {
    /// Collects MSPs; of two with one id the last counts.
    pub fn new(msps: impl IntoIterator<Item = Arc<Msp>>) -> Self {
        Self(
            msps.into_iter()
                .map(|msp| (msp.id().clone(), msp))
                .collect(),
        )
    }

    /// The MSP with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Msp>> {
        self.0.get(id)
    }

    /// All MSPs, ascending by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Msp>> {
        self.0.values()
    }

    /// Reads a serialized `msp.SerializedIdentity`.
    ///
    /// # Errors
    /// It does not decode, its MSP is not of this channel, or that MSP cannot read it.
    // Fabric: msp/mspmgrimpl.go, DeserializeIdentity
    pub fn deserialize(&self, serialized: &[u8]) -> Result<Identity, MspError> {
        let read = SerializedIdentity::read(serialized)?;
        let msp = self.get(read.msp_id);
        let msp = msp.ok_or_else(|| MspError::UnknownMsp(read.msp_id.into()))?;
        Identity::read(msp, serialized, read.id_bytes)
    }

    /// Whether an identity is whom the principal asks for: the identity's own MSP decides.
    ///
    /// # Errors
    /// Why it is not.
    pub fn satisfies(&self, identity: &Identity, principal: &Principal) -> Result<(), MspError> {
        identity.satisfies(principal)
    }
}

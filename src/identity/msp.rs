//! An MSP: an organisation's definition, set up and ready to judge identities.

use crate::{capabilities::MspVersion, ids::MspId};

use super::MspError;

/// An organisation's MSP. Immutable; shared as `Arc<Msp>`.
#[derive(Debug)]
pub struct Msp {
    id: MspId,
    config: Vec<u8>,
}

impl Msp {
    /// Sets up an MSP as Fabric does for a channel, from a serialized `msp.MSPConfig`.
    ///
    /// # Errors
    /// The first rule of SEMANTICS section 5 "Setup order" that the definition breaks.
    pub fn setup(_config: &[u8], _version: MspVersion) -> Result<Self, MspError> {
        todo!()
    }

    /// Its id, which may be empty.
    #[must_use]
    pub const fn id(&self) -> &MspId {
        &self.id
    }

    /// The serialized `msp.MSPConfig` that it was set up from.
    #[must_use]
    pub fn config(&self) -> &[u8] {
        &self.config
    }
}

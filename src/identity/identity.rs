//! An identity: a certificate under its MSP.

use crate::ids::{MspId, UnixTime};

use super::{MspError, Principal, Role};

/// A deserialized identity. Cheap to clone; everything it is asked for is computed once.
#[derive(Clone, Debug)]
pub struct Identity {}

impl Identity {
    /// The id of its MSP.
    #[must_use]
    pub fn msp_id(&self) -> &MspId {
        todo!()
    }

    /// The MSP identity id: lower-case hex of the hash of the normalised certificate.
    #[must_use]
    pub fn id(&self) -> &str {
        todo!()
    }

    /// The certificate's subject, most specific part first: `CN=Admin@org1.example.com,OU=admin`.
    #[must_use]
    pub fn subject(&self) -> &str {
        todo!()
    }

    /// The serialized `msp.SerializedIdentity` that it was read from.
    #[must_use]
    pub fn serialized(&self) -> &[u8] {
        todo!()
    }

    /// When its certificate expires.
    #[must_use]
    pub fn not_after(&self) -> UnixTime {
        todo!()
    }

    /// The NodeOU roles that it carries, in the order of [`Role`]; empty where NodeOUs are off.
    #[must_use]
    pub fn roles(&self) -> &[Role] {
        todo!()
    }

    /// Verifies its signature over the concatenation of the message's parts.
    ///
    /// # Errors
    /// The signature is malformed, high-S or wrong, or the MSP's hash family is unknown.
    pub fn verify(&self, _message: &[&[u8]], _signature: &[u8]) -> Result<(), MspError> {
        todo!()
    }

    /// Whether its MSP accepts it; decided once.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn validate(&self) -> Result<(), MspError> {
        todo!()
    }

    /// Whether it is whom the principal asks for.
    ///
    /// # Errors
    /// Why it is not.
    pub fn satisfies(&self, _principal: &Principal) -> Result<(), MspError> {
        todo!()
    }
}

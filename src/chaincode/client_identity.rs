//! Who submitted a transaction.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::error::ChaincodeError;
use crate::{
    crypto::pem,
    identity::{Certificate, MspError, Role, identity_parts},
    ids::MspId,
    stub::{Invocation, words::shown},
};

/// The submitter of a transaction: its MSP, its certificate, and what its CA says of it.
///
/// The peer has checked the submitter's signature, and that its MSP takes the certificate. What
/// stands in the certificate is as good as the CA that issued it: do not trust a role or an attribute
/// without looking at [`msp_id`](Self::msp_id), since every organisation's CA can say anything.
// Fabric: fabric-chaincode-go, pkg/cid
#[derive(Clone, Debug)]
pub struct ClientIdentity {
    msp_id: MspId,
    certificate: Certificate,
    attributes: BTreeMap<String, String>,
}

/// Why a submitter has no certificate that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientIdentityError {
    /// What the CA says of it is not the JSON that Fabric's CA writes.
    #[error(
        "the attributes in the certificate of the submitter, of msp `{msp_id}`, are malformed: {detail}"
    )]
    Attributes {
        /// The submitter's MSP.
        msp_id: MspId,
        /// What is wrong with them.
        detail: String,
    },
    /// The creator of the transaction is not a serialized identity.
    #[error("the creator of the transaction is not an identity")]
    Creator,
    /// There is something else than a certificate: an idemix identity, which hides who it is.
    #[error(
        "the submitter, of msp `{msp_id}`, has no X.509 certificate; idemix identities are not read"
    )]
    NoCertificate {
        /// The submitter's MSP.
        msp_id: MspId,
    },
    /// There is a certificate, which cannot be read.
    #[error("the certificate of the submitter, of msp `{msp_id}`, cannot be read")]
    Unreadable {
        /// The submitter's MSP.
        msp_id: MspId,
        /// Why.
        #[source]
        source: MspError,
    },
}

impl ClientIdentity {
    /// The submitter of this transaction.
    ///
    /// # Errors
    /// [`ClientIdentityError`].
    pub fn of(invocation: &Invocation) -> Result<Self, ClientIdentityError> {
        Self::from_creator(&invocation.creator)
    }

    /// Reads a serialized `msp.SerializedIdentity`.
    ///
    /// # Errors
    /// As [`ClientIdentity::of`].
    // Fabric: fabric-chaincode-go, pkg/cid/cid.go, init
    pub fn from_creator(creator: &[u8]) -> Result<Self, ClientIdentityError> {
        let parts = identity_parts(creator).ok().filter(|_| !creator.is_empty());
        let (msp_id, content) = parts.ok_or(ClientIdentityError::Creator)?;
        if pem::first_block(content).is_none() {
            return Err(ClientIdentityError::NoCertificate { msp_id });
        }
        let certificate = match Certificate::from_pem(content) {
            Ok(certificate) => certificate,
            Err(source) => return Err(ClientIdentityError::Unreadable { msp_id, source }),
        };
        let attributes = match certificate.extension(ATTRIBUTES).map(attributes) {
            None => BTreeMap::new(),
            Some(Ok(attributes)) => attributes,
            Some(Err(error)) => {
                let detail = error.to_string();
                return Err(ClientIdentityError::Attributes { msp_id, detail });
            }
        };
        Ok(Self {
            msp_id,
            certificate,
            attributes,
        })
    }

    /// The submitter's MSP.
    #[must_use]
    pub const fn msp_id(&self) -> &MspId {
        &self.msp_id
    }

    /// The submitter's certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// An id that stays when the certificate is renewed: base64 of `x509::<subject>::<issuer>`, the same
    /// text that chaincodes in Go see. It is one submitter's within its MSP **only where the MSP's CAs
    /// give each a common name of its own**: attributes that Go does not know (`UID`, `DC`, e-mail) are
    /// not in it.
    // Fabric: fabric-chaincode-go, pkg/cid/cid.go, GetID
    #[must_use]
    pub fn id(&self) -> String {
        let (subject, issuer) = self.certificate.distinguished_names();
        STANDARD.encode(format!("x509::{subject}::{issuer}"))
    }

    /// The organisational units of the certificate, in its order.
    #[must_use]
    pub fn organizational_units(&self) -> &[String] {
        self.certificate.organizational_units()
    }

    /// Whether an organisational unit of the certificate has this name.
    // Fabric: fabric-chaincode-go, pkg/cid/cid.go, HasOUValue
    #[must_use]
    pub fn has_unit(&self, unit: &str) -> bool {
        self.organizational_units().iter().any(|of| of == unit)
    }

    /// The role that the organisational units name by Fabric's usual names: client, peer, admin or
    /// orderer; `None` where they name none, or several.
    ///
    /// Only the channel's MSP decides: it may name its units otherwise, have NodeOUs off, or list its
    /// admins. A chaincode cannot see it.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        let roles = [
            ("admin", Role::Admin),
            ("client", Role::Client),
            ("orderer", Role::Orderer),
            ("peer", Role::Peer),
        ];
        let mut named = roles.into_iter().filter(|(unit, _)| self.has_unit(unit));
        match (named.next(), named.next()) {
            (Some((_, role)), None) => Some(role),
            _ => None,
        }
    }

    /// An attribute that the organisation's Fabric CA has put into the certificate, such as
    /// `hf.EnrollmentID`, or one that was registered with `:ecert`.
    // Fabric: fabric-chaincode-go, pkg/cid/cid.go, GetAttributeValue
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// All attributes, by name.
    #[must_use]
    pub const fn attributes(&self) -> &BTreeMap<String, String> {
        &self.attributes
    }

    /// Refuses a submitter whose attribute has not this value.
    ///
    /// # Errors
    /// `ATTRIBUTE_REQUIRED`, 403.
    // Fabric: fabric-chaincode-go, pkg/cid/cid.go, AssertAttributeValue
    pub fn assert_attribute(&self, name: &str, value: &str) -> Result<(), ChaincodeError> {
        let came = match self.attribute(name) {
            Some(came) if came == value => return Ok(()),
            Some(came) => format!("is `{}`", shown(came)),
            None => "is not there".to_owned(),
        };
        let text = format!("the submitter's attribute `{name}` has to be `{value}`, it {came}");
        Err(ChaincodeError::forbidden("ATTRIBUTE_REQUIRED", text))
    }

    /// Refuses a submitter of another MSP.
    ///
    /// # Errors
    /// `MSP_REQUIRED`, 403.
    pub fn assert_msp(&self, msp_id: &str) -> Result<(), ChaincodeError> {
        if self.msp_id.as_str() == msp_id {
            return Ok(());
        }
        let came = shown(self.msp_id.as_str());
        let text = format!("the submitter has to be of msp `{msp_id}`, it is of `{came}`");
        Err(ChaincodeError::forbidden("MSP_REQUIRED", text))
    }
}

/// The extension 1.2.3.4.5.6.7.8.1.
// Fabric: fabric-chaincode-go, pkg/attrmgr, AttrOID
const ATTRIBUTES: &[u8] = &[0x2a, 3, 4, 5, 6, 7, 8, 1];

/// What the extension holds: an object, whose member `attrs` is one of texts. Null is no value, which
/// Go takes for an empty one.
fn attributes(json: &[u8]) -> Result<BTreeMap<String, String>, serde_json::Error> {
    let mut read: BTreeMap<String, Value> = serde_json::from_slice(json)?;
    let attributes = read.remove("attrs").unwrap_or_default();
    let attributes: Option<BTreeMap<String, Option<String>>> = serde_json::from_value(attributes)?;
    let attributes = attributes.unwrap_or_default().into_iter();
    Ok(attributes
        .map(|(name, value)| (name, value.unwrap_or_default()))
        .collect())
}

/// `BAD_IDENTITY`, 403: the submitter cannot be told.
impl From<ClientIdentityError> for ChaincodeError {
    fn from(error: ClientIdentityError) -> Self {
        let why = match &error {
            ClientIdentityError::Unreadable { source, .. } => format!("{error}: {source}"),
            _ => error.to_string(),
        };
        Self::forbidden("BAD_IDENTITY", why)
    }
}

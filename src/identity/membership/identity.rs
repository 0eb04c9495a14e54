//! An identity: a certificate under its MSP.

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

use crate::{
    crypto::{
        ecdsa,
        signature::{PublicKey, verify_ed25519},
    },
    identity::{certificate::Certificate, error::MspError, principal::Principal, role::Role},
    ids::{MspId, UnixTime},
};

use super::{known::KnownIdentity, msp::Msp, satisfies};

/// A deserialized identity. Cheap to clone; everything it is asked for is computed once.
#[derive(Clone)]
pub struct Identity {
    msp: Arc<Msp>,
    known: Arc<KnownIdentity>,
}

impl Identity {
    /// Reads an identity of this MSP: `serialized` is the whole, `pem` the certificate in it.
    pub(in crate::identity) fn read(
        msp: &Arc<Msp>,
        serialized: &[u8],
        pem: &[u8],
    ) -> Result<Self, MspError> {
        let x509 = msp.x509()?;
        if let Some(known) = msp.known().get(serialized) {
            return Ok(Self {
                msp: Arc::clone(msp),
                known,
            });
        }
        let member = x509.member(&Certificate::from_pem(pem)?)?;
        let known = Arc::new(KnownIdentity {
            id: x509.identity_id(&member),
            member,
            serialized: Bytes::copy_from_slice(serialized),
            subject: OnceLock::new(),
            roles: OnceLock::new(),
        });
        msp.known().add(&known);
        Ok(Self {
            msp: Arc::clone(msp),
            known,
        })
    }

    /// The id of its MSP.
    #[must_use]
    pub fn msp_id(&self) -> &MspId {
        self.msp.id()
    }

    /// Its MSP.
    #[must_use]
    pub const fn msp(&self) -> &Arc<Msp> {
        &self.msp
    }

    /// The MSP identity id: lower-case hex of the hash of the normalised certificate.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.known.id
    }

    /// The certificate, normalised.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.known.member.certificate
    }

    /// The certificate's subject, most specific part first: `CN=Admin@org1.example.com,OU=admin`.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.known
            .subject
            .get_or_init(|| self.certificate().subject())
    }

    /// The serialized `msp.SerializedIdentity` that it was read from.
    #[must_use]
    pub fn serialized(&self) -> &[u8] {
        &self.known.serialized
    }

    /// When its certificate expires.
    #[must_use]
    pub fn not_after(&self) -> UnixTime {
        UnixTime {
            seconds: self.certificate().not_after(),
            nanos: 0,
        }
    }

    /// The organisational units of its certificate.
    #[must_use]
    pub fn organizational_units(&self) -> &[String] {
        self.certificate().organizational_units()
    }

    /// Who certified its organisational units: the hash over the certificates above it. `None` where
    /// it has no chain.
    #[must_use]
    pub fn certifiers(&self) -> Option<&[u8]> {
        let x509 = self.msp.x509().ok()?;
        x509.units(&self.known.member)
            .map(|(_, certifiers)| certifiers)
    }

    /// The NodeOU roles that it carries, in the order of [`Role`]; empty where NodeOUs are off.
    #[must_use]
    pub fn roles(&self) -> &[Role] {
        self.known.roles.get_or_init(|| {
            let Ok(x509) = self.msp.x509() else {
                return Vec::new();
            };
            [Role::Admin, Role::Client, Role::Peer, Role::Orderer]
                .into_iter()
                .filter(|role| x509.check_carries(&self.known.member, *role).is_ok())
                .collect()
        })
    }

    /// Verifies its signature over the concatenation of the message's parts.
    ///
    /// ECDSA takes the hash of the MSP's family for every curve, and low S; Ed25519 takes the message
    /// itself, at any MSP version; RSA never verifies.
    ///
    /// # Errors
    /// The signature is malformed, high-S or wrong, or the MSP's hash family is unknown.
    // Fabric: msp/identities.go, Verify
    pub fn verify(&self, message: &[&[u8]], signature: &[u8]) -> Result<(), MspError> {
        let x509 = self.msp.x509()?;
        let message = joined(message);
        let verifies = match self.certificate().key() {
            PublicKey::Ed25519(key) => verify_ed25519(key, &message, signature),
            PublicKey::Ecdsa(curve, point) => {
                let hash = x509.signature_hash.as_ref();
                let hash = hash.map_err(|name| MspError::UnknownHashFamily(name.clone()))?;
                ecdsa::verify_low_s(curve, point, *hash, &message, signature)
            }
            PublicKey::Rsa(..) | PublicKey::Other => false,
        };
        if verifies {
            Ok(())
        } else {
            Err(MspError::BadSignature)
        }
    }

    /// Whether its MSP accepts it; decided once.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn validate(&self) -> Result<(), MspError> {
        self.msp.x509()?.validate(&self.known.member)
    }

    /// Whether it is whom the principal asks for.
    ///
    /// # Errors
    /// Why it is not.
    pub fn satisfies(&self, principal: &Principal) -> Result<(), MspError> {
        satisfies::check(
            self.msp.id(),
            self.msp.x509()?,
            &self.known.member,
            principal,
        )
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("msp_id", self.msp_id())
            .field("subject", &self.subject())
            .finish_non_exhaustive()
    }
}

/// Joins the parts of a message.
fn joined<'a>(message: &[&'a [u8]]) -> Cow<'a, [u8]> {
    match message {
        [one] => Cow::Borrowed(one),
        parts => Cow::Owned(parts.concat()),
    }
}

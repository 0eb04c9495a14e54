//! What an X.509 MSP knows, and how it judges a certificate.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::OnceLock,
};

use bytes::Bytes;

use crate::{
    capabilities::MspVersion,
    crypto::{HashFunction, signature::PublicKey},
    identity::{
        certificate::Certificate,
        chain::{Crl, TrustPool, normalise},
        error::MspError,
        role::Role,
    },
};

use super::node_ous::NodeOus;

/// What an X.509 MSP knows once it is set up.
pub(in crate::identity) struct X509Msp {
    pub(in crate::identity) version: MspVersion,
    /// The hash of signatures, or the name that is none.
    pub(in crate::identity) signature_hash: Result<HashFunction, String>,
    pub(in crate::identity) identity_hash: HashFunction,
    /// Whether a certificate that was loaded as a CA's, an administrator's or the signer's has an
    /// Ed25519 key. Those for TLS are not loaded.
    pub(in crate::identity) has_ed25519: bool,
    pub(in crate::identity) trust: TrustPool,
    pub(in crate::identity) roots: Vec<Certificate>,
    pub(in crate::identity) intermediates: Vec<Certificate>,
    /// The encodings of the CAs that issued an intermediate.
    pub(in crate::identity) internal: BTreeSet<Bytes>,
    pub(in crate::identity) crls: Vec<Crl>,
    /// The listed organisational units: by name the identifiers of their certifiers.
    pub(in crate::identity) units: BTreeMap<String, Vec<Vec<u8>>>,
    pub(in crate::identity) node_ous: NodeOus,
    /// The encodings of the listed administrators.
    pub(in crate::identity) admins: BTreeSet<Bytes>,
    pub(in crate::identity) tls_roots: Vec<Certificate>,
    pub(in crate::identity) tls_intermediates: Vec<Certificate>,
}

impl fmt::Debug for X509Msp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X509Msp")
            .field("version", &self.version)
            .field("roots", &self.roots)
            .field("intermediates", &self.intermediates)
            .field("node_ous", &self.node_ous)
            .finish_non_exhaustive()
    }
}

/// A normalised certificate, and what its MSP found out about it; each thing once.
#[derive(Debug)]
pub(in crate::identity) struct Member {
    pub(in crate::identity) certificate: Certificate,
    chain: OnceLock<Result<IssuerChain, MspError>>,
    validity: OnceLock<Result<(), MspError>>,
}

/// The chain of an identity.
#[derive(Debug)]
pub(in crate::identity) struct IssuerChain {
    /// Those who certified it, its issuer first.
    issuers: Vec<Certificate>,
    /// The hash over their encodings: who certified its organisational units.
    pub(in crate::identity) certifiers: Vec<u8>,
}

impl X509Msp {
    /// Takes a certificate as one of this MSP, valid or not.
    ///
    /// # Errors
    /// Its key is of no kind that can sign, or it cannot be normalised.
    // Fabric: msp/mspimpl.go, deserializeIdentityInternal; msp/identities.go, newIdentity
    pub(in crate::identity) fn member(
        &self,
        certificate: &Certificate,
    ) -> Result<Member, MspError> {
        if matches!(certificate.key(), PublicKey::Other) {
            return Err(MspError::UnsupportedKeyAlgorithm);
        }
        Ok(Member {
            certificate: normalise(certificate, &self.trust)?,
            chain: OnceLock::new(),
            validity: OnceLock::new(),
        })
    }

    /// The chain of an identity.
    ///
    /// # Errors
    /// It is a CA, or has not exactly one chain, or its issuer is an internal CA.
    // Fabric: msp/mspimpl.go, getCertificationChainForBCCSPIdentity, getValidationChain
    pub(in crate::identity) fn chain<'m>(
        &self,
        member: &'m Member,
    ) -> Result<&'m IssuerChain, MspError> {
        let found = member.chain.get_or_init(|| {
            if member.certificate.is_ca() {
                return Err(MspError::CaAsIdentity);
            }
            let chain = self.trust.unique_chain(&member.certificate)?;
            let [_, issuers @ ..] = &*chain else {
                return Err(MspError::ChainLength);
            };
            let issuer = issuers.first().ok_or(MspError::ChainLength)?;
            if self.internal.contains(issuer.der()) {
                return Err(MspError::ParentIsInternalCa);
            }
            Ok(IssuerChain {
                certifiers: self.certifiers(issuers),
                issuers: issuers.to_vec(),
            })
        });
        found.as_ref().map_err(Clone::clone)
    }

    /// The identifier of certifiers: a hash over their encodings, the nearest first.
    // Fabric: msp/mspimpl.go, getCertificationChainIdentifierFromChain
    pub(in crate::identity) fn certifiers(&self, chain: &[Certificate]) -> Vec<u8> {
        let encodings: Vec<&[u8]> = chain.iter().map(|c| &**c.der()).collect();
        self.identity_hash.digest(&encodings)
    }

    /// Whether an identity is valid.
    ///
    /// # Errors
    /// The first rule that it breaks.
    // Fabric: msp/mspimplvalidate.go, validateIdentity
    pub(in crate::identity) fn validate(&self, member: &Member) -> Result<(), MspError> {
        let decide = || {
            let accepted = match member.certificate.key() {
                PublicKey::Ecdsa(..) => true,
                PublicKey::Ed25519(_) => self.version >= MspVersion::V3_0,
                PublicKey::Rsa(..) | PublicKey::Other => false,
            };
            if !accepted {
                return Err(MspError::UnsupportedKeyAlgorithm);
            }
            let chain = self.chain(member)?;
            self.check_not_revoked(&member.certificate, &chain.issuers)?;
            self.check_units(member, chain)?;
            self.node_ous
                .check(self.version, &member.certificate, &chain.certifiers)
        };
        member.validity.get_or_init(decide).clone()
    }

    /// Checks a certificate against the revocation lists; `issuers` are those above it.
    // Fabric: msp/mspimplvalidate.go, validateCertAgainstChain
    pub(in crate::identity) fn check_not_revoked(
        &self,
        certificate: &Certificate,
        issuers: &[Certificate],
    ) -> Result<(), MspError> {
        let issuer = issuers.first().ok_or(MspError::ChainLength)?;
        let key_id = issuer.extensions().subject_key_id.as_ref();
        let key_id = key_id.ok_or(MspError::MissingSki)?;
        for crl in &self.crls {
            if crl.revokes(certificate, issuer, key_id)? {
                return Err(MspError::Revoked);
            }
        }
        Ok(())
    }

    /// Where the MSP lists organisational units, an identity must have one of them.
    // Fabric: msp/mspimplvalidate.go, validateIdentityOUsV1
    fn check_units(&self, member: &Member, chain: &IssuerChain) -> Result<(), MspError> {
        let listed = |unit: &String| {
            let certifiers = self.units.get(unit);
            certifiers.is_some_and(|certifiers| certifiers.contains(&chain.certifiers))
        };
        let units = member.certificate.organizational_units();
        if self.units.is_empty() || units.iter().any(listed) {
            Ok(())
        } else {
            Err(MspError::MissingOu)
        }
    }

    /// The organisational units of an identity with the identifier of their certifiers; without a
    /// chain there are none.
    // Fabric: msp/identities.go, GetOrganizationalUnits
    pub(in crate::identity) fn units<'m>(
        &self,
        member: &'m Member,
    ) -> Option<(&'m [String], &'m [u8])> {
        let chain = self.chain(member).ok()?;
        Some((member.certificate.organizational_units(), &chain.certifiers))
    }

    /// Whether an identity carries the unit that gives a role.
    ///
    /// # Errors
    /// [`MspError::NotInRole`].
    // Fabric: msp/mspimpl.go, hasOURole
    pub(in crate::identity) fn check_carries(
        &self,
        member: &Member,
        role: Role,
    ) -> Result<(), MspError> {
        let unit = self.node_ous.enabled_unit(role);
        let carries = unit.is_some_and(|unit| {
            let units = self.units(member).map(|(units, _)| units);
            units.is_some_and(|units| units.iter().any(|u| u == unit))
        });
        if carries {
            Ok(())
        } else {
            Err(MspError::NotInRole(role))
        }
    }

    /// Whether an identity is listed as an administrator.
    // Fabric: msp/mspimpl.go, isInAdmins
    pub(in crate::identity) fn is_listed_admin(&self, member: &Member) -> bool {
        self.admins.contains(member.certificate.der())
    }

    /// The hash of the encoding of a member, in lower-case hex.
    pub(in crate::identity) fn identity_id(&self, member: &Member) -> String {
        hex::encode(self.identity_hash.digest(&[member.certificate.der()]))
    }
}

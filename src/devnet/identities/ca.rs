//! Certificate authorities that live as long as the process, and the identities they issue.
//!
//! Certificates look like those of Fabric's `cryptogen`: P-256, the role of an identity as the one OU
//! of its subject (NodeOUs), a subject key identifier on CAs, low-S signatures.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair as TlsKey, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData,
    SignatureAlgorithm, SigningKey,
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use time::{Duration, OffsetDateTime};

use crate::{
    config::ConfigSignature,
    crypto::ecdsa,
    devnet::{clock, error::DevnetError},
    identity::{Certificate, KeySigner, Signer, SignerError, serialized_identity},
    ids::MspId,
    transaction,
};

/// What a certificate of an organisation is for; written into its OU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CertificateRole {
    /// Unit `admin`.
    Admin,
    /// A client application or user.
    Client,
    /// Unit `orderer`.
    Orderer,
    /// Unit `peer`.
    Peer,
}

impl CertificateRole {
    /// The OU that NodeOUs give the role.
    #[must_use]
    pub(super) const fn ou(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Client => "client",
            Self::Orderer => "orderer",
            Self::Peer => "peer",
        }
    }
}

/// One certificate authority: a self-signed root and its key.
pub(in crate::devnet) struct Authority {
    issuer: Issuer<'static, CertificateKey>,
    certificate_pem: String,
    key_pem: String,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("certificate_pem", &self.certificate_pem)
            .finish_non_exhaustive()
    }
}

impl Authority {
    /// Makes a root for a domain: `prefix` is `ca` for identities and `tlsca` for TLS.
    ///
    /// # Errors
    /// [`DevnetError::Certificate`] where the system gives no randomness.
    pub(in crate::devnet) fn generate(prefix: &str, domain: &str) -> Result<Self, DevnetError> {
        let key = CertificateKey::generate()?;
        let mut params = params();
        params
            .distinguished_name
            .push(DnType::OrganizationName, domain);
        params
            .distinguished_name
            .push(DnType::CommonName, format!("{prefix}.{domain}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
        ];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::ServerAuth,
        ];
        let certificate_pem = params.self_signed(&key)?.pem();
        Ok(Self {
            key_pem: private_key_pem(&key.pkcs8),
            issuer: Issuer::new(params, key),
            certificate_pem,
        })
    }

    /// Its private key, PKCS#8 as PEM.
    #[must_use]
    pub(in crate::devnet) fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// The root certificate as PEM.
    #[must_use]
    pub(in crate::devnet) fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Issues an identity of the organisation whose root this is.
    ///
    /// # Errors
    /// [`DevnetError::Certificate`] where the system gives no randomness.
    pub(super) fn issue_identity(
        &self,
        msp_id: &MspId,
        common_name: &str,
        role: CertificateRole,
    ) -> Result<IssuedIdentity, DevnetError> {
        let key = CertificateKey::generate()?;
        let mut params = params();
        params
            .distinguished_name
            .push(DnType::OrganizationalUnitName, role.ou());
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        let random = Arc::new(SystemRandom::new());
        let signer = KeySigner::unchecked(msp_id, certificate.as_bytes(), &key.pkcs8, random)
            .map_err(DevnetError::build)?;
        Ok(IssuedIdentity {
            serialized: serialized_identity(msp_id, certificate.as_bytes()).into(),
            signer,
            common_name: common_name.to_owned(),
            certificate_pem: certificate,
            key_pem: private_key_pem(&key.pkcs8),
        })
    }

    /// Issues a certificate for TLS servers and clients on loopback.
    ///
    /// # Errors
    /// [`DevnetError::Certificate`] where the system gives no randomness.
    pub(in crate::devnet) fn issue_tls(&self, host: &str) -> Result<TlsCertificate, DevnetError> {
        let key = TlsKey::generate()?;
        let names = [host, "localhost", "127.0.0.1"].map(str::to_owned);
        let mut params = params();
        params.subject_alt_names = CertificateParams::new(names.to_vec())?.subject_alt_names;
        params.distinguished_name.push(DnType::CommonName, host);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
        ];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.use_authority_key_identifier_extension = true;
        Ok(TlsCertificate {
            certificate_pem: params.signed_by(&key, &self.issuer)?.pem(),
            key_pem: key.serialize_pem(),
        })
    }
}

/// A certificate for TLS with its key.
#[derive(Clone)]
pub(in crate::devnet) struct TlsCertificate {
    /// The certificate as PEM.
    pub(in crate::devnet) certificate_pem: String,
    /// The key as PEM.
    pub(in crate::devnet) key_pem: String,
}

impl fmt::Debug for TlsCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsCertificate").finish_non_exhaustive()
    }
}

/// An identity with its private key.
pub struct IssuedIdentity {
    serialized: Bytes,
    signer: KeySigner,
    common_name: String,
    certificate_pem: String,
    key_pem: String,
}

impl fmt::Debug for IssuedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedIdentity")
            .field("common_name", &self.common_name)
            .finish_non_exhaustive()
    }
}

impl IssuedIdentity {
    /// An identity that somebody else issued: a certificate and its private key, both PEM.
    ///
    /// # Errors
    /// [`DevnetError::Build`] where they cannot be read or do not belong together.
    pub(in crate::devnet) fn given(
        msp_id: &MspId,
        common_name: &str,
        certificate_pem: &str,
        key_pem: &str,
    ) -> Result<Self, DevnetError> {
        let random = Arc::new(SystemRandom::new());
        let certificate =
            Certificate::from_pem(certificate_pem.as_bytes()).map_err(DevnetError::build)?;
        let signer = KeySigner::read(msp_id, &certificate, key_pem.as_bytes(), random)
            .map_err(DevnetError::build)?;
        let certificate_pem = certificate.pem();
        Ok(Self {
            serialized: serialized_identity(msp_id, certificate_pem.as_bytes()).into(),
            signer,
            common_name: common_name.to_owned(),
            certificate_pem,
            key_pem: key_pem.to_owned(),
        })
    }

    /// Its name, such as `Admin@org1.example.com`.
    #[must_use]
    pub fn common_name(&self) -> &str {
        &self.common_name
    }

    /// Its certificate as PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Its private key, PKCS#8 as PEM.
    #[must_use]
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// The serialized `msp.SerializedIdentity`.
    #[must_use]
    pub const fn serialized(&self) -> &Bytes {
        &self.serialized
    }

    /// A new serialized `common.SignatureHeader` of this identity.
    ///
    /// # Errors
    /// [`DevnetError::Randomness`] where the system gives none.
    pub fn signature_header(&self) -> Result<Bytes, DevnetError> {
        Ok(transaction::signature_header(self, &clock::stamp()?))
    }

    /// Signs a config update, as `peer channel signconfigtx` does.
    ///
    /// # Errors
    /// [`DevnetError::Randomness`] where the system gives none.
    pub fn sign_config_update(&self, config_update: &[u8]) -> Result<ConfigSignature, DevnetError> {
        let stamp = clock::stamp()?;
        Ok(transaction::sign_config_update(
            config_update,
            self,
            &stamp,
        )?)
    }
}

impl Signer for IssuedIdentity {
    fn serialized_identity(&self) -> &[u8] {
        &self.serialized
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        self.signer.sign(message)
    }
}

/// A PKCS#8 document as PEM, in lines of 64 characters.
fn private_key_pem(pkcs8: &[u8]) -> String {
    let text = STANDARD.encode(pkcs8);
    let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    for (i, character) in text.chars().enumerate() {
        if i > 0 && i % 64 == 0 {
            pem.push('\n');
        }
        pem.push(character);
    }
    pem + "\n-----END PRIVATE KEY-----\n"
}

/// A P-256 key that signs certificates low-S.
struct CertificateKey {
    pair: EcdsaKeyPair,
    pkcs8: Vec<u8>,
}

impl fmt::Debug for CertificateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateKey").finish_non_exhaustive()
    }
}

impl CertificateKey {
    fn generate() -> Result<Self, DevnetError> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random)
            .map_err(|_| DevnetError::Randomness)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random)
            .map_err(|_| DevnetError::Randomness)?;
        Ok(Self {
            pair,
            pkcs8: pkcs8.as_ref().to_vec(),
        })
    }
}

impl PublicKeyData for CertificateKey {
    fn der_bytes(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for CertificateKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let fixed = self
            .pair
            .sign(&SystemRandom::new(), message)
            .map_err(|_| rcgen::Error::RingUnspecified)?;
        Ok(ecdsa::low_s(ecdsa::Curve::P256, fixed.as_ref()))
    }
}

/// What all certificates have in common: valid from five minutes ago for ten years.
fn params() -> CertificateParams {
    let start = OffsetDateTime::from(clock::system_time()) - Duration::minutes(5);
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "US");
    name.push(DnType::StateOrProvinceName, "California");
    name.push(DnType::LocalityName, "San Francisco");
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    params.not_before = start;
    params.not_after = start + Duration::days(3650);
    params
}

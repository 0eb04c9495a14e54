//! The certificate type.

use std::{fmt, net::IpAddr, sync::Arc};

use bytes::Bytes;

use super::{
    extensions::{Extensions, KEY_CERT_SIGN},
    fields::{CertificateFields, SubjectKey},
    name, parse,
};
use crate::{
    crypto::{
        asn1::Members,
        der::{self, Reader, tag},
        ecdsa::{Curve, Signature},
        pem,
        signature::{Algorithm, PublicKey},
    },
    identity::MspError,
};

/// An X.509 certificate. Cheap to clone.
#[derive(Clone)]
pub struct Certificate(Arc<CertificateFields>);

/// Why a certificate does not certify another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotSigned {
    /// It is not allowed to: no CA, or its key usage forbids it.
    NotAllowed,
    /// Its key did not sign.
    Signature,
}

impl Certificate {
    /// Reads the certificate in the first PEM block.
    ///
    /// # Errors
    /// [`MspError::BadPem`], [`MspError::BadCertificate`].
    pub fn from_pem(text: &[u8]) -> Result<Self, MspError> {
        let block = pem::first_block(text).ok_or(MspError::BadPem)?;
        Self::from_der(block.content)
    }

    /// Reads a certificate.
    ///
    /// # Errors
    /// [`MspError::BadCertificate`].
    pub fn from_der(der: impl Into<Bytes>) -> Result<Self, MspError> {
        parse::certificate(der.into())
            .map(|inner| Self(Arc::new(inner)))
            .map_err(MspError::BadCertificate)
    }

    /// Its DER encoding.
    #[must_use]
    pub fn der(&self) -> &Bytes {
        &self.0.der
    }

    /// The subject as text, the most specific part first.
    #[must_use]
    pub fn subject(&self) -> String {
        name::text(&self.0.subject)
    }

    /// The issuer as text, the most specific part first.
    #[must_use]
    pub fn issuer(&self) -> String {
        name::text(&self.0.issuer)
    }

    /// The organisational units of the subject, in the order of the certificate.
    #[must_use]
    pub fn organizational_units(&self) -> &[String] {
        &self.0.names.units
    }

    /// Subject and issuer as Go's `pkix.Name` gives them back, which Fabric makes ids of: see
    /// `name::distinguished`.
    #[cfg(feature = "chaincode")]
    pub(crate) fn distinguished_names(&self) -> (String, String) {
        let of = |raw| name::distinguished(raw).unwrap_or_default();
        (of(&self.0.subject), of(&self.0.issuer))
    }

    /// The value of an extension, by the content of its object identifier.
    #[cfg(feature = "chaincode")]
    pub(crate) fn extension(&self, oid: &[u8]) -> Option<&[u8]> {
        parse::extension_value(&self.0.signed, oid)
    }

    /// The common name of the subject; empty where it has none.
    #[must_use]
    pub fn common_name(&self) -> &str {
        &self.0.names.common_name
    }

    /// The serial number: the content of its `INTEGER`.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    /// From when on it is valid. Unit: seconds since 1970.
    #[must_use]
    pub fn not_before(&self) -> i64 {
        self.0.not_before
    }

    /// Until when it is valid, inclusive. Unit: seconds since 1970.
    #[must_use]
    pub fn not_after(&self) -> i64 {
        self.0.not_after
    }

    /// Whether its basic constraints say that it is a CA's.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.0.extensions.basic.is_some_and(|basic| basic.is_ca)
    }

    /// The public key that it certifies.
    #[must_use]
    pub fn key(&self) -> PublicKey<'_> {
        match &self.0.key {
            SubjectKey::Ecdsa(curve, point) => PublicKey::Ecdsa(*curve, point),
            SubjectKey::Ed25519(key) => PublicKey::Ed25519(key),
            SubjectKey::Rsa(n, e) => PublicKey::Rsa(n, e),
            SubjectKey::Other | SubjectKey::Unknown => PublicKey::Other,
        }
    }

    /// Whether the algorithm of its key is one that Go knows.
    pub(crate) fn has_known_key(&self) -> bool {
        !matches!(self.0.key, SubjectKey::Unknown)
    }

    pub(crate) fn raw_subject(&self) -> &Bytes {
        &self.0.subject
    }

    pub(crate) fn raw_issuer(&self) -> &Bytes {
        &self.0.issuer
    }

    pub(crate) fn key_info(&self) -> &Bytes {
        &self.0.key_info
    }

    /// The names and addresses of servers that it is for, as it lists them: the common name is none.
    #[must_use]
    pub fn server_names(&self) -> Vec<String> {
        let Some(names) = &self.extensions().alternative_names else {
            return Vec::new();
        };
        let ips = names.ips.iter().filter_map(|ip| address(ip));
        let dns = names.dns.iter().cloned();
        dns.chain(ips.map(|ip| ip.to_string())).collect()
    }

    /// Whether it is for a server of this name or address, as TLS clients judge it.
    #[must_use]
    pub fn is_for_server(&self, host: &str) -> bool {
        let Some(names) = &self.extensions().alternative_names else {
            return false;
        };
        if let Ok(wanted) = host.parse::<IpAddr>() {
            return names.ips.iter().any(|ip| address(ip) == Some(wanted));
        }
        let host = host.strip_suffix('.').unwrap_or(host);
        names.dns.iter().any(|name| match name.strip_prefix("*.") {
            Some(rest) => host
                .split_once('.')
                .is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(rest)),
            None => name.eq_ignore_ascii_case(host),
        })
    }

    /// Whether its extended key usage lets it be a TLS server's, and a TLS client's.
    #[must_use]
    pub fn tls_uses(&self) -> (bool, bool) {
        match &self.extensions().extended_key_usage {
            None => (true, true),
            Some(usage) => (
                usage.any || usage.server_auth,
                usage.any || usage.client_auth,
            ),
        }
    }

    pub(crate) fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// The part that is signed, the same for a certificate and its normalised form.
    pub(crate) fn signed_part(&self) -> &Bytes {
        &self.0.signed
    }

    /// Whether `parent` certifies this certificate: it may, and its key signed.
    // Go: crypto/x509, CheckSignatureFrom
    pub(crate) fn check_signed_by(&self, parent: &Self) -> Result<(), NotSigned> {
        let theirs = &parent.0.extensions;
        let may = match theirs.basic {
            Some(basic) => basic.is_ca,
            None => parent.0.version != 3,
        };
        if !may || theirs.key_usage != 0 && theirs.key_usage & KEY_CERT_SIGN == 0 {
            return Err(NotSigned::NotAllowed);
        }
        let CertificateFields {
            algorithm,
            signed,
            signature,
            ..
        } = &*self.0;
        let verify = || !algorithm.is_sha1() && parent.key().verify(*algorithm, signed, signature);
        match self.0.signers.signed(&parent.0.key_info, verify) {
            true => Ok(()),
            false => Err(NotSigned::Signature),
        }
    }

    /// This certificate with the low-S form of its ECDSA signature, made by a key of `curve`. The
    /// certificate itself where it has that form already.
    // Fabric: msp/cert.go, sanitizeECDSASignedCert
    pub(crate) fn with_low_s(&self, curve: Curve) -> Result<Self, MspError> {
        let signature = Signature::read(&self.0.signature)
            .ok_or(MspError::BadCertificate("signature"))?
            .low_s_der(curve);
        if signature == self.0.signature {
            return Ok(self.clone());
        }
        check_structure(&self.0.signed).ok_or(MspError::BadCertificate("unique identifier"))?;
        let bits = der::write(tag::BIT_STRING, &[&[0], &signature]);
        let der = der::write(
            tag::SEQUENCE,
            &[&self.0.signed, &self.0.algorithm_identifier, &bits],
        );
        let normalised = Self::from_der(der)?;
        if let Some(key) = self.0.signers.known() {
            // the lowered signature is valid exactly when the original is
            normalised.0.signers.add(key);
        }
        Ok(normalised)
    }

    /// This certificate with low S, where it is signed with ECDSA, without knowing who signed it: the
    /// curve is the smallest that has room for the signature, which is wrong for one in 2^64 of them.
    /// The certificate itself where it cannot be told, or has that form already.
    #[must_use]
    pub fn with_low_s_alone(&self) -> Self {
        let size = Signature::read(&self.0.signature).map(|signature| signature.size());
        let curves = [Curve::P224, Curve::P256, Curve::P384, Curve::P521];
        let curve = size.and_then(|size| curves.into_iter().find(|curve| size <= curve.size()));
        match curve {
            Some(curve) if self.0.algorithm.is_ecdsa() => {
                self.with_low_s(curve).unwrap_or_else(|_| self.clone())
            }
            _ => self.clone(),
        }
    }

    /// Its PEM encoding.
    #[must_use]
    pub fn pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.0.der)
    }
}

/// What else Fabric's own reader of the signed part refuses.
// Fabric: msp/cert.go, certFromX509Cert
fn check_structure(signed: &[u8]) -> Option<()> {
    let mut fields = Members::new(Members::new(signed).required(&[tag::SEQUENCE])?.content);
    fields.optional_explicit(0, tag::INTEGER)?;
    for _ in [
        "serial",
        "algorithm",
        "issuer",
        "validity",
        "subject",
        "key",
    ] {
        fields.any()?;
    }
    for number in [1, 2] {
        if let Some(unique) = fields.optional(&[tag::context(number)])? {
            let bits = der::write(tag::BIT_STRING, &[unique.content]);
            Reader::new(&bits).bit_string()?;
        }
    }
    fields.optional_explicit(3, tag::SEQUENCE).map(|_| ())
}

/// Two certificates are equal when their bytes are.
impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.subject()).finish()
    }
}

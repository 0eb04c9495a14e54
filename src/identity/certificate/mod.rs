//! Certificates, read by Go's rules: what Go refuses to parse is refused here, and nothing else.

mod extensions;
pub(super) mod name;
pub(super) mod names;
mod time;
mod uri;

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

use crate::crypto::{
    der::{self, Reader, tag},
    ecdsa::{Curve, Signature},
    pem,
    signature::{Algorithm, PublicKey},
};

pub(super) use extensions::{Extensions, KEY_CERT_SIGN};
pub(super) use time::read as read_time;

use super::MspError;

/// An X.509 certificate. Cheap to clone.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    der: Bytes,
    version: i64,
    signed: Bytes,
    /// The algorithm identifier without what may follow its parameters.
    algorithm_identifier: Vec<u8>,
    algorithm: Algorithm,
    signature: Vec<u8>,
    serial: Bytes,
    issuer: Bytes,
    subject: Bytes,
    names: name::Name,
    not_before: i64,
    not_after: i64,
    key_info: Bytes,
    key: Key,
    extensions: Extensions,
    /// The key (as its key info) that is known to have signed this certificate, so that no signature is
    /// verified twice while an MSP is set up or an identity is judged.
    signed_by: OnceLock<Bytes>,
}

enum Key {
    Ecdsa(Curve, Bytes),
    Ed25519(Bytes),
    Rsa(Bytes, Bytes),
    /// A known algorithm that verifies nothing.
    Other,
    /// An unknown algorithm.
    Unknown,
}

/// Why a certificate does not certify another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotSigned {
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
        parse(der.into())
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
            Key::Ecdsa(curve, point) => PublicKey::Ecdsa(*curve, point),
            Key::Ed25519(key) => PublicKey::Ed25519(key),
            Key::Rsa(n, e) => PublicKey::Rsa(n, e),
            Key::Other | Key::Unknown => PublicKey::Other,
        }
    }

    /// Whether the algorithm of its key is one that Go knows.
    pub(super) fn has_known_key(&self) -> bool {
        !matches!(self.0.key, Key::Unknown)
    }

    pub(super) fn raw_subject(&self) -> &Bytes {
        &self.0.subject
    }

    pub(super) fn raw_issuer(&self) -> &Bytes {
        &self.0.issuer
    }

    pub(super) fn key_info(&self) -> &Bytes {
        &self.0.key_info
    }

    pub(super) fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// The part that is signed, the same for a certificate and its normalised form.
    pub(super) fn signed_part(&self) -> &Bytes {
        &self.0.signed
    }

    /// Whether `parent` certifies this certificate: it may, and its key signed.
    // Go: crypto/x509, CheckSignatureFrom
    pub(super) fn check_signed_by(&self, parent: &Self) -> Result<(), NotSigned> {
        let theirs = &parent.0.extensions;
        let may = match theirs.basic {
            Some(basic) => basic.is_ca,
            None => parent.0.version != 3,
        };
        if !may || theirs.key_usage != 0 && theirs.key_usage & KEY_CERT_SIGN == 0 {
            return Err(NotSigned::NotAllowed);
        }
        if self.0.signed_by.get() == Some(&parent.0.key_info) {
            return Ok(());
        }
        let Inner {
            algorithm,
            signed,
            signature,
            ..
        } = &*self.0;
        if algorithm.is_sha1() || !parent.key().verify(*algorithm, signed, signature) {
            return Err(NotSigned::Signature);
        }
        // another thread may have been faster; both found a key that signed
        let _ = self.0.signed_by.set(parent.0.key_info.clone());
        Ok(())
    }

    /// This certificate with the low-S form of its ECDSA signature, made by a key of `curve`. The
    /// certificate itself where it has that form already.
    // Fabric: msp/cert.go, sanitizeECDSASignedCert
    pub(super) fn with_low_s(&self, curve: Curve) -> Result<Self, MspError> {
        let signature = Signature::read(&self.0.signature)
            .ok_or(MspError::BadCertificate("signature"))?
            .low_s_der(curve);
        if signature == self.0.signature {
            return Ok(self.clone());
        }
        let bits = der::write(tag::BIT_STRING, &[&[0], &signature]);
        let der = der::write(
            tag::SEQUENCE,
            &[&self.0.signed, &self.0.algorithm_identifier, &bits],
        );
        let normalised = Self::from_der(der)?;
        if let Some(key) = self.0.signed_by.get() {
            // the lowered signature is valid exactly when the original is
            let _ = normalised.0.signed_by.set(key.clone());
        }
        Ok(normalised)
    }
}

/// Two certificates are equal when their bytes are.
impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.subject()).finish()
    }
}

// Go: crypto/x509, parseCertificate
fn parse(der: Bytes) -> Result<Inner, &'static str> {
    let mut outer = Reader::new(&der);
    let mut outer = outer
        .inside(tag::SEQUENCE)
        .filter(|_| outer.is_empty())
        .ok_or("not one sequence")?;
    let signed = outer.element(tag::SEQUENCE).ok_or("tbs certificate")?;
    let mut fields = Reader::new(signed.content);
    let version = version(&mut fields).ok_or("version")?;
    let serial = fields.integer().ok_or("serial number")?;
    if serial.first().is_some_and(|b| b & 0x80 != 0) {
        return Err("serial number");
    }
    let inner_algorithm = fields.content(tag::SEQUENCE).ok_or("algorithm")?;
    if outer.content(tag::SEQUENCE) != Some(inner_algorithm) {
        return Err("algorithm");
    }
    let (oid, parameters) = algorithm_identifier(inner_algorithm).ok_or("algorithm")?;
    let issuer = fields.element(tag::SEQUENCE).ok_or("issuer")?.raw;
    if !name::is_valid(issuer) {
        return Err("issuer");
    }
    let mut validity = fields.inside(tag::SEQUENCE).ok_or("validity")?;
    let not_before = time::read(&mut validity).ok_or("validity")?;
    let not_after = time::read(&mut validity).ok_or("validity")?;
    let subject = fields.element(tag::SEQUENCE).ok_or("subject")?.raw;
    let names = name::read(subject).ok_or("subject")?;
    let key_info = fields.element(tag::SEQUENCE).ok_or("public key")?;
    let key = key(key_info.content).ok_or("public key")?;
    let mut extensions = Extensions::default();
    if version > 1 {
        fields.optional(tag::context(1)).ok_or("unique id")?;
        fields.optional(tag::context(2)).ok_or("unique id")?;
    }
    if version == 3 {
        take_extensions(&der, fields, &mut extensions)?;
    }
    let signature = outer.bit_string().ok_or("signature")?.right_aligned();
    Ok(Inner {
        version,
        signed: der.slice_ref(signed.raw),
        algorithm_identifier: der::write(
            tag::SEQUENCE,
            &[&der::write(tag::OID, &[oid]), parameters],
        ),
        algorithm: Algorithm::read(oid, parameters),
        signature,
        serial: der.slice_ref(serial),
        issuer: der.slice_ref(issuer),
        subject: der.slice_ref(subject),
        names,
        not_before,
        not_after,
        key_info: der.slice_ref(key_info.raw),
        key,
        extensions,
        signed_by: OnceLock::new(),
        der,
    })
}

/// 1 to 3.
fn version(fields: &mut Reader<'_>) -> Option<i64> {
    let Some(explicit) = fields.optional(tag::context_constructed(0))? else {
        return Some(1);
    };
    let mut explicit = Reader::new(explicit);
    let version = explicit.int64()?;
    (explicit.is_empty() && (0..3).contains(&version)).then_some(version + 1)
}

/// The content of the object identifier, and the parameters as they stand.
pub(super) fn algorithm_identifier(content: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut fields = Reader::new(content);
    let oid = fields.oid()?;
    let parameters = if fields.is_empty() {
        &[]
    } else {
        fields.any()?.raw
    };
    Some((oid, parameters))
}

fn take_extensions(
    der: &Bytes,
    mut fields: Reader<'_>,
    extensions: &mut Extensions,
) -> Result<(), &'static str> {
    let Some(list) = fields
        .optional(tag::context_constructed(3))
        .ok_or("extensions")?
    else {
        return Ok(());
    };
    let mut list = Reader::new(list)
        .inside(tag::SEQUENCE)
        .ok_or("extensions")?;
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    while !list.is_empty() {
        let (oid, critical, value) = extension(&mut list).ok_or("extensions")?;
        if !seen.insert(oid) {
            return Err("duplicate extension");
        }
        all.push((oid, critical, value));
    }
    all.into_iter()
        .try_for_each(|(oid, critical, value)| extensions.take(der, oid, critical, value))
}

/// Reads one extension: the content of its object identifier, whether it is critical, its value.
pub(super) fn extension<'a>(list: &mut Reader<'a>) -> Option<(&'a [u8], bool, &'a [u8])> {
    let mut fields = list.inside(tag::SEQUENCE)?;
    let oid = fields.oid()?;
    let critical = fields.peek(tag::BOOLEAN) && fields.boolean()?;
    Some((oid, critical, fields.content(tag::OCTET_STRING)?))
}

// Go: crypto/x509, parsePublicKey
fn key(info: &[u8]) -> Option<Key> {
    let mut fields = Reader::new(info);
    let (oid, parameters) = algorithm_identifier(fields.content(tag::SEQUENCE)?)?;
    let bits = fields.bit_string()?.right_aligned();
    Some(match oid {
        ECDSA => {
            let curve = Curve::from_oid(Reader::new(parameters).oid()?)?;
            if !curve.has_point(&bits) {
                return None;
            }
            Key::Ecdsa(curve, bits.into())
        }
        ED25519 if parameters.is_empty() && bits.len() == 32 => Key::Ed25519(bits.into()),
        X25519 if parameters.is_empty() && bits.len() == 32 => Key::Other,
        RSA if parameters == [0x05, 0x00] => {
            let mut numbers = Reader::new(&bits).inside(tag::SEQUENCE)?;
            let modulus = positive(numbers.integer()?)?;
            let exponent = positive(numbers.integer()?)?;
            if exponent.len() > 8 || exponent.len() == 8 && exponent.first() >= Some(&0x80) {
                return None;
            }
            Key::Rsa(modulus.to_vec().into(), exponent.to_vec().into())
        }
        DSA => {
            positive(Reader::new(&bits).integer()?)?;
            let mut numbers = Reader::new(parameters).inside(tag::SEQUENCE)?;
            for _ in 0..3 {
                positive(numbers.integer()?)?;
            }
            Key::Other
        }
        ED25519 | X25519 | RSA => return None,
        _ => Key::Unknown,
    })
}

const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const X25519: &[u8] = &[0x2b, 0x65, 0x6e];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

fn positive(number: &[u8]) -> Option<&[u8]> {
    let negative = number.first().is_some_and(|b| b & 0x80 != 0);
    let magnitude = der::strip_zeros(number);
    (!negative && !magnitude.is_empty()).then_some(magnitude)
}

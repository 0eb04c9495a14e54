//! Certificate revocation lists. Dates do not count: what is listed is revoked.

use std::{collections::BTreeSet, fmt, sync::OnceLock};

use bytes::Bytes;

use crate::crypto::{
    der::{Reader, tag},
    ecdsa, pem,
    signature::Algorithm,
};

use super::{
    Certificate, MspError,
    certificate::{algorithm_identifier, extension},
};

/// A revocation list.
pub(super) struct Crl {
    /// The content of the issuer's key identifier; `None` where the list has none.
    authority_key_id: Option<Bytes>,
    /// The serial numbers: the content of their `INTEGER`s.
    serials: BTreeSet<Bytes>,
    signed: Bytes,
    algorithm: Algorithm,
    signature: Vec<u8>,
    /// The key (as its key info) that is known to have signed.
    signed_by: OnceLock<Bytes>,
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crl")
            .field("revoked", &self.serials.len())
            .finish_non_exhaustive()
    }
}

impl Crl {
    /// Reads a list in PEM or DER.
    // Fabric: msp/mspimplsetup.go, setupCRLs; Go: crypto/x509, ParseCRL
    pub(super) fn read(bytes: &[u8]) -> Result<Self, MspError> {
        let der = if bytes.starts_with(b"-----BEGIN X509 CRL") {
            pem::first_block(bytes)
                .filter(|block| block.label == b"X509 CRL")
                .map_or_else(|| bytes.to_vec(), |block| block.content)
        } else {
            bytes.to_vec()
        };
        parse(&Bytes::from(der)).ok_or(MspError::BadCrl)
    }

    /// How many serial numbers it lists.
    pub(super) fn revoked(&self) -> usize {
        self.serials.len()
    }

    /// Whether a certificate of this issuer is revoked by this list.
    ///
    /// # Errors
    /// The list has no authority key identifier.
    // Fabric: msp/mspimplvalidate.go, validateCertAgainstChain
    pub(super) fn revokes(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        issuer_key_id: &[u8],
    ) -> Result<bool, MspError> {
        let key_id = self
            .authority_key_id
            .as_ref()
            .ok_or(MspError::CrlWithoutAki)?;
        Ok(key_id == issuer_key_id
            && self.serials.contains(certificate.serial())
            && self.is_signed_by(issuer))
    }

    fn is_signed_by(&self, issuer: &Certificate) -> bool {
        if self.signed_by.get() == Some(issuer.key_info()) {
            return true;
        }
        let signed = issuer
            .key()
            .verify(self.algorithm, &self.signed, &self.signature);
        if signed {
            // another thread may have been faster; both found a key that signed
            let _ = self.signed_by.set(issuer.key_info().clone());
        }
        signed
    }
}

/// Like Go's `encoding/asn1`, this does not mind elements after those that it knows.
fn parse(der: &Bytes) -> Option<Crl> {
    let mut outer = Reader::new(der);
    let mut fields = outer.inside(tag::SEQUENCE).filter(|_| outer.is_empty())?;
    let signed = fields.element(tag::SEQUENCE)?;
    let (oid, parameters) = algorithm_identifier(fields.content(tag::SEQUENCE)?)?;
    let algorithm = Algorithm::read(oid, parameters);
    let signature = fields.bit_string()?.right_aligned();
    let mut list = Reader::new(signed.content);
    list.optional(tag::INTEGER)?;
    algorithm_identifier(list.content(tag::SEQUENCE)?)?;
    list.content(tag::SEQUENCE)?; // the issuer; revocation goes by key identifiers
    time(&mut list)?;
    if list.peek(tag::UTC_TIME) || list.peek(tag::GENERALIZED_TIME) {
        time(&mut list)?;
    }
    let mut serials = BTreeSet::new();
    let mut revoked = Reader::new(list.optional(tag::SEQUENCE)?.unwrap_or_default());
    while !revoked.is_empty() {
        let mut entry = revoked.inside(tag::SEQUENCE)?;
        serials.insert(der.slice_ref(entry.integer()?));
        time(&mut entry)?;
    }
    let mut key_id_extension = None;
    if let Some(explicit) = list.optional(tag::context_constructed(0))? {
        let mut extensions = Reader::new(explicit).inside(tag::SEQUENCE)?;
        while !extensions.is_empty() {
            let (oid, _, value) = extension(&mut extensions)?;
            if oid == [0x55, 0x1d, 35] {
                key_id_extension.get_or_insert(value);
            }
        }
    }
    Some(Crl {
        authority_key_id: key_id_extension
            .and_then(key_identifier)
            .map(|id| der.slice_ref(id)),
        serials,
        signed: der.slice_ref(signed.raw),
        algorithm,
        signature: if algorithm.is_ecdsa() {
            ecdsa::canonical(&signature)?
        } else {
            signature
        },
        signed_by: OnceLock::new(),
    })
}

fn time(fields: &mut Reader<'_>) -> Option<()> {
    super::certificate::read_time(fields).map(|_| ())
}

/// The key identifier of an authority key identifier; empty where it has none.
fn key_identifier(value: &[u8]) -> Option<&[u8]> {
    let mut fields = Reader::new(value).inside(tag::SEQUENCE)?;
    fields
        .optional(tag::context(0))
        .map(Option::unwrap_or_default)
}

//! Certificate revocation lists. Dates do not count: what is listed is revoked.

use std::{collections::BTreeSet, fmt};

use bytes::Bytes;

use crate::{
    crypto::{
        asn1::{self, Members},
        der::{Element, Reader, tag},
        ecdsa, pem,
        signature::{self, Algorithm},
    },
    identity::{
        certificate::{Certificate, Signers, is_asn1_time, name},
        error::MspError,
    },
};

/// A revocation list as Go reads it.
pub(in crate::identity) struct Crl {
    /// The content of the issuer's key identifier; `None` where the list has none.
    authority_key_id: Option<Bytes>,
    /// The serial numbers: the content of their `INTEGER`s.
    serials: BTreeSet<Bytes>,
    signed: Bytes,
    algorithm: Algorithm,
    signature: Vec<u8>,
    /// Which keys signed it, as far as somebody asked.
    signers: Signers,
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
    pub(in crate::identity) fn read(bytes: &[u8]) -> Result<Self, MspError> {
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
    pub(in crate::identity) fn revoked(&self) -> usize {
        self.serials.len()
    }

    /// Whether it says whose list it is. Without that, no identity of its MSP is valid.
    pub(in crate::identity) const fn has_authority_key_id(&self) -> bool {
        self.authority_key_id.is_some()
    }

    /// Whether it names the key of a CA as its issuer's, as far as that can be told without a
    /// signature.
    pub(in crate::identity) fn names(&self, ca: &Certificate) -> bool {
        let key_id = self.authority_key_id.as_ref();
        key_id.is_some() && key_id == ca.extensions().subject_key_id.as_ref()
    }

    /// Whether a certificate of this issuer is revoked by this list.
    ///
    /// # Errors
    /// The list has no authority key identifier.
    // Fabric: msp/mspimplvalidate.go, validateCertAgainstChain
    pub(in crate::identity) fn revokes(
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

    /// Whether this CA signed it.
    pub(in crate::identity) fn is_signed_by(&self, issuer: &Certificate) -> bool {
        self.signers.signed(issuer.key_info(), || {
            (issuer.key()).verify(self.algorithm, &self.signed, &self.signature)
        })
    }
}

// Go: crypto/x509, ParseDERCRL, into crypto/x509/pkix, CertificateList
fn parse(der: &Bytes) -> Option<Crl> {
    let mut outer = Members::new(der);
    let mut fields = Members::new(outer.required(&[tag::SEQUENCE])?.content);
    if !outer.is_empty() {
        return None;
    }
    let signed = fields.required(&[tag::SEQUENCE])?;
    let algorithm = algorithm(&mut fields)?;
    let bits = fields.required(&[tag::BIT_STRING])?;
    let signature = Reader::new(bits.raw).bit_string()?.right_aligned();
    let mut list = Members::new(signed.content);
    if let Some(version) = list.optional(&[tag::INTEGER])? {
        Reader::new(version.raw).int64()?;
    }
    self::algorithm(&mut list)?;
    check_issuer(list.required(&[tag::SEQUENCE])?.content)?;
    check_time(list.required(TIME)?)?;
    list.optional(TIME)?.map_or(Some(()), check_time)?;
    let revoked = list.optional(&[tag::SEQUENCE])?;
    let revoked = revoked.map(|revoked| asn1::list(revoked.content, tag::SEQUENCE));
    let mut serials = BTreeSet::new();
    for entry in revoked.unwrap_or_else(|| Some(Vec::new()))? {
        let mut entry = Members::new(entry.content);
        let serial = entry.required(&[tag::INTEGER])?;
        serials.insert(der.slice_ref(Reader::new(serial.raw).integer()?));
        check_time(entry.required(TIME)?)?;
        if let Some(found) = entry.optional(&[tag::SEQUENCE])? {
            extensions(found.content)?;
        }
    }
    let found = match list.optional_explicit(0, tag::SEQUENCE)? {
        Some(found) => extensions(found.content)?,
        None => Vec::new(),
    };
    let key_id_extension = (found.into_iter()).find(|(oid, _)| *oid == [0x55, 0x1d, 35]);
    Some(Crl {
        authority_key_id: key_id_extension
            .and_then(|(_, value)| key_identifier(value))
            .map(|id| der.slice_ref(id)),
        serials,
        signed: der.slice_ref(signed.raw),
        algorithm,
        signature: if algorithm.is_ecdsa() {
            ecdsa::canonical(&signature)?
        } else {
            signature
        },
        signers: Signers::default(),
    })
}

/// The tags of the two forms of a time.
const TIME: &[u8] = &[tag::UTC_TIME, tag::GENERALIZED_TIME];

fn algorithm(fields: &mut Members<'_>) -> Option<Algorithm> {
    let (oid, parameters) = signature::identifier(fields.required(&[tag::SEQUENCE])?)?;
    Some(Algorithm::read(oid, parameters))
}

fn oid<'a>(fields: &mut Members<'a>) -> Option<&'a [u8]> {
    Reader::new(fields.required(&[tag::OID])?.raw).oid()
}

/// Revocation goes by key identifiers, but a list whose issuer has no name is not read.
fn check_issuer(name: &[u8]) -> Option<()> {
    for set in asn1::list(name, tag::SET)? {
        for attribute in asn1::list(set.content, tag::SEQUENCE)? {
            let mut attribute = Members::new(attribute.content);
            oid(&mut attribute)?;
            attribute.any().filter(is_value)?;
        }
    }
    Some(())
}

/// Whether an element is one that Go can read where any may stand.
fn is_value(element: &Element<'_>) -> bool {
    let mut reader = Reader::new(element.raw);
    match element.tag {
        tag::BOOLEAN => reader.boolean().is_some(),
        tag::INTEGER => reader.int64().is_some(),
        tag::BIT_STRING => reader.bit_string().is_some(),
        tag::OID => reader.oid().is_some(),
        tag::UTF8_STRING
        | tag::NUMERIC_STRING
        | tag::PRINTABLE_STRING
        | tag::T61_STRING
        | tag::IA5_STRING
        | tag::BMP_STRING => name::string(element.tag, element.content).is_some(),
        tag::UTC_TIME | tag::GENERALIZED_TIME => is_asn1_time(element),
        _ => true,
    }
}

fn check_time(element: Element<'_>) -> Option<()> {
    is_asn1_time(&element).then_some(())
}

/// Object identifiers and values.
fn extensions(content: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let extensions = asn1::list(content, tag::SEQUENCE)?.into_iter();
    extensions
        .map(|extension| {
            let mut fields = Members::new(extension.content);
            let oid = oid(&mut fields)?;
            if let Some(critical) = fields.optional(&[tag::BOOLEAN])? {
                Reader::new(critical.raw).boolean()?;
            }
            Some((oid, fields.required(&[tag::OCTET_STRING])?.content))
        })
        .collect()
}

/// The key identifier of an authority key identifier; empty where it has none.
// Fabric: msp/mspimplvalidate.go, getAuthorityKeyIdentifierFromCrl
fn key_identifier(value: &[u8]) -> Option<&[u8]> {
    let mut fields = Members::new(value)
        .required(&[tag::SEQUENCE])
        .map(|e| Members::new(e.content))?;
    let key_id = fields.optional(&[tag::context(0)])?;
    fields.optional(&[tag::context(1)])?;
    // Go cannot read into the number that Fabric declares: a fitting member is an error
    if fields.optional(&[tag::context_constructed(2)])?.is_some() {
        return None;
    }
    Some(key_id.map_or(&[], |e| e.content))
}

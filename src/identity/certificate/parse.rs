//! Reading the fields of a certificate.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::crypto::{
    der::{self, Reader, tag},
    ecdsa::Curve,
    signature::Algorithm,
};

use super::{
    extensions::Extensions,
    fields::{CertificateFields, SubjectKey},
    name,
    signers::Signers,
    time,
};

/// Reads a certificate; an error names the part that is malformed.
// Go: crypto/x509, parseCertificate
pub(super) fn certificate(der: Bytes) -> Result<CertificateFields, &'static str> {
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
    Ok(CertificateFields {
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
        signers: Signers::default(),
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
fn algorithm_identifier(content: &[u8]) -> Option<(&[u8], &[u8])> {
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
    fields: Reader<'_>,
    extensions: &mut Extensions,
) -> Result<(), &'static str> {
    let Some(mut list) = extension_list(fields).ok_or("extensions")? else {
        return Ok(());
    };
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

/// The extensions, from what stands behind the public key; `None` inside where there are none.
fn extension_list(mut fields: Reader<'_>) -> Option<Option<Reader<'_>>> {
    match fields.optional(tag::context_constructed(3))? {
        Some(list) => Reader::new(list).inside(tag::SEQUENCE).map(Some),
        None => Some(None),
    }
}

/// The value of one extension of a certificate that was read: `signed` is its signed part, `oid` the
/// content of the extension's object identifier.
#[cfg(feature = "chaincode")]
pub(super) fn extension_value<'a>(signed: &'a [u8], oid: &[u8]) -> Option<&'a [u8]> {
    let mut fields = Reader::new(signed).inside(tag::SEQUENCE)?;
    if version(&mut fields)? != 3 {
        return None;
    }
    // serial, algorithm, issuer, validity, subject and key
    for _ in 0..6 {
        fields.any()?;
    }
    fields.optional(tag::context(1))?;
    fields.optional(tag::context(2))?;
    let mut list = extension_list(fields)??;
    while !list.is_empty() {
        let (found, _, value) = extension(&mut list)?;
        if found == oid {
            return Some(value);
        }
    }
    None
}

/// Reads one extension: the content of its object identifier, whether it is critical, its value.
fn extension<'a>(list: &mut Reader<'a>) -> Option<(&'a [u8], bool, &'a [u8])> {
    let mut fields = list.inside(tag::SEQUENCE)?;
    let oid = fields.oid()?;
    let critical = fields.peek(tag::BOOLEAN) && fields.boolean()?;
    Some((oid, critical, fields.content(tag::OCTET_STRING)?))
}

/// Whether these are an ECDSA key's `SubjectPublicKeyInfo` and nothing more.
// Go: crypto/x509, ParsePKIXPublicKey
pub(crate) fn is_ecdsa_key(der: &[u8]) -> bool {
    let mut outer = Reader::new(der);
    let info = outer.content(tag::SEQUENCE).filter(|_| outer.is_empty());
    matches!(info.and_then(key), Some(SubjectKey::Ecdsa(..)))
}

// Go: crypto/x509, parsePublicKey
fn key(info: &[u8]) -> Option<SubjectKey> {
    let mut fields = Reader::new(info);
    let (oid, parameters) = algorithm_identifier(fields.content(tag::SEQUENCE)?)?;
    let bits = fields.bit_string()?.right_aligned();
    Some(match oid {
        ECDSA => {
            let curve = Curve::from_oid(Reader::new(parameters).oid()?)?;
            if !curve.has_point(&bits) {
                return None;
            }
            SubjectKey::Ecdsa(curve, bits.into())
        }
        ED25519 if parameters.is_empty() && bits.len() == 32 => SubjectKey::Ed25519(bits.into()),
        X25519 if parameters.is_empty() && bits.len() == 32 => SubjectKey::Other,
        RSA if parameters == [0x05, 0x00] => {
            let mut numbers = Reader::new(&bits).inside(tag::SEQUENCE)?;
            let modulus = positive(numbers.integer()?)?;
            let exponent = positive(numbers.integer()?)?;
            if exponent.len() > 8 || exponent.len() == 8 && exponent.first() >= Some(&0x80) {
                return None;
            }
            SubjectKey::Rsa(modulus.to_vec().into(), exponent.to_vec().into())
        }
        DSA => {
            positive(Reader::new(&bits).integer()?)?;
            let mut numbers = Reader::new(parameters).inside(tag::SEQUENCE)?;
            for _ in 0..3 {
                positive(numbers.integer()?)?;
            }
            SubjectKey::Other
        }
        ED25519 | X25519 | RSA => return None,
        _ => SubjectKey::Unknown,
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

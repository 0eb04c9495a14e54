//! Certificate extensions: those that decide something are kept, the others that Go parses are
//! checked, since a certificate with a malformed one is no certificate.

use bytes::Bytes;

use crate::crypto::der::{Reader, tag};

use super::names::{AlternativeNames, NameConstraints};

/// What the extensions of a certificate say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extensions {
    /// Basic constraints, where present.
    pub(crate) basic: Option<BasicConstraints>,
    /// The key usage bits, the first being the lowest; 0 where absent.
    pub(crate) key_usage: u16,
    /// Extended key usage, where present with at least one entry.
    pub(crate) extended_key_usage: Option<ExtendedKeyUsage>,
    /// Subject alternative names, where present.
    pub(crate) alternative_names: Option<AlternativeNames>,
    /// Name constraints, where present.
    pub(crate) name_constraints: Option<NameConstraints>,
    /// The subject key identifier, where present.
    pub(crate) subject_key_id: Option<Bytes>,
    /// The authority key identifier; empty where absent.
    pub(crate) authority_key_id: Bytes,
    /// Certificate policies.
    pub(crate) policies: Policies,
    /// A critical extension is unknown, or says something that nobody handles.
    pub(crate) unhandled_critical: bool,
}

/// The extension `basicConstraints`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BasicConstraints {
    pub(crate) is_ca: bool,
    /// How many intermediates may follow; `None` for any number.
    pub(crate) max_path_length: Option<u64>,
}

/// The extension `extKeyUsage`, as far as anybody asks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExtendedKeyUsage {
    pub(crate) any: bool,
    pub(crate) server_auth: bool,
    pub(crate) client_auth: bool,
}

/// Certificate policies and what constrains them; object identifiers as their content bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    pub(crate) names: Vec<Bytes>,
    /// From issuer's to subject's policy.
    pub(crate) mappings: Vec<(Bytes, Bytes)>,
    pub(crate) require_explicit: Option<u64>,
    pub(crate) inhibit_mapping: Option<u64>,
    pub(crate) inhibit_any: Option<u64>,
}

/// The key usage bit that certifying takes.
pub(crate) const KEY_CERT_SIGN: u16 = 1 << 5;

/// Which extension is malformed.
type Malformed = &'static str;

impl Extensions {
    /// Takes one extension: the content of its object identifier and its value. `der` is the
    /// certificate that both are part of.
    // Go: crypto/x509, processExtensions
    pub(super) fn take(
        &mut self,
        der: &Bytes,
        oid: &[u8],
        critical: bool,
        value: &[u8],
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(value);
        let mut unhandled = false;
        match oid {
            [0x55, 0x1d, 14] => {
                let key_id = reader.content(tag::OCTET_STRING).filter(|_| !critical);
                self.subject_key_id = Some(der.slice_ref(key_id.ok_or("subject key identifier")?));
            }
            [0x55, 0x1d, 15] => self.key_usage = key_usage(reader).ok_or("key usage")?,
            [0x55, 0x1d, 17] => {
                let names = AlternativeNames::read(reader).ok_or("subject alternative names")?;
                unhandled = names.is_empty();
                self.alternative_names = Some(names);
            }
            [0x55, 0x1d, 19] => {
                self.basic = Some(basic_constraints(reader).ok_or("basic constraints")?);
            }
            [0x55, 0x1d, 30] => {
                let constraints = NameConstraints::read(reader).ok_or("name constraints")?;
                unhandled = constraints.has_unknown;
                self.name_constraints = Some(constraints);
            }
            [0x55, 0x1d, 31] => distribution_points(reader).ok_or("crl distribution points")?,
            [0x55, 0x1d, 32] => {
                self.policies.names = policy_names(der, reader).ok_or("certificate policies")?;
            }
            [0x55, 0x1d, 33] => {
                self.policies.mappings = policy_mappings(der, reader).ok_or("policy mappings")?;
            }
            [0x55, 0x1d, 35] => {
                let key_id = authority_key_id(reader).filter(|_| !critical);
                self.authority_key_id = der.slice_ref(key_id.ok_or("authority key identifier")?);
            }
            [0x55, 0x1d, 36] => {
                (
                    self.policies.require_explicit,
                    self.policies.inhibit_mapping,
                ) = policy_constraints(reader).ok_or("policy constraints")?;
            }
            [0x55, 0x1d, 37] => {
                self.extended_key_usage = extended_key_usage(reader).ok_or("extended key usage")?;
            }
            [0x55, 0x1d, 54] => {
                let skip = reader.int64().ok_or("inhibit any policy")?;
                self.policies.inhibit_any = u64::try_from(skip).ok();
            }
            AUTHORITY_INFO_ACCESS => {
                authority_info_access(reader)
                    .filter(|()| !critical)
                    .ok_or("authority info access")?;
            }
            _ => unhandled = true,
        }
        self.unhandled_critical |= critical && unhandled;
        Ok(())
    }
}

const AUTHORITY_INFO_ACCESS: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];

fn key_usage(mut reader: Reader<'_>) -> Option<u16> {
    let bits = reader.bit_string()?;
    Some(
        (0..9)
            .filter(|i| bits.bit(*i))
            .fold(0, |sum, i| sum | 1 << i),
    )
}

fn basic_constraints(mut reader: Reader<'_>) -> Option<BasicConstraints> {
    let mut fields = reader.inside(tag::SEQUENCE)?;
    let is_ca = fields.peek(tag::BOOLEAN) && fields.boolean()?;
    let max_path_length = if fields.peek(tag::INTEGER) {
        Some(u64::try_from(fields.int64()?).ok()?)
    } else {
        None
    };
    Some(BasicConstraints {
        is_ca,
        max_path_length,
    })
}

/// `None` inside: the list is empty, which counts as absent.
fn extended_key_usage(mut reader: Reader<'_>) -> Option<Option<ExtendedKeyUsage>> {
    let mut list = reader.inside(tag::SEQUENCE)?;
    let mut found = None;
    while !list.is_empty() {
        let usage: &mut ExtendedKeyUsage = found.get_or_insert_default();
        match list.oid()? {
            [0x55, 0x1d, 37, 0] => usage.any = true,
            [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 1] => usage.server_auth = true,
            [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 2] => usage.client_auth = true,
            _ => {}
        }
    }
    Some(found)
}

fn authority_key_id(mut reader: Reader<'_>) -> Option<&[u8]> {
    let mut fields = reader.inside(tag::SEQUENCE)?;
    fields
        .optional(tag::context(0))
        .map(Option::unwrap_or_default)
}

fn distribution_points(mut reader: Reader<'_>) -> Option<()> {
    let mut points = reader.inside(tag::SEQUENCE)?;
    while !points.is_empty() {
        let mut point = points.inside(tag::SEQUENCE)?;
        let Some(name) = point.optional(tag::context_constructed(0))? else {
            continue;
        };
        let mut names = Reader::new(name).inside(tag::context_constructed(0))?;
        while names.peek(tag::context(6)) {
            names.content(tag::context(6))?;
        }
    }
    Some(())
}

fn authority_info_access(mut reader: Reader<'_>) -> Option<()> {
    let mut list = reader.inside(tag::SEQUENCE)?;
    while !list.is_empty() {
        let mut access = list.inside(tag::SEQUENCE)?;
        access.oid()?;
        access.optional(tag::context(6))?;
    }
    Some(())
}

fn policy_names(der: &Bytes, mut reader: Reader<'_>) -> Option<Vec<Bytes>> {
    let mut list = reader.inside(tag::SEQUENCE)?;
    let mut seen = std::collections::BTreeSet::new();
    let mut names = Vec::new();
    while !list.is_empty() {
        let oid = list.inside(tag::SEQUENCE)?.content(tag::OID)?;
        if !seen.insert(oid) || !is_object_identifier(oid) {
            return None;
        }
        names.push(der.slice_ref(oid));
    }
    Some(names)
}

/// Object identifiers of policies may have parts of any size.
fn is_object_identifier(oid: &[u8]) -> bool {
    let mut start = true;
    for byte in oid {
        if start && *byte == 0x80 {
            return false;
        }
        start = byte & 0x80 == 0;
    }
    start && !oid.is_empty()
}

fn policy_mappings(der: &Bytes, mut reader: Reader<'_>) -> Option<Vec<(Bytes, Bytes)>> {
    let mut list = reader.inside(tag::SEQUENCE)?;
    let mut mappings = Vec::new();
    while !list.is_empty() {
        let mut mapping = list.inside(tag::SEQUENCE)?;
        let (issuer, subject) = (mapping.content(tag::OID)?, mapping.content(tag::OID)?);
        mappings.push((der.slice_ref(issuer), der.slice_ref(subject)));
    }
    Some(mappings)
}

/// Negative numbers count as absent.
fn policy_constraints(mut reader: Reader<'_>) -> Option<(Option<u64>, Option<u64>)> {
    let mut fields = reader.inside(tag::SEQUENCE)?;
    let mut number = |tag| {
        if !fields.peek(tag) {
            return Some(None);
        }
        let number = crate::crypto::der::int64(fields.integer_tagged(tag)?)?;
        Some(u64::try_from(number).ok())
    };
    Some((number(tag::context(0))?, number(tag::context(1))?))
}

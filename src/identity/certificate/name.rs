//! Distinguished names.

use std::{borrow::Cow, fmt::Write as _, str};

use crate::crypto::der::{Reader, tag};

/// What Fabric looks at in a subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// The last common name; empty where there is none.
    pub(super) common_name: String,
    /// The organisational units, in the order of the certificate.
    pub(super) units: Vec<String>,
}

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATIONAL_UNIT: &[u8] = &[0x55, 0x04, 0x0b];

/// Reads a serialized `Name`; `None` where Go refuses it.
// Go: crypto/x509, parseName
pub(super) fn read(raw: &[u8]) -> Option<Name> {
    let mut name = Name::default();
    for_each(raw, |_, oid, value| match oid {
        COMMON_NAME => name.common_name = value.into_owned(),
        ORGANIZATIONAL_UNIT => name.units.push(value.into_owned()),
        _ => {}
    })?;
    Some(name)
}

/// Checks a serialized `Name` as [`read`] does.
pub(super) fn is_valid(raw: &[u8]) -> bool {
    for_each(raw, |_, _, _| ()).is_some()
}

/// A name as text, the most specific part first: `CN=Admin@org1.example.com,OU=admin,C=US`. Special
/// characters are escaped as RFC 4514 does.
pub(super) fn text(raw: &[u8]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let read = for_each(raw, |first_of_set, oid, value| {
        let attribute = format!("{}={}", attribute_name(oid), escaped(&value));
        match parts.last_mut() {
            Some(part) if !first_of_set => {
                part.push('+');
                part.push_str(&attribute);
            }
            _ => parts.push(attribute),
        }
    });
    if read.is_none() {
        return String::new();
    }
    parts.reverse();
    parts.join(",")
}

/// A name as Fabric's client ids hold it: by kinds and not in the order of the certificate, the values
/// of a kind joined by `+`, kinds that Go has no field for left out, control characters as they are.
// Fabric: fabric-chaincode-go, pkg/cid/cid.go, getDN. Go: crypto/x509/pkix, Name.ToRDNSequence
#[cfg(feature = "chaincode")]
pub(super) fn distinguished(raw: &[u8]) -> Option<String> {
    // common name and serial number are one value, the last that is there
    const KINDS: [(u8, &str); 9] = [
        (5, "SERIALNUMBER"),
        (3, "CN"),
        (11, "OU"),
        (10, "O"),
        (17, "POSTALCODE"),
        (9, "STREET"),
        (7, "L"),
        (8, "ST"),
        (6, "C"),
    ];
    let mut values: [Vec<String>; 9] = Default::default();
    for_each(raw, |_, oid, value| {
        let [0x55, 0x04, kind] = *oid else {
            return;
        };
        let places = KINDS.iter().zip(&mut values);
        for (_, values) in places.filter(|((of, _), _)| *of == kind) {
            if matches!(kind, 3 | 5) {
                values.clear();
            }
            values.push(value.clone().into_owned());
        }
    })?;
    let kinds = KINDS.iter().zip(&values);
    let sets = kinds.filter(|((kind, _), values)| match kind {
        3 | 5 => values.iter().any(|value| !value.is_empty()),
        _ => !values.is_empty(),
    });
    let sets: Vec<String> = sets
        .map(|((_, name), values)| {
            let values = values.iter();
            let values = values.map(|value| format!("{name}={}", quoted(value)));
            values.collect::<Vec<_>>().join("+")
        })
        .collect();
    Some(sets.join(","))
}

/// What [`distinguished`] escapes.
#[cfg(feature = "chaincode")]
fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for (at, c) in value.char_indices() {
        let special = matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';')
            || c == ' ' && (at == 0 || at + 1 == value.len())
            || c == '#' && at == 0;
        if special {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Calls `visit` for each attribute in order: whether it is the first of its set, the content of its
/// type, and its value.
fn for_each(raw: &[u8], mut visit: impl FnMut(bool, &[u8], Cow<'_, str>)) -> Option<()> {
    let mut sets = Reader::new(raw).inside(tag::SEQUENCE)?;
    while !sets.is_empty() {
        let mut set = sets.inside(tag::SET)?;
        let mut first = true;
        while !set.is_empty() {
            let mut attribute = set.inside(tag::SEQUENCE)?;
            let oid = attribute.oid()?;
            let value = attribute.any()?;
            visit(first, oid, string(value.tag, value.content)?);
            first = false;
        }
    }
    Some(())
}

/// The text of one of the string types that certificates use; `None` for other types and for what
/// its type does not allow.
// Go: crypto/x509, parseASN1String
pub(crate) fn string(kind: u8, content: &[u8]) -> Option<Cow<'_, str>> {
    let ascii = |allowed: fn(&u8) -> bool| {
        let text = content.iter().all(allowed).then_some(content)?;
        str::from_utf8(text).ok().map(Cow::Borrowed)
    };
    match kind {
        tag::UTF8_STRING => str::from_utf8(content).ok().map(Cow::Borrowed),
        tag::PRINTABLE_STRING => ascii(is_printable),
        tag::IA5_STRING => ascii(u8::is_ascii),
        tag::NUMERIC_STRING => ascii(|b| matches!(b, b'0'..=b'9' | b' ')),
        tag::T61_STRING => Some(content.iter().map(|b| char::from(*b)).collect()),
        tag::BMP_STRING => {
            let (units, []) = content.as_chunks::<2>() else {
                return None;
            };
            let units = units.strip_suffix(&[[0, 0]]).unwrap_or(units);
            let text: Option<String> = units
                .iter()
                .map(|unit| match u16::from_be_bytes(*unit) {
                    0xfffe | 0xffff | 0xfdd0..=0xfdef => None,
                    unit => char::from_u32(u32::from(unit)),
                })
                .collect();
            text.map(Cow::Owned)
        }
        _ => None,
    }
}

/// Go also lets `*` and `&` pass, which occur in practice.
const fn is_printable(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'\''..=b')' | b'+'..=b'/' | b' ' | b':' | b'=' | b'?' | b'*' | b'&')
}

fn attribute_name(oid: &[u8]) -> Cow<'static, str> {
    Cow::Borrowed(match oid {
        [0x55, 0x04, 0x03] => "CN",
        [0x55, 0x04, 0x05] => "SERIALNUMBER",
        [0x55, 0x04, 0x06] => "C",
        [0x55, 0x04, 0x07] => "L",
        [0x55, 0x04, 0x08] => "ST",
        [0x55, 0x04, 0x09] => "STREET",
        [0x55, 0x04, 0x0a] => "O",
        [0x55, 0x04, 0x0b] => "OU",
        [0x55, 0x04, 0x11] => "POSTALCODE",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01] => "UID",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19] => "DC",
        other => return Cow::Owned(dotted(other)),
    })
}

/// An object identifier in dotted form.
fn dotted(oid: &[u8]) -> String {
    let mut parts = Vec::new();
    let mut value = 0u64;
    for byte in oid {
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if parts.is_empty() {
                let first = (value / 40).min(2);
                parts.push(first.to_string());
                value -= first * 40;
            }
            parts.push(value.to_string());
            value = 0;
        }
    }
    parts.join(".")
}

fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (i, c) in value.chars().enumerate() {
        let special = matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';')
            || c == ' ' && (i == 0 || i == last)
            || c == '#' && i == 0;
        if c.is_control() {
            let mut utf8 = [0; 4];
            for byte in c.encode_utf8(&mut utf8).bytes() {
                // writing to a string does not fail
                let _ = write!(out, "\\{byte:02x}");
            }
            continue;
        }
        if special {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::der::write;

    fn attribute(oid: &[u8], kind: u8, value: &[u8]) -> Vec<u8> {
        write(
            tag::SEQUENCE,
            &[&write(tag::OID, &[oid]), &write(kind, &[value])],
        )
    }

    #[test]
    fn subjects_are_shown_most_specific_first() {
        let country = write(
            tag::SET,
            &[&attribute(&[0x55, 4, 6], tag::PRINTABLE_STRING, b"US")],
        );
        let both = write(
            tag::SET,
            &[
                &attribute(ORGANIZATIONAL_UNIT, tag::UTF8_STRING, b"admin"),
                &attribute(ORGANIZATIONAL_UNIT, tag::UTF8_STRING, b"a,b"),
            ],
        );
        let common = write(
            tag::SET,
            &[&attribute(COMMON_NAME, tag::UTF8_STRING, b" x\n#")],
        );
        let odd = write(
            tag::SET,
            &[&attribute(&[0x2a, 0x86, 0x48], tag::IA5_STRING, b"y")],
        );
        let raw = write(tag::SEQUENCE, &[&country, &both, &odd, &common]);
        assert_eq!(text(&raw), "CN=\\ x\\0a#,1.2.840=y,OU=admin+OU=a\\,b,C=US");
        let name = read(&raw).unwrap();
        assert_eq!(name.units, ["admin", "a,b"]);
        assert_eq!(name.common_name, " x\n#");
    }

    #[test]
    fn strings_are_those_that_their_type_allows() {
        let cases: &[(u8, &[u8], Option<&str>)] = &[
            (tag::PRINTABLE_STRING, b"a*&-'", Some("a*&-'")),
            (tag::PRINTABLE_STRING, b"a@b", None),
            (tag::IA5_STRING, b"a@b", Some("a@b")),
            (tag::IA5_STRING, b"\x80", None),
            (tag::NUMERIC_STRING, b"1 2", Some("1 2")),
            (tag::NUMERIC_STRING, b"a", None),
            (tag::UTF8_STRING, "é".as_bytes(), Some("é")),
            (tag::UTF8_STRING, b"\xe9", None),
            (tag::T61_STRING, b"\xe9", Some("é")),
            (tag::BMP_STRING, &[0, 0x41, 0, 0], Some("A")),
            (tag::BMP_STRING, &[0xd8, 0], None),
            (tag::BMP_STRING, &[0xff, 0xfe], None),
            (tag::BMP_STRING, &[0], None),
            (tag::INTEGER, b"1", None),
        ];
        for (kind, content, want) in cases {
            assert_eq!(
                string(*kind, content).as_deref(),
                *want,
                "{kind} {content:?}"
            );
        }
    }
}

//! Subject alternative names and name constraints, as Go parses them.

use crate::crypto::der::{Reader, tag};

use super::uri;

/// The names of the extension `subjectAltName` that constraints apply to.
#[derive(Clone, Debug, Default)]
pub(crate) struct AlternativeNames {
    /// The whole extension, since it is part of what makes two CAs the same.
    pub(crate) raw: Vec<u8>,
    pub(crate) dns: Vec<String>,
    pub(crate) emails: Vec<String>,
    /// Four or sixteen bytes each.
    pub(crate) ips: Vec<Vec<u8>>,
    /// The host parts of URIs, with port; empty where a URI has none.
    pub(crate) uri_hosts: Vec<String>,
}

impl AlternativeNames {
    // Go: crypto/x509, parseSANExtension
    pub(super) fn read(mut reader: Reader<'_>) -> Option<Self> {
        let list = reader.element(tag::SEQUENCE)?;
        let mut names = Self {
            raw: list.raw.to_vec(),
            ..Self::default()
        };
        let mut list = Reader::new(list.content);
        while !list.is_empty() {
            let name = list.any()?;
            match name.tag {
                EMAIL => names.emails.push(ascii(name.content)?.to_owned()),
                DNS => names.dns.push(ascii(name.content)?.to_owned()),
                URI => {
                    let host = uri::host(ascii(name.content)?)?;
                    if !is_domain(&host, false) {
                        return None;
                    }
                    names.uri_hosts.push(host);
                }
                IP if matches!(name.content.len(), 4 | 16) => names.ips.push(name.content.to_vec()),
                IP => return None,
                _ => {}
            }
        }
        Some(names)
    }

    /// None of the names is of a kind that is parsed.
    pub(super) const fn is_empty(&self) -> bool {
        self.dns.is_empty()
            && self.emails.is_empty()
            && self.ips.is_empty()
            && self.uri_hosts.is_empty()
    }
}

/// The extension `nameConstraints`.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameConstraints {
    pub(crate) permitted: Subtrees,
    pub(crate) excluded: Subtrees,
    /// Some subtree is of a kind that is not handled.
    pub(super) has_unknown: bool,
}

/// Constraints by kind; an empty list constrains nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subtrees {
    pub(crate) dns: Vec<String>,
    /// Mailboxes or domains.
    pub(crate) emails: Vec<String>,
    /// Address and mask, both of four or of sixteen bytes.
    pub(crate) ips: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) uris: Vec<String>,
}

impl NameConstraints {
    // Go: crypto/x509, parseNameConstraintsExtension
    pub(super) fn read(mut reader: Reader<'_>) -> Option<Self> {
        let mut fields = reader.inside(tag::SEQUENCE)?;
        let permitted = fields
            .optional(tag::context_constructed(0))?
            .unwrap_or_default();
        let excluded = fields
            .optional(tag::context_constructed(1))?
            .unwrap_or_default();
        let something = !permitted.is_empty() || !excluded.is_empty();
        if !reader.is_empty() || !fields.is_empty() || !something {
            return None;
        }
        let mut constraints = Self::default();
        let mut has_unknown = false;
        constraints.permitted.read(permitted, &mut has_unknown)?;
        constraints.excluded.read(excluded, &mut has_unknown)?;
        constraints.has_unknown = has_unknown;
        Some(constraints)
    }
}

impl Subtrees {
    fn read(&mut self, subtrees: &[u8], has_unknown: &mut bool) -> Option<()> {
        let mut list = Reader::new(subtrees);
        while !list.is_empty() {
            let base = list.inside(tag::SEQUENCE)?.any()?;
            match base.tag {
                DNS => self.dns.push(constraint(base.content)?),
                EMAIL => {
                    let text = ascii(base.content)?;
                    if text.contains('@') {
                        Mailbox::read(text)?;
                        self.emails.push(text.to_owned());
                    } else {
                        self.emails.push(constraint(base.content)?);
                    }
                }
                URI => {
                    let domain = constraint(base.content)?;
                    if domain.parse::<core::net::IpAddr>().is_ok() {
                        return None;
                    }
                    self.uris.push(domain);
                }
                IP => {
                    if !matches!(base.content.len(), 8 | 32) {
                        return None;
                    }
                    let (address, mask) = base.content.split_at(base.content.len() / 2);
                    if !is_mask(mask) {
                        return None;
                    }
                    self.ips.push((address.to_vec(), mask.to_vec()));
                }
                _ => *has_unknown = true,
            }
        }
        Some(())
    }
}

const EMAIL: u8 = tag::context(1);
const DNS: u8 = tag::context(2);
const URI: u8 = tag::context(6);
const IP: u8 = tag::context(7);

fn ascii(content: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(content).ok()?;
    text.is_ascii().then_some(text)
}

fn constraint(content: &[u8]) -> Option<String> {
    let text = ascii(content)?;
    is_domain(text, true).then(|| text.to_owned())
}

/// Ones, then zeros.
fn is_mask(mask: &[u8]) -> bool {
    let ones: u32 = mask.iter().map(|b| b.leading_ones()).sum();
    let all: u32 = mask.iter().map(|b| b.count_ones()).sum();
    let mut zeros = mask.iter().skip_while(|b| **b == 0xff).skip(1);
    ones == all && zeros.all(|b| *b == 0)
}

/// Labels of printable characters without blanks, none empty; constraints may start with a dot, and
/// the empty domain is allowed.
// Go: crypto/x509, domainNameValid
pub(crate) fn is_domain(text: &str, constraint: bool) -> bool {
    if text.is_empty() {
        return true;
    }
    let labels = if constraint {
        text.strip_prefix('.').unwrap_or(text)
    } else {
        text
    };
    labels
        .split('.')
        .all(|label| !label.is_empty() && label.bytes().all(|b| (33..=126).contains(&b)))
}

/// An e-mail address, its local part unquoted and its domain in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mailbox {
    pub(crate) local: Vec<u8>,
    pub(crate) domain: String,
}

impl Mailbox {
    // Go: crypto/x509, parseRFC2821Mailbox
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut rest = text.bytes().peekable();
        let mut local = Vec::new();
        if rest.next_if_eq(&b'"').is_some() {
            loop {
                match rest.next()? {
                    b'"' => break,
                    b'\\' => {
                        let quoted = rest.next()?;
                        if !matches!(quoted, 1..=9 | 11 | 12 | 14..=127) {
                            return None;
                        }
                        local.push(quoted);
                    }
                    c @ (1..=8 | 11 | 12 | 14..=33 | 35..=91 | 93..=127) => local.push(c),
                    _ => return None,
                }
            }
        } else {
            loop {
                if rest.next_if_eq(&b'\\').is_some() {
                    local.push(rest.next()?);
                } else if let Some(c) = rest.next_if(|c| is_atom(*c)) {
                    local.push(c);
                } else {
                    break;
                }
            }
            let dotted = local.first() == Some(&b'.')
                || local.last() == Some(&b'.')
                || local.windows(2).any(|w| w == b"..");
            if local.is_empty() || dotted {
                return None;
            }
        }
        if rest.next() != Some(b'@') {
            return None;
        }
        let domain: String = rest.map(char::from).collect();
        is_domain(&domain, false).then(|| Self {
            local,
            domain: domain.to_lowercase(),
        })
    }
}

const fn is_atom(c: u8) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(
            c,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'/'
                | b'='
                | b'?'
                | b'^'
                | b'_'
                | b'`'
                | b'{'
                | b'|'
                | b'}'
                | b'~'
                | b'.'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_have_no_empty_labels() {
        let cases = [
            ("", false, true),
            ("a.b", false, true),
            (".a", false, false),
            (".a", true, true),
            ("..a", true, false),
            ("a.", true, false),
            ("a b", false, false),
            ("*.a", false, true),
        ];
        for (text, constraint, want) in cases {
            assert_eq!(is_domain(text, constraint), want, "{text}");
        }
    }

    #[test]
    fn masks_are_ones_then_zeros() {
        for (mask, want) in [
            ([255, 255, 0, 0], true),
            ([255, 254, 0, 0], true),
            ([0, 0, 0, 0], true),
            ([255, 255, 255, 255], true),
            ([255, 0, 255, 0], false),
            ([255, 253, 0, 0], false),
            ([255, 0, 0, 1], false),
            ([0, 128, 0, 0], false),
        ] {
            assert_eq!(is_mask(&mask), want, "{mask:?}");
        }
    }

    #[test]
    fn mailboxes_are_read_as_go_reads_them() {
        let cases: &[(&str, Option<(&str, &str)>)] = &[
            ("a@B.c", Some(("a", "b.c"))),
            ("a.b@c", Some(("a.b", "c"))),
            ("\"a b\"@c", Some(("a b", "c"))),
            ("a\\@b@c", Some(("a@b", "c"))),
            (".a@c", None),
            ("a..b@c", None),
            ("a", None),
            ("@c", None),
            ("a@c.", None),
            ("a@", Some(("a", ""))),
            ("\"a@c", None),
        ];
        for (text, want) in cases {
            let read = Mailbox::read(text);
            let read = read
                .as_ref()
                .map(|m| (std::str::from_utf8(&m.local).unwrap(), &*m.domain));
            assert_eq!(read, *want, "{text}");
        }
    }
}

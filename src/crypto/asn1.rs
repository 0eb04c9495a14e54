//! DER as Go's `encoding/asn1` reads it into structures. Revocation lists, parameters of RSA-PSS and
//! certificates whose signature Fabric normalises are read so; all other certificates are not.
//!
//! An optional member that does not fit is left for the next one to try, and what stands after the
//! last member of a structure is not looked at.

use super::der::{Element, tag};

/// The members of a structure, one after the other. Every method gives `None` where Go fails.
// Go: encoding/asn1, parseField
#[derive(Clone, Copy, Debug)]
pub struct Members<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A tag and a length; the content may be longer than what is there.
struct Header {
    /// The first octet. Its low five bits are all set where the tag number follows.
    first: u8,
    start: usize,
    length: usize,
}

impl<'a> Members<'a> {
    /// Starts at the first member.
    #[must_use]
    pub const fn new(content: &'a [u8]) -> Self {
        Self {
            bytes: content,
            at: 0,
        }
    }

    /// Nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// The next member, whatever it is.
    pub fn any(&mut self) -> Option<Element<'a>> {
        let header = self.header(self.at)?;
        self.take(&header)
    }

    /// The next member, which must have one of these tags.
    pub fn required(&mut self, tags: &[u8]) -> Option<Element<'a>> {
        self.optional(tags)?
    }

    /// The next member if it has one of these tags.
    pub fn optional(&mut self, tags: &[u8]) -> Option<Option<Element<'a>>> {
        if self.is_empty() {
            return Some(None);
        }
        let header = self.header(self.at)?;
        if tags.contains(&header.first) {
            self.take(&header).map(Some)
        } else {
            Some(None)
        }
    }

    /// The element of this tag inside `[number]`, if the next member is that. As in Go, the length
    /// of the outer one does not bound the inner one.
    pub fn optional_explicit(&mut self, number: u8, tag: u8) -> Option<Option<Element<'a>>> {
        if self.is_empty() {
            return Some(None);
        }
        let outer = self.header(self.at)?;
        if outer.start == self.bytes.len() {
            return None;
        }
        let constructed = outer.first == tag::context_constructed(number);
        if outer.length == 0 && (constructed || outer.first == tag::context(number)) {
            return None;
        }
        if !constructed {
            return Some(None);
        }
        let inner = self.header(outer.start)?;
        if inner.first != tag {
            return Some(None);
        }
        self.at = outer.start;
        self.take(&inner).map(Some)
    }

    fn take(&mut self, header: &Header) -> Option<Element<'a>> {
        let end = header.start.checked_add(header.length)?;
        let element = Element {
            tag: header.first,
            content: self.bytes.get(header.start..end)?,
            raw: self.bytes.get(self.at..end)?,
        };
        self.at = end;
        Some(element)
    }

    // Go: encoding/asn1, parseTagAndLength
    fn header(&self, at: usize) -> Option<Header> {
        let mut octets = self.bytes.get(at..)?.iter().copied();
        let first = octets.next()?;
        if first & 0x1f == 0x1f && base_128(&mut octets)? < 0x1f {
            return None;
        }
        let mut length = u32::from(octets.next()?);
        if length >= 0x80 {
            let count = length & 0x7f;
            length = 0;
            for _ in 0..count {
                if length >= 1 << 23 {
                    return None;
                }
                length = length << 8 | u32::from(octets.next()?);
                if length == 0 {
                    return None;
                }
            }
            if length < 0x80 {
                return None;
            }
        }
        Some(Header {
            first,
            start: self.bytes.len().checked_sub(octets.len())?,
            length: usize::try_from(length).ok()?,
        })
    }
}

/// The elements of a list, all of this tag.
// Go: encoding/asn1, parseSequenceOf
#[must_use]
pub fn list<'a>(content: &'a [u8], tag: u8) -> Option<Vec<Element<'a>>> {
    let mut members = Members::new(content);
    let mut elements = Vec::new();
    while !members.is_empty() {
        elements.push(members.required(&[tag])?);
    }
    Some(elements)
}

/// A number in base 128, minimal, of at most 31 bits.
fn base_128(octets: &mut impl Iterator<Item = u8>) -> Option<u32> {
    let mut value = 0u64;
    for place in 0..5 {
        let octet = octets.next()?;
        if place == 0 && octet == 0x80 {
            return None;
        }
        value = value << 7 | u64::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            let limit = u64::from(i32::MAX.unsigned_abs());
            return (value <= limit).then(|| u32::try_from(value).unwrap_or_default());
        }
    }
    None
}

//! DER: a borrowed reader with the strictness of the reader that Fabric's certificates go through,
//! and a small writer.
//!
//! One tag byte, lengths minimal and of at most four bytes, integers minimal. Nothing here recurses:
//! nested content comes as bytes.

/// Universal tags, and the bits of context-specific ones.
pub mod tag {
    /// `BOOLEAN`.
    pub const BOOLEAN: u8 = 0x01;
    /// `INTEGER`.
    pub const INTEGER: u8 = 0x02;
    /// `BIT STRING`.
    pub const BIT_STRING: u8 = 0x03;
    /// `OCTET STRING`.
    pub const OCTET_STRING: u8 = 0x04;
    /// `OBJECT IDENTIFIER`.
    pub const OID: u8 = 0x06;
    /// `UTF8String`.
    pub const UTF8_STRING: u8 = 0x0c;
    /// `SEQUENCE`, constructed.
    pub const SEQUENCE: u8 = 0x30;
    /// `SET`, constructed.
    pub const SET: u8 = 0x31;
    /// `NumericString`.
    pub const NUMERIC_STRING: u8 = 0x12;
    /// `PrintableString`.
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// `T61String`.
    pub const T61_STRING: u8 = 0x14;
    /// `IA5String`.
    pub const IA5_STRING: u8 = 0x16;
    /// `UTCTime`.
    pub const UTC_TIME: u8 = 0x17;
    /// `GeneralizedTime`.
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// `BMPString`.
    pub const BMP_STRING: u8 = 0x1e;

    /// `[number]`, primitive; for numbers below 31.
    #[must_use]
    pub const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// `[number]`, constructed; for numbers below 31.
    #[must_use]
    pub const fn context_constructed(number: u8) -> u8 {
        0xa0 | number
    }
}

/// One element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// Class, form and number in one byte, as in [`tag`].
    pub tag: u8,
    /// What is inside.
    pub content: &'a [u8],
    /// Tag, length and content.
    pub raw: &'a [u8],
}

/// Reads elements one after the other. Every method gives `None` where the next element is not what
/// was asked for; where it then stands is unspecified, as with any failed parse.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first element.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element has this tag.
    #[must_use]
    pub fn peek(&self, tag: u8) -> bool {
        self.rest.first() == Some(&tag)
    }

    /// The next element, whatever it is.
    pub fn any(&mut self) -> Option<Element<'a>> {
        let (&tag, after_tag) = self.rest.split_first()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, mut after) = after_tag.split_first()?;
        let mut length = u32::from(first);
        if first >= 0x80 {
            let (octets, tail) = after.split_at_checked(usize::from(first & 0x7f))?;
            if octets.is_empty() || octets.len() > 4 || octets.first() == Some(&0) {
                return None;
            }
            length = octets.iter().fold(0, |sum, b| sum << 8 | u32::from(*b));
            if length < 0x80 {
                return None;
            }
            after = tail;
        }
        let (content, rest) = after.split_at_checked(usize::try_from(length).ok()?)?;
        let raw = self.rest.get(..self.rest.len().checked_sub(rest.len())?)?;
        self.rest = rest;
        Some(Element { tag, content, raw })
    }

    /// The next element, which must have this tag.
    pub fn element(&mut self, tag: u8) -> Option<Element<'a>> {
        self.peek(tag).then(|| self.any()).flatten()
    }

    /// The content of the next element, which must have this tag.
    pub fn content(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.element(tag).map(|e| e.content)
    }

    /// A reader of what is inside the next element, which must have this tag.
    pub fn inside(&mut self, tag: u8) -> Option<Self> {
        self.content(tag).map(Self::new)
    }

    /// The content of the next element if it has this tag; `Some(None)` where another or nothing follows.
    pub fn optional(&mut self, tag: u8) -> Option<Option<&'a [u8]>> {
        if self.peek(tag) {
            self.content(tag).map(Some)
        } else {
            Some(None)
        }
    }

    /// The two's complement bytes of an `INTEGER`, which must be minimal.
    pub fn integer(&mut self) -> Option<&'a [u8]> {
        self.integer_tagged(tag::INTEGER)
    }

    /// The same, under another tag.
    pub fn integer_tagged(&mut self, tag: u8) -> Option<&'a [u8]> {
        let content = self.content(tag)?;
        let minimal = match content {
            [] => false,
            [0, second, ..] => second & 0x80 != 0,
            [0xff, second, ..] => second & 0x80 == 0,
            _ => true,
        };
        minimal.then_some(content)
    }

    /// An `INTEGER` that fits 64 bits.
    pub fn int64(&mut self) -> Option<i64> {
        self.integer().and_then(int64)
    }

    /// A `BOOLEAN`, which must be 0x00 or 0xff.
    pub fn boolean(&mut self) -> Option<bool> {
        match self.content(tag::BOOLEAN)? {
            [0] => Some(false),
            [0xff] => Some(true),
            _ => None,
        }
    }

    /// The content of an `OBJECT IDENTIFIER` whose parts are minimal and fit 31 bits.
    pub fn oid(&mut self) -> Option<&'a [u8]> {
        let content = self.content(tag::OID)?;
        let (mut start, mut value) = (true, 0u32);
        for byte in content {
            if start && *byte == 0x80 || value >= 1 << 24 {
                return None;
            }
            value = value << 7 | u32::from(byte & 0x7f);
            start = byte & 0x80 == 0;
            if start {
                value = 0;
            }
        }
        (!content.is_empty() && start).then_some(content)
    }

    /// A `BIT STRING` whose unused bits are zero.
    pub fn bit_string(&mut self) -> Option<BitString<'a>> {
        let (&unused, bytes) = self.content(tag::BIT_STRING)?.split_first()?;
        let clean = match bytes.last() {
            None => unused == 0,
            Some(last) => unused <= 7 && last.trailing_zeros() >= u32::from(unused),
        };
        clean.then_some(BitString { bytes, unused })
    }
}

/// The bits of a `BIT STRING`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitString<'a> {
    bytes: &'a [u8],
    unused: u8,
}

impl BitString<'_> {
    /// The bit with this number from the left; false past the end.
    #[must_use]
    pub fn bit(&self, number: usize) -> bool {
        let Some(byte) = self.bytes.get(number / 8) else {
            return false;
        };
        // an unused bit is zero anyway
        byte & (0x80 >> (number % 8)) != 0
    }

    /// The bits moved to the right end of their bytes.
    #[must_use]
    pub fn right_aligned(&self) -> Vec<u8> {
        if self.unused == 0 {
            return self.bytes.to_vec();
        }
        let mut carry = 0;
        self.bytes
            .iter()
            .map(|byte| {
                let shifted = byte >> self.unused | carry;
                carry = byte << (8 - self.unused);
                shifted
            })
            .collect()
    }
}

/// The value of a minimal two's complement number of at most eight bytes.
#[must_use]
pub fn int64(content: &[u8]) -> Option<i64> {
    if content.is_empty() || content.len() > 8 {
        return None;
    }
    let negative = content.first().is_some_and(|b| b & 0x80 != 0);
    let start = if negative { -1 } else { 0 };
    Some(
        content
            .iter()
            .fold(start, |sum, b| sum << 8 | i64::from(*b)),
    )
}

/// Encodes one element around the concatenation of some parts.
#[must_use]
pub fn write(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|p| p.len()).sum::<usize>();
    let mut out = Vec::with_capacity(length.saturating_add(6));
    out.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let octets = length.to_be_bytes();
            let octets = strip_zeros(&octets);
            out.push(0x80 | u8::try_from(octets.len()).unwrap_or_default());
            out.extend_from_slice(octets);
        }
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// Encodes an `INTEGER` from the big-endian bytes of a number that is not negative.
#[must_use]
pub fn write_unsigned(magnitude: &[u8]) -> Vec<u8> {
    let magnitude = strip_zeros(magnitude);
    let sign: &[u8] = match magnitude.first() {
        Some(first) if first & 0x80 == 0 => &[],
        _ => &[0],
    };
    write(tag::INTEGER, &[sign, magnitude])
}

/// A big-endian number without its leading zeros; zero is empty.
#[must_use]
pub fn strip_zeros(mut bytes: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_must_be_minimal() {
        let cases: &[(&str, &[u8], bool)] = &[
            ("short", &[0x04, 0x01, 7], true),
            ("long form of a short length", &[0x04, 0x81, 0x01, 7], false),
            ("leading zero", &[0x04, 0x82, 0x00, 0x01, 7], false),
            ("indefinite", &[0x04, 0x80, 7], false),
            ("past the end", &[0x04, 0x02, 7], false),
            ("five length bytes", &[0x04, 0x85, 1, 1, 1, 1, 1, 7], false),
            ("tag of several bytes", &[0x1f, 0x01, 0x01, 7], false),
            ("nothing", &[], false),
        ];
        for (name, bytes, want) in cases {
            assert_eq!(Reader::new(bytes).any().is_some(), *want, "{name}");
        }
        let long = write(tag::OCTET_STRING, &[&[1; 300], &[2; 4]]);
        let element = Reader::new(&long).any().unwrap();
        assert_eq!((element.content.len(), element.raw.len()), (304, 308));
    }

    #[test]
    fn integers_must_be_minimal() {
        let cases: &[(&[u8], Option<i64>)] = &[
            (&[2, 1, 0], Some(0)),
            (&[2, 1, 0xff], Some(-1)),
            (&[2, 2, 0, 0x80], Some(128)),
            (&[2, 2, 0, 0x7f], None),
            (&[2, 2, 0xff, 0x80], None),
            (&[2, 0], None),
            (&[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0], None),
        ];
        for (bytes, want) in cases {
            assert_eq!(Reader::new(bytes).int64(), *want, "{bytes:?}");
        }
        assert_eq!(write_unsigned(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(write_unsigned(&[0]), [2, 1, 0]);
    }

    #[test]
    fn object_identifiers_must_be_minimal() {
        let cases: &[(&[u8], bool)] = &[
            (&[6, 3, 0x55, 0x1d, 0x0f], true),
            (&[6, 0], false),
            (&[6, 2, 0x55, 0x80], false),
            (&[6, 2, 0x55, 0x8f], false),
            (&[6, 6, 0x55, 0x87, 0xff, 0xff, 0xff, 0x7f], true),
            (&[6, 6, 0x55, 0x88, 0x80, 0x80, 0x80, 0x00], false),
        ];
        for (bytes, want) in cases {
            assert_eq!(Reader::new(bytes).oid().is_some(), *want, "{bytes:?}");
        }
    }

    #[test]
    fn bit_strings_have_clean_padding() {
        let bits = Reader::new(&[3, 3, 4, 0xa5, 0xf0]).bit_string().unwrap();
        assert_eq!(bits.right_aligned(), [0x0a, 0x5f]);
        assert!(bits.bit(0) && !bits.bit(1) && bits.bit(11) && !bits.bit(12) && !bits.bit(99));
        for bad in [&[3, 2, 8, 0][..], &[3, 1, 1], &[3, 2, 1, 1], &[3, 0]] {
            assert!(Reader::new(bad).bit_string().is_none(), "{bad:?}");
        }
    }

    proptest! {
        #![proptest_config(crate::cases::cases(256))]

        #[test]
        fn reads_what_it_writes(content in proptest::collection::vec(any::<u8>(), 0..70_000)) {
            let bytes = write(tag::OCTET_STRING, &[&content]);
            prop_assert_eq!(Reader::new(&bytes).content(tag::OCTET_STRING), Some(&content[..]));
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut reader = Reader::new(&bytes);
            while reader.any().is_some() {}
            let _ = Reader::new(&bytes).oid();
            let _ = Reader::new(&bytes).bit_string().map(|b| (b.right_aligned(), b.bit(3)));
            let _ = Reader::new(&bytes).int64();
        }
    }
}

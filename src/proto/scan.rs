//! A borrowed reader of protobuf fields.
//!
//! One call of [`Fields::next`] reads one field. Nested messages come as their bytes, so a caller
//! decides how deep it goes and keeps its own stack: nothing here recurses or copies.

use std::str;

use bytes::Bytes;

/// Why bytes are not protobuf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The bytes end inside a field.
    #[error("unexpected end of protobuf bytes")]
    Truncated,
    /// A varint has more than ten bytes, or does not fit 64 bits.
    #[error("protobuf varint overflows 64 bits")]
    Varint,
    /// Field number 0, or above 2^29 - 1 (2^31 - 1 inside a group).
    #[error("illegal protobuf field number")]
    FieldNumber,
    /// A group end without its start, or an unknown wire type.
    #[error("illegal protobuf wire type")]
    WireType,
    /// Groups (the deprecated wire type) nested too deep.
    #[error("protobuf groups nested too deep")]
    TooDeep,
    /// A string field that is not UTF-8.
    #[error("protobuf string is not utf-8")]
    Utf8,
}

/// The content of one field as the wire carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1, eight bytes.
    Fixed64(u64),
    /// Wire type 2: bytes, strings, messages, packed lists.
    Bytes(&'a [u8]),
    /// Wire type 5, four bytes.
    Fixed32(u32),
    /// Wire types 3 and 4: a deprecated group, kept only as a whole.
    Group,
}

/// One field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its number in the message's definition.
    pub number: u32,
    /// The content, by wire type.
    pub wire: Wire<'a>,
    /// Tag and content as they stand in the input, to keep what we do not know.
    pub raw: &'a [u8],
}

impl<'a> Field<'a> {
    /// The bytes of a length-delimited field; `None` where the wire type is another (such a field
    /// counts as unknown).
    #[must_use]
    pub const fn bytes(&self) -> Option<&'a [u8]> {
        match self.wire {
            Wire::Bytes(b) => Some(b),
            _ => None,
        }
    }

    /// The number of a varint field; `None` where the wire type is another.
    #[must_use]
    pub const fn varint(&self) -> Option<u64> {
        match self.wire {
            Wire::Varint(v) => Some(v),
            _ => None,
        }
    }

    /// The text of a string field; `None` where the wire type is another.
    ///
    /// # Errors
    /// [`ScanError::Utf8`].
    pub fn text(&self) -> Result<Option<&'a str>, ScanError> {
        self.bytes()
            .map(|b| str::from_utf8(b).map_err(|_| ScanError::Utf8))
            .transpose()
    }
}

/// Reads the fields of one message in the order of the input.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

/// Deprecated groups are skipped without recursion; Go's decoder allows this many inside each other.
// protobuf-go: encoding/protowire/wire.go, DefaultRecursionLimit, which counts down to zero
const GROUP_DEPTH: usize = 10_001;

/// The highest field number of a message's own fields. Inside groups Go takes any that fits.
const MAX_NUMBER: u32 = 0x1fff_ffff;
/// The highest field number inside a group.
// protobuf-go: encoding/protowire/wire.go, DecodeTag and ConsumeTag
const MAX_NUMBER_IN_GROUP: u32 = 0x7fff_ffff;

impl<'a> Fields<'a> {
    /// Starts at the first field of a serialized message.
    #[must_use]
    pub const fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// How many bytes follow the field that was read last.
    #[inline]
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next field, or `None` at the end.
    ///
    /// # Errors
    /// [`ScanError`] where the bytes are not protobuf; the reader then stays where it was.
    #[inline]
    #[expect(
        clippy::should_implement_trait,
        reason = "fallible: `while let Some(field) = fields.next()?` reads better than an iterator of results"
    )]
    pub fn next(&mut self) -> Result<Option<Field<'a>>, ScanError> {
        self.next_inlined()
    }

    /// The same, for loops over whole configs: a call for each field would take a quarter of their
    /// time.
    ///
    /// # Errors
    /// As [`Self::next`].
    #[inline(always)]
    pub fn next_inlined(&mut self) -> Result<Option<Field<'a>>, ScanError> {
        let start = self.rest;
        let Some((first, mut rest)) = start.split_first() else {
            return Ok(None);
        };
        // nearly all fields have a tag of one byte, and are a number or bytes
        let wire = match *first {
            8..0x80 if first & 7 == 2 => Wire::Bytes(bytes(&mut rest)?),
            8..0x80 if first & 7 == 0 => Wire::Varint(varint(&mut rest)?),
            _ => return self.next_rare(),
        };
        self.rest = rest;
        Ok(Some(Field {
            number: u32::from(first >> 3),
            wire,
            raw: before(start, rest),
        }))
    }

    #[cold]
    fn next_rare(&mut self) -> Result<Option<Field<'a>>, ScanError> {
        let start = self.rest;
        let mut rest = start;
        let (number, kind) = tag(&mut rest, MAX_NUMBER)?;
        let wire = match kind {
            3 => {
                skip_group(&mut rest, number)?;
                Wire::Group
            }
            _ => content(&mut rest, kind)?,
        };
        self.rest = rest;
        let raw = before(start, rest);
        Ok(Some(Field { number, wire, raw }))
    }
}

/// What stands in `start` before `rest`, which is its end.
#[inline]
fn before<'a>(start: &'a [u8], rest: &[u8]) -> &'a [u8] {
    let used = start.len().saturating_sub(rest.len());
    start.get(..used).unwrap_or(start)
}

/// Reads one varint and moves `rest` behind it.
///
/// # Errors
/// [`ScanError::Truncated`], [`ScanError::Varint`].
#[inline]
pub fn varint(rest: &mut &[u8]) -> Result<u64, ScanError> {
    // nearly all tags, lengths and numbers are this short
    match *rest {
        [a, tail @ ..] if *a < 0x80 => {
            *rest = tail;
            Ok(u64::from(*a))
        }
        [a, b, tail @ ..] if *b < 0x80 => {
            *rest = tail;
            Ok(u64::from(*a & 0x7f) | u64::from(*b) << 7)
        }
        _ => long_varint(rest),
    }
}

#[cold]
fn long_varint(rest: &mut &[u8]) -> Result<u64, ScanError> {
    let mut value = 0u64;
    for (i, byte) in rest.iter().enumerate() {
        let bits = u64::from(byte & 0x7f);
        if i == 9 && *byte > 1 {
            return Err(ScanError::Varint);
        }
        value |= bits << (7 * i);
        if byte & 0x80 == 0 {
            *rest = rest.get(i.saturating_add(1)..).unwrap_or_default();
            return Ok(value);
        }
    }
    Err(ScanError::Truncated)
}

#[inline]
fn tag(rest: &mut &[u8], max_number: u32) -> Result<(u32, u8), ScanError> {
    let tag = varint(rest)?;
    let number = u32::try_from(tag >> 3).map_err(|_| ScanError::FieldNumber)?;
    if number == 0 || number > max_number {
        return Err(ScanError::FieldNumber);
    }
    Ok((number, u8::try_from(tag & 7).unwrap_or_default()))
}

#[inline]
fn content<'a>(rest: &mut &'a [u8], kind: u8) -> Result<Wire<'a>, ScanError> {
    Ok(match kind {
        0 => Wire::Varint(varint(rest)?),
        1 => Wire::Fixed64(u64::from_le_bytes(fixed(rest)?)),
        2 => Wire::Bytes(bytes(rest)?),
        5 => Wire::Fixed32(u32::from_le_bytes(fixed(rest)?)),
        _ => return Err(ScanError::WireType),
    })
}

/// Reads a length and so many bytes.
#[inline]
fn bytes<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], ScanError> {
    let len = usize::try_from(varint(rest)?).map_err(|_| ScanError::Truncated)?;
    let (head, tail) = rest.split_at_checked(len).ok_or(ScanError::Truncated)?;
    *rest = tail;
    Ok(head)
}

#[inline]
fn fixed<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], ScanError> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(ScanError::Truncated)?;
    *rest = tail;
    Ok(*head)
}

#[cold]
fn skip_group(rest: &mut &[u8], number: u32) -> Result<(), ScanError> {
    let mut open = vec![number];
    while let Some(&inner) = open.last() {
        match tag(rest, MAX_NUMBER_IN_GROUP)? {
            (n, 4) if n == inner => {
                open.pop();
            }
            (_, 4) => return Err(ScanError::WireType),
            (n, 3) => {
                if open.len() >= GROUP_DEPTH {
                    return Err(ScanError::TooDeep);
                }
                open.push(n);
            }
            (_, kind) => {
                content(rest, kind)?;
            }
        }
    }
    Ok(())
}

/// The last occurrence of a `bytes` field; empty where absent.
///
/// # Errors
/// [`ScanError`] where the bytes are not protobuf.
pub fn last_bytes(message: &Bytes, number: u32) -> Result<Bytes, ScanError> {
    let mut found: &[u8] = &[];
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field.bytes() {
            Some(bytes) if field.number == number => found = bytes,
            _ => {}
        }
    }
    Ok(message.slice_ref(found))
}

/// A sub-message as decoders see it; `None` where absent. Several occurrences merge, which is what
/// their concatenation decodes to.
///
/// # Errors
/// [`ScanError`] where the bytes, or one occurrence, are not protobuf.
pub fn merged(message: &Bytes, number: u32) -> Result<Option<Bytes>, ScanError> {
    let mut found: Vec<&[u8]> = Vec::new();
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field.bytes() {
            Some(bytes) if field.number == number => {
                check_fields(bytes)?;
                found.push(bytes);
            }
            _ => {}
        }
    }
    Ok(match *found {
        [] => None,
        [only] => Some(message.slice_ref(only)),
        _ => Some(found.concat().into()),
    })
}

/// Checks that bytes are a sequence of protobuf fields.
///
/// # Errors
/// [`ScanError`] where they are not.
pub fn check_fields(message: &[u8]) -> Result<(), ScanError> {
    let mut fields = Fields::new(message);
    while fields.next()?.is_some() {}
    Ok(())
}

/// The number that decoders read of a varint where the field is an `int32` or an enum: its low 32
/// bits.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "protobuf cuts the number off"
)]
pub const fn int32(varint: u64) -> i32 {
    varint as i32
}

/// The number that decoders read of a varint where the field is a `uint32`: its low 32 bits.
#[must_use]
pub const fn uint32(varint: u64) -> u32 {
    int32(varint).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<(u32, Wire<'_>)>, ScanError> {
        let mut fields = Fields::new(bytes);
        let mut out = Vec::new();
        while let Some(f) = fields.next()? {
            out.push((f.number, f.wire));
        }
        Ok(out)
    }

    #[test]
    fn reads_every_wire_type() {
        let bytes = [
            0x08, 0x96, 0x01, // 1: varint 150
            0x12, 0x02, b'h', b'i', // 2: bytes
            0x1d, 1, 0, 0, 0, // 3: fixed32
            0x21, 2, 0, 0, 0, 0, 0, 0, 0, // 4: fixed64
            0x2b, 0x08, 0x01, 0x2c, // 5: group with one field
        ];
        assert_eq!(
            all(&bytes).unwrap(),
            vec![
                (1, Wire::Varint(150)),
                (2, Wire::Bytes(b"hi")),
                (3, Wire::Fixed32(1)),
                (4, Wire::Fixed64(2)),
                (5, Wire::Group),
            ]
        );
    }

    #[test]
    fn refuses_what_is_not_protobuf() {
        let overflow = [
            0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02,
        ];
        let cases: &[(&str, &[u8], ScanError)] = &[
            ("ends inside a varint", &[0x08, 0x80], ScanError::Truncated),
            ("ends inside bytes", &[0x12, 0x05, 1], ScanError::Truncated),
            ("field number 0", &[0x00, 0x01], ScanError::FieldNumber),
            ("group end without start", &[0x0c], ScanError::WireType),
            ("group ended by another", &[0x0b, 0x14], ScanError::WireType),
            ("wire type 6", &[0x0e], ScanError::WireType),
            ("varint over 64 bits", &overflow, ScanError::Varint),
        ];
        for (name, bytes, want) in cases {
            assert_eq!(all(bytes).unwrap_err(), *want, "{name}");
        }
    }

    #[test]
    fn deep_groups_do_not_recurse() {
        let nested = |levels| [vec![0x0b; levels], vec![0x0c; levels]].concat();
        assert_eq!(all(&nested(10_001)).unwrap(), vec![(1, Wire::Group)]);
        assert_eq!(all(&nested(10_002)).unwrap_err(), ScanError::TooDeep);
        assert_eq!(all(&vec![0x0b; 20_000]).unwrap_err(), ScanError::TooDeep);
    }

    #[test]
    fn field_numbers_inside_groups_may_be_higher() {
        let field = |number: u64| {
            let mut tag = Vec::new();
            crate::proto::write::varint(&mut tag, number << 3);
            tag.push(1);
            tag
        };
        let group = |number| [&[0x0b][..], &field(number), &[0x0c]].concat();
        assert_eq!(all(&field(0x1fff_ffff)).unwrap().len(), 1);
        assert_eq!(
            all(&field(0x2000_0000)).unwrap_err(),
            ScanError::FieldNumber
        );
        assert_eq!(all(&group(0x2000_0000)).unwrap(), vec![(1, Wire::Group)]);
        assert_eq!(all(&group(0x7fff_ffff)).unwrap(), vec![(1, Wire::Group)]);
        assert_eq!(
            all(&group(0x8000_0000)).unwrap_err(),
            ScanError::FieldNumber
        );
        assert_eq!(all(&group(0)).unwrap_err(), ScanError::FieldNumber);
    }

    #[test]
    fn repeated_messages_merge() {
        let bytes = Bytes::from_static(b"\x0a\x02\x08\x01\x0a\x02\x10\x02");
        assert_eq!(
            merged(&bytes, 1).unwrap().unwrap().as_ref(),
            b"\x08\x01\x10\x02"
        );
        assert_eq!(merged(&bytes, 2), Ok(None));
        let broken = Bytes::from_static(b"\x0a\x01\x08\x0a\x01\x01");
        assert_eq!(merged(&broken, 1), Err(ScanError::Truncated));
    }
}

//! Scalars in a text: Go's leniencies and strictness.
//!
//! Fabric: protobuf's encoding/protojson and internal/encoding/json.

use base64::{Engine, engine::general_purpose::STANDARD};

/// An integer: sign and magnitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Integer {
    negative: bool,
    magnitude: u64,
}

impl Integer {
    /// The value, if it is between `min` and `max`, both included.
    pub(super) fn signed(self, min: i64, max: i64) -> Option<i64> {
        let value = if self.negative {
            0_i64.checked_sub_unsigned(self.magnitude)?
        } else {
            i64::try_from(self.magnitude).ok()?
        };
        (min..=max).contains(&value).then_some(value)
    }

    /// The value, if it is not negative and at most `max`.
    pub(super) fn unsigned(self, max: u64) -> Option<u64> {
        let fits = (!self.negative || self.magnitude == 0) && self.magnitude <= max;
        fits.then_some(self.magnitude)
    }
}

/// The integer that a JSON number stands for, in whatever form; `None` where it is none, or beyond
/// 64 bits.
pub(super) fn integer(number: &[u8]) -> Option<Integer> {
    let (negative, rest) = match number.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (whole, rest) = digits(rest);
    let (fraction, rest) = match rest.strip_prefix(b".") {
        Some(rest) => digits(rest),
        None => (&[][..], rest),
    };
    let whole = whole.strip_prefix(b"0").unwrap_or(whole);
    let zeros = fraction.iter().rev().take_while(|d| **d == b'0').count();
    let fraction = fraction.get(..fraction.len().saturating_sub(zeros))?;
    let exponent = rest.get(1..).unwrap_or_default();
    if matches!(exponent, b"+" | b"-") {
        return None;
    }
    if whole.is_empty() && fraction.is_empty() {
        return Some(Integer {
            negative: false,
            magnitude: 0,
        });
    }
    let exponent = match std::str::from_utf8(exponent).ok()? {
        "" => 0,
        exponent => exponent.parse::<i32>().ok()?,
    };
    let magnitude = if exponent >= 0 {
        let shift = usize::try_from(exponent).ok()?;
        let zeros = shift.checked_sub(fraction.len())?;
        // no 64-bit number has more digits
        if whole.len().saturating_add(shift) > 20 {
            return None;
        }
        let zeros = std::iter::repeat_n(&b'0', zeros);
        decimal(whole.iter().chain(fraction).chain(zeros))?
    } else {
        let shift = usize::try_from(exponent.unsigned_abs()).ok()?;
        let keep = whole
            .len()
            .checked_sub(shift)
            .filter(|_| fraction.is_empty())?;
        let (kept, dropped) = whole.split_at_checked(keep)?;
        if kept.is_empty() || dropped.iter().any(|d| *d != b'0') {
            return None;
        }
        decimal(kept.iter())?
    };
    Some(Integer {
        negative,
        magnitude,
    })
}

/// The integer in a JSON string: its first token. What follows is not looked at, if it cannot be
/// part of a number.
pub(super) fn integer_in(text: &str) -> Option<Integer> {
    if text.trim().len() != text.len() {
        return None;
    }
    let bytes = text.as_bytes();
    let mut rest = bytes.strip_prefix(b"-").unwrap_or(bytes);
    rest = match rest.strip_prefix(b"0") {
        Some(rest) => rest,
        None => {
            let (whole, rest) = digits(rest);
            (!whole.is_empty()).then_some(rest)?
        }
    };
    if let Some(after) = rest.strip_prefix(b".") {
        let (fraction, after) = digits(after);
        (!fraction.is_empty()).then_some(())?;
        rest = after;
    }
    if let [b'e' | b'E', _, ..] = rest {
        rest = rest.get(1..)?;
        if let [b'+' | b'-', after @ ..] = rest {
            rest = after;
            (!rest.is_empty()).then_some(())?;
        }
        rest = digits(rest).1;
    }
    let part_of_number = |b: &u8| b.is_ascii_alphanumeric() || b"-+._".contains(b);
    if rest.first().is_some_and(part_of_number) {
        return None;
    }
    integer(bytes.get(..bytes.len().checked_sub(rest.len())?)?)
}

/// Bytes as base64: either alphabet, padded exactly when the length asks for it, line breaks and
/// stray low bits ignored. `scratch` holds the result.
pub(super) fn bytes<'s>(text: &str, scratch: &'s mut Vec<u8>) -> Option<&'s [u8]> {
    scratch.clear();
    // what encoders write; everything else goes the slow way
    if STANDARD.decode_vec(text, scratch).is_ok() {
        return Some(scratch);
    }
    scratch.clear();
    let url = text.contains(['-', '_']);
    let padded = text.len().is_multiple_of(4);
    let mut symbols = text.bytes().filter(|b| !matches!(b, b'\r' | b'\n'));
    let (mut bits, mut count) = (0u32, 0u32);
    let mut padding = 0;
    for symbol in symbols.by_ref() {
        if symbol == b'=' && padded {
            padding += 1;
            break;
        }
        bits = bits << 6 | sextet(symbol, url)?;
        count = (count + 1) % 4;
        if count == 0 {
            let [_, a, b, c] = bits.to_be_bytes();
            scratch.extend_from_slice(&[a, b, c]);
            bits = 0;
        }
    }
    if padding > 0 {
        for symbol in symbols {
            (symbol == b'=').then_some(padding += 1)?;
        }
    }
    match (count, padded, padding) {
        (0, _, 0) => {}
        (2, true, 2) | (2, false, _) => {
            let [.., a] = (bits >> 4).to_be_bytes();
            scratch.push(a);
        }
        (3, true, 1) | (3, false, _) => {
            let [.., a, b] = (bits >> 2).to_be_bytes();
            scratch.extend_from_slice(&[a, b]);
        }
        _ => return None,
    }
    Some(scratch)
}

fn sextet(symbol: u8, url: bool) -> Option<u32> {
    let value = match symbol {
        b'A'..=b'Z' => symbol - b'A',
        b'a'..=b'z' => symbol - b'a' + 26,
        b'0'..=b'9' => symbol - b'0' + 52,
        b'+' if !url => 62,
        b'/' if !url => 63,
        b'-' if url => 62,
        b'_' if url => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let count = text.iter().take_while(|b| b.is_ascii_digit()).count();
    text.split_at_checked(count).unwrap_or((text, &[]))
}

fn decimal<'d>(digits: impl Iterator<Item = &'d u8>) -> Option<u64> {
    let mut value = 0u64;
    for digit in digits {
        let digit = u64::from(digit.wrapping_sub(b'0'));
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    Some(value)
}

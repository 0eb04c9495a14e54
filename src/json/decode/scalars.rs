//! Values without parts, and the writing from the end.

use super::decoder::{Decoder, Fault, bad};
use crate::{
    json::{
        opened::SHAPES,
        scalar::{self, Integer},
        shape::Scalar,
        tape::{At, Token},
        timestamp,
    },
    proto::write,
};

impl Decoder<'_, '_> {
    pub(super) fn scalar(
        &mut self,
        scalar: Scalar,
        number: u32,
        implicit: bool,
        at: At,
    ) -> Result<(), Fault> {
        if scalar.is_varint() {
            let value = self.varint(scalar, at)?;
            if value != 0 || !implicit {
                self.put_varint(value);
                self.put_varint(u64::from(number) << 3);
            }
            return Ok(());
        }
        if self.tape.token(at) != Token::String {
            return Err(bad(
                if scalar == Scalar::Bytes {
                    "base64"
                } else {
                    "a string"
                },
                at,
            ));
        }
        let text = self.tape.string(at);
        let mark = self.out.len();
        if scalar == Scalar::Bytes {
            let bytes = scalar::bytes(&text, &mut self.scratch).ok_or_else(|| bad("base64", at))?;
            self.out.extend(bytes.iter().rev());
        } else {
            self.out.extend(text.as_bytes().iter().rev());
        }
        if !implicit || self.out.len() > mark {
            self.close(number, mark);
        }
        Ok(())
    }

    /// The varint that the wire carries for a value.
    pub(super) fn varint(&self, scalar: Scalar, at: At) -> Result<u64, Fault> {
        let token = self.tape.token(at);
        let found = match scalar {
            Scalar::Bool => match token {
                Token::True => Some(1),
                Token::False => Some(0),
                _ => None,
            },
            Scalar::Enum(place) => match token {
                Token::String => {
                    let names = SHAPES.enumeration(place);
                    let number = names.and_then(|e| e.number(&self.tape.string(at)));
                    number.map(|n| i64::from(n).cast_unsigned())
                }
                Token::Number => self.integer(at, |n| n.signed(i32::MIN.into(), i32::MAX.into())),
                _ => None,
            },
            Scalar::Int32 => self.integer(at, |n| n.signed(i32::MIN.into(), i32::MAX.into())),
            Scalar::Int64 => self.integer(at, |n| n.signed(i64::MIN, i64::MAX)),
            Scalar::Uint32 => {
                self.integer(at, |n| n.unsigned(u32::MAX.into()).map(u64::cast_signed))
            }
            Scalar::Uint64 => self.integer(at, |n| n.unsigned(u64::MAX).map(u64::cast_signed)),
            Scalar::Bytes | Scalar::String => None,
        };
        found.ok_or_else(|| bad(expected(scalar), at))
    }

    /// The integer in a number or a string, as two's complement; `None` where `range` refuses it.
    fn integer(&self, at: At, range: impl Fn(Integer) -> Option<i64>) -> Option<u64> {
        let integer = match self.tape.token(at) {
            Token::Number => scalar::integer(self.tape.number(at)),
            Token::String => scalar::integer_in(&self.tape.string(at)),
            _ => None,
        };
        integer.and_then(range).map(i64::cast_unsigned)
    }

    pub(super) fn timestamp(&mut self, number: u32, at: At) -> Result<(), Fault> {
        let text = (self.tape.token(at) == Token::String).then(|| self.tape.string(at));
        let time = text.and_then(|text| timestamp::parse(&text));
        let (seconds, nanos) = time.ok_or_else(|| bad("an RFC 3339 time", at))?;
        let mark = self.out.len();
        for (number, value) in [(2, i64::from(nanos)), (1, seconds)] {
            if value != 0 {
                self.put_varint(value.cast_unsigned());
                self.put_varint(number << 3);
            }
        }
        self.close(number, mark);
        Ok(())
    }

    pub(super) fn bytes(&mut self, number: u32, content: &[u8]) {
        let mark = self.out.len();
        self.out.extend(content.iter().rev());
        self.close(number, mark);
    }

    /// Writes length and tag in front of what was written since a mark.
    pub(super) fn close(&mut self, number: u32, mark: usize) {
        let length = self.out.len().saturating_sub(mark);
        self.put_varint(length as u64);
        self.put_varint(u64::from(number) << 3 | 2);
    }

    /// Writes a varint, last byte first.
    fn put_varint(&mut self, value: u64) {
        let mark = self.out.len();
        write::varint(&mut self.out, value);
        if value >= 0x80 {
            self.out.get_mut(mark..).unwrap_or_default().reverse();
        }
    }
}

const fn expected(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool => "true or false",
        Scalar::Bytes => "base64",
        Scalar::Enum(_) => "a name or number of the enum",
        Scalar::Int32 => "an integer of 32 bits",
        Scalar::Int64 => "an integer of 64 bits",
        Scalar::String => "a string",
        Scalar::Uint32 => "an unsigned integer of 32 bits",
        Scalar::Uint64 => "an unsigned integer of 64 bits",
    }
}

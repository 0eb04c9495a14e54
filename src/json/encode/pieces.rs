//! The fields of open messages, as they stand in the input.

use super::encoder::{Encoder, Frame, Held, Piece};
use crate::{
    json::shape::{Content, Form, Scalar, Shape},
    proto::scan::{Fields, ScanError, Wire, int32},
};

impl<'a> Encoder<'a> {
    /// The pieces of one slot of the innermost open message.
    pub(super) fn siblings(&self, shape: &'static Shape, slot: usize) -> &[Piece<'a>] {
        let message = |frame: &Frame| match frame {
            Frame::Message { start, .. } => Some(*start),
            Frame::Run { .. } => None,
        };
        let start = self.open.iter().rev().take(2).find_map(message);
        let own = start.and_then(|start| self.pieces.get(start..));
        let own = own.unwrap_or_default();
        let rank = shape.rank(slot);
        let first = own.partition_point(|p| p.rank < rank);
        let end = own.partition_point(|p| p.rank <= rank);
        own.get(first..end).unwrap_or_default()
    }

    pub(super) fn collect(
        &mut self,
        shape: &'static Shape,
        bytes: &'a [u8],
    ) -> Result<(), ScanError> {
        let mut fields = Fields::new(bytes);
        while let Some(field) = fields.next()? {
            let Some((index, slot)) = shape.slot(field.number) else {
                continue;
            };
            let varint = matches!(slot.content, Content::Scalar(s) if s.is_varint());
            let mut key = "";
            let held = match field.wire {
                Wire::Bytes(entry) if slot.form == Form::Map => {
                    key = entry_key(entry)?;
                    Held::Entry(entry)
                }
                Wire::Bytes(bytes) if !varint => Held::Bytes(bytes),
                Wire::Varint(number) if varint => Held::Number(number),
                _ => continue,
            };
            let rank = shape.rank(index);
            self.pieces.push(Piece { rank, key, held });
        }
        Ok(())
    }

    /// Of the members of a oneof, the last one counts; parts of it that stand before another member
    /// were given up with it.
    pub(super) fn settle_oneofs(&mut self, shape: &'static Shape, start: usize) {
        const GIVEN_UP: u8 = u8::MAX;
        let own = self.pieces.get_mut(start..).unwrap_or_default();
        let mut settled: Vec<(i32, u8, bool)> = Vec::new();
        for piece in own.iter_mut().rev() {
            let slot = shape.at(usize::from(piece.rank));
            let Some(oneof) = slot.and_then(|(_, slot)| slot.oneof) else {
                continue;
            };
            match settled.iter_mut().find(|(o, ..)| *o == oneof) {
                None => settled.push((oneof, piece.rank, false)),
                Some((_, rank, interrupted)) => {
                    *interrupted |= *rank != piece.rank;
                    if *interrupted {
                        piece.rank = GIVEN_UP;
                    }
                }
            }
        }
        // behind all others after sorting, and of no slot
        own.sort_by_key(|p| p.rank == GIVEN_UP);
        while self.pieces.len() > start && self.pieces.last().is_some_and(|p| p.rank == GIVEN_UP) {
            self.pieces.pop();
        }
    }

    /// Of several entries with one key the last counts, wholly.
    pub(super) fn settle_maps(&mut self, start: usize) {
        let own = self.pieces.get_mut(start..).unwrap_or_default();
        let same = |a: &Piece<'_>, b: &Piece<'_>| {
            matches!(a.held, Held::Entry(_)) && (a.rank, a.key) == (b.rank, b.key)
        };
        if !own.is_sorted_by(|a, b| !same(a, b)) {
            let mut kept: Vec<Piece<'a>> = Vec::with_capacity(own.len());
            for piece in own.iter() {
                kept.pop_if(|last| same(last, piece));
                kept.push(*piece);
            }
            self.pieces.truncate(start);
            self.pieces.append(&mut kept);
        }
    }
}

/// The key of a map's entry: the last one given, or the empty one.
pub(super) fn entry_key(entry: &[u8]) -> Result<&str, ScanError> {
    let mut fields = Fields::new(entry);
    let mut key = "";
    while let Some(field) = fields.next()? {
        if field.number == 1 {
            key = field.text()?.unwrap_or(key);
        }
    }
    Ok(key)
}

/// The value of a map's entry, where it is a scalar.
pub(super) fn entry_value(entry: &[u8]) -> Result<Option<Held<'_>>, ScanError> {
    let mut fields = Fields::new(entry);
    let mut value = None;
    while let Some(field) = fields.next()? {
        match field.wire {
            Wire::Bytes(bytes) if field.number == 2 => value = Some(Held::Bytes(bytes)),
            Wire::Varint(number) if field.number == 2 => value = Some(Held::Number(number)),
            _ => {}
        }
    }
    Ok(value)
}

/// The value of a map's entry, where it is a message: every part of it.
pub(super) fn entry_values<'a>(
    entry: &'a [u8],
    mut each: impl FnMut(&'a [u8]) -> Result<(), ScanError>,
) -> Result<(), ScanError> {
    let mut fields = Fields::new(entry);
    while let Some(field) = fields.next()? {
        if let (2, Some(part)) = (field.number, field.bytes()) {
            each(part)?;
        }
    }
    Ok(())
}

/// The type that a `common.Header`, given in parts, has in its channel header.
pub(super) fn channel_header_type<'a>(
    parts: impl Iterator<Item = &'a [u8]>,
) -> Result<i32, ScanError> {
    let mut header: &[u8] = &[];
    for part in parts {
        let mut fields = Fields::new(part);
        while let Some(field) = fields.next()? {
            if field.number == 1 {
                header = field.bytes().unwrap_or(header);
            }
        }
    }
    channel_type(header)
}

/// The type in a serialized `common.ChannelHeader`.
pub(in crate::json) fn channel_type(header: &[u8]) -> Result<i32, ScanError> {
    let mut kind = 0;
    let mut fields = Fields::new(header);
    while let Some(field) = fields.next()? {
        if field.number == 1 {
            kind = field.varint().map_or(kind, int32);
        }
    }
    Ok(kind)
}

pub(super) const fn zero(scalar: Scalar) -> Held<'static> {
    if scalar.is_varint() {
        Held::Number(0)
    } else {
        Held::Bytes(&[])
    }
}

//! From protobuf bytes to text, in one pass, without a tree.
//!
//! The fields of each open message are collected as slices of the input, sorted into the order of
//! the text, and written. Open messages are frames of an explicit stack, one for each level of the
//! text; the slices of all of them share one vector.

mod encoder;
mod pieces;

pub(super) use pieces::channel_type;

use super::{
    check::check,
    error::{JsonError, JsonProblem, Path},
    shape::{Choice, Content, Form, Scalar, Shape, ShapeId, Sibling, Slot},
    text::{Layout, Text},
    timestamp,
};
use crate::{json::opened::SHAPES, proto::scan::int32};
use encoder::{Encoder, Frame, Held, Piece, Source};
use pieces::{channel_header_type, entry_value, entry_values, zero};

/// How many levels the text may have. Go's encoder of indented text has the same limit.
pub(super) const DEPTH: usize = 10_000;

/// Writes a message.
///
/// # Errors
/// [`JsonError`]: the first fault in the order of the text.
pub(super) fn encode(
    root: ShapeId,
    bytes: &[u8],
    layout: Layout,
    max_bytes: usize,
) -> Result<String, JsonError> {
    let mut encoder = Encoder {
        text: Text::new(layout, bytes.len(), max_bytes),
        max_bytes,
        pieces: Vec::new(),
        open: Vec::new(),
    };
    match encoder.document(root, bytes) {
        Ok(()) => Ok(encoder.text.finish()),
        Err(problem) => Err(JsonError::new(problem).with_path(encoder.path())),
    }
}

impl<'a> Encoder<'a> {
    fn document(&mut self, root: ShapeId, bytes: &'a [u8]) -> Result<(), JsonProblem> {
        let root = SHAPES.get(root);
        check(root, bytes)?;
        self.message(root, &Source::Bytes(bytes))?;
        while let Some(frame) = self.open.last_mut() {
            match *frame {
                Frame::Message {
                    shape,
                    ref mut rank,
                    ..
                } => {
                    let place = *rank;
                    *rank = place.saturating_add(1);
                    self.field(shape, place)?;
                }
                Frame::Run {
                    shape,
                    slot,
                    first,
                    ref mut at,
                    end,
                } => {
                    let place = *at;
                    *at = place.saturating_add(1);
                    if place < end {
                        self.element(shape, slot, place, place == first)?;
                    } else {
                        self.close(true);
                    }
                }
            }
            if self.text.len() > self.max_bytes {
                return Err(JsonProblem::TooLarge {
                    max_bytes: self.max_bytes,
                });
            }
        }
        Ok(())
    }

    /// Writes the field at a place of the text, or closes the message behind its last one.
    fn field(&mut self, shape: &'static Shape, place: usize) -> Result<(), JsonProblem> {
        let Some(Frame::Message {
            at, start, written, ..
        }) = self.open.last_mut()
        else {
            return Ok(());
        };
        let Some((index, slot)) = shape.at(place) else {
            let (start, written) = (*start, *written);
            self.pieces.truncate(start);
            self.close(written);
            return Ok(());
        };
        let first = *at;
        let run = self.pieces.get(first..).unwrap_or_default();
        let same = |p: &&Piece<'_>| usize::from(p.rank) == place;
        let end = first.saturating_add(run.iter().take_while(same).count());
        *at = end;
        if slot.oneof.is_some() && first == end {
            return Ok(());
        }
        let begins = !*written;
        *written = true;
        let depth = self.open.len();
        self.text.member(&slot.name, begins, depth);
        match slot.form {
            Form::Single => self.single(shape, slot, first, end),
            Form::List | Form::Map => {
                let (open, empty) = if slot.form == Form::List {
                    ('[', "[]")
                } else {
                    ('{', "{}")
                };
                if depth >= DEPTH {
                    return Err(JsonProblem::TooDeep);
                }
                if first == end {
                    self.text.raw(empty);
                    return Ok(());
                }
                self.text.open(open);
                self.open.push(Frame::Run {
                    shape,
                    slot: index,
                    first,
                    at: first,
                    end,
                });
                Ok(())
            }
        }
    }

    fn single(
        &mut self,
        shape: &'static Shape,
        slot: &'static Slot,
        first: usize,
        end: usize,
    ) -> Result<(), JsonProblem> {
        let last = end.checked_sub(1).filter(|_| first < end);
        let held = last.and_then(|at| self.pieces.get(at)).map(|p| p.held);
        match (slot.content, held) {
            (Content::Scalar(scalar), held) => {
                self.scalar(scalar, held.unwrap_or_else(|| zero(scalar)))
            }
            (_, None) => self.text.raw("null"),
            (Content::Timestamp, Some(_)) => {
                let run = self.pieces.get(first..end).unwrap_or_default();
                let parts = run.iter().map(|p| p.held.bytes());
                let (seconds, nanos) = timestamp::read(parts).map_err(|_| undecodable(shape))?;
                let text = timestamp::format(seconds, nanos).ok_or(JsonProblem::BadValue {
                    expected: "a time of the years 1 to 9999",
                })?;
                self.text.string(&text);
            }
            (content, Some(held)) if content.is_opened() => {
                return self.opened(shape, content, held.bytes());
            }
            (content, Some(_)) => {
                let inside = self.inside(shape, content, "")?;
                return self.message(inside, &Source::Pieces(first, end));
            }
        }
        Ok(())
    }

    /// Writes one element of a list or entry of a map.
    fn element(
        &mut self,
        shape: &'static Shape,
        slot: usize,
        at: usize,
        begins: bool,
    ) -> Result<(), JsonProblem> {
        let Some(slot) = shape.slots.get(slot) else {
            return Ok(());
        };
        let Some(piece) = self.pieces.get(at).copied() else {
            return Ok(());
        };
        let depth = self.open.len();
        self.text.separate(begins, depth);
        let (source, held) = match piece.held {
            Held::Entry(entry) => {
                self.text.key(piece.key);
                (
                    Source::Entry(entry),
                    entry_value(entry).map_err(|_| undecodable(shape))?,
                )
            }
            held => (Source::Bytes(held.bytes()), Some(held)),
        };
        match slot.content {
            Content::Scalar(scalar) => {
                self.scalar(scalar, held.unwrap_or_else(|| zero(scalar)));
                Ok(())
            }
            content if content.is_opened() => {
                let bytes = held.map(|h| h.bytes()).unwrap_or_default();
                self.opened(shape, content, bytes)
            }
            content => {
                let inside = self.inside(shape, content, piece.key)?;
                self.message(inside, &source)
            }
        }
    }

    /// Writes the message that a byte field holds. An empty single field is null, whatever its
    /// type.
    fn opened(
        &mut self,
        shape: &'static Shape,
        content: Content,
        bytes: &'a [u8],
    ) -> Result<(), JsonProblem> {
        let in_run = matches!(self.open.last(), Some(Frame::Run { .. }));
        if bytes.is_empty() && !in_run {
            self.text.raw("null");
            return Ok(());
        }
        let inside = self.inside(shape, content, "")?;
        check(inside, bytes)?;
        self.message(inside, &Source::Bytes(bytes))
    }

    /// The shape of the message that a field holds; `key` is that of its entry in a map.
    fn inside(
        &self,
        shape: &'static Shape,
        content: Content,
        key: &str,
    ) -> Result<&'static Shape, JsonProblem> {
        let id = match content {
            Content::Plain(id) | Content::Nested(id) | Content::Opened(id) => Some(id),
            Content::ByKey(keys) => {
                let keys = SHAPES.keys.get(keys);
                let shape = keys.and_then(|keys| keys.shape(key));
                return shape
                    .map(|id| SHAPES.get(id))
                    .ok_or(JsonProblem::UnknownConfigKey);
            }
            Content::NestedBy(choice) | Content::OpenedBy(choice) => {
                match SHAPES.choices.get(choice) {
                    Some(choice) => self.choose(shape, choice)?,
                    None => None,
                }
            }
            Content::UnknownKey => return Err(JsonProblem::UnknownConfigKey),
            Content::UnknownType | Content::Scalar(_) | Content::Timestamp => None,
        };
        id.map(|id| SHAPES.get(id)).ok_or(JsonProblem::UnknownType)
    }

    /// The shape that a sibling tells; `None` where it tells none. The fields of the message are
    /// those of the innermost message frame.
    fn choose(
        &self,
        shape: &'static Shape,
        choice: &Choice,
    ) -> Result<Option<ShapeId>, JsonProblem> {
        let slot = match choice.sibling {
            Sibling::Number(slot) | Sibling::Text(slot) => slot,
            Sibling::Header => {
                let Some(slot) = shape.position("header") else {
                    return Ok(None);
                };
                let parts = self.siblings(shape, slot);
                if parts.is_empty() {
                    return Ok(None);
                }
                let parts = parts.iter().map(|p| p.held.bytes());
                let kind = channel_header_type(parts).map_err(|_| JsonProblem::Undecodable {
                    message_type: "common.ChannelHeader",
                })?;
                return Ok(choice.by_number(kind));
            }
        };
        let held = self.siblings(shape, slot).last().map(|p| p.held);
        Ok(match choice.sibling {
            Sibling::Text(_) => {
                let bytes = held.map(|h| h.bytes()).unwrap_or_default();
                choice.by_text(std::str::from_utf8(bytes).unwrap_or_default())
            }
            _ => choice.by_number(held.map_or(0, |h| int32(h.number()))),
        })
    }

    /// Opens a message: collects its fields and pushes its frame.
    fn message(&mut self, shape: &'static Shape, source: &Source<'a>) -> Result<(), JsonProblem> {
        if self.open.len() >= DEPTH {
            return Err(JsonProblem::TooDeep);
        }
        let start = self.pieces.len();
        let collected = match *source {
            Source::Bytes(bytes) => self.collect(shape, bytes),
            Source::Entry(entry) => entry_values(entry, |part| self.collect(shape, part)),
            Source::Pieces(first, end) => (first..end).try_for_each(|at| {
                let part = self.pieces.get(at).map(|p| p.held.bytes());
                self.collect(shape, part.unwrap_or_default())
            }),
        };
        collected.map_err(|_| undecodable(shape))?;
        if shape.has_oneof {
            self.settle_oneofs(shape, start);
        }
        let own = self.pieces.get_mut(start..).unwrap_or_default();
        own.sort_by(|a, b| (a.rank, a.key).cmp(&(b.rank, b.key)));
        if shape.has_map {
            self.settle_maps(start);
        }
        self.text.open('{');
        self.open.push(Frame::Message {
            shape,
            rank: 0,
            at: start,
            start,
            written: false,
        });
        Ok(())
    }

    fn scalar(&mut self, scalar: Scalar, held: Held<'a>) {
        match scalar {
            Scalar::Bool => self
                .text
                .raw(if held.number() == 0 { "false" } else { "true" }),
            Scalar::Bytes => self.text.base64(held.bytes()),
            Scalar::Enum(at) => {
                let number = int32(held.number());
                match SHAPES.enumeration(at).and_then(|e| e.name(number)) {
                    Some(name) => self.text.string(name),
                    None => self.text.number(number),
                }
            }
            Scalar::Int32 => self.text.number(int32(held.number())),
            Scalar::Int64 => self.text.quoted(held.number().cast_signed()),
            // checked by `check` or by the scan before
            Scalar::String => self
                .text
                .string(std::str::from_utf8(held.bytes()).unwrap_or_default()),
            Scalar::Uint32 => self.text.number(int32(held.number()).cast_unsigned()),
            Scalar::Uint64 => self.text.quoted(held.number()),
        }
    }

    fn close(&mut self, written: bool) {
        let bracket = match self.open.pop() {
            Some(Frame::Run { shape, slot, .. }) if !is_map(shape, slot) => ']',
            _ => '}',
        };
        self.text.close(bracket, written, self.open.len());
    }

    /// The way from the document to where the encoder is.
    fn path(&self) -> String {
        let mut path = Path::default();
        for frame in &self.open {
            match frame {
                Frame::Message { shape, rank, .. } => {
                    let place = rank.checked_sub(1);
                    if let Some((_, slot)) = place.and_then(|place| shape.at(place)) {
                        path.field(&slot.name);
                    }
                }
                Frame::Run {
                    shape,
                    slot,
                    first,
                    at,
                    ..
                } => {
                    let place = at.saturating_sub(1);
                    match self.pieces.get(place) {
                        Some(piece) if is_map(shape, *slot) => path.key(piece.key),
                        _ => path.index(place.saturating_sub(*first)),
                    }
                }
            }
        }
        path.finish()
    }
}

fn is_map(shape: &Shape, slot: usize) -> bool {
    shape.slots.get(slot).is_some_and(|s| s.form == Form::Map)
}

fn undecodable(shape: &'static Shape) -> JsonProblem {
    JsonProblem::Undecodable {
        message_type: &shape.name,
    }
}

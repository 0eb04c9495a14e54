//! An encoder and what it works with: the types.

use crate::json::{shape::Shape, text::Text};

/// What one run of the encoder works with.
pub(super) struct Encoder<'a> {
    pub(super) text: Text,
    pub(super) max_bytes: usize,
    /// The fields of all open messages, innermost last.
    pub(super) pieces: Vec<Piece<'a>>,
    pub(super) open: Vec<Frame>,
}

/// An open level of the text.
pub(super) enum Frame {
    Message {
        shape: &'static Shape,
        /// The place, in the order of the text, of the slot to be written next.
        rank: usize,
        /// The index of its first piece, if it has any.
        at: usize,
        /// The index at which the message's pieces start.
        start: usize,
        written: bool,
    },
    Run {
        /// The shape of the message that the field belongs to.
        shape: &'static Shape,
        slot: usize,
        first: usize,
        at: usize,
        end: usize,
    },
}

/// One field as it stands in the input.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    /// The place of its slot in the order of the text.
    pub(super) rank: u8,
    /// The key, of a map's entry; else empty.
    pub(super) key: &'a str,
    pub(super) held: Held<'a>,
}

/// What a piece holds, as the wire carries it.
#[derive(Clone, Copy)]
pub(super) enum Held<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// An entry of a map: a message of key and value, not yet taken apart.
    Entry(&'a [u8]),
}

impl<'a> Held<'a> {
    pub(super) const fn bytes(self) -> &'a [u8] {
        match self {
            Self::Bytes(bytes) | Self::Entry(bytes) => bytes,
            Self::Number(_) => &[],
        }
    }

    pub(super) const fn number(self) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Bytes(_) | Self::Entry(_) => 0,
        }
    }
}

/// Where the bytes of a message are.
pub(super) enum Source<'a> {
    Bytes(&'a [u8]),
    /// An entry of a map: its value, which may stand there in parts.
    Entry(&'a [u8]),
    /// A run of pieces, first and end, which merge into one message.
    Pieces(usize, usize),
}

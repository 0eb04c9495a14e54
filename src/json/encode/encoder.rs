//! An encoder and what it works with: the types.

use crate::json::{shape::Shape, text::Text};

/// The state of one run.
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
        /// The slot to be written next.
        rank: usize,
        /// Its first piece, if it has any.
        at: usize,
        /// The message's pieces start here.
        start: usize,
        written: bool,
    },
    Run {
        /// Of the message that the field belongs to.
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
    /// The place of its slot in the text.
    pub(super) rank: u8,
    /// The key of a map's entry.
    pub(super) key: &'a str,
    pub(super) held: Held<'a>,
}

/// Its content.
#[derive(Clone, Copy)]
pub(super) enum Held<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// An entry of a map, whole.
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
    /// A run of pieces, which merge.
    Pieces(usize, usize),
}

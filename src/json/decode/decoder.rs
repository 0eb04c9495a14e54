//! A decoder and what it works with: the types.

use crate::json::{
    error::JsonProblem,
    shape::{Shape, ShapeId, Slot},
    tape::{At, Tape},
};

/// What is wrong, and at which place of the tape.
pub(super) struct Fault {
    pub(super) problem: JsonProblem,
    pub(super) at: At,
}

/// What one run of the decoder works with.
pub(super) struct Decoder<'t, 'a> {
    pub(super) tape: &'t Tape<'a>,
    /// The encoded message so far, last byte first.
    pub(super) out: Vec<u8>,
    /// What remains to be done; the next thing is the last.
    pub(super) work: Vec<Work>,
    /// The elements that open lists and maps still have; the next one is the last.
    pub(super) nodes: Vec<At>,
    /// Where the members of each slot are, for the message whose members are being looked up.
    pub(super) found: Vec<FoundMember>,
    pub(super) scratch: Vec<u8>,
}

/// What remains to be done.
#[derive(Clone, Copy)]
pub(super) enum Work {
    FieldInMessage {
        field: FieldInMessage,
        at: At,
        /// Whether what it gives counts, or is only checked.
        keep: bool,
    },
    /// Elements of a list or entries of a map: those on `nodes` from `base` on.
    Run {
        field: FieldInMessage,
        base: usize,
        inside: Option<ShapeId>,
    },
    /// Turns what was written since `mark` into a length-delimited field.
    Close {
        number: u32,
        mark: usize,
        or_nothing: bool,
    },
    /// Writes the key of a map's entry, whose value was written since `mark`, and closes it.
    Entry { number: u32, key: At, mark: usize },
    /// Drops what was written since this mark.
    Forget(usize),
}

/// A field in its message.
#[derive(Clone, Copy)]
pub(super) struct FieldInMessage {
    pub(super) shape: &'static Shape,
    pub(super) slot: &'static Slot,
    /// The place of the object that is the message.
    pub(super) object: At,
}

/// Where the members of an object are that give one field.
#[derive(Clone, Copy, Default)]
pub(super) struct FoundMember {
    /// The value under the protobuf name, such as `mod_policy`.
    pub(super) named: Option<At>,
    /// The value under the camelCase name, such as `modPolicy`, where that is another.
    pub(super) camel: Option<At>,
}

/// The fault of a value that is not what its field takes.
pub(super) const fn bad(expected: &'static str, at: At) -> Fault {
    Fault {
        problem: JsonProblem::BadValue { expected },
        at,
    }
}

/// The same, by the rules of opened fields where it is one.
pub(super) const fn wrong(field: FieldInMessage, expected: &'static str, at: At) -> Fault {
    if field.slot.content.is_special() {
        Fault {
            problem: JsonProblem::WrongType { expected },
            at,
        }
    } else {
        bad(expected, at)
    }
}

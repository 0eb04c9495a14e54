//! Whether bytes are a message at all: asked before any JSON is written, as a decoder of generated
//! types would answer.

use super::{
    error::JsonProblem,
    opened::SHAPES,
    shape::{Content, Form, Scalar, Shape, Slot},
};
use crate::proto::scan::{Fields, Wire};

/// How deep messages may nest; an entry of a map counts as a level.
const DEPTH: usize = 10_000;

/// What the fields that are being read belong to.
#[derive(Clone, Copy)]
enum Level {
    Message(&'static Shape),
    Entry(&'static Slot),
}

/// Checks a message and everything in it, also what a later field overrides.
///
/// # Errors
/// [`JsonProblem::Undecodable`].
pub(super) fn check(root: &'static Shape, bytes: &[u8]) -> Result<(), JsonProblem> {
    let undecodable = || JsonProblem::Undecodable {
        message_type: &root.name,
    };
    let mut open = vec![(Fields::new(bytes), Level::Message(root))];
    while let Some((fields, level)) = open.last_mut() {
        let Some(field) = fields.next().map_err(|_| undecodable())? else {
            open.pop();
            continue;
        };
        let Wire::Bytes(content) = field.wire else {
            continue;
        };
        let (text, inside) = match level {
            Level::Message(shape) => match shape.slot(field.number) {
                Some((_, slot)) if slot.form == Form::Map => (false, Some(Level::Entry(slot))),
                Some((_, slot)) => inside(slot),
                None => continue,
            },
            Level::Entry(_) if field.number == 1 => (true, None),
            Level::Entry(slot) if field.number == 2 => inside(slot),
            Level::Entry(_) => continue,
        };
        if text && std::str::from_utf8(content).is_err() {
            return Err(undecodable());
        }
        if let Some(inside) = inside {
            if open.len() >= DEPTH {
                return Err(undecodable());
            }
            open.push((Fields::new(content), inside));
        }
    }
    Ok(())
}

/// Of a field's value: whether it is text, and which message it is, if it is one.
fn inside(slot: &Slot) -> (bool, Option<Level>) {
    let text = matches!(slot.content, Content::Scalar(Scalar::String));
    let message = slot.message.map(|id| Level::Message(SHAPES.get(id)));
    (text, message)
}

//! From text to protobuf bytes, without a tree.
//!
//! The bytes are written from their end to their beginning and turned around once: so the length of
//! a nested message is known when it is needed, and everything goes into one buffer. What remains to
//! be done is an explicit stack. A message's members are looked up before any of them is decoded,
//! since a sibling may tell a field's type.

mod decoder;
mod members;
mod scalars;
mod siblings;

use std::borrow::Cow;

use super::{
    error::{JsonError, JsonProblem, Path},
    shape::{Content, Form, Shape, ShapeId},
    tape::{At, Tape, Token},
};
use crate::json::opened::SHAPES;
use decoder::{Decoder, Fault, FieldInMessage, Work, bad, wrong};

/// Reads a message and gives its deterministic encoding.
///
/// # Errors
/// [`JsonError`]; of several faults, any one.
pub(super) fn decode(root: ShapeId, text: &[u8]) -> Result<Vec<u8>, JsonError> {
    let tape = Tape::read(text)?;
    let root = SHAPES.get(root);
    Decoder::run(root, &tape).map_err(|fault| {
        JsonError::new(fault.problem)
            .with_path(path(&tape, fault.at))
            .with_offset(tape.offset(fault.at))
    })
}

impl<'t, 'a> Decoder<'t, 'a> {
    fn run(root: &'static Shape, tape: &'t Tape<'a>) -> Result<Vec<u8>, Fault> {
        let mut decoder = Self {
            tape,
            out: Vec::new(),
            work: Vec::new(),
            nodes: Vec::new(),
            found: Vec::new(),
            scratch: Vec::new(),
        };
        if tape.token(0) != Token::Object {
            return Err(bad("an object", 0));
        }
        decoder.members(root, 0)?;
        while let Some(work) = decoder.work.pop() {
            decoder.step(work)?;
        }
        decoder.out.reverse();
        Ok(decoder.out)
    }

    fn step(&mut self, work: Work) -> Result<(), Fault> {
        match work {
            Work::FieldInMessage { field, at, keep } => {
                if !keep {
                    self.work.push(Work::Forget(self.out.len()));
                }
                self.field(field, at)?;
            }
            Work::Run {
                field,
                base,
                inside,
            } => {
                if self.nodes.len() > base
                    && let Some(at) = self.nodes.pop()
                {
                    self.work.push(Work::Run {
                        field,
                        base,
                        inside,
                    });
                    self.element(field, inside, at)?;
                }
            }
            Work::Close {
                number,
                mark,
                or_nothing,
            } => {
                if !or_nothing || self.out.len() > mark {
                    self.close(number, mark);
                }
            }
            Work::Entry { number, key, mark } => {
                let text = self.tape.string(key);
                self.bytes(1, text.as_bytes());
                self.close(number, mark);
            }
            Work::Forget(mark) => self.out.truncate(mark),
        }
        Ok(())
    }

    fn field(&mut self, field: FieldInMessage, at: At) -> Result<(), Fault> {
        let slot = field.slot;
        let special = slot.content.is_special();
        match (slot.form, self.tape.token(at)) {
            (Form::Single, Token::Null) => Ok(()),
            (Form::Single, _) => self.value(field, None, slot.number, at),
            (_, Token::Null) if !special => Ok(()),
            (Form::List, Token::List) => self.list(field, at),
            (Form::Map, Token::Object) => {
                self.map(field, at);
                Ok(())
            }
            (Form::List, _) => Err(wrong(field, "a list", at)),
            (Form::Map, _) => Err(wrong(field, "an object", at)),
        }
    }

    fn list(&mut self, field: FieldInMessage, at: At) -> Result<(), Fault> {
        let base = self.nodes.len();
        self.nodes.extend(self.tape.children(at));
        if self.nodes.len() == base {
            return Ok(());
        }
        let inside = match field.slot.content {
            Content::NestedBy(_) => self.inside(field, at)?,
            _ => None,
        };
        self.work.push(Work::Run {
            field,
            base,
            inside,
        });
        Ok(())
    }

    /// Leaves the entries of a map ascending by key; of equal keys only the last.
    fn map(&mut self, field: FieldInMessage, at: At) {
        let base = self.nodes.len();
        let keys = self.tape.children(at);
        let mut keys: Vec<(Cow<'a, str>, At)> =
            keys.map(|key| (self.tape.string(key), key)).collect();
        keys.sort();
        let mut keys = keys.into_iter().peekable();
        while let Some((key, at)) = keys.next() {
            if keys.peek().is_none_or(|(next, _)| *next != key) {
                self.nodes.push(at);
            }
        }
        self.work.push(Work::Run {
            field,
            base,
            inside: None,
        });
    }

    fn element(
        &mut self,
        field: FieldInMessage,
        inside: Option<ShapeId>,
        at: At,
    ) -> Result<(), Fault> {
        let slot = field.slot;
        if slot.form == Form::List {
            return self.value(field, inside, slot.number, at);
        }
        let value = at.saturating_add(1);
        let inside = match slot.content {
            Content::ByKey(keys) if self.tape.token(value) == Token::Object => {
                let keys = SHAPES.keys.get(keys);
                let shape = keys.and_then(|keys| keys.shape(&self.tape.string(at)));
                Some(shape.ok_or(Fault {
                    problem: JsonProblem::UnknownConfigKey,
                    at,
                })?)
            }
            _ => inside,
        };
        let mark = self.out.len();
        self.work.push(Work::Entry {
            number: slot.number,
            key: at,
            mark,
        });
        self.value(field, inside, 2, value)
    }

    /// One value: a single field, an element of a list, or the value of a map's entry.
    fn value(
        &mut self,
        field: FieldInMessage,
        inside: Option<ShapeId>,
        number: u32,
        at: At,
    ) -> Result<(), Fault> {
        let slot = field.slot;
        let implicit = slot.form == Form::Single && slot.oneof.is_none();
        match slot.content {
            Content::Scalar(scalar) => return self.scalar(scalar, number, implicit, at),
            Content::Timestamp => return self.timestamp(number, at),
            _ => {}
        }
        if self.tape.token(at) != Token::Object {
            return Err(wrong(field, "an object", at));
        }
        let inside = match inside {
            Some(inside) => Some(inside),
            None => self.inside(field, at)?,
        };
        let inside = inside.ok_or(Fault {
            problem: JsonProblem::UnknownType,
            at,
        })?;
        self.work.push(Work::Close {
            number,
            mark: self.out.len(),
            or_nothing: implicit && slot.content.is_opened(),
        });
        self.members(SHAPES.get(inside), at)
    }

    /// The shape of what a field holds; `None` where nothing tells it.
    fn inside(&self, field: FieldInMessage, at: At) -> Result<Option<ShapeId>, Fault> {
        match field.slot.content {
            Content::Plain(id) | Content::Nested(id) | Content::Opened(id) => Ok(Some(id)),
            Content::NestedBy(choice) | Content::OpenedBy(choice) => {
                let Some(choice) = SHAPES.choices.get(choice) else {
                    return Ok(None);
                };
                let inside = self.choose(field, choice)?;
                // where Fabric's encoder leaves a set closed, its decoder crashes
                let nested = matches!(field.slot.content, Content::NestedBy(_));
                Ok(inside.filter(|_| !nested || inside != choice.others))
            }
            Content::UnknownKey => Err(Fault {
                problem: JsonProblem::UnknownConfigKey,
                at,
            }),
            Content::ByKey(_) | Content::Scalar(_) | Content::Timestamp | Content::UnknownType => {
                Ok(None)
            }
        }
    }
}

/// The way from the document to a place of the tape.
fn path(tape: &Tape<'_>, at: At) -> String {
    let mut path = Path::default();
    let mut here = 0;
    while here != at {
        let is_object = tape.token(here) == Token::Object;
        let values = tape.children(here).map(|child| {
            if is_object {
                child.saturating_add(1)
            } else {
                child
            }
        });
        let holds = |(_, value): &(usize, At)| at < tape.after(*value);
        let Some((index, value)) = values.enumerate().find(holds) else {
            break;
        };
        if is_object {
            path.member(&tape.string(value.saturating_sub(1)));
        } else {
            path.index(index);
        }
        if at < value {
            break;
        }
        here = value;
    }
    path.finish()
}

//! From text to protobuf bytes, without a tree.
//!
//! The bytes are written from their end to their beginning and turned around once: so the length of
//! a nested message is known when it is needed, and everything goes into one buffer. What remains to
//! be done is an explicit stack. A message's members are looked up before any of them is decoded,
//! since a sibling may tell a field's type.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    encode::channel_type,
    error::{JsonError, JsonProblem, Path},
    scalar::{self, Integer},
    shape::{Choice, Content, Form, SHAPES, Scalar, Shape, ShapeId, Sibling, Slot, Walk},
    tape::{At, Tape, Token},
    timestamp,
};

/// Reads a message and gives its deterministic encoding.
///
/// # Errors
/// [`JsonError`]; of several faults, the one that the reference would name.
pub(super) fn decode(root: ShapeId, text: &[u8]) -> Result<Vec<u8>, JsonError> {
    let tape = Tape::read(text)?;
    let root = SHAPES.get(root);
    Decoder::run(Walk::Result, root, &tape).or_else(|fault| {
        let named = Decoder::run(Walk::Rule, root, &tape).err().unwrap_or(fault);
        Err(JsonError::new(named.problem)
            .with_path(path(&tape, named.at))
            .with_offset(tape.offset(named.at)))
    })
}

/// What is wrong, and at which place of the tape.
struct Fault {
    problem: JsonProblem,
    at: At,
}

struct Decoder<'t, 'a> {
    walk: Walk,
    tape: &'t Tape<'a>,
    /// The result, last byte first.
    out: Vec<u8>,
    /// What remains to be done, last thing first.
    work: Vec<Work>,
    /// The elements that open lists and maps still have, next one last.
    nodes: Vec<At>,
    /// Per slot of a message: where its members are.
    found: Vec<Found>,
    scratch: Vec<u8>,
}

#[derive(Clone, Copy, Default)]
struct Found {
    /// Under the protobuf name.
    named: Option<At>,
    /// Under the camelCase name, where that is another.
    camel: Option<At>,
}

enum Work {
    Field {
        field: Field,
        at: At,
        /// Whether the result counts.
        keep: bool,
    },
    /// Elements of a list or entries of a map: those on `nodes` from `base` on.
    Run {
        field: Field,
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
    Entry {
        number: u32,
        key: At,
        mark: usize,
    },
    /// Drops what was written since a mark.
    Forget(usize),
    Fail(Fault),
}

/// A field in its message.
#[derive(Clone, Copy)]
struct Field {
    shape: &'static Shape,
    slot: &'static Slot,
    /// The message's object.
    object: At,
}

impl<'t, 'a> Decoder<'t, 'a> {
    fn run(walk: Walk, root: &'static Shape, tape: &'t Tape<'a>) -> Result<Vec<u8>, Fault> {
        let mut decoder = Self {
            walk,
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
            Work::Field { field, at, keep } => {
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
            Work::Fail(fault) => return Err(fault),
        }
        Ok(())
    }

    /// Looks up the members of an object and leaves them as work.
    fn members(&mut self, shape: &'static Shape, object: At) -> Result<(), Fault> {
        if self.walk == Walk::Rule {
            self.members_by_rule(shape, object);
            return Ok(());
        }
        self.found.clear();
        self.found.resize(shape.slots.len(), Found::default());
        for key in self.tape.children(object) {
            let name = self.tape.string(key);
            let Some((index, named)) = lookup(shape, &name) else {
                return Err(unknown(shape, &name, key));
            };
            let Some(found) = self.found.get_mut(index) else {
                continue;
            };
            let value = key.saturating_add(1);
            if named {
                found.named = Some(value);
            } else {
                found.camel = Some(value);
            }
        }
        let mut oneofs = Vec::new();
        // ascending numbers on the stack, descending ones in the reversed result
        for (slot, found) in shape.slots.iter().zip(&self.found) {
            let field = Field {
                shape,
                slot,
                object,
            };
            let special = slot.content.is_special();
            if let (false, Some(_), Some(at)) = (special, found.named, found.camel) {
                return Err(Fault {
                    problem: JsonProblem::DuplicateField,
                    at,
                });
            }
            let set = |at: At| self.tape.token(at) != Token::Null;
            if let (Some(oneof), Some(at)) = (
                slot.oneof,
                found.named.or(found.camel).filter(|at| set(*at)),
            ) {
                if oneofs.contains(&oneof) {
                    return Err(Fault {
                        problem: JsonProblem::DuplicateField,
                        at,
                    });
                }
                oneofs.push(oneof);
            }
            if let Some(at) = found.camel {
                let field = if special { plain(field) } else { field };
                let keep = !found.named.is_some_and(set);
                self.work.push(Work::Field { field, at, keep });
            }
            if let Some(at) = found.named {
                self.work.push(Work::Field {
                    field,
                    at,
                    keep: true,
                });
            }
        }
        Ok(())
    }

    /// The same in the order in which the reference meets faults: plain members by name, then the
    /// special ones by kind. The result is of no use.
    fn members_by_rule(&mut self, shape: &'static Shape, object: At) {
        let keys = self.tape.children(object);
        let members: BTreeMap<Cow<'_, str>, At> =
            keys.map(|key| (self.tape.string(key), key)).collect();
        let (mut seen, mut oneofs) = (Vec::new(), Vec::new());
        let mut works = Vec::new();
        for (name, key) in members {
            let at = key.saturating_add(1);
            let found =
                lookup(shape, &name).and_then(|(i, named)| Some((shape.slots.get(i)?, named)));
            let Some((slot, named)) = found else {
                works.push((0, 0, Work::Fail(unknown(shape, &name, key))));
                continue;
            };
            let field = Field {
                shape,
                slot,
                object,
            };
            let work = Work::Field {
                field,
                at,
                keep: true,
            };
            if slot.content.is_special() && named {
                works.push((slot.turn(), slot.number, work));
                continue;
            }
            let twice = seen.contains(&slot.number)
                || slot.oneof.is_some_and(|oneof| oneofs.contains(&oneof))
                    && self.tape.token(at) != Token::Null;
            works.push((
                0,
                0,
                if twice {
                    Work::Fail(Fault {
                        problem: JsonProblem::DuplicateField,
                        at,
                    })
                } else if slot.content.is_special() {
                    Work::Field {
                        field: plain(field),
                        at,
                        keep: true,
                    }
                } else {
                    work
                },
            ));
            seen.push(slot.number);
            if self.tape.token(at) != Token::Null {
                oneofs.extend(slot.oneof);
            }
        }
        works.sort_by_key(|(turn, number, _)| (*turn, *number));
        self.work
            .extend(works.into_iter().rev().map(|(.., work)| work));
    }

    fn field(&mut self, field: Field, at: At) -> Result<(), Fault> {
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

    fn list(&mut self, field: Field, at: At) -> Result<(), Fault> {
        let base = self.nodes.len();
        self.nodes.extend(self.tape.children(at));
        if self.nodes.len() == base {
            return Ok(());
        }
        self.turn(base);
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
    fn map(&mut self, field: Field, at: At) {
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
        self.turn(base);
        self.work.push(Work::Run {
            field,
            base,
            inside: None,
        });
    }

    /// The result is written from its end, faults are met from the beginning.
    fn turn(&mut self, base: usize) {
        if self.walk == Walk::Rule {
            self.nodes.get_mut(base..).unwrap_or_default().reverse();
        }
    }

    fn element(&mut self, field: Field, inside: Option<ShapeId>, at: At) -> Result<(), Fault> {
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
        field: Field,
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
    fn inside(&self, field: Field, at: At) -> Result<Option<ShapeId>, Fault> {
        match field.slot.content {
            Content::Plain(id)
            | Content::Nested(id)
            | Content::NestedLast(id)
            | Content::Opened(id) => Ok(Some(id)),
            Content::NestedBy(choice) => {
                // only the known case: Fabric's decoder crashes in any other
                let known = |choice: &Choice| Choice {
                    others: None,
                    ..choice.clone()
                };
                let choice = SHAPES.choices.get(choice).map(known);
                choice.map_or(Ok(None), |choice| self.choose(field, &choice))
            }
            Content::OpenedBy(choice) => {
                let choice = SHAPES.choices.get(choice);
                choice.map_or(Ok(None), |choice| self.choose(field, choice))
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

    /// What a sibling says.
    fn choose(&self, field: Field, choice: &Choice) -> Result<Option<ShapeId>, Fault> {
        let slot = match choice.sibling {
            Sibling::Header => return self.choose_by_header(field, choice),
            Sibling::Number(slot) | Sibling::Text(slot) => field.shape.slots.get(slot),
        };
        let Some(slot) = slot else { return Ok(None) };
        let member = self.member(field.object, &[&slot.name, &slot.json_name]);
        if let Sibling::Text(_) = choice.sibling {
            let text = member.filter(|at| self.tape.token(*at) == Token::String);
            let text = text.map(|at| self.tape.string(at)).unwrap_or_default();
            return Ok(choice.by_text(&text));
        }
        Ok(choice.by_number(self.int32(slot, member)?))
    }

    /// The type in the channel header, which stands in place or, under its camelCase name, as base64.
    fn choose_by_header(&self, field: Field, choice: &Choice) -> Result<Option<ShapeId>, Fault> {
        let Some(header) = self.member(field.object, &["header"]) else {
            return Ok(None);
        };
        if let Some(channel_header) = self.member(header, &["channel_header"]) {
            let shape = SHAPES.open("common.ChannelHeader").map(|id| SHAPES.get(id));
            let slot = shape.and_then(|shape| shape.slots.get(shape.position("type")?));
            let Some(slot) = slot else { return Ok(None) };
            let kind = self.int32(slot, self.member(channel_header, &["type"]))?;
            return Ok(choice.by_number(kind));
        }
        let mut scratch = Vec::new();
        let encoded = self
            .member(header, &["channelHeader"])
            .filter(|at| self.tape.token(*at) == Token::String);
        let bytes = match encoded {
            Some(at) => {
                let text = self.tape.string(at);
                scalar::bytes(&text, &mut scratch).ok_or_else(|| bad("base64", at))?
            }
            None => &[],
        };
        let kind = channel_type(bytes).map_err(|_| Fault {
            problem: JsonProblem::Undecodable {
                message_type: "common.ChannelHeader",
            },
            at: encoded.unwrap_or(header),
        })?;
        Ok(choice.by_number(kind))
    }

    /// The last member of one of some names, if it is not null.
    fn member(&self, object: At, names: &[&str]) -> Option<At> {
        if self.tape.token(object) != Token::Object {
            return None;
        }
        let keys = self.tape.children(object);
        let key = keys
            .filter(|key| names.contains(&&*self.tape.string(*key)))
            .last()?;
        let value = key.saturating_add(1);
        (self.tape.token(value) != Token::Null).then_some(value)
    }

    /// A member of 32 bits; 0 where there is none.
    fn int32(&self, slot: &Slot, member: Option<At>) -> Result<i32, Fault> {
        let (Some(at), Content::Scalar(scalar)) = (member, slot.content) else {
            return Ok(0);
        };
        let value = self.varint(scalar, at)?;
        Ok(super::encode::int32(value))
    }

    fn scalar(&mut self, scalar: Scalar, number: u32, implicit: bool, at: At) -> Result<(), Fault> {
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

    /// A value that the wire carries as a varint.
    fn varint(&self, scalar: Scalar, at: At) -> Result<u64, Fault> {
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

    /// An integer in a number or a string, if a range has it.
    fn integer(&self, at: At, range: impl Fn(Integer) -> Option<i64>) -> Option<u64> {
        let integer = match self.tape.token(at) {
            Token::Number => scalar::integer(self.tape.number(at)),
            Token::String => scalar::integer_in(&self.tape.string(at)),
            _ => None,
        };
        integer.and_then(range).map(i64::cast_unsigned)
    }

    fn timestamp(&mut self, number: u32, at: At) -> Result<(), Fault> {
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

    fn bytes(&mut self, number: u32, content: &[u8]) {
        let mark = self.out.len();
        self.out.extend(content.iter().rev());
        self.close(number, mark);
    }

    /// Writes length and tag in front of what was written since a mark.
    fn close(&mut self, number: u32, mark: usize) {
        let length = self.out.len().saturating_sub(mark);
        self.put_varint(length as u64);
        self.put_varint(u64::from(number) << 3 | 2);
    }

    /// Writes a varint, last byte first.
    fn put_varint(&mut self, value: u64) {
        let mark = self.out.len();
        crate::proto::write::varint(&mut self.out, value);
        if value >= 0x80 {
            self.out.get_mut(mark..).unwrap_or_default().reverse();
        }
    }
}

/// The slot of a member, and whether it is named by its protobuf name.
fn lookup(shape: &Shape, name: &str) -> Option<(usize, bool)> {
    let mut slots = shape.slots.iter().enumerate();
    slots.find_map(|(i, slot)| {
        let named = slot.name == name;
        (named || slot.json_name == name).then_some((i, named))
    })
}

/// The field as the plain shape of its message has it.
fn plain(field: Field) -> Field {
    let shape = SHAPES.plain(&field.shape.name).map(|id| SHAPES.get(id));
    let slot = shape.and_then(|shape| Some((shape, shape.slot(field.slot.number)?.1)));
    slot.map_or(field, |(shape, slot)| Field {
        shape,
        slot,
        ..field
    })
}

fn unknown(shape: &'static Shape, name: &str, at: At) -> Fault {
    Fault {
        problem: JsonProblem::UnknownField {
            message_type: &shape.name,
            field: name.to_owned(),
        },
        at,
    }
}

const fn bad(expected: &'static str, at: At) -> Fault {
    Fault {
        problem: JsonProblem::BadValue { expected },
        at,
    }
}

const fn wrong(field: Field, expected: &'static str, at: At) -> Fault {
    if field.slot.content.is_special() {
        Fault {
            problem: JsonProblem::WrongType { expected },
            at,
        }
    } else {
        bad(expected, at)
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

//! Which member of an object is which field of a message.

use std::{borrow::Cow, collections::BTreeMap};

use super::{Decoder, Fault, Field, Work};
use crate::json::{
    error::{JsonProblem, shown},
    shape::{SHAPES, Shape, Walk},
    tape::{At, Token},
};

#[derive(Clone, Copy, Default)]
pub(super) struct Found {
    /// Under the protobuf name.
    pub(super) named: Option<At>,
    /// Under the camelCase name, where that is another.
    pub(super) camel: Option<At>,
}

impl Decoder<'_, '_> {
    /// Looks up the members of an object and leaves them as work.
    pub(super) fn members(&mut self, shape: &'static Shape, object: At) -> Result<(), Fault> {
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
            field: shown(name),
        },
        at,
    }
}

//! Which member of an object is which field of a message.

use super::decoder::{Decoder, Fault, FieldInMessage, FoundMember, Work};
use crate::json::{
    error::{JsonProblem, shown},
    opened::SHAPES,
    shape::Shape,
    tape::{At, Token},
};

impl Decoder<'_, '_> {
    /// Looks up the members of an object and leaves them as work.
    pub(super) fn members(&mut self, shape: &'static Shape, object: At) -> Result<(), Fault> {
        self.found.clear();
        self.found.resize(shape.slots.len(), FoundMember::default());
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
            let field = FieldInMessage {
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
                self.work.push(Work::FieldInMessage { field, at, keep });
            }
            if let Some(at) = found.named {
                self.work.push(Work::FieldInMessage {
                    field,
                    at,
                    keep: true,
                });
            }
        }
        Ok(())
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
fn plain(field: FieldInMessage) -> FieldInMessage {
    let shape = SHAPES.plain(&field.shape.name).map(|id| SHAPES.get(id));
    let slot = shape.and_then(|shape| Some((shape, shape.slot(field.slot.number)?.1)));
    slot.map_or(field, |(shape, slot)| FieldInMessage {
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

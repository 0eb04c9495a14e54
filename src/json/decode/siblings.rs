//! What other members of an object say about a field's type.

use super::decoder::{Decoder, Fault, FieldInMessage, bad};
use crate::{
    json::{
        encode::channel_type,
        error::JsonProblem,
        opened::SHAPES,
        scalar,
        shape::{Choice, Content, ShapeId, Sibling, Slot},
        tape::{At, Token},
    },
    proto::scan::int32,
};

impl Decoder<'_, '_> {
    /// The shape that a sibling tells; `None` where it tells none.
    pub(super) fn choose(
        &self,
        field: FieldInMessage,
        choice: &Choice,
    ) -> Result<Option<ShapeId>, Fault> {
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

    /// The shape that the type in the channel header tells. That header stands there as an object
    /// or, under its camelCase name, as base64.
    fn choose_by_header(
        &self,
        field: FieldInMessage,
        choice: &Choice,
    ) -> Result<Option<ShapeId>, Fault> {
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

    /// The value of the last member with one of these names; `None` where there is none, or it is
    /// null.
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

    /// The number in a member, cut to 32 bits; 0 where there is no member.
    fn int32(&self, slot: &Slot, member: Option<At>) -> Result<i32, Fault> {
        let (Some(at), Content::Scalar(scalar)) = (member, slot.content) else {
            return Ok(0);
        };
        let value = self.varint(scalar, at)?;
        Ok(int32(value))
    }
}

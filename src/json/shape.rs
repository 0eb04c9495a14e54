//! What each message looks like in the text: flat tables, built once from the descriptors.
//!
//! A message has two shapes. The *plain* one is the protobuf JSON mapping. The *open* one follows
//! `opened`: some byte fields hold messages, and config groups are read by their position. Both have
//! the same fields in the same order; plain content never leads back to open content.

use std::{collections::BTreeMap, sync::LazyLock};

use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};

/// A shape, by its index in [`Shapes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShapeId(pub(super) usize);

/// All shapes, enums and key tables.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    pub(super) shapes: Vec<Shape>,
    enums: Vec<Enum>,
    pub(super) keys: Vec<Keys>,
    pub(super) choices: Vec<Choice>,
    /// Number of messages: shape i is plain, shape i + messages is open.
    pub(super) messages: usize,
    names: BTreeMap<String, usize>,
    /// The shape of an application organisation's group.
    pub(super) application_org: Option<ShapeId>,
    /// The place in `keys` of the values that such a group has.
    pub(super) application_org_values: Option<usize>,
}

/// One message in one of its forms.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// The message's protobuf name, such as `common.Config`.
    pub(super) name: String,
    /// The fields, ascending by number.
    pub(super) slots: Vec<Slot>,
    /// The slot of each field number; `None` for numbers that no field has.
    numbers: Vec<Option<u8>>,
    /// Slots by name: the order in the text.
    by_name: Order,
    /// Whether any slot is a member of a oneof.
    pub(super) has_oneof: bool,
    /// Whether any slot is a map.
    pub(super) has_map: bool,
}

/// A permutation of slots, both ways.
#[derive(Clone, Debug, Default)]
struct Order {
    slots: Vec<u8>,
    ranks: Vec<u8>,
}

/// One field of a message.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) number: u32,
    pub(super) name: String,
    /// The camelCase name; the same as `name` where that is one word.
    pub(super) json_name: String,
    pub(super) form: Form,
    pub(super) content: Content,
    /// The message that the wire carries here, in its plain shape.
    pub(super) message: Option<ShapeId>,
    pub(super) oneof: Option<i32>,
}

/// How often a field stands in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Single,
    List,
    /// A map, whose keys are strings.
    Map,
}

/// What one value of a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Scalar(Scalar),
    Timestamp,
    /// A message on the wire, in a plain shape.
    Plain(ShapeId),
    /// A message on the wire, in an open shape.
    Nested(ShapeId),
    /// A message on the wire whose shape a sibling tells.
    NestedBy(usize),
    /// A message on the wire whose shape its map key tells.
    ByKey(usize),
    /// Bytes on the wire that hold a message.
    Opened(ShapeId),
    /// Bytes on the wire that hold a message whose type a sibling tells.
    OpenedBy(usize),
    /// Bytes on the wire under a config key that nobody knows.
    UnknownKey,
    /// Bytes on the wire that hold a message of a type that nobody knows.
    UnknownType,
}

impl Content {
    /// Whether the field is read under its own rules instead of protobuf's JSON mapping, and then
    /// by its protobuf name only.
    pub(super) const fn is_special(self) -> bool {
        !matches!(self, Self::Scalar(_) | Self::Timestamp | Self::Plain(_))
    }

    /// Whether the wire carries bytes where the text has an object.
    pub(super) const fn is_opened(self) -> bool {
        matches!(
            self,
            Self::Opened(_) | Self::OpenedBy(_) | Self::UnknownKey | Self::UnknownType
        )
    }
}

/// A value without parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Bool,
    Bytes,
    /// An enum, by its index in the table of enums.
    Enum(usize),
    Int32,
    Int64,
    String,
    Uint32,
    Uint64,
}

impl Scalar {
    /// Whether the wire carries a varint; the others are length-delimited.
    pub(super) const fn is_varint(self) -> bool {
        !matches!(self, Self::Bytes | Self::String)
    }
}

/// Names and numbers of one enum, in declaration order.
#[derive(Clone, Debug)]
pub(super) struct Enum {
    values: Vec<(String, i32)>,
}

impl Enum {
    pub(super) fn name(&self, number: i32) -> Option<&str> {
        let found = self.values.iter().find(|(_, n)| *n == number);
        found.map(|(name, _)| name.as_str())
    }

    pub(super) fn number(&self, name: &str) -> Option<i32> {
        let found = self.values.iter().find(|(n, _)| n == name);
        found.map(|(_, number)| *number)
    }
}

/// The shapes of map entries by their key.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub(super) known: Vec<(&'static str, ShapeId)>,
    /// The shape for every other key; `None`: other keys are refused.
    pub(super) others: Option<ShapeId>,
}

impl Keys {
    pub(super) fn shape(&self, key: &str) -> Option<ShapeId> {
        let known = self.known.iter().find(|(k, _)| *k == key);
        known.map(|(_, shape)| *shape).or(self.others)
    }
}

/// Which sibling tells a field's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sibling {
    /// A number or an enum; the index of its slot.
    Number(usize),
    /// A string; the index of its slot.
    Text(usize),
    /// The type in the channel header in a `common.Payload`'s header.
    Header,
}

/// A field's shape by what a sibling holds.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) sibling: Sibling,
    pub(super) numbers: Vec<(i32, ShapeId)>,
    pub(super) texts: Vec<(&'static str, ShapeId)>,
    pub(super) others: Option<ShapeId>,
}

impl Choice {
    pub(super) fn by_number(&self, number: i32) -> Option<ShapeId> {
        let known = self.numbers.iter().find(|(n, _)| *n == number);
        known.map(|(_, shape)| *shape).or(self.others)
    }

    pub(super) fn by_text(&self, text: &str) -> Option<ShapeId> {
        let known = self.texts.iter().find(|(t, _)| *t == text);
        known.map(|(_, shape)| *shape).or(self.others)
    }
}

impl Shape {
    /// The slot of a field number, with its index.
    pub(super) fn slot(&self, number: u32) -> Option<(usize, &Slot)> {
        let index = usize::try_from(number).ok()?;
        let at = usize::from((*self.numbers.get(index)?)?);
        Some((at, self.slots.get(at)?))
    }

    /// The place of a slot in the order of the text.
    pub(super) fn rank(&self, slot: usize) -> u8 {
        self.by_name.ranks.get(slot).copied().unwrap_or(u8::MAX)
    }

    /// The slot at a place of the order of the text, with its index.
    pub(super) fn at(&self, rank: usize) -> Option<(usize, &Slot)> {
        let slot = usize::from(*self.by_name.slots.get(rank)?);
        Some((slot, self.slots.get(slot)?))
    }

    /// The index of the slot with this protobuf name.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|s| s.name == name)
    }

    /// Fills the tables that follow from the slots.
    fn finish(&mut self) {
        self.numbers.clear();
        for (i, slot) in self.slots.iter().enumerate() {
            let at = usize::try_from(slot.number).unwrap_or_default();
            if self.numbers.len() <= at {
                self.numbers.resize(at.saturating_add(1), None);
            }
            if let Some(entry) = self.numbers.get_mut(at) {
                *entry = u8::try_from(i).ok();
            }
        }
        self.has_oneof = self.slots.iter().any(|s| s.oneof.is_some());
        self.has_map = self.slots.iter().any(|s| s.form == Form::Map);
        let slots = &self.slots;
        self.by_name = Order::sorted(slots.len(), |i| slots.get(i).map(|s| s.name.as_str()));
    }
}

impl Order {
    fn sorted<K: Ord>(len: usize, key: impl Fn(usize) -> K) -> Self {
        let mut slots: Vec<u8> = (0..len).filter_map(|i| u8::try_from(i).ok()).collect();
        slots.sort_by_key(|i| key(usize::from(*i)));
        let mut ranks = vec![u8::MAX; len];
        for (rank, slot) in slots.iter().enumerate() {
            if let Some(entry) = ranks.get_mut(usize::from(*slot)) {
                *entry = u8::try_from(rank).unwrap_or(u8::MAX);
            }
        }
        Self { slots, ranks }
    }
}

impl Shapes {
    /// A shape by its place; the places that the tables hold are all there.
    pub(super) fn get(&self, id: ShapeId) -> &Shape {
        static NOTHING: LazyLock<Shape> = LazyLock::new(Shape::default);
        self.shapes.get(id.0).unwrap_or(&NOTHING)
    }

    /// The plain shape of a message, by its protobuf name.
    pub(super) fn plain(&self, name: &str) -> Option<ShapeId> {
        self.names.get(name).copied().map(ShapeId)
    }

    /// The open shape of a message, by its protobuf name.
    pub(super) fn open(&self, name: &str) -> Option<ShapeId> {
        let plain = self.plain(name)?;
        Some(ShapeId(plain.0.saturating_add(self.messages)))
    }

    /// An enum by its index; see [`Scalar::Enum`].
    pub(super) fn enumeration(&self, at: usize) -> Option<&Enum> {
        self.enums.get(at)
    }

    /// Appends a shape that differs from a message's open one in the content of some fields.
    pub(super) fn variant(&mut self, message: &str, contents: &[(&str, Content)]) -> ShapeId {
        let base = self.open(message).map(|id| self.get(id).clone());
        let mut shape = base.unwrap_or_default();
        for slot in &mut shape.slots {
            let changed = contents.iter().find(|(name, _)| *name == slot.name);
            slot.content = changed.map_or(slot.content, |(_, content)| *content);
        }
        shape.finish();
        self.shapes.push(shape);
        ShapeId(self.shapes.len().saturating_sub(1))
    }

    /// Changes the content of one field of a message's open shape.
    pub(super) fn set(&mut self, message: &str, field: &str, content: Content) {
        let Some(id) = self.open(message) else { return };
        let Some(shape) = self.shapes.get_mut(id.0) else {
            return;
        };
        if let Some(slot) = shape.slots.iter_mut().find(|s| s.name == field) {
            slot.content = content;
        }
        shape.finish();
    }

    /// The shapes of all messages of `proto/`. The open ones nest, but no byte field is opened yet.
    /// `empty` names a message without fields that is not there.
    pub(super) fn of_descriptors(empty: &str) -> Self {
        let files = FileDescriptorSet::decode(crate::proto::DESCRIPTORS).unwrap_or_default();
        let mut found = MessageTypes::default();
        for file in &files.file {
            let package = file.package();
            found.enums(package, &file.enum_type);
            found.messages(package, &file.message_type);
        }
        let no_fields = DescriptorProto::default();
        found.messages.insert(empty.to_owned(), &no_fields);
        let mut all = Self {
            messages: found.messages.len(),
            names: found.messages.keys().cloned().zip(0..).collect(),
            enums: found.enums.values().cloned().collect(),
            ..Self::default()
        };
        for open in [false, true] {
            for (name, message) in &found.messages {
                let mut slots: Vec<Slot> = message
                    .field
                    .iter()
                    .filter_map(|field| slot(&all, &found, field, open))
                    .collect();
                slots.sort_by_key(|s| s.number);
                let mut shape = Shape {
                    name: name.clone(),
                    slots,
                    ..Shape::default()
                };
                shape.finish();
                all.shapes.push(shape);
            }
        }
        all
    }
}

/// What the descriptors hold, by full name.
#[derive(Debug, Default)]
pub(super) struct MessageTypes<'a> {
    pub(super) messages: BTreeMap<String, &'a DescriptorProto>,
    entries: BTreeMap<String, &'a DescriptorProto>,
    enums: BTreeMap<String, Enum>,
}

impl<'a> MessageTypes<'a> {
    /// Recursion over our own files: as deep as messages are declared inside each other.
    pub(super) fn messages(&mut self, scope: &str, messages: &'a [DescriptorProto]) {
        for message in messages {
            let name = format!("{scope}.{}", message.name());
            self.enums(&name, &message.enum_type);
            self.messages(&name, &message.nested_type);
            if message.options.as_ref().is_some_and(|o| o.map_entry()) {
                self.entries.insert(name, message);
            } else {
                self.messages.insert(name, message);
            }
        }
    }

    fn enums(&mut self, scope: &str, enums: &[EnumDescriptorProto]) {
        for e in enums {
            let values = e.value.iter().map(|v| (v.name().to_owned(), v.number()));
            let values = values.collect();
            self.enums
                .insert(format!("{scope}.{}", e.name()), Enum { values });
        }
    }
}

/// One field; `None` for kinds that no message of Fabric has (a test holds us to it).
fn slot(
    all: &Shapes,
    found: &MessageTypes<'_>,
    field: &FieldDescriptorProto,
    open: bool,
) -> Option<Slot> {
    let type_name = field.type_name().trim_start_matches('.');
    let entry = found.entries.get(type_name);
    let (form, value) = match entry {
        Some(entry) => {
            let key = entry.field.iter().find(|f| f.number() == 1)?;
            (key.r#type() == Type::String).then_some(())?;
            (Form::Map, entry.field.iter().find(|f| f.number() == 2)?)
        }
        None if field.label() == Label::Repeated => (Form::List, field),
        None => (Form::Single, field),
    };
    let target = value.type_name().trim_start_matches('.');
    let message = match value.r#type() {
        Type::Message => Some(all.plain(target)?),
        _ => None,
    };
    let content = match value.r#type() {
        Type::Bool => Content::Scalar(Scalar::Bool),
        Type::Bytes => Content::Scalar(Scalar::Bytes),
        Type::Enum => {
            let at = found.enums.keys().position(|name| name == target)?;
            Content::Scalar(Scalar::Enum(at))
        }
        Type::Int32 => Content::Scalar(Scalar::Int32),
        Type::Int64 => Content::Scalar(Scalar::Int64),
        Type::String => Content::Scalar(Scalar::String),
        Type::Uint32 => Content::Scalar(Scalar::Uint32),
        Type::Uint64 => Content::Scalar(Scalar::Uint64),
        Type::Message if target == "google.protobuf.Timestamp" => Content::Timestamp,
        // members of a oneof are left to the plain mapping, with everything below them
        Type::Message if open && field.oneof_index.is_none() => Content::Nested(all.open(target)?),
        Type::Message => Content::Plain(all.plain(target)?),
        _ => return None,
    };
    // no field of Fabric's is a list of numbers
    let packed = matches!(content, Content::Scalar(s) if s.is_varint());
    (form != Form::List || !packed).then_some(())?;
    Some(Slot {
        number: u32::try_from(field.number()).ok()?,
        name: field.name().to_owned(),
        json_name: field.json_name().to_owned(),
        form,
        content,
        message,
        oneof: field.oneof_index,
    })
}

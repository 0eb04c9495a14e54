//! Reading groups, breadth first.

use std::{collections::BTreeMap, str};

use bytes::Bytes;

use super::arena::{
    Arena, GROUP_LEVEL, Group, GroupTree, MAX_LEVELS, Policy, PolicyRule, Span, TextForm, Value,
    position,
};
use crate::{
    config::tree::error::ConfigError,
    proto::{
        scan::{self, Field, Fields, ScanError, Wire, int32},
        write,
    },
};

impl GroupTree {
    /// Reads one group, which may come in several pieces: protobuf merges repeated messages.
    pub(in crate::config) fn parse(data: Bytes, pieces: &[Span]) -> Result<Self, ConfigError> {
        Span::whole(&data)?;
        let mut parser = Parser::new(&data);
        let root = Child {
            name: Span::default(),
            pieces: pieces.first().copied(),
            more: pieces.get(1..).unwrap_or_default().to_vec(),
        };
        parser.open(None, GROUP_LEVEL, root);
        let mut next = 0;
        while let Some(body) = parser.bodies.get(next).copied() {
            parser.group(next, body)?;
            next += 1;
        }
        let Parser {
            kept,
            arena,
            has_unknown,
            ..
        } = parser;
        Ok(Self {
            data,
            kept,
            arena,
            has_unknown,
        })
    }
}

/// A group that is still to be read.
#[derive(Clone, Copy)]
struct Body {
    piece: Option<Span>,
    level: u32,
}

/// A group as its map entry names it.
struct Child {
    name: Span,
    pieces: Option<Span>,
    more: Vec<Span>,
}

struct Parser<'a> {
    data: &'a [u8],
    kept: Vec<u8>,
    has_unknown: bool,
    arena: Arena<Span>,
    /// What is still to be read of each group of the arena, in its order.
    bodies: Vec<Body>,
    /// Further pieces of groups that come in more than one.
    more: BTreeMap<u32, Vec<Span>>,
    /// The groups found so far in the group that is being read.
    children: Vec<Child>,
}

impl<'a> Parser<'a> {
    fn new(data: &'a [u8]) -> Self {
        // a guess that fits ordinary configs: elements of about 150 bytes, one group for six
        let elements = data.len() / 150;
        Self {
            data,
            kept: Vec::new(),
            has_unknown: false,
            arena: Arena {
                groups: Vec::with_capacity(elements / 6),
                values: Vec::with_capacity(elements / 3),
                policies: Vec::with_capacity(elements),
            },
            bodies: Vec::with_capacity(elements / 6),
            more: BTreeMap::new(),
            children: Vec::new(),
        }
    }

    /// Appends a group, to be read when its turn comes.
    fn open(&mut self, parent: Option<u32>, level: u32, child: Child) {
        let index = position(self.arena.groups.len());
        let body = match (child.pieces, child.more.is_empty()) {
            (Some(piece), true) => piece,
            _ => Span::default(),
        };
        self.arena.groups.push(Group {
            name: child.name,
            body,
            parent,
            ..Group::default()
        });
        self.bodies.push(Body {
            piece: child.pieces,
            level,
        });
        if !child.more.is_empty() {
            self.more.insert(index, child.more);
        }
    }

    fn group(&mut self, index: usize, body: Body) -> Result<(), ConfigError> {
        let at = position(index);
        let Some(mut group) = self.arena.groups.get(index).copied() else {
            return Ok(());
        };
        group.values.start = position(self.arena.values.len());
        group.policies.start = position(self.arena.policies.len());
        let mut unknown = Vec::new();
        let more = self.more.remove(&at).unwrap_or_default();
        for piece in body.piece.into_iter().chain(more) {
            let mut cursor = Cursor::new(self.data, piece);
            while let Some(field) = cursor.next()? {
                match (field.number, field.wire) {
                    (1, Wire::Varint(version)) => group.version = version,
                    (2..=4, wire) => {
                        within(body.level + 1)?;
                        match wire {
                            Wire::Bytes(b) => {
                                let entry = cursor.place(b);
                                self.member(field.number, entry, body.level + 1)?;
                            }
                            _ => keep(&mut unknown, &field),
                        }
                    }
                    (5, Wire::Bytes(b)) => group.mod_policy = cursor.text(b)?,
                    _ => keep(&mut unknown, &field),
                }
            }
        }
        group.unknown = self.store(&unknown);
        let data = self.data;
        sort(&mut self.arena.values, group.values.start, |v| {
            v.name.get(data)
        });
        sort(&mut self.arena.policies, group.policies.start, |p| {
            p.name.get(data)
        });
        group.values.end = position(self.arena.values.len());
        group.policies.end = position(self.arena.policies.len());

        let mut children = std::mem::take(&mut self.children);
        let replaced = sort(&mut children, 0, |c| c.name.get(data));
        group.groups.start = position(self.arena.groups.len());
        for child in children.drain(..) {
            self.open(Some(at), body.level + 2, child);
        }
        group.groups.end = position(self.arena.groups.len());
        self.children = children;
        // they do not count, but must be decodable
        for child in replaced {
            self.open(Some(at), body.level + 2, child);
        }
        if let Some(slot) = self.arena.groups.get_mut(index) {
            *slot = group;
        }
        Ok(())
    }

    /// Reads one entry of the maps `groups` (2), `values` (3) and `policies` (4).
    fn member(&mut self, number: u32, entry: Span, level: u32) -> Result<(), ConfigError> {
        let mut child = Child {
            name: Span::default(),
            pieces: None,
            more: Vec::new(),
        };
        let mut cursor = Cursor::new(self.data, entry);
        while let Some(field) = cursor.next()? {
            match (field.number, field.wire) {
                (1, Wire::Bytes(b)) => child.name = cursor.text(b)?,
                (2, Wire::Bytes(b)) => {
                    within(level + 1)?;
                    let piece = cursor.place(b);
                    match child.pieces {
                        None => child.pieces = Some(piece),
                        Some(_) => child.more.push(piece),
                    }
                }
                // decoders drop what they do not know in a map entry
                _ => self.has_unknown = true,
            }
        }
        match number {
            2 => self.children.push(child),
            3 => self.value(&child)?,
            _ => self.policy(&child, level + 1)?,
        }
        Ok(())
    }

    fn value(&mut self, child: &Child) -> Result<(), ConfigError> {
        let mut value = Value {
            name: child.name,
            ..Value::default()
        };
        let mut unknown = Vec::new();
        for &piece in child.pieces.iter().chain(&child.more) {
            let mut cursor = Cursor::new(self.data, piece);
            while let Some(field) = cursor.next()? {
                match (field.number, field.wire) {
                    (1, Wire::Varint(version)) => value.version = version,
                    (2, Wire::Bytes(b)) => value.bytes = cursor.place(b),
                    (3, Wire::Bytes(b)) => value.mod_policy = cursor.text(b)?,
                    _ => keep(&mut unknown, &field),
                }
            }
        }
        value.unknown = self.store(&unknown);
        self.arena.values.push(value);
        Ok(())
    }

    fn policy(&mut self, child: &Child, level: u32) -> Result<(), ConfigError> {
        let mut policy = Policy {
            name: child.name,
            ..Policy::default()
        };
        let (mut unknown, mut unknown_in_rule) = (Vec::new(), Vec::new());
        for &piece in child.pieces.iter().chain(&child.more) {
            let mut cursor = Cursor::new(self.data, piece);
            while let Some(field) = cursor.next()? {
                match (field.number, field.wire) {
                    (1, Wire::Varint(version)) => policy.version = version,
                    (2, Wire::Bytes(b)) => {
                        within(level + 1)?;
                        let rule = policy.rule.get_or_insert_default();
                        read_rule(self.data, cursor.place(b), rule, &mut unknown_in_rule)?;
                    }
                    (3, Wire::Bytes(b)) => policy.mod_policy = cursor.text(b)?,
                    _ => keep(&mut unknown, &field),
                }
            }
        }
        policy.unknown = self.store(&unknown);
        if let Some(rule) = &mut policy.rule {
            rule.unknown = self.store(&unknown_in_rule);
        }
        self.arena.policies.push(policy);
        Ok(())
    }

    /// Puts unknown fields aside; the place refers to `kept`.
    fn store(&mut self, unknown: &[u8]) -> Span {
        if unknown.is_empty() {
            return Span::default();
        }
        self.has_unknown = true;
        let start = position(self.kept.len());
        self.kept.extend_from_slice(unknown);
        let end = position(self.kept.len());
        Span { start, end }
    }
}

fn read_rule(
    data: &[u8],
    piece: Span,
    rule: &mut PolicyRule<Span>,
    unknown: &mut Vec<u8>,
) -> Result<(), ConfigError> {
    let mut cursor = Cursor::new(data, piece);
    while let Some(field) = cursor.next()? {
        match (field.number, field.wire) {
            (1, Wire::Varint(kind)) => rule.kind = int32(kind),
            (2, Wire::Bytes(b)) => rule.bytes = cursor.place(b),
            _ => keep(unknown, &field),
        }
    }
    Ok(())
}

/// Fields of one message, and where their content stands in all the bytes.
struct Cursor<'a> {
    fields: Fields<'a>,
    end: u32,
}

impl<'a> Cursor<'a> {
    fn new(data: &'a [u8], message: Span) -> Self {
        Self {
            fields: Fields::new(message.get(data)),
            end: message.end,
        }
    }

    #[inline(always)]
    fn next(&mut self) -> Result<Option<Field<'a>>, ScanError> {
        self.fields.next_inlined()
    }

    /// The place of the content of the field that was read last.
    #[inline]
    fn place(&self, content: &[u8]) -> Span {
        let end = self.end.saturating_sub(position(self.fields.remaining()));
        Span {
            start: end.saturating_sub(position(content.len())),
            end,
        }
    }

    /// The same, of a string, which must be UTF-8.
    #[inline]
    fn text(&self, content: &[u8]) -> Result<Span, ScanError> {
        // nearly always ASCII, which takes less to see
        if content.is_ascii() || str::from_utf8(content).is_ok() {
            Ok(self.place(content))
        } else {
            Err(ScanError::Utf8)
        }
    }
}

/// The pieces of a message field that may be repeated, for messages above the groups.
pub(in crate::config) fn place_of(all: Span, fields: &Fields<'_>, content: &[u8]) -> Span {
    Cursor {
        fields: fields.clone(),
        end: all.end,
    }
    .place(content)
}

const fn within(level: u32) -> Result<(), ConfigError> {
    if level > MAX_LEVELS {
        Err(ConfigError::TooDeep { limit: MAX_LEVELS })
    } else {
        Ok(())
    }
}

/// Sorts the end of a list by name; of equal names only the last stays, the others are returned.
fn sort<'d, E>(list: &mut Vec<E>, start: u32, name: impl Fn(&E) -> &'d [u8]) -> Vec<E> {
    let start = start as usize;
    let tail = list.get(start..).unwrap_or_default();
    // what a deterministic encoder wrote needs no sorting
    if tail.is_sorted_by(|a, b| name(a) < name(b)) {
        return Vec::new();
    }
    let mut tail = list.split_off(start);
    tail.sort_by(|a, b| name(a).cmp(name(b)));
    let mut replaced = Vec::new();
    let mut tail = tail.into_iter().peekable();
    while let Some(element) = tail.next() {
        let repeated = tail.peek().is_some_and(|next| name(next) == name(&element));
        if repeated {
            replaced.push(element);
        } else {
            list.push(element);
        }
    }
    replaced
}

/// Appends an unknown field as the reference writes it again: its tag in the shortest form.
fn keep(out: &mut Vec<u8>, field: &Field<'_>) {
    let mut rest = field.raw;
    if let Ok(tag) = scan::varint(&mut rest) {
        write::varint(out, tag);
        out.extend_from_slice(rest);
    }
}

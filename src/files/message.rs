//! Serialized messages.

use bytes::Bytes;

use super::form::{FileForm, FormDetail, Recognised};
use crate::{
    block::Block,
    config::{
        ConfigTree, Update,
        envelope::{ConfigEnvelope, Transaction},
        is_legal_channel_id,
    },
    ids::{ChannelId, Sequence},
    proto::scan::{Fields, Wire},
};

/// Whether a message has no other fields than a `common.Config`.
#[must_use]
pub fn has_config_fields(message: &[u8]) -> bool {
    has_only(message, CONFIG).is_some()
}

/// Whether a message is a `common.ConfigSignature`, whatever else it may be.
#[must_use]
pub fn is_signature(message: &Bytes) -> bool {
    of_signature(message).is_some()
}

/// What a serialized message is; `None` where nothing of a channel's config is recognised. Cost: linear.
#[must_use]
pub fn recognised_message(bytes: &Bytes) -> Option<Recognised> {
    [
        of_block,
        of_envelope,
        of_config,
        of_update,
        of_update_envelope,
        of_config_envelope,
        of_signature,
        of_group,
    ]
    .into_iter()
    .find_map(|form| form(bytes))
}

fn of_block(bytes: &Bytes) -> Option<Recognised> {
    has_only(
        bytes,
        &[(1, Kind::Bytes), (2, Kind::Bytes), (3, Kind::Bytes)],
    )?;
    has_only(
        &last(bytes, 1)?,
        &[(1, Kind::Varint), (2, Kind::Bytes), (3, Kind::Bytes)],
    )?;
    let block = Block::parse(bytes.clone()).ok()?;
    if block.data_hash().len() != 32 {
        return None;
    }
    let first = block.data().first();
    let channel = first.and_then(|first| Transaction::parse(first).ok());
    let channel = channel.map(|transaction| transaction.channel_id);
    let detail = FormDetail::Block(block.number(), channel);
    Some(Recognised::of(FileForm::Block, detail))
}

fn of_envelope(bytes: &Bytes) -> Option<Recognised> {
    let both: &[_] = &[(1, Kind::Bytes), (2, Kind::Bytes)];
    has_only(bytes, both)?;
    let payload = last(bytes, 1)?;
    has_only(&payload, both)?;
    let header = last(&payload, 1)?;
    has_only(&header, both)?;
    let (text, number) = (Kind::Bytes, Kind::Varint);
    has_only(
        &last(&header, 1)?,
        &[
            (1, number),
            (2, number),
            (3, text),
            (4, text),
            (5, text),
            (6, number),
            (7, text),
            (8, text),
        ],
    )?;
    let transaction = Transaction::parse(bytes).ok()?;
    if !is_legal_channel_id(transaction.channel_id.as_str()) {
        return None;
    }
    let detail = FormDetail::Transaction(transaction.header_type, transaction.channel_id);
    Some(Recognised::of(FileForm::Envelope, detail))
}

fn of_config(bytes: &Bytes) -> Option<Recognised> {
    has_only(bytes, CONFIG)?;
    has_only(&last(bytes, 2)?, GROUP)?;
    let tree = ConfigTree::parse(bytes.clone()).ok()?;
    let root = tree.root()?;
    if root.groups().len() == 0 {
        return None;
    }
    let detail = FormDetail::Sequence(tree.sequence());
    Some(Recognised::of(FileForm::Config, detail))
}

fn of_update(bytes: &Bytes) -> Option<Recognised> {
    has_only(
        bytes,
        &[
            (1, Kind::Bytes),
            (2, Kind::Bytes),
            (3, Kind::Bytes),
            (5, Kind::Bytes),
        ],
    )?;
    has_only(&last(bytes, 3)?, GROUP)?;
    let update = Update::parse(bytes.clone()).ok()?;
    if !is_legal_channel_id(update.channel_id()) {
        return None;
    }
    let detail = FormDetail::Channel(ChannelId::from(update.channel_id()));
    Some(Recognised::of(FileForm::ConfigUpdate, detail))
}

fn of_update_envelope(bytes: &Bytes) -> Option<Recognised> {
    has_only(bytes, &[(1, Kind::Bytes), (2, Kind::Bytes)])?;
    of_update(&last(bytes, 1)?)?;
    Some(bare(FileForm::ConfigUpdateEnvelope))
}

fn of_config_envelope(bytes: &Bytes) -> Option<Recognised> {
    has_only(bytes, &[(1, Kind::Bytes), (2, Kind::Bytes)])?;
    of_config(&ConfigEnvelope::parse(bytes).ok()?.config?)?;
    Some(bare(FileForm::ConfigEnvelope))
}

fn of_signature(bytes: &Bytes) -> Option<Recognised> {
    let both: &[_] = &[(1, Kind::Bytes), (2, Kind::Bytes)];
    has_only(bytes, both)?;
    let header = last(bytes, 1)?;
    has_only(&header, both)?;
    let creator = last(&header, 1)?;
    has_only(&creator, both)?;
    std::str::from_utf8(&last(&creator, 1)?).ok()?;
    (!last(bytes, 2)?.is_empty()).then(|| bare(FileForm::ConfigSignature))
}

fn of_group(bytes: &Bytes) -> Option<Recognised> {
    has_only(bytes, GROUP)?;
    let tree = ConfigTree::from_group(Sequence(0), bytes.clone()).ok()?;
    let root = tree.root()?;
    let is_organization = root.value("MSP").is_some();
    (is_organization || root.groups().len() > 0).then(|| bare(FileForm::ConfigGroup))
}

const fn bare(form: FileForm) -> Recognised {
    Recognised::of(form, FormDetail::None)
}

/// The wire type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bytes,
    Varint,
}

/// The fields of `common.Config`.
const CONFIG: &[(u32, Kind)] = &[(1, Kind::Varint), (2, Kind::Bytes)];

/// The fields of `common.ConfigGroup`.
const GROUP: &[(u32, Kind)] = &[
    (1, Kind::Varint),
    (2, Kind::Bytes),
    (3, Kind::Bytes),
    (4, Kind::Bytes),
    (5, Kind::Bytes),
];

/// `None` where the bytes are no message, or one with a field that is not listed.
fn has_only(message: &[u8], known: &[(u32, Kind)]) -> Option<()> {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next().ok()? {
        let kind = match field.wire {
            Wire::Bytes(_) => Kind::Bytes,
            Wire::Varint(_) => Kind::Varint,
            _ => return None,
        };
        if !known.contains(&(field.number, kind)) {
            return None;
        }
    }
    Some(())
}

/// The last field of this number, which must be there.
fn last(message: &Bytes, number: u32) -> Option<Bytes> {
    let mut fields = Fields::new(message);
    let mut found = None;
    while let Some(field) = fields.next().ok()? {
        if field.number == number {
            found = field.bytes();
        }
    }
    found.map(|bytes| message.slice_ref(bytes))
}

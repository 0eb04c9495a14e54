//! What an orderer organisation says of its nodes, signed by its admins and carried by others: it may
//! have nobody whom a peer lets call. Pure.
//!
//! The signed bytes are a `ConfigUpdate` of this channel that changes nothing and carries the statement
//! in its isolated data, so that `peer channel signconfigtx` signs it. No orderer can apply it. The
//! statement names instance, organisation, since when that is an orderer organisation, and a number,
//! so it is good for one place and once.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use crate::{
    ids::ChannelId,
    proto::{cmscc::AttestationStatement, common},
};

/// The key of a statement in the isolated data of a config update.
const ISOLATED: &str = "cmscc.attestation";

/// The one encoding of a statement: what is signed.
pub(crate) fn canonical(channel: &ChannelId, statement: &AttestationStatement) -> Bytes {
    let update = common::ConfigUpdate {
        channel_id: channel.to_string(),
        isolated_data: BTreeMap::from([(ISOLATED.to_owned(), statement.encode_to_vec().into())]),
        ..common::ConfigUpdate::default()
    };
    update.encode_to_vec().into()
}

/// The statement that a config update carries; `None` where it carries none.
pub(crate) fn read(config_update: &Bytes) -> Option<AttestationStatement> {
    let update = common::ConfigUpdate::decode(config_update.clone()).ok()?;
    AttestationStatement::decode(update.isolated_data.get(ISOLATED)?.clone()).ok()
}

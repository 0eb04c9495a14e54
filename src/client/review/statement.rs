//! What an orderer organisation says of its nodes, read from the bytes that are signed: no orderer could
//! apply them, and they are good for nothing else.

use bytes::Bytes;
use prost::Message;

use crate::{
    client::{ClientError, Exit},
    ids::{ChannelId, Digest},
    proto::{cmscc::AttestationStatement, common},
};

/// The key of a statement in the isolated data of a config update.
const ISOLATED: &str = "cmscc.attestation";

/// What a statement says, by its own bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedStatement {
    /// SHA-256 of the bytes that are signed.
    pub digest: Digest,
    /// The channel that it is for.
    pub channel: ChannelId,
    /// The instance of the contract that it is for.
    pub instance: String,
    /// The organisation of whose nodes it speaks.
    pub msp_id: String,
    /// Since which config that orders: the statement is good for no other time.
    pub since: u64,
    /// Its number: the next one takes its place.
    pub number: u64,
    /// The levels of the channel that all of its nodes support.
    pub channel_levels: Vec<String>,
    /// The levels of the Orderer group, likewise.
    pub orderer_levels: Vec<String>,
}

impl JudgedStatement {
    /// Reads the update that a file carries; `None` where it is no statement.
    ///
    /// # Errors
    /// `DIFFERENT_EFFECT` (unsafe) where the bytes say something else, too.
    // SECURITY: a config update that writes nothing, in the one encoding: nothing is hidden in it
    pub fn read(config_update: &Bytes) -> Option<Result<Self, ClientError>> {
        let update = common::ConfigUpdate::decode(config_update.clone()).ok()?;
        let said = update.isolated_data.get(ISOLATED)?;
        let canonical = AttestationStatement::decode(said.clone())
            .ok()
            .filter(|said| {
                let same = common::ConfigUpdate {
                    channel_id: update.channel_id.clone(),
                    isolated_data: [(ISOLATED.to_owned(), Bytes::from(said.encode_to_vec()))]
                        .into(),
                    ..common::ConfigUpdate::default()
                };
                same.encode_to_vec() == config_update[..]
            });
        let Some(said) = canonical else {
            let text = "it carries what an orderer organisation attests, and something else, too";
            let error = ClientError::new(Exit::Unsafe, "DIFFERENT_EFFECT", text);
            return Some(Err(error.hint("do not sign it")));
        };
        Some(Ok(Self {
            digest: Digest::of(config_update),
            channel: ChannelId::new(update.channel_id),
            instance: said.instance,
            msp_id: said.msp_id,
            since: said.since,
            number: said.number,
            channel_levels: said.channel,
            orderer_levels: said.orderer,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(said: &AttestationStatement) -> common::ConfigUpdate {
        common::ConfigUpdate {
            channel_id: "mychannel".to_owned(),
            isolated_data: [(ISOLATED.to_owned(), Bytes::from(said.encode_to_vec()))].into(),
            ..common::ConfigUpdate::default()
        }
    }

    #[test]
    fn a_statement_says_one_thing() {
        let said = AttestationStatement {
            msp_id: "OrdererMSP".to_owned(),
            channel: vec!["V3_0".to_owned()],
            number: 2,
            ..AttestationStatement::default()
        };
        let bytes = Bytes::from(update(&said).encode_to_vec());
        let judged = JudgedStatement::read(&bytes).unwrap().unwrap();
        assert_eq!((judged.msp_id.as_str(), judged.number), ("OrdererMSP", 2));
        assert_eq!(judged.channel_levels, ["V3_0"]);
        // a statement that hides an update is none
        let hiding = common::ConfigUpdate {
            write_set: Some(common::ConfigGroup::default()),
            ..update(&said)
        };
        let error = JudgedStatement::read(&hiding.encode_to_vec().into());
        assert_eq!(error.unwrap().unwrap_err().symbol, "DIFFERENT_EFFECT");
        // what carries none is something else
        let other = common::ConfigUpdate {
            channel_id: "mychannel".to_owned(),
            ..common::ConfigUpdate::default()
        };
        assert!(JudgedStatement::read(&other.encode_to_vec().into()).is_none());
    }
}

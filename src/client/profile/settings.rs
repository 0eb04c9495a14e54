//! What a command needs to know of the network.

use std::{path::PathBuf, time::Duration};

use super::PeerEndpoint;
use crate::{
    client::keys::IdentitySource,
    ids::{ChannelId, MspId},
};

/// What a command needs to know of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSettings {
    /// The profile's name, where one is used.
    pub profile: Option<String>,
    /// The channel.
    pub channel: ChannelId,
    /// The name of the contract's definition on the channel.
    pub chaincode: String,
    /// The MSP id of one's own organisation.
    pub msp_id: MspId,
    /// Where one's own certificate and key are.
    pub identity: IdentitySource,
    /// One's own peers, tried in order; at least one.
    pub peers: Vec<PeerEndpoint>,
    /// An orderer; only used where a command is told to go to the orderer itself.
    pub orderer: Option<PeerEndpoint>,
    /// Where the client keeps what it verified.
    pub state_dir: PathBuf,
    /// A file with a config block that is trusted.
    pub anchor: Option<PathBuf>,
    /// How long one call may take.
    pub timeout: Duration,
    /// How long connecting to one peer may take.
    pub connect_timeout: Duration,
}

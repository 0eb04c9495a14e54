//! One identity on one channel.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::peers::{ConnectionPool, Peers};
use crate::{
    client::{
        ClientError,
        keys::OwnIdentity,
        profile::{ClientSettings, PeerEndpoint},
    },
    ids::ChannelId,
};

/// The way to one's own peers, as one identity, on one channel. Cheap to clone; nobody is dialled before
/// the first call.
#[derive(Clone, Debug)]
pub struct PeerConnection {
    pub(super) peers: Arc<Peers>,
    /// Only for config updates that are sent to an orderer.
    pub(super) orderer: Option<PeerEndpoint>,
    pub(super) settings: Arc<ClientSettings>,
    identity: OwnIdentity,
}

impl PeerConnection {
    /// The connection that these settings describe. Nothing is dialled.
    ///
    /// # Errors
    /// `NO_PEER`, `BAD_ADDRESS`, `BAD_TLS_FILES`.
    pub fn new(settings: &ClientSettings, identity: OwnIdentity) -> Result<Self, ClientError> {
        Self::sharing(settings, identity, &ConnectionPool::default())
    }

    /// The same with connections that others may use, too.
    ///
    /// # Errors
    /// As of [`Self::new`].
    pub fn sharing(
        settings: &ClientSettings,
        identity: OwnIdentity,
        pool: &ConnectionPool,
    ) -> Result<Self, ClientError> {
        Ok(Self {
            peers: Peers::sharing(&settings.peers, settings, pool)?,
            orderer: settings.orderer.clone(),
            settings: Arc::new(settings.clone()),
            identity,
        })
    }

    /// The settings that it was made of.
    #[must_use]
    pub fn settings(&self) -> &ClientSettings {
        &self.settings
    }

    /// As whom it calls.
    #[must_use]
    pub const fn identity(&self) -> &OwnIdentity {
        &self.identity
    }

    /// On which channel.
    #[must_use]
    pub fn channel(&self) -> &ChannelId {
        &self.settings.channel
    }

    /// The name of the contract there.
    #[must_use]
    pub fn chaincode(&self) -> &str {
        &self.settings.chaincode
    }

    /// How long one call may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    /// When a call that begins now is late.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.timeout()
    }
}

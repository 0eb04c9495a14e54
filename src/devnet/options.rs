//! How a network is set up.

use std::{fmt, sync::Arc, time::Duration};

use super::{genesis::Levels, private::CollectionDefinition, tamper::Tamper};
use crate::{
    shim::{Observer, Quiet},
    stub::memory::PeerManner,
};

/// The endorsement policy of a chaincode definition that names none.
pub(super) const ENDORSEMENT: &str = "/Channel/Application/Endorsement";

/// How a network is set up.
#[derive(Clone)]
pub struct NetworkOptions {
    /// The name of the chaincode's definition.
    pub chaincode: String,
    /// The endorsement policy of its definition: an absolute name, or a rule of Fabric's language.
    pub endorsement: String,
    /// The collections of its definition.
    pub collections: Vec<CollectionDefinition>,
    /// The fields of each CouchDB index of its package: a rich query that sorts needs one that begins
    /// with its fields.
    pub indexes: Vec<Vec<String>>,
    /// Capability levels of new channels.
    pub levels: Levels,
    /// How the peers answer the chaincode servers: release, state database, limits.
    pub manner: PeerManner,
    /// Whether peers and chaincode servers speak mutual TLS.
    pub tls: bool,
    /// Hears what the chaincode servers do.
    pub observer: Arc<dyn Observer>,
    /// How long a block of what clients send waits for more: `BatchTimeout` of new channels.
    pub block_time: Duration,
    /// Where the config of new channels says that the ordering node listens, on loopback; `None`: at
    /// `orderer.example.com:7050`, where nobody is.
    pub orderer_port: Option<u16>,
    /// Changes what services answer; `None`: they tell the truth.
    pub tamper: Option<Arc<dyn Tamper>>,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self {
            chaincode: "cmscc".to_owned(),
            endorsement: ENDORSEMENT.to_owned(),
            collections: Vec::new(),
            indexes: Vec::new(),
            levels: Levels::default(),
            manner: PeerManner::default(),
            tls: true,
            observer: Arc::new(Quiet),
            block_time: Duration::from_millis(250),
            orderer_port: None,
            tamper: None,
        }
    }
}

impl fmt::Debug for NetworkOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkOptions")
            .field("chaincode", &self.chaincode)
            .field("endorsement", &self.endorsement)
            .field("collections", &self.collections)
            .field("indexes", &self.indexes)
            .field("levels", &self.levels)
            .field("manner", &self.manner)
            .field("tls", &self.tls)
            .field("block_time", &self.block_time)
            .field("orderer_port", &self.orderer_port)
            .finish_non_exhaustive()
    }
}

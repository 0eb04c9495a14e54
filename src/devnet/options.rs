//! How a network is set up.

use std::{fmt, sync::Arc};

use super::genesis::Levels;
use crate::{
    shim::{Observer, Quiet},
    stub::memory::PeerManner,
};

/// How a network is set up.
#[derive(Clone)]
pub struct NetworkOptions {
    /// The name of the chaincode's definition.
    pub chaincode: String,
    /// Capability levels of new channels.
    pub levels: Levels,
    /// How the peers answer the chaincode servers: release, state database, limits.
    pub manner: PeerManner,
    /// Whether peers and chaincode servers speak mutual TLS.
    pub tls: bool,
    /// Hears what the chaincode servers do.
    pub observer: Arc<dyn Observer>,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self {
            chaincode: "cmscc".to_owned(),
            levels: Levels::default(),
            manner: PeerManner::default(),
            tls: true,
            observer: Arc::new(Quiet),
        }
    }
}

impl fmt::Debug for NetworkOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkOptions")
            .field("chaincode", &self.chaincode)
            .field("levels", &self.levels)
            .field("manner", &self.manner)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

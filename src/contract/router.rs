//! From an invocation to a function of the contract.

use std::{fmt, sync::Arc};

use super::{
    Limits,
    anchors::{Anchors, Observer},
};
use crate::stub::{Chaincode, Invocation, Response, Stub};

/// The server's own settings. They can make a call fail; they never change an answer.
#[derive(Clone, Debug, Default)]
pub struct ContractSettings {
    /// Endorse a bootstrap without a trust anchor. For development.
    pub allow_unanchored: bool,
    /// How much one call may carry.
    pub limits: Limits,
}

/// The contract: serves every channel that its peers call it on.
pub struct Contract {
    settings: ContractSettings,
    anchors: Arc<dyn Anchors>,
    observer: Arc<dyn Observer>,
}

impl Contract {
    /// A contract with nothing cached.
    pub fn new(
        settings: ContractSettings,
        anchors: Arc<dyn Anchors>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self {
            settings,
            anchors,
            observer,
        }
    }
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contract")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Chaincode for Contract {
    async fn invoke<S: Stub>(&self, _invocation: &Invocation, _stub: &mut S) -> Response {
        let _ = (&self.anchors, &self.observer);
        Response {
            status: 500,
            message: String::new(),
            payload: Default::default(),
        }
    }
}

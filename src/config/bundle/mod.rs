//! A config with everything in it compiled, and which config may follow which.
//!
//! | file | holds |
//! |---|---|
//! | `values`, `duration` | the values that Fabric knows, read as it reads them |
//! | `sections`, `msp_pool`, `policies` | what Fabric demands of each group; the MSPs and policies in them |
//! | `compile`, `org` | the whole: [`Bundle`], and the organisations in it |
//! | `levels` | whether nodes of this build serve the levels that a config demands |
//! | `successor` | what may not change from one config to the next |

mod compile;
pub(super) mod duration;
mod error;
mod levels;
mod msp_pool;
mod org;
mod policies;
mod sections;
mod successor;
pub(crate) mod values;

pub use compile::Bundle;
pub use error::{BundleError, SuccessorError};
pub use levels::{LevelScope, check_peer_levels};
pub use org::{Org, Section};
pub use values::{BatchSize, ConsensusType, Consenter};

pub(in crate::config) use levels::unknown_levels;
pub(in crate::config) use sections::Orderer;

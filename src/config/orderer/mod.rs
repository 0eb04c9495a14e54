//! What orderers ask beyond what every node asks: of the envelopes that come in (`filters`), of the
//! consensus settings (`consensus`, and for each type `raft` and `bft`), and of a change from one
//! consensus type to another (`migration`). `releases` tells what older orderers would not take.

mod bft;
mod consensus;
mod error;
mod filters;
mod migration;
mod raft;
mod releases;

pub use bft::{block_validation, quorum};
pub use error::{ConsensusError, FilterError, MigrationError, OptionsError};
pub use filters::Filters;
pub use raft::ConsenterChange;

pub(crate) use bft::BFT;
pub(crate) use raft::{RAFT, RaftMetadata};

pub(in crate::config) use releases::only_for_3;

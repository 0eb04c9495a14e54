//! Blocks: hashes, metadata, signatures, and the trusted chain of config blocks.
//!
//! * [`Block`] and [`ConfigBlock`] are blocks as carried: decoded, not verified;
//! * [`verify`] checks a block's place in a chain and its signatures, as a peer does;
//! * [`advance`] goes from one config to the next, believing nobody.

mod advance;
mod config_block;
mod data;
mod error;
mod header;
mod metadata;
mod parse;
mod verify;

pub use advance::advance;
pub use config_block::ConfigBlock;
pub use data::{BlockDataError, data_hash, well_formed};
pub use error::BlockError;
pub use header::BlockHeader;
pub use metadata::{BlockMetadata, MetadataSignature};
pub use parse::Block;
pub use verify::{verify, verify_own_signatures, verify_signatures};

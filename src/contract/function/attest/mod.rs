//! What organisations say of their nodes: `members` for those who call themselves, and the table of it;
//! `statements` for orderer organisations, whose admins sign and others carry.

mod members;
mod statements;

pub(super) use members::level_names;
pub(crate) use members::{attest_capabilities, get_capabilities};
pub(crate) use statements::{add_attestation, prepare_attestation};

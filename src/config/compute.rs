//! The update that leads from one config to another.

use super::{error::ComputeError, tree::ConfigTree};
use crate::ids::ChannelId;

/// The serialized `common.ConfigUpdate` that leads from `original` to `updated`.
///
/// # Errors
/// [`ComputeError`].
pub fn compute_update(
    _channel: &ChannelId,
    _original: &ConfigTree,
    _updated: &ConfigTree,
) -> Result<Vec<u8>, ComputeError> {
    todo!()
}

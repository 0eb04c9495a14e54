//! The trusted chain of config blocks: from one config to the next, believing nobody.

use super::{config_block::ConfigBlock, error::BlockError, verify::verify_signatures};
use crate::config::{Bundle, LastUpdate, check_peer_levels};

/// The next config of a channel, if this block proves it: it is for this channel, its data is what
/// its header names, its signatures satisfy the BlockValidation policy of the config before, the
/// sequence is one more, and the config is the exact result of its last update, by the rules that
/// a peer checks. Block number and previous hash are claims that are not judged.
///
/// What is read and hashed on the way stays with the block: its update, and the digests of data,
/// config and update.
///
/// # Errors
/// [`BlockError`]: the first of these that fails; [`BlockError::Unsupported`] where the new config
/// demands levels that this build does not know.
pub fn advance(head: &Bundle, block: &ConfigBlock) -> Result<Bundle, BlockError> {
    if block.channel_id() != head.channel() {
        return Err(BlockError::WrongChannel {
            want: head.channel().clone(),
            got: block.channel_id().clone(),
        });
    }
    block.block().check_data_hash()?;
    verify_signatures(block.block(), head)?;
    let last_update = match block.update_envelope().zip(block.update()) {
        Some((carried, update)) => LastUpdate::Read(update, &carried.signatures),
        // there is no update, or it does not decode: validation says why, in its place
        None => LastUpdate::Carried(block.last_update()),
    };
    let next = head.validate(Some(block.tree().clone()), last_update)?;
    // before the config is compiled: by the rules of a level that we know it may not be valid
    check_peer_levels(&next).map_err(BlockError::Unsupported)?;
    Ok(head.next_at_peer(next)?)
}

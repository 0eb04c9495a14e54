//! What must never be proposed.

use crate::{
    client::{ClientError, Exit},
    files,
};

/// Refuses what holds a private key: whatever is proposed is read by all members, for ever. Nothing of it is
/// repeated. `what`: how people call it, such as a file.
///
/// # Errors
/// `PRIVATE_KEY` (usage).
// SECURITY: a channel forgets nothing
pub fn demand_no_key(what: &str, content: &[u8]) -> Result<(), ClientError> {
    if !files::holds_private_key(content) {
        return Ok(());
    }
    let text =
        format!("{what} holds a private key, and what is proposed is read by everybody, for ever");
    Err(ClientError::new(Exit::Usage, "PRIVATE_KEY", text)
        .hint("nothing of it was sent; name the certificate, and keep the key where it is"))
}

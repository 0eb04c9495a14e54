//! Updates in files: signed by one's own key, and compared with one's own chain where there is one.

use crate::{
    client::{
        ChainStore, ClientError, ClientSettings, Exit, OwnIdentity, VerifiedLink, host,
        update::FileConfig,
    },
    config::{Bundle, ConfigSignature, Update},
    ids::{ChannelId, Sequence},
    transaction::submission,
};

use super::sign::{check_digest, make, make_unjudged};

/// Signs an update that lies in a file. `bundle`: the config by which it was judged; without one the
/// signature is checked by the certificate alone. `digest`: what the person or script that decided was
/// shown.
///
/// # Errors
/// `DIGEST_DIFFERS` (unsafe) where that is not what would be signed; `NOT_SIGNED`.
pub fn sign_update(
    bundle: Option<&Bundle>,
    update: &Update,
    identity: &OwnIdentity,
    digest: &str,
) -> Result<ConfigSignature, ClientError> {
    check_digest(update.digest(), digest)?;
    match bundle {
        Some(bundle) => make(bundle, update.bytes(), identity),
        None => make_unjudged(update.bytes(), identity),
    }
}

/// The envelope around an update and these signatures, signed by who makes it: what
/// `peer channel signconfigtx` writes.
///
/// # Errors
/// `NOT_SIGNED`.
// Fabric: internal/peer/channel/create.go, sanityCheckAndSignConfigTx
pub fn signed_envelope(
    channel: &ChannelId,
    update: &Update,
    signatures: Vec<ConfigSignature>,
    identity: &OwnIdentity,
) -> Result<Vec<u8>, ClientError> {
    use prost::Message as _;
    let stamp = host::stamp()?;
    let envelope = submission(
        channel,
        update.bytes().clone(),
        signatures,
        identity,
        &stamp,
    );
    let envelope = envelope
        .map_err(|error| ClientError::new(Exit::Failed, "NOT_SIGNED", error.to_string()))?;
    Ok(envelope.encode_to_vec())
}

/// Compares a config that a file holds with the chain that this machine verified of the channel. Gives the
/// newest sequence of that chain; `None` where there is no chain.
///
/// # Errors
/// `FORK` (unsafe) where both have other configs of one sequence; `STALE_CONFIG` where this machine knows a
/// newer one.
// SECURITY: who hands over an update may hand over a config that makes it look good
pub fn compare_with_chain(
    settings: &ClientSettings,
    config: &FileConfig,
) -> Result<Option<Sequence>, ClientError> {
    let store = ChainStore::new(
        &settings.state_dir,
        settings.profile.as_deref(),
        &settings.channel,
    );
    let Some(chain) = store.load()? else {
        return Ok(None);
    };
    let (known, given) = (chain.sequence(), config.tree.sequence());
    if let Some(block) = &config.block {
        let who = format!("`{}`", config.name);
        chain.agrees(given, &VerifiedLink::of(block), &who)?;
    }
    if given < known {
        let text = format!(
            "`{}` has config {given} of channel `{}`, this machine has verified config {known}",
            config.name, settings.channel
        );
        return Err(ClientError::new(Exit::Stale, "STALE_CONFIG", text)
            .hint("peer channel fetch config config_block.pb"));
    }
    Ok(Some(known))
}

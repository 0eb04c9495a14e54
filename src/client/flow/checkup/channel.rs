//! One's own chain to the peer's config.

use super::{
    machine::place,
    patience::{FOLLOWING, PATIENCE, within},
};
use crate::{
    block::ConfigBlock,
    client::{
        ChainStore, ChannelSession, ClientError, ClientSettings, Exit, OwnIdentity, PeerConnection,
        VerifiedChain, doctor::ChannelFacts,
    },
    config::{Bundle, check_peer_levels},
};

/// Follows the channel, and gives the way to it where its config is known.
pub(super) async fn follow(
    settings: &ClientSettings,
    identity: OwnIdentity,
    chain: Option<VerifiedChain>,
) -> (ChannelFacts, Option<ChannelSession>) {
    let failed = |error: ClientError| ChannelFacts {
        config: Err(error),
        chain: None,
        levels: None,
    };
    let connection = match PeerConnection::new(settings, identity) {
        Ok(connection) => connection,
        Err(error) => return (failed(error), None),
    };
    let newest = match within(PATIENCE, connection.config_block()).await {
        Ok(newest) => newest,
        Err(error) => return (failed(error), None),
    };
    let channel = &settings.channel;
    let (config, levels) = match ConfigBlock::parse(newest.clone()) {
        Ok(block) => (
            Bundle::new(channel, block.tree().clone()).map_err(|error| unreadable(&error)),
            check_peer_levels(block.tree())
                .err()
                .map(|error| error.to_string()),
        ),
        Err(error) => (Err(unreadable(&error)), None),
    };
    let mut facts = ChannelFacts {
        config,
        chain: None,
        levels,
    };
    let store = ChainStore::new(&settings.state_dir, settings.profile.as_deref(), channel);
    let store = store.only_reading();
    let Some(chain) = chain else {
        // by the peer's word, so that the contract can be compared at least with that
        let chain = VerifiedChain::start(channel, newest).ok();
        let session = chain.map(|chain| ChannelSession::of(connection, store, chain));
        return (facts, session);
    };
    let mut session = ChannelSession::of(connection, store, chain);
    facts.chain = match within(FOLLOWING, session.catch_up(&|_| ())).await {
        Ok(()) => place(session.chain()).map(Ok),
        Err(error) => Some(Err(error)),
    };
    // what this machine verified counts, however far that is
    if facts.levels.is_none() {
        let tree = session.chain().bundle().tree().clone();
        facts.config = Bundle::new(channel, tree).map_err(|error| unreadable(&error));
    }
    (facts, Some(session))
}

fn unreadable(error: &dyn std::fmt::Display) -> ClientError {
    let text = format!("the peer's config block cannot be used: {error}");
    ClientError::new(Exit::Failed, "BAD_BLOCK", text)
}

//! This machine.

use std::collections::BTreeSet;

use crate::client::{
    ChainStore, ClientError, ClientSettings, FoundKey, KnownSettings, OwnCertificate, OwnIdentity,
    Setting, Survey, TokenPin, VerifiedChain,
    chain::StateFacts,
    doctor::{SettingsFacts, TrustFacts},
    flow::session::pinned,
};

/// What is known of one's own certificate, where one's own key is, and the identity of both.
pub(super) type OwnParts = (
    Option<Result<OwnCertificate, ClientError>>,
    Option<Result<FoundKey, ClientError>>,
    Option<OwnIdentity>,
);

/// What the settings say.
pub(super) fn settings(survey: &Survey) -> SettingsFacts {
    let known = &survey.known;
    let of = [Setting::Channel, Setting::MspId, Setting::PeerAddress];
    let places: BTreeSet<String> = (of.into_iter())
        .filter_map(|setting| survey.origins.of(setting))
        .map(ToString::to_string)
        .collect();
    let how = Setting::PeerAddress.how();
    let (no_peer, problems) = (survey.problems.iter().cloned())
        .partition::<Vec<ClientError>, _>(|one| one.hint.as_ref() == Some(&how));
    SettingsFacts {
        no_peer: no_peer.into_iter().find(|_| known.peers.is_empty()),
        problems,
        contradictions: survey.contradictions.clone(),
        is_empty: survey.is_empty(),
        channel: known.channel.clone(),
        chaincode: known.chaincode.clone(),
        msp_id: known.msp_id.clone(),
        places: places.into_iter().collect(),
    }
}

/// The settings of commands, where nothing is missing that they need.
pub(super) fn complete(known: &KnownSettings) -> Option<ClientSettings> {
    Some(ClientSettings {
        profile: known.profile.clone(),
        channel: known.channel.clone()?,
        chaincode: known.chaincode.clone(),
        msp_id: known.msp_id.clone()?,
        identity: known.identity.clone()?,
        peers: known.peers.clone(),
        orderer: known.orderer.clone(),
        state_dir: known.state_dir.clone()?,
        anchor: known.anchor.clone(),
        timeout: known.timeout,
        connect_timeout: known.connect_timeout,
    })
}

/// The store of the channel, which keeps nothing.
fn store(known: &KnownSettings) -> Option<ChainStore> {
    let (folder, channel) = (known.state_dir.as_ref()?, known.channel.as_ref()?);
    Some(ChainStore::new(folder, known.profile.as_deref(), channel).only_reading())
}

/// The state folder.
pub(super) fn state(survey: &Survey) -> Option<StateFacts> {
    Some(store(&survey.known)?.condition())
}

/// What is trusted of a channel, or why that cannot be told.
pub(super) type Trust = Option<Result<Option<TrustFacts>, ClientError>>;

/// What this machine trusts, with the chain itself.
pub(super) fn trust(survey: &Survey) -> (Trust, Option<VerifiedChain>) {
    let known = &survey.known;
    let (Some(store), Some(channel)) = (store(known), &known.channel) else {
        return (None, None);
    };
    match pinned(&store, known.anchor.as_deref(), channel) {
        Ok(Some(chain)) => (Some(Ok(place(&chain))), Some(chain)),
        Ok(None) => (Some(Ok(None)), None),
        Err(error) => (Some(Err(error)), None),
    }
}

/// Where a chain begins and ends.
pub(super) fn place(chain: &VerifiedChain) -> Option<TrustFacts> {
    let ((pin, _), (head, _)) = (chain.pin()?, chain.head()?);
    Some(TrustFacts { pin, head })
}

/// Who one is. `ask`: asks a person for the PIN of a token.
pub(super) fn identity(
    survey: &Survey,
    ask: &dyn Fn(&str) -> Result<Option<TokenPin>, ClientError>,
) -> OwnParts {
    let Some(source) = &survey.known.identity else {
        return (None, None, None);
    };
    let certificate = Some(source.certificate());
    let Some(msp_id) = &survey.known.msp_id else {
        return (certificate, None, None);
    };
    match OwnIdentity::find(msp_id, source, ask) {
        Ok((identity, key)) => (certificate, Some(Ok(key)), Some(identity)),
        Err(error) => (certificate, Some(Err(error)), None),
    }
}

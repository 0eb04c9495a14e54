//! One's own peers and the orderer, all at once.

use futures_util::future::join_all;

use super::patience::PATIENCE;
use crate::{
    client::{
        ClientSettings, KnownSettings, OwnIdentity, PeerConnection, PeerEndpoint,
        doctor::NodeFacts,
        network::{expected, probe_connection, probe_node},
    },
    crypto::pem,
    identity::Certificate,
};

/// Asks each node of the settings.
pub(super) async fn ask(
    known: &KnownSettings,
    caller: Option<&(ClientSettings, OwnIdentity)>,
) -> Vec<NodeFacts> {
    let peers = known.peers.iter().map(|peer| (peer, false));
    let orderer = known.orderer.iter().map(|orderer| (orderer, true));
    let asked = peers.chain(orderer);
    let asked = asked.map(|(node, is_orderer)| one(node, is_orderer, known, caller));
    join_all(asked).await
}

async fn one(
    node: &PeerEndpoint,
    is_orderer: bool,
    known: &KnownSettings,
    caller: Option<&(ClientSettings, OwnIdentity)>,
) -> NodeFacts {
    let patience = known.connect_timeout.min(PATIENCE);
    let probed = probe_connection(node, patience).await;
    let files = node.tls.as_ref();
    let roots = files.map(|files| certificates(&files.root_certs));
    let shown = files.and_then(|files| {
        let (chain, _) = files.client.as_ref()?;
        certificates(chain).into_iter().next()
    });
    let mut facts = NodeFacts {
        address: node.address.clone(),
        is_orderer,
        tls: node.tls.is_some(),
        name: expected(node),
        roots: roots.unwrap_or_default(),
        shown,
        reached: probed.reached,
        handshake: probed.handshake,
        answers: None,
    };
    let Some((settings, identity)) = caller else {
        return facts;
    };
    let settings = ClientSettings {
        peers: vec![node.clone()],
        timeout: settings.timeout.min(PATIENCE),
        ..settings.clone()
    };
    // who says nothing so far says nothing to calls either
    let speaks = !facts.tls || matches!(facts.handshake, Some(Ok(_)));
    if facts.reached.is_ok()
        && speaks
        && let Ok(connection) = PeerConnection::new(&settings, identity.clone())
    {
        facts.answers = Some(probe_node(&connection, is_orderer, PATIENCE).await);
    }
    facts
}

fn certificates(text: &[u8]) -> Vec<Certificate> {
    let blocks = pem::blocks(text);
    blocks
        .filter_map(|block| Certificate::from_der(block.content).ok())
        .collect()
}

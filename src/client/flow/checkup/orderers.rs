//! The orderers of the verified config, all at once.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::{net::lookup_host, time::timeout};

use super::patience::PATIENCE;
use crate::{
    client::{
        ClientSettings, ClientTlsFiles, OwnIdentity, PeerConnection, PeerEndpoint,
        doctor::{LATE, OrdererFacts, OrdererState, orderer_places},
        host,
        network::{probe_connection, probe_deliver},
    },
    config::{Bundle, Section},
    identity::Certificate,
    json::time_text,
};

/// Connects to each, and asks those for a block that show a TLS certificate of the channel's orderer
/// organisations.
// SECURITY: members choose these addresses. They are of a config that this machine verified, and few.
// Before TLS is made by the CAs of that config, nothing is sent that is one's own
pub(super) async fn ask(
    bundle: &Bundle,
    connect_timeout: Duration,
    caller: Option<(&ClientSettings, &OwnIdentity)>,
) -> Vec<OrdererFacts> {
    let patience = connect_timeout.min(PATIENCE);
    let roots = tls_roots(bundle);
    let asked = orderer_places(bundle).into_iter().map(async |place| {
        let (mut state, shows) = look(&place.address, patience).await;
        if state == OrdererState::Answers
            && shows.is_some()
            && let Some(caller) = caller
            && is_silent(&place.address, &roots, caller).await
        {
            state = OrdererState::Down("it takes calls, and does not answer them".to_owned());
        }
        OrdererFacts {
            shows,
            state,
            ..place
        }
    });
    join_all(asked).await
}

/// The TLS CAs of the orderer organisations, as peers trust them.
fn tls_roots(bundle: &Bundle) -> Vec<u8> {
    let orgs = bundle.orgs(Section::Orderer);
    let msps = orgs.filter_map(|org| bundle.msps().get(org.msp_id.as_str()));
    let certificates = msps.flat_map(|msp| {
        let (roots, intermediates) = msp.tls();
        roots.iter().chain(intermediates)
    });
    let pems: String = certificates.map(Certificate::pem).collect();
    pems.into_bytes()
}

/// Whether an orderer of these CAs takes a call and says nothing. Where no call is possible from here, it
/// is not known.
async fn is_silent(
    address: &str,
    root_certs: &[u8],
    (settings, identity): (&ClientSettings, &OwnIdentity),
) -> bool {
    // what one shows to one's peer one may be asked for by orderers, too
    let tls = settings.peers.first().and_then(|peer| peer.tls.as_ref());
    let node = PeerEndpoint {
        address: address.to_owned(),
        tls: Some(ClientTlsFiles {
            root_certs: root_certs.to_vec(),
            client: tls.and_then(|tls| tls.client.clone()),
        }),
        server_name: None,
    };
    let settings = ClientSettings {
        peers: vec![node],
        ..settings.clone()
    };
    match PeerConnection::new(&settings, identity.clone()) {
        Ok(connection) => !probe_deliver(&connection, PATIENCE).await,
        Err(_) => false,
    }
}

async fn look(address: &str, patience: Duration) -> (OrdererState, Option<Certificate>) {
    let found = timeout(patience, lookup_host(address)).await;
    if !found.is_ok_and(|found| found.is_ok_and(|mut all| all.next().is_some())) {
        return (OrdererState::NotFound, None);
    }
    let node = PeerEndpoint {
        address: address.to_owned(),
        tls: None,
        server_name: None,
    };
    let probed = probe_connection(&node, patience).await;
    let state = match (probed.reached, probed.handshake) {
        // whoever is there says that nobody listens
        (Err(why), _) if why.contains("refused") => OrdererState::Down(why),
        (Err(why), _) => OrdererState::NotReached(why),
        (Ok(()), Some(Err(why))) if why == LATE => {
            OrdererState::Down("it takes connections, and says nothing".to_owned())
        }
        (Ok(()), Some(Ok(handshake))) => {
            let shows = handshake.certificate.ok();
            let end = shows.as_ref().map(Certificate::not_after);
            let ended = end.filter(|end| *end < host::now().seconds);
            let state = match ended {
                Some(end) => {
                    let end = time_text(end).unwrap_or_default();
                    OrdererState::Down(format!("its TLS certificate ended at {end}"))
                }
                None => OrdererState::Answers,
            };
            return (state, shows);
        }
        // without TLS, as some networks are
        (Ok(()), _) => OrdererState::Answers,
    };
    (state, None)
}

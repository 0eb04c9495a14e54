//! The orderers of the verified config, all at once.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::{net::lookup_host, time::timeout};

use super::patience::PATIENCE;
use crate::{
    client::{
        PeerEndpoint,
        doctor::{LATE, OrdererFacts, OrdererState, orderer_places},
        host,
        network::probe_connection,
    },
    config::Bundle,
    identity::Certificate,
    json::time_text,
};

/// Connects to each, and sends nothing that is one's own.
// SECURITY: members choose these addresses. They are of a config that this machine verified, few, and
// nothing but the beginning of TLS goes there
pub(super) async fn ask(bundle: &Bundle, connect_timeout: Duration) -> Vec<OrdererFacts> {
    let patience = connect_timeout.min(PATIENCE);
    let asked = orderer_places(bundle).into_iter().map(async |place| {
        let (state, shows) = look(&place.address, patience).await;
        OrdererFacts {
            shows,
            state,
            ..place
        }
    });
    join_all(asked).await
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

//! When a server says that it is ready, and started.

use super::serving::{Serving, folder, until};
use crate::shim::peer::Peer;

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_id_is_said_until_a_peer_accepts_it() {
    let serving = Serving::start(&folder(), &[]);
    let address = serving.address.parse().unwrap();
    assert_eq!(serving.probe("/readyz"), (200, None));
    assert_eq!(serving.probe("/startupz"), (200, None));
    // a peer says nothing to an id that it does not know
    let _silent = Peer::dial(address, None).await.unwrap();
    let refused = (503, Some("registration_not_accepted".to_owned()));
    until("a refused registration", || {
        serving.probe("/readyz") == refused
    });
    assert_eq!(serving.probe("/startupz"), refused);
    assert_eq!(serving.metric("cmscc_registrations_unanswered_total"), 1);
    assert_eq!(serving.metric("cmscc_registrations_accepted_total"), 0);
    let _peer = Peer::ready(address).await;
    until("an accepted registration", || {
        serving.probe("/readyz") == (200, None)
    });
    assert_eq!(serving.probe("/startupz"), (200, None));
    assert_eq!(serving.metric("cmscc_registrations_accepted_total"), 1);
    assert_eq!(serving.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_have_series_while_they_are_open() {
    let serving = Serving::start(&folder(), &[]);
    let address = serving.address.parse().unwrap();
    let series = |stream: u64| {
        let (_, text) = serving.get("/metrics");
        text.contains(&format!(
            "cmscc_stream_transactions_in_flight{{stream=\"{stream}\"}} 0\n"
        ))
    };
    let first = Peer::ready(address).await;
    let _second = Peer::ready(address).await;
    until("both series", || series(1) && series(2));
    drop(first);
    until("one to go", || !series(1));
    assert!(series(2));
    assert_eq!(serving.stop().0, Some(0));
}

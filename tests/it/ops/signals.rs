//! What signals do.

use std::io::Read;

use cmscc::proto::protos::chaincode_message::Type;

use super::serving::{Serving, folder, until};
use crate::shim::peer::Peer;

/// A call that its peer leaves without an answer.
async fn hanging(serving: &Serving) -> Peer {
    let mut peer = Peer::ready(serving.address.parse().unwrap()).await;
    let asked = peer.call("t1", &["GetConfig"]).await;
    assert!([Type::GetState, Type::GetStateMultiple].contains(&asked.r#type()));
    peer
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_signal_drains_and_the_second_ends() {
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let mut serving = Serving::start(&folder(), &[("CMSCC_SHUTDOWN_GRACE", "3600")]);
        let _peer = hanging(&serving).await;
        serving.signal(name);
        let draining = (503, Some("shutting_down".to_owned()));
        until("draining", || serving.probe("/readyz") == draining);
        serving.signal(name);
        assert_eq!(serving.ended(), Some(code));
        let mut log = String::new();
        serving
            .log
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        assert!(log.contains("told to end again"), "{log}");
    }
}

#[test]
fn a_hang_up_kills_nothing() {
    let serving = Serving::start(&folder(), &[]);
    serving.signal("HUP");
    serving.signal("HUP");
    assert_eq!(serving.probe("/readyz"), (200, None));
    let (code, log) = serving.stop();
    assert_eq!(code, Some(0));
    assert!(log.contains("nothing to reload"), "{log}");
}

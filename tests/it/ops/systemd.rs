//! What systemd hears of a server. (Of an agent: `client/notified.rs`.)

use super::{
    notified::Notified,
    serving::{Serving, folder},
};

#[test]
fn a_service_manager_hears_that_the_server_is_ready_moves_and_ends() {
    let mut manager = Notified::new();
    let socket = manager.path();
    let variables = [
        ("NOTIFY_SOCKET", socket.to_str().unwrap()),
        ("WATCHDOG_USEC", "150000"),
    ];
    let mut serving = Serving::start(&folder(), &variables);
    assert_eq!(manager.next(), "READY=1", "before anything else");
    for _ in 0..2 {
        manager.until("WATCHDOG=1");
    }
    serving.signal("TERM");
    manager.until("STOPPING=1");
    assert_eq!(serving.ended(), Some(0));
}

#[test]
fn a_service_manager_shows_how_many_peers_there_are() {
    let mut manager = Notified::new();
    let socket = manager.path();
    let variables = [("NOTIFY_SOCKET", socket.to_str().unwrap())];
    let serving = Serving::start(&folder(), &variables);
    // what comes before it is up is not that
    let status = manager.until("STATUS=serving");
    assert_eq!(status, "STATUS=serving: 0 streams of peers, 0 channels");
    assert_eq!(serving.stop().0, Some(0));
}

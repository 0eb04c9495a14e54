//! What the handler does as time passes: deadlines, and the end of the server.

use std::time::Duration;

use cmscc::{
    proto::protos::chaincode_message::Type,
    shim::{Closing, Ending, Handler, ServerLimits, SessionEvent, StateRequest, Timeouts},
};

use super::{
    handler::{events, kinds, only, outcome, ready_handler, running, sent, start},
    messages::{key, message, ready, response, text, transaction},
};

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// The stream is over, and what ran was given up with this code.
fn gave_up(handler: &mut Handler, code: &str) {
    assert!(text(&only(sent(handler))).contains(code));
    let events = events(handler);
    let [SessionEvent::Ended { .. }, SessionEvent::Closed(why)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(*why, Closing::ShutDown);
}

#[test]
fn a_peer_has_to_accept_the_registration_in_time_and_to_become_ready() {
    let within = Timeouts::default().register;
    for registered in [false, true] {
        let mut handler = Handler::new("cc_1:00", ServerLimits::default(), Timeouts::default());
        if registered {
            handler.handle_message(Duration::ZERO, message(Type::Registered));
        }
        assert_eq!(handler.poll_timeout(), Some(within));
        handler.handle_timeout(within - Duration::from_millis(1));
        assert!(handler.poll_event().is_none());
        handler.handle_timeout(within);
        let SessionEvent::Closed(reason) = only(events(&mut handler)) else {
            panic!("not closed");
        };
        let reason = reason.to_string();
        assert!(
            reason.contains("`cc_1:00`") && reason.contains("CHAINCODE_ID"),
            "{reason}"
        );
    }
}

#[test]
fn a_call_that_takes_too_long_is_answered_with_what_it_waits_for() {
    let get = StateRequest::Get {
        collection: None,
        key: "k".to_owned(),
        to: (),
    };
    let mut handler = running(None);
    let limit = Timeouts::default().call;
    let at = seconds(3);
    handler.handle_message(at, transaction("u", &["f"]));
    handler.handle_message(at, transaction("v", &["f"]));
    let _ = events(&mut handler);
    handler.handle_request(&key("t"), get);
    handler.handle_outcome(&key("v"), outcome(200, &[("k", Some("v"))]));
    let _ = sent(&mut handler);
    assert_eq!(handler.poll_timeout(), Some(limit));
    handler.handle_timeout(limit);
    let told = text(&only(sent(&mut handler)));
    assert!(told.starts_with("Code 500: TIMED_OUT: "), "{told}");
    assert!(
        told.contains("25 s") && told.contains("GET_STATE"),
        "{told}"
    );
    assert_eq!(handler.poll_timeout(), Some(limit + at));
    handler.handle_timeout(limit + at);
    let told: Vec<String> = sent(&mut handler).iter().map(text).collect();
    assert!(told[0].contains("computing"), "{told:?}");
    assert!(told[1].contains("take its writes"), "{told:?}");
    let ended = events(&mut handler).into_iter().filter(|event| {
        matches!(
            event,
            SessionEvent::Ended {
                ending: Ending::Failed { code: "TIMED_OUT" },
                ..
            }
        )
    });
    assert_eq!(ended.count(), 3);
    // the stream goes on, and the places are free once the chaincode is done with them
    assert_eq!(handler.poll_timeout(), None);
    assert_eq!(handler.transactions(), 2);
    handler.handle_panic(&key("t"));
    handler.handle_panic(&key("u"));
    assert_eq!(handler.transactions(), 0);
    start(&mut handler, "t");
}

#[test]
fn a_call_of_the_same_name_has_a_time_of_its_own() {
    let mut handler = running(None);
    handler.handle_outcome(&key("t"), outcome(200, &[]));
    assert_eq!(
        handler.poll_timeout(),
        None,
        "nothing is kept of what is over"
    );
    handler.handle_message(seconds(7), transaction("t", &["f"]));
    let limit = Timeouts::default().call;
    assert_eq!(handler.poll_timeout(), Some(limit + seconds(7)));
}

#[test]
fn a_shutdown_closes_an_idle_stream_at_once() {
    let mut idle = ready_handler(None, ServerLimits::default());
    idle.handle_shutdown(seconds(9));
    assert!(matches!(
        only(events(&mut idle)),
        SessionEvent::Closed(Closing::ShutDown)
    ));
}

#[test]
fn a_shutdown_takes_calls_for_a_moment_and_closes_when_nothing_runs() {
    let mut handler = running(None);
    handler.handle_shutdown(seconds(60));
    handler.handle_message(seconds(60), transaction("late", &["f"]));
    assert!(matches!(
        only(events(&mut handler)),
        SessionEvent::Started { .. }
    ));
    handler.handle_message(seconds(61), transaction("later", &["f"]));
    assert!(text(&only(sent(&mut handler))).contains("SHUTTING_DOWN"));
    assert!(matches!(
        only(events(&mut handler)),
        SessionEvent::Refused { .. }
    ));
    handler.handle_outcome(&key("late"), outcome(200, &[]));
    handler.handle_outcome(&key("t"), outcome(200, &[("k", Some("v"))]));
    assert_eq!(kinds(&mut handler), [Type::Completed, Type::PutState]);
    assert!(matches!(
        only(events(&mut handler)),
        SessionEvent::Ended { .. }
    ));
    handler.handle_message(seconds(62), response("t", ""));
    assert_eq!(kinds(&mut handler), [Type::Completed]);
    assert!(matches!(
        events(&mut handler)[..],
        [
            SessionEvent::Ended { .. },
            SessionEvent::Closed(Closing::ShutDown)
        ]
    ));
}

#[test]
fn a_shutdown_does_not_wait_for_what_is_stuck() {
    // it has run for long already: only new calls are waited for
    let mut handler = running(None);
    handler.handle_shutdown(seconds(10));
    assert_eq!(handler.poll_timeout(), Some(seconds(11)));
    handler.handle_timeout(seconds(11));
    gave_up(&mut handler, "SHUTTING_DOWN");
    // it has just begun
    let mut handler = running(None);
    handler.handle_shutdown(Duration::ZERO);
    assert_eq!(handler.poll_timeout(), Some(seconds(5)));
    handler.handle_timeout(seconds(5));
    gave_up(&mut handler, "SHUTTING_DOWN");
}

#[test]
fn a_shutdown_gives_up_at_the_end_of_its_grace() {
    let short = Timeouts {
        shutdown_grace: seconds(2),
        ..Timeouts::default()
    };
    let mut handler = Handler::new("cc_1:00", ServerLimits::default(), short);
    handler.handle_message(Duration::ZERO, message(Type::Registered));
    handler.handle_message(Duration::ZERO, ready(None));
    let _ = (sent(&mut handler), events(&mut handler));
    start(&mut handler, "t");
    handler.handle_shutdown(Duration::ZERO);
    assert_eq!(handler.poll_timeout(), Some(seconds(2)));
    handler.handle_timeout(seconds(2));
    gave_up(&mut handler, "SHUTTING_DOWN");
}

#[test]
fn what_other_streams_hold_leaves_each_its_share() {
    let limits = ServerLimits {
        streams: 4,
        server_bytes: 4_000,
        transaction_bytes: 2_500,
        ..ServerLimits::default()
    };
    let large = |size: usize| transaction("t", &["f", &"x".repeat(size)]);
    for (others, size, taken) in [
        (0, 2_000, true),
        (0, 2_500, false),
        (3_000, 2_000, false),
        (3_000, 500, true),
        // more than there is: the share is still there
        (9_000, 500, true),
        (9_000, 1_000, false),
    ] {
        let mut handler = ready_handler(None, limits);
        handler.handle_others(others);
        handler.handle_message(Duration::ZERO, large(size));
        let event = only(events(&mut handler));
        let started = matches!(event, SessionEvent::Started { .. });
        assert_eq!(started, taken, "{others}, {size}: {event:?}");
        if !taken {
            assert!(text(&only(sent(&mut handler))).contains("TOO_MANY_TRANSACTION_BYTES"));
        }
    }
}

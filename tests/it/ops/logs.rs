//! A log that cannot be written, or is not read, costs lines and nothing else.

use std::io::{BufRead, Read};

use cmscc::proto::protos::{ChaincodeMessage, chaincode_message::Type};

use super::serving::{Serving, folder, until};
use crate::shim::peer::Peer;

#[test]
fn a_full_disk_costs_lines_only() {
    let serving = Serving::with_full_disk(&folder());
    serving.signal("HUP");
    until("lost lines", || {
        serving.metric("cmscc_log_lines_dropped_total{reason=\"failed\"}") >= 2
    });
    assert!(serving.get("/livez").0.contains("200"));
    assert_eq!(serving.stop().0, Some(0));
}

#[test]
fn a_closed_pipe_costs_lines_only() {
    let mut serving = Serving::start(&folder(), &[]);
    drop(serving.log.take());
    serving.signal("HUP");
    until("lost lines", || {
        serving.metric("cmscc_log_lines_dropped_total{reason=\"failed\"}") >= 1
    });
    assert_eq!(serving.stop().0, Some(0));
}

/// Nobody reads the log while this many calls are made, which fill a pipe several times.
const CALLS: usize = 2_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_not_read_holds_up_nothing() {
    let mut serving = Serving::start(&folder(), &[]);
    let mut peer = Peer::ready(serving.address.parse().unwrap()).await;
    for n in 0..CALLS {
        peer.call(&format!("t{n}"), &["Fly"]).await;
    }
    let unread = serving.log.take();
    assert!(serving.get("/livez").0.contains("200"));
    serving.signal("TERM");
    assert_eq!(serving.ended(), Some(0));
    drop(unread);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_message_makes_short_lines_and_few_of_them() {
    let mut serving = Serving::start(&folder(), &[]);
    let mut peer = Peer::ready(serving.address.parse().unwrap()).await;
    let stray = |txid: String| ChaincodeMessage {
        r#type: Type::Response.into(),
        txid,
        channel_id: "mychannel".to_owned(),
        ..ChaincodeMessage::default()
    };
    peer.send(stray("a\u{1b}[2J\n".repeat(150))).await;
    for n in 0..500 {
        peer.send(stray(format!("t{n}"))).await;
    }
    until("all messages", || {
        serving.metric("cmscc_stray_messages_total") == 501
    });
    let mut log = serving.log.take().unwrap();
    let (mut lines, mut more) = (0, false);
    while !more {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0);
        assert!(line.len() < 8_192, "{} bytes", line.len());
        lines += usize::from(line.contains("\"message ignored\",\""));
        more = line.contains("and 491 more like this in ");
    }
    assert_eq!(
        lines, 11,
        "ten of them, and the one that says how many more"
    );
    serving.signal("TERM");
    log.read_to_string(&mut String::new()).unwrap();
    assert_eq!(serving.ended(), Some(0));
}

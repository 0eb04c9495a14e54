//! `cmscc health`

use std::net::TcpListener;

use serde_json::Value;

use super::serving::{Serving, command, folder, until};
use crate::shim::peer::Peer;

/// Exit code and output.
fn health(address: &str, more: &[&str]) -> (Option<i32>, String) {
    let args = [&["health", "--ops-address", address], more].concat();
    let out = command(&folder(), &args, &[]).output().unwrap();
    let text = [out.stdout, out.stderr].concat();
    (out.status.code(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_asked_how_it_is() {
    let serving = Serving::start(&folder(), &[("CMSCC_OPS_ADDRESS", "0.0.0.0:0")]);
    let wildcard = serving.operations.clone();
    assert!(wildcard.starts_with("0.0.0.0:"));
    let (code, text) = health(&wildcard, &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.starts_with("well: 127.0.0.1:") && text.ends_with("/readyz\n"),
        "{text}"
    );
    let variable = [("CMSCC_OPS_ADDRESS", wildcard.as_str())];
    let out = command(&folder(), &["health", "--live", "--json"], &variable).output();
    let report: Value = serde_json::from_slice(&out.unwrap().stdout).unwrap();
    assert_eq!(report["healthy"], true);
    assert_eq!(report["path"], "/livez");

    let _silent = Peer::dial(serving.address.parse().unwrap(), None).await;
    until("a refused registration", || {
        serving.probe("/readyz").0 == 503
    });
    let (code, text) = health(&wildcard, &["--json"]);
    assert_eq!(code, Some(1));
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["healthy"], false);
    assert_eq!(report["status"], 503);
    assert_eq!(report["reason"], "registration_not_accepted");
    assert_eq!(serving.stop().0, Some(0));
    let (code, text) = health(&wildcard, &[]);
    assert_eq!(code, Some(1));
    assert!(text.starts_with("not well: 127.0.0.1:"), "{text}");
}

#[test]
fn there_is_a_deadline_and_usage_is_checked() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let (code, text) = health(&address, &["--timeout", "1"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("no answer within 1 s"), "{text}");
    let (code, text) = health("http://h:1", &["--timeout", "0"]);
    assert_eq!(code, Some(2));
    assert!(
        text.contains("--ops-address") && text.contains("--timeout"),
        "{text}"
    );
    assert_eq!(health(&address, &["--fly"]).0, Some(2));
}

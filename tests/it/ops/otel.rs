//! Calls as spans, to a small collector.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc,
    thread,
};

use cmscc::proto::protos::chaincode_message::Type;
use serde_json::Value;

use super::serving::{DEADLINE, Serving, folder, until};
use crate::shim::peer::Peer;

/// A transaction id as peers make them.
const TX_ID: &str = "5c0c27f1d2b14a6e9f3bb0a7c3d94e60d1e8a9b27c654f308e1d2c3b4a596877";

/// Answers every request so; the paths and documents that came.
fn collector(status: &'static str) -> (String, mpsc::Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let path = line.split(' ').nth(1).unwrap().to_owned();
            let mut length = 0;
            loop {
                line.clear();
                reader.read_line(&mut line).unwrap();
                if line == "\r\n" {
                    break;
                }
                if let Some((name, value)) = line.split_once(": ")
                    && name.eq_ignore_ascii_case("content-length")
                {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}");
            stream.write_all(answer.as_bytes()).unwrap();
            let document = serde_json::from_slice(&body).unwrap();
            if sender.send((path, document)).is_err() {
                return;
            }
        }
    });
    (address, receiver)
}

async fn called(serving: &Serving) {
    let mut peer = Peer::ready(serving.address.parse().unwrap()).await;
    let answer = peer.call(TX_ID, &["NoSuchFunction"]).await;
    assert_eq!(answer.r#type(), Type::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_told_as_a_span() {
    let (address, told) = collector("200 OK");
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", address.as_str()),
        ("OTEL_SERVICE_NAME", "cmscc-org1"),
    ];
    let serving = Serving::start(&folder(), &variables);
    called(&serving).await;
    let (path, document) = told.recv_timeout(DEADLINE).unwrap();
    assert_eq!(path, "/v1/traces");
    let resource = &document["resourceSpans"][0];
    let name = &resource["resource"]["attributes"][0];
    assert_eq!(name["value"]["stringValue"], "cmscc-org1");
    let span = &resource["scopeSpans"][0]["spans"][0];
    assert_eq!(span["traceId"], TX_ID[..32]);
    assert_eq!(span["name"], "other", "not what a client chose");
    let attributes = span["attributes"].as_array().unwrap();
    let value = |key: &str| {
        let found = attributes.iter().find(|attribute| attribute["key"] == key);
        found.unwrap()["value"]["stringValue"].clone()
    };
    assert_eq!(value("fabric.tx_id"), TX_ID);
    assert_eq!(value("cmscc.code"), "UNKNOWN_FUNCTION");
    assert_eq!(span["status"], serde_json::json!({}), "the caller's fault");
    until("the count", || {
        serving.metric("cmscc_spans_total{result=\"sent\"}") == 1
    });
    assert_eq!(serving.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_refuses_or_is_not_there_costs_spans_alone() {
    let (refusing, _told) = collector("503 Service Unavailable");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    for address in [refusing, gone] {
        let serving = Serving::start(&folder(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", &*address)]);
        called(&serving).await;
        until("the count", || {
            serving.metric("cmscc_spans_total{result=\"failed\"}") == 1
        });
        assert_eq!(serving.probe("/readyz"), (200, None));
        let (code, log) = serving.stop();
        assert_eq!(code, Some(0));
        assert!(log.contains("spans cannot be sent"), "{log}");
    }
}

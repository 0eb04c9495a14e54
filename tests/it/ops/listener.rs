//! The operations listener, whatever its clients do.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;

use super::serving::{DEADLINE, Serving, folder};

#[test]
fn half_a_request_holds_up_no_shutdown() {
    let serving = Serving::start(&folder(), &[]);
    let mut half = TcpStream::connect(&serving.operations).unwrap();
    half.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
        .unwrap();
    let mut body = TcpStream::connect(&serving.operations).unwrap();
    body.write_all(b"PUT /logspec HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
        .unwrap();
    assert!(serving.get("/livez").0.contains("200"));
    assert_eq!(serving.stop().0, Some(0));
}

#[test]
fn silent_connections_are_closed_and_keep_nobody_out() {
    let serving = Serving::start(&folder(), &[]);
    let silent: Vec<TcpStream> = (0..200)
        .map(|_| TcpStream::connect(&serving.operations).unwrap())
        .collect();
    assert!(serving.get("/livez").0.contains("200"));
    for mut stream in silent {
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        // an answer that says so may come first, or the connection is reset
        let mut rest = Vec::new();
        match stream.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        }
    }
    assert_eq!(serving.stop().0, Some(0));
}

#[test]
fn metrics_come_in_the_form_that_is_accepted() {
    let serving = Serving::start(&folder(), &[]);
    let ask = |accept: &str| {
        serving.ask(&format!(
            "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
        ))
    };
    let (head, body) = ask("*/*");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    assert!(body.contains("# TYPE cmscc_stray_messages_total counter\n"));
    assert!(!body.contains("# EOF") && !body.contains("# UNIT"));
    let (head, body) = ask("application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.5");
    assert!(head.contains("application/openmetrics-text"), "{head}");
    assert!(body.contains("# TYPE cmscc_stray_messages counter\n"));
    assert!(body.ends_with("# EOF\n"));
}

#[test]
fn the_log_filter_is_shown_and_changed() {
    let serving = Serving::start(&folder(), &[]);
    let put = |body: &str| {
        let length = body.len();
        serving.ask(&format!(
            "PUT /logspec HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ))
    };
    assert_eq!(serving.get("/logspec").1, "{\"spec\":\"info\"}");
    assert!(put("{\"spec\":\"warn,cmscc=debug\"}").0.contains(" 204 "));
    assert_eq!(serving.get("/logspec").1, "{\"spec\":\"warn,cmscc=debug\"}");
    for bad in ["{\"spec\":\"loud\"}", "{\"level\":\"info\"}", "info"] {
        let (head, body) = put(bad);
        assert!(head.contains(" 400 "), "{head}");
        let error: Value = serde_json::from_str(&body).unwrap();
        assert!(error["error"].is_string(), "{body}");
    }
    assert_eq!(serving.get("/logspec").1, "{\"spec\":\"warn,cmscc=debug\"}");
    let (head, _) = serving.ask("DELETE /logspec HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(
        head.contains(" 405 ") && head.contains("GET, HEAD, PUT"),
        "{head}"
    );
    assert!(put("{\"spec\":\"error\"}").0.contains(" 204 "));
    let (code, log) = serving.stop();
    assert_eq!(code, Some(0));
    assert!(log.contains("the log filter was changed"), "{log}");
    assert!(!log.contains("stopped"), "an INFO line: {log}");
}

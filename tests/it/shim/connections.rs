//! Connections: how many there may be, how long they may be silent, and what is said of them.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use cmscc::{
    proto::protos::chaincode_message::Type,
    shim::{
        Closing, ConnectionRefusal, Observer, ServerLimits, ShimSettings, StreamId, Timeouts, Tls,
        TlsSwitch, server::serve,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use super::{
    demo::Demo,
    messages::kind,
    peer::{Peer, soon},
    server::certificates,
};

#[derive(Default)]
struct Refusals {
    all: Mutex<Vec<(String, ConnectionRefusal)>>,
    open: Mutex<usize>,
    streams: Mutex<BTreeSet<StreamId>>,
    moved: Notify,
}

impl Refusals {
    fn last(&self) -> Option<ConnectionRefusal> {
        self.all.lock().unwrap().last().map(|(_, why)| why.clone())
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        soon(what, async {
            loop {
                let moved = self.moved.notified();
                if holds(self) {
                    return;
                }
                moved.await;
            }
        })
        .await;
    }
}

impl Observer for Refusals {
    fn connection_refused(&self, address: &str, refusal: &ConnectionRefusal) {
        let line = (address.to_owned(), refusal.clone());
        self.all.lock().unwrap().push(line);
        self.moved.notify_waiters();
    }

    fn stream_opened(&self, stream: StreamId, _: &str) {
        self.streams.lock().unwrap().insert(stream);
    }

    fn stream_closed(&self, stream: StreamId, _: &Closing) {
        self.streams.lock().unwrap().remove(&stream);
        self.moved.notify_waiters();
    }

    fn connections(&self, open: usize, _: usize) {
        *self.open.lock().unwrap() = open;
        self.moved.notify_waiters();
    }
}

struct Server {
    address: SocketAddr,
    refusals: Arc<Refusals>,
    shutdown: CancellationToken,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Server {
    async fn start(settings: ShimSettings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let refusals = Arc::new(Refusals::default());
        let shutdown = CancellationToken::new();
        let (observer, token) = (Arc::clone(&refusals), shutdown.clone());
        tokio::spawn(async move {
            let served = serve(listener, Arc::new(Demo), settings, observer, token);
            served.await.unwrap();
        });
        Self {
            address,
            refusals,
            shutdown,
        }
    }

    async fn dial(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

/// Waits for the other side to close the connection, whatever it says before.
async fn closed(mut stream: TcpStream) {
    soon("the end of the connection", async {
        let mut bytes = [0; 1_024];
        loop {
            match stream.read(&mut bytes).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return,
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await;
}

fn settings() -> ShimSettings {
    ShimSettings::new("cc_1:00")
}

fn soon_silent() -> ShimSettings {
    ShimSettings {
        timeouts: Timeouts {
            connection: Duration::from_secs(2),
            ..Timeouts::default()
        },
        ..settings()
    }
}

#[tokio::test]
async fn a_connection_without_a_stream_is_closed() {
    let server = Server::start(soon_silent()).await;
    // nothing; half a preface; a preface and settings; half a request
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let half = [preface.as_slice(), b"\0\x01\0\x01\0\0\0\0\x01\x83"].concat();
    for bytes in [&[][..], &preface[..7], preface, &half] {
        let mut stream = server.dial().await;
        stream.write_all(bytes).await.unwrap();
        closed(stream).await;
        let last = server.refusals.last().unwrap();
        assert_eq!(last.reason(), "silent", "{bytes:?}: {last}");
    }
    let refusals = &server.refusals;
    refusals
        .until("free places", |r| *r.open.lock().unwrap() == 0)
        .await;
}

/// A client that opens a window of nothing is never sent a message, so its stream is never ready.
#[tokio::test]
async fn a_stream_that_takes_no_message_does_not_keep_its_connection() {
    let server = Server::start(soon_silent()).await;
    let mut stream = server.dial().await;
    // SETTINGS: SETTINGS_INITIAL_WINDOW_SIZE 0
    let mut bytes =
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0".to_vec();
    // by HPACK's own table: `:method POST`, `:scheme http`, `:path`, `:authority`, `content-type`
    let mut headers = vec![0x83, 0x86];
    for (name, value) in [
        (&b"\x04"[..], "/protos.Chaincode/Connect"),
        (b"\x01", "localhost"),
        (b"\x0f\x10", "application/grpc"),
    ] {
        headers.extend_from_slice(name);
        headers.push(u8::try_from(value.len()).unwrap());
        headers.extend_from_slice(value.as_bytes());
    }
    let length = u8::try_from(headers.len()).unwrap();
    bytes.extend([0, 0, length, 0x01, 0x04, 0, 0, 0, 1]);
    bytes.extend(headers);
    stream.write_all(&bytes).await.unwrap();
    closed(stream).await;
    assert_eq!(server.refusals.last().unwrap().reason(), "silent");
    assert!(server.refusals.streams.lock().unwrap().is_empty());
}

/// HTTP/2 does not read while what it has to say does not go out.
#[tokio::test]
async fn a_client_that_only_pings_and_never_reads_is_closed() {
    let server = Server::start(soon_silent()).await;
    let mut stream = server.dial().await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    stream.write_all(preface).await.unwrap();
    let pings = b"\0\0\x08\x06\0\0\0\0\0ABCDEFGH".repeat(1_000);
    let one = Duration::from_millis(100);
    while let Ok(Ok(())) = timeout(one, stream.write_all(&pings)).await {}
    closed(stream).await;
    assert_eq!(server.refusals.last().unwrap().reason(), "silent");
}

#[tokio::test]
async fn one_address_does_not_get_all_streams() {
    let server = Server::start(ShimSettings {
        limits: ServerLimits {
            streams_per_address: 1,
            ..ServerLimits::default()
        },
        ..settings()
    })
    .await;
    let peer = Peer::ready(server.address).await;
    let refused = Peer::dial(server.address, None).await.err().unwrap();
    assert!(refused.contains("streams of this address"), "{refused}");
    drop(peer);
    let refusals = &server.refusals;
    let free = |r: &Refusals| r.streams.lock().unwrap().is_empty();
    refusals.until("a free place", free).await;
    Peer::ready(server.address).await;
}

#[tokio::test]
async fn a_connection_with_a_stream_stays() {
    let server = Server::start(soon_silent()).await;
    let mut peer = Peer::ready(server.address).await;
    let silent = server.dial().await;
    closed(silent).await;
    let later = server.dial().await;
    closed(later).await;
    let done = peer.call("t", &["echo", "still here"]).await;
    assert_eq!(kind(&done), Type::Completed);
}

#[tokio::test]
async fn silent_handshakes_are_given_up() {
    let (_, certificate, key) = certificates();
    let tls = Tls {
        certificate: certificate.into_bytes(),
        key: key.into_bytes(),
        client_ca: None,
        allowed_clients: None,
    };
    let server = Server::start(ShimSettings {
        tls: Some(TlsSwitch::new(&tls).unwrap()),
        ..soon_silent()
    })
    .await;
    for bytes in [&[][..], b"\x16\x03\x01\x02\0\x01\0"] {
        let mut stream = server.dial().await;
        stream.write_all(bytes).await.unwrap();
        closed(stream).await;
        let last = server.refusals.last().unwrap();
        assert_eq!(last.reason(), "silent", "{last}");
    }
}

#[tokio::test]
async fn so_many_connections_and_no_more() {
    let limits = |connections, connections_per_address| ShimSettings {
        limits: ServerLimits {
            connections,
            connections_per_address,
            ..ServerLimits::default()
        },
        ..settings()
    };
    for (settings, reason) in [(limits(2, 9), "full"), (limits(9, 2), "full_of_address")] {
        let server = Server::start(settings).await;
        let held = (server.dial().await, server.dial().await);
        closed(server.dial().await).await;
        assert_eq!(server.refusals.last().unwrap().reason(), reason);
        drop(held);
        let refusals = &server.refusals;
        refusals
            .until("free places", |r| *r.open.lock().unwrap() == 0)
            .await;
        let mut peer = Peer::ready(server.address).await;
        assert_eq!(kind(&peer.call("t", &["echo", ""]).await), Type::Completed);
    }
}

#[tokio::test]
async fn a_failed_handshake_is_told_with_its_likely_cause() {
    let (ca, certificate, key) = certificates();
    let (_, other_certificate, other_key) = certificates();
    let tls = Tls {
        certificate: certificate.clone().into_bytes(),
        key: key.clone().into_bytes(),
        client_ca: Some(ca.clone().into_bytes()),
        allowed_clients: Some([cmscc::ids::Digest::of(b"another")].into()),
    };
    let server = Server::start(ShimSettings {
        tls: Some(TlsSwitch::new(&tls).unwrap()),
        ..settings()
    })
    .await;
    let trust = |ca: &str| ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca));
    let of = |certificate: &str, key: &str| Identity::from_pem(certificate, key);
    let (other_ca, ..) = certificates();
    for (client, reason, words) in [
        (None, "handshake", "--server-ca"),
        (
            Some(trust(&ca)),
            "handshake",
            "showed no certificate: its package has none (--peer-cert, --peer-key), or has one of no CA in \
             CHAINCODE_CLIENT_CA_CERT, and peers then show none",
        ),
        (
            Some(trust(&ca).identity(of(&other_certificate, &other_key))),
            "handshake",
            "CHAINCODE_CLIENT_CA_CERT",
        ),
        (Some(trust(&other_ca)), "handshake", "does not accept"),
        (
            Some(trust(&ca).identity(of(&certificate, &key))),
            "not_allowed",
            "list of allowed ones",
        ),
    ] {
        let before = server.refusals.all.lock().unwrap().len();
        assert!(Peer::dial(server.address, client).await.is_err(), "{words}");
        let refusals = &server.refusals;
        let told = |r: &Refusals| r.all.lock().unwrap().len() > before;
        refusals.until(words, told).await;
        let (address, last) = refusals.all.lock().unwrap()[before].clone();
        assert_eq!(last.reason(), reason, "{last}");
        assert!(last.to_string().contains(words), "{last}");
        assert!(address.starts_with("127.0.0.1:"), "{address}");
    }
}

#[tokio::test]
async fn a_tls_client_at_a_plain_port_is_told() {
    let server = Server::start(settings()).await;
    let client = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(certificates().0));
    assert!(Peer::dial(server.address, Some(client)).await.is_err());
    let last = server.refusals.last().unwrap();
    assert_eq!(last, ConnectionRefusal::TlsAtPlainPort);
}

#[tokio::test]
async fn the_port_answers_grpcs_health_checks() {
    let server = Server::start(settings()).await;
    let uri = format!("http://{}", server.address);
    let channel = Endpoint::from_shared(uri).unwrap().connect().await.unwrap();
    let mut health = HealthClient::new(channel);
    let request = HealthCheckRequest {
        service: String::new(),
    };
    let answer = soon("the answer", health.check(request)).await.unwrap();
    assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
}

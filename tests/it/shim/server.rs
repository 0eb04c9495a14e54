//! The server over real sockets, with the peer's side played by hand.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use cmscc::{
    proto::protos::chaincode_message::Type,
    shim::{
        Closing, Ending, Observer, ServerLimits, ShimSettings, StateCall, StreamId, Timeouts, Tls,
        TlsSwitch, TransactionFacts,
        server::{ServeError, serve},
    },
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use super::{
    demo::Demo,
    messages::{about, kind, message, response, text, transaction},
    peer::{Peer, soon},
};

/// Keeps every fact as a line.
#[derive(Default)]
struct Facts(Mutex<Vec<String>>);

impl Facts {
    fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn has(&self, part: &str) -> bool {
        self.0.lock().unwrap().iter().any(|l| l.contains(part))
    }
}

impl Observer for Facts {
    fn stream_opened(&self, stream: StreamId, _: &str) {
        self.add(format!("opened {stream}"));
    }

    fn stream_closed(&self, stream: StreamId, reason: &Closing) {
        self.add(format!("closed {stream}: {reason}"));
    }

    fn transaction_finished(&self, tx: &TransactionFacts, ending: &Ending, _: Duration) {
        self.add(format!("{} {} {ending:?}", tx.tx_id, tx.function));
    }

    fn panicked(&self, tx: &TransactionFacts, words: &str) {
        self.add(format!("{} panicked: {words}", tx.tx_id));
    }

    fn state_call(&self, call: StateCall, _: Duration) {
        self.add(format!("call {}", call.name()));
    }
}

struct Server {
    address: SocketAddr,
    facts: Arc<Facts>,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    async fn start(settings: ShimSettings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let facts = Arc::new(Facts::default());
        let shutdown = CancellationToken::new();
        let observer = Arc::clone(&facts) as Arc<dyn Observer>;
        let serving = serve(
            listener,
            Arc::new(Demo),
            settings,
            observer,
            shutdown.clone(),
        );
        Self {
            address,
            facts,
            shutdown,
            task: tokio::spawn(serving),
        }
    }

    async fn stop(self) -> Arc<Facts> {
        self.shutdown.cancel();
        soon("the server's end", self.task).await.unwrap().unwrap();
        self.facts
    }
}

fn settings() -> ShimSettings {
    ShimSettings::new("cc_1:00")
}

#[tokio::test]
async fn a_transaction_reads_and_writes_over_the_stream() {
    let server = Server::start(settings()).await;
    let mut peer = Peer::ready(server.address).await;
    peer.send(transaction("r", &["range", "a", "z"])).await;
    peer.expect(Type::GetStateByRange).await;
    let rows = super::messages::batch(&["k"], false);
    peer.send(response("r", rows)).await;
    let done = peer.expect(Type::Completed).await;
    assert!(done.payload.ends_with(b"1"));

    peer.send(transaction("w", &["batchn", "k", "3"])).await;
    peer.expect(Type::WriteBatchState).await;
    peer.send(response("w", "")).await;
    peer.expect(Type::Completed).await;

    let facts = server.stop().await;
    for line in ["call range", "call write", "r range Answered", "w batchn"] {
        assert!(facts.has(line), "{line}");
    }
    assert!(facts.has("closed 1: the server is shutting down"));
}

#[tokio::test]
async fn transactions_of_one_stream_run_at_the_same_time() {
    let server = Server::start(settings()).await;
    let mut peer = Peer::ready(server.address).await;
    let names: Vec<String> = (0..40).map(|i| format!("tx{i}")).collect();
    for name in &names {
        peer.send(transaction(name, &["get", name])).await;
    }
    let mut asked = Vec::new();
    for _ in &names {
        asked.push(peer.expect(Type::GetState).await.txid);
    }
    for name in asked.iter().rev() {
        peer.send(response(name, name.as_bytes())).await;
    }
    let mut ended = Vec::new();
    for _ in &names {
        let done = peer.expect(Type::Completed).await;
        assert!(done.payload.ends_with(done.txid.as_bytes()));
        ended.push(done.txid);
    }
    ended.sort();
    let mut expected = names;
    expected.sort();
    assert_eq!(ended, expected);
    server.stop().await;
}

#[tokio::test]
async fn many_peers_have_streams_of_their_own() {
    let server = Server::start(settings()).await;
    let mut peers = Vec::new();
    for _ in 0..5 {
        peers.push(Peer::ready(server.address).await);
    }
    for peer in &mut peers {
        peer.send(transaction("same", &["get", "k"])).await;
    }
    for (i, peer) in peers.iter_mut().enumerate() {
        peer.expect(Type::GetState).await;
        peer.send(response("same", i.to_string())).await;
        let done = peer.expect(Type::Completed).await;
        assert!(done.payload.ends_with(i.to_string().as_bytes()));
    }
    drop(peers);
    server.stop().await;
}

#[tokio::test]
async fn a_panic_ends_its_transaction_and_nothing_else() {
    let server = Server::start(settings()).await;
    let mut peer = Peer::ready(server.address).await;
    let failed = peer.call("p", &["panic", "secret words"]).await;
    let text = text(&failed);
    assert!(text.starts_with("Code 500: CHAINCODE_FAILED: "), "{text}");
    assert!(!text.contains("secret words"), "{text}");
    let done = peer.call("q", &["echo", "still here"]).await;
    assert_eq!(kind(&done), Type::Completed);
    assert!(server.stop().await.has("p panicked: secret words"));
}

#[tokio::test]
async fn a_broken_stream_cancels_its_transactions_and_the_next_dial_works() {
    let server = Server::start(settings()).await;
    let mut peer = Peer::ready(server.address).await;
    peer.send(transaction("t", &["get", "k"])).await;
    peer.expect(Type::GetState).await;
    drop(peer);
    let mut peer = Peer::ready(server.address).await;
    let done = peer.call("u", &["echo", "hello"]).await;
    assert_eq!(kind(&done), Type::Completed);
    assert!(server.stop().await.has("t get Cancelled"));
}

#[tokio::test]
async fn an_unanswered_registration_closes_the_stream() {
    let server = Server::start(ShimSettings {
        timeouts: Timeouts {
            register: Duration::from_millis(20),
            ..Timeouts::default()
        },
        ..settings()
    })
    .await;
    let mut peer = Peer::dial(server.address, None).await.unwrap();
    assert_eq!(peer.next().await.unwrap(), None);
    assert!(
        server
            .stop()
            .await
            .has("CHAINCODE_ID is not the id of the package that your organisation approved")
    );
}

#[tokio::test]
async fn a_misplaced_message_is_answered_before_the_stream_closes() {
    let server = Server::start(settings()).await;
    let mut peer = Peer::ready(server.address).await;
    peer.send(message(Type::GetState)).await;
    assert!(text(&peer.next().await.unwrap().unwrap()).contains("GET_STATE"));
    assert_eq!(peer.next().await.unwrap(), None);
    server.stop().await;
}

#[tokio::test]
async fn a_shutdown_waits_for_running_transactions() {
    let server = Server::start(settings()).await;
    let mut peer = Peer::ready(server.address).await;
    peer.send(transaction("t", &["get", "k"])).await;
    peer.expect(Type::GetState).await;
    server.shutdown.cancel();
    // the stream notices the shutdown in its own time; until then it may still take this
    loop {
        let late = peer.call("late", &["echo", "x"]).await;
        if kind(&late) == Type::Error {
            assert!(text(&late).contains("SHUTTING_DOWN"));
            break;
        }
    }
    peer.send(response("t", "v")).await;
    peer.expect(Type::Completed).await;
    assert_eq!(peer.next().await.unwrap(), None);
    server.stop().await;
}

#[tokio::test]
async fn a_shutdown_gives_up_after_its_grace() {
    let server = Server::start(ShimSettings {
        timeouts: Timeouts {
            shutdown_grace: Duration::from_millis(20),
            ..Timeouts::default()
        },
        ..settings()
    })
    .await;
    let mut peer = Peer::ready(server.address).await;
    peer.send(transaction("t", &["get", "k"])).await;
    peer.expect(Type::GetState).await;
    server.shutdown.cancel();
    assert!(text(&peer.next().await.unwrap().unwrap()).contains("SHUTTING_DOWN"));
    assert_eq!(peer.next().await.unwrap(), None);
    server.stop().await;
}

#[tokio::test]
async fn messages_may_be_large_but_not_endless() {
    let server = Server::start(ShimSettings {
        limits: ServerLimits {
            message_bytes: 24 << 20,
            ..ServerLimits::default()
        },
        ..settings()
    })
    .await;
    let mut peer = Peer::ready(server.address).await;
    let large = "x".repeat(20 << 20);
    let done = peer.call("t", &["echo", &large]).await;
    assert_eq!(kind(&done), Type::Completed);
    assert!(done.payload.len() > large.len());
    let endless = "x".repeat(25 << 20);
    peer.send(about("u", Type::Keepalive, endless)).await;
    assert!(!matches!(peer.next().await, Ok(Some(_))));
    let mut peer = Peer::ready(server.address).await;
    assert_eq!(kind(&peer.call("v", &["echo", ""]).await), Type::Completed);
    server.stop().await;
}

#[tokio::test]
async fn streams_beyond_the_limit_are_refused() {
    let server = Server::start(ShimSettings {
        limits: ServerLimits {
            streams: 1,
            ..ServerLimits::default()
        },
        ..settings()
    })
    .await;
    let peer = Peer::ready(server.address).await;
    let refused = Peer::dial(server.address, None).await.err().unwrap();
    assert!(refused.contains("too many streams"), "{refused}");
    drop(peer);
    server.stop().await;
}

/// A CA, and PEM texts of a certificate of `localhost` with its key.
pub(super) fn certificates() -> (String, String, String) {
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &ca)
        .unwrap();
    (ca.pem(), leaf.pem(), key.serialize_pem())
}

#[tokio::test]
async fn tls_proves_the_server_and_where_wanted_the_peer() {
    let (ca, certificate, key) = certificates();
    let (other_ca, other_certificate, other_key) = certificates();
    let identity = Identity::from_pem(&certificate, &key);
    let stranger = Identity::from_pem(&other_certificate, &other_key);
    let trust = |ca: &str| ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca));
    let cases = [
        ("server only", false, Some(trust(&ca)), true),
        (
            "a server nobody knows",
            false,
            Some(trust(&other_ca)),
            false,
        ),
        ("no tls", false, None, false),
        ("mutual", true, Some(trust(&ca).identity(identity)), true),
        ("no client certificate", true, Some(trust(&ca)), false),
        (
            "a stranger",
            true,
            Some(trust(&ca).identity(stranger)),
            false,
        ),
    ];
    for (name, mutual, client, works) in cases {
        let tls = Tls {
            certificate: certificate.clone().into_bytes(),
            key: key.clone().into_bytes(),
            client_ca: mutual.then(|| ca.clone().into_bytes()),
            allowed_clients: None,
        };
        let server = Server::start(ShimSettings {
            tls: Some(TlsSwitch::new(&tls).unwrap()),
            ..settings()
        })
        .await;
        let peer = Peer::dial(server.address, client).await;
        assert_eq!(peer.is_ok(), works, "{name}: {:?}", peer.err());
        drop(peer);
        server.stop().await;
    }
}

#[test]
fn unusable_tls_material_is_an_error() {
    let (ca, certificate, key) = certificates();
    let (_, _, other_key) = certificates();
    let tls = |certificate: &str, key: &str, ca: &str| Tls {
        certificate: certificate.as_bytes().to_vec(),
        key: key.as_bytes().to_vec(),
        client_ca: Some(ca.as_bytes().to_vec()),
        allowed_clients: None,
    };
    let good = tls(&certificate, &key, &ca);
    let switch = TlsSwitch::new(&good).unwrap();
    let what = |tls: &Tls| switch.replace(tls).unwrap_err().to_string();
    assert!(what(&tls("none", &key, &ca)).contains("no PEM certificate"));
    assert!(what(&tls(&certificate, "none", &ca)).contains("no PEM private key"));
    assert!(what(&tls(&certificate, &key, "none")).contains("of a ca"));
    assert!(what(&tls(&certificate, &other_key, &ca)).contains("used together"));
    switch.replace(&good).unwrap();
}

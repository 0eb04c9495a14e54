//! What one peer does to the calls of others: nothing.

use std::{
    net::SocketAddr,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

use bytes::Bytes;
use cmscc::{
    proto::protos::chaincode_message::Type,
    shim::{Quiet, ShimSettings, Timeouts, server::serve},
    stub::{Chaincode, Invocation, Response, Stub},
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    messages::{kind, message, response, text, transaction},
    peer::{Peer, soon},
};

/// A chaincode whose calls compute until they are let go.
#[derive(Clone, Default)]
struct Computes {
    gate: Arc<(Mutex<Gate>, Condvar)>,
}

#[derive(Default)]
struct Gate {
    /// Calls that compute now.
    inside: usize,
    /// How many may go on.
    permits: usize,
}

impl Computes {
    fn compute(&self) {
        let (gate, moved) = &*self.gate;
        let mut gate = gate.lock().unwrap();
        gate.inside += 1;
        moved.notify_all();
        let mut gate = moved.wait_while(gate, |gate| gate.permits == 0).unwrap();
        gate.permits -= 1;
        gate.inside -= 1;
        moved.notify_all();
    }

    fn release(&self, permits: usize) {
        let (gate, moved) = &*self.gate;
        gate.lock().unwrap().permits += permits;
        moved.notify_all();
    }

    /// Waits until so many calls compute at the same time.
    async fn inside(&self, count: usize) {
        let all = self.clone();
        let waiting = tokio::task::spawn_blocking(move || {
            let (gate, moved) = &*all.gate;
            let gate = gate.lock().unwrap();
            drop(moved.wait_while(gate, |gate| gate.inside < count).unwrap());
        });
        soon("calls that compute", waiting).await.unwrap();
    }
}

impl Chaincode for Computes {
    async fn invoke<S: Stub>(&self, invocation: &Invocation, stub: &mut S) -> Response {
        let payload = match &*invocation.args[0] {
            b"compute" => {
                self.compute();
                Bytes::new()
            }
            b"get" => stub.get_state("k").await.unwrap().unwrap_or_default(),
            _ => Bytes::new(),
        };
        Response {
            status: 200,
            message: String::new(),
            payload,
        }
    }

    fn computes(&self, invocation: &Invocation) -> bool {
        [&b"compute"[..], b"turn"].contains(&&*invocation.args[0])
    }
}

struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(chaincode: Computes, timeouts: Timeouts) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let settings = ShimSettings {
            timeouts,
            ..ShimSettings::new("cc_1:00")
        };
        let token = shutdown.clone();
        let task = tokio::spawn(async move {
            let observer = Arc::new(Quiet);
            let served = serve(listener, Arc::new(chaincode), settings, observer, token);
            served.await.unwrap();
        });
        Self {
            address,
            shutdown,
            task,
        }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        soon("the server's end", self.task).await.unwrap();
    }
}

/// How many threads compute.
fn workers() -> usize {
    thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 16))
}

#[tokio::test]
async fn a_call_that_computes_delays_nobody() {
    let chaincode = Computes::default();
    let server = Server::start(chaincode.clone(), Timeouts::default()).await;
    let mut busy = Peer::ready(server.address).await;
    let calls = workers() + 3;
    for n in 0..calls {
        busy.send(transaction(&format!("c{n}"), &["compute"])).await;
    }
    chaincode.inside(workers()).await;
    // other calls and pings of the same peer
    assert_eq!(kind(&busy.call("e", &["echo"]).await), Type::Completed);
    busy.send(message(Type::Keepalive)).await;
    busy.expect(Type::Keepalive).await;
    // another peer, with a call that reads
    let mut other = Peer::ready(server.address).await;
    other.send(transaction("g", &["get"])).await;
    other.expect(Type::GetState).await;
    other.send(response("g", "v")).await;
    other.expect(Type::Completed).await;
    chaincode.release(calls);
    for _ in 0..calls {
        busy.expect(Type::Completed).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn peers_whose_calls_compute_take_turns() {
    let chaincode = Computes::default();
    let server = Server::start(chaincode.clone(), Timeouts::default()).await;
    let mut busy = Peer::ready(server.address).await;
    let calls = workers() + 100;
    for n in 0..calls {
        busy.send(transaction(&format!("c{n}"), &["compute"])).await;
    }
    chaincode.inside(workers()).await;
    let mut other = Peer::ready(server.address).await;
    other.send(transaction("t", &["turn"])).await;
    // answered only behind that message, since a stream is in order
    other.send(message(Type::Keepalive)).await;
    other.expect(Type::Keepalive).await;
    chaincode.release(1);
    // the first thread that is free takes it, though 100 calls came before
    other.expect(Type::Completed).await;
    chaincode.release(calls - 1);
    for _ in 0..calls {
        busy.expect(Type::Completed).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn calls_whose_peer_does_not_answer_end_and_hold_up_nobody() {
    let timeouts = Timeouts {
        call: Duration::from_secs(8),
        ..Timeouts::default()
    };
    let server = Server::start(Computes::default(), timeouts).await;
    let mut silent = Peer::ready(server.address).await;
    for n in 0..1_024 {
        silent.send(transaction(&format!("g{n}"), &["get"])).await;
        silent.expect(Type::GetState).await;
    }
    let refused = silent.call("one more", &["get"]).await;
    assert!(text(&refused).contains("TOO_MANY_TRANSACTIONS"));
    let mut other = Peer::ready(server.address).await;
    let done = other.call("e", &["echo"]).await;
    assert_eq!(kind(&done), Type::Completed);
    for _ in 0..1_024 {
        let failed = text(&silent.expect(Type::Error).await);
        assert!(
            failed.contains("TIMED_OUT") && failed.contains("GET_STATE"),
            "{failed}"
        );
    }
    let done = silent.call("e", &["echo"]).await;
    assert_eq!(kind(&done), Type::Completed);
    server.stop().await;
}

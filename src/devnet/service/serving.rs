//! A listener, and the services of one node on it.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::{
    body::Body,
    codegen::{Service, http},
    transport::{self, Identity, Server, ServerTlsConfig},
};

use super::{
    MESSAGE_BYTES, Nodes, OrganizationNode,
    broadcast::OrdererService,
    deliver::{DeliverService, OrdererBlocks, PeerBlocks},
    endorser::EndorserService,
    gateway::GatewayService,
};
use crate::{
    devnet::{error::DevnetError, identities::TlsCertificate},
    proto::{
        gateway::gateway_server::GatewayServer,
        orderer::atomic_broadcast_server::AtomicBroadcastServer,
        protos::{deliver_server::DeliverServer, endorser_server::EndorserServer},
    },
};

/// How long those who are served have to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// A node that listens; it ends when this is dropped.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    closing: CancellationToken,
    task: JoinHandle<Result<(), transport::Error>>,
}

impl Serving {
    /// Serves an organisation's peer.
    pub(in crate::devnet) fn peer(
        nodes: &Arc<Nodes>,
        node: &Arc<OrganizationNode>,
        listener: TcpListener,
    ) -> Result<Self, DevnetError> {
        let closing = CancellationToken::new();
        let gateway = GatewayServer::new(GatewayService::new(nodes, node, &closing))
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES);
        let endorser = EndorserServer::new(EndorserService::new(node))
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES);
        let blocks = PeerBlocks::new(node, nodes.options.tamper.clone());
        let deliver = DeliverServer::new(DeliverService::new(blocks, &closing))
            .max_encoding_message_size(MESSAGE_BYTES);
        let services = PeerServices {
            gateway,
            endorser,
            deliver,
        };
        Self::start(node.organization.tls(), services, listener, closing)
    }

    /// Serves the ordering node.
    pub(in crate::devnet) fn orderer(
        nodes: &Arc<Nodes>,
        listener: TcpListener,
    ) -> Result<Self, DevnetError> {
        let closing = CancellationToken::new();
        let deliver = DeliverService::new(OrdererBlocks::new(nodes), &closing);
        let service = AtomicBroadcastServer::new(OrdererService::new(nodes, deliver))
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES);
        Self::start(nodes.orderer.tls(), service, listener, closing)
    }

    fn start<S>(
        tls: &TlsCertificate,
        service: S,
        listener: TcpListener,
        closing: CancellationToken,
    ) -> Result<Self, DevnetError>
    where
        S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send,
    {
        let server = server(tls)?;
        let failed = |error: io::Error| DevnetError::Server {
            name: "the node".to_owned(),
            reason: error.to_string(),
        };
        let address = listener.local_addr().map_err(failed)?;
        let incoming = TcpListenerStream::new(listener);
        let closed = closing.clone();
        let task = tokio::spawn(async move {
            server
                .serve_with_incoming_shutdown(service, incoming, closed.cancelled_owned())
                .await
        });
        Ok(Self {
            address,
            closing,
            task,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends: streams are told, calls that run may finish.
    pub async fn stop(mut self) {
        self.closing.cancel();
        if timeout(STOP_TIMEOUT, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

fn server(tls: &TlsCertificate) -> Result<Server, DevnetError> {
    let identity = Identity::from_pem(&tls.certificate_pem, &tls.key_pem);
    let config = ServerTlsConfig::new().identity(identity);
    Server::builder()
        .tls_config(config)
        .map_err(DevnetError::build)
}

/// The services of a peer at one port.
#[derive(Clone)]
struct PeerServices<G, E, D> {
    gateway: G,
    endorser: E,
    deliver: D,
}

impl<G, E, D> Service<http::Request<Body>> for PeerServices<G, E, D>
where
    G: Service<http::Request<Body>>,
    E: Service<http::Request<Body>, Response = G::Response, Error = G::Error, Future = G::Future>,
    D: Service<http::Request<Body>, Response = G::Response, Error = G::Error, Future = G::Future>,
{
    type Response = G::Response;
    type Error = G::Error;
    type Future = G::Future;

    /// All are always ready.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), G::Error>> {
        self.gateway.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> G::Future {
        let path = request.uri().path();
        if path.starts_with("/protos.Endorser/") {
            self.endorser.call(request)
        } else if path.starts_with("/protos.Deliver/") {
            self.deliver.call(request)
        } else {
            // answers what it does not know as gRPC demands
            self.gateway.call(request)
        }
    }
}

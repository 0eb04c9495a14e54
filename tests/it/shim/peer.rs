//! The peer's side of a stream, played by hand.

use std::{future::Future, net::SocketAddr, time::Duration};

use cmscc::proto::protos::{
    ChaincodeMessage, chaincode_client::ChaincodeClient, chaincode_message::Type,
};
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Status, Streaming,
    transport::{Channel, ClientTlsConfig, Endpoint},
};

use super::messages::{kind, message, ready, transaction};

/// The longest that a step of a test may take.
const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future)
        .await
        .unwrap_or_else(|_| panic!("waited too long for {what}"))
}

/// The peer's end of a stream.
pub(crate) struct Peer {
    to: mpsc::Sender<ChaincodeMessage>,
    from: Streaming<ChaincodeMessage>,
    _channel: Channel,
}

impl Peer {
    /// Connects, and takes the REGISTER.
    pub(crate) async fn dial(
        address: SocketAddr,
        tls: Option<ClientTlsConfig>,
    ) -> Result<Self, String> {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let uri = format!("{scheme}://{}", address);
        let mut endpoint = Endpoint::from_shared(uri).unwrap();
        if let Some(tls) = tls {
            endpoint = endpoint.tls_config(tls.domain_name("localhost")).unwrap();
        }
        let channel = endpoint.connect().await.map_err(|e| format!("{e:?}"))?;
        let (to, messages) = mpsc::channel(16);
        let from = ChaincodeClient::new(channel.clone())
            .max_decoding_message_size(100 << 20)
            .max_encoding_message_size(100 << 20)
            .connect(ReceiverStream::new(messages))
            .await
            .map_err(|status| format!("{status:?}"))?
            .into_inner();
        let mut peer = Self {
            to,
            from,
            _channel: channel,
        };
        match soon("REGISTER", peer.from.message()).await {
            Ok(Some(register)) => {
                assert_eq!(kind(&register), Type::Register);
                Ok(peer)
            }
            other => Err(format!("{other:?}")),
        }
    }

    /// Connects and registers.
    pub(crate) async fn ready(address: SocketAddr) -> Self {
        let mut peer = Self::dial(address, None).await.unwrap();
        peer.send(message(Type::Registered)).await;
        peer.send(ready(Some(100))).await;
        peer
    }

    pub(crate) async fn send(&mut self, message: ChaincodeMessage) {
        self.to.send(message).await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Result<Option<ChaincodeMessage>, Status> {
        soon("a message", self.from.message()).await
    }

    pub(crate) async fn expect(&mut self, expected: Type) -> ChaincodeMessage {
        let message = self.next().await.unwrap().unwrap();
        assert_eq!(kind(&message), expected, "{message:?}");
        message
    }

    /// Calls a function that asks for nothing.
    pub(crate) async fn call(&mut self, tx: &str, args: &[&str]) -> ChaincodeMessage {
        self.send(transaction(tx, args)).await;
        let message = self.next().await.unwrap().unwrap();
        assert_eq!(message.txid, tx);
        message
    }
}

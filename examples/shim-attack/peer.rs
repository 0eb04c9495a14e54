//! Peers, played by hand. Messages are bytes here, so that they may be wrong.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
};

use anyhow::{Context, bail};
use bytes::{Buf, BufMut, Bytes};
use cmscc::proto::{
    common::{ChannelHeader, Header, HeaderType, SignatureHeader},
    protos::{ChaincodeInput, ChaincodeMessage, Proposal, SignedProposal, chaincode_message::Type},
};
use prost::Message;
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::mpsc,
    time::{Duration, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Status, Streaming,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};

use crate::args::Args;

/// The largest message that these peers send or take, in bytes.
const MESSAGE: usize = 256 << 20;

/// How long a step of an attacker may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The server, and how well-behaved peers dial it.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// Where connections come from.
    pub(crate) from: IpAddr,
    pub(crate) tls: Option<ClientTlsConfig>,
    /// The same without a client certificate.
    pub(crate) nameless: Option<ClientTlsConfig>,
}

impl Target {
    pub(crate) fn new(args: &Args, from: IpAddr) -> anyhow::Result<Self> {
        let read =
            |path| fs::read(path).with_context(|| format!("{}", std::path::Path::display(path)));
        let nameless = match &args.ca {
            None => None,
            Some(ca) => {
                let ca = Certificate::from_pem(read(ca)?);
                let tls = ClientTlsConfig::new().ca_certificate(ca);
                Some(tls.domain_name("localhost"))
            }
        };
        let tls = match (&nameless, &args.cert, &args.key) {
            (Some(tls), Some(cert), Some(key)) => {
                let identity = Identity::from_pem(read(cert)?, read(key)?);
                Some(tls.clone().identity(identity))
            }
            _ => nameless.clone(),
        };
        Ok(Self {
            address: args.address,
            from,
            tls,
            nameless,
        })
    }

    /// Opens a connection without more.
    pub(crate) async fn raw(&self) -> anyhow::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::new(self.from, 0))?;
        let connected = timeout(PATIENCE, socket.connect(self.address)).await;
        Ok(connected.context("not connected in time")??)
    }

    /// Connects.
    pub(crate) async fn connect(&self, tls: Option<&ClientTlsConfig>) -> anyhow::Result<Channel> {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let mut endpoint = Endpoint::from_shared(format!("{scheme}://{}", self.address))?;
        if let Some(tls) = tls {
            endpoint = endpoint.tls_config(tls.clone())?;
        }
        let endpoint = endpoint.local_address(Some(self.from));
        let endpoint = endpoint.connect_timeout(PATIENCE).timeout(PATIENCE * 20);
        Ok(endpoint.connect().await?)
    }
}

/// The peer's end of a stream.
pub(crate) struct Peer {
    to: mpsc::Sender<Bytes>,
    from: Streaming<Bytes>,
}

impl Peer {
    /// Connects, and opens a stream.
    pub(crate) async fn dial(target: &Target) -> anyhow::Result<Self> {
        Self::open(target.connect(target.tls.as_ref()).await?).await
    }

    /// Opens a stream on a connection.
    pub(crate) async fn open(channel: Channel) -> anyhow::Result<Self> {
        let (to, messages) = mpsc::channel(16);
        let mut client = Grpc::new(channel)
            .max_decoding_message_size(MESSAGE)
            .max_encoding_message_size(MESSAGE);
        client.ready().await?;
        let request = Request::new(ReceiverStream::new(messages));
        let path = PathAndQuery::from_static("/protos.Chaincode/Connect");
        let opened = timeout(PATIENCE, client.streaming(request, path, RawCodec)).await;
        let from = opened.context("no stream in time")??.into_inner();
        Ok(Self { to, from })
    }

    /// Takes the server's REGISTER, and accepts it.
    pub(crate) async fn accept(&mut self) -> anyhow::Result<()> {
        let message = self.next().await?;
        if message.r#type != i32::from(Type::Register) {
            bail!("REGISTER was due, {} came", message.r#type);
        }
        self.send(&of(Type::Registered)).await
    }

    /// Connects, and comes to the state in which calls are taken, as a peer of 2.5 does.
    pub(crate) async fn ready(target: &Target) -> anyhow::Result<Self> {
        let mut peer = Self::dial(target).await?;
        peer.accept().await?;
        peer.send(&of(Type::Ready)).await?;
        Ok(peer)
    }

    pub(crate) async fn send(&self, message: &ChaincodeMessage) -> anyhow::Result<()> {
        self.send_bytes(message.encode_to_vec().into()).await
    }

    pub(crate) async fn send_bytes(&self, message: Bytes) -> anyhow::Result<()> {
        let sent = timeout(PATIENCE, self.to.send(message)).await;
        sent.context("the server does not read")?
            .context("the stream is over")
    }

    /// The next message; an error where the stream is over.
    pub(crate) async fn next(&mut self) -> anyhow::Result<ChaincodeMessage> {
        match self.from.message().await {
            Ok(Some(message)) => Ok(ChaincodeMessage::decode(message)?),
            Ok(None) => bail!("the server ended the stream"),
            Err(status) => bail!("{:?}: {}", status.code(), status.message()),
        }
    }

    /// Makes a call that asks for nothing, and takes its answer.
    pub(crate) async fn call(
        &mut self,
        call: &ChaincodeMessage,
    ) -> anyhow::Result<ChaincodeMessage> {
        self.send(call).await?;
        loop {
            let message = self.next().await?;
            if message.txid == call.txid {
                return Ok(message);
            }
        }
    }

    /// Whether the server has ended the stream; a peer knows that before it sends the next call.
    pub(crate) fn is_over(&self) -> bool {
        self.to.is_closed()
    }

    /// Ends the stream, as a peer that goes away in order does.
    pub(crate) async fn end(self) {
        let (to, mut from) = self.split();
        drop(to);
        let ended = async { while let Ok(Some(_)) = from.message().await {} };
        // a server that leaves it open has said what it had to say
        let _ = timeout(Duration::from_secs(1), ended).await;
    }

    /// The two sides of the stream.
    pub(crate) fn split(self) -> (mpsc::Sender<Bytes>, Streaming<Bytes>) {
        (self.to, self.from)
    }
}

/// A message of a type, and nothing else.
pub(crate) fn of(kind: Type) -> ChaincodeMessage {
    ChaincodeMessage {
        r#type: kind.into(),
        ..ChaincodeMessage::default()
    }
}

/// A call on a channel.
pub(crate) fn transaction(channel: &str, tx: &str, args: Vec<Bytes>) -> ChaincodeMessage {
    let header = ChannelHeader {
        r#type: HeaderType::EndorserTransaction.into(),
        channel_id: channel.to_owned(),
        tx_id: tx.to_owned(),
        ..ChannelHeader::default()
    };
    let header = Header {
        channel_header: header.encode_to_vec().into(),
        signature_header: SignatureHeader::default().encode_to_vec().into(),
    };
    let proposal = Proposal {
        header: header.encode_to_vec().into(),
        ..Proposal::default()
    };
    let input = ChaincodeInput {
        args,
        ..ChaincodeInput::default()
    };
    ChaincodeMessage {
        channel_id: channel.to_owned(),
        txid: tx.to_owned(),
        payload: input.encode_to_vec().into(),
        proposal: Some(SignedProposal {
            proposal_bytes: proposal.encode_to_vec().into(),
            ..SignedProposal::default()
        }),
        ..of(Type::Transaction)
    }
}

/// Bytes as they are.
#[derive(Clone, Copy, Debug)]
struct RawCodec;

impl Codec for RawCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

//! Blocks for those who ask: `protos.Deliver` of peers, and `Deliver` of the ordering node.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use prost::Message;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::{Nodes, OrganizationNode, filtered};
use crate::{
    config::Bundle,
    devnet::{
        clock,
        peer::{Resource, SignedBytes},
        policies,
        tamper::Tamper,
    },
    identity::expires_at,
    ids::{ChannelId, Sequence, UnixTime},
    policy::{SignedData, SignerSet},
    proto::{
        common::{self, Block, Envelope, HeaderType},
        orderer::{
            SeekInfo, SeekPosition,
            seek_info::{SeekBehavior, SeekContentType},
            seek_position::Type as Position,
        },
        protos::{DeliverResponse, deliver_response::Type, deliver_server::Deliver},
    },
    stub::memory::PeerRelease,
};

/// How far the client's clock may be off, in seconds.
const TIME_WINDOW: u64 = 15 * 60;

/// Where blocks come from.
pub(super) trait Blocks: Send + Sync + 'static {
    /// Tells how many blocks of a channel there are; `None`: there is no such channel here.
    fn watch(&self, channel: &ChannelId) -> Option<watch::Receiver<u64>>;

    /// A block.
    fn block(&self, channel: &ChannelId, number: u64) -> Option<Block>;

    /// The config in force.
    fn bundle(&self, channel: &ChannelId) -> Option<Arc<Bundle>>;

    /// The policy of those who may read blocks; observers may see less of them.
    fn readers(&self, bundle: &Bundle, observer: bool) -> String;

    /// Whether headers alone can be asked for.
    fn has_headers_only(&self) -> bool;
}

/// The blocks of a peer.
pub(super) struct PeerBlocks {
    node: Arc<OrganizationNode>,
    tamper: Option<Arc<dyn Tamper>>,
}

impl PeerBlocks {
    pub(super) fn new(node: &Arc<OrganizationNode>, tamper: Option<Arc<dyn Tamper>>) -> Self {
        Self {
            node: Arc::clone(node),
            tamper,
        }
    }
}

impl fmt::Debug for PeerBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerBlocks")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

impl Blocks for PeerBlocks {
    fn watch(&self, channel: &ChannelId) -> Option<watch::Receiver<u64>> {
        self.node.peer.at(channel, |ledger| ledger.blocks().watch())
    }

    fn block(&self, channel: &ChannelId, number: u64) -> Option<Block> {
        let peer = &self.node.peer;
        let block = peer.at(channel, |ledger| ledger.blocks().block(number));
        let block = block.flatten()?;
        Some(match &self.tamper {
            Some(tamper) => tamper.delivered(block),
            None => block,
        })
    }

    fn bundle(&self, channel: &ChannelId) -> Option<Arc<Bundle>> {
        self.node.peer.bundle(channel)
    }

    fn readers(&self, bundle: &Bundle, observer: bool) -> String {
        if observer {
            return Resource::EventFilteredBlock.policy(bundle);
        }
        Resource::EventBlock.policy(bundle)
    }

    fn has_headers_only(&self) -> bool {
        self.node.peer.release() != PeerRelease::V2_5
    }
}

/// The blocks of the ordering node.
#[derive(Debug)]
pub(super) struct OrdererBlocks {
    nodes: Arc<Nodes>,
}

impl OrdererBlocks {
    pub(super) fn new(nodes: &Arc<Nodes>) -> Self {
        Self {
            nodes: Arc::clone(nodes),
        }
    }
}

impl Blocks for OrdererBlocks {
    fn watch(&self, channel: &ChannelId) -> Option<watch::Receiver<u64>> {
        Some(self.nodes.chain(channel).ok()?.lock().watch())
    }

    fn block(&self, channel: &ChannelId, number: u64) -> Option<Block> {
        let chain = self.nodes.chain(channel).ok()?;
        let block = chain
            .lock()
            .blocks()
            .get(usize::try_from(number).ok()?)?
            .clone();
        Block::decode(block).ok()
    }

    fn bundle(&self, channel: &ChannelId) -> Option<Arc<Bundle>> {
        Some(Arc::clone(self.nodes.chain(channel).ok()?.lock().bundle()))
    }

    fn readers(&self, _: &Bundle, _: bool) -> String {
        "/Channel/Readers".to_owned()
    }

    fn has_headers_only(&self) -> bool {
        self.nodes.options.manner.release != PeerRelease::V2_5
    }
}

/// A service that delivers blocks.
#[derive(Debug)]
pub(super) struct DeliverService<B> {
    blocks: Arc<B>,
    closing: CancellationToken,
}

impl<B: Blocks> DeliverService<B> {
    pub(super) fn new(blocks: B, closing: &CancellationToken) -> Self {
        Self {
            blocks: Arc::new(blocks),
            closing: closing.clone(),
        }
    }

    /// Cancelled when the node is stopped.
    pub(super) const fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Answers requests one after the other, as whole blocks in an answer of some kind.
    pub(super) fn stream<T: Send + 'static>(
        &self,
        requests: Streaming<Envelope>,
        status: fn(common::Status) -> T,
        block: fn(Block) -> T,
    ) -> ReceiverStream<Result<T, Status>> {
        self.start(requests, false, status, block)
    }

    // Fabric: common/deliver/deliver.go, Handle
    fn start<T: Send + 'static>(
        &self,
        mut requests: Streaming<Envelope>,
        observer: bool,
        status: fn(common::Status) -> T,
        block: fn(Block) -> T,
    ) -> ReceiverStream<Result<T, Status>> {
        let (outgoing, stream) = mpsc::channel(8);
        let blocks = Arc::clone(&self.blocks);
        let closing = self.closing.clone();
        tokio::spawn(async move {
            let mut session = DeliverSession {
                blocks,
                observer,
                outgoing: outgoing.clone(),
                block,
            };
            let serving = async {
                while let Ok(Some(envelope)) = requests.message().await {
                    let Some(ended) = session.answer(&envelope).await else {
                        return;
                    };
                    let is_over = ended != common::Status::Success;
                    if outgoing.send(Ok(status(ended))).await.is_err() || is_over {
                        return;
                    }
                }
            };
            tokio::select! {
                () = serving => {}
                () = closing.cancelled() => {
                    let _ = outgoing.try_send(Err(super::stopped()));
                }
                () = outgoing.closed() => {}
            }
        });
        ReceiverStream::new(stream)
    }
}

/// One stream of requests.
struct DeliverSession<B, T> {
    blocks: Arc<B>,
    observer: bool,
    outgoing: mpsc::Sender<Result<T, Status>>,
    block: fn(Block) -> T,
}

/// A request that is well formed.
struct BlockRequest {
    channel: ChannelId,
    creator: Bytes,
    data: Bytes,
}

impl<B: Blocks, T> DeliverSession<B, T> {
    /// Sends what is asked for; gives the status that the request ends with, `None` where nobody
    /// listens any more.
    // Fabric: common/deliver/deliver.go, deliverBlocks
    async fn answer(&mut self, envelope: &Envelope) -> Option<common::Status> {
        use common::Status;
        let Some(request) = read(envelope) else {
            return Some(Status::BadRequest);
        };
        let channel = &request.channel;
        let Some(mut watch) = self.blocks.watch(channel) else {
            return Some(Status::NotFound);
        };
        let Ok(info) = SeekInfo::decode(request.data.clone()) else {
            return Some(Status::BadRequest);
        };
        let mut access = BlockAccess::new(envelope, &request);
        if !access.holds(&*self.blocks, channel, self.observer) {
            return Some(Status::Forbidden);
        }
        let (Some(start), Some(stop)) = (&info.start, &info.stop) else {
            return Some(Status::BadRequest);
        };
        let height = *watch.borrow();
        let Some(mut number) = first(start, height) else {
            return Some(Status::NotFound);
        };
        let last = match last(start, stop, number, height) {
            Some(last) if matches!(stop.r#type, Some(Position::Specified(_))) && last < number => {
                return Some(Status::BadRequest);
            }
            last => last,
        };
        let headers_only =
            info.content_type() == SeekContentType::HeaderWithSig && self.blocks.has_headers_only();
        loop {
            while number >= *watch.borrow_and_update() {
                if info.behavior() == SeekBehavior::FailIfNotReady {
                    return Some(Status::NotFound);
                }
                watch.changed().await.ok()?;
            }
            let Some(mut block) = self.blocks.block(channel, number) else {
                return Some(Status::NotFound);
            };
            if !access.holds(&*self.blocks, channel, self.observer) {
                return Some(Status::Forbidden);
            }
            if headers_only && !is_config(&block) {
                block.data = None;
            }
            self.outgoing.send(Ok((self.block)(block))).await.ok()?;
            if last == Some(number) {
                return Some(Status::Success);
            }
            number = number.saturating_add(1);
        }
    }
}

/// The first block that is asked for; `None` where that is none that could be next.
// Fabric: common/ledger/blockledger/fileledger/impl.go, Iterator
fn first(start: &SeekPosition, height: u64) -> Option<u64> {
    match &start.r#type {
        Some(Position::Oldest(_)) => Some(0),
        Some(Position::Newest(_)) => Some(height.saturating_sub(1)),
        Some(Position::Specified(at)) => (at.number <= height).then_some(at.number),
        Some(Position::NextCommit(_)) => Some(height),
        None => None,
    }
}

/// The last block that is asked for; `None` where there is none.
fn last(start: &SeekPosition, stop: &SeekPosition, number: u64, height: u64) -> Option<u64> {
    match &stop.r#type {
        Some(Position::Oldest(_)) => Some(number),
        Some(Position::Newest(_)) if start == stop => Some(number),
        Some(Position::Newest(_)) => Some(height.saturating_sub(1)),
        Some(Position::Specified(at)) => Some(at.number),
        Some(Position::NextCommit(_)) | None => Some(0),
    }
}

/// Reads a request. The hash of a TLS certificate is not looked at: nobody shows one.
// Fabric: common/deliver/deliver.go, parseEnvelope and validateChannelHeader
fn read(envelope: &Envelope) -> Option<BlockRequest> {
    let payload = common::Payload::decode(envelope.payload.clone()).ok()?;
    let header = payload.header?;
    let channel = common::ChannelHeader::decode(header.channel_header).ok()?;
    let signer = common::SignatureHeader::decode(header.signature_header).ok()?;
    let at = channel.timestamp?;
    if at.seconds.abs_diff(clock::now().seconds) > TIME_WINDOW {
        return None;
    }
    Some(BlockRequest {
        channel: ChannelId::new(channel.channel_id),
        creator: signer.creator,
        data: payload.data,
    })
}

/// Whether a client may go on reading: decided again for each config.
// Fabric: common/deliver/acl.go
struct BlockAccess {
    signed: SignedBytes,
    ends: Option<UnixTime>,
    decided: Option<Sequence>,
}

impl BlockAccess {
    fn new(envelope: &Envelope, request: &BlockRequest) -> Self {
        Self {
            ends: expires_at(&request.creator),
            signed: SignedBytes {
                identity: request.creator.clone(),
                message: envelope.payload.clone(),
                signature: envelope.signature.clone(),
            },
            decided: None,
        }
    }

    fn holds(&mut self, blocks: &impl Blocks, channel: &ChannelId, observer: bool) -> bool {
        if self.ends.is_some_and(|ends| clock::now() > ends) {
            return false;
        }
        let Some(bundle) = blocks.bundle(channel) else {
            return false;
        };
        if self.decided == Some(bundle.sequence()) {
            return true;
        }
        let signed = SignedData {
            identity: &self.signed.identity,
            message: vec![&self.signed.message],
            signature: &self.signed.signature,
        };
        let signers = SignerSet::from_signed_data(bundle.msps(), &[signed]);
        let holds = policies::check(&bundle, &blocks.readers(&bundle, observer), &signers).is_ok();
        self.decided = holds.then(|| bundle.sequence());
        holds
    }
}

fn is_config(block: &Block) -> bool {
    let transactions = filtered::transactions(block);
    let first = transactions.first();
    first.is_some_and(|first| first.channel.r#type == i32::from(HeaderType::Config))
}

#[tonic::async_trait]
impl Deliver for DeliverService<PeerBlocks> {
    type DeliverStream = ReceiverStream<Result<DeliverResponse, Status>>;
    type DeliverFilteredStream = Self::DeliverStream;
    type DeliverWithPrivateDataStream = Self::DeliverStream;

    async fn deliver(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Self::DeliverStream>, Status> {
        let block = |block| DeliverResponse {
            r#type: Some(Type::Block(block)),
        };
        let stream = self.start(request.into_inner(), false, ended, block);
        Ok(Response::new(stream))
    }

    async fn deliver_filtered(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Self::DeliverFilteredStream>, Status> {
        let block = |block: Block| DeliverResponse {
            r#type: Some(Type::FilteredBlock(filtered::filtered(&block))),
        };
        let stream = self.start(request.into_inner(), true, ended, block);
        Ok(Response::new(stream))
    }

    async fn deliver_with_private_data(
        &self,
        _: Request<Streaming<Envelope>>,
    ) -> Result<Response<Self::DeliverWithPrivateDataStream>, Status> {
        Err(Status::unimplemented(
            "a development peer delivers no private data",
        ))
    }
}

fn ended(status: common::Status) -> DeliverResponse {
    DeliverResponse {
        r#type: Some(Type::Status(status.into())),
    }
}

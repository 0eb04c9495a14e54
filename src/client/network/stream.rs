//! Blocks as they come, whole or filtered.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{Stream, stream};
use prost::Message;
use tonic::{Request, Status, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

use super::{
    connection::PeerConnection,
    incoming::{Incoming, Opening},
    peers::Reached,
    wire::{LARGEST, LARGEST_PARTED},
};
use crate::{
    client::{ClientError, host, refusal::deliver_ended},
    ids::{BlockNumber, UnixTime},
    proto::{
        common::{self, Envelope},
        protos::FilteredBlock,
    },
    transaction::{self, BlockRange},
};

/// Serialized `common.Block`s, as the peer sent them, in the order of their numbers and without end: the
/// stream ends with an error, or when the connection does. Dropping it ends it.
#[derive(Debug)]
pub struct BlockStream(Incoming<DeliveredBlock>);

/// Filtered blocks, likewise.
#[derive(Debug)]
pub struct FilteredBlockStream(Incoming<DeliveredFiltered>);

impl PeerConnection {
    /// The blocks from this number on; those that do not exist yet are waited for. The request is sent
    /// when the stream is first polled.
    ///
    /// Behind an error or an end the caller asks again, from the block that it lacks: the next peer is
    /// asked then.
    ///
    /// # Errors
    /// No peer can be connected to. Errors of the stream: `ACCESS_DENIED`, `NO_BLOCK` (the channel is
    /// not there), `BAD_REQUEST` (clocks, mutual TLS), `STREAM_ENDED`, `PEER_UNAVAILABLE`, ..
    pub async fn blocks_from(&self, number: BlockNumber) -> Result<BlockStream, ClientError> {
        Ok(BlockStream(self.deliver("Deliver", LARGEST, number).await?))
    }

    /// The same of filtered blocks: types and validity of transactions, without their contents.
    ///
    /// # Errors
    /// As of [`Self::blocks_from`].
    pub async fn filtered_blocks_from(
        &self,
        number: BlockNumber,
    ) -> Result<FilteredBlockStream, ClientError> {
        let incoming = self
            .deliver("DeliverFiltered", LARGEST_PARTED, number)
            .await?;
        Ok(FilteredBlockStream(incoming))
    }

    /// The number of the newest block of now, and the time in its first envelope.
    pub(super) async fn newest(
        &self,
        is_orderer: bool,
    ) -> Result<(u64, Option<UnixTime>), ClientError> {
        let range = BlockRange::Newest;
        let block = self.one_block(range, is_orderer, LARGEST).await?;
        let block = common::Block::decode(block).map_err(|e| self.odd("Deliver", &e))?;
        Ok((
            block.header.clone().unwrap_or_default().number,
            time_of(&block),
        ))
    }

    /// The first block of a range, serialized; of at most so many bytes.
    pub(super) async fn one_block(
        &self,
        range: BlockRange,
        is_orderer: bool,
        most: usize,
    ) -> Result<Bytes, ClientError> {
        let (at, reached) = self.peers.reach(self.deadline()).await?;
        let hash = reached.tls_cert_hash;
        let stamp = host::stamp()?;
        let request = transaction::seek(self.channel(), range, hash, self.identity(), &stamp);
        let request = request.map_err(|e| ClientError::not_signed(&e))?;
        let service = match is_orderer {
            true => "/orderer.AtomicBroadcast/Deliver",
            false => "/protos.Deliver/Deliver",
        };
        let opening = open(reached, request, service.to_owned(), most);
        let mut incoming: Incoming<DeliveredBlock> = Incoming::new(self.peers.clone(), at, opening);
        let first = poll_fn(|context| next(&mut incoming, context)).await;
        let delivered = first.transpose()?.unwrap_or_default();
        delivered
            .block
            .ok_or_else(|| ended(&mut incoming, delivered.status))
    }

    async fn deliver<M>(
        &self,
        method: &str,
        most: usize,
        from: BlockNumber,
    ) -> Result<Incoming<M>, ClientError>
    where
        M: Message + Default + 'static,
    {
        let (at, reached) = self.peers.reach(self.deadline()).await?;
        let request = transaction::seek(
            self.channel(),
            BlockRange::From(from),
            reached.tls_cert_hash,
            self.identity(),
            &host::stamp()?,
        );
        let request = request.map_err(|e| ClientError::not_signed(&e))?;
        let path = format!("/protos.Deliver/{method}");
        Ok(Incoming::new(
            self.peers.clone(),
            at,
            open(reached, request, path, most),
        ))
    }
}

fn open<M>(reached: Reached, request: Envelope, path: String, most: usize) -> Opening<M>
where
    M: Message + Default + 'static,
{
    Box::pin(async move {
        let path = PathAndQuery::try_from(path).map_err(|e| Status::internal(e.to_string()))?;
        let mut grpc = Grpc::new(reached.channel).max_decoding_message_size(most);
        grpc.ready()
            .await
            .map_err(|e| Status::from_error(e.into()))?;
        let request = Request::new(stream::iter([request]));
        let codec = ProstCodec::<Envelope, M>::default();
        grpc.streaming(request, path, codec).await
    })
}

impl Stream for BlockStream {
    type Item = Result<Bytes, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let incoming = &mut self.0;
        let delivered = ready!(next(incoming, context));
        Poll::Ready(delivered.map(|delivered| {
            let delivered = delivered?;
            delivered
                .block
                .ok_or_else(|| ended(incoming, delivered.status))
        }))
    }
}

impl Stream for FilteredBlockStream {
    type Item = Result<FilteredBlock, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let incoming = &mut self.0;
        let delivered = ready!(next(incoming, context));
        Poll::Ready(delivered.map(|delivered| {
            let delivered = delivered?;
            delivered
                .block
                .ok_or_else(|| ended(incoming, delivered.status))
        }))
    }
}

/// The time in the first envelope of a block, where there is one.
fn time_of(block: &common::Block) -> Option<UnixTime> {
    let first = block.data.as_ref()?.data.first()?;
    let envelope = Envelope::decode(first.clone()).ok()?;
    let payload = common::Payload::decode(envelope.payload).ok()?;
    let header = common::ChannelHeader::decode(payload.header?.channel_header).ok()?;
    let at = header.timestamp?;
    Some(UnixTime {
        seconds: at.seconds,
        nanos: u32::try_from(at.nanos).unwrap_or_default(),
    })
}

/// The next message; an end without a reason is an error, once.
fn next<M>(
    incoming: &mut Incoming<M>,
    context: &mut Context<'_>,
) -> Poll<Option<Result<M, ClientError>>> {
    if incoming.is_ended() {
        return Poll::Ready(None);
    }
    Poll::Ready(Some(match ready!(incoming.poll(context)) {
        Some(message) => message.map_err(|meaning| meaning.error),
        None => Err(ended(incoming, None)),
    }))
}

/// The peer ended the stream.
fn ended<M>(incoming: &mut Incoming<M>, status: Option<i32>) -> ClientError {
    let (peers, at) = incoming.of();
    let meaning = deliver_ended(peers.whom(at), status);
    if meaning.remedy.elsewhere {
        peers.pass_over(at);
    }
    incoming.end();
    meaning.error
}

/// A `protos.DeliverResponse` of `Deliver`; the block stays as it was sent.
#[derive(Clone, PartialEq, Message)]
struct DeliveredBlock {
    #[prost(int32, optional, tag = "1")]
    status: Option<i32>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    block: Option<Bytes>,
}

/// A `protos.DeliverResponse` of `DeliverFiltered`.
#[derive(Clone, PartialEq, Message)]
struct DeliveredFiltered {
    #[prost(int32, optional, tag = "1")]
    status: Option<i32>,
    #[prost(message, optional, tag = "3")]
    block: Option<FilteredBlock>,
}

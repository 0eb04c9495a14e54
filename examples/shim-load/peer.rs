//! One peer: dials a server, and keeps calls in flight on its stream.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use bytes::Bytes;
use cmscc::proto::protos::{ChaincodeMessage, Response, chaincode_message::Type};
use prost::Message;
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    time::{Instant, sleep_until},
};
use tokio_stream::Stream;
use tonic::{
    Request, Streaming,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    transport::{ClientTlsConfig, Endpoint},
};

use super::{
    messages::{Call, Outgoing, PeerCodec, TX_ID, ready, registered},
    state::State,
};

/// What a server is dialled with.
#[derive(Clone, Debug)]
pub(crate) struct Dialling {
    pub(crate) tls: Option<ClientTlsConfig>,
    /// How many writes one message may hold; 0: one.
    pub(crate) write_batch: u32,
    /// How many keys one message may ask for; 0: one.
    pub(crate) get_multiple: u32,
}

/// What calls are made, and until when.
#[derive(Debug)]
pub(crate) struct Play<'a> {
    /// The calls, in turn.
    pub(crate) calls: &'a [Call],
    /// How many at a time.
    pub(crate) in_flight: usize,
    /// How many begin in a second, whether or not others have ended; `None`: one where one ends.
    pub(crate) rate: Option<f64>,
    /// How many bytes a right answer has, where it is known.
    pub(crate) answer_bytes: Option<usize>,
    /// Calls that end before do not count.
    pub(crate) counted_from: Instant,
    /// When no further call begins.
    pub(crate) until: Instant,
    /// Counts calls that ended well.
    pub(crate) completed: &'a AtomicU64,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Played {
    /// How long each counted call took.
    pub(crate) latencies: Vec<Duration>,
    /// How many calls did not end well.
    pub(crate) errors: u64,
    /// What the first of them was told.
    pub(crate) first_error: Option<String>,
    /// How many calls were not begun because too many were in flight.
    pub(crate) skipped: u64,
}

/// The peer's end of a stream.
#[derive(Debug)]
pub(crate) struct Peer {
    to: UnboundedSender<Outgoing>,
    from: Streaming<ChaincodeMessage>,
    state: State,
    /// What made the last transaction id.
    seed: u64,
}

impl Peer {
    /// Connects, and accepts the server's registration. `number` tells its transactions from
    /// those of others.
    pub(crate) async fn dial(
        address: &str,
        dialling: &Dialling,
        state: State,
        number: u64,
    ) -> Result<Self> {
        let scheme = if dialling.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let mut endpoint = Endpoint::from_shared(format!("{scheme}://{address}"))?
            .tcp_nodelay(true)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW);
        if let Some(tls) = &dialling.tls {
            endpoint = endpoint.tls_config(tls.clone())?;
        }
        let channel = endpoint
            .connect()
            .await
            .with_context(|| format!("cannot dial `{address}`"))?;
        let mut grpc = Grpc::new(channel)
            .max_decoding_message_size(MESSAGE)
            .max_encoding_message_size(MESSAGE);
        grpc.ready().await?;
        let (to, messages) = mpsc::unbounded_channel();
        let path = PathAndQuery::from_static("/protos.Chaincode/Connect");
        let stream = Request::new(Sent(messages));
        let response = grpc.streaming(stream, path, PeerCodec).await?;
        let mut peer = Self {
            to,
            from: response.into_inner(),
            state,
            seed: number << 48,
        };
        let register = peer.next().await?;
        if register.r#type != i32::from(Type::Register) {
            bail!(
                "expected REGISTER, `{address}` sent type {}",
                register.r#type
            );
        }
        peer.send(Outgoing::Message(Box::new(registered())))?;
        let ready = ready(dialling.write_batch, dialling.get_multiple);
        peer.send(Outgoing::Message(Box::new(ready)))?;
        Ok(peer)
    }

    /// Makes calls until it is time, and waits for those in flight.
    pub(crate) async fn play(&mut self, play: &Play<'_>) -> Result<Played> {
        let mut played = Played::default();
        let mut places = vec![Place::new(); play.in_flight];
        let mut free: Vec<usize> = Vec::new();
        let every = play.rate.map(|rate| Duration::from_secs_f64(1.0 / rate));
        let mut calls = play.calls.iter().cycle();
        let mut begin = |peer: &mut Self, at: usize, place: &mut Place| {
            let call = calls.next().context("there is no call to make")?;
            place.tx_id = peer.tx_id(at);
            place.since = Instant::now();
            place.taken = true;
            peer.send(Outgoing::Encoded(call.with(&place.tx_id)))
        };
        let mut due = Instant::now();
        for (at, place) in places.iter_mut().enumerate() {
            match every {
                Some(_) => free.push(at),
                None => begin(self, at, place)?,
            }
        }
        let give_up = play.until + GIVE_UP;
        loop {
            let open = play.in_flight - free.len();
            if open == 0 && Instant::now() >= play.until {
                return Ok(played);
            }
            let wake = if every.is_some() && due < play.until {
                due
            } else {
                give_up
            };
            let wake = if open == 0 {
                wake.min(play.until)
            } else {
                wake
            };
            let message = tokio::select! {
                biased;
                message = self.next() => message?,
                () = sleep_until(wake) => {
                    if wake == give_up {
                        bail!("{open} calls have no answer for {} s", GIVE_UP.as_secs());
                    }
                    let Some(every) = every.filter(|_| wake == due) else { continue };
                    due += every;
                    match free.pop() {
                        None => played.skipped += 1,
                        Some(at) => {
                            let place = places.get_mut(at).context("a place that is free")?;
                            begin(self, at, place)?;
                        }
                    }
                    continue;
                }
            };
            let (kind, at) = (message.r#type, place_of(&message.txid));
            let place = at.and_then(|at| places.get_mut(at));
            let place = place.filter(|p| p.taken && p.tx_id == message.txid.as_bytes());
            let (Some(at), Some(place)) = (at, place) else {
                bail!(
                    "a message of type {kind} about `{}`, which is not in flight",
                    message.txid
                );
            };
            let ended = match Type::try_from(kind) {
                Ok(Type::Completed) => check(&message.payload, play.answer_bytes),
                Ok(Type::Error) => Err(String::from_utf8_lossy(&message.payload).into_owned()),
                _ => {
                    self.answer(message)?;
                    continue;
                }
            };
            let now = Instant::now();
            match ended {
                Ok(()) => {
                    play.completed.fetch_add(1, Relaxed);
                    if now >= play.counted_from && now < play.until {
                        played.latencies.push(now - place.since);
                    }
                }
                Err(error) => {
                    played.errors += 1;
                    played.first_error.get_or_insert(error);
                }
            }
            place.taken = false;
            if every.is_none() && now < play.until {
                begin(self, at, place)?;
            } else {
                free.push(at);
            }
        }
    }

    /// Answers a state call.
    fn answer(&mut self, mut message: ChaincodeMessage) -> Result<()> {
        let answer = self.state.answer(message.r#type, message.payload);
        let (kind, payload) = match answer {
            Ok(payload) => (Type::Response, payload),
            Err(error) => (Type::Error, error.into()),
        };
        message.r#type = kind.into();
        message.payload = payload;
        self.send(Outgoing::Message(Box::new(message)))
    }

    async fn next(&mut self) -> Result<ChaincodeMessage> {
        let message = self.from.message().await?;
        message.ok_or_else(|| anyhow!("the server ended the stream"))
    }

    fn send(&self, message: Outgoing) -> Result<()> {
        let sent = self.to.send(message);
        sent.map_err(|_| anyhow!("the stream is over"))
    }

    /// An id that is as good as random but for its end, which says the place.
    fn tx_id(&mut self, place: usize) -> [u8; TX_ID] {
        let mut id = [b'0'; TX_ID];
        let mut digits = id.iter_mut();
        for word in 0_u64..4 {
            self.seed = self.seed.wrapping_add(1);
            // splitmix64
            let mut mixed = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            if word == 3 {
                mixed = (mixed & 0xffff_ffff) | ((place as u64) << 32);
                mixed = mixed.rotate_left(32);
            }
            for byte in mixed.to_be_bytes() {
                for nibble in [byte >> 4, byte & 15] {
                    if let Some(digit) = digits.next() {
                        *digit = if nibble < 10 {
                            b'0' + nibble
                        } else {
                            b'a' - 10 + nibble
                        };
                    }
                }
            }
        }
        id
    }
}

/// A call in flight, or none.
#[derive(Clone, Debug)]
struct Place {
    tx_id: [u8; TX_ID],
    since: Instant,
    taken: bool,
}

impl Place {
    fn new() -> Self {
        Self {
            tx_id: [b'0'; TX_ID],
            since: Instant::now(),
            taken: false,
        }
    }
}

/// The place that a transaction id says.
fn place_of(tx_id: &str) -> Option<usize> {
    let digits = tx_id.get(TX_ID - 8..TX_ID)?;
    usize::from_str_radix(digits, 16).ok()
}

/// Whether a COMPLETED is the answer that was wanted.
fn check(payload: &Bytes, bytes: Option<usize>) -> Result<(), String> {
    let response = Response::decode(payload.clone()).map_err(|error| error.to_string())?;
    if response.status >= 400 {
        return Err(format!("{}: {}", response.status, response.message));
    }
    match bytes {
        Some(bytes) if bytes != response.payload.len() => Err(format!(
            "an answer of {} bytes in place of {bytes}",
            response.payload.len()
        )),
        _ => Ok(()),
    }
}

/// What is sent, as a stream.
struct Sent(UnboundedReceiver<Outgoing>);

impl Stream for Sent {
    type Item = Outgoing;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Outgoing>> {
        self.0.poll_recv(context)
    }
}

/// How many bytes a server may send ahead of our reading.
const WINDOW: u32 = 4 << 20;

/// The most bytes of a message.
const MESSAGE: usize = 100 << 20;

/// How long calls in flight may take at the end.
const GIVE_UP: Duration = Duration::from_secs(40);

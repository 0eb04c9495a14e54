//! What the other commands ask of the process that runs the network: a line of JSON each way, over
//! loopback.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, tcp},
    sync::{mpsc, oneshot},
};

use super::folder::{ControlPoint, DevnetFolder};

/// How long an answer may take: a peer that catches up, a server that stops.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest question, in bytes.
const LONGEST: u64 = 4096;

/// What a command asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum ControlOrder {
    AddOrg { name: String },
    Down,
    StartPeer { org: String },
    StartServer { org: String },
    Status,
    StopPeer { org: String },
    StopServer { org: String },
}

#[derive(Debug, Serialize, Deserialize)]
struct Question {
    token: String,
    order: ControlOrder,
}

/// What it is answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ControlAnswer {
    Done(String),
    Failed(String),
    Status(NetStatus),
}

/// What runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct NetStatus {
    pub(super) folder: String,
    pub(super) pid: u32,
    pub(super) chaincode: String,
    pub(super) orderer: String,
    pub(super) channels: Vec<ChannelStatus>,
    pub(super) organizations: Vec<OrganizationStatus>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ChannelStatus {
    pub(super) name: String,
    pub(super) members: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct OrganizationStatus {
    pub(super) name: String,
    pub(super) msp_id: String,
    pub(super) peer: String,
    pub(super) peer_runs: bool,
    pub(super) server_runs: bool,
    /// The channels that its peer joined, with how many blocks it has of each.
    pub(super) heights: std::collections::BTreeMap<String, u64>,
}

/// An order, and whom to answer.
pub(super) type Received = (ControlOrder, oneshot::Sender<ControlAnswer>);

/// Asks the process that runs the network.
///
/// # Errors
/// Where none runs, and what it failed at.
pub(super) fn ask(folder: &DevnetFolder, order: ControlOrder) -> anyhow::Result<ControlAnswer> {
    let shown = folder.path.display();
    let Some(point) = folder.control() else {
        bail!("no network runs in `{shown}`: start one by `cmscc devnet up`");
    };
    let asked = exchange(&point, order);
    match asked
        .with_context(|| format!("the network in `{shown}` does not answer; does it run?"))?
    {
        ControlAnswer::Failed(reason) => bail!("{reason}"),
        answer => Ok(answer),
    }
}

/// Whether the network of a folder runs.
pub(super) fn runs(folder: &DevnetFolder) -> bool {
    folder
        .control()
        .is_some_and(|point| exchange(&point, ControlOrder::Status).is_ok())
}

fn exchange(point: &ControlPoint, order: ControlOrder) -> anyhow::Result<ControlAnswer> {
    let address: SocketAddr = point.address.parse()?;
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let question = Question {
        token: point.token.clone(),
        order,
    };
    writeln!(stream, "{}", serde_json::to_string(&question)?)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

/// Takes questions until the process ends. Who does not know the token is not answered.
pub(super) async fn listen(listener: TcpListener, token: String, orders: mpsc::Sender<Received>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (token, orders) = (token.clone(), orders.clone());
        tokio::spawn(async move {
            let (reading, writing) = stream.into_split();
            // nobody may be waiting any more
            let _ = answer(reading, writing, &token, &orders).await;
        });
    }
}

async fn answer(
    reading: tcp::OwnedReadHalf,
    mut writing: tcp::OwnedWriteHalf,
    token: &str,
    orders: &mpsc::Sender<Received>,
) -> anyhow::Result<()> {
    let mut line = String::new();
    let mut reading = tokio::io::BufReader::new(reading.take(LONGEST));
    reading.read_line(&mut line).await?;
    let question: Question = serde_json::from_str(&line)?;
    if question.token != token {
        bail!("another token");
    }
    let (answer, answered) = oneshot::channel();
    orders.send((question.order, answer)).await?;
    let answer = answered.await?;
    let line = serde_json::to_string(&answer)? + "\n";
    writing.write_all(line.as_bytes()).await?;
    Ok(())
}

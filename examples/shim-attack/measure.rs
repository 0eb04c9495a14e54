//! What a process uses, and what its operations listener says.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Seek, SeekFrom},
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context;
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Duration, Instant, sleep, timeout},
};

use crate::args::Args;

/// How often the process is looked at.
const PACE: Duration = Duration::from_millis(50);
/// How long the operations listener may take.
const OPERATIONS: Duration = Duration::from_secs(5);

/// What a process uses.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Usage {
    /// Resident memory, in bytes.
    pub(crate) memory: u64,
    pub(crate) descriptors: u64,
    pub(crate) threads: u64,
    /// The most memory since the start.
    #[serde(skip)]
    highest: u64,
}

/// What `/livez` and `/readyz` said meanwhile.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Operations {
    /// Status codes that were seen, 0: no answer in time.
    pub(crate) livez: BTreeSet<u16>,
    pub(crate) readyz: BTreeSet<u16>,
    pub(crate) worst_ms: u128,
}

/// Looks at a process and its operations listener again and again.
pub(crate) struct Sampler {
    pid: Option<u32>,
    most: Arc<Mutex<Usage>>,
    operations: Arc<Mutex<Operations>>,
}

impl Sampler {
    pub(crate) fn start(args: &Args) -> anyhow::Result<Self> {
        if let Some(pid) = args.pid {
            usage(pid).with_context(|| format!("there is no process {pid} to look at"))?;
        }
        let sampler = Self {
            pid: args.pid,
            most: Arc::default(),
            operations: Arc::default(),
        };
        let (pid, most) = (args.pid, Arc::clone(&sampler.most));
        tokio::spawn(async move {
            while let Some(now) = pid.and_then(usage) {
                raise(&mut locked(&most), &now);
                sleep(PACE).await;
            }
        });
        tokio::spawn(ask(args.ops, Arc::clone(&sampler.operations)));
        Ok(sampler)
    }

    pub(crate) fn now(&self) -> Usage {
        self.pid.and_then(usage).unwrap_or_default()
    }

    /// The most that was used between two looks.
    pub(crate) fn peaked(&self, before: &Usage, after: &Usage) -> Usage {
        let mut most = *locked(&self.most);
        raise(&mut most, before);
        raise(&mut most, after);
        if after.highest > before.highest {
            most.memory = after.highest;
        }
        most
    }

    pub(crate) fn operations(&self) -> Operations {
        locked(&self.operations).clone()
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.pid.is_none_or(|pid| usage(pid).is_some())
    }
}

fn raise(most: &mut Usage, now: &Usage) {
    most.memory = most.memory.max(now.memory);
    most.descriptors = most.descriptors.max(now.descriptors);
    most.threads = most.threads.max(now.threads);
}

/// `None`: there is no such process, or it has ended.
fn usage(pid: u32) -> Option<Usage> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let number = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count();
    Some(Usage {
        // in kB; a process that has ended and is not buried yet has none
        memory: number("VmRSS:")?.saturating_mul(1_024),
        highest: number("VmHWM:")?.saturating_mul(1_024),
        descriptors: descriptors as u64,
        threads: number("Threads:")?,
    })
}

async fn ask(address: SocketAddr, said: Arc<Mutex<Operations>>) {
    loop {
        let began = Instant::now();
        let livez = get(address, "/livez").await.map_or(0, |(status, _)| status);
        let readyz = get(address, "/readyz")
            .await
            .map_or(0, |(status, _)| status);
        let took = began.elapsed().as_millis();
        {
            let mut said = locked(&said);
            said.livez.insert(livez);
            said.readyz.insert(readyz);
            said.worst_ms = said.worst_ms.max(took);
        }
        sleep(PACE * 5).await;
    }
}

/// Status and length of an answer of the operations listener.
pub(crate) async fn get(address: SocketAddr, path: &str) -> anyhow::Result<(u16, usize)> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let answer = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, anyhow::Error>(answer)
    };
    let answer = timeout(OPERATIONS, answer).await??;
    let line = String::from_utf8_lossy(answer.get(..32).unwrap_or(&answer)).into_owned();
    let status = line.split(' ').nth(1).context("no status line")?;
    Ok((status.parse()?, answer.len()))
}

/// How long a file is; 0 where there is none.
pub(crate) fn length(path: Option<&Path>) -> u64 {
    path.and_then(|path| fs::metadata(path).ok())
        .map_or(0, |file| file.len())
}

/// Whether what was added to a log has bytes that a terminal would obey; at most 64 MiB are read.
pub(crate) fn has_control(path: Option<&Path>, from: u64) -> Option<bool> {
    let mut file = fs::File::open(path?).ok()?;
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut added = Vec::new();
    file.take(64 << 20).read_to_end(&mut added).ok()?;
    Some(
        added
            .iter()
            .any(|byte| byte.is_ascii_control() && *byte != b'\n'),
    )
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

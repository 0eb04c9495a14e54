//! Well-behaved peers beside an attack, and what they see.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, bail};
use bytes::Bytes;
use cmscc::proto::protos::{ChaincodeMessage, chaincode_message::Type};
use serde::Serialize;
use tokio::time::{Duration, Instant, sleep, timeout};

use crate::peer::{Peer, Target, transaction};

/// How often the peer that keeps its connection calls.
const PACE: Duration = Duration::from_millis(50);
/// How often the newcomer dials.
const DIALLING: Duration = Duration::from_millis(250);

/// A peer that keeps its connection, and one that dials for every call.
pub(crate) struct Probes {
    pub(crate) keeping: Watch,
    pub(crate) dialling: Watch,
}

/// What one of them saw.
#[derive(Clone, Default)]
pub(crate) struct Watch(Arc<Mutex<Vec<Attempt>>>);

#[derive(Clone)]
struct Attempt {
    began: Instant,
    ended: Instant,
    failure: Option<String>,
}

/// What is said of it.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// Calls during the attack.
    pub(crate) calls: usize,
    pub(crate) failed: usize,
    /// The longest answer, in milliseconds; of a failed call the time until it was given up.
    pub(crate) worst_ms: u128,
    /// The longest time without a successful call, in seconds.
    pub(crate) longest_wait: f64,
    /// From the attack's end to the next successful call, in seconds; `null`: there was none.
    pub(crate) back_after: Option<f64>,
    /// The last failure.
    pub(crate) failure: Option<String>,
}

impl Probes {
    pub(crate) fn start(target: &Target, deadline: Duration) -> Self {
        let (keeping, dialling) = (Watch::default(), Watch::default());
        tokio::spawn(keep(target.clone(), deadline, keeping.clone()));
        tokio::spawn(dial(target.clone(), deadline, dialling.clone()));
        Self { keeping, dialling }
    }

    /// Waits until both had an answer.
    pub(crate) async fn answered(&self, within: Duration) -> anyhow::Result<()> {
        let both = async {
            while ![&self.keeping, &self.dialling]
                .iter()
                .all(|w| w.has_success())
            {
                sleep(PACE).await;
            }
        };
        let failure = || self.dialling.attempts().last()?.failure.clone();
        let answered = timeout(within, both).await;
        answered.with_context(|| failure().unwrap_or_default())
    }
}

async fn keep(target: Target, deadline: Duration, watch: Watch) {
    let mut live = None;
    for number in 0u64.. {
        let began = Instant::now();
        let once = timeout(deadline, keep_once(&mut live, &target, number)).await;
        // a peer leaves a stream open on which a call took too long, and dials again where it broke
        if matches!(once, Ok(Err(_))) {
            live = None;
        }
        watch.note(began, once.unwrap_or_else(|_| bail!("no answer in time")));
        sleep(PACE).await;
    }
}

async fn keep_once(live: &mut Option<Peer>, target: &Target, number: u64) -> anyhow::Result<()> {
    if live.as_ref().is_none_or(Peer::is_over) {
        *live = Some(Peer::ready(target).await?);
    }
    let peer = live.as_mut().context("there is a stream")?;
    call(peer, number).await
}

async fn dial(target: Target, deadline: Duration, watch: Watch) {
    for number in 0u64.. {
        let began = Instant::now();
        let once = async {
            let mut peer = Peer::ready(&target).await?;
            call(&mut peer, number).await?;
            anyhow::Ok(peer)
        };
        let once = timeout(deadline, once).await;
        let once = once.unwrap_or_else(|_| bail!("no answer in time"));
        let (peer, once) = match once {
            Ok(peer) => (Some(peer), Ok(())),
            Err(error) => (None, Err(error)),
        };
        watch.note(began, once);
        if let Some(peer) = peer {
            peer.end().await;
        }
        sleep(DIALLING).await;
    }
}

/// A call that is cheap, and asks for no state.
async fn call(peer: &mut Peer, number: u64) -> anyhow::Result<()> {
    let name = Bytes::from_static(b"org.hyperledger.fabric:GetMetadata");
    let call = transaction("probe", &format!("probe-{number}"), vec![name]);
    let answer: ChaincodeMessage = peer.call(&call).await?;
    if answer.r#type != i32::from(Type::Completed) {
        bail!("{}", String::from_utf8_lossy(&answer.payload));
    }
    Ok(())
}

impl Watch {
    fn note(&self, began: Instant, result: anyhow::Result<()>) {
        self.attempts().push(Attempt {
            began,
            ended: Instant::now(),
            failure: result.err().map(|error| format!("{error:#}")),
        });
    }

    fn has_success(&self) -> bool {
        self.attempts().iter().any(|one| one.failure.is_none())
    }

    /// What was seen between two times, and after the second one.
    pub(crate) fn summary(&self, began: Instant, ended: Instant) -> Summary {
        let attempts = self.attempts().clone();
        let meanwhile = attempts
            .iter()
            .filter(|one| one.ended >= began && one.began <= ended);
        let meanwhile: Vec<&Attempt> = meanwhile.collect();
        let good = attempts.iter().filter(|one| one.failure.is_none());
        let good: Vec<Instant> = good.map(|one| one.ended).collect();
        // a wait that is still going on counts until now
        let last = good.iter().any(|at| *at >= ended).then_some(ended);
        let waits = good
            .iter()
            .filter(|at| **at >= began && **at <= ended)
            .copied();
        let waits = waits.chain([last.unwrap_or_else(Instant::now)]);
        let longest = waits.scan(began, |since, at| {
            let wait = at.saturating_duration_since(*since);
            *since = at;
            Some(wait)
        });
        let worst = meanwhile.iter().map(|one| one.ended - one.began).max();
        let back = good.iter().find(|at| **at >= ended);
        let failed = meanwhile.iter().filter_map(|one| one.failure.clone());
        let failed: Vec<String> = failed.collect();
        Summary {
            calls: meanwhile.len(),
            failed: failed.len(),
            worst_ms: worst.unwrap_or_default().as_millis(),
            longest_wait: longest.max().unwrap_or_default().as_secs_f64(),
            back_after: back.map(|at| (*at - ended).as_secs_f64()),
            failure: failed.last().cloned(),
        }
    }

    fn attempts(&self) -> MutexGuard<'_, Vec<Attempt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

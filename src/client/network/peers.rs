//! The peers in their order.

use std::{
    future::Future,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout_at},
};
use tonic::{
    Status,
    transport::{Channel, Endpoint},
};

use super::{backoff::Backoff, dial, wire};
use crate::{
    client::{
        ClientError, Exit, host,
        profile::{ClientSettings, PeerEndpoint},
        refusal::{Errand, Meaning, Remedy, Whom, judge, timed_out},
    },
    ids::Digest,
};

/// By how much the deadline that a node is told lies behind ours.
const GRACE: Duration = Duration::from_secs(1);

/// Nodes of which any may answer, with what a call of them needs.
#[derive(Debug)]
pub(super) struct Peers {
    nodes: Vec<PeerNode>,
    /// The one that answered last.
    preferred: AtomicUsize,
    channel: String,
    chaincode: String,
    connect_timeout: Duration,
}

/// One of them.
#[derive(Debug)]
struct PeerNode {
    address: String,
    is_tls: bool,
    endpoint: Endpoint,
    tls_cert_hash: Option<Digest>,
    dialled: Dialled,
}

/// A connection that is dialled when it is first used; it reconnects by itself.
type Dialled = Arc<Mutex<Option<Channel>>>;

/// Connections that several channels share: one to each node, whatever the channel.
#[derive(Clone, Debug, Default)]
pub struct ConnectionPool(Arc<std::sync::Mutex<Vec<(PeerEndpoint, Dialled)>>>);

impl ConnectionPool {
    /// The connection to a node; nothing is dialled.
    fn of(&self, node: &PeerEndpoint) -> Dialled {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, dialled)) = known.iter().find(|(other, _)| other == node) {
            return Arc::clone(dialled);
        }
        // one that nobody uses any more, such as with a certificate that was renewed
        known.retain(|(other, dialled)| {
            other.address != node.address || Arc::strong_count(dialled) > 1
        });
        let dialled = Dialled::default();
        known.push((node.clone(), Arc::clone(&dialled)));
        dialled
    }
}

/// A node that is connected.
#[derive(Clone, Debug)]
pub(super) struct Reached {
    /// The connection.
    pub(super) channel: Channel,
    /// The digest of one's own TLS certificate there.
    pub(super) tls_cert_hash: Option<Digest>,
}

impl Peers {
    /// These nodes; none is dialled yet.
    ///
    /// # Errors
    /// `NO_PEER`, `BAD_ADDRESS`, `BAD_TLS_FILES`.
    pub(super) fn new(
        nodes: &[PeerEndpoint],
        settings: &ClientSettings,
    ) -> Result<Arc<Self>, ClientError> {
        Self::sharing(nodes, settings, &ConnectionPool::default())
    }

    /// The same with connections that others may use, too.
    ///
    /// # Errors
    /// As of [`Self::new`].
    pub(super) fn sharing(
        nodes: &[PeerEndpoint],
        settings: &ClientSettings,
        pool: &ConnectionPool,
    ) -> Result<Arc<Self>, ClientError> {
        let connect_timeout = settings.connect_timeout.min(settings.timeout);
        let nodes: Result<Vec<PeerNode>, ClientError> = nodes
            .iter()
            .map(|node| {
                Ok(PeerNode {
                    address: node.address.clone(),
                    is_tls: node.tls.is_some(),
                    endpoint: dial::endpoint(node, connect_timeout)?,
                    tls_cert_hash: dial::tls_cert_hash(node),
                    dialled: pool.of(node),
                })
            })
            .collect();
        let nodes = nodes?;
        if nodes.is_empty() {
            return Err(ClientError::new(Exit::Usage, "NO_PEER", "no peer is named")
                .hint("`--peer-address HOST:PORT`, or a profile: `cmscc profile add`"));
        }
        Ok(Arc::new(Self {
            nodes,
            preferred: AtomicUsize::new(0),
            channel: settings.channel.to_string(),
            chaincode: settings.chaincode.clone(),
            connect_timeout,
        }))
    }

    /// Asks one node after the other, and all of them again where that may help, until `until`.
    ///
    /// Where nobody answers, what is told is the most specific refusal.
    pub(super) async fn ask<A, F, W>(
        &self,
        errand: Errand,
        chaincode: Option<&str>,
        until: Instant,
        send: F,
    ) -> Result<A, Meaning>
    where
        F: Fn(Reached, Duration) -> W,
        W: Future<Output = Result<A, Status>>,
    {
        let mut backoff = Backoff::PASSING;
        let mut told: Option<Meaning> = None;
        loop {
            let meaning = match self.ask_each(errand, chaincode, until, &send).await {
                Ok(answer) => return Ok(answer),
                Err(meaning) => meaning,
            };
            let again = meaning.remedy.again;
            let is_open = told.as_ref().is_some_and(|told| told.remedy.is_open);
            // the round that said most
            let mut best = match told {
                Some(before) if rank(&before) > rank(&meaning) => before,
                _ => meaning,
            };
            best.remedy.is_open |= is_open;
            if !again || !wait(&mut backoff, until).await {
                return Err(best);
            }
            told = Some(best);
        }
    }

    /// Asks one node after the other, each once.
    pub(super) async fn ask_once<A, F, W>(
        &self,
        errand: Errand,
        chaincode: Option<&str>,
        until: Instant,
        send: F,
    ) -> Result<A, Meaning>
    where
        F: Fn(Reached, Duration) -> W,
        W: Future<Output = Result<A, Status>>,
    {
        self.ask_each(errand, chaincode, until, &send).await
    }

    /// Asks one node, once, until `until`.
    pub(super) async fn ask_only<A, F, W>(
        &self,
        at: usize,
        errand: Errand,
        chaincode: &str,
        until: Instant,
        send: F,
    ) -> Result<A, Meaning>
    where
        F: Fn(Reached, Duration) -> W,
        W: Future<Output = Result<A, Status>>,
    {
        let node = self.nodes.get(at).ok_or_else(nobody)?;
        let mut whom = self.whom(at);
        whom.chaincode = chaincode;
        self.ask_one(node, errand, whom, until, &send).await
    }

    /// Their addresses, in their order.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|node| node.address.as_str())
    }

    /// Connects to the first node that can be connected to; which it is.
    pub(super) async fn reach(&self, until: Instant) -> Result<(usize, Reached), ClientError> {
        let mut failed: Option<Meaning> = None;
        for at in self.order() {
            let Some(node) = self.nodes.get(at) else {
                continue;
            };
            let reached = node.reach(self.whom(at), self.connect_timeout, until);
            failed = match (reached.await, failed) {
                (Ok(reached), _) => return Ok((at, reached)),
                (Err(meaning), Some(before)) => Some(more_specific(before, meaning)),
                (Err(meaning), None) => Some(meaning),
            };
        }
        Err(failed.unwrap_or_else(nobody).error)
    }

    /// Lets the node behind this one be the first that is asked.
    pub(super) fn pass_over(&self, at: usize) {
        let next = (at + 1) % self.nodes.len().max(1);
        self.preferred.store(next, Ordering::Relaxed);
    }

    /// What a failed call of this node means.
    pub(super) fn meaning(&self, at: usize, errand: Errand, status: &Status) -> Meaning {
        judge(errand, self.whom(at), &wire::failure(status))
    }

    /// Which node this is.
    pub(super) fn whom(&self, at: usize) -> Whom<'_> {
        Whom {
            address: self.nodes.get(at).map_or("", |node| &node.address),
            channel: &self.channel,
            chaincode: &self.chaincode,
            is_tls: self.nodes.get(at).is_some_and(|node| node.is_tls),
        }
    }

    /// All of them, from the one that answered last.
    fn order(&self) -> impl Iterator<Item = usize> + use<> {
        let (first, all) = (self.preferred.load(Ordering::Relaxed), self.nodes.len());
        (0..all).map(move |step| (first + step) % all)
    }

    async fn ask_each<A, F, W>(
        &self,
        errand: Errand,
        chaincode: Option<&str>,
        until: Instant,
        send: &F,
    ) -> Result<A, Meaning>
    where
        F: Fn(Reached, Duration) -> W,
        W: Future<Output = Result<A, Status>>,
    {
        let mut failed: Option<Meaning> = None;
        for (at, left) in self.order().zip((1..=self.nodes.len()).rev()) {
            let Some(node) = self.nodes.get(at) else {
                continue;
            };
            let mut whom = self.whom(at);
            whom.chaincode = chaincode.unwrap_or(whom.chaincode);
            let until = share(errand, until, left);
            match self.ask_one(node, errand, whom, until, send).await {
                Ok(answer) => {
                    self.preferred.store(at, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(meaning) => {
                    let next = meaning.remedy.elsewhere && Instant::now() < until;
                    let told = match failed {
                        Some(before) => more_specific(before, meaning),
                        None => meaning,
                    };
                    if !next {
                        return Err(told);
                    }
                    failed = Some(told);
                }
            }
        }
        Err(failed.unwrap_or_else(nobody))
    }

    async fn ask_one<A, F, W>(
        &self,
        node: &PeerNode,
        errand: Errand,
        whom: Whom<'_>,
        until: Instant,
        send: &F,
    ) -> Result<A, Meaning>
    where
        F: Fn(Reached, Duration) -> W,
        W: Future<Output = Result<A, Status>>,
    {
        let reached = node.reach(whom, self.connect_timeout, until).await?;
        let left = until.saturating_duration_since(Instant::now());
        // the node hears of a later end than ours, so that two ends never meet
        match timeout_at(until, send(reached, left + GRACE)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(status)) => Err(judge(errand, whom, &wire::failure(&status))),
            Err(_) => Err(timed_out(errand, whom, left)),
        }
    }
}

impl PeerNode {
    async fn reach(
        &self,
        whom: Whom<'_>,
        timeout: Duration,
        until: Instant,
    ) -> Result<Reached, Meaning> {
        let mut dialled = self.dialled.lock().await;
        let channel = match dialled.as_ref() {
            Some(channel) => channel.clone(),
            None => {
                let left = until.saturating_duration_since(Instant::now());
                let channel = dial::dial(&self.endpoint, whom, timeout.min(left)).await?;
                dialled.insert(channel).clone()
            }
        };
        Ok(Reached {
            channel,
            tls_cert_hash: self.tls_cert_hash,
        })
    }
}

/// Until when one of the nodes that are left may take: one that hangs leaves time for the others, where
/// asking them changes nothing.
fn share(errand: Errand, until: Instant, left: usize) -> Instant {
    let now = Instant::now();
    let shares = match errand {
        Errand::Evaluate | Errand::Endorse => u32::try_from(left).unwrap_or(u32::MAX).max(1),
        _ => 1,
    };
    now + until.saturating_duration_since(now) / shares
}

/// Waits before another try; `false`: there is none.
pub(super) async fn wait(backoff: &mut Backoff, until: Instant) -> bool {
    let Some(longest) = backoff.next() else {
        return false;
    };
    let wait = longest / 2 + host::part_of(longest / 2);
    if Instant::now() + wait >= until {
        return false;
    }
    sleep(wait).await;
    true
}

/// Of two refusals by different nodes the one that says more; what may be done is what either allows.
fn more_specific(before: Meaning, after: Meaning) -> Meaning {
    let remedy = Remedy {
        elsewhere: before.remedy.elsewhere || after.remedy.elsewhere,
        again: before.remedy.again || after.remedy.again,
        is_open: before.remedy.is_open || after.remedy.is_open,
    };
    let (mut told, other) = match rank(&after) > rank(&before) {
        true => (after, before),
        false => (before, after),
    };
    let also = (other.error.symbol, other.error.message);
    told.error.details.push(also);
    told.error.details.extend(other.error.details);
    Meaning { remedy, ..told }
}

/// How much a refusal says of what is wrong.
fn rank(meaning: &Meaning) -> u8 {
    match meaning.error.symbol.as_str() {
        "PEER_UNREACHABLE" | "CONNECTION_ENDED" => 0,
        "TIMEOUT" | "PEER_UNAVAILABLE" | "PEER_BUSY" => 1,
        _ => 2,
    }
}

fn nobody() -> Meaning {
    Meaning {
        error: ClientError::new(Exit::Usage, "NO_PEER", "no peer is named"),
        remedy: Remedy::NONE,
    }
}

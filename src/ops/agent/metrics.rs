//! The metrics of an agent. Names are public: `docs/agent.md` lists them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::{Registry, Unit},
};

use crate::ops::metrics::{LogCounters, ReasonLabels, open_metrics};

/// The most series of certificates and of statuses that a channel has.
const SERIES: usize = 200;

/// Counters and gauges of an agent. Times are in seconds.
#[derive(Debug)]
pub(crate) struct AgentMetrics {
    registry: Registry,
    rounds: Family<AgentResultLabels, Counter>,
    last_round: Family<AgentChannelLabels, Gauge>,
    sequence: Family<AgentChannelLabels, Gauge>,
    lag: Family<AgentChannelLabels, Gauge>,
    awaiting: Family<AgentChannelLabels, Gauge>,
    held: Family<AgentChannelLabels, Gauge>,
    fork: Family<AgentChannelLabels, Gauge>,
    proposals: Family<StatusLabels, Gauge>,
    certificates: Family<CertificateLabels, Gauge>,
    syncs: Family<AgentResultLabels, Counter>,
    submits: Family<AgentResultLabels, Counter>,
    carried: Family<AgentResultLabels, Counter>,
    waiting: Family<HookChannelLabels, Gauge>,
    deliveries: Family<HookLabels, Counter>,
    log_lines: Family<ReasonLabels, Counter>,
    /// Which series of proposals and certificates each channel has.
    shown: Mutex<BTreeMap<AgentChannelLabels, ShownSeries>>,
}

#[derive(Debug, Default)]
struct ShownSeries {
    proposals: BTreeSet<StatusLabels>,
    certificates: BTreeSet<CertificateLabels>,
}

/// What a look at a channel found.
#[derive(Clone, Debug, Default)]
pub(crate) struct AgentLook {
    /// How many proposals await one's own organisation.
    pub(crate) awaiting: u64,
    /// What each certificate that ends soon is for, its fingerprint, and when it ends.
    pub(crate) ends: Vec<(String, String, i64)>,
    /// Whether there are two chains.
    pub(crate) is_fork: bool,
    /// Whether nothing is sent.
    pub(crate) is_held: bool,
    /// How many configs the contract lacks; `None`: not known yet.
    pub(crate) lag: Option<u64>,
    /// How many proposals have a status.
    pub(crate) proposals: BTreeMap<String, u64>,
    /// The channel's config; `None`: not known yet.
    pub(crate) sequence: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct AgentChannelLabels {
    profile: String,
    channel: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct AgentResultLabels {
    profile: String,
    channel: String,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct StatusLabels {
    profile: String,
    channel: String,
    status: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct CertificateLabels {
    profile: String,
    channel: String,
    r#use: String,
    fingerprint: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HookChannelLabels {
    profile: String,
    channel: String,
    hook: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HookLabels {
    hook: String,
    result: &'static str,
}

impl AgentMetrics {
    /// Metrics at zero.
    #[must_use]
    pub(crate) fn new(version: &'static str) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("cmscc_agent"),
            rounds: Family::default(),
            last_round: Family::default(),
            sequence: Family::default(),
            lag: Family::default(),
            awaiting: Family::default(),
            held: Family::default(),
            fork: Family::default(),
            proposals: Family::default(),
            certificates: Family::default(),
            syncs: Family::default(),
            submits: Family::default(),
            carried: Family::default(),
            waiting: Family::default(),
            deliveries: Family::default(),
            log_lines: Family::default(),
            shown: Mutex::default(),
        };
        metrics.register(version);
        metrics
    }

    /// Shows a channel and its counters from the start: a counter that starts at 1 is no increase to
    /// Prometheus.
    pub(crate) fn channel(&self, profile: &str, channel: &str) {
        for (family, results) in [
            (&self.rounds, &["ok", "failed"][..]),
            (&self.syncs, &["synced", "known", "failed"][..]),
            (&self.submits, &["submitted", "refused"][..]),
            (&self.carried, &["carried", "refused"][..]),
        ] {
            for result in results {
                let _ = family.get_or_create(&result_labels(profile, channel, result));
            }
        }
    }

    /// Shows a hook and its counters from the start.
    pub(crate) fn hook(&self, hook: &str) {
        for result in ["told", "failed", "dead"] {
            let _ = self.deliveries.get_or_create(&hook_labels(hook, result));
        }
    }

    /// A round is over; `at`: when, in seconds since 1970, where it could be done.
    pub(crate) fn round(&self, profile: &str, channel: &str, look: &AgentLook, at: Option<i64>) {
        let result = if at.is_some() { "ok" } else { "failed" };
        self.rounds
            .get_or_create(&result_labels(profile, channel, result))
            .inc();
        let labels = channel_labels(profile, channel);
        if let Some(at) = at {
            self.last_round.get_or_create(&labels).set(at);
        }
        for (family, value) in [
            (&self.sequence, look.sequence),
            (&self.lag, look.lag),
            (&self.awaiting, Some(look.awaiting)),
            (&self.held, Some(look.is_held.into())),
            (&self.fork, Some(look.is_fork.into())),
        ] {
            // a zero would say that all is well
            if let Some(value) = value {
                family.get_or_create(&labels).set(gauge(value));
            }
        }
        self.show(labels, look);
    }

    /// Config blocks were handed in, were known, or were refused.
    pub(crate) fn synced(&self, profile: &str, channel: &str, result: &'static str) {
        self.syncs
            .get_or_create(&result_labels(profile, channel, result))
            .inc();
    }

    /// An update is in effect, or was refused.
    pub(crate) fn submitted(&self, profile: &str, channel: &str, result: &'static str) {
        self.submits
            .get_or_create(&result_labels(profile, channel, result))
            .inc();
    }

    /// A signature file was handed in, or refused.
    pub(crate) fn carried(&self, profile: &str, channel: &str, result: &'static str) {
        self.carried
            .get_or_create(&result_labels(profile, channel, result))
            .inc();
    }

    /// So many notices wait for a hook.
    pub(crate) fn waiting(&self, profile: &str, channel: &str, hook: &str, count: u64) {
        let labels = HookChannelLabels {
            profile: profile.to_owned(),
            channel: channel.to_owned(),
            hook: hook.to_owned(),
        };
        self.waiting.get_or_create(&labels).set(gauge(count));
    }

    /// A hook was told, or not, or will not be.
    pub(crate) fn delivered(&self, hook: &str, result: &'static str) {
        self.deliveries
            .get_or_create(&hook_labels(hook, result))
            .inc();
    }

    /// The counters of lost log lines.
    pub(crate) fn log_counters(&self) -> LogCounters {
        LogCounters::of(&self.log_lines)
    }

    /// All metrics in the OpenMetrics text form.
    pub(super) fn text(&self) -> String {
        open_metrics(&self.registry)
    }

    /// Series of what is not there any more go.
    fn show(&self, of: AgentChannelLabels, look: &AgentLook) {
        let (profile, channel) = (of.profile.clone(), of.channel.clone());
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let before = shown.remove(&of).unwrap_or_default();
        let mut now = ShownSeries::default();
        for (status, count) in look.proposals.iter().take(SERIES) {
            let labels = StatusLabels {
                profile: profile.clone(),
                channel: channel.clone(),
                status: status.clone(),
            };
            self.proposals.get_or_create(&labels).set(gauge(*count));
            now.proposals.insert(labels);
        }
        for (purpose, fingerprint, end) in look.ends.iter().take(SERIES) {
            let labels = CertificateLabels {
                profile: profile.clone(),
                channel: channel.clone(),
                r#use: purpose.clone(),
                fingerprint: fingerprint.clone(),
            };
            self.certificates.get_or_create(&labels).set(*end);
            now.certificates.insert(labels);
        }
        for gone in before.proposals.difference(&now.proposals) {
            self.proposals.remove(gone);
        }
        for gone in before.certificates.difference(&now.certificates) {
            self.certificates.remove(gone);
        }
        shown.insert(of, now);
    }

    fn register(&mut self, version: &'static str) {
        let _ = self.log_counters();
        let registry = &mut self.registry;
        registry.register("build", "The program", Info::new([("version", version)]));
        registry.register(
            "rounds",
            "Rounds that were done (ok) or could not be (failed)",
            self.rounds.clone(),
        );
        registry.register_with_unit(
            "last_round_timestamp",
            "When a round was last done, since 1970",
            Unit::Seconds,
            self.last_round.clone(),
        );
        registry.register(
            "config_sequence",
            "Sequence of the channel's config, as the agent verified it",
            self.sequence.clone(),
        );
        registry.register(
            "lag_sequences",
            "How many configs of the channel the contract lacks",
            self.lag.clone(),
        );
        registry.register(
            "awaiting",
            "Proposals that a signature of one's own organisation could complete",
            self.awaiting.clone(),
        );
        registry.register(
            "held",
            "1 where nothing is sent on the channel, by a person's word or after a fork",
            self.held.clone(),
        );
        registry.register(
            "config_fork",
            "1 where two chains were seen; wake somebody",
            self.fork.clone(),
        );
        registry.register(
            "proposals",
            "Proposals that are not over, by status",
            self.proposals.clone(),
        );
        registry.register_with_unit(
            "certificate_not_after",
            "When a certificate ends, since 1970, of those that end within 181 days",
            Unit::Seconds,
            self.certificates.clone(),
        );
        registry.register(
            "syncs",
            "Times that config blocks were handed in: synced, known already, or failed",
            self.syncs.clone(),
        );
        registry.register(
            "submits",
            "Updates that came into effect (submitted), or that a person has to look at (refused)",
            self.submits.clone(),
        );
        registry.register(
            "carried",
            "Signature files that were handed in (carried), or not (refused)",
            self.carried.clone(),
        );
        registry.register(
            "hook_waiting",
            "Notices that wait for a hook",
            self.waiting.clone(),
        );
        registry.register(
            "hook_deliveries",
            "Notices that a hook took (told), did not take (failed), and never will (dead)",
            self.deliveries.clone(),
        );
        registry.register(
            "log_lines_dropped",
            "Log lines that were lost: nobody took them (full), or writing failed (failed)",
            self.log_lines.clone(),
        );
    }
}

fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn channel_labels(profile: &str, channel: &str) -> AgentChannelLabels {
    AgentChannelLabels {
        profile: profile.to_owned(),
        channel: channel.to_owned(),
    }
}

fn result_labels(profile: &str, channel: &str, result: &'static str) -> AgentResultLabels {
    AgentResultLabels {
        profile: profile.to_owned(),
        channel: channel.to_owned(),
        result,
    }
}

fn hook_labels(hook: &str, result: &'static str) -> HookLabels {
    HookLabels {
        hook: hook.to_owned(),
        result,
    }
}

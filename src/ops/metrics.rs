//! The metrics, in the OpenMetrics text format. Names are public: `docs/operations.md` lists them.

use std::time::Duration;

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::{Registry, Unit},
};

/// Counters, gauges and histograms of this process. Times are in seconds.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    invocations: Family<InvocationLabels, Counter>,
    invocation_duration: Family<FunctionLabels, Histogram>,
    in_flight: Gauge,
    panics: Counter,
    state_calls: Family<StateCallLabels, Histogram>,
    streams: Gauge,
    registrations_unanswered: Counter,
    stray_messages: Counter,
    config_sequence: Family<ChannelLabels, Gauge>,
    config_epoch: Family<ChannelLabels, Gauge>,
    config_forks: Family<ChannelLabels, Counter>,
    blocks_unverified: Family<ChannelLabels, Counter>,
    config_unsupported: Family<ChannelLabels, Gauge>,
    tls_not_after: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InvocationLabels {
    function: String,
    code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FunctionLabels {
    function: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateCallLabels {
    call: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ChannelLabels {
    channel: String,
}

impl Metrics {
    /// Metrics at zero.
    #[must_use]
    pub(crate) fn new(version: &'static str) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("cmscc"),
            invocations: Family::default(),
            invocation_duration: Family::new_with_constructor(durations),
            in_flight: Gauge::default(),
            panics: Counter::default(),
            state_calls: Family::new_with_constructor(durations),
            streams: Gauge::default(),
            registrations_unanswered: Counter::default(),
            stray_messages: Counter::default(),
            config_sequence: Family::default(),
            config_epoch: Family::default(),
            config_forks: Family::default(),
            blocks_unverified: Family::default(),
            config_unsupported: Family::default(),
            tls_not_after: Gauge::default(),
        };
        metrics.register(version);
        metrics
    }

    /// A call has begun.
    pub(crate) fn started(&self) {
        self.in_flight.inc();
    }

    /// A call that had begun is over.
    pub(crate) fn stopped(&self) {
        self.in_flight.dec();
    }

    /// A call was answered. `function` must come from a bounded set, since each value is kept.
    pub(crate) fn invocation(&self, function: &str, code: &str, elapsed: Duration) {
        let (function, code) = (function.to_owned(), code.to_owned());
        let labels = FunctionLabels {
            function: function.clone(),
        };
        self.invocation_duration
            .get_or_create(&labels)
            .observe(elapsed.as_secs_f64());
        let labels = InvocationLabels { function, code };
        self.invocations.get_or_create(&labels).inc();
    }

    /// Counts a call that panicked; its transaction was refused.
    pub(crate) fn panicked(&self) {
        self.panics.inc();
    }

    /// A peer answered a call for state.
    pub(crate) fn state_call(&self, call: &'static str, elapsed: Duration) {
        self.state_calls
            .get_or_create(&StateCallLabels { call })
            .observe(elapsed.as_secs_f64());
    }

    /// A stream was opened.
    pub(crate) fn stream_opened(&self) {
        self.streams.inc();
    }

    /// A stream was closed.
    pub(crate) fn stream_closed(&self) {
        self.streams.dec();
    }

    /// A peer did not accept our id.
    pub(crate) fn registration_unanswered(&self) {
        self.registrations_unanswered.inc();
    }

    /// A peer sent something that was ignored.
    pub(crate) fn stray_message(&self) {
        self.stray_messages.inc();
    }

    /// The config of a channel.
    pub(crate) fn config(&self, channel: &str, epoch: u64, sequence: u64) {
        let gauge = |n| i64::try_from(n).unwrap_or(i64::MAX);
        let channel = label(channel);
        self.config_epoch.get_or_create(&channel).set(gauge(epoch));
        self.config_sequence
            .get_or_create(&channel)
            .set(gauge(sequence));
        // a counter that starts at 1 is no increase to Prometheus
        let _ = self.config_forks.get_or_create(&channel);
    }

    /// Another config of a known sequence.
    pub(crate) fn fork(&self, channel: &str) {
        self.config_forks.get_or_create(&label(channel)).inc();
    }

    /// Another config of a known sequence, in a block that nobody who counts signed.
    pub(crate) fn unverified_block(&self, channel: &str) {
        self.blocks_unverified.get_or_create(&label(channel)).inc();
    }

    /// How many required levels of a channel this build does not know.
    pub(crate) fn unsupported(&self, channel: &str, levels: usize) {
        self.config_unsupported
            .get_or_create(&label(channel))
            .set(i64::try_from(levels).unwrap_or(i64::MAX));
    }

    /// When the certificate of the chaincode server ends, in seconds since 1970.
    pub(crate) fn tls_not_after(&self, end: i64) {
        self.tls_not_after.set(end);
    }

    /// All metrics in the text form that Prometheus scrapes.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        // writing to a string does not fail
        let _ = text::encode(&mut out, &self.registry);
        out
    }

    fn register(&mut self, version: &'static str) {
        let registry = &mut self.registry;
        registry.register(
            "build",
            "The build of this process",
            Info::new([("version", version)]),
        );
        registry.register(
            "invocations",
            "Calls by function and code; the code is OK, or the symbol of the error",
            self.invocations.clone(),
        );
        registry.register_with_unit(
            "invocation_duration",
            "Time from the peer's message to our answer",
            Unit::Seconds,
            self.invocation_duration.clone(),
        );
        registry.register(
            "transactions_in_flight",
            "Calls that are running",
            self.in_flight.clone(),
        );
        registry.register(
            "panics",
            "Calls that ended in a panic; each is a defect",
            self.panics.clone(),
        );
        registry.register_with_unit(
            "state_call_duration",
            "Time that the peer takes to answer a call for state",
            Unit::Seconds,
            self.state_calls.clone(),
        );
        registry.register(
            "streams",
            "Streams that peers hold open",
            self.streams.clone(),
        );
        registry.register(
            "registrations_unanswered",
            "Streams closed because the peer did not accept CHAINCODE_ID",
            self.registrations_unanswered.clone(),
        );
        registry.register(
            "stray_messages",
            "Messages of peers that were ignored",
            self.stray_messages.clone(),
        );
        registry.register(
            "config_sequence",
            "Sequence of the config that the contract holds for true",
            self.config_sequence.clone(),
        );
        registry.register(
            "config_epoch",
            "How often the config chain was recovered, plus one",
            self.config_epoch.clone(),
        );
        registry.register(
            "config_forks",
            "Signed config blocks brought for a known sequence with another config; wake somebody",
            self.config_forks.clone(),
        );
        registry.register(
            "blocks_unverified",
            "Config blocks brought for a known sequence with another config and no good signatures",
            self.blocks_unverified.clone(),
        );
        registry.register(
            "config_unsupported",
            "Capability levels that the config requires and this build does not know",
            self.config_unsupported.clone(),
        );
        registry.register_with_unit(
            "tls_certificate_not_after",
            "When the certificate of the chaincode server ends, since 1970; 0 without TLS",
            Unit::Seconds,
            self.tls_not_after.clone(),
        );
    }
}

fn label(channel: &str) -> ChannelLabels {
    ChannelLabels {
        channel: channel.to_owned(),
    }
}

/// Half a millisecond to a minute.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.000_5, 2.0, 18))
}

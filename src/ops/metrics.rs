//! The metrics, in the OpenMetrics text format. Names are public: `docs/operations.md` lists them.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

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

use super::channels::ChannelHealth;

/// The most streams that have series of their own.
const STREAMS: i64 = 256;

/// Counters, gauges and histograms of this process. Times are in seconds.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    invocations: Family<InvocationLabels, Counter>,
    invocation_duration: Family<FunctionLabels, Histogram>,
    calls_failed: Counter,
    in_flight: Gauge,
    panics: Counter,
    state_calls: Family<StateCallLabels, Histogram>,
    streams: Gauge,
    stream_in_flight: Family<StreamLabels, Gauge>,
    connections: Gauge,
    connections_refused: Family<ReasonLabels, Counter>,
    held_up: Counter,
    registrations_accepted: Counter,
    registrations_unanswered: Counter,
    stray_messages: Counter,
    config_sequence: Family<ChannelLabels, Gauge>,
    config_epoch: Family<ChannelLabels, Gauge>,
    config_changed: Family<ChannelLabels, Gauge>,
    config_forks: Family<ChannelLabels, Counter>,
    blocks_unverified: Family<ChannelLabels, Counter>,
    config_unsupported: Family<ChannelLabels, Gauge>,
    tls_not_after: Gauge,
    tls_client_ca_not_after: Gauge,
    tls_reloads: Family<ResultLabels, Counter>,
    tls_files_usable: Gauge,
    log_lines: Family<ReasonLabels, Counter>,
    #[cfg(feature = "otel")]
    spans: Family<ResultLabels, Counter>,
}

/// Counts log lines that nobody will read.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogCounters {
    /// Lines for which there was no room, since nobody takes them.
    pub(super) full: Counter,
    /// Lines that could not be written.
    pub(super) failed: Counter,
}

impl LogCounters {
    /// Those of a family, by reason.
    pub(super) fn of(lines: &Family<ReasonLabels, Counter>) -> Self {
        let counter = |reason| lines.get_or_create_owned(&ReasonLabels { reason });
        Self {
            full: counter("full"),
            failed: counter("failed"),
        }
    }
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

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StreamLabels {
    stream: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ReasonLabels {
    pub(super) reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

impl Metrics {
    /// Metrics at zero.
    #[must_use]
    pub(crate) fn new(version: &'static str) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("cmscc"),
            invocations: Family::default(),
            invocation_duration: Family::new_with_constructor(durations),
            calls_failed: Counter::default(),
            in_flight: Gauge::default(),
            panics: Counter::default(),
            state_calls: Family::new_with_constructor(durations),
            streams: Gauge::default(),
            stream_in_flight: Family::default(),
            connections: Gauge::default(),
            connections_refused: Family::default(),
            held_up: Counter::default(),
            registrations_accepted: Counter::default(),
            registrations_unanswered: Counter::default(),
            stray_messages: Counter::default(),
            config_sequence: Family::default(),
            config_epoch: Family::default(),
            config_changed: Family::default(),
            config_forks: Family::default(),
            blocks_unverified: Family::default(),
            config_unsupported: Family::default(),
            tls_not_after: Gauge::default(),
            tls_client_ca_not_after: Gauge::default(),
            tls_reloads: Family::default(),
            tls_files_usable: Gauge::default(),
            log_lines: Family::default(),
            #[cfg(feature = "otel")]
            spans: Family::default(),
        };
        metrics.register(version);
        metrics
    }

    /// A call of a stream has begun.
    pub(crate) fn started(&self, stream: u64) {
        self.in_flight.inc();
        if let Some(gauge) = self.stream_in_flight.get(&StreamLabels { stream }) {
            gauge.inc();
        }
    }

    /// A call that had begun is over.
    pub(crate) fn stopped(&self, stream: u64) {
        self.in_flight.dec();
        if let Some(gauge) = self.stream_in_flight.get(&StreamLabels { stream }) {
            gauge.dec();
        }
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

    /// Counts a call that failed through no fault of its caller. Beside the codes, since the series of a
    /// code begins with its first call, which is no increase to Prometheus.
    pub(crate) fn call_failed(&self) {
        self.calls_failed.inc();
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
    pub(crate) fn stream_opened(&self, stream: u64) {
        // series are of open streams only, so they are no more than that
        if self.streams.inc() < STREAMS {
            let _ = self
                .stream_in_flight
                .get_or_create(&StreamLabels { stream });
        }
    }

    /// A stream was closed.
    pub(crate) fn stream_closed(&self, stream: u64) {
        self.streams.dec();
        self.stream_in_flight.remove(&StreamLabels { stream });
    }

    /// So many connections are open.
    pub(crate) fn connections(&self, open: usize) {
        (self.connections).set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    /// Shows these reasons from the start: a counter that starts at 1 is no increase to Prometheus.
    pub(crate) fn refusals(&self, reasons: &[&'static str]) {
        for reason in reasons {
            let _ = (self.connections_refused).get_or_create(&ReasonLabels { reason });
        }
    }

    /// A connection was refused. The reasons must be few.
    pub(crate) fn connection_refused(&self, reason: &'static str) {
        let labels = ReasonLabels { reason };
        self.connections_refused.get_or_create(&labels).inc();
    }

    /// A call computed for so long that others waited.
    pub(crate) fn held_up(&self) {
        self.held_up.inc();
    }

    /// A peer accepted our id.
    pub(crate) fn registration_accepted(&self) {
        self.registrations_accepted.inc();
    }

    /// A peer did not accept our id.
    pub(crate) fn registration_unanswered(&self) {
        self.registrations_unanswered.inc();
    }

    /// A peer sent something that was ignored.
    pub(crate) fn stray_message(&self) {
        self.stray_messages.inc();
    }

    /// What is known of a channel.
    pub(super) fn show_channel(&self, channel: &str, known: &ChannelHealth) {
        let gauge = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let levels = u64::try_from(known.unsupported.len()).unwrap_or(u64::MAX);
        let channel = label(channel);
        for (family, value) in [
            (&self.config_epoch, gauge(known.epoch)),
            (&self.config_sequence, gauge(known.sequence)),
            (&self.config_changed, known.changed),
            (&self.config_unsupported, gauge(levels)),
        ] {
            family.get_or_create(&channel).set(value);
        }
        // there from the start, as the other counters
        for (family, count) in [
            (&self.config_forks, known.forks),
            (&self.blocks_unverified, known.unverified_blocks),
        ] {
            family.get_or_create(&channel).inner().store(count, Relaxed);
        }
    }

    /// The series of a channel go.
    pub(super) fn forget_channel(&self, channel: &str) {
        let channel = label(channel);
        for family in [
            &self.config_epoch,
            &self.config_sequence,
            &self.config_changed,
            &self.config_unsupported,
        ] {
            family.remove(&channel);
        }
        self.config_forks.remove(&channel);
        self.blocks_unverified.remove(&channel);
    }

    /// When the certificate of the chaincode server ends, in seconds since 1970.
    pub(crate) fn tls_not_after(&self, end: i64) {
        self.tls_not_after.set(end);
    }

    /// When the first of the CAs of clients ends, in seconds since 1970.
    pub(crate) fn tls_client_ca_not_after(&self, end: i64) {
        self.tls_client_ca_not_after.set(end);
    }

    /// TLS material was read anew; whether it is in use now.
    pub(crate) fn tls_reloaded(&self, is_ok: bool) {
        let result = if is_ok { "ok" } else { "failed" };
        self.tls_reloads
            .get_or_create(&ResultLabels { result })
            .inc();
    }

    /// Whether the TLS files can be used as they lie there now.
    pub(crate) fn tls_files_usable(&self, is_so: bool) {
        self.tls_files_usable.set(i64::from(is_so));
    }

    /// Shows the counters of spans, where any are sent.
    #[cfg(feature = "otel")]
    pub(super) fn spans_from_zero(&self) {
        for result in ["sent", "failed", "dropped"] {
            self.spans(result, 0);
        }
    }

    /// Spans were sent, could not be, or found no room.
    #[cfg(feature = "otel")]
    pub(super) fn spans(&self, result: &'static str, count: u64) {
        self.spans
            .get_or_create(&ResultLabels { result })
            .inc_by(count);
    }

    /// The counters of lost log lines.
    pub(crate) fn log_counters(&self) -> LogCounters {
        LogCounters::of(&self.log_lines)
    }

    /// All metrics in the OpenMetrics text form.
    pub(super) fn text(&self) -> String {
        open_metrics(&self.registry)
    }

    fn register(&mut self, version: &'static str) {
        // a counter that starts at 1 is no increase to Prometheus
        let _ = self.log_counters();
        for result in ["ok", "failed"] {
            let _ = self.tls_reloads.get_or_create(&ResultLabels { result });
        }
        self.tls_files_usable(true);
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
            "calls_failed",
            "Calls that failed through no fault of their callers",
            self.calls_failed.clone(),
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
            "stream_transactions_in_flight",
            "Calls that are running, of each open stream",
            self.stream_in_flight.clone(),
        );
        registry.register(
            "connections",
            "Connections open at the chaincode port",
            self.connections.clone(),
        );
        registry.register(
            "connections_refused",
            "Connections that were refused or given up before they had a stream",
            self.connections_refused.clone(),
        );
        registry.register(
            "calls_held_up",
            "Calls that computed so long that others waited; each is a defect",
            self.held_up.clone(),
        );
        registry.register(
            "registrations_accepted",
            "Streams on which the peer accepted CHAINCODE_ID",
            self.registrations_accepted.clone(),
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
        registry.register_with_unit(
            "config_changed",
            "When that sequence last moved while this process watched, since 1970; 0: it did not",
            Unit::Seconds,
            self.config_changed.clone(),
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
        registry.register_with_unit(
            "tls_client_ca_not_after",
            "When the first CA of clients ends, since 1970; 0 without mutual TLS",
            Unit::Seconds,
            self.tls_client_ca_not_after.clone(),
        );
        registry.register(
            "tls_reloads",
            "How often TLS material was read anew, and taken or refused",
            self.tls_reloads.clone(),
        );
        registry.register(
            "tls_files_usable",
            "Whether the TLS files can be used as they lie there now; 1 without TLS",
            self.tls_files_usable.clone(),
        );
        #[cfg(feature = "otel")]
        registry.register(
            "spans",
            "Calls that a collector of OpenTelemetry was told of (sent), or was not (failed, dropped)",
            self.spans.clone(),
        );
        registry.register(
            "log_lines_dropped",
            "Log lines that were lost: nobody took them (full), or writing failed (failed)",
            self.log_lines.clone(),
        );
    }
}

fn label(channel: &str) -> ChannelLabels {
    ChannelLabels {
        channel: channel.to_owned(),
    }
}

/// All metrics of a registry in the OpenMetrics text form.
pub(super) fn open_metrics(registry: &Registry) -> String {
    let mut out = String::new();
    // writing to a string does not fail
    let _ = text::encode(&mut out, registry);
    out
}

/// Half a millisecond to a minute.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.000_5, 2.0, 18))
}

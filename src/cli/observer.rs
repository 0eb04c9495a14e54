//! Turns what shim and contract tell into log lines, metrics and health.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::anchors::is_channel_name;
use crate::{
    contract::{self, HeadFacts},
    ids::ChannelId,
    ops::{ChannelHealth, Clock, Health, LineLevel, Metrics, Throttle, unix_seconds},
    shim::{self, Closing, ConnectionRefusal, Ending, StateCall, StreamId, TransactionFacts},
    text::foreign,
};

/// Turns facts of contract and shim into metrics, logs and readiness. Everything is counted; of lines
/// that others can bring about at will only the first are written.
pub(super) struct Telemetry {
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: Arc<Health>,
    pub(super) throttle: Arc<Throttle>,
    pub(super) clock: Clock,
    /// Cancelled when a channel requires an unknown capability, where the operator wants that.
    pub(super) on_unsupported: Option<CancellationToken>,
    /// Where calls are told as spans.
    #[cfg(feature = "otel")]
    pub(super) spans: Option<crate::ops::Spans>,
}

impl Telemetry {
    /// Whether a line of this kind is written.
    fn tells(&self, level: LineLevel, kind: &'static str) -> bool {
        self.throttle.admits(level, kind, "", self.clock.elapsed())
    }

    /// Tells a call as a span. What others chose is cut, as in a log line.
    #[cfg(feature = "otel")]
    fn span(&self, tx: &TransactionFacts, code: &str, is_failed: bool, elapsed: Duration) {
        if let Some(spans) = &self.spans {
            let (channel, tx_id) = names(tx);
            spans.take(crate::ops::CallSpan {
                channel,
                tx_id,
                function: known(tx),
                code: code.to_owned(),
                is_failed,
                ended: crate::ops::since_1970(),
                elapsed,
            });
        }
    }

    /// Changes what is known of a channel. Of what cannot be a channel nothing is kept.
    fn channel(&self, channel: &ChannelId, change: impl FnOnce(&mut ChannelHealth)) {
        if is_channel_name(channel.as_str()) {
            self.health.channel(channel.as_str(), change);
        }
    }
}

impl shim::Observer for Telemetry {
    fn connection_refused(&self, address: &str, refusal: &ConnectionRefusal) {
        let reason = refusal.reason();
        self.metrics.connection_refused(reason);
        let kind = "connection refused";
        if self
            .throttle
            .admits(LineLevel::Warn, kind, reason, self.clock.elapsed())
        {
            let (address, detail) = (&*foreign(address), refusal.to_string());
            warn!(address, reason, detail, "connection refused");
        }
    }

    fn connections(&self, open: usize, limit: usize) {
        self.metrics.connections(open);
        self.health.connections(open, limit);
    }

    fn stream_opened(&self, stream: StreamId, peer: &str) {
        self.metrics.stream_opened(stream.0);
        self.health.stream_opened();
        if self.tells(LineLevel::Info, "a peer opened a stream") {
            let peer = &*foreign(peer);
            info!(%stream, peer, "a peer opened a stream");
        }
    }

    fn stream_ready(&self, stream: StreamId) {
        self.metrics.registration_accepted();
        self.health.registration_accepted(stream.0);
        if self.tells(LineLevel::Info, "the peer accepted the registration") {
            info!(%stream, "the peer accepted the registration");
        }
    }

    fn stream_closed(&self, stream: StreamId, reason: &Closing) {
        self.metrics.stream_closed(stream.0);
        self.health.stream_closed(stream.0);
        if matches!(reason, Closing::RegistrationUnanswered { .. }) {
            self.metrics.registration_unanswered();
            self.health.registration_refused();
            if self.tells(LineLevel::Warn, "registration not accepted") {
                error!(%stream, %reason, "stream closed");
            }
        } else if self.tells(LineLevel::Info, "stream closed") {
            match reason {
                Closing::PeerEnded | Closing::ShutDown => info!(%stream, %reason, "stream closed"),
                _ => warn!(%stream, %reason, "stream closed"),
            }
        }
    }

    fn stray_message(&self, stream: StreamId, what: &str) {
        self.metrics.stray_message();
        if self.tells(LineLevel::Warn, "message ignored") {
            let what = &*foreign(what);
            warn!(%stream, what, "message ignored");
        }
    }

    fn transaction_refused(&self, tx: &TransactionFacts, code: &'static str) {
        self.metrics.invocation(known(tx), code, Duration::ZERO);
        if code.starts_with("TOO_MANY") {
            self.metrics.call_failed();
        }
        if self.tells(LineLevel::Warn, "call refused") {
            let (channel, txid) = names(tx);
            warn!(channel, txid, code, "call refused");
        }
    }

    fn transaction_started(&self, tx: &TransactionFacts) {
        self.metrics.started(tx.stream.0);
    }

    fn transaction_finished(&self, tx: &TransactionFacts, ending: &Ending, elapsed: Duration) {
        let (code, message) = match ending {
            Ending::Answered { status, .. } if *status < 400 => ("OK", ""),
            Ending::Answered { message, .. } => (symbol(message), message.as_str()),
            Ending::Failed { code } => (*code, ""),
            Ending::Cancelled => ("CANCELLED", ""),
        };
        let is_failed = matches!(ending, Ending::Failed { .. }) || message.starts_with("Code 5");
        self.metrics.stopped(tx.stream.0);
        self.metrics.invocation(known(tx), code, elapsed);
        #[cfg(feature = "otel")]
        self.span(tx, code, is_failed, elapsed);
        let (channel, txid) = names(tx);
        let (function, ms) = (&*foreign(&tx.function), milliseconds(elapsed));
        if !is_failed {
            info!(channel, txid, function, code, ms, "call");
            return;
        }
        // a call that met the end of the process is made again
        if code != "SHUTTING_DOWN" {
            self.metrics.call_failed();
        }
        if self.tells(LineLevel::Warn, "call failed") {
            let message = &*foreign(message);
            warn!(channel, txid, function, code, ms, message, "call failed");
        }
    }

    fn panicked(&self, tx: &TransactionFacts, words: &str) {
        self.metrics.panicked();
        if self.tells(LineLevel::Warn, "the contract panicked") {
            let (channel, txid) = names(tx);
            let (function, words) = (&*foreign(&tx.function), &*foreign(words));
            error!(
                channel,
                txid, function, words, "the contract panicked; this is a defect"
            );
        }
    }

    fn held_up(&self, tx: &TransactionFacts, elapsed: Duration) {
        self.metrics.held_up();
        if self.tells(LineLevel::Warn, "a call held up all others") {
            let (channel, txid) = names(tx);
            let (function, ms) = (&*foreign(&tx.function), milliseconds(elapsed));
            warn!(
                channel,
                txid, function, ms, "a call held up all others; this is a defect"
            );
        }
    }

    fn state_call(&self, call: StateCall, elapsed: Duration) {
        self.metrics.state_call(call.name(), elapsed);
    }
}

impl contract::ContractObserver for Telemetry {
    fn head(&self, channel: &ChannelId, head: &HeadFacts) {
        self.channel(channel, |known| {
            let (epoch, sequence) = (head.epoch, head.sequence.0);
            // an epoch of 0 is no head yet
            if known.epoch != 0 && (known.epoch, known.sequence) != (epoch, sequence) {
                known.changed = unix_seconds();
            }
            known.epoch = epoch;
            known.sequence = sequence;
            known.config_sha256 = head.config_sha256.to_string();
        });
    }

    fn fork(&self, channel: &ChannelId) {
        let name = &*foreign(channel.as_str());
        error!(
            channel = name,
            "a block brings another config for a known sequence: a fork"
        );
        self.channel(channel, |known| known.forks = known.forks.saturating_add(1));
    }

    fn unverified_block(&self, channel: &ChannelId) {
        if self.tells(LineLevel::Info, "a block without good signatures") {
            let name = &*foreign(channel.as_str());
            info!(
                channel = name,
                "a block for a known sequence has another config and no good signatures"
            );
        }
        self.channel(channel, |known| {
            known.unverified_blocks = known.unverified_blocks.saturating_add(1);
        });
    }

    fn unsupported(&self, channel: &ChannelId, levels: &[String]) {
        let mut is_new = false;
        self.channel(channel, |known| {
            is_new = known.unsupported != levels;
            if is_new {
                levels.clone_into(&mut known.unsupported);
            }
        });
        if levels.is_empty() {
            return;
        }
        // every call says so; the log says it once
        if is_new && self.tells(LineLevel::Warn, "unknown capabilities") {
            let name = &*foreign(channel.as_str());
            error!(
                channel = name,
                ?levels,
                "the channel requires unknown capabilities"
            );
        }
        if let Some(stop) = &self.on_unsupported {
            stop.cancel();
        }
    }
}

/// Channel and transaction id, as a log line shows them.
fn names(tx: &TransactionFacts) -> (String, String) {
    let channel = foreign(tx.channel.as_str()).into_owned();
    (channel, foreign(tx.tx_id.as_str()).into_owned())
}

fn milliseconds(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// The symbol of `Code NNN: SYMBOL: text`; what has another form has none.
fn symbol(message: &str) -> &str {
    message
        .strip_prefix("Code ")
        .and_then(|rest| rest.split(": ").nth(1))
        .filter(|symbol| {
            symbol.len() <= 48
                && symbol
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        })
        .unwrap_or("ERROR")
}

/// The function's name; `other` where there is none, since clients choose names and each label is
/// kept.
fn known(tx: &TransactionFacts) -> &'static str {
    if tx.is_init {
        return "Init";
    }
    contract::function_names()
        .find(|name| *name == tx.function)
        .unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_head_with_unknown_levels_stops_the_process_and_only_where_that_is_wanted() {
        use crate::contract::ContractObserver as _;

        let channel = ChannelId::new("mychannel");
        for wanted in [true, false] {
            let stop = CancellationToken::new();
            let metrics = Arc::new(Metrics::new("0.0.0"));
            let clock = Clock::start();
            let telemetry = Telemetry {
                metrics: Arc::clone(&metrics),
                health: Arc::new(Health::starting(clock, metrics)),
                throttle: Arc::default(),
                clock,
                on_unsupported: wanted.then(|| stop.clone()),
                #[cfg(feature = "otel")]
                spans: None,
            };
            let levels = || {
                let mut levels = Vec::new();
                let health = &telemetry.health;
                health.channel("mychannel", |known| levels.clone_from(&known.unsupported));
                levels
            };
            telemetry.unsupported(&channel, &[]);
            telemetry.fork(&channel);
            assert!(!stop.is_cancelled());
            telemetry.unsupported(&channel, &["Application/V9_0".to_owned()]);
            assert_eq!(levels(), ["Application/V9_0"]);
            assert_eq!(stop.is_cancelled(), wanted);
            telemetry.unsupported(&channel, &[]);
            assert!(levels().is_empty());
        }
    }

    #[test]
    fn what_fails_through_no_fault_of_the_caller_is_counted() {
        use crate::{ops::Probed as _, shim::Observer as _};

        let metrics = Arc::new(Metrics::new("0.0.0"));
        let clock = Clock::start();
        let telemetry = Telemetry {
            metrics: Arc::clone(&metrics),
            health: Arc::new(Health::starting(clock, metrics)),
            throttle: Arc::default(),
            clock,
            on_unsupported: None,
            #[cfg(feature = "otel")]
            spans: None,
        };
        let tx = TransactionFacts {
            stream: StreamId(1),
            channel: "mychannel".into(),
            tx_id: "t".into(),
            is_init: false,
            function: "GetConfig".to_owned(),
        };
        let count = || {
            let text = telemetry.health.metrics();
            let line = text
                .lines()
                .find(|line| line.starts_with("cmscc_calls_failed_total "));
            line.unwrap()
                .rsplit(' ')
                .next()
                .unwrap()
                .parse::<u64>()
                .unwrap()
        };
        assert_eq!(count(), 0, "shown before the first");
        let answered = |status, message: &str| Ending::Answered {
            status,
            message: message.to_owned(),
        };
        for (ending, counts) in [
            (answered(200, ""), false),
            (answered(500, "Code 409: CONFIG_GAP: block carries"), false),
            (answered(500, "Code 500: STATE_CORRUPT: entry"), true),
            (Ending::Cancelled, false),
            (Ending::Failed { code: "TIMED_OUT" }, true),
            (
                Ending::Failed {
                    code: "SHUTTING_DOWN",
                },
                false,
            ),
        ] {
            let before = count();
            telemetry.transaction_finished(&tx, &ending, Duration::ZERO);
            assert_eq!(count() - before, u64::from(counts), "{ending:?}");
        }
        for (code, counts) in [
            ("TOO_MANY_TRANSACTIONS", true),
            ("TRANSACTION_RUNNING", false),
        ] {
            let before = count();
            telemetry.transaction_refused(&tx, code);
            assert_eq!(count() - before, u64::from(counts), "{code}");
        }
    }

    #[test]
    fn labels_are_bounded() {
        assert_eq!(symbol("Code 409: CONFIG_GAP: block carries"), "CONFIG_GAP");
        assert_eq!(symbol("Code 400: BAD_BASE64: argument"), "BAD_BASE64");
        assert_eq!(symbol("Code 409: `x`: y"), "ERROR");
        assert_eq!(symbol("anything"), "ERROR");
        for (is_init, function, name) in [
            (false, "SyncConfig", "SyncConfig"),
            (false, "what a client typed", "other"),
            (true, "what a client typed", "Init"),
        ] {
            let tx = TransactionFacts {
                stream: StreamId(1),
                channel: "mychannel".into(),
                tx_id: "t".into(),
                is_init,
                function: function.to_owned(),
            };
            assert_eq!(known(&tx), name);
        }
    }
}

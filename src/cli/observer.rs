//! Turns what shim and contract tell into log lines, metrics and health.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    contract::{self, HeadFacts},
    ids::ChannelId,
    ops::{Health, Metrics},
    shim::{self, Closing, Ending, StateCall, StreamId, TransactionFacts},
};

/// Turns facts of contract and shim into metrics, logs and readiness.
pub(super) struct Telemetry {
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: Arc<Health>,
    /// Cancelled when a channel requires an unknown capability, where the operator wants that.
    pub(super) on_unsupported: Option<CancellationToken>,
}

impl shim::Observer for Telemetry {
    fn stream_opened(&self, stream: StreamId, peer: &str) {
        info!(%stream, peer, "a peer opened a stream");
        self.metrics.stream_opened();
        self.health.stream_opened();
    }

    fn stream_ready(&self, stream: StreamId) {
        info!(%stream, "the peer accepted the registration");
    }

    fn stream_closed(&self, stream: StreamId, reason: &Closing) {
        self.metrics.stream_closed();
        self.health.stream_closed();
        match reason {
            Closing::PeerEnded | Closing::ShutDown => info!(%stream, %reason, "stream closed"),
            Closing::RegistrationUnanswered { .. } => {
                self.metrics.registration_unanswered();
                error!(%stream, %reason, "stream closed");
            }
            _ => warn!(%stream, %reason, "stream closed"),
        }
    }

    fn stray_message(&self, stream: StreamId, what: &str) {
        self.metrics.stray_message();
        warn!(%stream, what, "message ignored");
    }

    fn transaction_refused(&self, tx: &TransactionFacts, code: &'static str) {
        self.metrics.invocation(known(tx), code, Duration::ZERO);
        let (channel, txid) = (&tx.channel, &tx.tx_id);
        warn!(%channel, %txid, code, "call refused");
    }

    fn transaction_started(&self, _: &TransactionFacts) {
        self.metrics.started();
    }

    fn transaction_finished(&self, tx: &TransactionFacts, ending: &Ending, elapsed: Duration) {
        let (code, message) = match ending {
            Ending::Answered { status, .. } if *status < 400 => ("OK", ""),
            Ending::Answered { message, .. } => (symbol(message), message.as_str()),
            Ending::Failed { code } => (*code, ""),
            Ending::Cancelled => ("CANCELLED", ""),
        };
        self.metrics.stopped();
        self.metrics.invocation(known(tx), code, elapsed);
        let (channel, txid, function) = (&tx.channel, &tx.tx_id, &tx.function);
        let ms = elapsed.as_millis();
        if matches!(ending, Ending::Failed { .. }) || message.starts_with("Code 5") {
            warn!(%channel, %txid, function, code, ms, message, "call failed");
        } else {
            info!(%channel, %txid, function, code, ms, "call");
        }
    }

    fn panicked(&self, tx: &TransactionFacts, words: &str) {
        self.metrics.panicked();
        let (channel, txid, function) = (&tx.channel, &tx.tx_id, &tx.function);
        error!(%channel, %txid, function, words, "the contract panicked; this is a defect");
    }

    fn state_call(&self, call: StateCall, elapsed: Duration) {
        self.metrics.state_call(call.name(), elapsed);
    }
}

impl contract::ContractObserver for Telemetry {
    fn head(&self, channel: &ChannelId, head: &HeadFacts) {
        let sequence = head.sequence.0;
        self.metrics.config(channel.as_str(), head.epoch, sequence);
        self.health.channel(channel.as_str(), |known| {
            known.epoch = head.epoch;
            known.sequence = sequence;
            known.config_sha256 = head.config_sha256.to_string();
        });
    }

    fn fork(&self, channel: &ChannelId) {
        error!(%channel, "a block brings another config for a known sequence: a fork");
        self.metrics.fork(channel.as_str());
        self.health.channel(channel.as_str(), |known| {
            known.forks = known.forks.saturating_add(1);
        });
    }

    fn unverified_block(&self, channel: &ChannelId) {
        info!(%channel, "a block for a known sequence has another config and no good signatures");
        self.metrics.unverified_block(channel.as_str());
    }

    fn unsupported(&self, channel: &ChannelId, levels: &[String]) {
        self.metrics.unsupported(channel.as_str(), levels.len());
        self.health.channel(channel.as_str(), |known| {
            levels.clone_into(&mut known.unsupported);
        });
        if !levels.is_empty() {
            error!(%channel, ?levels, "the channel requires capabilities this build does not know");
            if let Some(stop) = &self.on_unsupported {
                stop.cancel();
            }
        }
    }
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
            let telemetry = Telemetry {
                metrics: Arc::new(Metrics::new("0.0.0")),
                health: Arc::new(Health::starting()),
                on_unsupported: wanted.then(|| stop.clone()),
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

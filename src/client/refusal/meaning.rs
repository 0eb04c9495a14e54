//! What was asked of whom, and what it means that it failed.

use crate::client::ClientError;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Whether a transaction is committed.
    CommitStatus,
    /// Blocks, or events.
    Deliver,
    /// Endorsements of a transaction.
    Endorse,
    /// An answer without a transaction.
    Evaluate,
    /// That a transaction is ordered.
    SubmitTransaction,
    /// That a config update is ordered.
    SubmitUpdate,
}

/// Who was asked, on what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whom<'a> {
    /// The address of the node.
    pub(crate) address: &'a str,
    /// The channel.
    pub(crate) channel: &'a str,
    /// The chaincode.
    pub(crate) chaincode: &'a str,
    /// Whether TLS is spoken.
    pub(crate) is_tls: bool,
}

/// What may be done about it without a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remedy {
    /// Another peer may answer.
    pub(crate) elsewhere: bool,
    /// The same may succeed a little later.
    pub(crate) again: bool,
    /// It may have been done nevertheless.
    pub(crate) is_open: bool,
}

/// A failed call, with what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// What a person is told.
    pub(crate) error: ClientError,
    /// What may be done without asking one.
    pub(crate) remedy: Remedy,
}

impl Remedy {
    /// Nothing helps.
    pub(crate) const NONE: Self = Self {
        elsewhere: false,
        again: false,
        is_open: false,
    };

    /// Another peer may answer; this one not soon.
    pub(crate) const ELSEWHERE: Self = Self {
        elsewhere: true,
        ..Self::NONE
    };

    /// A little later.
    pub(crate) const AGAIN: Self = Self {
        again: true,
        ..Self::NONE
    };

    /// Another peer, or a little later.
    pub(crate) const EITHER: Self = Self {
        elsewhere: true,
        again: true,
        is_open: false,
    };

    /// The same of something that may have been done.
    #[must_use]
    pub(crate) const fn open(self) -> Self {
        Self {
            is_open: true,
            ..self
        }
    }
}

/// Refusals behind which several things may be: what they are `doctor` finds out.
const OF_DOCTOR: [&str; 15] = [
    "ACCESS_DENIED",
    "BAD_REQUEST",
    "CONNECTION_ENDED",
    "ENDORSER_AWAY",
    "NOT_APPROVED",
    "NO_CHAINCODE",
    "PEER_UNREACHABLE",
    "SERVER_DOWN",
    "TIMEOUT",
    "TLS_CERTIFICATE",
    "TLS_CLIENT_CERTIFICATE",
    "TLS_NAME",
    "TLS_UNTRUSTED",
    "TOO_FEW_ENDORSERS",
    "UNKNOWN_CHANNEL",
];

impl Meaning {
    /// The same with the way to `doctor`, where that helps.
    pub(super) fn see_doctor(mut self) -> Self {
        if OF_DOCTOR.contains(&self.error.symbol.as_str()) {
            self.error = self.error.see_doctor();
        }
        self
    }
}

impl From<ClientError> for Meaning {
    fn from(error: ClientError) -> Self {
        Self {
            error,
            remedy: Remedy::NONE,
        }
    }
}

/// What a gateway says where its first peer endorsed and others did not.
// Fabric: internal/pkg/gateway/endorse.go, Endorse
pub(super) const OTHERS_ENDORSED: &str = "failed to collect enough transaction endorsements";

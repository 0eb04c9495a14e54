//! Whose refusal it is.

use super::{ContractRefusal, RpcCode, RpcFailure, orderer, peer, reach};
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

impl From<ClientError> for Meaning {
    fn from(error: ClientError) -> Self {
        Self {
            error,
            remedy: Remedy::NONE,
        }
    }
}

/// What a failed call means.
#[must_use]
pub(crate) fn judge(errand: Errand, whom: Whom<'_>, failure: &RpcFailure) -> Meaning {
    let mut meaning = match failure.causes.is_empty() {
        false => reach::broken(errand, whom, failure),
        true => answered(errand, whom, failure),
    };
    let mut details = failure.details();
    let own = &failure.message;
    // a gateway repeats what others said, or only points to it
    let repeats = (failure.said.iter()).any(|words| own.contains(words.message.as_str()))
        || own.contains("see attached details");
    if !repeats && !own.is_empty() && !meaning.error.message.contains(own.as_str()) {
        details.push((whom.address.to_owned(), own.clone()));
    }
    meaning.error.details.extend(details);
    meaning
}

/// A node answered.
fn answered(errand: Errand, whom: Whom<'_>, failure: &RpcFailure) -> Meaning {
    if matches!(errand, Errand::Evaluate | Errand::Endorse)
        && let Some(refusal) = failure.texts().find_map(ContractRefusal::find)
    {
        return refused(errand, failure, &refusal);
    }
    if matches!(errand, Errand::SubmitTransaction | Errand::SubmitUpdate)
        && !matches!(
            failure.code,
            RpcCode::ResourceExhausted | RpcCode::Unimplemented
        )
    {
        return orderer::submit_refusal(errand, whom, failure);
    }
    peer::refusal(errand, whom, failure)
}

/// The contract refused, at one peer at least.
fn refused(errand: Errand, failure: &RpcFailure, refusal: &ContractRefusal) -> Meaning {
    let error = refusal.error();
    // the first peer endorsed, so this one is behind it: docs/functions.md, what to retry
    let lags = errand == Errand::Endorse && failure.message.contains(OTHERS_ENDORSED);
    let remedy = match lags || refusal.may_pass() {
        true => Remedy::AGAIN,
        false => Remedy::NONE,
    };
    let error = match lags {
        true => error.hint("not all peers refuse: one may be behind the others; call again"),
        false => error,
    };
    Meaning { error, remedy }
}

/// What a gateway says where its first peer endorsed and others did not.
// Fabric: internal/pkg/gateway/endorse.go, Endorse
pub(super) const OTHERS_ENDORSED: &str = "failed to collect enough transaction endorsements";

//! Failures of calls as the wire gave them.

use std::{error::Error, iter};

use tonic::{ConnectError, Status};

use crate::client::refusal::RpcFailure;

/// The most bytes of one message, in either direction: what peers and orderers allow.
// Fabric: core/peer, maxRecvMsgSize and maxSendMsgSize
pub(super) const LARGEST: usize = 100 << 20;

/// The most bytes of a message that is read into its parts, of which each takes more memory than on the
/// wire.
pub(super) const LARGEST_PARTED: usize = 32 << 20;

/// The most causes of a failure that are kept.
const DEEPEST: usize = 8;

/// What a failed call is to the pure core.
pub(super) fn failure(status: &Status) -> RpcFailure {
    let code = i32::from(status.code());
    let Some(source) = status.source() else {
        return RpcFailure::new(code, status.message(), status.details());
    };
    let chain = || chain(source);
    let is_unsent = chain().any(|cause| cause.is::<ConnectError>());
    let mut causes = causes(source);
    if causes.is_empty() {
        causes.push(status.message().to_owned());
    }
    RpcFailure::local(code, status.message(), &causes, is_unsent)
}

/// An error and its causes, outermost first, without those that repeat.
pub(super) fn causes(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    for cause in chain(error).take(DEEPEST).map(ToString::to_string) {
        if causes.last() != Some(&cause) {
            causes.push(cause);
        }
    }
    causes
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

//! Whose refusal it is.

use super::{
    ContractRefusal, Errand, Meaning, Remedy, RpcCode, RpcFailure, Whom, meaning::OTHERS_ENDORSED,
    orderer, peer, reach,
};

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
    meaning.see_doctor()
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

//! Whether an update is the one of its intent, and of nothing else.

use super::claim::ProposalClaim;
use crate::{
    client::{ClientError, Exit},
    config::{Bundle, ConfigTree, Effect, Patch, Update, intended_effect, is_in_effect},
};

/// What an update does to the config, where its bytes are exactly those that its result needs, and the
/// result is what the intent wants.
///
/// # Errors
/// `STALE_UPDATE` where it was made for another config, `ALREADY_IN_EFFECT`, `UPDATE_REFUSED`; unsafe:
/// `NOT_AN_UPDATE`, `WRONG_CHANNEL`, `UPDATE_DIFFERS`, `DIFFERENT_EFFECT`, `BAD_INTENT`.
// SECURITY: whoever answers chooses update and intent; what is signed is the update alone
pub(in crate::client) fn check(
    bundle: &Bundle,
    claim: &ProposalClaim,
) -> Result<(Update, Effect), ClientError> {
    let id = &claim.proposal_id;
    let refuse = |symbol: &str, text: String| {
        ClientError::new(Exit::Unsafe, symbol, text).hint("do not sign it")
    };
    let update = Update::parse(claim.config_update.clone()).map_err(|error| {
        refuse(
            "NOT_AN_UPDATE",
            format!("what `{id}` asks to sign: {error}"),
        )
    })?;
    update.check_channel(bundle.channel()).map_err(|error| {
        refuse(
            "WRONG_CHANNEL",
            format!("what `{id}` asks to sign: {error}"),
        )
    })?;
    let current = bundle.tree();
    // what is patched must exist: an intent that does not apply any more is out of date, too
    let intended = match claim.intent()? {
        None => None,
        Some(intent) => Some(intent.apply(current).map_err(|error| stale(id, &error))?),
    };
    if let Some(intended) = &intended
        && is_in_effect(current, intended)
    {
        return Err(in_effect(id));
    }
    let meant = Patch::from_update(current, &update).map_err(|error| match error.is_stale() {
        true => stale(id, &error),
        false => refuse(
            "UPDATE_DIFFERS",
            format!("the update of `{id}` is not the one that its result needs: {error}"),
        ),
    })?;
    let meant = meant.apply(current).map_err(|error| stale(id, &error))?;
    if is_in_effect(current, &meant) {
        return Err(in_effect(id));
    }
    let intended = intended.as_ref().unwrap_or(&meant);
    let effect = effect(bundle, claim, intended)?;
    Ok((update, effect))
}

fn effect(
    bundle: &Bundle,
    claim: &ProposalClaim,
    intended: &ConfigTree,
) -> Result<Effect, ClientError> {
    let id = &claim.proposal_id;
    intended_effect(bundle, &claim.config_update, intended).map_err(|misfit| {
        if misfit.stale {
            return stale(id, &misfit.why);
        }
        if misfit.different_effect.is_empty() {
            let text = format!("the update of `{id}` would be refused: {}", misfit.why);
            return ClientError::new(Exit::Failed, "UPDATE_REFUSED", text);
        }
        let mut error = ClientError::new(
            Exit::Unsafe,
            "DIFFERENT_EFFECT",
            format!("the update of `{id}` does something else than its intent says"),
        )
        .hint("do not sign it");
        let elements = misfit.different_effect.into_iter();
        error.details = elements.map(|path| ("differs".to_owned(), path)).collect();
        error
    })
}

fn stale(id: &dyn std::fmt::Display, why: &dyn std::fmt::Display) -> ClientError {
    let text = format!("the update of `{id}` was made for another config: {why}");
    ClientError::new(Exit::Stale, "STALE_UPDATE", text).hint(format!("cmscc rebase {id}"))
}

fn in_effect(id: &dyn std::fmt::Display) -> ClientError {
    let text = format!("what `{id}` wants is in effect already");
    ClientError::new(Exit::Done, "ALREADY_IN_EFFECT", text)
}

//! Telling somebody, by whatever way.

use tokio::time::timeout;

use super::{exec, refusal::HookRefusal, webhook};
use crate::agent::{
    notice::Notice,
    rule::{Hook, HookTarget},
};

/// Tells somebody, once.
///
/// # Errors
/// Why it cannot be said that they know it.
pub async fn deliver(hook: &Hook, notice: &Notice, now: i64) -> Result<(), HookRefusal> {
    let telling = async {
        match &hook.target {
            HookTarget::Exec(program) => exec::run(program, notice).await,
            HookTarget::Webhook(target) => webhook::send(target, notice, now).await,
        }
    };
    match timeout(hook.timeout, telling).await {
        Ok(told) => told,
        Err(_) => Err(HookRefusal::new(format!(
            "it took longer than {} seconds",
            hook.timeout.as_secs()
        ))),
    }
}

/// Looks whether a hook can be used at all; nothing is told.
///
/// # Errors
/// What is wrong with it.
pub fn check_hook(hook: &Hook) -> Result<(), HookRefusal> {
    match &hook.target {
        HookTarget::Exec(program) => exec::check(program),
        HookTarget::Webhook(target) => webhook::check(target),
    }
}

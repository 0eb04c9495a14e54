//! How many organisations must endorse, before and after a change of their number. Pure.

use std::collections::BTreeSet;

use serde::Serialize;

use super::bundle::{Bundle, Section};
use crate::{ids::MspId, policy::RULE_TEXT};

/// The channel's usual endorsement policy.
const POLICY: &str = "/Channel/Application/Endorsement";

/// Endorsements under the channel's own policy, before and after; as JSON, with keys in the order of
/// their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Endorsement {
    /// Whether the organisations that are known to run a server are enough afterwards; null where
    /// it is not known who does.
    pub enough_servers: Option<bool>,
    /// Endorsements needed afterwards; null where there is no such policy, or nobody could satisfy it.
    pub needed_after: Option<usize>,
    /// Endorsements needed before.
    pub needed_before: Option<usize>,
    /// Application organisations afterwards.
    pub organizations_after: usize,
    /// Application organisations before.
    pub organizations_before: usize,
    /// The policy's path.
    pub policy: &'static str,
    /// Its rule afterwards; null where there is none.
    pub rule_after: Option<String>,
    /// Its rule before.
    pub rule_before: Option<String>,
    /// Members afterwards that are known to run a server, ascending; null where that is not known.
    pub servers: Option<Vec<String>>,
    /// The same in words.
    pub text: String,
}

/// The arithmetic for a change of the number of application organisations; `None` where that stays
/// the same. `servers`: who is known to run a server, where somebody has said so.
#[must_use]
pub fn endorsement(
    current: &Bundle,
    next: &Bundle,
    servers: Option<&BTreeSet<MspId>>,
) -> Option<Endorsement> {
    let count = |bundle: &Bundle| bundle.orgs(Section::Application).count();
    let (organizations_before, organizations_after) = (count(current), count(next));
    if organizations_before == organizations_after {
        return None;
    }
    let (needed_before, needed_after) = (needed(current), needed(next));
    let members: BTreeSet<&MspId> = (next.orgs(Section::Application))
        .map(|org| org.msp_id)
        .collect();
    let servers: Option<Vec<String>> = servers.map(|servers| {
        let servers = servers.iter().filter(|id| members.contains(id));
        servers.map(ToString::to_string).collect()
    });
    let enough_servers = match (&servers, needed_after) {
        (Some(servers), Some(needed)) => Some(servers.len() >= needed),
        _ => None,
    };
    let number = |needed: Option<usize>| needed.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let text = format!(
        "{} of {organizations_after} organisations must endorse instead of {} of \
         {organizations_before}, where a chaincode follows `{POLICY}`: at least as many must run a \
         server, at all times",
        number(needed_after),
        number(needed_before),
    );
    Some(Endorsement {
        enough_servers,
        needed_after,
        needed_before,
        organizations_after,
        organizations_before,
        policy: POLICY,
        rule_after: rule(next),
        rule_before: rule(current),
        servers,
        text,
    })
}

fn needed(bundle: &Bundle) -> Option<usize> {
    let id = bundle.policies().absolute(POLICY)?;
    let effort = bundle.policies().efforts(bundle.msps()).of(id)?;
    // organisations count once in an implicit meta policy, however many signatures each needs
    let counted = bundle.policies().meta_count(id);
    Some(counted.map_or(effort.signatures, |(needed, _)| needed))
}

fn rule(bundle: &Bundle) -> Option<String> {
    let id = bundle.policies().absolute(POLICY)?;
    Some(bundle.policies().rule_text(id, RULE_TEXT))
}

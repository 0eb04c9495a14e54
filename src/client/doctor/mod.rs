//! Everything between an administrator and an update that is accepted: facts in, findings out, each
//! with what puts it right. Pure; `flow` collects the facts.
//!
//! A check that cannot be told since another one is amiss says which; nothing else is left out. What
//! stands in nobody's way is no warning: in a healthy network there is none.
//!
//! | file | what it knows |
//! |---|---|
//! | `check` | the names of the checks, and their order |
//! | `facts` | what was found out |
//! | `diagnosis` | findings as they are made, and what becomes of what depends on them |
//! | `machine` | settings, folders, one's own certificate and key |
//! | `node`, `tls` | peers and orderers: reached, TLS, clocks, answers |
//! | `channel` | one's own chain, what one is on the channel, anchor peers, certificates |
//! | `orderers` | whether enough orderers of the channel take connections |
//! | `contract` | definition, whether the contract answers, its chain |
//! | `servers` | whose server answers, whether these are enough |
//! | `ends` | when certificates end |

mod channel;
mod check;
mod contract;
mod diagnosis;
mod ends;
mod facts;
mod machine;
mod node;
mod orderers;
mod servers;
#[cfg(test)]
mod tests;
mod tls;

pub use check::Check;
pub(crate) use facts::{
    ChannelFacts, ContractFacts, ContractPlace, DoctorFacts, Handshake, LATE, LifecycleFacts,
    NodeAnswers, NodeFacts, OrdererFacts, OrdererState, SettingsFacts, TrustFacts,
};
pub(crate) use orderers::orderer_places;

use super::view::DoctorView;
use diagnosis::Diagnosis;

/// Judges what was found out.
#[must_use]
pub(crate) fn diagnose(facts: &DoctorFacts) -> DoctorView {
    let mut found = Diagnosis::default();
    machine::judge(facts, &mut found);
    node::judge(facts, &mut found);
    channel::judge(facts, &mut found);
    orderers::judge(facts, &mut found);
    contract::judge(facts, &mut found);
    let settings = &facts.settings;
    let channel = settings.channel.as_ref().map(ToString::to_string);
    let chaincode = (!settings.is_empty).then(|| settings.chaincode.clone());
    found.done(facts.reach, channel, chaincode)
}

//! Whose server of the contract answers, whether these are enough, and what one's own lacks.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    check::Check,
    diagnosis::{Diagnosis, word},
    facts::{ContractFacts, DoctorFacts},
};
use crate::{
    client::{Exit, ServerState, cause},
    config::Bundle,
    ids::MspId,
    review::could_endorse,
};

/// Whose server answers, and whether these are enough.
pub(super) fn judge(facts: &DoctorFacts, contract: &ContractFacts, found: &mut Diagnosis) {
    let rest = [
        Check::Endorsers,
        Check::EndorsersSpare,
        Check::ServerVersions,
    ];
    let channel = facts.channel.as_ref();
    let Some(bundle) = channel.and_then(|channel| channel.config.as_ref().ok()) else {
        return found.skip(&rest, Check::Chain);
    };
    if contract.servers.is_empty() {
        return found.skip(&rest, Check::Contract);
    }
    let there = there(contract);
    let away: Vec<(&MspId, &ServerState)> = (contract.servers.iter())
        .filter(|(_, state)| !state.answers())
        .map(|(msp_id, state)| (msp_id, state))
        .collect();
    let policy = contract.policy.as_deref();
    let enough = could_endorse(bundle, policy, &there);
    let rule = policy.unwrap_or("/Channel/Application/Endorsement");
    endorsers(facts, (&there, &away), (rule, enough), found);
    match enough {
        Some(true) => spare(bundle, policy, (&there, away.is_empty()), found),
        _ => found.skip(&[Check::EndorsersSpare], Check::Endorsers),
    }
    versions(contract, found);
}

type Away<'a> = [(&'a MspId, &'a ServerState)];

fn endorsers(
    facts: &DoctorFacts,
    (there, away): (&BTreeSet<MspId>, &Away<'_>),
    (rule, enough): (&str, Option<bool>),
    found: &mut Diagnosis,
) {
    let check = Check::Endorsers;
    let list = |ids: &mut dyn Iterator<Item = &MspId>| {
        let named: Vec<String> = ids.map(|id| format!("`{id}`")).collect();
        match named.is_empty() {
            true => "none".to_owned(),
            false => named.join(", "),
        }
    };
    let (here, not) = (
        list(&mut there.iter()),
        list(&mut away.iter().map(|(id, _)| *id)),
    );
    let is_own = |msp_id: &MspId| facts.settings.msp_id.as_ref() == Some(msp_id);
    let fix = match away.iter().any(|(msp_id, _)| is_own(msp_id)) {
        true => {
            "your own server first: CONTRACT says what to do; `cmscc deploy status` says what each one misses"
        }
        false => "their operators start them; `cmscc deploy status` says what each one misses",
    };
    match (enough, away.is_empty()) {
        (Some(true), true) => found.ok(check, format!("the servers of {here} answer")),
        (Some(true), false) => found.warn(
            check,
            format!("the servers of {here} answer, which is enough; not those of {not}"),
            fix,
        ),
        (Some(false), _) => found.error(
            check,
            Exit::Unreachable,
            format!(
                "no combination of servers satisfies `{rule}`: those of {here} answer, not those of {not}; \
                 nothing can be written"
            ),
            fix,
        ),
        (None, _) => found.error(
            check,
            Exit::Failed,
            format!("the endorsement policy `{rule}` is not there, or nobody can satisfy it"),
            "cmscc deploy upgrade with a policy that the channel has",
        ),
    }
    let approvals = facts.contract.as_ref().and_then(|contract| {
        let committed = contract.lifecycle.committed.as_ref().ok()?;
        committed.as_ref().map(|committed| &committed.approvals)
    });
    let said = away.iter().map(|(msp_id, state)| {
        let approved = approvals.and_then(|approvals| approvals.get(*msp_id));
        let words = match state {
            ServerState::NoPeer if approved == Some(&false) => {
                "it has not approved the definition".to_owned()
            }
            ServerState::NoPeer => {
                "no running peer with the chaincode installed and approved is known: it is down, or not \
                 found, since anchor peers are missing"
                    .to_owned()
            }
            state => {
                let trouble = state.trouble().unwrap_or_default();
                match state.words() {
                    Some(words) => format!("{trouble}; its peer says: {}", cause(words)),
                    None => trouble.to_owned(),
                }
            }
        };
        (msp_id.to_string(), words)
    });
    found.said(said.collect());
}

/// Whether one more may be away.
fn spare(
    bundle: &Bundle,
    policy: Option<&str>,
    (there, all): (&BTreeSet<MspId>, bool),
    found: &mut Diagnosis,
) {
    let check = Check::EndorsersSpare;
    let needed = |one: &&MspId| {
        let mut others = there.clone();
        others.remove(*one);
        could_endorse(bundle, policy, &others) != Some(true)
    };
    let needed: Vec<String> = there
        .iter()
        .filter(needed)
        .map(|id| format!("`{id}`"))
        .collect();
    if needed.is_empty() {
        return found.ok(check, "whichever one server is away, the others are enough");
    }
    let text = format!(
        "while any one of the servers of {} is away, nothing can be written",
        needed.join(", ")
    );
    match all {
        // so the members agreed; there is nothing that anybody left undone
        true => found.note(check, text, None),
        false => found.warn(check, text, "bring back the server that is away now"),
    }
}

fn versions(contract: &ContractFacts, found: &mut Diagnosis) {
    let check = Check::ServerVersions;
    let mut versions: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (msp_id, answer) in &contract.servers {
        if let ServerState::Answers(Some(version)) = answer {
            versions
                .entry(version)
                .or_default()
                .push(format!("`{msp_id}`"));
        }
    }
    let own = env!("CARGO_PKG_VERSION");
    let words =
        |(version, orgs): (&&str, &Vec<String>)| format!("{version} of {}", orgs.join(", "));
    match versions.keys().next() {
        None => found.skip(&[check], Check::Endorsers),
        Some(only) if versions.len() == 1 && *only == own => {
            found.ok(check, format!("all that answer are {own}, as this client"));
        }
        Some(only) if versions.len() == 1 => found.note(
            check,
            format!("all that answer are {only}, this client is {own}"),
            Some("use one release for both".to_owned()),
        ),
        Some(_) => {
            let all: Vec<String> = versions.iter().map(words).collect();
            let text = format!("the servers are of several versions: {}", all.join("; "));
            let fix = "bring all to the newest one: endorsers that differ do not agree";
            found.warn(check, text, fix);
        }
    }
}

/// The check that says already why one's own peer does not run the contract.
pub(super) fn comes_of(state: &ServerState, found: &Diagnosis) -> Option<Check> {
    let causes: &[Check] = match state {
        ServerState::NotApproved => &[Check::Approval],
        ServerState::NotInstalled | ServerState::NoPeer => &[Check::Approval, Check::Package],
        _ => &[],
    };
    causes.iter().copied().find(|check| found.is_amiss(*check))
}

/// What is wrong with one's own server, and what to do about it.
pub(super) fn own_server(state: &ServerState, contract: &ContractFacts) -> (&'static str, String) {
    const COMMAND: &str = "`cmscc deploy status` has the command that starts it";
    const LOG: &str = "its log says more";
    let (why, fix) = match state {
        ServerState::AddressUnknown(_) => (
            "your peer does not find the address in your package",
            "cmscc deploy install --address HOST:PORT, then cmscc deploy approve".to_owned(),
        ),
        ServerState::NotApproved => (
            "your peer does not know of your approval yet",
            "wait a moment; cmscc deploy status".to_owned(),
        ),
        ServerState::NotInstalled => (
            "the package that you approved is not installed on your peer",
            "cmscc deploy install".to_owned(),
        ),
        ServerState::OtherId(_) => {
            let approved = contract.lifecycle.approved.as_ref().ok().and_then(Option::as_ref);
            let id = approved.and_then(|approved| word(approved.source.package_id()?));
            let fix = match id {
                Some(id) => format!("start it with --chaincode-id {id} (CHAINCODE_ID); {COMMAND}"),
                None => format!("start it with the id of the approved package; {COMMAND}"),
            };
            ("your server runs with another CHAINCODE_ID than the package that you approved", fix)
        }
        ServerState::Silent(_) => (
            "your server says nothing to your peer: it hangs, something in between does, or TLS \
             between the two does not fit",
            format!("look at its process and its log, which says where TLS does not fit; {COMMAND}"),
        ),
        ServerState::Tls(_) => (
            "TLS between your peer and your server does not fit",
            "cmscc deploy install --server-ca CA, the CA of your server's certificate; then cmscc deploy approve"
                .to_owned(),
        ),
        ServerState::NoPeer => (
            "no peer of yours that runs the contract is known",
            "cmscc deploy status says which step is missing".to_owned(),
        ),
        ServerState::PeerAway(_) => (
            "your peer is not reached by the one that was asked",
            format!("does it run? {LOG}"),
        ),
        ServerState::Answers(_) | ServerState::NotRunning(_) | ServerState::Trouble(_) => (
            "your server does not answer your peer",
            format!("start it, or see its log; {COMMAND}"),
        ),
    };
    (why, fix)
}

/// Whether the servers that answer are enough.
pub(super) fn enough(facts: &DoctorFacts, contract: &ContractFacts) -> Option<bool> {
    let channel = facts.channel.as_ref()?;
    let bundle = channel.config.as_ref().ok()?;
    could_endorse(bundle, contract.policy.as_deref(), &there(contract))
}

/// The members whose servers answer.
fn there(contract: &ContractFacts) -> BTreeSet<MspId> {
    let answering = contract.servers.iter().filter(|(_, state)| state.answers());
    answering.map(|(msp_id, _)| msp_id.clone()).collect()
}

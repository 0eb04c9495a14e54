//! What a member lacks of a deployment, and the command that comes next.

use std::collections::BTreeSet;

use crate::{
    client::{
        ApprovedDefinition, ContractStage, DeploymentFacts, PackagedServer, ServerState,
        install_command, serve_command,
    },
    ids::MspId,
};

/// What a member lacks, in words. `approved`, `approved_next`: whether it approved what is committed and the
/// next definition; `differs`: in what its approval of that differs.
pub(super) fn missing(
    facts: &DeploymentFacts,
    msp_id: &MspId,
    (approved, approved_next): (Option<bool>, Option<bool>),
    differs: &[String],
) -> Vec<String> {
    let mut missing = Vec::new();
    if let Some(next) = &facts.next
        && approved_next == Some(false)
    {
        let sequence = next.terms.sequence;
        missing.push(match differs {
            [] => format!("has not approved sequence {sequence}"),
            differs => format!("approved sequence {sequence} with {}", differs.join(", ")),
        });
    }
    // what replaces the definition soon is not asked for any more
    if approved == Some(false) && facts.next.is_none() {
        missing.push(format!("has not approved sequence {}", facts.sequence()));
    }
    if facts.committed.is_none() && facts.next.is_none() {
        missing.push("has approved nothing".to_owned());
    }
    if *msp_id == facts.own {
        missing.extend(own_package(facts));
    }
    if approved == Some(true) {
        let trouble = facts.servers.get(msp_id).and_then(ServerState::trouble);
        missing.extend(trouble.map(str::to_owned));
    }
    missing
}

/// What one's own peers lack.
fn own_package(facts: &DeploymentFacts) -> Option<String> {
    if !facts.knows_packages() {
        return None;
    }
    let approved = facts.approved_next.as_ref().or(facts.approved.as_ref());
    match approved.and_then(package) {
        Some(id) => {
            let without = facts.peers_without(id);
            (!without.is_empty())
                .then(|| format!("package `{id}` is not installed on {}", without.join(", ")))
        }
        None if approved.is_some() => Some("approved without a package".to_owned()),
        None => facts
            .packages()
            .is_empty()
            .then(|| "no package is installed".to_owned()),
    }
}

fn package(approved: &ApprovedDefinition) -> Option<&str> {
    approved.source.package_id()
}

/// The command that comes next for one's own organisation, and why; without a command, whom it waits for.
pub(super) fn next(facts: &DeploymentFacts, is_agreed: Option<bool>) -> (Option<String>, String) {
    let said = |command: &str, why: String| (Some(command.to_owned()), why);
    if let Some(error) = &facts.unasked {
        let why = format!("{}: what follows takes another identity", error.message);
        return said("cmscc identity show", why);
    }
    let own = match &facts.next {
        Some(_) => facts.approved_next.as_ref(),
        None => facts.approved.as_ref(),
    };
    let counts = match &facts.next {
        Some(next) => next.readiness.approvals.get(&facts.own) == Some(&true),
        None => facts.has_approved(&facts.own),
    };
    let (own, wants) = (own.filter(|_| counts), facts.next.as_ref());
    let sequence = wants.map_or_else(|| facts.sequence().max(1), |next| next.terms.sequence);
    let Some(own) = own else {
        return before_approval(facts, sequence);
    };
    if let Some(id) = package(own) {
        let without = facts.peers_without(id);
        let is_nowhere = without.len() == facts.answering_peers();
        if let Some(other) = other_package(facts, id).filter(|_| is_nowhere) {
            let why = format!("none of your peers has the package `{id}` that you approved");
            let command = format!("cmscc deploy approve --package-id {other}");
            return (Some(command), why);
        }
        if !without.is_empty() {
            let why = format!(
                "{} lack the package `{id}` that you approved",
                without.join(", ")
            );
            return said("cmscc deploy install --address HOST:PORT", why);
        }
    }
    if let Some(next) = wants {
        if next.is_enough {
            return said(
                "cmscc deploy commit",
                format!("enough members approved sequence {sequence}"),
            );
        }
        let others = next
            .readiness
            .approvals
            .iter()
            .filter(|(_, approved)| !**approved);
        let others: Vec<&str> = others.map(|(msp_id, _)| msp_id.as_str()).collect();
        let differing = facts.members.iter().find(|msp_id| {
            let theirs = facts.recorded(msp_id, sequence);
            theirs.is_some_and(|theirs| !theirs.terms.differences(&next.terms).is_empty())
        });
        let why = match differing {
            Some(msp_id) => format!(
                "{msp_id} approved another sequence {sequence} than you: agree on one; to take over theirs, \
                 `cmscc deploy approve --as {msp_id}`"
            ),
            None => format!(
                "you have approved sequence {sequence}; one of these does next: {}",
                others.join(", ")
            ),
        };
        return (None, why);
    }
    running(facts, own, is_agreed)
}

fn before_approval(facts: &DeploymentFacts, sequence: i64) -> (Option<String>, String) {
    if let Some(other) = other_name(facts) {
        let why = format!(
            "nothing is defined as `{}` on this channel, and your peers run `{other}` there: is that the name?",
            facts.chaincode
        );
        return (
            Some(format!("cmscc deploy status --chaincode {other}")),
            why,
        );
    }
    let packages = facts.packages();
    if packages.is_empty() && facts.knows_packages() {
        let why = "your peers have no package of the contract: the address is where they reach your server";
        return (
            Some("cmscc deploy install --address HOST:PORT".to_owned()),
            why.to_owned(),
        );
    }
    let used = facts.approved.as_ref().and_then(package);
    let is_clear = packages.len() == 1
        || used.is_some_and(|id| packages.iter().any(|one| one.package_id == id));
    let command = match is_clear {
        true => "cmscc deploy approve".to_owned(),
        false => "cmscc deploy approve --package-id ID".to_owned(),
    };
    let differs = facts.approved_next.is_some() && facts.next.is_some();
    let why = match differs {
        true => format!("your approval of sequence {sequence} does not count: it differs"),
        false => format!("your organisation has not approved sequence {sequence}"),
    };
    (Some(command), why)
}

/// The only chaincode that one's own peers run on the channel, where nobody knows of one with this name.
fn other_name(facts: &DeploymentFacts) -> Option<&str> {
    if facts.committed.is_some() || facts.next.is_some() {
        return None;
    }
    let packages = facts
        .peers
        .iter()
        .filter_map(|peer| peer.packages.as_ref().ok())
        .flatten();
    let used = packages.flat_map(|package| &package.used_by);
    let mut names: BTreeSet<&str> = used
        .filter(|(channel, ..)| *channel == facts.channel)
        .map(|(_, name, _)| name.as_str())
        .collect();
    // SECURITY: a peer says it, and it stands in a command
    names.retain(|name| {
        name.chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    });
    match (names.len(), names.pop_first()) {
        (1, Some(name)) if name != facts.chaincode && !name.starts_with('-') => Some(name),
        _ => None,
    }
}

/// What comes next where one's own organisation has approved what is committed.
fn running(
    facts: &DeploymentFacts,
    own: &ApprovedDefinition,
    is_agreed: Option<bool>,
) -> (Option<String>, String) {
    let said = |command: String, why: &str| (Some(command), why.to_owned());
    let state = facts.servers.get(&facts.own);
    if let (Some(id), Some(state)) = (package(own), state)
        && !state.answers()
    {
        let elsewhere = matches!(state, ServerState::AddressUnknown(_) | ServerState::Tls(_));
        if let Some(other) = other_package(facts, id).filter(|_| elsewhere) {
            let why = match state {
                ServerState::Tls(_) => {
                    "with the approved package TLS between your peer and your server does not fit; this is \
                     another one"
                }
                _ => {
                    "your peer does not find the address in the approved package; this is another one"
                }
            };
            return said(format!("cmscc deploy approve --package-id {other}"), why);
        }
        return own_server(id, facts.server.as_ref(), state);
    }
    if facts.contract == ContractStage::NotInitialized {
        return said(
            "cmscc init-consortium".to_owned(),
            "the contract has no config yet",
        );
    }
    if is_agreed == Some(false) {
        return said(
            "cmscc deploy upgrade".to_owned(),
            "the members agreed on another endorsement policy than the committed one",
        );
    }
    let mut waiting = facts.servers.iter();
    let waits: Vec<&str> = waiting
        .by_ref()
        .filter(|(_, state)| !state.answers())
        .map(|(msp_id, _)| msp_id.as_str())
        .collect();
    let why = match waits.is_empty() {
        true => "the contract is deployed, and all members run it".to_owned(),
        false => format!(
            "the contract is deployed; {} do not run it",
            waits.join(", ")
        ),
    };
    (None, why)
}

/// The only package beside the approved one.
fn other_package<'a>(facts: &'a DeploymentFacts, id: &str) -> Option<&'a str> {
    let packages = facts.packages();
    let others = packages.iter().filter(|one| one.package_id != id);
    let others: Vec<&str> = others.map(|one| one.package_id.as_str()).collect();
    match others.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// What to do about one's own server; `id`: the approved package.
fn own_server(
    id: &str,
    server: Option<&PackagedServer>,
    state: &ServerState,
) -> (Option<String>, String) {
    let said = |command: &str, why: &str| (Some(command.to_owned()), why.to_owned());
    let serve = &serve_command(id, server);
    const INSTALL: &str = "cmscc deploy install --address HOST:PORT";
    match state {
        ServerState::OtherId(_) => said(serve, "your server has another id than the package"),
        ServerState::AddressUnknown(_) => said(
            INSTALL,
            "your peer does not find the address in the package; then approve the new package",
        ),
        ServerState::Tls(_) => said(
            &install_command(server),
            "TLS between your peer and your server does not fit; then approve the new package",
        ),
        ServerState::NotApproved | ServerState::NoPeer => (
            None,
            "your peer does not know of your approval yet: it takes a moment".to_owned(),
        ),
        ServerState::NotInstalled => {
            said(INSTALL, "the package that you approved is not installed")
        }
        // it may well run: another one would find its address taken
        ServerState::Silent(_) => (
            None,
            "look for `connection refused` in the log of your server: it says nothing to your peer. Such a \
             line says how TLS between the two does not fit; without one it hangs, and has to be started anew"
                .to_owned(),
        ),
        _ => said(serve, "your server does not answer your peer"),
    }
}

//! The contract: its definition, its servers, its chain.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    check::Check,
    diagnosis::Diagnosis,
    facts::{ContractFacts, DoctorFacts, LifecycleFacts},
};
use crate::{
    client::{ClientError, Exit},
    config::Bundle,
    ids::MspId,
    review::could_endorse,
};

const ALL: [Check; 9] = [
    Check::Definition,
    Check::Approval,
    Check::Package,
    Check::Contract,
    Check::Endorsers,
    Check::EndorsersSpare,
    Check::ServerVersions,
    Check::ContractChain,
    Check::ContractLevels,
];

/// Refusals of a contract that is there, and has no config yet.
const NOT_STARTED: &str = "NOT_INITIALIZED";

/// Judges all of it.
pub(super) fn judge(facts: &DoctorFacts, found: &mut Diagnosis) {
    let Some(contract) = &facts.contract else {
        let needs = found.blocking(&Check::TO_THE_PEER);
        return found.skip(&ALL, needs);
    };
    let name = &facts.settings.chaincode;
    definition(facts, name, &contract.lifecycle, found);
    answers(facts, contract, found);
    servers(facts, contract, found);
    chain(contract, found);
}

fn definition(facts: &DoctorFacts, name: &str, lifecycle: &LifecycleFacts, found: &mut Diagnosis) {
    let committed = match &lifecycle.committed {
        Ok(Some(committed)) => committed,
        Ok(None) => {
            let text = format!("no definition of a chaincode `{name}` is committed on the channel");
            let fix =
                "is that its name (`--chaincode`)? `cmscc deploy status` says what is missing";
            found.error(Check::Definition, Exit::Failed, text, fix);
            return found.skip(&[Check::Approval, Check::Package], Check::Definition);
        }
        Err(error) => {
            found.failed(Check::Definition, error);
            return found.skip(&[Check::Approval, Check::Package], Check::Definition);
        }
    };
    let (sequence, version) = (committed.terms.sequence, &committed.terms.version);
    let defined = format!("`{name}` is defined: sequence {sequence}, version {version}");
    found.ok(Check::Definition, defined);
    let own = facts.settings.msp_id.as_ref();
    let says_no = own.and_then(|own| committed.approvals.get(own)) == Some(&false);
    let differs = match &lifecycle.approved {
        Ok(Some(approved)) => {
            let parts = committed.terms.differences(&approved.terms).into_iter();
            let words = parts.map(|part| {
                let (theirs, own) = (committed.terms.words(part), approved.terms.words(part));
                format!("{theirs} is committed, {own} approved")
            });
            words.collect()
        }
        _ => Vec::new(),
    };
    let says_yes = own.and_then(|own| committed.approvals.get(own)) == Some(&true);
    approval(sequence, (says_yes, says_no), (&differs, lifecycle), found);
    package(lifecycle, found);
}

fn approval(
    sequence: i64,
    (says_yes, says_no): (bool, bool),
    (differs, lifecycle): (&[String], &LifecycleFacts),
    found: &mut Diagnosis,
) {
    let check = Check::Approval;
    let fix = "cmscc deploy approve";
    if !differs.is_empty() {
        let text = format!(
            "your organisation approved something else than is committed: {}",
            differs.join("; ")
        );
        return found.error(check, Exit::Failed, text, fix);
    }
    match &lifecycle.approved {
        _ if says_no => {
            let text = format!(
                "your organisation has not approved sequence {sequence}: your peer does not endorse"
            );
            found.error(check, Exit::Failed, text, fix);
        }
        Ok(None) => {
            let text = format!(
                "your peer knows no approval of sequence {sequence} by your organisation: it does not endorse"
            );
            found.error(check, Exit::Failed, text, fix);
        }
        Ok(Some(_)) => found.ok(
            check,
            format!("your organisation approved sequence {sequence}"),
        ),
        // that much everybody is told
        Err(_) if says_yes => found.ok(
            check,
            format!("your organisation approved sequence {sequence}, as the channel has it"),
        ),
        Err(error) => {
            let text = format!("your peer does not tell you: {}", error.message);
            found.untold(check, text);
        }
    }
}

fn package(lifecycle: &LifecycleFacts, found: &mut Diagnosis) {
    let check = Check::Package;
    let fix = "cmscc deploy install; where the package is another one than was approved, cmscc deploy \
               approve, too";
    let approved = match &lifecycle.approved {
        Ok(Some(approved)) => approved.source.package_id(),
        Ok(None) => return found.skip(&[check], Check::Approval),
        Err(error) => {
            let text = format!(
                "your peer does not tell you your approval: {}",
                error.message
            );
            return found.untold(check, text);
        }
    };
    let Some(approved) = approved else {
        let text = "your approval names no package: your peer does not know which server to call";
        return found.error(check, Exit::Failed, text, fix);
    };
    match &lifecycle.installed {
        Err(error) => {
            let text = format!(
                "your peer does not tell you what is installed: {}",
                error.message
            );
            found.untold(check, text);
        }
        Ok(installed) if installed.iter().any(|one| one.package_id == approved) => {
            found.ok(check, format!("`{approved}` is approved and installed"));
        }
        Ok(installed) => {
            let has = match installed.as_slice() {
                [] => "nothing is installed".to_owned(),
                [one] => format!("`{}` is installed", one.package_id),
                [first, rest @ ..] => {
                    format!(
                        "`{}` and {} more are installed",
                        first.package_id,
                        rest.len()
                    )
                }
            };
            let text = format!("`{approved}` is approved, but {has} at your peer");
            found.error(check, Exit::Failed, text, fix);
        }
    }
}

/// Whether the contract answers, and one's own server does.
fn answers(facts: &DoctorFacts, contract: &ContractFacts, found: &mut Diagnosis) {
    let check = Check::Contract;
    let name = &facts.settings.chaincode;
    let own = facts.settings.msp_id.as_ref();
    let mut servers = contract.servers.iter();
    let own = servers.find(|(msp_id, _)| Some(msp_id) == own);
    let is_answered = match &contract.answers {
        Ok(()) => true,
        Err(error) => error.symbol == NOT_STARTED,
    };
    if let (true, Some((msp_id, Err(error)))) = (is_answered, own) {
        let text = format!(
            "`{name}` answers at peers of others, not at those of `{msp_id}`: {}  [{}]",
            error.message, error.symbol
        );
        return found.warn(
            check,
            text,
            own_server(error).unwrap_or("cmscc deploy status"),
        );
    }
    match &contract.answers {
        Ok(()) => found.ok(check, format!("`{name}` answers")),
        Err(error) if error.symbol == NOT_STARTED => {
            found.ok(check, format!("`{name}` answers, and has no config yet"));
        }
        Err(error) => match own_server(error) {
            Some(fix) => found.failed(check, &error.clone().hint(fix)),
            None => found.failed(check, error),
        },
    }
}

/// What to do about one's own server.
fn own_server(error: &ClientError) -> Option<&'static str> {
    match error.symbol.as_str() {
        "SERVER_DOWN" | "SERVER_SLOW" => {
            Some("start your server (`cmscc serve`), or look at its log")
        }
        "NO_CHAINCODE" => Some("cmscc deploy status says which step is missing"),
        "NOT_APPROVED" => Some("cmscc deploy approve"),
        _ => None,
    }
}

/// Whose server answers, and whether these are enough.
fn servers(facts: &DoctorFacts, contract: &ContractFacts, found: &mut Diagnosis) {
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
    let there = |(msp_id, answer): &(MspId, Result<String, ClientError>)| {
        answer.is_ok().then(|| msp_id.clone())
    };
    let there: BTreeSet<MspId> = contract.servers.iter().filter_map(there).collect();
    let away: Vec<(&MspId, &ClientError)> = (contract.servers.iter())
        .filter_map(|(msp_id, answer)| Some((msp_id, answer.as_ref().err()?)))
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

type Away<'a> = [(&'a MspId, &'a ClientError)];

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
        true => "start your own server, or see what `cmscc deploy status` misses",
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
    let said = away.iter().map(|(msp_id, error)| {
        let approved = approvals.and_then(|approvals| approvals.get(*msp_id));
        let words = match error.symbol.as_str() {
            "NO_CHAINCODE" if approved == Some(&false) => {
                "it has not approved the definition".to_owned()
            }
            "NO_CHAINCODE" => {
                "no running peer with the chaincode installed and approved is known: it is down, or not \
                 found, since anchor peers are missing"
                    .to_owned()
            }
            _ => error.message.clone(),
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
        if let Ok(version) = answer {
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

fn chain(contract: &ContractFacts, found: &mut Diagnosis) {
    let check = Check::ContractChain;
    let sequence = contract.sequence;
    if let Some(error) = contract.answers.as_ref().err() {
        if error.symbol != NOT_STARTED {
            return found.skip(&[check, Check::ContractLevels], Check::Contract);
        }
        let text = "the contract has no config yet: it judges nothing";
        found.error(
            check,
            Exit::Failed,
            text,
            "cmscc init-consortium --anchor FILE",
        );
        return found.skip(&[Check::ContractLevels], check);
    }
    match &contract.head {
        None => found.skip(&[check], Check::Chain),
        Some(Err(error)) => {
            let fix = match error.symbol.as_str() {
                "FORK" => {
                    "sign nothing. Compare `cmscc pin` with other members: your pin, or the anchors that the \
                     servers were given, are of another chain"
                }
                _ => error.hint.as_deref().unwrap_or("cmscc config verify"),
            };
            found.failed(check, &error.clone().hint(fix));
        }
        Some(Ok(place)) if place.sequence < sequence => {
            let behind = sequence.0.saturating_sub(place.sequence.0);
            let text = format!(
                "the contract is at config {}, {behind} behind the channel: it judges by an old config",
                place.sequence
            );
            found.warn(check, text, "cmscc sync");
        }
        Some(Ok(place)) if place.sequence > sequence => found.warn(
            check,
            format!(
                "the contract is at config {}, your peer at {sequence}: it is behind",
                place.sequence
            ),
            "wait for your peer, or name another one",
        ),
        Some(Ok(place)) if place.is_compared => {
            found.ok(
                check,
                format!("config {sequence}, link by link as on this machine"),
            );
        }
        Some(Ok(_)) => found.ok(check, format!("config {sequence}, by your peer's word")),
    }
    match contract.unsupported.as_slice() {
        [] => found.ok(
            Check::ContractLevels,
            "the contract knows all levels of the channel",
        ),
        levels => {
            let text = format!(
                "the channel requires {}, which your server does not know: it answers as far as it can, and \
                 writes nothing",
                levels.join(", ")
            );
            let fix = "every organisation installs a newer cmscc as its server";
            found.error(Check::ContractLevels, Exit::Failed, text, fix);
        }
    }
}

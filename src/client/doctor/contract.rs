//! The contract: its definition, whether it answers, its chain.

use super::{
    check::Check,
    diagnosis::Diagnosis,
    facts::{ContractFacts, ContractPlace, DoctorFacts, LifecycleFacts},
    servers::{self, comes_of, enough, own_server},
};
use crate::client::{Exit, cause};

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
    // what nobody defined nobody runs: that is told once
    if matches!(contract.lifecycle.committed, Ok(None)) {
        return found.skip(ALL.get(3..).unwrap_or_default(), Check::Definition);
    }
    answers(facts, contract, found);
    servers::judge(facts, contract, found);
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
    if let Some((msp_id, state)) = own.filter(|(_, state)| !state.answers()) {
        if let Some(needs) = comes_of(state, found) {
            return found.skip(&[check], needs);
        }
        let (why, fix) = own_server(state, contract);
        let text = match is_answered {
            true => {
                format!("`{name}` answers at peers of others, not at those of `{msp_id}`: {why}")
            }
            false => format!("`{name}` does not answer: {why}"),
        };
        // where the others are enough, it stands in nobody's way
        match is_answered && enough(facts, contract) == Some(true) {
            true => found.warn(check, text, fix),
            false => found.error(check, Exit::Unreachable, text, fix),
        }
        let words = state
            .words()
            .map(|words| ("your peer says".to_owned(), cause(words)));
        return found.said(words.into_iter().collect());
    }
    match &contract.answers {
        Ok(()) => found.ok(check, format!("`{name}` answers")),
        Err(error) if error.symbol == NOT_STARTED => {
            found.ok(check, format!("`{name}` answers, and has no config yet"));
        }
        Err(error) => found.failed(check, error),
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
        Some(Ok(ContractPlace {
            other_block: Some(at),
            ..
        })) => found.warn(
            check,
            format!(
                "the contract names another block or update for config {at} than your chain: somebody handed in one \
                 that orderers signed. The config is the same, and nothing follows from it"
            ),
            "ask the orderers' operators who signs such blocks; a stricter BlockValidation keeps them out",
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

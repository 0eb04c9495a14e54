//! `AttestCapabilities` and `GetCapabilities`: what members say of their nodes, and the table of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{
    access::{Admin, is_member_since},
    args::shown,
    error::{Code, ContractError},
    events, keys,
    levels::{self, Gate, Raise, Scope},
    proposal,
    reports::{self, AttestationReport, Attested, CapabilitiesReport, LevelReport},
    router::{self, Call},
    state::{self, Trusted},
};
use crate::{
    config::Bundle,
    ids::MspId,
    proto::cmscc::{Attestation, GateMode, Member, Proposal, ProposalKind},
    stub::Stub,
};

/// How many levels of one scope an organisation may attest, and how long a name may be, in bytes.
const LEVELS: usize = 64;
const LEVEL_LENGTH: usize = 64;

/// What an organisation attests. Levels are attested one by one: a higher one implies no other.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Given {
    channel: Vec<String>,
    orderer: Vec<String>,
    application: Vec<String>,
    server: bool,
}

/// `AttestCapabilities`: replaces what the caller's organisation said before; the same again at the
/// same sequence writes nothing.
pub(super) async fn attest_capabilities<S: Stub>(
    call: &Call<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let given: Given = call.args.object(0, "attestation")?;
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let admin = Admin::check(&bundle, call.creator())?;
    let attestation = Attestation {
        channel: level_names(given.channel)?,
        orderer: level_names(given.orderer)?,
        application: level_names(given.application)?,
        server: given.server,
        sequence: Some(trusted.head.sequence),
    };
    let key = keys::attestation(admin.msp_id());
    let stored: Option<Attestation> = state::get(stub, &key).await?;
    if stored.as_ref() != Some(&attestation) {
        state::put(stub, key, &attestation);
        stub.set_event(events::attested(admin.msp_id()));
    }
    reports::write(&Attested {
        as_of_sequence: trusted.head.sequence,
        msp_id: admin.msp_id().to_string(),
    })
}

/// Each level once, ascending.
pub(super) fn level_names(given: Vec<String>) -> Result<Vec<String>, ContractError> {
    if given.len() > LEVELS {
        return Err(Code::TooMany.because(format_args!(
            "{} levels in one list, the limit is {LEVELS}",
            given.len()
        )));
    }
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let bad = given
        .iter()
        .find(|l| l.is_empty() || l.len() > LEVEL_LENGTH || !l.bytes().all(legal));
    if let Some(bad) = bad {
        return Err(Code::BadCapability.because(format_args!(
            "level `{}` is not 1 to {LEVEL_LENGTH} of the characters A-Z a-z 0-9 _ - .",
            shown(bad)
        )));
    }
    let names: BTreeSet<String> = given.into_iter().collect();
    Ok(names.into_iter().collect())
}

/// An attestation, judged by who is a member now.
struct Judged {
    msp_id: MspId,
    attestation: Attestation,
    former_member: bool,
}

async fn judged<S: Stub>(stub: &mut S) -> Result<Vec<Judged>, ContractError> {
    let stored: Vec<(String, Attestation)> = state::all(stub, keys::attestations()).await?;
    let mut judged = Vec::with_capacity(stored.len());
    for (key, attestation) in stored {
        let msp_id = keys::attestation_msp_id(&key).ok_or_else(|| state::corrupt(&key))?;
        let member: Option<Member> = state::get(stub, &keys::member(&msp_id)).await?;
        let at = attestation.sequence.unwrap_or_default();
        judged.push(Judged {
            former_member: !is_member_since(member.as_ref(), at),
            msp_id,
            attestation,
        });
    }
    Ok(judged)
}

/// What holds proposals back that raise levels. Only for calls that do not write.
pub(super) async fn gate<S: Stub>(stub: &mut S, trusted: &Trusted) -> Result<Gate, ContractError> {
    Ok(gate_of(trusted, &judged(stub).await?))
}

fn gate_of(trusted: &Trusted, judged: &[Judged]) -> Gate {
    let counting: BTreeMap<MspId, Attestation> = judged
        .iter()
        .filter(|one| !one.former_member)
        .map(|one| (one.msp_id.clone(), one.attestation.clone()))
        .collect();
    Gate::new(trusted.settings.gate(), counting)
}

/// `GetCapabilities`: the levels of the channel, one by one.
pub(super) async fn get_capabilities<S: Stub>(
    call: &Call<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let (trusted, bundle) = call.trusted(stub).await?;
    let judged = judged(stub).await?;
    let proposed = proposed(stub, &bundle).await?;
    let gate = gate_of(&trusted, &judged);
    let table = |scope| table(&bundle, &gate, &proposed, scope);
    reports::write(&CapabilitiesReport {
        application: table(Scope::Application),
        as_of_sequence: trusted.head.sequence,
        attestations: judged.into_iter().map(report).collect(),
        channel: table(Scope::Channel),
        contract: trusted.settings.capabilities.clone(),
        gate: gate_name(trusted.settings.gate()),
        orderer: table(Scope::Orderer),
        unsupported: router::unsupported(&bundle),
    })
}

/// A gate mode's public name.
pub(super) const fn gate_name(mode: GateMode) -> &'static str {
    match mode {
        GateMode::Enforced => "enforced",
        GateMode::Advisory | GateMode::Unspecified => "advisory",
    }
}

fn report(judged: Judged) -> AttestationReport {
    AttestationReport {
        application: judged.attestation.application,
        channel: judged.attestation.channel,
        former_member: judged.former_member,
        msp_id: judged.msp_id.to_string(),
        orderer: judged.attestation.orderer,
        sequence: judged.attestation.sequence.unwrap_or_default(),
        server: judged.attestation.server,
    }
}

/// The proposals that are neither withdrawn nor in effect, by the levels that they raise.
async fn proposed<S: Stub>(
    stub: &mut S,
    bundle: &Bundle,
) -> Result<BTreeMap<Raise, Vec<String>>, ContractError> {
    let mut raises: BTreeMap<Raise, Vec<String>> = BTreeMap::new();
    let all: Vec<(String, Proposal)> = state::all(stub, keys::proposals()).await?;
    for (_, proposal) in all {
        let touches = |proposal: &Proposal| {
            let mut touched = proposal.touched.iter();
            touched.any(|touched| levels::may_declare(&touched.element))
        };
        if proposal.kind() != ProposalKind::ConfigUpdate
            || proposal.withdrawal.is_some()
            || !touches(&proposal)
        {
            continue;
        }
        let Ok(intended) = proposal::patch(&proposal)?.apply(bundle.tree()) else {
            continue;
        };
        for raise in levels::raised(bundle.tree(), &intended) {
            raises.entry(raise).or_default().push(proposal.id.clone());
        }
    }
    Ok(raises)
}

fn table(
    bundle: &Bundle,
    gate: &Gate,
    proposed: &BTreeMap<Raise, Vec<String>>,
    scope: Scope,
) -> Vec<LevelReport> {
    let required = scope.declared(bundle.tree());
    let mut names = required.clone();
    names.extend(scope.supported().iter().map(|level| (*level).to_owned()));
    names.extend(gate.levels(scope));
    let here = proposed.keys().filter(|raise| raise.scope == scope);
    names.extend(here.map(|raise| raise.level.clone()));
    names
        .into_iter()
        .map(|level| {
            let attested = gate.attested_by(scope, &level);
            let raise = Raise { scope, level };
            LevelReport {
                attested_by: attested.iter().map(ToString::to_string).collect(),
                lacking: gate.lacking(bundle, scope, &raise.level),
                proposed_by: proposed.get(&raise).cloned().unwrap_or_default(),
                required: required.contains(&raise.level),
                supported: scope.supported().contains(&raise.level.as_str()),
                level: raise.level,
            }
        })
        .collect()
}

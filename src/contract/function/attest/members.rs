//! `AttestCapabilities` and `GetCapabilities`: what members say of their nodes, and the table of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::{
    config::{Bundle, Section},
    contract::{
        answer::{
            self, AttestationReport, CapabilitiesReport, LevelReport, LevelsAttested, Part, Shown,
            events, names::gate_name,
        },
        chain::levels::{self, Raise, Scope},
        error::{Code, ContractError, shown},
        function::Context,
        judge::{access::Admin, gate::CapabilityGate},
        ledger::{self, keys, members::ChannelMembers},
    },
    ids::MspId,
    proto::cmscc::{Attestation, Member, OpenProposal},
    stub::Stub,
};

/// How many levels of one scope an organisation may attest, and how long a name may be, in bytes.
const LEVELS: usize = 64;
const LEVEL_LENGTH: usize = 64;
/// Of a level at most this many proposals are named that raise it.
const NAMED: usize = 100;

/// What an organisation attests. Levels are attested one by one: a higher one implies no other. What
/// is absent stays as it was.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct GivenLevels {
    pub(super) channel: Option<Vec<String>>,
    pub(super) orderer: Option<Vec<String>>,
    pub(super) application: Option<Vec<String>>,
    pub(super) server: Option<bool>,
}

impl GivenLevels {
    /// What the organisation says now, after `before`.
    pub(super) fn over(self, before: Attestation) -> Result<Attestation, ContractError> {
        let given = [&self.channel, &self.orderer, &self.application];
        if given.iter().all(|levels| levels.is_none()) && self.server.is_none() {
            return Err(Code::NothingToChange.because(
                "the attestation names nothing, and what is absent stays as it was; an empty list \
                 takes the levels of its scope back, such as `{\"channel\":[]}`",
            ));
        }
        let of = |scope, given: Option<Vec<String>>, before| match given {
            Some(levels) => known_levels(scope, levels),
            None => Ok(before),
        };
        Ok(Attestation {
            channel: of(Scope::Channel, self.channel, before.channel)?,
            orderer: of(Scope::Orderer, self.orderer, before.orderer)?,
            application: of(Scope::Application, self.application, before.application)?,
            server: self.server.unwrap_or(before.server),
            sequence: None,
        })
    }
}

/// `AttestCapabilities`: changes what the caller's organisation says; the same again at the same
/// sequence writes nothing.
pub(crate) async fn attest_capabilities<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let given: GivenLevels = call.args.object(0, "attestation")?;
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let admin = Admin::check(&bundle, call.creator())?;
    let key = keys::attested(Section::Application, admin.msp_id());
    let member: Option<Member> = ledger::get(stub, &key).await?;
    let member = member.unwrap_or_default();
    let before = member.attestation.clone().unwrap_or_default();
    let attestation = Attestation {
        sequence: Some(trusted.head.sequence),
        ..given.over(before)?
    };
    let report = report((admin.msp_id(), &attestation));
    if member.attestation.as_ref() != Some(&attestation) {
        let attestation = Some(attestation);
        let value = Member {
            attestation,
            ..member
        };
        ledger::put(stub, key, &value);
        stub.set_event(events::attested(admin.msp_id()));
    }
    answer::write(&LevelsAttested {
        as_of_sequence: trusted.head.sequence,
        attestation: report,
        msp_id: admin.msp_id().to_string(),
    })
}

/// Levels that this build knows, each once, ascending. Others would be nobody's: a proposal that
/// raises one is refused, too.
pub(super) fn known_levels(scope: Scope, given: Vec<String>) -> Result<Vec<String>, ContractError> {
    let names = level_names(given)?;
    let unknown = |name: &&String| !scope.supported().contains(&name.as_str());
    let Some(name) = names.iter().find(unknown) else {
        return Ok(names);
    };
    let elsewhere = Scope::ALL
        .into_iter()
        .find(|other| other.supported().contains(&name.as_str()))
        .map(|other| format!("; `{name}` is a level of `{}`", other.path()));
    Err(Code::CapabilityUnsupported.because(format_args!(
        "this server (version {}) knows no capability level `{name}` of `{}`; it knows `{}`{}",
        env!("CARGO_PKG_VERSION"),
        scope.path(),
        scope.supported().join("`, `"),
        elsewhere.unwrap_or_default()
    )))
}

/// Each level once, ascending.
pub(crate) fn level_names(given: Vec<String>) -> Result<Vec<String>, ContractError> {
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

/// `GetCapabilities`: the levels of the channel, one by one.
pub(crate) async fn get_capabilities<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let mut shown: Shown = call.args.options(0)?;
    let (trusted, bundle) = call.trusted(stub).await?;
    let members = ChannelMembers::read(stub, &bundle).await?;
    let proposed = proposed(stub, &bundle).await?;
    let gate = CapabilityGate::of(&trusted, &members);
    let mut table = |part, scope| table(&bundle, &gate, &proposed, scope, part, &mut shown);
    let channel = table(Part::Channel, Scope::Channel);
    let orderer = table(Part::Orderer, Scope::Orderer);
    let application = table(Part::Application, Scope::Application);
    let attestations = shown.first(Part::Attestations, &members.attestations(), report);
    answer::write(&CapabilitiesReport {
        application,
        as_of_sequence: trusted.head.sequence,
        attestations,
        channel,
        contract: trusted.settings.capabilities.clone(),
        gate: gate_name(trusted.settings.gate()),
        omitted: shown.into_omitted(),
        orderer,
        unsupported: levels::unsupported(&bundle),
    })
}

pub(super) fn report((msp_id, attestation): (&MspId, &Attestation)) -> AttestationReport {
    AttestationReport {
        application: attestation.application.clone(),
        channel: attestation.channel.clone(),
        msp_id: msp_id.to_string(),
        orderer: attestation.orderer.clone(),
        sequence: attestation.sequence.unwrap_or_default(),
        server: attestation.server,
    }
}

/// The proposals that are not withdrawn, by the levels that they raise and that the config does not
/// declare yet. Of each level the first.
async fn proposed<S: Stub>(
    stub: &mut S,
    bundle: &Bundle,
) -> Result<BTreeMap<Raise, Vec<String>>, ContractError> {
    let declared = |scope: Scope| (scope, scope.declared(bundle.tree()));
    let declared: BTreeMap<Scope, BTreeSet<String>> = Scope::ALL.map(declared).into();
    let mut raises: BTreeMap<Raise, Vec<String>> = BTreeMap::new();
    let all: Vec<(String, OpenProposal)> = ledger::all(stub, keys::all_open()).await?;
    for (key, record) in all {
        let place = keys::open_place(&key).ok_or_else(|| ledger::corrupt(&key))?;
        if record.withdrawal.is_some() {
            continue;
        }
        for raise in record.raises {
            let Some(scope) = Scope::of_stored(raise.scope()) else {
                continue;
            };
            if declared
                .get(&scope)
                .is_some_and(|of| of.contains(&raise.level))
            {
                continue;
            }
            let level = raise.level;
            let named = raises.entry(Raise { scope, level }).or_default();
            if named.len() < NAMED {
                named.push(place.id().to_string());
            }
        }
    }
    Ok(raises)
}

fn table(
    bundle: &Bundle,
    gate: &CapabilityGate,
    proposed: &BTreeMap<Raise, Vec<String>>,
    scope: Scope,
    part: Part,
    shown: &mut Shown,
) -> Vec<LevelReport> {
    let required = scope.declared(bundle.tree());
    let mut names = required.clone();
    names.extend(scope.supported().iter().map(|level| (*level).to_owned()));
    let here = proposed.keys().filter(|raise| raise.scope == scope);
    names.extend(here.map(|raise| raise.level.clone()));
    let names: Vec<String> = names.into_iter().collect();
    let rows = names.into_iter().map(|level| {
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
    });
    shown.levels(part, rows)
}

//! `PrepareAttestation` and `AddAttestation`: what orderer organisations say of their nodes, signed by
//! their admins and carried by anybody.

use serde::Deserialize;

use super::members::{GivenLevels, known_levels, report};
use crate::{
    config::{
        Bundle, Section,
        envelope::{self, UpdateEnvelope},
    },
    contract::{
        answer::{self, AttestationToSign, LevelsAttested, events},
        chain::{
            levels::{self, Scope},
            statement,
        },
        error::{Code, ContractError, shown},
        function::{Context, files, intent::check_signatures},
        interface::base64,
        judge::access::satisfy_admins,
        ledger::{self, TrustedHead, keys},
    },
    ids::{Digest, MspId},
    policy::{SignedData, SignerSet},
    proto::cmscc::{Attestation, AttestationStatement, Member},
    stub::Stub,
};

/// What an orderer organisation attests; what is absent stays as it was.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct GivenOrdererLevels {
    channel: Option<Vec<String>>,
    orderer: Option<Vec<String>>,
}

/// So many orderer organisations are named where another was.
const NAMED: usize = 10;

/// `PrepareAttestation`: the bytes that admins of an orderer organisation sign.
pub(crate) async fn prepare_attestation<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let msp_id = MspId::new(call.args.text(0, "msp_id")?);
    let given: GivenOrdererLevels = call.args.object(1, "attestation")?;
    let (trusted, bundle) = call.trusted(stub).await?;
    demand_orderer(&bundle, &msp_id)?;
    let member = stored(stub, &msp_id).await?;
    let before = member.attestation.clone().unwrap_or_default();
    let given = GivenLevels {
        channel: given.channel,
        orderer: given.orderer,
        ..GivenLevels::default()
    };
    let attested = given.over(before)?;
    let statement = AttestationStatement {
        instance: trusted.settings.instance.clone(),
        msp_id: msp_id.to_string(),
        since: member.sequence.unwrap_or_default(),
        number: next_number(&member),
        channel: attested.channel,
        orderer: attested.orderer,
    };
    let config_update = statement::canonical(call.channel(), &statement);
    let to_sign = envelope::update_envelope(call.channel(), &config_update, &[]);
    answer::write(&AttestationToSign {
        as_of_sequence: trusted.head.sequence,
        channel: statement.channel,
        config_update_sha256: Digest::of(&config_update).to_string(),
        config_update_to_sign: answer::base64(&to_sign),
        current: (member.attestation.as_ref()).map(|said| report((&msp_id, said))),
        msp_id: statement.msp_id,
        number: statement.number,
        orderer: statement.orderer,
        since: statement.since,
        unsupported: levels::unsupported(&bundle),
    })
}

/// `AddAttestation`: replaces what an orderer organisation said before, where its admins signed.
pub(crate) async fn add_attestation<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let carried = carried(call)?;
    let Some(statement) = statement::read(&carried.config_update) else {
        return Err(Code::WrongBytes.because(
            "the envelope carries no statement of an orderer organisation; sign the one that \
             `PrepareAttestation` gives",
        ));
    };
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let msp_id = MspId::new(statement.msp_id.as_str());
    demand_orderer(&bundle, &msp_id)?;
    let member = stored(stub, &msp_id).await?;
    demand_next(&trusted, &member, &statement)?;
    let attestation = Attestation {
        channel: known_levels(Scope::Channel, statement.channel.clone())?,
        orderer: known_levels(Scope::Orderer, statement.orderer.clone())?,
        sequence: Some(trusted.head.sequence),
        ..Attestation::default()
    };
    let same = AttestationStatement {
        channel: attestation.channel.clone(),
        orderer: attestation.orderer.clone(),
        ..statement.clone()
    };
    if statement::canonical(call.channel(), &same) != carried.config_update {
        return Err(Code::WrongBytes.because(
            "the envelope carries more than a statement, one of another channel, or its levels in \
             another order; sign the one that `PrepareAttestation` gives",
        ));
    }
    demand_signed(&bundle, &msp_id, &carried)?;
    let report = report((&msp_id, &attestation));
    let value = Member {
        sequence: None,
        attestation: Some(attestation),
        statements: statement.number,
    };
    ledger::put(stub, keys::attested(Section::Orderer, &msp_id), &value);
    stub.set_event(events::attested(&msp_id));
    answer::write(&LevelsAttested {
        as_of_sequence: trusted.head.sequence,
        attestation: report,
        msp_id: statement.msp_id,
    })
}

/// The envelope of a call, with bounded signatures.
fn carried(call: &Context<'_>) -> Result<UpdateEnvelope, ContractError> {
    let bytes = base64(call.args.value(0), "attestation")?;
    let carried = envelope::read_update_envelope(&bytes).map_err(|e| {
        Code::BadProtobuf.because(format_args!(
            "argument `attestation` is no envelope that `peer channel signconfigtx` wrote: {e}{}",
            files::remark(call.args.value(0), "")
        ))
    })?;
    check_signatures(&carried.signatures)?;
    Ok(carried)
}

/// Since when an organisation is in Orderer, and what it attested.
async fn stored<S: Stub>(stub: &mut S, msp_id: &MspId) -> Result<Member, ContractError> {
    let keys = [
        keys::member(Section::Orderer, msp_id),
        keys::attested(Section::Orderer, msp_id),
    ];
    let values = stub.get_states(&keys).await?;
    let [since, attested] = <[_; 2]>::try_from(values)
        .map_err(|_| Code::Internal.because("not one value for each key"))?;
    let [since_key, attested_key] = &keys;
    let since = since.ok_or_else(|| ledger::corrupt(since_key))?;
    let since: Member = ledger::decode(since_key, &since)?;
    let attested: Member = match attested {
        Some(value) => ledger::decode(attested_key, &value)?,
        None => Member::default(),
    };
    Ok(Member {
        sequence: since.sequence,
        ..attested
    })
}

const fn next_number(member: &Member) -> u64 {
    // saturating: a number takes a transaction
    member.statements.saturating_add(1)
}

/// Who is a member, too, attests as one.
fn demand_orderer(bundle: &Bundle, msp_id: &MspId) -> Result<(), ContractError> {
    let orderers = bundle.msp_ids(Section::Orderer);
    if !orderers.contains(msp_id) {
        let known = orderers.iter().take(NAMED).map(|id| shown(id.as_str()));
        let known: Vec<String> = known.collect();
        return Err(Code::NotOrderer.because(format_args!(
            "`{}` is no orderer organisation of the config of sequence {}; those are `{}`",
            shown(msp_id.as_str()),
            bundle.sequence(),
            known.join("`, `")
        )));
    }
    if bundle.msp_ids(Section::Application).contains(msp_id) {
        return Err(Code::NotOrderer.because(format_args!(
            "`{msp_id}` is a member, too: its admin calls `AttestCapabilities`"
        )));
    }
    Ok(())
}

fn demand_next(
    trusted: &TrustedHead,
    member: &Member,
    statement: &AttestationStatement,
) -> Result<(), ContractError> {
    let instance = &trusted.settings.instance;
    if statement.instance != *instance {
        return Err(Code::WrongBytes.because(format_args!(
            "the statement was made for instance `{}` of the contract, this is `{instance}`",
            shown(&statement.instance)
        )));
    }
    let since = member.sequence.unwrap_or_default();
    if statement.since != since {
        return Err(Code::WrongNumber.because(format_args!(
            "the statement was made by who is an orderer organisation since sequence {}; \
             `{}` is one since sequence {since}",
            statement.since, statement.msp_id
        )));
    }
    let next = next_number(member);
    if statement.number != next {
        return Err(Code::WrongNumber.because(format_args!(
            "the statement has number {}, the next one of `{}` is {next}",
            statement.number, statement.msp_id
        )));
    }
    Ok(())
}

/// The signatures must satisfy the `Admins` of a group of the organisation under Orderer.
fn demand_signed(
    bundle: &Bundle,
    msp_id: &MspId,
    carried: &UpdateEnvelope,
) -> Result<(), ContractError> {
    let data: Vec<SignedData<'_>> = (carried.signatures.iter())
        .map(|one| SignedData {
            // an undecodable header has no creator, and an empty creator is no identity
            identity: envelope::creator(&one.signature_header).unwrap_or_default(),
            message: envelope::signed_message(&one.signature_header, &carried.config_update)
                .to_vec(),
            signature: &one.signature,
        })
        .collect();
    let signers = SignerSet::from_signed_data(bundle.msps(), &data);
    let groups = || {
        let orgs = bundle.orgs(Section::Orderer);
        orgs.filter(|org| org.msp_id == msp_id)
    };
    let satisfied =
        groups().any(|org| satisfy_admins(bundle, Section::Orderer, org.name, &signers));
    if satisfied {
        return Ok(());
    }
    let paths: Vec<String> = groups()
        .map(|org| format!("{}/Admins", org.path()))
        .collect();
    let mut why: Vec<String> = (signers.rejected().iter())
        .map(|rejected| format!("signature {}: {}", rejected.index, rejected.why))
        .collect();
    why.extend(signers.signers().iter().map(|signer| {
        let identity = &signer.identity;
        match identity.validate() {
            Ok(()) => format!("`{}` of `{}`", identity.subject(), identity.msp_id()),
            Err(e) => format!("`{}` of `{}`: {e}", identity.subject(), identity.msp_id()),
        }
    }));
    let given = match why.is_empty() {
        true => "the envelope carries no signature".to_owned(),
        false => why.join("; "),
    };
    Err(Code::NotAdmin.because(format_args!(
        "the signatures do not satisfy `{}` of the config of sequence {}: {given}; have an admin \
         sign with `peer channel signconfigtx`",
        paths.join("` or `"),
        bundle.sequence()
    )))
}

//! New proposals: `ProposeConfigUpdate`, `AddOrganization`, `ReconfigOrganizationMSP`.

use bytes::Bytes;
use serde::Deserialize;

use super::{
    Context,
    intent::{
        GivenIntent, MSP, ProposedIntent, document, from_update, given_intent, given_update,
        new_msp, new_organization, patch_refusal, sized,
    },
};
use crate::{
    config::{Bundle, is_legal_key},
    contract::{
        answer::{self, Proposed, events},
        chain::levels,
        error::{Code, ContractError, shown},
        judge::{
            access::Admin,
            cache::Compiled,
            fit::{self, Misfit},
            record::record,
            terms::Computed,
        },
        ledger::{
            self, TrustedHead,
            bounds::OwnProposals,
            combined,
            keys::{self, ProposalPlace},
            known, timestamps,
        },
    },
    ids::{Digest, ProposalId, Revision, UnixTime},
    json::{self, MessageType},
    proto::cmscc::{Proposal, ProposalKind, RevisionBytes, Source},
    stub::Stub,
};

/// Options of a new proposal.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ProposalOptions {
    deadline: Option<String>,
}

/// What a proposal is made of, beside its intent.
#[derive(Debug)]
pub(crate) struct ProposalHeader<'a> {
    pub(crate) id: ProposalId,
    description: &'a str,
    deadline: Option<UnixTime>,
}

/// `ProposeConfigUpdate`: an intent as a patch, or as a computed update.
pub(crate) async fn propose_config_update<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let header = header(call, 2)?;
    let given = given_intent(call, 1)?;
    let (trusted, bundle, admin) = opened(call, stub, &header.id).await?;
    let intent = match given {
        GivenIntent::Patch(patch) => ProposedIntent::of(patch, None),
        GivenIntent::Update(update) => from_update(call, &bundle, &update)?,
    };
    store(call, stub, &trusted, &bundle, &admin, &header, &intent).await
}

/// An intent as a computed update and nothing else, without options; the proposal's id.
pub(crate) async fn propose_computed<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<ProposalId, ContractError> {
    let header = header(call, 2)?;
    let update = given_update(call, 1)?;
    let (trusted, bundle, admin) = opened(call, stub, &header.id).await?;
    let intent = from_update(call, &bundle, &update)?;
    store(call, stub, &trusted, &bundle, &admin, &header, &intent).await?;
    Ok(header.id)
}

/// `AddOrganization`: a new group in Application, as `configtxgen -printOrg` writes it.
pub(crate) async fn add_organization<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let header = header(call, 3)?;
    let name = call.args.text(1, "organisation name")?;
    if !is_legal_key(name) {
        return Err(Code::BadName.because(format_args!(
            "organisation name `{}` is not 1 to 249 of the characters a-z A-Z 0-9 . -",
            shown(name)
        )));
    }
    let group = json::decode(MessageType::Organization, document(call, 2, "ConfigGroup")?)
        .map_err(|e| Code::BadJson.because(format_args!("argument `ConfigGroup JSON`: {e}")))?;
    let group = sized(group)?;
    let (trusted, bundle, admin) = opened(call, stub, &header.id).await?;
    let intent = new_organization(&bundle, name, &group)?;
    store(call, stub, &trusted, &bundle, &admin, &header, &intent).await
}

/// `ReconfigOrganizationMSP`: another MSP definition for the caller's own organisation.
pub(crate) async fn reconfig_msp<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let header = header(call, 2)?;
    let value = json::decode(
        MessageType::OrganizationValue(MSP),
        document(call, 1, "MSP ConfigValue")?,
    )
    .map_err(|e| Code::BadJson.because(format_args!("argument `MSP ConfigValue JSON`: {e}")))?;
    let value = sized(value)?;
    let (trusted, bundle, admin) = opened(call, stub, &header.id).await?;
    let intent = new_msp(&bundle, &admin, &value)?;
    store(call, stub, &trusted, &bundle, &admin, &header, &intent).await
}

/// Id, description and options of a new proposal.
pub(crate) fn header<'a>(
    call: &Context<'a>,
    description: usize,
) -> Result<ProposalHeader<'a>, ContractError> {
    let options: ProposalOptions = call.args.options(description.saturating_add(1))?;
    Ok(ProposalHeader {
        id: call.args.id(0)?,
        description: call.args.description(description)?,
        deadline: options
            .deadline
            .map(|given| timestamps::deadline(&given, call.now()))
            .transpose()?,
    })
}

/// Reads what every proposal needs: the trusted config, a caller who may propose, an unused id.
pub(crate) async fn opened<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
    id: &ProposalId,
) -> Result<(TrustedHead, Compiled, Admin), ContractError> {
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let admin = Admin::check(&bundle, call.creator())?;
    if stub.get_state(&keys::proposal(id)).await?.is_some() {
        return Err(Code::IdUsed.because(format_args!(
            "id `{id}` was used before; ids are never reused, choose another"
        )));
    }
    Ok((trusted, bundle, admin))
}

/// The first revision of an intent: the bytes given, or those computed.
fn first_revision(bundle: &Bundle, intent: &ProposedIntent) -> Result<Computed, ContractError> {
    let patch = &intent.patch;
    let intended = patch.apply(bundle.tree()).map_err(patch_refusal)?;
    if fit::is_in_effect(bundle.tree(), &intended) {
        return Err(Code::NothingToChange.because(format_args!(
            "the config of sequence {} is like that already",
            bundle.sequence()
        )));
    }
    levels::check_raises(bundle.tree(), &intended)?;
    let (computed, _) = fit::compute(bundle, patch, &intended)?;
    let Some(given) = &intent.given else {
        return Ok(computed);
    };
    fit::effect(bundle, given, &intended).map_err(|misfit: Misfit| {
        let code = match misfit.stale {
            true => Code::StaleUpdate,
            false => Code::BadUpdate,
        };
        code.because(misfit.text())
    })?;
    Ok(Computed {
        config_update: given.clone(),
        touched: computed.touched,
    })
}

/// Computes the first revision and writes the proposal.
pub(crate) async fn store<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
    trusted: &TrustedHead,
    bundle: &Bundle,
    admin: &Admin,
    header: &ProposalHeader<'_>,
    intent: &ProposedIntent,
) -> Result<Vec<u8>, ContractError> {
    let draft = Draft {
        kind: ProposalKind::ConfigUpdate,
        patch: intent.patch.bytes().clone(),
        given: intent.given.clone().unwrap_or_default(),
        computed: first_revision(bundle, intent).map_err(|e| e.at(bundle.sequence()))?,
        sources: intent.sources.clone(),
    };
    write(call, stub, trusted, bundle, admin, header, draft).await
}

/// A new proposal, before it has an owner and an id.
#[derive(Debug)]
pub(crate) struct Draft {
    /// Whether the channel config or the contract's settings are to change.
    pub(crate) kind: ProposalKind,
    /// Its intent; empty where the bytes say it.
    pub(crate) patch: Bytes,
    /// The bytes where the intent was given as bytes; otherwise empty.
    pub(crate) given: Bytes,
    /// The update of its first revision, and what it touches.
    pub(crate) computed: Computed,
    /// What it was combined from.
    pub(crate) sources: Vec<Source>,
}

/// Writes a new proposal, where the bounds leave room for it.
pub(crate) async fn write<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
    trusted: &TrustedHead,
    bundle: &Bundle,
    admin: &Admin,
    header: &ProposalHeader<'_>,
    draft: Draft,
) -> Result<Vec<u8>, ContractError> {
    const FIRST: Revision = Revision(1);
    let update = Digest::of(&draft.computed.config_update);
    let own = OwnProposals::read(stub, admin.msp_id()).await?;
    own.demand_free(&header.id, &update)?;
    let sequence = trusted.head.sequence;
    let proposal = Proposal {
        id: header.id.to_string(),
        kind: draft.kind.into(),
        description: header.description.to_owned(),
        patch: draft.patch,
        given_update: draft.given,
        revisions: vec![RevisionBytes {
            revision: FIRST.0,
            config_update: draft.computed.config_update,
            base_sequence: sequence,
        }],
        touched: draft.computed.touched,
        proposer_msp_id: admin.msp_id().to_string(),
        proposed_sequence: sequence,
        tx_id: call.tx_id().to_owned(),
        created_at: Some(timestamps::stored(call.now())),
        deadline: header.deadline.map(timestamps::stored),
        sources: draft.sources,
    };
    let record = record(bundle, &proposal)?;
    own.demand_uncombined(&proposal)?;
    own.demand_room(&trusted.capabilities().bounds(), &proposal, &record)?;
    combined::tell_sources(stub, &proposal).await?;
    let place = ProposalPlace::new(admin.msp_id(), &header.id);
    ledger::put(stub, keys::proposal(&header.id), &proposal);
    ledger::put(stub, keys::open(&place), &record);
    known::remember(stub, admin.identity(), call.creator(), trusted.sequence());
    stub.set_event(events::new_proposal(&header.id, FIRST));
    answer::write(&Proposed {
        as_of_sequence: sequence,
        config_update_sha256: update.to_string(),
        proposal_id: header.id.to_string(),
        revision: FIRST.0,
    })
}

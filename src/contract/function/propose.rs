//! New proposals: `ProposeConfig`, `ProposeConfigUpdate`, `AddOrganization`, `ReconfigOrganizationMSP`.
//! Each function gives the proposal that is to be written: [`NewProposal`].

use bytes::Bytes;
use prost::Message;
use serde::Deserialize;

use super::{
    Context,
    intent::{
        GivenIntent, MSP, ProposedIntent, demand_patch, document, from_config, from_update,
        given_config, given_intent, given_update, new_msp, new_organization, patch_refusal,
    },
};
use crate::{
    capabilities::ContractBounds,
    config::{
        Bundle, ConfigSignature, Misfit, envelope, intended_effect, is_in_effect, is_legal_key,
    },
    contract::{
        answer::{self, Proposed, UnusedSignature, events},
        chain::levels,
        error::{Code, ContractError, shown},
        judge::{
            access::{Admin, demand_msp_id},
            cache::Compiled,
            fit,
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
    json::MessageType,
    proto::{
        cmscc::{OpenProposal, Proposal, ProposalKind, RevisionBytes, Source},
        msp::SerializedIdentity,
    },
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
    id: ProposalId,
    description: &'a str,
    deadline: Option<UnixTime>,
}

impl ProposalHeader<'_> {
    /// The id that it is to have.
    pub(crate) const fn id(&self) -> &ProposalId {
        &self.id
    }
}

/// `ProposeConfigUpdate`: an intent as a patch, or as a computed update.
pub(crate) async fn propose_config_update<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<NewProposal, ContractError> {
    let header = header(call, 2)?;
    let given = given_intent(call, 1)?;
    let opened = opened(call, stub, header).await?;
    match given {
        GivenIntent::Patch(patch) => {
            demand_patch(&opened.bundle, &patch)?;
            let intent = ProposedIntent::of(patch, None);
            opened.intent(call, stub, &intent).await
        }
        GivenIntent::Update(given) => {
            let intent = from_update(call, &opened.bounds(), &opened.bundle, &given.update)?;
            let unused = given.signatures.iter();
            let unused_signatures = unused
                .map(|one| unused_signature(&opened.bundle, one))
                .collect();
            let proposal = opened.intent(call, stub, &intent).await?;
            Ok(NewProposal {
                unused_signatures,
                ..proposal
            })
        }
    }
}

/// `ProposeConfig`: the difference between the config in force and an edited one.
pub(crate) async fn propose_config<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<NewProposal, ContractError> {
    let header = header(call, 2)?;
    let given = given_config(call, 1)?;
    let opened = opened(call, stub, header).await?;
    let intent = from_config(call, &opened.trusted, &opened.bundle, &given)?;
    opened.intent(call, stub, &intent).await
}

/// `proposeConfigUpdate`: an intent as a computed update and nothing else, without options.
pub(crate) async fn propose_computed<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<NewProposal, ContractError> {
    let header = header(call, 2)?;
    let update = given_update(call, 1)?;
    let opened = opened(call, stub, header).await?;
    let intent = from_update(call, &opened.bounds(), &opened.bundle, &update)?;
    opened.intent(call, stub, &intent).await
}

/// `AddOrganization`: a new group in Application, as `configtxgen -printOrg` writes it.
pub(crate) async fn add_organization<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<NewProposal, ContractError> {
    let header = header(call, 3)?;
    let name = call.args.text(1, "organisation name")?;
    if !is_legal_key(name) {
        return Err(Code::BadName.because(format_args!(
            "organisation name `{}` is not 1 to 249 of the characters a-z A-Z 0-9 . -",
            shown(name)
        )));
    }
    let group = document(call, 2, "ConfigGroup", MessageType::Organization)?;
    let opened = opened(call, stub, header).await?;
    let intent = new_organization(&opened.bounds(), &opened.bundle, name, &group)?;
    opened.intent(call, stub, &intent).await
}

/// `ReconfigOrganizationMSP`: another MSP definition for the caller's own organisation.
pub(crate) async fn reconfig_msp<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<NewProposal, ContractError> {
    let header = header(call, 2)?;
    let value = document(
        call,
        1,
        "MSP ConfigValue",
        MessageType::OrganizationValue(MSP),
    )?;
    let opened = opened(call, stub, header).await?;
    let intent = new_msp(&opened.bounds(), &opened.bundle, &opened.admin, &value)?;
    opened.intent(call, stub, &intent).await
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

/// What every proposal needs: the trusted config, a caller who may propose, an unused id.
pub(crate) struct Opened<'a> {
    header: ProposalHeader<'a>,
    /// Head and settings.
    pub(crate) trusted: TrustedHead,
    /// The head's config, compiled.
    pub(crate) bundle: Compiled,
    admin: Admin,
}

/// Reads what every proposal needs.
pub(crate) async fn opened<'a, S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
    header: ProposalHeader<'a>,
) -> Result<Opened<'a>, ContractError> {
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let admin = Admin::check(&bundle, call.creator())?;
    let id = &header.id;
    demand_msp_id(&trusted.capabilities().bounds(), admin.msp_id())?;
    admin.demand_id(&bundle, id)?;
    if stub.get_state(&keys::proposal(id)).await?.is_some() {
        return Err(Code::IdUsed.because(format_args!(
            "id `{id}` was used before; ids are never reused, choose another"
        )));
    }
    Ok(Opened {
        header,
        trusted,
        bundle,
        admin,
    })
}

/// The first revision of an intent: the bytes given, or those computed.
fn first_revision(bundle: &Bundle, intent: &ProposedIntent) -> Result<Computed, ContractError> {
    let patch = &intent.patch;
    let intended = patch.apply(bundle.tree()).map_err(patch_refusal)?;
    if is_in_effect(bundle.tree(), &intended) {
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
    intended_effect(bundle, given, &intended).map_err(|misfit: Misfit| {
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

impl Opened<'_> {
    /// How much of the ledger the proposal may take.
    fn bounds(&self) -> ContractBounds {
        self.trusted.capabilities().bounds()
    }

    /// The proposal of an intent: computes its first revision.
    pub(crate) async fn intent<S: Stub>(
        self,
        call: &Context<'_>,
        stub: &mut S,
        intent: &ProposedIntent,
    ) -> Result<NewProposal, ContractError> {
        let computed = first_revision(&self.bundle, intent);
        let draft = Draft {
            kind: ProposalKind::ConfigUpdate,
            patch: intent.patch.bytes().clone(),
            given: intent.given.clone().unwrap_or_default(),
            computed: computed.map_err(|e| e.at(self.bundle.sequence()))?,
            sources: intent.sources.clone(),
        };
        self.draft(call, stub, draft).await
    }

    /// The proposal of a draft, where the bounds leave room for it.
    pub(crate) async fn draft<S: Stub>(
        self,
        call: &Context<'_>,
        stub: &mut S,
        draft: Draft,
    ) -> Result<NewProposal, ContractError> {
        let Self {
            header,
            trusted,
            bundle,
            admin,
        } = self;
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
        let record = record(&bundle, &proposal)?;
        own.demand_uncombined(&proposal)?;
        own.demand_room(&trusted.capabilities().bounds(), &proposal, &record)?;
        Ok(NewProposal {
            place: ProposalPlace::new(admin.msp_id(), &header.id),
            trusted,
            bundle,
            proposal,
            record,
            admin,
            update,
            unused_signatures: Vec::new(),
        })
    }
}

/// The number of a proposal's first revision.
const FIRST: Revision = Revision(1);

/// A proposal that may be made, and is not yet written.
#[derive(Debug)]
pub(crate) struct NewProposal {
    /// Whose it is, and its id.
    pub(crate) place: ProposalPlace,
    /// Head and settings.
    pub(crate) trusted: TrustedHead,
    /// The head's config, compiled.
    pub(crate) bundle: Compiled,
    /// Its body.
    pub(crate) proposal: Proposal,
    /// Its record.
    pub(crate) record: OpenProposal,
    admin: Admin,
    update: Digest,
    unused_signatures: Vec<UnusedSignature>,
}

impl NewProposal {
    /// Writes it, and says so.
    pub(crate) async fn put<S: Stub>(
        self,
        call: &Context<'_>,
        stub: &mut S,
    ) -> Result<Vec<u8>, ContractError> {
        let id = self.place.id();
        combined::tell_sources(stub, &self.proposal).await?;
        ledger::put(stub, keys::proposal(id), &self.proposal);
        ledger::put(stub, keys::open(&self.place), &self.record);
        known::remember(stub, self.admin.identity(), call.creator(), &self.trusted);
        stub.set_event(events::new_proposal(id, FIRST));
        answer::write(&Proposed {
            as_of_sequence: self.trusted.head.sequence,
            config_update_sha256: self.update.to_string(),
            proposal_id: id.to_string(),
            revision: FIRST.0,
            unused_signatures: self.unused_signatures,
        })
    }
}

/// The signer that a signature names, as far as the config knows it.
fn unused_signature(bundle: &Bundle, signature: &ConfigSignature) -> UnusedSignature {
    let creator = envelope::creator(&signature.signature_header).unwrap_or_default();
    let identity = bundle.msps().deserialize(creator).ok();
    let named = SerializedIdentity::decode(creator).ok();
    UnusedSignature {
        fingerprint: identity.as_ref().map(|it| it.id().to_owned()),
        msp_id: named.map(|it| shown(&it.mspid)).filter(|id| !id.is_empty()),
        subject: identity.map(|it| shown(it.subject())),
    }
}

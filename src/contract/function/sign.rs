//! `AddSignature`: anyone may carry a signature; the signer inside is what counts.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use super::{Context, files, intent};
use crate::{
    config::{ConfigSignature, envelope},
    contract::{
        answer::{self, RefusedSignature, Signed, SignerReport, events},
        error::{Code, ContractError},
        interface::{base64, is_json},
        judge::{
            signatures::{Accepted, Added, LOOKS, PositionSignatures, Wanted},
            standing,
            status::Status,
            terms::Standing,
        },
        ledger::{
            keys::PositionPart,
            known,
            positions::OwnPosition,
            proofs::{self, ProofQuestion},
            proposals,
        },
    },
    ids::{Digest, MspId, ProposalId},
    json,
    proto::{cmscc::Proposal, common},
    stub::Stub,
};

/// `AddSignature`: a ConfigSignature as JSON or base64, or an envelope with any number of them.
pub(crate) async fn add_signature<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    let given = given_signatures(call)?;
    answer::write(&add(call, stub, &id, &given, |_| Ok(())).await?)
}

/// The same for every interface: what was added, and what was not. `is_served` refuses proposals
/// that the interface does not have.
pub(crate) async fn add<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
    id: &ProposalId,
    given: &GivenSignatures,
    is_served: impl Fn(&Proposal) -> Result<(), ContractError> + Send,
) -> Result<Signed, ContractError> {
    intent::check_signatures(&given.signatures)?;
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let open = proposals::open(stub, id).await?;
    let proposal = &open.proposal;
    is_served(proposal)?;
    let current = proposals::current(proposal)?;
    let standing = standing::of(&bundle, &trusted, proposal, open.is_withdrawn(), &current)?;
    let Standing::Open(deciding) = &standing else {
        let proof = proofs::find(
            stub,
            trusted.sequence(),
            ProofQuestion::of_record(&open.record, &[]),
        );
        let standing = standing::proven(standing, proposal, proof.await?);
        let status = Status::of(&standing).map_or("", |status| status.name());
        return Err(Code::WrongStatus.because(format_args!(
            "proposal `{id}` is `{status}` at sequence {}; signatures are added while it is open{}",
            trusted.sequence(),
            match standing {
                Standing::Outofdate(_) => ", so let its owner call `UpdateProposals` first",
                Standing::AlreadyInEffect => ": what it wants is there already",
                _ => "",
            }
        )));
    };
    if let Some(carried) = &given.config_update
        && carried != current.config_update
    {
        return Err(Code::WrongBytes.because(format_args!(
            "the envelope carries the update `{}`, revision {} of proposal `{id}` is `{}`; \
             sign the envelope that `GetProposal` gives",
            Digest::of(carried),
            current.number,
            current.digest
        )));
    }
    let revision = current.number;
    let others = proposal
        .revisions
        .split_last()
        .map(|(_, others)| others)
        .unwrap_or_default();
    let bounds = trusted.capabilities().bounds();
    let mut wanted = Wanted {
        bundle: &bundle,
        concerned: &bundle.policies().concerned(deciding.policies()),
        current: &current,
        others,
        bounds: &bounds,
        looks: LOOKS,
    };
    let mut report = Signed {
        added: Vec::new(),
        already: Vec::new(),
        as_of_sequence: trusted.head.sequence,
        proposal_id: id.to_string(),
        refused: Vec::new(),
        revision: revision.0,
    };
    // of each identity the first signature counts
    let mut accepted: BTreeMap<MspId, BTreeMap<String, Accepted>> = BTreeMap::new();
    for signature in &given.signatures {
        match wanted.accept(signature) {
            Ok(one) => {
                let of = accepted.entry(one.identity.msp_id().clone()).or_default();
                of.entry(one.identity.id().to_owned()).or_insert(one);
            }
            Err(refused) => report.refused.push(refused),
        }
    }
    let msp_ids: Vec<&MspId> = accepted.keys().collect();
    let stored = OwnPosition::read(stub, &open.place, revision, &msp_ids).await?;
    let most = bounds.position_signatures;
    let (mut written, mut acted) = (Vec::new(), Vec::new());
    for ((msp_id, new), mut stored) in accepted.into_iter().zip(stored) {
        let mut signatures = PositionSignatures::of(&wanted, &msp_id, &stored.position);
        for one in new.into_values() {
            let (signer, identity) = (one.signer(), one.identity.clone());
            let header = one.signature.signature_header.clone();
            match signatures.add(one, most) {
                Added::New => {
                    report.added.push(signer);
                    acted.push((identity, header));
                }
                Added::Already => report.already.push(signer),
                Added::Full => report.refused.push(full(signer, most)),
            }
        }
        if signatures.is_changed() {
            stored.position.signatures = signatures.stored();
            written.push((msp_id, stored));
        }
    }
    if report.added.is_empty() && report.already.is_empty() {
        return Err(only_refused(id, &report.refused));
    }
    if !written.is_empty() {
        stub.set_event(events::new_signature(id, revision, &report.added));
    }
    for (msp_id, position) in written {
        let part = PositionPart::Signatures;
        position.store(stub, &open.place, revision, &msp_id, part);
    }
    for (identity, header) in acted {
        let creator = envelope::creator(&header).unwrap_or_default();
        known::remember(stub, &identity, creator, &trusted);
    }
    Ok(report)
}

/// The refusal of a signature for which its organisation has no room.
fn full(signer: SignerReport, most: usize) -> RefusedSignature {
    RefusedSignature {
        code: Code::TooManySignatures,
        reason: format!(
            "`{}` has {most} signatures on this revision, which are kept at most; one of its admins \
             still finds room",
            signer.msp_id
        ),
        fingerprint: Some(signer.fingerprint),
        msp_id: Some(signer.msp_id),
        subject: Some(signer.subject),
    }
}

/// Signatures of a call, and the bytes that the caller says they are on.
#[derive(Debug)]
pub(crate) struct GivenSignatures {
    signatures: Vec<ConfigSignature>,
    config_update: Option<Bytes>,
}

/// The message that one signature is.
const SIGNATURE: &str = "common.ConfigSignature";

fn given_signatures(call: &Context<'_>) -> Result<GivenSignatures, ContractError> {
    let value = call.args.value(1);
    let bytes = if is_json(value) {
        let form = match files::json_form(value) {
            Some(intent::ENVELOPE) => intent::ENVELOPE,
            _ => SIGNATURE,
        };
        let bytes = json::decode(form, value).map_err(|e| {
            let remark = files::remark(value, SIGNATURE);
            Code::BadJson.because(format_args!("argument `signature`: {e}{remark}"))
        })?;
        Bytes::from(bytes)
    } else {
        base64(value, "signature").map_err(|e| {
            let remark = files::remark(value, SIGNATURE);
            e.code().because(format_args!("{}{remark}", e.text()))
        })?
    };
    if let Ok(envelope) = envelope::read_update_envelope(&bytes) {
        if envelope.signatures.is_empty() {
            return Err(Code::BadProtobuf.because(
                "the envelope carries no signature; sign it with `peer channel signconfigtx`",
            ));
        }
        return Ok(GivenSignatures {
            signatures: envelope.signatures,
            config_update: Some(envelope.config_update),
        });
    }
    one_signature(&bytes)
}

/// One ConfigSignature as base64, and nothing else.
pub(crate) fn given_signature(
    call: &Context<'_>,
    index: usize,
) -> Result<GivenSignatures, ContractError> {
    let bytes = base64(call.args.value(index), "signature")?;
    // an envelope decodes as a signature, too
    match envelope::read_update_envelope(&bytes) {
        Ok(_) => Err(Code::BadProtobuf.because(
            "argument `signature` is an envelope; give one of the signatures in it, or call \
             `AddSignature`",
        )),
        Err(_) => one_signature(&bytes),
    }
}

fn one_signature(bytes: &Bytes) -> Result<GivenSignatures, ContractError> {
    let signature =
        common::ConfigSignature::decode(bytes.clone()).map_err(|_| not_a_signature(bytes))?;
    let is_empty = signature.signature_header.is_empty() || signature.signature.is_empty();
    if is_empty || files::is_other_than_signature(bytes) {
        return Err(not_a_signature(bytes));
    }
    Ok(GivenSignatures {
        signatures: vec![signature.into()],
        config_update: None,
    })
}

fn not_a_signature(bytes: &Bytes) -> ContractError {
    let remark = files::remark(bytes, SIGNATURE);
    Code::BadProtobuf.because(format_args!(
        "argument `signature` is neither a ConfigSignature nor an envelope of type CONFIG_UPDATE\
         {remark}"
    ))
}

/// The refusal of a call whose signatures are all refused: the first one's code, everybody's reason.
fn only_refused(id: &ProposalId, refused: &[RefusedSignature]) -> ContractError {
    let reasons: Vec<String> = refused
        .iter()
        .map(|one| {
            let subject = one.subject.as_deref().unwrap_or("unknown signer");
            let msp_id = one.msp_id.as_deref().unwrap_or("unknown msp");
            format!(
                "{subject} of {msp_id}: {} ({})",
                one.reason,
                one.code.symbol()
            )
        })
        .collect();
    let code = refused.first().map_or(Code::BadProtobuf, |one| one.code);
    code.because(format_args!(
        "no signature was added to proposal `{id}`: {}",
        reasons.join("; ")
    ))
}

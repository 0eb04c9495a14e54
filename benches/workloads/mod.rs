//! The measured workloads, by name: `<what>/<size>`. Inputs are those of `tests/vectors/perf`.

pub(crate) mod calls;
mod certificates;
mod inputs;
mod people;

use std::{collections::BTreeSet, hint::black_box};

use anyhow::{Context, Result};
use bytes::Bytes;
use cmscc::{
    block::{self, Block},
    config::{Bundle, ConfigTree, Update, compute_update, envelope},
    contract::Examination,
    ids::ChannelId,
    json,
};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};

use calls::{Beside, Server};

/// One operation, ready to run as often as one likes: gives the length of its output, in bytes.
pub(crate) type Operation = Box<dyn FnMut() -> Result<usize>>;

/// What is measured, and what comes before it each time.
pub(crate) struct Workload {
    /// Not measured.
    pub(crate) before: Box<dyn FnMut() -> Result<()>>,
    /// Measured.
    pub(crate) operation: Operation,
}

impl From<Operation> for Workload {
    fn from(operation: Operation) -> Self {
        Self {
            before: Box::new(|| Ok(())),
            operation,
        }
    }
}

impl Workload {
    /// Once, with what comes before it.
    pub(crate) fn run(&mut self) -> Result<usize> {
        (self.before)()?;
        (self.operation)()
    }
}

/// The names of all workloads, `crowded` or not.
pub(crate) const fn names(crowded: bool) -> &'static [&'static str] {
    if crowded { CROWDED } else { NAMES }
}

/// Every workload that takes no time to prepare. Those of 1,000 organisations show growth, not a comparison with the reference,
/// except for `compute_update` and JSON.
const NAMES: &[&str] = &[
    "signature_check/1",
    "certificate_checks/2",
    "certificate_checks/10",
    "certificate_checks/100",
    "certificate_checks/1000",
    "compute_update_memory/2",
    "compute_update_memory/10",
    "compute_update_memory/100",
    "compute_update_memory/1000",
    "compute_update/2",
    "compute_update/10",
    "compute_update/100",
    "compute_update/1000",
    "propose_warm/2",
    "propose_warm/10",
    "propose_warm/100",
    "propose_cold/2",
    "propose_cold/10",
    "propose_cold/100",
    "status/2",
    "status/10",
    "status/100",
    "opinion/2",
    "opinion/10",
    "opinion/100",
    "effect/2",
    "effect/10",
    "effect/100",
    "new_bundle/2",
    "new_bundle/10",
    "new_bundle/100",
    "new_bundle/1000",
    "successor_msp_changed/100",
    "successor_msp_changed/1000",
    "successor_org_added/100",
    "successor_org_added/1000",
    "json_encode/2",
    "json_encode/10",
    "json_encode/100",
    "json_encode/1000",
    "json_decode/2",
    "json_decode/10",
    "json_decode/100",
    "json_decode/1000",
    "block_verify/raft-1sig",
    "block_verify/bft-4",
    "block_verify/bft-16",
    "sync/2",
    "sync/10",
    "sync/100",
    "sync/1000",
    "add_signature/2",
    "add_signature/10",
    "add_signature/100",
];

/// Workloads that take seconds to prepare: calls of a server with 1,000 open proposals. Only their
/// time is measured.
const CROWDED: &[&str] = &[
    "list/10",
    "list/100",
    "list_new/10",
    "list_new/100",
    "list_conflicts/10",
    "list_conflicts/100",
    "list_conflicts_new/10",
    "list_conflicts_new/100",
    "list_cold/10",
    "list_cold/100",
    "get/10",
    "get/100",
    "get_beside/nobody",
    "get_beside/flood",
    "list_beside/nobody",
    "list_beside/flood",
    "list_own_beside/nobody",
    "list_own_beside/flood",
    "sync_beside/nobody",
    "sync_beside/flood",
];

/// Prepares a workload.
pub(crate) fn prepare(name: &str) -> Result<Workload> {
    let (what, size) = name.split_once('/').context("a name is <what>/<size>")?;
    let operation = match what {
        "signature_check" => signature_check(),
        "certificate_checks" => certificates::checks(size),
        "compute_update_memory" => compute_in_memory(size),
        "compute_update" => compute(size),
        "propose_warm" => propose_warm(size),
        "propose_cold" => propose_cold(size),
        "status" => status(size),
        "opinion" => opinion(size),
        "effect" => effect(size),
        "new_bundle" => new_bundle(size),
        "successor_msp_changed" => successor(size, inputs::msp_changed(size)?),
        "successor_org_added" => successor(size, inputs::updated(size)?),
        "json_encode" => json_encode(size),
        "json_decode" => json_decode(size),
        "block_verify" => block_verify(size),
        "sync" => return calls::sync(size),
        "add_signature" => return calls::add_signature(size),
        "list" => return calls::list(size, false, Server::Warm),
        "list_new" => return calls::list(size, false, Server::New),
        "list_conflicts" => return calls::list(size, true, Server::Warm),
        "list_conflicts_new" => return calls::list(size, true, Server::New),
        "list_cold" => return calls::list(size, false, Server::Cold),
        "get" => calls::get(size),
        "get_beside" => calls::get_beside(whom(size)?),
        "list_beside" => calls::list_beside(whom(size)?, false),
        "list_own_beside" => calls::list_beside(whom(size)?, true),
        "sync_beside" => return calls::sync_beside(whom(size)?),
        _ => anyhow::bail!("no workload `{name}`"),
    };
    operation.map(Workload::from)
}

fn whom(name: &str) -> Result<Beside> {
    match name {
        "flood" => Ok(Beside::Flood),
        "nobody" => Ok(Beside::Nobody),
        _ => anyhow::bail!("beside `nobody` or `flood`"),
    }
}

fn channel() -> ChannelId {
    ChannelId::from("vec-channel")
}

fn bundle(config: Bytes) -> Result<Bundle> {
    Ok(Bundle::new(&channel(), ConfigTree::parse(config)?)?)
}

/// The calibration: one bare P-256 verification, hash included.
fn signature_check() -> Result<Operation> {
    let random = ring::rand::SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let refused = |_| anyhow::anyhow!("ring refuses its own key");
    let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(refused)?;
    let key = EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random)
        .map_err(|why| anyhow::anyhow!("{why}"))?;
    let message = vec![7; 1_500];
    let signature = key.sign(&random, &message).map_err(refused)?;
    let public =
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key().as_ref().to_vec());
    Ok(Box::new(move || {
        public
            .verify(&message, signature.as_ref())
            .map_err(|_| anyhow::anyhow!("a good signature is refused"))?;
        Ok(0)
    }))
}

fn compute_in_memory(size: &str) -> Result<Operation> {
    let channel = channel();
    let original = ConfigTree::parse(inputs::config(size)?)?;
    let updated = ConfigTree::parse(inputs::updated(size)?)?;
    Ok(Box::new(move || {
        Ok(compute_update(&channel, &original, &updated)?.len())
    }))
}

fn compute(size: &str) -> Result<Operation> {
    let channel = channel();
    let (original, updated) = (inputs::config(size)?, inputs::updated(size)?);
    Ok(Box::new(move || {
        let original = ConfigTree::parse(original.clone())?;
        let updated = ConfigTree::parse(updated.clone())?;
        Ok(compute_update(&channel, &original, &updated)?.len())
    }))
}

fn propose_warm(size: &str) -> Result<Operation> {
    let bundle = bundle(inputs::config(size)?)?;
    let envelope = inputs::read(&format!("propose-{size}.envelope.pb"))?;
    Ok(Box::new(move || {
        black_box(bundle.propose_config_update(&envelope)?);
        Ok(0)
    }))
}

fn propose_cold(size: &str) -> Result<Operation> {
    let config = inputs::config(size)?;
    let envelope = inputs::read(&format!("propose-{size}.envelope.pb"))?;
    Ok(Box::new(move || {
        let bundle = bundle(config.clone())?;
        let next = bundle.propose_config_update(&envelope)?;
        black_box(bundle.next_at_orderer(&next)?);
        Ok(0)
    }))
}

/// The status of a proposal with N signatures, all of them known to be good: what the contract
/// derives once everything is read.
fn status(size: &str) -> Result<Operation> {
    let config = inputs::orderable(size)?;
    let envelope = inputs::read(&format!("propose-{size}.envelope.pb"))?;
    let examination = Examination::new(&channel(), config, &envelope)?;
    Ok(Box::new(move || {
        let status = examination.status()?;
        anyhow::ensure!(status == "ReadyToSubmit", "it is `{status}`");
        Ok(0)
    }))
}

/// What half of the signatures lead to, found out anew: which of them to hand out, what is missing,
/// and whether it can still pass. Nothing is verified.
fn opinion(size: &str) -> Result<Operation> {
    let bundle = bundle(inputs::orderable(size)?)?;
    let envelope = inputs::read(&format!("propose-{size}.envelope.pb"))?;
    let carried = envelope::read_update_envelope(&envelope)?;
    let update = Update::parse(carried.config_update)?;
    let mut signatures = carried.signatures;
    signatures.truncate(signatures.len() / 2);
    let signers = bundle.verify_signatures(&update, &signatures)?;
    let effect = bundle.effect(&update)?;
    let policies: Vec<_> = effect.policies().iter().map(|one| one.policy).collect();
    let everybody: BTreeSet<_> = bundle.msps().iter().map(|msp| msp.id().clone()).collect();
    Ok(Box::new(move || {
        let mut evaluation = bundle.policies().evaluation(bundle.msps(), &signers);
        anyhow::ensure!(evaluation.choose(&policies).is_none());
        let nobody = BTreeSet::new();
        let decision = bundle.decide(effect.terms(), &mut evaluation, &signatures, &nobody);
        anyhow::ensure!(decision.missing.len() >= signatures.len());
        anyhow::ensure!(evaluation.could_pass(&policies, &everybody));
        Ok(0)
    }))
}

/// What an update does that adds an organisation, and more: from its bytes.
fn effect(size: &str) -> Result<Operation> {
    let config = inputs::config(size)?;
    let updated = ConfigTree::parse(inputs::updated(size)?)?;
    let update = compute_update(&channel(), &ConfigTree::parse(config.clone())?, &updated)?;
    let bundle = bundle(config)?;
    let update = Bytes::from(update);
    Ok(Box::new(move || {
        black_box(bundle.effect(&Update::parse(update.clone())?)?);
        Ok(0)
    }))
}

fn new_bundle(size: &str) -> Result<Operation> {
    let config = inputs::config(size)?;
    Ok(Box::new(move || {
        black_box(bundle(config.clone())?);
        Ok(0)
    }))
}

/// From the bytes of the next config to its bundle.
fn successor(size: &str, next: Bytes) -> Result<Operation> {
    let before = bundle(inputs::config(size)?)?;
    Ok(Box::new(move || {
        black_box(before.compile_next(ConfigTree::parse(next.clone())?)?);
        Ok(0)
    }))
}

fn json_encode(size: &str) -> Result<Operation> {
    let config = inputs::config(size)?;
    Ok(Box::new(move || {
        Ok(json::encode("common.Config", &config)?.len())
    }))
}

fn json_decode(size: &str) -> Result<Operation> {
    let text = json::encode("common.Config", &inputs::config(size)?)?;
    Ok(Box::new(move || {
        Ok(json::decode("common.Config", text.as_bytes())?.len())
    }))
}

fn block_verify(size: &str) -> Result<Operation> {
    let bundle = bundle(inputs::read(&format!("block-{size}.config.pb"))?)?;
    let block = Block::parse(inputs::read(&format!("block-{size}.block.pb"))?)?;
    Ok(Box::new(move || {
        block::verify_signatures(&block, &bundle)?;
        Ok(0)
    }))
}

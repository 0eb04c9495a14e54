//! The proposals of a bundle: revisions computed again, signatures verified, sources united.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::Serialize;

use super::{
    chain::AuditedChain,
    document::{self, AuditBundle, ExportedProposal, ExportedRevision, ExportedSignature},
    error::{AuditError, digest},
    finding::{AuditFindingId, AuditFindings},
};
use crate::{
    config::{Bundle, ConfigSignature, Patch, PatchLimits, Update, envelope, intended_effect},
    contract::judge::fit,
    ids::{Digest, Sequence},
};

/// One signature of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditedSignature {
    /// The signer's MSP identity id.
    pub fingerprint: String,
    /// The signer's MSP.
    pub msp_id: String,
    /// The proposal that was signed.
    pub proposal_id: String,
    /// Its revision that was signed.
    pub revision: u64,
    /// The subject of the signer's certificate; null where the signature is false, or cannot be checked.
    pub subject: Option<String>,
    /// Whether it is the signer's, over the bytes of the revision; null where those bytes are not
    /// kept any more.
    pub valid: Option<bool>,
}

/// What the proposals of a bundle are.
#[derive(Debug)]
pub(crate) struct CheckedProposals {
    /// The intents, by proposal.
    pub(crate) patches: BTreeMap<String, Patch>,
    /// The bytes of all revisions, by proposal and revision.
    pub(crate) updates: BTreeMap<(String, u64), Bytes>,
    /// In the order of the report.
    pub(crate) signatures: Vec<AuditedSignature>,
}

/// Looks at every proposal of the bundle by itself, and at what was combined.
pub(crate) fn check(
    document: &AuditBundle,
    chain: &AuditedChain,
    findings: &mut AuditFindings,
) -> Result<CheckedProposals, AuditError> {
    let mut records = CheckedProposals {
        patches: BTreeMap::new(),
        updates: BTreeMap::new(),
        signatures: Vec::new(),
    };
    let is_source = |record: &ExportedProposal| {
        let mut whole = [&document.proposal].into_iter().chain(&document.via);
        !whole.any(|one| one.proposal_id == record.proposal_id)
    };
    for record in document.by_id().values() {
        let patch = patch(record)?;
        let revisions = &record.revisions;
        let order = match revisions.is_sorted_by(|a, b| a.revision < b.revision) {
            // of a source those that went in, which are not kept for ever
            _ if revisions.is_empty() && !is_source(record) => {
                Some("it has no revision: of each proposal one is kept")
            }
            true => None,
            false => Some("its revisions do not ascend"),
        };
        if let Some(text) = order {
            let at = format!("proposal {}", record.proposal_id);
            findings.put(AuditFindingId::Revisions, at, text);
        }
        let mut bases = BTreeSet::new();
        for computed in revisions {
            // what was computed on one config is not computed on it again: a bound on the work, too
            if !bases.insert(computed.base_sequence) {
                let text = "an earlier revision has the same base";
                findings.put(
                    AuditFindingId::Revisions,
                    place(record, computed.revision),
                    text,
                );
                break;
            }
            let update = document::bytes("config_update", &computed.config_update)?;
            if Digest::of(&update)
                != digest("config_update_sha256", &computed.config_update_sha256)?
            {
                let text = format!("its bytes have the digest `{}`", Digest::of(&update));
                findings.put(
                    AuditFindingId::UpdateDigest,
                    place(record, computed.revision),
                    text,
                );
            }
            if let Some(base) = chain.config_at(Sequence(computed.base_sequence))
                && let Err(text) = computed_again(base, record, &patch, computed, &update)?
            {
                findings.put(
                    AuditFindingId::UpdateIntent,
                    place(record, computed.revision),
                    text,
                );
            }
            let key = (record.proposal_id.clone(), computed.revision);
            records.updates.insert(key, update);
        }
        records.patches.insert(record.proposal_id.clone(), patch);
        for consent in &record.signatures {
            let signature = records.signature(record, consent, chain, findings)?;
            records.signatures.push(signature);
        }
    }
    let combined = || [&document.proposal].into_iter().chain(&document.via);
    for record in combined() {
        records.united(record, document, findings)?;
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = document
        .records()
        .find(|record| !seen.insert(record.proposal_id.as_str()))
    {
        let text = "it is in the bundle twice";
        let at = format!("proposal {}", twice.proposal_id);
        findings.put(AuditFindingId::Combined, at, text);
    }
    let named: BTreeSet<&str> = combined()
        .flat_map(|record| &record.sources)
        .map(|source| source.proposal_id.as_str())
        .collect();
    let stranger = document.sources.iter();
    let mut stranger = stranger.map(|source| source.proposal_id.as_str());
    if let Some(id) = stranger.find(|id| !named.contains(id)) {
        let text = format!("`{id}` is in the bundle, and was not combined with it");
        let at = format!("proposal {}", document.proposal.proposal_id);
        findings.put(AuditFindingId::Combined, at, text);
    }
    Ok(records)
}

/// Whether a revision's bytes are what the intent computes to, or, where it was given as bytes,
/// those bytes; why not.
fn computed_again(
    base: &Bundle,
    record: &ExportedProposal,
    patch: &Patch,
    computed: &ExportedRevision,
    update: &Bytes,
) -> Result<Result<(), String>, AuditError> {
    let intended = match patch.apply(base.tree()) {
        Ok(intended) => intended,
        Err(e) => return Ok(Err(format!("the intent does not apply: {e}"))),
    };
    if computed.revision == 1
        && let Some(given) = &record.given_update
    {
        let given = document::bytes("given_update", given)?;
        if given != *update {
            return Ok(Err("the bytes are not those that were proposed".to_owned()));
        }
        let read = Update::parse(given).map_err(|e| e.to_string());
        let meant = read
            .and_then(|given| Patch::from_update(base.tree(), &given).map_err(|e| e.to_string()));
        return Ok(match meant {
            Err(why) => Err(format!("the bytes proposed express no intent: {why}")),
            Ok(meant) if meant.bytes() != patch.bytes() => {
                Err("the bytes proposed express another intent".to_owned())
            }
            Ok(_) => intended_effect(base, update, &intended)
                .map(|_| ())
                .map_err(|misfit| misfit.text()),
        });
    }
    Ok(match fit::compute(base, patch, &intended) {
        Err(refusal) => Err(format!("the intent does not compute: {}", refusal.text())),
        Ok((again, _)) if again.config_update != *update => {
            let again = Digest::of(&again.config_update);
            Err(format!(
                "the intent computes to the update `{again}` on the config of sequence {}",
                computed.base_sequence
            ))
        }
        Ok(_) => Ok(()),
    })
}

impl CheckedProposals {
    fn signature(
        &self,
        record: &ExportedProposal,
        consent: &ExportedSignature,
        chain: &AuditedChain,
        findings: &mut AuditFindings,
    ) -> Result<AuditedSignature, AuditError> {
        let mut report = AuditedSignature {
            fingerprint: consent.fingerprint.clone(),
            msp_id: consent.msp_id.clone(),
            proposal_id: record.proposal_id.clone(),
            revision: consent.revision,
            subject: None,
            valid: None,
        };
        if is_dropped(record, consent) {
            return Ok(report);
        }
        let signature = document::bytes("config_signature", &consent.config_signature)?;
        let signature =
            ConfigSignature::parse(&signature).map_err(|source| AuditError::Signature {
                id: record.proposal_id.clone(),
                source,
            })?;
        let judged = self.judge(record, consent, &signature, chain);
        report.valid = Some(judged.is_ok());
        match judged {
            Ok(subject) => report.subject = Some(subject),
            Err(why) => {
                let text = format!("`{}` of `{}`: {why}", consent.fingerprint, consent.msp_id);
                findings.put(
                    AuditFindingId::Signature,
                    place(record, consent.revision),
                    text,
                );
            }
        }
        Ok(report)
    }

    /// The subject of the signer, where the signature is that one's by a config of the chain.
    fn judge(
        &self,
        record: &ExportedProposal,
        consent: &ExportedSignature,
        signature: &ConfigSignature,
        chain: &AuditedChain,
    ) -> Result<String, String> {
        let revision = record
            .revisions
            .iter()
            .find(|computed| computed.revision == consent.revision)
            .ok_or("there is no such revision")?;
        let key = (record.proposal_id.clone(), consent.revision);
        let update = self.updates.get(&key).ok_or("there is no such revision")?;
        let header = &signature.signature_header;
        let creator = envelope::creator(header).map_err(|e| e.to_string())?;
        let message = envelope::signed_message(header, update);
        let mut why = "no config of the chain knows the signer".to_owned();
        for config in chain.configs_from(Sequence(revision.base_sequence)) {
            let Ok(identity) = config.msps().deserialize(creator) else {
                continue;
            };
            if (identity.msp_id().as_str(), identity.id())
                != (consent.msp_id.as_str(), consent.fingerprint.as_str())
            {
                return Err(format!(
                    "it names `{}` of `{}` as its signer",
                    identity.id(),
                    identity.msp_id()
                ));
            }
            match identity.verify(&message, &signature.signature) {
                Ok(()) => return Ok(identity.subject().to_owned()),
                Err(e) => why = format!("it is no signature on these bytes: {e}"),
            }
        }
        Err(why)
    }

    /// Whether the intent of a combined proposal is the union of what was combined.
    fn united(
        &self,
        record: &ExportedProposal,
        document: &AuditBundle,
        findings: &mut AuditFindings,
    ) -> Result<(), AuditError> {
        if record.sources.is_empty() {
            return Ok(());
        }
        let at = format!("proposal {}", record.proposal_id);
        let by_id = document.by_id();
        let mut patches = Vec::new();
        for source in &record.sources {
            let known = by_id.get(source.proposal_id.as_str());
            let patch = self.patches.get(&source.proposal_id);
            let (Some(known), Some(patch)) = (known, patch) else {
                let text = format!("its source `{}` is not in the bundle", source.proposal_id);
                findings.put(AuditFindingId::Combined, &at, text);
                return Ok(());
            };
            patches.push(patch);
            let went_in = digest("config_update_sha256", &source.config_update_sha256)?;
            let key = (known.proposal_id.clone(), source.revision);
            // it is not kept for ever once it is computed again
            if let Some(update) = self.updates.get(&key)
                && Digest::of(update) != went_in
            {
                let text = format!(
                    "revision {} of its source `{}` has another digest than went in",
                    source.revision, source.proposal_id
                );
                findings.put(AuditFindingId::Combined, &at, text);
            }
        }
        let own = self.patches.get(&record.proposal_id);
        match (Patch::combine(patches), own) {
            (Ok(union), Some(own)) if union.bytes() == own.bytes() => {}
            (Ok(_), _) => {
                let text = "its intent is not the union of those of its sources";
                findings.put(AuditFindingId::Combined, &at, text);
            }
            (Err(e), _) => findings.put(AuditFindingId::Combined, &at, e.to_string()),
        }
        Ok(())
    }
}

fn patch(record: &ExportedProposal) -> Result<Patch, AuditError> {
    let limits = PatchLimits {
        patch_bytes: usize::MAX,
        patch_levels: usize::MAX,
    };
    let bytes = document::bytes("patch", &record.patch)?;
    Patch::parse(bytes, &limits).map_err(|source| AuditError::Patch {
        id: record.proposal_id.clone(),
        source,
    })
}

/// Whether a signature is on an earlier revision that the ledger does not keep any more.
pub(crate) fn is_dropped(record: &ExportedProposal, consent: &ExportedSignature) -> bool {
    let is_kept = |one: &ExportedRevision| one.revision == consent.revision;
    let last = record.revisions.last().map_or(0, |last| last.revision);
    (1..last).contains(&consent.revision) && !record.revisions.iter().any(is_kept)
}

/// A revision, for people.
fn place(record: &ExportedProposal, revision: u64) -> String {
    format!("proposal {}, revision {revision}", record.proposal_id)
}

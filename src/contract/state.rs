//! Reading and writing the ledger's values.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use prost::Message;

use super::{
    agreement,
    cache::{BundleCache, Compiled},
    error::{Code, ContractError},
    keys,
};
use crate::{
    capabilities::ContractCapabilities,
    config::{Bundle, ConfigSignature, ConfigTree},
    ids::{ChannelId, Digest, MspId, ProposalId, Revision, Sequence},
    proto::cmscc::{Applied, ChainEntry, Head, Proposal, Settings},
    stub::{KeyRange, Stub},
};

/// At most this many signatures of one organisation on one revision are read.
const SIGNATURES_READ: usize = 1024;

/// How many entries of a range are asked for at a time.
const STEP: usize = 1000;

/// What every call reads first: the trusted head, its config, and the settings.
#[derive(Debug)]
pub(super) struct Trusted {
    /// The head's facts.
    pub(super) head: Head,
    /// The config's bytes, as the block carried them.
    pub(super) body: Bytes,
    /// What the members agreed.
    pub(super) settings: Settings,
    /// SHA-256 of the settings as they lie on the ledger.
    pub(super) settings_sha256: Digest,
}

impl Trusted {
    /// Reads the three keys; `None` before the bootstrap.
    pub(super) async fn read<S: Stub>(stub: &mut S) -> Result<Option<Self>, ContractError> {
        let keys = [keys::head(), keys::body(), keys::settings()];
        let values: [Option<Bytes>; 3] = stub
            .get_states(&keys)
            .await?
            .try_into()
            .map_err(|_| Code::StateUnavailable.because("not one value for each key"))?;
        match values {
            [None, None, None] => Ok(None),
            [Some(head), Some(body), Some(settings)] => {
                let trusted = Self {
                    head: decode(&keys[0], &head)?,
                    body,
                    settings_sha256: Digest::of(&settings),
                    settings: decode(&keys[2], &settings)?,
                };
                trusted.check_contract_capabilities()?;
                Ok(Some(trusted))
            }
            _ => Err(Code::StateCorrupt.because("head, body and settings are not all there")),
        }
    }

    /// Reads the three keys.
    pub(super) async fn demand<S: Stub>(stub: &mut S) -> Result<Self, ContractError> {
        Self::read(stub).await?.ok_or_else(|| {
            Code::NotInitialized.because(
                "this channel has no trusted config yet; call `InitConsortium` with a config block",
            )
        })
    }

    /// The head's sequence.
    pub(super) const fn sequence(&self) -> Sequence {
        Sequence(self.head.sequence)
    }

    /// SHA-256 of the head's config.
    pub(super) fn config_digest(&self) -> Result<Digest, ContractError> {
        digest(&self.head.config_sha256)
    }

    /// The head's config, compiled; parsed only where the cache does not hold it.
    pub(super) fn bundle(
        &self,
        channel: &ChannelId,
        cache: &BundleCache,
    ) -> Result<Compiled, ContractError> {
        let digest = self.config_digest()?;
        if let Some(bundle) = cache.get(channel, &digest) {
            return Ok(bundle);
        }
        if Digest::of(&self.body) != digest {
            return Err(Code::StateCorrupt.because("the config is not the one that the head names"));
        }
        let tree = ConfigTree::parse(self.body.clone())
            .map_err(|e| Code::StateCorrupt.because(format_args!("the head's config: {e}")))?;
        let bundle = match cache.latest(channel) {
            Some(before) => before.successor(tree),
            None => Bundle::new(channel, tree),
        };
        let bundle = bundle
            .map_err(|e| Code::StateCorrupt.because(format_args!("the head's config: {e}")))?;
        Ok(cache.put(channel, &digest, &Arc::new(bundle)))
    }

    /// What the members agreed that every server must know.
    pub(super) fn capabilities(&self) -> ContractCapabilities {
        ContractCapabilities::new(self.settings.capabilities.iter().cloned())
    }

    /// A server that lacks a capability that the members agreed on must not endorse.
    fn check_contract_capabilities(&self) -> Result<(), ContractError> {
        match agreement::lacking(&self.capabilities()) {
            None => Ok(()),
            Some(text) => Err(Code::ContractCapability.because(format_args!(
                "the members agreed that servers must know {text}"
            ))),
        }
    }
}

/// The settings that the first bootstrap writes.
pub(super) fn first_settings(tx_id: &str) -> Settings {
    Settings {
        instance: tx_id.to_owned(),
        version: Some(0),
        capabilities: ContractCapabilities::FIRST
            .iter()
            .map(|level| (*level).to_owned())
            .collect(),
        gate: crate::proto::cmscc::GateMode::Advisory.into(),
        endorsement_policy: String::new(),
    }
}

/// Reads one of our values.
pub(super) async fn get<M: Message + Default, S: Stub>(
    stub: &mut S,
    key: &str,
) -> Result<Option<M>, ContractError> {
    stub.get_state(key)
        .await?
        .map(|value| decode(key, &value))
        .transpose()
}

/// Writes one of our values.
pub(super) fn put<S: Stub>(stub: &mut S, key: String, value: &impl Message) {
    stub.put_state(key, value.encode_to_vec().into());
}

/// Reads one of our values from its bytes.
pub(super) fn decode<M: Message + Default>(key: &str, value: &Bytes) -> Result<M, ContractError> {
    M::decode(value.clone()).map_err(|_| corrupt(key))
}

/// The refusal where the value of a key is not one of ours.
pub(super) fn corrupt(key: &str) -> ContractError {
    Code::StateCorrupt.because(format_args!("the value of key {key:?} is not one of ours"))
}

/// A digest field of one of our values.
pub(super) fn digest(bytes: &[u8]) -> Result<Digest, ContractError> {
    Digest::from_bytes(bytes)
        .ok_or_else(|| Code::StateCorrupt.because("a stored digest has not 32 bytes"))
}

/// All entries of a range, with their keys, in key order.
pub(super) async fn all<M: Message + Default, S: Stub>(
    stub: &mut S,
    mut range: KeyRange,
) -> Result<Vec<(String, M)>, ContractError> {
    let mut found = Vec::new();
    loop {
        let step = stub.get_range(&range, STEP).await?;
        for entry in step.entries {
            let value = decode(&entry.key, &entry.value)?;
            found.push((entry.key, value));
        }
        match found.last() {
            Some((last, _)) if step.more => range.start = behind(last),
            _ => return Ok(found),
        }
    }
}

/// An open proposal, whole; the refusal where there is none by this id says whether it is archived.
pub(super) async fn proposal<S: Stub>(
    stub: &mut S,
    id: &ProposalId,
) -> Result<Proposal, ContractError> {
    if let Some(proposal) = get(stub, &keys::proposal(id)).await? {
        return Ok(proposal);
    }
    if stub.get_state(&keys::archive(id)).await?.is_some() {
        return Err(Code::WrongStatus.because(format_args!(
            "proposal `{id}` is finished and archived; `GetProposal` shows what remains"
        )));
    }
    Err(unknown_proposal(id))
}

/// The refusal where an id was never used.
pub(super) fn unknown_proposal(id: &ProposalId) -> ContractError {
    Code::UnknownProposal.because(format_args!(
        "there is no proposal `{id}`; `ListProposals` shows those that there are"
    ))
}

/// Where in the verified chain a config update took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InEffect {
    /// The sequence that it led to.
    pub(super) sequence: Sequence,
    /// The chain's entry for it.
    pub(super) entry: ChainEntry,
}

/// The proof that a config update took effect, where there is one that counts. Reads the update's
/// `applied` key, and the chain's entry only where that names one.
pub(super) async fn in_effect<S: Stub>(
    stub: &mut S,
    head: Sequence,
    update: &Digest,
) -> Result<Option<InEffect>, ContractError> {
    let key = keys::applied(update);
    let Some(applied) = get::<Applied, S>(stub, &key).await? else {
        return Ok(None);
    };
    let sequence = Sequence(applied.sequence.ok_or_else(|| corrupt(&key))?);
    if sequence > head {
        return Ok(None);
    }
    let entry: Option<ChainEntry> = get(stub, &keys::chain_entry(sequence)).await?;
    Ok(entry
        .filter(|entry| entry.config_update_sha256.as_ref() == update.as_bytes())
        .map(|entry| InEffect { sequence, entry }))
}

/// One stored signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredSignature {
    /// Its key.
    pub(super) key: String,
    /// The signer's MSP.
    pub(super) msp_id: MspId,
    /// The signer's MSP identity id.
    pub(super) fingerprint: String,
    /// Header and signature.
    pub(super) signature: ConfigSignature,
}

/// The stored signatures of one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RevisionSignatures {
    /// In key order: by MSP id, then identity.
    pub(super) signatures: Vec<StoredSignature>,
    /// The organisations of which there are more than were read.
    pub(super) unread: Vec<MspId>,
}

/// All signatures on a proposal by revision. Of each organisation and revision at most 1,024 are
/// read, so that a flood of them hurts only those who made it.
pub(super) async fn signatures<S: Stub>(
    stub: &mut S,
    proposal: &ProposalId,
) -> Result<BTreeMap<Revision, RevisionSignatures>, ContractError> {
    let mut found: BTreeMap<Revision, RevisionSignatures> = BTreeMap::new();
    let mut range = keys::signatures(proposal);
    // of the organisation and revision of the key that was read last
    let mut run = (Revision(0), MspId::default(), 0usize);
    loop {
        let room = SIGNATURES_READ.saturating_sub(run.2).max(1);
        let step = stub.get_range(&range, room).await?;
        let Some(last) = step.entries.last().map(|e| e.key.clone()) else {
            return Ok(found);
        };
        for entry in step.entries {
            let (revision, msp_id, fingerprint) =
                keys::signature_facts(&entry.key).ok_or_else(|| corrupt(&entry.key))?;
            let value: crate::proto::cmscc::Signature = decode(&entry.key, &entry.value)?;
            let signature = value.config_signature.ok_or_else(|| corrupt(&entry.key))?;
            if (run.0, &run.1) != (revision, &msp_id) {
                run = (revision, msp_id.clone(), 0);
            }
            run.2 = run.2.saturating_add(1);
            found
                .entry(revision)
                .or_default()
                .signatures
                .push(StoredSignature {
                    key: entry.key,
                    msp_id,
                    fingerprint,
                    signature: ConfigSignature {
                        signature_header: signature.signature_header,
                        signature: signature.signature,
                    },
                });
        }
        if !step.more {
            return Ok(found);
        }
        range.start = behind(&last);
        if run.2 >= SIGNATURES_READ {
            let rest = keys::signatures_of(proposal, run.0, &run.1);
            let left = KeyRange {
                start: range.start.clone(),
                end: rest.end.clone(),
            };
            if !stub.get_range(&left, 1).await?.entries.is_empty() {
                found.entry(run.0).or_default().unread.push(run.1.clone());
            }
            range.start = rest.end;
            run.2 = 0;
        }
    }
}

/// The first key behind this one.
pub(super) fn behind(key: &str) -> String {
    format!("{key}\0")
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;
    use crate::{
        contract::keys::SignatureSlot,
        ids::BlockNumber,
        proto::{cmscc::Signature, common},
        stub::memory::{Ledger, MemoryStub, Version},
    };

    /// A stub in memory never waits.
    fn now<T>(future: impl Future<Output = T>) -> T {
        let mut context = Context::from_waker(Waker::noop());
        match pin!(future).poll(&mut context) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("a stub in memory waits for nobody"),
        }
    }

    fn ledger_with(signatures: &[(&str, u64, &str, usize)]) -> Ledger {
        let mut ledger = Ledger::new();
        let mut stub = MemoryStub::new(&ledger);
        for (id, revision, msp_id, count) in signatures {
            for number in 0..*count {
                let key = keys::signature(&SignatureSlot {
                    proposal: &ProposalId::new(*id),
                    revision: Revision(*revision),
                    msp_id: &MspId::new(*msp_id),
                    fingerprint: &format!("{number:08}"),
                });
                let value = Signature {
                    config_signature: Some(common::ConfigSignature::default()),
                };
                put(&mut stub, key, &value);
            }
        }
        let version = Version {
            block: BlockNumber(1),
            tx: 0,
        };
        ledger.commit(version, &stub.finish().unwrap());
        ledger
    }

    #[test]
    fn a_flood_of_signatures_hides_nobody_else() {
        let ledger = ledger_with(&[
            ("add", 1, "AMSP", 3),
            ("add", 1, "BMSP", 2500),
            ("add", 1, "CMSP", 1024),
            ("add", 1, "DMSP", 2),
            ("add", 2, "BMSP", 1),
            ("add2", 1, "AMSP", 1),
        ]);
        let mut stub = MemoryStub::new(&ledger);
        let found = now(signatures(&mut stub, &ProposalId::new("add"))).unwrap();
        let count = |revision, msp_id: &str| {
            let of = found.get(&Revision(revision)).unwrap();
            let ids = of.signatures.iter().filter(|s| s.msp_id.as_str() == msp_id);
            ids.count()
        };
        assert_eq!(
            [
                count(1, "AMSP"),
                count(1, "BMSP"),
                count(1, "CMSP"),
                count(1, "DMSP"),
                count(2, "BMSP")
            ],
            [3, 1024, 1024, 2, 1]
        );
        assert_eq!(found[&Revision(1)].unread, [MspId::new("BMSP")]);
        assert!(found[&Revision(2)].unread.is_empty());
        let read: usize = stub
            .finish()
            .unwrap()
            .ranges
            .iter()
            .map(|range| range.reads.len())
            .sum();
        assert!(read < 5000, "{read} entries were read");
    }

    #[test]
    fn long_ranges_come_whole() {
        let ledger = ledger_with(&[("add", 1, "AMSP", 2345)]);
        let mut stub = MemoryStub::new(&ledger);
        let range = keys::signatures(&ProposalId::new("add"));
        let found: Vec<(String, Signature)> = now(all(&mut stub, range)).unwrap();
        assert_eq!(found.len(), 2345);
        assert!(found.is_sorted_by_key(|(key, _)| key.clone()));
    }
}

//! Signatures as they lie on the ledger.

use std::collections::BTreeMap;

use super::{
    keys,
    values::{behind, corrupt, decode},
};
use crate::{
    config::ConfigSignature,
    contract::error::ContractError,
    ids::{MspId, ProposalId, Revision},
    proto::cmscc,
    stub::{KeyRange, Stub},
};

/// At most this many signatures of one organisation on one revision are read.
const SIGNATURES_READ: usize = 1024;

/// One stored signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredSignature {
    /// The key under which it lies.
    pub(crate) key: String,
    /// The signer's MSP.
    pub(crate) msp_id: MspId,
    /// The signer's MSP identity id.
    pub(crate) fingerprint: String,
    /// Header and signature.
    pub(crate) signature: ConfigSignature,
}

/// The stored signatures of one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RevisionSignatures {
    /// In key order: by MSP id, then identity.
    pub(crate) signatures: Vec<StoredSignature>,
    /// The organisations of which there are more than were read.
    pub(crate) unread: Vec<MspId>,
}

/// All signatures on a proposal by revision. Of each organisation and revision at most 1,024 are
/// read, so that a flood of them hurts only those who made it.
pub(crate) async fn signatures<S: Stub>(
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
            let value: cmscc::Signature = decode(&entry.key, &entry.value)?;
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
                    signature: signature.into(),
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

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;
    use crate::{
        contract::ledger::{all, keys::SignatureSlot, put},
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

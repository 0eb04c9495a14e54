//! What the contract would say of an update that lies before us: its status, were it a proposal
//! with these signatures on it. Reads nothing.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    cache::BundleCache,
    fit,
    gate::CapabilityGate,
    status::{Extent, StatusFacts},
};
use crate::{
    config::{Bundle, ConfigTree, Patch, Update, envelope},
    contract::{
        answer::{Part, Shown},
        error::{Code, ContractError},
        ledger::{RevisionSignatures, StoredSignature, TrustedHead, proposals},
    },
    ids::{ChannelId, Digest, Revision, UnixTime},
    proto::cmscc::{Head, Proposal, ProposalKind, RevisionBytes, Settings},
};

/// An envelope of type CONFIG_UPDATE, taken as a proposal of its update that everybody whose
/// signature is in it has signed. What was found out once is remembered, as the contract does.
#[derive(Debug)]
pub struct Examination {
    cache: BundleCache,
    channel: ChannelId,
    config: Digest,
    trusted: TrustedHead,
    proposal: Proposal,
    signatures: BTreeMap<Revision, RevisionSignatures>,
}

impl Examination {
    /// Takes a serialized `common.Config` as the verified one, and the envelope's update as one that
    /// was made for it.
    ///
    /// # Errors
    /// The refusal that the contract gives for such a config or such an update.
    pub fn new(
        channel: &ChannelId,
        config: Bytes,
        envelope: &Bytes,
    ) -> Result<Self, ContractError> {
        const FIRST: Revision = Revision(1);
        let bad = |why: &dyn std::fmt::Display| Code::BadUpdate.because(why);
        let digest = Digest::of(&config);
        let tree = ConfigTree::parse(config.clone()).map_err(|e| bad(&e))?;
        let bundle = Bundle::new(channel, tree).map_err(|e| bad(&e))?;
        let carried = envelope::read_update_envelope(envelope).map_err(|e| bad(&e))?;
        let update = Update::parse(carried.config_update).map_err(|e| bad(&e))?;
        let patch = Patch::from_update(bundle.tree(), &update).map_err(|e| bad(&e))?;
        let mut stored: Vec<StoredSignature> = Vec::new();
        for signature in carried.signatures {
            let creator = envelope::creator(&signature.signature_header).map_err(|e| bad(&e))?;
            let identity = bundle.msps().deserialize(creator).map_err(|e| bad(&e))?;
            stored.push(StoredSignature {
                msp_id: identity.msp_id().clone(),
                fingerprint: identity.id().to_owned(),
                signature,
            });
        }
        stored.sort_by_key(|one| (one.msp_id.clone(), one.fingerprint.clone()));
        let proposal = Proposal {
            kind: ProposalKind::ConfigUpdate.into(),
            touched: fit::touched(&patch, bundle.tree()),
            patch: patch.bytes().clone(),
            revisions: vec![RevisionBytes {
                revision: FIRST.0,
                config_update: update.bytes().clone(),
                base_sequence: bundle.sequence().0,
            }],
            ..Proposal::default()
        };
        let signatures = RevisionSignatures { signatures: stored };
        let sequence = bundle.sequence();
        let cache = BundleCache::default();
        cache.put(channel, &digest, &bundle.into());
        Ok(Self {
            cache,
            channel: channel.clone(),
            config: digest,
            trusted: TrustedHead {
                head: Head {
                    sequence: sequence.0,
                    config_sha256: Bytes::copy_from_slice(digest.as_bytes()),
                    ..Head::default()
                },
                body: config,
                settings: Settings::default(),
                settings_sha256: Digest::of(b""),
            },
            proposal,
            signatures: BTreeMap::from([(FIRST, signatures)]),
        })
    }

    /// The status, with all that explains it: its public name.
    ///
    /// # Errors
    /// None that the contract would not give.
    pub fn status(&self) -> Result<&'static str, ContractError> {
        let bundle = self
            .cache
            .get(&self.channel, &self.config)
            .ok_or_else(|| Code::Internal.because("the config is not there any more"))?;
        let current = proposals::current(&self.proposal)?;
        let facts = StatusFacts {
            bundle: &bundle,
            trusted: &self.trusted,
            proposal: &self.proposal,
            withdrawn: false,
            current: &current,
            proof: None,
            signatures: &self.signatures,
            votes: &[],
            gate: &CapabilityGate::default(),
            now: UnixTime::default(),
        };
        Ok(facts
            .derive(Extent::Whole(Shown::default().room(Part::Explanation)))?
            .status
            .name())
    }
}

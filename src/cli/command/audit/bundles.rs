//! The bundles of a folder: each verified with the blocks that it names, and compared with all others.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use bytes::Bytes;

use super::blocks::{GivenBlocks, found};
use crate::{
    cli::command::act::read,
    client::{
        ClientError, ConfigTrail, ProposalTerms,
        view::{
            AuditedProposalView, AuditedSignerView, FolderFindingId, FoundView,
            StatedRejectionView, StatedView,
        },
    },
    contract::audit::{AuditBundle, AuditFindingId, AuditReport, verify},
    ids::ChannelId,
    json::json_size,
};

/// The blocks of one bundle are held together up to this. Unit: bytes.
const TOGETHER: usize = 256 << 20;
/// What is said of all bundles together; of those behind it only whether they hold. Unit: bytes of JSON.
const ROOM: usize = 64 << 20;

/// What bundles are compared with.
#[derive(Debug)]
pub(super) struct Bundles<'a> {
    channel: &'a ChannelId,
    blocks: &'a GivenBlocks,
    trail: &'a ConfigTrail,
    is_whole: bool,
    /// The proposals seen.
    ids: BTreeSet<String>,
    /// The contract that the first bundle is of.
    instance: Option<String>,
    /// What took effect as a part of another proposal, by id: of which one, and where. Only of ids
    /// that have a file here.
    parts: BTreeMap<String, (String, u64)>,
    /// The ids that have a file.
    named: BTreeSet<String>,
    /// What may still be said. Unit: bytes.
    room: usize,
}

impl<'a> Bundles<'a> {
    /// None seen so far. `is_whole`: they are those of a folder, which goes up to the head.
    pub(super) const fn new(
        channel: &'a ChannelId,
        blocks: &'a GivenBlocks,
        trail: &'a ConfigTrail,
        is_whole: bool,
    ) -> Self {
        Self {
            channel,
            blocks,
            trail,
            is_whole,
            ids: BTreeSet::new(),
            instance: None,
            parts: BTreeMap::new(),
            named: BTreeSet::new(),
            room: ROOM,
        }
    }

    /// What the bundles are worth, also by what they say of each other; what cannot be taken for a bundle
    /// of this folder is a finding.
    ///
    /// # Errors
    /// `FILE_UNREADABLE` of a block.
    pub(super) fn reports(
        mut self,
        files: &[PathBuf],
        findings: &mut Vec<FoundView>,
    ) -> Result<Vec<AuditedProposalView>, ClientError> {
        let names = files.iter().filter_map(|file| stem(file));
        self.named = names.map(str::to_owned).collect();
        let mut proposals = Vec::with_capacity(files.len());
        for file in files {
            match self.report(file)? {
                Ok(report) => proposals.push(report),
                Err(why) => findings.push(found(FolderFindingId::BundleInvalid, file, &why)),
            }
        }
        for one in proposals.iter_mut().filter(|one| one.sequence.is_none()) {
            let Some((whole, sequence)) = self.parts.get(&one.proposal_id) else {
                continue;
            };
            one.verified = false;
            one.findings.push(FoundView {
                id: AuditFindingId::Outcome.name().to_owned(),
                place: one.proposal_id.clone(),
                text: format!(
                    "it is said to have ended as `{}`, but took effect as a part of `{whole}`: config \
                     {sequence}; where that is newer than the bundle, export it again",
                    one.outcome
                ),
            });
        }
        Ok(proposals)
    }

    fn report(&mut self, file: &Path) -> Result<Result<AuditedProposalView, String>, ClientError> {
        if !file.is_file() {
            return Ok(Err("it is no file".to_owned()));
        }
        let bytes = match read(file) {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(error.message)),
        };
        let document = match AuditBundle::read(&bytes) {
            Ok(document) => document,
            Err(error) => return Ok(Err(error.to_string())),
        };
        if let Err(why) = self.fits(file, &document) {
            return Ok(Err(why));
        }
        let mut needed = Vec::new();
        let mut length = 0_usize;
        for file in (named(&document).iter()).flat_map(|number| self.blocks.with(*number)) {
            let block = Bytes::from(read(file)?);
            length = length.saturating_add(block.len());
            if length > TOGETHER {
                let text = format!("its blocks have more than {TOGETHER} bytes together");
                return Ok(Err(text));
            }
            needed.push(block);
        }
        Ok(match verify(&bytes, &needed) {
            Ok(report) => {
                let mut view = of_report(report, stated(&document));
                view.findings.extend(self.compared(&document, &view));
                view.verified = view.findings.is_empty();
                self.note_parts(&document, &view);
                Ok(self.kept(view))
            }
            Err(error) => Err(error.to_string()),
        })
    }

    /// Whether it is a bundle of this channel and contract, under its own name, and the only one.
    fn fits(&mut self, file: &Path, document: &AuditBundle) -> Result<(), String> {
        let id = &document.proposal.proposal_id;
        if document.channel_id != self.channel.as_str() {
            let (theirs, ours) = (&document.channel_id, self.channel);
            return Err(format!(
                "it is of channel `{theirs}`, the blocks are of `{ours}`"
            ));
        }
        ProposalTerms::demand_id(id).map_err(|error| error.message)?;
        if document.proposal.kind != "config_update" {
            let kind = &document.proposal.kind;
            return Err(format!("`{kind}` is no kind that a block proves"));
        }
        if self.is_whole && stem(file) != Some(id.as_str()) {
            return Err(format!(
                "it holds the proposal `{id}`, not the one of its name"
            ));
        }
        if !self.ids.insert(id.clone()) {
            return Err(format!("there is another bundle of `{id}`"));
        }
        let own = &document.contract_instance;
        let known = self.instance.get_or_insert_with(|| own.clone());
        match known == own {
            true => Ok(()),
            false => Err("it is of another contract than the bundles before".to_owned()),
        }
    }

    /// What the blocks of the folder show beside those that the bundle names.
    // SECURITY: which blocks it names is up to whoever made the bundle
    fn compared(&self, document: &AuditBundle, view: &AuditedProposalView) -> Vec<FoundView> {
        let mut findings = Vec::new();
        let id = &document.proposal.proposal_id;
        let mut put = |finding: AuditFindingId, text: String| {
            findings.push(FoundView {
                id: finding.name().to_owned(),
                place: id.clone(),
                text,
            });
        };
        let last = self.trail.configs().last().map(|one| one.sequence.0);
        if let Some(last) = last
            && self.is_whole
            && document.as_of_sequence > last
        {
            let text = format!(
                "it was exported at config {}, and the folder ends with config {last}",
                document.as_of_sequence
            );
            put(AuditFindingId::Chain, text);
        }
        if view.sequence.is_none() {
            let digests: BTreeSet<&str> = (document.proposal.revisions.iter())
                .map(|one| one.config_update_sha256.as_str())
                .collect();
            let carries = self.trail.configs().iter().find(|one| {
                let digest = one.link.config_update_sha256.map(|it| it.to_string());
                digest.is_some_and(|digest| digests.contains(digest.as_str()))
            });
            if let Some(one) = carries {
                let text = format!(
                    "it is said to have ended as `{}`, but block {} carries its update: config {}; where \
                     that is newer than the bundle (config {}), export it again",
                    view.outcome, one.link.block_number, one.sequence, document.as_of_sequence
                );
                put(AuditFindingId::Outcome, text);
            }
        }
        findings
    }

    /// Notes what took effect inside the proposal whose bytes took effect.
    fn note_parts(&mut self, document: &AuditBundle, view: &AuditedProposalView) {
        let Some(sequence) = view.sequence.filter(|_| view.verified) else {
            return;
        };
        let whole = document.via.as_ref().unwrap_or(&document.proposal);
        for source in &whole.sources {
            let id = &source.proposal_id;
            if self.named.contains(id) {
                let part = (whole.proposal_id.clone(), sequence);
                self.parts.insert(id.clone(), part);
            }
        }
    }

    /// The same while there is room, otherwise only what it comes to.
    // SECURITY: whoever made a thousand bundles chooses how much there is to say of them
    fn kept(&mut self, view: AuditedProposalView) -> AuditedProposalView {
        let size = json_size(&view);
        if let Some(room) = self.room.checked_sub(size) {
            self.room = room;
            return view;
        }
        self.room = 0;
        let text = "more of it, for which there is no room here: verify its bundle by itself";
        AuditedProposalView {
            findings: view.findings.into_iter().take(1).collect(),
            not_verified: vec![text.to_owned()],
            outcome: view.outcome.chars().take(64).collect(),
            proposal_id: view.proposal_id,
            sequence: view.sequence,
            verified: view.verified,
            ..AuditedProposalView::default()
        }
    }
}

/// The id that a file is named after.
fn stem(file: &Path) -> Option<&str> {
    file.file_stem()?.to_str()
}

/// The blocks that a bundle names, each once.
// SECURITY: whoever made the bundle may name one block a million times
fn named(document: &AuditBundle) -> BTreeSet<u64> {
    let links = document.chain.iter();
    links.map(|link| link.block_number).collect()
}

fn of_report(report: AuditReport, stated: StatedView) -> AuditedProposalView {
    let findings = report.findings.iter().map(|one| FoundView {
        id: one.id.name().to_owned(),
        place: format!("{}: {}", report.proposal_id, one.place),
        text: one.text.clone(),
    });
    let effective = report.effective.as_ref();
    let signers = effective.into_iter().flat_map(|one| &one.signers);
    AuditedProposalView {
        findings: findings.collect(),
        not_verified: report.not_verified,
        outcome: report.outcome,
        proposal_id: report.proposal_id,
        sequence: effective.map(|one| one.sequence),
        stated,
        unrecorded: signers
            .filter(|one| !one.recorded)
            .map(|one| AuditedSignerView {
                msp_id: one.msp_id.clone(),
                subject: one.subject.clone(),
            })
            .collect(),
        verified: report.verified,
    }
}

/// What the contract says of a proposal.
fn stated(document: &AuditBundle) -> StatedView {
    let proposal = &document.proposal;
    let rejections = proposal.votes.iter().map(|vote| StatedRejectionView {
        msp_id: vote.msp_id.clone(),
        reason: vote.reason.clone(),
        revision: vote.revision,
    });
    let outcome = proposal.outcome.as_ref();
    StatedView {
        archived_at: outcome.and_then(|outcome| outcome.archived_at.clone()),
        created_at: proposal.created_at.clone(),
        description: proposal.description.clone(),
        proposer_msp_id: proposal.proposer_msp_id.clone(),
        rejections: rejections.collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A bundle in which nothing is said but which blocks its chain names.
    fn bundle(numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
        let links: Vec<Value> = (numbers.into_iter())
            .map(|number| {
                json!({
                    "block_hash": "", "block_number": number, "config_sha256": "",
                    "config_update_sha256": null, "sequence": 0,
                })
            })
            .collect();
        let proposal = json!({
            "archived": false, "created_at": null, "deadline": null, "description": "",
            "given_update": null, "kind": "config_update", "outcome": null, "patch": "",
            "proposal_id": "one", "proposed_sequence": 0, "proposer_msp_id": "", "revisions": [],
            "signatures": [], "signatures_omitted": 0, "sources": [], "tx_id": "", "votes": [],
        });
        let document = json!({
            "as_of_sequence": 0, "chain": links, "channel_id": "mychannel",
            "contract_instance": "", "epoch": 1, "evaluated": null, "format": 1,
            "proposal": proposal, "sources": [], "unsupported": [], "via": null,
        });
        serde_json::to_vec(&document).unwrap()
    }

    #[test]
    fn whoever_made_many_bundles_does_not_choose_how_much_is_kept() {
        let channel = ChannelId::new("mychannel");
        let blocks = GivenBlocks::default();
        let trail = ConfigTrail::new(&channel, None).unwrap();
        let mut bundles = Bundles::new(&channel, &blocks, &trail, true);
        let found = FoundView {
            id: "CHAIN".to_owned(),
            place: "chain".to_owned(),
            text: "it is false".to_owned(),
        };
        let said = AuditedProposalView {
            findings: vec![found.clone(), found.clone()],
            not_verified: vec!["a".repeat(ROOM / 2)],
            proposal_id: "one".to_owned(),
            ..AuditedProposalView::default()
        };
        assert_eq!(bundles.kept(said.clone()), said);
        // what does not fit is cut, and so is all behind it; what it comes to is not
        for _ in 0..2 {
            let kept = bundles.kept(said.clone());
            assert_eq!(kept.findings, std::slice::from_ref(&found));
            assert_eq!((&*kept.proposal_id, kept.verified), ("one", false));
            assert!(kept.not_verified[0].contains("no room"), "{kept:?}");
        }
    }

    #[test]
    fn a_block_that_is_named_often_is_read_once() {
        let numbers = (0..100_000).map(|n| n % 2);
        let document = AuditBundle::read(&bundle(numbers)).unwrap();
        assert_eq!(named(&document), BTreeSet::from([0, 1]));
    }
}

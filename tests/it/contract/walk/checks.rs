//! What holds after every step of a walk.

use std::collections::{BTreeMap, BTreeSet};

use cmscc::{
    ids::Digest,
    proto::cmscc::{
        Archive, ChainEntry, EvaluatedPolicies, Member, OpenProposal, Outcome, Position, Proposal,
    },
};
use prost::Message;
use serde_json::Value;

use super::{
    super::{
        calls::{
            Call, cmcc, get_config_chain, get_history, get_proposal, get_settings, list_proposals,
        },
        world::Server,
    },
    Game, Model,
    dice::{ADMINS, OTHERS},
    plain,
};

impl<S: Server> Game<S> {
    /// What is stored is what the model has stored, and nothing has left the archive.
    pub(super) fn check_ledger(&mut self) {
        let mut proposals = BTreeSet::new();
        let mut open = BTreeSet::new();
        let mut updates = Vec::new();
        let mut archive = BTreeSet::new();
        let mut signatures: BTreeMap<(String, u64, String), usize> = BTreeMap::new();
        let mut votes = BTreeMap::new();
        let mut attested = BTreeMap::new();
        let mut spoken = BTreeSet::new();
        let mut chain = BTreeSet::new();
        let mut evaluated = BTreeSet::new();
        for (key, stored) in self.world.ledger.iter() {
            match parts(key).as_slice() {
                ["proposal", id] => {
                    let stored = Proposal::decode(stored.value.clone()).unwrap();
                    let archived = self.model.archive.get(*id).map(|one| &one.open);
                    let known = self.model.open.get(*id).or(archived).unwrap();
                    let mut revisions = Vec::new();
                    for one in &stored.revisions {
                        let plain = plain(&one.config_update);
                        self.encoded
                            .insert(plain.clone(), one.config_update.clone());
                        revisions.push((one.revision, plain));
                    }
                    assert!(revisions == known.revisions, "{id}: revisions");
                    assert_eq!(stored.proposer_msp_id, known.owner);
                    proposals.insert((*id).to_owned());
                }
                ["open", owner, id] => {
                    let stored = OpenProposal::decode(stored.value.clone()).unwrap();
                    let known = &self.model.open[*id];
                    let (revision, _) = known.current();
                    assert_eq!((*owner, stored.revision), (known.owner, *revision), "{id}");
                    assert_eq!(stored.withdrawal.is_some(), known.withdrawn, "{id}");
                    updates.push(((*id).to_owned(), stored.config_update_sha256));
                    open.insert((*id).to_owned());
                }
                ["archive", owner, id] => {
                    let first = self.archived.entry((*id).to_owned());
                    let first = first.or_insert_with(|| stored.value.clone());
                    assert!(
                        *first == stored.value,
                        "the archive entry of {id} has changed"
                    );
                    let stored = Archive::decode(stored.value.clone()).unwrap();
                    let known = &self.model.archive[*id];
                    let outcome = match stored.outcome() {
                        Outcome::Submitted => "Submitted",
                        Outcome::AlreadyInEffect => "AlreadyInEffect",
                        Outcome::Withdrawn => "Withdrawn",
                        Outcome::Broken => "Broken",
                        other => panic!("{id} is {other:?}"),
                    };
                    assert_eq!((*owner, outcome), (known.open.owner, known.outcome), "{id}");
                    let is_settings = known.open.wish.is_some();
                    let proven = stored.proof.is_some();
                    assert_eq!(proven, outcome == "Submitted" && !is_settings, "{id}");
                    let version = stored.settings_version;
                    assert_eq!(
                        version.is_some(),
                        outcome == "Submitted" && is_settings,
                        "{id}"
                    );
                    archive.insert((*id).to_owned());
                }
                ["position", _, id, revision, _, msp] => {
                    let position = Position::decode(stored.value.clone()).unwrap();
                    let place = (
                        (*id).to_owned(),
                        revision.parse().unwrap(),
                        (*msp).to_owned(),
                    );
                    if let Some(vote) = position.vote {
                        votes.insert(place.clone(), (vote.sequence.unwrap(), vote.reason));
                    }
                    if !position.signatures.is_empty() {
                        signatures.insert(place, position.signatures.len());
                    }
                }
                ["settings"] => assert!(stored.value == self.model.agreed.stored()),
                ["stance", _, id, msp] | ["combining", _, id, msp] => {
                    spoken.insert(((*id).to_owned(), (*msp).to_owned()));
                }
                ["member", "attested", "Application", msp] => {
                    let stored = Member::decode(stored.value.clone()).unwrap();
                    if let Some(said) = stored.attestation {
                        let levels: BTreeSet<String> = said.application.into_iter().collect();
                        attested.insert((*msp).to_owned(), (levels, said.sequence.unwrap()));
                    }
                }
                ["config", "seq", number] => {
                    ChainEntry::decode(stored.value.clone()).unwrap();
                    chain.insert(number.parse::<u64>().unwrap());
                }
                ["config", "policies", number] => {
                    let kept = EvaluatedPolicies::decode(stored.value.clone()).unwrap();
                    assert!(kept.policies.iter().any(|policy| policy.decides));
                    evaluated.insert(number.parse::<u64>().unwrap());
                }
                _ => {}
            }
        }
        for (id, digest) in updates {
            let (_, bytes) = self.model.open[&id].current();
            let update = Digest::of(&self.encoded[bytes]);
            assert_eq!(digest, &update.as_bytes()[..], "{id}");
        }
        assert!(open.iter().eq(self.model.open.keys()), "open proposals");
        // what is kept for those who look at many proposals goes with them
        for (id, msp_id) in spoken {
            assert!(
                open.contains(&id) || !stays(&msp_id),
                "{msp_id} speaks of {id}"
            );
        }
        assert!(archive.iter().eq(self.model.archive.keys()), "archive");
        assert!(chain.iter().eq(self.model.chain.keys()), "chain");
        let led = self.model.chain.iter().filter(|(_, led)| led.is_some());
        assert!(evaluated.iter().eq(led.map(|(at, _)| at)), "policies");
        assert!(
            self.archived.keys().eq(archive.iter()),
            "an entry has left the archive"
        );
        let agreed = self.model.agreed.attested.iter();
        let agreed = agreed.map(|(msp, said)| ((*msp).to_owned(), said.clone()));
        assert!(attested == agreed.collect());
        assert!(open.is_disjoint(&archive));
        assert!(proposals == &open | &archive);
        let mut known_signatures: BTreeMap<(String, u64, String), usize> = BTreeMap::new();
        let mut known_votes = BTreeMap::new();
        let archived = self.model.archive.iter().map(|(id, one)| (id, &one.open));
        for (id, open) in self.model.open.iter().chain(archived) {
            for (revision, who) in &open.signatures {
                let place = (id.clone(), *revision, who.msp.to_owned());
                *known_signatures.entry(place).or_default() += 1;
            }
            for ((revision, msp), vote) in &open.votes {
                let place = (id.clone(), *revision, (*msp).to_owned());
                known_votes.insert(place, vote.clone());
            }
        }
        assert_eq!(signatures, known_signatures);
        // also of a revision that is gone
        votes.retain(|place, _| known_votes.contains_key(place) || stays(&place.2));
        assert_eq!(votes, known_votes);
    }

    /// Asks as two people at two servers; the answers are the same.
    async fn ask(&mut self, call: Call) -> (Value, i64) {
        let people = [ADMINS[self.dice.roll(4)], OTHERS[1]];
        let [one, other] = people.map(|who| self.world.invocation(&self.people[&who], &call));
        let (first, set) = self.world.server.simulate(&self.world.ledger, &one).await;
        let cold = self.cold();
        let (second, other_set) = cold.simulate(&self.world.ledger, &other).await;
        assert!(first.is_success(), "{}", first.message);
        assert!(first == second, "the answer depends on who asks whom");
        assert!(set == other_set && set.writes.is_empty());
        let answer = serde_json::from_slice(&first.payload).unwrap();
        (answer, one.timestamp.seconds)
    }

    pub(super) async fn check_answers(&mut self) {
        let (settings, _) = self.ask(get_settings()).await;
        assert_eq!(settings["version"], self.model.agreed.version);
        let wish = &self.model.agreed.wish;
        assert_eq!(settings["settings"]["gate"] == "enforced", wish.enforced);
        let (chain, _) = self.ask(get_config_chain()).await;
        let links = chain["chain"].as_array().unwrap().iter();
        let sequences = links.map(|link| link["sequence"].as_u64().unwrap());
        assert!(sequences.eq(self.model.chain.keys().copied()));
        let (active, now) = self.ask(cmcc::get_proposals()).await;
        let known = self.model.open.keys();
        let known = known.filter(|id| self.model.is_active(id, now));
        assert!(active.as_object().unwrap().keys().eq(known));
        let whole = r#"{"page_size":200}"#;
        let (history, _) = self.ask(get_history().options(whole)).await;
        let entries = history["history"].as_array().unwrap();
        assert_eq!(entries.len(), self.model.archive.len());
        let archived = self.model.archive.iter().map(|(id, one)| (id, &one.open));
        for (entry, id) in entries.iter().zip(&Model::listed(archived)) {
            assert_eq!(entry["proposal_id"], id.as_str());
            assert_eq!(entry["outcome"]["outcome"], self.model.outcome(id), "{id}");
        }
        let all = r#"{"all":true,"page_size":200}"#;
        let (listed, now) = self.ask(list_proposals().options(all)).await;
        let listed = listed["proposals"].as_array().unwrap();
        assert_eq!(listed.len(), self.model.open.len());
        for (one, id) in listed.iter().zip(&Model::listed(self.model.open.iter())) {
            assert_eq!(one["proposal_id"], id.as_str());
            let status = self.model.status(id, now);
            assert_eq!(one["status"], status, "{id} at {now}");
            if status != "Submitted" {
                self.statuses.insert(status);
            }
        }
        let ids: Vec<String> = self.model.open.keys().cloned().collect();
        if ids.is_empty() {
            return;
        }
        let id = self.dice.one(&ids);
        let (shown, now) = self.ask(get_proposal(&id)).await;
        let status = self.model.status(&id, now);
        assert_eq!(shown["status"], status);
        let counting: Vec<(&Value, &Value)> = shown["signatures"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["counts"] == true)
            .map(|one| (&one["msp_id"], &one["fingerprint"]))
            .collect();
        let different: BTreeSet<String> = counting.iter().map(|one| format!("{one:?}")).collect();
        assert_eq!(different.len(), counting.len(), "a signature counts twice");
        if status == "Submitted" {
            let detail = &shown["status_detail"];
            let proof = detail["proof"]["sequence"].as_u64();
            let proven = proof.is_some_and(|at| self.model.chain[&at].is_some());
            assert!(
                proven || detail["already_in_effect"] == true,
                "no proof: {detail}"
            );
            self.statuses.insert(match proven {
                true => "Submitted",
                false => "already in effect",
            });
        } else if !["Broken", "Outofdate", "Withdrawn"].contains(&status) {
            let orgs: BTreeSet<&str> = counting
                .iter()
                .map(|(msp, _)| msp.as_str().unwrap())
                .collect();
            assert_eq!(orgs, self.model.signed_by(&id), "whose signatures count");
        }
    }
}

/// The parts of a composite key.
fn parts(key: &str) -> Vec<&str> {
    let inner = key.strip_prefix('\0').unwrap_or(key);
    inner
        .strip_suffix('\0')
        .unwrap_or(inner)
        .split('\0')
        .collect()
}

/// Whether an organisation is always there. One that left meanwhile leaves what it said, also when it
/// came back.
fn stays(msp_id: &str) -> bool {
    ["Org1MSP", "Org2MSP", "OrdererMSP"].contains(&msp_id)
}

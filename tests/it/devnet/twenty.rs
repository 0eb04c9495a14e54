//! Twenty organisations that sign, reject, propose, attest and sync at once: which of their
//! transactions conflict, and that all of them succeed who do what "What to retry" in
//! `docs/functions.md` says.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cmscc::{devnet::NetworkOptions, proto::protos::TxValidationCode};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::harness::Consortium;

/// Longer than any order of what is done here needs.
const ROUNDS: usize = 5;

/// What an organisation wants to have done.
#[derive(Clone, Debug)]
struct Wish {
    organization: String,
    act: Act,
    args: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Attest,
    Propose,
    Reject,
    Sign,
    Sync,
    UpdateAll,
}

/// What the transactions before in a block have changed, as far as others read it: `docs/state.md`,
/// "What follows for transactions that run at the same time".
#[derive(Debug, Default)]
struct Changed {
    head: bool,
    /// Organisations of whose open proposals there are more, or fewer.
    open: BTreeSet<String>,
}

impl Changed {
    /// The code that the next transaction of the block gets.
    fn code(&self, wish: &Wish) -> TxValidationCode {
        let range = match wish.act {
            Act::Propose => self.open.contains(&wish.organization),
            Act::UpdateAll => !self.open.is_empty(),
            Act::Attest | Act::Reject | Act::Sign | Act::Sync => false,
        };
        match (self.head, range) {
            (true, _) => TxValidationCode::MvccReadConflict,
            (false, true) => TxValidationCode::PhantomReadConflict,
            (false, false) => TxValidationCode::Valid,
        }
    }

    /// What a valid one changes, by its answer.
    fn follow(&mut self, wish: &Wish, answer: &Value) {
        match wish.act {
            Act::Propose => {
                self.open.insert(wish.organization.clone());
            }
            Act::Sync => self.head |= answer["added"] != json!([]),
            Act::UpdateAll if answer["archived"] != json!([]) => {
                self.open.insert("Org1".to_owned());
            }
            Act::Attest | Act::Reject | Act::Sign | Act::UpdateAll => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_organisations_at_once_all_succeed_in_the_end() {
    let names: Vec<String> = (1..=20).map(|n| format!("Org{n}")).collect();
    let members: Vec<&str> = names.iter().map(String::as_str).collect();
    let c = Consortium::new(&members, NetworkOptions::default()).await;
    for (wave, policy) in ["LifecycleEndorsement", "Endorsement"].iter().enumerate() {
        let shared = format!("shared{wave}");
        let own = format!("own{wave}");
        propose(&c, "Org1", &shared, &patch_of_all(policy)).await;
        propose(&c, "Org1", &own, &patch_of_one("Org1", wave)).await;
        c.sign("Org1", &own).await;
        let block = STANDARD.encode(c.submit("Org1", &own).await);

        let mut wishes = wishes(&c, wave, &shared, &block).await;
        let signers = wishes.iter().filter(|w| w.act == Act::Sign).count();
        // another order each time; a sync amid the others
        let turn = wishes.len() / 2 * wave;
        wishes.rotate_left(turn);
        all_succeed(&c, wishes).await;

        let proposal = c.query("Org20", &["GetProposal", &shared]).await.unwrap();
        let signatures = proposal["signatures"].as_array().unwrap();
        assert_eq!(signatures.len(), signers, "{proposal}");
        let votes = proposal["votes"].as_array().unwrap();
        assert_eq!(votes.len(), 2, "{proposal}");
        let config = c.query("Org20", &["GetConfig"]).await.unwrap();
        assert_eq!(config["sequence"], wave + 1);
        assert_eq!(c.status("Org20", &own).await, "Submitted");
        for n in 11..=16 {
            let id = format!("org{n}_{wave}_0");
            assert_eq!(c.status("Org20", &id).await, "WaitingForSignatures");
        }
    }
}

/// Repeats what is not valid, endorsed anew on the state after the block, until nothing is left.
async fn all_succeed(c: &Consortium, mut wishes: Vec<Wish>) {
    let mut conflicts = 0;
    for _ in 0..ROUNDS {
        if wishes.is_empty() {
            assert_ne!(conflicts, 0, "nothing was at once");
            return;
        }
        // a refusal is final: `endorse` fails the test
        let endorsed = join_all(wishes.iter().map(|wish| {
            let args: Vec<&str> = wish.args.iter().map(String::as_str).collect();
            async move { c.endorse(&wish.organization, &args).await }
        }))
        .await;
        let codes = c.network.order(&c.channel, &endorsed).unwrap();
        let mut changed = Changed::default();
        let mut again = Vec::new();
        for ((wish, transaction), code) in wishes.into_iter().zip(&endorsed).zip(codes) {
            assert_eq!(code, changed.code(&wish), "{wish:?} behind {changed:?}");
            if code == TxValidationCode::Valid {
                let answer = serde_json::from_slice(&transaction.response.payload).unwrap();
                changed.follow(&wish, &answer);
            } else {
                again.push(wish);
            }
        }
        conflicts += again.len();
        wishes = again;
    }
    panic!("still conflicting: {wishes:?}");
}

/// What all want at once: of every act some in front of the sync that takes the block, some behind.
async fn wishes(c: &Consortium, wave: usize, shared: &str, block: &str) -> Vec<Wish> {
    let mut wishes = Vec::new();
    let mut want = |organization: &str, act, args: &[&str]| {
        wishes.push(Wish {
            organization: organization.to_owned(),
            act,
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
        });
    };
    let reason = "not yet";
    for half in 0..2 {
        for n in [6, 8].map(|n| n + half) {
            let name = format!("Org{n}");
            let signature = c.signature(&name, shared).await;
            want(&name, Act::Sign, &["AddSignature", shared, &signature]);
        }
        for n in [11, 13, 15].map(|n| n + half) {
            let name = format!("Org{n}");
            // the last one of each half wants two at once
            for number in 0..=usize::from(n >= 15) {
                let id = format!("org{n}_{wave}_{number}");
                let patch = patch_of_one(&name, wave * 2 + number);
                let args = ["ProposeConfigUpdate", &id, &patch, "our own"];
                want(&name, Act::Propose, &args);
            }
        }
        let name = format!("Org{}", 17 + half);
        want(&name, Act::Reject, &["RejectProposal", shared, reason]);
        if half == 0 {
            want("Org19", Act::UpdateAll, &["UpdateProposals", "6"]);
            let level = ["V2_0", "V2_5"][wave];
            let levels = json!({"server": true, "application": [level]});
            let args = ["AttestCapabilities", &levels.to_string()];
            want("Org20", Act::Attest, &args);
            for n in [1, 2, 3, 4, 5, 10] {
                want(&format!("Org{n}"), Act::Sync, &["SyncConfig", block]);
            }
        }
    }
    wishes
}

async fn propose(c: &Consortium, organization: &str, id: &str, patch: &str) {
    let args = ["ProposeConfigUpdate", id, patch, "a change"];
    c.invoke(organization, &args).await.unwrap();
}

/// A patch about which the admins of a majority decide.
fn patch_of_all(policy: &str) -> String {
    let rule = json!({"type": 3, "value": {"rule": "ALL", "sub_policy": "Endorsement"}});
    let policies = json!({policy: {"mod_policy": "Admins", "policy": rule}});
    json!({"channel_group": {"groups": {"Application": {"policies": policies}}}}).to_string()
}

/// A patch of an organisation's own group, about which its admins decide.
fn patch_of_one(organization: &str, number: usize) -> String {
    let rule = json!({"type": 3, "value": {"rule": "ANY", "sub_policy": "Admins"}});
    let name = format!("Own{number}");
    let policies = json!({name: {"mod_policy": "Admins", "policy": rule}});
    let group = format!("{organization}MSP");
    let groups = json!({group: {"policies": policies}});
    json!({"channel_group": {"groups": {"Application": {"groups": groups}}}}).to_string()
}

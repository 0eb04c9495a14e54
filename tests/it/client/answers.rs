//! What the client reads of answers is what the contract answers: each member that it knows is there,
//! by its name. The answers of this story are also what renderers are tested with.

use std::{collections::BTreeMap, env, fs, path::Path};

use cmscc::client::answers::{
    CapabilitiesAnswer, ChainAnswer, HeadAnswer, HistoryAnswer, ListAnswer, ProposalAnswer,
    ProposedAnswer, SettingsAnswer, SignedAnswer, SyncedAnswer, UpdatedAnswer, read,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::contract::{
    calls::{
        Call, add_organization, add_signature, attest_capabilities, combine_proposals,
        delete_proposal, get_capabilities, get_config, get_config_chain, get_history, get_settings,
        list_proposals, propose_patch, propose_settings, reject_proposal, sync_config,
        update_proposals,
    },
    captures::{CAPTURES, after},
    people::person,
    world::{Server, World, founded},
};

/// Where the answers of the story stand.
const STORY: &str = "src/cli/show/tests/story.json";

/// Reads an answer and says of what it was told that the answer does not hold.
fn check<T: DeserializeOwned + Serialize>(function: &str, answer: &Value) -> T {
    let read: T = read(function, answer.to_string().as_bytes()).unwrap();
    within(function, &serde_json::to_value(&read).unwrap(), answer);
    read
}

/// Each member of `ours` is a member of `theirs`.
fn within(place: &str, ours: &Value, theirs: &Value) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (name, value) in ours {
                let place = format!("{place}/{name}");
                let theirs = theirs
                    .get(name)
                    .unwrap_or_else(|| panic!("{place} is missing"));
                within(&place, value, theirs);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{place}");
            for (one, other) in ours.iter().zip(theirs) {
                within(place, one, other);
            }
        }
        _ => assert_eq!(ours, theirs, "{place}"),
    }
}

/// A world whose answers are kept, by what is seen in them.
struct Told<S> {
    world: World<S>,
    answers: BTreeMap<&'static str, Value>,
}

impl<S: Server> Told<S> {
    async fn proposal(&mut self, name: &'static str, id: &str) -> ProposalAnswer {
        let mut answer = self.world.proposal(id).await;
        let read = check("GetProposal", &answer);
        // what differs from run to run, and what nobody renders
        for member in ["config_update", "patch", "config_update_to_sign"] {
            answer[member] = Value::Null;
        }
        if !answer["config_update_envelope_to_submit"].is_null() {
            answer["config_update_envelope_to_submit"] = json!("ZW52ZWxvcGU=");
        }
        // signatures are longer or shorter by a byte
        if let Some(recording) = answer["status_detail"]["recording"].as_object_mut() {
            for (name, bytes) in recording.iter_mut().filter(|(name, _)| *name != "limit") {
                if bytes.is_number() && name != "endorsements" {
                    *bytes = json!(1);
                }
            }
        }
        for signature in answer["signatures"].as_array_mut().unwrap() {
            signature["config_signature"] = json!("c2lnbmF0dXJl");
        }
        self.answers.insert(name, answer);
        read
    }

    async fn other<T: DeserializeOwned + Serialize>(
        &mut self,
        name: &'static str,
        call: Call,
    ) -> T {
        let function = call.function();
        let mut answer = self.world.ok(&person("Org1MSP"), call).await;
        let read = check(&function, &answer);
        if name == "head" {
            answer["config"] = Value::Null;
        }
        self.answers.insert(name, answer);
        read
    }
}

#[tokio::test]
async fn answers_are_read_member_by_member() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (world, _) = founded().await;
    let answers = BTreeMap::new();
    let mut told = Told { world, answers };
    let levels = r#"{"application":["V2_0","V2_5"],"server":true}"#;
    told.world.ok(&org1, attest_capabilities(levels)).await;

    let org = CAPTURES[0].file("add-orgx/org.json");
    let add = add_organization("add_orgx", "OrgXMSP", &org).described("bring in OrgX\nas agreed");
    let add = add.options(r#"{"deadline":"2026-11-20T12:00:00Z"}"#);
    let proposed = told.world.ok(&org1, add).await;
    let _: ProposedAnswer = check("AddOrganization", &proposed);
    told.proposal("fresh", "add_orgx").await;
    told.world.sign(&org1, "add_orgx").await;
    let waiting = told.proposal("waiting", "add_orgx").await;
    assert_eq!(waiting.status_detail.missing, ["Org2MSP"]);
    assert!(waiting.diff.is_some() && waiting.lint.is_some() && waiting.endorsement.is_some());
    assert_eq!(waiting.explanation.unwrap().len(), 1);

    told.world.propose_org(&org2, "add_orgy", "add-orgy").await;
    told.world.sign(&org2, "add_orgy").await;
    let batch = json!({"groups": {"Orderer": {"values": {
        "BatchTimeout": {"value": {"timeout": "3s"}},
        "BatchSize": {"value": {"max_message_count": 10, "absolute_max_bytes": 99, "preferred_max_bytes": 99}},
    }}, "Application": {"policies": {
        "Writers": {"policy": {"type": 3, "value": {"rule": "MAJORITY", "sub_policy": "Writers"}}},
    }}}});
    let batch = propose_patch("batch", &batch).described("smaller \u{1b}[31mblocks\u{202e}");
    told.world.ok(&org1, batch).await;
    told.proposal("batch", "batch").await;
    let settings = propose_settings("gate", r#"{"gate":"enforced"}"#);
    told.world.ok(&org1, settings).await;
    told.proposal("settings", "gate").await;
    let combined = combine_proposals("both", &["add_orgx", "add_orgy"]);
    told.world.ok(&org2, combined).await;
    told.proposal("combined", "both").await;
    let reason = "not before the audit";
    told.world.ok(&org2, reject_proposal("batch", reason)).await;
    told.proposal("rejected", "batch").await;
    let list = list_proposals().options(r#"{"conflicts":true,"all":true}"#);
    let list: ListAnswer = told.other("list", list).await;
    assert_eq!(list.proposals.len(), 5);

    let update = told.world.update_to_sign("add_orgx").await;
    let signature = add_signature("add_orgx", &org2.signed(&update));
    let signed = told.world.ok(&org2, signature).await;
    let _: SignedAnswer = check("AddSignature", &signed);
    let ready = told.proposal("ready", "add_orgx").await;
    assert!(ready.config_update_envelope_to_submit.is_some());

    let synced = told.world.ok(&org1, sync_config(&after("add-orgx"))).await;
    let _: SyncedAnswer = check("SyncConfig", &synced);
    assert!(
        told.proposal("done", "add_orgx")
            .await
            .status_detail
            .proof
            .is_some()
    );
    let stale = told.proposal("outofdate", "add_orgy").await;
    assert!(stale.status_detail.outdated_by.is_some());
    let _: HeadAnswer = told.other("head", get_config()).await;
    let chain: ChainAnswer = told.other("chain", get_config_chain()).await;
    assert_eq!(chain.chain.len(), 2);
    let _: SettingsAnswer = told.other("agreed", get_settings()).await;
    let _: CapabilitiesAnswer = told.other("capabilities", get_capabilities()).await;
    let list = list_proposals().options(r#"{"all":true}"#);
    let _: ListAnswer = told.other("later", list).await;

    let updated = told.world.ok(&org2, update_proposals()).await;
    let updated: UpdatedAnswer = check("UpdateProposals", &updated);
    assert!(!updated.recomputed.is_empty() && !updated.archived.is_empty());
    told.proposal("rebased", "add_orgy").await;
    told.proposal("archived", "add_orgx").await;
    told.world.ok(&org1, delete_proposal("gate")).await;
    let history: HistoryAnswer = told.other("history", get_history()).await;
    assert_eq!(history.history.len(), 2);

    kept(&serde_json::to_string_pretty(&told.answers).unwrap());
}

/// Compares with what the story's file holds.
#[expect(clippy::disallowed_methods, reason = "written again by hand")]
fn kept(now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(STORY);
    if env::var_os("CMSCC_WRITE_STORY").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("{now}\n")).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    assert!(
        kept.trim_end() == now,
        "{STORY} is not what the contract answers; write it again with CMSCC_WRITE_STORY=1"
    );
}

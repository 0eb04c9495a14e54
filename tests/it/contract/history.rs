//! The archive: nothing leaves it, and every ending can be read from it.

use serde_json::{Value, json};

use super::{
    blocks::checkpoint,
    calls::{
        add_organization, delete_proposal, get_history, reject_proposal, sync_config,
        update_proposals,
    },
    captures::{CAPTURES, after},
    patches::timeout,
    people::person,
    world::founded,
};

/// A checkpoint of the next sequence, in which the Application group has been written.
fn application_written(config: &[u8]) -> Vec<u8> {
    checkpoint(config, |config| {
        config.sequence += 1;
        let root = config.channel_group.as_mut().unwrap();
        root.groups.get_mut("Application").unwrap().version += 1;
    })
}

#[tokio::test]
async fn history_pages_in_ascending_order() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    let empty = world.ok(&org1, get_history()).await;
    assert_eq!(
        empty,
        json!({"as_of_sequence": 0, "bookmark": "", "history": [], "unsupported": []})
    );
    for (number, name) in ["id-e", "id-a", "id-d", "id-b", "id-c", "open"]
        .iter()
        .enumerate()
    {
        world
            .propose(&org1, name, &timeout(&format!("{}s", number + 3)))
            .await;
        if *name != "open" {
            world.ok(&org1, delete_proposal(name)).await;
        }
    }
    let mut seen = Vec::new();
    let mut bookmark = String::new();
    loop {
        let options = json!({"page_size": 2, "bookmark": bookmark}).to_string();
        let page = world.ok(&org1, get_history().options(&options)).await;
        let entries = page["history"].as_array().unwrap();
        assert!(entries.len() <= 2);
        for one in entries {
            seen.push(one["proposal_id"].as_str().unwrap().to_owned());
            assert_eq!(one["outcome"]["outcome"], "Withdrawn");
        }
        page["bookmark"].as_str().unwrap().clone_into(&mut bookmark);
        if bookmark.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["id-a", "id-b", "id-c", "id-d", "id-e"]);
    let of = |msp_id: &str| json!({ "msp_id": msp_id }).to_string();
    let page = world.ok(&org1, get_history().options(of("Org2MSP"))).await;
    assert_eq!(page["history"], json!([]));
}

#[tokio::test]
async fn an_entry_says_how_it_ended_who_signed_and_why_not() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org2, "add_orgy", "add-orgy").await;
    world.sign(&org1, "add_orgy").await;
    world.ok(&org1, sync_config(&after("add-orgx"))).await;
    world.ok(&org2, update_proposals()).await;
    let second = world.proposal("add_orgy").await;
    assert_eq!(second["revision"], 2);
    // who signed an earlier revision of the same intent
    assert_eq!(second["consent_trail"][0]["msp_id"], "Org1MSP");
    assert_eq!(second["consent_trail"][0]["revision"], 1);
    world.sign(&org2, "add_orgy").await;
    world
        .ok(&org1, reject_proposal("add_orgy", "not now"))
        .await;
    world.ok(&org2, delete_proposal("add_orgy")).await;

    let page = world.ok(&org1, get_history()).await;
    let entry = &page["history"][0];
    let outcome = &entry["outcome"];
    assert_eq!(outcome["outcome"], "Withdrawn");
    assert_eq!(outcome["proof"], Value::Null);
    assert_eq!(outcome["as_of_sequence"], 1);
    assert!(outcome["archived_at"].is_string() && outcome["tx_id"].is_string());
    assert_eq!(entry["proposer_msp_id"], "Org2MSP");
    // `GetProposal` shows who signed and who did not
    let kept = world.proposal("add_orgy").await;
    assert_eq!(kept["votes"][0]["reason"], "not now");
    assert_eq!(kept["votes"][0]["revision"], 2);
    let signers: Vec<&Value> = kept["signatures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|signer| &signer["msp_id"])
        .collect();
    assert_eq!(signers, [&json!("Org1MSP"), &json!("Org2MSP")]);
    let revisions = entry["revisions"].as_array().unwrap();
    assert_eq!(revisions.len(), 2);
    assert_eq!(revisions[0]["base_sequence"], 0);
    assert_eq!(
        revisions[1]["config_update_sha256"],
        second["config_update_sha256"]
    );

    // the update that was signed all the same takes effect: its digest proves it
    world.ok(&org1, sync_config(&after("add-orgy"))).await;
    let page = world.ok(&org1, get_history()).await;
    assert_eq!(page["as_of_sequence"], 2);
    let shown = world.proposal("add_orgy").await;
    assert_eq!(page["history"][0]["outcome"], shown["outcome"]);
    assert_eq!(shown["outcome"]["outcome"], "Submitted");
    assert_eq!(shown["outcome"]["proof"]["sequence"], 2);
    assert_eq!(shown["applied_revision"], 2);
}

#[tokio::test]
async fn history_shows_what_a_recovery_disowned() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, anchors) = founded().await;
    let before = world.config();
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.ok(&org2, sync_config(&after("add-orgx"))).await;
    world.ok(&org2, update_proposals()).await;
    let page = world.ok(&org1, get_history()).await;
    assert_eq!(page["history"][0]["outcome"]["outcome"], "Submitted");
    let other = checkpoint(&before, |config| config.sequence += 2);
    world.disown(&anchors, &other, (1, 1)).await;
    let page = world.ok(&org1, get_history()).await;
    assert_eq!(page["history"][0]["outcome"]["outcome"], "Disowned");
    assert_eq!(page["history"][0]["outcome"]["proof"], Value::Null);
    // the id stays used, the intent does not
    let org = CAPTURES[0].file("add-orgx/org.json");
    let call = add_organization("add_orgx", "OrgXMSP", &org);
    world.refused(&org1, call, "ID_USED").await;
    world.propose_org(&org1, "once_more", "add-orgx").await;
    assert_eq!(world.status("once_more").await, "WaitingForSignatures");
}

#[tokio::test]
async fn an_earlier_revision_that_took_effect_is_named() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, anchors) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    for who in [&org1, &org2] {
        world.sign(who, "add_orgx").await;
    }
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["still_effective_if_submitted"], json!([1]));
    // the Application group is written by a checkpoint and back: revision 1 is out of date meanwhile
    let genesis = world.config();
    let moved = application_written(&genesis);
    world.recover(&anchors, &moved).await;
    world.ok(&org1, update_proposals()).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["revision"], 2);
    assert_eq!(shown["still_effective_if_submitted"], json!([]));
    assert_eq!(shown["consent_trail"].as_array().unwrap().len(), 2);
    let back = checkpoint(&genesis, |config| config.sequence += 2);
    world.recover(&anchors, &back).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "Outofdate");
    assert_eq!(shown["still_effective_if_submitted"], json!([1]));
    assert_eq!(shown["applied_revision"], Value::Null);
    // somebody submits revision 1
    let update = world.first_update("add_orgx");
    let signatures = [&org1, &org2].map(|who| who.config_signature(&update));
    world.order_signed(&update, &signatures).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["applied_revision"], 1);
    assert_eq!(shown["revision"], 2);
    // the current revision's status is derived as usual: the config is as it wants it
    assert_eq!(shown["status"], "Submitted");
    assert_eq!(shown["status_detail"]["already_in_effect"], true);
    let before = world.ledger.clone();
    world.ok(&org1, delete_proposal("add_orgx")).await;
    let deleted = world.proposal("add_orgx").await["outcome"].clone();
    world.ledger = before;
    let updated = world.ok(&org1, update_proposals()).await;
    assert_eq!(updated["archived"][0]["outcome"], "Submitted");
    let shown = world.proposal("add_orgx").await["outcome"].clone();
    for outcome in [deleted, shown] {
        assert_eq!(outcome["outcome"], "Submitted");
        assert_eq!(outcome["proof"]["revision"], 1);
    }
    // what was archived with proof is disowned with it
    let other = checkpoint(&genesis, |config| config.sequence += 9);
    world.disown(&anchors, &other, (3, 3)).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["outcome"]["outcome"], "Disowned");
}

#[tokio::test]
async fn a_proposal_may_return_to_the_bytes_of_its_own_earlier_revision() {
    let org1 = person("Org1MSP");
    let (mut world, anchors) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    let first = world.proposal("add_orgx").await["config_update_sha256"].clone();
    let genesis = world.config();
    let moved = application_written(&genesis);
    world.recover(&anchors, &moved).await;
    world.ok(&org1, update_proposals()).await;
    assert_ne!(
        world.proposal("add_orgx").await["config_update_sha256"],
        first
    );
    let back = checkpoint(&genesis, |config| config.sequence += 2);
    world.recover(&anchors, &back).await;
    let answer = world.ok(&org1, update_proposals()).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["revision"], 3, "{answer:?}");
    assert_eq!(shown["config_update_sha256"], first);
}

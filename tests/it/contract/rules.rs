//! What may happen to a proposal, what each call reads, and who conflicts with whom.

use std::collections::BTreeSet;

use cmscc::{
    config::{ConfigSignature, envelope::update_envelope},
    ids::{BlockNumber, Digest},
    proto::orderer::BatchSize,
    stub::memory::Version,
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    blocks::checkpoint,
    calls::{
        add_organization, add_signature, combine_proposals, delete_proposal, get_config,
        get_proposal, list_proposals, propose_config_update, reconfig_organization_msp,
        reconfig_orgnization_msp, reject_proposal, sync_config, update_proposals,
        withdraw_proposal,
    },
    captures::{CAPTURES, after},
    patches::{of_admins, policy, timeout},
    people::{base64, new_admin, person},
    world::{Server, founded, founded_on, state_key, with_orgx},
};

#[tokio::test]
async fn a_signature_reads_what_it_must_and_no_more() {
    let mut world = with_orgx().await;
    let update = world.update_to_sign("add_orgx").await;
    let org1 = person("Org1MSP");
    let call = add_signature("add_orgx", &org1.signed(&update));
    let (added, set) = world.outcome(&org1, call).await;
    let slot = state_key(&[
        "position",
        "Org1MSP",
        "add_orgx",
        "00000000000000000001",
        "signatures",
        "Org1MSP",
    ]);
    let stance = state_key(&["stance", "Org1MSP", "add_orgx", "Org1MSP"]);
    let expected: BTreeSet<String> = [
        state_key(&["config", "head"]),
        state_key(&["config", "body"]),
        state_key(&["settings"]),
        state_key(&["proposal", "add_orgx"]),
        state_key(&["open", "Org1MSP", "add_orgx"]),
        stance.clone(),
    ]
    .into();
    let reads: BTreeSet<String> = set.reads.keys().cloned().collect();
    assert_eq!(reads, expected);
    assert!(set.ranges.is_empty());
    // blindly, besides: whoever signed is known from now on
    let mut writes: Vec<&String> = set.writes.keys().collect();
    writes.retain(|key| !key.starts_with(&state_key(&["known", "Org1MSP"])));
    assert_eq!((writes, set.writes.len()), (vec![&slot, &stance], 3));
    let event = set.event.unwrap();
    assert_eq!(event.name, "NewSignatureEvent");
    let payload: Value = serde_json::from_slice(&event.payload).unwrap();
    assert_eq!(payload["signers"], added["added"]);
}

#[tokio::test]
async fn two_signatures_in_one_block_both_count() {
    let mut world = with_orgx().await;
    let update = world.update_to_sign("add_orgx").await;
    let mut simulated = Vec::new();
    for who in [person("Org1MSP"), person("Org2MSP")] {
        let signature = who.signed(&update);
        let call = world.invocation(&who, add_signature("add_orgx", &signature));
        simulated.push(world.server.simulate(&world.ledger, &call).await.1);
    }
    for (tx, set) in simulated.iter().enumerate() {
        world
            .ledger
            .validate(set)
            .expect("neither invalidates the other");
        let version = Version {
            block: BlockNumber(100),
            tx: u64::try_from(tx).unwrap(),
        };
        world.ledger.commit(version, set);
    }
    assert_eq!(world.status("add_orgx").await, "ReadyToSubmit");
}

#[tokio::test]
async fn of_twenty_signatures_of_an_organisation_sixteen_are_kept() {
    let mut world = with_orgx().await;
    let update = world.update_to_sign("add_orgx").await;
    let signatures: Vec<ConfigSignature> = (0..20)
        .map(|n| new_admin("Org1MSP", &format!("Admin{n}")).config_signature(&update))
        .map(|signature| ConfigSignature {
            signature_header: signature.signature_header,
            signature: signature.signature,
        })
        .collect();
    let envelope = update_envelope(&world.channel, &update, &signatures);
    let org2 = person("Org2MSP");
    let added = world
        .ok(&org2, add_signature("add_orgx", &base64(&envelope)))
        .await;
    assert_eq!(added["added"].as_array().unwrap().len(), 16);
    let refused = added["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 4);
    assert_eq!(refused[0]["code"], "TOO_MANY_SIGNATURES");
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status_detail"]["missing"], json!(["Org2MSP"]));
    let counting = shown["signatures"].as_array().unwrap().iter();
    assert_eq!(counting.filter(|one| one["counts"] == true).count(), 16);
    world.sign(&org2, "add_orgx").await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "ReadyToSubmit");
}

#[tokio::test]
async fn of_the_first_false_signatures_is_said_what_they_are_on() {
    let (mut world, _) = founded().await;
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let own = policy("Application", "Own", &of_admins("ANY"));
    world.propose(&org1, "own", &own).await;
    let first = world.update_to_sign("own").await;
    world.sign(&org1, "own").await;
    let other = policy("Application", "Other", &of_admins("ANY"));
    world.propose(&org1, "other", &other).await;
    for who in [&org1, &org2] {
        world.sign(who, "other").await;
    }
    world.take_effect("other").await;
    world.ok(&org1, update_proposals()).await;
    let second = world.update_to_sign("own").await;
    assert_ne!(first, second);
    let mut signatures = vec![org2.config_signature(&first); 100];
    signatures.push(org2.config_signature(&second));
    let signatures: Vec<ConfigSignature> = (signatures.into_iter())
        .map(|signature| ConfigSignature {
            signature_header: signature.signature_header,
            signature: signature.signature,
        })
        .collect();
    let envelope = update_envelope(&world.channel, &second, &signatures);
    let added = world
        .ok(&org2, add_signature("own", &base64(&envelope)))
        .await;
    assert_eq!(added["added"].as_array().unwrap().len(), 1);
    let refused = added["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 100);
    for (place, one) in refused.iter().enumerate() {
        assert_eq!(one["code"], "SIGNATURE_INVALID");
        let reason = one["reason"].as_str().unwrap();
        let is_said = reason.starts_with("it is a signature on revision 1,");
        assert_eq!(is_said, place < 8, "{place}: {reason}");
    }
}

#[tokio::test]
async fn a_sync_invalidates_a_signature_in_flight() {
    let mut world = with_orgx().await;
    let update = world.update_to_sign("add_orgx").await;
    let org1 = person("Org1MSP");
    let signature = org1.signed(&update);
    let call = world.invocation(&org1, add_signature("add_orgx", &signature));
    let (_, set) = world.server.simulate(&world.ledger, &call).await;
    world.ok(&org1, sync_config(&after("add-orgx"))).await;
    assert!(world.ledger.validate(&set).is_err());
}

#[tokio::test]
async fn a_sync_touches_no_proposal() {
    let mut world = with_orgx().await;
    let sync = sync_config(&after("add-orgx"));
    let (_, set) = world.outcome(&person("Org2MSP"), sync).await;
    assert!(set.ranges.is_empty());
    for name in set.reads.keys().chain(set.writes.keys()) {
        assert!(!name.starts_with("\0proposal\0"), "{name:?}");
    }
    let update = Digest::of(
        &super::world::update_envelope(&CAPTURES[0].file("add-orgx/envelope_onchain.pb"))
            .config_update,
    )
    .to_string();
    let written: BTreeSet<String> = set.writes.keys().cloned().collect();
    let expected: BTreeSet<String> = [
        state_key(&["config", "head"]),
        state_key(&["config", "body"]),
        state_key(&["config", "policies", "00000000000000000001"]),
        state_key(&["config", "seq", "00000000000000000001"]),
        state_key(&["applied", &update]),
        state_key(&["member", "attested", "Application", "OrgXMSP"]),
        state_key(&["member", "since", "Application", "OrgXMSP"]),
    ]
    .into();
    assert_eq!(written, expected);
}

#[tokio::test]
async fn withdrawn_is_over_but_nothing_unsigns() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let mut world = with_orgx().await;
    world.sign(&org1, "add_orgx").await;
    world.sign(&org2, "add_orgx").await;
    let update = world.update_to_sign("add_orgx").await;
    let signature = org1.signed(&update);
    let ended = world.ok(&org1, withdraw_proposal("add_orgx")).await;
    assert_eq!(
        ended,
        json!({"as_of_sequence": 0, "proposal_id": "add_orgx"})
    );
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "Withdrawn");
    assert_eq!(shown["still_effective_if_submitted"], json!([1]));
    assert_eq!(shown["config_update_envelope_to_submit"], Value::Null);
    for call in [
        withdraw_proposal("add_orgx"),
        add_signature("add_orgx", &signature),
    ] {
        let message = world.refused(&org1, call, "WRONG_STATUS").await;
        assert!(message.contains("`Withdrawn`"), "{message}");
    }
    // the same change may be proposed again, under another id
    let org = CAPTURES[0].file("add-orgx/org.json");
    world
        .ok(&org2, add_organization("orgx_again", "OrgXMSP", &org))
        .await;
    // nor does the archive
    let before = world.ledger.clone();
    world.ok(&org1, delete_proposal("add_orgx")).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["archived"], true);
    assert_eq!(shown["still_effective_if_submitted"], json!([1]));
    world.ok(&org2, sync_config(&after("add-orgx"))).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "Submitted");
    assert_eq!(shown["still_effective_if_submitted"], json!([]));
    world.ledger = before;
    // somebody submitted it all the same
    world.ok(&org2, sync_config(&after("add-orgx"))).await;
    assert_eq!(world.status("add_orgx").await, "Submitted");
    assert_eq!(world.status("orgx_again").await, "Submitted");
    world
        .refused(&org1, withdraw_proposal("add_orgx"), "WRONG_STATUS")
        .await;
}

#[tokio::test]
async fn deleted_ids_are_archived_and_never_used_again() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let mut world = with_orgx().await;
    world.sign(&org2, "add_orgx").await;
    world.ok(&org1, delete_proposal("add_orgx")).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["archived"], true);
    assert_eq!(shown["status"], "Withdrawn");
    assert_eq!(shown["outcome"]["outcome"], "Withdrawn");
    assert_eq!(shown["signatures"][0]["msp_id"], "Org2MSP");
    let kept: Vec<&str> = world
        .ledger
        .iter()
        .map(|(key, _)| key)
        .filter(|key| key.starts_with("\0open\0"))
        .collect();
    assert!(kept.is_empty(), "{kept:?}");
    let org = CAPTURES[0].file("add-orgx/org.json");
    let again = add_organization("add_orgx", "OrgXMSP", &org);
    world.refused(&org1, &again, "ID_USED").await;
    world
        .refused(&org1, delete_proposal("add_orgx"), "ID_USED")
        .await;
    world
        .refused(&org1, withdraw_proposal("add_orgx"), "WRONG_STATUS")
        .await;
    // its digest proves it in effect when it is submitted later
    world.ok(&org2, sync_config(&after("add-orgx"))).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "Submitted");
    assert_eq!(shown["outcome"]["proof"]["sequence"], 1);
}

#[tokio::test]
async fn what_a_recovery_brings_is_in_effect_without_proof() {
    let org1 = person("Org1MSP");
    let (mut world, anchors) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.recover(&anchors, &after("add-orgx")).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "Submitted");
    assert_eq!(shown["status_detail"]["already_in_effect"], true);
    assert_eq!(shown["status_detail"]["proof"], Value::Null);
    let updated = world.ok(&org1, update_proposals()).await;
    assert_eq!(
        updated["archived"],
        json!([{"outcome": "AlreadyInEffect", "proposal_id": "add_orgx"}])
    );
}

#[tokio::test]
async fn what_a_recovery_undid_can_take_effect_again() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, anchors) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    for who in [&org1, &org2] {
        world.sign(who, "add_orgx").await;
    }
    let before = world.config();
    world.ok(&org1, sync_config(&after("add-orgx"))).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["still_effective_if_submitted"], json!([]));
    // the operators disown nothing, but set a config in which it has no effect
    let undone = checkpoint(&before, |config| config.sequence += 2);
    world.recover(&anchors, &undone).await;
    // an orderer would take it once more, so it is open once more; it still proves how it ended
    for (status, archived) in [("ReadyToSubmit", false), ("Submitted", true)] {
        let shown = world.proposal("add_orgx").await;
        assert_eq!(
            (&shown["status"], &shown["archived"]),
            (&json!(status), &json!(archived))
        );
        assert_eq!(shown["still_effective_if_submitted"], json!([1]));
        assert_eq!(shown["applied_revision"], 1);
        if !archived {
            world.ok(&org1, delete_proposal("add_orgx")).await;
        }
    }
}

#[tokio::test]
async fn what_is_proven_on_a_false_branch_is_disowned() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, anchors) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.ok(&org2, sync_config(&after("add-orgx"))).await;
    world.ok(&org1, delete_proposal("add_orgx")).await;
    assert_eq!(world.status("add_orgx").await, "Submitted");
    world.disown(&anchors, &after("add-orgy"), (1, 1)).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["outcome"]["outcome"], "Disowned");
    assert_eq!(shown["outcome"]["proof"], Value::Null);
}

#[tokio::test]
async fn deadlines_expire_and_sign_all_the_same() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    let org = CAPTURES[0].file("add-orgx/org.json");
    let mut call = world.invocation(&org1, get_config());
    call.timestamp.seconds += 10;
    let at = |seconds: i64| {
        let time = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        time.format(&time::format_description::well_known::Rfc3339)
            .unwrap()
    };
    let deadline = at(call.timestamp.seconds);
    let options = json!({ "deadline": deadline }).to_string();
    world
        .ok(
            &org1,
            add_organization("add_orgx", "OrgXMSP", &org).options(&options),
        )
        .await;
    world.sign(&org1, "add_orgx").await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "WaitingForSignatures");
    assert_eq!(shown["deadline"], deadline);
    assert_eq!(world.status_in(100, "add_orgx").await, "Expired");
    let update = world.update_to_sign("add_orgx").await;
    let signature = org2.signed(&update);
    let mut late = world.invocation(&org2, add_signature("add_orgx", &signature));
    late.timestamp.seconds += 100;
    assert!(world.submit(&late).await.0.is_success());
}

#[tokio::test]
async fn conflicts_are_left_until_asked_for() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let mut world = with_orgx().await;
    // Org2 wants the same organisation with other anchor peers
    let org = String::from_utf8(CAPTURES[0].file("add-orgx/org.json")).unwrap();
    let other = org.replace("17081", "17082");
    assert_ne!(org, other);
    world
        .ok(
            &org2,
            add_organization("other_orgx", "OrgXMSP", other.as_bytes()),
        )
        .await;
    world.ok(&org2, sync_config(&after("add-orgx"))).await;
    let shown = world.proposal("other_orgx").await;
    assert_eq!(shown["status"], "Outofdate");
    assert_eq!(shown["status_detail"]["rebases"], false);
    let conflict = &shown["status_detail"]["conflicts"][0];
    assert_eq!(conflict["element"], "[Group]  /Channel/Application/OrgXMSP");
    assert_eq!(conflict["base_sha256"], Value::Null);
    assert_ne!(conflict["current_sha256"], conflict["ours_sha256"]);

    let updated = world.ok(&org2, update_proposals()).await;
    assert_eq!(updated["recomputed"], json!([]));
    assert_eq!(updated["archived"][0]["proposal_id"], "add_orgx");
    assert_eq!(updated["left"][0]["proposal_id"], "other_orgx");
    assert_eq!(updated["left"][0]["status"], "Outofdate");
    // not by another organisation
    let updated = world.ok(&org1, update_proposals().mode(15)).await;
    assert_eq!(
        (&updated["left"], &updated["others"]),
        (&json!([]), &json!(1))
    );
    let named = update_proposals().mode(15).only(&["other_orgx"]);
    let updated = world.ok(&org1, named).await;
    assert_eq!(updated["recomputed"], json!([]));
    assert!(
        updated["left"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("Org2MSP")
    );
    let updated = world.ok(&org2, update_proposals().mode(8)).await;
    assert_eq!(updated["recomputed"][0]["revision"], 2);
    assert_eq!(&updated["recomputed"][0]["conflicts"][0], conflict);
    assert_eq!(world.status("other_orgx").await, "WaitingForSignatures");
}

#[tokio::test]
async fn an_organisation_changes_its_own_msp() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    let config = world.ok(&org1, get_config()).await;
    let groups = &config["config"]["channel_group"]["groups"]["Application"]["groups"];
    let mut value = groups["Org1MSP"]["values"]["MSP"].clone();
    // what is pasted from a live channel carries a version
    value["version"] = "7".into();
    value["value"]["config"]["tls_root_certs"] = json!([]);
    let call = reconfig_orgnization_msp("new_msp", &value);
    world.refused(&org2, &call, "BAD_MSP").await;
    world.ok(&org1, &call).await;
    let shown = world.proposal("new_msp").await;
    assert_eq!(shown["status"], "WaitingForSignatures");
    assert_eq!(shown["status_detail"]["missing"], json!(["Org1MSP"]));
    // who has no say cannot sign
    let update = world.update_to_sign("new_msp").await;
    let signature = org2.signed(&update);
    world
        .refused(
            &org2,
            add_signature("new_msp", &signature),
            "SIGNER_NOT_CONCERNED",
        )
        .await;
    world.sign(&org1, "new_msp").await;
    assert_eq!(world.status("new_msp").await, "ReadyToSubmit");
    // what changes nothing is no proposal
    value["value"]["config"] = groups["Org1MSP"]["values"]["MSP"]["value"]["config"].clone();
    world
        .refused(
            &org1,
            reconfig_organization_msp("same", &value),
            "NOTHING_TO_CHANGE",
        )
        .await;
}

#[tokio::test]
async fn an_unrelated_change_keeps_signatures_alive() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let orderer = person("OrdererMSP");
    let mut world = with_orgx().await;
    let patch = r#"{"channel_group":{"groups":{"Orderer":{"values":{"BatchTimeout":{"value":{"timeout":"3s"}}}}}}}"#;
    world
        .ok(&org1, propose_config_update("timeout", patch))
        .await;
    let config = world.ok(&org1, get_config()).await;
    let groups = &config["config"]["channel_group"]["groups"]["Application"]["groups"];
    let mut value = groups["Org1MSP"]["values"]["MSP"].clone();
    value["value"]["config"]["tls_root_certs"] = json!([]);
    world
        .ok(&org1, reconfig_organization_msp("new_msp", &value))
        .await;
    // orderer organisations cannot call: any member carries their signature
    let update = world.update_to_sign("timeout").await;
    let signature = orderer.signed(&update);
    world.ok(&org2, add_signature("timeout", &signature)).await;
    world.sign(&org1, "new_msp").await;
    assert_eq!(world.status("timeout").await, "ReadyToSubmit");
    assert_eq!(world.status("new_msp").await, "ReadyToSubmit");
    world.ok(&org2, sync_config(&after("add-orgx"))).await;
    // the version of the Application group moved on: only what reads it is out of date
    assert_eq!(world.status("timeout").await, "ReadyToSubmit");
    let shown = world.proposal("new_msp").await;
    assert_eq!(shown["status"], "Outofdate");
    assert_eq!(shown["status_detail"]["rebases"], true);
}

#[tokio::test]
async fn lists_page_by_proposer_then_by_id() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    for name in ["e", "a", "d", "b", "c"] {
        let extra = policy("Application", name, &of_admins("ANY"));
        let who = person(if name == "b" { "Org2MSP" } else { "Org1MSP" });
        let id = format!("id-{name}");
        world.propose(&who, &id, &extra).await;
    }
    let mut seen = Vec::new();
    let mut bookmark = String::new();
    loop {
        let options = json!({"page_size": 2, "bookmark": bookmark}).to_string();
        let page = world.ok(&org1, list_proposals().options(&options)).await;
        assert_eq!(page["as_of_sequence"], 0);
        for one in page["proposals"].as_array().unwrap() {
            seen.push(one["proposal_id"].as_str().unwrap().to_owned());
        }
        page["bookmark"].as_str().unwrap().clone_into(&mut bookmark);
        if bookmark.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["id-a", "id-c", "id-d", "id-e", "id-b"]);
    for (options, expected) in [
        (json!({"msp_id": "Org2MSP"}), vec!["id-b"]),
        (json!({"status": "ReadyToSubmit"}), vec![]),
        (
            json!({"status": "WaitingForSignatures", "page_size": 1}),
            vec!["id-a"],
        ),
    ] {
        let page = world
            .ok(&org1, list_proposals().options(options.to_string()))
            .await;
        let ids: Vec<&str> = page["proposals"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["proposal_id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, expected, "{options}");
    }
}

#[tokio::test]
async fn what_no_orderer_could_take_is_broken_everywhere() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (first, _) = founded().await;
    // a channel that takes transactions of no more than the config, and little beside it
    let room = checkpoint(&first.config(), |config| {
        let length = u32::try_from(config.encoded_len()).unwrap();
        let root = config.channel_group.as_mut().unwrap();
        let orderer = root.groups.get_mut("Orderer").unwrap();
        let size = orderer.values.get_mut("BatchSize").unwrap();
        let mut batch = BatchSize::decode(size.value.clone()).unwrap();
        batch.absolute_max_bytes = length + 1_500;
        batch.preferred_max_bytes = batch.preferred_max_bytes.min(length);
        size.value = batch.encode_to_vec().into();
    });
    let (mut world, _) = founded_on(&room).await;
    world.propose(&org1, "small", &timeout("9s")).await;
    world.propose_org(&org1, "large", "add-orgx").await;
    assert_ne!(world.status("small").await, "Broken");
    let shown = world.proposal("large").await;
    assert_eq!(shown["status"], "Broken");
    let why = shown["status_detail"]["why"].as_str().unwrap().to_owned();
    let update = world.update_to_sign("large").await;
    for call in [
        add_signature("large", &org1.signed(&update)),
        reject_proposal("large", "no"),
        combine_proposals("both", &["small", "large"]),
    ] {
        world.refused(&org2, call, "WRONG_STATUS").await;
    }
    let left = world.ok(&org1, update_proposals()).await["left"].clone();
    let left = left.as_array().unwrap().iter();
    let left: Vec<_> = left.filter(|one| one["proposal_id"] == "large").collect();
    assert_eq!(left[0]["status"], "Broken");
    assert!(left[0]["reason"].as_str().unwrap().contains(&why));
    let listed = list_proposals().options(r#"{"status":"Broken"}"#);
    let listed = world.ok(&org1, listed).await;
    assert_eq!(listed["proposals"][0]["proposal_id"], "large");
    let updated = world.ok(&org1, update_proposals().mode(1)).await;
    assert_eq!(
        updated["archived"],
        json!([{"outcome": "Broken", "proposal_id": "large"}])
    );
}

#[tokio::test]
async fn an_update_of_ones_own_meets_nobody_elses_proposals() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.propose_org(&org1, "add_orgy", "add-orgy").await;
    world.ok(&org2, sync_config(&after("add-orgx"))).await;
    let own = update_proposals()
        .mode(6)
        .and("")
        .and(r#"{"msp_id":"Org1MSP"}"#);
    let all = update_proposals().mode(6).and("").and("");
    let simulated = [own, all].map(|call| world.invocation(&org1, call));
    let mut sets = Vec::new();
    for call in &simulated {
        let (response, set) = world.server.simulate(&world.ledger, call).await;
        assert!(response.is_success(), "{}", response.message);
        sets.push(set);
    }
    world.propose(&org2, "between", &timeout("9s")).await;
    world.ledger.validate(&sets[0]).expect("no conflict");
    assert!(world.ledger.validate(&sets[1]).is_err());
    let other = update_proposals()
        .mode(6)
        .and("")
        .and(r#"{"msp_id":"Org2MSP"}"#);
    let updated = world.ok(&org2, other).await;
    assert_eq!(updated["left"][0]["proposal_id"], "between");
    assert_eq!(updated["others"], 0);
}

#[tokio::test]
async fn a_signer_whose_time_is_over_counts_and_is_marked() {
    let mut world = with_orgx().await;
    let org1 = person("Org1MSP");
    world.sign(&org1, "add_orgx").await;
    for (seconds, expired) in [(0, false), (4_000_000_000, true)] {
        let mut call = world.invocation(&org1, get_proposal("add_orgx"));
        call.timestamp.seconds += seconds;
        let (shown, _) = world.outcome_of(&call).await;
        let signature = &shown["signatures"][0];
        assert_eq!(signature["expired"], expired, "{signature}");
        assert_eq!(signature["counts"], true, "{signature}");
    }
}

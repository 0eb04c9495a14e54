//! `CheckProposal`: what `GetProposal` shows of the proposal just made, and nothing written.

use serde_json::{Value, json};

use super::{
    calls::{
        Call, add_organization, add_orgnization, check_proposal, cmcc, combine_proposals,
        get_config, get_proposal, propose_config, propose_config_update, propose_patch,
        propose_settings, reconfig_organization_msp, reconfig_orgnization_msp,
    },
    captures::CAPTURES,
    metadata::check_answer,
    patches::{of_admins, policy, timeout},
    people::{base64, person, user},
    settings::ENFORCED,
    world::{Server, founded, trusting, with_orgx},
};

#[tokio::test]
async fn it_shows_what_getproposal_will_and_writes_nothing() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let mut world = with_orgx().await;
    world.propose(&org2, "timeout", &timeout("9s")).await;
    world.propose(&org2, "other", &timeout("7s")).await;
    let org = CAPTURES[0].file("add-orgx/org.json");
    let orgy = CAPTURES[0].file("add-orgy/org.json");
    let update = base64(&CAPTURES[0].file("add-orgx/config_update.pb"));
    let envelope = base64(&CAPTURES[0].file("add-orgx/envelope_signed.pb"));
    let mut config = world.ok(&org1, get_config()).await["config"].take();
    let root = &mut config["channel_group"];
    let mut msp = root["groups"]["Application"]["groups"]["Org2MSP"]["values"]["MSP"].clone();
    msp["value"]["config"]["tls_root_certs"] = json!([]);
    root["groups"]["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"] = json!("3s");
    let extra = policy("Application", "Extra", &of_admins("ANY"));
    let patch = json!({ "channel_group": extra }).to_string();
    let with_deadline =
        propose_config_update("late", &patch).options(r#"{"deadline":"2099-01-31T12:00:00Z"}"#);
    let mut blocking = 0;
    for call in [
        propose_patch("patch", &extra),
        with_deadline,
        propose_patch("excluded", &timeout("8s")),
        propose_patch(
            "broken",
            &policy("Orderer", "BlockValidation", &json!({"version": 2})),
        ),
        propose_config_update("update", &update),
        propose_config_update("envelope", &envelope),
        propose_config("config", &config.to_string()),
        add_organization("add", "OrgYMSP", &orgy),
        add_orgnization("add", "OrgXMSP", &org),
        reconfig_organization_msp("msp", &msp),
        reconfig_orgnization_msp("msp", &msp),
        combine_proposals("both", &["add_orgx", "timeout"]),
        propose_settings("settings", ENFORCED),
        cmcc::propose_config_update("cmcc", &update),
    ] {
        let id = String::from_utf8(call.clone().into_args()[1].to_vec()).unwrap();
        let checked = world.invocation(&org2, check_proposal(&call));
        let (response, set) = world.server.simulate(&world.ledger, &checked).await;
        let made = world.invocation(&org2, &call);
        let (mut after, answered) = (world.with(trusting()), call.function());
        let (done, _) = after.submit(&made).await;
        if !done.is_success() {
            assert_eq!(response.message, done.message, "{answered} {id}");
            assert!(id == "broken", "{}", done.message);
            continue;
        }
        assert!(response.is_success(), "{answered}: {}", response.message);
        assert!(set.writes.is_empty() && set.event.is_none());
        let check: Value = serde_json::from_slice(&response.payload).unwrap();
        check_answer("CheckProposal", &check).await;
        let shown = after.ok(&org2, get_proposal(&id)).await;
        assert_eq!(check, shown, "{answered} {id}");
        assert_eq!(check["signatures"], json!([]));
        if check["kind"] == "config_update" {
            assert!(check["diff"]["changes"][0]["text"].is_string(), "{id}");
            assert!(check["lint"]["findings"].is_array(), "{id}");
            blocking += usize::from(check["conflicts"]["excludes_count"] != json!(0));
        }
        assert!(check["explanation"][0]["policy"].is_string(), "{id}");
        assert_ne!(check["status_detail"]["missing"], json!([]), "{id}");
    }
    assert!(blocking >= 2, "{blocking}");
}

#[tokio::test]
async fn it_is_refused_as_the_function_would_be() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    let extra = policy("Application", "Extra", &of_admins("ANY"));
    world.propose(&org1, "taken", &extra).await;
    let removed = json!({"groups": {"Application": {"version": "1", "mod_policy": "Admins"}}});
    let orderer = person("OrdererMSP");
    let nobody = user("Org1MSP", "User1");
    for (who, call, symbol) in [
        (&org1, propose_patch("taken", &timeout("3s")), "ID_USED"),
        (&org1, propose_patch("again", &extra), "UPDATE_TAKEN"),
        (&org1, propose_patch("x", &extra), "BAD_ID"),
        (&org1, propose_patch("pasted", &removed), "BAD_PATCH"),
        (
            &org1,
            propose_patch("none", &json!({})),
            "NOTHING_TO_CHANGE",
        ),
        (&org1, propose_config_update("none", "{"), "BAD_JSON"),
        (&org1, propose_config("none", "{}"), "BAD_PROTOBUF"),
        (
            &org1,
            Call::of("ProposeConfig").and("none"),
            "ARGUMENT_COUNT",
        ),
        (
            &org1,
            combine_proposals("both", &["taken", "none"]),
            "UNKNOWN_PROPOSAL",
        ),
        (&org1, propose_settings("none", "{}"), "NOTHING_TO_CHANGE"),
        (&org1, Call::of("Nothing"), "UNKNOWN_FUNCTION"),
        (
            &orderer,
            propose_patch("other", &timeout("3s")),
            "NOT_MEMBER",
        ),
        (&nobody, propose_patch("other", &timeout("3s")), "NOT_ADMIN"),
    ] {
        let message = world.refused(who, &call, symbol).await;
        let checked = world.refused(who, check_proposal(&call), symbol).await;
        assert_eq!(checked, message);
    }
    for call in [
        get_config(),
        get_proposal("taken"),
        Call::of("CheckProposal"),
    ] {
        let message = world
            .refused(&org1, check_proposal(call), "UNKNOWN_FUNCTION")
            .await;
        assert!(message.contains("makes no proposal"), "{message}");
    }
    world
        .refused(&org1, Call::of("CheckProposal"), "ARGUMENT_COUNT")
        .await;
}

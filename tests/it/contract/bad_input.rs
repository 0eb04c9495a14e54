//! Bad input for every function: each its own symbol, and nothing written.

use bytes::Bytes;
use cmscc::{
    block::ConfigBlock,
    capabilities::ContractBounds,
    config::{Patch, compute_update},
    contract::{CallLimits, Contract, ContractSettings, NoObserver, function_names},
    proto::common,
    stub::Invocation,
};
use prost::Message;
use serde_json::json;
use std::sync::Arc;

use super::{
    calls::{
        Call, add_organization, add_signature, attest_capabilities, combine_proposals,
        delete_proposal, export_proposal, get_capabilities, get_config, get_config_chain,
        get_proposal, init_consortium, list_proposals, prepare_attestation, propose_config_update,
        raw, reconfig_organization_msp, recover_config, reject_proposal, sync_config,
        update_proposals, withdraw_proposal,
    },
    captures::CAPTURES,
    patches::nested,
    people::{base64, new_user, person, user},
    world::{TestAnchors, World, contract, founded, trusting},
};

const PATCH: &str = r#"{"channel_group":{"groups":{"Application":{"policies":{"Extra":{
    "mod_policy":"Admins","policy":{"type":3,"value":{"rule":"ANY","sub_policy":"Admins"}}}}}}}}"#;

/// A channel with one proposal, `taken`, by Org1.
async fn world() -> World<Contract> {
    let (mut world, _) = founded().await;
    let propose = propose_config_update("taken", PATCH);
    world.ok(&person("Org1MSP"), propose).await;
    world
}

#[tokio::test]
async fn every_function_refuses_bad_arguments() {
    let mut world = world().await;
    let org1 = person("Org1MSP");
    let genesis = CAPTURES[0].genesis();
    let org = CAPTURES[0].file("add-orgx/org.json");
    let org = std::str::from_utf8(&org).unwrap();
    let msp = serde_json::from_str::<serde_json::Value>(org).unwrap()["values"]["MSP"].to_string();
    let no_msp = r#"{"groups":{},"values":{},"policies":{},"mod_policy":"Admins"}"#;
    let junk = base64(b"\xff\xff\xff");
    let junk = junk.as_str();
    let hex = "ab".repeat(32);
    let long = "x".repeat(5000);
    let deep = "[".repeat(5000);
    let deep_object = format!(
        "{}1{}",
        r#"{"channel_group":"#.repeat(5000),
        "}".repeat(5000)
    );
    let past = r#"{"deadline":"1999-01-01T00:00:00Z"}"#;
    assert!(std::str::from_utf8(&genesis).is_err(), "a block is no text");

    let cases: &[(&[&str], &str)] = &[
        (&["NoSuchFunction"], "UNKNOWN_FUNCTION"),
        (&[""], "UNKNOWN_FUNCTION"),
        (&["initconsortium"], "UNKNOWN_FUNCTION"),
        // blocks
        (&["InitConsortium"], "ARGUMENT_COUNT"),
        (&["SyncConfig"], "ARGUMENT_COUNT"),
        (&["SyncConfig", "abc"], "BAD_BASE64"),
        (&["SyncConfig", junk], "BAD_BLOCK"),
        (&["SyncConfig", "\u{1}not a block"], "BAD_BLOCK"),
        (&["SyncConfig", &hex], "TRANSIENT_MISSING"),
        (&["RecoverConfig"], "ARGUMENT_COUNT"),
        (&["RecoverConfig", "abc"], "BAD_BASE64"),
        (&["RecoverConfig", junk], "BAD_BLOCK"),
        (&["RecoverConfig", "abcd", "1", "2"], "ARGUMENT_COUNT"),
        // proposals by patch or update
        (&["ProposeConfigUpdate"], "ARGUMENT_COUNT"),
        (&["ProposeConfigUpdate", "new"], "ARGUMENT_COUNT"),
        (&["ProposeConfigUpdate", "new", PATCH], "ARGUMENT_COUNT"),
        (
            &["ProposeConfigUpdate", "new", PATCH, "d", "{}", "x"],
            "ARGUMENT_COUNT",
        ),
        (&["ProposeConfigUpdate", "n w", PATCH, "d"], "BAD_ID"),
        (
            &["ProposeConfigUpdate", "new", PATCH, &long],
            "DESCRIPTION_TOO_LONG",
        ),
        (&["ProposeConfigUpdate", "new", PATCH, "d", "{"], "BAD_JSON"),
        (
            &["ProposeConfigUpdate", "new", PATCH, "d", "[]"],
            "BAD_JSON",
        ),
        (
            &["ProposeConfigUpdate", "new", PATCH, "d", r#"{"x":1}"#],
            "BAD_OPTION",
        ),
        (
            &["ProposeConfigUpdate", "new", PATCH, "d", past],
            "BAD_DEADLINE",
        ),
        (&["ProposeConfigUpdate", "new", "{", "d"], "BAD_JSON"),
        (
            &["ProposeConfigUpdate", "new", r#"{"a":1}"#, "d"],
            "BAD_JSON",
        ),
        (
            &["ProposeConfigUpdate", "new", &deep_object, "d"],
            "BAD_JSON",
        ),
        (&["ProposeConfigUpdate", "new", &deep, "d"], "BAD_BASE64"),
        (&["ProposeConfigUpdate", "new", "{}", "d"], "BAD_PATCH"),
        (
            &[
                "ProposeConfigUpdate",
                "new",
                r#"{"channel_group":{"version":"7"}}"#,
                "d",
            ],
            "BAD_PATCH",
        ),
        (
            &[
                "ProposeConfigUpdate",
                "new",
                r#"{"channel_group":{"groups":{"Application":{"groups":{"New":{}}}}}}"#,
                "d",
            ],
            "BAD_PATCH",
        ),
        (&["ProposeConfigUpdate", "new", "a===", "d"], "BAD_BASE64"),
        (&["ProposeConfigUpdate", "new", junk, "d"], "BAD_PROTOBUF"),
        (&["ProposeConfigUpdate", "taken", PATCH, "d"], "ID_USED"),
        (&["ProposeConfigUpdate", "new", PATCH, "d"], "UPDATE_TAKEN"),
        // organisations
        (&["AddOrganization", "new", "OrgX", org], "ARGUMENT_COUNT"),
        (&["AddOrganization", "x", "OrgX", org, "d"], "BAD_ID"),
        (&["AddOrganization", "new", "Org X", org, "d"], "BAD_NAME"),
        (&["AddOrganization", "new", "..", org, "d"], "BAD_NAME"),
        (&["AddOrganization", "new", "OrgX", "{", "d"], "BAD_JSON"),
        (&["AddOrganization", "new", "OrgX", "[]", "d"], "BAD_JSON"),
        (&["AddOrganization", "new", "OrgX", &deep, "d"], "BAD_JSON"),
        (&["AddOrganization", "new", "OrgX", no_msp, "d"], "BAD_MSP"),
        (
            &["AddOrganization", "new", "Org1MSP", org, "d"],
            "ORGANIZATION_EXISTS",
        ),
        (&["AddOrgnization", "taken", "OrgX", org, "d"], "ID_USED"),
        (&["ReconfigOrganizationMSP", "new", &msp], "ARGUMENT_COUNT"),
        (&["ReconfigOrganizationMSP", "!", &msp, "d"], "BAD_ID"),
        (&["ReconfigOrganizationMSP", "new", "{", "d"], "BAD_JSON"),
        (&["ReconfigOrganizationMSP", "new", "x", "d"], "BAD_JSON"),
        (&["ReconfigOrganizationMSP", "new", &msp, "d"], "BAD_MSP"),
        (&["ReconfigOrgnizationMSP", "taken", &msp, "d"], "ID_USED"),
        // signatures
        (&["AddSignature", "taken"], "ARGUMENT_COUNT"),
        (&["AddSignature", "taken", "x", "y"], "ARGUMENT_COUNT"),
        (&["AddSignature", "a", "abcd"], "BAD_ID"),
        (&["AddSignature", "none", "CgFhEgFi"], "UNKNOWN_PROPOSAL"),
        (&["AddSignature", "taken", "{"], "BAD_JSON"),
        (&["AddSignature", "taken", "abc"], "BAD_BASE64"),
        (&["AddSignature", "taken", junk], "BAD_PROTOBUF"),
        (&["AddSignature", "taken", "CgFhEgFi"], "BAD_PROTOBUF"),
        // combining
        (&["CombineProposals", "new", "[]"], "ARGUMENT_COUNT"),
        (&["CombineProposals", "!", "[]", "d"], "BAD_ID"),
        (&["CombineProposals", "new", "{}", "d"], "BAD_JSON"),
        (&["CombineProposals", "new", "[]", "d"], "TOO_FEW"),
        (&["CombineProposals", "new", r#"["a"]"#, "d"], "BAD_ID"),
        (
            &["CombineProposals", "new", r#"["taken","none"]"#, "d"],
            "UNKNOWN_PROPOSAL",
        ),
        // ends
        (&["RejectProposal", "taken"], "ARGUMENT_COUNT"),
        (&["RejectProposal", "taken", "r", "x"], "ARGUMENT_COUNT"),
        (&["RejectProposal", "!", "r"], "BAD_ID"),
        (&["RejectProposal", "none", "r"], "UNKNOWN_PROPOSAL"),
        (&["RejectProposal", "taken", &long], "REASON_TOO_LONG"),
        (&["WithdrawProposal"], "ARGUMENT_COUNT"),
        (&["WithdrawProposal", "taken", "x"], "ARGUMENT_COUNT"),
        (&["WithdrawProposal", "!"], "BAD_ID"),
        (&["WithdrawProposal", "none"], "UNKNOWN_PROPOSAL"),
        (&["DeleteProposal"], "ARGUMENT_COUNT"),
        (&["DeleteProposal", "!"], "BAD_ID"),
        (&["DeleteProposal", "none"], "UNKNOWN_PROPOSAL"),
        (&["UpdateProposals", "0"], "BAD_MODE"),
        (&["UpdateProposals", "16"], "BAD_MODE"),
        (&["UpdateProposals", "-1"], "BAD_NUMBER"),
        (&["UpdateProposals", "6", "{}"], "BAD_JSON"),
        (&["UpdateProposals", "6", "[1]"], "BAD_JSON"),
        (&["UpdateProposals", "6", &deep], "BAD_JSON"),
        (&["UpdateProposals", "6", r#"["!"]"#], "BAD_ID"),
        (&["UpdateProposals", "6", r#"["none"]"#], "UNKNOWN_PROPOSAL"),
        (&["UpdateProposals", "6", "", "x"], "BAD_JSON"),
        (
            &["UpdateProposals", "6", "", r#"{"bookmark":"x"}"#],
            "BAD_OPTION",
        ),
        (&["UpdateProposals", "6", "", "", "x"], "ARGUMENT_COUNT"),
        (&["AttestCapabilities"], "ARGUMENT_COUNT"),
        (&["AttestCapabilities", "[]"], "BAD_JSON"),
        // settings
        (&["ProposeSettings", "new", "{}"], "ARGUMENT_COUNT"),
        (&["ProposeSettings", "!", "{}", "d"], "BAD_ID"),
        (&["ProposeSettings", "new", "[]", "d"], "BAD_JSON"),
        (&["ProposeSettings", "new", &deep, "d"], "BAD_JSON"),
        (
            &["ProposeSettings", "taken", r#"{"gate":"enforced"}"#, "d"],
            "ID_USED",
        ),
        (&["ProposeSettings", "new", r#"{"x":1}"#, "d"], "BAD_OPTION"),
        (&["ApplySettings"], "ARGUMENT_COUNT"),
        (&["ApplySettings", "!"], "BAD_ID"),
        (&["ApplySettings", "none"], "UNKNOWN_PROPOSAL"),
        (&["ApplySettings", "taken"], "WRONG_KIND"),
        (&["GetSettings", "x"], "ARGUMENT_COUNT"),
        // queries
        (&["GetCapabilities", "x"], "BAD_JSON"),
        (&["GetProposal"], "ARGUMENT_COUNT"),
        (&["GetProposal", "!"], "BAD_ID"),
        (&["GetProposal", "none"], "UNKNOWN_PROPOSAL"),
        (&["ListProposals", "{"], "BAD_JSON"),
        (&["ListProposals", r#"{"page_size":0}"#], "BAD_OPTION"),
        (&["ListProposals", r#"{"page_size":201}"#], "BAD_OPTION"),
        (&["ListProposals", r#"{"status":"Open"}"#], "BAD_OPTION"),
        (&["ListProposals", r#"{"pages":1}"#], "BAD_OPTION"),
        // a peer would read on from there, whatever lies there
        (
            &["ListProposals", r#"{"bookmark":"\u0000archive\u0000"}"#],
            "BAD_OPTION",
        ),
        (&["ListProposals", r#"{"bookmark":"x"}"#], "BAD_OPTION"),
        (&["ListProposals", "{}", "x"], "ARGUMENT_COUNT"),
        (&["GetHistory", "{"], "BAD_JSON"),
        (&["GetHistory", r#"{"page_size":0}"#], "BAD_OPTION"),
        (&["GetHistory", r#"{"page_size":201}"#], "BAD_OPTION"),
        (&["GetHistory", r#"{"status":"Broken"}"#], "BAD_OPTION"),
        (&["GetHistory", r#"{"bookmark":"\u0000"}"#], "BAD_OPTION"),
        (
            &["GetHistory", r#"{"bookmark":"\u0000proposal\u0000"}"#],
            "BAD_OPTION",
        ),
        (&["GetHistory", "{}", "x"], "ARGUMENT_COUNT"),
        (&["ExportProposal"], "ARGUMENT_COUNT"),
        (&["ExportProposal", "taken", "x"], "ARGUMENT_COUNT"),
        (&["ExportProposal", "!"], "BAD_ID"),
        (&["ExportProposal", "none"], "UNKNOWN_PROPOSAL"),
        (&["ExportProposal", "taken"], "NOT_FINISHED"),
        (&["GetConfig", r#"{"format":"xml"}"#], "BAD_OPTION"),
        (&["GetConfig", "json"], "BAD_JSON"),
        (&["GetConfigChain", "x"], "BAD_JSON"),
        (&["GetConfigChain", r#"{"from":-1}"#], "BAD_OPTION"),
        (&["GetConfigChain", "{}", "x"], "ARGUMENT_COUNT"),
        (&["GetProposal", "taken", "x"], "BAD_JSON"),
        (
            &["GetProposal", "taken", r#"{"whole":["x"]}"#],
            "BAD_OPTION",
        ),
        (&["GetProposal", "taken", r#"{"omitted":{}}"#], "BAD_OPTION"),
        (&["GetProposal", "taken", "{}", "x"], "ARGUMENT_COUNT"),
        (&["GetCapabilities", r#"{"whole":"all"}"#], "BAD_OPTION"),
        (&["PrepareAttestation", "OrdererMSP"], "ARGUMENT_COUNT"),
        (&["PrepareAttestation", "OrdererMSP", "[]"], "BAD_JSON"),
        (&["PrepareAttestation", "none", "{}"], "NOT_ORDERER"),
        (&["AddAttestation"], "ARGUMENT_COUNT"),
        (&["AddAttestation", "%"], "BAD_BASE64"),
        (&["AddAttestation", "CgFhEgFi"], "BAD_PROTOBUF"),
        (
            &["org.hyperledger.fabric:GetMetadata", "x"],
            "ARGUMENT_COUNT",
        ),
        (&["CheckProposal"], "ARGUMENT_COUNT"),
        (&["CheckProposal", "", "new"], "ARGUMENT_COUNT"),
        (&["CheckProposal", "Nothing"], "UNKNOWN_FUNCTION"),
        (&["CheckProposal", "CheckProposal"], "UNKNOWN_FUNCTION"),
        (
            &["CheckProposal", "GetProposal", "taken"],
            "UNKNOWN_FUNCTION",
        ),
        (&["CheckProposal", "ProposeConfig"], "ARGUMENT_COUNT"),
        (
            &["CheckProposal", "ProposeConfigUpdate", "taken", PATCH, "d"],
            "ID_USED",
        ),
        (
            &[
                "CheckProposal",
                "ProposeConfigUpdate",
                "new",
                PATCH,
                "d",
                "{}",
                "x",
            ],
            "ARGUMENT_COUNT",
        ),
        (&["ProposeConfig", "new", PATCH], "ARGUMENT_COUNT"),
        (&["ProposeConfig", "!", PATCH, "d"], "BAD_ID"),
        (&["ProposeConfig", "new", "{", "d"], "BAD_JSON"),
        (&["ProposeConfig", "new", junk, "d"], "BAD_PROTOBUF"),
        (&["ProposeConfig", "new", &hex, "d"], "TRANSIENT_MISSING"),
        (&["ProposeConfig", "new", &deep_object, "d"], "BAD_JSON"),
        (
            &["ProposeConfig", "new", PATCH, &long],
            "DESCRIPTION_TOO_LONG",
        ),
        (&["ProposeConfig", "new", PATCH, "d", past], "BAD_DEADLINE"),
        (&["ProposeConfig", "taken", PATCH, "d"], "ID_USED"),
        // a patch is no config
        (&["ProposeConfig", "new", PATCH, "d"], "BAD_PATCH"),
        // the older interface
        (&["proposeConfigUpdate", "new", "{}", "d"], "BAD_BASE64"),
        (&["addSignature", "none", "CgFhEgFi"], "UNKNOWN_PROPOSAL"),
        (&["getProposals", "x"], "ARGUMENT_COUNT"),
        (&["getProposal", "none"], "UNKNOWN_PROPOSAL"),
        (&["deleteProposal", "none"], "UNKNOWN_PROPOSAL"),
    ];
    for (args, symbol) in cases {
        world.refused(&org1, raw(*args), symbol).await;
    }
    // every function that takes arguments has a case here
    for name in function_names() {
        let covered = name == "Init" || cases.iter().any(|(args, _)| args[0] == name);
        assert!(covered, "{name}");
    }
}

#[tokio::test]
async fn nothing_works_before_the_bootstrap() {
    let org = CAPTURES[0].file("add-orgx/org.json");
    let org = std::str::from_utf8(&org).unwrap();
    let msp = serde_json::from_str::<serde_json::Value>(org).unwrap()["values"]["MSP"].take();
    let block = CAPTURES[0].genesis();
    let mut world = World::new(trusting());
    for call in [
        sync_config(&block),
        recover_config(&block),
        propose_config_update("new", PATCH),
        add_organization("new", "OrgX", org.as_bytes()),
        reconfig_organization_msp("new", &msp),
        add_signature("new", "CgFhEgFi"),
        withdraw_proposal("new"),
        delete_proposal("new"),
        update_proposals(),
        get_proposal("new"),
        list_proposals(),
        get_config(),
        get_config_chain(),
        attest_capabilities(r#"{"server":true}"#),
        prepare_attestation("OrdererMSP", r#"{"channel":["V3_0"]}"#),
        get_capabilities(),
    ] {
        let message = world
            .refused(&person("Org1MSP"), call, "NOT_INITIALIZED")
            .await;
        assert!(message.contains("InitConsortium"), "{message}");
    }
}

#[tokio::test]
async fn only_admins_of_members_change_anything() {
    let mut world = world().await;
    let org = CAPTURES[0].file("add-orgx/org.json");
    let propose = add_organization("new", "OrgX", &org);
    for call in [
        propose,
        withdraw_proposal("taken"),
        delete_proposal("taken"),
        update_proposals(),
    ] {
        for (who, symbol) in [
            (user("Org1MSP", "User1"), "NOT_ADMIN"),
            (person("OrgXMSP"), "UNKNOWN_ORGANIZATION"),
            (person("OrdererMSP"), "NOT_MEMBER"),
        ] {
            world.refused(&who, &call, symbol).await;
        }
        let mut nobody = world.invocation(&person("Org1MSP"), call);
        nobody.creator = Bytes::from_static(b"nobody");
        world.refused_call(&nobody, "CALLER_INVALID").await;
    }
    for call in [withdraw_proposal("taken"), delete_proposal("taken")] {
        world.refused(&person("Org2MSP"), call, "NOT_OWNER").await;
    }
}

#[tokio::test]
async fn organisations_are_not_added_twice() {
    let capture = CAPTURES[0];
    let mut world = World::new(contract(&TestAnchors::of(&capture.genesis())));
    let org1 = person("Org1MSP");
    let first = capture.after("add-orgx");
    world
        .ok(&org1, init_consortium(&capture.genesis()).and(&first))
        .await;
    let org = capture.file("add-orgx/org.json");
    world
        .refused(
            &org1,
            add_organization("again", "OrgXMSP", &org),
            "ORGANIZATION_EXISTS",
        )
        .await;
    world
        .refused(
            &org1,
            add_organization("again", "Other", &org),
            "MSP_EXISTS",
        )
        .await;
    // the orderer organisation's MSP id with another definition
    let other = String::from_utf8(org.clone())
        .unwrap()
        .replace(r#""name": "OrgXMSP""#, r#""name": "OrdererMSP""#);
    assert_ne!(other.as_bytes(), org);
    world
        .refused(
            &org1,
            add_organization("again", "Other", other.as_bytes()),
            "MSP_CONFLICT",
        )
        .await;
}

#[tokio::test]
async fn updates_given_as_bytes_must_fit() {
    let capture = CAPTURES[0];
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    let good =
        common::ConfigUpdate::decode(capture.file("add-orgx/config_update.pb").as_slice()).unwrap();
    let mut other_channel = good.clone();
    other_channel.channel_id = "otherchannel".to_owned();
    let mut isolated = good.clone();
    isolated
        .isolated_data
        .insert("cmscc.settings".to_owned(), Bytes::from_static(b"x"));
    let mut stale = good.clone();
    stale
        .read_set
        .as_mut()
        .unwrap()
        .groups
        .get_mut("Application")
        .unwrap()
        .version = 3;
    let mut more = good.clone();
    more.read_set
        .as_mut()
        .unwrap()
        .groups
        .insert("Orderer".to_owned(), common::ConfigGroup::default());
    let mut empty = good.clone();
    empty.write_set.clone_from(&empty.read_set);
    let mut unknown = good.encode_to_vec();
    unknown.extend([0xf8, 0x01, 0x01]);
    let cases = [
        (other_channel.encode_to_vec(), "WRONG_CHANNEL"),
        (isolated.encode_to_vec(), "BAD_UPDATE"),
        (stale.encode_to_vec(), "STALE_UPDATE"),
        (more.encode_to_vec(), "BAD_UPDATE"),
        (empty.encode_to_vec(), "BAD_UPDATE"),
        (unknown, "BAD_UPDATE"),
    ];
    for (bytes, symbol) in cases {
        world
            .refused(&org1, propose_config_update("new", &base64(&bytes)), symbol)
            .await;
    }
    let bytes = base64(&good.encode_to_vec());
    world.ok(&org1, propose_config_update("new", &bytes)).await;
}

#[tokio::test]
async fn signatures_that_do_not_count_are_refused_with_the_reason() {
    let mut world = world().await;
    let org1 = person("Org1MSP");
    let update = world.update_to_sign("taken").await;
    let good = org1.config_signature(&update);
    let mut forged = good.clone();
    forged.signature = Bytes::from_static(b"no signature");
    let mut long = good.clone();
    long.signature_header = vec![0; 9000].into();
    let other = org1.config_signature(b"other bytes");
    let outsider = person("OrgXMSP").config_signature(&update);
    let orderer = person("OrdererMSP").config_signature(&update);
    let member = user("Org1MSP", "User1").config_signature(&update);
    // NodeOUs want everybody to have a role
    let unit = new_user("Org1MSP", "odd", None).config_signature(&update);
    let mut nobody = good.clone();
    nobody.signature_header = common::SignatureHeader {
        creator: Bytes::from_static(b"nobody"),
        nonce: Bytes::new(),
    }
    .encode_to_vec()
    .into();
    for (signature, symbol, said) in [
        (forged, "SIGNATURE_INVALID", ""),
        (other, "SIGNATURE_INVALID", ""),
        (long, "HEADER_TOO_LARGE", ""),
        (outsider, "SIGNER_UNKNOWN", ""),
        (unit, "SIGNER_INVALID", ""),
        (nobody, "SIGNER_UNKNOWN", ""),
        (
            orderer,
            "SIGNER_NOT_CONCERNED",
            "no deciding policy asks for `OrdererMSP`; the policies that decide ask for \
             `Org1MSP.admin`, `Org2MSP.admin`",
        ),
        (
            member,
            "SIGNER_NOT_CONCERNED",
            "it is not `Org1MSP.admin`: ",
        ),
    ] {
        let given = base64(&signature.encode_to_vec());
        let message = world
            .refused(&org1, add_signature("taken", &given), symbol)
            .await;
        assert!(message.contains(said), "{message}");
    }
    let given = base64(&good.encode_to_vec());
    let added = world.ok(&org1, add_signature("taken", &given)).await;
    assert_eq!(added["added"][0]["msp_id"], "Org1MSP");
}

fn limited(limits: CallLimits) -> World<Contract> {
    let settings = ContractSettings {
        allow_unanchored: true,
        limits,
    };
    World::new(Contract::new(
        settings,
        TestAnchors::none(),
        Arc::new(NoObserver),
    ))
}

#[tokio::test]
async fn limits_are_settings() {
    let mut world = limited(CallLimits {
        argument: 40_000,
        call: 60_000,
        ..CallLimits::default()
    });
    let org1 = person("Org1MSP");
    let large = vec![b'a'; 40_001];
    let half = vec![b'a'; 30_001];
    for name in function_names() {
        world
            .refused(&org1, Call::of(name).and(&large), "ARGUMENT_TOO_LARGE")
            .await;
        world
            .refused(
                &org1,
                Call::of(name).and(&half).and(&half),
                "CALL_TOO_LARGE",
            )
            .await;
    }
}

#[tokio::test]
async fn each_limit_has_its_refusal() {
    let mut world = limited(CallLimits {
        export: 50,
        ..CallLimits::default()
    });
    let bounds = ContractBounds::V1_0;
    let org1 = person("Org1MSP");
    let genesis = CAPTURES[0].genesis();
    let many = (0..bounds.items).fold(init_consortium(b"block"), |call, _| call.and(b"block"));
    world.refused(&org1, many, "TOO_MANY").await;
    world.found(&genesis).await;
    let propose = |length| propose_config_update("new", PATCH).described(&"d".repeat(length));
    world
        .refused(
            &org1,
            propose(bounds.description + 1),
            "DESCRIPTION_TOO_LONG",
        )
        .await;
    world.ok(&org1, propose(bounds.description)).await;
    let host = "h".repeat(bounds.patch);
    let wide = json!({"channel_group": {"groups": {"Application": {"groups": {"Org1MSP": {"values": {
        "AnchorPeers": {"value": {"anchor_peers": [{"host": host, "port": 1}]},
        "mod_policy": "Admins"}}}}}}}});
    let call = propose_config_update("wide", &wide.to_string());
    world.refused(&org1, &call, "PATCH_TOO_LARGE").await;
    let reject = |length| reject_proposal("new", &"r".repeat(length));
    world
        .refused(&org1, reject(bounds.reason + 1), "REASON_TOO_LONG")
        .await;
    world.ok(&org1, reject(bounds.reason)).await;
    let ids: Vec<String> = (0..=bounds.items).map(|n| format!("id-{n}")).collect();
    for call in [
        update_proposals().mode(6).only(&ids),
        combine_proposals("all", &ids),
    ] {
        world.refused(&org1, &call, "TOO_MANY").await;
    }
    let update = world.update_to_sign("new").await;
    let good = org1.config_signature(&update);
    let mut long = good.clone();
    long.signature_header = vec![0; bounds.signature_header + 1].into();
    let signature = |of: &common::ConfigSignature| cmscc::config::ConfigSignature {
        signature_header: of.signature_header.clone(),
        signature: of.signature.clone(),
    };
    let envelope = |signatures: &[&common::ConfigSignature]| {
        let signatures: Vec<_> = signatures.iter().map(|one| signature(one)).collect();
        let channel = "mychannel".into();
        base64(&cmscc::config::envelope::update_envelope(
            &channel,
            &update,
            &signatures,
        ))
    };
    for (signatures, symbol) in [
        (&vec![&good; bounds.signatures + 1][..], "TOO_MANY"),
        (&[&long], "HEADER_TOO_LARGE"),
    ] {
        let envelope = envelope(signatures);
        let call = add_signature("new", &envelope);
        world.refused(&org1, call, symbol).await;
    }
    let most = envelope(&vec![&good; bounds.signatures]);
    world.ok(&org1, add_signature("new", &most)).await;
    world.ok(&org1, withdraw_proposal("new")).await;
    world
        .refused(&org1, export_proposal("new"), "EXPORT_TOO_LARGE")
        .await;
}

#[tokio::test]
async fn blocks_come_as_transient_data_too() {
    let capture = CAPTURES[0];
    let org1 = person("Org1MSP");
    let genesis = Bytes::from(capture.genesis());
    let digest = cmscc::ids::Digest::of(&genesis).to_string();
    let mut world = World::new(trusting());
    let mut call: Invocation = world.invocation(&org1, init_consortium(digest.as_bytes()));
    world.refused_call(&call, "TRANSIENT_MISSING").await;
    call.transient
        .insert("config_block".to_owned(), capture.after("add-orgx").into());
    world.refused_call(&call, "TRANSIENT_MISMATCH").await;
    call.transient
        .insert(format!("config_block.{digest}"), genesis);
    let (response, _) = world.submit(&call).await;
    assert!(response.is_success(), "{}", response.message);
}

#[tokio::test]
async fn json_as_deep_as_go_reads_goes_all_the_way() {
    // three levels of json each: one of Go's 10,000 for every brace and bracket
    let levels = 3000;
    let mut rule = r#"{"n_out_of":{"n":1,"rules":["#.repeat(levels);
    rule.push_str(r#"{"signed_by":0}"#);
    rule.push_str(&"]}}".repeat(levels));
    let patch = format!(
        r#"{{"channel_group":{{"groups":{{"Application":{{"groups":{{"Org1MSP":{{"policies":{{"Deep":{{
            "mod_policy":"Admins","policy":{{"type":1,"value":{{"version":0,"rule":{rule},
            "identities":[{{"principal":{{"msp_identifier":"Org1MSP","role":"ADMIN"}},
            "principal_classification":"ROLE"}}]}}}}}}}}}}}}}}}}}}}}"#
    );
    let mut world = world().await;
    let shown = becomes_ready(&mut world, &patch).await;
    // in the patch and in the update
    assert!(shown.matches("n_out_of").count() >= 2 * levels);
}

#[tokio::test]
async fn protobuf_as_deep_as_go_reads_goes_all_the_way() {
    // two messages each
    let levels = 4900;
    let deep = common::ConfigPolicy {
        mod_policy: "Admins".to_owned(),
        policy: Some(common::Policy {
            r#type: 1,
            value: nested("Org1MSP", levels).into(),
        }),
        version: 0,
    };
    let group = |groups| common::ConfigGroup {
        groups,
        ..Default::default()
    };
    let org = common::ConfigGroup {
        policies: [("Deep".to_owned(), deep)].into(),
        ..Default::default()
    };
    let patch = common::Config {
        sequence: 0,
        channel_group: Some(group(
            [(
                "Application".to_owned(),
                group([("Org1MSP".to_owned(), org)].into()),
            )]
            .into(),
        )),
    };
    let patch = Patch::parse(patch.encode_to_vec().into(), &Default::default()).unwrap();
    let block = ConfigBlock::parse(CAPTURES[0].genesis().into()).unwrap();
    let updated = patch.apply(block.tree()).unwrap();
    let update = compute_update(block.channel_id(), block.tree(), &updated).unwrap();
    let mut world = world().await;
    let shown = becomes_ready(&mut world, &base64(&update)).await;
    // Go writes no json that it could not read
    assert!(shown.contains(r#""config_update":null"#));
}

async fn becomes_ready(world: &mut World<Contract>, intent: &str) -> String {
    let org1 = person("Org1MSP");
    world.ok(&org1, propose_config_update("deep", intent)).await;
    let update = world.update_to_sign("deep").await;
    let signature = org1.signed(&update);
    world.ok(&org1, add_signature("deep", &signature)).await;
    let shown = world.text(&org1, get_proposal("deep")).await;
    assert!(shown.contains(r#""status":"ReadyToSubmit""#));
    shown
}

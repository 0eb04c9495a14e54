//! Findings of whole proposals: what locks somebody out is said before anybody signs.

use serde_json::{Value, json};

use cmscc::block::ConfigBlock;

use super::{
    blocks::checkpoint,
    calls::{add_organization, combine_proposals, get_proposal, reconfig_organization_msp},
    captures::CAPTURES,
    people::{base64, person},
    sizes::many,
    world::{founded, founded_on},
};

/// A list without authority key identifier.
pub(crate) const WITHOUT_AKI: &str = "-----BEGIN X509 CRL-----
MIIBEzCBugIBATAKBggqhkjOPQQDAjBlMQswCQYDVQQGEwJVUzETMBEGA1UECBMK
Q2FsaWZvcm5pYTEWMBQGA1UEBxMNU2FuIEZyYW5jaXNjbzESMBAGA1UEChMJb3Jn
MS50ZXN0MRUwEwYDVQQDEwxjYS5vcmcxLnRlc3QXDTI2MTEyODIyMTMxOFoXDTI3
MDkyNDIyMTMxOFowFDASAgF3Fw0yNjAxMDEwMDAwMDBaoA4wDDAKBgNVHRQEAwIB
ATAKBggqhkjOPQQDAgNIADBFAiEA0A+6KO1BCRe4r/B9yT1curUt+MTTxZ6BLubx
qlPlTCACIB2emJlikjXbZqoHrP5fkyBvdVgI6+hwdXEuRvfrVtSB
-----END X509 CRL-----
";

fn findings(shown: &Value) -> Vec<(&str, &str, &str)> {
    let all = shown["lint"]["findings"].as_array().unwrap().iter();
    all.map(|one| {
        (
            one["id"].as_str().unwrap(),
            one["severity"].as_str().unwrap(),
            one["path"].as_str().unwrap(),
        )
    })
    .collect()
}

fn acls(acls: &Value) -> Value {
    json!({"groups": {"Application": {"values": {"ACLs":
        {"mod_policy": "Admins", "value": {"acls": acls}}}}}})
}

#[tokio::test]
async fn an_msp_in_which_nobody_is_valid() {
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    let group = world.channel_group().await;
    let mut msp = group["groups"]["Application"]["groups"]["Org1MSP"]["values"]["MSP"].clone();
    msp["value"]["config"]["revocation_list"] = json!([base64(WITHOUT_AKI.as_bytes())]);
    world
        .ok(&org1, reconfig_organization_msp("noaki", &msp))
        .await;
    let shown = world.proposal("noaki").await;
    assert_eq!(shown["status"], "WaitingForSignatures");
    let msp = "/Channel/Application/Org1MSP/MSP";
    let found = findings(&shown);
    assert_eq!(found[0], ("NOBODY_VALID", "blocking", msp));
    assert!(found.contains(&("LOCKOUT_POLICY", "blocking", "/Channel/Application/Admins")));
    // who proposed is known by now
    let lost = shown["lint"]["findings"].as_array().unwrap().iter();
    let lost: Vec<&str> = lost
        .filter(|one| one["id"] == "IDENTITY_LOST")
        .map(|one| one["text"].as_str().unwrap())
        .collect();
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert!(
        lost[0].starts_with("`CN=Admin@org1.example.com") && lost[0].contains("who acted here"),
        "{lost:?}"
    );
    let change = &shown["diff"]["changes"][0];
    assert_eq!(
        change["after"]["effect"],
        "nobody of the msp is valid: it has no authority key identifier"
    );
}

#[tokio::test]
async fn an_acl_that_names_no_policy() {
    let (mut world, _) = founded().await;
    let wrong = acls(&json!({
        "peer/Propose": {"policy_ref": "/Channel/Application/Wirters"},
        "qscc/NoSuchFunc": {"policy_ref": "Admins"}
    }));
    world.propose(&person("Org1MSP"), "acl", &wrong).await;
    let path = "/Channel/Application/ACLs";
    assert_eq!(
        findings(&world.proposal("acl").await),
        [
            ("ACL_UNSATISFIABLE", "blocking", path),
            ("ACL_WITHOUT_EFFECT", "info", path)
        ]
    );
}

/// One proposal takes a policy away that an ACL of another one names: each is fine alone.
#[tokio::test]
async fn two_that_are_fine_alone_are_not_together() {
    let (mut world, _) = founded().await;
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let acl = acls(&json!({"peer/Propose": {"policy_ref": "/Channel/Orderer/Readers"}}));
    world.propose(&org1, "use", &acl).await;
    let remove = json!({"groups": {"Orderer": {"policies": {"Readers": {"version": 2}}}}});
    world.propose(&org2, "remove", &remove).await;
    for id in ["use", "remove"] {
        assert_eq!(findings(&world.proposal(id).await), [], "{id}");
    }
    let ids = ["use", "remove"];
    world.ok(&org1, combine_proposals("both", &ids)).await;
    let both = world.proposal("both").await;
    assert_eq!(
        findings(&both),
        [("ACL_UNSATISFIABLE", "blocking", "/Channel/Application/ACLs")]
    );
    let text = &both["lint"]["findings"][0]["text"];
    assert!(text.as_str().unwrap().contains("is not there"), "{text}");
}

/// An organisation without a policy that is counted: in words, also in `endorsement`.
#[tokio::test]
async fn a_member_that_is_counted_and_can_never_endorse() {
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    let org = CAPTURES[0].file("add-orgx/org.json");
    let mut org: Value = serde_json::from_slice(&org).unwrap();
    org["policies"]
        .as_object_mut()
        .unwrap()
        .remove("Endorsement");
    let call = add_organization("orgx", "OrgXMSP", org.to_string().as_bytes());
    world.ok(&org1, call).await;
    let shown = world.ok(&org1, get_proposal("orgx")).await;
    assert_eq!(
        findings(&shown),
        [("SILENT_MEMBER", "warning", "/Channel/Application/OrgXMSP")]
    );
    let text = shown["endorsement"]["text"].as_str().unwrap();
    assert!(
        text.contains("counted without a policy `Endorsement`"),
        "{text}"
    );
}

/// What is known of config and update alone decides what is blocking.
#[tokio::test]
async fn what_cannot_be_recorded() {
    let (mut world, _) = founded().await;
    let small = json!({"groups": {"Orderer": {"values": {"BatchSize": {"value": {
        "absolute_max_bytes": 4_000,
        "max_message_count": 10,
        "preferred_max_bytes": 1_000
    }}}}}});
    world.propose(&person("Org1MSP"), "small", &small).await;
    let shown = world.proposal("small").await;
    assert_eq!(shown["status_detail"]["recording"]["fits"], false);
    assert_eq!(
        findings(&shown),
        [(
            "CANNOT_BE_RECORDED",
            "blocking",
            "/Channel/Orderer/BatchSize"
        )]
    );
}

/// A list beside the definition instead of inside would revoke nobody: it is refused.
#[tokio::test]
async fn a_revocation_list_in_a_wrong_place() {
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    let group = world.channel_group().await;
    let msp = &group["groups"]["Application"]["groups"]["Org1MSP"]["values"]["MSP"];
    let list = json!([base64(WITHOUT_AKI.as_bytes())]);
    for wrong in ["/value", ""] {
        let mut msp = msp.clone();
        msp.pointer_mut(wrong).unwrap()["revocation_list"] = list.clone();
        let call = reconfig_organization_msp("wrong", &msp);
        let why = world.refused(&org1, call, "BAD_JSON").await;
        assert!(why.contains("revocation_list"), "{why}");
    }
}

/// A capability changes the rules of every MSP: whom the contract knows is looked up for some of them.
#[tokio::test]
async fn of_many_msps_that_change_at_once_some_are_looked_at() {
    let genesis = CAPTURES[0].genesis();
    let genesis = ConfigBlock::parse(genesis.into()).unwrap();
    let block = checkpoint(genesis.config(), |config| {
        let root = config.channel_group.as_mut().unwrap();
        many(root.groups.get_mut("Application").unwrap(), 40);
    });
    let (mut world, _) = founded_on(&block).await;
    let org1 = person("Org1MSP");
    let unread = |shown: &Value| -> Vec<String> {
        let found = shown["lint"]["findings"].as_array().unwrap().iter();
        found
            .filter(|one| one["id"] == "IDENTITIES_UNREAD")
            .map(|one| one["text"].as_str().unwrap().to_owned())
            .collect()
    };
    let raised = json!({"values": {"Capabilities": {"mod_policy": "Admins",
        "value": {"capabilities": {"V3_0": {}}}}}});
    world.propose(&org1, "raised", &raised).await;
    let found = unread(&world.proposal("raised").await);
    assert_eq!(found.len(), 1, "{found:?}");
    // of 43 organisations 32 are looked at
    assert!(
        found[0].contains("for `M000032` and 10 other msps"),
        "{found:?}"
    );
    world.propose(&org1, "small", &acls(&json!({}))).await;
    assert!(unread(&world.proposal("small").await).is_empty());
}

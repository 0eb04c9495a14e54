//! Policies, mod policies, ACLs.

use super::*;

#[test]
fn rules_of_policies_change() {
    let bundle = raft();
    let path = "/Channel/Application/Admins";
    let planned = does(&bundle, rule(path, "ANY Admins", false), |root| {
        root["groups"]["Application"]["policies"]["Admins"]["policy"]["value"]["rule"] =
            json!("ANY");
    });
    assert_eq!(
        planned.usual_id(&OWN.into(), 0).unwrap(),
        "Org1MSP.policy-Application-Admins"
    );
    let next = after(
        &bundle,
        &[rule(
            "/Channel/Application/Auditors",
            "OR('Org2MSP.client')",
            true,
        )],
    );
    let config = form(next.tree());
    let policy = &config["channel_group"]["groups"]["Application"]["policies"]["Auditors"];
    assert_eq!(
        (&policy["mod_policy"], &policy["policy"]["type"]),
        (&json!("Admins"), &json!(1))
    );

    refuses(
        &bundle,
        rule("/Channel/Application/Admin", "ANY Admins", false),
        "UNKNOWN_POLICY",
        path,
    );
    refuses(
        &bundle,
        rule("/Channel/Application/New", "ANY Admins", false),
        "UNKNOWN_POLICY",
        "--create",
    );
    refuses(
        &bundle,
        rule("/Channel/Nowhere/New", "ANY Admins", true),
        "UNKNOWN_POLICY",
        "",
    );
    refuses(
        &bundle,
        rule(path, "ANY Adminz", false),
        "UNKNOWN_POLICY",
        "Admins, Endorsement",
    );
    refuses(
        &bundle,
        rule(path, "any Admins", false),
        "BAD_RULE",
        "ANY, ALL and MAJORITY",
    );
    refuses(
        &bundle,
        rule(path, "OR('Org9MSP.admin')", false),
        "UNKNOWN_ORGANIZATION",
        "Org2MSP",
    );
    refuses(
        &bundle,
        rule(path, "OR('Org1MSP.king')", false),
        "BAD_RULE",
        "OR('Org1MSP.admin'",
    );
    refuses(
        &bundle,
        rule(path, "MAJORITY Admins", false),
        "NOTHING_TO_CHANGE",
        "already",
    );
    let org = "/Channel/Application/Org1MSP/Admins";
    refuses(
        &bundle,
        rule(org, "ANY Admins", false),
        "UNKNOWN_POLICY",
        "OR('Org1MSP.admin')",
    );
}

#[test]
fn mod_policies_change_and_nothing_else_is_said() {
    let bundle = raft();
    let planned = does(
        &bundle,
        mod_policy(TIMEOUT, "/Channel/Application/Admins"),
        |root| {
            root["groups"]["Orderer"]["values"]["BatchTimeout"]["mod_policy"] =
                json!("/Channel/Application/Admins");
        },
    );
    // what others do to the value meanwhile stays
    let other = after(&bundle, &[set(TIMEOUT, "9s")]);
    let next = form(applied(&other, &planned).tree());
    let value = &next["channel_group"]["groups"]["Orderer"]["values"]["BatchTimeout"];
    assert_eq!(value["value"]["timeout"], "9s");
    assert_eq!(value["mod_policy"], "/Channel/Application/Admins");
    does(
        &bundle,
        mod_policy("/Channel/Application", "/Channel/Orderer/Admins"),
        |root| {
            root["groups"]["Application"]["mod_policy"] = json!("/Channel/Orderer/Admins");
        },
    );
    does(&bundle, mod_policy("/Channel", "Writers"), |root| {
        root["mod_policy"] = json!("Writers")
    });

    refuses(
        &bundle,
        mod_policy(TIMEOUT, "Adminz"),
        "UNKNOWN_POLICY",
        "Admins",
    );
    refuses(
        &bundle,
        mod_policy(TIMEOUT, "/Channel/Application/Admin"),
        "UNKNOWN_POLICY",
        "/Channel/Application/Admins",
    );
    // of a value the name is seen from the group that holds it
    refuses(
        &bundle,
        mod_policy(TIMEOUT, "Endorsement"),
        "UNKNOWN_POLICY",
        "",
    );
    refuses(
        &bundle,
        mod_policy(COUNT, "Admins"),
        "UNKNOWN_PATH",
        "mod-policy /Channel/Orderer/BatchSize Admins",
    );
    refuses(
        &bundle,
        mod_policy(TIMEOUT, "Admins"),
        "NOTHING_TO_CHANGE",
        "already",
    );
}

#[test]
fn acls_come_change_and_go() {
    let bundle = raft();
    let writers = "/Channel/Application/Writers";
    let one = does(&bundle, acl("event/Block", writers), |root| {
        root["groups"]["Application"]["values"]["ACLs"] = json!({"version": "0", "mod_policy": "Admins",
            "value": {"acls": {"event/Block": {"policy_ref": writers}}}});
    });
    assert_eq!(
        one.usual_id(&OWN.into(), 0).unwrap(),
        "Org1MSP.acl-event-Block"
    );
    let with = applied(&bundle, &one);
    does(&with, acl("event/FilteredBlock", "Admins"), |root| {
        let acls = &mut root["groups"]["Application"]["values"]["ACLs"]["value"]["acls"];
        acls["event/FilteredBlock"] = json!({"policy_ref": "Admins"});
    });
    does(&with, acl("event/Block", "default"), |root| {
        root["groups"]["Application"]["values"]
            .as_object_mut()
            .unwrap()
            .remove("ACLs");
    });
    refuses(
        &with,
        acl("event/Block", writers),
        "NOTHING_TO_CHANGE",
        "already",
    );
    refuses(
        &bundle,
        acl("event/Block", "default"),
        "NOTHING_TO_CHANGE",
        "/Channel/Application/Readers",
    );
    refuses(
        &bundle,
        acl("event/Blok", writers),
        "UNKNOWN_RESOURCE",
        "event/Block",
    );
    refuses(
        &bundle,
        acl("cscc/JoinChain", writers),
        "UNKNOWN_RESOURCE",
        "their own MSP",
    );
    refuses(
        &bundle,
        acl("event/Block", "Writer"),
        "UNKNOWN_POLICY",
        writers,
    );
    let low = after(&bundle, &[level("application", "V1_1")]);
    refuses(
        &low,
        acl("event/Block", writers),
        "LEVEL_TOO_LOW",
        "capability application",
    );
}

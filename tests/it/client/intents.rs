//! `docs/intents.md`: its blocks run as they stand, and print what the page says they print. Each intent, once
//! in effect, has made of the config what an edit by hand would have.

use std::{fs, process::Command};

use serde_json::{Value, json};

use super::{
    desk::Desk,
    pages::{blocks, comparable},
};

/// What an edit by hand does to the channel group.
type ByHand<'a> = Box<dyn Fn(&mut Value) + 'a>;

const INTENTS: &str = include_str!("../../../docs/intents.md");

#[test]
fn every_intent_runs_as_the_page_says() {
    if Command::new("script").arg("--version").output().is_err() {
        println!("SKIPPED: `script` of util-linux plays the terminal");
        return;
    }
    let desk = Desk::new();
    // the config after each step
    let kept = "agree() { agreed \"$@\"; cmscc config show --json > after-$1.json; }\n";
    let page = blocks(INTENTS, "sh");
    let (start, rest) = page.split_first().unwrap();
    let start = start.replacen("agree() {", "agreed() {", 1);
    let before = "cmscc config show --json > before.json\n";
    // certificates of the network are looked at afterwards
    let rest = rest.concat().replace("cmscc devnet down\n", "");
    let script = format!("{start}{kept}{before}{rest}");
    let printed = comparable(&desk.run(&script));
    for line in blocks(INTENTS, "text").concat().lines() {
        assert!(
            printed.contains(&comparable(line)),
            "not printed:\n{line}\nbut\n{printed}"
        );
    }
    let read = |name: &str| -> Value {
        let text = fs::read(desk.at(name)).unwrap();
        plain(serde_json::from_slice(&text).unwrap())
    };
    let mut config = read("before.json");
    let pem = |path: &str| {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        STANDARD.encode(fs::read(desk.at(&format!("net/organizations/{path}"))).unwrap())
    };
    let steps: Vec<(&str, ByHand<'_>)> = vec![
        (
            "Org1MSP.anchor-peers",
            Box::new(|root| {
                let value = &mut at(root, &["Application", "Org1MSP"])["values"]["AnchorPeers"];
                value["value"]["anchor_peers"] =
                    json!([{"host": "peer0.org1.example.com", "port": 7051}]);
            }),
        ),
        (
            "endpoints",
            Box::new(|root| {
                let value =
                    &mut at(root, &["Orderer", "OrdererOrg"])["values"]["Endpoints"]["value"];
                value["addresses"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!("orderer2.example.com:7050"));
            }),
        ),
        (
            "Org1MSP.set-BatchTimeout",
            Box::new(|root| {
                at(root, &["Orderer"])["values"]["BatchTimeout"]["value"]["timeout"] =
                    json!("300ms");
            }),
        ),
        (
            "endorsement",
            Box::new(|root| {
                at(root, &["Application"])["policies"]["Endorsement"]["mod_policy"] =
                    json!("/Channel/Admins");
            }),
        ),
        (
            "blocks",
            Box::new(|root| {
                at(root, &["Application"])["values"]["ACLs"] = json!({"mod_policy": "Admins",
                "value": {"acls": {"qscc/GetBlockByNumber": {"policy_ref": "Auditors"}}}});
            }),
        ),
        (
            "level",
            Box::new(|root| {
                root["values"]["Capabilities"]["value"] = json!({"capabilities": {"V3_0": {}}});
            }),
        ),
        (
            "Org2MSP.rotate-ca.add",
            Box::new(|root| {
                let config =
                    &mut at(root, &["Application", "Org2MSP"])["values"]["MSP"]["value"]["config"];
                let new = pem("peerOrganizations/orgx.example.com/ca/ca.orgx.example.com-cert.pem");
                config["root_certs"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!(new));
                for role in ["client", "peer", "admin", "orderer"] {
                    let unit = &mut config["fabric_node_ous"][format!("{role}_ou_identifier")];
                    // empty, it is as if it were not there
                    unit["certificate"] = json!("");
                }
            }),
        ),
        (
            "tls.remove",
            Box::new(|root| {
                let config =
                    &mut at(root, &["Application", "Org2MSP"])["values"]["MSP"]["value"]["config"];
                let new =
                    pem("peerOrganizations/orgx.example.com/tlsca/tlsca.orgx.example.com-cert.pem");
                config["tls_root_certs"] = json!([new]);
            }),
        ),
        (
            "faster",
            Box::new(|root| {
                let values = &mut at(root, &["Orderer"])["values"];
                values["BatchTimeout"]["value"]["timeout"] = json!("100ms");
                values["BatchSize"]["value"]["max_message_count"] = json!(50);
                let acls = &mut at(root, &["Application"])["values"]["ACLs"]["value"]["acls"];
                acls["event/Block"] = json!({"policy_ref": "Auditors"});
            }),
        ),
        (
            "edited",
            Box::new(|root| {
                let value = &mut at(root, &["Orderer"])["values"]["BatchSize"]["value"];
                value["max_message_count"] = json!(40);
            }),
        ),
        (
            "both",
            Box::new(|root| {
                let acls = &mut at(root, &["Application"])["values"]["ACLs"]["value"]["acls"];
                acls["event/FilteredBlock"] = json!({"policy_ref": "Auditors"});
                acls.as_object_mut().unwrap().remove("event/Block");
            }),
        ),
    ];
    for (id, by_hand) in steps {
        if id == "endorsement" {
            // a new policy, whose form only the engine writes
            config = read("after-auditors.json");
            let auditors = &at(&mut config, &["Application"])["policies"]["Auditors"];
            assert_eq!(auditors["mod_policy"], "Admins");
        }
        by_hand(&mut config);
        let after = read(&format!("after-{id}.json"));
        config = plain(json!({ "channel_group": config }));
        assert!(after == config, "{id}: {after:#}\nby hand: {config:#}");
    }
}

/// The group that these names lead to.
fn at<'v>(root: &'v mut Value, names: &[&str]) -> &'v mut Value {
    names
        .iter()
        .fold(root, |group, name| &mut group["groups"][*name])
}

/// The channel group without what counts by itself.
fn plain(mut config: Value) -> Value {
    let mut root = config["channel_group"].take();
    let mut open = vec![&mut root];
    while let Some(value) = open.pop() {
        if let Some(members) = value.as_object_mut() {
            members.remove("version");
            // absent, or empty: the same
            members.retain(|_, member| !member.is_null() && member != "");
            open.extend(members.values_mut());
        }
    }
    root
}

#[test]
fn a_wrong_edit_is_gone_on_with_and_leaves_nothing_behind() {
    let desk = Desk::new();
    let printed = desk.run(
        r#"
cmscc devnet up --background
eval "$(cmscc devnet env org1)"
editor() { printf '#!/bin/sh\n%s\n' "$2" > "$1"; chmod +x "$1"; }
texts() { find "$CMSCC_STATE_DIR" -name 'edit-*'; }
editor wrong "sed -i 's/\"max_message_count\"/\"max_mesage_count\"/' \"\$1\""
editor right "sed -i 's/\"max_mesage_count\": 10,/\"max_message_count\": 40,/' \"\$1\""
EDITOR=false cmscc propose edit || echo "ends with $?, kept $(texts | wc -l)"
EDITOR=true cmscc propose edit || echo "ends with $?, kept $(texts | wc -l)"
EDITOR=./wrong cmscc propose edit /Channel/Orderer --id smaller --description 'smaller blocks' || echo "ends with $?, kept $(texts | wc -l)"
count=$(cmscc config get /Channel/Orderer/BatchSize/max_message_count)
sed -i "s/: 10,/: $count,/" right
EDITOR=./right cmscc propose edit /Channel/Orderer --id smaller --description 'smaller blocks' --file "$(texts)"
echo "kept $(texts | wc -l)"
"#,
    );
    for line in [
        // nobody had typed anything
        "ends with 1, kept 0",
        "ends with 3, kept 0",
        "did you mean `max_message_count`?",
        "cmscc propose edit /Channel/Orderer --id smaller --description 'smaller blocks' --file ",
        "ends with 2, kept 1",
        "proposed as `smaller`",
        "\nkept 0",
    ] {
        assert!(printed.contains(line), "{line}\n{printed}");
    }
}

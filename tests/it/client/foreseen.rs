//! `plan`, `explain --if-signed-by`, `diff` of two proposals, on a development network: what they foresee is
//! what comes.

use std::process::Command;

use serde_json::{Value, json};

use super::desk::Desk;

/// Signs without a person, by the digest that is shown.
const SIGN: &str = r#"
as() { eval "$(cmscc devnet env "$1")"; }
sign() {
  cmscc sign "$1" --yes --digest "$(cmscc show "$1" --json=config_update_sha256 | grep -oE '[0-9a-f]{64}')"
}
rule() {
  echo '{"channel_group":{"groups":{"Application":{"policies":{"Endorsement":{"policy":
    {"type":3,"value":{"rule":"'$1'","sub_policy":"Endorsement"}}}}}}}}'
}
"#;

/// A document that was printed between two lines of these words.
fn document(printed: &str, name: &str) -> Value {
    let (_, rest) = printed.split_once(&format!("<{name}>")).unwrap();
    let (text, _) = rest.split_once(&format!("</{name}>")).unwrap();
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn what_is_foreseen_comes() {
    if Command::new("script").arg("--version").output().is_err() {
        println!("SKIPPED: `script` of util-linux plays the terminal");
        return;
    }
    let desk = Desk::new();
    let printed = desk.run(&format!(
        r#"{SIGN}
        answers() {{ local code=0; "$@" || code=$?; echo "ends with $code"; }}
        told() {{ echo "<$1>"; shift; "$@"; }}
        cmscc devnet up --background
        as org1
        orgs=$CMSCC_DEVNET_DIR/organizations
        cmscc propose add-org $orgs/orgx.json --id add_orgx --description x
        cmscc propose add-org $orgs/orgy.json --id add_orgy --description y
        rule ANY > any.json; rule ALL > all.json
        cmscc propose patch any.json --id any --description any
        cmscc propose patch all.json --id all --description all
        sign all; sign add_orgx
        as org2
        sign all

        answers cmscc explain add_orgx --if-signed-by Org2MSP
        answers cmscc explain add_orgx --if-signed-by Org1MSP Org2MSP.peer
        answers cmscc explain add_orgx --if-signed-by Org9MSP
        answers cmscc explain --if-signed-by Org2MSP.client add_orgx
        answers cmscc explain add_orgx --if-signed-by OrdererOrg
        answers cmscc explain --if-signed-by Org2MSP
        answers cmscc plan add_orx
        answers cmscc show add_orx
        answers cmscc explain add_orgx --if-signed-by "$CORE_PEER_MSPCONFIGPATH"/signcerts/Admin*.pem
        told if cmscc explain add_orgx --if-signed-by Org2MSP --json=if_signed; echo "</if>"
        answers cmscc diff any all --exit-code
        told two cmscc diff any all --json; echo "</two>"
        cmscc plan
        told before cmscc plan --json; echo "</before>"
        told named cmscc plan any all --json; echo "</named>"

        cmscc submit all
        told after cmscc plan --json; echo "</after>"
        as org1; cmscc rebase
        as org2
        told rebased cmscc plan --json; echo "</rebased>"
        cmscc combine both add_orgx add_orgy --description both
        sign both; as org1; sign both
        told last cmscc plan both add_orgx add_orgy --json; echo "</last>"
        "#
    ));
    for line in [
        "Then  enough: ready to submit",
        "would be signed by Org2MSP.admin",
        "Org2MSP.peer  makes no difference: no deciding policy asks for it",
        "[ORG_UNKNOWN]",
        "did you mean Org1MSP?",
        "Org2MSP.client  makes no difference",
        "OrdererMSP.admin  makes no difference",
        "[NO_ID]",
        "did you mean add_orgx or add_orgy? `cmscc list` shows those that are there",
        "[UNKNOWN_PROPOSAL]\nhint:  did you mean add_orgx",
        "would be signed by CN=Admin@org2.example.com",
        "they exclude each other: each wants something else of /Channel/Application/Endorsement",
        " 1 all  ready to submit  2 signatures stay",
        "cmscc diff all any",
        "cmscc combine NEW add_orgy add_orgx",
    ] {
        assert!(printed.contains(line), "{line}\n{printed}");
    }
    let ends: Vec<_> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("ends with "))
        .collect();
    assert_eq!(
        ends,
        ["0", "3", "2", "3", "3", "2", "1", "1", "0", "3"],
        "{printed}"
    );
    assert_eq!(document(&printed, "if")["if_signed"]["suffices"], true);
    let two = document(&printed, "two");
    let side = &two["both"][0];
    let sides = ["before", "first", "second"].map(|name| side[name].as_str().unwrap());
    assert_eq!(
        sides,
        ["MAJORITY Endorsement", "ANY Endorsement", "ALL Endorsement"]
    );

    let ids = |plan: &Value, list: &str| -> Vec<String> {
        let list = plan[list].as_array().unwrap().iter();
        list.map(|one| one["proposal_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let before = document(&printed, "before");
    assert_eq!(ids(&before, "steps"), ["all", "add_orgy", "add_orgx"]);
    assert_eq!(ids(&before, "left"), ["any"]);
    assert_eq!(before["exact"], true);
    assert_eq!(ids(&document(&printed, "named"), "steps"), ["all"]);
    // after the first step what was foreseen of the others is so
    let after = document(&printed, "after");
    assert_eq!(ids(&after, "passed_over"), ["add_orgx", "add_orgy", "any"]);
    let rebased = document(&printed, "rebased");
    assert_eq!(ids(&rebased, "steps"), ["add_orgx", "add_orgy"]);
    let again = |plan: &Value, step: usize| plan["steps"][step]["computed_again"].is_string();
    assert!(!again(&rebased, 0) && again(&rebased, 1));
    let combine = &rebased["combine"];
    assert_eq!(
        (
            &combine["signatures_alone"],
            &combine["signatures_combined"]
        ),
        (&json!(4), &json!(2))
    );
    // the combined one takes as many as was said, and then the two it is made of are in effect
    let last = document(&printed, "last");
    let step = &last["steps"][0];
    assert_eq!(
        (&step["proposal_id"], &step["ready"], &step["signatures"]),
        (&json!("both"), &json!(true), &json!(2))
    );
    assert_eq!(ids(&last, "left"), ["add_orgx", "add_orgy"]);
    assert!(
        last["left"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["reason"] == "in_effect")
    );
}

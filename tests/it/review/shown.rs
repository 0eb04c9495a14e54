//! `GetProposal` shows all three.

use serde_json::{Value, json};

use crate::contract::{
    calls::{add_organization, attest_capabilities, propose_config_update, sync_config},
    captures::CAPTURES,
    people::person,
    world::founded_on,
};

#[tokio::test]
async fn a_proposal_is_shown_with_what_it_changes() {
    for capture in CAPTURES {
        let (mut world, _) = founded_on(&capture.genesis()).await;
        let org1 = person("Org1MSP");
        let org = capture.file("add-orgx/org.json");
        let call = add_organization("add_orgx", "OrgXMSP", &org).described("OrgX");
        world.ok(&org1, &call).await;
        let shown = world.proposal("add_orgx").await;
        let changes = shown["diff"]["changes"].as_array().unwrap();
        assert_eq!(changes[0]["item"], "organization");
        assert_eq!(changes[0]["path"], "/Channel/Application/OrgXMSP");
        assert_eq!(changes[0]["after"], json!({"msp_id": "OrgXMSP"}));
        assert_eq!(shown["diff"]["truncated"], 0);
        assert_eq!(shown["lint"], json!({"findings": [], "truncated": 0}));
        assert_eq!(shown["endorsement"]["organizations_after"], 3);
        assert_eq!(shown["endorsement"]["needed_before"], 2);
        assert_eq!(shown["endorsement"]["servers"], Value::Null);

        // a value, and a policy that locks out
        let patch = json!({"channel_group": {"groups": {
            "Orderer": {"values": {"BatchTimeout": {"value": {"timeout": "3s"}}}},
            "Application": {"policies": {"Admins": {"mod_policy": "Nowhere"}}},
        }}});
        let patch = patch.to_string();
        let call = propose_config_update("odd", &patch).described("odd");
        world.ok(&org1, &call).await;
        let shown = world.proposal("odd").await;
        let texts: Vec<&str> = (shown["diff"]["changes"].as_array().unwrap().iter())
            .map(|change| change["text"].as_str().unwrap())
            .collect();
        assert!(texts[0].contains("mod policy changes from `Admins` to `Nowhere`"));
        assert!(texts[1].ends_with("to `3s`"), "{texts:?}");
        assert_eq!(shown["lint"]["findings"][0]["id"], "DANGLING_MOD_POLICY");
        assert_eq!(shown["lint"]["findings"][0]["severity"], "warning");
        assert_eq!(shown["endorsement"], Value::Null);

        // what members attested counts
        let patch = json!({"channel_group": {"values": {"Capabilities": {"value": {
            "capabilities": {"V1_4_3": {}},
        }}}}});
        let patch = patch.to_string();
        let call = propose_config_update("raise", &patch).described("raise");
        world.ok(&org1, &call).await;
        let ids = |shown: &Value| -> Vec<String> {
            let findings = shown["lint"]["findings"].as_array().unwrap();
            findings
                .iter()
                .map(|f| f["id"].as_str().unwrap().to_owned())
                .collect()
        };
        assert!(ids(&world.proposal("raise").await).contains(&"CAPABILITY_UNATTESTED".to_owned()));
        let said = r#"{"channel":["V1_4_3"],"server":true}"#;
        world.ok(&org1, attest_capabilities(said)).await;
        assert!(!ids(&world.proposal("raise").await).contains(&"CAPABILITY_UNATTESTED".to_owned()));
        let endorsement = world.proposal("add_orgx").await["endorsement"].take();
        assert_eq!(endorsement["servers"], json!(["Org1MSP"]));
        assert_eq!(endorsement["enough_servers"], false);

        // what is in effect has nothing left to review
        world
            .ok(&org1, sync_config(&capture.after("add-orgx")))
            .await;
        let shown = world.proposal("add_orgx").await;
        assert_eq!(shown["status"], "Submitted");
        for part in ["diff", "lint", "endorsement"] {
            assert_eq!(shown[part], Value::Null, "{part}");
        }
    }
}

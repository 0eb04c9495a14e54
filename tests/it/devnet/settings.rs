//! Settings by agreement on the embedded network, over real connections.

use std::slice;

use cmscc::{
    devnet::{DevnetError, NetworkOptions},
    proto::protos::TxValidationCode,
    stub::memory::{PeerManner, PeerRelease},
};
use serde_json::json;

use super::harness::Consortium;

const REFERENCE: &str = "/Channel/Application/Endorsement";

#[tokio::test(flavor = "multi_thread")]
async fn members_agree_on_the_policy_that_their_definition_has() {
    for release in [PeerRelease::V2_5, PeerRelease::V3_1] {
        let options = NetworkOptions {
            manner: PeerManner::default().of_release(release),
            ..NetworkOptions::default()
        };
        let consortium = Consortium::new(&["Org1", "Org2"], options).await;
        let shown = consortium.query("Org1", &["GetSettings"]).await.unwrap();
        assert_eq!(
            shown["definition"],
            json!({"chaincode": "cmscc", "endorsement_policy": REFERENCE, "error": null,
                "matches": null, "sequence": 1, "version": "1.0"})
        );
        for (id, policy, matches) in [
            ("named", REFERENCE, true),
            ("spelled", "AND('Org1MSP.peer', 'Org2MSP.peer')", false),
        ] {
            let settings = json!({ "endorsement_policy": policy }).to_string();
            let propose = ["ProposeSettings", id, &settings, "what endorses"];
            consortium.invoke("Org1", &propose).await.unwrap();
            for name in ["Org1", "Org2"] {
                consortium.sign(name, id).await;
            }
            consortium
                .invoke("Org2", &["ApplySettings", id])
                .await
                .unwrap();
            let shown = consortium.query("Org2", &["GetSettings"]).await.unwrap();
            assert_eq!(shown["settings"]["endorsement_policy"], policy);
            assert_eq!(shown["definition"]["matches"], matches, "{policy}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_applied_twice_take_effect_once() {
    let consortium = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    let settings = r#"{"gate":"enforced"}"#;
    let propose = ["ProposeSettings", "gate", settings, "hold back"];
    consortium.invoke("Org1", &propose).await.unwrap();
    for name in ["Org1", "Org2"] {
        consortium.sign(name, "gate").await;
    }
    // endorsed on the same state, by different members
    let first = consortium.endorse("Org1", &["ApplySettings", "gate"]).await;
    let second = consortium.endorse("Org2", &["ApplySettings", "gate"]).await;
    let signature = consortium
        .endorse("Org2", &["AttestCapabilities", r#"{"server":true}"#])
        .await;
    let codes = consortium
        .network
        .order(&consortium.channel, &[first, second, signature])
        .unwrap();
    assert_eq!(
        codes,
        [
            TxValidationCode::Valid,
            TxValidationCode::MvccReadConflict,
            // every write has read the settings
            TxValidationCode::MvccReadConflict,
        ]
    );
    let refused = consortium.invoke("Org2", &["ApplySettings", "gate"]).await;
    let Err(DevnetError::Refused { response, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(
        response.message.contains("WRONG_STATUS"),
        "{}",
        response.message
    );
    let shown = consortium.query("Org1", &["GetSettings"]).await.unwrap();
    assert_eq!(shown["version"], 1);
}

/// What a peer's lifecycle answers is no part of what endorsers must agree on, so a transaction of
/// it is endorsed as well; but it writes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn asking_for_settings_in_a_transaction_changes_nothing() {
    let consortium = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    let before = consortium
        .network
        .state(&consortium.channel, "Org1")
        .unwrap();
    let endorsed = consortium.endorse("Org1", &["GetSettings"]).await;
    let codes = consortium
        .network
        .order(&consortium.channel, slice::from_ref(&endorsed))
        .unwrap();
    assert_eq!(codes, [TxValidationCode::Valid]);
    let after = consortium
        .network
        .state(&consortium.channel, "Org1")
        .unwrap();
    assert_eq!(before, after);
}

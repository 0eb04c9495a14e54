//! Suite `capabilities`: which names are supported, and what they switch on.

use std::collections::BTreeMap;

use cmscc::capabilities::{ApplicationCapabilities, ChannelCapabilities, OrdererCapabilities};
use serde_json::{Value, json};

use super::{Case, Outcome, run_suite};

#[test]
fn capabilities() {
    run_suite("capabilities", |_, case| check(case));
}

fn check(case: &Case) -> Outcome {
    let names = case.get("capabilities").and_then(Value::as_array).cloned();
    let names = names.unwrap_or_default();
    let names = names.iter().map(|n| n.as_str().unwrap().to_owned());
    let (unsupported, switches) = match case.text("level") {
        "channel" => {
            let level = ChannelCapabilities::new(names);
            (!level.unsupported().is_empty(), channel(&level))
        }
        "orderer" => {
            let level = OrdererCapabilities::new(names);
            (!level.unsupported().is_empty(), orderer(&level))
        }
        "application" => {
            let level = ApplicationCapabilities::new(names);
            (!level.unsupported().is_empty(), application(&level))
        }
        other => return Outcome::Fail(format!("no level {other}")),
    };
    let want: BTreeMap<String, Value> = case
        .get("switches")
        .and_then(Value::as_object)
        .map(|o| o.clone().into_iter().collect())
        .unwrap_or_default();
    let ours: BTreeMap<String, Value> = switches
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    if ours != want {
        return Outcome::Fail(format!("switches {ours:?}, the reference says {want:?}"));
    }
    case.judge(&if unsupported {
        Err("capability_unsupported".to_owned())
    } else {
        Ok(())
    })
}

fn channel(level: &ChannelCapabilities) -> Vec<(&'static str, Value)> {
    vec![
        ("ConsensusTypeBFT", json!(level.consensus_type_bft())),
        (
            "ConsensusTypeMigration",
            json!(level.consensus_type_migration()),
        ),
        ("MSPVersion", json!(level.msp_version().to_string())),
        (
            "OrgSpecificOrdererEndpoints",
            json!(level.org_specific_orderer_endpoints()),
        ),
    ]
}

fn orderer(level: &OrdererCapabilities) -> Vec<(&'static str, Value)> {
    vec![
        (
            "ConsensusTypeMigration",
            json!(level.consensus_type_migration()),
        ),
        ("ExpirationCheck", json!(level.expiration_check())),
        (
            "PredictableChannelTemplate",
            json!(level.predictable_channel_template()),
        ),
        ("Resubmission", json!(level.resubmission())),
        (
            "UseChannelCreationPolicyAsAdmins",
            json!(level.use_channel_creation_policy_as_admins()),
        ),
    ]
}

fn application(level: &ApplicationCapabilities) -> Vec<(&'static str, Value)> {
    vec![
        ("ACLs", json!(level.acls())),
        ("CollectionUpgrade", json!(level.collection_upgrade())),
        (
            "ForbidDuplicateTXIdInBlock",
            json!(level.forbid_duplicate_tx_id_in_block()),
        ),
        ("KeyLevelEndorsement", json!(level.key_level_endorsement())),
        ("LifecycleV20", json!(level.lifecycle_v2_0())),
        ("MetadataLifecycle", json!(level.metadata_lifecycle())),
        ("PrivateChannelData", json!(level.private_channel_data())),
        ("PurgePvtData", json!(level.purge_pvt_data())),
        (
            "StorePvtDataOfInvalidTx",
            json!(level.store_pvt_data_of_invalid_tx()),
        ),
        ("V1_1Validation", json!(level.v1_1_validation())),
        ("V1_2Validation", json!(level.v1_2_validation())),
        ("V1_3Validation", json!(level.v1_3_validation())),
        ("V2_0Validation", json!(level.v2_0_validation())),
    ]
}

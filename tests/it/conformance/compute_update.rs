//! Suite `compute_update`.

use cmscc::{
    config::{ConfigTree, compute_update},
    ids::{ChannelId, Digest},
    json,
};

use serde_json::Value;

use super::{Case, Outcome, run_suite, shared};

#[test]
fn compute_update_as_the_reference() {
    run_suite("compute_update", |_, case| check(case));
}

fn check(case: &Case) -> Outcome {
    let ours = compute(case);
    let outcome = case.judge(&ours.as_ref().map(|_| ()).map_err(Clone::clone));
    let (Outcome::Pass, Ok(update)) = (&outcome, &ours) else {
        return outcome;
    };
    let digest = case.text("config_update_sha256");
    if *update != case.bytes("config_update") || Digest::of(update).to_string() != digest {
        return Outcome::Fail("another update".to_owned());
    }
    check_json(case, update)
}

/// The update's JSON form, where the case has it or says why there is none.
fn check_json(case: &Case, update: &[u8]) -> Outcome {
    let ours = json::encode("common.ConfigUpdate", update);
    let reason = case.text("config_update_json_reason");
    match (case.get("config_update_json"), ours) {
        (Some(want), Ok(text)) => {
            let ours: Value = serde_json::from_str(&text).unwrap();
            if ours == *want {
                return Outcome::Pass;
            }
            Outcome::Fail("another JSON form".to_owned())
        }
        (Some(_), Err(e)) => Outcome::Fail(format!("no JSON form: {e}")),
        (None, Err(e)) if !reason.is_empty() && e.reason() != reason => {
            Outcome::Fail(format!("JSON reason {}, not {reason}", e.reason()))
        }
        (None, Ok(_)) if !reason.is_empty() => {
            Outcome::Fail(format!("a JSON form instead of {reason}"))
        }
        (None, _) => Outcome::Pass,
    }
}

fn compute(case: &Case) -> Result<Vec<u8>, String> {
    let read = |bytes: Vec<u8>| ConfigTree::parse(bytes.into()).map_err(|e| e.reason().to_owned());
    let original = read(shared("configs", case.text("original_ref"), ".pb"))?;
    let updated = read(case.bytes("updated"))?;
    let channel = ChannelId::from(case.text("channel_id"));
    compute_update(&channel, &original, &updated).map_err(|e| e.reason().to_owned())
}

//! Config updates as an orderer judges them, and config envelopes as a peer judges them.

use cmscc::{
    config::{
        Bundle, ConfigTree, Emulation, FilterError, Filters, LastUpdate, Refusal, Stage, Update,
        Verdict,
        envelope::{ConfigEnvelope, envelope_parts, read_update_envelope},
    },
    ids::{ChannelId, Digest, UnixTime},
};
use serde_json::{Value, json};

use super::{Case, Outcome, judge, run_suite, shared};

/// When the certificates of the vectors are looked at: 2026-11-20, as their maker did.
const NOW: UnixTime = UnixTime {
    seconds: 1_795_132_800,
    nanos: 0,
};

#[test]
fn propose_config_update() {
    run_suite("propose_config_update", |_, case| match case.text("op") {
        "validate" => validate(case),
        _ => propose(case),
    });
}

/// Stage and reason class of a failure.
type Failure = (&'static str, String);

fn propose(case: &Case) -> Outcome {
    let ours = propose_in_stages(case);
    let mut outcomes = vec![in_stage(case, &ours)];
    if let Ok((tree, migration)) = &ours {
        let digest = Digest::of(&tree.encode()).to_string();
        assert_eq!(tree.encoded_len(), tree.encode().len());
        let want = case.text("result_config_sha256");
        if digest != want {
            outcomes.push(Outcome::Fail(format!(
                "result {digest}, the reference says {want}"
            )));
        }
        let name = case.text("result_config_ref");
        if !name.is_empty() && tree.encode() != shared("configs", name, ".pb") {
            outcomes.push(Outcome::Fail(format!("the result is not {name}")));
        }
        if let Some(want) = case.get("maintenance_filter") {
            outcomes.push(judge(want, migration, false));
        }
    }
    outcomes.push(emulation(case, &ours));
    if let Some(want) = case.get("orderer_filters") {
        outcomes.push(filters(case, want));
    }
    outcomes
        .into_iter()
        .find(|outcome| !matches!(outcome, Outcome::Pass))
        .unwrap_or(Outcome::Pass)
}

fn propose_in_stages(case: &Case) -> Result<(ConfigTree, Result<(), String>), Failure> {
    let envelope = case.bytes("envelope");
    envelope_parts(&envelope.clone().into()).map_err(|_| ("envelope", "undecodable".to_owned()))?;
    let current = current(case)?;
    let tree = current.propose_config_update(&envelope).map_err(failure)?;
    let next = current.next_at_orderer(&tree).map_err(failure)?;
    let update = read_update_envelope(&envelope.into())
        .unwrap()
        .config_update;
    let update = Update::parse(update).unwrap();
    let migration = current
        .check_migration(&next, update.write_set())
        .map_err(|e| e.reason().to_owned());
    Ok((tree, migration))
}

/// The emulation must say the same as the steps one by one.
fn emulation<T>(case: &Case, ours: &Result<T, Failure>) -> Outcome {
    let (Ok(current), Ok(envelope)) = (
        current(case),
        read_update_envelope(&case.bytes("envelope").into()),
    ) else {
        return Outcome::Pass;
    };
    let Ok(update) = Update::parse(envelope.config_update) else {
        return Outcome::Pass;
    };
    let emulation = current.emulate(&update, &envelope.signatures);
    let chosen = current.choose_signatures(&update, &envelope.signatures);
    if let Some(outcome) = consensus(case, &emulation).or_else(|| releases(case, &emulation)) {
        return outcome;
    }
    let fits = match (ours, &emulation.verdict) {
        // the fake TLS certificates of the vectors do not pass the consensus plug-in
        (Ok(_), Verdict::Refused(refusal)) => {
            matches!(refusal.stage(), Stage::Consensus | Stage::Migration)
        }
        (Ok(_), Verdict::Accepted) => emulation.result.is_some() && chosen.is_some(),
        (Err((_, reason)), Verdict::Unsatisfied) => reason == "policy_not_satisfied",
        (Err((_, reason)), Verdict::Refused(refusal)) => {
            // whoever signs, the result is refused too
            // of several faults in a random case either may come first
            reason == refusal.reason()
                || reason == "policy_not_satisfied"
                || case.text("class") == "random"
        }
        (_, Verdict::Unsupported { levels }) => !levels.is_empty(),
        _ => false,
    };
    if fits {
        Outcome::Pass
    } else {
        let ours = ours.as_ref().map(drop);
        Outcome::Fail(format!(
            "steps say {ours:?}, emulation says {:?}",
            emulation.verdict
        ))
    }
}

/// What is wrong with our answer for the consensus plug-in, where the case has the reference's.
/// Where the clock decides, an acceptance has to say so.
fn consensus(case: &Case, ours: &Emulation) -> Option<Outcome> {
    let reference = case.get("consensus")?;
    let accepts = reference["expect"].as_str()? == "ok";
    let clock = reference["clock"] == true;
    let verdict = &ours.verdict;
    let refused =
        matches!(verdict, Verdict::Refused(refusal) if refusal.stage() == Stage::Consensus);
    let said = |beginning| {
        ours.not_checked
            .iter()
            .any(|line| line.starts_with(beginning))
    };
    let (old, new) = (
        said("that each tls certificate of consenter "),
        said("that the tls certificates of the added consenter "),
    );
    let wrong = match (refused, clock) {
        (true, _) => accepts,
        (false, true) => !old && !new,
        (false, false) => !accepts || old && !new,
    };
    wrong.then(|| {
        Outcome::Fail(format!(
            "consensus {verdict:?}, not checked {:?}, the reference says {reference}",
            ours.not_checked
        ))
    })
}

/// What is wrong with what we say of orderers of 2.5, where the case has their answer.
fn releases(case: &Case, ours: &Emulation) -> Option<Outcome> {
    let accepts = case.get("orderers_2_5")?["expect"].as_str()? == "ok";
    if matches!(ours.verdict, Verdict::Refused(_)) {
        return Some(Outcome::Fail(format!("{:?}", ours.verdict)));
    }
    let said: Vec<&String> = (ours.not_checked.iter())
        .filter(|line| line.starts_with("needs orderers of 3.x"))
        .collect();
    (said.len() != usize::from(!accepts))
        .then(|| Outcome::Fail(format!("{said:?}, orderers of 2.5 accept: {accepts}")))
}

fn current(case: &Case) -> Result<Bundle, Failure> {
    let config = shared("configs", case.text("config_ref"), ".pb");
    let tree =
        ConfigTree::parse(config.into()).map_err(|e| ("current_bundle", e.reason().to_owned()))?;
    Bundle::new(&ChannelId::from(case.text("channel_id")), tree)
        .map_err(|e| ("current_bundle", e.reason().to_owned()))
}

fn failure(refusal: Refusal) -> Failure {
    (refusal.stage().name(), refusal.reason().to_owned())
}

/// Judges outcome and reason, and the stage where there is only one.
fn in_stage<T>(case: &Case, ours: &Result<T, Failure>) -> Outcome {
    let outcome = case.judge(
        &ours
            .as_ref()
            .map(drop)
            .map_err(|(_, reason)| reason.clone()),
    );
    let stage = case.text("stage");
    match ours {
        Err((ours, reason)) if matches!(outcome, Outcome::Pass) && !stage.is_empty() => {
            let mut stages = vec![(stage, case.text("reason"))];
            for other in case
                .get("alternatives")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let text = |name: &str| other[name].as_str().unwrap_or_default();
                stages.push((text("stage"), text("reason")));
            }
            let expected = case.text("expect") == "panic"
                || stages.iter().any(|(s, r)| s == ours && r == reason);
            if expected {
                Outcome::Pass
            } else {
                Outcome::Fail(format!("stage {ours}, the reference says {stages:?}"))
            }
        }
        _ => outcome,
    }
}

fn filters(case: &Case, want: &Value) -> Outcome {
    let Ok(current) = current(case) else {
        return Outcome::Pass;
    };
    let filters = current
        .orderer_filters(&case.bytes("envelope"), NOW)
        .unwrap();
    let Filters {
        empty,
        size,
        expiration,
        signature,
    } = filters.expect("a config with filters has an Orderer group");
    let text = |result: Result<(), FilterError>| match result {
        Ok(()) => "ok",
        Err(e) => e.reason(),
    };
    let ours = json!({
        "empty": text(empty),
        "size": text(size),
        "expiration": text(expiration),
        "signature": text(signature),
    });
    if ours == *want {
        Outcome::Pass
    } else {
        Outcome::Fail(format!("orderer filters {ours}, the reference says {want}"))
    }
}

fn validate(case: &Case) -> Outcome {
    let ours = (|| {
        let envelope = case.bytes("config_envelope");
        let undecodable = ("envelope", "undecodable".to_owned());
        let carried = ConfigEnvelope::parse(&envelope.into()).map_err(|_| undecodable.clone())?;
        let config = carried.config.map(ConfigTree::parse).transpose();
        let config = config.map_err(|_| undecodable)?;
        let current = current(case)?;
        let last_update = LastUpdate::Carried(carried.last_update.as_ref());
        let next = current.validate(config, last_update).map_err(failure)?;
        current.next_at_peer(next).map_err(failure)
    })();
    in_stage(case, &ours)
}

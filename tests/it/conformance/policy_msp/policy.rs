//! `policy.jsonl` and `lookup.jsonl`: evaluating and resolving policies.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use cmscc::{
    config::{Bundle, ConfigTree},
    identity::serialized_identity,
    policy::{SignedData, SignerSet},
};
use serde_json::Value;

use super::super::{Case, Outcome, base64, shared, shared_json};

pub(super) fn check(file: &str, case: &Case) -> Outcome {
    let bundle = bundle(case.text("channel_id"), case.text("config_ref"));
    let policies = bundle.policies();
    let found = policies.absolute(case.text("policy"));
    if file == "lookup" {
        // where the reference crashes, nothing may be found
        let want = case.text("expect") == "ok" && case.get("found") == Some(&Value::Bool(true));
        return match found.is_some() == want {
            true => Outcome::Pass,
            false => Outcome::Fail(format!("found: {}", found.is_some())),
        };
    }
    let Some(id) = found else {
        return case.judge(&Err("missing_policy".to_owned()));
    };
    let signers = signers(case, &bundle);
    let accepted = policies.evaluate(bundle.msps(), id, &signers);
    let explanation = policies.explain(bundle.msps(), id, &signers);
    if explanation.satisfied() != accepted {
        return Outcome::Fail(format!("evaluated {accepted}, explained otherwise"));
    }
    let order = policies.choose(bundle.msps(), &[id], &signers);
    if order.is_none() && accepted {
        return Outcome::Fail("accepted, but no order of signatures was found".to_owned());
    }
    let picked = order.map(|order| signers.pick(&order));
    if picked.is_some_and(|picked| !policies.evaluate(bundle.msps(), id, &picked)) {
        return Outcome::Fail("the order of signatures found does not satisfy".to_owned());
    }
    case.judge(&match accepted {
        true => Ok(()),
        false => Err("policy_not_satisfied".to_owned()),
    })
}

fn signers(case: &Case, bundle: &Bundle) -> SignerSet {
    struct Signed {
        identity: Vec<u8>,
        data: Vec<u8>,
        signature: Vec<u8>,
    }
    let identities = shared_json("identities.json");
    let signed = case.get("signed_data").and_then(Value::as_array).unwrap();
    let signed: Vec<Signed> = signed
        .iter()
        .map(|signed| {
            let text = |name: &str| signed[name].as_str().unwrap_or_default();
            let identity = &identities[text("identity_ref")];
            let msp_id = identity["mspid"].as_str().unwrap().into();
            let pem = identity["cert_pem"].as_str().unwrap();
            Signed {
                identity: serialized_identity(&msp_id, pem.as_bytes()),
                data: base64(text("data")),
                signature: base64(text("signature")),
            }
        })
        .collect();
    let data: Vec<SignedData<'_>> = signed
        .iter()
        .map(|signed| SignedData {
            identity: &signed.identity,
            message: vec![&signed.data],
            signature: &signed.signature,
        })
        .collect();
    SignerSet::from_signed_data(bundle.msps(), &data)
}

/// The bundle of a shared config; built once, since hundreds of cases use one.
fn bundle(channel: &str, config_ref: &str) -> Arc<Bundle> {
    static CACHE: Mutex<BTreeMap<(String, String), Arc<Bundle>>> = Mutex::new(BTreeMap::new());
    let key = (channel.to_owned(), config_ref.to_owned());
    let mut cache = CACHE.lock().unwrap();
    let bundle = cache.entry(key).or_insert_with(|| {
        let config = ConfigTree::parse(Bytes::from(shared("configs", config_ref, ".pb"))).unwrap();
        Arc::new(Bundle::new(&channel.into(), config).unwrap())
    });
    Arc::clone(bundle)
}

//! `msp.jsonl`: setting up an MSP, and what it says of many identities.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use cmscc::{
    capabilities::MspVersion,
    identity::{Identity, Msp, MspError, Msps, Principal, Role},
};
use serde_json::Value;

use super::super::{Case, Outcome, base64, shared, shared_json};

/// Compares what setting up and every identity gave. Reasons are advisory: another one is a warning.
pub(super) fn check(case: &Case) -> Outcome {
    let config = shared("msps", case.text("msp_ref"), ".pb");
    let msp = match Msp::setup(&config, version(case.text("version"))) {
        Ok(msp) => msp,
        Err(why) => return refused(case, &why),
    };
    if case.text("expect") != "ok" {
        return Outcome::Fail(format!(
            "set up, the reference says {} ({})",
            case.text("reason"),
            case.text("error")
        ));
    }
    if msp.id().as_str() != case.text("msp_id") {
        return Outcome::Fail(format!("msp id `{}`", msp.id()));
    }
    let msps = Msps::new([Arc::new(msp)]);
    let Named {
        identities,
        principals,
    } = named();
    let mut warnings = Vec::new();
    for (name, want) in case.get("identities").and_then(Value::as_object).unwrap() {
        match check_identity(&msps, &identities[name], want, principals) {
            Ok(differing) => warnings.extend(differing.map(|w| format!("{name}: {w}"))),
            Err(why) => return Outcome::Fail(format!("{name}: {why}")),
        }
    }
    if warnings.is_empty() {
        Outcome::Pass
    } else {
        Outcome::Warn(warnings.join("; "))
    }
}

fn refused(case: &Case, why: &MspError) -> Outcome {
    if case.text("expect") == "panic" {
        return Outcome::Pass;
    }
    if case.text("expect") != "error" {
        return Outcome::Fail(format!("refused: {why}"));
    }
    let reason = case.text("reason");
    if reason == why.reason() {
        return Outcome::Pass;
    }
    Outcome::Warn(format!(
        "{} ({why}), the reference says {reason}",
        why.reason()
    ))
}

fn check_identity(
    msps: &Msps,
    serialized: &[u8],
    want: &Value,
    principals: &BTreeMap<String, Principal>,
) -> Result<Option<String>, String> {
    let identity = msps.deserialize(serialized);
    let deserialized = compare("deserialize", &want["deserialize"], identity.as_ref().err())?;
    let Ok(identity) = identity else {
        return Ok(deserialized);
    };
    let validated = compare(
        "validate",
        &want["validate"],
        identity.validate().err().as_ref(),
    )?;
    let satisfied: Vec<&str> = principals
        .iter()
        .filter(|(_, principal)| msps.satisfies(&identity, principal).is_ok())
        .map(|(name, _)| name.as_str())
        .collect();
    let mut wanted: Vec<&str> = want["satisfies"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    wanted.sort_unstable();
    if satisfied != wanted {
        return Err(format!(
            "satisfies {satisfied:?}, the reference says {wanted:?}"
        ));
    }
    if want
        .get("id")
        .is_some_and(|id| id.as_str() != Some(identity.id()))
    {
        return Err(format!(
            "id {}, the reference says {}",
            identity.id(),
            want["id"]
        ));
    }
    check_outlook(&identity)?;
    if let Some(ous) = want.get("ous") {
        let ours = ous_of(&identity);
        if *ous != ours {
            return Err(format!("ous {ours}, the reference says {ous}"));
        }
    }
    Ok(validated)
}

/// What is said of an MSP without anybody being known fits with those who are: who is valid, or has a
/// role, is somebody who could be; and a certificate judged by itself is judged alike.
fn check_outlook(identity: &Identity) -> Result<(), String> {
    let msp = identity.msp();
    let judged = msp.judge(identity.certificate());
    if judged.valid.is_ok() != identity.validate().is_ok() {
        return Err(format!("judged {:?} by itself", judged.valid));
    }
    if identity.validate().is_ok() {
        let issuer = identity.certificate().issuer();
        let mut cas = msp.issuing_cas().iter();
        if !cas.any(|ca| ca.barred.is_none() && ca.certificate.subject() == issuer) {
            return Err(format!("valid, though {:?}", msp.issuing_cas()));
        }
    }
    for role in [
        Role::Member,
        Role::Admin,
        Role::Client,
        Role::Peer,
        Role::Orderer,
    ] {
        let principal = Principal::Role {
            msp_id: msp.id().clone(),
            role,
        };
        let is = identity.satisfies(&principal).is_ok();
        if is && !msp.can_have(role) {
            return Err(format!("is {role}, which nobody could be"));
        }
        if role != Role::Member && is != judged.roles.contains(&role) {
            return Err(format!("judged as {:?} by itself", judged.roles));
        }
    }
    Ok(())
}

/// The reason where it differs; an error where the outcome does.
fn compare(step: &str, want: &Value, ours: Option<&MspError>) -> Result<Option<String>, String> {
    let want = want.as_str().unwrap();
    match ours {
        None if want == "ok" => Ok(None),
        Some(why) if want == why.reason() => Ok(None),
        Some(why) if want != "ok" => Ok(Some(format!(
            "{step}: {} ({why}), the reference says {want}",
            why.reason()
        ))),
        ours => Err(format!("{step}: {ours:?}, the reference says {want}")),
    }
}

fn ous_of(identity: &Identity) -> Value {
    let Some(certifiers) = identity.certifiers() else {
        return Value::Array(Vec::new());
    };
    let start = hex::encode(&certifiers[..8]);
    identity
        .organizational_units()
        .iter()
        .map(|unit| format!("{unit}:{start}"))
        .collect()
}

/// The identities and principals that the cases name.
struct Named {
    identities: BTreeMap<String, Vec<u8>>,
    principals: BTreeMap<String, Principal>,
}

/// Read once, since thousands of cases use them.
fn named() -> &'static Named {
    static NAMED: OnceLock<Named> = OnceLock::new();
    NAMED.get_or_init(|| Named {
        identities: decoded("policy_msp/msp_identities.json"),
        principals: decoded("policy_msp/msp_principals.json")
            .into_iter()
            .map(|(name, bytes)| (name, Principal::parse(&bytes)))
            .collect(),
    })
}

/// The members of a shared document, each base64.
fn decoded(document: &str) -> BTreeMap<String, Vec<u8>> {
    let json = shared_json(document);
    let members = json.as_object().unwrap().iter();
    members
        .map(|(name, v)| (name.clone(), base64(v.as_str().unwrap())))
        .collect()
}

fn version(name: &str) -> MspVersion {
    match name {
        "MSPv1_0" => MspVersion::V1_0,
        "MSPv1_1" => MspVersion::V1_1,
        "MSPv1_3" => MspVersion::V1_3,
        "MSPv1_4_3" => MspVersion::V1_4_3,
        "MSPv3_0" => MspVersion::V3_0,
        other => panic!("no msp version {other}"),
    }
}

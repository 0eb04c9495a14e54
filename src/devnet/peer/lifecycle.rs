//! The chaincodes that a peer itself runs, as far as another chaincode may call them.

use bytes::Bytes;
use prost::Message;

use crate::{
    policy::parse_policy,
    proto::{
        common::SignaturePolicyEnvelope,
        lifecycle::{QueryChaincodeDefinitionArgs, QueryChaincodeDefinitionResult},
        protos::{ApplicationPolicy, ChaincodeInput, application_policy},
    },
    stub::Response,
};

/// Answers a call that `caller` makes of another chaincode. Its own definition is the only one on
/// the channel, with this endorsement policy.
///
/// # Errors
/// The peer's words, where it knows no such chaincode.
pub(super) fn call(
    caller: &str,
    endorsement: &str,
    chaincode: &str,
    input: &ChaincodeInput,
) -> Result<Response, String> {
    match chaincode {
        "_lifecycle" => Ok(answer(caller, endorsement, &input.args)),
        // Fabric: core/scc/cscc/configure.go and core/scc/qscc/query.go, Invoke
        "cscc" if input.args.len() < 2 => {
            let count = input.args.len();
            Ok(refused(
                500,
                &format!("Incorrect number of arguments, {count}"),
            ))
        }
        "cscc" => Ok(refused(
            500,
            &format!(
                "Rejecting invoke of CSCC from another chaincode, original invocation for '{caller}'"
            ),
        )),
        "qscc" => Ok(refused(
            500,
            &format!(
                "Rejecting invoke of QSCC from another chaincode because of potential for \
                 deadlocks, original invocation for '{caller}'"
            ),
        )),
        other => Err(format!(
            "execute failed: invalid invocation: failed to get chaincode container info for \
             {other}: chaincode {other} not found"
        )),
    }
}

/// Answers a call of `_lifecycle`, where this chaincode alone is defined.
// Fabric: core/chaincode/lifecycle/scc.go, QueryChaincodeDefinition
pub(super) fn answer(defined: &str, endorsement: &str, args: &[Bytes]) -> Response {
    let [function, argument] = args else {
        return refused(
            500,
            "lifecycle scc operations require exactly two arguments",
        );
    };
    if function != "QueryChaincodeDefinition" {
        return refused(500, "SCC function is not served by a development peer");
    }
    let Ok(asked) = QueryChaincodeDefinitionArgs::decode(argument.clone()) else {
        return refused(
            500,
            "failed to decode input arg to QueryChaincodeDefinition",
        );
    };
    if asked.name != defined {
        return refused(404, &format!("namespace {} is not defined", asked.name));
    }
    let policy = ApplicationPolicy {
        r#type: Some(match rule(endorsement) {
            Some(rule) => application_policy::Type::SignaturePolicy(rule),
            None => application_policy::Type::ChannelConfigPolicyReference(endorsement.to_owned()),
        }),
    };
    let definition = QueryChaincodeDefinitionResult {
        sequence: 1,
        version: "1.0".to_owned(),
        endorsement_plugin: "escc".to_owned(),
        validation_plugin: "vscc".to_owned(),
        validation_parameter: policy.encode_to_vec().into(),
        ..QueryChaincodeDefinitionResult::default()
    };
    Response {
        status: 200,
        message: String::new(),
        payload: definition.encode_to_vec().into(),
    }
}

/// A policy that is a rule, and no name.
fn rule(policy: &str) -> Option<SignaturePolicyEnvelope> {
    let rule = parse_policy(policy).ok()?;
    SignaturePolicyEnvelope::decode(rule.as_slice()).ok()
}

pub(super) fn refused(status: i32, message: &str) -> Response {
    Response {
        status,
        message: message.to_owned(),
        payload: Bytes::new(),
    }
}

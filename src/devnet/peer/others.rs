//! The chaincodes that a peer itself runs, as far as another chaincode may call them.

use bytes::Bytes;
use prost::Message;

use super::lifecycle::KeptDefinition;
use crate::{
    proto::{lifecycle::QueryChaincodeDefinitionArgs, protos::ChaincodeInput},
    stub::Response,
};

/// Answers a call that `caller` makes of another chaincode. Its own definition is the only one on
/// the channel, and this is it.
///
/// # Errors
/// The peer's words, where it knows no such chaincode.
pub(super) fn call(
    caller: &str,
    definition: &KeptDefinition,
    chaincode: &str,
    input: &ChaincodeInput,
) -> Result<Response, String> {
    match chaincode {
        "_lifecycle" => Ok(answer(caller, definition, &input.args)),
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
fn answer(defined: &str, definition: &KeptDefinition, args: &[Bytes]) -> Response {
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
    Response {
        status: 200,
        message: String::new(),
        payload: definition.result().encode_to_vec().into(),
    }
}

fn refused(status: i32, message: &str) -> Response {
    Response {
        status,
        message: message.to_owned(),
        payload: Bytes::new(),
    }
}

//! Errors as the gateway words them.

use bytes::Bytes;
use prost::Message;
use tonic::{Code, Status};

use super::OrganizationNode;
use crate::{
    devnet::peer::{NotProcessed, result_of},
    proto::{gateway::ErrorDetail, google::rpc, protos::ProposalResponse},
    stub::Response,
};

/// An error with what nodes said.
// Fabric: internal/pkg/gateway/apiutils.go, newRpcError
pub(super) fn with_details(code: Code, message: &str, details: &[ErrorDetail]) -> Status {
    if details.is_empty() {
        return Status::new(code, message);
    }
    let details = details.iter().map(|detail| prost_types::Any {
        type_url: "type.googleapis.com/gateway.ErrorDetail".to_owned(),
        value: detail.encode_to_vec(),
    });
    let status = rpc::Status {
        code: code.into(),
        message: message.to_owned(),
        details: details.collect(),
    };
    Status::with_details(code, message, Bytes::from(status.encode_to_vec()))
}

/// What one peer said.
pub(super) fn detail(node: &OrganizationNode, message: &str) -> ErrorDetail {
    ErrorDetail {
        address: node.address(),
        msp_id: node.organization.msp_id().to_string(),
        message: message.to_owned(),
    }
}

/// Why a peer's answer is no success.
pub(super) struct Unsuccessful {
    pub(super) code: Code,
    pub(super) message: String,
    /// Whether another peer may do better.
    pub(super) retry: bool,
}

/// Reads the answer of a peer: the gateway's own one, or another, which it asks over gRPC.
// Fabric: internal/pkg/gateway/apiutils.go, responseStatus
pub(super) fn read(
    answer: &Result<ProposalResponse, NotProcessed>,
    is_local: bool,
) -> Result<Response, Unsuccessful> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(NotProcessed::Invalid(words)) if is_local => {
            return Err(Unsuccessful {
                code: Code::FailedPrecondition,
                message: words.clone(),
                retry: false,
            });
        }
        Err(error) => {
            let words = error.words();
            let message = match is_local {
                true => words.to_owned(),
                false => format!("rpc error: code = Unknown desc = {words}"),
            };
            return Err(Unsuccessful {
                code: Code::Unavailable,
                message,
                retry: true,
            });
        }
    };
    let Some(response) = &answer.response else {
        return Err(Unsuccessful {
            code: Code::Unknown,
            message: "an answer without a response".to_owned(),
            retry: false,
        });
    };
    let (status, message) = (response.status, &response.message);
    if (200..400).contains(&status) {
        let result = result_of(answer).unwrap_or_else(|| Response {
            status,
            message: message.clone(),
            payload: response.payload.clone(),
        });
        return Ok(result);
    }
    // the peer itself failed: it endorses refusals of chaincodes from 500 on, unsigned
    if status == 500 && answer.payload.is_empty() {
        return Err(Unsuccessful {
            code: Code::Aborted,
            message: message.clone(),
            retry: true,
        });
    }
    Err(Unsuccessful {
        code: Code::Unknown,
        message: format!("chaincode response {status}, {message}"),
        retry: false,
    })
}

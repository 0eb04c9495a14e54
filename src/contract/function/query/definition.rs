//! `GetSettings`: what the members agreed, and whether the chaincode's definition, which Fabric's
//! lifecycle keeps, is what they agreed.

use bytes::Bytes;
use prost::Message;

use crate::{
    capabilities::ContractCapabilities,
    contract::{
        answer::{self, DefinitionReport, GetSettingsReport, SettingsReport, shorten},
        chain::levels,
        error::ContractError,
        function::Context,
        judge::agreement::is_reference,
    },
    ids::ChaincodeName,
    policy::{RULE_TEXT, parse_policy, print_policy, same_policy},
    proto::{
        lifecycle::{QueryChaincodeDefinitionArgs, QueryChaincodeDefinitionResult},
        scan::{Fields, ScanError},
    },
    stub::{Response, Stub, StubError},
};

/// The chaincode that keeps definitions.
const LIFECYCLE: &str = "_lifecycle";

/// `GetSettings`: the settings, what this build knows, and the committed definition. The lifecycle is
/// asked only here, since it is no part of what endorsers must agree on.
pub(crate) async fn get_settings<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let (trusted, bundle) = call.trusted(stub).await?;
    let agreed = &trusted.settings.endorsement_policy;
    let supported = ContractCapabilities::SUPPORTED.iter();
    answer::write(&GetSettingsReport {
        as_of_sequence: trusted.head.sequence,
        definition: definition(stub, call.chaincode(), agreed).await,
        instance: trusted.settings.instance.clone(),
        settings: SettingsReport::of(&trusted.settings),
        settings_sha256: trusted.settings_sha256.to_string(),
        supported_capabilities: supported.map(|level| (*level).to_owned()).collect(),
        unsupported: levels::unsupported(&bundle),
        version: trusted.settings.version.unwrap_or_default(),
    })
}

async fn definition<S: Stub>(
    stub: &mut S,
    chaincode: &ChaincodeName,
    agreed: &str,
) -> DefinitionReport {
    let unknown = |mut error: String| DefinitionReport {
        chaincode: Some(chaincode.to_string()).filter(|name| !name.is_empty()),
        endorsement_policy: None,
        error: {
            shorten(&mut error);
            Some(error)
        },
        matches: None,
        sequence: None,
        version: None,
    };
    if chaincode.as_str().is_empty() {
        return unknown("the proposal names no chaincode".to_owned());
    }
    let asked = QueryChaincodeDefinitionArgs {
        name: chaincode.to_string(),
    };
    let args = [
        Bytes::from_static(b"QueryChaincodeDefinition"),
        asked.encode_to_vec().into(),
    ];
    let answer = stub.invoke_chaincode(&LIFECYCLE.into(), &args).await;
    let committed = match committed(answer) {
        Ok(committed) => committed,
        Err(why) => return unknown(why),
    };
    let policy = match EndorsementPolicy::parse(&committed.validation_parameter) {
        Ok(policy) => policy,
        Err(e) => return unknown(format!("the definition's validation parameter: {e}")),
    };
    DefinitionReport {
        endorsement_policy: policy.text(),
        error: None,
        matches: (!agreed.is_empty()).then(|| policy.is(agreed)),
        sequence: Some(committed.sequence),
        version: Some(committed.version),
        ..unknown(String::new())
    }
}

/// The definition in an answer of the lifecycle, or why there is none.
fn committed(
    answer: Result<Response, StubError>,
) -> Result<QueryChaincodeDefinitionResult, String> {
    let answer = answer.map_err(|e| e.to_string())?;
    if !answer.is_success() {
        return Err(format!(
            "`{LIFECYCLE}` answered with status {}: {}",
            answer.status, answer.message
        ));
    }
    QueryChaincodeDefinitionResult::decode(answer.payload)
        .map_err(|e| format!("the answer of `{LIFECYCLE}` does not decode: {e}"))
}

/// The endorsement policy of a definition: `protos.ApplicationPolicy`.
#[derive(Debug, PartialEq, Eq)]
enum EndorsementPolicy {
    /// The definition carries no endorsement policy.
    None,
    /// A policy of the channel config.
    Reference(String),
    /// A serialized `common.SignaturePolicyEnvelope`.
    Signature(Vec<u8>),
}

impl EndorsementPolicy {
    /// Reads the message by hand: a policy may be nested deeper than generated types decode.
    fn parse(bytes: &[u8]) -> Result<Self, ScanError> {
        let mut policy = Self::None;
        let mut fields = Fields::new(bytes);
        while let Some(field) = fields.next()? {
            match (field.number, field.bytes()) {
                (1, Some(envelope)) => match &mut policy {
                    // protobuf merges a message that comes again
                    Self::Signature(before) => before.extend_from_slice(envelope),
                    other => *other = Self::Signature(envelope.to_vec()),
                },
                (2, Some(_)) => {
                    let name = field.text()?.unwrap_or_default();
                    policy = Self::Reference(name.to_owned());
                }
                _ => {}
            }
        }
        Ok(policy)
    }

    /// As settings write it; `None` where there is none that can be written.
    fn text(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Reference(name) => Some(name.clone()),
            Self::Signature(envelope) => print_policy(envelope, RULE_TEXT).ok(),
        }
    }

    /// Whether it is the policy that the members agreed.
    fn is(&self, agreed: &str) -> bool {
        match self {
            Self::None => false,
            Self::Reference(name) => name == agreed,
            Self::Signature(envelope) => {
                !is_reference(agreed)
                    && parse_policy(agreed)
                        .is_ok_and(|agreed| same_policy(&agreed, envelope) == Ok(true))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::write;

    fn signature(text: &str) -> Vec<u8> {
        let mut policy = Vec::new();
        write::message(&mut policy, 1, &parse_policy(text).unwrap());
        policy
    }

    #[test]
    fn a_definition_matches_what_was_agreed_and_nothing_else() {
        const AND: &str = "AND('Org1MSP.peer', 'Org2MSP.peer')";
        const REFERENCE: &str = "/Channel/Application/Endorsement";
        let mut reference = Vec::new();
        write::bytes(&mut reference, 2, REFERENCE.as_bytes());
        let both = [signature(AND), reference.clone()].concat();
        for (name, bytes, agreed, matches) in [
            ("a signature policy", signature(AND), AND, true),
            (
                "spaces",
                signature(AND),
                "AND('Org1MSP.peer','Org2MSP.peer')",
                true,
            ),
            (
                "another",
                signature(AND),
                "OR('Org1MSP.peer', 'Org2MSP.peer')",
                false,
            ),
            ("a reference for it", signature(AND), REFERENCE, false),
            ("a reference", reference.clone(), REFERENCE, true),
            (
                "another reference",
                reference.clone(),
                "/Channel/Application/Writers",
                false,
            ),
            ("a policy for it", reference, AND, false),
            ("the last one counts", both, REFERENCE, true),
            ("none", Vec::new(), REFERENCE, false),
        ] {
            let policy = EndorsementPolicy::parse(&bytes).unwrap();
            assert_eq!(policy.is(agreed), matches, "{name}");
        }
        assert!(EndorsementPolicy::parse(b"\xff").is_err());
        let policy = EndorsementPolicy::parse(&signature(AND)).unwrap();
        assert_eq!(policy.text().as_deref(), Some(AND));
    }
}

//! The endorsement policy of a definition.

use bytes::Bytes;

use crate::{
    client::{ClientError, Exit},
    policy::{RULE_TEXT, parse_policy, print_policy, same_policy},
    proto::{scan::Fields, write},
};

/// The policy that a definition follows where it names none.
// Fabric: core/chaincode/lifecycle/lifecycle.go, DefaultEndorsementPolicyRef
const USUAL: &str = "/Channel/Application/Endorsement";

/// The endorsement policy of a definition: a `protos.ApplicationPolicy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionPolicy {
    /// As definitions carry it. Approvals are compared by these bytes.
    parameter: Bytes,
}

impl Default for DefinitionPolicy {
    fn default() -> Self {
        Self::reference(USUAL)
    }
}

impl DefinitionPolicy {
    /// A policy of the channel config, by its path.
    #[must_use]
    pub fn reference(path: &str) -> Self {
        let mut parameter = Vec::new();
        write::bytes(&mut parameter, 2, path.as_bytes());
        Self {
            parameter: parameter.into(),
        }
    }

    /// What people write: a path of the channel config, or a rule in Fabric's language.
    ///
    /// # Errors
    /// `BAD_POLICY`.
    pub fn parse(text: &str) -> Result<Self, ClientError> {
        if text.starts_with('/') {
            return Ok(Self::reference(text));
        }
        Self::rule(text)
    }

    /// A rule in Fabric's language.
    ///
    /// # Errors
    /// `BAD_POLICY`.
    pub fn rule(text: &str) -> Result<Self, ClientError> {
        let rule = parse_policy(text).map_err(|error| {
            let message = format!("`{text}` is no endorsement policy: {error}");
            ClientError::new(Exit::Usage, "BAD_POLICY", message)
                .hint("such as \"OutOf(2, 'Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')\"")
        })?;
        let mut parameter = Vec::new();
        write::message(&mut parameter, 1, &rule);
        Ok(Self {
            parameter: parameter.into(),
        })
    }

    /// As a definition carries it; a definition without any follows the usual one.
    // Fabric: core/chaincode/lifecycle/lifecycle.go, SetChaincodeDefinitionDefaults
    #[must_use]
    pub fn of_parameter(parameter: Bytes) -> Self {
        match parameter.is_empty() {
            true => Self::default(),
            false => Self { parameter },
        }
    }

    /// The serialized `protos.ApplicationPolicy`.
    #[must_use]
    pub const fn parameter(&self) -> &Bytes {
        &self.parameter
    }

    /// The path of the channel config that it names; `None` where it is a rule.
    #[must_use]
    pub fn path(&self) -> Option<String> {
        match self.read() {
            Some(PolicyForm::Path(path)) => Some(path),
            _ => None,
        }
    }

    /// As settings of the contract write it: a path, or a rule in Fabric's language; `None` where it
    /// cannot be written.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self.read()? {
            PolicyForm::Path(path) => Some(path),
            PolicyForm::Rule(rule) => print_policy(&rule, RULE_TEXT).ok(),
        }
    }

    /// Whether both say the same: the same path, or the same rules over the same principals.
    #[must_use]
    pub fn says(&self, other: &Self) -> bool {
        if self.parameter == other.parameter {
            return true;
        }
        match (self.read(), other.read()) {
            (Some(PolicyForm::Rule(one)), Some(PolicyForm::Rule(other))) => {
                same_policy(&one, &other) == Ok(true)
            }
            (Some(PolicyForm::Path(one)), Some(PolicyForm::Path(other))) => one == other,
            _ => false,
        }
    }

    /// Reads the message by hand: a rule may be nested deeper than generated types decode.
    fn read(&self) -> Option<PolicyForm> {
        let mut found = None;
        let mut fields = Fields::new(&self.parameter);
        while let Some(field) = fields.next().ok()? {
            match (field.number, field.bytes()) {
                (1, Some(rule)) => match &mut found {
                    // protobuf merges a message that comes again
                    Some(PolicyForm::Rule(before)) => before.extend_from_slice(rule),
                    other => *other = Some(PolicyForm::Rule(rule.to_vec())),
                },
                (2, Some(_)) => {
                    found = Some(PolicyForm::Path(
                        field.text().ok()?.unwrap_or_default().to_owned(),
                    ));
                }
                _ => {}
            }
        }
        found
    }
}

/// What a parameter says.
enum PolicyForm {
    Path(String),
    /// A serialized `common.SignaturePolicyEnvelope`.
    Rule(Vec<u8>),
}

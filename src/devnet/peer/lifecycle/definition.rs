//! A definition, and how it lies on the ledger.

use bytes::Bytes;
use prost::Message;

use crate::{
    policy::{RULE_TEXT, parse_policy, print_policy},
    proto::{
        common::SignaturePolicyEnvelope,
        lifecycle::{
            ChaincodeEndorsementInfo, ChaincodeValidationInfo, QueryChaincodeDefinitionResult,
            StateData, StateMetadata, state_data::Type,
        },
        protos::{ApplicationPolicy, application_policy},
    },
};

/// A definition of the chaincode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::devnet::peer) struct KeptDefinition {
    pub(super) sequence: i64,
    pub(super) version: String,
    pub(super) endorsement_plugin: String,
    pub(super) validation_plugin: String,
    /// A serialized `protos.ApplicationPolicy`.
    pub(super) parameter: Bytes,
    /// A serialized `protos.CollectionConfigPackage`.
    pub(super) collections: Bytes,
    pub(super) init_required: bool,
}

/// A key below a name, and its value.
pub(super) type KeptField = (&'static str, Bytes);

impl KeptDefinition {
    /// The definition that every channel of the network begins with: nobody approved or committed it.
    pub(in crate::devnet::peer) fn first(endorsement: &str) -> Self {
        let policy = ApplicationPolicy {
            r#type: Some(match rule(endorsement) {
                Some(rule) => application_policy::Type::SignaturePolicy(rule),
                None => {
                    application_policy::Type::ChannelConfigPolicyReference(endorsement.to_owned())
                }
            }),
        };
        Self {
            sequence: 1,
            version: "1.0".to_owned(),
            parameter: policy.encode_to_vec().into(),
            ..Self::default()
        }
    }

    /// How often the chaincode was defined.
    pub(in crate::devnet::peer) const fn sequence(&self) -> i64 {
        self.sequence
    }

    /// Its endorsement policy: an absolute name, or a rule.
    pub(in crate::devnet::peer) fn endorsement(&self) -> String {
        let policy = ApplicationPolicy::decode(self.parameter.clone()).unwrap_or_default();
        match policy.r#type {
            Some(application_policy::Type::ChannelConfigPolicyReference(name)) => name,
            Some(application_policy::Type::SignaturePolicy(rule)) => {
                print_policy(&rule.encode_to_vec(), RULE_TEXT).unwrap_or_default()
            }
            None => String::new(),
        }
    }

    /// As it is answered to `QueryChaincodeDefinition`, without approvals.
    pub(in crate::devnet::peer) fn result(&self) -> QueryChaincodeDefinitionResult {
        QueryChaincodeDefinitionResult {
            sequence: self.sequence,
            version: self.version.clone(),
            endorsement_plugin: self.endorsement_plugin.clone(),
            validation_plugin: self.validation_plugin.clone(),
            validation_parameter: self.parameter.clone(),
            collections: self.collections.clone(),
            init_required: self.init_required,
            ..QueryChaincodeDefinitionResult::default()
        }
    }

    /// In what another one differs: the first difference, as Fabric says it.
    // Fabric: core/chaincode/lifecycle/lifecycle.go, ChaincodeParameters.Equal
    pub(super) fn difference(&self, passed: &Self) -> Option<String> {
        let text = |name: &str, ours: &str, theirs: &str| {
            (ours != theirs).then(|| {
                format!("expected {name} '{ours}' does not match passed {name} '{theirs}'")
            })
        };
        text("Version", &self.version, &passed.version)
            .or_else(|| {
                let plugins = (&self.endorsement_plugin, &passed.endorsement_plugin);
                text("EndorsementPlugin", plugins.0, plugins.1)
            })
            .or_else(|| {
                let (ours, theirs) = (self.init_required, passed.init_required);
                text("InitRequired", &ours.to_string(), &theirs.to_string())
            })
            .or_else(|| {
                let plugins = (&self.validation_plugin, &passed.validation_plugin);
                text("ValidationPlugin", plugins.0, plugins.1)
            })
            .or_else(|| {
                let (ours, theirs) = (hex::encode(&self.parameter), hex::encode(&passed.parameter));
                text("ValidationParameter", &ours, &theirs)
            })
            .or_else(|| {
                let differ = self.collections != passed.collections;
                differ.then(|| "Collections do not match".to_owned())
            })
    }

    /// The fields of what an organisation approves.
    pub(super) fn parameters(&self) -> [KeptField; 3] {
        let endorsement = ChaincodeEndorsementInfo {
            version: self.version.clone(),
            init_required: self.init_required,
            endorsement_plugin: self.endorsement_plugin.clone(),
        };
        let validation = ChaincodeValidationInfo {
            validation_plugin: self.validation_plugin.clone(),
            validation_parameter: self.parameter.clone(),
        };
        let bytes = |bytes: Bytes| data(Type::Bytes(bytes));
        [
            ("EndorsementInfo", bytes(endorsement.encode_to_vec().into())),
            ("ValidationInfo", bytes(validation.encode_to_vec().into())),
            ("Collections", bytes(self.collections.clone())),
        ]
    }

    /// The fields of what is committed.
    pub(super) fn fields(&self) -> Vec<KeptField> {
        let mut fields = vec![("Sequence", data(Type::Int64(self.sequence)))];
        fields.extend(self.parameters());
        fields
    }

    /// Reads the fields back; `field` gives the value of one.
    pub(super) fn read(sequence: i64, field: impl Fn(&str) -> Option<Bytes>) -> Option<Self> {
        let bytes = |name: &str| match StateData::decode(field(name)?).ok()?.r#type? {
            Type::Bytes(bytes) => Some(bytes),
            _ => None,
        };
        let endorsement = ChaincodeEndorsementInfo::decode(bytes("EndorsementInfo")?).ok()?;
        let validation = ChaincodeValidationInfo::decode(bytes("ValidationInfo")?).ok()?;
        Some(Self {
            sequence,
            version: endorsement.version,
            endorsement_plugin: endorsement.endorsement_plugin,
            validation_plugin: validation.validation_plugin,
            parameter: validation.validation_parameter,
            collections: bytes("Collections")?,
            init_required: endorsement.init_required,
        })
    }
}

impl Default for KeptDefinition {
    fn default() -> Self {
        Self {
            sequence: 0,
            version: String::new(),
            endorsement_plugin: "escc".to_owned(),
            validation_plugin: "vscc".to_owned(),
            parameter: Bytes::new(),
            collections: Bytes::new(),
            init_required: false,
        }
    }
}

/// A value as the lifecycle stores it.
pub(super) fn data(value: Type) -> Bytes {
    let data = StateData {
        r#type: Some(value),
    };
    data.encode_to_vec().into()
}

/// What says which fields a structure has.
pub(super) fn metadata(datatype: &str, fields: &[KeptField]) -> Bytes {
    let metadata = StateMetadata {
        datatype: datatype.to_owned(),
        fields: fields.iter().map(|(name, _)| (*name).to_owned()).collect(),
    };
    metadata.encode_to_vec().into()
}

/// A policy that is a rule, and no name.
fn rule(policy: &str) -> Option<SignaturePolicyEnvelope> {
    let rule = parse_policy(policy).ok()?;
    SignaturePolicyEnvelope::decode(rule.as_slice()).ok()
}

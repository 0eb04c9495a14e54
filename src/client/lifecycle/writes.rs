//! What approving and committing write. The bytes that are signed come from a peer: it might have had
//! something else endorsed than what was asked for.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use super::{DefinitionTerms, LIFECYCLE, PackageSource};
use crate::{
    ids::{Digest, MspId},
    proto::{
        kvrwset::{HashedRwSet, KvrwSet},
        lifecycle::{
            ChaincodeEndorsementInfo, ChaincodeValidationInfo, StateData, StateMetadata,
            state_data::Type,
        },
        protos::{ChaincodeAction, ProposalResponsePayload},
        rwset::TxReadWriteSet,
    },
};

/// What a call may write, and must.
#[derive(Clone, Debug)]
pub(crate) struct ExpectedWrites {
    /// The private collection that is written to; `None`: the public state.
    collection: Option<String>,
    values: BTreeMap<String, Bytes>,
    /// What is written in any case.
    always: String,
}

impl ExpectedWrites {
    /// What approving writes: keys that have the value already are left out.
    // Fabric: core/chaincode/lifecycle/lifecycle.go, ApproveChaincodeDefinitionForOrg; serializer.go,
    // Serialize; core/chaincode/implicitcollection
    pub(crate) fn of_approval(
        own: &MspId,
        terms: &DefinitionTerms,
        source: &PackageSource,
    ) -> Self {
        let name = format!("{}#{}", terms.name, terms.sequence);
        let mut values = BTreeMap::new();
        structure(
            &mut values,
            "namespaces",
            &name,
            "ChaincodeParameters",
            &parameters(terms),
        );
        let package = source.package_id().unwrap_or_default().to_owned();
        structure(
            &mut values,
            "chaincode-sources",
            &name,
            "ChaincodeLocalPackage",
            &[("PackageID", Type::String(package))],
        );
        Self {
            collection: Some(format!("_implicit_org_{own}")),
            values,
            always: String::new(),
        }
    }

    /// What committing writes, likewise.
    // Fabric: core/chaincode/lifecycle/lifecycle.go, CommitChaincodeDefinition
    pub(crate) fn of_commit(terms: &DefinitionTerms) -> Self {
        let mut fields = vec![("Sequence", Type::Int64(terms.sequence))];
        fields.extend(parameters(terms));
        let mut values = BTreeMap::new();
        structure(
            &mut values,
            "namespaces",
            &terms.name,
            "ChaincodeDefinition",
            &fields,
        );
        Self {
            collection: None,
            values,
            always: format!("namespaces/fields/{}/Sequence", terms.name),
        }
    }

    /// Compares with what endorsers signed: a serialized `protos.ProposalResponsePayload`.
    ///
    /// # Errors
    /// What is written that was not asked for, or not written that was.
    // SECURITY: the signature of the client makes a transaction of it
    pub(crate) fn check(&self, endorsed: &Bytes) -> Result<(), String> {
        let bad = |error: prost::DecodeError| format!("what is written cannot be read: {error}");
        let payload = ProposalResponsePayload::decode(endorsed.clone()).map_err(bad)?;
        let action = ChaincodeAction::decode(payload.extension).map_err(bad)?;
        let results = TxReadWriteSet::decode(action.results).map_err(bad)?;
        let hashed: BTreeMap<Vec<u8>, Digest> = (self.values.iter())
            .map(|(key, value)| {
                (
                    Digest::of(key.as_bytes()).as_bytes().to_vec(),
                    Digest::of(value),
                )
            })
            .collect();
        let (mut public, mut private) = (Vec::new(), 0_usize);
        for set in results.ns_rwset {
            let writes = KvrwSet::decode(set.rwset).map_err(bad)?;
            if !writes.metadata_writes.is_empty() {
                return Err("it changes who may change a key".to_owned());
            }
            for write in writes.writes {
                let allowed = self.collection.is_none()
                    && set.namespace == LIFECYCLE
                    && !write.is_delete
                    && self.values.get(&write.key) == Some(&write.value);
                if !allowed {
                    return Err(format!("it writes `{}`", write.key));
                }
                public.push(write.key);
            }
            for collection in set.collection_hashed_rwset {
                let writes = HashedRwSet::decode(collection.hashed_rwset).map_err(bad)?;
                if !writes.metadata_writes.is_empty() {
                    return Err("it changes who may change a key".to_owned());
                }
                let ours = self.collection.as_ref() == Some(&collection.collection_name)
                    && set.namespace == LIFECYCLE;
                for write in writes.hashed_writes {
                    let expected = hashed.get(&write.key_hash[..]);
                    let same =
                        expected.is_some_and(|value| value.as_bytes()[..] == write.value_hash[..]);
                    if !ours || !same || write.is_delete || write.is_purge {
                        return Err(format!(
                            "it writes to collection `{}` what nobody asked for",
                            collection.collection_name
                        ));
                    }
                    private = private.saturating_add(1);
                }
            }
        }
        match &self.collection {
            Some(_) if private > 0 => Ok(()),
            None if public.contains(&self.always) => Ok(()),
            _ => Err("it does not write what was asked for".to_owned()),
        }
    }
}

/// The fields that approvals and definitions share.
fn parameters(terms: &DefinitionTerms) -> [(&'static str, Type); 3] {
    let endorsement = ChaincodeEndorsementInfo {
        version: terms.version.clone(),
        init_required: terms.init_required,
        endorsement_plugin: terms.endorsement_plugin().to_owned(),
    };
    let validation = ChaincodeValidationInfo {
        validation_plugin: terms.validation_plugin().to_owned(),
        validation_parameter: terms.policy.parameter().clone(),
    };
    [
        (
            "EndorsementInfo",
            Type::Bytes(endorsement.encode_to_vec().into()),
        ),
        (
            "ValidationInfo",
            Type::Bytes(validation.encode_to_vec().into()),
        ),
        ("Collections", Type::Bytes(terms.collections.clone())),
    ]
}

/// The keys and values of a structure.
// Fabric: core/chaincode/lifecycle/serializer.go, Serialize
fn structure(
    values: &mut BTreeMap<String, Bytes>,
    namespace: &str,
    name: &str,
    datatype: &str,
    fields: &[(&str, Type)],
) {
    let metadata = StateMetadata {
        datatype: datatype.to_owned(),
        fields: fields
            .iter()
            .map(|(field, _)| (*field).to_owned())
            .collect(),
    };
    values.insert(
        format!("{namespace}/metadata/{name}"),
        metadata.encode_to_vec().into(),
    );
    for (field, value) in fields {
        let data = StateData {
            r#type: Some(value.clone()),
        };
        values.insert(
            format!("{namespace}/fields/{name}/{field}"),
            data.encode_to_vec().into(),
        );
    }
}

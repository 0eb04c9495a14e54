//! What is read and written of definitions.

use bytes::Bytes;
use prost::Message;

use super::definition::{KeptDefinition, KeptField, data, metadata};
use crate::{
    ids::{CollectionName, Digest, MspId},
    proto::lifecycle::{StateData, state_data::Type},
    stub::{
        Write,
        memory::{Ledger, Simulation},
    },
};

/// The chaincode that keeps definitions.
pub(in crate::devnet) const NAMESPACE: &str = "_lifecycle";

/// A key below a name.
// Fabric: core/chaincode/lifecycle/serializer.go, MetadataKey and FieldKey
fn key(namespace: &str, name: &str, field: Option<&str>) -> String {
    match field {
        Some(field) => format!("{namespace}/fields/{name}/{field}"),
        None => format!("{namespace}/metadata/{name}"),
    }
}

/// The collection of an organisation.
pub(super) fn collection(msp_id: &MspId) -> CollectionName {
    CollectionName::from(format!("_implicit_org_{msp_id}"))
}

/// What is committed of a chaincode, in the state of the lifecycle; `first` where nothing is.
pub(in crate::devnet::peer) fn in_force(
    state: &Ledger,
    name: &str,
    first: &KeptDefinition,
) -> KeptDefinition {
    let field = |field: &str| {
        let found = state.get(&key("namespaces", name, Some(field)))?;
        Some(found.value.clone())
    };
    let sequence =
        field("Sequence").and_then(|data| match StateData::decode(data).ok()?.r#type? {
            Type::Int64(sequence) => Some(sequence),
            _ => None,
        });
    sequence
        .and_then(|sequence| KeptDefinition::read(sequence, field))
        .unwrap_or_else(|| first.clone())
}

/// Whether an organisation approved what is committed; the first definition needs no approval.
// Fabric: core/chaincode/lifecycle/cache.go, update
pub(in crate::devnet::peer) fn has_approved(
    state: &Ledger,
    name: &str,
    definition: &KeptDefinition,
    msp_id: &MspId,
) -> bool {
    let name = format!("{name}#{}", definition.sequence);
    let collection = collection(msp_id);
    let is = |(field, value): &KeptField| {
        let found = state.get_private(collection.as_str(), &key("namespaces", &name, Some(field)));
        found.is_some_and(|found| found.value == *value)
    };
    definition.sequence == 1 || definition.parameters().iter().all(is)
}

/// A simulation of a call of the lifecycle.
pub(super) struct LifecycleState<'a> {
    pub(super) simulation: &'a mut Simulation,
    /// The chaincode that is defined.
    pub(super) name: &'a str,
}

impl LifecycleState<'_> {
    /// The sequence that is committed, read for the record.
    pub(super) fn read_sequence(&mut self) -> Result<(), String> {
        let key = key("namespaces", self.name, Some("Sequence"));
        self.simulation.get(None, &key).map(drop)
    }

    /// Of whose approval which fields differ from a definition; `ChaincodeParameters` where there is
    /// none.
    // Fabric: core/chaincode/lifecycle/serializer.go, IsSerialized
    pub(super) fn mismatches(
        &mut self,
        msp_id: &MspId,
        definition: &KeptDefinition,
    ) -> Result<Vec<String>, String> {
        const WHOLE: &str = "ChaincodeParameters";
        let name = format!("{}#{}", self.name, definition.sequence);
        let fields = definition.parameters();
        let mut is = |field: Option<&str>, value: &Bytes| {
            let key = key("namespaces", &name, field);
            let hash = self.simulation.get_hash(&collection(msp_id), &key)?;
            Ok::<_, String>(hash.is_some_and(|hash| hash[..] == Digest::of(value).as_bytes()[..]))
        };
        if !is(None, &metadata(WHOLE, &fields))? {
            return Ok(vec![WHOLE.to_owned()]);
        }
        let mut differing = Vec::new();
        for (field, value) in &fields {
            if !is(Some(field), value)? {
                differing.push((*field).to_owned());
            }
        }
        Ok(differing)
    }

    /// What the peer's organisation approved of a sequence, and the package; `None`: nothing.
    pub(super) fn approval(
        &mut self,
        own: &MspId,
        sequence: i64,
    ) -> Result<Option<(KeptDefinition, String)>, String> {
        let name = format!("{}#{sequence}", self.name);
        let collection = collection(own);
        let mut values = Vec::new();
        for field in ["EndorsementInfo", "ValidationInfo", "Collections"] {
            let key = key("namespaces", &name, Some(field));
            values.push((field, self.simulation.get(Some(&collection), &key)?));
        }
        let field = |wanted: &str| {
            let found = values.iter().find(|(name, _)| *name == wanted)?;
            found.1.clone()
        };
        let Some(definition) = KeptDefinition::read(sequence, field) else {
            return Ok(None);
        };
        let key = key("chaincode-sources", &name, Some("PackageID"));
        let package = self.simulation.get(Some(&collection), &key)?;
        let package = package.and_then(|package| match StateData::decode(package).ok()?.r#type? {
            Type::String(id) => Some(id),
            _ => None,
        });
        Ok(Some((definition, package.unwrap_or_default())))
    }

    /// Writes an approval.
    pub(super) fn approve(
        &mut self,
        own: &MspId,
        definition: &KeptDefinition,
        package_id: &str,
    ) -> Result<(), String> {
        let name = format!("{}#{}", self.name, definition.sequence);
        let package = [("PackageID", data(Type::String(package_id.to_owned())))];
        let own = collection(own);
        self.put(
            Some(&own),
            ("namespaces", &name, "ChaincodeParameters"),
            &definition.parameters(),
        )?;
        self.put(
            Some(&own),
            ("chaincode-sources", &name, "ChaincodeLocalPackage"),
            &package,
        )
    }

    /// Writes a definition.
    pub(super) fn commit(&mut self, definition: &KeptDefinition) -> Result<(), String> {
        let name = self.name.to_owned();
        self.put(
            None,
            ("namespaces", &name, "ChaincodeDefinition"),
            &definition.fields(),
        )
    }

    /// Writes what is not there already.
    // Fabric: core/chaincode/lifecycle/serializer.go, Serialize
    fn put(
        &mut self,
        collection: Option<&CollectionName>,
        (namespace, name, datatype): (&str, &str, &str),
        fields: &[KeptField],
    ) -> Result<(), String> {
        let whole = (None, metadata(datatype, fields));
        let fields = fields
            .iter()
            .map(|(field, value)| (Some(*field), value.clone()));
        for (field, value) in fields.chain([whole]) {
            let key = key(namespace, name, field);
            if self.simulation.get(collection, &key)?.as_ref() != Some(&value) {
                self.simulation.write(collection, key, Write::Put(value))?;
            }
        }
        Ok(())
    }
}

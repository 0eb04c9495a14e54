//! What a transaction writes.

use std::collections::BTreeMap;
#[cfg(feature = "shim")]
use std::collections::btree_map;

use bytes::Bytes;
use prost::Message;

use crate::{ids::CollectionName, proto::common::SignaturePolicyEnvelope};

/// Whether this is a policy of a key that peers cannot read.
// Fabric: core/common/validation/statebased, and core/policy/application.go, toApplicationPolicyTranslator
fn is_no_policy((name, value): &(String, Bytes)) -> bool {
    name == VALIDATION_PARAMETER && SignaturePolicyEnvelope::decode(value.clone()).is_err()
}

/// The name of the metadata entry that says who must endorse writes of its key.
// Fabric: fabric-protos, peer/chaincode_shim.proto, MetaDataKeys
pub const VALIDATION_PARAMETER: &str = "VALIDATION_PARAMETER";

/// Metadata of a key, by metadata key.
pub type Metadata = BTreeMap<String, Bytes>;

/// A key, and the collection that it is in; `None`: the public state. Public keys come first.
pub type StateKey = (Option<CollectionName>, String);

/// What happens to a key.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// It has this value; an empty value deletes it.
    Put(Bytes),
    /// It is deleted.
    Delete,
    /// It is deleted, and every peer forgets all values that it ever had: in collections only.
    Purge,
}

/// The writes of one transaction. The last write of a key counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    values: BTreeMap<StateKey, Write>,
    metadata: BTreeMap<StateKey, (String, Bytes)>,
}

impl Writes {
    /// Writes a key.
    pub fn write(&mut self, collection: Option<CollectionName>, key: String, write: Write) {
        self.values.insert((collection, key), write);
    }

    /// Writes metadata of a key: the only entry that it has then.
    pub fn write_metadata(
        &mut self,
        collection: Option<CollectionName>,
        key: String,
        name: String,
        value: Bytes,
    ) {
        self.metadata.insert((collection, key), (name, value));
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.metadata.is_empty()
    }

    /// What no peer could take, or would take for something else: an empty key, or a collection
    /// without a name.
    // Fabric: fabric-chaincode-go, shim/stub.go, PutState and PutPrivateData
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        let keys = || self.values.keys().chain(self.metadata.keys());
        let unnamed = |of: &Option<CollectionName>| of.as_ref().is_some_and(|c| c.as_str() == "");
        let purges = |(key, write): (&StateKey, &Write)| key.0.is_none() && *write == Write::Purge;
        if keys().any(|(collection, _)| unnamed(collection)) {
            Some("the name of the collection is empty")
        } else if keys().any(|(_, key)| key.is_empty()) {
            Some("the key is empty")
        } else if self.values.iter().any(purges) {
            Some("only private data can be purged")
        } else if self.metadata.values().any(is_no_policy) {
            // one of these in a block stops the channel at every peer
            Some("the key's policy is no `SignaturePolicyEnvelope`")
        } else {
            None
        }
    }

    /// The keys and what is written, in key order.
    #[must_use]
    pub const fn values(&self) -> &BTreeMap<StateKey, Write> {
        &self.values
    }

    /// The metadata that is written, in key order: name and value.
    #[must_use]
    pub const fn metadata(&self) -> &BTreeMap<StateKey, (String, Bytes)> {
        &self.metadata
    }

    /// Both, to be sent.
    #[cfg(feature = "shim")]
    pub(crate) fn into_parts(
        self,
    ) -> (
        btree_map::IntoIter<StateKey, Write>,
        btree_map::IntoIter<StateKey, (String, Bytes)>,
    ) {
        (self.values.into_iter(), self.metadata.into_iter())
    }
}

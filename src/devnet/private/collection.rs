//! Collections: those that the chaincode's definition names, and the one that each organisation has
//! anyway.

use std::collections::BTreeSet;

use crate::{
    ids::{CollectionName, MspId},
    stub::memory::{CollectionAccess, Ledger},
};

/// How the names of implicit collections begin.
// Fabric: core/chaincode/implicitcollection/name.go
const IMPLICIT: &str = "_implicit_org_";

/// A collection of the chaincode's definition, with `memberOnlyRead` and `memberOnlyWrite`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionDefinition {
    /// Its name.
    pub name: CollectionName,
    /// Whose peers keep the values, and whose people may read and write them.
    pub members: BTreeSet<MspId>,
}

impl CollectionDefinition {
    fn access(&self, peer: &MspId, submitter: &MspId) -> CollectionAccess {
        let submits = self.members.contains(submitter);
        CollectionAccess {
            peer_has_values: self.members.contains(peer),
            submitter_reads: submits,
            submitter_writes: submits,
        }
    }
}

/// Says in a peer's snapshot who may have what of each collection, in a transaction of `submitter`.
/// `organizations` are the members of the channel.
pub(in crate::devnet) fn define_collections(
    snapshot: &mut Ledger,
    defined: &[CollectionDefinition],
    organizations: BTreeSet<MspId>,
    peer: &MspId,
    submitter: &MspId,
) {
    for collection in defined {
        let access = collection.access(peer, submitter);
        snapshot.define_collection(collection.name.clone(), access);
    }
    for organization in organizations {
        snapshot.define_collection(
            format!("{IMPLICIT}{organization}"),
            implicit_access(&organization == peer),
        );
    }
}

/// Everybody may write an implicit collection, and read what this peer has of it.
// Fabric: core/chaincode/lifecycle/deployedcc_infoprovider.go, GenerateImplicitCollectionForOrg
const fn implicit_access(peer_has_values: bool) -> CollectionAccess {
    CollectionAccess {
        peer_has_values,
        submitter_reads: true,
        submitter_writes: true,
    }
}

/// Whose implicit collection it is; `None` for one of the chaincode's definition.
// Fabric: core/chaincode/implicitcollection/name.go, MspIDIfImplicitCollection
pub(in crate::devnet) fn implicit_of(name: &CollectionName) -> Option<&str> {
    name.as_str().strip_prefix(IMPLICIT)
}

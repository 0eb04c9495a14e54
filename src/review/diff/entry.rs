//! What a diff lists: the types.

use serde::Serialize;
use serde_json::Value;

/// What changes from one config to another; as JSON, with keys in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Diff {
    /// In the order of the config tree: of each group itself, its values, its policies, the groups
    /// that come or go, then the inside of those that stay; each ascending by name.
    pub changes: Vec<DiffEntry>,
    /// How many elements differ whose entries are not all listed, past the room that
    /// there was.
    pub truncated: usize,
}

/// One thing that changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiffEntry {
    /// What is there afterwards; null where it is removed.
    pub after: Value,
    /// What was there before; null where it is added.
    pub before: Value,
    /// Whether it comes, goes, or becomes something else.
    pub change: Verb,
    /// What kind of thing it is; by it, the form of `before` and `after`.
    pub item: Item,
    /// Its name among its kind, such as `max_message_count`; null where the path says all.
    pub name: Option<String>,
    /// The path of the group, value or policy that holds it, such as `/Channel/Orderer/BatchSize`.
    pub path: String,
    /// The change in one line of words.
    pub text: String,
    /// The unit of numbers; null where there is none.
    pub unit: Option<&'static str>,
}

/// What happens to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// It was not there before.
    Added,
    /// It was there and is another now.
    Changed,
    /// It is not there any more.
    Removed,
}

/// The kinds of things that a config holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// Which policy a resource asks for: text.
    Acl,
    /// `host:port` of an anchor peer.
    AnchorPeer,
    /// A level that nodes must understand.
    Capability,
    /// A certificate: object of `use`, `subject`, `issuer`, `not_before`, `not_after`,
    /// `fingerprint`.
    Certificate,
    /// An orderer node: object of `host`, `port` and the fingerprints of its certificates.
    Consenter,
    /// A value whose bytes differ though nothing that is known of it does (order, encoding, unknown
    /// fields), or that is not known at all: object of `bytes` (length) and `sha256`.
    Content,
    /// `host:port` of an orderer.
    Endpoint,
    /// A group that is not an organisation.
    Group,
    /// Which policy decides about changes of the element: text.
    ModPolicy,
    /// Something an MSP's definition says: id, hashes, NodeOUs, organisational units. Text.
    Msp,
    /// An organisation: object of `msp_id`.
    Organization,
    /// A rule in Fabric's policy language: text.
    Policy,
    /// A revocation list: object of `sha256`, `revoked`, how many serial numbers, `signed_by`, the CA,
    /// and `effect`, where it revokes nobody, or everybody.
    RevocationList,
    /// A setting of a value: text, number or truth value.
    Setting,
}

impl Item {
    /// The words by which an entry's text calls it.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Acl => "acl of",
            Self::AnchorPeer => "anchor peer",
            Self::Capability => "capability",
            Self::Certificate => "certificate",
            Self::Consenter => "consenter",
            Self::Content => "content",
            Self::Endpoint => "orderer endpoint",
            Self::Group => "group",
            Self::ModPolicy => "mod policy",
            Self::Msp => "msp",
            Self::Organization => "organisation",
            Self::Policy => "policy",
            Self::RevocationList => "revocation list",
            Self::Setting => "setting",
        }
    }
}

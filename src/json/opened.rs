//! Which byte fields hold messages, and what stands where in a channel's config.
//!
//! Fabric: fabric-config/protolator/protoext (`Decorate` and the `Dynamic*` groups).

use std::sync::LazyLock;

use super::shape::{Choice, Content, Keys, ShapeId, Shapes, Sibling};

/// The tables; they depend on nothing but `proto/`.
pub(super) static SHAPES: LazyLock<Shapes> = LazyLock::new(|| {
    let mut shapes = Shapes::of_descriptors(EMPTY);
    open(&mut shapes);
    shapes
});

/// The message that the metadata of an unknown consensus type is taken for.
const EMPTY: &str = "google.protobuf.Empty";

/// Packages whose messages can be asked for by name.
const PACKAGES: [&str; 8] = [
    "common.",
    "etcdraft.",
    "kvrwset.",
    "msp.",
    "orderer.",
    "protos.",
    "queryresult.",
    "rwset.",
];

/// Whether a message is one of Fabric's.
pub(super) fn is_fabric(message: &str) -> bool {
    PACKAGES.iter().any(|package| message.starts_with(package))
}

/// Byte fields that hold a message: the message that has the field, the field, the message inside.
const OPENED: [(&str, &str, &str); 15] = [
    ("common.BlockData", "data", "common.Envelope"),
    (
        "common.ConfigSignature",
        "signature_header",
        "common.SignatureHeader",
    ),
    (
        "common.ConfigUpdateEnvelope",
        "config_update",
        "common.ConfigUpdate",
    ),
    ("common.Envelope", "payload", "common.Payload"),
    ("common.Header", "channel_header", "common.ChannelHeader"),
    (
        "common.Header",
        "signature_header",
        "common.SignatureHeader",
    ),
    (
        "common.SignatureHeader",
        "creator",
        "msp.SerializedIdentity",
    ),
    ("protos.ChaincodeAction", "events", "protos.ChaincodeEvent"),
    ("protos.ChaincodeAction", "results", "rwset.TxReadWriteSet"),
    (
        "protos.ChaincodeActionPayload",
        "chaincode_proposal_payload",
        "protos.ChaincodeProposalPayload",
    ),
    (
        "protos.ChaincodeEndorsedAction",
        "proposal_response_payload",
        "protos.ProposalResponsePayload",
    ),
    (
        "protos.ChaincodeProposalPayload",
        "input",
        "protos.ChaincodeInvocationSpec",
    ),
    (
        "protos.ProposalResponsePayload",
        "extension",
        "protos.ChaincodeAction",
    ),
    (
        "protos.TransactionAction",
        "header",
        "common.SignatureHeader",
    ),
    (
        "protos.TransactionAction",
        "payload",
        "protos.ChaincodeActionPayload",
    ),
];

/// A number and the message that it stands for.
type Cases = &'static [(i32, &'static str)];

/// Byte fields whose content a number tells: the message that has them, the byte field, the
/// number's field, the messages inside by number.
const BY_NUMBER: [(&str, &str, &str, Cases); 4] = [
    (
        "common.ChannelHeader",
        "extension",
        "type",
        &[(3, "protos.ChaincodeHeaderExtension")],
    ),
    (
        "common.MSPPrincipal",
        "principal",
        "principal_classification",
        PRINCIPALS,
    ),
    ("common.Policy", "value", "type", POLICIES),
    ("msp.MSPConfig", "config", "type", MSPS),
];
const PRINCIPALS: Cases = &[
    (0, "common.MSPRole"),
    (1, "common.OrganizationUnit"),
    (2, "msp.SerializedIdentity"),
];
const POLICIES: Cases = &[
    (1, "common.SignaturePolicyEnvelope"),
    (3, "common.ImplicitMetaPolicy"),
];
const MSPS: Cases = &[(0, "msp.FabricMSPConfig"), (1, "msp.IdemixMSPConfig")];
/// What a payload holds, by the type in its channel header.
const PAYLOADS: Cases = &[
    (0, "common.ConfigValue"),
    (1, "common.ConfigEnvelope"),
    (2, "common.ConfigUpdateEnvelope"),
    (3, "protos.Transaction"),
    (4, "common.Envelope"),
];

/// A kind of group in a channel's config.
struct Position {
    /// Key and place in [`POSITIONS`], which comes before this one.
    groups: &'static [(&'static str, usize)],
    /// The place of every other group; `None`: there is no other.
    other_groups: Option<usize>,
    /// Key and message of each value that has its own content here.
    values: &'static [(&'static str, &'static str)],
    /// Whether a value of another key may stand here, if it is empty.
    other_values: bool,
}

const MSP: (&str, &str) = ("MSP", "msp.MSPConfig");
const CAPABILITIES: (&str, &str) = ("Capabilities", "common.Capabilities");
const APPLICATION_ORG: usize = 0;
const CHANNEL: usize = 7;
const POSITIONS: [Position; 8] = [
    org(&[MSP, ("AnchorPeers", "protos.AnchorPeers")]),
    org(&[MSP, ("Endpoints", "common.OrdererAddresses")]),
    org(&[MSP]),
    // consortium
    Position {
        groups: &[],
        other_groups: Some(2),
        values: &[("ChannelCreationPolicy", "common.Policy")],
        other_values: true,
    },
    // consortiums
    Position {
        groups: &[],
        other_groups: Some(3),
        values: &[],
        other_values: false,
    },
    // application
    Position {
        groups: &[],
        other_groups: Some(APPLICATION_ORG),
        values: &[CAPABILITIES, ("ACLs", "protos.ACLs")],
        other_values: true,
    },
    // orderer
    Position {
        groups: &[],
        other_groups: Some(1),
        values: &[
            CAPABILITIES,
            ("BatchSize", "orderer.BatchSize"),
            ("BatchTimeout", "orderer.BatchTimeout"),
            ("ChannelRestrictions", "orderer.ChannelRestrictions"),
            ("ConsensusType", "orderer.ConsensusType"),
            ("KafkaBrokers", "orderer.KafkaBrokers"),
            ("Orderers", "common.Orderers"),
        ],
        other_values: true,
    },
    // channel
    Position {
        groups: &[("Application", 5), ("Consortiums", 4), ("Orderer", 6)],
        other_groups: None,
        values: &[
            CAPABILITIES,
            (
                "BlockDataHashingStructure",
                "common.BlockDataHashingStructure",
            ),
            ("Consortium", "common.Consortium"),
            ("HashingAlgorithm", "common.HashingAlgorithm"),
            ("OrdererAddresses", "common.OrdererAddresses"),
        ],
        other_values: true,
    },
];

const fn org(values: &'static [(&'static str, &'static str)]) -> Position {
    Position {
        groups: &[],
        other_groups: None,
        values,
        other_values: true,
    }
}

/// Turns the open shapes, which only nest so far, into Fabric's.
fn open(shapes: &mut Shapes) {
    for (message, field, inside) in OPENED {
        if let Some(inside) = shapes.open(inside) {
            shapes.set(message, field, Content::Opened(inside));
        }
    }
    for (message, field, sibling, cases) in BY_NUMBER {
        let number = position(shapes, message, sibling);
        let choice = choice(shapes, Sibling::Number(number), cases);
        let content = Content::OpenedBy(push(&mut shapes.choices, choice));
        shapes.set(message, field, content);
    }
    let payload = choice(shapes, Sibling::Header, PAYLOADS);
    let content = Content::OpenedBy(push(&mut shapes.choices, payload));
    shapes.set("common.Payload", "data", content);
    let metadata = Choice {
        sibling: Sibling::Text(position(shapes, "orderer.ConsensusType", "type")),
        numbers: Vec::new(),
        texts: [
            ("etcdraft", "etcdraft.ConfigMetadata"),
            ("BFT", "orderer.smartbft.Options"),
        ]
        .into_iter()
        .filter_map(|(text, message)| Some((text, shapes.open(message)?)))
        .collect(),
        others: shapes.open(EMPTY),
    };
    let content = Content::OpenedBy(push(&mut shapes.choices, metadata));
    shapes.set("orderer.ConsensusType", "metadata", content);
    read_write_sets(shapes);
    shapes.set("common.ConfigUpdate", "isolated_data", Content::UnknownType);
    config(shapes);
}

/// The sets of a namespace are opened only below a set whose data model says key-value.
fn read_write_sets(shapes: &mut Shapes) {
    let inside = shapes.open("kvrwset.KVRWSet").map(Content::Opened);
    let hashed = shapes
        .open("rwset.CollectionHashedReadWriteSet")
        .map(Content::Nested);
    let (Some(inside), Some(hashed)) = (inside, hashed) else {
        return;
    };
    let contents = [("rwset", inside), ("collection_hashed_rwset", hashed)];
    let kv = shapes.variant("rwset.NsReadWriteSet", &contents);
    let model = position(shapes, "rwset.TxReadWriteSet", "data_model");
    let choice = Choice {
        sibling: Sibling::Number(model),
        numbers: vec![(0, kv)],
        texts: Vec::new(),
        others: shapes.open("rwset.NsReadWriteSet"),
    };
    let content = Content::NestedBy(push(&mut shapes.choices, choice));
    shapes.set("rwset.TxReadWriteSet", "ns_rwset", content);
}

fn config(shapes: &mut Shapes) {
    let unknown = shapes.variant("common.ConfigValue", &[("value", Content::UnknownKey)]);
    let mut groups: Vec<ShapeId> = Vec::new();
    for position in &POSITIONS {
        let place = |at: usize| groups.get(at).copied();
        let known = position.groups.iter();
        let group_keys = Keys {
            known: known
                .filter_map(|(key, at)| Some((*key, place(*at)?)))
                .collect(),
            others: position.other_groups.and_then(place),
        };
        let mut known = Vec::new();
        for (key, message) in position.values {
            if let Some(inside) = shapes.open(message) {
                let value = [("value", Content::Opened(inside))];
                known.push((*key, shapes.variant("common.ConfigValue", &value)));
            }
        }
        let value_keys = Keys {
            known,
            others: position.other_values.then_some(unknown),
        };
        let group_keys = push(&mut shapes.keys, group_keys);
        let value_keys = push(&mut shapes.keys, value_keys);
        if groups.len() == APPLICATION_ORG {
            shapes.application_org_values = Some(value_keys);
        }
        groups.push(shapes.variant(
            "common.ConfigGroup",
            &[
                ("groups", Content::ByKey(group_keys)),
                ("values", Content::ByKey(value_keys)),
            ],
        ));
    }
    shapes.application_org = groups.get(APPLICATION_ORG).copied();
    if let Some(channel) = groups.get(CHANNEL).copied() {
        shapes.set("common.Config", "channel_group", Content::Nested(channel));
        shapes.set("common.ConfigUpdate", "read_set", Content::Nested(channel));
        shapes.set("common.ConfigUpdate", "write_set", Content::Nested(channel));
    }
}

fn choice(shapes: &Shapes, sibling: Sibling, cases: &[(i32, &str)]) -> Choice {
    let cases = cases.iter();
    Choice {
        sibling,
        numbers: cases
            .filter_map(|(number, message)| Some((*number, shapes.open(message)?)))
            .collect(),
        texts: Vec::new(),
        others: None,
    }
}

fn position(shapes: &Shapes, message: &str, field: &str) -> usize {
    let shape = shapes.open(message).map(|id| shapes.get(id));
    shape
        .and_then(|shape| shape.position(field))
        .unwrap_or_default()
}

fn push<T>(table: &mut Vec<T>, entry: T) -> usize {
    table.push(entry);
    table.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use prost_types::FileDescriptorSet;

    use super::{
        super::shape::{Content, MessageTypes},
        *,
    };

    #[test]
    fn every_field_of_fabric_has_a_slot() {
        let files = FileDescriptorSet::decode(crate::proto::DESCRIPTORS).unwrap();
        let mut found = MessageTypes::default();
        for file in &files.file {
            found.messages(file.package(), &file.message_type);
        }
        let mut seen = 0;
        for (name, message) in &found.messages {
            if !is_fabric(name) {
                continue;
            }
            for id in [SHAPES.plain(name).unwrap(), SHAPES.open(name).unwrap()] {
                let shape = SHAPES.get(id);
                assert_eq!(shape.name, *name);
                assert_eq!(shape.slots.len(), message.field.len(), "{name}");
            }
            seen += 1;
        }
        assert!(seen > 100, "{seen}");
    }

    #[test]
    fn what_is_plain_stays_plain() {
        for shape in SHAPES.shapes.iter().take(SHAPES.messages) {
            for slot in &shape.slots {
                assert!(!slot.content.is_special(), "{}.{}", shape.name, slot.name);
                if let Content::Plain(id) = slot.content {
                    assert!(id.0 < SHAPES.messages);
                }
            }
        }
    }

    #[test]
    fn every_open_field_names_a_message_that_exists() {
        let specials = SHAPES.shapes.iter().flat_map(|s| &s.slots);
        let opened = specials.filter(|s| s.content.is_opened()).count();
        assert!(opened > 30, "{opened}");
        for keys in &SHAPES.keys {
            for (key, shape) in &keys.known {
                assert!(!SHAPES.get(*shape).name.is_empty(), "{key}");
            }
        }
    }
}

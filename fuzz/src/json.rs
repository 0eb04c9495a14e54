//! Messages as configtxlator's JSON.

use cmscc::json;

/// What the first line of an input may name.
const TYPES: [&str; 12] = [
    "common.Config",
    "common.ConfigGroup",
    "common.ConfigUpdate",
    "common.ConfigUpdateEnvelope",
    "common.Envelope",
    "common.Block",
    "common.Policy",
    "common.ConfigValue",
    "common.ConfigEnvelope",
    "msp.MSPConfig",
    "protos.Proposal",
    "common.SignaturePolicyEnvelope",
];

/// A type's name on the first line, and the rest.
fn typed(data: &[u8]) -> (&str, &[u8]) {
    let end = data.iter().position(|b| *b == b'\n');
    let (name, rest) = data.split_at(end.unwrap_or(0));
    let known = TYPES.into_iter().find(|t| t.as_bytes() == name);
    match known {
        Some(name) => (name, rest.get(1..).unwrap_or_default()),
        None => (TYPES[0], data),
    }
}

/// Text: the message that it gives is written as text that gives that message.
pub fn json_decode(data: &[u8]) {
    let (name, text) = typed(data);
    if let Ok(bytes) = json::decode(name, text) {
        // a message may have no text: opaque bytes in it that are none of what they should be
        if let Ok(text) = json::encode(name, &bytes) {
            assert_eq!(json::decode(name, text.as_bytes()).unwrap(), bytes);
        }
    }
    let _ = json::decode(json::MessageType::Organization, text);
    for key in ["MSP", "AnchorPeers"] {
        let _ = json::decode(json::MessageType::OrganizationValue(key), text);
    }
}

/// Bytes: what is read from their text is written as text that says the same. Not every text can be
/// read: configtxlator itself leaves out metadata of consensus types that it does not know.
pub fn json_encode(data: &[u8]) {
    let (name, bytes) = typed(data);
    let compact = json::encode_compact(name, bytes, 1 << 20);
    if let Ok(text) = json::encode(name, bytes) {
        let again = json::decode(name, text.as_bytes());
        if let Ok(compact) = compact {
            assert_eq!(
                json::decode(name, compact.as_bytes()).ok(),
                again.as_ref().ok().cloned()
            );
        }
        let Ok(again) = again else { return };
        if let Ok(text) = json::encode(name, &again) {
            assert_eq!(json::decode(name, text.as_bytes()).unwrap(), again);
        }
    }
    let _ = json::encode(json::MessageType::Organization, bytes);
    for key in ["MSP", "AnchorPeers"] {
        let _ = json::encode(json::MessageType::OrganizationValue(key), bytes);
    }
}

//! The values that Fabric knows, read as its decoder reads them: an absent value is its zero
//! message, unknown fields are skipped, the last of a repeated scalar wins.

use ValueShape::{Message, Text};
use bytes::Bytes;

use crate::proto::scan::{Field, Fields, ScanError, int32, uint32};

/// What kind of group a value is in, which decides the keys that may stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupKind {
    /// `/Channel` itself.
    Channel,
    /// `/Channel/Orderer` itself.
    Orderer,
    /// An organisation below `/Channel/Orderer`.
    OrdererOrg,
    /// `/Channel/Application` itself.
    Application,
    /// An organisation below `/Channel/Application`.
    ApplicationOrg,
    /// A consortium below `/Channel/Consortiums`.
    Consortium,
    /// An organisation of a consortium.
    ConsortiumOrg,
}

/// The fields of a message that decoding can stumble over: texts and messages.
enum ValueShape {
    Message(&'static [(u32, Self)]),
    Text,
}

const CAPABILITIES: ValueShape = Message(&[(1, Message(&[(1, Text), (2, Message(&[]))]))]);
const ONE_TEXT: ValueShape = Message(&[(1, Text)]);
const CONSENTERS: ValueShape = Message(&[(1, Message(&[(2, Text), (4, Text)]))]);
const OPAQUE: ValueShape = Message(&[]);

impl GroupKind {
    /// The message of a value with this key, or `None` where the key may not stand here.
    // Fabric: common/channelconfig: the `...Protos` structs
    fn shape(self, key: &str) -> Option<ValueShape> {
        Some(match (self, key) {
            (Self::Channel | Self::Orderer | Self::Application, "Capabilities") => CAPABILITIES,
            (Self::Channel, "HashingAlgorithm" | "Consortium") => ONE_TEXT,
            (Self::Channel, "OrdererAddresses") => ONE_TEXT,
            (Self::Channel | Self::Orderer, "Orderers") => CONSENTERS,
            (Self::Orderer, "ConsensusType" | "BatchTimeout" | "KafkaBrokers") => ONE_TEXT,
            (Self::OrdererOrg, "Endpoints") => ONE_TEXT,
            (Self::Application, "ACLs") => {
                Message(&[(1, Message(&[(1, Text), (2, Message(&[(1, Text)]))]))])
            }
            (Self::ApplicationOrg, "AnchorPeers") => Message(&[(1, Message(&[(1, Text)]))]),
            (Self::Channel, "BlockDataHashingStructure")
            | (Self::Orderer, "BatchSize" | "ChannelRestrictions")
            | (Self::OrdererOrg | Self::ApplicationOrg | Self::ConsortiumOrg, "MSP")
            | (Self::Consortium, "ChannelCreationPolicy") => OPAQUE,
            _ => return None,
        })
    }

    /// Checks a value: `None` where its key may not stand here.
    pub(super) fn check(self, key: &str, value: &[u8]) -> Option<Result<(), ScanError>> {
        self.shape(key).map(|shape| check(&shape, value))
    }
}

/// Recurses over the shape, which is at most four levels deep, never over the input.
fn check(shape: &ValueShape, bytes: &[u8]) -> Result<(), ScanError> {
    let Message(known) = shape else {
        return std::str::from_utf8(bytes)
            .map(drop)
            .map_err(|_| ScanError::Utf8);
    };
    each(bytes, |field| {
        match (
            field.bytes(),
            known.iter().find(|(number, _)| *number == field.number),
        ) {
            (Some(content), Some((_, shape))) => check(shape, content),
            _ => Ok(()),
        }
    })
}

/// Calls `read` with every field of a message.
pub(crate) fn each<'a>(
    message: &'a [u8],
    mut read: impl FnMut(Field<'a>) -> Result<(), ScanError>,
) -> Result<(), ScanError> {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        read(field)?;
    }
    Ok(())
}

pub(crate) fn set_text(slot: &mut String, field: &Field<'_>) -> Result<(), ScanError> {
    if let Some(text) = field.text()? {
        text.clone_into(slot);
    }
    Ok(())
}

pub(in crate::config) fn set_bytes(slot: &mut Bytes, field: &Field<'_>) {
    if let Some(bytes) = field.bytes() {
        *slot = Bytes::copy_from_slice(bytes);
    }
}

pub(crate) fn set_u32(slot: &mut u32, field: &Field<'_>) {
    *slot = field.varint().map_or(*slot, uint32);
}

pub(in crate::config) fn set_u64(slot: &mut u64, field: &Field<'_>) {
    *slot = field.varint().unwrap_or(*slot);
}

/// The names in a `common.Capabilities`, as they stand.
///
/// # Errors
/// [`ScanError`].
pub(crate) fn capabilities(value: &[u8]) -> Result<Vec<String>, ScanError> {
    let mut names = Vec::new();
    each(value, |entry| {
        if let (1, Some(entry)) = (entry.number, entry.bytes()) {
            let mut name = String::new();
            each(entry, |field| match field.number {
                1 => set_text(&mut name, &field),
                _ => Ok(()),
            })?;
            names.push(name);
        }
        Ok(())
    })?;
    Ok(names)
}

/// A repeated text in field 1: `common.OrdererAddresses`.
///
/// # Errors
/// [`ScanError`].
pub(crate) fn addresses(value: &[u8]) -> Result<Vec<String>, ScanError> {
    let mut addresses = Vec::new();
    each(value, |field| {
        if let (1, Some(text)) = (field.number, field.text()?) {
            addresses.push(text.to_owned());
        }
        Ok(())
    })?;
    Ok(addresses)
}

/// A text in field 1: `common.HashingAlgorithm`, `orderer.BatchTimeout`.
///
/// # Errors
/// [`ScanError`].
pub(super) fn text(value: &[u8]) -> Result<String, ScanError> {
    let mut text = String::new();
    each(value, |field| match field.number {
        1 => set_text(&mut text, &field),
        _ => Ok(()),
    })?;
    Ok(text)
}

/// The width in a `common.BlockDataHashingStructure`.
///
/// # Errors
/// [`ScanError`].
pub(super) fn width(value: &[u8]) -> Result<u32, ScanError> {
    let mut width = 0;
    each(value, |field| {
        if field.number == 1 {
            set_u32(&mut width, &field);
        }
        Ok(())
    })?;
    Ok(width)
}

/// `orderer.BatchSize`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchSize {
    /// Messages in a block, at most.
    pub max_message_count: u32,
    /// Bytes of one message, and of all messages of a block, at most.
    pub absolute_max_bytes: u32,
    /// Bytes of all messages of a block, preferably; only a single message may be longer.
    pub preferred_max_bytes: u32,
}

impl BatchSize {
    /// Reads the serialized value; what is absent is 0 or empty.
    ///
    /// # Errors
    /// [`ScanError`].
    pub fn parse(value: &[u8]) -> Result<Self, ScanError> {
        let mut size = Self::default();
        each(value, |field| {
            match field.number {
                1 => set_u32(&mut size.max_message_count, &field),
                2 => set_u32(&mut size.absolute_max_bytes, &field),
                3 => set_u32(&mut size.preferred_max_bytes, &field),
                _ => {}
            }
            Ok(())
        })?;
        Ok(size)
    }
}

/// `orderer.ConsensusType`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsensusType {
    /// `etcdraft` or `BFT`; anything else passes here.
    pub name: String,
    /// The plug-in's own message; not decoded.
    pub metadata: Bytes,
    /// `orderer.ConsensusType.State`: 0 normal, 1 maintenance; other numbers pass here.
    pub state: i32,
}

impl ConsensusType {
    /// Reads the serialized value; what is absent is 0 or empty.
    ///
    /// # Errors
    /// [`ScanError`].
    pub fn parse(value: &[u8]) -> Result<Self, ScanError> {
        let mut consensus = Self::default();
        each(value, |field| {
            match field.number {
                1 => set_text(&mut consensus.name, &field)?,
                2 => set_bytes(&mut consensus.metadata, &field),
                3 => consensus.state = field.varint().map_or(consensus.state, int32),
                _ => {}
            }
            Ok(())
        })?;
        Ok(consensus)
    }
}

/// One entry of the value `Orderers`: `common.Consenter`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consenter {
    /// The number by which block signatures name it.
    pub id: u32,
    /// Host name or address, as written.
    pub host: String,
    /// TCP port; numbers past 65535 pass here.
    pub port: u32,
    /// The id of the MSP of its identity.
    pub msp_id: String,
    /// Its signing certificate, PEM.
    pub identity: Bytes,
    /// Its TLS client certificate, PEM.
    pub client_tls_cert: Bytes,
    /// Its TLS server certificate, PEM.
    pub server_tls_cert: Bytes,
}

impl Consenter {
    /// Reads the value `Orderers`; the entries stay in their order.
    ///
    /// # Errors
    /// [`ScanError`].
    pub fn parse_all(value: &[u8]) -> Result<Vec<Self>, ScanError> {
        let mut consenters = Vec::new();
        each(value, |field| {
            if let (1, Some(message)) = (field.number, field.bytes()) {
                consenters.push(Self::parse(message)?);
            }
            Ok(())
        })?;
        Ok(consenters)
    }

    fn parse(message: &[u8]) -> Result<Self, ScanError> {
        let mut consenter = Self::default();
        each(message, |field| {
            match field.number {
                1 => set_u32(&mut consenter.id, &field),
                2 => set_text(&mut consenter.host, &field)?,
                3 => set_u32(&mut consenter.port, &field),
                4 => set_text(&mut consenter.msp_id, &field)?,
                5 => set_bytes(&mut consenter.identity, &field),
                6 => set_bytes(&mut consenter.client_tls_cert, &field),
                7 => set_bytes(&mut consenter.server_tls_cert, &field),
                _ => {}
            }
            Ok(())
        })?;
        Ok(consenter)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_belong_to_places() {
        let ok = Some(Ok(()));
        assert_eq!(GroupKind::Channel.check("HashingAlgorithm", b""), ok);
        assert_eq!(GroupKind::Channel.check("ACLs", b""), None);
        assert_eq!(GroupKind::Orderer.check("Orderers", b""), ok);
        assert_eq!(GroupKind::OrdererOrg.check("AnchorPeers", b""), None);
        assert_eq!(GroupKind::Consortium.check("MSP", b""), None);
    }

    #[test]
    fn decoding_stumbles_where_go_does() {
        let cases: [(GroupKind, &str, &[u8], Option<ScanError>); 8] = [
            (
                GroupKind::Channel,
                "Capabilities",
                b"\x0a\x03\x0a\x01\xff",
                Some(ScanError::Utf8),
            ),
            (
                GroupKind::Channel,
                "Capabilities",
                b"\x0a\x03\x12\x01\x08",
                Some(ScanError::Truncated),
            ),
            (
                GroupKind::Orderer,
                "Orderers",
                b"\x0a\x03\x12\x01\xff",
                Some(ScanError::Utf8),
            ),
            (
                GroupKind::Orderer,
                "Orderers",
                b"\x0a\x03\x2a\x01\xff",
                None,
            ),
            (
                GroupKind::Orderer,
                "ConsensusType",
                b"\x0a\x01\xff",
                Some(ScanError::Utf8),
            ),
            (GroupKind::Orderer, "ConsensusType", b"\x12\x01\xff", None),
            (GroupKind::Orderer, "BatchSize", b"\x0a\x01\xff", None),
            (
                GroupKind::Application,
                "ACLs",
                b"\x0a\x05\x12\x03\x0a\x01\xff",
                Some(ScanError::Utf8),
            ),
        ];
        for (place, key, value, want) in cases {
            let got = place.check(key, value).unwrap();
            assert_eq!(got.err(), want, "{key} {value:x?}");
        }
    }

    #[test]
    fn the_last_scalar_wins_and_numbers_are_cut() {
        let size = BatchSize::parse(b"\x08\x01\x08\x85\x80\x80\x80\x10\x10\x07").unwrap();
        assert_eq!((size.max_message_count, size.absolute_max_bytes), (5, 7));
        let negative = ConsensusType::parse(b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
        assert_eq!(negative.unwrap().state, -1);
    }

    proptest! {
        #![proptest_config(crate::cases::cases(256))]

        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = capabilities(&bytes);
            let _ = addresses(&bytes);
            let _ = text(&bytes);
            let _ = width(&bytes);
            let _ = BatchSize::parse(&bytes);
            let _ = ConsensusType::parse(&bytes);
            let _ = Consenter::parse_all(&bytes);
            let _ = GroupKind::Application.check("ACLs", &bytes);
        }
    }
}

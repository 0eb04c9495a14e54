//! The messages that are recognised, and what is told of one.

use crate::ids::{BlockNumber, ChannelId, Sequence};

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileForm {
    /// `common.Block`.
    Block,
    /// `common.Config`.
    Config,
    /// `common.ConfigEnvelope`.
    ConfigEnvelope,
    /// `common.ConfigGroup`.
    ConfigGroup,
    /// `common.ConfigSignature`.
    ConfigSignature,
    /// `common.ConfigUpdate`.
    ConfigUpdate,
    /// `common.ConfigUpdateEnvelope`.
    ConfigUpdateEnvelope,
    /// `common.ConfigValue`.
    ConfigValue,
    /// `common.Envelope`.
    Envelope,
    /// `msp.MSPConfig`.
    MspConfig,
    /// `common.Payload`.
    Payload,
    /// A certificate or key as PEM text.
    Pem,
}

impl FileForm {
    /// The message's protobuf name, or `PEM`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Block => "common.Block",
            Self::Config => "common.Config",
            Self::ConfigEnvelope => "common.ConfigEnvelope",
            Self::ConfigGroup => "common.ConfigGroup",
            Self::ConfigSignature => "common.ConfigSignature",
            Self::ConfigUpdate => "common.ConfigUpdate",
            Self::ConfigUpdateEnvelope => "common.ConfigUpdateEnvelope",
            Self::ConfigValue => "common.ConfigValue",
            Self::Envelope => "common.Envelope",
            Self::MspConfig => "msp.MSPConfig",
            Self::Payload => "common.Payload",
            Self::Pem => "PEM",
        }
    }

    /// The same behind its article.
    #[must_use]
    pub fn with_article(self) -> String {
        match self {
            Self::MspConfig => format!("an {}", self.name()),
            _ => format!("a {}", self.name()),
        }
    }
}

/// A file that is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// What it is.
    pub form: FileForm,
    /// What tells it from others of its kind.
    pub detail: FormDetail,
}

/// What tells a file from others of its kind. Texts are as the file has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormDetail {
    /// A block: its number, and the channel of its first transaction where that is one.
    Block(BlockNumber, Option<ChannelId>),
    /// The channel that an update names.
    Channel(ChannelId),
    /// The label of a PEM file.
    Label(String),
    /// Nothing is told.
    None,
    /// The sequence of a config.
    Sequence(Sequence),
    /// An envelope: its header's `common.HeaderType`, and channel.
    Transaction(i32, ChannelId),
}

impl Recognised {
    pub(super) const fn of(form: FileForm, detail: FormDetail) -> Self {
        Self { form, detail }
    }

    /// The same in words, where each text of the file goes through `shown`.
    #[must_use]
    pub fn words(&self, shown: impl Fn(&str) -> String) -> String {
        let name = self.form.with_article();
        match &self.detail {
            FormDetail::Block(number, Some(channel)) => {
                format!("{name} {number} of channel `{}`", shown(channel.as_str()))
            }
            FormDetail::Block(number, None) => format!("{name} {number}"),
            FormDetail::Channel(channel) => {
                format!("{name} of channel `{}`", shown(channel.as_str()))
            }
            FormDetail::Label(label) => format!("a PEM file, `{}`", shown(label)),
            FormDetail::None => name,
            FormDetail::Sequence(sequence) => format!("{name} of sequence {sequence}"),
            FormDetail::Transaction(kind, channel) => format!(
                "{name} of type {} ({kind}) of channel `{}`",
                header_type_name(*kind),
                shown(channel.as_str())
            ),
        }
    }
}

/// The name of a `common.HeaderType`; `unknown` of other numbers.
#[must_use]
pub const fn header_type_name(kind: i32) -> &'static str {
    match kind {
        0 => "MESSAGE",
        1 => "CONFIG",
        2 => "CONFIG_UPDATE",
        3 => "ENDORSER_TRANSACTION",
        4 => "ORDERER_TRANSACTION",
        5 => "DELIVER_SEEK_INFO",
        6 => "CHAINCODE_PACKAGE",
        _ => "unknown",
    }
}

//! A file that somebody gave: what it is, and the config or update that it holds.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::{
    block::ConfigBlock,
    client::{ClientError, Exit, SignRequest, view::RequestView},
    config::{
        ConfigSignature, ConfigTree, Update,
        envelope::{CONFIG, ConfigEnvelope, Transaction, read_update_data, read_update_envelope},
        is_legal_channel_id,
    },
    files::{
        self, FileForm, FormDetail, GroupPlace, Recognised, form_of_json, group_of_json,
        is_sections_of_json, recognised_message,
    },
    ids::{BlockNumber, ChannelId},
    json::{self, JsonError, MessageType},
    text::squeezed,
};

/// What is read at all.
pub(super) const READABLE: &str = "read are config blocks, configs, config updates and envelopes around them, as protobuf, base64, or \
     the JSON of configtxlator";

/// The largest file that is read. Unit: bytes.
const LARGEST: usize = 128 << 20;

/// How a file says what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The message as base64 text.
    Base64,
    /// Fabric's JSON form, as `configtxlator proto_decode` writes it.
    Json,
    /// The message itself.
    Protobuf,
}

impl Encoding {
    /// Its name in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Json => "json",
            Self::Protobuf => "protobuf",
        }
    }
}

/// A file that was read and recognised.
#[derive(Clone, Debug)]
pub struct GivenFile {
    /// How its user named it.
    pub name: String,
    /// How it is written.
    pub encoding: Encoding,
    /// The message that it is.
    pub recognised: Recognised,
    /// Where in a config it belongs, where it is one group of one.
    pub place: Option<GroupPlace>,
    /// What of it is used here.
    pub content: GivenContent,
    /// What it says of itself where it is a sign request.
    pub request: Option<RequestView>,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub enum GivenContent {
    /// A config, from whatever message carries it.
    Config(FileConfig),
    /// Something else: no config, and no update of one.
    Other,
    /// An update of a config, from whatever message carries it.
    Update(FileUpdate),
}

/// A config that a file holds.
#[derive(Clone, Debug)]
pub struct FileConfig {
    /// How its user named the file.
    pub name: String,
    /// How the file is written.
    pub encoding: Encoding,
    /// The channel; `None` where the file does not say it, as a bare config does not.
    pub channel: Option<ChannelId>,
    /// The config.
    pub tree: ConfigTree,
    /// The number of the block that carries it, and its digests; `None` where it comes in none.
    pub block: Option<ConfigBlock>,
    /// Whether the file is the channel group alone: its sequence is not known, and 0 here.
    pub is_bare_group: bool,
}

/// An update that a file holds.
#[derive(Clone, Debug)]
pub struct FileUpdate {
    /// How its user named the file.
    pub name: String,
    /// The update.
    pub update: Update,
    /// The channel in the header of the envelope around it; `None` without an envelope.
    pub header_channel: Option<ChannelId>,
    /// The signatures that came with it, in their order.
    pub signatures: Vec<ConfigSignature>,
    /// Whether it came in an envelope, which can be signed and sent.
    pub is_enveloped: bool,
}

impl GivenFile {
    /// Reads a file. The cost is linear in its content.
    ///
    /// # Errors
    /// Usage: `FILE_TOO_LARGE`, `FILE_EMPTY`, `UNKNOWN_FILE`, `BAD_FILE`.
    // SECURITY: whoever sent the file chooses every byte of it
    pub fn read(name: &str, content: Vec<u8>) -> Result<Self, ClientError> {
        let bad = |symbol: &str, why: String| {
            ClientError::new(Exit::Usage, symbol, format!("`{name}` {why}"))
        };
        if content.len() > LARGEST {
            let why = format!(
                "has {} bytes; files up to {LARGEST} are read",
                content.len()
            );
            return Err(bad("FILE_TOO_LARGE", why));
        }
        let text = content.trim_ascii();
        if text.is_empty() {
            return Err(bad("FILE_EMPTY", "is empty".to_owned())
                .hint("the command that should have written it failed"));
        }
        if text == b"null" {
            let why = "holds `null`: the path that jq was given leads nowhere in its input";
            return Err(bad("UNKNOWN_FILE", why.to_owned())
                .hint("of a decoded block the config is `.data.data[0].payload.data.config`"));
        }
        if SignRequest::is_one(&content) {
            return Self::of_request(name, &content);
        }
        if files::is_pem(&content) {
            return Ok(Self::other(
                name,
                Encoding::Protobuf,
                files::pem_label(&content),
            ));
        }
        if text.first() == Some(&b'{') {
            return Self::of_json(name, &content);
        }
        let content = Bytes::from(content);
        if let Some(recognised) = recognised_message(&content) {
            return Self::of_message(name, Encoding::Protobuf, recognised, &content);
        }
        let unpacked: Vec<u8> = (content.iter().copied())
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        let unpacked = STANDARD.decode(&unpacked).ok().map(Bytes::from);
        match unpacked.map(|bytes| (recognised_message(&bytes), bytes)) {
            Some((Some(recognised), bytes)) => {
                Self::of_message(name, Encoding::Base64, recognised, &bytes)
            }
            _ => Err(bad("UNKNOWN_FILE", format!("is {}", unknown(&content))).hint(READABLE)),
        }
    }

    /// A JSON document: the message by the names of its members.
    fn of_json(name: &str, text: &[u8]) -> Result<Self, ClientError> {
        let bad = |symbol: &str, why: String| {
            ClientError::new(Exit::Usage, symbol, format!("`{name}` {why}"))
        };
        let Some(form) = form_of_json(text) else {
            if let Some((what, hint)) = part_of_config(text) {
                return Err(bad("UNKNOWN_FILE", format!("is {what}")).hint(hint));
            }
            let why = match serde_json::from_slice::<IgnoredAny>(text) {
                Ok(_) => "is JSON, but no config, update or envelope of one".to_owned(),
                Err(error) => format!("is not JSON to its end: {error}"),
            };
            return Err(bad("UNKNOWN_FILE", why).hint(READABLE));
        };
        let place = (form == FileForm::ConfigGroup).then(|| group_of_json(text));
        let place = place.flatten();
        match place {
            Some(GroupPlace::Channel) => return Self::of_channel_group(name, text),
            // what is in them can be read in their place only
            Some(GroupPlace::Application | GroupPlace::Orderer) => {
                let detail = FormDetail::None;
                let other = Self::other(name, Encoding::Json, Recognised { form, detail });
                return Ok(Self { place, ..other });
            }
            Some(GroupPlace::Organization) | None => {}
        }
        let (form, bytes) = decoded(form, text).map_err(|(form, error)| {
            let article = form.with_article();
            let why = format!("is {article} in JSON, and cannot be read: {error}");
            let error = bad("BAD_FILE", why);
            match form {
                FileForm::Config => match misplaced(text) {
                    Some(member) => error.hint(format!(
                        "`{member}` stands beside `channel_group`, not in it: in jq the path begins with \
                         `.channel_group`"
                    )),
                    None => error,
                },
                _ => error,
            }
        })?;
        let bytes = Bytes::from(bytes);
        let detailed = recognised_message(&bytes).filter(|it| it.form == form);
        let recognised = detailed.unwrap_or(Recognised {
            form,
            detail: FormDetail::None,
        });
        let read = Self::of_message(name, Encoding::Json, recognised, &bytes)?;
        Ok(Self { place, ..read })
    }

    /// The JSON of a channel group, without the config around it.
    fn of_channel_group(name: &str, text: &[u8]) -> Result<Self, ClientError> {
        let bad = |why: &dyn std::fmt::Display| {
            let text = format!(
                "`{name}` is the channel group of a config in JSON, and cannot be read: {why}"
            );
            ClientError::new(Exit::Usage, "BAD_FILE", text)
        };
        let whole = [b"{\"channel_group\":", text, b"}"].concat();
        let bytes = json::decode(FileForm::Config.name(), &whole).map_err(|error| bad(&error))?;
        let tree = ConfigTree::parse(bytes.into()).map_err(|error| bad(&error))?;
        Ok(Self {
            name: name.to_owned(),
            encoding: Encoding::Json,
            recognised: Recognised {
                form: FileForm::ConfigGroup,
                detail: FormDetail::None,
            },
            place: Some(GroupPlace::Channel),
            request: None,
            content: GivenContent::Config(FileConfig {
                name: name.to_owned(),
                encoding: Encoding::Json,
                channel: None,
                tree,
                block: None,
                is_bare_group: true,
            }),
        })
    }

    fn of_message(
        name: &str,
        encoding: Encoding,
        recognised: Recognised,
        bytes: &Bytes,
    ) -> Result<Self, ClientError> {
        let content = content(name, encoding, recognised.form, bytes).map_err(|why| {
            let what = recognised.words(squeezed);
            let text = format!("`{name}` is {what}, and cannot be read: {why}");
            ClientError::new(Exit::Usage, "BAD_FILE", text)
        })?;
        Ok(Self {
            name: name.to_owned(),
            encoding,
            recognised,
            place: None,
            content,
            request: None,
        })
    }

    /// What `cmscc sign --out` writes: the update in it, without the intent.
    fn of_request(name: &str, content: &[u8]) -> Result<Self, ClientError> {
        let request = SignRequest::parse(content)?;
        let said = RequestView {
            description: request.description,
            proposal_id: request.claim.proposal_id.to_string(),
            proposer_msp_id: request.proposer_msp_id,
            revision: request.claim.revision.0,
        };
        let update = Update::parse(request.claim.config_update).map_err(|error| {
            let text = format!("`{name}` is a sign request without a config update: {error}");
            ClientError::new(Exit::Usage, "BAD_FILE", text)
        })?;
        Ok(Self {
            name: name.to_owned(),
            encoding: Encoding::Json,
            recognised: Recognised {
                form: FileForm::ConfigUpdate,
                detail: FormDetail::Channel(request.channel),
            },
            place: None,
            content: GivenContent::Update(FileUpdate {
                name: name.to_owned(),
                update,
                header_channel: None,
                signatures: request.claim.signatures,
                is_enveloped: false,
            }),
            request: Some(said),
        })
    }

    fn other(name: &str, encoding: Encoding, recognised: Recognised) -> Self {
        Self {
            name: name.to_owned(),
            encoding,
            recognised,
            place: None,
            content: GivenContent::Other,
            request: None,
        }
    }

    /// The config or update in it in Fabric's JSON form, as `configtxlator proto_decode` writes it.
    ///
    /// # Errors
    /// `NOTHING_TO_DECODE` (usage) where it holds neither; `NO_JSON_FORM` where something in it has none.
    pub fn decoded(&self) -> Result<String, ClientError> {
        let (form, bytes) = match &self.content {
            GivenContent::Config(config) => (FileForm::Config, config.tree.encode()),
            GivenContent::Update(given) => (FileForm::ConfigUpdate, given.update.bytes().to_vec()),
            GivenContent::Other => {
                let text = format!(
                    "`{}` is {}: no config, and no update",
                    self.name,
                    self.what()
                );
                return Err(ClientError::new(Exit::Usage, "NOTHING_TO_DECODE", text));
            }
        };
        json::encode(form.name(), &bytes).map_err(|error| {
            let text = format!(
                "`{}` has no form in the JSON of configtxlator: {error}",
                self.name
            );
            ClientError::new(Exit::Failed, "NO_JSON_FORM", text)
        })
    }

    /// What it is, in words.
    #[must_use]
    pub fn what(&self) -> String {
        match (&self.request, &self.recognised.detail) {
            (Some(_), FormDetail::Channel(channel)) => {
                format!("a sign request of channel `{}`", squeezed(channel.as_str()))
            }
            _ => self.recognised.words(squeezed),
        }
    }
}

/// A message in JSON, and which it is. Some have members that others have, too.
fn decoded(form: FileForm, text: &[u8]) -> Result<(FileForm, Vec<u8>), (FileForm, JsonError)> {
    let of = |form: FileForm, read: Result<Vec<u8>, JsonError>| match read {
        Ok(bytes) => Ok((form, bytes)),
        Err(error) => Err((form, error)),
    };
    match form {
        // what `configtxgen -printOrg` prints has its values opened
        FileForm::ConfigGroup => {
            let opened = json::decode(MessageType::Organization, text);
            of(form, opened.or_else(|_| json::decode(form.name(), text)))
        }
        // a block without metadata has the members of a payload
        FileForm::Payload if has_block_data(text) => {
            of(FileForm::Block, json::decode(FileForm::Block.name(), text))
        }
        _ => of(form, json::decode(form.name(), text)),
    }
}

/// Whether a document has a list of transactions where a block has it.
fn has_block_data(text: &[u8]) -> bool {
    let member = |text: &str| {
        let members: Result<BTreeMap<String, Box<RawValue>>, _> = serde_json::from_str(text);
        members.ok()?.remove("data")
    };
    let whole = std::str::from_utf8(text).ok();
    let inner = whole.and_then(member).and_then(|data| member(data.get()));
    inner.is_some_and(|data| data.get().starts_with('['))
}

/// JSON that is a part of a config or of a block, and of no form: what it is, and what is wanted.
fn part_of_config(text: &[u8]) -> Option<(&'static str, &'static str)> {
    if is_sections_of_json(text) {
        return Some((
            "the `groups` of a channel group",
            "the whole config is wanted: `{\"sequence\":..,\"channel_group\":..}`; of a decoded block it is \
             `.data.data[0].payload.data.config`",
        ));
    }
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(text).ok()?;
    let data = members.get("data").filter(|_| members.len() == 1)?;
    data.get().starts_with('[').then_some((
        "the `data` of a decoded block",
        "the config in it is `.data[0].payload.data.config`",
    ))
}

/// A member of a config's JSON that belongs into its channel group.
fn misplaced(text: &[u8]) -> Option<&'static str> {
    let members: BTreeMap<String, IgnoredAny> = serde_json::from_slice(text).ok()?;
    let inside = ["groups", "policies", "values", "mod_policy"];
    inside.into_iter().find(|name| members.contains_key(*name))
}

/// The config or update that a message carries.
fn content(
    name: &str,
    encoding: Encoding,
    form: FileForm,
    bytes: &Bytes,
) -> Result<GivenContent, String> {
    let config = |tree, channel, block| {
        GivenContent::Config(FileConfig {
            name: name.to_owned(),
            encoding,
            channel,
            tree,
            block,
            is_bare_group: false,
        })
    };
    let envelope = |bytes: &Bytes, channel| {
        let carried = ConfigEnvelope::parse(bytes).map_err(|error| error.to_string())?;
        let bytes = carried.config.ok_or("it holds no config")?;
        let tree = ConfigTree::parse(bytes).map_err(|error| error.to_string())?;
        Ok::<_, String>(config(tree, channel, None))
    };
    let update = |update: Bytes, header_channel, signatures, is_enveloped| {
        let update = Update::parse(update).map_err(|error| error.to_string())?;
        Ok::<_, String>(GivenContent::Update(FileUpdate {
            name: name.to_owned(),
            update,
            header_channel,
            signatures,
            is_enveloped,
        }))
    };
    match form {
        FileForm::Block => match ConfigBlock::parse(bytes.clone()) {
            Ok(block) => {
                let channel = named(block.channel_id());
                Ok(config(block.tree().clone(), channel, Some(block)))
            }
            // a block of other transactions is no error: it is said what it is
            Err(_) => Ok(GivenContent::Other),
        },
        FileForm::Config => {
            let tree = ConfigTree::parse(bytes.clone()).map_err(|error| error.to_string())?;
            Ok(config(tree, None, None))
        }
        FileForm::ConfigEnvelope => envelope(bytes, None),
        FileForm::ConfigUpdate => update(bytes.clone(), None, Vec::new(), false),
        FileForm::ConfigUpdateEnvelope => {
            let read = read_update_data(bytes, ChannelId::from(""));
            let read = read.map_err(|error| error.to_string())?;
            update(read.config_update, None, read.signatures, false)
        }
        FileForm::Envelope => {
            let transaction = Transaction::parse(bytes).map_err(|error| error.to_string())?;
            match transaction.header_type {
                CONFIG => envelope(&transaction.data, named(&transaction.channel_id)),
                UPDATE => {
                    let read = read_update_envelope(bytes).map_err(|error| error.to_string())?;
                    let channel = Some(read.channel_id);
                    update(read.config_update, channel, read.signatures, true)
                }
                _ => Ok(GivenContent::Other),
            }
        }
        FileForm::ConfigGroup
        | FileForm::ConfigSignature
        | FileForm::ConfigValue
        | FileForm::MspConfig
        | FileForm::Payload
        | FileForm::Pem => Ok(GivenContent::Other),
    }
}

/// `common.HeaderType.CONFIG_UPDATE`.
const UPDATE: i32 = 2;

/// A channel that a file names, where that is the name of one.
fn named(channel: &ChannelId) -> Option<ChannelId> {
    is_legal_channel_id(channel.as_str()).then(|| channel.clone())
}

/// What a file seems to be of which nothing is recognised.
fn unknown(content: &[u8]) -> String {
    let text = content.trim_ascii_start();
    let is_text = std::str::from_utf8(content.get(..2_000).unwrap_or(content))
        .map_or_else(|error| error.valid_up_to() > 1_000, |_| true);
    let starts = |start: &[u8]| text.starts_with(start);
    match () {
        () if starts(b"\x1f\x8b") => "packed with gzip".to_owned(),
        // a message begins with a byte that reads as a line end, and one that may read as anything
        () if !is_text && content.starts_with(b"\n") => {
            "no whole block, config, update or envelope: it may have been cut short".to_owned()
        }
        () if starts(b"[") => "a JSON list".to_owned(),
        () if starts(b"\"") => "a JSON text, not an object".to_owned(),
        () if starts(b"Organizations:") || starts(b"---") || starts(b"#") => {
            "YAML, such as a configtx.yaml: `configtxgen` reads it".to_owned()
        }
        () if is_text => "text that is no config, update or envelope of one".to_owned(),
        () => "no config, update or envelope of one".to_owned(),
    }
}

impl FileConfig {
    /// The number of the block that carries it.
    #[must_use]
    pub fn block_number(&self) -> Option<BlockNumber> {
        self.block.as_ref().map(|block| block.block().number())
    }
}

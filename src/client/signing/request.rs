//! A sign request: what somebody needs who cannot ask the contract, such as an admin of an orderer
//! organisation, or one whose key lies on a machine without a network.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    client::{ClaimedKind, ClientError, Exit, ProposalClaim},
    config::{ConfigSignature, is_legal_channel_id},
    ids::{ChannelId, ProposalId, Revision, UnixTime},
};

const FORMAT: &str = "cmscc.sign-request.v1";

/// The largest file that is read. Unit: bytes.
const LARGEST: usize = 128 << 20;

/// What is to be signed, and the config blocks by which it is judged. Nothing of it is believed: blocks
/// prove each other from the reader's own pin on.
#[derive(Clone, Debug)]
pub struct SignRequest {
    /// The channel.
    pub channel: ChannelId,
    /// The MSP id of who proposed it, as the sender says.
    pub proposer_msp_id: String,
    /// What its proposer says of it.
    pub description: String,
    /// What is signed.
    pub claim: ProposalClaim,
    /// Config blocks, ascending; the last one carries the config that it is for.
    pub blocks: Vec<Bytes>,
}

#[derive(Debug, Deserialize, Serialize)]
struct RequestDocument {
    format: String,
    channel_id: String,
    proposal_id: String,
    revision: u64,
    kind: String,
    proposer_msp_id: String,
    description: String,
    /// Unit: seconds since 1970.
    created_at: i64,
    config_update: String,
    patch: Option<Box<RawValue>>,
    signatures: Vec<String>,
    config_blocks: Vec<String>,
}

impl SignRequest {
    /// The file's content: a JSON document.
    ///
    /// # Errors
    /// `BAD_INTENT` where the intent is no JSON.
    pub fn write(&self) -> Result<Vec<u8>, ClientError> {
        let claim = &self.claim;
        let patch = match &claim.patch {
            None => None,
            Some(text) => {
                let text = String::from_utf8_lossy(text).into_owned();
                let compact = RawValue::from_string(text);
                Some(compact.map_err(|error| bad(&error))?)
            }
        };
        let document = RequestDocument {
            format: FORMAT.to_owned(),
            channel_id: self.channel.to_string(),
            proposal_id: claim.proposal_id.to_string(),
            revision: claim.revision.0,
            kind: match claim.kind {
                ClaimedKind::ConfigUpdate => "config_update".to_owned(),
                ClaimedKind::Settings => "settings".to_owned(),
            },
            proposer_msp_id: self.proposer_msp_id.clone(),
            description: self.description.clone(),
            created_at: claim.created_at.seconds,
            config_update: STANDARD.encode(&claim.config_update),
            patch,
            signatures: claim
                .signatures
                .iter()
                .map(|one| STANDARD.encode(one.encode()))
                .collect(),
            config_blocks: self
                .blocks
                .iter()
                .map(|block| STANDARD.encode(block))
                .collect(),
        };
        let mut content = serde_json::to_vec_pretty(&document).map_err(|error| bad(&error))?;
        content.push(b'\n');
        Ok(content)
    }

    /// Whether a file looks like a sign request.
    #[must_use]
    pub fn is_one(content: &[u8]) -> bool {
        let start = content.get(..200).unwrap_or(content);
        let needle = FORMAT.as_bytes();
        start.first() == Some(&b'{') && start.windows(needle.len()).any(|part| part == needle)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `BAD_SIGN_REQUEST`.
    pub fn parse(content: &[u8]) -> Result<Self, ClientError> {
        if content.len() > LARGEST {
            return Err(bad(&format_args!("it has {} bytes", content.len())));
        }
        let document: RequestDocument =
            serde_json::from_slice(content).map_err(|error| bad(&error))?;
        if document.format != FORMAT {
            return Err(bad(&format_args!("it is no `{FORMAT}`")));
        }
        // SECURITY: the channel names a file of this machine, the id is typed to agree
        if !is_legal_channel_id(&document.channel_id) {
            return Err(bad(&"what it names as its channel is none"));
        }
        if !ProposalId::is_legal(&document.proposal_id) {
            return Err(bad(&"what it names as its proposal is no id"));
        }
        let base64 = |text: &String| {
            let bytes = STANDARD.decode(text).map_err(|error| bad(&error))?;
            Ok::<_, ClientError>(Bytes::from(bytes))
        };
        let signature =
            |text: &String| ConfigSignature::parse(&base64(text)?).map_err(|error| bad(&error));
        Ok(Self {
            channel: ChannelId::new(document.channel_id),
            proposer_msp_id: document.proposer_msp_id,
            description: document.description,
            claim: ProposalClaim {
                proposal_id: ProposalId::new(document.proposal_id),
                revision: Revision(document.revision),
                kind: match document.kind.as_str() {
                    "config_update" => ClaimedKind::ConfigUpdate,
                    "settings" => ClaimedKind::Settings,
                    other => return Err(bad(&format_args!("it is of kind `{other}`"))),
                },
                config_update: base64(&document.config_update)?,
                patch: document.patch.map(|patch| patch.get().as_bytes().to_vec()),
                signatures: document
                    .signatures
                    .iter()
                    .map(signature)
                    .collect::<Result<_, _>>()?,
                created_at: UnixTime {
                    seconds: document.created_at,
                    nanos: 0,
                },
            },
            blocks: document
                .config_blocks
                .iter()
                .map(base64)
                .collect::<Result<_, _>>()?,
        })
    }
}

fn bad(reason: &dyn std::fmt::Display) -> ClientError {
    let text = format!("the sign request cannot be read: {reason}");
    ClientError::new(Exit::Usage, "BAD_SIGN_REQUEST", text)
}

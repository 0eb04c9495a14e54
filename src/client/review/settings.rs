//! A change of the contract's settings, read from the bytes that are signed: no orderer could apply
//! them, and they are good for nothing else.

use bytes::Bytes;
use prost::Message;

use super::claim::ProposalClaim;
use crate::{
    client::{ClientError, Exit},
    ids::{ChannelId, Digest},
    proto::{
        cmscc::{GateMode, SettingsChange},
        common,
    },
};

/// The key of a change of settings in the isolated data of a config update.
const ISOLATED: &str = "cmscc.settings";

/// What a change of settings says, by its own bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedSettings {
    /// SHA-256 of the bytes that are signed.
    pub digest: Digest,
    /// The instance of the contract whose settings they are.
    pub instance: String,
    /// The version that the settings become.
    pub version: u64,
    /// SHA-256 of the settings that they replace.
    pub current_sha256: String,
    /// The contract capabilities that every server must know.
    pub capabilities: Vec<String>,
    /// Whether upgrades wait until all have attested.
    pub gate: &'static str,
    /// The agreed endorsement policy; `None` where there is none.
    pub endorsement_policy: Option<String>,
}

impl JudgedSettings {
    /// Reads what a claim of settings asks to sign.
    ///
    /// # Errors
    /// `DIFFERENT_EFFECT` (unsafe) where the bytes are another thing than one change of settings of this
    /// proposal, in its one encoding.
    pub fn new(channel: &ChannelId, claim: &ProposalClaim) -> Result<Self, ClientError> {
        let id = &claim.proposal_id;
        let refuse = |why: &str| {
            let text = format!("`{id}` is said to change settings of the contract, but {why}");
            ClientError::new(Exit::Unsafe, "DIFFERENT_EFFECT", text).hint("do not sign it")
        };
        let (proposal_id, settings) = Self::read(channel, &claim.config_update).map_err(refuse)?;
        match proposal_id == id.as_str() {
            true => Ok(settings),
            false => Err(refuse("the update is that of another proposal")),
        }
    }

    /// Reads a change of settings, and the id of the proposal that it is good for.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(channel: &ChannelId, bytes: &Bytes) -> Result<(String, Self), &'static str> {
        let update = common::ConfigUpdate::decode(bytes.clone())
            .map_err(|_| "what is to be signed cannot be read")?;
        let change = update.isolated_data.get(ISOLATED);
        let change = change.and_then(|change| SettingsChange::decode(change.clone()).ok());
        let change = change.ok_or("the update carries no settings")?;
        // a config update that writes nothing, in the one encoding: nothing is hidden in it
        let canonical = common::ConfigUpdate {
            channel_id: channel.to_string(),
            isolated_data: [(ISOLATED.to_owned(), Bytes::from(change.encode_to_vec()))].into(),
            ..common::ConfigUpdate::default()
        };
        if canonical.encode_to_vec() != bytes[..] {
            return Err("the update says something else, too");
        }
        let settings = change.settings.unwrap_or_default();
        let gate = match GateMode::try_from(settings.gate) {
            Ok(GateMode::Enforced) => "enforced",
            Ok(GateMode::Advisory | GateMode::Unspecified) => "advisory",
            Err(_) => return Err("this program does not know the gate that it sets"),
        };
        let judged = Self {
            instance: change.instance,
            digest: Digest::of(bytes),
            version: change.version,
            current_sha256: hex::encode(&change.current_sha256),
            gate,
            endorsement_policy: Some(settings.endorsement_policy.clone())
                .filter(|policy| !policy.is_empty()),
            capabilities: settings.capabilities,
        };
        Ok((change.proposal_id, judged))
    }
}

//! The intents, and the functions of the contract that take them.

use bytes::Bytes;
use serde_json::json;

use crate::{
    client::{ClientError, Exit},
    ids::{ChannelId, Digest, MspId},
    transaction::ChaincodeCall,
};

/// A config longer than this goes as transient data: it is in the transaction once less. Unit: bytes.
const AS_ARGUMENT: usize = 96 << 10;

/// What an administrator wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedChange {
    /// An organisation becomes a member: the name of its group, and the group as JSON.
    AddOrganization {
        /// The name of its group.
        name: String,
        /// The group, as `configtxgen -printOrg` writes it.
        group: String,
    },
    /// What somebody edited: the whole config, as JSON or serialized.
    Config(Bytes),
    /// A partial config with modes, as JSON.
    Patch(String),
    /// An organisation is a member no more: the name of its group.
    RemoveOrganization {
        /// The name of its group.
        name: String,
    },
    /// One's own MSP definition becomes this one: the config value `MSP` as JSON.
    SetMsp(String),
    /// A computed update, or an envelope around one, serialized.
    Update(Bytes),
}

/// What is said of a proposal beside its intent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProposalTerms {
    /// Its id.
    pub id: String,
    /// What the others read.
    pub description: String,
    /// Until when it may be signed, RFC 3339.
    pub deadline: Option<String>,
}

/// A call of the contract that proposes something.
#[derive(Clone, Debug)]
pub struct ProposalCall {
    function: &'static str,
    /// Without the function.
    args: Vec<Bytes>,
    transient: Vec<(String, Bytes)>,
}

impl WantedChange {
    /// How such a proposal is told where nobody says otherwise: what is done, for an id, and what the
    /// others read.
    #[must_use]
    pub fn usual(&self, proposer: &MspId) -> Option<(String, String)> {
        match self {
            Self::AddOrganization { name, .. } => {
                Some((format!("add-{name}"), format!("bring in {name}")))
            }
            Self::RemoveOrganization { name } => {
                Some((format!("remove-{name}"), format!("remove {name}")))
            }
            Self::SetMsp(_) => Some((
                "set-msp".to_owned(),
                format!("another MSP definition of {proposer}"),
            )),
            Self::Config(_) | Self::Patch(_) | Self::Update(_) => None,
        }
    }

    /// The call that proposes it.
    #[must_use]
    pub fn call(&self, terms: &ProposalTerms) -> ProposalCall {
        let text = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let mut transient = Vec::new();
        let (function, what) = match self {
            Self::AddOrganization { name, group } => {
                ("AddOrganization", vec![text(name), text(group)])
            }
            Self::Config(config) if config.len() > AS_ARGUMENT => {
                let digest = Digest::of(config).to_string();
                transient.push((format!("config.{digest}"), config.clone()));
                ("ProposeConfig", vec![Bytes::from(digest)])
            }
            Self::Config(config) => ("ProposeConfig", vec![config_argument(config)]),
            Self::Patch(patch) => ("ProposeConfigUpdate", vec![text(patch)]),
            Self::RemoveOrganization { name } => {
                ("ProposeConfigUpdate", vec![text(&removal(name))])
            }
            Self::SetMsp(value) => ("ReconfigOrganizationMSP", vec![text(value)]),
            Self::Update(update) => ("ProposeConfigUpdate", vec![config_argument(update)]),
        };
        ProposalCall {
            transient,
            ..ProposalCall::new(function, what, terms)
        }
    }
}

impl ProposalCall {
    /// A call of a function that takes an id, what is wanted, a description and options.
    pub(super) fn new(function: &'static str, what: Vec<Bytes>, terms: &ProposalTerms) -> Self {
        let text = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let options = match &terms.deadline {
            Some(deadline) => json!({ "deadline": deadline }).to_string(),
            None => String::new(),
        };
        let mut args = vec![text(&terms.id)];
        args.extend(what);
        args.extend([text(&terms.description), Bytes::from(options)]);
        Self {
            function,
            args,
            transient: Vec::new(),
        }
    }

    /// The call that proposes.
    #[must_use]
    pub fn propose(&self, channel: &ChannelId) -> ChaincodeCall {
        self.with(channel, &[self.function])
    }

    /// The query that says what the proposal would be, and writes nothing.
    #[must_use]
    pub fn check(&self, channel: &ChannelId) -> ChaincodeCall {
        self.with(channel, &["CheckProposal", self.function])
    }

    fn with(&self, channel: &ChannelId, before: &[&str]) -> ChaincodeCall {
        let mut call = ChaincodeCall::new(channel, before.iter().copied());
        call.args.extend(self.args.iter().cloned());
        call.transient = self.transient.iter().cloned().collect();
        call
    }
}

/// JSON stays as it is; what is serialized goes as base64, since arguments are text.
fn config_argument(content: &Bytes) -> Bytes {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    match content.trim_ascii_start().first() {
        Some(b'{') => content.clone(),
        _ => STANDARD.encode(content).into(),
    }
}

/// The patch that deletes an organisation's group.
pub(super) fn removal(name: &str) -> String {
    let organization = json!({ name: { "version": "2" } });
    let application = json!({ "Application": { "groups": organization } });
    json!({ "channel_group": { "groups": application } }).to_string()
}

/// Refuses a time that is none, with the form that is wanted.
///
/// # Errors
/// `BAD_DEADLINE`.
pub(super) fn bad_deadline(given: &str) -> ClientError {
    let text = format!("`{given}` is no time: write 3d, 12h, or 2030-01-31T12:00:00Z");
    ClientError::new(Exit::Usage, "BAD_DEADLINE", text)
}

impl ProposalTerms {
    /// Refuses an id that no contract takes, before anybody has had work with it.
    ///
    /// # Errors
    /// `BAD_ID`.
    pub fn demand_id(id: &str) -> Result<(), ClientError> {
        let legal = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        if (3..=64).contains(&id.len()) && id.chars().all(legal) {
            return Ok(());
        }
        let text = format!("id `{id}` is not 3 to 64 of the characters A-Z a-z 0-9 . - _");
        Err(ClientError::new(Exit::Usage, "BAD_ID", text))
    }

    /// Reads a deadline: a time in RFC 3339, or so many days (`3d`) or hours (`12h`) from `now`, in
    /// seconds since 1970.
    ///
    /// # Errors
    /// `BAD_DEADLINE`.
    pub fn deadline(given: &str, now: i64) -> Result<String, ClientError> {
        use time::{OffsetDateTime, format_description::well_known::Rfc3339};
        if OffsetDateTime::parse(given, &Rfc3339).is_ok() {
            return Ok(given.to_owned());
        }
        let units = [('d', 86_400), ('h', 3_600), ('m', 60)];
        let read = || {
            let unit = given.chars().last()?;
            let (_, seconds) = units.iter().find(|(name, _)| *name == unit)?;
            let count: i64 = given
                .strip_suffix(unit)?
                .parse()
                .ok()
                .filter(|count| *count > 0)?;
            let until = count.checked_mul(*seconds)?.checked_add(now)?;
            OffsetDateTime::from_unix_timestamp(until)
                .ok()?
                .format(&Rfc3339)
                .ok()
        };
        read().ok_or_else(|| bad_deadline(given))
    }
}

//! What is known before anything is judged. What peers answered is others' text: bounded where it was
//! read, made visible where it is shown.

use bytes::Bytes;

use crate::{
    client::{
        ClientError, ServerState,
        chain::{StateFacts, VerifiedChain},
        keys::{FoundKey, OwnCertificate},
        lifecycle::{ApprovedDefinition, CommittedDefinition, InstalledPackage},
        view::DoctorPart,
    },
    config::{Bundle, Section},
    identity::Certificate,
    ids::{ChannelId, MspId, Sequence, UnixTime},
};

/// Why there is no handshake with a node that says nothing.
pub(crate) const LATE: &str = "it does not answer in time";

/// Everything that was found out.
#[derive(Debug)]
pub(crate) struct DoctorFacts {
    /// The host's time.
    pub(crate) now: UnixTime,
    /// How far it was asked.
    pub(crate) reach: DoctorPart,
    /// What the settings say.
    pub(crate) settings: SettingsFacts,
    /// The state folder, where there is a place for one.
    pub(crate) state: Option<StateFacts>,
    /// What this machine trusts: `Ok(None)`, nothing is pinned. `None`: the channel is not known.
    pub(crate) trust: Option<Result<Option<TrustFacts>, ClientError>>,
    /// One's own certificate.
    pub(crate) certificate: Option<Result<OwnCertificate, ClientError>>,
    /// The file of one's own key.
    pub(crate) key: Option<Result<FoundKey, ClientError>>,
    /// One's own peers, then the orderer where one is named.
    pub(crate) nodes: Vec<NodeFacts>,
    /// One's own chain, where no peer could be asked for what is behind it.
    pub(crate) pinned: Option<VerifiedChain>,
    /// The channel, as far as a peer could be asked.
    pub(crate) channel: Option<ChannelFacts>,
    /// The orderers of the config that this machine verified; `None`: none were asked.
    pub(crate) orderers: Option<Vec<OrdererFacts>>,
    /// The contract, likewise.
    pub(crate) contract: Option<ContractFacts>,
}

impl DoctorFacts {
    /// Whether one's own organisation orders and is no member, by the config that is known: it has no
    /// peers, and signs what members hand it.
    pub(crate) fn only_orders(&self) -> bool {
        let (Some(own), Some(bundle)) = (&self.settings.msp_id, self.bundle()) else {
            return false;
        };
        let is_of = |section: Section| bundle.msp_ids(section).contains(own);
        is_of(Section::Orderer) && !is_of(Section::Application)
    }

    /// The channel's config, as far as it is known: also by one's own chain alone.
    pub(crate) fn bundle(&self) -> Option<&Bundle> {
        let channel = self.channel.as_ref();
        let config = channel.and_then(|channel| channel.config.as_ref().ok());
        config.or_else(|| self.pinned.as_ref().map(VerifiedChain::bundle))
    }
}

/// What the settings say.
#[derive(Clone, Debug, Default)]
pub(crate) struct SettingsFacts {
    /// What is missing or wrong.
    pub(crate) problems: Vec<ClientError>,
    /// What places say differently: a sentence, and what to do.
    pub(crate) contradictions: Vec<(String, String)>,
    /// What is said of it where no place names a peer.
    pub(crate) no_peer: Option<ClientError>,
    /// Whether no place says anything.
    pub(crate) is_empty: bool,
    /// The channel.
    pub(crate) channel: Option<ChannelId>,
    /// The chaincode's name.
    pub(crate) chaincode: String,
    /// One's own organisation.
    pub(crate) msp_id: Option<MspId>,
    /// Where MSP id and peers come from.
    pub(crate) places: Vec<String>,
}

/// What this machine trusts of the channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrustFacts {
    /// The config that was pinned.
    pub(crate) pin: Sequence,
    /// The newest one that was verified.
    pub(crate) head: Sequence,
}

/// A peer, or an orderer.
#[derive(Clone, Debug)]
pub(crate) struct NodeFacts {
    /// `host:port`.
    pub(crate) address: String,
    /// Whether it orders.
    pub(crate) is_orderer: bool,
    /// Whether the settings say TLS.
    pub(crate) tls: bool,
    /// The name that its certificate must have.
    pub(crate) name: String,
    /// The CAs that are trusted there.
    pub(crate) roots: Vec<Certificate>,
    /// One's own TLS certificate there.
    pub(crate) shown: Option<Certificate>,
    /// Why it takes no connection.
    pub(crate) reached: Result<(), String>,
    /// A TLS handshake, or why there was none. `None`: not tried.
    pub(crate) handshake: Option<Result<Handshake, String>>,
    /// What it said to calls; `None`: none were made.
    pub(crate) answers: Option<NodeAnswers>,
}

/// What a TLS handshake showed, judged one question at a time.
#[derive(Clone, Debug)]
pub(crate) struct Handshake {
    /// The certificate of the node; an error where it cannot be read.
    pub(crate) certificate: Result<Certificate, String>,
    /// Why it is of no CA that is trusted, whatever the time.
    pub(crate) trusted: Result<(), String>,
    /// Whether it is for the name that is expected.
    pub(crate) is_named: bool,
    /// The names that it is for.
    pub(crate) names: Vec<String>,
    /// The CAs whose certificates the node demands, as DER names; none named: any. `None`: it demands no
    /// certificate.
    pub(crate) wanted: Option<Vec<Bytes>>,
    /// Why the node ended the connection after the handshake; `None`: it did not.
    pub(crate) ended: Option<String>,
}

/// What a node said to calls.
#[derive(Clone, Debug)]
pub(crate) struct NodeAnswers {
    /// How far its clock is ahead of this machine's, where it tells. Unit: seconds.
    pub(crate) ahead: Option<i64>,
    /// How many blocks it has of the channel, or why it does not say so.
    pub(crate) height: Result<u64, ClientError>,
    /// Whether it gives out blocks, and the time in the newest one.
    pub(crate) newest: Option<Result<Option<UnixTime>, ClientError>>,
    /// The channels that it has joined, where it tells.
    pub(crate) channels: Option<Vec<ChannelId>>,
    /// Whose peer it is, where it tells.
    pub(crate) msp_id: Option<MspId>,
}

/// A place at which the channel's config has an orderer.
#[derive(Clone, Debug)]
pub(crate) struct OrdererFacts {
    /// `host:port`, as the config has it.
    pub(crate) address: String,
    /// Whether peers and clients send there.
    pub(crate) is_endpoint: bool,
    /// Whether it is one of those that agree on blocks.
    pub(crate) is_consenter: bool,
    /// The TLS certificates by which the config knows what listens there; of consenters.
    pub(crate) certificates: Vec<Certificate>,
    /// The TLS certificate that it shows.
    pub(crate) shows: Option<Certificate>,
    /// How it is.
    pub(crate) state: OrdererState,
}

/// Whether an orderer does its work, as this machine sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OrdererState {
    /// It does.
    Answers,
    /// It does not, and no other machine is better off: why.
    Down(String),
    /// Its name is not known here; peers may know it.
    NotFound,
    /// This machine does not get there; peers may: why.
    NotReached(String),
}

/// The channel.
#[derive(Debug)]
pub(crate) struct ChannelFacts {
    /// The config: of one's own chain where it was verified, else by the peer's word.
    pub(crate) config: Result<Bundle, ClientError>,
    /// How one's own chain leads to the peer's config; `None`: nothing is pinned.
    pub(crate) chain: Option<Result<TrustFacts, ClientError>>,
    /// Levels that this client does not know.
    pub(crate) levels: Option<String>,
}

/// The contract.
#[derive(Debug)]
pub(crate) struct ContractFacts {
    /// What Fabric's lifecycle says.
    pub(crate) lifecycle: LifecycleFacts,
    /// The endorsement policy of the definition, where it is known: a path or a rule.
    pub(crate) policy: Option<String>,
    /// Whether the contract answers at one's own peer.
    pub(crate) answers: Result<(), ClientError>,
    /// Each member, and how its server is.
    pub(crate) servers: Vec<(MspId, ServerState)>,
    /// The contract's chain against one's own; `None`: there is none to compare with.
    pub(crate) head: Option<Result<ContractPlace, ClientError>>,
    /// The sequence of the peer's config.
    pub(crate) sequence: Sequence,
    /// Levels of the channel that the contract does not know.
    pub(crate) unsupported: Vec<String>,
}

/// Where the contract's chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContractPlace {
    /// The sequence of its config.
    pub(crate) sequence: Sequence,
    /// Whether links of it were compared with one's own chain.
    pub(crate) is_compared: bool,
    /// A config that it names another block for.
    pub(crate) other_block: Option<Sequence>,
}

/// What Fabric's lifecycle says of the chaincode.
#[derive(Debug)]
pub(crate) struct LifecycleFacts {
    /// The committed definition, and who approved it; `Ok(None)`: none.
    pub(crate) committed: Result<Option<CommittedDefinition>, ClientError>,
    /// What one's own organisation approved of that sequence.
    pub(crate) approved: Result<Option<ApprovedDefinition>, ClientError>,
    /// The packages that one's own peer has.
    pub(crate) installed: Result<Vec<InstalledPackage>, ClientError>,
}

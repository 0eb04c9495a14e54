//! What is looked at: the names of the checks, their order, and which of them need others.

use crate::client::view::DoctorPart;

/// Something that is looked at. In the order in which it is told: from this machine outwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// All settings that are needed, readable.
    Settings,
    /// Settings that several places say differently, or that lack their other half.
    SettingsPlaces,
    /// The folder in which the client keeps what it verified.
    StateFolder,
    /// What this machine trusts of the channel.
    TrustAnchor,
    /// One's own certificate.
    IdentityCertificate,
    /// One's own private key.
    IdentityKey,
    /// When one's own certificate ends.
    IdentityEnd,
    /// A node takes connections.
    NodeReached,
    /// It speaks TLS where the settings say so, and only there.
    TlsSpoken,
    /// Its TLS certificate is of a CA that is trusted.
    TlsRootCert,
    /// Its TLS certificate is for the name that is expected.
    TlsServerName,
    /// When its TLS certificate ends.
    TlsEnd,
    /// Mutual TLS: wanted, given, taken.
    TlsClientCert,
    /// The clock of this machine against that of the node.
    Clock,
    /// The node answers as a peer does, or as an orderer.
    NodeAnswers,
    /// The node is on the channel.
    NodeChannel,
    /// Whose peer it is.
    PeerOrganization,
    /// How many blocks it has, against the other nodes.
    NodeHeight,
    /// This machine's own chain leads to the peer's config.
    Chain,
    /// The client knows the capability levels of the channel.
    ClientLevels,
    /// One's own organisation is on the channel.
    MspId,
    /// One's own certificate is valid there.
    IdentityValid,
    /// What one is there: admin, client, peer.
    Role,
    /// Which of the channel's policies one satisfies.
    Policies,
    /// The anchor peers of one's own organisation.
    AnchorPeers,
    /// Certificates of the channel's config that end.
    ConfigCertificates,
    /// Enough orderers of the channel take connections.
    Orderers,
    /// The chaincode's definition is committed.
    Definition,
    /// One's own organisation approved that definition.
    Approval,
    /// The package of one's approval is installed.
    Package,
    /// The contract answers.
    Contract,
    /// Enough organisations run a server that answers.
    Endorsers,
    /// One more could be away.
    EndorsersSpare,
    /// The servers are of one version.
    ServerVersions,
    /// The contract's chain against one's own.
    ContractChain,
    /// The contract knows the capability levels of the channel.
    ContractLevels,
}

impl Check {
    /// All of them, in their order.
    pub const ALL: [Self; 36] = [
        Self::Settings,
        Self::SettingsPlaces,
        Self::StateFolder,
        Self::TrustAnchor,
        Self::IdentityCertificate,
        Self::IdentityKey,
        Self::IdentityEnd,
        Self::NodeReached,
        Self::TlsSpoken,
        Self::TlsRootCert,
        Self::TlsServerName,
        Self::TlsEnd,
        Self::TlsClientCert,
        Self::Clock,
        Self::NodeAnswers,
        Self::NodeChannel,
        Self::PeerOrganization,
        Self::NodeHeight,
        Self::Chain,
        Self::ClientLevels,
        Self::MspId,
        Self::IdentityValid,
        Self::Role,
        Self::Policies,
        Self::AnchorPeers,
        Self::ConfigCertificates,
        Self::Orderers,
        Self::Definition,
        Self::Approval,
        Self::Package,
        Self::Contract,
        Self::Endorsers,
        Self::EndorsersSpare,
        Self::ServerVersions,
        Self::ContractChain,
        Self::ContractLevels,
    ];

    /// What must be well before a peer tells anything of the channel.
    pub(super) const TO_THE_PEER: [Self; 13] = [
        Self::Settings,
        Self::IdentityCertificate,
        Self::IdentityKey,
        Self::IdentityEnd,
        Self::NodeReached,
        Self::TlsSpoken,
        Self::TlsRootCert,
        Self::TlsServerName,
        Self::TlsEnd,
        Self::TlsClientCert,
        Self::Clock,
        Self::NodeAnswers,
        Self::NodeChannel,
    ];

    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Settings => "SETTINGS",
            Self::SettingsPlaces => "SETTINGS_PLACES",
            Self::StateFolder => "STATE_FOLDER",
            Self::TrustAnchor => "TRUST_ANCHOR",
            Self::IdentityCertificate => "IDENTITY_CERTIFICATE",
            Self::IdentityKey => "IDENTITY_KEY",
            Self::IdentityEnd => "IDENTITY_END",
            Self::NodeReached => "NODE_REACHED",
            Self::TlsSpoken => "TLS_SPOKEN",
            Self::TlsRootCert => "TLS_ROOT_CERT",
            Self::TlsServerName => "TLS_SERVER_NAME",
            Self::TlsEnd => "TLS_END",
            Self::TlsClientCert => "TLS_CLIENT_CERT",
            Self::Clock => "CLOCK",
            Self::NodeAnswers => "NODE_ANSWERS",
            Self::NodeChannel => "NODE_CHANNEL",
            Self::PeerOrganization => "PEER_ORGANIZATION",
            Self::NodeHeight => "NODE_HEIGHT",
            Self::Chain => "CHAIN",
            Self::ClientLevels => "CLIENT_LEVELS",
            Self::MspId => "MSP_ID",
            Self::IdentityValid => "IDENTITY_VALID",
            Self::Role => "ROLE",
            Self::Policies => "POLICIES",
            Self::AnchorPeers => "ANCHOR_PEERS",
            Self::ConfigCertificates => "CONFIG_CERTIFICATES",
            Self::Orderers => "ORDERERS",
            Self::Definition => "DEFINITION",
            Self::Approval => "APPROVAL",
            Self::Package => "PACKAGE",
            Self::Contract => "CONTRACT",
            Self::Endorsers => "ENDORSERS",
            Self::EndorsersSpare => "ENDORSERS_SPARE",
            Self::ServerVersions => "SERVER_VERSIONS",
            Self::ContractChain => "CONTRACT_CHAIN",
            Self::ContractLevels => "CONTRACT_LEVELS",
        }
    }

    /// The check of a name, in whatever case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|check| check.name().eq_ignore_ascii_case(name))
    }

    /// The part that it belongs to.
    #[must_use]
    pub fn part(self) -> DoctorPart {
        match self {
            check if check < Self::NodeReached => DoctorPart::Machine,
            check if check < Self::Chain => DoctorPart::Nodes,
            check if check < Self::Definition => DoctorPart::Channel,
            _ => DoctorPart::Contract,
        }
    }

    /// Whether there is one of it for each node.
    #[must_use]
    pub fn is_of_node(self) -> bool {
        self.part() == DoctorPart::Nodes
    }
}

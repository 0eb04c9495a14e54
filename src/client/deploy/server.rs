//! Whether the server of a member answers its peer, and why not.

use crate::client::ClientError;

/// Whether a member's server answers. The texts are its peer's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// It answers: which version of the contract it is, where it says so.
    Answers(Option<String>),
    /// The peer does not find the address of the package.
    AddressUnknown(String),
    /// The organisation has not approved what is committed.
    NotApproved,
    /// The organisation approved a package that its peer does not have, or none.
    NotInstalled,
    /// Nobody listens at the address of the package.
    NotRunning(String),
    /// No peer with the chaincode is known: none runs, none is reached, nothing is approved.
    NoPeer,
    /// A server answers that is not this package's: it has another id.
    OtherId(String),
    /// TLS does not fit.
    Tls(String),
    /// Something else.
    Trouble(String),
}

impl ServerState {
    /// What a refusal says of the server. `Answers` where the contract itself refused.
    // Fabric: core/chaincode/chaincode_support.go, core/chaincode/runtime_launcher.go,
    // core/container/externalbuilder/instance.go; the words of Go's net and crypto/tls
    #[must_use]
    pub fn of(error: &ClientError) -> Self {
        let details = error.details.iter().map(|(_, words)| words.as_str());
        let all: Vec<&str> = details.chain([error.message.as_str()]).collect();
        let said = |texts: &[&str]| {
            let mut all = all.iter();
            all.find(|words| texts.iter().any(|text| words.contains(text)))
                .map(|words| (*words).to_owned())
        };
        if said(&["has not yet been approved by this org"]).is_some() {
            return Self::NotApproved;
        }
        if said(&["chaincode is not installed", "package is not installed"]).is_some() {
            return Self::NotInstalled;
        }
        if said(&["no peers available to evaluate chaincode"]).is_some() {
            return Self::NoPeer;
        }
        if let Some(words) = said(&[
            "no such host",
            "server misbehaving",
            "Temporary failure in name",
        ]) {
            return Self::AddressUnknown(words);
        }
        if let Some(words) = said(&[
            "connection refused",
            "i/o timeout",
            "network is unreachable",
        ]) {
            return Self::NotRunning(words);
        }
        if let Some(words) = said(&["tls: ", "x509: ", "authentication handshake failed"]) {
            return Self::Tls(words);
        }
        if let Some(words) = said(&[
            "chaincode registration failed",
            "chaincode stream terminated",
            // the server ends a stream on which its id is not accepted
            "error handling chaincode stream",
        ]) {
            return Self::OtherId(words);
        }
        if let Some(words) = said(&["could not launch chaincode"]) {
            return Self::NotRunning(words);
        }
        match error.symbol.as_str() {
            "NO_CHAINCODE" => Self::NoPeer,
            "SERVER_DOWN" | "SERVER_SLOW" | "ENDORSER_AWAY" | "TIMEOUT" | "PEER_UNAVAILABLE"
            | "PEER_REFUSED" | "NOT_APPROVED" => Self::Trouble(error.message.clone()),
            // a refusal of the contract is an answer
            _ => Self::Answers(None),
        }
    }

    /// Its name in documents.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Answers(_) => "answers",
            Self::AddressUnknown(_) => "address_unknown",
            Self::NotApproved => "not_approved",
            Self::NotInstalled => "not_installed",
            Self::NotRunning(_) => "not_running",
            Self::NoPeer => "no_peer",
            Self::OtherId(_) => "other_id",
            Self::Tls(_) => "tls",
            Self::Trouble(_) => "trouble",
        }
    }

    /// In the words of its peer, where there are some.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::AddressUnknown(words)
            | Self::NotRunning(words)
            | Self::OtherId(words)
            | Self::Tls(words)
            | Self::Trouble(words) => Some(words),
            Self::Answers(_) | Self::NotApproved | Self::NotInstalled | Self::NoPeer => None,
        }
    }
}

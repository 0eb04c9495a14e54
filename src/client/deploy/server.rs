//! Whether the server of a member answers its peer, and why not.

use crate::{client::ClientError, text::squeezed};

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
    /// Its peer is known, and not reached.
    PeerAway(String),
    /// It says nothing: it hangs, is cut off, or TLS does not fit, which peers wait for likewise.
    Silent(String),
    /// TLS does not fit.
    Tls(String),
    /// Something else.
    Trouble(String),
}

/// With these words a peer says that it is about its server.
// Fabric: core/chaincode/runtime_launcher.go, core/chaincode/handler.go,
// core/chaincode/extcc/extcc_handler.go
const OF_SERVER: [&str; 4] = [
    "could not launch chaincode",
    "chaincode registration failed",
    "chaincode stream",
    "timeout expired while executing transaction",
];

impl ServerState {
    /// What a refusal says of the server. `Answers` where the contract itself refused.
    // Fabric: core/chaincode/chaincode_support.go, core/chaincode/runtime_launcher.go,
    // core/container/externalbuilder/instance.go; the words of Go's net, crypto/tls and of grpc
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
        if let Some(words) = said(&OF_SERVER) {
            return Self::of_words(words);
        }
        if let Some(words) = said(&["connection error: desc"]) {
            return Self::PeerAway(words);
        }
        let message = error.message.clone();
        match error.symbol.as_str() {
            "NO_CHAINCODE" => Self::NoPeer,
            "SERVER_SLOW" | "TIMEOUT" => Self::Silent(message),
            "ENDORSER_AWAY" | "PEER_UNAVAILABLE" => Self::PeerAway(message),
            "ACCESS_DENIED" | "BAD_ANSWER" | "CLOCK_SKEW" | "NOT_APPROVED" | "PEER_REFUSED"
            | "PEER_UNREACHABLE" | "SERVER_DOWN" | "UNKNOWN_CHANNEL" => Self::Trouble(message),
            // a refusal of the contract is an answer
            _ => Self::Answers(None),
        }
    }

    /// What a peer's words say of its server.
    fn of_words(words: String) -> Self {
        let has = |texts: &[&str]| texts.iter().any(|text| words.contains(text));
        if has(&[
            "no such host",
            "server misbehaving",
            "Temporary failure in name",
        ]) {
            return Self::AddressUnknown(words);
        }
        if has(&[
            "connection refused",
            "i/o timeout",
            "network is unreachable",
            "no route to host",
        ]) {
            return Self::NotRunning(words);
        }
        if has(&["tls: ", "x509: ", "authentication handshake failed"]) {
            return Self::Tls(words);
        }
        // a peer waits for the connection; in what it waits for it does not say
        if has(&["deadline exceeded", "timeout expired"]) {
            return Self::Silent(words);
        }
        // the server ends a stream on which its id is not accepted
        let ends_with = |text: &str| words.trim_end().ends_with(text);
        let is_ended = has(&["error handling chaincode stream"]) && ends_with("EOF")
            || has(&["chaincode registration failed"]) && ends_with(" terminated");
        if is_ended {
            return Self::OtherId(words);
        }
        Self::NotRunning(words)
    }

    /// Whether it answers.
    #[must_use]
    pub const fn answers(&self) -> bool {
        matches!(self, Self::Answers(_))
    }

    /// What is wrong, of somebody's server; `None`: it answers.
    #[must_use]
    pub const fn trouble(&self) -> Option<&'static str> {
        Some(match self {
            Self::Answers(_) => return None,
            Self::AddressUnknown(_) => "its peer does not find the address in its package",
            Self::NotApproved => "its peer does not know of its approval yet",
            Self::NotInstalled => "the package that it approved is not installed on its peer",
            Self::NotRunning(_) => "its server does not answer its peer",
            Self::NoPeer => "no running peer of it with the contract is known",
            Self::OtherId(_) => "its server has another CHAINCODE_ID than the approved package",
            Self::PeerAway(_) => "its peer is not reached",
            Self::Silent(_) => {
                "its server says nothing to its peer: it hangs, something in between does, or TLS between \
                 the two does not fit"
            }
            Self::Tls(_) => "TLS between its peer and its server does not fit",
            Self::Trouble(_) => "its server does not answer",
        })
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
            Self::PeerAway(_) => "peer_away",
            Self::Silent(_) => "silent",
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
            | Self::PeerAway(words)
            | Self::Silent(words)
            | Self::Tls(words)
            | Self::Trouble(words) => Some(words),
            Self::Answers(_) | Self::NotApproved | Self::NotInstalled | Self::NoPeer => None,
        }
    }
}

/// The end of a peer's words about its server, where the cause stands, on one line.
#[must_use]
pub fn cause(words: &str) -> String {
    const LONGEST: usize = 200;
    let mut text = squeezed(words);
    // behind the ids of transaction and package
    for start in [
        "could not launch chaincode ",
        "connection to ",
        "error creating grpc ",
    ] {
        if let Some((_, end)) = text.rsplit_once(start) {
            let end = end.split_once(": ").map_or(end, |(_, end)| end);
            text = end.to_owned();
        }
    }
    let count = text.chars().count();
    match count > LONGEST {
        true => {
            let end = text.chars().skip(count.saturating_sub(LONGEST));
            format!("…{}", end.collect::<String>())
        }
        false => text,
    }
}

//! Refusals of the contract.

use crate::client::{ClientError, Exit};

/// A refusal of the contract, or of the server that it runs on: `Code NNN: SYMBOL: text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractRefusal {
    /// The class: 4xx is the caller's, 5xx is not.
    pub status: u16,
    /// The name that scripts match on.
    pub symbol: String,
    /// What was given, what was expected, and what to do.
    pub text: String,
}

impl ContractRefusal {
    /// Finds a refusal in the words of a peer; `None` where the contract did not refuse.
    #[must_use]
    pub fn find(words: &str) -> Option<Self> {
        let mut rest = words;
        while let Some((_, behind)) = rest.split_once("Code ") {
            if let Some(found) = Self::read(behind) {
                return Some(found);
            }
            rest = behind;
        }
        None
    }

    fn read(text: &str) -> Option<Self> {
        let (status, rest) = text.split_once(": ")?;
        let (symbol, text) = rest.split_once(": ").unwrap_or((rest, ""));
        let is_symbol = |c: char| matches!(c, 'A'..='Z' | '0'..='9' | '_');
        let named = symbol.starts_with(|c: char| c.is_ascii_uppercase());
        if status.len() != 3 || !named || !symbol.chars().all(is_symbol) {
            return None;
        }
        Some(Self {
            status: status.parse().ok()?,
            symbol: symbol.to_owned(),
            text: text.to_owned(),
        })
    }

    /// Whether the same call may succeed later with nothing changed by whoever calls.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        PASSING.contains(&self.symbol.as_str())
    }

    /// How a command ends that was refused so.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match (self.symbol.as_str(), self.status) {
            (symbol, _) if PASSING.contains(&symbol) => Exit::Unreachable,
            ("NOTHING_TO_CHANGE", _) => Exit::No,
            (symbol, _) if STALE.contains(&symbol) => Exit::Stale,
            ("WRONG_STATUS", _) if self.text.contains("UpdateProposals") => Exit::Stale,
            (symbol, _) if UNSAFE.contains(&symbol) => Exit::Unsafe,
            (symbol, _) if FAILED.contains(&symbol) => Exit::Failed,
            ("UNKNOWN_FUNCTION", _) | (_, 400) => Exit::Usage,
            (_, 403) => Exit::Denied,
            _ => Exit::Failed,
        }
    }

    /// The error that a command shows.
    #[must_use]
    pub fn error(&self) -> ClientError {
        let message = match self.text.is_empty() {
            true => "the contract refuses".to_owned(),
            false => self.text.clone(),
        };
        let error = ClientError::new(self.exit(), &self.symbol, message);
        match self.hint() {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    /// What to do next.
    fn hint(&self) -> Option<String> {
        let found = HINTS.iter().find(|(symbol, _)| *symbol == self.symbol);
        if self.symbol == "WRONG_STATUS" && self.exit() == Exit::Stale {
            return Some("`cmscc rebase ID` computes it again, if it is yours".to_owned());
        }
        let hint = found.map(|(_, hint)| *hint)?;
        // the proposal that is in the way, where the text names it
        let named = self.text.split('`').nth(1).filter(|id| is_id(id));
        Some(match (self.symbol.as_str(), named) {
            ("UPDATE_TAKEN", Some(id)) => hint.replace(" ID", &format!(" {id}")),
            _ => hint.to_owned(),
        })
    }
}

/// Whether a word can be the id of a proposal, so that it may stand in a command.
// Fabric lets peers answer with any text
fn is_id(word: &str) -> bool {
    let is_of_ids = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    (3..=64).contains(&word.len()) && !word.starts_with('-') && word.chars().all(is_of_ids)
}

/// What passes by itself: a server or a peer is overloaded, or restarts.
const PASSING: &[&str] = &[
    "SHUTTING_DOWN",
    "STATE_UNAVAILABLE",
    "TIMED_OUT",
    "TOO_MANY_TRANSACTIONS",
    "TOO_MANY_TRANSACTION_BYTES",
    "TRANSACTION_RUNNING",
    "UNAVAILABLE",
];

/// Made for another config, or another revision, than there is now.
const STALE: &[&str] = &[
    "CONFIG_GAP",
    "SIGNATURE_INVALID",
    "STALE_CONFIG",
    "STALE_UPDATE",
    "WRONG_BYTES",
    "WRONG_NUMBER",
];

/// Something is not what it is said to be.
const UNSAFE: &[&str] = &[
    "ANCHOR_MISMATCH",
    "BLOCK_DATA_HASH",
    "BLOCK_NOT_SUCCESSOR",
    "BLOCK_SIGNATURES",
    "CONFIG_FORK",
    "DIFFERENT_EFFECT",
];

/// What the class would say otherwise: neither the caller's arguments nor its permission is wrong.
const FAILED: &[&str] = &[
    "ANCHOR_REQUIRED",
    "INVALID_RESULT",
    "NOT_DISOWNED",
    "TRANSIENT_MISMATCH",
    "TRANSIENT_MISSING",
    "UNANCHORED",
];

/// By symbol, the command that comes next.
const HINTS: &[(&str, &str)] = &[
    (
        "ALREADY_INITIALIZED",
        "`cmscc sync` brings newer config blocks",
    ),
    (
        "ANCHOR_MISMATCH",
        "compare the digest of `cmscc config show` with the other members, outside of this network",
    ),
    (
        "BLOCK_NOT_SUCCESSOR",
        "`cmscc config verify` compares with your own peer",
    ),
    (
        "CALLER_INVALID",
        "`cmscc profile show --origin` says which certificate is yours",
    ),
    (
        "CONFIG_FORK",
        "compare the digest of `cmscc config show` with the other members, outside of this network",
    ),
    ("CONFIG_GAP", "`cmscc sync` brings the blocks in between"),
    ("DIFFERENT_EFFECT", "`cmscc diff ID` shows what it would do"),
    (
        "ID_RESERVED",
        "choose another `--id`, without a dot or behind your own MSP id and a dot",
    ),
    (
        "ID_USED",
        "choose another `--id`; `cmscc list` shows those that are there",
    ),
    (
        "INTENTS_CONFLICT",
        "`cmscc show ID` names those that it excludes",
    ),
    (
        "MSP_EXISTS",
        "`cmscc propose set-msp` changes a member's MSP",
    ),
    (
        "NOT_ADMIN",
        "call as an admin of your organisation: `cmscc profile show --origin` says as whom you call",
    ),
    (
        "NOT_INITIALIZED",
        "`cmscc init-consortium` gives the contract its first config block",
    ),
    (
        "NOT_MEMBER",
        "a member carries it: `cmscc sign ID --out FILE` makes what it takes",
    ),
    ("NOT_OWNER", "`cmscc show ID` says whose it is"),
    ("NOTHING_TO_CHANGE", "`cmscc config show` shows the config"),
    ("SHUTTING_DOWN", "the chaincode server restarts; call again"),
    (
        "SIGNATURE_INVALID",
        "it may have been computed again meanwhile: `cmscc show ID`, then `cmscc sign ID`",
    ),
    (
        "SIGNER_NOT_CONCERNED",
        "`cmscc explain ID` says who decides",
    ),
    (
        "SIGNER_INVALID",
        "`cmscc profile show --origin` says which certificate is yours",
    ),
    (
        "SIGNER_UNKNOWN",
        "`cmscc sync` if your organisation or its CA is new",
    ),
    ("STALE_CONFIG", "edit what `cmscc config show` gives now"),
    (
        "STALE_UPDATE",
        "`cmscc propose` computes it on the config of now",
    ),
    ("TOO_MANY_BYTES", "`cmscc archive ID` makes room"),
    ("TOO_MANY_OPEN", "`cmscc archive ID` makes room"),
    (
        "UNANCHORED",
        "the operator of the chaincode server mounts a config block that it trusts",
    ),
    (
        "UNKNOWN_FUNCTION",
        "the contract on the channel may be older than this program: `cmscc api GetMetadata`",
    ),
    (
        "UNKNOWN_ORGANIZATION",
        "`cmscc sync` if your organisation has joined since",
    ),
    (
        "UNKNOWN_PROPOSAL",
        "`cmscc list` shows those that are there",
    ),
    (
        "UPDATE_TAKEN",
        "`cmscc show ID` shows the one that is there: `cmscc sign ID` signs it, and `cmscc withdraw ID` takes it \
         back, so that this one can be proposed",
    ),
    ("WRONG_BYTES", "`cmscc show ID`, then `cmscc sign ID`"),
    (
        "WRONG_STATUS",
        "`cmscc show ID` says what can be done with it",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_found_in_the_words_of_peers() {
        let cases = [
            (
                "chaincode response 403, Code 403: NOT_ADMIN: `CN=user` is no admin: not one",
                Some((403, "NOT_ADMIN", "`CN=user` is no admin: not one")),
            ),
            (
                "evaluate call to endorser returned error: chaincode response 404, Code 404: \
                 UNKNOWN_PROPOSAL: no proposal `Code 500: X: y`",
                Some((404, "UNKNOWN_PROPOSAL", "no proposal `Code 500: X: y`")),
            ),
            (
                "error in simulation: transaction returned with failure: Code 500: SHUTTING_DOWN: call again",
                Some((500, "SHUTTING_DOWN", "call again")),
            ),
            ("Code 500: INTERNAL", Some((500, "INTERNAL", ""))),
            (
                "Code of conduct: Code 403: DENIED: no",
                Some((403, "DENIED", "no")),
            ),
            ("chaincode response 500, Code red: A: b", None),
            ("Code 4030: A: b", None),
            ("Code 403: not a symbol: b", None),
            ("Code 403: : b", None),
            ("", None),
        ];
        for (words, expected) in cases {
            let found = ContractRefusal::find(words);
            let found = found.as_ref();
            let found = found.map(|f| (f.status, f.symbol.as_str(), f.text.as_str()));
            assert_eq!(found, expected, "{words}");
        }
    }

    fn exit(words: &str) -> Exit {
        ContractRefusal::find(words).unwrap().exit()
    }

    #[test]
    fn commands_end_by_what_was_refused() {
        for (words, expected) in [
            ("Code 400: BAD_JSON: x", Exit::Usage),
            ("Code 400: BLOCK_DATA_HASH: x", Exit::Unsafe),
            ("Code 400: INVALID_RESULT: x", Exit::Failed),
            ("Code 403: NOT_ADMIN: x", Exit::Denied),
            ("Code 403: SOME_NEWER_REFUSAL: x", Exit::Denied),
            ("Code 403: BLOCK_SIGNATURES: x", Exit::Unsafe),
            ("Code 403: SIGNATURE_INVALID: x", Exit::Stale),
            ("Code 404: UNKNOWN_PROPOSAL: x", Exit::Failed),
            ("Code 404: UNKNOWN_FUNCTION: x", Exit::Usage),
            ("Code 409: STALE_UPDATE: x", Exit::Stale),
            ("Code 409: CONFIG_FORK: x", Exit::Unsafe),
            ("Code 409: NOTHING_TO_CHANGE: x", Exit::No),
            ("Code 409: WRONG_STATUS: x is `Withdrawn`", Exit::Failed),
            (
                "Code 409: WRONG_STATUS: x, so let its owner call `UpdateProposals` first",
                Exit::Stale,
            ),
            ("Code 412: NOT_INITIALIZED: x", Exit::Failed),
            ("Code 413: TOO_MANY_OPEN: x", Exit::Failed),
            ("Code 500: STATE_UNAVAILABLE: x", Exit::Unreachable),
            ("Code 500: STATE_CORRUPT: x", Exit::Failed),
        ] {
            assert_eq!(exit(words), expected, "{words}");
        }
    }

    #[test]
    fn the_proposal_in_the_way_is_named() {
        let hint = |words: &str| {
            let refusal = ContractRefusal::find(words).unwrap();
            refusal.error().hint.unwrap_or_default()
        };
        let told =
            hint("Code 409: UPDATE_TAKEN: proposal `Org1MSP.set-x` of your organisation has this");
        assert!(told.contains("`cmscc withdraw Org1MSP.set-x`"), "{told}");
        assert!(told.contains("`cmscc sign Org1MSP.set-x`"), "{told}");
        // nothing but an id gets into a command
        for words in ["`; rm -rf ~`", "`--yes`", "", "`a"] {
            let told = hint(&format!("Code 409: UPDATE_TAKEN: proposal {words}"));
            assert!(told.contains("`cmscc withdraw ID`"), "{told}");
        }
    }

    #[test]
    fn what_is_listed_are_symbols_of_the_contract() {
        let documented = include_str!("../../../docs/errors.md");
        let server = include_str!("../../../docs/operations.md");
        let hints = HINTS.iter().map(|(symbol, _)| symbol);
        for symbol in hints
            .chain(STALE)
            .chain(UNSAFE)
            .chain(FAILED)
            .chain(PASSING)
        {
            let named = format!("`{symbol}`");
            let known = documented.contains(&named) || server.contains(&named);
            assert!(known || *symbol == "UNAVAILABLE", "{symbol}");
        }
    }
}

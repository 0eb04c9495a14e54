//! From the bytes of an answer to its members.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    client::error::{ClientError, Exit},
    ids::ProposalId,
};

/// The longest answer that is read: its parts take more memory than their text. Unit: bytes.
const LONGEST: usize = 32 << 20;

/// Reads what a function of the contract answered.
///
/// # Errors
/// It is no such answer, or too long a one: `ANSWER_UNREADABLE`, with the function and the place.
// SECURITY: whoever answers chooses the text
pub fn read<T: DeserializeOwned>(function: &str, answer: &[u8]) -> Result<T, ClientError> {
    if answer.len() > LONGEST {
        let length = answer.len();
        let text = format!("the answer of `{function}` has {length} bytes, too many to be read");
        return Err(unreadable(text));
    }
    serde_json::from_slice(answer).map_err(|error| {
        let hint = "the contract may be of a version that this client does not know: compare with `cmscc version`";
        unreadable(format!("the answer of `{function}` cannot be read: {error}")).hint(hint)
    })
}

/// What one's own engine says, in the shape in which the contract would say it.
///
/// # Errors
/// It has another shape: `ANSWER_UNREADABLE`.
pub fn same_shape<T: DeserializeOwned>(own: &impl Serialize) -> Result<T, ClientError> {
    let value = serde_json::to_value(own);
    value
        .and_then(serde_json::from_value)
        .map_err(|error| unreadable(format!("what was found cannot be shown: {error}")))
}

/// Reads the id of a proposal. People type it to agree, copy it into commands, and complete it in
/// shells, so one that the contract's rule does not allow is none.
pub(super) fn proposal_id<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    match ProposalId::is_legal(&text) {
        true => Ok(text),
        false => Err(D::Error::custom(format_args!(
            "`{text}` is no id of a proposal"
        ))),
    }
}

fn unreadable(message: String) -> ClientError {
    ClientError::new(Exit::Failed, "ANSWER_UNREADABLE", message)
}

/// A time of an answer in seconds since 1970; `None` where it is none.
#[must_use]
pub fn seconds(time: &str) -> Option<i64> {
    let time = OffsetDateTime::parse(time, &Rfc3339).ok()?;
    Some(time.unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::answers::{ChainAnswer, FindingAnswer, ProposedAnswer};

    #[test]
    fn unknown_members_are_ignored_and_missing_ones_are_named() {
        let finding: FindingAnswer = read(
            "GetProposal",
            br#"{"id":"X","new":[1],"path":"/Channel","severity":"info","text":"t"}"#,
        )
        .unwrap();
        assert_eq!(finding.path, "/Channel");
        let error = read::<ChainAnswer>("GetConfigChain", br#"{"as_of_sequence":1}"#).unwrap_err();
        assert_eq!(error.symbol, "ANSWER_UNREADABLE");
        assert_eq!(
            error.message,
            "the answer of `GetConfigChain` cannot be read: missing field `chain` at line 1 column 20"
        );
    }

    #[test]
    fn ids_are_what_the_contract_allows() {
        for (id, good) in [
            ("add_orgx", true),
            ("Org1MSP.add-OrgX", true),
            ("", false),
            ("y", false),
            ("yes; curl x", false),
            ("$(id)", false),
            ("add_orgx\\u001b", false),
        ] {
            let answer = format!(
                r#"{{"as_of_sequence":1,"config_update_sha256":"","proposal_id":"{id}","revision":1,"unused_signatures":[]}}"#
            );
            let read = read::<ProposedAnswer>("ProposeConfigUpdate", answer.as_bytes());
            assert_eq!(read.is_ok(), good, "{id}: {read:?}");
        }
        let long = vec![b' '; LONGEST + 1];
        let error = read::<ChainAnswer>("GetConfigChain", &long).unwrap_err();
        assert_eq!(error.symbol, "ANSWER_UNREADABLE");
        assert!(error.message.contains("too many"));
    }

    #[test]
    fn times_are_read() {
        assert_eq!(seconds("2026-11-29T12:00:00Z"), Some(1_795_953_600));
        assert_eq!(seconds("2026-11-29T13:00:00.5+01:00"), Some(1_795_953_600));
        assert_eq!(seconds("soon"), None);
    }
}

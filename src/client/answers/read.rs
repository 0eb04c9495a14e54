//! From the bytes of an answer to its members.

use serde::{Serialize, de::DeserializeOwned};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::client::error::{ClientError, Exit};

/// Reads what a function of the contract answered.
///
/// # Errors
/// It is no such answer: `ANSWER_UNREADABLE`, with the function and the place.
pub fn read<T: DeserializeOwned>(function: &str, answer: &[u8]) -> Result<T, ClientError> {
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
    use crate::client::answers::{ChainAnswer, FindingAnswer};

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
    fn times_are_read() {
        assert_eq!(seconds("2026-11-29T12:00:00Z"), Some(1_795_953_600));
        assert_eq!(seconds("2026-11-29T13:00:00.5+01:00"), Some(1_795_953_600));
        assert_eq!(seconds("soon"), None);
    }
}

//! Why a call is refused.

use std::{borrow::Cow, fmt};

use crate::{
    policy::PolicyError,
    proto::scan::ScanError,
    stub::{Response, StubError, keys::KeyError, words},
};

/// A refused call: a status, a code that clients match on, and words for people. Nothing is written.
///
/// The answer has the status and the message `Code 404: ASSET_MISSING: there is no asset ..`.
/// Beside the codes of a contract's own there are those of this layer:
///
/// | code | status | meaning |
/// |---|---|---|
/// | `ARGUMENT_COUNT` | 400 | too few or too many arguments, or no function is named |
/// | `BAD_ARGUMENT` | 400 | an argument is not of its type |
/// | `BAD_KEY`, `BAD_POLICY` | 400 | a text is no part of a key; a text or bytes are no policy |
/// | `TRANSIENT_MISSING`, `BAD_TRANSIENT` | 400 | a transient field is missing, or not its JSON |
/// | `ATTRIBUTE_REQUIRED`, `MSP_REQUIRED` | 403 | the submitter has not this attribute, or MSP |
/// | `BAD_IDENTITY` | 403 | the submitter's certificate cannot be read, or there is none |
/// | `UNKNOWN_FUNCTION` | 404 | no function of this name |
/// | `CONTRACT_INVALID` | 500 | the contract has two functions of one name, or one without |
/// | `EVALUATE_WROTE` | 500 | a function that is there to be evaluated wrote |
/// | `INTERNAL` | 500 | a value cannot be JSON |
/// | `STATE_CORRUPT` | 500 | a value on the ledger is not the JSON that it should be |
/// | `STATE_REFUSED` | 500 | the peer refused a state call, in its own words: it would do so again |
/// | `STATE_UNAVAILABLE` | 500 | the peer did not answer a state call |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChaincodeError {
    status: u16,
    code: Cow<'static, str>,
    text: String,
}

impl ChaincodeError {
    /// A refusal with any status. The status is one of HTTP's: 4xx where the caller can do something
    /// about it, 5xx where not; what is no error (below 400 or above 599) becomes 500. The code is in
    /// upper case, as `ASSET_MISSING`, and never renamed; other characters than letters and digits
    /// become `_`. In the text what callers gave is made safe to show: control characters are escaped,
    /// and what is longer than 4 KiB is cut in its middle.
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, text: impl fmt::Display) -> Self {
        let legal = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let mut code = code.into();
        if code.is_empty() {
            code = Cow::Borrowed(INTERNAL);
        } else if !code.chars().all(legal) {
            let upper = code.chars().map(|c| c.to_ascii_uppercase());
            code = Cow::Owned(upper.map(|c| if legal(c) { c } else { '_' }).collect());
        }
        Self {
            status: Some(status)
                .filter(|s| (400..600).contains(s))
                .unwrap_or(500),
            code,
            text: words::safe(&text.to_string()),
        }
    }

    /// 400: what the caller gave is malformed.
    pub fn bad_request(code: impl Into<Cow<'static, str>>, text: impl fmt::Display) -> Self {
        Self::new(400, code, text)
    }

    /// 403: the caller may not do this.
    pub fn forbidden(code: impl Into<Cow<'static, str>>, text: impl fmt::Display) -> Self {
        Self::new(403, code, text)
    }

    /// 404: there is no such thing.
    pub fn not_found(code: impl Into<Cow<'static, str>>, text: impl fmt::Display) -> Self {
        Self::new(404, code, text)
    }

    /// 409: the state does not allow it.
    pub fn conflict(code: impl Into<Cow<'static, str>>, text: impl fmt::Display) -> Self {
        Self::new(409, code, text)
    }

    /// 500: the chaincode cannot do what it should.
    pub fn internal(text: impl fmt::Display) -> Self {
        Self::new(500, INTERNAL, text)
    }

    /// The status, 400 to 599.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The code that clients match on.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The words for people.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The refusal as the peer gets it.
    #[must_use]
    pub fn response(&self) -> Response {
        Response::refusal(i32::from(self.status), self.to_string())
    }
}

/// The code of what is nobody's fault but the chaincode's.
const INTERNAL: &str = "INTERNAL";

impl fmt::Display for ChaincodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code {}: {}: {}", self.status, self.code, self.text)
    }
}

impl std::error::Error for ChaincodeError {}

/// `STATE_REFUSED`, 500, where the peer refused a state call; otherwise `STATE_UNAVAILABLE`, 500.
impl From<StubError> for ChaincodeError {
    fn from(error: StubError) -> Self {
        let code = match error {
            StubError::Refused { .. } => "STATE_REFUSED",
            _ => "STATE_UNAVAILABLE",
        };
        Self::new(500, code, error)
    }
}

/// `BAD_KEY`, 400: some text is no part of a key.
impl From<KeyError> for ChaincodeError {
    fn from(error: KeyError) -> Self {
        Self::bad_request("BAD_KEY", error)
    }
}

/// `BAD_POLICY`, 400: some text or some bytes are no policy.
impl From<ScanError> for ChaincodeError {
    fn from(error: ScanError) -> Self {
        Self::bad_request("BAD_POLICY", format!("the policy does not decode: {error}"))
    }
}

/// `BAD_POLICY`, 400.
impl From<PolicyError> for ChaincodeError {
    fn from(error: PolicyError) -> Self {
        Self::bad_request("BAD_POLICY", error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_reads_as_documented() {
        let refusal = ChaincodeError::not_found("ASSET_MISSING", "there is no asset `a1`");
        let text = "Code 404: ASSET_MISSING: there is no asset `a1`";
        assert_eq!(refusal.response(), Response::refusal(404, text));
        assert_eq!((refusal.status(), refusal.code()), (404, "ASSET_MISSING"));
    }

    #[test]
    fn what_is_no_status_and_no_code_becomes_one() {
        for (status, code, expected) in [
            (200, "A", "Code 500: A: x"),
            (600, "A", "Code 500: A: x"),
            (599, "asset-missing: 1", "Code 599: ASSET_MISSING__1: x"),
            (400, "", "Code 400: INTERNAL: x"),
            (400, "É", "Code 400: _: x"),
        ] {
            assert_eq!(ChaincodeError::new(status, code, "x").to_string(), expected);
        }
        let text = ChaincodeError::internal("a\u{1b}[31m\n").to_string();
        assert_eq!(text, "Code 500: INTERNAL: a\\u{1b}[31m\\u{a}");
    }

    #[test]
    fn errors_of_the_layers_below_have_codes() {
        let ended = StubError::Ended { call: "GET_STATE" };
        let error = ChaincodeError::from(ended);
        assert_eq!((error.status(), error.code()), (500, "STATE_UNAVAILABLE"));
        let key = crate::stub::keys::create_composite_key("a", &["\0"]).unwrap_err();
        assert_eq!(ChaincodeError::from(key).code(), "BAD_KEY");
        let policy = crate::policy::parse_policy("x").unwrap_err();
        assert_eq!(ChaincodeError::from(policy).code(), "BAD_POLICY");
    }
}

//! Why something was not done, and how a command ends.

use std::error::Error as _;

use crate::transaction::MessageError;

/// How a command ends; its number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or yes.
    Done = 0,
    /// Failed, for no reason that has a code of its own.
    Failed = 1,
    /// Wrong arguments or settings.
    Usage = 2,
    /// The answer is no: it differs, is not ready, did not come in time.
    No = 3,
    /// The identity or its permission.
    Denied = 4,
    /// Somebody could not be reached; the same may succeed later.
    Unreachable = 5,
    /// Made for another config: compute it again first.
    Stale = 6,
    /// Refused for safety: what was shown is not what is.
    Unsafe = 7,
    /// Some of it was done.
    Partly = 8,
    /// Interrupted, or declined by the person at the terminal.
    Interrupted = 130,
}

/// What stands behind a hint where `doctor` finds out more.
pub(crate) const SEE_DOCTOR: &str = "; `cmscc doctor` finds out more";

/// Why something was not done.
///
/// Texts may quote what others wrote; whoever prints them makes hidden characters visible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ClientError {
    /// How the command ends.
    pub exit: Exit,
    /// A stable name for scripts, such as `FORK` or the contract's own `NOT_ADMIN`.
    pub symbol: String,
    /// What was wrong, and where; one line, lower case, no full stop.
    pub message: String,
    /// What to do next; most often a command.
    pub hint: Option<String>,
    /// What each node said: address or MSP id, and its words.
    pub details: Vec<(String, String)>,
}

impl ClientError {
    /// An error without hint and details.
    pub fn new(exit: Exit, symbol: &str, message: impl Into<String>) -> Self {
        Self {
            exit,
            symbol: symbol.to_owned(),
            message: message.into(),
            hint: None,
            details: Vec::new(),
        }
    }

    /// A message was not made, because nothing was signed or for another reason.
    pub(super) fn not_signed(error: &MessageError) -> Self {
        let message = match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        Self::new(Exit::Failed, "NOT_SIGNED", message)
    }

    /// The same with what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, with the way to `doctor` behind what to do next.
    #[must_use]
    pub(crate) fn see_doctor(mut self) -> Self {
        let hint = self.hint.as_mut();
        if let Some(hint) = hint.filter(|hint| !hint.ends_with(SEE_DOCTOR)) {
            hint.push_str(SEE_DOCTOR);
        }
        self
    }
}

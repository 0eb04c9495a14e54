//! What keeps the agent from its work.

use serde::{Deserialize, Serialize};

/// What keeps the agent from its work on a channel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent) struct Trouble {
    /// The name of the error, such as `PEER_UNREACHABLE`.
    pub(in crate::agent) symbol: String,
    /// What is wrong, in one line.
    pub(in crate::agent) text: String,
    /// What puts it right.
    pub(in crate::agent) hint: Option<String>,
    /// Since when. Unit: seconds since 1970.
    pub(in crate::agent) since: i64,
    /// Whether people were told.
    pub(in crate::agent) is_told: bool,
}

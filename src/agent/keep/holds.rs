//! What somebody told the agent not to do.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why the agent leaves something alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Since when, RFC 3339.
    pub at: String,
    /// Whether the agent itself decided it: it saw two chains.
    pub by_agent: bool,
    /// Why.
    pub reason: String,
}

/// What is held on one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Holds {
    /// Everything: nothing is sent on this channel.
    pub channel: Option<Hold>,
    /// Proposals that are not submitted, by id.
    #[serde(default)]
    pub proposals: BTreeMap<String, Hold>,
}

/// The most proposals that are held at once.
const MOST: usize = 1_000;

impl Holds {
    /// What a file says.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub(super) fn parse(content: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(content).map_err(|error| error.to_string())
    }

    /// The hold on a proposal, by itself or with its channel.
    #[must_use]
    pub fn of(&self, proposal_id: &str) -> Option<&Hold> {
        (self.channel.as_ref()).or_else(|| self.proposals.get(proposal_id))
    }

    /// Holds a proposal, or the whole channel; false where as many are held as may be.
    #[must_use]
    pub fn hold(&mut self, proposal_id: Option<&str>, hold: Hold) -> bool {
        match proposal_id {
            None => {
                self.channel = Some(hold);
                true
            }
            Some(id) if self.proposals.len() < MOST || self.proposals.contains_key(id) => {
                self.proposals.insert(id.to_owned(), hold);
                true
            }
            Some(_) => false,
        }
    }

    /// Ends a hold; the one that there was.
    pub fn resume(&mut self, proposal_id: Option<&str>) -> Option<Hold> {
        match proposal_id {
            None => self.channel.take(),
            Some(id) => self.proposals.remove(id),
        }
    }
}

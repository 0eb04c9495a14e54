//! From what an administrator wants of the contract's settings to the call that proposes it.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::call::{ProposalCall, ProposalTerms};
use crate::client::{ClientError, Exit, JudgedSettings};

/// What somebody wants of the settings; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedSettings {
    /// `advisory` or `enforced`.
    pub gate: Option<String>,
    /// All contract capabilities that are to be demanded.
    pub capabilities: Option<Vec<String>>,
    /// The endorsement policy; `Some(None)`: none any more.
    pub endorsement_policy: Option<Option<String>>,
}

impl WantedSettings {
    /// Whether nothing is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The call that proposes them.
    #[must_use]
    pub fn call(&self, terms: &ProposalTerms) -> ProposalCall {
        let mut settings = Map::new();
        if let Some(gate) = &self.gate {
            settings.insert("gate".to_owned(), json!(gate));
        }
        if let Some(capabilities) = &self.capabilities {
            settings.insert("capabilities".to_owned(), json!(capabilities));
        }
        if let Some(policy) = &self.endorsement_policy {
            settings.insert("endorsement_policy".to_owned(), json!(policy));
        }
        let settings = Bytes::from(Value::Object(settings).to_string());
        ProposalCall::new("ProposeSettings", vec![settings], terms)
    }

    /// Whether what would be signed is what was wanted.
    ///
    /// # Errors
    /// `OTHER_CHANGE` (unsafe).
    pub fn check(&self, judged: &JudgedSettings) -> Result<(), ClientError> {
        let other = |what: &str| {
            let text = format!("the contract proposes {what} that nobody asked for");
            Err(ClientError::new(Exit::Unsafe, "OTHER_CHANGE", text).hint("do not sign it"))
        };
        if self.gate.as_ref().is_some_and(|gate| gate != judged.gate) {
            return other("a gate");
        }
        let policy = self.endorsement_policy.as_ref();
        if policy.is_some_and(|policy| *policy != judged.endorsement_policy) {
            return other("an endorsement policy");
        }
        let mut wanted = self.capabilities.clone();
        let mut judged = judged.capabilities.clone();
        judged.sort();
        if let Some(wanted) = &mut wanted {
            wanted.sort();
            wanted.dedup();
            if *wanted != judged {
                return other("contract capabilities");
            }
        }
        Ok(())
    }
}

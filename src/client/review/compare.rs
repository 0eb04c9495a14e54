//! What the contract said of a proposal, against what was judged here. A difference means that one of
//! both is wrong, or lies: nothing is signed then.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{claim::ProposalClaim, judged::JudgedUpdate};
use crate::client::{ClientError, Exit};

/// What an answer of the contract says of a proposal, beside what is signed.
#[derive(Clone, Debug, Default)]
pub struct ContractSaid {
    /// Its status.
    pub status: String,
    /// SHA-256 of the update, in hex.
    pub config_update_sha256: String,
    /// The entries of its diff, as JSON; `None` where it shows none.
    pub changes: Option<Vec<Value>>,
    /// Whether some entries were left out of the diff.
    pub changes_cut: bool,
    /// Name and path of each finding; `None` where it shows none.
    pub findings: Option<Vec<(String, String)>>,
    /// Whether some findings were left out.
    pub findings_cut: bool,
}

impl ContractSaid {
    /// Compares. `same_time`: the claim judged by the time at which it was proposed, as the contract
    /// looks at certificates.
    ///
    /// # Errors
    /// Unsafe: `DIGEST_DIFFERS`, `DIFF_DIFFERS`, `FINDING_HIDDEN`, `STATUS_DIFFERS`.
    pub fn check(
        &self,
        claim: &ProposalClaim,
        same_time: &JudgedUpdate,
    ) -> Result<(), ClientError> {
        let id = &claim.proposal_id;
        let refuse = |symbol: &str, text: String| {
            ClientError::new(Exit::Unsafe, symbol, text)
                .hint("do not sign anything: your server, your peer or this program is wrong")
        };
        let digest = same_time.digest.to_string();
        if self.config_update_sha256 != digest {
            let text = format!(
                "the contract names {} as the digest of `{id}`, what it hands out has {digest}",
                self.config_update_sha256
            );
            return Err(refuse("DIGEST_DIFFERS", text));
        }
        self.check_diff(same_time)
            .map_err(|text| refuse("DIFF_DIFFERS", format!("`{id}`: {text}")))?;
        self.check_findings(same_time)
            .map_err(|text| refuse("FINDING_HIDDEN", format!("`{id}`: {text}")))?;
        let ready = match self.status.as_str() {
            "ReadyToSubmit" | "WaitingForCapabilities" => true,
            "WaitingForSignatures" => false,
            // votes, deadlines and withdrawals are the ledger's to say
            _ => return Ok(()),
        };
        if ready != same_time.is_ready() {
            let ours = match same_time.is_ready() {
                true => "they are enough",
                false => "they are not enough",
            };
            let text = format!(
                "the contract says `{}` of `{id}`; by the signatures that it shows {ours}",
                self.status
            );
            return Err(refuse("STATUS_DIFFERS", text));
        }
        Ok(())
    }

    fn check_diff(&self, ours: &JudgedUpdate) -> Result<(), String> {
        let Some(theirs) = &self.changes else {
            return Err("the contract shows no diff".to_owned());
        };
        let ours = serde_json::to_value(&ours.diff.changes).map_err(|error| error.to_string())?;
        let ours = ours.as_array().map(Vec::as_slice).unwrap_or_default();
        for (index, theirs) in theirs.iter().enumerate() {
            if ours.get(index) != Some(theirs) {
                let text = |of: Option<&Value>| match of.and_then(|of| of.get("text")) {
                    Some(Value::String(text)) => text.clone(),
                    _ => "nothing".to_owned(),
                };
                return Err(format!(
                    "the contract shows another change than the update makes: `{}` in the place of `{}`",
                    text(Some(theirs)),
                    text(ours.get(index))
                ));
            }
        }
        match theirs.len() == ours.len() || self.changes_cut {
            true => Ok(()),
            false => Err(format!(
                "the contract shows {} changes, the update makes {}",
                theirs.len(),
                ours.len()
            )),
        }
    }

    fn check_findings(&self, ours: &JudgedUpdate) -> Result<(), String> {
        if self.findings_cut {
            return Ok(());
        }
        let Some(theirs) = &self.findings else {
            return Err("the contract shows no findings".to_owned());
        };
        // one finding may be there several times, about several certificates
        let mut left: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (id, path) in theirs {
            let count = left.entry((id, path)).or_default();
            *count = count.saturating_add(1);
        }
        for finding in &ours.lint.findings {
            let known = left.get_mut(&(finding.id.name(), finding.path.as_str()));
            match known.filter(|left| **left > 0) {
                Some(left) => *left = left.saturating_sub(1),
                None => {
                    return Err(format!(
                        "the contract does not show the finding {} ({})",
                        finding.id.name(),
                        finding.path
                    ));
                }
            }
        }
        Ok(())
    }
}

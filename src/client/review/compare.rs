//! What the contract said of a proposal, against what was judged here. A difference means that one of
//! both is wrong, or lies: nothing is signed then.

use std::collections::BTreeMap;

use super::{claim::ProposalClaim, judged::JudgedUpdate};
use crate::client::{
    ClientError, Exit,
    answers::{ChangeAnswer, DiffAnswer, LintAnswer, same_shape},
};

/// What an answer of the contract says of a proposal, beside what is signed.
#[derive(Clone, Debug, Default)]
pub struct ContractSaid {
    /// Its status.
    pub status: String,
    /// SHA-256 of the update, in hex.
    pub config_update_sha256: String,
    /// What it says of the changes; `None` where it shows none.
    pub diff: Option<DiffAnswer>,
    /// What it says of the findings; `None` where it shows none.
    pub lint: Option<LintAnswer>,
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
        let Some(theirs) = &self.diff else {
            return Err("the contract shows no diff".to_owned());
        };
        let ours: DiffAnswer = same_shape(&ours.diff).map_err(|error| error.message)?;
        for (index, theirs) in theirs.changes.iter().enumerate() {
            let ours = ours.changes.get(index);
            if ours != Some(theirs) {
                let text = |of: Option<&ChangeAnswer>| match of {
                    Some(change) => format!("{} ({})", change.text, change.path),
                    None => "nothing".to_owned(),
                };
                return Err(format!(
                    "the contract shows another change than the update makes: `{}` in the place of `{}`",
                    text(Some(theirs)),
                    text(ours)
                ));
            }
        }
        let (shown, all) = (theirs.changes.len(), ours.changes.len());
        match shown == all || theirs.truncated > 0 {
            true => Ok(()),
            false => Err(format!(
                "the contract shows {shown} changes, the update makes {all}"
            )),
        }
    }

    fn check_findings(&self, ours: &JudgedUpdate) -> Result<(), String> {
        let Some(theirs) = &self.lint else {
            return Err("the contract shows no findings".to_owned());
        };
        if theirs.truncated > 0 {
            return Ok(());
        }
        // one finding may be there several times, about several certificates
        let mut left: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for theirs in &theirs.findings {
            let count = left.entry((&theirs.id, &theirs.path)).or_default();
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

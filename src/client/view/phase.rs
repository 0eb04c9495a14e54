//! What a status means for who looks.

use crate::client::answers::{ProposalAnswer, SummaryAnswer};

/// Where a proposal is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// It goes nowhere any more: in effect, withdrawn, rejected, expired.
    Done,
    /// Something is still to be done.
    InFlight,
}

/// Where a proposal of this status is.
#[must_use]
pub fn phase(status: &str) -> Whereabouts {
    match status {
        "Expired" | "Rejected" | "Submitted" | "Withdrawn" => Whereabouts::Done,
        _ => Whereabouts::InFlight,
    }
}

impl SummaryAnswer {
    /// Whether a signature of this organisation could complete it and is not there.
    #[must_use]
    pub fn awaits(&self, msp_id: &str) -> bool {
        let names = |list: &[String]| list.iter().any(|one| one == msp_id);
        // who is missing may be cut
        let could = names(&self.missing) || self.omitted.contains_key("missing");
        self.status == "WaitingForSignatures" && could && !names(&self.signed_by)
    }

    /// The command that brings it on, for a member of this organisation.
    #[must_use]
    pub fn next(&self, msp_id: &str) -> Option<String> {
        let command = next(
            &self.status,
            &self.kind,
            self.awaits(msp_id),
            self.proposer_msp_id == msp_id,
        )?;
        Some(format!("cmscc {command} {}", self.proposal_id))
    }
}

impl ProposalAnswer {
    /// Whether a signature of this organisation could complete it and is not there.
    #[must_use]
    pub fn awaits(&self, msp_id: &str) -> bool {
        let missing = &self.status_detail.missing;
        let signed = self.signatures.iter();
        let mut counting = signed.filter(|one| one.counts);
        self.status == "WaitingForSignatures"
            && missing.iter().any(|one| one == msp_id)
            && !counting.any(|one| one.msp_id == msp_id)
    }

    /// The command that brings it on, for a member of this organisation.
    #[must_use]
    pub fn next(&self, msp_id: &str) -> Option<String> {
        let command = match self.archived {
            true => return None,
            false => next(
                &self.status,
                &self.kind,
                self.awaits(msp_id),
                self.proposer_msp_id == msp_id,
            )?,
        };
        Some(format!("cmscc {command} {}", self.proposal_id))
    }
}

fn next(status: &str, kind: &str, awaits: bool, is_own: bool) -> Option<&'static str> {
    match status {
        "WaitingForSignatures" if awaits => Some("sign"),
        "ReadyToSubmit" if kind == "settings" => Some("settings apply"),
        "ReadyToSubmit" => Some("submit"),
        "Outofdate" if is_own => Some("rebase"),
        "Broken" | "Expired" | "Rejected" if is_own => Some("withdraw"),
        _ => None,
    }
}

/// What policies need, as the engine says it, so that nobody takes who is missing for who has signed.
#[must_use]
pub fn needs_words(needs: &str) -> String {
    let policies = needs.split("; ").map(|need| {
        let mut parts = need.splitn(3, ": ");
        match (parts.next(), parts.next(), parts.next()) {
            (Some(policy), Some(count), Some(who)) => {
                format!("{policy} has {count}, missing {who}")
            }
            _ => need.to_owned(),
        }
    });
    policies.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_awaited_signs_and_who_proposed_rebases() {
        let row = |status: &str, signed: &[&str]| SummaryAnswer {
            status: status.to_owned(),
            proposal_id: "p".to_owned(),
            proposer_msp_id: "Org1MSP".to_owned(),
            missing: vec!["Org2MSP".to_owned()],
            signed_by: signed.iter().map(|&id| id.to_owned()).collect(),
            ..SummaryAnswer::default()
        };
        let waiting = row("WaitingForSignatures", &[]);
        assert!(waiting.awaits("Org2MSP") && !waiting.awaits("Org1MSP"));
        assert_eq!(waiting.next("Org2MSP").unwrap(), "cmscc sign p");
        assert_eq!(waiting.next("Org1MSP"), None);
        assert!(!row("WaitingForSignatures", &["Org2MSP"]).awaits("Org2MSP"));
        let mut cut = row("WaitingForSignatures", &[]);
        cut.omitted.insert("missing".to_owned(), 900);
        assert!(cut.awaits("Org3MSP"));
        assert_eq!(
            row("Outofdate", &[]).next("Org1MSP").unwrap(),
            "cmscc rebase p"
        );
        assert_eq!(row("Outofdate", &[]).next("Org2MSP"), None);
        assert_eq!(
            row("ReadyToSubmit", &[]).next("Org3MSP").unwrap(),
            "cmscc submit p"
        );
        assert_eq!(phase("Rejected"), Whereabouts::Done);
        assert_eq!(phase("SomethingNew"), Whereabouts::InFlight);
    }
}

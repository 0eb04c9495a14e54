//! What was judged, in the form in which people are shown what the contract says.

use super::judged::JudgedUpdate;
use crate::{
    client::{
        ClientError,
        answers::{DecidingAnswer, same_shape},
        view::{MajorityView, OwnReview},
    },
    config::{Bundle, PolicyVerdict},
};

/// Policies whose majorities people ask about, and what they decide.
const ASKED: [(&str, &str); 3] = [
    ("/Channel/Application/Admins", "changes of the members"),
    ("/Channel/Orderer/Admins", "changes of the orderers"),
    ("/Channel/Admins", "changes of the channel itself"),
];

/// So many bytes of a rule are shown.
const RULE: usize = 200;

impl JudgedUpdate {
    /// What people are shown of it. `policies`: what each policy that decides makes of the signatures, of
    /// those that are there or with one more.
    ///
    /// # Errors
    /// `ANSWER_UNREADABLE`, which no input leads to.
    pub fn shown(
        &self,
        bundle: &Bundle,
        policies: &[PolicyVerdict],
    ) -> Result<OwnReview, ClientError> {
        let explanation = policies.iter().map(deciding).collect::<Result<_, _>>()?;
        Ok(OwnReview {
            diff: Some(same_shape(&self.diff)?),
            lint: Some(same_shape(&self.lint)?),
            endorsement: self.endorsement.as_ref().map(same_shape).transpose()?,
            explanation: Some(explanation),
            majorities: self.majorities(bundle),
        })
    }

    /// How many of whom it takes to change what, where that changes.
    fn majorities(&self, bundle: &Bundle) -> Vec<MajorityView> {
        let Ok(next) = self.effect.next() else {
            return Vec::new();
        };
        let count = |bundle: &Bundle, policy: &str| {
            let policies = bundle.policies();
            let id = policies.absolute(policy)?;
            // a rule that counts nobody says itself who it takes
            Some(
                match (
                    policies.efforts(bundle.msps()).of(id),
                    policies.meta_count(id),
                ) {
                    (None, _) => "nobody could".to_owned(),
                    (Some(_), Some((needed, of))) => format!("{needed} of {of}"),
                    (Some(_), None) => policies.rule_text(id, RULE),
                },
            )
        };
        let asked = ASKED.into_iter().map(|(policy, what)| MajorityView {
            what: what.to_owned(),
            before: count(bundle, policy),
            after: count(next, policy),
        });
        asked.filter(|one| one.before != one.after).collect()
    }
}

fn deciding(policy: &PolicyVerdict) -> Result<DecidingAnswer, ClientError> {
    Ok(DecidingAnswer {
        elements: policy
            .elements
            .iter()
            .map(|element| element.path())
            .collect(),
        elements_omitted: u64::try_from(policy.more_elements).unwrap_or(u64::MAX),
        explanation: same_shape(&policy.explanation.to_json())?,
        policy: policy.path.clone(),
        satisfied: policy.explanation.satisfied(),
    })
}

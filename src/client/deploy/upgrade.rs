//! The next definition, and what speaks against it.

use std::collections::BTreeSet;

use super::{
    ApprovalPlan, DefinitionWishes, DeploymentFacts, EndorsingRule, PackageWish, ServerState,
};
use crate::{
    client::{ClientError, DefinitionPart, DefinitionTerms, Exit},
    config::Bundle,
    ids::MspId,
};

/// What speaks against a definition; it has to be accepted by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UpgradeConcern {
    /// Every call fails until somebody calls the contract as init.
    InitRequired,
    /// No combination of members satisfies the endorsement policy.
    NobodyCan,
    /// The members agreed on another endorsement policy.
    NotAgreed,
    /// One organisation alone could write to the record whatever it likes.
    OneAlone,
    /// Members whose servers answer now could not satisfy the endorsement policy.
    TooFewServers,
}

impl UpgradeConcern {
    /// What speaks against a definition, by the config of the channel.
    #[must_use]
    pub fn of(facts: &DeploymentFacts, terms: &DefinitionTerms, bundle: &Bundle) -> Vec<Self> {
        let rule = EndorsingRule::of_calls(bundle, &terms.policy);
        let could = |some: BTreeSet<MspId>| rule.could_do(&some);
        let nobody_can = !could(facts.members.clone());
        let answering: BTreeSet<MspId> = (facts.servers.iter())
            .filter(|(_, state)| matches!(state, ServerState::Answers(_)))
            .map(|(msp_id, _)| msp_id.clone())
            .collect();
        let mut members = facts.members.iter();
        let is_one_enough =
            facts.members.len() > 1 && members.any(|one| could(BTreeSet::from([one.clone()])));
        let was_one_enough = facts.committed.as_ref().is_some_and(|committed| {
            let rule = EndorsingRule::of_calls(bundle, &committed.terms.policy);
            let mut members = facts.members.iter();
            members.any(|one| rule.could_do(&BTreeSet::from([one.clone()])))
        });
        let is_agreed = facts
            .agreed()
            .is_none_or(|agreed| agreed.says(&terms.policy));
        [
            (Self::InitRequired, terms.init_required),
            (Self::NobodyCan, nobody_can),
            (Self::NotAgreed, !is_agreed),
            (Self::OneAlone, is_one_enough && !was_one_enough),
            (
                Self::TooFewServers,
                !nobody_can && !facts.servers.is_empty() && !could(answering),
            ),
        ]
        .into_iter()
        .filter(|(_, speaks)| *speaks)
        .map(|(concern, _)| concern)
        .collect()
    }

    /// Its name, as it is accepted by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InitRequired => "init-required",
            Self::NobodyCan => "nobody-can",
            Self::NotAgreed => "not-agreed",
            Self::OneAlone => "one-alone",
            Self::TooFewServers => "too-few-servers",
        }
    }

    /// What it means.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::InitRequired => {
                "every call would fail until somebody calls the contract as init, and again with each new \
                 version"
            }
            Self::NobodyCan => {
                "no combination of members satisfies this endorsement policy: nothing could be recorded"
            }
            Self::NotAgreed => {
                "the members agreed on another endorsement policy in the contract's settings"
            }
            Self::OneAlone => {
                "one organisation alone could write to the record whatever it likes: nobody could rely on it \
                 any more"
            }
            Self::TooFewServers => {
                "the members whose servers answer now could not satisfy it: nothing could be recorded until \
                 more run one"
            }
        }
    }
}

impl ApprovalPlan {
    /// The next definition: the committed one with what is wished, or with what the members agreed on.
    ///
    /// # Errors
    /// `NOT_COMMITTED` (no), `NOTHING_TO_CHANGE` (no), and as of [`Self::new`].
    pub fn upgrade(
        facts: &DeploymentFacts,
        wishes: &DefinitionWishes,
    ) -> Result<Self, ClientError> {
        let Some(committed) = &facts.committed else {
            let text = format!(
                "channel `{}` has no chaincode `{}` yet",
                facts.channel, facts.chaincode
            );
            return Err(ClientError::new(Exit::No, "NOT_COMMITTED", text)
                .hint("`cmscc deploy approve` begins with a first definition"));
        };
        let mut base = committed.terms.next();
        let mut basis = "the committed definition, changed".to_owned();
        if let Some(agreed) = facts.agreed()
            && !agreed.says(&base.policy)
        {
            base.policy = agreed.clone();
            basis = "the committed definition with the agreed endorsement policy".to_owned();
        }
        let terms = wishes.applied_to(base);
        terms.check()?;
        if terms.sequence != committed.terms.sequence.saturating_add(1) {
            let text = format!(
                "an upgrade takes sequence {}",
                committed.terms.sequence.saturating_add(1)
            );
            return Err(ClientError::new(Exit::Usage, "SEQUENCE_AHEAD", text));
        }
        let changes = Self::changes(facts, &terms);
        if changes.is_empty() {
            let hint = match wishes.package {
                PackageWish::Installed => {
                    "--version, --signature-policy, --channel-config-policy, --collections-config"
                }
                _ => {
                    "another package needs no new sequence: `cmscc deploy approve --package-id ID`"
                }
            };
            let text = "the next definition would say what the committed one says";
            return Err(ClientError::new(Exit::No, "NOTHING_TO_CHANGE", text).hint(hint));
        }
        Self::of(facts, terms, basis, wishes)
    }

    /// In what a next definition differs from the committed one, but for the sequence.
    #[must_use]
    pub fn changes(facts: &DeploymentFacts, terms: &DefinitionTerms) -> Vec<DefinitionPart> {
        let Some(committed) = &facts.committed else {
            return Vec::new();
        };
        let mut changes = committed.terms.differences(terms);
        changes.retain(|part| *part != DefinitionPart::Sequence);
        changes
    }
}

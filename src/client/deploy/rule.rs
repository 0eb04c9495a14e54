//! Who must endorse: a commit, by the channel's `LifecycleEndorsement`; calls of a chaincode, by the policy
//! of its definition. By one's own engine.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::{
    client::DefinitionPolicy,
    config::{Bundle, Section},
    ids::MspId,
    policy::{PolicyId, PolicyManager, RULE_TEXT, SignedData, SignerSet},
    proto::protos::Endorsement,
    review::rule_alone,
};

/// The policy by which definitions are committed.
// Fabric: core/chaincode/lifecycle/lifecycle.go, LifecycleEndorsementPolicyRef
const PATH: &str = "/Channel/Application/LifecycleEndorsement";

/// Who must endorse.
#[derive(Debug)]
pub struct EndorsingRule<'a> {
    bundle: &'a Bundle,
    /// A rule of its own; `None`: a policy of the channel config.
    own: Option<PolicyManager>,
    path: String,
}

impl<'a> EndorsingRule<'a> {
    /// Who must endorse a commit; a channel without a policy for it asks for a majority of its members.
    // Fabric: core/chaincode/lifecycle/lifecycle.go, LifecycleEndorsementPolicyAsBytes
    #[must_use]
    pub fn of_commits(bundle: &'a Bundle) -> Self {
        let own = match bundle.policies().absolute(PATH) {
            Some(_) => None,
            None => {
                let members = bundle.msp_ids(Section::Application);
                let named = members.iter().map(|msp_id| format!("'{msp_id}.member'"));
                let named: Vec<String> = named.collect();
                let needed = members.len() / 2 + 1;
                rule_alone(&format!("OutOf({needed}, {})", named.join(", ")))
            }
        };
        Self {
            bundle,
            own,
            path: PATH.to_owned(),
        }
    }

    /// Who must endorse what a chaincode with this policy writes; nobody can where there is no such
    /// policy.
    #[must_use]
    pub fn of_calls(bundle: &'a Bundle, policy: &DefinitionPolicy) -> Self {
        let path = policy.path();
        let rule = match &path {
            Some(_) => None,
            None => policy.text().and_then(|rule| rule_alone(&rule)),
        };
        Self {
            bundle,
            own: rule,
            path: path.unwrap_or_default(),
        }
    }

    /// The rule in words; `None` where there is none.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let (policies, id) = self.policy()?;
        Some(policies.rule_text(id, RULE_TEXT))
    }

    /// Whether endorsements of these organisations could be enough.
    #[must_use]
    pub fn could_do(&self, organisations: &BTreeSet<MspId>) -> bool {
        let Some((policies, id)) = self.policy() else {
            return false;
        };
        let nobody = SignerSet::default();
        policies.could_pass(self.bundle.msps(), &[id], &nobody, organisations)
    }

    /// Few of these organisations that could be enough, the first ones of them; `None` where all
    /// together are not.
    #[must_use]
    pub fn few_of(&self, organisations: &[MspId]) -> Option<Vec<MspId>> {
        let mut chosen = organisations.to_vec();
        let could = |some: &[MspId]| self.could_do(&some.iter().cloned().collect());
        if !could(&chosen) {
            return None;
        }
        for msp_id in organisations.iter().rev() {
            let fewer: Vec<MspId> = chosen
                .iter()
                .filter(|one| *one != msp_id)
                .cloned()
                .collect();
            if could(&fewer) {
                chosen = fewer;
            }
        }
        Some(chosen)
    }

    /// Whether these endorsements of a payload are enough, signatures and certificates included.
    // Fabric: core/handlers/validation/builtin/v20/validation_logic.go
    #[must_use]
    pub fn accepts(&self, payload: &Bytes, endorsements: &[Endorsement]) -> bool {
        let Some((policies, id)) = self.policy() else {
            return false;
        };
        let signed: Vec<SignedData<'_>> = (endorsements.iter())
            .map(|one| SignedData {
                identity: &one.endorser,
                message: vec![payload, &one.endorser],
                signature: &one.signature,
            })
            .collect();
        let signers = SignerSet::from_signed_data(self.bundle.msps(), &signed);
        policies.evaluate(self.bundle.msps(), id, &signers)
    }

    fn policy(&self) -> Option<(&PolicyManager, PolicyId)> {
        match &self.own {
            Some(own) => Some((own, own.iter().next()?)),
            None => {
                let policies = self.bundle.policies();
                Some((policies, policies.absolute(&self.path)?))
            }
        }
    }
}

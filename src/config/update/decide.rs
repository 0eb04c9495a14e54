//! Whether an update is accepted with given signatures, where its terms are known.

use std::collections::BTreeSet;

use super::{
    effect::Terms,
    refusal::{Refusal, Stage},
};
use crate::{
    config::{bundle::Bundle, envelope::ConfigSignature, orderer::FilterError, tree::ElementPath},
    ids::MspId,
    policy::{Evaluation, Explanation, Outlook, PolicyId, SignerSet},
    proto::write,
};

/// What an orderer adds to an envelope beyond what we know: its own certificate and signature, and
/// the submitter's. In bytes.
const UNKNOWN_BYTES: u64 = 16 * 1024;
/// Where room for explanations is bounded, each may have so many bytes.
const EXPLAINED: usize = 2_000;
/// Of how many policies it is said in words what they need.
const NEEDS: usize = 10;
/// The most bytes of a policy's path before such words, about.
const NEEDS_PATH: usize = 300;

/// What an orderer would say of an update with these signatures, given the update's terms.
#[derive(Debug)]
pub struct Decision {
    /// Accepted, refused, or only not signed enough.
    pub verdict: Verdict,
    /// Whether each policy that decides the update is satisfied, or can be completed.
    pub completable: bool,
    /// The MSPs that could complete what is missing, ascending.
    pub missing: Vec<MspId>,
    /// What the policies need that are not satisfied, in words, by the first element that each
    /// decides; at most 10, behind which the others are counted.
    pub needs: Vec<String>,
    /// What an orderer checks and nobody can know from the config, in words.
    pub not_checked: Vec<String>,
}

/// The answer of an emulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// An orderer would accept it.
    Accepted,
    /// An orderer would refuse it, whoever signs.
    Refused(Refusal),
    /// Only signatures are missing.
    Unsatisfied,
    /// The config demands orderer levels that this build does not know, so nobody can say.
    Unsupported {
        /// The unknown levels, ascending.
        levels: Vec<String>,
    },
}

/// What one policy says of the signatures.
#[derive(Debug)]
pub struct PolicyVerdict {
    /// The policy's path, such as `/Channel/Application/Admins`.
    pub path: String,
    /// The elements that it decides, ascending; never empty. Where room is bounded, the first ones.
    pub elements: Vec<ElementPath>,
    /// How many more it decides.
    pub more_elements: usize,
    /// Whether it accepts, and why.
    pub explanation: Explanation,
}

impl Bundle {
    /// Decides an update whose terms on this very config are known, with the signers whom the
    /// evaluation is about. `unasked`: whom nobody should ask to sign where others could complete a
    /// policy.
    #[must_use]
    pub fn decide(
        &self,
        terms: &Terms,
        signers: &mut Evaluation<'_>,
        signatures: &[ConfigSignature],
        unasked: &BTreeSet<MspId>,
    ) -> Decision {
        let policies = terms.ids.iter();
        let outlooks: Vec<Outlook> = policies
            .map(|policy| signers.outlook(*policy, unasked))
            .collect();
        let mut needs = PolicyNeeds::default();
        for (policy, outlook) in terms.ids.iter().zip(&outlooks) {
            needs.add(self, *policy, outlook.needs.as_deref());
        }
        let satisfied = outlooks.iter().all(|outlook| outlook.satisfied);
        let bytes = transaction_bytes(terms.bytes, signatures);
        Decision {
            verdict: self.verdict(terms, satisfied, bytes),
            completable: outlooks.iter().all(|outlook| outlook.completable),
            missing: united(outlooks.into_iter().flat_map(|outlook| outlook.missing)),
            needs: needs.finish(),
            not_checked: self.not_checked(terms, bytes),
        }
    }

    /// The same, with what each policy says of the signatures, by the first element that it
    /// decides.
    #[must_use]
    pub fn explain(
        &self,
        terms: &Terms,
        signers: &SignerSet,
        signatures: &[ConfigSignature],
    ) -> (Decision, Vec<PolicyVerdict>) {
        self.explain_within(terms, signers, signatures, &BTreeSet::new(), usize::MAX)
    }

    /// The same, with explanations of about so many bytes of JSON together, at least some 2,000 for
    /// each; where there is no room left, the last policies are not explained.
    #[must_use]
    pub fn explain_within(
        &self,
        terms: &Terms,
        signers: &SignerSet,
        signatures: &[ConfigSignature],
        unasked: &BTreeSet<MspId>,
        room: usize,
    ) -> (Decision, Vec<PolicyVerdict>) {
        let manager = self.policies();
        let (mut unexplained, mut needs) = (None, PolicyNeeds::default());
        let (mut satisfied, mut completable) = (true, true);
        let (mut missing, mut verdicts) = (BTreeSet::new(), Vec::new());
        let (mut left, mut others) = (room, terms.policies.len());
        for decides in &terms.policies {
            if left < EXPLAINED && room != usize::MAX {
                let evaluation =
                    unexplained.get_or_insert_with(|| manager.evaluation(self.msps(), signers));
                let outlook = evaluation.outlook(decides.policy, unasked);
                satisfied &= outlook.satisfied;
                completable &= outlook.completable;
                missing.extend(outlook.missing);
                needs.add(self, decides.policy, outlook.needs.as_deref());
                continue;
            }
            let share = match room {
                usize::MAX => usize::MAX,
                _ => (left / others.max(1)).max(EXPLAINED),
            };
            let explanation =
                manager.explain_within(self.msps(), decides.policy, signers, unasked, share);
            let (elements, bytes) = first_elements(&decides.elements, share / 4);
            others = others.saturating_sub(1);
            left = left.saturating_sub(explanation.size().saturating_add(bytes));
            satisfied &= explanation.satisfied();
            completable &= explanation.completable();
            missing.extend(explanation.missing().iter().cloned());
            needs.add(self, decides.policy, explanation.needs().as_deref());
            verdicts.push(PolicyVerdict {
                path: manager.path(decides.policy),
                more_elements: decides.elements.len().saturating_sub(elements.len()),
                elements: elements.to_vec(),
                explanation,
            });
        }
        let bytes = transaction_bytes(terms.bytes, signatures);
        let decision = Decision {
            verdict: self.verdict(terms, satisfied, bytes),
            completable,
            missing: missing.into_iter().collect(),
            needs: needs.finish(),
            not_checked: self.not_checked(terms, bytes),
        };
        (decision, verdicts)
    }

    /// Why an orderer refuses an update whose terms on this very config are known, whoever signs it;
    /// `None` where it may take it, or where this build cannot tell, since it does not know a level
    /// of the config or of the update's result.
    #[must_use]
    pub fn refusal(&self, terms: &Terms) -> Option<Refusal> {
        if !terms.unknown_levels().is_empty() {
            return None;
        }
        match self.verdict(terms, false, transaction_bytes(terms.bytes, &[])) {
            Verdict::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    fn verdict(&self, terms: &Terms, satisfied: bool, bytes: u64) -> Verdict {
        let levels = self.unknown_orderer_levels();
        match (&terms.refusal, self.check_size(bytes)) {
            _ if !levels.is_empty() => Verdict::Unsupported { levels },
            (Some(refusal), _) => Verdict::Refused(refusal.clone()),
            (_, Err(refusal)) => Verdict::Refused(refusal),
            _ if satisfied => Verdict::Accepted,
            _ => Verdict::Unsatisfied,
        }
    }

    /// The resulting transaction must pass the size filter of this config.
    fn check_size(&self, bytes: u64) -> Result<(), Refusal> {
        match self.batch_size() {
            Some(size) if bytes > u64::from(size.absolute_max_bytes) => Err(Refusal::at(
                Stage::ResultFilters,
                FilterError::TooLarge {
                    bytes,
                    limit: size.absolute_max_bytes,
                },
            )),
            _ => Ok(()),
        }
    }

    fn not_checked(&self, terms: &Terms, bytes: u64) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(orderer) = &self.orderer {
            out.push(format!(
                "that the submitter satisfies `{}` and its certificate has not expired",
                orderer.senders()
            ));
            let limit = u64::from(orderer.batch_size.absolute_max_bytes);
            if bytes <= limit && bytes.saturating_add(UNKNOWN_BYTES) > limit {
                out.push(format!(
                    "that the resulting transaction, of {bytes} bytes without the orderer's part, \
                     stays within {limit} bytes"
                ));
            }
        }
        if !terms.only_for_3.is_empty() {
            out.push(format!(
                "needs orderers of 3.x: those of 2.5 refuse {}",
                terms.only_for_3.join(", ")
            ));
        }
        out.extend(terms.change.out_of_date.iter().map(|place| {
            format!(
                "that each tls certificate of consenter `{place}` is out of date, or has a chain to a tls ca \
                 of an orderer organisation that holds now"
            )
        }));
        out.extend(terms.change.new.iter().map(|place| {
            format!(
                "that the tls certificates of the added consenter `{place}`, and the cas above them, \
                 are valid now"
            )
        }));
        if terms.change.added > 0 || terms.change.removed > 0 {
            out.push("that enough raft nodes are alive".to_owned());
        }
        out
    }
}

/// What policies need that are not satisfied: the first few in words.
#[derive(Default)]
struct PolicyNeeds {
    texts: Vec<String>,
    others: usize,
}

impl PolicyNeeds {
    /// Adds what a policy needs, if it needs something.
    fn add(&mut self, bundle: &Bundle, policy: PolicyId, needs: Option<&str>) {
        match needs {
            None => {}
            Some(_) if self.texts.len() >= NEEDS => self.others = self.others.saturating_add(1),
            Some(needs) => {
                let mut path = bundle.policies().path(policy);
                if let Some(at) = (NEEDS_PATH..path.len()).find(|at| path.is_char_boundary(*at)) {
                    path.truncate(at);
                    path.push_str("..");
                }
                self.texts.push(format!("`{path}`: {needs}"));
            }
        }
    }

    fn finish(mut self) -> Vec<String> {
        match self.others {
            0 => {}
            1 => self.texts.push("one other policy".to_owned()),
            others => self.texts.push(format!("{others} other policies")),
        }
        self.texts
    }
}

/// The first elements that fit into so many bytes, at least one, and what they take.
fn first_elements(elements: &[ElementPath], room: usize) -> (&[ElementPath], usize) {
    let (mut fits, mut bytes) = (0usize, 0usize);
    for element in elements {
        let keys = element.keys().iter().map(|key| key.len().saturating_add(4));
        let size = keys.fold(bytes, usize::saturating_add);
        if size > room && fits > 0 {
            break;
        }
        (fits, bytes) = (fits.saturating_add(1), size);
    }
    (elements.get(..fits).unwrap_or_default(), bytes)
}

/// Each once, ascending.
pub(super) fn united(msps: impl Iterator<Item = MspId>) -> Vec<MspId> {
    let mut msps: Vec<MspId> = msps.collect();
    msps.sort();
    msps.dedup();
    msps
}

/// The least that the resulting config transaction can have.
fn transaction_bytes(update_and_result: u64, signatures: &[ConfigSignature]) -> u64 {
    let field = |bytes: &[u8]| write::bytes_field_len(1, bytes.len()) as u64;
    (signatures.iter())
        .map(|s| field(&s.signature_header).saturating_add(field(&s.signature)))
        .fold(update_and_result, u64::saturating_add)
}

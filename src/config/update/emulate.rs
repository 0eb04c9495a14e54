//! What an orderer would say of an update, without an orderer.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bytes::Bytes;

use super::{
    config_update::Update,
    delta::Delta,
    refusal::{Cause, Refusal, Stage},
    validate::creators,
};
use crate::{
    config::{
        bundle::{Bundle, unknown_levels},
        envelope::{self, ConfigSignature},
        orderer::{ConsenterChange, FilterError, only_for_3},
        tree::{ConfigTree, ElementPath},
    },
    ids::{MspId, UnixTime},
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

/// What an update does to a config, signatures aside: the part of an emulation that only a new
/// config changes.
#[derive(Debug)]
pub struct Effect {
    config_update: Bytes,
    terms: Arc<Terms>,
    written: Vec<ElementPath>,
    result: ConfigTree,
    next: Result<Bundle, Refusal>,
}

/// What decides about an update, together with its signatures: an effect without the resulting
/// config, to be kept for long.
#[derive(Clone, Debug)]
pub struct Terms {
    policies: Vec<UpdatePolicy>,
    /// The same without their elements.
    ids: Vec<PolicyId>,
    /// Levels that decide what is valid and that this build does not know.
    unknown: Vec<String>,
    /// Why the resulting config is refused, if it is.
    refusal: Option<Refusal>,
    change: ConsenterChange,
    /// Why orderers of 2.5 would refuse what those of 3.x accept, if they would.
    only_for_3: Vec<String>,
    /// Bytes of the update and of the resulting config together.
    bytes: u64,
}

/// A policy that decides an update, and for which elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdatePolicy {
    /// Which one, of the current config's.
    pub policy: PolicyId,
    /// The elements that it decides, ascending; never empty.
    pub elements: Vec<ElementPath>,
}

/// What an orderer would say of an update with these signatures, and why.
#[derive(Debug)]
pub struct Emulation {
    /// Accepted, refused, or only not signed enough.
    pub verdict: Verdict,
    /// Who signed, and which signatures do not count.
    pub signers: SignerSet,
    /// Every policy that decides the update, by the first element that it decides.
    pub policies: Vec<PolicyVerdict>,
    /// The resulting config, where the update applies and its result is valid.
    pub result: Option<ConfigTree>,
    /// What an orderer checks and nobody can know from the config, in words.
    pub not_checked: Vec<String>,
}

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

fn united(msps: impl Iterator<Item = MspId>) -> Vec<MspId> {
    let mut msps: Vec<MspId> = msps.collect();
    msps.sort();
    msps.dedup();
    msps
}

impl Emulation {
    /// The MSPs that could complete what is missing, ascending.
    #[must_use]
    pub fn missing(&self) -> Vec<MspId> {
        let missing = self
            .policies
            .iter()
            .map(|policy| policy.explanation.missing());
        united(missing.flatten().cloned())
    }

    fn refused(refusal: Refusal) -> Self {
        Self {
            verdict: Verdict::Refused(refusal),
            signers: SignerSet::default(),
            policies: Vec::new(),
            result: None,
            not_checked: Vec::new(),
        }
    }
}

impl Terms {
    /// The policies that decide the update, by the first element that each decides.
    #[must_use]
    pub fn policies(&self) -> &[UpdatePolicy] {
        &self.policies
    }

    /// The same by their ids alone.
    #[must_use]
    pub fn policy_ids(&self) -> &[PolicyId] {
        &self.ids
    }

    /// The levels that decide what is valid and that this build does not know: those that the
    /// result demands, and the current config of orderers. While there are any, nobody here can say
    /// what an orderer says, or what the result is good for.
    #[must_use]
    pub fn unknown_levels(&self) -> &[String] {
        &self.unknown
    }
}

impl Effect {
    /// The serialized `common.ConfigUpdate`.
    #[must_use]
    pub const fn config_update(&self) -> &Bytes {
        &self.config_update
    }

    /// What decides about the update.
    #[must_use]
    pub const fn terms(&self) -> &Arc<Terms> {
        &self.terms
    }

    /// The policies that decide the update, by the first element that each decides.
    #[must_use]
    pub fn policies(&self) -> &[UpdatePolicy] {
        self.terms.policies()
    }

    /// The elements that the update writes, in the order of its delta.
    #[must_use]
    pub fn written(&self) -> &[ElementPath] {
        &self.written
    }

    /// The config that the update makes of the current one; it may be refused.
    #[must_use]
    pub const fn result(&self) -> &ConfigTree {
        &self.result
    }

    /// The resulting config, compiled.
    ///
    /// # Errors
    /// Why an orderer would not let it follow.
    pub const fn next(&self) -> Result<&Bundle, &Refusal> {
        self.next.as_ref()
    }

    /// The same, with nothing else kept.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub fn into_next(self) -> Result<Bundle, Refusal> {
        self.next
    }
}

impl Bundle {
    /// What an orderer would say of an update with these signatures, in this order.
    #[must_use]
    pub fn emulate(&self, update: &Update, signatures: &[ConfigSignature]) -> Emulation {
        let signers = match self.verify_signatures(update, signatures) {
            Ok(signers) => signers,
            Err(refusal) => {
                // what comes before the signatures in the reference's order comes first here
                let before = self.delta_set(update).err();
                return Emulation::refused(before.unwrap_or(refusal));
            }
        };
        match self.effect(update) {
            Ok(effect) => {
                let (decision, policies) = self.explain(&effect.terms, &signers, signatures);
                Emulation {
                    verdict: decision.verdict,
                    signers,
                    policies,
                    result: effect.next.ok().map(|next| next.tree),
                    not_checked: decision.not_checked,
                }
            }
            Err(refusal) => Emulation {
                signers,
                ..Emulation::refused(refusal)
            },
        }
    }

    /// The policies that decide an update, by the first element that each decides.
    ///
    /// # Errors
    /// [`Refusal`] where the update does not fit this config.
    pub fn update_policies(&self, update: &Update) -> Result<Vec<UpdatePolicy>, Refusal> {
        let propose = |cause: Cause| Refusal::at(Stage::Propose, cause);
        let delta = self.checked_delta(update)?;
        Ok(by_policy(self.delta_policies(&delta).map_err(propose)?))
    }

    /// Who signed an update: each signature is verified once.
    ///
    /// # Errors
    /// [`Refusal`] where a signature's header does not decode, which spoils the whole update.
    pub fn verify_signatures(
        &self,
        update: &Update,
        signatures: &[ConfigSignature],
    ) -> Result<SignerSet, Refusal> {
        let creators = creators(signatures).map_err(|e| Refusal::at(Stage::Propose, e))?;
        Ok(self.signers(update.bytes(), signatures, &creators))
    }

    /// Which signatures to hand out, and in which order, so that they satisfy: places in the input.
    /// `None` where no order of any of them does.
    #[must_use]
    pub fn choose_signatures(
        &self,
        update: &Update,
        signatures: &[ConfigSignature],
    ) -> Option<Vec<usize>> {
        let signers = self.verify_signatures(update, signatures).ok()?;
        let policies = self.update_policies(update).ok()?;
        let ids: Vec<PolicyId> = policies.iter().map(|policy| policy.policy).collect();
        let positions = self.policies().choose(self.msps(), &ids, &signers)?;
        positions
            .into_iter()
            .map(|position| Some(signers.signers().get(position)?.index))
            .collect()
    }

    /// What an update does to this config.
    ///
    /// # Errors
    /// [`Refusal`] where the update does not fit this config; that its result is not valid is part
    /// of the effect.
    pub fn effect(&self, update: &Update) -> Result<Effect, Refusal> {
        let propose = |cause: Cause| Refusal::at(Stage::Propose, cause);
        let delta = self.checked_delta(update)?;
        let policies = by_policy(self.delta_policies(&delta).map_err(propose)?);
        let result = delta.result().map_err(|e| propose(e.into()))?;
        let bytes = (update.bytes().len() as u64).saturating_add(result.encoded_len() as u64);
        let judged = self.judge(update, &result);
        let (next, change) = match judged {
            Ok((next, change)) => (Ok(next), change),
            Err(refusal) => (Err(refusal), ConsenterChange::default()),
        };
        let refusal = next.as_ref().err().cloned();
        let only_for_3 = (next.as_ref()).map_or_else(|_| Vec::new(), |next| only_for_3(self, next));
        let mut unknown = unknown_levels(&result);
        unknown.extend(self.unknown_orderer_levels());
        unknown.sort();
        unknown.dedup();
        let terms = Terms {
            ids: policies.iter().map(|one| one.policy).collect(),
            policies,
            unknown,
            refusal,
            change,
            only_for_3,
            bytes,
        };
        let written = delta.elements().iter().map(|one| one.element_path());
        Ok(Effect {
            config_update: update.bytes().clone(),
            terms: Arc::new(terms),
            written: written.collect(),
            result,
            next,
        })
    }

    /// The changed elements, once channel and content pass the checks of a proposal.
    fn delta_set<'a>(&'a self, update: &'a Update) -> Result<Delta<'a>, Refusal> {
        update
            .check_channel(self.channel())
            .and_then(|()| update.delta_set(self.tree()))
            .map_err(|e| Refusal::at(Stage::Propose, e))
    }

    /// What an update writes: something, and each element well-formed.
    fn checked_delta<'a>(&'a self, update: &'a Update) -> Result<Delta<'a>, Refusal> {
        update
            .check_channel(self.channel())
            .and_then(|()| update.delta(self.tree()))
            .map_err(|e| Refusal::at(Stage::Propose, e))
    }

    /// All that comes after the update itself is accepted.
    fn judge(
        &self,
        update: &Update,
        result: &ConfigTree,
    ) -> Result<(Self, ConsenterChange), Refusal> {
        let next = self.next_at_orderer(result)?;
        let change = self
            .check_consensus(&next)
            .map_err(|e| Refusal::at(Stage::Consensus, e))?;
        self.check_migration(&next, update.write_set())
            .map_err(|e| Refusal::at(Stage::Migration, e))?;
        Ok((next, change))
    }

    /// All that an orderer asks of an incoming update, up to the transaction that it makes of it:
    /// the next config. That transaction passes the filters once more: see
    /// [`Self::orderer_filters`].
    ///
    /// # Errors
    /// [`Refusal`]: the first check that fails, in the orderer's order.
    // Fabric: orderer/common/msgprocessor/standardchannel.go, ProcessConfigUpdateMsg
    pub fn process_config_update(&self, envelope: &Bytes, now: UnixTime) -> Result<Self, Refusal> {
        let filters = self
            .orderer_filters(envelope, now)
            .map_err(|e| Refusal::at(Stage::Envelope, e))?;
        if let Some(filters) = filters {
            filters.pass().map_err(|e| Refusal::at(Stage::Filters, e))?;
        }
        let result = self.propose_config_update(envelope)?;
        let propose = |cause: Cause| Refusal::at(Stage::Propose, cause);
        let carried = envelope::read_update_envelope(envelope).map_err(|e| propose(e.into()))?;
        let update = Update::parse(carried.config_update).map_err(|e| propose(e.into()))?;
        let (next, _) = self.judge(&update, &result)?;
        self.check_header_channel(&carried.channel_id)
            .map_err(|e| Refusal::at(Stage::Consensus, e))?;
        Ok(next)
    }

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

    /// Levels that an orderer must know and this build does not.
    fn unknown_orderer_levels(&self) -> Vec<String> {
        let orderer = self.orderer_capabilities();
        let mut levels: Vec<String> = (orderer.into_iter())
            .flat_map(|capabilities| capabilities.unsupported())
            .chain(self.channel_capabilities().unsupported())
            .map(str::to_owned)
            .collect();
        levels.sort();
        levels.dedup();
        levels
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

/// Groups elements by the policy that decides them.
fn by_policy(elements: Vec<(ElementPath, PolicyId)>) -> Vec<UpdatePolicy> {
    let mut places: BTreeMap<PolicyId, usize> = BTreeMap::new();
    let mut out: Vec<UpdatePolicy> = Vec::new();
    for (element, policy) in elements {
        let place = *places.entry(policy).or_insert(out.len());
        match out.get_mut(place) {
            Some(known) => known.elements.push(element),
            None => out.push(UpdatePolicy {
                policy,
                elements: vec![element],
            }),
        }
    }
    out
}

/// The least that the resulting config transaction can have.
fn transaction_bytes(update_and_result: u64, signatures: &[ConfigSignature]) -> u64 {
    let field = |bytes: &[u8]| write::bytes_field_len(1, bytes.len()) as u64;
    (signatures.iter())
        .map(|s| field(&s.signature_header).saturating_add(field(&s.signature)))
        .fold(update_and_result, u64::saturating_add)
}

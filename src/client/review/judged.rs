//! What an update does, who decides, and whether it is signed enough.

use std::collections::BTreeSet;

use super::{claim::ProposalClaim, intent};
use crate::{
    client::{ClientError, Exit},
    config::{Bundle, ConfigSignature, Decision, Effect, PolicyVerdict, Refusal, Update, Verdict},
    ids::{Digest, MspId, UnixTime},
    policy::SignerSet,
    review::{
        Endorsement,
        diff::{Diff, DiffRoom, diff_within},
        endorsement,
        lint::{Lint, LintRoom, Subject, lint_within},
    },
};

/// How much a review shows: more than people read, and bounded.
const DIFF: DiffRoom = DiffRoom {
    entries: 50_000,
    bytes: 8 << 20,
};

/// What this machine found out about a revision of a proposal, on the config that it verified.
#[derive(Debug)]
pub struct JudgedUpdate {
    /// The update that is signed.
    pub update: Update,
    /// SHA-256 of its bytes: what people compare.
    pub digest: Digest,
    /// What it does.
    pub effect: Effect,
    /// What it changes, in words.
    pub diff: Diff,
    /// What deserves a look.
    pub lint: Lint,
    /// What it does to the endorsements that chaincodes ask for; `None` where nothing.
    pub endorsement: Option<Endorsement>,
    /// The signatures on it.
    pub signatures: Vec<ConfigSignature>,
    /// Who signed, and which signatures do not count.
    pub signers: SignerSet,
    /// What an orderer would say now.
    pub decision: Decision,
    /// Every policy that decides, and what it makes of the signatures.
    pub policies: Vec<PolicyVerdict>,
    /// The signatures that an orderer takes, in an order that satisfies; `None` where they are not
    /// enough.
    pub chosen: Option<Vec<ConfigSignature>>,
}

impl JudgedUpdate {
    /// Judges a claim on a config. `now`: the time by which certificates are looked at. `unasked`: whom
    /// nobody should ask to sign, since they rejected.
    ///
    /// # Errors
    /// Those of the check of its intent, `STALE_UPDATE` and `DIFFERENT_EFFECT` among them; unsafe:
    /// `BAD_SIGNATURES` where a signature is none.
    pub fn new(
        bundle: &Bundle,
        claim: &ProposalClaim,
        now: UnixTime,
        unasked: &BTreeSet<MspId>,
    ) -> Result<Self, ClientError> {
        let (update, effect) = intent::check(bundle, claim)?;
        Self::of_effect(bundle, update, effect, &claim.signatures, now, unasked).map_err(|error| {
            let text = format!(
                "the signatures that came with `{}` cannot be read: {error}",
                claim.proposal_id
            );
            ClientError::new(Exit::Unsafe, "BAD_SIGNATURES", text)
        })
    }

    /// Judges an update whose effect on a config is known, whatever its intent.
    ///
    /// # Errors
    /// [`Refusal`] where a signature is none, which spoils the whole update.
    pub fn of_effect(
        bundle: &Bundle,
        update: Update,
        effect: Effect,
        signatures: &[ConfigSignature],
        now: UnixTime,
        unasked: &BTreeSet<MspId>,
    ) -> Result<Self, Refusal> {
        let signers = bundle.verify_signatures(&update, signatures)?;
        let (decision, policies) =
            bundle.explain_within(effect.terms(), &signers, signatures, unasked, usize::MAX);
        let chosen = bundle.choose_signatures(&update, signatures);
        let chosen = chosen.map(|places| {
            let signature = |place: usize| signatures.get(place).cloned();
            places.into_iter().filter_map(signature).collect()
        });
        let subject = Subject {
            current: bundle,
            result: effect.result(),
            next: effect.next(),
            update_bytes: update.bytes().len(),
            now,
            attested: None,
            known: &[],
            unread: &[],
            recording: None,
        };
        let lint = lint_within(&subject, LintRoom::USUAL);
        let next = effect.next().ok();
        Ok(Self {
            digest: update.digest(),
            diff: diff_within(bundle.tree(), effect.result(), DIFF),
            endorsement: next.and_then(|next| endorsement(bundle, next, None, None)),
            signatures: signatures.to_vec(),
            update,
            effect,
            lint,
            signers,
            decision,
            policies,
            chosen,
        })
    }

    /// The same with who runs a server now, and the endorsement policy of the contract's definition where
    /// that is known.
    pub(in crate::client) fn with_servers(
        &mut self,
        bundle: &Bundle,
        policy: Option<&str>,
        servers: &BTreeSet<MspId>,
    ) {
        if let Ok(next) = self.effect.next() {
            self.endorsement = endorsement(bundle, next, policy, Some(servers));
        }
    }

    /// Whether an orderer would accept it now, as far as the config tells.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.chosen.is_some() && !matches!(self.decision.verdict, Verdict::Refused(_))
    }
}

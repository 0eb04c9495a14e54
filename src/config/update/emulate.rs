//! What an orderer would say of an update, without an orderer.

use bytes::Bytes;

use super::{
    config_update::Update,
    decide::{PolicyVerdict, Verdict, united},
    refusal::{Cause, Refusal, Stage},
    validate::creators,
};
use crate::{
    config::{
        bundle::Bundle,
        envelope::{self, ConfigSignature},
        tree::ConfigTree,
    },
    ids::{MspId, UnixTime},
    policy::{PolicyId, SignerSet},
};

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
}

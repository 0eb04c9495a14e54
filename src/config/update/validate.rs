//! Judging an update against the current config, and a config against its last update.

use bytes::Bytes;

use super::{
    config_update::Update,
    delta::Delta,
    refusal::{Cause, Refusal, Stage},
};
use crate::{
    config::{
        bundle::Bundle,
        envelope::{self, ConfigSignature},
        tree::{ConfigTree, ElementPath, ElementRef},
    },
    policy::{PolicyId, SignedData, SignerSet},
};

/// The update that led to a config.
#[derive(Clone, Copy, Debug)]
pub enum LastUpdate<'a> {
    /// Its envelope, as the config envelope carries it; `None` where that has none.
    Carried(Option<&'a Bytes>),
    /// The update and its signatures, read from that envelope before.
    Read(&'a Update, &'a [ConfigSignature]),
}

impl Bundle {
    /// The config that an envelope of type CONFIG_UPDATE makes of this one, if its signatures
    /// suffice. The result itself is not judged: see [`Self::next_at_orderer`].
    ///
    /// # Errors
    /// [`Refusal`] at stage [`Stage::Envelope`] or [`Stage::Propose`].
    // Fabric: common/configtx/validator.go, ProposeConfigUpdate
    pub fn propose_config_update(&self, envelope: &[u8]) -> Result<ConfigTree, Refusal> {
        let envelope = Bytes::copy_from_slice(envelope);
        // an envelope that does not decode never reaches the validator
        envelope::envelope_parts(&envelope).map_err(|e| Refusal::at(Stage::Envelope, e))?;
        self.authorize(&envelope)
            .map_err(|cause| Refusal::at(Stage::Propose, cause))
    }

    /// Whether a config is exactly what its last update makes of this one; gives it back.
    ///
    /// # Errors
    /// [`Refusal`] at stage [`Stage::Validate`].
    // Fabric: common/configtx/validator.go, Validate
    pub fn validate(
        &self,
        config: Option<ConfigTree>,
        last_update: LastUpdate<'_>,
    ) -> Result<ConfigTree, Refusal> {
        self.check_result(config, last_update)
            .map_err(|cause| Refusal::at(Stage::Validate, cause))
    }

    /// The next config compiled, if a peer lets it follow this one.
    ///
    /// # Errors
    /// [`Refusal`] at stage [`Stage::NewBundle`] or [`Stage::ValidateNew`].
    // Fabric: core/peer/channel.go, Apply
    pub fn next_at_peer(&self, next: ConfigTree) -> Result<Self, Refusal> {
        let next = self
            .compile_next(next)
            .map_err(|e| Refusal::at(Stage::NewBundle, e))?;
        self.validate_new(&next)
            .map_err(|e| Refusal::at(Stage::ValidateNew, e))?;
        Ok(next)
    }

    /// The next config compiled, if an orderer lets it follow this one.
    ///
    /// # Errors
    /// [`Refusal`] at stage [`Stage::NewBundle`], [`Stage::Capabilities`] or
    /// [`Stage::ValidateNew`].
    // Fabric: orderer/common/multichannel/chainsupport.go, ProposeConfigUpdate
    pub fn next_at_orderer(&self, next: &ConfigTree) -> Result<Self, Refusal> {
        let next = self
            .compile_next(next.clone())
            .map_err(|e| Refusal::at(Stage::NewBundle, e))?;
        next.check_orderer_capabilities()
            .map_err(|e| Refusal::at(Stage::Capabilities, e))?;
        self.validate_new(&next)
            .map_err(|e| Refusal::at(Stage::ValidateNew, e))?;
        Ok(next)
    }

    fn check_result(
        &self,
        config: Option<ConfigTree>,
        last_update: LastUpdate<'_>,
    ) -> Result<ConfigTree, Cause> {
        let config = config.ok_or(Cause::MissingConfig)?;
        if config.sequence() != self.sequence().next() {
            return Err(Cause::SequenceMismatch {
                want: self.sequence().next().0,
                got: config.sequence().0,
            });
        }
        let result = match last_update {
            LastUpdate::Carried(envelope) => {
                self.authorize(envelope.ok_or(Cause::MissingLastUpdate)?)?
            }
            LastUpdate::Read(update, signatures) => self.authorize_update(update, signatures)?,
        };
        if result.equals(&config) {
            Ok(config)
        } else {
            Err(Cause::ResultMismatch)
        }
    }

    /// Section 2 of the rules, in its order.
    fn authorize(&self, envelope: &Bytes) -> Result<ConfigTree, Cause> {
        let envelope = envelope::read_update_envelope(envelope)?;
        let update = Update::parse(envelope.config_update)?;
        self.authorize_update(&update, &envelope.signatures)
    }

    fn authorize_update(
        &self,
        update: &Update,
        signatures: &[ConfigSignature],
    ) -> Result<ConfigTree, Cause> {
        update.check_channel(&self.channel_id)?;
        let delta = update.delta_set(self.tree())?;
        let creators = creators(signatures)?;
        delta.check_not_empty()?;
        let signers = self.signers(update.bytes(), signatures, &creators);
        self.check_delta(&delta, &signers)?;
        Ok(delta.result()?)
    }

    // Fabric: common/configtx/update.go, verifyDeltaSet
    fn check_delta(&self, delta: &Delta<'_>, signers: &SignerSet) -> Result<(), Cause> {
        let mut decided = self.policies().evaluation(self.msps(), signers);
        for element in delta.elements() {
            element.check()?;
            let Some(existing) = element.existing() else {
                continue;
            };
            let policy = self.policy_of(existing)?;
            if !decided.accepts(policy) {
                return Err(Cause::PolicyNotSatisfied {
                    element: element.element_path(),
                    policy: self.policies().path(policy),
                });
            }
        }
        Ok(())
    }

    /// The policy that an element's mod policy leads to.
    // Fabric: common/configtx/update.go, policyForItem
    fn policy_of(&self, element: ElementRef<'_>) -> Result<PolicyId, Cause> {
        let name = element.mod_policy();
        let found = self.mod_policy(element.policy_group(), name);
        found.ok_or_else(|| Cause::MissingPolicy {
            element: element.element_path(),
            mod_policy: name.to_owned(),
        })
    }

    /// The policies of the elements that a delta changes, in its order; new elements need none.
    pub(super) fn delta_policies(
        &self,
        delta: &Delta<'_>,
    ) -> Result<Vec<(ElementPath, PolicyId)>, Cause> {
        let existing = delta.elements().iter();
        existing
            .filter_map(|element| Some((element.element_path(), element.existing()?)))
            .map(|(path, existing)| Ok((path, self.policy_of(existing)?)))
            .collect()
    }

    /// Who signed an update: each signature is verified once.
    pub(super) fn signers(
        &self,
        config_update: &[u8],
        signatures: &[ConfigSignature],
        creators: &[&[u8]],
    ) -> SignerSet {
        let data: Vec<SignedData<'_>> = signatures
            .iter()
            .zip(creators)
            .map(|(signature, creator)| SignedData {
                identity: creator,
                message: envelope::signed_message(&signature.signature_header, config_update)
                    .to_vec(),
                signature: &signature.signature,
            })
            .collect();
        SignerSet::from_signed_data(self.msps(), &data)
    }
}

/// The creator that each signature's header names; one header that does not decode is an error.
pub(super) fn creators(signatures: &[ConfigSignature]) -> Result<Vec<&[u8]>, Cause> {
    (signatures.iter().enumerate())
        .map(|(index, signature)| {
            envelope::creator(&signature.signature_header)
                .map_err(|source| Cause::SignatureHeader { index, source })
        })
        .collect()
}

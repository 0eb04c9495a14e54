//! A machine without a network: a sign request, judged from one's own pin.

use std::collections::BTreeSet;

use super::{
    examine::Verdicts,
    session::pinned,
    sign::{check_digest, make},
};
use crate::{
    block::ConfigBlock,
    client::{
        ChainStore, ClaimedKind, ClientError, ClientSettings, Exit, JudgedSettings,
        JudgedStatement, JudgedUpdate, OwnIdentity, SignRequest, SignedUpdate, VerifiedChain,
        answers::{ProposalAnswer, SignatureAnswer},
        host,
    },
    config::{ConfigSignature, Section},
    identity::Signer,
    ids::Sequence,
    policy::SignerSet,
};

/// The chain of a machine without a network.
#[derive(Debug)]
pub struct OfflineSession {
    store: ChainStore,
    chain: VerifiedChain,
}

impl OfflineSession {
    /// Opens the chain that was kept, or begins one with the anchor.
    ///
    /// # Errors
    /// `NOT_PINNED` (unsafe): what a request brings along is never a pin.
    pub fn open(settings: &ClientSettings) -> Result<Self, ClientError> {
        let channel = &settings.channel;
        let store = ChainStore::new(&settings.state_dir, settings.profile.as_deref(), channel);
        match pinned(&store, settings.anchor.as_deref(), &settings.channel)? {
            Some(chain) => Ok(Self { store, chain }),
            None => {
                let text = format!("nothing of channel `{channel}` is pinned on this machine yet");
                Err(ClientError::new(Exit::Unsafe, "NOT_PINNED", text).hint(
                    "--anchor FILE names a config block that you got from somebody you trust, not \
                     with the request",
                ))
            }
        }
    }

    /// Verifies the config blocks of a request, and keeps them.
    ///
    /// # Errors
    /// `BLOCKS_MISSING`; unsafe: `FORK`, `BLOCK_NOT_PROVEN`; `STALE_UPDATE` where this machine knows a
    /// newer config.
    // SECURITY: blocks prove themselves on what was verified here before, or they are refused
    pub fn take(&mut self, request: &SignRequest) -> Result<(), ClientError> {
        let mut newest = None;
        for bytes in &request.blocks {
            let block = ConfigBlock::parse(bytes.clone()).map_err(|error| {
                let text = format!("a config block of the request cannot be read: {error}");
                ClientError::new(Exit::Usage, "BAD_SIGN_REQUEST", text)
            })?;
            let sequence = block.sequence();
            newest = newest.max(Some(sequence));
            let is_before_pin = self.chain.pin().is_some_and(|(pin, _)| sequence < pin);
            if is_before_pin {
                continue;
            }
            if sequence > self.chain.sequence().next() {
                let have = self.chain.sequence();
                let text = format!(
                    "this machine has verified config {have}, the request goes on at config {sequence}"
                );
                return Err(ClientError::new(Exit::Stale, "BLOCKS_MISSING", text)
                    .hint(format!("write it with `--since {}`", have.next())));
            }
            self.chain.take(bytes.clone())?;
        }
        self.store.save(&self.chain)?;
        match newest {
            Some(newest) if newest < self.chain.sequence() => {
                let text = format!(
                    "the request is for config {newest}, this machine knows config {}",
                    self.chain.sequence()
                );
                Err(ClientError::new(Exit::Stale, "STALE_UPDATE", text)
                    .hint("ask for a new sign request"))
            }
            _ => Ok(()),
        }
    }

    /// Judges what a request asks to sign.
    ///
    /// # Errors
    /// As of an examination.
    pub fn judge(&self, request: &SignRequest) -> Result<Verdicts, ClientError> {
        Ok(match request.claim.kind {
            ClaimedKind::Settings => {
                Verdicts::Settings(JudgedSettings::new(self.chain.channel(), &request.claim)?)
            }
            ClaimedKind::ConfigUpdate => Verdicts::Update(Box::new(JudgedUpdate::new(
                self.chain.bundle(),
                &request.claim,
                host::now(),
                &BTreeSet::new(),
            )?)),
        })
    }

    /// Whether somebody may attest for an orderer organisation, by the config that this machine verified;
    /// the subject of the certificate.
    ///
    /// # Errors
    /// `WRONG_CHANNEL`; `NOT_CONCERNED`, `IDENTITY_UNKNOWN` (denied): the signature would not count.
    pub fn may_attest(
        &self,
        statement: &JudgedStatement,
        identity: &OwnIdentity,
    ) -> Result<String, ClientError> {
        let bundle = self.chain.bundle();
        if statement.channel != *self.chain.channel() {
            let text = format!("the statement is for channel `{}`", statement.channel);
            return Err(ClientError::new(Exit::Usage, "WRONG_CHANNEL", text));
        }
        let own = bundle.msps().deserialize(identity.serialized_identity());
        let own = own.map_err(|error| {
            let text = format!("no organisation of the channel knows your identity: {error}");
            ClientError::new(Exit::Denied, "IDENTITY_UNKNOWN", text)
        })?;
        let subject = own.subject().to_owned();
        let me = SignerSet::from_identities(vec![own]);
        let mut orgs = bundle.orgs(Section::Orderer);
        let is_admin = orgs.any(|org| {
            let admins = bundle
                .policies()
                .absolute(&format!("{}/Admins", org.path()));
            let is_its = |admins| bundle.policies().evaluate(bundle.msps(), admins, &me);
            org.msp_id.as_str() == statement.msp_id && admins.is_some_and(is_its)
        });
        match is_admin {
            true => Ok(subject),
            false => {
                let text = format!(
                    "your signature would not count: `{}` attests by its own admins, and is an organisation that \
                     orders",
                    statement.msp_id
                );
                Err(ClientError::new(Exit::Denied, "NOT_CONCERNED", text))
            }
        }
    }

    /// Signs what an orderer organisation attests. `digest`: what the person that decided was shown.
    ///
    /// # Errors
    /// `DIGEST_DIFFERS` (unsafe) where that is not what would be signed; `NOT_SIGNED`.
    pub fn sign_statement(
        &self,
        signed: &SignedUpdate,
        statement: &JudgedStatement,
        identity: &OwnIdentity,
        digest: &str,
    ) -> Result<ConfigSignature, ClientError> {
        if signed.digest() != statement.digest {
            let text = "what was read is not what would be signed";
            return Err(ClientError::new(Exit::Unsafe, "DIGEST_DIFFERS", text));
        }
        check_digest(statement.digest, digest)?;
        make(self.chain.bundle(), &signed.config_update, identity)
    }

    /// The chain that this machine verified.
    #[must_use]
    pub const fn chain(&self) -> &VerifiedChain {
        &self.chain
    }
}

/// A request as people are shown a proposal: by what was found out here.
#[must_use]
pub fn shown_request(
    request: &SignRequest,
    judged: &JudgedUpdate,
    sequence: Sequence,
) -> ProposalAnswer {
    let counted = judged
        .signers
        .signers()
        .iter()
        .map(|signer| SignatureAnswer {
            counts: true,
            fingerprint: signer.identity.id().to_owned(),
            msp_id: signer.identity.msp_id().to_string(),
            subject: Some(signer.identity.subject().to_owned()),
            ..SignatureAnswer::default()
        });
    let others = judged
        .signers
        .rejected()
        .iter()
        .map(|rejected| SignatureAnswer {
            msp_id: rejected
                .msp_id
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            subject: (rejected.identity.as_ref()).map(|identity| identity.subject().to_owned()),
            reason: Some(rejected.why.to_string()),
            ..SignatureAnswer::default()
        });
    ProposalAnswer {
        proposal_id: request.claim.proposal_id.to_string(),
        proposer_msp_id: request.proposer_msp_id.clone(),
        description: request.description.clone(),
        revision: request.claim.revision.0,
        as_of_sequence: sequence.0,
        kind: "config_update".to_owned(),
        status: match judged.is_ready() {
            true => "ReadyToSubmit".to_owned(),
            false => "WaitingForSignatures".to_owned(),
        },
        config_update_sha256: judged.digest.to_string(),
        signatures: counted.chain(others).collect(),
        ..ProposalAnswer::default()
    }
}

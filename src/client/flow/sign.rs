//! Signatures, made and handed in.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::{examine::Verdicts, session::ChannelSession};
use crate::{
    client::{
        ClientError, CommittedCall, Exit, JudgedUpdate, OwnIdentity, ProposalClaim, answers,
        answers::SignedAnswer, host,
    },
    config::{Bundle, ConfigSignature, Decision, PolicyVerdict, envelope::signed_message},
    identity::{ClaimedIdentity, Signer},
    ids::Digest,
    policy::SignerSet,
    transaction::{self, ChaincodeCall},
};

/// A signature of one's own on an update, not made yet: what it would do.
#[derive(Debug)]
pub struct OwnSignature {
    /// Who signs: the subject of the certificate.
    pub subject: String,
    /// Whether this identity has signed already.
    pub already: bool,
    /// What an orderer would say with it.
    pub decision: Decision,
    /// What each policy that decides would make of it.
    pub policies: Vec<PolicyVerdict>,
}

impl OwnSignature {
    /// What a signature of this identity would do. Nothing is signed.
    ///
    /// # Errors
    /// `IDENTITY_UNKNOWN`, `IDENTITY_INVALID`, `NOT_CONCERNED` (denied): it would not count.
    pub fn foresee(
        bundle: &Bundle,
        judged: &JudgedUpdate,
        identity: &OwnIdentity,
    ) -> Result<Self, ClientError> {
        let denied = |symbol: &str, text: String| ClientError::new(Exit::Denied, symbol, text);
        let own = bundle
            .msps()
            .deserialize(identity.serialized_identity())
            .map_err(|error| {
                let text = format!("no organisation of the channel knows your identity: {error}");
                denied("IDENTITY_UNKNOWN", text)
            })?;
        own.validate().map_err(|error| {
            let text = format!("your identity `{}` is not valid: {error}", own.subject());
            denied("IDENTITY_INVALID", text)
        })?;
        let concerned = bundle
            .policies()
            .concerned(judged.effect.terms().policy_ids());
        concerned.check(&own).map_err(|error| {
            let text = format!("your signature would not count: {error}");
            denied("NOT_CONCERNED", text).hint(format!(
                "asked for are {}: `cmscc sign ID --out FILE` writes what they sign, with or without a peer",
                concerned.asked()
            ))
        })?;
        let mut identities: Vec<_> = (judged.signers.signers().iter())
            .map(|signer| signer.identity.clone())
            .collect();
        let already = identities.iter().any(|signer| signer.id() == own.id());
        let subject = own.subject().to_owned();
        if !already {
            identities.push(own);
        }
        let signers = SignerSet::from_identities(identities);
        let (decision, policies) =
            bundle.explain(judged.effect.terms(), &signers, &judged.signatures);
        Ok(Self {
            subject,
            already,
            decision,
            policies,
        })
    }
}

/// Makes a signature, and checks it by the config.
pub(super) fn make(
    bundle: &Bundle,
    config_update: &[u8],
    identity: &OwnIdentity,
) -> Result<ConfigSignature, ClientError> {
    let failed = |why: &dyn std::fmt::Display| {
        ClientError::new(
            Exit::Failed,
            "NOT_SIGNED",
            format!("nothing was signed: {why}"),
        )
    };
    let signature = transaction::sign_config_update(config_update, identity, &host::stamp()?)
        .map_err(|error| ClientError::not_signed(&error))?;
    let own = bundle.msps().deserialize(identity.serialized_identity());
    let own = own.map_err(|error| failed(&error))?;
    let message = signed_message(&signature.signature_header, config_update);
    own.verify(&[&message.concat()], &signature.signature)
        .map_err(|error| failed(&format_args!("the key is not the certificate's: {error}")))?;
    Ok(signature)
}

/// Makes a signature where there is no config, and checks it by the certificate.
pub(super) fn make_unjudged(
    config_update: &[u8],
    identity: &OwnIdentity,
) -> Result<ConfigSignature, ClientError> {
    let signature = transaction::sign_config_update(config_update, identity, &host::stamp()?)
        .map_err(|error| failed(&error))?;
    let own = ClaimedIdentity::read(identity.serialized_identity());
    let own = own.map_err(|error| failed(&error))?;
    let message = signed_message(&signature.signature_header, config_update).concat();
    match own.signed(&message, &signature.signature) {
        true => Ok(signature),
        false => Err(failed(&"the key is not the certificate's")),
    }
}

fn failed(why: &dyn std::fmt::Display) -> ClientError {
    let text = format!("nothing was signed: {why}");
    ClientError::new(Exit::Failed, "NOT_SIGNED", text)
}

/// Refuses a digest that is not the one of what would be signed.
pub(super) fn check_digest(own: Digest, named: &str) -> Result<(), ClientError> {
    let own = own.to_string();
    if named.eq_ignore_ascii_case(&own) {
        return Ok(());
    }
    let text = format!("what is to be signed has the digest {own}, not {named}");
    Err(ClientError::new(Exit::Unsafe, "DIGEST_DIFFERS", text))
}

/// Signs what was judged by this config. `digest`: what the person or script that decided was shown.
///
/// # Errors
/// `DIGEST_DIFFERS` (unsafe) where that is not what would be signed; `NOT_SIGNED`.
pub fn sign_claim(
    bundle: &Bundle,
    claim: &ProposalClaim,
    verdicts: &Verdicts,
    identity: &OwnIdentity,
    digest: &str,
) -> Result<ConfigSignature, ClientError> {
    // what was judged is what is signed, whoever put the two together
    if Digest::of(&claim.config_update) != verdicts.digest() {
        let text = "what was judged is not what would be signed";
        return Err(ClientError::new(Exit::Unsafe, "DIGEST_DIFFERS", text));
    }
    check_digest(verdicts.digest(), digest)?;
    make(bundle, &claim.config_update, identity)
}

impl ChannelSession {
    /// Hands signatures in: a serialized `common.ConfigSignature`, or an envelope with several.
    ///
    /// # Errors
    /// What the contract refuses; `SIGNED_BY_NOBODY` where it took none.
    pub async fn add_signatures(
        &self,
        id: &str,
        signed: &[u8],
    ) -> Result<(SignedAnswer, CommittedCall), ClientError> {
        let signed = STANDARD.encode(signed);
        let call = ChaincodeCall::new(self.chain.channel(), ["AddSignature", id, &signed]);
        let committed = self.submit_call(call).await?;
        let carried = answers::read("AddSignature", &committed.answer)?;
        Ok((carried, committed))
    }

    /// Has a call of the contract ordered; its block must be one that the orderers signed.
    ///
    /// # Errors
    /// As of `PeerConnection::submit`; `BLOCK_NOT_PROVEN` (unsafe).
    pub async fn submit_call(&self, call: ChaincodeCall) -> Result<CommittedCall, ClientError> {
        self.submit_call_where(call, &|_| Ok(())).await
    }

    /// The same, but ordered only where what the contract answered is wanted.
    ///
    /// # Errors
    /// As of [`Self::submit_call`], and what `wanted` says.
    pub(super) async fn submit_call_where(
        &self,
        call: ChaincodeCall,
        wanted: &(dyn Fn(&Bytes) -> Result<(), ClientError> + Sync),
    ) -> Result<CommittedCall, ClientError> {
        let committed = self.connection.submit_where(call, wanted).await?;
        // the config may have changed with the very block before it: then its own config decides
        let checked = self.chain.check_signed(committed.committed_block.clone());
        match checked {
            Ok(_) => Ok(committed),
            Err(error) => {
                let mut later = Self {
                    connection: self.connection.clone(),
                    store: self.store.clone(),
                    chain: self.store.load()?.ok_or(error)?,
                };
                later.catch_up(&|_| ()).await?;
                later
                    .chain
                    .check_signed(committed.committed_block.clone())?;
                Ok(committed)
            }
        }
    }
}

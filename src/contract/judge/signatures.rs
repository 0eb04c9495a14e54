//! Which signatures are taken, and which of those that lie on the ledger count.

use std::collections::BTreeMap;

use prost::Message;

use super::{
    access::{demand_msp_id, satisfies_admins},
    cache::Compiled,
    opinion::SignatureOpinion,
};
use crate::{
    capabilities::ContractBounds,
    config::{Bundle, ConfigSignature, Section, envelope},
    contract::{
        answer::{RefusedSignature, SignerReport},
        error::{Code, safe},
        ledger::{RevisionSignatures, StoredSignature, proposals::HashedRevision},
    },
    crypto::ecdsa,
    identity::Identity,
    ids::MspId,
    policy::{Concerned, Irrelevant, PolicyId, SignedData, SignerSet},
    proto::{
        cmscc::{Position, RevisionBytes, Signature},
        msp::SerializedIdentity,
    },
};

/// A signature that is taken.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// Who signed.
    pub(crate) identity: Identity,
    /// Its canonical form: the header verbatim, an ECDSA signature as strict DER.
    pub(crate) signature: ConfigSignature,
}

impl Accepted {
    /// The signer, for answers.
    pub(crate) fn signer(&self) -> SignerReport {
        SignerReport {
            fingerprint: self.identity.id().to_owned(),
            msp_id: self.identity.msp_id().to_string(),
            subject: self.identity.subject().to_owned(),
        }
    }
}

/// What a signature has to fit.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// The head's config, which says who is valid.
    pub(crate) bundle: &'a Compiled,
    /// Whom the policies ask for that decide about the update.
    pub(crate) concerned: &'a Concerned<'a>,
    /// The revision that is signed.
    pub(crate) current: &'a HashedRevision<'a>,
    /// Other revisions, to say so where somebody signed one of them.
    pub(crate) others: &'a [RevisionBytes],
    /// What the members agreed that anybody may take.
    pub(crate) bounds: &'a ContractBounds,
    /// Of how many more false signatures that is looked for: each takes a hash of every revision.
    pub(crate) looks: usize,
}

/// Of how many false signatures of a call it is looked for what they are on.
pub(crate) const LOOKS: usize = 8;

impl Wanted<'_> {
    /// Judges one signature: the signer must be valid, have signed exactly these bytes, and satisfy
    /// a principal of some policy that decides.
    pub(crate) fn accept(&mut self, given: &ConfigSignature) -> Result<Accepted, RefusedSignature> {
        let header = &given.signature_header;
        let creator = envelope::creator(header).map_err(|e| {
            let reason = format!("the signature header does not decode: {e}");
            refused(Code::BadProtobuf, &reason, None)
        })?;
        let identity = self.bundle.msps().deserialize(creator).map_err(|e| {
            let reason = format!(
                "the signer is not known in the config of sequence {}: {e}",
                self.bundle.sequence()
            );
            RefusedSignature {
                msp_id: SerializedIdentity::decode(creator).map(|id| id.mspid).ok(),
                ..refused(Code::SignerUnknown, &reason, None)
            }
        })?;
        demand_msp_id(self.bounds, identity.msp_id())
            .map_err(|e| refused(e.code(), e.text(), Some(&identity)))?;
        let message = envelope::signed_message(header, self.current.config_update);
        if let Err(e) = identity.verify(&message, &given.signature) {
            let reason = match self.signed_other(&identity, given) {
                Some(revision) => format!(
                    "it is a signature on revision {revision}, which is not the current one; sign \
                     again"
                ),
                None => format!("it is not a signature on the bytes of this revision: {e}"),
            };
            return Err(refused(Code::SignatureInvalid, &reason, Some(&identity)));
        }
        identity.validate().map_err(|e| {
            let reason = format!("the signer's certificate is not valid in its msp: {e}");
            refused(Code::SignerInvalid, &reason, Some(&identity))
        })?;
        self.concerned.check(&identity).map_err(|why| {
            let reason = not_concerned(self.concerned, &why);
            refused(Code::SignerNotConcerned, &reason, Some(&identity))
        })?;
        let canonical = ecdsa::canonical(&given.signature)
            .filter(|der| *der != given.signature && identity.verify(&message, der).is_ok())
            .map_or_else(|| given.signature.clone(), Into::into);
        let signature = ConfigSignature {
            signature_header: header.clone(),
            signature: canonical,
        };
        self.bundle
            .keep_verified(&identity, &self.current.digest, &signature);
        Ok(Accepted {
            identity,
            signature,
        })
    }

    fn signed_other(&mut self, identity: &Identity, given: &ConfigSignature) -> Option<u64> {
        self.looks = self.looks.checked_sub(1)?;
        self.others
            .iter()
            .find(|other| {
                let message =
                    envelope::signed_message(&given.signature_header, &other.config_update);
                identity.verify(&message, &given.signature).is_ok()
            })
            .map(|other| other.revision)
    }
}

fn refused(code: Code, reason: &str, signer: Option<&Identity>) -> RefusedSignature {
    RefusedSignature {
        code,
        fingerprint: signer.map(|s| s.id().to_owned()),
        msp_id: signer.map(|s| s.msp_id().to_string()),
        reason: safe(reason),
        subject: signer.map(|s| s.subject().to_owned()),
    }
}

/// The signatures of one organisation on one revision, as more are added.
#[derive(Debug)]
pub(crate) struct PositionSignatures<'a> {
    wanted: &'a Wanted<'a>,
    msp_id: &'a MspId,
    /// By fingerprint.
    kept: BTreeMap<String, ConfigSignature>,
    changed: bool,
}

/// What became of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// It is there now.
    New,
    /// The same identity has signed already.
    Already,
    /// There is no room for it.
    Full,
}

impl<'a> PositionSignatures<'a> {
    /// Those that an organisation has there.
    pub(crate) fn of(wanted: &'a Wanted<'a>, msp_id: &'a MspId, position: &Position) -> Self {
        let stored = position.signatures.iter().cloned();
        let stored = stored.filter_map(|one| StoredSignature::of(msp_id, one));
        let kept = stored.map(|one| (one.fingerprint, one.signature));
        Self {
            wanted,
            msp_id,
            kept: kept.collect(),
            changed: false,
        }
    }

    /// Adds one. Where there is no room, an admin of the organisation takes the place of the last one
    /// who is none, so that nobody of an organisation keeps its admins from signing.
    pub(crate) fn add(&mut self, accepted: Accepted, most: usize) -> Added {
        let fingerprint = accepted.identity.id().to_owned();
        if self.kept.contains_key(&fingerprint) {
            return Added::Already;
        }
        if self.kept.len() >= most {
            if !self.is_admin(&accepted.identity) {
                return Added::Full;
            }
            let other = self.kept.iter().rev().find(|(_, kept)| {
                let creator = envelope::creator(&kept.signature_header).unwrap_or_default();
                let identity = self.wanted.bundle.msps().deserialize(creator);
                !identity
                    .is_ok_and(|identity| identity.validate().is_ok() && self.is_admin(&identity))
            });
            let Some(other) = other.map(|(fingerprint, _)| fingerprint.clone()) else {
                return Added::Full;
            };
            self.kept.remove(&other);
        }
        self.kept.insert(fingerprint, accepted.signature);
        self.changed = true;
        Added::New
    }

    /// Whether some was added.
    pub(crate) const fn is_changed(&self) -> bool {
        self.changed
    }

    /// As they are stored: ascending by fingerprint.
    pub(crate) fn stored(self) -> Vec<Signature> {
        let kept = self.kept.into_iter();
        kept.map(|(fingerprint, signature)| Signature {
            fingerprint,
            config_signature: Some(signature.into()),
        })
        .collect()
    }

    fn is_admin(&self, identity: &Identity) -> bool {
        is_admin(self.wanted.bundle, self.msp_id, identity)
    }
}

/// The stored signatures of one revision, judged.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// One opinion for each stored signature, in key order.
    pub(crate) judged: Vec<SignatureOpinion>,
    /// Who signed with a signature that counts; their `index` is the place in `judged`.
    pub(crate) signers: SignerSet,
}

/// Judges the stored signatures of a revision. `policies` are those that decide about the update;
/// `None` where that cannot be told.
pub(crate) fn tally(
    bundle: &Compiled,
    policies: Option<&[PolicyId]>,
    revision: &HashedRevision<'_>,
    signatures: &RevisionSignatures,
) -> Tally {
    let data: Vec<SignedData<'_>> = signatures
        .signatures
        .iter()
        .map(|stored| SignedData {
            // an undecodable header has no creator, and an empty creator is no identity
            identity: envelope::creator(&stored.signature.signature_header).unwrap_or_default(),
            message: envelope::signed_message(
                &stored.signature.signature_header,
                revision.config_update,
            )
            .to_vec(),
            signature: &stored.signature.signature,
        })
        .collect();
    let set = SignerSet::verified_by(bundle.msps(), &data, |index, signed, identity| {
        let verify = || identity.verify(&signed.message, signed.signature);
        match signatures.signatures.get(index) {
            Some(stored) => bundle.verify(identity, &revision.digest, &stored.signature, verify),
            None => verify(),
        }
    });
    let concerned = policies.map(|policies| bundle.policies().concerned(policies));
    let mut judged: Vec<SignatureOpinion> = (signatures.signatures.iter())
        .map(|stored| SignatureOpinion {
            msp_id: stored.msp_id.clone(),
            subject: None,
            reason: None,
            not_after: None,
        })
        .collect();
    let subject = |identity: &Identity| identity.subject().to_owned();
    for rejected in set.rejected() {
        if let Some(judged) = judged.get_mut(rejected.index) {
            judged.subject = rejected.identity.as_ref().map(subject);
            judged.reason = Some(rejected.why.to_string());
        }
    }
    for signer in set.signers() {
        if let Some(judged) = judged.get_mut(signer.index) {
            judged.reason = why_not(concerned.as_ref(), &signer.identity);
            judged.not_after = Some(signer.identity.not_after());
            judged.subject = Some(subject(&signer.identity));
        }
    }
    let counts = |index: usize| judged.get(index).is_some_and(|one| one.reason.is_none());
    let counting: Vec<usize> = set
        .signers()
        .iter()
        .enumerate()
        .filter(|(_, signer)| counts(signer.index))
        .map(|(position, _)| position)
        .collect();
    Tally {
        signers: set.pick(&counting),
        judged,
    }
}

fn why_not(concerned: Option<&Concerned<'_>>, identity: &Identity) -> Option<String> {
    if let Err(e) = identity.validate() {
        return Some(format!(
            "the signer's certificate is not valid in its msp: {e}"
        ));
    }
    let concerned = concerned?;
    let why = concerned.check(identity).err()?;
    Some(not_concerned(concerned, &why))
}

fn not_concerned(concerned: &Concerned<'_>, why: &Irrelevant) -> String {
    format!(
        "the signer has no say: {why}; the policies that decide ask for {}",
        concerned.asked()
    )
}

/// Whether an identity satisfies the `Admins` of a group of its organisation.
fn is_admin(bundle: &Bundle, msp_id: &MspId, identity: &Identity) -> bool {
    [Section::Application, Section::Orderer]
        .into_iter()
        .flat_map(|section| bundle.orgs(section))
        .filter(|org| org.msp_id == msp_id)
        .any(|org| satisfies_admins(bundle, org.section, org.name, identity))
}

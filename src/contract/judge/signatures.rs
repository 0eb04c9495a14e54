//! Which signatures are taken, and which of those that lie on the ledger count.

use std::collections::BTreeMap;

use prost::Message;

use super::{access::satisfies_admins, cache::Compiled, opinion::SignatureOpinion};
use crate::{
    config::{Bundle, ConfigSignature, Section, envelope},
    contract::{
        answer::{LeftOutReport, RefusedSignature, SignerReport},
        error::{Code, safe},
        ledger::{RevisionSignatures, proposals::HashedRevision},
    },
    crypto::ecdsa,
    identity::Identity,
    ids::MspId,
    policy::{Concerned, PolicyId, SignedData, SignerSet},
    proto::{cmscc::RevisionBytes, msp::SerializedIdentity},
};

/// At most this many signatures of one organisation count for a revision.
const COUNTING: usize = 16;

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
}

impl Wanted<'_> {
    /// Judges one signature: the signer must be valid, have signed exactly these bytes, and satisfy
    /// a principal of some policy that decides.
    pub(crate) fn accept(&self, given: &ConfigSignature) -> Result<Accepted, RefusedSignature> {
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
        self.concerned.check(&identity).map_err(|_| {
            let reason = "the signer satisfies no principal of the policies that decide \
                          about this update"
                .to_owned();
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

    fn signed_other(&self, identity: &Identity, given: &ConfigSignature) -> Option<u64> {
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

/// The stored signatures of one revision, judged.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// One opinion for each stored signature, in key order.
    pub(crate) judged: Vec<SignatureOpinion>,
    /// Organisations of which more signatures would count than may, by MSP id.
    pub(crate) left_out: Vec<LeftOutReport>,
    /// Who signed with a signature that counts; their `index` is the place in `judged`.
    pub(crate) signers: SignerSet,
}

/// Judges the stored signatures of a revision. Of each organisation at most 16 count: those that
/// satisfy its own `Admins` first, then others, in key order. `policies` are those that decide
/// about the update; `None` where that cannot be told.
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
            judged.subject = Some(subject(&signer.identity));
        }
    }
    let left_out = leave_out(bundle, &set, &mut judged, &signatures.unread);
    let counts = |index: usize| judged.get(index).is_some_and(|one| one.reason.is_none());
    let counting: Vec<usize> = set
        .signers()
        .iter()
        .enumerate()
        .filter(|(_, signer)| counts(signer.index))
        .map(|(position, _)| position)
        .collect();
    Tally {
        left_out,
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
    concerned?
        .check(identity)
        .err()
        .map(|_| "the signer satisfies no principal of the policies that decide".to_owned())
}

/// Takes the signatures beyond the bound of each organisation out of the count.
fn leave_out(
    bundle: &Bundle,
    set: &SignerSet,
    judged: &mut [SignatureOpinion],
    unread: &[MspId],
) -> Vec<LeftOutReport> {
    let mut by_org: BTreeMap<MspId, Vec<usize>> = BTreeMap::new();
    for (index, one) in judged.iter().enumerate() {
        if one.reason.is_none() {
            by_org.entry(one.msp_id.clone()).or_default().push(index);
        }
    }
    let mut left_out: BTreeMap<&MspId, usize> = unread.iter().map(|id| (id, 0)).collect();
    for (msp_id, indices) in &mut by_org {
        if indices.len() <= COUNTING {
            continue;
        }
        // stable: key order is kept among equals
        indices.sort_by_cached_key(|index| {
            let signer = set.signers().iter().find(|signer| signer.index == *index);
            !signer.is_some_and(|signer| is_admin(bundle, msp_id, &signer.identity))
        });
        for index in indices.iter().skip(COUNTING) {
            if let Some(one) = judged.get_mut(*index) {
                one.reason = Some(format!(
                    "{COUNTING} other signatures of this organisation count already"
                ));
            }
        }
        left_out.insert(msp_id, indices.len().saturating_sub(COUNTING));
    }
    left_out
        .into_iter()
        .map(|(msp_id, count)| LeftOutReport {
            count,
            msp_id: msp_id.to_string(),
            unread: unread.contains(msp_id),
        })
        .collect()
}

fn is_admin(bundle: &Bundle, msp_id: &MspId, identity: &Identity) -> bool {
    [Section::Application, Section::Orderer]
        .into_iter()
        .flat_map(|section| bundle.orgs(section))
        .filter(|org| org.msp_id == msp_id)
        .any(|org| satisfies_admins(bundle, org.section, org.name, identity))
}

//! What would be if these signed as well.

use std::collections::BTreeSet;

use super::judged::JudgedUpdate;
use crate::{
    client::{ClientError, Exit, near::nearest, view::OwnReview},
    config::{Bundle, Decision, PolicyVerdict, Section, Verdict},
    identity::{Certificate, Identity, Principal, Role, serialized_identity},
    ids::MspId,
    policy::{Concerned, SignerSet},
};

/// How many organisations an error or a hint names.
const NAMED: usize = 20;

/// Somebody who is supposed to sign.
#[derive(Clone, Debug)]
pub enum SupposedSigner {
    /// Whoever has this certificate; how it was named, such as a file.
    Certificate(String, Box<Certificate>),
    /// Anybody with this role of an organisation, who has no other.
    Role(MspId, Role),
}

/// What became of one who is supposed to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupposedOutcome {
    /// Who: `Org2MSP.admin`, or the subject of a certificate with its organisation.
    pub who: String,
    /// Why it makes no difference; `None`: it is asked for.
    pub why_not: Option<String>,
}

/// What an orderer would say if these signed as well.
#[derive(Debug)]
pub struct Supposition {
    /// Each who is supposed to, in the order in which they were named.
    pub signers: Vec<SupposedOutcome>,
    /// What an orderer would say then.
    pub decision: Decision,
    /// What each policy that decides would make of it.
    pub policies: Vec<PolicyVerdict>,
    /// Whether the signatures are enough then, in some order.
    pub suffices: bool,
    /// The identities of supposed certificates, as they stand among the signers of explanations.
    fingerprints: Vec<String>,
    /// Admins who are asked for and have not signed, nor are supposed to: `Org3MSP.admin`, ascending.
    pub would_count: Vec<String>,
}

impl SupposedSigner {
    /// `ORG`, which is its admin, or `ORG.ROLE`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        const ROLES: [Role; 5] = [
            Role::Admin,
            Role::Client,
            Role::Member,
            Role::Orderer,
            Role::Peer,
        ];
        // the ids of organisations may have dots in them
        let named = text.rsplit_once('.').and_then(|(msp_id, name)| {
            let role = ROLES.into_iter().find(|role| role.to_string() == name)?;
            Some(Self::Role(msp_id.into(), role))
        });
        named.unwrap_or_else(|| Self::Role(text.into(), Role::Admin))
    }

    /// Whoever has this certificate, PEM.
    ///
    /// # Errors
    /// `CERT_UNREADABLE`
    pub fn of_certificate(name: &str, pem: &[u8]) -> Result<Self, ClientError> {
        match Certificate::from_pem(pem) {
            Ok(certificate) => Ok(Self::Certificate(name.to_owned(), Box::new(certificate))),
            Err(error) => {
                let text = format!("`{name}` holds no certificate: {error}");
                Err(ClientError::new(Exit::Usage, "CERT_UNREADABLE", text))
            }
        }
    }
}

/// Who signs, the supposed ones among them.
#[derive(Default)]
struct SupposedCast {
    identities: Vec<Identity>,
    principals: Vec<Principal>,
}

impl Supposition {
    /// What would be if these signed a proposal as well, each of them once. `unasked`: who rejects it.
    ///
    /// # Errors
    /// `ORG_UNKNOWN`, `IDENTITY_UNKNOWN`: nobody on the channel is meant.
    pub fn new(
        bundle: &Bundle,
        judged: &JudgedUpdate,
        supposed: &[SupposedSigner],
        unasked: &BTreeSet<MspId>,
    ) -> Result<Self, ClientError> {
        let terms = judged.effect.terms();
        let concerned = bundle.policies().concerned(terms.policy_ids());
        let signed = judged.signers.signers().iter();
        let mut cast = SupposedCast {
            identities: signed.map(|signer| signer.identity.clone()).collect(),
            principals: Vec::new(),
        };
        let mut signers = Vec::new();
        for one in supposed {
            signers.push(match one {
                SupposedSigner::Certificate(name, certificate) => {
                    cast.certificate(bundle, &concerned, name, certificate)?
                }
                SupposedSigner::Role(named, role) => {
                    let msp_id = called(bundle, named);
                    cast.role(bundle, &concerned, &msp_id, *role)?
                }
            });
        }
        let would_count = cast.others(bundle, &concerned);
        let signed = judged.signers.signers().len();
        let supposed = cast.identities.iter().skip(signed);
        let fingerprints = supposed.map(|one| one.id().to_owned()).collect();
        let set = SignerSet::from_identities(cast.identities).supposing(cast.principals);
        let (decision, policies) =
            bundle.explain_within(terms, &set, &judged.signatures, unasked, usize::MAX);
        let in_some_order = || {
            let policies = bundle.policies();
            policies
                .choose(bundle.msps(), terms.policy_ids(), &set)
                .is_some()
        };
        Ok(Self {
            signers,
            suffices: match &decision.verdict {
                Verdict::Accepted => true,
                Verdict::Unsatisfied => in_some_order(),
                Verdict::Refused(_) | Verdict::Unsupported { .. } => false,
            },
            decision,
            policies,
            fingerprints,
            would_count,
        })
    }

    /// What people are shown of the proposal, with the supposed signers in the policies.
    ///
    /// # Errors
    /// Those of [`JudgedUpdate::shown`].
    pub fn shown(&self, bundle: &Bundle, judged: &JudgedUpdate) -> Result<OwnReview, ClientError> {
        let mut review = judged.shown(bundle, &self.policies)?;
        for policy in review.explanation.iter_mut().flatten() {
            for signer in &mut policy.explanation.signers {
                signer.supposed |= self.fingerprints.contains(&signer.fingerprint);
            }
        }
        Ok(review)
    }
}

impl SupposedCast {
    fn role(
        &mut self,
        bundle: &Bundle,
        concerned: &Concerned<'_>,
        msp_id: &MspId,
        role: Role,
    ) -> Result<SupposedOutcome, ClientError> {
        let Some(msp) = bundle.msps().get(msp_id.as_str()) else {
            let text = format!("no organisation of the channel has the MSP id `{msp_id}`");
            let known = bundle.msps().iter().map(|msp| msp.id().as_str());
            let known: Vec<_> = known.take(NAMED).collect();
            let near = nearest(
                msp_id.as_str(),
                known.iter().map(|id| (*id).to_owned()).collect(),
            );
            let there_are = format!("there are: {}", known.join(", "));
            let hint = match near.first() {
                Some(near) => format!("did you mean {near}? {there_are}"),
                None => there_are,
            };
            return Err(ClientError::new(Exit::Usage, "ORG_UNKNOWN", text).hint(hint));
        };
        let principal = Principal::Role {
            msp_id: msp_id.clone(),
            role,
        };
        let signed = self.signed(&principal);
        let why_not = match signed {
            _ if !msp.can_have(role) => Some(format!("`{msp_id}` can have no {role}")),
            Some(subject) => Some(format!("{subject} has signed already")),
            None if self.principals.contains(&principal) => Some("it is named twice".to_owned()),
            None if !concerned.asks_for(&principal) => Some(not_asked(concerned)),
            None => {
                self.principals.push(principal.clone());
                None
            }
        };
        Ok(SupposedOutcome {
            who: principal.to_string(),
            why_not,
        })
    }

    fn certificate(
        &mut self,
        bundle: &Bundle,
        concerned: &Concerned<'_>,
        name: &str,
        certificate: &Certificate,
    ) -> Result<SupposedOutcome, ClientError> {
        let identity = owner(bundle, name, certificate)?;
        let who = format!("{} ({})", identity.subject(), identity.msp_id());
        let already = self.identities.iter().any(|one| one.id() == identity.id());
        let why_not = match concerned.check(&identity) {
            _ if already => {
                Some("this certificate has signed already, or is named twice".to_owned())
            }
            Ok(()) => {
                self.identities.push(identity);
                None
            }
            Err(irrelevant) => Some(irrelevant.to_string()),
        };
        Ok(SupposedOutcome { who, why_not })
    }

    /// Who signs already that satisfies this.
    fn signed(&self, principal: &Principal) -> Option<&str> {
        let mut identities = self.identities.iter();
        let signed = identities.find(|one| one.satisfies(principal).is_ok())?;
        Some(signed.subject())
    }

    fn others(&self, bundle: &Bundle, concerned: &Concerned<'_>) -> Vec<String> {
        let admins = concerned
            .msp_ids()
            .into_iter()
            .map(|msp_id| Principal::Role {
                msp_id: msp_id.clone(),
                role: Role::Admin,
            });
        let counts = |admin: &Principal| {
            let msp = admin.msp_id().and_then(|id| bundle.msps().get(id.as_str()));
            msp.is_some_and(|msp| msp.can_have(Role::Admin))
                && concerned.asks_for(admin)
                && self.signed(admin).is_none()
                && !self.principals.contains(admin)
        };
        let others = admins.filter(counts).map(|admin| admin.to_string());
        others.collect()
    }
}

/// The MSP id of an organisation that is named by it, or by the name of its group in the config: samples call
/// the group of `OrdererMSP` `OrdererOrg`.
fn called(bundle: &Bundle, named: &MspId) -> MspId {
    if bundle.msps().get(named.as_str()).is_some() {
        return named.clone();
    }
    let sections = [Section::Application, Section::Orderer].into_iter();
    let orgs = sections.flat_map(|section| bundle.orgs(section));
    let called: BTreeSet<&MspId> = orgs
        .filter(|org| org.name == named.as_str())
        .map(|org| org.msp_id)
        .collect();
    match called.into_iter().collect::<Vec<_>>().as_slice() {
        [one] => (*one).clone(),
        _ => named.clone(),
    }
}

fn not_asked(concerned: &Concerned<'_>) -> String {
    format!(
        "no deciding policy asks for it; asked for are {}",
        concerned.asked()
    )
}

/// The identity of a certificate, by the organisation that accepts it.
fn owner(bundle: &Bundle, name: &str, certificate: &Certificate) -> Result<Identity, ClientError> {
    let mut details = Vec::new();
    for msp in bundle.msps().iter() {
        let serialized = serialized_identity(msp.id(), certificate.pem().as_bytes());
        let identity = bundle.msps().deserialize(&serialized);
        match identity.and_then(|identity| identity.validate().map(|()| identity)) {
            Ok(identity) => return Ok(identity),
            Err(error) if details.len() < NAMED => {
                details.push((msp.id().to_string(), error.to_string()));
            }
            Err(_) => {}
        }
    }
    let subject = certificate.subject();
    let text =
        format!("no organisation of the channel accepts the certificate `{name}`, {subject}");
    let mut error = ClientError::new(Exit::Usage, "IDENTITY_UNKNOWN", text);
    error.details = details;
    Err(error)
}

//! Who may do what.

use std::collections::BTreeSet;

use crate::{
    capabilities::ContractBounds,
    config::{Bundle, Section},
    contract::{
        error::{Code, ContractError, shown},
        ledger::members::owner_remains,
    },
    identity::{Identity, MspError, Principal, Role},
    ids::{Digest, MspId, ProposalId},
    policy::SignerSet,
    proto::cmscc::{Member, Proposal},
};

/// How many hex digits of the digest of an MSP id stand for it in ids.
const SHORT_DIGEST: usize = 16;

/// A submitter who satisfies the `Admins` policy of its own organisation.
#[derive(Debug)]
pub(crate) struct Admin {
    identity: Identity,
}

impl Admin {
    /// Judges the submitter by the current config. Where several Application groups have its MSP
    /// id, all their `Admins` must accept it.
    pub(crate) fn check(bundle: &Bundle, creator: &[u8]) -> Result<Self, ContractError> {
        let identity = bundle.msps().deserialize(creator).map_err(|e| {
            let code = match e {
                MspError::UnknownMsp(_) => Code::UnknownOrganization,
                _ => Code::CallerInvalid,
            };
            code.because(format_args!(
                "the submitter is not known in the config of sequence {}: {e}",
                bundle.sequence()
            ))
        })?;
        let mut member = false;
        for org in bundle.orgs(Section::Application) {
            if org.msp_id != identity.msp_id() {
                continue;
            }
            member = true;
            if !satisfies_admins(bundle, Section::Application, org.name, &identity) {
                return Err(Code::NotAdmin.because(format_args!(
                    "the submitter `{}` of `{}` does not satisfy `/Channel/Application/{}/Admins` \
                     of the config of sequence {}{}; call as an admin",
                    identity.subject(),
                    identity.msp_id(),
                    org.name,
                    bundle.sequence(),
                    why_no_admin(&identity)
                )));
            }
        }
        if !member {
            return Err(Code::NotMember.because(format_args!(
                "`{}` is not a member of the Application group of the config of sequence {}",
                identity.msp_id(),
                bundle.sequence()
            )));
        }
        Ok(Self { identity })
    }

    /// Who submits.
    pub(crate) const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The submitter's organisation.
    pub(crate) fn msp_id(&self) -> &MspId {
        self.identity.msp_id()
    }

    /// Refuses an id from the space of another member: one that begins with that one's MSP id and a
    /// dot, or with the first 16 hex digits of the SHA-256 of its MSP id and a dot, since not every MSP
    /// id can begin an id. Of members whose beginnings fit, the longest decides.
    pub(crate) fn demand_id(&self, bundle: &Bundle, id: &ProposalId) -> Result<(), ContractError> {
        let text = id.as_str();
        if !text.contains('.') {
            return Ok(());
        }
        let mut longest = 0;
        let mut owners: BTreeSet<&MspId> = BTreeSet::new();
        for org in bundle.orgs(Section::Application) {
            let digest = Digest::of(org.msp_id.as_str().as_bytes()).to_string();
            let short = digest.get(..SHORT_DIGEST).unwrap_or_default();
            for begin in [org.msp_id.as_str(), short] {
                if begin.len() < longest || !is_before_dot(text, begin) {
                    continue;
                }
                if begin.len() > longest {
                    (longest, owners) = (begin.len(), BTreeSet::new());
                }
                owners.insert(org.msp_id);
            }
        }
        if owners.is_empty() || owners.contains(self.msp_id()) {
            return Ok(());
        }
        let owners: Vec<&str> = owners.into_iter().map(MspId::as_str).collect();
        Err(Code::IdReserved.because(format_args!(
            "ids that begin with `{}.` are those of `{}` in the config of sequence {}; begin yours \
             with `{}.`, or leave the dot out",
            text.get(..longest).unwrap_or_default(),
            owners.join("`, `"),
            bundle.sequence(),
            self.msp_id()
        )))
    }

    /// Whether the proposal belongs to the submitter's organisation.
    pub(crate) fn owns(&self, proposal: &Proposal, proposer: Option<&Member>) -> bool {
        self.msp_id().as_str() == proposal.proposer_msp_id && owner_remains(proposal, proposer)
    }

    /// Demands that the proposal belongs to the submitter's organisation.
    pub(crate) fn demand_owner(
        &self,
        proposal: &Proposal,
        proposer: Option<&Member>,
    ) -> Result<(), ContractError> {
        if self.owns(proposal, proposer) {
            return Ok(());
        }
        let owner = &proposal.proposer_msp_id;
        Err(match owner_remains(proposal, proposer) {
            true => Code::NotOwner.because(format_args!(
                "proposal `{}` belongs to `{owner}`, the submitter to `{}`",
                proposal.id,
                self.msp_id()
            )),
            false => Code::NotOwner.because(format_args!(
                "proposal `{}` belongs to nobody: `{owner}` left the channel since; \
                 `DeleteProposal` archives it",
                proposal.id
            )),
        })
    }
}

/// Refuses to write keys with an MSP id above its bound: an organisation does not act that has one.
pub(crate) fn demand_msp_id(bounds: &ContractBounds, msp_id: &MspId) -> Result<(), ContractError> {
    let (length, limit) = (msp_id.as_str().len(), bounds.msp_id);
    if length > limit {
        return Err(Code::MspIdTooLong.because(format_args!(
            "the MSP id `{}` has {length} bytes, the limit is {limit}",
            shown(msp_id.as_str())
        )));
    }
    Ok(())
}

/// Whether a text begins so, and a dot follows.
fn is_before_dot(text: &str, begin: &str) -> bool {
    (text.strip_prefix(begin)).is_some_and(|rest| rest.starts_with('.'))
}

/// Why somebody does not satisfy the `Admins` of its organisation, behind a colon.
fn why_no_admin(identity: &Identity) -> String {
    if let Err(e) = identity.validate() {
        return format!(": its certificate is not valid in its msp: {e}");
    }
    let admin = Principal::Role {
        msp_id: identity.msp_id().clone(),
        role: Role::Admin,
    };
    let Err(e) = identity.satisfies(&admin) else {
        return ": it is an admin of its msp, but the policy asks for others".to_owned();
    };
    match identity.roles() {
        [] => format!(": {e}"),
        roles => {
            let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
            format!(": {e}; its certificate is that of a {}", roles.join(", "))
        }
    }
}

/// Whether an identity satisfies the `Admins` policy of an organisation's group.
pub(crate) fn satisfies_admins(
    bundle: &Bundle,
    section: Section,
    org: &str,
    identity: &Identity,
) -> bool {
    let signers = SignerSet::from_identities(vec![identity.clone()]);
    satisfy_admins(bundle, section, org, &signers)
}

/// Whether signers satisfy the `Admins` policy of an organisation's group together.
pub(crate) fn satisfy_admins(
    bundle: &Bundle,
    section: Section,
    org: &str,
    signers: &SignerSet,
) -> bool {
    let policies = bundle.policies();
    let group = policies.group(&[section.name(), org]);
    let policy = group.and_then(|group| policies.lookup(group, "Admins"));
    policy.is_some_and(|policy| policies.evaluate(bundle.msps(), policy, signers))
}

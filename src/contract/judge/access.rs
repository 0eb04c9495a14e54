//! Who may do what.

use crate::{
    config::{Bundle, Section},
    contract::{
        error::{Code, ContractError},
        ledger::members::owner_remains,
    },
    identity::{Identity, MspError},
    ids::MspId,
    policy::SignerSet,
    proto::cmscc::{Member, Proposal},
};

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
                     of the config of sequence {}; call as an admin",
                    identity.subject(),
                    identity.msp_id(),
                    org.name,
                    bundle.sequence()
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

/// Whether an identity satisfies the `Admins` policy of an organisation's group.
pub(crate) fn satisfies_admins(
    bundle: &Bundle,
    section: Section,
    org: &str,
    identity: &Identity,
) -> bool {
    let policies = bundle.policies();
    let path = match section {
        Section::Application => ["Application", org],
        Section::Orderer => ["Orderer", org],
    };
    policies
        .group(&path)
        .and_then(|group| policies.lookup(group, "Admins"))
        .is_some_and(|policy| {
            let signers = SignerSet::from_identities(vec![identity.clone()]);
            policies.evaluate(bundle.msps(), policy, &signers)
        })
}

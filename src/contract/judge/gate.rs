//! What holds back proposals that raise capability levels: which organisations have attested them.
//! Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    config::Bundle,
    contract::{
        answer::UnattestedLevel,
        chain::levels::{Raise, Scope},
        ledger::{TrustedHead, members::ChannelMembers},
    },
    ids::MspId,
    proto::cmscc::{Attestation, GateMode},
};

/// What the members agreed about raising levels, and what they said of their nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct CapabilityGate {
    mode: GateMode,
    /// What members say of their nodes.
    attestations: BTreeMap<MspId, Attestation>,
}

impl CapabilityGate {
    /// By the settings of now; what an organisation said goes when it leaves.
    pub(crate) fn of(trusted: &TrustedHead, members: &ChannelMembers) -> Self {
        Self {
            mode: trusted.settings.gate(),
            attestations: (members.attestations())
                .map(|(msp_id, said)| (msp_id.clone(), said.clone()))
                .collect(),
        }
    }

    /// Whether what is not attested is held back.
    pub(crate) const fn is_enforced(&self) -> bool {
        matches!(self.mode, GateMode::Enforced)
    }

    /// The levels that somebody attested.
    pub(crate) fn levels(&self, scope: Scope) -> impl Iterator<Item = String> {
        let attestations = self.attestations.values();
        attestations.flat_map(move |attestation| scope.attested(attestation).iter().cloned())
    }

    /// The organisations that say that they run a server of this contract; `None` where none has
    /// attested anything.
    pub(crate) fn servers(&self) -> Option<BTreeSet<MspId>> {
        let servers = self.attestations.iter().filter(|(_, said)| said.server);
        let servers = servers.map(|(msp_id, _)| msp_id.clone()).collect();
        (!self.attestations.is_empty()).then_some(servers)
    }

    /// The organisations that attested a level, ascending.
    pub(crate) fn attested_by(&self, scope: Scope, level: &str) -> BTreeSet<MspId> {
        self.attestations
            .iter()
            .filter(|(_, attestation)| scope.attested(attestation).iter().any(|own| own == level))
            .map(|(msp_id, _)| msp_id.clone())
            .collect()
    }

    /// The concerned organisations that have not attested a level, ascending.
    pub(crate) fn lacking(&self, bundle: &Bundle, scope: Scope, level: &str) -> Vec<String> {
        let attested = self.attested_by(scope, level);
        let concerned = scope.concerned(bundle);
        let lacking = concerned.difference(&attested);
        lacking.map(ToString::to_string).collect()
    }

    /// Of the levels that a change raises those that some concerned organisation has not attested.
    pub(crate) fn unattested(&self, bundle: &Bundle, raises: &[Raise]) -> Vec<UnattestedLevel> {
        raises
            .iter()
            .map(|raise| UnattestedLevel {
                lacking: self.lacking(bundle, raise.scope, &raise.level),
                level: raise.level.clone(),
                scope: raise.scope,
            })
            .filter(|unattested| !unattested.lacking.is_empty())
            .collect()
    }
}

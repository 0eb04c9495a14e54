//! The public names of what the ledger keeps as numbers.

use crate::proto::cmscc::{GateMode, Outcome, ProposalKind};

/// An outcome's public name.
pub(crate) const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Submitted => "Submitted",
        Outcome::AlreadyInEffect => "AlreadyInEffect",
        Outcome::Withdrawn => "Withdrawn",
        Outcome::Broken => "Broken",
        Outcome::Unspecified => "Unknown",
    }
}

/// A gate mode's public name.
pub(crate) const fn gate_name(mode: GateMode) -> &'static str {
    match mode {
        GateMode::Enforced => "enforced",
        GateMode::Advisory | GateMode::Unspecified => "advisory",
    }
}

/// A kind's public name.
pub(crate) const fn kind_name(kind: ProposalKind) -> &'static str {
    match kind {
        ProposalKind::ConfigUpdate => "config_update",
        ProposalKind::Settings => "settings",
        ProposalKind::Unspecified => "unknown",
    }
}

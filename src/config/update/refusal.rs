//! Why an orderer or a peer would refuse an update, and at which step.

use super::error::UpdateError;
use crate::{
    config::{
        bundle::{BundleError, SuccessorError},
        envelope::EnvelopeError,
        orderer::{ConsensusError, FilterError, MigrationError},
        tree::{ConfigError, ElementPath},
    },
    proto::scan::ScanError,
};

/// The steps of Fabric's validation, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// The orderer's filters on the envelope.
    Filters,
    /// Decoding the envelope.
    Envelope,
    /// Compiling the current config.
    CurrentBundle,
    /// Judging the update against the current config.
    Propose,
    /// Comparing a config with what its last update makes of the current one.
    Validate,
    /// Compiling the resulting config.
    NewBundle,
    /// The capabilities of the resulting config.
    Capabilities,
    /// What may not change from one config to the next.
    ValidateNew,
    /// What the consensus plug-in demands.
    Consensus,
    /// The orderer's filters on the resulting transaction.
    ResultFilters,
    /// The rules of changing the consensus type.
    Migration,
}

impl Stage {
    /// The vectors' name of the step.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Filters => "filters",
            Self::Envelope => "envelope",
            Self::CurrentBundle => "current_bundle",
            Self::Propose => "propose",
            Self::Validate => "validate",
            Self::NewBundle => "new_bundle",
            Self::Capabilities => "capabilities",
            Self::ValidateNew => "validate_new",
            Self::Consensus => "consensus",
            Self::ResultFilters => "result_filters",
            Self::Migration => "migration",
        }
    }
}

/// Why an update is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct Refusal {
    stage: Stage,
    cause: Cause,
}

/// What a refusal is about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// A config that is not valid.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A config that does not decode.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A consensus plug-in's rule.
    #[error(transparent)]
    Consensus(#[from] ConsensusError),
    /// An envelope that carries no update.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// An orderer's filter.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A rule of changing the consensus type.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// The config envelope holds no config.
    #[error("the config envelope has no config")]
    MissingConfig,
    /// The config envelope holds no update.
    #[error("the config envelope has no last update")]
    MissingLastUpdate,
    /// An element's mod policy leads to no policy, so that it can never be changed.
    #[error("mod policy `{mod_policy}` of {element} leads to no policy")]
    MissingPolicy {
        /// The element whose mod policy it is.
        element: ElementPath,
        /// Its mod policy in the current config.
        mod_policy: String,
    },
    /// The signatures do not satisfy an element's mod policy.
    #[error("policy `{policy}` for {element} is not satisfied")]
    PolicyNotSatisfied {
        /// The element that may not be changed with these signatures.
        element: ElementPath,
        /// The policy's path.
        policy: String,
    },
    /// The config is not what the update makes of the current one.
    #[error("the config is not the result of its last update")]
    ResultMismatch,
    /// The config's sequence does not follow.
    #[error("the config has sequence {got}, not {want}")]
    SequenceMismatch {
        /// The sequence that follows the current one.
        want: u64,
        /// The sequence that the config carries.
        got: u64,
    },
    /// A signature's header does not decode, which spoils the whole update.
    #[error("signature {index} has a header that does not decode: {source}")]
    SignatureHeader {
        /// Its place among the signatures, from 0.
        index: usize,
        /// What is wrong with the bytes.
        source: EnvelopeError,
    },
    /// A change that is not allowed from one config to the next.
    #[error(transparent)]
    Successor(#[from] SuccessorError),
    /// A config envelope that does not decode.
    #[error("the config envelope does not decode: {0}")]
    Undecodable(#[from] ScanError),
    /// An update that does not fit the current config.
    #[error(transparent)]
    Update(#[from] UpdateError),
}

impl Refusal {
    pub(super) fn at(stage: Stage, cause: impl Into<Cause>) -> Self {
        Self {
            stage,
            cause: cause.into(),
        }
    }

    /// The step that refused.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// What it is about.
    #[must_use]
    pub const fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The vectors' reason class.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match &self.cause {
            Cause::Bundle(e) => e.reason(),
            Cause::Config(e) => e.reason(),
            Cause::Consensus(e) => e.reason(),
            Cause::Envelope(e) => e.reason(),
            Cause::Filter(e) => e.reason(),
            Cause::Migration(e) => e.reason(),
            Cause::MissingConfig => "missing_config",
            Cause::MissingLastUpdate => "missing_last_update",
            Cause::MissingPolicy { .. } => "missing_policy",
            Cause::PolicyNotSatisfied { .. } => "policy_not_satisfied",
            Cause::ResultMismatch => "result_mismatch",
            Cause::SequenceMismatch { .. } => "sequence_mismatch",
            Cause::SignatureHeader { .. } | Cause::Undecodable(_) => "undecodable",
            Cause::Successor(e) => e.reason(),
            Cause::Update(e) => e.reason(),
        }
    }

    /// The stable code: the reason class in capitals.
    #[must_use]
    pub fn code(&self) -> String {
        self.reason().to_ascii_uppercase()
    }

    /// The element that is at fault, where it is one.
    #[must_use]
    pub const fn element(&self) -> Option<&ElementPath> {
        match &self.cause {
            Cause::MissingPolicy { element, .. } | Cause::PolicyNotSatisfied { element, .. } => {
                Some(element)
            }
            Cause::Update(e) => e.path(),
            _ => None,
        }
    }

    /// Whether the update was made for another state of the config: its versions do not fit.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        matches!(&self.cause, Cause::Update(e) if e.is_stale())
    }
}

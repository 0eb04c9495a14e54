//! The channel config: its tree, updates of it, and their validation.

mod apply;
pub(crate) mod bft;
mod build;
pub(crate) mod bundle;
pub(crate) mod compare;
mod compute;
mod consensus;
mod duration;
mod element;
mod emulate;
mod encode;
pub mod envelope;
mod error;
mod filters;
mod limits;
mod migration;
mod patch;
pub(crate) mod path;
pub(crate) mod raft;
pub(crate) mod refusal;
mod sections;
mod successor;
pub mod transaction;
pub(crate) mod tree;
mod validate;
pub(crate) mod values;
mod wire;

pub use apply::{Delta, DeltaElement, Update, apply};
pub use bft::quorum;
pub use bundle::{Bundle, BundleError, Org, Section};
pub use compare::{Change, Difference, Differences, differences};
pub use compute::compute_update;
pub use consensus::{ConsensusError, ConsenterChange, OptionsError};
pub use emulate::{
    Decision, Effect, Emulation, PolicyVerdict, Terms, UpdateOutlook, UpdatePolicy, Verdict,
};
pub use envelope::ConfigSignature;
pub use error::{ComputeError, ConfigError, EnvelopeError, PatchError, UpdateError};
pub use filters::{FilterError, Filters};
pub use limits::Limits;
pub use migration::MigrationError;
pub use patch::{Patch, Touched};
pub use path::{
    ElementKind, ElementPath, ROOT_KEY, is_legal_channel_id, is_legal_key, is_legal_mod_policy,
};
pub use refusal::{Cause, Refusal, Stage};
pub use successor::{SuccessorError, check_peer_levels};
pub use tree::{ConfigTree, ElementRef, GroupRef, PolicyRef, ValueRef};
pub use values::{BatchSize, ConsensusType, Consenter};

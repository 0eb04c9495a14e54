//! The channel config: its tree, updates of it, their validation, and its JSON form.

mod apply;
mod bft;
mod build;
mod bundle;
mod compare;
mod compute;
mod consensus;
pub mod diff;
mod duration;
mod element;
mod emulate;
mod encode;
mod endorsement;
pub mod envelope;
mod error;
mod filters;
pub mod json;
mod limits;
pub mod lint;
mod migration;
mod patch;
mod path;
mod raft;
mod refusal;
mod sections;
mod successor;
pub mod transaction;
mod tree;
mod validate;
mod values;
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
pub use endorsement::{Endorsement, endorsement};
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

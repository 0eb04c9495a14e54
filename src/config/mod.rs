//! The channel config: its tree, updates of it, and what orderers and peers say of them.
//!
//! | sub-room | knows | builds on |
//! |---|---|---|
//! | `envelope` | what carries configs and updates | |
//! | `tree` | groups, values and policies, whatever these mean | |
//! | `bundle` | what a config means, and which one may follow | `tree` |
//! | `orderer` | what orderers ask beyond that | `bundle`, `tree`, `envelope` |
//! | `update` | updates, from their bytes to the verdict | all of these |
//! | `patch` | intents of proposals, which become updates | `update`, `tree` |

mod bundle;
pub mod envelope;
mod orderer;
mod patch;
mod tree;
mod update;

pub use bundle::{
    BatchSize, Bundle, BundleError, ConsensusType, Consenter, LevelScope, Org, Section,
    SuccessorError, check_peer_levels,
};
pub use envelope::{ConfigSignature, EnvelopeError};
pub use orderer::{
    ConsensusError, ConsenterChange, FilterError, Filters, MigrationError, OptionsError,
    block_validation, quorum,
};
pub use patch::{
    ConfigLikeness, Misfit, Patch, PatchError, PatchLimits, PlainForms, Touched, Wish, WishedPart,
    edited_config, expected_result, intended_effect, is_in_effect,
};
pub use tree::{
    Change, ConfigError, ConfigTree, Difference, Differences, ElementKind, ElementPath, ElementRef,
    GroupRef, PolicyRef, ROOT_KEY, ValueRef, differences, is_legal_channel_id, is_legal_key,
    is_legal_mod_policy,
};
pub use update::{
    Cause, ComputeError, Decision, Delta, DeltaElement, Effect, Emulation, LastUpdate,
    PolicyVerdict, Refusal, Stage, Terms, Update, UpdateError, UpdatePolicy, Verdict, WrittenGroup,
    apply, compute_update,
};

// for `review`, which shows what is inside
pub(crate) use bundle::values;
pub(crate) use orderer::{BFT, RAFT, RaftMetadata};
pub(crate) use tree::{compare, group_differences};

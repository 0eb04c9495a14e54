//! The channel config: its tree, updates of it, their validation, and its JSON form.

mod apply;
mod build;
mod compare;
mod compute;
mod encode;
pub mod envelope;
mod error;
pub mod json;
mod limits;
mod patch;
mod path;
mod tree;
mod wire;

pub use apply::{Delta, DeltaElement, Update, apply};
pub use compare::{Change, Difference, Differences, differences};
pub use compute::compute_update;
pub use envelope::ConfigSignature;
pub use error::{ComputeError, ConfigError, EnvelopeError, PatchError, UpdateError};
pub use limits::Limits;
pub use patch::{Patch, Touched};
pub use path::{
    ElementKind, ElementPath, ROOT_KEY, is_legal_channel_id, is_legal_key, is_legal_mod_policy,
};
pub use tree::{ConfigTree, ElementRef, GroupRef, PolicyRef, ValueRef};

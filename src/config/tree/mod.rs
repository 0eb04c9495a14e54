//! A config as a tree of groups, values and policies, whatever these mean.
//!
//! | file | holds |
//! |---|---|
//! | `path` | names, and where an element stands |
//! | `arena` | the elements of a tree, flat, over the bytes they were read from |
//! | `parse`, `encode`, `build` | reading a tree, writing it, making a new one of pieces of others |
//! | `element`, `config` | references into a tree, and the whole: [`ConfigTree`] |
//! | `unknown` | fields that nobody here knows: when they are the same, and in which order they are written |
//! | `compare`, `differences` | when two elements say the same, and where two configs do not |
//!
//! Nothing here recurses: Fabric accepts groups nested thousands of levels deep.

mod arena;
pub(in crate::config) mod build;
pub(crate) mod compare;
pub(in crate::config) mod config;
mod differences;
mod element;
mod encode;
mod error;
mod parse;
mod path;
#[cfg(test)]
mod tests;
mod unknown;

pub use config::ConfigTree;
pub use differences::{Change, Difference, Differences, differences};
pub use element::{ElementRef, GroupRef, PolicyRef, ValueRef};
pub use error::ConfigError;
pub use path::{
    ElementKind, ElementPath, ROOT_KEY, is_legal_channel_id, is_legal_key, is_legal_mod_policy,
};

pub(in crate::config) use arena::{Group, GroupTree, Policy, Span, Value};
pub(in crate::config) use build::{Borrowed, GroupMembers, build};
pub(crate) use differences::group_differences;
pub(in crate::config) use encode::{TreeEncoder, Versions};
pub(super) use parse::place_of;

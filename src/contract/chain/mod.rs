//! The verified chain of configs: how it starts, how it grows, what is kept of the policies that its
//! updates were evaluated by, and the capability levels that a config declares. Pure.

mod evaluated;
pub(crate) mod growth;
pub(crate) mod levels;
pub(crate) mod statement;

pub(crate) use evaluated::{digest as policy_digest, evaluated};
pub(crate) use growth::Growth;
